"""Exports: the columns are those of the docs, and no text of a model's gets out of its cell."""

import csv
import io
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assay.bench.exports.rows import COLUMNS, FORMATS, TABLES, Format, Row, Table, rows, write
from assay.bench.records import Attempt, Evaluation, Sample
from assay.records import Finding, Isolation, Kind, Model, Reply, Report, Status, Task, sayable
from assay.spreadsheet import csv_text

calm = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no failure
EVALUATION = Evaluation(
    id="E",
    created=datetime(2026, 3, 1, tzinfo=UTC),
    source="run",
    suites=("s",),
    models=(Model(name="m", provider="openai", model="m"),),
    samples=2,
)
TASKS = [Task(id=i, suite="s", prompt="", checks=(), erratum=e) for i, e in (("a", None), ("b", "its reference fails"))]


def report(status: Status, got: str = "2") -> Report:
    finding = Finding(
        check="calls", case="c1", outcome="passed" if status == "pass" else "failed", integrity="outside",
        call="f(1)", expected="1", got=got, message="not equal",
    )  # fmt: skip
    isolation = Isolation(backend="bwrap", level=2, memory="polled")
    return Report(
        task="a", suite="s", status=status, findings=(finding,), score=0.5, integrity="outside", isolation=isolation,
        cpu_s=0.25, wall_s=0.5, memory_peak=1_000_000, message="f(1) gave 2",
    )  # fmt: skip


def sample(text: str = "hello", *, kind: Kind = "reply", index: int = 0, task: str = "a", model: str = "m") -> Sample:
    first = Attempt(
        reply=Reply(text="first", prompt_tokens=3, completion_tokens=5, cost=0.5, latency_s=1.5, first_token_s=0.5),
        report=report("wrong", got=text),
        raw=report("exception"),
        changes=("took the last block",),
        program="bad",
    )
    last = Attempt(
        reply=Reply(text=text, prompt_tokens=4, completion_tokens=6, cost=0.25, latency_s=2.5, attempts=2),
        report=report("pass"),
        changes=(text, "dropped prose"),
        program=text,
    )
    return Sample(evaluation="E", suite="s", task=task, model=model, index=index, kind=kind, attempts=(first, last))


def exported(table: Table, fmt: Format, samples: list[Sample]) -> str:
    out = io.StringIO(newline="")
    count = write(table, fmt, rows(table, EVALUATION, samples, TASKS), out)
    assert count == sum(1 for _ in rows(table, EVALUATION, samples, TASKS))
    return out.getvalue()


