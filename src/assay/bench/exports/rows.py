"""An evaluation as tables: a row a check, a row a sample, a row a task × model, in CSV and JSON Lines.

The columns are the same in both formats and written down, with their types, in docs/rows.md. Texts come from models, so
a CSV cell is kept from being taken for a formula, and what no spreadsheet should be handed is made visible.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, TextIO, get_args

from assay.bench.records import Attempt, Evaluation, Sample
from assay.bench.scores.formulas import pass_at_k
from assay.bench.scores.records import KS, STATUSES, TaskScore
from assay.bench.scores.scoring import score
from assay.records import Finding, Report, Task, sayable
from assay.spreadsheet import csv_text, csv_writer

Table = Literal["checks", "samples", "tasks"]
TABLES: tuple[Table, ...] = get_args(Table)
Format = Literal["csv", "jsonl"]
FORMATS: tuple[Format, ...] = get_args(Format)

Type = Literal["text", "integer", "number", "boolean"]
Value = str | int | float | bool | None
Row = dict[str, Value]


@dataclass(frozen=True)
class Column:
    """One column: what it is called, what it holds, what it means."""

    name: str
    type: Type
    meaning: str
    optional: bool = False
    """Whether a row may have nothing here: an empty cell, null in JSON."""


_SAMPLE_KEY = (
    Column("evaluation", "text", "the evaluation's id"),
    Column("suite", "text", "the suite's name"),
    Column("task", "text", "the task's id"),
    Column("model", "text", "the model's name"),
)

COLUMNS: dict[Table, tuple[Column, ...]] = {
    "checks": (
        *_SAMPLE_KEY,
        Column("sample", "integer", "which sample of the task, from 0"),
        Column("attempt", "integer", "0: the first try; 1 and up: the repairs"),
        Column(
            "text",
            "text",
            "which text was graded: `raw` (as it came) or `cleaned`; `both` where they are the same program",
        ),
        Column("counts", "boolean", "whether this is the verdict that counts for the sample"),
        Column("check", "text", "the kind of check: calls, stdio, asserts"),
        Column("case", "text", "the case's id within the check"),
        Column("outcome", "text", "passed, failed or error (ours; counts against nobody)"),
        Column("integrity", "text", "where the verdict was made: outside, proxy or in_process"),
        Column("public", "boolean", "whether who wrote the program may see the case"),
        Column("call", "text", "what was called"),
        Column("expected", "text", "what should have come"),
        Column("got", "text", "what came"),
        Column("message", "text", "what else is to be said"),
    ),
    "samples": (
        *_SAMPLE_KEY,
        Column("sample", "integer", "which sample of the task, from 0"),
        Column("kind", "text", "reply, completion or solution"),
        Column("status", "text", "what counts: pass wrong exception timeout oom no_code truncated error"),
        Column("passed", "boolean", "whether status is pass"),
        Column("first_status", "text", "the status of the first try, before any repair"),
        Column("raw_status", "text", "the first try graded as it came"),
        Column("cleaned_status", "text", "the first try graded after clean-up"),
        Column("attempts", "integer", "tries made: 1 and the repairs"),
        Column("reruns", "integer", "times the program that passed was run again"),
        Column("flaky", "boolean", "whether it then failed once; empty: not run again", optional=True),
        Column("score", "number", "the share of the cases that passed, 0 to 1"),
        Column("cases", "integer", "the cases of all its checks"),
        Column("passed_cases", "integer", "those of them that passed"),
        Column("message", "text", "why it is not a pass, in a line"),
        Column("integrity", "text", "the weakest integrity of its findings", optional=True),
        Column("isolation_backend", "text", "the sandbox it ran in", optional=True),
        Column("isolation_level", "integer", "its level, 0 (rlimits) to 4 (virtual machine)", optional=True),
        Column("isolation_memory", "text", "how memory was limited: cgroup, polled or rlimit", optional=True),
        Column("finish", "text", "why the last reply ended: stop, length, filtered, truncated_prompt, other"),
        Column("requests", "integer", "requests to the model, retries included"),
        Column("prompt_tokens", "integer", "over all attempts, as far as the server said", optional=True),
        Column("completion_tokens", "integer", "over all attempts, as far as the server said", optional=True),
        Column("cost", "number", "over all attempts, as far as known", optional=True),
        Column("currency", "text", "of the cost"),
        Column("latency_s", "number", "seconds, the whole reply, summed over the attempts", optional=True),
        Column("first_token_s", "number", "seconds to the first token of the first reply", optional=True),
        Column("cpu_s", "number", "CPU seconds in the sandbox, of the report that counts"),
        Column("wall_s", "number", "wall-clock seconds in the sandbox, of the report that counts"),
        Column("memory_peak", "integer", "bytes, of the report that counts"),
        Column("changes", "text", "what clean-up did to the last reply, a line each"),
        Column("reply", "text", "the last reply as it came"),
        Column("program", "text", "the last program after clean-up, its main file"),
    ),
    "tasks": (
        *_SAMPLE_KEY,
        Column("expected", "integer", "samples that should be there"),
        Column("seen", "integer", "samples that are there"),
        Column("samples", "integer", "samples that count: seen without error"),
        Column("missing", "integer", "expected and not seen"),
        Column("passed", "integer", "samples that passed"),
        *(
            Column(f"pass_at_{k}", "number", f"unbiased pass@{k}; empty with fewer than {k} samples", optional=True)
            for k in KS
        ),
        *(Column(f"n_{status}", "integer", f"samples of status {status}") for status in STATUSES),
        Column("erratum", "text", "what is known to be wrong with the task in its source", optional=True),
    ),
}


def rows(
    table: Table, evaluation: Evaluation, samples: Iterable[Sample], tasks_expected: Iterable[Task] = ()
) -> Iterator[Row]:
    """The rows of one table, each with every column of it, in order. `checks` and `samples` stream."""
    if table == "checks":
        return (row for sample in samples for row in _check_rows(sample))
    if table == "samples":
        return (_sample_row(sample) for sample in samples)
    return (
        _task_row(evaluation, task) for one in score(evaluation, samples, tasks_expected).scores for task in one.by_task
    )


def write(table: Table, format: Format, rows: Iterable[Row], out: TextIO) -> int:  # noqa: A002 - the option's name
    """Write the rows to a text file opened as UTF-8 with newline="" and say how many they were."""
    return (_write_csv if format == "csv" else _write_jsonl)(table, rows, out)


def _write_csv(table: Table, rows: Iterable[Row], out: TextIO) -> int:
    columns = COLUMNS[table]
    writer = csv_writer(out)
    writer.writerow([column.name for column in columns])
    cells = [(column.name, _CELL[column.type]) for column in columns]
    count = 0
    for count, row in enumerate(rows, 1):  # noqa: B007 - the count is what is given back
        writer.writerow([cell(row[name]) for name, cell in cells])
    return count


def _write_jsonl(table: Table, rows: Iterable[Row], out: TextIO) -> int:
    """One object a line. Texts are whole and unchanged, lone surrogates aside, which UTF-8 cannot say."""
    columns = [column.name for column in COLUMNS[table]]
    count = 0
    for count, row in enumerate(rows, 1):  # noqa: B007
        whole = {name: sayable(value) if isinstance(value := row[name], str) else value for name in columns}
        out.write(_ONE_LINE.sub(_escape, json.dumps(whole, ensure_ascii=False, allow_nan=False)) + "\n")
    return count


_ONE_LINE = re.compile("[\x7f\x85\u2028\u2029]")  # what some readers take for the end of a line, JSON notwithstanding


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


# ---- one row -------------------------------------------------------------------------------------------------------


def _check_rows(sample: Sample) -> Iterator[Row]:
    for number, attempt in enumerate(sample.attempts):
        for text, report in _texts(attempt):
            counts = attempt is sample.last and report is sample.counted(attempt)
            for finding in report.findings:
                yield {**_key(sample), "attempt": number, "text": text, "counts": counts, **_finding(finding)}


def _texts(attempt: Attempt) -> list[tuple[str, Report]]:
    if attempt.raw is None:
        return [("both", attempt.report)]
    return [("raw", attempt.raw), ("cleaned", attempt.report)]


def _finding(finding: Finding) -> Row:
    return {
        "check": finding.check,
        "case": finding.case,
        "outcome": finding.outcome,
        "integrity": finding.integrity,
        "public": finding.public,
        "call": finding.call,
        "expected": finding.expected,
        "got": finding.got,
        "message": finding.message,
    }


def _key(sample: Sample) -> Row:
    return {
        "evaluation": sample.evaluation,
        "suite": sample.suite,
        "task": sample.task,
        "model": sample.model,
        "sample": sample.index,
    }


def _sample_row(sample: Sample) -> Row:
    first, last = sample.attempts[0], sample.last
    report = sample.counted(last)
    replies = [attempt.reply for attempt in sample.attempts]
    isolation = report.isolation
    return {
        **_key(sample),
        "kind": sample.kind,
        "status": sample.status,
        "passed": sample.status == "pass",
        "first_status": sample.first_status,
        "raw_status": first.as_it_came.status,
        "cleaned_status": first.report.status,
        "attempts": len(sample.attempts),
        "reruns": len(sample.reruns),
        "flaky": sample.flaky,
        "score": report.score,
        "cases": report.cases,
        "passed_cases": report.passed_cases,
        "message": report.message,
        "integrity": report.integrity,
        "isolation_backend": isolation.backend if isolation else None,
        "isolation_level": isolation.level if isolation else None,
        "isolation_memory": isolation.memory if isolation else None,
        "finish": last.reply.finish,
        "requests": sum(reply.attempts for reply in replies),
        "prompt_tokens": _sum(reply.prompt_tokens for reply in replies),
        "completion_tokens": _sum(reply.completion_tokens for reply in replies),
        "cost": _sum(reply.cost for reply in replies),
        "currency": last.reply.currency,
        "latency_s": _sum(reply.latency_s for reply in replies),
        "first_token_s": first.reply.first_token_s,
        "cpu_s": report.cpu_s,
        "wall_s": report.wall_s,
        "memory_peak": report.memory_peak,
        "changes": "\n".join(last.changes),
        "reply": last.reply.text,
        "program": last.program,
    }


def _task_row(evaluation: Evaluation, task: TaskScore) -> Row:
    return {
        "evaluation": evaluation.id,
        "suite": task.suite,
        "task": task.task,
        "model": task.model,
        "expected": task.expected,
        "seen": task.seen,
        "samples": task.samples,
        "missing": task.missing,
        "passed": task.passed,
        **{f"pass_at_{k}": pass_at_k(task.samples, task.passed, k) if task.samples >= k else None for k in KS},
        **{f"n_{status}": task.statuses.get(status, 0) for status in STATUSES},
        "erratum": task.erratum,
    }


def _sum(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


# ---- one cell ------------------------------------------------------------------------------------------------------


def _text_cell(value: Value) -> Value:
    return "" if value is None else csv_text(str(value))


def _plain_cell(value: Value) -> Value:
    return value


_CELL: dict[Type, Callable[[Value], Value]] = {
    "text": _text_cell,
    "integer": _plain_cell,
    "number": _plain_cell,
    "boolean": _plain_cell,
}
