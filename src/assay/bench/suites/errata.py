"""What is known to be wrong with public data sets: an overlay over their tasks, each entry with reason and evidence."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field

from assay.bench import content
from assay.bench.suites import EXCUSED
from assay.records import Record, Task

FILE = Path(__file__).with_name("errata.yaml")


class Erratum(Record):
    """One known fault of one task, and what the overlay does about it."""

    suite: str
    task: str
    does: Literal["notes", "excuses", "mends"]
    """notes: only says so. excuses: the mended score leaves the task out. mends: puts a right reference in."""
    says: str = Field(min_length=20)
    """What is wrong, for people."""
    evidence: str = Field(min_length=20)
    """How anybody can see it."""
    reference: str | None = None
    """For `mends`: the reference to use instead."""


class Errata(Record):
    """The whole overlay."""

    errata: tuple[Erratum, ...]


@cache
def known() -> tuple[Erratum, ...]:
    """Every erratum we know of."""
    return content.load(FILE, Errata).errata


def mend(suite: str, tasks: Sequence[Task]) -> tuple[Task, ...]:
    """The tasks with the overlay applied. Tasks without an erratum are the same as before."""
    entries = {entry.task: entry for entry in known() if entry.suite == suite}
    return tuple(_mended(task, entries[task.id]) if task.id in entries else task for task in tasks)


def _mended(task: Task, entry: Erratum) -> Task:
    changes: dict[str, object] = {"erratum": entry.says}
    if entry.does == "excuses":
        changes["tags"] = (*task.tags, EXCUSED)
    if entry.reference is not None:
        changes["reference"] = entry.reference
    return task.model_copy(update=changes)
