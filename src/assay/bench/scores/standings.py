"""The scores of evaluations, kept beside their samples: a page reads a few rows where working them out reads every sample.

What is kept is of one suite × model and holds while that pair's revision (which every write of samples raises) and our
formulas stay the same: a run that goes on has only the model that is being asked worked out again. While an evaluation
runs, what was worked out a moment ago is shown as it is: at most a twentieth of the time goes into scores.
"""

import hashlib
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from pydantic import Field, TypeAdapter
from sqlalchemy.dialects.postgresql import insert

from assay.bench import evaluations
from assay.bench.records import Evaluation
from assay.bench.scores.cleaning import Cleaning, Watch
from assay.bench.scores.records import (
    STATUSES,
    Contender,
    Rate,
    Score,
    Scores,
    TaskScore,
)
from assay.bench.scores.scoring import assembled, nothing, score
from assay.bench.tables import PLANS, REVISIONS, SAMPLES, SCORES, TASKS
from assay.records import Record, Status, Task
from assay.store import Store

if TYPE_CHECKING:
    import numpy as np

    from assay.bench.scores.comparing import Side

    Numbers = np.ndarray[tuple[int], np.dtype[np.int64]]

_STREAMED = 500
_REST = 20  # while it runs, scores rest at least so many times as long as they took
_REST_AT_LEAST_S = 2.0
ONE_AT_A_TIME = threading.Lock()  # working out holds samples in memory: one evaluation's at a time in a process


class Tasks(Record):
    """One suite × model by task: parallel columns, because a hundred thousand rows must be read in no time."""

    suite: str
    model: str
    expected: int
    """Samples a task that should be there."""
    tasks: tuple[str, ...]
    statuses: dict[Status, tuple[int, ...]]
    """Samples of each status that occurs, a task."""
    look: tuple[int, ...]
    """The sample to look at first: the first one that did not pass."""
    errata: dict[str, str] = Field(default_factory=dict)

    # numpy is loaded where columns are asked for: to show the kept scores of a run needs none.

    @property
    def seen(self) -> "Numbers":
        """Samples that are there, a task."""
        import numpy as np

        return sum((np.array(counts) for counts in self.statuses.values()), np.zeros(len(self.tasks), dtype=np.int64))

    @property
    def passed(self) -> "Numbers":
        """Samples that passed, a task."""
        return self._of("pass")

    @property
    def errors(self) -> "Numbers":
        """Samples that failed through a fault of ours, a task."""
        return self._of("error")

    def _of(self, status: Status) -> "Numbers":
        import numpy as np

        found = self.statuses.get(status)
        return np.zeros(len(self.tasks), dtype=np.int64) if found is None else np.array(found)

    def by_task(self) -> tuple[TaskScore, ...]:
        """The same as records, one a task."""
        return tuple(
            self._task(task, {status: counts[place] for status, counts in self.statuses.items() if counts[place]})
            for place, task in enumerate(self.tasks)
        )

    def _task(self, task: str, statuses: dict[Status, int]) -> TaskScore:
        seen = sum(statuses.values())
        return TaskScore(
            suite=self.suite,
            task=task,
            model=self.model,
            expected=self.expected,
            seen=seen,
            samples=seen - statuses.get("error", 0),
            passed=statuses.get("pass", 0),
            statuses=statuses,
            erratum=self.errata.get(task),
        )

    def side(self, evaluation: str) -> "Side":
        """What a comparison needs."""
        import numpy as np

        from assay.bench.scores.comparing import Side

        samples = self.seen - self.errors
        counted = np.flatnonzero(samples)
        return Side(
            suite=self.suite,
            contender=Contender(evaluation=evaluation, model=self.model),
            tasks=tuple(self.tasks[place] for place in counted),
            samples=samples[counted],
            rates=self.passed[counted] / samples[counted],
        )


class ModelStanding(Record):
    """One model on one suite as it stands."""

    score: Score
    """Without its numbers by task."""
    cleaning: Cleaning
    made: datetime
    """When it was worked out."""
    behind: bool = False
    """Whether samples came since: the evaluation is at work."""


_STANDING = TypeAdapter(tuple[Score, Cleaning])


def standings(store: Store, evaluation: Evaluation) -> list[ModelStanding]:
    """Every suite × model as it stands, by suite, within one the best first. What does not hold is worked out."""
    kept = _kept(store, evaluation)
    if any(_is_due(evaluation, row) for row in kept.values()):
        with ONE_AT_A_TIME:
            kept = _kept(store, evaluation)  # another thread may have done it while this one waited
            due = [place for place, row in kept.items() if _is_due(evaluation, row)]
            if due:
                _work_out(store, evaluation, due)
                kept = _kept(store, evaluation)
    found = [
        ModelStanding(
            score=held[0],
            cleaning=held[1],
            made=row["created"],
            behind=row["revision"] != row["kept"],
        )
        for row in kept.values()
        if (held := _STANDING.validate_json(row["record"]))
    ]
    order = {suite: place for place, suite in enumerate(evaluation.suites)}
    return sorted(
        found,
        key=lambda one: (
            order.get(one.score.suite, len(order)),
            one.score.suite,
            -one.score.pass_1.value if one.score.pass_1 else 1,
            one.score.model,
        ),
    )


