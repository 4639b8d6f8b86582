"""How far a run is, as the process that carries it out counts it, and how long it may take yet."""

from dataclasses import dataclass

_ENOUGH = 30
_ENOUGH_IN_LONG = 10
_SHARE = 0.1
_SOON_S = 5.0
_LONG_S = 60.0


@dataclass(frozen=True)
class Progress:
    """How far a run is."""

    done: int
    """Samples with a verdict (of scripts: through the stage that is under way), errors of ours included."""
    total: int
    passed: int | None = None
    """None: nothing passes or fails here yet."""
    running: int = 0
    """Requests under way in this process."""
    failed: int = 0
    """Of those done: errors of ours."""
    tasks: int | None = None
    """Distinct tasks among those done, on which the interval rests; None: as many as samples."""
    completion_tokens: int | None = None
    cost: float | None = None
    currency: str = "USD"
    expected_cost: float | None = None
    """Of the whole run; None: what it comes to at the cost so far."""
    note: str = ""
    waits_for: str = ""
    """What the models' servers keep this process waiting for; empty: nothing but their answers."""


class Pace:
    """How fast a run goes, told from looks at it; their times are seconds of any one clock."""

    def __init__(self) -> None:
        self._before: int | None = None
        self._began: tuple[int, float] | None = None

    def look(self, done: int, at_s: float) -> None:
        """See how many are done."""
        if self._before is None:
            self._before = done  # what was there before this command says nothing of its speed
        elif self._began is None and done > self._before:
            self._began = done, at_s

    def left_s(self, done: int, left: int, at_s: float) -> float | None:
        """How long the rest may take; None while that cannot be told."""
        if self._began is None:
            return None
        first, began = self._began
        return seconds_left(done - first, left, at_s - began)


def seconds_left(fresh: int, left: int, elapsed_s: float) -> float | None:
    """At the pace of what was finished in `elapsed_s`, both counted from when the first group was; None while that says nothing.

    Behind the first group lies the start of everything: processes, a model that is loaded, test code that is compiled.
    The others come in groups too: of one, or of two seconds, nothing can be told. Thirty samples can be believed (ten,
    where they took a minute), or a tenth of what there was to do, once some seconds have passed.
    """
    enough = _ENOUGH if elapsed_s < _LONG_S else _ENOUGH_IN_LONG
    if fresh <= 0 or elapsed_s < _SOON_S or fresh < min(enough, _SHARE * (fresh + left)):
        return None
    return elapsed_s / fresh * left
