"""The typed encoding: what goes in comes out, as exact builtins, and nothing else does."""

import collections
import enum
import json
import math
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.pipeline.sandbox.guest.values import UNDEFINED, Handle, Undecodable, Unencodable, decode, encode

_KEYS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.tuples(st.integers(), st.text())
)
_ATOMS = _KEYS | st.floats() | st.complex_numbers(allow_nan=False)
VALUES = st.recursive(
    _ATOMS,
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(_KEYS, inner)
        | st.sets(_KEYS)
        | st.frozensets(_KEYS)
    ),
    max_leaves=20,
)


def alike(a: Any, b: Any) -> bool:
    """Equal, of equal types all the way down, nan being nan."""
    if type(a) is not type(b):
        return False
    if isinstance(a, float):
        return math.copysign(1, a) == math.copysign(1, b) if a == b else a != a and b != b
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(alike, a, b))
    if isinstance(a, dict):
        return len(a) == len(b) and all(alike(x, y) and alike(a[x], b[y]) for x, y in zip(a, b, strict=True))
    return bool(a == b)


@given(VALUES)
def test_a_value_comes_back_as_it_went(value: Any) -> None:
    text = encode(value)
    assert "\n" not in text
    assert alike(decode(text), value)


@given(st.lists(_KEYS | st.frozensets(_KEYS), max_size=8), st.randoms(use_true_random=False))
def test_a_set_is_one_text_however_it_came_to_be(members: list[Any], chance: Any) -> None:
    mixed = list(dict.fromkeys(members))  # of 1 and True a set keeps the one that came first
    chance.shuffle(shuffled := mixed.copy())
    assert encode(set(mixed)) == encode(set(shuffled))
    assert encode(frozenset(mixed)) == encode(frozenset(shuffled))


@given(
    st.text()
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=3),
        lambda i: st.lists(i) | st.dictionaries(st.sampled_from("htdsziufbc") | st.text(), i),
    ).map(json.dumps)
)
def test_any_text_is_read_or_refused_in_one_way(text: str) -> None:
    try:
        value = decode(text)
    except Undecodable:
        return
    assert not isinstance(value, type)


def test_space_around_a_value_is_passed_over() -> None:
    assert decode(" [1, 2] \n") == [1, 2]


@pytest.mark.parametrize(
    "text", ["", "1 2", "[1", "NaN", "-Infinity", "\ufeff1", b"\xff", "1".encode("utf-16"), b"\xef\xbb\xbf1"]
)
def test_what_is_no_json_or_more_than_one_value_is_refused(text: str | bytes) -> None:
    with pytest.raises(Undecodable):
        decode(text)


class Liar(int):
    def __eq__(self, other: object) -> bool:
        return True

    def __add__(self, other: Any) -> Any:
        return 99

    def __index__(self) -> int:
        return 99

    __hash__ = int.__hash__


class Point(NamedTuple):
    x: int
    y: int


class Colour(enum.IntEnum):
    RED = 3


