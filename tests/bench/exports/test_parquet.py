"""Parquet: the same rows as JSON Lines, typed, and never all in memory."""

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assay.bench.exports import parquet
from assay.bench.exports.rows import COLUMNS, TABLES, Row, Table, rows
from assay.bench.records import Sample
from tests.bench.exports.test_rows import EVALUATION, TASKS, exported, read_jsonl, sample

calm = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
TYPES = {"text": pyarrow.string(), "integer": pyarrow.int64(), "number": pyarrow.float64(), "boolean": pyarrow.bool_()}


def written(table: Table, samples: list[Sample]) -> bytes:
    out = io.BytesIO()
    made = list(rows(table, EVALUATION, samples, TASKS))
    assert parquet.write_stream(table, made, out) == len(made)
    return out.getvalue()


def read(content: bytes) -> list[Row]:
    found: list[Row] = pq.read_table(io.BytesIO(content)).to_pylist()
    return found


@pytest.mark.parametrize("table", TABLES)
def test_the_columns_have_the_names_types_and_meanings_of_the_docs(table: Table) -> None:
    schema = pq.read_schema(io.BytesIO(written(table, [sample()])))
    assert [(field.name, field.type, field.nullable) for field in schema] == [
        (column.name, TYPES[column.type], column.optional) for column in COLUMNS[table]
    ]
    assert [field.metadata[b"meaning"].decode() for field in schema] == [column.meaning for column in COLUMNS[table]]


@pytest.mark.parametrize("table", TABLES)
def test_parquet_and_json_lines_say_the_same(table: Table) -> None:
    samples = [sample(), sample("lone \ud800, nul \0, \U0001f600 and\r\nlines", index=1), sample(index=2, model="=m")]
    assert read(written(table, samples)) == read_jsonl(exported(table, "jsonl", samples))


@calm
@given(st.lists(st.text(st.characters() | st.sampled_from('\0\ud800\udfff\r\n=,"'), max_size=60), max_size=5))
def test_whatever_the_texts_they_come_back(texts: list[str]) -> None:
    samples = [sample(text, index=index) for index, text in enumerate(texts)]
    for table in TABLES:
        assert read(written(table, samples)) == read_jsonl(exported(table, "jsonl", samples))


def test_a_table_without_rows_has_its_columns() -> None:
    content = written("samples", [])
    assert read(content) == []
    assert pq.read_schema(io.BytesIO(content)).names == [column.name for column in COLUMNS["samples"]]


def test_a_text_of_ten_megabytes_is_whole() -> None:
    text = "\N{SNOWMAN}x" * 5_000_000
    (row,) = read(written("samples", [sample(text)]))
    assert row["reply"] == row["program"] == text


def test_rows_are_written_in_groups_of_bounded_size_as_they_come(tmp_path: Path) -> None:
    """2,000 samples of 60 kB in each of three texts: while they are written, the next group has not been made."""
    made = 0
    ahead = []

    def samples() -> Iterator[Sample]:
        nonlocal made
        for index in range(2_000):
            made = index
            yield sample("x" * 60_000, index=index)

    class Out(io.FileIO):
        def write(self, data: Any) -> int:
            ahead.append(made)
            return super().write(data)

    path = tmp_path / "big.parquet"
    with Out(path, "w") as out:
        assert parquet.write_stream("samples", rows("samples", EVALUATION, samples()), out) == 2_000
    metadata = pq.read_metadata(path)
    groups = [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]
    assert sum(groups) == 2_000
    assert max(groups) <= parquet.GROUP_CHARACTERS // 180_000 + 1
    assert sorted(set(ahead))[1] < 400  # the first group went out long before the last sample was made


def test_many_small_rows_make_few_groups() -> None:
    out = io.BytesIO()
    made = next(iter(rows("samples", EVALUATION, [sample()])))
    assert parquet.write_stream("samples", (made for _ in range(25_000)), out) == 25_000
    assert pq.read_metadata(out).num_row_groups == 3


def test_a_file_that_could_not_be_finished_does_not_stand_there_as_if_it_were_whole(tmp_path: Path) -> None:
    def broken() -> Iterator[Row]:
        yield next(iter(rows("samples", EVALUATION, [sample()])))
        raise OSError("the database is gone")

    path = tmp_path / "samples.parquet"
    with pytest.raises(OSError, match="gone"):
        parquet.write_parquet("samples", broken(), path)
    assert list(tmp_path.iterdir()) == []
    assert parquet.write_parquet("samples", rows("samples", EVALUATION, [sample()]), path) == 1
    assert [found.name for found in tmp_path.iterdir()] == ["samples.parquet"]


def test_an_integer_beyond_64_bits_is_as_near_as_may_be() -> None:
    row = next(iter(rows("samples", EVALUATION, [sample()])))
    out = io.BytesIO()
    parquet.write_stream("samples", [{**row, "prompt_tokens": 10**30}], out)
    assert read(out.getvalue())[0]["prompt_tokens"] == 2**63 - 1


def test_it_can_be_written_to_a_pipe() -> None:
    program = (
        "from tests.bench.exports.test_rows import EVALUATION, sample; from assay.bench.exports import parquet; from assay.bench.exports.rows import rows;"
        "parquet.write_to_output('samples', rows('samples', EVALUATION, [sample()]))"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, cwd=root)
    assert [row["model"] for row in read(done.stdout)] == ["m"]


def test_without_pyarrow_the_line_to_type_is_given() -> None:
    program = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "from assay.bench.exports import parquet\n"
        "from assay.errors import AssayError\n"
        "try: parquet.write_to_output('samples', [])\n"
        "except AssayError as error: print(error, error.help)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "pip install 'assay[parquet]'" in done.stdout


def test_pandas_types_follow(tmp_path: Path) -> None:
    """What `pandas.read_parquet` builds on, whether or not pandas is here: Arrow's own JSON-like values."""
    (row,) = read(written("samples", [sample()]))
    assert json.loads(json.dumps(row)) == row
    assert {name: type(value) for name, value in row.items() if name in ("passed", "sample", "score", "reply")} == {
        "passed": bool,
        "sample": int,
        "score": float,
        "reply": str,
    }
