"""Look at durable work, and steer it, from a process that runs no engine: the web app, a command.

Reading is SQL of our own on DBOS's tables, because DBOS offers neither counts nor pages of what belongs together.
Changing is DBOS's own, through its client. Nothing here takes a lock that a starting process might miss.
"""

import contextlib
import json
import socket
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, get_args

import sqlalchemy as sa
from dbos import DBOSClient, DBOSPortableJSONSerializer

from assay.errors import AssayError
from assay.store import Store
from assay.store.tables import EXECUTORS
from assay.workflows import _STATES, DEAD_AFTER_S, Engine, WorkPaused, _is_running, _lock_of, _moment, _no_loop

FlowState = Literal["waiting", "running", "abandoned", "done", "paused", "failed", "cancelled"]
"""As `State`; abandoned: it would run, but the process that ran it is gone; paused: it ended with WorkPaused."""
FLOW_STATES: tuple[FlowState, ...] = get_args(FlowState)

_ERROR_READ = 20_000
"""Characters of a stored error that are read: one may quote megabytes of a model's output."""
_QUEUE = "assay.queue"
"""Under this name a cancelled workflow keeps its queue, which DBOS forgets."""
_PAUSED = f'%,"code":"{WorkPaused.code}"%'
"""What only the stored error of a workflow that paused has: in a message these quotes would be escaped."""
_FAMILY = 100_000
"""The most workflows that one retry or cancellation reaches; a bound for the memory it takes."""


class NoSuchFlow(AssayError):
    """There is no workflow of that id."""


@dataclass(frozen=True)
class Flow:
    """One workflow, as a page shows it."""

    id: str
    name: str
    """The workflow function's."""
    state: FlowState
    queue: str | None
    executor: str | None
    """Who runs it, or ran it last."""
    parent: str | None
    created: datetime | None
    begun: datetime | None
    finished: datetime | None
    tries: int
    """How often it was begun."""
    error: str
    """What it ended with, if it failed: the kind of error and its message; why, if it is paused."""

    @property
    def seconds(self) -> float | None:
        """How long it ran; None: it has not begun, or not ended."""
        began = self.begun or (self.created if self.queue is None else None)  # only queues write down when it began
        if self.finished is None or began is None:
            return None
        return max(0.0, (self.finished - began).total_seconds())


@dataclass(frozen=True)
class Steps:
    """One step of a workflow, or a row of steps of one kind that each began, or awaited, a child."""

    first: int
    last: int
    name: str
    count: int
    started: datetime | None
    ended: datetime | None
    failed: int
    error: str
    """The first one's."""
    child: str | None
    """The child it began or awaited, if it is one step."""
    has_children: bool

    @property
    def seconds(self) -> float | None:
        """From the start of the first to the end of the last."""
        if self.started is None or self.ended is None:
            return None
        return max(0.0, (self.ended - self.started).total_seconds())


@dataclass(frozen=True)
class Executor:
    """One process that does durable work, or did until a short time ago."""

    id: str
    host: str
    pid: int
    started: datetime
    seen: datetime
    alive: bool


@dataclass(frozen=True)
class Wanted:
    """Which workflows are asked for: those that meet all of it."""

    parent: str | None = None
    """The children of this one; None: those that nobody's workflow began."""
    state: FlowState | None = None
    words: str = ""
    """Part of the id or of the function's name."""
    prefixes: tuple[str, ...] = ()
    """With `words`: or an id that begins with one of these."""


# ---- who is at work ------------------------------------------------------------------------------------------------


def executors(store: Store) -> list[Executor]:
    """The processes that are at work, or were seen within the last day; the living first."""
    with store.engine.connect() as connection:
        rows = list(connection.execute(sa.select(EXECUTORS).order_by(EXECUTORS.c.started.desc()).limit(1000)))
        now = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        held = _held_locks(connection)
    found = [
        Executor(
            id=row.id,
            host=row.host,
            pid=row.pid,
            started=row.started,
            seen=row.seen,
            alive=_lock_of(row.id) in held or _in_doubt(row, now),
        )
        for row in rows
    ]
    return sorted(found, key=lambda one: not one.alive)


def _in_doubt(row: "sa.Row[Any]", now: datetime) -> bool:
    """Its lock is lost, but it was seen just now: the connection may have been cut. Somebody here is seen to be gone."""
    if (now - row.seen).total_seconds() > DEAD_AFTER_S:
        return False
    return row.host != socket.gethostname() or _is_running(row.pid)


