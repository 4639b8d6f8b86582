"""The log of every model call: what was asked, what came, what it cost; paid or failed. Read only."""

import hashlib
import json
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from threading import Lock
from typing import Any, Literal

import sqlalchemy as sa
from psycopg import errors as pg

from assay.bench import asking
from assay.bench.evidence import plain_url
from assay.bench.tables import PLANS, SAMPLES, TASKS
from assay.errors import AssayError
from assay.records import Message, Model, Options, Price, Record, Reply, Request, Task
from assay.store import Store
from assay.store.tables import CALLS
from assay.visible import one_line

PAGE = 50
_LARGE = 1 << 20
_PATIENCE_MS = 15_000
_MODELS = 200
_KNOWN = 8
"""Evaluations whose prompts are remembered, so that a call's task can be told: some 150 bytes a task."""
_NEW = 3
"""Of those, how many are read for one page: a suite may hold many megabytes."""

CallStatus = Literal["ok", "error"]


class Filter(Record):
    """Which calls. None: all."""

    evaluation: str | None = None
    model: str | None = None
    status: CallStatus | None = None
    text: str | None = None
    """Words that stand in the question, the reply or the error, as they are but for upper and lower case."""


class Entry(Record):
    """One call in the log."""

    id: int
    created: datetime
    evaluation: str | None
    provider: str
    model: str
    status: CallStatus
    error: str | None
    prompt_tokens: int | None
    completion_tokens: int | None
    cost: float | None
    currency: str | None
    latency_s: float | None
    sample: int | None = None
    """Which sample of its task it was for; None: too large to look into."""
    suite: str | None = None
    """With `task`: what it was asked for, told by the question; None: it is no task's of this run."""
    task: str | None = None
    turn: int = 0
    """0: the first try; then the repairs."""
    asked: str = ""
    """The beginning of the last question, on one line."""
    answered: str = ""
    """The beginning of the reply."""


class ModelTotals(Record):
    """What the calls to one model came to. None: no server said."""

    model: str
    calls: int
    failed: int
    prompt_tokens: int | None
    completion_tokens: int | None
    tokens_unknown: int
    """Answered calls that did not say their tokens; the sums are without them."""
    cost: dict[str, float]
    """By currency."""
    latency_mean_s: float | None
    latency_p95_s: float | None


class Log(Record):
    """One page of the log, newest first, and what all calls of the filter came to."""

    filter: Filter
    calls: int
    totals: tuple[ModelTotals, ...]
    """A row a model, at most 200."""
    entries: tuple[Entry, ...]
    older: int | None
    """`before` of the next page; None: there is none."""
    newer: int | None
    """`after` of the page before."""


class ModelAsked(Record):
    """The model as it was asked, without anything secret."""

    name: str
    provider: str
    model: str
    url: str | None
    key: str | None
    """The name of the environment variable with the key."""
    options: Options
    price: Price | None


class Call(Record):
    """One call, whole."""

    entry: Entry
    asked: ModelAsked
    messages: tuple[Message, ...]
    reply: Reply | None
    """None: it came to nothing, and `entry.error` says why."""
    same: tuple[int, ...]
    """Other calls with the same question, sample and model: tries before or after it."""
    attempt_is_there: bool
    """Whether the sample it was made for is finished."""


# ---- whose question it was -----------------------------------------------------------------------------------------


