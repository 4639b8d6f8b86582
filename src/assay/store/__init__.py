"""One PostgreSQL database: the server, the migrations, the road's tables; saves and reads records."""

import contextlib
import os
import select
import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
import sqlalchemy as sa
from psycopg import errors as pg

from assay.errors import StoreError
from assay.settings import Settings
from assay.store import embedded, schema
from assay.store.embedded import DiskFull

CONNECT_WITHIN_S = 10
RESTED_S = 5.0
"""A connection that nobody used for so long is asked whether it still is one; before, only one that has something to say."""


class Store:
    """A database that is open and of this program's schema. Close it, or use it as a context manager."""

    def __init__(self, url: sa.URL, description: str, leave: Callable[[], None], folder: Path | None = None) -> None:
        self._url = url
        self.description = description
        """What it is, for people: never with a password."""
        self.folder = folder
        """Where its data lie, if the server is ours."""
        self.engine = connect(url, description, folder)
        self._close = weakref.finalize(self, _close, self.engine, leave, os.getpid())

    @property
    def url(self) -> str:
        """The SQLAlchemy URL with its password: for engines, never for people."""
        return self._url.render_as_string(hide_password=False)

    def new_engine(self, **options: object) -> sa.Engine:
        """A further engine, with a pool of its own, whose errors are the driver's. The caller disposes of it."""
        return _engine(self._url, **options)

    def explain(self, error: BaseException) -> StoreError | None:
        """What to tell a person of a driver's error; None: it is no error of the database's, or a mistake of ours."""
        return _explained(error, self.description, self.folder) if isinstance(error, psycopg.Error) else None

    def close(self) -> None:
        """Give back the connections, and leave the server if it is ours. Safe to call again."""
        self._close()

    def __repr__(self) -> str:
        return f"<Store: {self.description}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_store(settings: Settings) -> Store:
    """The database the settings name, reached and brought to this program's schema. Raises StoreError."""
    if settings.database_url:
        url = read_url(settings.database_url)
        store = Store(url, describe(url), lambda: None)
    else:
        server = embedded.serve(settings.home)
        store = Store(
            server.url,
            f"embedded PostgreSQL in {server.place.folder}",
            server.leave,
            server.place.folder,
        )
    try:
        schema.migrate(store.engine)
    except BaseException:
        store.close()
        raise
    return store


def read_url(text: str) -> sa.URL:
    """ASSAY_DATABASE_URL as a URL for our driver. Raises StoreError, which never repeats it: it holds a password."""
    help = "It looks like postgresql://USER:PASSWORD@HOST:5432/DATABASE."  # noqa: A001
    try:
        url = sa.make_url(text.strip())
    except (sa.exc.ArgumentError, ValueError):
        raise StoreError("ASSAY_DATABASE_URL is not a database URL.", help) from None
    kind = url.drivername.partition("+")[0]
    if kind not in ("postgresql", "postgres"):
        raise StoreError(
            f"ASSAY_DATABASE_URL names a database of kind {kind!r}; Assay keeps its data in PostgreSQL only.", help
        )
    if not url.database:
        raise StoreError("ASSAY_DATABASE_URL names no database.", help)
    return url.set(drivername="postgresql+psycopg")


def describe(url: sa.URL) -> str:
    """Which database a URL means, for people: without password and user."""
    host = url.host or url.query.get("host") or "the local socket"
    port = f":{url.port}" if url.port else ""
    return f"PostgreSQL database {url.database} on {host if isinstance(host, str) else host[0]}{port}"


def connect(url: sa.URL, description: str, folder: Path | None = None) -> sa.Engine:
    """An engine whose errors that a person can mend are StoreErrors."""
    engine = _engine(url, pool_size=5, max_overflow=15, pool_timeout=60)

    @sa.event.listens_for(engine, "handle_error")
    def explain(context: sa.ExceptionContext) -> None:
        if isinstance(context.original_exception, psycopg.Error):
            explained = _explained(context.original_exception, description, folder)
            if explained is not None:
                raise explained from context.original_exception

    return engine


