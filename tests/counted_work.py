"""Work for the engine whose every step leaves a row, so that a test can count what was done; and a process that does it.

As a program: `counted_work.py worker|start URL EXECUTOR [ID]`. It says `ready` when it is.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from dbos import DBOS

from assay import workflows
from assay.settings import Settings
from assay.store import Store, open_store

QUEUE = "counted"


def prepare(store: Store) -> None:
    """The tables in which work is counted and held up."""
    with store.engine.begin() as connection:
        connection.execute(
            sa.text("create table if not exists notes (id serial primary key, work text, said text, pid int)")
        )
        connection.execute(sa.text("create table if not exists gates (work text primary key)"))


def notes(store: Store, work: str) -> list[str]:
    """What was noted for a piece of work, in order."""
    with store.engine.connect() as connection:
        return list(
            connection.execute(
                sa.text("select said from notes where work = :work order by id"), {"work": work}
            ).scalars()
        )


def wait_for_note(store: Store, work: str, said: str, seconds: float = 90) -> None:
    """Return once it was noted, and the engine has recorded that: a step cut off between the two is done again."""
    deadline = time.monotonic() + seconds
    while said not in _recorded_notes(store, work):
        assert time.monotonic() < deadline, f"{said!r} was never recorded of {work}: {notes(store, work)}"
        time.sleep(0.02)


def _recorded_notes(store: Store, work: str) -> list[str]:
    """What the steps that noted something gave back, in order."""
    query = "select output from dbos.operation_outputs where workflow_uuid = :work and function_name = :step order by function_id"
    with store.engine.connect() as connection:
        found = connection.execute(sa.text(query), {"work": work, "step": note.__qualname__}).scalars()
        return [json.loads(output) for output in found]


def open_gate(store: Store, work: str) -> None:
    """Let held-up work go on."""
    with store.engine.begin() as connection:
        connection.execute(sa.text("insert into gates values (:work) on conflict do nothing"), {"work": work})


@DBOS.step()
def note(work: str, said: str) -> str:
    with workflows.current().store.engine.begin() as connection:
        connection.execute(
            sa.text("insert into notes (work, said, pid) values (:work, :said, :pid)"),
            {"work": work, "said": said, "pid": os.getpid()},
        )
    return said


@DBOS.step()
def pass_gate(work: str) -> None:
    query = sa.text("select 1 from gates where work = :work")
    while True:
        with workflows.current().store.engine.connect() as connection:
            if connection.execute(query, {"work": work}).scalar():
                return
        time.sleep(0.02)


@DBOS.workflow()
def held_work(work: str) -> list[str]:
    """Notes `first`, waits at the gate, notes `last`."""
    first = note(work, "first")
    pass_gate(work)
    return [first, note(work, "last")]


@DBOS.workflow()
def family(work: str, children: int) -> list[Any]:
    """Enqueues held children and waits for them all."""
    made = [
        workflows.enqueue(QUEUE, held_work, f"{work}/{number}", id=f"{work}/{number}") for number in range(children)
    ]
    note(work, "enqueued")
    return [workflows.result(child) for child in made]


@DBOS.step()
def echo_step(value: Any) -> Any:
    return value


@DBOS.workflow()
def echo(value: Any) -> Any:
    return echo_step(value)


@DBOS.workflow()
def broken(message: str) -> None:
    raise ValueError(message)


@DBOS.workflow()
def paused(why: str) -> None:
    raise workflows.WorkPaused(why)


@DBOS.workflow()
def paused_family(work: str) -> str:
    """Enqueues one that pauses and one that does not, fails while the gate is shut, gives why."""
    made = [
        workflows.enqueue(QUEUE, paused, "the server is away", id=f"{work}/0"),
        workflows.enqueue(QUEUE, echo, work, id=f"{work}/1"),
    ]
    try:
        workflows.result(made[0])
    except workflows.WorkPaused as error:
        why = str(error)
    workflows.result(made[1])
    stumble(work)
    return why


@DBOS.step()
def stumble(work: str) -> str:
    """Fails as long as the gate is shut."""
    with workflows.current().store.engine.connect() as connection:
        if not connection.execute(sa.text("select 1 from gates where work = :work"), {"work": work}).scalar():
            raise RuntimeError(f"the gate of {work} is shut")
    return "went through"


@DBOS.workflow()
def shaky(work: str) -> str:
    """Notes `first`, fails while the gate is shut, notes `last`."""
    note(work, "first")
    went = stumble(work)
    note(work, "last")
    return went


@DBOS.workflow()
def shaky_family(work: str, children: int) -> list[Any]:
    """Enqueues shaky children and waits for them all, failing with the first that fails."""
    made = [workflows.enqueue(QUEUE, shaky, f"{work}/{number}", id=f"{work}/{number}") for number in range(children)]
    return [workflows.result(child) for child in made]


def main(role: str, url: str, executor: str, work: str = "") -> None:
    settings = Settings(home=Path("/nonexistent"), database_url=url)
    with open_store(settings) as store:
        if role == "worker":
            workflows.serve_worker(store, settings, ready=lambda name: print("ready", name, flush=True))
        elif role == "start":
            workflows.start_engine(store, executor_id=executor, dead_after_s=1)
            workflows.start(held_work, work, id=work)
            print("ready", flush=True)
            time.sleep(600)
        elif role == "survivor":
            workflows.start_engine(store, executor_id=executor, reap=True, dead_after_s=1)
            print("ready", flush=True)
            time.sleep(600)


if __name__ == "__main__":
    main(*sys.argv[1:])
