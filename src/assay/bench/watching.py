"""How far a run is, counted in the database: whoever carries it out, and wherever."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from assay.bench.progress import seconds_left
from assay.bench.records import Evaluation
from assay.bench.scores.formulas import wilson
from assay.bench.scores.records import Rate
from assay.bench.tables import BATCHES, SAMPLES
from assay.records import Record
from assay.store import Store
from assay.store.tables import CALLS, EXECUTORS
from assay.workflows import looking

Planned = Mapping[str, int]
"""How many samples each model is to give, in the order the models are asked."""

_BATCHES_LOOKED_AT = 1000
_GROUP = timedelta(seconds=1)
"""Samples are saved in groups, every second or so."""


class ModelProgress(Record):
    """How far one model is."""

    model: str
    done: int
    """Samples with a verdict, errors of ours included."""
    total: int
    at_work: int
    """Samples in batches that a process has taken up."""
    passed: int
    errors: int
    """Of those done: errors of ours, which count for nobody."""
    pass_rate: Rate | None
    """Over the samples that count; its interval is Wilson's, with as many observations as there are tasks."""
    calls: int
    failed_calls: int
    """Requests that came to nothing; the gateway had tried each several times."""
    completion_tokens: int | None
    tokens_per_s: float | None
    """Of a reply as it comes: completion tokens over latency, both summed over the replies that tell both."""
    cost: float | None
    expected_cost: float | None
    """Of all its samples, at the cost so far."""
    currency: str = "USD"


class Progress(Record):
    """How far a run is."""

    evaluation: str
    done: int
    total: int
    at_work: int
    passed: int
    errors: int
    pass_rate: Rate | None
    tokens_per_s: float | None
    """All models together, since the process that carries it out began."""
    cost: dict[str, float]
    """By currency."""
    expected_cost: dict[str, float]
    elapsed_s: float | None
    """Since the process that carries it out began; None: none does."""
    left_s: float | None
    """At the pace since its first samples; None: too little was finished since to say."""
    models: tuple[ModelProgress, ...]


def planned(store: Store, evaluation: str) -> dict[str, int]:
    """How many samples each model is to give. It does not change: read once a run."""
    item = sa.func.json_array_elements(sa.cast(BATCHES.c.payload, sa.JSON)).table_valued("value").lateral("item")
    model = item.c.value.op("->>")("model")
    query = (
        sa.select(model, sa.func.count())
        .select_from(BATCHES.join(item, sa.true()))
        .where(BATCHES.c.evaluation == evaluation)
        .group_by(model)
        .order_by(sa.func.min(BATCHES.c.number), model)
    )
    with store.engine.connect() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}


def look(store: Store, evaluation: Evaluation, plan: Planned) -> Progress:
    """How far it is now. A handful of queries, each over this run's rows only."""
    with store.engine.connect() as connection:
        began, now = _began(connection, evaluation.executor)
        paced = _first_finished(connection, evaluation.id, began)
        samples = _samples(connection, evaluation.id, paced)
        calls = _calls(connection, evaluation.id, began)
    at_work = _at_work(store, evaluation.id) if began is not None else Counter[str]()
    models = tuple(_model(name, total, samples, calls, at_work) for name, total in plan.items())
    done, total = sum(one.done for one in models), sum(plan.values())
    elapsed = (now - began).total_seconds() if began is not None else None
    fresh = sum(row.fresh for row in samples)
    tokens = sum(int(row.fresh_tokens or 0) for row in calls)
    return Progress(
        evaluation=evaluation.id,
        done=done,
        total=total,
        at_work=sum(one.at_work for one in models),
        passed=sum(one.passed for one in models),
        errors=sum(one.errors for one in models),
        pass_rate=_rate(models),
        tokens_per_s=tokens / elapsed if elapsed and tokens else None,
        cost=_costs(models, expected=False),
        expected_cost=_costs(models, expected=True),
        elapsed_s=elapsed,
        left_s=seconds_left(fresh, total - done, (now - paced).total_seconds()) if paced else None,
        models=models,
    )


def _began(connection: sa.Connection, executor: str) -> tuple[datetime | None, datetime]:
    """When the process that carries it out began, by the database's clock, and the time there now."""
    now = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
    began = connection.scalar(sa.select(EXECUTORS.c.started).where(EXECUTORS.c.id == executor)) if executor else None
    return began, now


def _first_finished(connection: sa.Connection, evaluation: str, began: datetime | None) -> datetime | None:
    """When the first group of samples was there that the process finished; None: none is, or no process is at work."""
    if began is None:
        return None
    query = sa.select(sa.func.min(SAMPLES.c.created)).where(
        SAMPLES.c.evaluation == evaluation, SAMPLES.c.created >= began
    )
    first: datetime | None = connection.scalar(query)
    return None if first is None else first + _GROUP


