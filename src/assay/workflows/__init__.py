"""Start and stop the durable engine (DBOS) on the store's database, and hand out its work.

A product writes its workflows in its own `workflow.py` with `@DBOS.workflow()` and `@DBOS.step()`; everything else
about the engine is here; `looking` reads and steers the work from a process that runs no engine. What a workflow may
rely on, and what it must keep to:

- A step that ended is never run again; one that was cut off is. So a step looks its result up by key before paying.
- Arguments and results cross the database as plain JSON: text, numbers, lists, dicts with text keys. A record crosses
  as its JSON; a tuple comes back as a list; an exception comes back as WorkFailed.
- A workflow that waits for others keeps one of the engine's threads meanwhile: a queue's `per_worker` stays below
  `THREADS` by the number of workflows that wait.
- Nothing here reaches beyond the database: no port is opened, and nobody is called.

Who is alive: each engine holds a lock in the database, on a connection of its own, and writes the time every few
seconds. A process that is killed loses the lock at once. Without it, one that wrote the time just now is given the
benefit of the doubt (its connection may have been cut), unless it was on this machine and is seen to be gone.
Not covered: a process that is stopped for longer than that (a laptop asleep) and then goes on; its workflows may then
run twice at the same time, and only the keys of their steps keep the results single.
"""

import asyncio
import contextlib
import hashlib
import logging
import os
import signal
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType, MappingProxyType, TracebackType
from typing import Any, Literal, Self, cast

import sqlalchemy as sa
from dbos import (
    DBOS,
    DBOSConfig,
    DBOSPortableJSONSerializer,
    PortableWorkflowError,
    SetWorkflowID,
    WorkflowStatus,
    _workflow_commands,
)
from dbos import error as dbos_error

from assay.errors import AssayError, StoreError
from assay.settings import Settings
from assay.store import Store
from assay.store.embedded import DiskFull

NAME = "assay"
VERSION = "1"
"""Workflows that were begun under another version are left alone: raised only when they could not be gone on with."""
THREADS = 64
"""Workflows and steps of one process at once, at most."""
POLL_S = 0.2
_RECOVERED_S = 0.5
_OWN_S = 0.4
_SELDOM_S = 1.0
"""How often at most what takes long is looked at: each look is some 4 ms of CPU here and in the database."""
BEAT_S = 3.0
DEAD_AFTER_S = 15.0
LAST_BREATH_S = 1.0
"""How long after a kill the database may still take the process for alive."""
DRAIN_S = 60.0
"""How long a worker that is asked to stop lets its running workflows go on."""

_NONE: Mapping[str, int] = MappingProxyType({})

ALONE_INDEX = "assay_workflows_alone"

State = Literal["waiting", "running", "done", "failed", "cancelled"]
_STATES: dict[str, State] = {
    "ENQUEUED": "waiting",
    "DELAYED": "waiting",
    "PENDING": "running",
    "SUCCESS": "done",
    "ERROR": "failed",
    "MAX_RECOVERY_ATTEMPTS_EXCEEDED": "failed",
    "CANCELLED": "cancelled",
}


class WorkFailed(AssayError):
    """A workflow ended with an error; `kind` is the name of the error's class."""

    exit_code = 1

    def __init__(self, message: str, kind: str) -> None:
        super().__init__(message)
        self.kind = kind


class WorkPaused(AssayError):
    """Raised by a workflow that can do no more for now, with why: what it made is kept, and another one goes on with it."""

    code = "paused"
    """Kept by the engine beside the message, also in the step of who awaits it, where the name of the class is lost."""


class WorkCancelled(AssayError):
    """A workflow whose result was awaited has been cancelled."""

    exit_code = 1


@dataclass(frozen=True)
class Work:
    """One workflow, as the engine has it on record."""

    id: str
    name: str
    state: State
    queue: str | None
    executor: str | None
    """Who runs it, or ran it last."""
    created: datetime | None
    finished: datetime | None


# ---- the engine of this process ------------------------------------------------------------------------------------


