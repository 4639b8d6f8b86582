"""Our own equality."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.pipeline.checks.compare import same, same_text, shown
from assay.pipeline.sandbox.guest.values import UNDEFINED, Handle
from assay.records import Compare

NAN = float("nan")


@pytest.mark.parametrize(
    ("mode", "expected", "got", "equal"),
    [
        ("exact", 1, 1.0, True),
        ("exact", 1, True, False),
        ("exact", 0, False, False),
        ("exact", None, False, False),
        ("exact", [1, 2], (1, 2), False),
        ("exact", [1, [2.0]], [1.0, [2]], True),
        ("exact", {"a": True}, {"a": 1}, False),
        ("exact", {1: "x"}, {1.0: "x"}, True),
        ("exact", NAN, NAN, True),
        ("exact", [NAN], [NAN], True),
        ("exact", 0.1 + 0.2, 0.3, False),
        ("exact", "a", b"a", False),
        ("exact", None, UNDEFINED, False),
        ("exact", UNDEFINED, UNDEFINED, True),
        ("exact", {1, 2}, {2, 1}, True),
        ("exact", {1}, frozenset({1}), False),
        ("exact", {True}, {1}, False),
        ("exact", {(1, True)}, {(1, 1)}, False),
        ("exact", {True: "a"}, {1: "a"}, False),
        ("exact", {NAN, 1}, {1.0, float("nan")}, True),
        ("exact", {1, "a"}, {1, "b"}, False),
        ("python", {True: {True}}, {1: {1}}, True),
        ("python", 1, True, True),
        ("python", [True], [1], True),
        ("python", {1}, frozenset({1}), True),
        ("python", [1], (1,), False),
        ("unordered", [1, 2, 2], [2, 1, 2], True),
        ("unordered", [1, 2, 2], [2, 1, 1], False),
        ("unordered", [[1], [2]], [[2], [1]], True),
        ("unordered", [1], (1,), False),
        ("set", (1, 2), [2, 1, 1], True),
        ("set", [1], [2], False),
        ("set", [[1, "a"], [1.0, "a"], {2}], [{2.0}, [1, "a"]], True),
        ("set", [[1, "a"]], [[True, "a"]], False),
        ("set", [["a", "b"]], [["ab"]], False),
        ("unordered", [{"a": NAN}, {"a": 1}], [{"a": 1.0}, {"a": float("nan")}], True),
        ("unordered", [[], ()], [(), ()], False),
        pytest.param("set", [1], list(range(200_000)), False, id="set-endless"),  # pair by pair it would take an hour
        pytest.param("set", [[0]], [[0] * 1_000 + [n] for n in range(2_000)], False, id="set-of-long-ones"),
        ("truthy", "yes", 1, True),
        ("truthy", None, 0, True),
        ("truthy", True, [], False),
        ("text", "a\n", "a  \n\n", True),
        ("text", 5, "5", False),
    ],
)
def test_values_are_held_against_each_other(mode: Any, expected: Any, got: Any, equal: bool) -> None:
    assert same(Compare(mode=mode), expected, got) is equal


@pytest.mark.parametrize(
    ("got", "python", "javascript"),
    [
        (NAN, True, False),
        (0, False, False),
        (-0.0, False, False),
        ("", False, False),
        (None, False, False),
        (UNDEFINED, False, False),
        (False, False, False),
        ("0", True, True),
        (float("inf"), True, True),
        ([], False, True),
        ({}, False, True),
        (set(), False, True),
        (b"", False, True),
        (Handle(0, "Yes"), True, True),
    ],
)
def test_truth_is_that_of_the_programs_language(got: Any, python: bool, javascript: bool) -> None:
    for expected in (True, False):
        assert same(Compare(mode="truthy"), expected, got) is (python is expected)
        assert same(Compare(mode="truthy"), expected, got, "javascript") is (javascript is expected)


@pytest.mark.parametrize(
    ("expected", "got", "equal"),
    [
        (0.3, 0.1 + 0.2, True),
        ({0.3, 2}, {2.0, 0.1 + 0.2}, True),
        ({0.3, 2}, {0.3, 2.1}, False),
        ({0.3, "a"}, {0.1 + 0.2, "a"}, False),
        ([0.3, "x"], [0.1 + 0.2, "x"], True),
        (1, 1 + 1e-7, False),
        (NAN, NAN, True),
        (float("inf"), float("inf"), True),
        (float("inf"), 1e308, False),
        (True, 1.0, False),
        (10**400, 10**400, True),
        (10**400, 1.0, False),
        (1 + 2j, 1 + 2.0000000001j, True),
    ],
)
def test_approximate_numbers_are_close(expected: Any, got: Any, equal: bool) -> None:
    assert same(Compare(mode="approx", rel=1e-9, abs=1e-9), expected, got) is equal


@pytest.mark.parametrize(
    ("mode", "expected", "got", "equal"),
    [
        ("text", "a \nb\n", "a\nb", True),
        ("text", "a\nb", "a\r\nb\r\n", True),
        ("text", "a\n\nb", "a\nb", False),
        ("text-exact", "a\n", "a", False),
        ("text-tokens", "1 2\n3", "1  2 3\n", True),
        ("text-lines", "b\na", "a\nb\n", True),
        ("json", '{"a": [1, 2.0]}', '{"a":[1.0,2]}', True),
        ("json", "[1]", "[1", False),
        ("json", "[true]", "[1]", False),
        ("regex", r"\d+ ms", "12 ms\n", True),
        ("regex", r"\d+", "12 ms", False),
        ("regex", r"a.b", "a\nb", True),
        pytest.param("regex", r"\s*(\d+\s*)+", "1" * 60 + "x", False, id="regex-without-end"),
        pytest.param("regex", r".*Score: .*\d.*", "Score: " * 30_000, False, id="regex-quadratic"),
        pytest.param("json", "[1]", "[" + "[]," * 3_000_000 + "0]", False, id="json-of-lists"),
    ],
)
def test_texts_are_held_against_each_other(mode: Any, expected: str, got: str, equal: bool) -> None:
    assert same_text(Compare(mode=mode), expected, got) is equal


def test_numbers_in_text_may_be_close() -> None:
    compare = Compare(mode="text-tokens", abs=0.01)
    assert same_text(compare, "pi 3.14", "pi 3.1415")
    assert not same_text(compare, "pi 3.14", "pie 3.1415")
    assert same_text(compare, "1e3 -.5 inf", "1000 -0.5 Infinity")
    assert same_text(compare, "1 2.0 150", "1. 2 1.5e+2")
    assert not same_text(compare, "3.14", "1" * 1_000_000 + "x")  # gone through once, and not once a digit
    for odd in ("1_000", "１０００", "0x3e8"):
        assert not same_text(compare, "1000", odd)


def test_a_handle_is_equal_to_nothing() -> None:
    for mode in ("exact", "python", "unordered", "set"):
        assert not same(Compare(mode=mode), [1], Handle(0, "Yes"))


_ONE = (
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.floats(-2, 2)
    | st.sampled_from([NAN, 1j, 1 + 0j, "", "1", b"1"])
)
_KEYS = st.booleans() | st.integers(-1, 1) | st.sampled_from(["", "1", b"1", (1,), (True,)])
_VALUES = st.recursive(
    _ONE,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(_KEYS, inner, max_size=3)
        | st.sets(_KEYS, max_size=3)
        | st.frozensets(_KEYS, max_size=3)
    ),
    max_leaves=5,
)


@given(_VALUES, _VALUES)
def test_members_are_counted_as_equal_where_they_are_equal_one_by_one(one: object, other: object) -> None:
    equal = same(Compare(mode="exact"), one, other)
    for mode in ("set", "unordered"):
        assert same(Compare(mode=mode), [one], [other]) is equal
    assert same(Compare(mode="unordered"), [one, other], [other, one])


def test_values_are_shown_in_their_own_language_and_cut() -> None:
    assert shown([True, None, float("nan")], "javascript") == "[true, null, NaN]"
    assert shown({"a": 1}, "javascript") == "{a: 1}"
    assert shown({1: 2}, "javascript") == "new Map([[1, 2]])"
    assert shown([True, None]) == "[True, None]"
    assert shown({"a": ({1},), "b": []}) == "{'a': ({1},), 'b': []}"
    assert shown([{"c", "a", "b"}, frozenset("yx"), set()]) == "[{'a', 'b', 'c'}, frozenset({'x', 'y'}), set()]"
    assert shown({"c", "a", "b"}, "javascript") == 'new Set(["a", "b", "c"])'
    assert shown("x" * 1000).endswith("… (1002 characters)")
    assert shown(10**5000) == "<a value too large to show>"
