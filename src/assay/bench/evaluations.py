"""Save and read evaluations, the tasks they are made of, their batches and their samples."""

import hashlib
import json
import secrets
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, NamedTuple

import sqlalchemy as sa
from pydantic_core import PydanticSerializationError
from sqlalchemy.dialects.postgresql import insert

from assay.bench import asking
from assay.bench.records import Evaluation, Sample
from assay.bench.tables import BATCHES, EVALUATIONS, PLANS, REVISIONS, SAMPLES, TASKS
from assay.errors import AssayError, UnknownName
from assay.pipeline.llm.recorded import RecordingWriter
from assay.records import Request, Task
from assay.store import Store
from assay.store.tables import CALLS
from assay.visible import one_line

State = Literal["running", "paused", "done", "failed"]
_CHUNK = 500  # rows a statement: well below PostgreSQL's 65,535 parameters


class Place(NamedTuple):
    """Which sample of an evaluation."""

    suite: str
    task: str
    model: str
    number: int
    """From 0, of the samples of one task."""


def new_id() -> str:
    """A name for an evaluation: sorts by time, short enough to type, and never given twice."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


# ---- evaluations ---------------------------------------------------------------------------------------------------


def create(store: Store, evaluation: Evaluation, tasks: Sequence[Task], batches: Iterable[object]) -> None:
    """Save a new evaluation with its tasks and its work, all or nothing."""
    names = {*evaluation.suites, *(model.name for model in evaluation.models), *(task.suite for task in tasks)}
    for name in sorted(names | {task.id for task in tasks}):
        _must_be_a_name(name)
    with store.engine.begin() as connection:
        connection.execute(
            sa.insert(EVALUATIONS).values(
                id=evaluation.id,
                created=evaluation.created,
                source=evaluation.source,
                state=evaluation.state,
                executor=evaluation.executor,
                note=evaluation.note,
                record=evaluation.model_dump_json(),
            )
        )
        _save_tasks(connection, evaluation.id, tasks)
        rows = [
            {"evaluation": evaluation.id, "number": number, "payload": json.dumps(batch)}
            for number, batch in enumerate(batches)
        ]
        for chunk in _chunks(rows, _CHUNK):
            connection.execute(sa.insert(BATCHES), chunk)


_LONGEST_NAME = 600  # bytes: of a suite, a task and a model together an index holds 2,704


def _must_be_a_name(name: str) -> None:
    """Names stand in keys of tables, in addresses and in files: one line, not endless. Everything else may stand in them."""
    said = one_line(name, 80)
    if any(char in name for char in "\0\n\r"):
        raise AssayError(
            f"{said!r} cannot be the name of a suite, task or model: it holds a NUL or a line end.", "Rename it."
        )
    if len(name.encode("utf-8", "replace")) > _LONGEST_NAME:
        raise AssayError(
            f"{said!r} is too long for the name of a suite, task or model.", f"{_LONGEST_NAME} bytes at most."
        )


def _save_tasks(connection: sa.Connection, evaluation: str, tasks: Sequence[Task]) -> None:
    texts = [_written(task) for task in tasks]
    digests = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
    known = set(connection.scalars(sa.select(TASKS.c.digest).where(TASKS.c.digest.in_(digests))))
    new = {digest: text for digest, text in zip(digests, texts, strict=True) if digest not in known}
    for chunk in _chunks([{"digest": digest, "record": text} for digest, text in sorted(new.items())], 20):
        connection.execute(insert(TASKS).on_conflict_do_nothing(), chunk)
    rows = [
        {"evaluation": evaluation, "position": position, "suite": task.suite, "task": task.id, "digest": digest}
        for position, (task, digest) in enumerate(zip(tasks, digests, strict=True))
    ]
    for chunk in _chunks(rows, _CHUNK):
        connection.execute(sa.insert(PLANS), chunk)


def _written(task: Task) -> str:
    try:
        return task.model_dump_json()
    except PydanticSerializationError as error:
        raise AssayError(
            f"The task {one_line(task.id, 80)!r} of {one_line(task.suite, 80)!r} cannot be saved: {error}.",
            "Mend that text where the task comes from: half a surrogate pair (\\ud800 to \\udfff in JSON) is no text.",
        ) from None


def read_evaluation(store: Store, name: str) -> Evaluation:
    """One evaluation, by its id, by the beginning or end of it that no other has, or `last`."""
    with store.engine.connect() as connection:
        row = connection.execute(_select().where(EVALUATIONS.c.id == name)).one_or_none()
        if row is None:
            known = sa.select(EVALUATIONS.c.id).where(EVALUATIONS.c.source != "view").order_by(EVALUATIONS.c.created)
            found = _named(list(connection.scalars(known)), name)
            row = connection.execute(_select().where(EVALUATIONS.c.id == found)).one()
    return _evaluation(row)


def _named(ids: Sequence[str], name: str) -> str:
    if not ids:
        raise AssayError("There is no evaluation yet.", "Start one with `assay bench run` or `assay bench grade`.")
    if name == "last":
        return ids[-1]
    found = [known for known in ids if name and (known.startswith(name) or known.endswith(name))]
    if len(found) == 1:
        return found[0]
    if found:
        raise AssayError(f"{name!r} could be {len(found)} evaluations.", f"They are: {', '.join(found[-5:])}.")
    raise UnknownName("evaluation", name, [*ids[-20:], "last"])


def is_there(store: Store, identifier: str) -> bool:
    """Whether an evaluation has exactly this id."""
    with store.engine.connect() as connection:
        return connection.scalar(sa.select(EVALUATIONS.c.id).where(EVALUATIONS.c.id == identifier)) is not None


def list_evaluations(store: Store, limit: int = 50) -> list[Evaluation]:
    """The latest evaluations, newest first."""
    with store.engine.connect() as connection:
        return [
            _evaluation(row)
            for row in connection.execute(
                _select().where(EVALUATIONS.c.source != "view").order_by(EVALUATIONS.c.created.desc()).limit(limit)
            )
        ]


def _select() -> "sa.Select[str, str, str, str]":
    return sa.select(EVALUATIONS.c.record, EVALUATIONS.c.state, EVALUATIONS.c.executor, EVALUATIONS.c.note)


def _evaluation(row: "sa.Row[str, str, str, str]") -> Evaluation:
    record, state, executor, note = row
    return Evaluation.model_validate({**json.loads(record), "state": state, "executor": executor, "note": note})


def set_state(store: Store, evaluation: str, state: State, note: str = "", *, executor: str | None = None) -> None:
    """Say how it stands, why, and who carries it out now."""
    values = {"state": state, "note": note.replace("\0", " ")} | ({} if executor is None else {"executor": executor})
    with store.engine.begin() as connection:
        connection.execute(sa.update(EVALUATIONS).where(EVALUATIONS.c.id == evaluation).values(values))


ASKED_TO_STOP = "asked to stop"
"""The note of a running evaluation whose process is to stop: it looks, wherever it is."""


def ask_to_stop(store: Store, evaluation: str) -> bool:
    """Ask the process that carries it out to stop; whether it was running."""
    query = sa.update(EVALUATIONS).where(EVALUATIONS.c.id == evaluation, EVALUATIONS.c.state == "running")
    with store.engine.begin() as connection:
        return bool(connection.execute(query.values(note=ASKED_TO_STOP)).rowcount)


def is_asked_to_stop(store: Store, evaluation: str) -> bool:
    """Whether somebody wants it stopped that has not been yet."""
    query = sa.select(EVALUATIONS.c.id).where(
        EVALUATIONS.c.id == evaluation, EVALUATIONS.c.state == "running", EVALUATIONS.c.note == ASKED_TO_STOP
    )
    with store.engine.connect() as connection:
        return connection.execute(query).one_or_none() is not None


# ---- tasks and batches ---------------------------------------------------------------------------------------------


def read_tasks(store: Store, evaluation: str) -> list[Task]:
    """The tasks it is made of, in their suites' order."""
    query = (
        sa.select(TASKS.c.record)
        .join(PLANS, PLANS.c.digest == TASKS.c.digest)
        .where(PLANS.c.evaluation == evaluation)
        .order_by(PLANS.c.position)
    )
    with store.engine.connect() as connection:
        return [Task.model_validate_json(text) for text in connection.scalars(query)]


