"""The formulas against enumeration, textbooks and simulated truth."""

import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.special import stdtrit

from assay.bench.scores.formulas import (
    detectable_difference,
    holm,
    mcnemar_mid_p,
    mean_over_tasks,
    pass_at_k,
    share_of_samples,
    t_of,
    weighted,
    wilson,
)
from assay.bench.scores.records import Rate

calm = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no failure


@calm
@given(st.integers(1, 9).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(1, n))))
def test_pass_at_k_is_the_share_of_draws_of_k_samples_that_hold_a_pass(ncka: tuple[int, int, int]) -> None:
    n, c, k = ncka
    draws = list(itertools.combinations([True] * c + [False] * (n - c), k))
    assert pass_at_k(n, c, k) == pytest.approx(sum(map(any, draws)) / len(draws))


@calm
@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))))
def test_pass_at_k_grows_with_k_and_starts_at_the_plain_share(nc: tuple[int, int]) -> None:
    n, c = nc
    values = [pass_at_k(n, c, k) for k in range(1, n + 1)]
    assert values[0] == pytest.approx(c / n)
    assert all(a <= b + 1e-12 for a, b in itertools.pairwise(values))
    assert values[-1] == pytest.approx(1 if c else 0)


def test_pass_at_k_holds_where_binomial_coefficients_overflow() -> None:
    exact = 1 - math.comb(99_000, 500) / math.comb(100_000, 500)
    assert pass_at_k(100_000, 1_000, 500) == pytest.approx(exact, rel=1e-9)


@pytest.mark.parametrize(("n", "c", "k"), [(3, 4, 1), (3, -1, 1), (3, 1, 0), (3, 1, 4), (0, 0, 1)])
def test_pass_at_k_of_what_cannot_be_is_refused(n: int, c: int, k: int) -> None:
    with pytest.raises(ValueError, match="pass@k needs"):
        pass_at_k(n, c, k)


def test_pass_at_k_of_codegen_16b_is_the_score_of_record(data: Path) -> None:
    counts = json.loads((data / "bench/completions/codet_codegen16b/our_correct_counts.json").read_text())
    assert len(counts) == 164
    means = {k: np.mean([pass_at_k(100, c, k) for c in counts.values()]) * 100 for k in (1, 10, 100)}
    assert means == pytest.approx({1: 22.12, 10: 50.38, 100: 73.78}, abs=0.005)


shares = st.integers(1, 2_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@calm
@given(shares)
def test_wilson_holds_the_share_stays_within_0_and_1_and_has_width(share: tuple[int, int]) -> None:
    passed, n = share
    low, high = wilson(passed, n)
    assert 0 <= low <= passed / n <= high <= 1
    assert high - low > 0.0005


def test_wilson_gives_the_textbook_numbers() -> None:
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)  # Newcombe 1998, table I, method 3
    assert wilson(0, 20) == pytest.approx((0, 0.1611), abs=1e-4)
    assert wilson(29, 29) == pytest.approx((0.8830, 1), abs=1e-4)


@pytest.mark.parametrize("p", [0.02, 0.3, 0.5, 0.9])
@pytest.mark.parametrize("n", [20, 164])
def test_wilson_covers_the_truth_about_95_times_in_100(p: float, n: int) -> None:
    hits = np.random.default_rng(7).binomial(n, p, size=4_000)
    covered = np.mean([low <= p <= high for low, high in (wilson(int(c), n) for c in hits)])
    assert 0.92 <= covered <= 0.99


values_of_tasks = st.lists(st.integers(0, 10).map(lambda c: c / 10), min_size=1, max_size=60)


@calm
@given(values_of_tasks)
def test_the_interval_over_tasks_holds_the_mean_and_is_never_of_no_width(values: list[float]) -> None:
    mean, low, high = mean_over_tasks(values, samples=10 * len(values))
    assert mean == pytest.approx(sum(values) / len(values))
    assert 0 <= low <= mean <= high <= 1
    assert high - low > 0.5 / (10 * len(values))


@calm
@given(st.integers(0, 50), st.integers(0, 50))
def test_with_one_sample_a_task_the_interval_over_tasks_is_wilsons(passed: int, failed: int) -> None:
    if passed + failed:
        _, low, high = mean_over_tasks([1.0] * passed + [0.0] * failed, samples=passed + failed)
        assert (low, high) == pytest.approx(wilson(passed, passed + failed))


