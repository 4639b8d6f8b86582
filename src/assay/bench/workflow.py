"""One evaluation, resumable: the road with its two doors, asking and running, made durable.

An evaluation is cut into batches, and each is a workflow on a queue that every worker takes from. Its steps look up
what is kept before they pay for it: a reply is written down the moment it arrives, runs in small groups. So whenever a
process is killed, what is asked again are the requests that were under way in it, and no more. A sample is saved once,
under its place in the evaluation, which is why none is lost or counted twice.

Nothing of an evaluation lives in a workflow's state. A workflow that ended early (a server was down, a step failed)
is followed by a new generation of workflows for what is still missing.
"""

from collections.abc import Callable
from typing import Any

from dbos import DBOS

from assay import workflows
from assay.bench import carrying, doors, evaluations
from assay.bench.beginning import read_items
from assay.bench.doors import NotAsked
from assay.bench.process import Bench, Interrupted, here, queue_of, told_of_mistakes
from assay.bench.progress import Progress
from assay.bench.records import Evaluation


class _AskedToStop(Exception):
    """Somebody pressed Stop on a page, perhaps on another machine."""


# ---- the durable part ----------------------------------------------------------------------------------------------


@DBOS.workflow()
def evaluate(evaluation: str, generation: int, turns: int, asks: bool) -> None:
    """One generation of an evaluation: every batch that has something missing, then how it all stands."""
    children = [
        workflows.enqueue(
            queue_of(evaluation),
            batch,
            evaluation,
            generation,
            number,
            turns,
            asks,
            id=f"{evaluation}:{generation}:{number}",
        )
        for number in find_work(evaluation)["batches"]
    ]
    notes, failed = carrying.gather(children)
    carrying.end_as(settle(evaluation, notes, failed), notes)


@DBOS.workflow()
def batch(evaluation: str, generation: int, number: int, turns: int, asks: bool) -> None:
    """One batch: ask, run, and again for what may be repaired. Raises WorkPaused where it cannot be finished."""
    for turn in range(turns):
        asked: list[Any] = ask(evaluation, generation, number, turn) if asks else ["", []]
        note, errors = asked
        another = run(evaluation, number, turn, turns, errors)
        if note:
            raise workflows.WorkPaused(note)
        if not another:
            return


@DBOS.step()
def find_work(evaluation: str) -> dict[str, list[int]]:
    """The batches that have something missing."""
    store = here().store
    there = evaluations.finished(store, evaluation)
    numbers = [
        number
        for number in range(evaluations.count_batches(store, evaluation))
        if any(item.place not in there for item in read_items(store, evaluation, number))
    ]
    return {"batches": numbers}


@DBOS.step()
def ask(evaluation: str, generation: int, number: int, turn: int) -> list[Any]:
    """The first door. Gives why the model is asked no more, and which single questions came to nothing."""
    bench = here()
    with told_of_mistakes():
        note, errors = doors.ask(bench, evaluations.read_evaluation(bench.store, evaluation), generation, number, turn)
    return [note, [list(error) for error in errors]]


@DBOS.step()
def run(evaluation: str, number: int, turn: int, turns: int, errors: list[list[Any]]) -> bool:
    """The second door, and the verdicts."""
    bench = here()
    with told_of_mistakes():
        found = evaluations.read_evaluation(bench.store, evaluation)
        return doors.run(bench, found, number, turn, turns, [NotAsked(*error) for error in errors])


@DBOS.step()
def settle(evaluation: str, notes: list[str], failed: bool) -> evaluations.State:
    """Say how it stands, and give it: done, or paused or failed and why."""
    store = here().store
    missing = evaluations.count_items(store, evaluation) - len(evaluations.finished(store, evaluation))
    state: evaluations.State = "done" if not missing else "failed" if failed else "paused"
    evaluations.set_state(store, evaluation, state, " ".join(notes)[: carrying.NOTE] if missing else "")
    return state


# ---- what commands call --------------------------------------------------------------------------------------------


def finish(bench: Bench, evaluation: str, watch: Callable[[Progress], None] = lambda _: None) -> Evaluation:
    """Carry out what is missing of an evaluation, and say how it stands then. Raises Interrupted on Ctrl-C."""
    found = evaluations.read_evaluation(bench.store, evaluation)
    carrying.must_be_free(bench.store, found.executor, f"Evaluation {found.id}")
    engine = None
    try:
        with carrying.heard(watch) as look:
            engine = bench.engine_for(found.id)
            parent, is_new = _take_up(bench, found, engine)
            _watch(bench, found, parent, look)
            if not is_new and evaluations.read_evaluation(bench.store, found.id).state != "done":
                # What an earlier process began may end with what stopped that one: it is tried anew.
                _watch(bench, found, _take_up(bench, found, engine)[0], look)
            workflows.drop_queue(queue_of(found.id))
    except (KeyboardInterrupt, _AskedToStop):
        raise _interrupted(bench, found, engine) from None
    bench.close_engine()
    return evaluations.read_evaluation(bench.store, found.id)


def _take_up(bench: Bench, evaluation: Evaluation, engine: workflows.Engine) -> tuple[str, bool]:
    """Start the evaluation's workflow, or recover one that a dead process has left. Its id, and whether it is new."""
    evaluations.set_state(bench.store, evaluation.id, "running", executor=engine.executor_id)

    def begin(generation: int) -> str:
        evaluations.drop_errors(bench.store, evaluation.id)
        asks = evaluation.source == "run"
        parent = f"{evaluation.id}:{generation}"
        return workflows.start(evaluate, evaluation.id, generation, evaluation.repair + 1, asks, id=parent)

    return carrying.take_up(engine, evaluation.id, begin)


def _watch(bench: Bench, evaluation: Evaluation, parent: str, watch: Callable[[Progress], None]) -> None:
    total = evaluations.count_items(bench.store, evaluation.id)

    def look() -> None:
        watch(progress(bench, evaluation, total))
        if evaluations.is_asked_to_stop(bench.store, evaluation.id):
            raise _AskedToStop

    failed = carrying.watch(parent, look)
    if failed is not None:
        evaluations.set_state(bench.store, evaluation.id, "failed", str(failed))


def _interrupted(bench: Bench, evaluation: Evaluation, engine: workflows.Engine | None) -> Interrupted:
    bench.stop()
    evaluations.set_state(bench.store, evaluation.id, "paused", "stopped by the user")
    if engine is not None:
        carrying.call_off(evaluation.id)
        workflows.drop_queue(queue_of(evaluation.id))
    now = progress(bench, evaluation, evaluations.count_items(bench.store, evaluation.id))
    return Interrupted(
        f"Stopped. {now.done} of {now.total} samples are done and kept, and every reply that came.",
        f"Go on with: assay bench resume {evaluation.id}",
    )


def progress(bench: Bench, evaluation: Evaluation, total: int) -> Progress:
    """How far it is, counted in the database: other workers' samples too."""
    counts = evaluations.count_statuses(bench.store, evaluation.id)
    done = sum(sum(counter.values()) for counter in counts.values())
    spent = evaluations.spent(bench.store, evaluation.id)
    return Progress(
        done=done,
        total=total,
        passed=sum(counter["pass"] for counter in counts.values()),
        failed=sum(counter["error"] for counter in counts.values()),
        running=bench.asked,
        tasks=evaluations.count_tasks(bench.store, evaluation.id) if done else 0,
        completion_tokens=spent.completion_tokens,
        cost=spent.cost,
        currency=spent.currency,
        waits_for=bench.waits_for(),
    )
