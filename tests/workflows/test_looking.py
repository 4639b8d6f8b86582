"""Durable work seen and steered from outside: by a process that runs no engine."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from assay import workflows
from assay.errors import AssayError
from assay.store import Store
from assay.workflows import Engine, looking, start_engine
from assay.workflows.looking import Wanted
from tests import counted_work as work
from tests.killing import wait_for as until


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
def process(counted: Store) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Start another process that does counted work; whatever is left of it is killed after the test."""
    started: list[subprocess.Popen[str]] = []

    def start(role: str, executor: str, name: str = "") -> subprocess.Popen[str]:
        argv = [sys.executable, str(Path(work.__file__)), role, counted.url, executor, name]
        made = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(made)
        assert made.stdout is not None
        assert made.stdout.readline().startswith("ready"), made.communicate()
        return made

    yield start
    for made in started:
        made.kill()
        made.communicate()


def state(store: Store, name: str) -> str:
    return looking.read_flow(store, name).state


# ---- looking -------------------------------------------------------------------------------------------------------


def test_a_database_on_which_no_engine_ever_ran_has_no_jobs(store: Store) -> None:
    assert looking.flows(store, Wanted()) == []
    assert looking.count(store, Wanted()) == {}
    assert looking.executors(store) == []
    with pytest.raises(AssayError, match="no durable job of that id"):
        looking.read_flow(store, "x")
    assert looking.steps(store, "x") == []


def test_work_that_paused_is_neither_done_nor_failed_also_when_its_parent_is_replayed(engine: Engine) -> None:
    store = engine.store
    workflows.start(work.paused_family, "f", id="f")
    until(lambda: state(store, "f") == "failed")
    flow = looking.read_flow(store, "f/0")
    assert (flow.state, flow.error) == ("paused", "the server is away")
    assert [flow.id for flow in looking.flows(store, Wanted(parent="f", state="paused"))] == ["f/0"]
    assert looking.flows(store, Wanted(parent="f", state="failed")) == []
    assert [flow.id for flow in looking.flows(store, Wanted(state="failed"))] == ["f"]
    assert looking.count(store, Wanted(parent="f")) == {"paused": 1, "done": 1}
    assert looking.count_children(store, ["f"]) == {"f": {"paused": 1, "done": 1}}
    waited = next(step for step in looking.steps(store, "f") if step.name == "DBOS.getResult")
    assert (waited.count, waited.failed, waited.error) == (2, 0, "")
    with pytest.raises(AssayError, match="This job is paused"):
        looking.retry(store, "f/0")
    work.open_gate(store, "f")
    looking.retry(store, "f")
    assert workflows.result("f") == "the server is away"


def test_a_job_is_seen_with_its_state_times_executor_and_error(engine: Engine) -> None:
    store = engine.store
    work.open_gate(store, "good")
    workflows.result(workflows.start(work.held_work, "good", id="good"))
    with pytest.raises(workflows.WorkFailed):
        workflows.result(workflows.start(work.broken, "made of cheese", id="bad"))
    good, bad = looking.read_flow(store, "good"), looking.read_flow(store, "bad")
    assert (good.state, good.name, good.executor, good.error) == ("done", "held_work", engine.executor_id, "")
    assert good.seconds is not None
    assert good.created is not None
    assert (bad.state, bad.error) == ("failed", "ValueError: made of cheese")
    assert [flow.id for flow in looking.flows(store, Wanted())] == ["bad", "good"]
    assert looking.count(store, Wanted()) == {"done": 1, "failed": 1}


def test_steps_come_in_order_with_their_times_and_what_failed(engine: Engine) -> None:
    store = engine.store
    work.open_gate(store, "w")
    workflows.result(workflows.start(work.held_work, "w", id="w"))
    found = looking.steps(store, "w")
    assert [(step.first, step.name, step.count, step.failed) for step in found] == [
        (1, "note", 1, 0),
        (2, "pass_gate", 1, 0),
        (3, "note", 1, 0),
    ]
    assert all(step.seconds is not None and not step.has_children for step in found)
    with pytest.raises(workflows.WorkFailed):
        workflows.result(workflows.start(work.shaky, "s", id="s"))
    shaky = looking.steps(store, "s")
    assert [(step.name, step.failed, step.error) for step in shaky] == [
        ("note", 0, ""),
        ("stumble", 1, "RuntimeError: the gate of s is shut"),
    ]