class Engine:
    """The running engine: one a process. Made by `start_engine`; stop it, or use it as a context manager."""

    def __init__(self, store: Store, settings: Settings | None, executor_id: str, dead_after_s: float) -> None:
        self.store = store
        self.settings = settings
        """What the front door read, for the steps of this process."""
        self.executor_id = executor_id
        self._dead_after_s = dead_after_s
        self._database = store.new_engine(pool_size=8, max_overflow=8, pool_timeout=60)
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._trouble: DiskFull | None = None
        self._own: Sequence[str] = ()
        sa.event.listen(self._database, "handle_error", self._notice)

    def check(self) -> None:
        """Raise what work cannot go on from by itself: DBOS tries again for ever, in silence, when a disk is full."""
        if self._trouble is not None:
            raise self._trouble

    def _notice(self, context: sa.ExceptionContext) -> None:
        if context.original_exception is not None:
            explained = self.store.explain(context.original_exception)
            if isinstance(explained, DiskFull):
                self._trouble = explained

    def recover(self, executor_id: str) -> list[str]:
        """Hand what a dead executor was doing to the living; gives their ids. Raises AssayError if it lives."""
        began = time.monotonic()
        while self.alive(executor_id):
            patience = LAST_BREATH_S if self._holds_lock(executor_id) else self._dead_after_s + LAST_BREATH_S
            if time.monotonic() - began > patience:
                raise AssayError(
                    f"Executor {executor_id} is still at work.",
                    "Wait for it, or end its process first: what it does must not be done twice.",
                )
            time.sleep(0.05)
        return self._recover(_works(status="PENDING", executor_id=executor_id))

    def revive(self, prefix: str) -> list[str]:
        """The same for the workflows whose ids begin so, whoever did them; those of the living are left to them."""
        works = _works(status="PENDING", workflow_id_prefix=prefix)
        dead = {name for name in {work.executor for work in works if work.executor} if not self.alive(name)}
        return self._recover([work for work in works if work.executor in dead])

    def alive(self, executor_id: str) -> bool:
        """Whether a process is at work under that id, this one included. In doubt for a few seconds, it is."""
        if self._holds_lock(executor_id):
            return True
        query = sa.text(
            "select host, pid from executors where id = :id and seen > clock_timestamp() - :old * interval '1 second'"
        )
        with self.store.engine.connect() as connection:
            row = connection.execute(query, {"id": executor_id, "old": self._dead_after_s}).one_or_none()
        if row is None:
            return False
        return row.host != socket.gethostname() or _is_running(row.pid)

    def _holds_lock(self, executor_id: str) -> bool:
        with self._buried(executor_id) as dead:
            return not dead

    def _recover(self, works: Sequence[Work]) -> list[str]:
        recovered = []
        for executor in sorted({work.executor for work in works if work.executor}):
            with self._buried(executor) as dead:
                if dead:
                    recovered += [work.id for work in works if work.executor == executor and _hand_over(work)]
        return recovered

    def reap(self) -> list[str]:
        """Recover what belongs to executors that have not been seen for a while; gives the ids of the workflows."""
        works = [work for work in _works(status="PENDING") if work.executor and work.executor != self.executor_id]
        if not works:
            return []
        with self.store.engine.connect() as connection:
            fresh = sa.text("select id from executors where seen > clock_timestamp() - :old * interval '1 second'")
            alive = set(connection.execute(fresh, {"old": self._dead_after_s}).scalars())
        return self._recover([work for work in works if work.executor not in alive])

    @contextlib.contextmanager
    def _buried(self, executor_id: str) -> Iterator[bool]:
        """Whether that executor is dead; while it is held, it cannot come back and nobody else recovers its work."""
        with self.store.engine.begin() as connection:
            take = sa.text("select pg_try_advisory_xact_lock(:lock)")
            yield bool(connection.execute(take, {"lock": _lock_of(executor_id)}).scalar())

    def stop(self, drain_s: float = 0) -> None:
        """Stop taking work, let what runs go on for so long, and go. What is not done by then others may take over."""
        global _running
        if _running is not self:
            return
        drain = drain_s > 0 and self._trouble is None and _is_busy()
        with _no_loop():
            if drain:
                DBOS.destroy(workflow_completion_timeout_sec=max(1, round(drain_s)))
            else:
                _stop_retrying()
                DBOS.destroy()
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        for name in self._own:
            _give_up(name)
        _running = None
        self._database.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # -- being alive

    def _enter(self) -> sa.Connection:
        """Take the executor's lock and write its row. Raises AssayError where another process has the id."""
        connection = self._beating()
        # a machine that lost its power closes no connection: the server finds out in some 25 s, not in hours
        connection.execute(
            sa.text("set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3")
        )
        if not connection.execute(
            sa.text("select pg_try_advisory_lock(:lock)"), {"lock": _lock_of(self.executor_id)}
        ).scalar():
            connection.close()
            raise AssayError(
                f"Another process is at work as executor {self.executor_id}.",
                "Leave the id out: each process gets its own.",
            )
        connection.execute(
            sa.text(
                "insert into executors (id, host, pid) values (:id, :host, :pid) on conflict (id) do update"
                " set host = excluded.host, pid = excluded.pid, started = excluded.started, seen = excluded.seen"
            ),
            {"id": self.executor_id, "host": socket.gethostname(), "pid": os.getpid()},
        )
        return connection

    def _beating(self) -> sa.Connection:
        return self._database.connect().execution_options(isolation_level="AUTOCOMMIT")

    def _beat(self, connection: sa.Connection, every_s: float) -> None:
        """Until the engine stops: write the time. A lost connection is made anew, and the lock taken again with it."""
        while not self._stopping.wait(every_s):
            try:
                if connection.invalidated or connection.closed:
                    connection = self._enter()
                connection.execute(
                    sa.text("update executors set seen = clock_timestamp() where id = :id"), {"id": self.executor_id}
                )
            except (sa.exc.SQLAlchemyError, AssayError) as error:
                logging.getLogger(__name__).warning("heartbeat failed: %s", error)
                _drop(connection)
        self._leave(connection)

    def _leave(self, connection: sa.Connection) -> None:
        with contextlib.suppress(sa.exc.SQLAlchemyError):
            connection.execute(sa.text("delete from executors where id = :id"), {"id": self.executor_id})
            connection.execute(sa.text("select pg_advisory_unlock_all()"))
        _drop(connection)

    def _keep_reaping(self, every_s: float) -> None:
        while not self._stopping.wait(every_s):
            try:
                self.reap()
                self._forget_the_dead()
            except (sa.exc.SQLAlchemyError, AssayError) as error:
                logging.getLogger(__name__).warning("reaping failed: %s", error)

    def _forget_the_dead(self) -> None:
        with self.store.engine.begin() as connection:
            connection.execute(sa.text("delete from executors where seen < clock_timestamp() - interval '1 day'"))