def read_batch(store: Store, evaluation: str, number: int) -> object:
    """What `create` was given as the batch of this number."""
    query = sa.select(BATCHES.c.payload).where(BATCHES.c.evaluation == evaluation, BATCHES.c.number == number)
    with store.engine.connect() as connection:
        return json.loads(connection.scalars(query).one())


def count_batches(store: Store, evaluation: str) -> int:
    """How many batches its work was cut into."""
    query = sa.select(sa.func.count()).where(BATCHES.c.evaluation == evaluation)
    with store.engine.connect() as connection:
        return connection.scalars(query).one()


def count_items(store: Store, evaluation: str) -> int:
    """How many samples its work comes to."""
    length = sa.func.json_array_length(sa.cast(BATCHES.c.payload, sa.JSON))
    query = sa.select(sa.func.coalesce(sa.func.sum(length), 0)).where(BATCHES.c.evaluation == evaluation)
    with store.engine.connect() as connection:
        return int(connection.scalars(query).one())


# ---- samples -------------------------------------------------------------------------------------------------------


def save_samples(store: Store, samples: Sequence[Sample]) -> None:
    """Save finished samples. One that is there already stays as it is: none is counted twice."""
    rows = [
        {
            "evaluation": sample.evaluation,
            "suite": sample.suite,
            "task": sample.task,
            "model": sample.model,
            "index": sample.index,
            "kind": sample.kind,
            "status": sample.status,
            "first_status": sample.first_status,
            "record": sample.model_dump_json(),
        }
        for sample in samples
    ]
    with store.engine.begin() as connection:
        for chunk in _chunks(rows, _CHUNK):
            connection.execute(insert(SAMPLES).on_conflict_do_nothing(), chunk)
        _changed(connection, {(sample.evaluation, sample.suite, sample.model) for sample in samples})


