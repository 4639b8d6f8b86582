"""Results files in the dashboard: ours come back with the same numbers, others' say what was made of their columns."""

import io
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from assay.bench import evaluations, viewing
from assay.bench.exports import rows
from assay.bench.scores import standings
from assay.errors import AssayError
from assay.store import Store
from tests.bench.pages.made_runs import make_run


def exported(store: Store, table: rows.Table, form: rows.Format, path: Path) -> Path:
    evaluation = evaluations.read_evaluation(store, "20260301-123000-ab12")
    out = io.StringIO(newline="")
    tasks = evaluations.read_tasks(store, evaluation.id)
    rows.write(table, form, rows.rows(table, evaluation, evaluations.read_samples(store, evaluation.id), tasks), out)
    path.write_text(out.getvalue(), encoding="utf-8", newline="")
    return path


@pytest.mark.parametrize(("table", "form"), [("samples", "csv"), ("samples", "jsonl"), ("tasks", "csv")])
def test_our_own_tables_come_back_with_the_same_rates(
    store: Store, tmp_path: Path, table: rows.Table, form: rows.Format
) -> None:
    truth = make_run(store, samples=2)
    view = viewing.open_view(store, exported(store, table, form, tmp_path / f"results.{form}"))
    assert view.run is not None
    seen = standings.standings(store, evaluations.read_evaluation(store, view.run))
    before = standings.standings(store, truth)
    assert [(one.score.model, one.score.pass_1) for one in seen] == [
        (one.score.model, one.score.pass_1) for one in before
    ]


def test_a_file_that_is_looked_at_is_no_run_and_can_be_forgotten(store: Store, tmp_path: Path) -> None:
    make_run(store, tasks=3)
    path = tmp_path / "mine.csv"
    path.write_text("problem_id,llm,correct,extra\n1,a,True,x\n1,b,0,y\n")
    view = viewing.open_view(store, path)
    assert view.run is not None
    assert [one.id for one in evaluations.list_evaluations(store)] == ["20260301-123000-ab12"]
    assert evaluations.read_evaluation(store, "last").id == "20260301-123000-ab12"
    said = " ".join(view.notes)
    assert "'llm' is taken for the model" in said
    assert "Not in the file: reply, program, cost, latency_s" in said
    assert "Not used: extra" in said
    viewing.forget(store, view)
    assert viewing.read_view(store, view.digest) is None
    assert not evaluations.is_there(store, view.run)


def test_rates_without_samples_are_a_table_that_says_so(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "board.jsonl"
    path.write_text("\n".join(json.dumps({"model": name, "pass@1": rate}) for name, rate in (("a", 0.5), ("b", 0.75))))
    view = viewing.open_view(store, path)
    assert view.run is None
    assert view.rows == (("a", "0.5"), ("b", "0.75"))
    assert "without intervals" in view.notes[0]


def test_a_task_of_no_samples_is_shown_as_that(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("task,model,samples,passed\na,m,0,0\n")
    view = viewing.open_view(store, path)
    assert view.run is not None
    assert list(evaluations.read_samples(store, view.run)) == []


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("x.csv", "a,b\n1,2\n", "no column with the task. Its columns: a, b"),
        ("x.csv", "task,b\n1,2\n", "no column with the verdict"),
        ("x.csv", "task,passed\n1,maybe\n", "row 2 says 'maybe', which is neither passed nor failed"),
        ("x.csv", "task,passed\n,1\n", "row 2 names no task"),
        ("x.csv", "task,samples,passed\na,9000000000,1\n", "row 2 stands for more than 1,000,000 samples"),
        ("x.csv", "", "has no rows"),
        ("x.jsonl", "{\n", "x.jsonl:1: not JSON"),
        ("x.jsonl", "[1]\n", "x.jsonl:1: not an object"),
        ("x.parquet", "PAR", "no Parquet file"),
        ("x.docx", "x", "no kind of table known here"),
    ],
)
def test_what_cannot_be_shown_says_why(store: Store, tmp_path: Path, name: str, text: str, said: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(AssayError) as refused:
        viewing.open_view(store, tmp_path / name)
    assert said in str(refused.value)


def test_a_file_that_is_not_there_is_named(store: Store, tmp_path: Path) -> None:
    with pytest.raises(AssayError, match="There is no file"):
        viewing.open_view(store, tmp_path / "nothing.csv")


def test_the_command_opens_the_file_says_where_and_ends_well(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("task,model,passed\n1,<b>small</b>,True\n2,<b>small</b>,False\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "assay", "bench", "view", str(path), "--no-browser", "--port", "0"],
        env={**os.environ, "ASSAY_HOME": str(tmp_path / "home"), "ASSAY_DATABASE_URL": store.url},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    with process:
        try:
            assert process.stdout is not None
            said = ""
            found = None
            while found is None and (line := process.stdout.readline()):  # first it says what it took the columns for
                said += line
                found = re.search(r"mine\.csv is open at (http://127\.0\.0\.1:\d+/\S*)", line)
            assert found, said
            page = httpx2.get(found[1], follow_redirects=True, timeout=60)
            assert page.status_code == 200
            assert "&lt;b&gt;small&lt;/b&gt;" in page.text
            assert "50.0" in page.text
            process.send_signal(signal.SIGINT)
            rest = process.stdout.read()
            assert (process.wait(60), "Traceback" in rest) == (0, False), rest
        finally:
            process.kill()
