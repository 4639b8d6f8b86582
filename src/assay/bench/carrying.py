"""Carry out durable work that a command began: is nobody else at it, take it up where it stands, watch it to its end."""

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence

from assay import workflows
from assay.bench.progress import Progress
from assay.errors import AssayError
from assay.store import Store

NOTE = 2000
"""Characters of why a run is paused or failed that are kept."""
LOOK_S = 0.5
_LOOK_AT_LEAST_S = 1.0
"""A look at a large run takes its time: looks rest ten times as long as the last one took, but Ctrl-C waits for one."""
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


@contextlib.contextmanager
def heard(look: Callable[[Progress], None]) -> Iterator[Callable[[Progress], None]]:
    """Let Ctrl-C wait for the next look: `look`, but that it raises KeyboardInterrupt where Ctrl-C was pressed.

    Raised in the midst of a library's work it may come out as another error, or not at all: a database driver that
    tidies up on the way raises its own. Pressed a second time it does what it always does, whatever keeps us.
    """
    pressed = threading.Event()

    def note(_number: int, _frame: object) -> None:
        pressed.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def look_and_hear(now: Progress) -> None:
        if pressed.is_set():
            raise KeyboardInterrupt
        look(now)

    in_main = threading.current_thread() is threading.main_thread()
    if not in_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield look  # a thread of somebody's program, or SIGINT is ignored here or has another use
        return
    signal.signal(signal.SIGINT, note)
    try:
        yield look_and_hear
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def call_off(name: str) -> None:
    """Cancel what `NAME:n` began and nobody finished: a worker elsewhere would take it over from a process that ends."""
    begun = [work.id for work in workflows.works(f"{name}:") if work.state in ("waiting", "running")]
    if begun:
        workflows.cancel(*begun)


def gather(children: Sequence[str]) -> tuple[list[str], bool]:
    """In a workflow, wait for its batches: why some could not be finished, and whether one of these failed."""
    notes: list[str] = []
    failed = False
    for child in children:
        try:
            workflows.result(child)
            continue
        except workflows.WorkPaused as error:
            note = str(error)
        except workflows.WorkFailed as error:
            note, failed = f"{error.kind}: {error}", True
        if note not in notes:
            notes.append(note)
    return notes, failed


def end_as(state: str, notes: Sequence[str]) -> None:
    """End a workflow as the run stands that it worked on, so that whoever looks at either sees the same."""
    if state == "paused":
        raise workflows.WorkPaused(" ".join(notes)[:NOTE])
    if state == "failed":
        raise workflows.WorkFailed(" ".join(notes)[:NOTE], "")


def watch(parent: str, look: Callable[[], None]) -> workflows.WorkFailed | None:
    """Call `look` every moment until the workflow has ended, and once after; how it failed, if so."""
    ended: list[BaseException | None] = []

    def wait() -> None:
        try:
            workflows.result(parent)
            ended.append(None)
        except workflows.WorkPaused:
            ended.append(None)
        except BaseException as error:
            ended.append(error)

    thread = threading.Thread(target=wait, name="assay-result", daemon=True)
    thread.start()
    while thread.is_alive():
        workflows.current().check()
        began = time.monotonic()
        look()
        thread.join(min(_LOOK_AT_LEAST_S, max(LOOK_S, 10 * (time.monotonic() - began))))
    look()
    if ended[0] is not None and not isinstance(ended[0], workflows.WorkFailed):
        raise ended[0]
    return ended[0]