def _held_locks(connection: sa.Connection) -> set[int]:
    """The advisory locks of 64 bits that somebody holds in this database."""
    query = sa.text(
        "select classid::bigint, objid::bigint from pg_locks where locktype = 'advisory' and objsubid = 1 and granted"
        " and database = (select oid from pg_database where datname = current_database())"
    )
    found = set()
    for high, low in connection.execute(query):
        whole = high << 32 | low
        found.add(whole - (1 << 64) if whole >= 1 << 63 else whole)
    return found


# ---- lists ---------------------------------------------------------------------------------------------------------

_COLUMNS = f"""s.workflow_uuid as id, s.name, s.status, s.queue_name as queue, s.executor_id as executor,
    s.parent_workflow_id as parent, s.created_at as created, s.started_at_epoch_ms as begun, s.completed_at as finished,
    coalesce(s.recovery_attempts, 0) as tries, s.attributes ->> '{_QUEUE}' as kept_queue,
    left(coalesce(o.error, s.error), {_ERROR_READ}) as error,
    s.status = 'ERROR' and coalesce(o.error, s.error, '') like :paused as paused"""
_IS_PAUSED = """(s.status = 'ERROR' and coalesce(
    (select o.error from dbos.workflow_output o where o.workflow_uuid = s.workflow_uuid), s.error, '') like :paused)"""
_FROM = "from dbos.workflow_status s left join dbos.workflow_output o on o.workflow_uuid = s.workflow_uuid"


def flows(store: Store, wanted: Wanted, *, limit: int = 50, offset: int = 0) -> list[Flow]:
    """A page of the workflows that are wanted, newest first; children in the order they were begun."""
    alive = _alive(store)
    where, values = _where(wanted, alive)
    order = "s.created_at desc, s.workflow_uuid desc" if wanted.parent is None else "s.created_at, s.workflow_uuid"
    query = f"select {_COLUMNS} {_FROM} where {where} order by {order} limit :limit offset :offset"
    rows = _rows(store, query, {**values, "limit": limit, "offset": offset})
    return [_flow(row, alive) for row in rows]


def count(store: Store, wanted: Wanted) -> Counter[FlowState]:
    """How many there are in each state of what is wanted, whatever state that names."""
    alive = _alive(store)
    where, values = _where(replace(wanted, state=None), alive)
    query = (
        f"select s.status, s.executor_id = any(:alive) as kept, {_IS_PAUSED} as paused, count(*) as number"  # noqa: S608
        f" from dbos.workflow_status s where {where} group by 1, 2, 3"
    )
    counts: Counter[FlowState] = Counter()
    for row in _rows(store, query, {**values, "alive": sorted(alive)}):
        counts[_state(row.status, bool(row.kept), row.paused)] += row.number
    return counts


def count_children(store: Store, parents: Collection[str]) -> dict[str, Counter[FlowState]]:
    """How many children each of these has, by state; those without children are left out."""
    alive = sorted(_alive(store))
    query = (
        "select s.parent_workflow_id as parent, s.status, s.executor_id = any(:alive) as kept,"  # noqa: S608
        f" {_IS_PAUSED} as paused, count(*) as number"
        " from dbos.workflow_status s where s.parent_workflow_id = any(:parents) group by 1, 2, 3, 4"
    )
    counts: dict[str, Counter[FlowState]] = {}
    for row in _rows(store, query, {"alive": alive, "parents": sorted(parents)}):
        standing = _state(row.status, bool(row.kept), row.paused)
        counts.setdefault(row.parent, Counter())[standing] += row.number
    return counts


def read_flow(store: Store, id: str) -> Flow:  # noqa: A002
    """One workflow. Raises NoSuchFlow."""
    found = _rows(store, f"select {_COLUMNS} {_FROM} where s.workflow_uuid = :id", {"id": id})
    if not found:
        raise NoSuchFlow("There is no durable job of that id.", "The page of jobs lists those there are.")
    return _flow(found[0], _alive(store))


