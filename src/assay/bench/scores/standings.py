"""The scores of evaluations, kept beside their samples: a page reads a few rows where working them out reads every sample.

What is kept is of one suite × model and holds while that pair's revision (which every write of samples raises) and our
formulas stay the same: a run that goes on has only the model that is being asked worked out again. While an evaluation
runs, what was worked out a moment ago is shown as it is: at most a twentieth of the time goes into scores.
"""

import hashlib
import json
import re
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa
from pydantic import Field, TypeAdapter
from sqlalchemy.dialects.postgresql import insert

from assay.bench import evaluations
from assay.bench.records import Evaluation, Sample
from assay.bench.scores.comparing import Side, compare_sides
from assay.bench.scores.records import (
    LEVEL,
    STATUSES,
    Comparison,
    Contender,
    Difference,
    Rate,
    Score,
    Scores,
    TaskScore,
)
from assay.bench.scores.scoring import nothing, overall, score, weights_of
from assay.bench.scores.tally import raw_report
from assay.bench.tables import COMPARISONS, PLANS, REVISIONS, SAMPLES, SCORES, TASKS
from assay.records import Record, Status, Task
from assay.store import Store
from assay.visible import one_line

LISTED = 200
"""Rescued and broken samples that are named, a suite × model; all are counted."""
KINDS = 60
"""Kinds of clean-up that are told apart, a suite × model."""
_STREAMED = 500
_REST = 20  # while it runs, scores rest at least so many times as long as they took
_REST_AT_LEAST_S = 2.0
_one_at_a_time = threading.Lock()  # working out holds samples in memory: one evaluation's at a time in a process


class Place(Record):
    """One sample, where its suite and model are known."""

    task: str
    sample: int


class Kind(Record):
    """One thing that clean-up does, how often it did, and a sample to look at."""

    samples: int
    example: Place


class Cleaning(Record):
    """What clean-up did to the first tries of one suite × model."""

    kinds: dict[str, Kind] = Field(default_factory=dict)
    rescued: tuple[Place, ...] = ()
    """Samples that pass only when cleaned, at most LISTED."""
    broken: tuple[Place, ...] = ()
    """Samples that clean-up made fail, at most LISTED."""


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

    @property
    def seen(self) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
        """Samples that are there, a task."""
        return sum((np.array(counts) for counts in self.statuses.values()), np.zeros(len(self.tasks), dtype=np.int64))

    @property
    def passed(self) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
        """Samples that passed, a task."""
        return self._of("pass")

    @property
    def errors(self) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
        """Samples that failed through a fault of ours, a task."""
        return self._of("error")

    def _of(self, status: Status) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
        found = self.statuses.get(status)
        return np.zeros(len(self.tasks), dtype=np.int64) if found is None else np.array(found)

    def by_task(self) -> tuple[TaskScore, ...]:
        """The same as records, one a task."""
        seen = self.seen.tolist()
        errors = self.errors.tolist()
        passed = self.passed.tolist()
        return tuple(
            TaskScore(
                suite=self.suite,
                task=task,
                model=self.model,
                expected=self.expected,
                seen=seen[place],
                samples=seen[place] - errors[place],
                passed=passed[place],
                statuses={status: counts[place] for status, counts in self.statuses.items() if counts[place]},
                erratum=self.errata.get(task),
            )
            for place, task in enumerate(self.tasks)
        )

    def side(self, evaluation: str) -> Side:
        """What a comparison needs."""
        samples = self.seen - self.errors
        counted = np.flatnonzero(samples)
        return Side(
            suite=self.suite,
            contender=Contender(evaluation=evaluation, model=self.model),
            tasks=tuple(self.tasks[place] for place in counted),
            samples=samples[counted],
            rates=self.passed[counted] / samples[counted],
        )


class Standing(Record):
    """One model on one suite as it stands."""

    score: Score
    """Without its numbers by task."""
    cleaning: Cleaning
    made: datetime
    """When it was worked out."""
    behind: bool = False
    """Whether samples came since: the evaluation is at work."""


class Pair(Record):
    """Two models on one suite, compared; which tasks flip stands in `Comparison`."""

    suite: str
    a: str
    b: str
    tasks: int
    only_a: int
    only_b: int
    rate_a: float | None
    rate_b: float | None
    difference: float | None
    low: float | None
    high: float | None
    a_wins: int
    b_wins: int
    test: str
    p: float | None
    p_holm: float | None
    detectable: float | None

    @property
    def change(self) -> Difference | None:
        """a minus b, with its interval; None: they have no task in common."""
        if self.difference is None or self.low is None or self.high is None:
            return None
        return Difference(value=self.difference, low=self.low, high=self.high, n=self.tasks)

    @property
    def winner(self) -> str | None:
        """Who is better at the 5 % level after correction; None: they cannot be told apart."""
        if self.p_holm is None or self.p_holm >= 1 - LEVEL or not self.difference:
            return None
        return self.a if self.difference > 0 else self.b


