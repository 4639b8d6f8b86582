"""A pytest plug-in: one embedded server for the whole test run, and a fresh database of its own for each test that asks.

The server is the program's own (`assay.store.embedded`): every xdist worker joins it, the last one to leave stops it.
A test that wants a command line to use its database hands it `ASSAY_DATABASE_URL=store.url`.
"""

import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import pytest
import sqlalchemy as sa

from assay.settings import Settings
from assay.store import Store, open_store
from assay.workflows import start_engine

T = TypeVar("T")
HOME = "ASSAY_TEST_SERVER_HOME"
TEMPLATE_LOCK = 0x7E57
ROOM_MB = 4096
"""A run's databases come to a few hundred MB."""


def pytest_configure(config: pytest.Config) -> None:
    """The first process of a run names the server's folder; xdist's workers inherit the name."""
    if HOME not in os.environ:
        home = tempfile.mkdtemp(prefix="assay-tests-", dir=quick_folder())
        os.chmod(home, 0o711)
        os.environ[HOME] = home
        config.add_cleanup(lambda: _remove(home))


def quick_folder() -> str:
    """Where a database server of ours lives best: in memory, where there is plenty, so that nothing waits for a disk.

    Not in pytest's own folder: as root the server runs as somebody else, who may not enter that; and the path is short.
    """
    memory = Path("/dev/shm")
    with suppress(OSError):
        if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM_MB << 20:
            return str(memory)
    return "/tmp"


def _remove(home: str) -> None:
    os.environ.pop(HOME, None)
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def test_server() -> Iterator[Store]:
    """The run's server, open, with the database `template` in it: migrated, the engine's tables too, and empty."""
    with open_store(Settings(home=Path(os.environ[HOME]))) as store:
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text("select pg_advisory_lock(:lock)"), {"lock": TEMPLATE_LOCK})
            if connection.execute(sa.text("select 1 from pg_database where datname = 'template'")).scalar() is None:
                # the database `assay` cannot serve: a template must have no connections
                connection.execute(sa.text("drop database if exists making with (force)"))
                connection.execute(sa.text("create database making"))
                making = Settings(home=Path(os.environ[HOME]), database_url=database_url(store, "making"))
                with open_store(making) as fresh, start_engine(fresh):  # which brings a hundred migrations of its own
                    pass
                connection.execute(sa.text("alter database making rename to template"))
            connection.execute(sa.text("select pg_advisory_unlock(:lock)"), {"lock": TEMPLATE_LOCK})
        yield store


@pytest.fixture
def store(test_server: Store, tmp_path: Path) -> Iterator[Store]:
    """A fresh, migrated database for this test alone, dropped after it."""
    with database(test_server, tmp_path) as opened:
        yield opened


@contextmanager
def database(server: Store, home: Path, template: str = "template") -> Iterator[Store]:
    """A database of its own, open: a copy of another one that nobody is connected to. It is dropped afterwards."""
    name = f"test_{uuid.uuid4().hex}"
    with server.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text(f"create database {name} template {template} strategy file_copy"))
    try:
        with open_store(Settings(home=home, database_url=database_url(server, name))) as opened:
            yield opened
    finally:
        with server.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text(f"drop database {name} with (force)"))


def emptied(store: Store) -> Store:
    """The same database as a test finds a fresh one: an app that is open over it need not be made again.

    What the engine keeps of itself stays as it is."""
    tables = "select quote_ident(tablename) from pg_tables where schemaname = 'public' and tablename not in ('alembic_version', 'executors')"
    with store.engine.begin() as connection:
        names = connection.scalars(sa.text(tables)).all()
        connection.execute(sa.text(f"truncate {', '.join(names)} restart identity"))
    return store


@dataclass(frozen=True)
class Filled(Generic[T]):
    """A database that lies there to be copied, and what filling it gave."""

    name: str
    value: T


@contextmanager
def filled(server: Store, home: Path, fill: Callable[[Store], T]) -> Iterator[Filled[T]]:
    """What costs much to make, made once for a module whose tests each begin from a copy:

    @pytest.fixture(scope="module")
    def made(test_server, tmp_path_factory):
        with filled(test_server, tmp_path_factory.mktemp("made"), run_it) as found:
            yield found

    @pytest.fixture
    def store(test_server, tmp_path, made):
        with database(test_server, tmp_path, made.name) as opened:
            yield opened
    """
    name = f"filled_{uuid.uuid4().hex}"
    with server.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text(f"create database {name} template template strategy file_copy"))
        with open_store(Settings(home=home, database_url=database_url(server, name))) as opened:
            value = fill(opened)
        try:
            yield Filled(name, value)
        finally:
            connection.execute(sa.text(f"drop database {name} with (force)"))


def database_url(server: Store, name: str) -> str:
    """The URL of another database of the same server."""
    return sa.make_url(server.url).set(database=name).render_as_string(hide_password=False)