def test_children_and_the_steps_about_them_are_collapsed_into_counts(engine: Engine) -> None:
    store = engine.store
    for number in range(20):
        work.open_gate(store, f"f/{number}")
    workflows.result(workflows.start(work.family, "f", 20, id="f"))
    found = looking.steps(store, "f")
    assert [(step.first, step.last, step.count, step.has_children, step.child) for step in found] == [
        (1, 20, 20, True, None),
        (21, 21, 1, False, None),
        (22, 41, 20, True, None),
    ]
    assert looking.count_children(store, ["f", "none"]) == {"f": {"done": 20}}
    assert [flow.id for flow in looking.flows(store, Wanted())] == ["f"]
    assert [flow.id for flow in looking.flows(store, Wanted(parent="f"), limit=3, offset=2)] == ["f/2", "f/3", "f/4"]
    assert looking.steps(store, "f", limit=1, offset=1)[0].name == "note"


def test_jobs_are_found_by_state_and_by_words(engine: Engine) -> None:
    store = engine.store
    for name in ("a-1", "a-2", "b-1"):
        workflows.result(workflows.start(work.echo, 1, id=name))
    with pytest.raises(workflows.WorkFailed):
        workflows.result(workflows.start(work.broken, "x", id="a-3"))

    def ids(wanted: Wanted) -> list[str]:
        return sorted(flow.id for flow in looking.flows(store, wanted))

    assert ids(Wanted(words="A-")) == ["a-1", "a-2", "a-3"]
    assert ids(Wanted(words="broken")) == ["a-3"]
    assert ids(Wanted(words="nothing", prefixes=("b-",))) == ["b-1"]
    assert ids(Wanted(words="a-", state="done")) == ["a-1", "a-2"]
    assert ids(Wanted(words="100%_\\")) == []
    assert ids(Wanted(words="\0")) == []
    assert looking.count(store, Wanted(words="a-", state="done")) == {"done": 2, "failed": 1}


def test_who_is_at_work_is_told_from_who_was(engine: Engine, process: Any) -> None:
    other = process("start", "other", "w")
    work.wait_for_note(engine.store, "w", "first")
    assert {one.id: one.alive for one in looking.executors(engine.store)} == {engine.executor_id: True, "other": True}
    assert state(engine.store, "w") == "running"
    other.send_signal(signal.SIGKILL)
    other.wait()
    until(lambda: state(engine.store, "w") == "abandoned")
    assert {one.id: one.alive for one in looking.executors(engine.store)} == {engine.executor_id: True, "other": False}
    assert [flow.id for flow in looking.flows(engine.store, Wanted(state="abandoned"))] == ["w"]
    assert looking.flows(engine.store, Wanted(state="running")) == []
    assert looking.count(engine.store, Wanted()) == {"abandoned": 1}


def test_looking_takes_no_lock_that_a_starting_process_would_miss(engine: Engine, process: Any) -> None:
    """As a lock taken to test for life would: the process would believe another one to have its id."""
    for number in range(3):
        looking.executors(engine.store)
        process("worker", "-")
        assert len([one for one in looking.executors(engine.store) if one.alive]) == number + 2


@pytest.mark.parametrize(
    ("stored", "text"),
    [
        (None, ""),
        ("", ""),
        ('{"name": "ValueError", "message": "no"}', "ValueError: no"),
        ('{"message": "no"}', "no"),
        ('{"name": "ValueError", "message": "cut of', '{"name": "ValueError", "message": "cut of'),
        ("gASV", "gASV"),
        ("[1]", "[1]"),
    ],
)
def test_an_error_is_read_however_it_is_stored(stored: str | None, text: str) -> None:
    assert looking.said(stored) == text


def test_a_huge_error_is_read_in_part(engine: Engine) -> None:
    with pytest.raises(workflows.WorkFailed):
        workflows.result(workflows.start(work.broken, "x" * 3_000_000, id="huge"))
    assert 10_000 < len(looking.read_flow(engine.store, "huge").error) <= 20_000


# ---- steering ------------------------------------------------------------------------------------------------------


