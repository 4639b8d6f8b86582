"""Durable work: what a dead process was doing is finished by a living one, once."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from assay import workflows
from assay.errors import AssayError, StoreError
from assay.settings import Settings
from assay.store import Store, open_store
from assay.workflows import Engine, start_engine
from tests import counted_work as work
from tests.killing import wait_for as wait_until

Starter = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def counted(store: Store) -> Store:
    work.prepare(store)
    return store


@pytest.fixture
def engine(counted: Store) -> Iterator[Engine]:
    with start_engine(counted, dead_after_s=1) as running:
        workflows.define_queue(work.QUEUE, per_worker=8)
        yield running


@pytest.fixture
def process(counted: Store) -> Iterator[Starter]:
    """Start another process that does counted work; whatever is left of it is killed after the test."""
    started: list[subprocess.Popen[str]] = []

    def start(role: str, executor: str, name: str = "") -> subprocess.Popen[str]:
        argv = [sys.executable, str(Path(work.__file__)), role, counted.url, executor, name]
        made = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(made)
        assert made.stdout is not None
        line = made.stdout.readline()
        assert line.startswith("ready"), made.communicate()
        return made

    yield start
    for made in started:
        made.kill()
        made.communicate()


def has_heard(process: "subprocess.Popen[str]", number: signal.Signals) -> bool:
    """Whether a signal that it catches once only has reached it: another one before that would be lost."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    caught = next(int(line.split()[1], 16) for line in lines if line.startswith("SigCgt:"))
    return not caught >> (number - 1) & 1


def state_of(name: str) -> str:
    return next(found.state for found in workflows.works(name) if found.id == name)


# ---- work in one process -------------------------------------------------------------------------------------------


def test_children_run_from_the_queue_and_their_results_come_back_in_order(engine: Engine) -> None:
    for number in range(5):
        work.open_gate(engine.store, f"f/{number}")
    assert workflows.result(workflows.start(work.family, "f", 5, id="f")) == [["first", "last"]] * 5
    children = workflows.works(parent="f")
    assert [(child.id, child.state, child.queue) for child in children] == [
        (f"f/{n}", "done", work.QUEUE) for n in range(5)
    ]
    assert all(child.executor == engine.executor_id and child.finished is not None for child in children)


def test_an_id_that_is_known_begins_nothing_new(engine: Engine) -> None:
    work.open_gate(engine.store, "once")
    for _ in range(3):
        assert workflows.result(workflows.start(work.held_work, "once", id="once")) == ["first", "last"]
    assert workflows.result(workflows.enqueue(work.QUEUE, work.held_work, "once", id="once")) == ["first", "last"]
    assert work.notes(engine.store, "once") == ["first", "last"]


def test_values_cross_as_plain_json(engine: Engine) -> None:
    value = {"text": "NUL \\0 – \N{GRINNING FACE}", "list": [1, 2.5, None, True]}
    assert workflows.result(workflows.start(work.echo, value)) == value
    assert workflows.result(workflows.start(work.echo, (1, 2))) == [1, 2]
    with pytest.raises(TypeError, match="not portable JSON"):
        workflows.start(work.echo, b"bytes")


def test_a_workflow_that_fails_says_why_and_with_what(engine: Engine) -> None:
    with pytest.raises(workflows.WorkFailed, match="the disk is made of cheese") as caught:
        workflows.result(workflows.start(work.broken, "the disk is made of cheese", id="b"))
    assert caught.value.kind == "ValueError"
    assert state_of("b") == "failed"


def test_cancelled_work_stops_before_its_next_step_and_goes_on_when_it_is_resumed(engine: Engine) -> None:
    workflows.start(work.held_work, "c", id="c")
    work.wait_for_note(engine.store, "c", "first")
    workflows.cancel("c")
    work.open_gate(engine.store, "c")
    with pytest.raises(workflows.WorkCancelled):
        workflows.result("c")
    assert work.notes(engine.store, "c") == ["first"]
    workflows.resume("c")
    assert workflows.result("c") == ["first", "last"]
    assert work.notes(engine.store, "c") == ["first", "last"]


def test_cancelling_a_parent_cancels_the_children_that_wait(engine: Engine) -> None:
    workflows.define_queue(work.QUEUE, per_worker=1)
    workflows.start(work.family, "p", 3, id="p")
    work.wait_for_note(engine.store, "p", "enqueued")
    workflows.cancel("p")
    assert {child.state for child in workflows.works("p/")} == {"cancelled"}
    assert [one.state for one in workflows.works("p")] == ["cancelled"] * 4


