"""The strict typed encoding in which values cross between processes: JSON with a tag for what JSON lacks.

    None, True, 7, 1.5, "text", [..]     themselves (an int beyond 64 bits is {"i": "hex"})
    {"f": "nan" | "inf" | "-inf"}        floats JSON cannot say
    {"c": [real, imag]}  complex         {"b": "hex"}  bytes
    {"t": [..]} tuple   {"s": [..]} set   {"z": [..]} frozenset   {"d": [[key, value], ..]} dict
    {"u": 0} undefined (JavaScript)      {"h": number, "type": name} a handle: a value that stays where it is

Runs on both sides of the wall: standard library only, and nothing here trusts its input. Subclasses are sent as their
base value, taken by the base's own methods, so that an object's overridden ones decide nothing. A decoded value is made
of exact builtins only.
"""

import _json  # `json` is this and thirty pages more in every program's process
import time
from collections.abc import Callable
from typing import Any

MAX_DEPTH = 200  # json's own C scanner recurses; well under any recursion limit on either side
_SMALL = 1 << 63
_MOST_NESTED = 1_000_000  # lists and objects in one text: each takes some 200 bytes, of as few as three
_TIMED = 512  # members put into a table at once: 0.1 ms where they are honest
_SLOW_S, _SLOW_IN_A_ROW = 0.0025, 8  # some in a row: one alone may be the collection of garbage, or the table growing
_ONE_HASH = 64  # members of a set or keys of a dict: each that has another's hash is compared with all of those
_ALIKE = (
    16  # the same of tuples and frozensets, which are compared member by member: (-1, -1) to (-2, -2) have one hash
)
_ALIKE_WITHIN = 1000
"""Values in frozensets of one hash, and in tuples of one hash that hold tuples or frozensets: in all of an answer, for each level
multiplies what comparing them takes."""
_COMPOUND = {tuple, frozenset}
_ATOMS = {type(None), bool, str}


class Unencodable(ValueError):
    """A value that cannot cross: too deep, or with no encoding and no handles to be had."""


class Undecodable(ValueError):
    """Text that is no encoded value."""


class Undefined:
    """JavaScript's `undefined`, which is neither None nor anything else."""

    def __repr__(self) -> str:
        return "undefined"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Undefined)

    def __hash__(self) -> int:
        return 1

    def __bool__(self) -> bool:
        return False


UNDEFINED = Undefined()


class Handle:
    """A value that stayed in the other process. As an answer it equals nothing but itself."""

    def __init__(self, number: int, type_name: str) -> None:
        self.number = number
        self.type_name = type_name

    def __repr__(self) -> str:
        return f"<{self.type_name} object>"


def encode(value: object, handle: "Callable[[Any], int] | None" = None) -> str:
    """The value as one line of text. `handle(value)` gives the number for a value that must stay; None: refuse it."""
    return _dumps(_plain(value, handle, 0))


def plain(value: object, handle: "Callable[[Any], int] | None" = None) -> Any:
    """The value as JSON can say it: what `encode` would write."""
    return _plain(value, handle, 0)


def decode(text: "str | bytes", handle: "Callable[[int, str], Any] | None" = None) -> Any:
    """The value that `text` stands for. `handle(number, type_name)` builds what stands for a handle; None: Handle."""
    return built(loads(text), handle)


def loads(text: "str | bytes") -> Any:
    """The JSON text, read; constants that are no JSON refused."""
    try:
        text = text if isinstance(text, str) else str(text, "utf-8", "surrogatepass")
        refuse_nested(text)
        try:
            node, end = _scan(text, 0)
        except StopIteration:
            end = -1
        return node if end == len(text) else _with_space(text)
    except Undecodable:
        raise
    except (ValueError, RecursionError) as error:
        raise Undecodable(str(error)[:200]) from None


