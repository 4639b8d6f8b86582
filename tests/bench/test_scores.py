"""Numbers: pass@k, intervals over tasks, pairs of models, what is missing."""

import itertools
import json
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assay.bench.records import Attempt, Evaluation, Kind, Sample
from assay.bench.scores import (
    Rate,
    Score,
    Scores,
    compare,
    detectable_difference,
    holm,
    mcnemar_mid_p,
    mean_over_tasks,
    natural,
    paired_bootstrap,
    paired_randomisation,
    pass_at_k,
    score,
    share_of_samples,
    weighted,
    wilson,
)
from assay.records import Isolation, Model, Reply, Report, Status, Task

calm = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no failure
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ISOLATION = Isolation(backend="bwrap", level=2, memory="polled")


def evaluation(*models: str, samples: int = 1, source: str = "run", **more: object) -> Evaluation:
    return Evaluation.model_validate(
        {
            "id": "E",
            "created": NOW,
            "source": source,
            "suites": ("s",),
            "models": [Model(name=name, provider="openai", model=name) for name in models],
            "samples": samples,
            **more,
        }
    )


def attempt(status: Status, raw: Status | None = None, **reply: object) -> Attempt:
    def verdict(status: Status) -> Report:
        return Report(task="t", suite="s", status=status, integrity="outside", isolation=ISOLATION)

    return Attempt(
        reply=Reply.model_validate({"text": "x", **reply}),
        report=verdict(status),
        raw=None if raw is None else verdict(raw),
    )


def sample(
    model: str, task: str, index: int, *attempts: Attempt | Status, suite: str = "s", kind: Kind = "reply"
) -> Sample:
    tried = tuple(attempt(one) if isinstance(one, str) else one for one in attempts)
    return Sample(evaluation="E", suite=suite, task=task, model=model, index=index, kind=kind, attempts=tried)


def tasks(*ids: str, suite: str = "s", errata: Sequence[str] = ()) -> list[Task]:
    return [Task(id=i, suite=suite, prompt="", checks=(), erratum="wrong" if i in errata else None) for i in ids]


def only(scores: Scores) -> Score:
    (one,) = scores.scores
    return one


# ---- pass@k --------------------------------------------------------------------------------------------------------


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


# ---- intervals -----------------------------------------------------------------------------------------------------

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


# ---- pairs ---------------------------------------------------------------------------------------------------------


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


differences = st.lists(st.integers(-10, 10).map(lambda d: [d / 10]), min_size=1, max_size=40)


@settings(calm, max_examples=40)
@given(differences)
def test_the_paired_bootstrap_holds_the_mean_has_width_and_comes_out_the_same_again(d: list[list[float]]) -> None:
    (low,), (high,) = paired_bootstrap(d, resamples=500)
    assert -1 <= low <= np.mean(d) <= high <= 1
    assert high > low
    assert paired_bootstrap(d, resamples=500) == (low, high)


def test_the_paired_bootstrap_in_small_pieces_is_as_sure_as_theory() -> None:
    d = np.random.default_rng(3).choice([-1.0, 0.0, 1.0], p=[0.1, 0.6, 0.3], size=(3_000, 1))  # several chunks
    (low,), (high,) = paired_bootstrap(d)
    assert high - low == pytest.approx(2 * 1.96 * d.std() / math.sqrt(3_000), rel=0.05)


@pytest.mark.parametrize("count", [10, 30, 120])
def test_the_paired_bootstrap_covers_the_true_difference(count: int) -> None:
    rng = np.random.default_rng(5)
    table = rng.choice([-1.0, 0.0, 1.0], p=[0.08, 0.7, 0.22], size=(count, 800))
    lows, highs = paired_bootstrap(table, resamples=1_000)
    assert 0.93 <= np.mean((lows <= 0.14) & (highs >= 0.14)) <= 1


@calm
@given(st.integers(0, 6), st.integers(0, 6), st.integers(0, 4))
def test_paired_randomisation_of_single_samples_is_mcnemars_exact_test(a: int, b: int, same: int) -> None:
    if a + b + same == 0 or a + b + same > 12:
        return
    d = [[1.0]] * a + [[-1.0]] * b + [[0.0]] * same
    exact = min(1.0, 2 * sum(math.comb(a + b, i) for i in range(min(a, b) + 1)) / 2 ** (a + b)) if a != b else 1.0
    assert paired_randomisation(d)[0] == pytest.approx(exact)


