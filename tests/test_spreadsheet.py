"""Tables that no spreadsheet takes for more than texts."""

import csv
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.spreadsheet import csv_pieces, csv_table, csv_text


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=HYPERLINK('http://x')", "'=HYPERLINK('http://x')"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("  =1", "'  =1"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\n=1"),
        ("＝1", "'＝1"),
        ("'=1", "''=1"),
        ("a=1", "a=1"),
        ("nul\x00esc\x1bdel\x7f", "nul␀esc␛del␡"),
        ("a\r\nb\rc\nd", "a\nb\nc\nd"),
        ("\ud800", "\ufffd"),
        ("", ""),
    ],
)
def test_a_cell_is_no_formula_and_holds_nothing_unseen(text: str, cell: str) -> None:
    assert csv_text(text) == cell


def test_every_kind_of_cell_is_written_as_it_is_read() -> None:
    when = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
    text = csv_table(["name", "when", "score", "none"], [["=1+1", when, 1.5, None], ["a;b", when, 2, True]])
    head, first, second = text.splitlines()
    assert head == '"name","when","score","none"'
    assert first == '"\'=1+1","2026-01-02T03:04:05+00:00",1.5,""'
    assert second == '"a;b","2026-01-02T03:04:05+00:00",2,True'


def test_a_long_table_comes_in_pieces_and_whole() -> None:
    pieces = list(csv_pieces(["n"], ([number] for number in range(1_200))))
    assert len(pieces) == 3
    assert [row[0] for row in csv.reader("".join(pieces).splitlines())] == ["n", *map(str, range(1_200))]


@given(
    st.lists(
        st.lists(st.text(st.characters() | st.sampled_from("\x00\r\n\t,\";=+-@'\ud800\ufeff")), min_size=2, max_size=2)
    )
)
def test_whatever_the_texts_rows_stay_rows(rows: list[list[str]]) -> None:
    text = csv_table(["a", "b"], rows)
    read = list(csv.reader(text.splitlines(keepends=True), strict=True))
    assert read == [["a", "b"], *([csv_text(cell) for cell in row] for row in rows)]