class Questions:
    """Tells the task of a call by its question. One an app; holds the hashes of a few evaluations' prompts."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = Lock()
        self._known: OrderedDict[str, dict[bytes, tuple[str, str]]] = OrderedDict()

    def places(self, asked: Sequence[tuple[str | None, str]]) -> list[tuple[str, str] | None]:
        """The suite and task for each evaluation and question; None where it cannot be told."""
        tables: dict[str, dict[bytes, tuple[str, str]]] = {}
        new = 0
        for evaluation in dict.fromkeys(evaluation for evaluation, _ in asked if evaluation):
            with self._lock:
                table = self._known.get(evaluation)
                if table is None and new < _NEW:
                    new += 1
                    table = self._known[evaluation] = self._read(evaluation)
                    while len(self._known) > _KNOWN:
                        self._known.popitem(last=False)
                if table is not None:
                    tables[evaluation] = table
        return [tables.get(evaluation or "", {}).get(_hash(question)) for evaluation, question in asked]

    def _read(self, evaluation: str) -> dict[bytes, tuple[str, str]]:
        query = sa.select(TASKS.c.record).join(PLANS, PLANS.c.digest == TASKS.c.digest)
        query = query.where(PLANS.c.evaluation == evaluation).order_by(PLANS.c.position.desc())
        nobody = Model(name="", provider="", model="")
        table = {}
        with self._store.engine.connect() as connection:
            for text in connection.scalars(query.execution_options(yield_per=5)):
                task = Task.model_validate_json(text)
                table[_hash(asking.question(task, nobody)[-1].content)] = (task.suite, task.id)
        return table


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:16]


# ---- the log -------------------------------------------------------------------------------------------------------

_SUMMARY = (
    CALLS.c.id,
    CALLS.c.created,
    CALLS.c.evaluation,
    CALLS.c.provider,
    CALLS.c.model,
    CALLS.c.status,
    CALLS.c.error,
    CALLS.c.prompt_tokens,
    CALLS.c.completion_tokens,
    CALLS.c.cost,
    CALLS.c.currency,
    CALLS.c.latency_s,
)
COLUMNS = tuple(column.name for column in _SUMMARY)
"""Of the log as CSV."""


def read_log(
    store: Store, questions: Questions, chosen: Filter, *, before: int | None = None, after: int | None = None
) -> Log:
    """One page of the log: the newest, those `before` a call's number, or those `after` it."""
    size = sa.func.octet_length(CALLS.c.request) + sa.func.octet_length(sa.func.coalesce(CALLS.c.reply, ""))
    small = size <= _LARGE
    query = sa.select(*_SUMMARY, sa.case((small, CALLS.c.request)), sa.case((small, CALLS.c.reply)))
    query = query.where(*_conditions(chosen))
    if after is not None and before is None:
        query = query.where(CALLS.c.id > after).order_by(CALLS.c.id)
    else:
        query = query.where(CALLS.c.id < before) if before is not None else query
        query = query.order_by(CALLS.c.id.desc())
    with store.engine.begin() as connection, _patience(connection):
        rows = connection.execute(query.limit(PAGE + 1).execution_options(yield_per=5))
        found = [_entry(row) for row in rows]
        totals = _totals(connection, chosen)
    more = len(found) > PAGE
    found = found[:PAGE]
    if after is not None and before is None:
        found.reverse()
        older, newer = (found[-1][0].id if found else None), (found[0][0].id if more else None)
    else:
        older, newer = (found[-1][0].id if more else None), (found[0][0].id if found and before is not None else None)
    places = questions.places([(entry.evaluation, question) for entry, question in found])
    entries = tuple(
        entry.model_copy(update={"suite": place[0], "task": place[1]}) if place else entry
        for (entry, _), place in zip(found, places, strict=True)
    )
    return Log(
        filter=chosen,
        calls=sum(one.calls for one in totals),
        totals=tuple(totals[:_MODELS]),
        entries=entries,
        older=older,
        newer=newer,
    )


def stream_rows(store: Store, chosen: Filter) -> Iterator[dict[str, Any]]:
    """Every call of the filter without its texts, oldest first. Memory does not grow with their number."""
    query = sa.select(*_SUMMARY).where(*_conditions(chosen)).order_by(CALLS.c.id)
    with store.engine.connect() as connection:
        for row in connection.execute(query.execution_options(yield_per=500)):
            yield dict(row._mapping)


def read_call(store: Store, questions: Questions, number: int) -> Call | None:
    """One call, whole; None: there is none of this number."""
    query = sa.select(*_SUMMARY, CALLS.c.request, CALLS.c.reply, CALLS.c.key).where(CALLS.c.id == number)
    with store.engine.connect() as connection:
        row = connection.execute(query).one_or_none()
        if row is None:
            return None
        same = sa.select(CALLS.c.id).where(CALLS.c.key == row.key, CALLS.c.id != number).order_by(CALLS.c.id)
        others = tuple(connection.scalars(same.limit(20)))
    entry, question = _entry(row)
    request = Request.model_validate_json(row.request)
    (place,) = questions.places([(entry.evaluation, question)])
    if place:
        entry = entry.model_copy(update={"suite": place[0], "task": place[1]})
    model = request.model
    return Call(
        entry=entry,
        asked=ModelAsked(
            name=model.name,
            provider=model.provider,
            model=model.model,
            url=plain_url(model.url),
            key=model.key,
            options=model.options,
            price=model.price,
        ),
        messages=request.messages,
        reply=None if row.reply is None else Reply.model_validate_json(row.reply),
        same=others,
        attempt_is_there=_is_there(store, entry),
    )


