"""What is put into a model comes out of a run: its true rates lie within the intervals that the run reports.

The model is a protocol server that writes right, wrong, broken, cut and flaky programs at rates that the test puts in
(`tests/servers/measured.py`), the run is the real one, with its gateway, sandbox and database. Its draws are fixed by a
seed. That the intervals do so for nearly every seed, and not for this one alone, is simulated below.
"""

import os
import shutil
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

import assay.bench
from assay.bench.records import Attempt, Evaluation, Sample
from assay.bench.scores.records import Rate, Score
from assay.bench.scores.scoring import score
from assay.bench.suites.folder import load_folder
from assay.records import Model, Reply, Report, Status, Task
from assay.settings import Settings
from assay.store import Store
from tests.servers import Answer, ScriptedReply
from tests.servers.measured import MeasuredModel, Truth, answers_of
from tests.servers.openai import OpenAIServer

SUITE = Path(assay.bench.__file__).parent / "suites" / "functions"
TASKS = [task for task in load_folder(SUITE, "functions") if task.language == "python"]


def within(rate: Rate | None, truth: float) -> bool:
    """Whether the truth lies within the interval; a share that was never seen says nothing against a rare one."""
    return rate is None or rate.low <= truth <= rate.high


def ran(model: Answer, store: Store, home: Path, *, tasks: int, samples: int, reruns: int = 0) -> Score:
    """The score of a real run of the first so many Python tasks of our own suite."""
    for task in TASKS[:tasks]:
        shutil.copytree(SUITE / task.id, home / "tasks" / task.id)
    settings = Settings(home=home, database_url=store.url)
    with OpenAIServer(model) as server:
        named = Model(name="measured", provider="openai", model="model-a", url=server.url, concurrency=8)
        scores = assay.bench.run(
            "functions",
            named,
            samples=samples,
            reruns=reruns,
            data={"functions": str(home / "tasks")},
            settings=settings,
        )
    (found,) = scores.scores
    return found


def test_a_models_true_rates_lie_within_the_intervals_of_its_run(store: Store, tmp_path: Path) -> None:
    truth = Truth(
        right=0.5, truncated=0.12, syntax_error=0.1, exception=0.08, no_code=0.05, spread=0.4,
        first_token_s=0.04, piece_s=0.01, pieces=4,
    )  # fmt: skip
    model = MeasuredModel(answers_of(TASKS), truth, seed=1)
    found = ran(model, store, tmp_path, tasks=len(TASKS), samples=5)
    assert found.samples == 5 * len(TASKS) == model.given.total()
    assert found.errors == found.missing == 0
    shares = found.shares
    assert within(found.pass_1, truth.right)
    assert within(shares["pass"], truth.right)
    assert within(shares["truncated"], truth.truncated)
    assert within(shares["exception"], truth.exception + truth.syntax_error)  # neither can be loaded
    assert within(shares["wrong"], truth.wrong)
    assert within(shares["no_code"], truth.no_code)
    # Not the rates alone: sample for sample, a run comes to what the model did. A wrong program may end by an exception.
    assert found.statuses["pass"] == model.given["right"]
    assert found.statuses["truncated"] == model.given["truncated"] == found.usage.truncated
    assert found.statuses["no_code"] == model.given["no_code"]
    broken = model.given["exception"] + model.given["syntax_error"]
    assert found.statuses["exception"] + found.statuses["wrong"] == broken + model.given["wrong"]
    # A reply takes no less than was put in. How much more is up to the machine, so the bound is what the server saw.
    usage = found.usage
    assert usage.first_token_p50 is not None
    assert usage.latency_p50 is not None
    assert truth.first_token_s <= usage.first_token_p50 < usage.latency_p50
    assert usage.latency_p50 >= truth.whole_s
    assert usage.latency_p50 - usage.first_token_p50 >= (truth.pieces - 1) * truth.piece_s
    assert usage.tokens_per_s is not None
    assert usage.completion_tokens is not None
    assert usage.tokens_per_s <= usage.completion_tokens / found.samples / truth.whole_s


def test_slow_replies_are_told_from_quick_ones_by_their_percentiles(store: Store, tmp_path: Path) -> None:
    slow = Truth(right=1, first_token_s=1.5)
    model = MeasuredModel(answers_of(TASKS), Truth(right=1))

    def now_and_then(prompt: str, nth: int) -> ScriptedReply:
        reply = model(prompt, nth)
        return replace(reply, first_token_s=slow.first_token_s) if nth == 0 else reply  # one in ten

    usage = ran(now_and_then, store, tmp_path, tasks=4, samples=10).usage
    assert usage.first_token_p50 is not None
    assert usage.first_token_p95 is not None
    assert usage.first_token_p50 < slow.first_token_s <= usage.first_token_p95