def test_paired_randomisation_of_many_tasks_agrees_with_the_exact_test_and_repeats_itself() -> None:
    d = [[1.0]] * 25 + [[-1.0]] * 12 + [[0.0]] * 60
    exact = 2 * sum(math.comb(37, i) for i in range(13)) / 2**37
    (p,) = paired_randomisation(d)
    assert p == pytest.approx(exact, abs=0.012)
    assert paired_randomisation(d) == p


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


# ---- one evaluation ------------------------------------------------------------------------------------------------


def test_pass_at_1_is_the_mean_over_tasks_and_passed_counts_samples() -> None:
    given_ = [sample("m", "a", i, "pass") for i in range(2)] + [
        sample("m", "b", 0, "pass"),
        sample("m", "b", 1, "wrong"),
    ]
    one = only(score(evaluation("m", samples=2), given_, tasks("a", "b")))
    assert (one.tasks, one.samples, one.passed) == (2, 4, 3)
    assert one.pass_at.keys() == {1}
    assert one.pass_at[1].value == pytest.approx(0.75)
    assert one.statuses == {"pass": 3, "wrong": 1}
    assert one.shares["wrong"].value == pytest.approx(0.25)
    assert one.warnings == ()


def test_pass_at_k_is_given_for_1_10_and_100_as_far_as_there_are_samples() -> None:
    given_ = [sample("m", t, i, "pass" if i < 3 else "wrong") for t in ("a", "b") for i in range(10)]
    one = only(score(evaluation("m", samples=10), given_, tasks("a", "b")))
    assert {k: rate.value for k, rate in one.pass_at.items()} == pytest.approx({1: 0.3, 10: 1.0})


def test_a_model_at_0_or_100_percent_still_has_a_wide_interval_on_few_tasks() -> None:
    fates: dict[str, Status] = {"good": "pass", "bad": "wrong"}
    given_ = [sample(m, f"t{t}", 0, s) for m, s in fates.items() for t in range(5)]
    good, bad = score(evaluation("good", "bad"), given_, tasks(*(f"t{t}" for t in range(5)))).scores
    assert (good.model, bad.model) == ("good", "bad")
    assert good.pass_at[1].low == pytest.approx(0.566, abs=0.001)
    assert bad.pass_at[1].high == pytest.approx(0.434, abs=0.001)
    (pair,) = compare([good, bad])
    assert pair.difference
    assert pair.difference.high - pair.difference.low > 0.3


def test_missing_samples_are_counted_and_said_and_the_rate_is_bounded() -> None:
    given_ = [sample("m", "a", 0, "pass"), sample("m", "b", 0, "wrong")]
    one = only(score(evaluation("m"), given_, tasks("a", "b", "c", "d")))
    assert (one.tasks, one.tasks_expected, one.samples, one.samples_expected, one.missing) == (2, 4, 2, 4, 2)
    assert one.pass_at[1].value == 0.5
    assert (one.if_missing_failed, one.if_missing_passed) == (0.25, 0.75)
    assert any("2 samples of 4 missing" in warning for warning in one.warnings)
    assert any("between 25.0 and 75.0 %" in warning for warning in one.warnings)


def test_a_model_that_never_answered_is_there_with_everything_missing() -> None:
    scores = score(evaluation("m", "silent"), [sample("m", "a", 0, "pass")], tasks("a"))
    silent = scores.get("s", "silent")
    assert silent is not None
    assert (silent.pass_at, silent.missing, silent.samples) == ({}, 1, 0)
    assert [one.model for one in scores.overall] == ["m", "silent"]
    assert scores.overall[1].rate is None
    assert scores.overall[1].missing == ("s",)


def test_a_model_whose_file_names_other_suites_is_not_missing_here() -> None:
    model = Model(name="elsewhere", provider="openai", model="x", suites=("other",))
    given_ = evaluation("m").model_copy(update={"models": (*evaluation("m").models, model)})
    assert score(given_, [sample("m", "a", 0, "pass")], tasks("a")).models == ("m",)


