"""How far a run is, as the process that carries it out counts it, and how long it may take yet."""

from dataclasses import dataclass

_ENOUGH = 10
_SHARE = 0.1
_SOON_S = 5.0


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


def seconds_left(fresh: int, left: int, elapsed_s: float) -> float | None:
    """At the pace of what was finished in `elapsed_s`; None while that says nothing yet.

    The first sample comes after the start of everything, and samples come in groups: of one, or of two seconds, nothing
    can be told. Ten can be believed, or a tenth of what there was to do, once some seconds have passed.
    """
    if fresh <= 0 or elapsed_s < _SOON_S or fresh < min(_ENOUGH, _SHARE * (fresh + left)):
        return None
    return elapsed_s / fresh * left
