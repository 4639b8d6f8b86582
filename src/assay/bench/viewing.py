"""A results file in the dashboard: ours, or anybody's with a task and a verdict a row. It is looked at, not kept as a run.

A file with a row a sample (or a row a task × model) becomes an evaluation of source `view`: every page of a run shows it,
no list of runs does, and it goes when the command that opened it ends. A file with one row a model and rates without
their samples becomes a plain table: no interval can be given for a rate that does not say what it rests on.
"""

import csv
import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, get_args

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from assay.bench import evaluations
from assay.bench.exports.rows import COLUMNS
from assay.bench.records import Attempt, Evaluation, Sample
from assay.bench.tables import EVALUATIONS, VIEWS
from assay.errors import AssayError
from assay.records import Record, Reply, Report, Status, Task
from assay.store import Store
from assay.visible import one_line

NAMES: dict[str, tuple[str, ...]] = {
    "task": ("task", "task_id", "problem_id", "question_id", "problem", "instance_id", "doc_id"),
    "model": ("model", "model_name", "llm", "model_id", "engine"),
    "suite": ("suite", "benchmark", "dataset", "data_set"),
    "sample": ("sample", "sample_id", "completion_id", "solution_id", "index"),
    "status": ("status",),
    "passed": ("passed", "pass", "correct", "is_correct", "success", "resolved", "result", "outcome", "pass@1"),
    "reply": ("reply", "response", "raw_response", "output", "completion", "generation"),
    "program": ("program", "solution", "code", "script"),
    "message": ("message", "error", "reason", "detail", "error_message"),
    "prompt_tokens": ("prompt_tokens", "input_tokens"),
    "completion_tokens": ("completion_tokens", "output_tokens", "tokens"),
    "cost": ("cost", "cost_usd"),
    "currency": ("currency",),
    "latency_s": ("latency_s", "latency", "duration_s", "seconds", "time_s"),
}
"""Under which names a column is looked for, the first that is there."""
RATES = (
    "pass@1",
    "pass_at_1",
    "pass1",
    "pass@10",
    "pass_at_10",
    "pass@100",
    "pass_at_100",
    "pass@k",
    "accuracy",
    "score",
)
_STATUSES: tuple[Status, ...] = get_args(Status)
_YES = {"true", "1", "1.0", "yes", "y", "pass", "passed", "ok", "correct", "success", "resolved", "✓"}
_NO = {
    "false",
    "0",
    "0.0",
    "no",
    "n",
    "fail",
    "failed",
    "failure",
    "wrong",
    "incorrect",
    "unresolved",
    "✗",
    "timed out",
}
_AT_ONCE = 500
LARGEST_ROWS = 1_000_000
_SHOWN_ROWS = 5_000
_STALE = timedelta(days=2)


class View(Record):
    """A results file that is looked at."""

    digest: str
    name: str
    run: str | None
    """The evaluation that shows it; None: it is a plain table."""
    notes: tuple[str, ...]
    """What was made of its columns, and what was missed."""
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    """The table, where it is one."""


def open_view(store: Store, path: Path) -> View:
    """Take a file in. Raises AssayError that names the columns it would need, where they are not there."""
    head, rows = _table(path)
    digest = _digest(path)
    found = {what: name for what, names in NAMES.items() if (name := _first(head, names)) is not None}
    if tuple(head) == tuple(column.name for column in COLUMNS["checks"]):
        raise AssayError(
            f"{path.name} has a row a check, and the dashboard needs one a sample.",
            "Write it with: assay bench export RUN --table samples",
        )
    forget_stale(store)
    if "task" in found and ("status" in found or "passed" in found):
        view = _as_run(store, path.name, digest, head, rows, found)
    elif "model" in found and _first(head, RATES) is not None:
        view = _as_table(path.name, digest, head, rows)
    else:
        raise AssayError(
            f"{path.name} has no column {_missing(found)}. Its columns: {one_line(', '.join(head), 300) or 'none'}.",
            "A row a sample needs a task (task, task_id, problem_id, …) and a verdict (status, passed, correct, …); a row a "
            "model needs a model and a rate (pass@1, accuracy, …).",
        )
    statement = insert(VIEWS).values(digest=digest, record=view.model_dump_json())
    with store.engine.begin() as connection:
        connection.execute(
            statement.on_conflict_do_update(index_elements=[VIEWS.c.digest], set_={"record": statement.excluded.record})
        )
    return view