def test_an_error_of_ours_counts_for_nobody_and_is_said() -> None:
    given_ = [sample("m", "a", 0, "pass"), sample("m", "b", 0, "error")]
    one = only(score(evaluation("m"), given_, tasks("a", "b")))
    assert (one.samples, one.errors, one.passed, one.missing) == (1, 1, 1, 0)
    assert one.pass_at[1].value == 1.0
    assert (one.if_missing_failed, one.if_missing_passed) == (0.5, 1.0)
    assert one.shares["error"].value == 0.5
    assert any("error of ours" in warning for warning in one.warnings)


def test_pass_at_10_says_which_tasks_it_is_without() -> None:
    given_ = [sample("m", t, i, "pass") for t, n in (("a", 10), ("b", 9)) for i in range(n)]
    one = only(score(evaluation("m", samples=10), given_, tasks("a", "b")))
    assert (one.pass_at[10].n, one.pass_at[10].left_out) == (1, 1)
    assert any("pass@10 is without 1 task" in warning for warning in one.warnings)


def test_a_sample_given_twice_counts_once() -> None:
    given_ = [sample("m", "a", 0, "pass"), sample("m", "a", 0, "wrong")]
    scores = score(evaluation("m"), given_, tasks("a"))
    assert (only(scores).samples, only(scores).passed, scores.duplicates) == (1, 1, 1)
    assert any("came twice" in warning for warning in scores.warnings)


def test_replies_made_elsewhere_are_expected_as_often_as_most_tasks_have_them() -> None:
    given_ = [sample("f", t, i, "pass") for t, n in (("a", 3), ("b", 3), ("c", 2), ("d", 3)) for i in range(n)]
    one = only(score(evaluation(source="grade"), given_, tasks("a", "b", "c", "d")))
    assert (one.missing, one.samples_expected) == (1, 12)


def test_samples_of_tasks_nobody_asked_for_are_said() -> None:
    scores = score(evaluation("m"), [sample("m", "a", 0, "pass"), sample("m", "z", 0, "pass")], tasks("a"))
    assert scores.unexpected == 1
    assert any("not asked for" in warning for warning in scores.warnings)


def test_what_counts_is_raw_for_a_completion_and_cleaned_for_a_reply() -> None:
    both = attempt("pass", raw="exception")
    completion = only(score(evaluation("m"), [sample("m", "a", 0, both, kind="completion")]))
    reply = only(score(evaluation("m"), [sample("m", "a", 0, both, kind="reply")]))
    assert (completion.passed, reply.passed) == (0, 1)


def test_format_tax_is_cleaned_less_raw_on_first_tries() -> None:
    given_ = [
        sample("m", "a", 0, attempt("pass", raw="exception")),
        sample("m", "b", 0, attempt("pass")),
        sample("m", "c", 0, attempt("wrong", raw="pass")),
        sample("m", "d", 0, attempt("wrong", raw="wrong"), attempt("pass")),
        sample("m", "e", 0, attempt("pass", raw="error")),
    ]
    tax = only(score(evaluation("m"), given_)).format_tax
    assert tax
    assert (tax.samples, tax.rescued, tax.broken) == (4, 1, 1)
    assert (tax.raw.value, tax.cleaned.value, tax.tax.value) == (0.5, 0.5, 0.0)
    assert tax.tax.low < 0 < tax.tax.high


def test_repair_gives_first_try_and_after_and_what_it_cost() -> None:
    given_ = [
        sample("m", "a", 0, attempt("wrong", completion_tokens=10, cost=0.1), attempt("pass", completion_tokens=7, cost=0.2)),
        sample("m", "b", 0, attempt("wrong", completion_tokens=10, cost=0.1), attempt("wrong", completion_tokens=5, cost=0.2)),
        sample("m", "c", 0, attempt("pass", completion_tokens=10, cost=0.1)),
    ]  # fmt: skip
    one = only(score(evaluation("m", repair=1), given_))
    gain = one.repair
    assert gain
    assert (gain.first.value, gain.after.value, gain.gain.value) == pytest.approx((1 / 3, 2 / 3, 1 / 3))
    assert (gain.tried, gain.mended, gain.completion_tokens) == (2, 1, 12)
    assert gain.cost == pytest.approx({"USD": 0.4})
    assert (one.usage.replies, one.usage.completion_tokens) == (5, 42)
    assert one.usage.cost_per_pass == pytest.approx({"USD": 0.7 / 2})


