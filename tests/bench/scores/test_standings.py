"""Kept scores are the scores: equal to what all samples give, whatever came since, and worked out no more than needed."""

import random
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from assay.bench import evaluations
from assay.bench.records import Attempt, Evaluation, Sample
from assay.bench.scores import pairing, standings
from assay.bench.scores.comparing import compare
from assay.bench.scores.records import STATUSES
from assay.bench.scores.scoring import score
from assay.bench.tables import SCORES
from assay.records import Model, Reply, Report, Status, Task
from assay.store import Store

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


def asked(store: Store, *, models: int = 3, tasks: int = 14, samples: int = 1, state: str = "done") -> Evaluation:
    evaluation = Evaluation.model_validate(
        {
            "id": "20260301-123000-ab12",
            "created": NOW,
            "source": "run",
            "state": state,
            "suites": ("one", "two"),
            "samples": samples,
            "models": [Model(name=f"m{i}", provider="openai", model="x") for i in range(models)],
        }
    )
    planned = [
        Task(
            id=f"{suite}/{i}", suite=suite, prompt="p", checks=(), erratum="its reference is wrong" if i == 2 else None
        )
        for suite in ("one", "two")
        for i in range(tasks)
    ]
    evaluations.create(store, evaluation, planned, [])
    return evaluation


def sample(evaluation: Evaluation, suite: str, task: str, model: str, status: Status, index: int = 0) -> Sample:
    raw: Status = "exception" if status == "pass" and hash_of(task) % 3 == 0 else status

    def report(status: Status) -> Report:
        return Report(task=task, suite=suite, status=status, cpu_s=0.1)

    first = Attempt(
        reply=Reply(
            text="x", prompt_tokens=5, completion_tokens=hash_of(task) % 90, cost=0.25, latency_s=1.5, first_token_s=0.1
        ),
        report=report(status),
        raw=None if raw == status else report(raw),
        changes=(f"block {index + 1} of 3 taken",),
    )
    return Sample(evaluation=evaluation.id, suite=suite, task=task, model=model, index=index, attempts=(first,))


def hash_of(text: str) -> int:
    return sum(map(ord, text))


def samples(evaluation: Evaluation, tasks: int = 14, seed: int = 1) -> list[Sample]:
    rng = random.Random(seed)
    return [
        sample(evaluation, suite, f"{suite}/{i}", model.name, rng.choice(STATUSES[:3] + STATUSES[-1:]), number)
        for suite in ("one", "two")
        for i in range(tasks)
        for model in evaluation.models
        for number in range(evaluation.samples)
        if rng.random() < 0.9
    ]


@pytest.mark.parametrize("number", [1, 4], ids=["one sample a task", "several"])
def test_kept_scores_are_what_all_samples_give(store: Store, number: int) -> None:
    evaluation = asked(store, samples=number)
    given = samples(evaluation)
    evaluations.save_samples(store, given)
    truth = score(
        evaluation, evaluations.read_samples(store, evaluation.id), evaluations.read_tasks(store, evaluation.id)
    )
    assert standings.read_scores(store, evaluation) == truth
    assert standings.read_scores(store, evaluation) == truth  # as it was kept
    made = tuple(pairing.pair_of(pair) for pair in compare(truth.scores))
    assert pairing.pairs(store, evaluation) == made


def test_a_model_that_never_answered_is_there_with_everything_missing(store: Store) -> None:
    evaluation = asked(store, models=2)
    evaluations.save_samples(store, [one for one in samples(evaluation) if one.model == "m0"])
    silent = [one.score for one in standings.standings(store, evaluation) if one.score.model == "m1"]
    assert [one.missing for one in silent] == [14, 14]


def test_only_what_changed_is_worked_out_again(store: Store) -> None:
    evaluation = asked(store)
    evaluations.save_samples(store, samples(evaluation))
    standings.standings(store, evaluation)
    before = _made(store)
    gone = evaluations.drop_errors(store, evaluation.id)
    evaluations.save_samples(store, [sample(evaluation, "one", "one/99", "m1", "pass")])
    assert gone
    standings.standings(store, evaluation)
    evaluations.save_samples(store, [sample(evaluation, "two", "two/0", "m2", "pass", index=7)])
    between = _made(store)
    standings.standings(store, evaluation)
    after = _made(store)
    assert [place for place in before if after[place] != between[place]] == [("two", "m2")]
    truth = score(
        evaluation, evaluations.read_samples(store, evaluation.id), evaluations.read_tasks(store, evaluation.id)
    )
    assert standings.read_scores(store, evaluation) == truth


def test_while_it_runs_what_was_just_worked_out_is_shown_and_said_to_be_behind(store: Store) -> None:
    evaluation = asked(store, state="running")
    evaluations.save_samples(store, samples(evaluation))
    standings.standings(store, evaluation)
    evaluations.save_samples(store, [sample(evaluation, "two", "two/0", "m2", "pass", index=7)])
    with store.engine.begin() as connection:  # long ago, but it took longer still
        connection.execute(sa.update(SCORES).values(took_s=1e6))
    shown = {(one.score.suite, one.score.model): one.behind for one in standings.standings(store, evaluation)}
    assert [place for place, behind in shown.items() if behind] == [("two", "m2")]
    done = evaluation.model_copy(update={"state": "done"})
    assert not any(one.behind for one in standings.standings(store, done))


def test_the_sample_to_look_at_is_the_first_that_did_not_pass(store: Store) -> None:
    evaluation = asked(store, models=1, samples=3)
    statuses: tuple[Status, ...] = ("pass", "wrong", "exception")
    evaluations.save_samples(
        store, [sample(evaluation, "one", "one/0", "m0", status, index) for index, status in enumerate(statuses)]
    )
    standings.standings(store, evaluation)
    (one,) = standings.tasks(store, evaluation, "one")
    assert one.look[0] == 1


def test_what_clean_up_did_is_counted_by_kind_with_a_sample_to_look_at(store: Store) -> None:
    evaluation = asked(store, models=1, samples=2)
    evaluations.save_samples(store, [sample(evaluation, "one", "one/0", "m0", "pass", index) for index in (0, 1)])
    cleaning = standings.standings(store, evaluation)[0].cleaning
    assert list(cleaning.kinds) == ["block N of N taken"]
    assert cleaning.kinds["block N of N taken"].samples == 2
    assert len(cleaning.rescued) in (0, 2)


def test_models_are_grouped_with_the_best_they_cannot_be_told_apart_from() -> None:
    apart = {frozenset(pair) for pair in (("a", "c"), ("a", "d"), ("b", "d"))}
    assert pairing.grouped(["a", "b", "c", "d"], apart) == (("a", "b"), ("c", "d"))
    assert pairing.grouped([], apart) == ()


def _made(store: Store) -> dict[tuple[str, str], object]:
    with store.engine.connect() as connection:
        rows = connection.execute(sa.select(SCORES.c.suite, SCORES.c.model, SCORES.c.created))
        return {(suite, model): created for suite, model, created in rows}
