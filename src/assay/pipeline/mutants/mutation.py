"""What a mutant is, and a place where there can be one."""

from collections.abc import Callable
from typing import NamedTuple

from assay.records import Record

SHOWN = 120


class Mutation(Record):
    """The one thing that was changed."""

    operator: str
    """Which kind of change: comparison, arithmetic, constant, …"""
    line: int
    before: str
    after: str


class Mutated(NamedTuple):
    """A mutation and the program it makes."""

    mutant: Mutation
    source: str


class Site(NamedTuple):
    """A change that could be made."""

    operator: str
    which: str
    """Tells it from the operator's others in the same program."""
    make: Callable[[], Mutated | None]
    """None: it makes no program."""


def short(text: str) -> str:
    """Its first line, as far as it is shown."""
    line = text.split("\n")[0]
    return line if len(line) <= SHOWN else f"{line[: SHOWN - 1]}…"