def tasks(
    store: Store, evaluation: Evaluation, suite: str | None = None, models: Iterable[str] | None = None
) -> list[Tasks]:
    """The numbers by task, of one suite and these models or all; `standings` must have been asked before."""
    query = sa.select(SCORES.c.tasks).where(SCORES.c.evaluation == evaluation.id)
    if suite is not None:
        query = query.where(SCORES.c.suite == suite)
    if models is not None:
        query = query.where(SCORES.c.model.in_(list(models)))
    with store.engine.connect() as connection:
        return [Tasks.model_validate_json(text) for text in connection.scalars(query.order_by(SCORES.c.model))]


def read_scores(store: Store, evaluation: Evaluation, weights: Mapping[str, float] | None = None) -> Scores:
    """Every number of an evaluation, by task too: equal to what `scores.score` works out of all samples."""
    found = standings(store, evaluation)
    by_task = {(one.suite, one.model): one.by_task() for one in tasks(store, evaluation)}
    whole = [
        one.score.model_copy(update={"by_task": by_task.get((one.score.suite, one.score.model), ())}) for one in found
    ]
    return assembled(evaluation, whole, weights)


def is_small(store: Store, evaluation: Evaluation, samples: int) -> bool:
    """Whether it has at most so many samples."""
    some = sa.select(SAMPLES.c.index).where(SAMPLES.c.evaluation == evaluation.id).limit(samples + 1).subquery()
    with store.engine.connect() as connection:
        return (connection.scalar(sa.select(sa.func.count()).select_from(some)) or 0) <= samples


def best(store: Store, ids: Sequence[str]) -> dict[tuple[str, str], tuple[str, Rate]]:
    """By evaluation and suite, the best model and its pass@1, of what is kept: nothing is worked out for a list."""
    rate = sa.cast(SCORES.c.record, sa.JSON)[(0, "pass_at", "1")].as_string()
    query = sa.select(SCORES.c.evaluation, SCORES.c.suite, SCORES.c.model, rate).where(
        SCORES.c.evaluation.in_(list(ids))
    )
    found: dict[tuple[str, str], tuple[str, Rate]] = {}
    with store.engine.connect() as connection:
        for evaluation, suite, model, text in connection.execute(query.order_by(SCORES.c.model)):
            if text is not None:
                mine = Rate.model_validate_json(text)
                held = found.get((evaluation, suite))
                if held is None or mine.value > held[1].value:
                    found[evaluation, suite] = (model, mine)
    return found


def errors(store: Store, ids: Sequence[str]) -> dict[str, int]:
    """By evaluation, the samples that failed through an error of ours, of what is kept."""
    number = sa.cast(sa.cast(SCORES.c.record, sa.JSON)[(0, "errors")].as_string(), sa.Integer)
    query = sa.select(SCORES.c.evaluation, sa.func.sum(number)).where(SCORES.c.evaluation.in_(list(ids)))
    with store.engine.connect() as connection:
        rows = connection.execute(query.group_by(SCORES.c.evaluation))
        return {evaluation: int(count) for evaluation, count in rows if count}


@cache
def _formulas() -> str:
    """Which formulas made a kept score: another version of ours makes its own."""
    here = Path(__file__).parent
    sources = b"".join(path.read_bytes() for path in [here.parent / "records.py", *sorted(here.glob("*.py"))])
    return hashlib.sha256(sources).hexdigest()[:16]


def _kept(store: Store, evaluation: Evaluation) -> dict[tuple[str, str], dict[str, Any]]:
    """By suite and model: the revision there is, the one that is kept, and what is kept of it."""
    there = sa.select(REVISIONS.c.suite, REVISIONS.c.model, REVISIONS.c.revision)
    held = sa.select(
        SCORES.c.suite,
        SCORES.c.model,
        SCORES.c.revision.label("kept"),
        SCORES.c.formulas,
        SCORES.c.took_s,
        SCORES.c.created,
        SCORES.c.record,
    )
    planned = sa.select(PLANS.c.suite).where(PLANS.c.evaluation == evaluation.id).distinct()
    found: dict[tuple[str, str], dict[str, Any]] = {}
    with store.engine.connect() as connection:
        for suite, model, revision in connection.execute(there.where(REVISIONS.c.evaluation == evaluation.id)):
            found[suite, model] = {"revision": revision, "kept": None}
        for row in connection.execute(held.where(SCORES.c.evaluation == evaluation.id)).mappings():
            place = (row["suite"], row["model"])
            found[place] = {"revision": found.get(place, {}).get("revision", 0), **row}
        suites = list(connection.scalars(planned))
    for suite in suites:  # a model that never answered is missing with all its samples, not absent
        for model in evaluation.models:
            if not model.suites or suite in model.suites:
                found.setdefault((suite, model.name), {"revision": 0, "kept": None})
    return found