def steps(store: Store, id: str, *, limit: int = 200, offset: int = 0) -> list[Steps]:  # noqa: A002
    """What a workflow has done so far, in order. Steps in a row that began, or awaited, children count as one."""
    query = f"""
        with one as (
            select function_id as number, function_name as name, child_workflow_id as child,
                started_at_epoch_ms as started, completed_at_epoch_ms as ended, left(error, {_ERROR_READ}) as error,
                case when child_workflow_id is null then -function_id
                    else function_id - row_number() over (
                        partition by function_name, child_workflow_id is null order by function_id)
                end as island
            from dbos.operation_outputs where workflow_uuid = :id
        )
        select min(number) as first, max(number) as last, name, count(*) as many, min(started) as started,
            max(ended) as ended, count(error) filter (where error not like :paused) as failed, min(child) as child,
            (array_agg(error order by number) filter (where error not like :paused))[1] as error
        from one group by island, name, child is null order by 1 limit :limit offset :offset"""  # noqa: S608
    return [
        Steps(
            first=row.first,
            last=row.last,
            name=row.name,
            count=row.many,
            started=_moment(row.started),
            ended=_moment(row.ended),
            failed=row.failed,
            error=said(row.error),
            child=row.child if row.many == 1 else None,
            has_children=row.child is not None,
        )
        for row in _rows(store, query, {"id": id, "limit": limit, "offset": offset})
    ]


def said(error: str | None) -> str:
    """A stored error as people read it: its kind and its message."""
    if not error:
        return ""
    try:
        stored = json.loads(error)
    except ValueError:
        return error  # cut off, or of another serializer
    if not isinstance(stored, dict) or "message" not in stored:
        return error
    name = stored.get("name")
    return f"{name}: {stored['message']}" if name else str(stored["message"])


def _where(wanted: Wanted, alive: Collection[str]) -> tuple[str, dict[str, Any]]:
    conditions: list[str] = []
    values: dict[str, Any] = {}
    if wanted.parent is None:
        conditions.append("s.parent_workflow_id is null")
    else:
        conditions.append("s.parent_workflow_id = :parent")
        values["parent"] = wanted.parent
    if wanted.state is not None:
        plain = {"abandoned": "running", "paused": "failed"}.get(wanted.state, wanted.state)
        conditions.append("s.status = any(:statuses)")
        values["statuses"] = [name for name, state in _STATES.items() if state == plain]
        if plain == "running":
            sign = "" if wanted.state == "running" else "not "
            conditions.append(f"{sign}coalesce(s.executor_id = any(:living), false)")
            values["living"] = sorted(alive)
        elif plain == "failed":
            conditions.append(_IS_PAUSED if wanted.state == "paused" else f"not {_IS_PAUSED}")
    if wanted.words:
        conditions.append(
            "(strpos(lower(s.workflow_uuid), lower(:words)) > 0 or strpos(lower(s.name), lower(:words)) > 0"
            " or exists (select 1 from unnest(cast(:prefixes as text[])) prefix where starts_with(s.workflow_uuid, prefix)))"
        )
        values["words"], values["prefixes"] = wanted.words, list(wanted.prefixes)
    return " and ".join(conditions), values


def _rows(store: Store, query: str, values: Mapping[str, Any]) -> Sequence["sa.Row[Any]"]:
    """Nothing where no engine ever ran on this database, or where a text holds what the database's cannot."""
    if any("\0" in value for value in values.values() if isinstance(value, str)):
        return []
    with store.engine.connect() as connection:
        if connection.execute(sa.text("select to_regclass('dbos.workflow_output')")).scalar() is None:
            return []
        paused = {"paused": _PAUSED} if ":paused" in query else {}
        return connection.execute(sa.text(query), {**values, **paused}).all()


def _alive(store: Store) -> set[str]:
    return {one.id for one in executors(store) if one.alive}


def _flow(row: "sa.Row[Any]", alive: Collection[str]) -> Flow:
    error = said(row.error)
    return Flow(
        id=row.id,
        name=row.name,
        state=_state(row.status, row.executor in alive, row.paused),
        queue=row.queue or row.kept_queue,
        executor=row.executor,
        parent=row.parent,
        created=_moment(row.created),
        begun=_moment(row.begun),
        finished=_moment(row.finished),
        tries=row.tries,
        error=error.removeprefix(f"{WorkPaused.__name__}: ") if row.paused else error,
    )


def _state(status: str, executor_lives: bool, paused: bool) -> FlowState:
    if paused:
        return "paused"
    state = _STATES[status]
    return "abandoned" if state == "running" and not executor_lives else state


# ---- cancel and retry ----------------------------------------------------------------------------------------------


