"""Models against each other, pair by pair, on the tasks that both were graded on."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.bench.scores.formulas import detectable_difference, holm, mcnemar_mid_p
from assay.bench.scores.records import Comparison, Contender, Difference, Score, natural
from assay.bench.scores.resampling import Floats, paired_bootstrap, paired_randomisation


def compare(scores: Sequence[Score]) -> tuple[Comparison, ...]:
    """Every pair of the given scores within each suite, Holm-corrected over the whole table.

    For the models of one run, or of several: the scores of `RUN` and `RUN` put together. With one sample a task on both
    sides p is McNemar's mid-p, otherwise the paired randomisation test's; the interval is the paired bootstrap's.
    """
    return compare_sides([side_of(score) for score in scores])


@dataclass(frozen=True)
class Side:
    """One contender on one suite, as far as a comparison needs it: the tasks that count, in order."""

    suite: str
    contender: Contender
    tasks: tuple[str, ...]
    samples: NDArray[np.int64]
    """Samples that count, a task."""
    rates: Floats
    """The share of them that passed."""


def side_of(score: Score) -> Side:
    """What a comparison needs of a score."""
    counted = [task for task in score.by_task if task.samples]
    samples = np.array([task.samples for task in counted], dtype=np.int64)
    return Side(
        suite=score.suite,
        contender=Contender(evaluation=score.evaluation, model=score.model),
        tasks=tuple(task.task for task in counted),
        samples=samples,
        rates=np.array([task.passed for task in counted]) / samples,
    )


def compare_sides(sides: Sequence[Side]) -> tuple[Comparison, ...]:
    """`compare`, of what it needs alone: a hundred models on a thousand tasks in seconds and little memory."""
    pairs = [_Pair(a, b) for a, b in itertools.combinations(sides, 2) if a.suite == b.suite]
    alike: dict[tuple[str, ...], list[_Pair]] = {}
    for pair in pairs:
        alike.setdefault(pair.common, []).append(pair)
    for common, group in alike.items():
        if common:
            _resample(group)
    found = [pair.comparison() for pair in pairs]
    corrected = iter(holm([one.p for one in found if one.p is not None]))
    return tuple(one if one.p is None else one.model_copy(update={"p_holm": next(corrected)}) for one in found)


def _resample(pairs: Sequence["_Pair"]) -> None:
    """The intervals and chances of pairs on the same tasks, each model's rates taken once."""
    place: dict[int, int] = {}
    columns: list[Floats] = []
    for pair in pairs:
        for side, rates in ((pair.a, pair.x), (pair.b, pair.y)):
            if id(side) not in place:
                place[id(side)] = len(columns)
                columns.append(rates)
    table = np.column_stack(columns)
    several = [pair for pair in pairs if not pair.single]
    lows, highs = paired_bootstrap(table, [(place[id(pair.a)], place[id(pair.b)]) for pair in pairs])
    for pair, low, high in zip(pairs, lows, highs, strict=True):
        pair.low, pair.high = float(low), float(high)
    if several:
        chances = paired_randomisation(table, [(place[id(pair.a)], place[id(pair.b)]) for pair in several])
        for pair, chance in zip(several, chances, strict=True):
            pair.randomised = float(chance)


class _Pair:
    """Two sides of one suite while their comparison is made."""

    low = high = 0.0
    randomised = 1.0

    def __init__(self, a: Side, b: Side) -> None:
        self.a, self.b = a, b
        if a.tasks == b.tasks:
            self.common, self.x, self.y = a.tasks, a.rates, b.rates
            samples = (a.samples, b.samples)
        else:
            mine = {task: place for place, task in enumerate(a.tasks)}
            theirs = {task: place for place, task in enumerate(b.tasks)}
            self.common = tuple(sorted(mine.keys() & theirs.keys(), key=lambda task: (natural(task), task)))
            here, there = [mine[task] for task in self.common], [theirs[task] for task in self.common]
            self.x, self.y = a.rates[here], b.rates[there]
            samples = (a.samples[here], b.samples[there])
        self.single = all(bool((count == 1).all()) for count in samples)
        self.differences = self.x - self.y

    def comparison(self) -> Comparison:
        basis = Comparison(
            suite=self.a.suite,
            a=self.a.contender,
            b=self.b.contender,
            tasks=len(self.common),
            only_a=len(self.a.tasks) - len(self.common),
            only_b=len(self.b.tasks) - len(self.common),
            rate_a=None,
            rate_b=None,
            difference=None,
        )
        return basis.model_copy(update=self._numbers()) if self.common else basis

    def _numbers(self) -> dict[str, object]:
        d = self.differences
        a_wins = tuple(self.common[place] for place in np.flatnonzero(d > 0))
        b_wins = tuple(self.common[place] for place in np.flatnonzero(d < 0))
        spread = float(np.append(d, (1.0, -1.0)).std(ddof=1))  # the two made-up tasks of `paired_bootstrap`
        return {
            "rate_a": float(self.x.mean()),
            "rate_b": float(self.y.mean()),
            "difference": Difference(value=float(d.mean()), low=self.low, high=self.high, n=len(d)),
            "a_wins": a_wins,
            "b_wins": b_wins,
            "test": "McNemar mid-p" if self.single else "paired randomisation",
            "p": mcnemar_mid_p(len(a_wins), len(b_wins)) if self.single else self.randomised,
            "detectable": detectable_difference(spread / math.sqrt(len(d) + 2)),
        }