def _is_due(evaluation: Evaluation, row: Mapping[str, Any]) -> bool:
    if row["kept"] is None or row["formulas"] != _formulas():
        return True
    return bool(row["revision"] != row["kept"]) and not rests(evaluation, row)


def rests(evaluation: Evaluation, row: Mapping[Any, Any]) -> bool:
    """Whether what was worked out a moment ago will do, because the evaluation is at work."""
    age = (datetime.now(UTC) - row["created"]).total_seconds()
    return evaluation.state == "running" and age < max(_REST_AT_LEAST_S, _REST * row["took_s"])


def _work_out(store: Store, evaluation: Evaluation, places: Sequence[tuple[str, str]]) -> None:
    outlines: dict[str, list[Task]] = {}
    for suite, model in places:
        if suite not in outlines:
            outlines[suite] = _outlines(store, evaluation.id, suite)
        begun = time.monotonic()
        revision, made, cleaning, look = _scored(store, evaluation, suite, model, outlines[suite])
        columns = _columns(made, look)
        row = {
            "evaluation": evaluation.id,
            "suite": suite,
            "model": model,
            "revision": revision,
            "formulas": _formulas(),
            "took_s": time.monotonic() - begun,
            "record": _STANDING.dump_json((made.model_copy(update={"by_task": ()}), cleaning)).decode(),
            "tasks": columns.model_dump_json(),
            "created": sa.func.clock_timestamp(),
        }
        keep_row(store, SCORES, row, ("evaluation", "suite", "model"))


def keep_row(store: Store, table: sa.Table, row: dict[str, Any], key: Sequence[str]) -> None:
    """Save a row in the place of the one with its key, if there is one."""
    statement = insert(table).values(row)
    newer = {name: statement.excluded[name] for name in row if name not in key}
    with store.engine.begin() as connection:
        connection.execute(statement.on_conflict_do_update(index_elements=[table.c[name] for name in key], set_=newer))


def _outlines(store: Store, evaluation: str, suite: str) -> list[Task]:
    """A suite's tasks with their errata and nothing else: some hold megabytes of inputs."""
    erratum = sa.cast(TASKS.c.record, sa.JSON)["erratum"].as_string()
    query = (
        sa.select(PLANS.c.task, erratum)
        .join(TASKS, TASKS.c.digest == PLANS.c.digest)
        .where(PLANS.c.evaluation == evaluation, PLANS.c.suite == suite)
        .order_by(PLANS.c.position)
    )
    try:
        with store.engine.connect() as connection:
            found = [(task, said) for task, said in connection.execute(query)]
    except sa.exc.DataError:  # a NUL in some task: PostgreSQL looks into no such JSON
        found = [(task.id, task.erratum) for task in evaluations.read_tasks(store, evaluation) if task.suite == suite]
    return [Task(id=task, suite=suite, prompt="", checks=(), erratum=said) for task, said in found]


def _scored(
    store: Store, evaluation: Evaluation, suite: str, model: str, outlines: Sequence[Task]
) -> tuple[int, Score, Cleaning, dict[str, int]]:
    """A score, of which revision it is, what clean-up did, and by task the sample to look at first."""
    here = sa.and_(SAMPLES.c.evaluation == evaluation.id, SAMPLES.c.suite == suite, SAMPLES.c.model == model)
    revision = sa.select(REVISIONS.c.revision).where(
        REVISIONS.c.evaluation == evaluation.id, REVISIONS.c.suite == suite, REVISIONS.c.model == model
    )
    records = sa.select(SAMPLES.c.record).where(here).order_by(SAMPLES.c.task, SAMPLES.c.index)
    watch = Watch({task.id for task in outlines})
    only = evaluation.model_copy(update={"models": tuple(one for one in evaluation.models if one.name == model)})
    with store.engine.connect() as connection:
        one_moment = connection.execution_options(isolation_level="REPEATABLE READ")
        of = one_moment.scalar(revision) or 0
        texts = one_moment.execution_options(yield_per=_STREAMED).scalars(records)
        whole = score(only, watch.through(texts), outlines)
    found = whole.get(suite, model)
    if found is None:  # samples of a model nobody asked for, all of them gone again
        found = nothing(evaluation, suite, model)
    return of, found, watch.cleaning(), watch.look


def _columns(made: Score, look: Mapping[str, int]) -> Tasks:
    present = [status for status in STATUSES if made.statuses.get(status)]
    return Tasks(
        suite=made.suite,
        model=made.model,
        expected=made.by_task[0].expected if made.by_task else 0,
        tasks=tuple(task.task for task in made.by_task),
        statuses={status: tuple(task.statuses.get(status, 0) for task in made.by_task) for status in present},
        look=tuple(look.get(task.task, 0) for task in made.by_task),
        errata={task.task: task.erratum for task in made.by_task if task.erratum},
    )
