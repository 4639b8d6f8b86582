"""What clean-up did to the first tries of one suite × model, noted while their samples stream by."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from pydantic import Field

from assay.bench.records import Sample
from assay.records import Record
from assay.visible import one_line

LISTED = 200
"""Rescued and broken samples that are named, a suite × model; all are counted."""
KINDS = 60
"""Kinds of clean-up that are told apart, a suite × model."""


class Place(Record):
    """One sample, where its suite and model are known."""

    task: str
    sample: int


class Kind(Record):
    """One thing that clean-up does, how often it did, and a sample to look at."""

    samples: int
    example: Place


class Cleaning(Record):
    """What clean-up did to the first tries of one suite × model."""

    kinds: dict[str, Kind] = Field(default_factory=dict)
    rescued: tuple[Place, ...] = ()
    """Samples that pass only when cleaned, at most LISTED."""
    broken: tuple[Place, ...] = ()
    """Samples that clean-up made fail, at most LISTED."""


class Watch:
    """What is to be known of samples besides their scores, noted while they stream by."""

    def __init__(self, planned: set[str]) -> None:
        self._planned = planned
        self._kinds: Counter[str] = Counter()
        self._examples: dict[str, Place] = {}
        self._rescued: list[Place] = []
        self._broken: list[Place] = []
        self._passed: set[str] = set()
        self.look: dict[str, int] = {}

    def through(self, texts: Iterable[str]) -> Iterator[Sample]:
        for text in texts:
            sample = Sample.model_validate_json(text)
            if sample.task in self._planned:
                self._note(sample)
                yield sample

    def _note(self, sample: Sample) -> None:
        if sample.status != "pass" and (sample.task not in self.look or sample.task in self._passed):
            self.look[sample.task] = sample.index
            self._passed.discard(sample.task)
        elif sample.task not in self.look:
            self.look[sample.task] = sample.index
            self._passed.add(sample.task)
        first, place = sample.attempts[0], Place(task=sample.task, sample=sample.index)
        for kind in {kind_of(change) for change in first.changes}:
            if kind not in self._examples and len(self._examples) >= KINDS:
                kind = "something else"
            self._kinds[kind] += 1
            self._examples.setdefault(kind, place)
        raw, cleaned = first.as_it_came, first.report
        if "error" in (raw.status, cleaned.status) or raw.passed == cleaned.passed:
            return
        found = self._rescued if cleaned.passed else self._broken
        if len(found) < LISTED:
            found.append(place)

    def cleaning(self) -> Cleaning:
        return Cleaning(
            kinds={
                kind: Kind(samples=samples, example=self._examples[kind]) for kind, samples in self._kinds.most_common()
            },
            rescued=tuple(self._rescued),
            broken=tuple(self._broken),
        )


_NUMBER = re.compile(r"\d[\d,]*")
_NAME = re.compile(r"`[^`]*`|'[^']*'|\"[^\"]*\"|<[^>]*>")


def kind_of(change: str) -> str:
    """What clean-up did, without the numbers and names of one reply: `block 2 of 3 taken` and `block 1 of 2 taken` are one."""
    return one_line(_NAME.sub("…", _NUMBER.sub("N", change)), 120)
