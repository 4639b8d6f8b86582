"""From samples to scores: what counts, what is missing, and what it cost."""

import numpy as np
import pytest

from assay.bench.records import Attempt, Sample
from assay.bench.scores.comparing import compare
from assay.bench.scores.records import FirstError
from assay.bench.scores.scoring import score
from assay.records import Kind, Model, Reply, Report, Status
from tests.bench.scores.made import attempt, evaluation, only, sample, tasks


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


def test_the_first_error_is_said_with_its_task_whatever_came_first() -> None:
    def failed(task: str, index: int, why: str) -> Sample:
        report = Report(task=task, suite="s", status="error", message=why)
        return sample("m", task, index, Attempt(reply=Reply(text=""), report=report))

    given_ = [failed("c", 0, "later"), failed("b", 1, "later too"), failed("b", 0, "no sample\n\u202e0 there.")]
    for order in (given_, given_[::-1]):
        one = only(score(evaluation("m", samples=2), [sample("m", "a", 0, "pass"), *order], tasks("a", "b", "c")))
        assert one.first_error == FirstError(task="b", sample=0, said="no sample⏎⟨U+202E⟩0 there.")
        assert one.warnings[0].endswith("; the first error, on b: no sample⏎⟨U+202E⟩0 there.")
    assert only(score(evaluation("m"), [sample("m", "a", 0, "pass")], tasks("a"))).first_error is None


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


@pytest.mark.parametrize(
    ("kind", "rescued", "asked"), [("completion", 2, True), ("completion", 1, False), ("reply", 2, False)]
)
def test_completions_that_would_pass_after_clean_up_raise_the_question_whether_they_are_replies(
    kind: Kind, rescued: int, asked: bool
) -> None:
    made = [attempt("pass", raw="exception") for _ in range(rescued)] + [attempt("wrong")] * (10 - rescued)
    samples = [sample("m", str(number), 0, one, kind=kind) for number, one in enumerate(made)]
    said = " ".join(only(score(evaluation("m"), samples)).warnings)
    assert ("--field completion:reply" in said) is asked
    assert ("2 of 10 completions fail as they are and would pass after clean-up" in said) is asked


def test_modules_that_programs_miss_in_the_sandbox_are_noted_once_each_with_the_command_for_packages() -> None:
    def failed(number: int, message: str) -> Sample:
        one = attempt("exception")
        return sample(
            "m", str(number), 0, one.model_copy(update={"report": one.report.model_copy(update={"message": message})})
        )

    missed = ("numpy", "pandas.core", "numpy.linalg")
    made = [failed(number, f"ModuleNotFoundError: No module named '{name}'") for number, name in enumerate(missed)]
    (said,) = only(score(evaluation("m"), [*made, failed(3, "NameError: name 'x' is not defined")])).warnings
    assert "not in the sandbox: numpy (2), pandas (1); for real packages: assay sandbox packages" in said


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