def read_csv(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def read_jsonl(text: str) -> list[Row]:
    return [json.loads(line) for line in text.split("\n")[:-1]]


# ---- the columns ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", TABLES)
def test_the_docs_have_the_columns_types_and_meanings_of_the_code(table: Table) -> None:
    text = (Path(__file__).parents[3] / "docs" / "rows.md").read_text(encoding="utf-8")
    part = re.split(r"^## ", text.split(f"\n## {table}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
    documented = re.findall(r"^\| `(\w+)` \| (\w+)(, may be empty)? \| (.*) \|$", part, flags=re.MULTILINE)
    code = [(c.name, c.type, ", may be empty" if c.optional else "", c.meaning) for c in COLUMNS[table]]
    assert documented == code


@pytest.mark.parametrize("fmt", FORMATS)
@pytest.mark.parametrize("table", TABLES)
def test_every_row_has_every_column_in_order(table: Table, fmt: Format) -> None:
    text = exported(table, fmt, [sample(), sample(index=1)])
    found = read_csv(text) if fmt == "csv" else read_jsonl(text)
    assert found
    assert all(list(row) == [column.name for column in COLUMNS[table]] for row in found)


@pytest.mark.parametrize("table", TABLES)
def test_every_value_is_of_its_columns_type_and_only_optional_ones_are_empty(table: Table) -> None:
    kinds: dict[str, type | tuple[type, ...]] = {"text": str, "integer": int, "number": (int, float), "boolean": bool}
    bare = Sample(
        evaluation="E", suite="s", task="a", model="m", index=1,
        attempts=(Attempt(reply=Reply(text=""), report=Report(task="a", suite="s", status="no_code")),),
    )  # fmt: skip
    rows = list(read_jsonl(exported(table, "jsonl", [sample(), bare])))
    assert rows
    for row in rows:
        for column in COLUMNS[table]:
            value = row[column.name]
            assert (value is None and column.optional) or isinstance(value, kinds[column.type])
            assert column.type == "boolean" or not isinstance(value, bool)


@pytest.mark.parametrize("table", TABLES)
def test_csv_and_json_lines_say_the_same(table: Table) -> None:
    samples = [sample("plain text"), sample(index=1)]
    for cells, row in zip(
        read_csv(exported(table, "csv", samples)), read_jsonl(exported(table, "jsonl", samples)), strict=True
    ):
        assert cells == {name: "" if value is None else str(value) for name, value in row.items()}


def test_a_table_without_rows_still_has_its_head() -> None:
    assert read_csv(exported("samples", "csv", [])) == []
    assert exported("samples", "csv", []).startswith('"evaluation","suite"')
    assert exported("checks", "jsonl", []) == ""


# ---- what is in them -----------------------------------------------------------------------------------------------


def test_a_sample_row_sums_its_attempts_and_tells_first_raw_and_cleaned_apart() -> None:
    (row,) = rows("samples", EVALUATION, [sample()])
    assert (row["status"], row["passed"], row["first_status"]) == ("pass", True, "wrong")
    assert (row["raw_status"], row["cleaned_status"], row["attempts"]) == ("exception", "wrong", 2)
    assert (row["prompt_tokens"], row["completion_tokens"], row["cost"], row["requests"]) == (7, 11, 0.75, 3)
    assert (row["latency_s"], row["first_token_s"]) == (4.0, 0.5)
    assert (row["isolation_backend"], row["isolation_level"], row["isolation_memory"]) == ("bwrap", 2, "polled")


def test_a_sample_row_says_whether_a_program_that_passed_failed_when_run_again() -> None:
    def told(*reruns: Status) -> tuple[object, object]:
        (row,) = rows("samples", EVALUATION, [sample().model_copy(update={"reruns": reruns})])
        return row["reruns"], row["flaky"]

    assert told() == (0, None)
    assert told("pass", "pass") == (2, False)
    assert told("pass", "timeout") == (2, True)
    assert told("error") == (1, None)


@pytest.mark.parametrize(("kind", "counting"), [("reply", "cleaned"), ("completion", "raw")])
def test_check_rows_say_which_text_they_graded_and_which_verdict_counts(kind: Kind, counting: str) -> None:
    once = sample(kind=kind).model_copy(update={"attempts": sample().attempts[:1]})
    found = list(rows("checks", EVALUATION, [once]))
    assert [(row["text"], row["counts"]) for row in found] == [(t, t == counting) for t in ("raw", "cleaned")]
    repaired = list(rows("checks", EVALUATION, [sample(kind=kind)]))
    assert [(row["attempt"], row["text"], row["counts"]) for row in repaired] == [
        (0, "raw", False),
        (0, "cleaned", False),
        (1, "both", True),
    ]


def test_task_rows_hold_what_is_missing_and_the_errata() -> None:
    a, b = rows("tasks", EVALUATION, [sample()], TASKS)
    assert (a["task"], a["expected"], a["seen"], a["missing"], a["passed"], a["n_pass"]) == ("a", 2, 1, 1, 1, 1)
    assert (a["pass_at_1"], a["pass_at_10"]) == (1.0, None)
    assert (b["task"], b["missing"], b["pass_at_1"], b["erratum"]) == ("b", 2, None, "its reference fails")


# ---- hostile text --------------------------------------------------------------------------------------------------


anything = st.text(st.characters() | st.sampled_from("\x00\r\n\t,\";=+-@'\ud800\ufeff"), max_size=40)


@calm
@given(anything)
def test_whatever_the_text_a_csv_row_reads_back_whole_and_alone(text: str) -> None:
    written = exported("samples", "csv", [sample(text), sample("next", index=1)])
    first, second = read_csv(written)
    assert second["reply"] == "next"
    assert first["reply"] == first["program"] == csv_text(text)
    assert not first["reply"].lstrip().startswith(("=", "+", "-", "@"))
    assert "\x00" not in written
    assert written.encode("utf-8")


@calm
@given(anything)
def test_whatever_the_text_a_json_line_is_one_line_and_holds_it(text: str) -> None:
    written = exported("checks", "jsonl", [sample(text)])
    got = [json.loads(line)["got"] for line in written.splitlines()]
    assert sayable(text) in got
    assert len(got) == 3


def test_a_hostile_model_name_stays_in_its_cell() -> None:
    (row,) = read_csv(exported("samples", "csv", [sample(model='m",=cmd|"/c calc"!A1\r\n"x')]))
    assert row["model"] == 'm",=cmd|"/c calc"!A1\n"x'


def test_a_long_export_is_written_as_it_goes() -> None:
    class Counting(io.StringIO):
        largest = 0

        def write(self, text: str) -> int:
            self.largest = max(self.largest, len(text))
            return len(text)  # kept nowhere

    out = Counting(newline="")
    samples = (sample("x" * 1_000, index=index) for index in range(2_000))
    assert write("samples", "csv", rows("samples", EVALUATION, samples), out) == 2_000
    assert out.largest < 10_000