def _changed(connection: sa.Connection, places: Collection[tuple[str, str, str]]) -> None:
    """Say of each evaluation, suite and model that its samples changed: scores kept for it hold no more."""
    statement = insert(REVISIONS).on_conflict_do_update(
        index_elements=[REVISIONS.c.evaluation, REVISIONS.c.suite, REVISIONS.c.model],
        set_={"revision": REVISIONS.c.revision + 1},
    )
    rows = [  # in order, so that two writers never wait for each other in a ring
        {"evaluation": evaluation, "suite": suite, "model": model, "revision": 1}
        for evaluation, suite, model in sorted(places)
    ]
    for chunk in _chunks(rows, _CHUNK):
        connection.execute(statement, chunk)


def read_samples(store: Store, evaluation: str) -> Iterator[Sample]:
    """Every finished sample, model by model, each one's task by task in the suites' order."""
    query = (
        sa.select(SAMPLES.c.record)
        .join(
            PLANS,
            sa.and_(
                PLANS.c.evaluation == SAMPLES.c.evaluation,
                PLANS.c.suite == SAMPLES.c.suite,
                PLANS.c.task == SAMPLES.c.task,
            ),
        )
        .where(SAMPLES.c.evaluation == evaluation)
        .order_by(SAMPLES.c.model, PLANS.c.position, SAMPLES.c.index)
        .execution_options(yield_per=_CHUNK)
    )
    with store.engine.connect() as connection:
        for text in connection.scalars(query):
            yield Sample.model_validate_json(text)


def finished(store: Store, evaluation: str, places: Collection[Place] | None = None) -> set[Place]:
    """Which samples are there; of these places, or all."""
    query = sa.select(SAMPLES.c.suite, SAMPLES.c.task, SAMPLES.c.model, SAMPLES.c.index)
    query = query.where(SAMPLES.c.evaluation == evaluation)
    if places is not None:
        key = sa.tuple_(SAMPLES.c.suite, SAMPLES.c.task, SAMPLES.c.model, SAMPLES.c.index)
        query = query.where(key.in_(sorted(places)))
    with store.engine.connect() as connection:
        return {Place(*row) for row in connection.execute(query)}


