"""Patterns that a program's syntax tree holds or does not: `disallow` and `when` of a problem say them.

    Call[func.id=sum]                  a call of `sum`
    For If Return                      a return within an if within a for, however deep
    Compare[ops=GtE|LtE]               a comparison that has >= or <= among its operators
    FunctionDef[name=total]:without(Return)
    BinOp[op=Add][right.value="1"]     both; a value with blanks or signs stands in quotes
    Call[func!=sum][keywords]          `func` is not `sum`, and there are keywords; `[!orelse]` is: there are none
    *[id=print]                        any node

A node is named as its language's tree names it: Python's `ast` (`For`, `Compare`), JavaScript's tree-sitter grammar
(`for_statement`, `binary_expression[operator="<="]`). A field may be a path (`func.value.id`; numbers count into lists).
It has a value when the node there is of that kind, is that word or constant, or reads so in the source; of a list, when
one of its members does. `text` is the node's own source. `:has(…)` and `:without(…)` look at what lies within.

Source that does not parse holds nothing. Nothing is run.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any, NamedTuple, Protocol

from assay.errors import AssayError
from assay.pipeline.parsing import parse as parsed_python
from assay.records import Language

MAX_SOURCE = 100_000
"""Characters of source that are looked at; longer programs hold nothing."""
MAX_PATTERN = 400
MAX_FOUND = 100

_HELP = "A pattern looks like `Call[func.id=sum]` or `For If`; docs/gym-authors.md shows more."


class Place(NamedTuple):
    """Where a pattern lies."""

    line: int
    """From 1."""
    text: str
    """The source there, its first line."""


class _Condition(NamedTuple):
    path: tuple[str, ...]
    sign: str
    """`=`, `!=`, or empty: that there is something (`!`: nothing)."""
    values: tuple[str, ...] = ()


class _Part(NamedTuple):
    kinds: tuple[str, ...]
    conditions: tuple[_Condition, ...] = ()
    has: "tuple[Pattern, ...]" = ()
    without: "tuple[Pattern, ...]" = ()


class Pattern(NamedTuple):
    """A pattern that has been read: parts, each within the one before."""

    parts: tuple[_Part, ...]


# ---- reading a pattern ----------------------------------------------------------------------------------------------


@lru_cache(maxsize=1024)
def read(text: str, language: Language) -> Pattern:
    """The pattern that a text says. Raises AssayError where it says none, or names a node that the language lacks."""
    if len(text) > MAX_PATTERN:
        raise AssayError(f"A pattern is longer than {MAX_PATTERN} characters.", "Say it in two entries.")
    reader = _Reader(text, language)
    pattern = reader.pattern()
    reader.end()
    return pattern


_KIND = re.compile(r"\*|[A-Za-z_]\w*(?:\|[A-Za-z_]\w*)*")
_PATH = re.compile(r"!?[A-Za-z_]\w*(?:\.\w+)*")
_SIGN = re.compile(r"!=|=")
_VALUE = re.compile(r'"(?:[^"\\]|\\.)*"|[^\[\]"|]+')
_INNER = re.compile(r":(has|without)\(")


class _Reader:
    def __init__(self, text: str, language: Language) -> None:
        self._text = text.strip()
        self._at = 0
        self._language = language

    def pattern(self) -> Pattern:
        parts = [self._part()]
        while self._take(re.compile(r"\s+")) and self._peek() not in ("", ")"):
            parts.append(self._part())
        return Pattern(tuple(parts))

    def end(self) -> None:
        if self._at < len(self._text):
            raise self._wrong("nothing more")

    def _part(self) -> _Part:
        kinds = tuple(self._need(_KIND, "the name of a node").split("|"))
        for kind in kinds:
            if kind != "*" and kind not in _kinds(self._language):
                raise AssayError(
                    f"{self._text!r}: the syntax of {self._language} has no node {kind!r}.", _near(kind, self._language)
                )
        conditions = []
        while self._take(re.compile(r"\[")):
            conditions.append(self._condition())
        inner: dict[str, list[Pattern]] = {"has": [], "without": []}
        while (found := self._take(_INNER)) is not None:
            inner[found[1:-1]].append(self.pattern())
            self._need(re.compile(r"\)"), "`)`")
        return _Part(kinds, tuple(conditions), tuple(inner["has"]), tuple(inner["without"]))

    def _condition(self) -> _Condition:
        path = self._need(_PATH, "the name of a field")
        sign = self._take(_SIGN) or ""
        values: list[str] = []
        if sign:
            values.append(self._value())
            while self._take(re.compile(r"\|")):
                values.append(self._value())
            if path.startswith("!"):
                raise self._wrong("`!=` between field and value instead of `!` before the field")
        elif path.startswith("!"):
            sign = "!"
        self._need(re.compile(r"\]"), "`]`")
        return _Condition(tuple(path.removeprefix("!").split(".")), sign, tuple(values))

    def _value(self) -> str:
        value = self._need(_VALUE, "a value").strip()
        return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value

    def _take(self, what: re.Pattern[str]) -> str | None:
        match = what.match(self._text, self._at)
        if match is None:
            return None
        self._at = match.end()
        return match[0]

    def _need(self, what: re.Pattern[str], words: str) -> str:
        found = self._take(what)
        if found is None:
            raise self._wrong(words)
        return found

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _wrong(self, words: str) -> AssayError:
        return AssayError(f"{self._text!r} is no pattern: at character {self._at + 1} {words} should stand.", _HELP)


@cache
def _kinds(language: Language) -> frozenset[str]:
    if language == "python":
        return frozenset(
            name for name, kind in vars(ast).items() if isinstance(kind, type) and issubclass(kind, ast.AST)
        )
    from assay.gym.syntax import javascript_grammar

    grammar = javascript_grammar()
    return frozenset(
        name
        for at in range(grammar.node_kind_count)
        if grammar.node_kind_is_named(at) and (name := grammar.node_kind_for_id(at))
    )


def _near(kind: str, language: Language) -> str:
    import difflib

    near = difflib.get_close_matches(kind, _kinds(language), n=3, cutoff=0.5)
    return f"Did you mean {' or '.join(near)}?" if near else _HELP


# ---- holding a pattern against a program -----------------------------------------------------------------------------


def find(pattern: str, language: Language, source: str) -> tuple[Place, ...]:
    """Where the program holds the pattern, in the order of the lines. Raises AssayError for what is no pattern."""
    return found(read(pattern, language), language, source)


def found(pattern: Pattern, language: Language, source: str) -> tuple[Place, ...]:
    """As `find`, of a pattern that has been read."""
    if len(source) > MAX_SOURCE:
        return ()
    root = _python_root(source) if language == "python" else _javascript_root(source)
    if root is None:
        return ()
    places = []
    for node in _matching(pattern.parts, root, include=True):
        places.append(Place(node.line, node.source().partition("\n")[0][:200]))
        if len(places) == MAX_FOUND:
            break
    return tuple(sorted(set(places)))


class _Node(Protocol):
    """A node of either language's tree."""

    @property
    def line(self) -> int: ...
    def kinds(self) -> tuple[str, ...]: ...
    def children(self) -> "list[_Node]": ...
    def field(self, name: str) -> Any: ...
    def source(self) -> str: ...


