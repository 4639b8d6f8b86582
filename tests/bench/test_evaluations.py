"""Evaluations, tasks and samples are saved once, and found again by a part of their name."""

from datetime import UTC, datetime

import pytest

from assay.bench import evaluations
from assay.bench.records import Attempt, Evaluation, Sample
from assay.errors import AssayError, UnknownName
from assay.records import Model, Reply, Report, Task
from assay.store import Store

MODEL = Model(name="mine", provider="openai", model="gpt")


def task(prompt: str, entry: str | None = "f", name: str = "t") -> Task:
    return Task(id=name, suite="little", prompt=prompt, entry=entry, checks=())


def evaluation(name: str) -> Evaluation:
    return Evaluation(id=name, created=datetime.now(UTC), source="run", suites=("little",), models=(MODEL,))


def sample(evaluation: str, status: str = "pass", number: int = 0) -> Sample:
    report = Report.model_validate({"task": "t", "suite": "little", "status": status})
    attempt = Attempt(reply=Reply(text="a\0b"), report=report)
    return Sample(evaluation=evaluation, suite="little", task="t", model="mine", index=number, attempts=(attempt,))


def test_a_sample_saved_twice_is_one(store: Store) -> None:
    evaluations.create(store, evaluation("e"), [task("Write f.")], [])
    evaluations.save_samples(store, [sample("e"), sample("e", number=1)])
    evaluations.save_samples(store, [sample("e", "wrong")])
    assert [one.status for one in evaluations.read_samples(store, "e")] == ["pass", "pass"]
    assert evaluations.count_statuses(store, "e")["mine"].total() == 2


def test_an_evaluation_is_found_by_a_part_of_its_name_that_no_other_has(store: Store) -> None:
    for name in ("20260101-a1", "20260101-b2"):
        evaluations.create(store, evaluation(name), [], [])
    assert evaluations.read_evaluation(store, "a1").id == "20260101-a1"
    assert evaluations.read_evaluation(store, "last").id == "20260101-b2"
    with pytest.raises(AssayError, match="could be 2 evaluations"):
        evaluations.read_evaluation(store, "2026")
    with pytest.raises(UnknownName):
        evaluations.read_evaluation(store, "c3")


def test_a_task_that_two_evaluations_share_is_kept_once(store: Store) -> None:
    import sqlalchemy as sa

    shared = [task("Write f.\0"), task("Write g.", name="u")]
    for name in ("e", "g"):
        evaluations.create(store, evaluation(name), shared, [[1, 2], [3]])
        assert evaluations.read_tasks(store, name) == shared
        assert (evaluations.count_batches(store, name), evaluations.count_items(store, name)) == (2, 3)
    with store.engine.connect() as connection:
        assert connection.scalars(sa.text("select count(*) from bench_tasks")).one() == 2
