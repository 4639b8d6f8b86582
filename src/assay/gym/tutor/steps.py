"""What is being done for each request, as the page that waits shows it."""

import threading
from typing import Literal

Step = Literal["look", "compare", "ask", "check"]

_WORDS: dict[Step, str] = {
    "look": "Running your program",
    "compare": "Comparing it with programs that pass",
    "ask": "Asking the model",
    "check": "Checking what it says",
}
_AT_MOST = 1000
"""Requests whose steps are known at once."""


class Steps:
    """The steps of the requests that are under way here. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._steps: dict[str, list[Step]] = {}

    def begin(self, identifier: str, step: Step) -> None:
        """A request has come to a step."""
        with self._lock:
            steps = self._steps.setdefault(identifier, [])
            if step not in steps:
                steps.append(step)
            while len(self._steps) > _AT_MOST:
                self._steps.pop(next(iter(self._steps)))

    def end(self, identifier: str) -> None:
        """Nothing more is being done for a request."""
        with self._lock:
            self._steps.pop(identifier, None)

    def words(self, identifier: str) -> tuple[str, ...]:
        """What was done so far, and is being done, in words."""
        with self._lock:
            return tuple(_WORDS[step] for step in self._steps.get(identifier, ()))

    def __contains__(self, identifier: object) -> bool:
        with self._lock:
            return identifier in self._steps
