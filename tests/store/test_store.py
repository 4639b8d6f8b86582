"""A database of one's own: reached, brought up to date, and told about where it cannot be."""

import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from assay.bench import tables as bench_tables
from assay.bench.scripts import tables as script_tables
from assay.errors import StoreError
from assay.settings import Settings
from assay.store import RESTED_S, Store, connect, describe, open_store, read_url, schema
from assay.store.tables import METADATA
from tests import store_fixture

MIGRATIONS = Path(schema.__file__).parent / "migrations"


@pytest.fixture
def empty(test_server: Store, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a database with nothing in it."""
    name = f"empty_{abs(hash(request.node.nodeid))}"
    with test_server.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text(f"create database {name}"))
        yield store_fixture.database_url(test_server, name)
        connection.execute(sa.text(f"drop database {name} with (force)"))


def settings(url: str | sa.URL) -> Settings:
    text = url if isinstance(url, str) else url.render_as_string(hide_password=False)
    return Settings(home=Path("/nonexistent"), database_url=text)


def upgrade(url: str, to: str) -> None:
    """Bring a database to a step that is not the last, as an older program would have."""
    engine = sa.create_engine(url)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, to)
    engine.dispose()


# ---- the schema ----------------------------------------------------------------------------------------------------


def test_the_steps_are_numbered_by_their_files() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    steps = list(ScriptDirectory.from_config(config).walk_revisions())
    assert steps[0].revision == schema.head()
    assert [Path(step.path).name[1:5] for step in steps] == [step.revision for step in steps]


@pytest.mark.parametrize(
    "tables", [METADATA, bench_tables.METADATA, script_tables.METADATA], ids=["the road", "bench", "scripts"]
)  # the gym's: tests/gym/test_learners.py
def test_the_tables_are_as_the_migrations_make_them(store: Store, tables: sa.MetaData) -> None:
    def ours(thing: object, name: str | None, kind: str, reflected: bool, other: object) -> bool:
        return kind != "table" or name in tables.tables

    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": ours, "compare_type": True})
        assert compare_metadata(context, tables) == []


def test_an_older_database_is_brought_up_to_date_with_what_it_holds(empty: str) -> None:
    upgrade(empty, "0001")
    engine = sa.create_engine(empty)
    with engine.begin() as connection:
        connection.execute(sa.text("insert into runs (key, record) values ('k', '[]')"))
    engine.dispose()
    with open_store(settings(empty)) as store, store.engine.connect() as connection:
        assert schema.version(connection) == schema.head()
        assert connection.execute(sa.text("select key from runs")).scalar() == "k"
        assert connection.execute(sa.text("select count(*) from bench_samples")).scalar() == 0


def test_a_newer_database_is_refused_and_left_as_it_is(store: Store) -> None:
    with store.engine.begin() as connection:
        connection.execute(sa.text("update alembic_version set version_num = '9001'"))
    with pytest.raises(StoreError, match="made by a newer Assay: its schema is 9001, this program knows 0") as caught:
        open_store(settings(store.url))
    assert "Upgrade Assay" in caught.value.help
    with store.engine.connect() as connection:
        assert schema.version(connection) == "9001"


def test_processes_that_open_a_new_database_together_make_it_once(empty: str) -> None:
    script = (
        "import sys\nfrom pathlib import Path\nfrom assay.settings import Settings\nfrom assay.store import open_store\n"
        "sys.stdin.read()\nopen_store(Settings(home=Path('/nonexistent'), database_url=sys.argv[1])).close()\n"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", script, empty], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.close()
    for process in processes:
        assert process.stderr is not None
        said = process.stderr.read()
        process.stderr.close()
        assert process.wait() == 0, said


def test_a_step_that_fails_leaves_the_database_as_it_was(empty: str) -> None:
    engine = sa.create_engine(empty)
    with engine.begin() as connection:
        connection.execute(sa.text("create table bench_samples (id int)"))  # stands in the way of step 0002
    with pytest.raises(sa.exc.ProgrammingError, match="already exists"):
        open_store(settings(empty))
    with engine.connect() as connection:
        assert schema.version(connection) is None
        assert connection.execute(sa.text("select to_regclass('calls')")).scalar() is None
    engine.dispose()


# ---- ASSAY_DATABASE_URL --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "driver"),
    [
        ("postgres://u:p@h/d", "postgresql+psycopg"),
        ("postgresql://u:p@h/d", "postgresql+psycopg"),
        ("postgresql+psycopg2://u:p@h/d", "postgresql+psycopg"),
        (" postgresql+asyncpg://u:p@h/d?sslmode=require\n", "postgresql+psycopg"),
    ],
)
def test_every_spelling_of_a_postgresql_url_is_read(text: str, driver: str) -> None:
    assert read_url(text).drivername == driver


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sqlite:///s3cret.db", "kind 'sqlite'"),
        ("mysql://u:s3cret@h/d", "kind 'mysql'"),
        ("u:s3cret@h/d", "not a database URL"),
        ("postgresql://u:s3cret@h:port/d", "not a database URL"),
        ("postgresql://u:s3cret@h", "names no database"),
    ],
)
def test_another_url_is_refused_without_repeating_it(text: str, told: str) -> None:
    with pytest.raises(StoreError, match=told) as caught:
        read_url(text)
    assert "postgresql://USER:PASSWORD@HOST" in caught.value.help
    assert "s3cret" not in f"{caught.value} {caught.value.help}"


def test_a_database_is_described_without_its_password(test_server: Store) -> None:
    assert (
        describe(read_url("postgresql://me:s3cret@db.example:5433/scores"))
        == "PostgreSQL database scores on db.example:5433"
    )


@pytest.mark.parametrize(
    "address", ["127.0.0.1:1", "no-such-host.invalid:5432"], ids=["nobody listens", "no such host"]
)
def test_a_server_that_cannot_be_reached_is_told(address: str) -> None:
    with pytest.raises(StoreError, match=f"PostgreSQL database d on {address} cannot be reached") as caught:
        open_store(settings(f"postgresql://u:s3cret@{address}/d"))
    assert "Is it running" in caught.value.help
    assert "s3cret" not in str(caught.value)


def test_a_wrong_password_is_told(store: Store) -> None:
    with pytest.raises(StoreError, match="refuses the user or password") as caught:
        open_store(settings(sa.make_url(store.url).set(password="s3cret")))
    assert "s3cret" not in f"{caught.value} {caught.value.help}"


def test_a_missing_database_is_told(store: Store) -> None:
    with pytest.raises(StoreError, match="There is no PostgreSQL database nowhere") as caught:
        open_store(settings(sa.make_url(store.url).set(database="nowhere")))
    assert "createdb" in caught.value.help


def test_a_user_who_may_not_make_tables_is_told(empty: str) -> None:
    engine = sa.create_engine(empty)
    with engine.begin() as connection:
        connection.execute(sa.text("create role guest login password 'guest'"))
    try:
        with pytest.raises(StoreError, match="does not let this user make or use Assay's tables") as caught:
            open_store(settings(sa.make_url(empty).set(username="guest", password="guest")))
        assert "owner" in caught.value.help
    finally:
        with engine.begin() as connection:
            connection.execute(sa.text("drop role guest"))
        engine.dispose()


def test_a_server_without_connections_to_spare_is_told(empty: str) -> None:
    engine = sa.create_engine(empty)
    name = sa.make_url(empty).database
    open_store(settings(empty)).close()
    with engine.begin() as connection:
        connection.execute(sa.text("create role crowd login password 'crowd'"))
        connection.execute(sa.text(f"alter database {name} connection limit 0"))
    try:
        with pytest.raises(StoreError, match="takes no more connections"):
            open_store(settings(sa.make_url(empty).set(username="crowd", password="crowd")))
    finally:
        with engine.begin() as connection:
            connection.execute(sa.text("drop role crowd"))
        engine.dispose()


def test_a_server_that_was_restarted_costs_nothing_but_a_connection(store: Store) -> None:
    """Its end seen from here: every connection is cut between two uses."""
    for _ in range(3):
        with store.engine.connect() as connection:
            assert connection.execute(sa.text("select 1")).scalar() == 1
        other = store.new_engine()
        with other.begin() as connection:
            connection.execute(
                sa.text(
                    "select pg_terminate_backend(pid, 60000) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
                )
            )
        other.dispose()


def test_a_connection_that_is_in_use_is_not_asked_whether_it_is_one(store: Store) -> None:
    asked: list[str] = []
    engine = store.new_engine()
    ping = engine.dialect.do_ping

    def noted(connection: sa.engine.interfaces.DBAPIConnection) -> bool:
        asked.append("once")
        return ping(connection)

    engine.dialect.do_ping = noted  # type: ignore[assignment]
    for _ in range(3):
        with engine.connect() as connection:
            connection.execute(sa.text("select 1"))
            entry = connection.connection._connection_record
    assert not asked
    assert entry is not None
    entry.info["left"] -= RESTED_S + 1
    with engine.connect() as connection:
        connection.execute(sa.text("select 1"))
    assert asked == ["once"]
    engine.dispose()


def test_a_connection_that_is_cut_in_use_is_told(store: Store) -> None:
    with pytest.raises(StoreError, match=r"cannot be reached: .*terminat"), store.engine.begin() as connection:
        connection.execute(sa.text("select pg_terminate_backend(pg_backend_pid())"))


def test_our_own_mistakes_are_shown_as_they_are(store: Store) -> None:
    with pytest.raises(sa.exc.ProgrammingError), store.engine.connect() as connection:
        connection.execute(sa.text("select nonsense"))


@pytest.mark.parametrize("whose", ["store", "engine"])
@pytest.mark.parametrize(
    ("number", "kind"), [("many", sa.exc.DataError), (None, sa.exc.IntegrityError)], ids=["a wrong type", "nothing"]
)
def test_an_error_repeats_nothing_of_what_was_to_be_saved(
    store: Store, whose: str, number: str | None, kind: type[Exception]
) -> None:
    engine = store.engine if whose == "store" else store.new_engine()
    statement = sa.text("insert into executors (id, host, pid) values (:id, :host, cast(cast(:pid as text) as bigint))")
    values = {"id": "my homework", "host": "sk-secret", "pid": number}
    with pytest.raises(kind) as caught, engine.begin() as connection:
        connection.execute(statement, values)
    said = "".join(traceback.format_exception(caught.value))  # as a log has it
    assert "insert into executors" in said
    assert "my homework" not in said
    assert "sk-secret" not in said
    engine.dispose()


def test_an_engine_may_be_made_for_any_url(store: Store) -> None:
    engine = connect(sa.make_url(store.url), "a database")
    with engine.connect() as connection:
        assert connection.execute(sa.text("select 1")).scalar() == 1
    engine.dispose()


@pytest.mark.parametrize("whose", ["store", "engine"])
def test_a_thread_that_is_at_work_when_it_is_closed_leaves_no_connection_open(
    test_server: Store, tmp_path: Path, whose: str
) -> None:
    """As a page's is that took longer than the app waits for it, and the durable engine's, which has connections of its own."""
    with store_fixture.database(test_server, tmp_path) as store:
        at_work, closed = threading.Event(), threading.Event()
        left: list[Any] = []
        engine = store.engine if whose == "store" else store.new_engine()

        def work() -> None:
            with engine.connect() as connection:
                left.append(connection.connection.dbapi_connection)
                connection.execute(sa.text("select 1"))
                at_work.set()
                assert closed.wait(60)

        thread = threading.Thread(target=work)
        thread.start()
        assert at_work.wait(60)
        store.close() if whose == "store" else engine.dispose()
        closed.set()
        thread.join()
        assert [one.closed for one in left] == [True]