def test_a_failed_job_that_is_retried_goes_on_with_the_step_that_failed(engine: Engine) -> None:
    store = engine.store
    with pytest.raises(workflows.WorkFailed):
        workflows.result(workflows.start(work.shaky, "s", id="s"))
    work.open_gate(store, "s")
    assert looking.retry(store, "s") == 1
    assert workflows.result("s") == "went through"
    assert state(store, "s") == "done"
    assert work.notes(store, "s") == ["first", "last"]  # what had ended well was not done again


def test_a_job_that_failed_between_its_steps_runs_its_end_again(engine: Engine) -> None:
    with pytest.raises(workflows.WorkFailed):
        workflows.result(workflows.start(work.broken, "x", id="b"))
    assert looking.retry(engine.store, "b") == 1
    until(lambda: state(engine.store, "b") == "failed")
    assert looking.read_flow(engine.store, "b").error == "ValueError: x"


def test_a_parent_is_retried_with_the_children_it_failed_by_and_no_others(engine: Engine) -> None:
    store = engine.store
    for number in (0, 2):
        work.open_gate(store, f"p/{number}")
    with pytest.raises(workflows.WorkFailed):
        workflows.result(workflows.start(work.shaky_family, "p", 3, id="p"))
    until(lambda: looking.count_children(store, ["p"])["p"] == {"done": 2, "failed": 1})
    work.open_gate(store, "p/1")
    assert looking.retry(store, "p") == 2
    assert workflows.result("p") == ["went through"] * 3
    assert [work.notes(store, f"p/{number}") for number in range(3)] == [["first", "last"]] * 3


def test_cancelled_work_and_its_children_go_on_from_where_they_stopped(counted: Store) -> None:
    with start_engine(counted, dead_after_s=1):
        # defined once: whoever listens already may take by the old number once more, and all three would be begun
        workflows.define_queue(work.QUEUE, per_worker=1)
        workflows.start(work.family, "c", 3, id="c")
        work.wait_for_note(counted, "c", "enqueued")  # the first may be at work before the last is there
        work.wait_for_note(counted, "c/0", "first")
        assert looking.cancel(counted, "c") == 4
        work.open_gate(counted, "c/0")
        assert state(counted, "c") == "cancelled"
        assert looking.count_children(counted, ["c"]) == {"c": {"cancelled": 3}}
        until(lambda: not workflows._is_busy())
        assert work.notes(counted, "c/0") == ["first"]
        for number in (1, 2):
            work.open_gate(counted, f"c/{number}")
        assert looking.read_flow(counted, "c/1").queue == work.QUEUE
        assert looking.retry(counted, "c") == 4
        assert workflows.result("c") == [["first", "last"]] * 3
        assert [work.notes(counted, f"c/{number}") for number in range(3)] == [["first", "last"]] * 3


def test_a_retried_child_goes_back_to_its_own_queue_or_to_everybodys_where_that_is_gone(counted: Store) -> None:
    work.open_gate(counted, "q")
    with start_engine(counted, listen=False):
        workflows.define_queue(work.QUEUE, per_worker=1)
        workflows.enqueue(work.QUEUE, work.held_work, "q", id="q")
        looking.cancel(counted, "q")
        looking.retry(counted, "q")
        assert (looking.read_flow(counted, "q").state, looking.read_flow(counted, "q").queue) == ("waiting", work.QUEUE)
        looking.cancel(counted, "q")
        workflows.drop_queue(work.QUEUE)
        looking.retry(counted, "q")
        assert workflows.result("q") == ["first", "last"]  # an engine that listens to no queue took it


def test_what_a_dead_process_left_is_taken_up_when_it_is_retried(engine: Engine, process: Any) -> None:
    store = engine.store
    victim = process("start", "victim", "w")
    work.wait_for_note(store, "w", "first")
    with pytest.raises(AssayError, match="is running: there is nothing to retry"):
        looking.retry(store, "w")
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    until(lambda: state(store, "w") == "abandoned")
    work.open_gate(store, "w")
    assert looking.retry(store, "w") == 1
    assert workflows.result("w") == ["first", "last"]
    assert looking.read_flow(store, "w").executor == engine.executor_id
    assert work.notes(store, "w") == ["first", "last"]


