"""What the gate says of a hint. Pure."""

from typing import Literal

from assay.records import Record

Rule = Literal[
    "length", "grade", "unseen", "block", "overlap", "line", "fix", "splice", "literal", "avoid", "place", "name"
]


class Broken(Record):
    """One rule that a hint breaks."""

    rule: Rule
    where: str
    """What in the hint breaks it, on one line."""
    why: str
    """In words; it may be told to whoever wrote the hint, but not to the learner."""


class Verdict(Record):
    """What the gate says of one hint."""

    level: int
    broken: tuple[Broken, ...] = ()
    words: int = 0
    grade: float = 0
    overlap: int = 0
    """The most canonical tokens in a row that it shares with a solution and that are new to the learner."""
    spliced: int = 0
    """How many programs were run with the hint's code put in."""

    @property
    def passed(self) -> bool:
        return not self.broken

    @property
    def rules(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.rule for one in self.broken))
