"""Help made durable: a request that was kept is answered, whoever is killed meanwhile.

Two steps, the two tries of the desk. Each looks first whether its answer is there, so that it can be done again. The engine
keeps what it is told for ever, so it is told nothing that a learner or a model wrote, which must go with the learner: only
ids, and whether there is to be a second try; no error's text either but our own. A process that opens a desk begins what it
finds unanswered and nobody living works on: under a fresh workflow id, since the old one may lie with another kind of worker
that knows nothing of the gym.
"""

import contextlib
import logging
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from dbos import DBOS

from assay import workflows
from assay.errors import AssayError
from assay.gym import asking
from assay.gym.records.learners import HelpAnswer

if TYPE_CHECKING:
    from assay.gym.tutor.desk import Tutor

PREFIX = "gym-help"
_log = logging.getLogger("assay")

_desk: "Desk | None" = None


def here() -> "Desk":
    """The desk of this process, for its steps."""
    if _desk is None:
        raise AssayError("No help desk is open in this process.", "It goes on where the gym's pages are open.")
    return _desk


class Desk:
    """The engine's side of a tutor: one a process."""

    def __init__(self, tutor: "Tutor", engine: "workflows.Engine | None") -> None:
        self.tutor = tutor
        self._engine = engine
        self._lock = threading.Lock()

    def begin(self, learner: str, identifier: str) -> None:
        """Work on a request in the background, unless somebody living does."""
        with self._lock:
            prefix = f"{PREFIX}:{identifier}:"
            before = workflows.works(prefix)
            open_ones = [work for work in before if work.state in ("waiting", "running")]
            engine = workflows.current()
            if any(work.executor and engine.alive(work.executor) for work in open_ones):
                return
            if open_ones:
                with contextlib.suppress(AssayError):
                    workflows.cancel(*(work.id for work in open_ones))
            workflows.start(answer, learner, identifier, id=f"{prefix}{len(before) + 1}")

    def close(self) -> None:
        """Stop the engine, where it is ours. What is under way others take up."""
        global _desk
        if self._engine is not None:
            self._engine.stop()
        if _desk is self:
            _desk = None


def open_desk(tutor: "Tutor") -> Desk | None:
    """Make a tutor's work durable; None where another tutor of this process has that already."""
    global _desk
    if _desk is not None:
        return None
    engine: workflows.Engine | None
    try:
        workflows.current()
        engine = None
    except AssayError:
        engine = workflows.start_engine(tutor.store, settings=tutor.settings, listen=False)
    _desk = Desk(tutor, engine)
    return _desk


@DBOS.workflow()
def answer(learner: str, identifier: str) -> None:
    """Answer a request: the first try, and the second where the gate refused the first."""
    if first(learner, identifier):
        second(learner, identifier)


@DBOS.step()
def first(learner: str, identifier: str) -> bool:
    """The answer that the learner waits for. Gives whether the model is to be asked once more."""
    with _in_our_words():
        return bool(here().tutor.first(learner, identifier))


@DBOS.step()
def second(learner: str, identifier: str) -> None:
    """Once more, with the reasons why the first was refused, after the learner has something to read."""
    with _in_our_words():
        tutor = here().tutor
        tutor.second(learner, identifier, refused(asking.help_answer(tutor.store, learner, identifier)))


def refused(kept: HelpAnswer | None) -> list[str]:
    """Why a model's words were refused, as the answer's own record has it; nothing where the model was not asked."""
    tries = kept.gate if kept is not None and isinstance(kept.gate, list) else []
    broken = [one for done in tries if isinstance(done, dict) for one in cast("list[Any]", done.get("broken") or [])]
    return [str(one["why"]) for one in broken if isinstance(one, dict) and "why" in one]


@contextlib.contextmanager
def _in_our_words() -> Iterator[None]:
    """Errors as the engine may keep them: a database's quotes what was to be written."""
    try:
        yield
    except AssayError:
        raise
    except Exception as error:
        _log.exception("A request for help ended in an error.")
        raise AssayError(f"A request for help ended in {type(error).__name__}.") from None