def test_a_process_without_an_engine_can_cancel_and_retry(engine: Engine) -> None:
    """The web app's process is such a one."""
    store = engine.store
    workflows.start(work.held_work, "o", id="o")
    work.wait_for_note(store, "o", "first")
    program = (
        "import sys, json; from pathlib import Path; from assay.settings import Settings; from assay.store import open_store;"
        "from assay.workflows import looking;"
        "store = open_store(Settings(home=Path('/nonexistent'), database_url=sys.argv[1]));"
        "print(json.dumps([looking.cancel(store, 'o'), looking.read_flow(store, 'o').state,"
        " looking.retry(store, 'o'), looking.read_flow(store, 'o').state]))"
    )
    done = subprocess.run([sys.executable, "-c", program, store.url], capture_output=True, text=True, check=True)
    cancelled, then, retried, _ = json.loads(done.stdout)
    assert (cancelled, then, retried, done.stderr) == (1, "cancelled", 1, "")
    work.open_gate(store, "o")
    assert workflows.result("o") == ["first", "last"]
    assert work.notes(store, "o") == ["first", "last"]


@pytest.mark.parametrize(("action", "word"), [(looking.cancel, "cancel"), (looking.retry, "retry")])
def test_what_is_done_can_neither_be_cancelled_nor_retried(engine: Engine, action: Any, word: str) -> None:
    workflows.result(workflows.start(work.echo, 1, id="e"))
    with pytest.raises(AssayError, match=f"nothing to {word}"):
        action(engine.store, "e")
    with pytest.raises(AssayError, match="no durable job"):
        action(engine.store, "nobody")


# ---- many ----------------------------------------------------------------------------------------------------------


@contextmanager
def rows_read(store: Store) -> Iterator[list[int]]:
    """For each question put to the database meanwhile: how many rows it took out of the table of jobs."""
    asked: list[tuple[str, Any]] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    sa.event.listen(store.engine, "before_cursor_execute", note)
    found: list[int] = []
    yield found
    sa.event.remove(store.engine, "before_cursor_execute", note)
    with store.engine.connect() as connection:
        for statement, parameters in asked:
            if "workflow_status" in statement:
                plan = connection.exec_driver_sql(
                    f"explain (analyze, format json) {statement}", parameters
                ).scalar_one()
                found.append(_scanned(plan[0]["Plan"]))


def _scanned(plan: dict[str, Any]) -> int:
    """Rows that scans of the table of jobs gave or threw away, over all their turns."""
    here = 0
    if plan.get("Relation Name") == "workflow_status":
        here = round((plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"])
    return here + sum(_scanned(one) for one in plan.get("Plans", ()))


def test_a_page_of_a_hundred_thousand_jobs_reads_no_further_back_than_it_shows(engine: Engine) -> None:
    """What the database says it did: no time is measured. Children are many, and parents stand between them."""
    store = engine.store
    with store.engine.begin() as connection:
        connection.execute(
            sa.text(
                "insert into dbos.workflow_status (workflow_uuid, status, name, created_at, updated_at, priority,"
                " parent_workflow_id) select 'r' || p || ':' || c, case when c % 50 = 0 then 'ERROR' else 'SUCCESS' end,"
                " case when c = 0 then 'evaluate' else 'batch' end, 1000 * p + c, 0, 0,"
                " case when c = 0 then null else 'r' || p || '\\:0' end"
                " from generate_series(1, 100) p, generate_series(0, 999) c"
            )
        )
        connection.execute(sa.text("analyze dbos.workflow_status"))
    with rows_read(store) as read:
        page = looking.flows(store, Wanted(), limit=20, offset=20)
    assert [flow.id for flow in page] == [f"r{number}:0" for number in range(80, 60, -1)]
    assert 40 <= sum(read) <= 100, read  # the 40 newest of the 100 parents, and each of the 20 shown looked up
    with rows_read(store) as read:
        assert looking.count(store, Wanted()) == {"failed": 100}
    assert sum(read) == 100
    assert looking.count_children(store, ["r7:0"]) == {"r7:0": {"failed": 19, "done": 980}}
    assert [flow.id for flow in looking.flows(store, Wanted(parent="r7:0", state="failed"), limit=2)] == [
        "r7:50",
        "r7:100",
    ]