def test_flaky_programs_are_a_share_of_those_that_passed_and_were_run_again() -> None:
    def rerun(task: str, index: int, status: Status, *reruns: Status) -> Sample:
        return sample("m", task, index, status).model_copy(update={"reruns": reruns})

    given_ = [
        rerun("a", 0, "pass", "pass", "pass"),
        rerun("a", 1, "pass", "pass", "wrong"),
        rerun("b", 0, "pass", "timeout"),
        rerun("b", 1, "wrong"),
        rerun("c", 0, "pass", "error", "error"),  # ours: says nothing
        rerun("c", 1, "pass", "error", "pass"),
    ]
    one = only(score(evaluation("m", samples=2, reruns=2), given_))
    found = one.flakiness
    assert found
    assert (found.flaky, found.samples, found.runs) == (2, 4, 6)
    assert (found.share.value, found.share.n, found.share.unit) == (0.5, 4, "samples")
    assert 0 < found.share.low < 0.5 < found.share.high < 1
    assert one.as_json()["flakiness"]["share"]["value"] == 0.5
    assert one.passed == 5  # a pass is a pass: flakiness stands beside it
    assert only(score(evaluation("m"), [sample("m", "a", 0, "pass")])).flakiness is None


def test_usage_says_what_is_unknown_and_never_adds_currencies() -> None:
    given_ = [
        sample("m", "a", 0, attempt("pass", cost=1.0, currency="USD", prompt_tokens=5, completion_tokens=20, latency_s=2.0, first_token_s=0.5)),
        sample("m", "b", 0, attempt("pass", cost=2.0, currency="EUR", prompt_tokens=5, completion_tokens=40, latency_s=4.0, first_token_s=1.5, attempts=3)),
        sample("m", "c", 0, attempt("truncated", finish="length")),
    ]  # fmt: skip
    usage = only(score(evaluation("m"), given_)).usage
    assert usage.cost == {"EUR": 2.0, "USD": 1.0}
    assert (usage.cost_unknown, usage.tokens_unknown, usage.truncated) == (1, 1, 1)
    assert (usage.replies, usage.requests, usage.prompt_tokens, usage.completion_tokens) == (3, 5, 10, 60)
    assert (usage.latency_p50, usage.first_token_p50, usage.tokens_per_s) == (3.0, 1.0, 10.0)
    assert usage.latency_p95 == pytest.approx(3.9)


def test_errata_give_both_scores() -> None:
    statuses: list[tuple[str, Status]] = [("a", "pass"), ("b", "wrong"), ("c", "pass")]
    given_ = [sample("m", t, 0, s) for t, s in statuses]
    one = only(score(evaluation("m"), given_, tasks("a", "b", "c", errata=["b"])))
    assert one.pass_at[1].value == pytest.approx(2 / 3)
    assert one.errata == 1
    assert one.without_errata
    assert (one.without_errata.value, one.without_errata.n) == (1.0, 2)
    assert only(score(evaluation("m"), given_, tasks("a", "b", "c"))).without_errata is None


def test_the_overall_score_is_weighted_and_shows_its_weights() -> None:
    given_ = [sample("m", "a", 0, "pass"), sample("m", "b", 0, "wrong", suite="hard")]
    both = [*tasks("a"), *tasks("b", suite="hard")]
    asked = evaluation("m", suites=("s", "hard"))
    even = score(asked, given_, both)
    assert even.weights == {"s": 0.5, "hard": 0.5}
    assert even.overall[0].rate
    assert even.overall[0].rate.value == 0.5
    uneven = score(asked, given_, both, weights={"s": 3, "hard": 1})
    assert uneven.weights == {"s": 0.75, "hard": 0.25}
    assert uneven.overall[0].rate
    assert uneven.overall[0].rate.value == 0.75
    assert uneven.suites == ("s", "hard")


def test_the_order_of_samples_changes_nothing() -> None:
    rng = np.random.default_rng(1)
    given_ = [
        sample(m, f"t/{t}", i, "pass" if rng.random() < 0.5 else "wrong")
        for m in ("x", "y")
        for t in range(12)
        for i in range(3)
    ]
    shuffled = [given_[i] for i in rng.permutation(len(given_))]
    asked = evaluation("x", "y", samples=3)
    assert score(asked, given_).as_json() == score(asked, shuffled).as_json()
    assert compare(score(asked, given_).scores) == compare(score(asked, shuffled).scores)