def read_view(store: Store, digest: str) -> View | None:
    """A file that is looked at; None: not here, or no more."""
    with store.engine.connect() as connection:
        text = connection.scalar(sa.select(VIEWS.c.record).where(VIEWS.c.digest == digest))
    return None if text is None else View.model_validate_json(text)


def forget(store: Store, view: View) -> None:
    """Look at it no more."""
    with store.engine.begin() as connection:
        connection.execute(sa.delete(VIEWS).where(VIEWS.c.digest == view.digest))
        if view.run is not None:
            connection.execute(
                sa.delete(EVALUATIONS).where(EVALUATIONS.c.id == view.run, EVALUATIONS.c.source == "view")
            )


def forget_stale(store: Store) -> None:
    """Forget what a command that was killed has left behind."""
    old = datetime.now(UTC) - _STALE
    with store.engine.begin() as connection:
        connection.execute(sa.delete(EVALUATIONS).where(EVALUATIONS.c.source == "view", EVALUATIONS.c.created < old))
        connection.execute(sa.delete(VIEWS).where(VIEWS.c.created < old))


# ---- the file ------------------------------------------------------------------------------------------------------

Row = Mapping[str, Any]


def _table(path: Path) -> tuple[list[str], Iterator[Row]]:
    """The columns of a file and its rows, streamed."""
    ending = path.name.lower().removesuffix(".gz").rpartition(".")[2]
    readers: dict[str, Callable[[Path], Iterator[Row]]] = {
        "csv": _csv_rows, "tsv": _csv_rows, "jsonl": _json_rows, "ndjson": _json_rows, "parquet": _parquet_rows,
    }  # fmt: skip
    if ending not in readers:
        raise AssayError(
            f"{path.name} is no kind of table known here.", "Known endings: .csv, .tsv, .jsonl (also .gz), .parquet."
        )
    rows = readers[ending](path)
    try:
        first = list(islice(rows, 1))
    except FileNotFoundError:
        raise AssayError(f"There is no file {path}.", "Look at the name and the folder.") from None
    except (OSError, UnicodeDecodeError, csv.Error, EOFError) as error:
        raise AssayError(f"{path.name} cannot be read: {one_line(str(error))}.", "Is it a table in UTF-8?") from None
    if not first:
        raise AssayError(
            f"{path.name} has no rows.", "A results file has a row a sample, below the names of its columns."
        )
    return list(first[0]), _bounded(first, rows, path.name)


def _bounded(first: Sequence[Row], rest: Iterator[Row], name: str) -> Iterator[Row]:
    yield from first
    try:
        for number, row in enumerate(rest, 2):
            if number > LARGEST_ROWS:
                raise AssayError(f"{name} has more than {LARGEST_ROWS:,} rows.", "Open a part of it.")
            yield row
    except (OSError, UnicodeDecodeError, csv.Error, EOFError) as error:
        raise AssayError(f"{name} cannot be read to its end: {one_line(str(error))}.", "Is it whole?") from None


def _csv_rows(path: Path) -> Iterator[Row]:
    csv.field_size_limit(64 << 20)
    with (
        gzip.open(path, "rt", encoding="utf-8-sig", newline="")
        if path.name.lower().endswith(".gz")
        else path.open(encoding="utf-8-sig", newline="") as file
    ):
        head = file.readline()
        file.seek(0)
        delimiter = max(",;\t", key=head.count)
        for row in csv.DictReader(file, delimiter=delimiter, restval=""):
            yield {name: _unprotected(value) for name, value in row.items() if isinstance(name, str)}


def _unprotected(value: object) -> object:
    """The text behind the apostrophe that keeps a spreadsheet from taking it for a formula."""
    return value[1:] if isinstance(value, str) and value.startswith("'") else value


