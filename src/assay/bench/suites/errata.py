"""What is known to be wrong with public data sets: an overlay that marks their tasks, each entry with its evidence.

A marked task is still run and counted; scores are shown with and without the marked ones.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from pydantic import Field

from assay import content
from assay.records import Record, Task

FILE = Path(__file__).with_name("errata.yaml")


class Erratum(Record):
    """One known fault of one task, shown by a call of its reference."""

    suite: str
    task: str
    says: str = Field(min_length=12)
    """What is wrong, for people."""
    call: str
    """A call of the reference that shows it."""
    gives: str
    """What comes of the call: a value, `raises NAME`, or `no answer` (within a second)."""
    should: str
    """What should come of it, and by whom where not by the task's text."""

    @property
    def text(self) -> str:
        gives = self.gives if self.gives.startswith("raises ") else f"gives {self.gives}"
        return f"{self.says}: {self.call} {gives}, where {self.should} is due."


class Errata(Record):
    """The whole overlay."""

    errata: tuple[Erratum, ...]


@cache
def known() -> tuple[Erratum, ...]:
    """Every erratum we know of."""
    return content.load(FILE, Errata).errata


def marked(suite: str, tasks: Sequence[Task]) -> tuple[Task, ...]:
    """The tasks, those with a known fault marked by it."""
    faults = {entry.task: entry.text for entry in known() if entry.suite == suite}
    return tuple(task.model_copy(update={"erratum": faults[task.id]}) if task.id in faults else task for task in tasks)