def test_programs_that_are_right_only_sometimes_are_found_by_running_them_again(store: Store, tmp_path: Path) -> None:
    truth = Truth(right=0.3, flaky=0.55, flaky_fails=0.6)
    # Programs fail by the machine's own randomness. This seed draws the rates that it draws from, 10 right and 18 flaky of
    # 32, so that what is left to chance leads out of the interval about once in 500 runs, and not once in 20.
    model = MeasuredModel(answers_of(TASKS), truth, seed=89)
    found = ran(model, store, tmp_path, tasks=4, samples=8, reruns=20)  # 0.4^20: one in 90 million stays unseen
    flakiness = found.flakiness
    assert flakiness is not None
    assert flakiness.samples == found.passed
    first_passes = truth.flaky * (1 - truth.flaky_fails)
    assert within(flakiness.share, first_passes / (truth.right + first_passes))
    assert (
        found.passed - flakiness.flaky == model.given["right"]
    )  # no steady program is called flaky, no flaky one steady
    assert flakiness.runs >= 20 * model.given["right"]


def test_nothing_is_run_again_unless_it_is_asked_for(store: Store, tmp_path: Path) -> None:
    found = ran(MeasuredModel(answers_of(TASKS), Truth(right=1)), store, tmp_path, tasks=2, samples=1)
    assert (found.passed, found.flakiness) == (2, None)


# ---- not for one seed alone ----------------------------------------------------------------------------------------

SIMULATED: dict[str, Status] = {
    "right": "pass", "flaky": "pass", "truncated": "truncated", "syntax_error": "exception", "exception": "exception",
    "no_code": "no_code", "wrong": "wrong",
}  # fmt: skip


@pytest.mark.parametrize("spread", [0.0, 0.6], ids=["tasks alike", "tasks hard and easy"])
def test_the_intervals_hold_the_truth_for_95_seeds_in_100(spread: float) -> None:
    """Scores of many runs by a model that draws as the server's does; no program is run."""
    truth = Truth(right=0.45, flaky=0.1, truncated=0.15, syntax_error=0.05, exception=0.1, no_code=0.05, spread=spread)
    held: Counter[str] = Counter()
    seeds, least = (250, 0.91) if "ASSAY_TEST_LONG" in os.environ else (80, 0.88)
    for seed in range(seeds):
        found = simulated(truth, seed, tasks=24, samples=6)
        passed = truth.right + truth.flaky
        assert found.flakiness is not None
        held["pass@1"] += within(found.pass_1, passed)
        held["passes"] += within(found.shares["pass"], passed)
        held["truncated"] += within(found.shares.get("truncated"), truth.truncated)
        held["no code"] += within(found.shares.get("no_code"), truth.no_code)
        held["exception"] += within(found.shares.get("exception"), truth.exception + truth.syntax_error)
        held["flaky"] += within(found.flakiness.share, truth.flaky / passed)
    # An interval that covers 95 % comes to less than 91 % of 250 about once in 250 such tests, to less than 88 % of 80
    # about as seldom. The seeds are always the same.
    assert all(count >= least * seeds for count in held.values()), held


def simulated(truth: Truth, seed: int, *, tasks: int, samples: int) -> Score:
    names = [f"t{number}" for number in range(tasks)]
    model = Model(name="m", provider="openai", model="m")
    evaluation = Evaluation(
        id="E", created=datetime(2026, 3, 1, tzinfo=UTC), source="run", suites=("s",), models=(model,), samples=samples
    )
    made = [_sample(name, nth, truth.outcome(seed, name, nth)) for name in names for nth in range(samples)]
    (found,) = score(evaluation, made, [Task(id=name, suite="s", prompt="", checks=()) for name in names]).scores
    return found


def _sample(task: str, nth: int, outcome: str) -> Sample:
    again: dict[str, tuple[Status, ...]] = {"right": ("pass",), "flaky": ("pass", "exception")}
    return Sample(
        evaluation="E", suite="s", task=task, model="m", index=nth, attempts=(_ATTEMPTS[SIMULATED[outcome]],),
        reruns=again.get(outcome, ()),
    )  # fmt: skip


_ATTEMPTS = {
    status: Attempt(reply=Reply(text="x"), report=Report(task="t", suite="s", status=status))
    for status in SIMULATED.values()
}
