"""Intervals and tests of paired differences by drawing tasks again and again. The same seed gives the same numbers."""

import functools
import itertools
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from assay.bench.scores.records import LEVEL

SEED = 20130531
RESAMPLES = 10_000
"""Enough that the ends of a 95 % bootstrap interval move by less than a thirtieth of its width from seed to seed."""
_EXACT_TASKS = 12
_KEPT_DRAWS = 4_000_000  # 8 MB: a table of models draws the same tasks again and again
Floats = NDArray[np.float64]
Pairs = Sequence[tuple[int, int]]
"""Which columns are held against which."""


def paired_bootstrap(
    rates: Floats, pairs: Pairs, level: float = LEVEL, resamples: int = RESAMPLES, seed: int = SEED
) -> tuple[Floats, Floats]:
    """The interval of each pair's mean difference, of rates (tasks, models) in [0, 1]: (lows, highs), each (pairs,).

    Tasks are drawn with replacement, whole, from the T tasks and two made-up ones, that differ by +1 and -1 (percentile
    method; Efron & Tibshirani 1993, chapter 13). The two are the add-one adjustment of Bonett & Price 2012 (J.
    Educational and Behavioral Statistics 37:479): without them models that agree on ten tasks would differ by 0 ± 0.
    The interval is widened to the estimate where the adjustment would leave it outside. The same seed gives the same
    interval. A mean of differences is the difference of two means, so what is drawn grows with the models, not their pairs.
    """
    tasks, models = _shape(rates)
    pool = np.zeros((tasks + 2, models + 1))
    pool[:tasks, :models] = rates
    pool[tasks:, models] = (1.0, -1.0)
    means = np.ascontiguousarray(_resampled_means(pool, resamples, seed).T)
    lows, highs = np.empty(len(pairs)), np.empty(len(pairs))
    for place, (a, b) in enumerate(pairs):
        low, high = _ends(means[a] - means[b] + means[models], level)
        mean = (rates[:, a] - rates[:, b]).mean()
        lows[place], highs[place] = min(low, mean), max(high, mean)
    return lows, highs


def paired_randomisation(rates: Floats, pairs: Pairs, resamples: int = RESAMPLES, seed: int = SEED) -> Floats:
    """Two-sided p of "the two models are alike" for each pair of columns of rates (tasks, models): shape (pairs,).

    Were they alike, each task's difference could as well have had the other sign. The share of sign patterns whose mean
    is at least as far from 0: all 2^T patterns up to T = 12, else (1 + hits) / (1 + resamples) of random ones (Fisher
    1935; Noreen 1989, Computer-Intensive Methods). With one sample a task it is McNemar's exact test.
    """
    tasks, _ = _shape(rates)
    reached = [abs(float((rates[:, a] - rates[:, b]).sum())) - 1e-9 for a, b in pairs]
    hits, draws = np.zeros(len(pairs)), 0
    for signs in _sign_patterns(tasks, resamples, seed):
        sums = np.ascontiguousarray((signs @ rates).T)
        draws += len(signs)
        for place, (a, b) in enumerate(pairs):
            hits[place] += np.count_nonzero(np.abs(sums[a] - sums[b]) >= reached[place])
    return np.asarray(hits / draws if tasks <= _EXACT_TASKS else (1 + hits) / (1 + draws))


def _shape(rates: Floats) -> tuple[int, int]:
    if rates.ndim != 2 or not len(rates):
        raise ValueError(f"rates are a table of tasks × models, not of shape {rates.shape}")
    tasks, models = rates.shape
    return tasks, models


def _sign_patterns(tasks: int, resamples: int = RESAMPLES, seed: int = SEED) -> Iterator[Floats]:
    """All 2^tasks patterns of signs where they are few, else random ones: rows of shape (some, tasks)."""
    if tasks <= _EXACT_TASKS:
        yield np.array(list(itertools.product((-1.0, 1.0), repeat=tasks)))
        return
    rng = np.random.default_rng(seed)
    for rows in _chunks(resamples, tasks):
        yield rng.integers(0, 2, size=(rows, tasks)).astype(np.float64) * 2.0 - 1.0


def _ends(values: Floats, level: float) -> tuple[float, float]:
    """Between which so large a share of the values lies, in the middle: `np.quantile`, which loads what it does not use."""
    ranked = np.sort(values)
    low, high = (_between(ranked, (len(ranked) - 1) * share) for share in ((1 - level) / 2, (1 + level) / 2))
    return low, high


def _between(ranked: Floats, place: float) -> float:
    """The value at a place between two ranks, on a straight line from the nearer one."""
    below = int(place)
    part = place - below
    low, high = float(ranked[below]), float(ranked[min(below + 1, len(ranked) - 1)])
    return low + (high - low) * part if part < 0.5 else high - (high - low) * (1 - part)


def _resampled_means(values: Floats, resamples: int, seed: int) -> Floats:
    """Means of as many tasks drawn with replacement, values (tasks, columns): shape (resamples, columns)."""
    tasks = len(values)
    if resamples * tasks <= _KEPT_DRAWS:
        return _draws(tasks, resamples, seed).astype(np.float64) @ values / tasks
    rng = np.random.default_rng(seed)
    return np.concatenate([_times_drawn(rng, rows, tasks) @ values / tasks for rows in _chunks(resamples, tasks)])


@functools.lru_cache(maxsize=4)
def _draws(tasks: int, resamples: int, seed: int) -> NDArray[np.uint16]:
    rng = np.random.default_rng(seed)
    parts = [_times_drawn(rng, rows, tasks) for rows in _chunks(resamples, tasks)]
    return np.concatenate(parts).astype(np.uint16)  # a task is drawn about once a row


def _times_drawn(rng: np.random.Generator, rows: int, tasks: int) -> Floats:
    """How often each task is drawn, `tasks` draws a row: shape (rows, tasks)."""
    drawn = rng.integers(0, tasks, size=(rows, tasks)) + tasks * np.arange(rows)[:, None]
    return np.bincount(drawn.ravel(), minlength=rows * tasks).reshape(rows, tasks).astype(np.float64)


def _chunks(rows: int, columns: int) -> Iterable[int]:
    """Row counts that sum to `rows`, each so small that a table of floats with so many columns stays near 16 MB."""
    size = max(1, min(rows, 2_000_000 // columns))
    return (min(size, rows - start) for start in range(0, rows, size))
