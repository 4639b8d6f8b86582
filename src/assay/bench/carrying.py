"""Carry out durable work that a command began: is nobody else at it, take it up where it stands, watch it to its end."""

import threading
import time
from collections.abc import Callable

from assay import workflows
from assay.errors import AssayError
from assay.store import Store

LOOK_S = 0.25
_LAST_BREATH_S = 2.0
"""How long a killed process may still seem to be there, until the database has seen its connection end."""


def must_be_free(store: Store, executor: str, what: str) -> None:
    """Raise if that process is at work on it. One that was killed this very moment is given time to be gone."""
    end = time.monotonic() + _LAST_BREATH_S
    while executor and workflows.is_alive(store, executor):
        if time.monotonic() > end:
            raise AssayError(f"{what} is at work in another process.", "Wait for it, or end that process first.")
        time.sleep(0.05)


def take_up(engine: workflows.Engine, name: str, begin: Callable[[int], str]) -> tuple[str, bool]:
    """Recover the workflow `NAME:n` that a dead process has left, else begin the next one: its id, and whether new."""
    mine = workflows.works(f"{name}:")
    generations = {int(work.id.split(":")[1]): work for work in mine if work.id.count(":") == 1}
    last = max(generations, default=-1)
    if last >= 0 and generations[last].state in ("waiting", "running"):
        engine.revive(f"{name}:")
        return generations[last].id, False
    return begin(last + 1), True


def watch(parent: str, look: Callable[[], None]) -> workflows.WorkFailed | None:
    """Call `look` every moment until the workflow has ended, and once after; how it failed, if so."""
    ended: list[BaseException | None] = []

    def wait() -> None:
        try:
            workflows.result(parent)
            ended.append(None)
        except BaseException as error:
            ended.append(error)

    thread = threading.Thread(target=wait, name="assay-result", daemon=True)
    thread.start()
    while thread.is_alive():
        workflows.current().check()
        look()
        thread.join(LOOK_S)
    look()
    if ended[0] is not None and not isinstance(ended[0], workflows.WorkFailed):
        raise ended[0]
    return ended[0]
