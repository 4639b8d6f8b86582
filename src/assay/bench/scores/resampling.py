"""Intervals and tests of paired differences by drawing tasks again and again. The same seed gives the same numbers."""

import functools
import itertools
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assay.bench.scores.records import LEVEL

SEED = 20130531
RESAMPLES = 10_000
"""Enough that the ends of a 95 % bootstrap interval move by less than a thirtieth of its width from seed to seed."""
EXACT_TASKS = 12
"""Up to so many tasks, all 2^T patterns of signs are tried."""
_KEPT_DRAWS = 4_000_000  # 8 MB: a table of models draws the same tasks again and again
Floats = NDArray[np.float64]


def paired_bootstrap(
    differences: ArrayLike, level: float = LEVEL, resamples: int = RESAMPLES, seed: int = SEED
) -> tuple[Floats, Floats]:
    """The interval of each column's mean, differences (tasks, pairs) in [-1, 1]: (lows, highs), each (pairs,).

    Tasks are drawn with replacement, whole, from the T tasks and two made-up ones, +1 and -1 (percentile method; Efron
    & Tibshirani 1993, chapter 13). The two are the add-one adjustment of Bonett & Price 2012 (J. Educational and
    Behavioral Statistics 37:479): without them models that agree on ten tasks would differ by 0 ± 0. The interval is
    widened to the estimate where the adjustment would leave it outside. The same seed gives the same interval.
    """
    d = np.asarray(differences, dtype=np.float64)
    if d.ndim != 2 or not len(d):
        raise ValueError(f"differences are a table of tasks × pairs, not of shape {d.shape}")
    pool = np.vstack([d, np.ones((1, d.shape[1])), -np.ones((1, d.shape[1]))])
    means = resampled_means(pool, resamples, seed)
    lows, highs = np.quantile(means, [(1 - level) / 2, (1 + level) / 2], axis=0)
    mean = d.mean(axis=0)
    return np.minimum(lows, mean), np.maximum(highs, mean)


def paired_randomisation(differences: ArrayLike, resamples: int = RESAMPLES, seed: int = SEED) -> Floats:
    """Two-sided p of "the two models are alike" for each column of differences (tasks, pairs): shape (pairs,).

    Were they alike, each task's difference could as well have had the other sign. The share of sign patterns whose mean
    is at least as far from 0: all 2^T patterns up to T = 12, else (1 + hits) / (1 + resamples) of random ones (Fisher
    1935; Noreen 1989, Computer-Intensive Methods). With one sample a task it is McNemar's exact test.
    """
    d = np.asarray(differences, dtype=np.float64)
    tasks = len(d)
    if d.ndim != 2 or not tasks:
        raise ValueError(f"differences are a table of tasks × pairs, not of shape {d.shape}")
    reached = np.abs(d.sum(axis=0)) - 1e-9
    hits, draws = np.zeros(d.shape[1]), 0
    for signs in sign_patterns(tasks, resamples, seed):
        hits += (np.abs(signs @ d) >= reached).sum(axis=0)
        draws += len(signs)
    return np.asarray(hits / draws if tasks <= EXACT_TASKS else (1 + hits) / (1 + draws))


def sign_patterns(tasks: int, resamples: int = RESAMPLES, seed: int = SEED) -> Iterator[Floats]:
    """All 2^tasks patterns of signs where they are few, else random ones: rows of shape (some, tasks)."""
    if tasks <= EXACT_TASKS:
        yield np.array(list(itertools.product((-1.0, 1.0), repeat=tasks)))
        return
    rng = np.random.default_rng(seed)
    for rows in _chunks(resamples, tasks):
        yield rng.integers(0, 2, size=(rows, tasks)).astype(np.float64) * 2.0 - 1.0


def resampled_means(values: Floats, resamples: int, seed: int) -> Floats:
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