def _engine(url: sa.URL, **options: object) -> sa.Engine:
    engine: sa.Engine = sa.create_engine(
        url,
        **{
            "connect_args": {"connect_timeout": CONNECT_WITHIN_S},
            "pool_recycle": 1800,
            "hide_parameters": True,  # an error is logged: what learners and models wrote, and keys, are not for logs
            **options,
        },
    )
    sa.event.listen(engine, "handle_error", _without_details)
    over = threading.Event()
    pool = engine.pool

    @sa.event.listens_for(engine, "checkout")
    def see(connection: psycopg.Connection, record: sa.pool.ConnectionPoolEntry, _proxy: object) -> None:
        # a server that was restarted costs one more round trip, not a failed evaluation
        left = record.info.get(_LEFT)
        if left is not None and (time.monotonic() - left > RESTED_S or _has_word(connection)):
            try:
                engine.dialect.do_ping(connection)  # type: ignore[arg-type]
            except psycopg.Error:
                raise sa.exc.InvalidatePoolError from None

    @sa.event.listens_for(engine, "checkin")
    def end_late(connection: psycopg.Connection | None, record: sa.pool.ConnectionPoolEntry) -> None:
        record.info[_LEFT] = time.monotonic()
        # a thread that was still at work then gives its connection back: nobody else would end it
        if over.is_set() and connection is not None:
            connection.close()

    @sa.event.listens_for(engine, "engine_disposed")
    def end(_engine: sa.Engine) -> None:
        over.set()
        pool.dispose()  # again: what came back since the first time

    return engine


_LEFT = "left"  # in what SQLAlchemy keeps beside a connection: when it came back to the pool


def _has_word(connection: psycopg.Connection) -> bool:
    """Whether the server said something unasked: as a rule that it ends the connection, or it just ended."""
    try:
        waiting = select.poll()
        waiting.register(connection.fileno(), select.POLLIN)
        return bool(waiting.poll(0))
    except (OSError, psycopg.Error):
        return True


def _without_details(context: sa.ExceptionContext) -> None:
    """Cut the server's DETAIL off, which quotes the row that it refused; `diag` on the error still has it."""
    error = context.original_exception
    if isinstance(error, psycopg.Error) and error.diag.message_detail:
        error.args = (error.diag.message_primary,)
        if context.sqlalchemy_exception is not None:
            name = f"{type(error).__module__}.{type(error).__name__}"
            context.sqlalchemy_exception.args = (f"({name}) {error.diag.message_primary}",)


def _explained(error: psycopg.Error, description: str, folder: Path | None) -> StoreError | None:
    """What to tell a person of a driver's error; None: it is a mistake of ours, and is shown as it is."""
    text = str(error)
    if isinstance(error, pg.DiskFull) or (_is_lost(error) and folder is not None and embedded._nearly_full(folder)):
        if folder is not None:
            return embedded.disk_full(folder)
        return DiskFull(
            f"The disk of {description} is full.", "Make room on that server. What was saved before is safe."
        )
    if (
        isinstance(error, pg.InvalidPassword | pg.InvalidAuthorizationSpecification)
        or "authentication failed" in text
        or "no password supplied" in text
    ):
        return StoreError(
            f"{description} refuses the user or password of ASSAY_DATABASE_URL.",
            "Correct ASSAY_DATABASE_URL (user, password, or pg_hba.conf on the server).",
        )
    if isinstance(error, pg.InvalidCatalogName) or ('database "' in text and "does not exist" in text):
        return StoreError(
            f"There is no {description}.",
            "Make it (`createdb NAME`), or correct the name at the end of ASSAY_DATABASE_URL.",
        )
    if isinstance(error, pg.TooManyConnections) or "too many c" in text:
        return StoreError(
            f"{description} takes no more connections.", "Raise max_connections there, or run fewer workers."
        )
    if isinstance(error, pg.InsufficientPrivilege):
        return StoreError(
            f"{description} does not let this user make or use Assay's tables: {text.splitlines()[0]}.",
            "Make the user the owner of the database.",
        )
    if isinstance(error, pg.ReadOnlySqlTransaction):
        return StoreError(
            f"{description} is read-only: a stand-by, perhaps.", "Name the primary server in ASSAY_DATABASE_URL."
        )
    if _is_lost(error):
        last = text.strip().splitlines()[-1].strip().rstrip(".?") if text.strip() else "the connection was lost"
        help = "Is it running, and reachable from here?" if folder is None else f"Its log is {folder / 'server.log'}."  # noqa: A001
        return StoreError(f"{description} cannot be reached: {last}.", help)
    return None


def _is_lost(error: psycopg.Error) -> bool:
    if isinstance(error, pg.AdminShutdown | pg.CrashShutdown | pg.CannotConnectNow | pg.ConnectionTimeout):
        return True
    return isinstance(error, psycopg.OperationalError) and error.sqlstate is None  # libpq's own: no server said it


def _close(engine: sa.Engine, leave: Callable[[], None], pid: int) -> None:
    if os.getpid() != pid:
        return  # a forked child: the connections and the lock are its parent's
    with contextlib.suppress(Exception):
        engine.dispose()
    leave()