def _is_there(store: Store, entry: Entry) -> bool:
    if entry.task is None:
        return False
    query = sa.select(SAMPLES.c.index).where(
        SAMPLES.c.evaluation == entry.evaluation,
        SAMPLES.c.suite == entry.suite,
        SAMPLES.c.task == entry.task,
        SAMPLES.c.model == entry.model,
        SAMPLES.c.index == entry.sample,
    )
    with store.engine.connect() as connection:
        return connection.execute(query).one_or_none() is not None


def _entry(row: Any) -> tuple[Entry, str]:
    """A row as an entry, and the first question of its conversation."""
    seen: dict[str, Any] = {name: getattr(row, name) for name in COLUMNS}
    request, reply = row[len(COLUMNS)], row[len(COLUMNS) + 1]
    question = ""
    if request is not None:
        made = Request.model_validate_json(request)
        users = [message.content for message in made.messages if message.role == "user"]
        question = users[0] if users else ""
        turn = sum(message.role == "assistant" for message in made.messages)
        seen |= {"sample": made.sample, "turn": turn, "asked": one_line(users[-1] if users else "", 160)}
    if reply is not None:
        seen["answered"] = one_line(Reply.model_validate_json(reply).text, 160)
    return Entry.model_validate(seen), question


def _conditions(chosen: Filter) -> list["sa.ColumnElement[bool]"]:
    wanted: list[sa.ColumnElement[bool]] = []
    if chosen.evaluation is not None:
        wanted.append(CALLS.c.evaluation == chosen.evaluation)
    if chosen.model is not None:
        wanted.append(CALLS.c.model == chosen.model)
    if chosen.status is not None:
        wanted.append(CALLS.c.status == chosen.status)
    if chosen.text:
        # questions and replies are kept as JSON: the words are looked for as they stand there
        quoted = json.dumps(chosen.text, ensure_ascii=False)[1:-1]
        in_json = (CALLS.c.request, CALLS.c.reply)
        found = [column.icontains(quoted, autoescape=True) for column in in_json]
        wanted.append(sa.or_(*found, CALLS.c.error.icontains(chosen.text, autoescape=True)))
    return wanted


def _totals(connection: sa.Connection, chosen: Filter) -> list[ModelTotals]:
    """A row a model, the most called first."""
    answered = CALLS.c.status == "ok"
    by = (
        CALLS.c.model,
        CALLS.c.currency,
        sa.func.count(),
        sa.func.count().filter(~answered),
        sa.func.sum(CALLS.c.prompt_tokens),
        sa.func.sum(CALLS.c.completion_tokens),
        sa.func.count().filter(answered, CALLS.c.completion_tokens.is_(None)),
        sa.func.sum(CALLS.c.cost),
        sa.func.sum(CALLS.c.latency_s),
        sa.func.count(CALLS.c.latency_s),
        sa.func.percentile_cont(0.95).within_group(CALLS.c.latency_s),
    )
    rows = connection.execute(sa.select(*by).where(*_conditions(chosen)).group_by(CALLS.c.model, CALLS.c.currency))
    groups: dict[str, list[Any]] = {}
    for row in rows:
        groups.setdefault(row[0], []).append(row)
    totals = [_total(model, parts) for model, parts in groups.items()]
    return sorted(totals, key=lambda one: (-one.calls, one.model))


def _total(model: str, parts: Sequence[Any]) -> ModelTotals:
    """Several currencies of one model (a failed call has none) put together."""

    def over(place: int) -> Any:
        known = [part[place] for part in parts if part[place] is not None]
        return sum(known) if known else None

    timed = over(9) or 0
    slowest = [part[10] for part in parts if part[10] is not None]
    return ModelTotals(
        model=model,
        calls=over(2),
        failed=over(3),
        prompt_tokens=None if over(4) is None else int(over(4)),
        completion_tokens=None if over(5) is None else int(over(5)),
        tokens_unknown=over(6),
        cost={part[1]: part[7] for part in parts if part[1] and part[7] is not None},
        latency_mean_s=over(8) / timed if timed else None,
        latency_p95_s=max(slowest) if slowest else None,
    )


@contextmanager
def _patience(connection: sa.Connection) -> Iterator[None]:
    """A look through every text ends after a while, with words for whoever waits."""
    connection.execute(sa.text(f"set local statement_timeout = {_PATIENCE_MS}"))
    try:
        yield
    except sa.exc.OperationalError as error:
        if isinstance(error.orig, pg.QueryCanceled):
            raise AssayError(
                f"Looking through the calls took longer than {_PATIENCE_MS // 1000} s.",
                "Name a run or a model as well, so that fewer are looked through.",
            ) from None
        raise