def _matching(parts: tuple[_Part, ...], root: _Node, include: bool) -> Iterator[_Node]:
    """The nodes that the last part is about. One walk: each node knows how many of the parts its ancestors have met."""
    waiting: list[tuple[_Node, int]] = [(root, 0)] if include else [(child, 0) for child in reversed(root.children())]
    while waiting:
        node, met = waiting.pop()
        here = met
        if _fits(parts[met], node):
            if met == len(parts) - 1:
                yield node
            else:
                here = met + 1
        waiting.extend((child, here) for child in reversed(node.children()))


def _fits(part: _Part, node: _Node) -> bool:
    if "*" not in part.kinds and not set(part.kinds) & set(node.kinds()):
        return False
    if not all(_holds(condition, node) for condition in part.conditions):
        return False
    if not all(any(True for _ in _matching(inner.parts, node, include=False)) for inner in part.has):
        return False
    return not any(any(True for _ in _matching(inner.parts, node, include=False)) for inner in part.without)


def _holds(condition: _Condition, node: _Node) -> bool:
    there = _follow(node, condition.path)
    if condition.sign in ("", "!"):
        some = there is not None and there != [] and there is not False
        return some if condition.sign == "" else not some
    equal = any(_is(there, value) for value in condition.values)
    return equal if condition.sign == "=" else not equal


def _follow(node: _Node, path: tuple[str, ...]) -> Any:
    here: Any = node
    for step in path:
        if isinstance(here, list):
            if step.isdigit():
                here = here[int(step)] if int(step) < len(here) else None
                continue
            here = [value for one in here if isinstance(one, _Nodes) and (value := _get(one, step)) is not None]
        elif isinstance(here, _Nodes):
            here = _get(here, step)
        else:
            return None
    return here


def _get(node: "_PythonNode | _JavaScriptNode", name: str) -> Any:
    return node.source() if name == "text" else node.field(name)


def _is(there: Any, value: str) -> bool:
    if there is None:
        return value in ("None", "null")
    if isinstance(there, list):
        return any(_is(one, value) for one in there)
    if isinstance(there, str):
        return there == value or repr(there) == value
    if isinstance(there, _Nodes):
        return value in there.kinds() or there.source() == value
    return repr(there) == value or str(there) == value


class _PythonNode:
    __slots__ = ("_lines", "_node", "line")

    def __init__(self, node: ast.AST, line: int) -> None:
        self._node = node
        self.line: int = getattr(node, "lineno", line)

    def kinds(self) -> tuple[str, ...]:
        return (type(self._node).__name__,)

    def children(self) -> list[_Node]:
        return [_PythonNode(child, self.line) for child in ast.iter_child_nodes(self._node)]

    def field(self, name: str) -> Any:
        return self._wrap(getattr(self._node, name, None) if name in self._node._fields else None)

    def _wrap(self, value: Any) -> Any:
        if isinstance(value, ast.AST):
            return _PythonNode(value, self.line)
        return [self._wrap(one) for one in value] if isinstance(value, list) else value

    def source(self) -> str:
        try:
            return ast.unparse(self._node)
        except (RecursionError, ValueError, AttributeError):
            return ""


def _python_root(source: str) -> _Node | None:
    tree = parsed_python(source)
    return None if tree is None else _PythonNode(tree, 1)


class _JavaScriptNode:
    __slots__ = ("_node", "line")

    def __init__(self, node: Any) -> None:
        self._node = node
        self.line: int = node.start_point[0] + 1

    def kinds(self) -> tuple[str, ...]:
        return (self._node.type,)

    def children(self) -> list[_Node]:
        return [_JavaScriptNode(child) for child in self._node.named_children]

    def field(self, name: str) -> Any:
        if name == "children":
            return self.children()
        there = [_JavaScriptNode(child) for child in self._node.children_by_field_name(name)]
        return None if not there else there[0] if len(there) == 1 else there

    def source(self) -> str:
        return (self._node.text or b"").decode("utf-8", "replace")


def _javascript_root(source: str) -> _Node | None:
    from assay.gym.syntax import parse_javascript

    root = parse_javascript(source)
    return None if root.has_error else _JavaScriptNode(root)


_Nodes = (_PythonNode, _JavaScriptNode)
