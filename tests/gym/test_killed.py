"""The server is killed while somebody works: what was answered is there when it starts again."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import Any, cast

from assay.gym import drafting, teaching
from assay.store import Store
from tests.browser_fixture import WITHIN_S, Site
from tests.gym.pages.visiting import ABOVE, COURSES, WRONG, Practising

PROBLEM = "py-lists-above"


@contextmanager
def gym(store: Store, home: Path) -> Iterator[tuple[Site, "subprocess.Popen[str]"]]:
    """`assay up gym` as a process of its own; killed at the end if it still lives."""
    command = [sys.executable, "-m", "assay", "up", "gym", "--port", "0", "--no-browser", "--courses", str(COURSES)]
    environment = {**os.environ, "ASSAY_HOME": str(home), "ASSAY_DATABASE_URL": store.url}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            said = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
            assert said, "the gym did not open"
            yield Site(said[0], cast("Any", None), threading.current_thread()), process
        finally:
            process.send_signal(signal.SIGKILL)


def test_killed_while_saving_no_draft_or_attempt_that_was_answered_is_lost(store: Store, tmp_path: Path) -> None:
    room = teaching.create_class(store, "Mondays")
    answered: list[str] = []
    enough = threading.Event()
    with gym(store, tmp_path) as (site, process):
        ada = Practising(site)
        ada.send("/gym/join", code=room.code, name="Ada")
        ada.act(ABOVE, do="run", source=WRONG, tab_name="tab")

        def type_on() -> None:
            for number in range(10_000):
                text = f"{WRONG}# {number}\n"
                try:
                    ada.act(ABOVE, do="save", source=text, tab_name="tab")
                except (OSError, HTTPException):
                    return  # it is dead
                answered.append(text)
                if number == 20:
                    enough.set()

        typing = threading.Thread(target=type_on)
        typing.start()
        assert enough.wait(WITHIN_S)
        process.send_signal(signal.SIGKILL)
        typing.join(WITHIN_S)
        cookies = ada.cookies
    assert len(answered) > 20
    with gym(store, tmp_path) as (site, _):
        again = Practising(site)
        again.cookies = cookies
        found = again.data(f"{ABOVE}.json")
        (learner,) = teaching.class_table(store, room.id)
        assert [one["source"] for one in found["attempts"]] == [WRONG]
        # what was answered last, or what was on its way when it died
        last = int(answered[-1].rsplit("# ", 1)[1])
        assert found["draft"]["text"] in {f"{WRONG}# {last}\n", f"{WRONG}# {last + 1}\n"}
        assert found["draft"]["version"] >= len(answered)
        assert drafting.past_drafts(store, learner.learner.id, PROBLEM, "python") == []
        again.act(ABOVE, do="save", source="goes on", tab_name="tab")
