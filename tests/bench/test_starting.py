"""Runs that a page starts are processes of their own: they are found again, stopped, and gone on with."""

import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from assay.bench import evaluations
from assay.bench.records import Evaluation
from assay.bench.starting import AT_ONCE, RECORDINGS, AtWork, Ended, Order, Phase, Starter, TooMany, understood
from assay.settings import Settings
from assay.store import Store
from tests.killing import end_started, wait_for
from tests.servers import Held, ScriptedReply
from tests.servers.openai import OpenAIServer

LONG_S = 90.0  # for a process to do what it is to do on a busy machine


@pytest.fixture
def settings(store: Store, tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", database_url=store.url)


@pytest.fixture
def starter(settings: Settings, store: Store) -> Iterator[Starter]:
    settings.home.mkdir()
    made = Starter(settings, store)
    yield made
    end_started(made)


WRONG = ScriptedReply("```python\ndef nothing(): pass\n```")


@contextmanager
def waiting() -> Iterator[tuple[OpenAIServer, Callable[[], None]]]:
    """A server that answers nothing before it is told to, so that a run can be looked at; and what tells it."""
    told = threading.Event()

    def when_told(prompt: str, nth: int) -> ScriptedReply:
        told.wait(LONG_S)  # the whole server waits
        return WRONG

    with OpenAIServer(when_told) as server:
        try:
            yield server, told.set
        finally:
            told.set()  # or it could not be stopped


def all_but_two() -> Held:
    """Of 40 answers: then at least one batch is whole and graded, and the run cannot end."""
    return Held(WRONG, 38)


def read(store: Store, identifier: str) -> Evaluation:
    return evaluations.read_evaluation(store, identifier)


def stands(starter: Starter, store: Store, identifier: str, *phases: Phase) -> Callable[[], bool]:
    return lambda: starter.phase(read(store, identifier)) in phases


def done(store: Store, identifier: str) -> int:
    return len(evaluations.finished(store, identifier))


def process_of(store: Store, identifier: str) -> int:
    """The number of the process that carries a run out."""
    query = sa.text("select pid from executors where id = :id")
    with store.engine.connect() as connection:
        return int(connection.execute(query, {"id": read(store, identifier).executor}).scalar_one())


# ---- what is asked for ---------------------------------------------------------------------------------------------


def test_an_order_is_the_command_that_would_be_typed() -> None:
    order = Order(suites=("functions",), models=("ollama/a b",), samples=3, limit=10, temperature=0.0, max_tokens=99)
    assert order.command == (
        "assay bench run functions '--model=ollama/a b' --samples=3 --limit=10 --temperature=0.0 --max-tokens=99"
    )


def test_a_model_whose_name_looks_like_an_option_stays_a_model() -> None:
    assert "--model=--config=/etc/passwd" in Order(suites=(), models=("--config=/etc/passwd",)).arguments


@pytest.mark.parametrize(
    ("log", "words"),
    [
        ("--- now\nError: No key.\nSet one.\n", ("No key.", "Set one.")),
        ("--- a\nError: Old.\nx\n\n--- b\n60 attempts.\nError: New.\n", ("New.", "")),
        ("--- a\nError: Old.\n\n--- b\nnothing\n", ("The process ended without saying why.", "")),
        ("Traceback (most recent call last):\n  File\nKeyError: 'x'\n", ("Assay itself failed: KeyError: 'x'", "This is a fault of ours; the log has all of it.")),
        ("", ("The process ended without saying why.", "")),
    ],
    ids=["an error", "the last of two", "the last said nothing", "a fault of ours", "nothing"],
)  # fmt: skip
def test_the_last_words_of_a_process_are_understood(log: str, words: tuple[str, str]) -> None:
    assert understood(log) == words


# ---- processes -----------------------------------------------------------------------------------------------------


def test_a_run_is_started_with_a_log_that_only_its_owner_reads_and_gives_its_place_back(
    starter: Starter, store: Store, settings: Settings
) -> None:
    identifier = starter.start(Order(suites=("functions",), recordings=RECORDINGS, limit=2), LONG_S)
    wait_for(stands(starter, store, identifier, "done"), LONG_S)
    assert done(store, identifier) == 4
    folder = settings.home / "logs"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    wait_for(lambda: starter.at_work() == [], LONG_S)
    assert starter.order(identifier) == Order(suites=("functions",), recordings=RECORDINGS, limit=2)


def test_a_process_that_ends_at_once_says_why_and_leaves_no_run(store: Store, settings: Settings) -> None:
    settings.home.mkdir()
    starter = Starter(Settings(home=settings.home, database_url=store.url, sandbox="nonsense"), store)
    with pytest.raises(Ended, match="No sandbox is called 'nonsense'") as caught:
        starter.start(Order(suites=("functions",), recordings=RECORDINGS), LONG_S)
    assert "Known: " in caught.value.help
    assert evaluations.list_evaluations(store) == []
    wait_for(lambda: starter.at_work() == [], LONG_S)


def test_no_more_than_so_many_are_at_work_and_the_refusal_says_so(starter: Starter) -> None:
    held = [starter._take_slot(f"run-{number}") for number in range(AT_ONCE)]
    try:
        assert sorted(starter.at_work()) == [f"run-{number}" for number in range(AT_ONCE)]
        with pytest.raises(TooMany, match=f"{AT_ONCE} is the most at a time"):
            starter.start(Order(suites=("functions",), recordings=RECORDINGS))
    finally:
        for slot in held:
            os.close(slot)
    assert starter.at_work() == []


def test_stop_pauses_and_continue_goes_on_and_nothing_is_paid_twice(starter: Starter, store: Store) -> None:
    answers = all_but_two()
    with OpenAIServer(answers) as server:
        order = Order(suites=("functions",), models=(f"{server.url}#model-a",), limit=10, samples=4)
        identifier = starter.start(order, LONG_S)
        wait_for(lambda: done(store, identifier) >= 2, LONG_S)
        with pytest.raises(AtWork):
            starter.go_on(read(store, identifier))
        starter.stop(read(store, identifier))
        wait_for(stands(starter, store, identifier, "paused"), LONG_S)
        kept = done(store, identifier)
        assert read(store, identifier).note == "stopped by the user"
        answers.let_go()
        starter.go_on(read(store, identifier), LONG_S)
        wait_for(stands(starter, store, identifier, "done"), LONG_S)
        assert kept < done(store, identifier) == 40
        assert server.counts().requests - 40 <= 8  # as many as were under way when it was stopped


def test_a_killed_process_is_known_to_be_dead_and_another_goes_on(starter: Starter, store: Store) -> None:
    answers = all_but_two()
    with OpenAIServer(answers) as server:
        order = Order(suites=("functions",), models=(f"{server.url}#model-a",), limit=10, samples=4)
        identifier = starter.start(order, LONG_S)
        wait_for(lambda: done(store, identifier) >= 2, LONG_S)
        os.kill(process_of(store, identifier), signal.SIGKILL)
        wait_for(stands(starter, store, identifier, "dead"), LONG_S)
        answers.let_go()
        starter.go_on(read(store, identifier), LONG_S)
        wait_for(stands(starter, store, identifier, "done"), LONG_S)
        assert done(store, identifier) == 40
        assert server.counts().requests - 40 <= 8


def test_a_dead_run_that_is_stopped_is_paused(store: Store, starter: Starter) -> None:
    evaluation = Evaluation.model_validate(
        {"id": "20260101-000000-aaaa", "created": "2026-01-01T00:00:00Z", "source": "run", "suites": ["functions"]}
    )
    evaluations.create(store, evaluation, [], [])
    assert starter.phase(evaluation) == "dead"
    starter.stop(evaluation)
    assert starter.phase(read(store, evaluation.id)) == "paused"


def test_continue_that_comes_to_nothing_leaves_the_run_as_it_was(
    starter: Starter, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluation = Evaluation.model_validate(
        {
            "id": "20260101-000000-aaaa",
            "created": "2026-01-01T00:00:00Z",
            "source": "run",
            "suites": ["functions"],
            "state": "paused",
            "note": "the server was away",
        }
    )
    evaluations.create(store, evaluation, [], [])
    monkeypatch.setenv("PYTHONHOME", "/nowhere")  # no Python starts so
    still_ending = starter._take_slot(evaluation.id)  # the process before: it has paused, and is not gone yet
    threading.Timer(0.2, os.close, [still_ending]).start()
    with pytest.raises(Ended):
        starter.go_on(evaluation, LONG_S)
    now = read(store, evaluation.id)
    assert (now.state, now.note) == ("paused", "the server was away")


def test_a_run_outlives_the_process_that_started_it(store: Store, settings: Settings, tmp_path: Path) -> None:
    """The server is killed; the run goes on, and the next server sees it at work."""
    settings.home.mkdir()
    with waiting() as (server, answer):
        script = (
            "import sys, time\nfrom pathlib import Path\nfrom assay.settings import Settings\n"
            "from assay.store import open_store\nfrom assay.bench.starting import Order, Starter\n"
            f"settings = Settings(home=Path({str(settings.home)!r}), database_url={store.url!r})\n"
            "with open_store(settings) as store:\n"
            f"    order = Order(suites=('functions',), models=('{server.url}#model-a',), limit=5, samples=4)\n"
            f"    print(Starter(settings, store).start(order, {LONG_S}), flush=True)\n    time.sleep(600)\n"
        )
        first = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
        assert first.stdout is not None
        identifier = first.stdout.readline().strip()
        first.kill()
        first.wait()
        first.stdout.close()
        starter = Starter(settings, store)
        assert starter.phase(read(store, identifier)) in ("starting", "running")
        answer()
        wait_for(stands(starter, store, identifier, "done"), LONG_S)
        assert done(store, identifier) == 20
        assert server.counts().requests == 20
        end_started(starter)


def test_no_key_stands_in_the_arguments_of_the_process(
    starter: Starter, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "sk-not-for-everybody-0123456789"
    monkeypatch.setenv("OPENAI_API_KEY", secret)
    with waiting() as (server, answer):
        identifier = starter.start(Order(suites=("functions",), models=(f"{server.url}#model-a",), limit=2), LONG_S)
        wait_for(stands(starter, store, identifier, "running"), LONG_S)
        arguments = Path(f"/proc/{process_of(store, identifier)}/cmdline").read_bytes()
        assert b"--model=" in arguments
        assert secret.encode() not in arguments
        answer()
        wait_for(stands(starter, store, identifier, "done"), LONG_S)
    log = starter.log(identifier)
    assert log is not None
    assert secret not in log.read_text()


def test_old_logs_are_forgotten(starter: Starter, settings: Settings) -> None:
    folder = settings.home / "logs"
    folder.mkdir(mode=0o700)
    for number in range(250):
        (folder / f"20260101-{number:06}-aaaa.log").touch(mode=0o600)
        (folder / f"20260101-{number:06}-aaaa.json").touch(mode=0o600)
    starter._clear()
    assert len(list(folder.glob("*.log"))) == len(list(folder.glob("*.json"))) == 200
    assert (folder / "20260101-000249-aaaa.log").exists()
