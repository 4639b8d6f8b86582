"""Whether what came is what was expected: our own equality, on exact builtins only."""

import hashlib
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from typing import Any

from assay.pipeline.sandbox.guest.values import Handle, Undefined, refuse_nested
from assay.records import Compare, Language, sayable

_MAX_SHOWN = 300
_PATTERN_S = 2.0
"""How long a pattern may look at an answer: some need time without end for a text made for it."""
_NUMBER = re.compile(r"[+-]?(\d++\.?+\d*+|\.\d++)(e[+-]?\d++)?|[+-]?(inf|infinity|nan)", re.ASCII | re.IGNORECASE)
"""Possessive: a megabyte of digits that is no number would be gone through once for each of them."""


def same(compare: Compare, expected: object, got: object, language: Language = "python") -> bool:
    """Whether the value `got` answers to `expected` under `compare`. What is nested too deeply to be looked at does not.

    `language`: whose truth `truthy` means.
    """
    try:
        if compare.mode == "truthy":
            return _truth(expected, language) is _truth(got, language)
        return _same(compare, expected, got)
    except RecursionError:
        return False


def _same(compare: Compare, expected: object, got: object) -> bool:
    mode = compare.mode
    if mode == "set":
        return set(map(_key, _members(expected))) == set(map(_key, _members(got)))
    if mode == "unordered":
        return type(expected) is type(got) and Counter(map(_key, _members(expected))) == Counter(
            map(_key, _members(got))
        )
    if mode == "python":
        return _python_equal(expected, got)
    if mode == "approx" or compare.rel or compare.abs:
        return _matches(expected, got, lambda a, b: _close(a, b, compare))
    if mode == "exact":
        return _equal(expected, got)
    return isinstance(expected, str) and isinstance(got, str) and same_text(compare, expected, got)


def same_text(compare: Compare, expected: str, got: str) -> bool:
    """Whether the text `got` answers to `expected` under `compare`."""
    mode = compare.mode
    if mode == "text-exact":
        return expected == got
    if mode == "text-tokens":
        return _tokens_close(expected.split(), got.split(), compare)
    if mode == "text-lines":
        return sorted(_lines(expected)) == sorted(_lines(got))
    if mode == "json":
        try:
            refuse_nested(got)
            return _matches(json.loads(expected), json.loads(got), lambda a, b: _close(a, b, compare))
        except (ValueError, RecursionError):
            return False
    if mode == "regex":
        return _fits(expected, got.rstrip("\n"))
    if mode == "approx":
        return _tokens_close(expected.split(), got.split(), compare)
    return _lines(expected) == _lines(got)


def shown(value: object, language: Language = "python", limit: int = _MAX_SHOWN) -> str:
    """The value as somebody writing in `language` would write it, cut at `limit` characters."""
    try:
        if language == "javascript":
            text = _as_javascript(value)
        else:
            text = repr(value)
            text = as_python(value) if "{" in text else text  # a set perhaps, whose order is another in every process
    except (ValueError, RecursionError):  # integers of more than 4,300 digits have no repr
        text = "<a value too large to show>"
    return sayable(text if len(text) <= limit else f"{text[: limit - 1]}… ({len(text)} characters)")


def as_python(value: object, other: Callable[[object], str] = repr) -> str:
    """A value as Python writes it, members of sets in the order of their text. `other`: of what holds no values."""
    if isinstance(value, list):
        return f"[{', '.join(as_python(item, other) for item in value)}]"
    if isinstance(value, tuple):
        return f"({', '.join(as_python(item, other) for item in value)}{',' if len(value) == 1 else ''})"
    if isinstance(value, dict):
        return (
            "{" + ", ".join(f"{as_python(key, other)}: {as_python(item, other)}" for key, item in value.items()) + "}"
        )
    if isinstance(value, (set, frozenset)) and value:
        members = "{" + ", ".join(sorted(as_python(item, other) for item in value)) + "}"
        return members if isinstance(value, set) else f"frozenset({members})"
    return other(value)


def _truth(value: object, language: Language) -> bool:
    if isinstance(value, Handle):
        return True
    if language == "javascript":  # where NaN is false, and what holds members is true without any
        if isinstance(value, (int, float, str)):
            return value == value and bool(value)
        return value is not None and not isinstance(value, Undefined)
    return bool(value)


def _equal(expected: object, got: object) -> bool:
    return _matches(expected, got, lambda a, b: a == b or (a != a and b != b))


def _python_equal(expected: object, got: object) -> bool:
    return bool(expected == got) or _equal(expected, got)