def count_statuses(store: Store, evaluation: str) -> dict[str, Counter[str]]:
    """How many samples of each status there are so far, by model."""
    query = (
        sa.select(SAMPLES.c.model, SAMPLES.c.status, sa.func.count())
        .where(SAMPLES.c.evaluation == evaluation)
        .group_by(SAMPLES.c.model, SAMPLES.c.status)
    )
    counts: dict[str, Counter[str]] = {}
    with store.engine.connect() as connection:
        for model, status, number in connection.execute(query):
            counts.setdefault(model, Counter())[status] = number
    return counts


def count_tasks(store: Store, evaluation: str) -> int:
    """How many distinct tasks have a sample that counts."""
    tasks = sa.select(SAMPLES.c.suite, SAMPLES.c.task).distinct()
    query = tasks.where(SAMPLES.c.evaluation == evaluation, SAMPLES.c.status != "error").subquery()
    with store.engine.connect() as connection:
        return connection.scalars(sa.select(sa.func.count()).select_from(query)).one()


class Spent(NamedTuple):
    """What the calls of an evaluation took so far."""

    completion_tokens: int | None
    cost: float | None
    currency: str


def spent(store: Store, evaluation: str) -> Spent:
    """Summed over its calls; of several currencies, the one most was spent in."""
    query = (
        sa.select(sa.func.sum(CALLS.c.completion_tokens), sa.func.sum(CALLS.c.cost), CALLS.c.currency)
        .where(CALLS.c.evaluation == evaluation, CALLS.c.status == "ok")
        .group_by(CALLS.c.currency)
    )
    with store.engine.connect() as connection:
        rows = list(connection.execute(query))
    if not rows:
        return Spent(None, None, "USD")
    tokens = [int(row[0]) for row in rows if row[0] is not None]
    _, cost, currency = max(rows, key=lambda row: row[1] or 0)
    return Spent(sum(tokens) if tokens else None, cost, currency or "USD")


def drop_errors(store: Store, evaluation: str) -> int:
    """Forget samples that came to an error of ours, so that `resume` tries them again. How many there were."""
    query = sa.delete(SAMPLES).where(SAMPLES.c.evaluation == evaluation, SAMPLES.c.status == "error")
    with store.engine.begin() as connection:
        gone = connection.execute(query.returning(SAMPLES.c.suite, SAMPLES.c.model)).all()
        _changed(connection, {(evaluation, suite, model) for suite, model in gone})
    return len(gone)


# ---- recordings ----------------------------------------------------------------------------------------------------


def must_be_new(recording: Path) -> None:
    """Raise AssayError where there is a recording already."""
    if recording.exists():
        raise AssayError(
            f"{recording} is there already.", "Name another file, or delete it: two recordings do not mix."
        )


def write_recording(store: Store, evaluation: Evaluation, path: Path) -> int:
    """Write every reply of an evaluation to a new recording, which `recorded/PATH` answers from; how many there were."""
    must_be_new(path)
    tasks = {(task.suite, task.id): task for task in read_tasks(store, evaluation.id)}
    models = {model.name: model for model in evaluation.models}
    writer = RecordingWriter(path)
    written = 0
    try:
        for sample in read_samples(store, evaluation.id):
            if sample.model not in models:
                continue
            messages = asking.question(tasks[sample.suite, sample.task], models[sample.model])
            for attempt in sample.attempts:
                if attempt.report.status != "error" or attempt.reply.text:
                    request = Request(model=models[sample.model], messages=messages, sample=sample.index)
                    writer.write(request, attempt.reply)
                    written += 1
                messages = asking.follow_up(messages, attempt, asking.complaint(attempt.report) or "")
    finally:
        writer.close()
    return written


def _chunks(rows: Sequence[dict[str, object]], size: int) -> Iterator[Sequence[dict[str, object]]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
