"""A table for spreadsheets."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import datetime

_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|['\t\r\n]")


def spreadsheet(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table for spreadsheets: what could be a formula gets an apostrophe before it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(head)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return out.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, str):
        text = "".join(char if char >= " " or char in "\n\t" else "\N{SYMBOL FOR NULL}" for char in value)
        return f"'{text}" if _FORMULA.match(text) else text
    return "" if value is None else value