def test_task_10_comes_after_task_9() -> None:
    assert sorted(["t/10", "t/9", "t/1b", "t/1a", "u", "10", "9"], key=natural) == [
        "9",
        "10",
        "t/1a",
        "t/1b",
        "t/9",
        "t/10",
        "u",
    ]


# ---- model against model -------------------------------------------------------------------------------------------


def spell(statuses: str) -> list[Status]:
    """`p` pass, `.` wrong, `!` error."""
    meaning: dict[str, Status] = {"p": "pass", ".": "wrong", "!": "error"}
    return [meaning[sign] for sign in statuses]


def scored(rows: dict[str, list[Status]], *, samples: int = 1) -> Scores:
    given_ = [sample(m, f"t{i // samples}", i % samples, s) for m, row in rows.items() for i, s in enumerate(row)]
    return score(evaluation(*rows, samples=samples), given_)


def test_single_samples_are_compared_by_mcnemar_on_the_tasks_both_saw() -> None:
    scores = scored({"x": spell("ppppppppp.!"), "y": spell("pp.......pp")})
    (pair,) = compare([scores.scores[0], scores.scores[1]])
    assert (pair.a.model, pair.tasks, pair.only_a, pair.only_b) == ("x", 10, 0, 1)
    assert (len(pair.a_wins), pair.b_wins) == (7, ("t9",))
    assert pair.test == "McNemar mid-p"
    assert pair.p == pytest.approx(mcnemar_mid_p(7, 1))
    assert pair.difference
    assert pair.difference.value == pytest.approx(0.6)
    assert pair.winner == pair.a


def test_several_samples_are_compared_by_paired_randomisation() -> None:
    scores = scored({"x": spell("p." * 10), "y": spell(".." * 10)}, samples=2)
    (pair,) = compare(scores.scores)
    assert pair.test == "paired randomisation"
    assert pair.p == pytest.approx(2 / 2**10)
    assert pair.detectable is not None
    assert 0 < pair.detectable < 1


def test_models_that_agree_everywhere_cannot_be_told_apart_and_their_difference_is_not_sure() -> None:
    row = spell("p.p")
    (pair,) = compare(scored({"x": row, "y": row}).scores)
    assert (pair.p, pair.winner) == (1.0, None)
    assert pair.difference
    assert pair.difference.value == 0
    assert pair.difference.low < 0 < pair.difference.high


def test_a_table_of_pairs_is_holm_corrected() -> None:
    rows = {"x": spell("p" * 12), "y": spell("pppp........"), "z": spell("." * 12)}
    pairs = compare(scored(rows).scores)
    assert len(pairs) == 3
    assert [pair.p_holm for pair in pairs] == pytest.approx(holm([pair.p or 0 for pair in pairs]))


def test_models_without_a_common_task_are_not_compared() -> None:
    given_ = [sample("x", "a", 0, "pass"), sample("y", "b", 0, "pass")]
    (pair,) = compare(score(evaluation("x", "y"), given_).scores)
    assert (pair.tasks, pair.difference, pair.p, pair.winner) == (0, None, None, None)


# ---- JSON ----------------------------------------------------------------------------------------------------------


def test_json_of_a_single_score_has_its_numbers_at_the_top() -> None:
    given_ = [sample("m", "t/2", 0, "pass"), sample("m", "t/10", 0, "wrong")]
    said = json.loads(json.dumps(score(evaluation("m"), given_, tasks("t/2", "t/10")).as_json(), allow_nan=False))
    assert (said["suite"], said["tasks"], said["samples"], said["passed"]) == ("s", 2, 2, 1)
    assert said["pass@1"] == said["pass@k"]["1"] == 0.5
    low, high = said["intervals"]["pass@1"]
    assert 0 < low < 0.5 < high < 1
    assert said["statuses"]["pass"] == 1
    assert list(said["statuses"]) == ["pass", "wrong", "exception", "timeout", "oom", "no_code", "truncated", "error"]
    assert list(said["correct_by_task"].items()) == [("t/2", 1), ("t/10", 0)]
    assert said["isolation"] == {"bwrap, level 2, memory by polling": 2}


def test_json_of_several_scores_lists_them() -> None:
    said = score(evaluation("x", "y"), [sample("x", "a", 0, "pass"), sample("y", "a", 0, "pass")]).as_json()
    assert "suite" not in said
    assert [one["model"] for one in said["results"]] == ["x", "y"]