def _is_running(pid: int) -> bool:
    """Whether a process of this machine has that number, and has not ended."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False
    except OSError:  # another user's, or no /proc: there is a process
        return True


def _drop(connection: sa.Connection) -> None:
    """End the connection itself, not only our use of it: the locks go with it."""
    with contextlib.suppress(sa.exc.SQLAlchemyError):
        if not connection.closed:
            connection.invalidate()
        connection.close()


_running: Engine | None = None


def start_engine(
    store: Store,
    *,
    settings: Settings | None = None,
    executor_id: str | None = None,
    listen: bool | Sequence[str] = True,
    own: Mapping[str, int] = _NONE,
    reap: bool = False,
    dead_after_s: float = DEAD_AFTER_S,
) -> Engine:
    """Start the engine in this process, as an executor with an id of its own.

    `listen`: take work from the queues; from those of these names only; or from none. `own`: queues that it makes, and
    takes from at once, with how many workflows of each it runs at a time. `reap`: watch over the others, and take up
    what a dead one has left.
    Workflows must be registered (their modules imported) before: the engine takes up its own old work at once.
    """
    global _running
    if _running is not None:
        raise AssayError("The durable engine already runs in this process.", "Stop it first: there is one a process.")
    engine = Engine(store, settings, executor_id or f"{socket.gethostname()}-{uuid.uuid4().hex[:12]}", dead_after_s)
    with contextlib.ExitStack() as undo:
        undo.callback(engine._database.dispose)
        beating = engine._enter()
        undo.callback(engine._leave, beating)
        for name in own:
            undo.callback(_give_up, name)
        _launch(engine, listen, own)
        _index_what_stands_alone(store)
        undo.pop_all()
    _running = engine
    every_s = min(BEAT_S, dead_after_s / 4)
    jobs: list[tuple[Callable[..., None], tuple[Any, ...]]] = [(engine._beat, (beating, every_s))]
    if reap:
        jobs.append((engine._keep_reaping, (every_s,)))
    for job, arguments in jobs:
        thread = threading.Thread(target=job, args=arguments, name=f"assay{job.__name__}", daemon=True)
        thread.start()
        engine._threads.append(thread)
    try:
        for name, per_worker in own.items():
            define_queue(name, per_worker=per_worker)  # for workers elsewhere
    except BaseException:
        engine.stop()
        raise
    return engine


def current() -> Engine:
    """The engine of this process: how a step comes by the store and the settings."""
    if _running is None:
        raise AssayError("The durable engine does not run in this process.", "Start it with start_engine.")
    return _running


def serve_worker(
    store: Store, settings: Settings, *, ready: Callable[[str], None] | None = None, drain_s: float = DRAIN_S
) -> None:
    """Take work from the queues until SIGINT or SIGTERM, then finish what runs; a second signal ends it at once."""
    asked_to_stop = threading.Event()

    def ask(number: int, _: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        asked_to_stop.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        engine = start_engine(store, settings=settings, reap=True)
        try:
            if ready is not None:
                ready(engine.executor_id)
            while not asked_to_stop.wait(POLL_S):
                engine.check()
        finally:
            engine.stop(drain_s)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


# ---- work ----------------------------------------------------------------------------------------------------------


def define_queue(name: str, *, per_worker: int) -> None:
    """Make a queue, or change it: how many of its workflows one process runs at once.

    Needs the running engine. The number is the database's, one for every worker: the last to define it decides.
    """
    with _told():
        DBOS.register_queue(
            name,
            worker_concurrency=per_worker,
            polling_interval_sec=POLL_S,
            on_conflict="always_update",
        )


def drop_queue(name: str) -> None:
    """Take a queue away. What waits on it waits until it is defined again. Needs the running engine."""
    _give_up(name)
    with _told():
        DBOS.delete_queue(name)


def is_alive(store: Store, executor_id: str) -> bool:
    """Whether a process is at work under that id. Needs no running engine. In doubt for a few seconds, it is."""
    return Engine(store, None, "", DEAD_AFTER_S).alive(executor_id)


def enqueue(queue: str, workflow: Callable[..., Any], *arguments: Any, id: str | None = None) -> str:  # noqa: A002
    """Put a workflow on a queue, for any worker; gives its id. With an id that is known already, nothing new is begun.

    Called in a workflow, it makes a child of that workflow, and a replay finds the child instead of making another.
    """
    with _told(), SetWorkflowID(id) if id else contextlib.nullcontext():
        return str(DBOS.enqueue_workflow(queue, workflow, *arguments).workflow_id)


def start(workflow: Callable[..., Any], *arguments: Any, id: str | None = None) -> str:  # noqa: A002
    """Start a workflow in this process, in the background; gives its id. With an id that is known, nothing is begun."""
    with _told(), SetWorkflowID(id) if id else contextlib.nullcontext():
        return str(DBOS.start_workflow(workflow, *arguments).workflow_id)


def result(id: str) -> Any:  # noqa: A002
    """Wait for a workflow and give what it returned. Raises WorkFailed, WorkPaused or WorkCancelled.

    In a workflow this is a step: a replay has the answer at once. Outside, trouble with the engine is raised, too.
    """
    if DBOS.workflow_id is None:
        began = time.monotonic()
        while not _has_ended(id):
            current().check()
            pause = min(_SELDOM_S, max(POLL_S, (time.monotonic() - began) / 20))
            _poll_own(pause)
            time.sleep(pause)
    try:
        with _told():
            return DBOS.retrieve_workflow(id, existing_workflow=False).get_result(polling_interval_sec=POLL_S)
    except PortableWorkflowError as error:
        if error.code == WorkPaused.code:
            raise WorkPaused(error.message) from None
        raise WorkFailed(error.message, error.name) from None
    except dbos_error.DBOSAwaitedWorkflowCancelledError:
        raise WorkCancelled(f"The work {id} was cancelled.", "Start it again, or resume it.") from None
    except dbos_error.DBOSAwaitedWorkflowMaxRecoveryAttemptsExceeded as error:
        raise WorkFailed(f"{id} was begun too many times and never ended.", type(error).__name__) from None


def _has_ended(id: str) -> bool:  # noqa: A002
    """Whether a workflow has. Asked in one plain statement: DBOS's own question is five times as dear."""
    try:
        with current()._database.connect() as connection:
            status = connection.execute(_STATUS, {"id": id}).scalar()
    except sa.exc.DBAPIError:
        found = _works(workflow_ids=[id])  # which tries again for as long as the database is away
        return bool(found) and found[0].state not in ("waiting", "running")
    return status is not None and _STATES[status] not in ("waiting", "running")