_STANDING = TypeAdapter(tuple[Score, Cleaning])
_PAIRS = TypeAdapter(tuple[Pair, ...])
_GROUPS = TypeAdapter(dict[str, tuple[tuple[str, ...], ...]])


# ---- what pages and commands ask -----------------------------------------------------------------------------------


def standings(store: Store, evaluation: Evaluation) -> list[Standing]:
    """Every suite × model as it stands, by suite, within one the best first. What does not hold is worked out."""
    kept = _kept(store, evaluation)
    if any(_is_due(evaluation, row) for row in kept.values()):
        with _one_at_a_time:
            kept = _kept(store, evaluation)  # another thread may have done it while this one waited
            due = [place for place, row in kept.items() if _is_due(evaluation, row)]
            if due:
                _work_out(store, evaluation, due)
                kept = _kept(store, evaluation)
    found = [
        Standing(
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


def assembled(evaluation: Evaluation, found: Sequence[Score], weights: Mapping[str, float] | None = None) -> Scores:
    """The scores of one evaluation put together."""
    shares = weights_of(tuple(dict.fromkeys(one.suite for one in found)), weights)
    return Scores(
        evaluation=evaluation.id,
        created=evaluation.created,
        source=evaluation.source,
        state=evaluation.state,
        scores=tuple(found),
        overall=overall(found, shares),
        weights=shares,
    )


def groups(store: Store, evaluation: Evaluation) -> dict[str, tuple[tuple[str, ...], ...]]:
    """By suite, the best model with those that cannot be told apart from it, then the best of the rest with its own, …"""
    return _GROUPS.validate_json(_comparisons(store, evaluation, COMPARISONS.c.groups))


def pairs(store: Store, evaluation: Evaluation) -> tuple[Pair, ...]:
    """Every pair of models on every suite, Holm-corrected over all of them."""
    return _PAIRS.validate_json(_comparisons(store, evaluation, COMPARISONS.c.pairs))


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


def keep(store: Store, evaluation: Evaluation) -> None:
    """Work out and keep what the pages will ask for: an evaluation has ended."""
    standings(store, evaluation)
    groups(store, evaluation)


def pair_of(one: Comparison) -> Pair:
    """A comparison without the names of the tasks that flip."""
    change = one.difference
    return Pair(
        suite=one.suite,
        a=one.a.model,
        b=one.b.model,
        tasks=one.tasks,
        only_a=one.only_a,
        only_b=one.only_b,
        rate_a=one.rate_a,
        rate_b=one.rate_b,
        difference=change.value if change else None,
        low=change.low if change else None,
        high=change.high if change else None,
        a_wins=len(one.a_wins),
        b_wins=len(one.b_wins),
        test=one.test,
        p=one.p,
        p_holm=one.p_holm,
        detectable=one.detectable,
    )


def grouped(ranked: Sequence[str], told_apart: set[frozenset[str]]) -> tuple[tuple[str, ...], ...]:
    """Models, best first, in groups: a first one, and all below it that cannot be told apart from it."""
    rest, found = list(ranked), []
    while rest:
        head = rest[0]
        group = [model for model in rest if model == head or frozenset((head, model)) not in told_apart]
        found.append(tuple(group))
        rest = [model for model in rest if model not in group]
    return tuple(found)


# ---- kept scores ---------------------------------------------------------------------------------------------------


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
    return bool(row["revision"] != row["kept"]) and not _rests(evaluation, row)


def _rests(evaluation: Evaluation, row: Mapping[Any, Any]) -> bool:
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
        _keep(store, SCORES, row, ("evaluation", "suite", "model"))


def _keep(store: Store, table: sa.Table, row: dict[str, Any], key: Sequence[str]) -> None:
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
    watch = _Watch({task.id for task in outlines})
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


class _Watch:
    """What is to be known of samples besides their scores, noted while they stream by."""

    def __init__(self, planned: set[str]) -> None:
        self._planned = planned
        self._kinds: Counter[str] = Counter()
        self._examples: dict[str, Place] = {}
        self._rescued: list[Place] = []
        self._broken: list[Place] = []
        self._passed: set[str] = set()
        self.look: dict[str, int] = {}

    def through(self, texts: Iterable[str]) -> Iterator[Sample]:
        for text in texts:
            sample = Sample.model_validate_json(text)
            if sample.task in self._planned:
                self._note(sample)
                yield sample

    def _note(self, sample: Sample) -> None:
        if sample.status != "pass" and (sample.task not in self.look or sample.task in self._passed):
            self.look[sample.task] = sample.index
            self._passed.discard(sample.task)
        elif sample.task not in self.look:
            self.look[sample.task] = sample.index
            self._passed.add(sample.task)
        first, place = sample.attempts[0], Place(task=sample.task, sample=sample.index)
        for kind in {kind_of(change) for change in first.changes}:
            if kind not in self._examples and len(self._examples) >= KINDS:
                kind = "something else"
            self._kinds[kind] += 1
            self._examples.setdefault(kind, place)
        raw, cleaned = raw_report(first), first.report
        if "error" in (raw.status, cleaned.status) or raw.passed == cleaned.passed:
            return
        found = self._rescued if cleaned.passed else self._broken
        if len(found) < LISTED:
            found.append(place)

    def cleaning(self) -> Cleaning:
        return Cleaning(
            kinds={
                kind: Kind(samples=samples, example=self._examples[kind]) for kind, samples in self._kinds.most_common()
            },
            rescued=tuple(self._rescued),
            broken=tuple(self._broken),
        )


_NUMBER = re.compile(r"\d[\d,]*")
_NAME = re.compile(r"`[^`]*`|'[^']*'|\"[^\"]*\"|<[^>]*>")


def kind_of(change: str) -> str:
    """What clean-up did, without the numbers and names of one reply: `block 2 of 3 taken` and `block 1 of 2 taken` are one."""
    return one_line(_NAME.sub("…", _NUMBER.sub("N", change)), 120)


# ---- kept comparisons ----------------------------------------------------------------------------------------------


def _comparisons(store: Store, evaluation: Evaluation, wanted: "sa.Column[str]") -> str:
    found = standings(store, evaluation)
    basis = _basis(store, evaluation)
    query = sa.select(COMPARISONS.c.basis, COMPARISONS.c.took_s, COMPARISONS.c.created, wanted.label("wanted"))

    def kept() -> str | None:
        with store.engine.connect() as connection:
            row = connection.execute(query.where(COMPARISONS.c.evaluation == evaluation.id)).mappings().one_or_none()
        if row is None or (row["basis"] != basis and not _rests(evaluation, row)):
            return None
        return str(row["wanted"])

    text = kept()
    if text is not None:
        return text
    with _one_at_a_time:
        if (text := kept()) is None:
            text = _compare(store, evaluation, [one.score for one in found], basis)[wanted.name]
    return text


def _basis(store: Store, evaluation: Evaluation) -> str:
    query = (
        sa.select(SCORES.c.suite, SCORES.c.model, SCORES.c.revision, SCORES.c.formulas)
        .where(SCORES.c.evaluation == evaluation.id)
        .order_by(SCORES.c.suite, SCORES.c.model)
    )
    with store.engine.connect() as connection:
        rows = [list(row) for row in connection.execute(query)]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def _compare(store: Store, evaluation: Evaluation, found: Sequence[Score], basis: str) -> dict[str, str]:
    begun = time.monotonic()
    by_place = {(one.suite, one.model): one.side(evaluation.id) for one in tasks(store, evaluation)}
    sides = [by_place[one.suite, one.model] for one in found if (one.suite, one.model) in by_place]
    made = tuple(pair_of(one) for one in compare_sides(sides))
    told: dict[str, set[frozenset[str]]] = {}
    for one in made:
        if one.winner is not None or one.tasks == 0:
            told.setdefault(one.suite, set()).add(frozenset((one.a, one.b)))
    ranked: dict[str, list[str]] = {}
    for standing in found:
        if standing.pass_1:
            ranked.setdefault(standing.suite, []).append(standing.model)
    row = {
        "evaluation": evaluation.id,
        "basis": basis,
        "took_s": time.monotonic() - begun,
        "groups": _GROUPS.dump_json(
            {suite: grouped(models, told.get(suite, set())) for suite, models in ranked.items()}
        ).decode(),
        "pairs": _PAIRS.dump_json(made).decode(),
        "created": sa.func.clock_timestamp(),
    }
    _keep(store, COMPARISONS, row, ("evaluation",))
    return {"groups": str(row["groups"]), "pairs": str(row["pairs"])}
