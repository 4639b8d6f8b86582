"""The rows as Parquet: the columns and types of docs/rows.md, written a row group at a time. Needs the extra `parquet`."""

import itertools
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from assay.bench.exports.rows import COLUMNS, Column, Row, Table
from assay.errors import AssayError
from assay.records import sayable

GROUP_ROWS = 10_000
GROUP_CHARACTERS = 32 << 20
"""A row group is written when either is reached: what one holds is in memory, and no more."""
_MOST = (1 << 63) - 1


def write_parquet(table: Table, rows: Iterable[Row], path: Path) -> int:
    """Write the rows to a file, which takes its name when it is whole; how many they were."""
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as out:
            number = write_stream(table, rows, out)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return number


def write_stream(table: Table, rows: Iterable[Row], out: IO[bytes]) -> int:
    """Write the rows to a binary stream, a pipe perhaps; how many they were."""
    arrow, parquet = _pyarrow()
    schema = _schema(arrow, table)
    number = 0
    with parquet.ParquetWriter(_Counted(out), schema, compression="zstd", use_dictionary=_repeated(table)) as writer:
        for group in _groups(rows):
            writer.write_table(_arrow_table(arrow, schema, table, group), row_group_size=len(group))
            number += len(group)
    return number


def write_to_output(table: Table, rows: Iterable[Row]) -> int:
    """Write the rows to the standard output, unless a person would see them there."""
    if sys.stdout.isatty():
        raise AssayError("Parquet is no text, and would be printed here.", "Name a file with --output.")
    with os.fdopen(sys.stdout.fileno(), "wb", closefd=False) as out:
        return write_stream(table, rows, out)


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise AssayError(
            "Parquet needs the package pyarrow, which is not installed.", "Run: pip install 'assay[parquet]'"
        ) from None
    return pyarrow, pyarrow.parquet


def _schema(arrow: Any, table: Table) -> Any:
    types = {"text": arrow.string(), "integer": arrow.int64(), "number": arrow.float64(), "boolean": arrow.bool_()}
    return arrow.schema(
        [
            arrow.field(column.name, types[column.type], nullable=column.optional, metadata={"meaning": column.meaning})
            for column in COLUMNS[table]
        ],
        metadata={"assay": f"rows of the table {table}"},
    )


def _repeated(table: Table) -> list[str]:
    """The columns whose few values are worth a dictionary; in long texts it only costs memory."""
    whole = {"reply", "program", "changes", "expected", "got", "message", "call"}
    return [column.name for column in COLUMNS[table] if column.type == "text" and column.name not in whole]


def _groups(rows: Iterable[Row]) -> Iterator[list[Row]]:
    iterator = iter(rows)
    while group := list(_group(iterator)):
        yield group


def _group(rows: Iterator[Row]) -> Iterator[Row]:
    characters = 0
    for row in itertools.islice(rows, GROUP_ROWS):
        yield row
        characters += sum(len(value) for value in row.values() if isinstance(value, str))
        if characters >= GROUP_CHARACTERS:
            return


def _arrow_table(arrow: Any, schema: Any, table: Table, group: list[Row]) -> Any:
    arrays = [
        arrow.array([_value(column, row[column.name]) for row in group], type=schema.field(column.name).type)
        for column in COLUMNS[table]
    ]
    return arrow.Table.from_arrays(arrays, schema=schema)


def _value(column: Column, value: Any) -> Any:
    """As it is; a lone surrogate, which UTF-8 cannot say, and a number beyond 64 bits as near as may be."""
    if isinstance(value, str):
        return sayable(value)
    if column.type == "integer" and value is not None:
        return max(-_MOST, min(_MOST, value))
    return value


class _Counted:
    """A stream that knows how far it is: pipes do not, and Parquet asks."""

    closed = False

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self._at = 0

    def write(self, data: Any) -> int:
        self._out.write(data)
        self._at += len(data)
        return len(data)

    def tell(self) -> int:
        return self._at

    def flush(self) -> None:
        self._out.flush()

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        pass