_STATUS = sa.text("select status from dbos.workflow_status where workflow_uuid = :id")


def works(prefix: str = "", *, parent: str | None = None) -> list[Work]:
    """The workflows whose ids begin so, or which a workflow enqueued; oldest first."""
    wanted: dict[str, Any] = {}
    if prefix:
        wanted["workflow_id_prefix"] = prefix
    if parent is not None:
        wanted["parent_workflow_id"] = parent
    return _works(**wanted)


def cancel(*ids: str) -> None:
    """End workflows, and those they enqueued: waiting ones never begin, running ones stop before their next step."""
    with _told():
        DBOS.cancel_workflows(list(ids), cancel_children=True)


def resume(*ids: str) -> None:
    """Let workflows that were cancelled, or begun too often, go on where they stopped."""
    with _told():
        DBOS.resume_workflows(list(ids))


@contextlib.contextmanager
def _no_loop() -> Iterator[None]:
    """Hide a loop that runs in this thread, as in every notebook: DBOS refuses to be called beside one, and we do wait."""
    loop = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    try:
        yield
    finally:
        asyncio._set_running_loop(loop)


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Call DBOS, and say what a person can do about it where the database fails us."""
    try:
        with _no_loop():
            yield
    except sa.exc.DBAPIError as error:
        engine = current()
        engine.check()
        if error.orig is not None and (explained := engine.store.explain(error.orig)):
            raise explained from error
        raise


def _works(**wanted: Any) -> list[Work]:
    with _told():
        found = DBOS.list_workflows(load_input=False, load_output=False, **wanted)
    return [_work(status) for status in found]


def _work(status: WorkflowStatus) -> Work:
    return Work(
        id=status.workflow_id,
        name=status.name,
        state=_STATES[status.status],
        queue=status.queue_name,
        executor=status.executor_id,
        created=_moment(status.created_at),
        finished=_moment(status.completed_at),
    )


def _moment(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)


# ---- DBOS's private parts, each in one place -----------------------------------------------------------------------


def _hand_over(work: Work) -> bool:
    """Put a dead executor's workflow back on a queue; whether it still was that executor's. DBOS keeps this private.

    The change is one row's, and only while the row still names that executor: whoever asks twice changes nothing.
    """
    from dbos._dbos import _get_dbos_instance
    from dbos._utils import INTERNAL_QUEUE_NAME

    database = _get_dbos_instance()._sys_db
    return bool(database.reenqueue_for_recovery(work.id, [cast(str, work.executor)], INTERNAL_QUEUE_NAME))


def _is_busy() -> bool:
    """Whether workflows run in this process."""
    from dbos._dbos import _get_dbos_instance

    return bool(_get_dbos_instance()._active_workflows_set.activeList())


def _stop_retrying() -> None:
    """Let the threads that wait for the database to come back give up: DBOS would have them wait for ever, and us."""
    from dbos._dbos import _get_dbos_instance

    _get_dbos_instance()._sys_db._retry_connection_errors = False


def _hasten_recovery(dbos: DBOS) -> None:
    """Poll the queue of recovered workflows twice a second; by itself DBOS does so once."""
    dbos._registry.get_internal_queue()._polling_interval_sec = _RECOVERED_S


def _look_for_delays_seldom() -> None:
    """Look for delayed and timed-out workflows, of which we have none, not every second.

    DBOS keeps a transaction open from one look to the next, and lets the database end it after 5 s.
    """
    _workflow_commands._BACKGROUND_JOBS_INTERVAL_SEC = 4.0


def _take_from(dbos: DBOS, name: str, per_worker: int) -> None:
    """Know a queue before the launch. One that is in the database alone is noticed up to a second later, and its row is
    read again with every look."""
    dbos._registry._register_internal_queue(name, worker_concurrency=per_worker, polling_interval_sec=POLL_S)


def _poll_own(pause_s: float) -> None:
    """Poll the queues of our own less often, as long as what is awaited takes longer: four jobs are under way by then."""
    from dbos._dbos import _get_or_create_dbos_registry

    queues = _get_or_create_dbos_registry().internal_queue_map
    for name in current()._own:
        if name in queues:
            queues[name]._polling_interval_sec = min(_OWN_S, pause_s)


def _give_up(name: str) -> None:
    """Take no more from a queue that was known before the launch; what DBOS knows outlives the engine."""
    from dbos._dbos import _get_or_create_dbos_registry

    if (queue := _get_or_create_dbos_registry().internal_queue_map.pop(name, None)) is not None:
        queue._worker_concurrency = 0


def _launch(engine: Engine, listen: bool | Sequence[str], own: Mapping[str, int]) -> None:
    for name in ("dbos", __name__):
        logger = logging.getLogger(name)
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())  # where one is, DBOS adds none that writes to the terminal
    config: DBOSConfig = {
        "name": NAME,
        "application_version": VERSION,
        "executor_id": engine.executor_id,
        "system_database_engine": engine._database,
        "dbos_system_schema": "dbos",
        "serializer": DBOSPortableJSONSerializer(),
        "max_executor_threads": THREADS,
        "notification_listener_polling_interval_sec": POLL_S,
        "notification_coalesce_sec": 0.05,  # we notify nobody: a thread that wakes 100 times a second otherwise
        "scheduler_polling_interval_sec": 3600.0,  # we schedule nothing
        "enable_otlp": False,
        "log_level": "WARNING",
    }
    try:
        dbos = DBOS(config=config)
        if listen is not True:
            DBOS.listen_queues(list(listen or ()))
        _hasten_recovery(dbos)
        _look_for_delays_seldom()
        for name, per_worker in own.items():
            _take_from(dbos, name, per_worker)
        engine._own = tuple(own)
        with _no_loop():
            DBOS.launch()
    except sa.exc.DBAPIError as error:
        DBOS.destroy()
        if error.orig is not None and (explained := engine.store.explain(error.orig)):
            raise explained from error
        said = str(error.orig).strip().splitlines()
        raise StoreError(
            f"The durable engine cannot use {engine.store.description}: {said[0] if said else error}.",
            "It needs a schema of its own, `dbos`, in the database.",
        ) from error
    except BaseException:
        DBOS.destroy()
        raise


def _index_what_stands_alone(store: Store) -> None:
    """An index of ours on DBOS's table, once a database: pages of jobs list those that no other job began.

    Of a hundred jobs with 999 children each, a page would read 40,000 rows without it. Whose table it is not does without.
    """
    missing = sa.text(
        f"select to_regclass('dbos.{ALONE_INDEX}') is null and pg_has_role(relowner, 'usage')"  # noqa: S608
        " from pg_class where oid = 'dbos.workflow_status'::regclass"
    )
    with store.engine.begin() as connection:
        if connection.execute(missing).scalar():
            connection.execute(sa.text("select pg_advisory_xact_lock(:lock)"), {"lock": _lock_of(ALONE_INDEX)})
            connection.execute(
                sa.text(
                    f"create index if not exists {ALONE_INDEX} on dbos.workflow_status (created_at, workflow_uuid)"
                    " where parent_workflow_id is null"
                )
            )


def _lock_of(executor_id: str) -> int:
    digest = hashlib.sha256(b"assay executor " + executor_id.encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