def _samples(connection: sa.Connection, evaluation: str, since: datetime | None) -> Sequence["sa.Row[Any]"]:
    """A row a model; `fresh` counts from `since` on."""
    place = sa.tuple_(SAMPLES.c.suite, SAMPLES.c.task)
    query = (
        sa.select(
            SAMPLES.c.model,
            sa.func.count().label("done"),
            sa.func.count().filter(SAMPLES.c.status == "pass").label("passed"),
            sa.func.count().filter(SAMPLES.c.status == "error").label("errors"),
            sa.func.count(place.distinct()).filter(SAMPLES.c.status != "error").label("tasks"),
            sa.func.count().filter(SAMPLES.c.created >= (since or datetime.max.replace(tzinfo=UTC))).label("fresh"),
        )
        .where(SAMPLES.c.evaluation == evaluation)
        .group_by(SAMPLES.c.model)
    )
    return connection.execute(query).all()


def _calls(connection: sa.Connection, evaluation: str, began: datetime | None) -> Sequence["sa.Row[Any]"]:
    """A row a model and currency."""
    ok = CALLS.c.status == "ok"
    both = sa.and_(ok, CALLS.c.latency_s > 0, CALLS.c.completion_tokens.is_not(None))
    fresh = sa.and_(ok, CALLS.c.created >= (began or datetime.max.replace(tzinfo=UTC)))
    query = (
        sa.select(
            CALLS.c.model,
            CALLS.c.currency,
            sa.func.count().filter(ok).label("calls"),
            sa.func.count().filter(~ok).label("failed"),
            sa.func.sum(CALLS.c.completion_tokens).filter(ok).label("tokens"),
            sa.func.sum(CALLS.c.completion_tokens).filter(fresh).label("fresh_tokens"),
            sa.func.sum(CALLS.c.completion_tokens).filter(both).label("timed_tokens"),
            sa.func.sum(CALLS.c.latency_s).filter(both).label("seconds"),
            sa.func.sum(CALLS.c.cost).filter(ok).label("cost"),
        )
        .where(CALLS.c.evaluation == evaluation)
        .group_by(CALLS.c.model, CALLS.c.currency)
    )
    return connection.execute(query).all()


def _at_work(store: Store, evaluation: str) -> Counter[str]:
    """By model: samples that are not there yet, in batches that somebody has taken up."""
    generations = looking.flows(store, looking.Wanted(words=f"{evaluation}:"), limit=1)
    if not generations:
        return Counter()
    wanted = looking.Wanted(parent=generations[0].id, state="running")
    numbers = [
        int(number)
        for flow in looking.flows(store, wanted, limit=_BATCHES_LOOKED_AT)
        if (number := flow.id.rpartition(":")[2]).isdecimal()
    ]
    query = sa.text(
        "select item ->> 'model' as model, count(*) from bench_batches b, json_array_elements(b.payload::json) item"
        " where b.evaluation = :evaluation and b.number = any(:numbers) and not exists (select 1 from bench_samples s"
        " where s.evaluation = b.evaluation and s.suite = item ->> 'suite' and s.task = item ->> 'task'"
        " and s.model = item ->> 'model' and s.index = (item ->> 'number')::int) group by 1"
    )
    with store.engine.connect() as connection:
        rows = connection.execute(query, {"evaluation": evaluation, "numbers": numbers})
        return Counter({str(model): int(number) for model, number in rows})


def _model(
    name: str,
    total: int,
    samples: Sequence["sa.Row[Any]"],
    calls: Sequence["sa.Row[Any]"],
    at_work: Counter[str],
) -> ModelProgress:
    seen = next((row for row in samples if row.model == name), None)
    paid = [row for row in calls if row.model == name]
    done, passed, errors = (seen.done, seen.passed, seen.errors) if seen else (0, 0, 0)
    spent = max((row for row in paid if row.cost is not None), key=lambda row: row.cost, default=None)
    tokens = [int(row.tokens) for row in paid if row.tokens is not None]
    seconds = sum(row.seconds or 0 for row in paid)
    return ModelProgress(
        model=name,
        done=done,
        total=total,
        at_work=at_work[name],
        passed=passed,
        errors=errors,
        pass_rate=_share(passed, done - errors, seen.tasks if seen else 0),
        calls=sum(row.calls for row in paid),
        failed_calls=sum(row.failed for row in paid),
        completion_tokens=sum(tokens) if tokens else None,
        tokens_per_s=float(sum(row.timed_tokens or 0 for row in paid)) / seconds if seconds else None,
        cost=spent.cost if spent else None,
        expected_cost=spent.cost * total / done if spent and done else None,
        currency=(spent.currency if spent else None) or "USD",
    )


def _share(passed: int, counted: int, tasks: int) -> Rate | None:
    """With an interval as wide as that of as many observations as there are tasks: samples of one task agree."""
    if not counted or not tasks:
        return None
    value, n = min(1.0, passed / counted), min(counted, tasks)
    low, high = wilson(value * n, n)
    return Rate(value=value, low=low, high=high, n=n)


def _rate(models: Sequence[ModelProgress]) -> Rate | None:
    """Of all together, on as many tasks as the model that is furthest."""
    tasks = max((one.pass_rate.n for one in models if one.pass_rate), default=0)
    return _share(sum(one.passed for one in models), sum(one.done - one.errors for one in models), tasks)


def _costs(models: Sequence[ModelProgress], *, expected: bool) -> dict[str, float]:
    costs: dict[str, float] = {}
    for one in models:
        value = one.expected_cost if expected else one.cost
        if value is not None:
            costs[one.currency] = costs.get(one.currency, 0.0) + value
    return costs