@pytest.mark.parametrize(
    ("value", "base"),
    [
        (Liar(5), 5),
        (Colour.RED, 3),
        (collections.OrderedDict(a=1), {"a": 1}),
        (collections.Counter("aab"), {"a": 2, "b": 1}),
        (collections.defaultdict(list, {1: [2]}), {1: [2]}),
        (Point(1, 2), (1, 2)),
        (type("L", (list,), {"__iter__": lambda self: iter([9])})([1]), [1]),
        (type("D", (dict,), {"items": lambda self: [(9, 9)]})({1: 2}), {1: 2}),
        (type("F", (float,), {"__add__": lambda self, o: 9.0, "__pos__": lambda self: 9.0})(0.5), 0.5),
        (type("F", (float,), {"__pos__": lambda self: 9.0})(-0.0), -0.0),
        (type("S", (str,), {"__str__": lambda self: "lie"})("truth"), "truth"),
        (type("S", (set,), {"__iter__": lambda self: iter([9])})({1}), {1}),
        (type("B", (bytes,), {"hex": lambda self: "99"})(b"x"), b"x"),
        (bytearray(b"ab"), b"ab"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_subclass_arrives_as_its_base_value_whatever_its_methods_say(value: Any, base: Any) -> None:
    assert alike(decode(encode(value)), base)


def test_what_is_no_plain_value_becomes_a_handle_that_equals_only_itself() -> None:
    kept: list[Any] = []

    def keep(thing: Any) -> int:
        kept.append(thing)
        return len(kept) - 1

    text = encode([object(), lambda: 1], keep)
    first, second = decode(text)
    assert (type(first), first.number, second.number) == (Handle, 0, 1)
    assert first != second
    assert first != 0
    with pytest.raises(Unencodable, match="type object"):
        encode(object())


def test_values_too_deep_are_refused_on_both_sides() -> None:
    value: list[Any] = []
    for _ in range(1000):
        value = [value]
    with pytest.raises(Unencodable, match="nested"):
        encode(value)
    with pytest.raises(Undecodable):
        decode("[" * 100_000 + "]" * 100_000)


@pytest.mark.parametrize(
    "text",
    [
        "NaN",
        "Infinity",
        "{}",
        '{"t":1}',
        '{"q":[]}',
        '{"d":[[1]]}',
        '{"d":[[[],1]]}',
        '{"i":5}',
        '{"f":"x"}',
        '{"h":"a","type":1}',
        "",
        "[1",
    ],
)
def test_malformed_text_is_refused(text: str) -> None:
    with pytest.raises(Undecodable):
        decode(text)


@pytest.mark.parametrize("form", ['{"s":[%s]}', '{"z":[%s]}', '{"d":[%s]}', '[{"t":[{"d":[%s]}]}]'])
def test_members_chosen_to_have_one_hash_are_refused(form: str) -> None:
    # A million of them would keep the host for hours, which no limit of the program's ends.
    members = [json.dumps({"t": [{"i": hex(n * (2**61 - 1))}]}) for n in range(10_000)]
    text = form % ",".join(f"[{member},0]" if '"d"' in form else member for member in members)
    with pytest.raises(Undecodable, match="one hash"):
        decode(text)


def chained() -> list[int]:
    """Whole numbers whose places in a dict of 2**20 all lie behind one another: some 60,000 that each pass by 100,000."""
    mask, place, chain = (1 << 20) - 1, 1, []
    for _ in range(600_000):
        chain.append(place)
        place = (5 * place + 1) & mask
    taken, late = set(chain), []
    for number in range(mask + 1, 40 * mask):
        place, rest = number & mask, number
        while place in taken and rest:
            rest >>= 5
            place = (place * 5 + rest + 1) & mask
        if place in taken:
            late.append(number)
        if len(late) == 60_000:
            break
    return chain + late


def test_numbers_that_get_into_each_others_way_are_refused_in_time() -> None:
    with pytest.raises(Undecodable, match="each other's way"):
        decode(f'{{"d":[{",".join(f"[{number},0]" for number in chained())}]}}')


def test_so_many_lists_are_refused_and_brackets_in_a_text_are_none() -> None:
    with pytest.raises(Undecodable, match="more than 1000000 lists"):
        decode("[" + ",".join(["[]"] * 1_100_000) + "]")
    text = '[{"]\\' * 600_000
    assert decode(encode(text)) == text
    with pytest.raises(Undecodable):  # a text without end: looked at again from each quote it would take hours
        decode("[" * 1_000_001 + '"' + '\\"' * 500_000 + " " * 1_000_000)


def test_sixty_four_members_of_one_hash_are_a_value() -> None:
    members = {n * (2**61 - 1) for n in range(64)} | set(range(1, 5000))
    assert decode(encode(members)) == members


def in_one_another(levels: int, wide: int) -> str:
    """Frozensets of one hash in one another, of which each pair differs where it is looked at last."""
    texts = [f'{{"i":"{hex(number * (2**61 - 1))}"}}' for number in range(wide + 1)]
    for _ in range(levels):
        texts = [f'{{"z":[{",".join(texts[:at] + texts[at + 1 :])}]}}' for at in range(len(texts))]
    return f'{{"s":[{",".join(texts)}]}}'


@pytest.mark.parametrize(("levels", "wide"), [(1, 40), (2, 12), (3, 8)])
def test_sets_of_one_hash_in_one_another_are_refused(levels: int, wide: int) -> None:
    # Each level would multiply what comparing them takes: hours for a megabyte, in one call.
    with pytest.raises(Undecodable, match="one hash"):
        decode(in_one_another(levels, wide))


@pytest.mark.parametrize(
    "value",
    [
        {(x, y, z) for x in range(-9, 9) for y in range(-9, 9) for z in range(-2, 9)},
        {(x, (y, -x)): {frozenset({x, y})} for x in range(-9, 9) for y in range(-9, 9)},
        frozenset(frozenset(range(-2, at)) for at in range(200)),
        {frozenset({-1}), frozenset({-2}), frozenset({frozenset({-1})}), frozenset({frozenset({-2})})},
    ],
)
def test_honest_values_of_one_hash_are_values(value: object) -> None:
    assert decode(encode(value)) == value


def test_undefined_is_not_none() -> None:
    assert decode('{"u":0}') == UNDEFINED
    assert decode('{"u":0}') is not None