def _json_rows(path: Path) -> Iterator[Row]:
    with (
        gzip.open(path, "rt", encoding="utf-8")
        if path.name.lower().endswith(".gz")
        else path.open(encoding="utf-8") as file
    ):
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as error:
                raise AssayError(f"{path.name}:{number}: not JSON: {error}.", "Each line is one object.") from None
            if not isinstance(row, dict):
                raise AssayError(f"{path.name}:{number}: not an object.", "Each line is one object.")
            yield row


def _parquet_rows(path: Path) -> Iterator[Row]:
    try:
        from pyarrow import ArrowException, parquet  # type: ignore[import-untyped, unused-ignore]
    except ImportError:
        raise AssayError("Parquet files need pyarrow, which is not here.", "pip install 'assay[parquet]'") from None
    if not path.is_file():
        raise FileNotFoundError(path)
    try:
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(_AT_ONCE):
                yield from batch.to_pylist()
    except ArrowException as error:
        raise AssayError(f"{path.name} is no Parquet file: {one_line(str(error))}.", "Is it whole?") from None


def _digest(path: Path) -> str:
    """The name of this content under this name."""
    whole = hashlib.sha256(path.name.encode("utf-8", "replace"))
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            whole.update(block)
    return whole.hexdigest()[:16]


def _first(head: Sequence[str], names: Sequence[str]) -> str | None:
    lowered = {name.strip().lower().replace(" ", "_"): name for name in reversed(head)}
    return next((lowered[name] for name in names if name in lowered), None)


def _missing(found: Mapping[str, str]) -> str:
    if "task" not in found:
        return "with the task"
    return "with the verdict"


# ---- a run ---------------------------------------------------------------------------------------------------------


def _as_run(
    store: Store, name: str, digest: str, head: Sequence[str], rows: Iterator[Row], found: dict[str, str]
) -> View:
    run = f"view-{digest}"
    stem = Path(name).stem
    by_task = {"samples", "passed"} <= set(head) and "sample" not in found
    notes = _notes(head, found, by_task)
    numbers: Counter[tuple[str, str, str]] = Counter()
    tasks: dict[tuple[str, str], Task] = {}
    evaluation = Evaluation(
        id=run, created=datetime.now(UTC), source="view", state="done", suites=(), replies=(one_line(name, 120),),
        note=" ".join(notes),
    )  # fmt: skip
    with store.engine.begin() as connection:
        connection.execute(sa.delete(EVALUATIONS).where(EVALUATIONS.c.id == run))
    batch: list[Sample] = []
    made: list[list[Sample]] = []
    # tasks are known when all rows are read, and samples are shown by their tasks: so the file is read before it is saved
    for line, row in enumerate(rows, 2):
        suite, task, model = (
            _named(row, found, what, default) for what, default in (("suite", stem), ("task", ""), ("model", stem))
        )
        if not task:
            raise AssayError(f"{name}: row {line} names no task.", f"Its column is {found['task']!r}.")
        place = (suite, task, model)
        tasks.setdefault(
            (suite, task),
            Task(id=task, suite=suite, prompt="The file does not say what was asked.", checks=(), place=name),
        )
        for status in _statuses(row, found, by_task, name, line):
            batch.append(_sample(run, place, numbers[place], status, row, found))
            numbers[place] += 1
            if len(batch) >= _AT_ONCE:
                made.append(batch)
                batch = []
    made.append(batch)
    suites = tuple(dict.fromkeys(suite for suite, _ in tasks))
    whole = evaluation.model_copy(update={"suites": suites, "samples": max(numbers.values(), default=1)})
    evaluations.create(store, whole, list(tasks.values()), [])
    for part in made:
        evaluations.save_samples(store, part)
    return View(digest=digest, name=name, run=run, notes=tuple(notes))


def _notes(head: Sequence[str], found: Mapping[str, str], by_task: bool) -> list[str]:
    used = set(found.values()) | ({"samples", *(f"n_{status}" for status in _STATUSES)} if by_task else set())
    renamed = [f"{name!r} is taken for the {what}" for what, name in found.items() if name != what]
    missed = [what for what in ("model", "reply", "program", "cost", "latency_s") if what not in found]
    unused = [name for name in head if name not in used]
    said = []
    if renamed:
        said.append(f"Columns: {one_line('; '.join(renamed), 400)}.")
    if missed:
        said.append(f"Not in the file: {', '.join(missed)}; what they would show is left out.")
    if unused and len(said):
        said.append(f"Not used: {one_line(', '.join(unused), 300)}.")
    return said