def test_an_engine_that_does_not_listen_takes_nothing_from_the_queues(counted: Store) -> None:
    work.open_gate(counted, "q")
    with start_engine(counted, listen=False):
        workflows.define_queue(work.QUEUE, per_worker=8)
        workflows.enqueue(work.QUEUE, work.held_work, "q", id="q")
        time.sleep(1.5)  # a listening engine finds new queues within a second
        assert state_of("q") == "waiting"
    with start_engine(counted):
        assert workflows.result("q") == ["first", "last"]


def test_an_engine_takes_from_a_queue_of_its_own_until_it_is_dropped(counted: Store) -> None:
    for name in ("q", "r"):
        work.open_gate(counted, name)
    with start_engine(counted, listen=(), own={work.QUEUE: 1}):
        workflows.enqueue(work.QUEUE, work.held_work, "q", id="q")
        assert workflows.result("q") == ["first", "last"]
        workflows.drop_queue(work.QUEUE)
        workflows.define_queue(work.QUEUE, per_worker=1)
        time.sleep(1)  # a look at the queue that was under way may still take one
        workflows.enqueue(work.QUEUE, work.held_work, "r", id="r")
        time.sleep(1.5)  # longer than any queue is left alone
        assert state_of("r") == "waiting"
    with start_engine(counted):  # the database knows it: workers elsewhere take from it
        assert workflows.result("r") == ["first", "last"]


def test_there_is_one_engine_a_process_and_a_step_finds_it(engine: Engine, counted: Store) -> None:
    assert workflows.current() is engine
    with pytest.raises(AssayError, match="already runs"):
        start_engine(counted)
    engine.stop()
    with pytest.raises(AssayError, match="does not run"):
        workflows.current()


def test_work_can_be_done_where_a_loop_runs_in_the_thread_as_in_a_notebook(counted: Store) -> None:
    async def cell() -> Any:
        with start_engine(counted):
            workflows.define_queue(work.QUEUE, per_worker=1)
            done = [
                workflows.result(workflows.start(work.echo, 1)),
                workflows.result(workflows.enqueue(work.QUEUE, work.echo, 2)),
            ]
            workflows.drop_queue(work.QUEUE)
            return done, asyncio.get_running_loop() is not None

    assert asyncio.run(cell()) == ([1, 2], True)


def test_an_engine_that_was_stopped_leaves_no_trace_of_itself(counted: Store) -> None:
    with start_engine(counted), counted.engine.connect() as connection:
        assert connection.execute(sa.text("select count(*) from executors")).scalar() == 1
    with counted.engine.connect() as connection:
        assert connection.execute(sa.text("select count(*) from executors")).scalar() == 0
        locks = "select count(*) from pg_locks join pg_database on oid = database where locktype = 'advisory' and datname = current_database()"
        assert connection.execute(sa.text(locks)).scalar() == 0


def test_the_owner_of_a_database_need_be_nothing_more(test_server: Store) -> None:
    with test_server.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in ("create role modest login password 'modest'", "create database modest owner modest"):
            connection.execute(sa.text(statement))
        try:
            url = sa.make_url(test_server.url).set(username="modest", password="modest", database="modest")
            settings = Settings(home=Path("/nonexistent"), database_url=url.render_as_string(hide_password=False))
            with open_store(settings) as store, start_engine(store):
                assert workflows.result(workflows.start(work.echo, 7)) == 7
        finally:
            connection.execute(sa.text("drop database modest with (force)"))
            connection.execute(sa.text("drop role modest"))


def test_a_user_who_may_not_make_the_engines_schema_is_told(counted: Store) -> None:
    with counted.engine.begin() as connection:
        for statement in (
            "drop schema dbos cascade",
            "create role lodger login password 'lodger'",
            "grant all on all tables in schema public to lodger",
        ):
            connection.execute(sa.text(statement))
    try:
        url = sa.make_url(counted.url).set(username="lodger", password="lodger")
        settings = Settings(home=Path("/nonexistent"), database_url=url.render_as_string(hide_password=False))
        with open_store(settings) as store, pytest.raises(StoreError, match="does not let this user make") as caught:
            start_engine(store)
        assert "owner" in caught.value.help
    finally:
        with counted.engine.begin() as connection:
            connection.execute(sa.text("drop owned by lodger; drop role lodger"))


