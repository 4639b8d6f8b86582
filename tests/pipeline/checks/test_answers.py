"""Lines that programs answer with."""

import pytest

from assay.pipeline.checks.answers import holds_handle, read
from assay.pipeline.sandbox.guest.values import encode


@pytest.mark.parametrize(
    ("answer", "held"),
    [
        (object(), True),
        ([1, (2, {"key": [object()]})], True),
        ({(1, object()): 2}, True),
        ([1, "two", {"three": {4, 5}}, None], False),
    ],
)
def test_a_value_that_stayed_with_the_program_is_found_wherever_it_lies(answer: object, held: bool) -> None:
    line = f'["v", {encode(answer, id)}]'
    assert holds_handle(read(line).value) is held


@pytest.mark.parametrize("line", ["", "[]", '["v"]', '["e", 1, "", []]', "[" * 5_000, '["v", {"f": "x"}]', "null"])
def test_a_line_that_is_no_answer_is_told_as_one(line: str) -> None:
    assert read(line).unreadable


def test_names_and_messages_of_exceptions_are_cut() -> None:
    answer = read(f'["e", "{"N" * 3_000}", "{"m" * 9_000}", ["{"B" * 900}"]]')
    assert (len(answer.raised), len(answer.message), len(answer.bases[0])) == (200, 2000, 200)
