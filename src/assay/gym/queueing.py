"""Turns at a few places of work, fair between learners: one who floods waits for the own line only."""

import threading
from collections import OrderedDict, deque
from collections.abc import Iterator
from contextlib import contextmanager

from assay.errors import AssayError

MAX_EACH = 4
"""Programs of one learner that may wait."""
MAX_ALL = 500
"""Programs that may wait in all."""
PATIENCE_S = 60.0


class Busy(AssayError):
    """There is no room to wait. The same request may succeed a moment later."""


class _Ticket:
    def __init__(self) -> None:
        self.called = threading.Event()


class Turns:
    """`places` programs at once, at most one a learner; the learners who wait are called in rotation."""

    def __init__(self, places: int, each: int = MAX_EACH, everybody: int = MAX_ALL) -> None:
        self._free = places
        self._each, self._everybody = each, everybody
        self._lock = threading.Lock()
        self._lines: OrderedDict[str, deque[_Ticket]] = OrderedDict()
        self._at_work: set[str] = set()
        self._waiting = 0

    @contextmanager
    def turn(self, learner: str, patience_s: float = PATIENCE_S) -> Iterator[None]:
        """Wait for a turn, then work. Raises Busy where too many wait already, or where it takes too long."""
        ticket = self._join(learner)
        if ticket is not None and not ticket.called.wait(patience_s):
            with self._lock:
                if not ticket.called.is_set():
                    self._give_up(learner, ticket)
                    raise Busy("There was no turn for your program.", "Many people run programs just now. Try again.")
        try:
            yield
        finally:
            with self._lock:
                self._at_work.discard(learner)
                self._free += 1
                self._call_next()

    @property
    def waiting(self) -> int:
        """How many programs wait."""
        return self._waiting

    def _join(self, learner: str) -> _Ticket | None:
        """None: it is this learner's turn at once."""
        with self._lock:
            if self._free and learner not in self._at_work and not self._lines:
                self._free -= 1
                self._at_work.add(learner)
                return None
            line = self._lines.get(learner)
            if line is not None and len(line) >= self._each:
                raise Busy(
                    f"{len(line)} programs of yours wait already.", "Wait for their results; then run the next one."
                )
            if self._waiting >= self._everybody:
                raise Busy(f"{self._waiting} programs wait already.", "Many people run programs just now. Try again.")
            ticket = _Ticket()
            self._lines.setdefault(learner, deque()).append(ticket)
            self._waiting += 1
            self._call_next()
            return ticket

    def _give_up(self, learner: str, ticket: _Ticket) -> None:
        line = self._lines[learner]
        line.remove(ticket)
        self._waiting -= 1
        if not line:
            del self._lines[learner]

    def _call_next(self) -> None:
        """Call the first of the next learners in the rotation who are not at work, while there are places."""
        while self._free:
            learner = next((name for name in self._lines if name not in self._at_work), None)
            if learner is None:
                return
            line = self._lines[learner]
            ticket = line.popleft()
            if line:
                self._lines.move_to_end(learner)
            else:
                del self._lines[learner]
            self._waiting -= 1
            self._free -= 1
            self._at_work.add(learner)
            ticket.called.set()
