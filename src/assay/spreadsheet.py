"""Tables for spreadsheets: CSV whose texts, whoever wrote them, are read as texts."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, TextIO

from assay.records import sayable

_ROWS = 500
"""Rows that are written before they are handed on."""

# What a spreadsheet takes for the start of a formula (OWASP, "CSV injection"), its full-width twins, and our own sign.
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|['\t\r\n]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def csv_text(text: str) -> str:
    """A text as a CSV cell holds it.

    An apostrophe before what could be a formula (and before an apostrophe, so that it can be taken away again); NUL and
    other control characters as their pictures (U+2400 and on); line ends as `\\n`.
    """
    text = _CONTROL.sub(_picture, sayable(text).replace("\r\n", "\n").replace("\r", "\n"))
    return f"'{text}" if _FORMULA.match(text) else text


def _picture(match: re.Match[str]) -> str:
    code = ord(match[0])
    return "␡" if code == 0x7F else chr(0x2400 + code)


def csv_cell(value: object) -> object:
    """Anything as a cell: a text by `csv_text`, a time in ISO 8601 to the second, None as nothing, a number as it is."""
    if isinstance(value, str):
        return csv_text(value)
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return "" if value is None else value


def csv_writer(out: TextIO) -> Any:
    """RFC 4180, every text in quotes: where a program splits at semicolons or tabs, no text makes a cell of its own.

    `out`: opened as UTF-8 with newline="".
    """
    return csv.writer(out, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")


def csv_pieces(head: Sequence[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """A table, some hundred rows a piece."""
    out = io.StringIO(newline="")
    writer = csv_writer(out)
    writer.writerow(head)
    for count, row in enumerate(rows, 1):
        writer.writerow([csv_cell(value) for value in row])
        if count % _ROWS == 0:
            yield out.getvalue()
            out.seek(0)
            out.truncate()
    yield out.getvalue()


def csv_table(head: Sequence[str], rows: Iterable[Iterable[object]]) -> str:
    """A table, whole."""
    return "".join(csv_pieces(head, rows))