def _matches(expected: object, got: object, numbers: Callable[[float, float], bool]) -> bool:
    """Equal in kind and content; `numbers` decides for two ints or floats, so 1 may equal 1.0, but True is no number."""
    if type(expected) is bool or type(got) is bool:
        return expected is got
    if isinstance(expected, (int, float)) and isinstance(got, (int, float)):
        return numbers(expected, got)
    if type(expected) is not type(got):
        return False
    if isinstance(expected, (list, tuple)):
        assert isinstance(got, (list, tuple))
        return len(expected) == len(got) and all(_matches(a, b, numbers) for a, b in zip(expected, got, strict=True))
    if isinstance(expected, dict):
        assert isinstance(got, dict)
        return (
            expected.keys() == got.keys()
            and _of_one_kind(expected, got, numbers)
            and all(_matches(item, got[key], numbers) for key, item in expected.items())
        )
    if isinstance(expected, (set, frozenset)):
        assert isinstance(got, (set, frozenset))
        return _sets_match(expected, got, numbers)
    if isinstance(expected, complex):
        assert isinstance(got, complex)
        return numbers(expected.real, got.real) and numbers(expected.imag, got.imag)
    if isinstance(expected, Undefined):
        return True
    return bool(expected == got)


def _of_one_kind(expected: Iterable[object], got: Iterable[object], numbers: Callable[[float, float], bool]) -> bool:
    """Whether members (or keys), all of which have an equal, have it of their own kind: `True == 1` in Python."""
    theirs = {member: member for member in got}
    return all(type(member) is str or _matches(member, theirs[member], numbers) for member in expected)


def _sets_match(expected: AbstractSet[Any], got: AbstractSet[Any], numbers: Callable[[float, float], bool]) -> bool:
    if expected == got:
        return _of_one_kind(expected, got, numbers)
    if len(expected) != len(got) or any(type(member) not in (int, float) for member in (*expected, *got)):
        return False
    pairs = zip(*(sorted(one, key=lambda member: (member != member, member)) for one in (expected, got)), strict=True)
    return all(numbers(a, b) for a, b in pairs)


def _close(expected: float, got: float, compare: Compare) -> bool:
    if expected != expected or got != got:
        return expected != expected and got != got
    try:
        return expected == got or math.isclose(expected, got, rel_tol=compare.rel, abs_tol=compare.abs)
    except OverflowError:  # an int too large for a float
        return False


def _tokens_close(expected: list[str], got: list[str], compare: Compare) -> bool:
    return len(expected) == len(got) and all(_token_close(a, b, compare) for a, b in zip(expected, got, strict=True))


def _token_close(expected: str, got: str, compare: Compare) -> bool:
    if expected == got:
        return True
    if not (compare.rel or compare.abs):
        return False
    if _NUMBER.fullmatch(expected) and _NUMBER.fullmatch(got):
        return _close(float(expected), float(got), compare)
    return False


def _fits(pattern: str, text: str) -> bool:
    import regex  # 20 ms; `re` has no limit of time, and holds up all threads meanwhile

    try:
        return regex.fullmatch(pattern, text, regex.DOTALL, timeout=_PATTERN_S) is not None
    except TimeoutError:
        return False


def _lines(text: str) -> list[str]:
    """The lines without trailing blanks, and without the empty ones at the end."""
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def _members(value: object) -> list[object]:
    return list(value) if isinstance(value, (list, tuple, set, frozenset)) else [value]


def _key(value: object) -> str:
    """A text that two values have in common if and only if they are `_equal`.

    A text, because the members of an answer are counted by it in a table, and texts cannot be chosen to stand in each
    other's way there: their hashes are another in every process.
    """
    if isinstance(value, bool) or value is None:
        return repr(value)
    if isinstance(value, int):
        return hex(value)
    if isinstance(value, float):
        return hex(int(value)) if value.is_integer() else value.hex()  # "nan", "inf" and "-inf" too
    if isinstance(value, complex):
        return f"{_key(value.real)} {_key(value.imag)}"
    if isinstance(value, (list, tuple)):
        return _digest(value, map(_key, value))
    if isinstance(value, dict):
        return _digest(value, sorted(_digest(value, map(_key, pair)) for pair in value.items()))
    if isinstance(value, (set, frozenset)):
        return _digest(value, sorted(map(_key, value)))
    if isinstance(value, (str, bytes)):
        return f"{type(value).__name__} {value!s}"
    return "undefined" if isinstance(value, Undefined) else f"{type(value).__name__} {id(value)}"


def _digest(value: object, keys: Iterable[str]) -> str:
    """Of fixed length, so that what is nested costs no more than what is flat."""
    text = "".join(f"{len(key)}:{key}" for key in keys)
    return (
        f"{type(value).__name__} {hashlib.blake2b(text.encode('utf-8', 'surrogatepass'), digest_size=16).hexdigest()}"
    )


def _as_javascript(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, float):
        return "NaN" if value != value else repr(value).replace("inf", "Infinity").removesuffix(".0")
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_as_javascript, value))}]"
    if isinstance(value, (set, frozenset)):
        return f"new Set([{', '.join(sorted(map(_as_javascript, value)))}])"
    if isinstance(value, dict):
        if all(isinstance(key, str) for key in value):
            return (
                "{"
                + ", ".join(
                    f"{key if str(key).isidentifier() else json.dumps(key)}: {_as_javascript(item)}"
                    for key, item in value.items()
                )
                + "}"
            )
        return f"new Map([{', '.join(f'[{_as_javascript(k)}, {_as_javascript(v)}]' for k, v in value.items())}])"
    return repr(value)