# ---- several processes ---------------------------------------------------------------------------------------------


def test_what_a_killed_process_was_doing_is_finished_by_another_exactly_once(counted: Store, process: Starter) -> None:
    """Two survivors watch; the victim is killed between its first step and its last."""
    victim = process("start", "victim", "w")
    work.wait_for_note(counted, "w", "first")
    process("survivor", "one")
    process("survivor", "two")
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    work.open_gate(counted, "w")
    work.wait_for_note(counted, "w", "last")
    with start_engine(counted, listen=False):
        assert workflows.result("w") == ["first", "last"]
        assert workflows.works("w")[0].executor in ("one", "two")
        time.sleep(2)  # longer than a survivor needs to notice somebody dead
    assert work.notes(counted, "w") == ["first", "last"]


def test_a_living_process_is_never_reaped(counted: Store, process: Starter) -> None:
    process("start", "slow", "w")
    work.wait_for_note(counted, "w", "first")
    process("survivor", "one")
    time.sleep(3)  # three times as long as the dead are waited for
    work.open_gate(counted, "w")
    work.wait_for_note(counted, "w", "last")
    assert work.notes(counted, "w") == ["first", "last"]


def test_reviving_recovers_at_once_what_a_killed_process_was_doing(engine: Engine, process: Starter) -> None:
    victim = process("start", "victim", "run-1/a")
    work.wait_for_note(engine.store, "run-1/a", "first")
    assert engine.revive("run-1/") == []
    assert engine.alive("victim")
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    wait_until(lambda: not engine.alive("victim"))
    work.open_gate(engine.store, "run-1/a")
    assert engine.revive("run-2/") == []
    assert engine.revive("run-1/") == ["run-1/a"]
    assert engine.revive("run-1/") == []
    assert workflows.result("run-1/a") == ["first", "last"]
    assert work.notes(engine.store, "run-1/a") == ["first", "last"]


def test_an_executor_that_lives_is_not_recovered_and_one_that_died_is(engine: Engine, process: Starter) -> None:
    victim = process("start", "victim", "w")
    work.wait_for_note(engine.store, "w", "first")
    with pytest.raises(AssayError, match="victim is still at work"):
        engine.recover("victim")
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    wait_until(lambda: not engine.alive("victim"))
    work.open_gate(engine.store, "w")
    assert engine.recover("victim") == ["w"]
    assert workflows.result("w") == ["first", "last"]


def test_two_living_processes_cannot_share_an_id(counted: Store, process: Starter) -> None:
    process("start", "mine", "w")
    with pytest.raises(AssayError, match="Another process is at work as executor mine"):
        start_engine(counted, executor_id="mine")
    with start_engine(counted) as engine:  # and the failure left nothing behind
        assert engine.executor_id != "mine"


def test_an_executor_whose_connection_was_cut_is_soon_known_as_alive_again(counted: Store, process: Starter) -> None:
    process("start", "cut", "w")
    work.wait_for_note(counted, "w", "first")
    holders = sa.text("select pid from pg_locks where locktype = 'advisory' and objid::bigint = :low and granted")
    low = {"low": workflows._lock_of("cut") & 0xFFFFFFFF}
    # it waits for a sign of life as long as users' engines do: the process may be held up on a busy machine
    with start_engine(counted) as engine, counted.engine.connect() as connection:
        connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        cut = connection.execute(holders, low).scalar_one()
        connection.execute(sa.text("select pg_terminate_backend(:pid)"), {"pid": cut})
        assert engine.revive("w") == []  # the lock may be lost, but the process is seen to run
        wait_until(lambda: [pid for pid in connection.execute(holders, low).scalars() if pid != cut])
        with pytest.raises(AssayError, match="still at work"):
            engine.recover("cut")