def test_more_samples_of_the_same_hard_and_easy_tasks_do_not_feign_more_tasks() -> None:
    once = mean_over_tasks([0.0] * 20 + [1.0] * 20, samples=40)
    often = mean_over_tasks([0.0] * 20 + [1.0] * 20, samples=40 * 1_000)
    assert once == often


@pytest.mark.parametrize(
    ("a", "b"), [(0.3, 0.3), (2, 2), (0.8, 0.3), (9, 1)], ids=["hard or easy", "even", "mostly easy", "easy"]
)
@pytest.mark.parametrize("count", [8, 30, 164])
def test_the_interval_over_tasks_covers_the_truth_of_tasks_that_differ(a: float, b: float, count: int) -> None:
    rng = np.random.default_rng(11)
    truth, covered, rounds = a / (a + b), 0, 1_500
    for _ in range(rounds):
        values = rng.binomial(10, rng.beta(a, b, count)) / 10
        _, low, high = mean_over_tasks(values, samples=10 * count)
        covered += low <= truth <= high
    assert 0.93 <= covered / rounds <= 0.995


@calm
@given(
    st.lists(st.integers(1, 12).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=1, max_size=40)
)
def test_a_share_of_samples_counts_samples_and_its_interval_holds_it(rows: list[tuple[int, int]]) -> None:
    counts, sizes = [c for c, _ in rows], [n for _, n in rows]
    share, low, high = share_of_samples(counts, sizes)
    assert share == pytest.approx(sum(counts) / sum(sizes))
    assert 0 <= low <= share <= high <= 1
    assert high > low


def test_copies_of_one_answer_within_a_task_leave_the_interval_of_a_share_alone() -> None:
    single = share_of_samples([1, 0, 0, 1, 0, 0, 0, 0], [1] * 8)
    copies = share_of_samples([50, 0, 0, 50, 0, 0, 0, 0], [50] * 8)
    assert copies == pytest.approx(single)


def test_the_weighted_mean_of_one_rate_is_that_rate_and_of_several_is_surer_than_each() -> None:
    one = Rate(value=0.6, low=0.5, high=0.72, n=100)
    assert weighted([one], [1.0]) == pytest.approx(one)
    both = weighted([one, one], [0.5, 0.5])
    assert both.value == pytest.approx(0.6)
    assert both.n == 200
    assert one.low < both.low < 0.6 < both.high < one.high


@pytest.mark.parametrize(
    ("a", "b", "p"),
    [(0, 0, 1.0), (5, 5, 1.0), (1, 7, 0.0391), (0, 5, 0.03125), (10, 2, 0.0225), (0, 1, 0.5)],
)
def test_mcnemars_mid_p_is_the_exact_p_less_the_chance_of_what_was_seen(a: int, b: int, p: float) -> None:
    flips = a + b
    exact = min(1.0, 2 * sum(math.comb(flips, i) for i in range(min(a, b) + 1)) / 2**flips)
    seen = math.comb(flips, a) / 2**flips
    expected = 1.0 if a == b else exact - seen
    assert mcnemar_mid_p(a, b) == pytest.approx(expected)
    assert mcnemar_mid_p(a, b) == pytest.approx(p, abs=5e-5)
    assert mcnemar_mid_p(a, b) == mcnemar_mid_p(b, a)


@calm
@given(st.lists(st.floats(0, 1), max_size=30))
def test_holm_never_lowers_a_p_value_nor_changes_their_order(p: list[float]) -> None:
    adjusted = holm(p)
    assert all(before <= after <= 1 for before, after in zip(p, adjusted, strict=True))
    ranked = sorted(zip(p, adjusted, strict=True))
    assert all(a[1] <= b[1] for a, b in itertools.pairwise(ranked))


def test_holm_gives_the_textbook_numbers() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []


def test_a_difference_as_large_as_detectable_is_found_four_times_in_five() -> None:
    rng, count = np.random.default_rng(2), 200
    spread = 0.55
    shift = detectable_difference(spread / math.sqrt(count))
    means = rng.normal(shift, spread, size=(4_000, count)).mean(axis=1)
    assert np.mean(np.abs(means) > 1.96 * spread / math.sqrt(count)) == pytest.approx(0.8, abs=0.02)
    assert detectable_difference(3.0) == 1.0


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.99])
def test_students_quantile_is_scipys_to_twelve_digits(level: float) -> None:
    degrees = [*range(1, 60), 99, 163, 164, 377, 998, 999, 1000, 1001, 5_000, 1_000_000]
    assert [t_of(level, n) for n in degrees] == pytest.approx(stdtrit(degrees, (1 + level) / 2), rel=1e-12, abs=0)