def _named(row: Row, found: Mapping[str, str], what: str, default: str) -> str:
    value = row.get(found[what]) if what in found else None
    return (one_line(str(value), 1_000) if value is not None and str(value) != "" else default) or default


def _statuses(row: Row, found: Mapping[str, str], by_task: bool, name: str, line: int) -> list[Status]:
    if by_task:
        passed, samples = (_whole(row.get(column)) or 0 for column in ("passed", "samples"))
        counts = {status: _whole(row.get(f"n_{status}")) or 0 for status in _STATUSES if status != "pass"}
        if max(passed, samples, *counts.values()) > LARGEST_ROWS:
            raise AssayError(
                f"{name}: row {line} stands for more than {LARGEST_ROWS:,} samples.", "Look at its counts in the file."
            )
        other: list[Status] = [status for status, count in counts.items() for _ in range(count)]
        short = max(0, samples - passed - sum(status != "error" for status in other))
        passes: list[Status] = ["pass"] * passed
        wrongs: list[Status] = ["wrong"] * short
        return passes + other + wrongs
    status = str(row.get(found["status"], "")).strip().lower() if "status" in found else ""
    if status in _STATUSES:
        return [status]
    if "passed" not in found and status:
        return ["pass" if _is_yes(status, name, line) else "wrong"]
    value = row.get(found["passed"]) if "passed" in found else None
    return ["pass" if _is_yes(value, name, line) else "wrong"]


def _is_yes(value: object, name: str, line: int) -> bool:
    said = str(value).strip().lower()
    if said in _YES:
        return True
    if said in _NO or said.startswith(("fail", "error", "timed out", "timeout")):
        return False
    raise AssayError(
        f"{name}: row {line} says {one_line(said, 60)!r}, which is neither passed nor failed.",
        "A verdict is true or false, 1 or 0, passed or failed, or one of our statuses (docs/rows.md).",
    )


def _sample(
    run: str, place: tuple[str, str, str], index: int, status: Status, row: Row, found: Mapping[str, str]
) -> Sample:
    suite, task, model = place

    def text(what: str) -> str:
        value = row.get(found[what]) if what in found else None
        return "" if value is None else str(value)

    reply = Reply(
        text=text("reply") or text("program"),
        finish="length" if status == "truncated" else "stop",
        prompt_tokens=_whole(text("prompt_tokens")),
        completion_tokens=_whole(text("completion_tokens")),
        cost=_amount(text("cost")),
        currency=one_line(text("currency"), 8) or "USD",
        latency_s=_amount(text("latency_s")),
    )
    report = Report(task=task, suite=suite, status=status, message=text("message"), score=float(status == "pass"))
    raw = str(row.get("raw_status", "")) if "raw_status" in row else ""
    attempt = Attempt(
        reply=reply,
        report=report,
        raw=report.model_copy(update={"status": raw}) if raw in _STATUSES and raw != status else None,
        program=text("program"),
    )
    return Sample(evaluation=run, suite=suite, task=task, model=model, index=index, attempts=(attempt,))


def _whole(value: object) -> int | None:
    amount = _amount(value)
    return None if amount is None or amount != int(amount) or amount > 1 << 53 else int(amount)


def _amount(value: object) -> float | None:
    """A number from 0 on; None where there is none."""
    try:
        amount = float(str(value))
    except ValueError:
        return None
    return amount if 0 <= amount < float("inf") else None


def _as_table(name: str, digest: str, head: Sequence[str], rows: Iterator[Row]) -> View:
    shown = [
        tuple(one_line("" if row.get(column) is None else str(row[column]), 500) for column in head)
        for row in islice(rows, _SHOWN_ROWS)
    ]
    note = (
        "The file has one row a model and no samples: the rates stand here as it says them, without intervals, and no two "
        "models can be compared. A file with a row a sample shows more."
    )
    return View(
        digest=digest,
        name=name,
        run=None,
        notes=(note,),
        head=tuple(one_line(column, 100) for column in head),
        rows=tuple(shown),
    )
