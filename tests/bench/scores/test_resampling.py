"""Pairs of models by resampled tasks: sure, repeatable, and as the exact tests have it."""

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike

from assay.bench.scores.resampling import Floats, _ends, paired_bootstrap, paired_randomisation

calm = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no failure
differences = st.lists(st.integers(-10, 10).map(lambda d: [d / 10]), min_size=1, max_size=40)


def alone(differences: ArrayLike) -> tuple[Floats, list[tuple[int, int]]]:
    """Models that differ so, task by task, from one that gets nothing right."""
    d = np.asarray(differences, dtype=np.float64)
    models = d.shape[1]
    return np.column_stack([d, np.zeros(len(d))]), [(one, models) for one in range(models)]


@calm
@given(st.lists(st.floats(-1, 1), min_size=1, max_size=200), st.sampled_from([0.5, 0.9, 0.95]))
def test_the_ends_of_an_interval_are_numpys_quantiles_to_the_last_digit(values: list[float], level: float) -> None:
    drawn = np.array(values)
    assert _ends(drawn, level) == tuple(np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2]))


@settings(calm, max_examples=40)
@given(differences)
def test_the_paired_bootstrap_holds_the_mean_has_width_and_comes_out_the_same_again(d: list[list[float]]) -> None:
    (low,), (high,) = paired_bootstrap(*alone(d), resamples=500)
    assert -1 <= low <= np.mean(d) <= high <= 1
    assert high > low
    assert paired_bootstrap(*alone(d), resamples=500) == (low, high)


def test_the_paired_bootstrap_in_small_pieces_is_as_sure_as_theory() -> None:
    d = np.random.default_rng(3).choice([-1.0, 0.0, 1.0], p=[0.1, 0.6, 0.3], size=(3_000, 1))  # several chunks
    (low,), (high,) = paired_bootstrap(*alone(d))
    assert high - low == pytest.approx(2 * 1.96 * d.std() / math.sqrt(3_000), rel=0.05)


@pytest.mark.parametrize("count", [10, 30, 120])
def test_the_paired_bootstrap_covers_the_true_difference(count: int) -> None:
    rng = np.random.default_rng(5)
    table = rng.choice([-1.0, 0.0, 1.0], p=[0.08, 0.7, 0.22], size=(count, 800))
    lows, highs = paired_bootstrap(*alone(table), resamples=1_000)
    assert 0.93 <= np.mean((lows <= 0.14) & (highs >= 0.14)) <= 1


@calm
@given(st.integers(0, 6), st.integers(0, 6), st.integers(0, 4))
def test_paired_randomisation_of_single_samples_is_mcnemars_exact_test(a: int, b: int, same: int) -> None:
    if a + b + same == 0 or a + b + same > 12:
        return
    d = [[1.0]] * a + [[-1.0]] * b + [[0.0]] * same
    exact = min(1.0, 2 * sum(math.comb(a + b, i) for i in range(min(a, b) + 1)) / 2 ** (a + b)) if a != b else 1.0
    assert paired_randomisation(*alone(d))[0] == pytest.approx(exact)


def test_paired_randomisation_of_many_tasks_agrees_with_the_exact_test_and_repeats_itself() -> None:
    d = [[1.0]] * 25 + [[-1.0]] * 12 + [[0.0]] * 60
    exact = 2 * sum(math.comb(37, i) for i in range(13)) / 2**37
    (p,) = paired_randomisation(*alone(d))
    assert p == pytest.approx(exact, abs=0.012)
    assert paired_randomisation(*alone(d)) == p