def refuse_nested(text: str) -> None:
    """Refuse JSON text of more lists and objects than we keep: brackets in its strings are none. Raises Undecodable."""
    if len(text) <= 2 * _MOST_NESTED or text.count("[") + text.count("{") <= _MOST_NESTED:
        return
    import re

    # A text without end is taken whole, and nothing is tried twice: each quote would else be looked at to the end again.
    bare = re.sub(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', "", text, flags=re.DOTALL)
    if bare.count("[") + bare.count("{") > _MOST_NESTED:
        raise Undecodable("more than %d lists" % _MOST_NESTED)


def built(node: Any, handle: "Callable[[int, str], Any] | None" = None) -> Any:
    """The value that read JSON stands for."""
    try:
        return _value(node, handle or Handle, [_ALIKE_WITHIN])
    except Undecodable:
        raise
    except (ValueError, TypeError, KeyError, IndexError, RecursionError, OverflowError) as error:
        raise Undecodable(str(error)[:200]) from None


def _refuse(what):
    raise Undecodable("%s is not JSON" % what)


def _unknown(value):
    raise TypeError("a value of type %s cannot be sent" % type(value).__name__)


class _AsJson:
    """What `json` would tell its scanner, but that constants which are no JSON are refused."""

    strict, object_hook, object_pairs_hook, parse_float, parse_int = True, None, None, float, int
    parse_constant = staticmethod(_refuse)


_scan = _json.make_scanner(_AsJson)  # type: ignore[arg-type]  # it reads attributes, of whatever has them
_pieces = _json.make_encoder(None, _unknown, _json.encode_basestring_ascii, None, ":", ",", False, False, False)


def _dumps(node: Any) -> str:
    return "".join(_pieces(node, 0))


def _with_space(text):
    """Text that has space around it, or is no JSON: read, or refused with the place where it is wrong."""
    import json

    return json.loads(text, parse_constant=_refuse)


def _plain(value, handle, depth):
    kind = type(value)
    if kind in _ATOMS:
        return value
    if kind is int:
        return value if -_SMALL <= value < _SMALL else {"i": hex(value)}
    if kind is float:
        return value if value - value == 0 else {"f": "nan" if value != value else "inf" if value > 0 else "-inf"}
    if depth > MAX_DEPTH:
        raise Unencodable("the value is nested more than %d deep" % MAX_DEPTH)
    depth += 1
    if kind is list:
        return [_plain(item, handle, depth) for item in value]
    if kind is tuple:
        return {"t": [_plain(item, handle, depth) for item in value]}
    if kind is dict:
        return {"d": [[_plain(key, handle, depth), _plain(item, handle, depth)] for key, item in value.items()]}
    if kind is set:
        return {"s": _members(value, handle, depth)}
    if kind is frozenset:
        return {"z": _members(value, handle, depth)}
    if kind is bytes or kind is bytearray:
        return {"b": value.hex()}
    if kind is complex:
        return {"c": [_plain(value.real, handle, depth), _plain(value.imag, handle, depth)]}
    if kind is Undefined:
        return {"u": 0}
    base = _base(value)
    if base is not value:
        return _plain(base, handle, depth)
    if handle is None:
        raise Unencodable("a value of type %s cannot be sent" % kind.__name__)
    return {"h": handle(value), "type": str(kind.__name__)[:100]}


def _members(value, handle, depth):
    """Of a set, in an order of their own, so that one value is one text in every process."""
    return sorted([_plain(item, handle, depth) for item in value], key=_dumps)


def _base(value):
    """The exact builtin inside an instance of a subclass; the value itself where there is none."""
    mro = type.__dict__["__mro__"].__get__(type(value))  # what the object is, not what it says it is
    if bool in mro:
        return value
    if str in mro:
        return str.__str__(value)
    if int in mro:
        return int.__add__(value, 0)
    if float in mro:
        return float.__add__(value, 0.0) if float.__ne__(value, 0.0) else float.__pos__(value)
    if list in mro:
        return list(list.__iter__(value))
    if tuple in mro:
        return tuple(tuple.__iter__(value))
    if dict in mro:
        return dict(dict.items(value))
    if set in mro:
        return set(set.__iter__(value))
    if frozenset in mro:
        return frozenset(frozenset.__iter__(value))
    if bytes in mro:
        return bytes.__getitem__(value, slice(None))
    if complex in mro:
        return complex.__add__(value, 0j)
    if (
        getattr(type(value), "__module__", "") == "numpy"
        and hasattr(value, "item")
        and getattr(value, "shape", None) == ()
    ):
        return value.item()  # a numpy scalar is a number to whoever wrote it
    return value


def _value(node, handle, room):
    kind = type(node)
    if kind is list:
        return [_value(item, handle, room) for item in node]
    if kind is not dict:
        return node
    if "h" in node and len(node) == 2:
        number, name = node["h"], node["type"]
        if type(number) is not int or type(name) is not str:
            raise Undecodable("a malformed handle")
        return handle(number, name)
    if len(node) != 1:
        raise Undecodable("a malformed tag")
    ((tag, body),) = node.items()
    if tag == "t":
        return tuple([_value(item, handle, room) for item in _list(body)])
    if tag == "d":
        pairs = [(_value(key, handle, room), _value(item, handle, room)) for key, item in _list(body)]
        return _table({}, [key for key, _ in pairs], pairs, room)
    if tag == "s":
        return _table(set(), members := [_value(item, handle, room) for item in _list(body)], members, room)
    if tag == "z":
        return frozenset(_table(set(), members := [_value(item, handle, room) for item in _list(body)], members, room))
    if tag == "i":
        return int(body, 16)
    if tag == "f":
        return {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf")}[body]
    if tag == "b":
        return bytes.fromhex(body)
    if tag == "c":
        real, imag = _list(body)
        return complex(_value(real, handle, room), _value(imag, handle, room))
    if tag == "u":
        return UNDEFINED
    raise Undecodable("an unknown tag")


def _table(table, members, entries, room):
    """The set or dict with all entries, of these members or keys, if they can be put into it in time that grows with their number.

    Those that have one hash, which can be chosen (k * (2**61 - 1)), would take the square of it, and so would whole numbers
    chosen so that each looks for its place where the ones before it are. The first are counted; the second are timed, by the
    thread's own clock, beside what it takes to hash them. Of tuples and frozensets few may have one hash, and fewer where they
    are nested (`room`: what is left of that).
    """
    if compound := [member for member in members if type(member) in _COMPOUND]:
        _refuse_alike(compound, room)
    if len(members) <= _ONE_HASH:
        table.update(entries)
        return table
    slow = 0
    for at in range(0, len(members), _TIMED):
        began = time.thread_time()
        hashes = sorted(map(hash, members[at : at + _TIMED]))
        if any(first == last for first, last in zip(hashes, hashes[_ONE_HASH:], strict=False)):
            raise Undecodable("more than %d members of one hash" % _ONE_HASH)
        hashed = time.thread_time()
        table.update(entries[at : at + _TIMED])
        took = time.thread_time() - hashed
        slow = slow + 1 if took > _SLOW_S + 10 * (hashed - began) else 0
        if slow == _SLOW_IN_A_ROW:
            raise Undecodable("members that get into each other's way")
    return table


def _refuse_alike(members, room):
    """Refuse tuples and frozensets that would each be compared with too many others of one hash."""
    hashes = list(map(hash, members))
    order = sorted(range(len(members)), key=hashes.__getitem__)
    begin = 0
    for at in range(1, len(order) + 1):
        if at < len(order) and hashes[order[at]] == hashes[order[begin]]:
            continue
        alike = at - begin
        if alike > _ALIKE:
            raise Undecodable("more than %d tuples or sets of one hash" % _ALIKE)
        if alike > 1:
            group = [members[place] for place in order[begin:at]]
            if any(type(one) is frozenset or any(type(item) in _COMPOUND for item in one) for one in group):
                room[0] -= (alike - 1) * sum(map(_size, group))
                if room[0] < 0:
                    raise Undecodable("nested tuples or sets of one hash")
        begin = at


def _size(value):
    return 1 + sum(map(_size, value)) if type(value) in _COMPOUND else 1


def _list(body):
    if type(body) is not list:
        raise Undecodable("a tag without a list")
    return body