def cancel(store: Store, id: str) -> int:  # noqa: A002
    """End a workflow and those it began: waiting ones never begin, running ones stop before their next step.

    How many it ended. Raises AssayError where the workflow is over already.
    """
    flow = read_flow(store, id)
    if flow.state not in ("waiting", "running", "abandoned"):
        raise AssayError(f"This job is {flow.state} already: there is nothing to cancel.")
    open_ones = [one for one in _family(store, id) if _STATES[one.status] in ("waiting", "running")]
    ids = [one.id for one in open_ones]
    with store.engine.begin() as connection:  # DBOS forgets the queue of what it cancels; a retry wants it
        statement = sa.text(
            "update dbos.workflow_status set attributes = jsonb_build_object(cast(:name as text), queue_name)"
            " || case jsonb_typeof(attributes) when 'object' then attributes else '{}' end where workflow_uuid = any(:ids) and queue_name is not null"
        )
        connection.execute(statement, {"name": _QUEUE, "ids": ids})
    with _client(store) as client:
        client.cancel_workflows([id], cancel_children=True)
    return len(ids)


def retry(store: Store, id: str) -> int:  # noqa: A002
    """Let a workflow that failed, was cancelled or was abandoned go on from where it stopped, its children too.

    What ended well is kept; the first step that failed is done again, and all after it. It goes to the queue it came
    from, for whoever is at work; nothing happens here. How many go on. Raises AssayError where there is nothing to do.
    """
    flow = read_flow(store, id)
    if flow.state not in ("failed", "cancelled", "abandoned"):
        raise AssayError(f"This job is {flow.state}: there is nothing to retry.")
    family = _family(store, id)
    again = [one for one in family if _STATES[one.status] in ("failed", "cancelled")]
    with _client(store) as client:
        recovered = _take_over(store, client, [one for one in family if _STATES[one.status] == "running"])
        # the youngest first: a parent that awaits a child again must not find its old failure
        for one in sorted(again, key=lambda one: -one.depth):
            _go_on(store, client, one)
    return recovered + len(again)


def _go_on(store: Store, client: DBOSClient, one: "sa.Row[Any]") -> None:
    query = (
        "select min(function_id) filter (where error is not null) as failed, max(function_id) as last"
        " from dbos.operation_outputs where workflow_uuid = :id"
    )
    (found,) = _rows(store, query, {"id": one.id})
    queue = one.queue or one.kept_queue
    if queue is not None and not _rows(store, "select 1 from dbos.queues where name = :name", {"name": queue}):
        queue = None  # it is gone: the engine's own, from which everybody at work takes
    if found.failed is None and one.status != "ERROR":
        client.resume_workflow(one.id, queue_name=queue)
    else:
        client.rewind_workflow(one.id, start_step=found.failed or (found.last or 0) + 1, queue_name=queue)


def _take_over(store: Store, client: DBOSClient, running: Sequence["sa.Row[Any]"]) -> int:
    """Put what dead processes were doing back on its queue; how many. What the living do is left to them."""
    from dbos._utils import INTERNAL_QUEUE_NAME

    watcher = Engine(store, None, "", DEAD_AFTER_S)
    number = 0
    for executor in sorted({one.executor for one in running if one.executor}):
        if watcher.alive(executor):
            continue
        with watcher._buried(executor) as dead:
            mine = [one for one in running if one.executor == executor] if dead else []
            number += sum(
                client._sys_db.reenqueue_for_recovery(one.id, [executor], INTERNAL_QUEUE_NAME) for one in mine
            )
    return number


def _family(store: Store, id: str) -> Sequence["sa.Row[Any]"]:  # noqa: A002
    """A workflow and all that it and its children began."""
    query = f"""
        with recursive family as (
            select workflow_uuid, 0 as depth from dbos.workflow_status where workflow_uuid = :id
            union all
            select s.workflow_uuid, depth + 1 from dbos.workflow_status s
                join family on s.parent_workflow_id = family.workflow_uuid
        )
        select s.workflow_uuid as id, s.status, s.executor_id as executor, s.queue_name as queue,
            s.attributes ->> '{_QUEUE}' as kept_queue, depth
        from family join dbos.workflow_status s using (workflow_uuid) limit {_FAMILY}"""  # noqa: S608
    return _rows(store, query, {"id": id})


@contextlib.contextmanager
def _client(store: Store) -> Iterator[DBOSClient]:
    """DBOS's own hands in the database, without an engine: no threads, no waiting for a database that is gone."""
    database = store.new_engine(pool_size=1, max_overflow=1)
    try:
        client = DBOSClient(
            system_database_engine=database,
            dbos_system_schema="dbos",
            serializer=DBOSPortableJSONSerializer(),
            retry_connection_errors=False,
        )
        try:
            with _no_loop():
                yield client
        finally:
            client.destroy()
    except sa.exc.DBAPIError as error:
        if error.orig is not None and (explained := store.explain(error.orig)):
            raise explained from error
        raise
    finally:
        database.dispose()