FILL = """
import os, sys, threading
from pathlib import Path
from dbos import DBOS
from assay import workflows
from assay.errors import AssayError
from assay.records import Isolation, Run
from assay.settings import Settings
from assay.store import open_store
from assay.store.kept import keep_runs, runs

BOX = Isolation(backend="local", level=0, memory="rlimit")
MANY = 60

@DBOS.step()
def keep(number):
    keep_runs(workflows.current().store, {str(number): (Run(status="ok", stdout=os.urandom(1 << 20), isolation=BOX),)})

@DBOS.workflow()
def fill():
    for number in range(MANY):
        keep(number)
    return "full"

home = Path(sys.argv[1])
with open_store(Settings(home=home)) as store:
    with workflows.start_engine(store) as engine:
        try:
            if sys.argv[2] == "first":
                workflows.start(fill, id="fill")
            else:
                engine.revive("fill") or workflows.resume("fill")
            print(workflows.result("fill"), flush=True)
            print(len(runs(store, [str(number) for number in range(MANY)])) == MANY, flush=True)
        except AssayError as error:
            print("told:", error, flush=True)
"""


def test_a_disk_that_fills_up_under_work_is_told_and_the_work_goes_on_when_there_is_room(tmp_path: Path) -> None:
    """On a small disk of our own, where we may mount one. The process must end by itself, whatever DBOS waits for."""
    if subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode != 0:
        pytest.skip("needs to mount a small disk, which only root may")
    (tmp_path / "fill.py").write_text(FILL)
    home = tempfile.mkdtemp(prefix="assay-disk-", dir="/tmp")
    python = f"{sys.executable} {tmp_path / 'fill.py'} {home}"
    steps = (
        f"mount -t tmpfs -o size=400m,mode=711 tmpfs {home} && head -c 310M /dev/zero > {home}/ballast"
        f" && {python} first; rm {home}/ballast && {python} again"
    )
    try:
        ran = subprocess.run(["unshare", "-m", "sh", "-c", steps], capture_output=True, text=True, timeout=600)
        assert ran.returncode == 0, ran.stderr
        assert ran.stderr == ""
        told, *after = ran.stdout.splitlines()
        assert told.startswith(f"told: The disk that holds {home}"), ran
        assert after == ["full", "True"], ran
    finally:
        os.rmdir(home)


# ---- assay worker --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_a_worker_that_is_asked_to_stop_finishes_what_it_has_begun(
    counted: Store, process: Starter, number: signal.Signals
) -> None:
    with start_engine(counted, listen=False):
        workflows.define_queue(work.QUEUE, per_worker=8)
        workflows.enqueue(work.QUEUE, work.held_work, "w", id="w")
        worker = process("worker", "-")
        work.wait_for_note(counted, "w", "first")
        worker.send_signal(number)
        wait_until(lambda: has_heard(worker, number))
        time.sleep(0.5)
        assert worker.poll() is None
        work.open_gate(counted, "w")
        out, err = worker.communicate(timeout=120)
        assert (worker.returncode, out, err) == (0, "", "")
        assert workflows.result("w") == ["first", "last"]
        with counted.engine.connect() as connection:
            assert connection.execute(sa.text("select count(*) from executors")).scalar() == 1  # ours


def test_a_second_signal_ends_a_worker_at_once(counted: Store, process: Starter) -> None:
    with start_engine(counted, listen=False):
        workflows.define_queue(work.QUEUE, per_worker=8)
        workflows.enqueue(work.QUEUE, work.held_work, "w", id="w")
        worker = process("worker", "-")
        work.wait_for_note(counted, "w", "first")
        worker.send_signal(signal.SIGTERM)
        wait_until(lambda: has_heard(worker, signal.SIGTERM))
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(timeout=120) == -signal.SIGTERM  # not 0, as after work that was let end


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads the sockets of a process from /proc")
def test_a_worker_opens_no_port_and_calls_nobody_but_the_database(counted: Store, process: Starter) -> None:
    worker = process("worker", "-")
    time.sleep(1)
    sockets = set()
    for name in os.listdir(f"/proc/{worker.pid}/fd"):
        with contextlib.suppress(FileNotFoundError):  # it was open for a moment
            target = os.readlink(f"/proc/{worker.pid}/fd/{name}")
            if target.startswith("socket:["):
                sockets.add(target[8:-1])
    assert sockets  # those to the database, which are Unix sockets
    internet = {
        line.split()[9]
        for table in ("tcp", "tcp6", "udp", "udp6")
        if Path(f"/proc/{worker.pid}/net/{table}").exists()
        for line in Path(f"/proc/{worker.pid}/net/{table}").read_text().splitlines()[1:]
    }
    assert not sockets & internet
