"""Read the YAML and JSON that people write, so that every mistake has its file, line and column.

The text is read by YAML 1.2's plain rules: only `true`, `false`, `null` (or `~`, or nothing) and JSON's numbers mean
something; `no`, `on`, `2026-01-31` and `12:30` are text. What readers of YAML disagree on (`True`, `012`, `0x1F`,
`1_000`, `.5`, `.inf`) is refused with the two ways to say it. So are keys given twice, anchors and aliases, and
several documents.

Where a record asks for a `Value`, tags say what JSON cannot: `!tuple [1, 2]`, `!set [..]`, `!frozenset [..]`,
`!bytes "00ff"` (hex), `!complex [re, im]`, `!float nan` (or inf, -inf), `!undefined`; and the keys of a mapping may be
any value that can be hashed.
"""

import difflib
import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from json.decoder import scanstring  # type: ignore[attr-defined]
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, BeforeValidator, ValidationError, ValidationInfo

from assay.errors import ContentError
from assay.pipeline.sandbox.guest.values import UNDEFINED

MAX_BYTES = 4 << 20
_USUAL_BYTES = 1 << 16
MAX_DEPTH = 64
MAX_NODES = 200_000
MAX_DIGITS = 4000  # Python's own bound on reading an int is 4300

R = TypeVar("R", bound=BaseModel)
Step = str | int


def load(path: Path, record: type[R]) -> R:
    """The record that the file holds. Raises ContentError at file:line:column."""
    return read(path).record(record)


def parse(text: str, place: str, record: type[R]) -> R:
    """The record that the text holds; `place` names it in errors (and tells JSON by its ending)."""
    return Document(text, place).record(record)


def read(path: Path) -> "Document":
    """The file as a Document, for who needs the places of its values too."""
    return Document(read_text(path), str(path))


def read_text(path: Path) -> str:
    """A file's text: UTF-8, with or without a byte order mark, of a size a person could have written."""
    try:
        with path.open("rb") as file:
            data = file.read(_USUAL_BYTES)  # asking for the most there may be takes that memory at once
            if len(data) == _USUAL_BYTES:
                data += file.read(MAX_BYTES + 1 - len(data))
    except OSError as error:
        raise ContentError(str(path), f"cannot be read: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise ContentError(str(path), f"is larger than {MAX_BYTES >> 20} MiB", "Split it.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        raise ContentError(f"{path}:{line}:{column}", "is not UTF-8 text", "Save the file as UTF-8.") from None


# ---- nodes: what the text says, and where ----------------------------------------------------------------------------

Mark = tuple[int, int]
"""Line and column, from 1."""


class _Node:
    """One value. Made thousands of times a file, so what only some have is set only there."""

    tag = ""
    typed = False
    """Whether it says what JSON cannot: by its tag, or by a key that is not text."""
    scalar: Any = None
    """What a scalar says (after its tag); meaningless for the others."""
    items: "list[_Node] | None" = None
    pairs: "list[tuple[_Node, _Node]] | None" = None
    keys: "dict[Any, _Node] | None" = None
    """A mapping's, by what they say."""

    def __init__(self, mark: Mark) -> None:
        self.mark = mark

    def children(self) -> "list[_Node]":
        return self.items if self.items is not None else [value for _, value in self.pairs or ()]


class Document:
    """What a text says, and the place of each value in it."""

    def __init__(self, text: str, place: str) -> None:
        self.name = place
        text = text.removeprefix("\ufeff")
        if len(text) > MAX_BYTES:
            raise ContentError(place, f"is larger than {MAX_BYTES >> 20} MiB", "Split it.")
        reader = _Json(text, place) if place.endswith(".json") else _Yaml(text, place)
        self._root = reader.read()

    def place(self, *path: Step, key: bool = False) -> str:
        """file:line:column of the value at `path` (of its key), or of the nearest there is on the way to it."""
        node, mark = self._root, self._root.mark
        for step in path:
            found = _step(node, step)
            if found is None:
                break
            name, node = found
            mark = name.mark if key else node.mark
        return f"{self.name}:{mark[0]}:{mark[1]}"

    def record(self, record: type[R]) -> R:
        """Read as a record, strictly: nothing is guessed from text, no key is unknown."""
        typed: list[Any] = []
        text = json.dumps(_as_json(self._root, typed), allow_nan=False)
        try:
            return record.model_validate_json(text, strict=True, context=_Typed(typed))
        except ValidationError as error:
            raise self._error(record, error) from None

    def _error(self, record: type[BaseModel], error: ValidationError) -> ContentError:
        told = error.errors(include_url=False)
        # a list whose items are wrong is "too short" as well, because the wrong ones do not count: only the items are told
        inner = {detail["loc"][:at] for detail in told for at in range(len(detail["loc"]))}
        told = [detail for detail in told if not (detail["type"] == "too_short" and detail["loc"] in inner)]
        # a mapping with a key that is not text is told by that key: all its others only seem to be missing
        odd = {detail["loc"][:-1] for detail in told if detail["loc"][-1:] == (_TYPED,)}
        told = [detail for detail in told if not (detail["type"] == "missing" and detail["loc"][:-1] in odd)]
        found = [self._explain(record, dict(detail)) for detail in islice(told, 8)]
        found.sort(key=lambda one: one[0])
        _, place, message, help_ = found[0]
        also = [f"Also {place}: {message}" for _, place, message, _ in found[1:]]
        return ContentError(place, message, "\n".join(filter(None, [help_, *also])))

    def _explain(self, record: type[BaseModel], detail: dict[str, Any]) -> tuple[tuple[int, Mark], str, str, str]:
        """How early to tell it, where it is, what is wrong, what to do."""
        path, kind, given = list(detail["loc"]), detail["type"], detail["input"]
        node, mark, name = self._root, self._root.mark, ""
        for step in path:
            found = _step(node, step)
            if found is None:
                continue  # a step of the schema's own, such as the kind of a check
            key, node = found
            mark = key.mark if kind == "extra_forbidden" else node.mark
            name = step if isinstance(step, str) else name
        place = f"{self.name}:{mark[0]}:{mark[1]}"
        if path[-1:] == [_TYPED]:
            mark, message, help_ = _odd_key(node)
            return (0, mark), f"{self.name}:{mark[0]}:{mark[1]}", message, help_
        if kind == "extra_forbidden":
            known = _keys(record, path[:-1])
            near = difflib.get_close_matches(str(path[-1]), known, n=1, cutoff=0.5)
            inside = _belongs(record, path, known)
            hint = f"Did you mean {near[0]!r}? " if near and repr(path[-1]) not in inside else inside
            return (0, mark), place, f"unknown key {path[-1]!r}", f"{hint}Known: {', '.join(known)}."
        if kind == "missing":
            return (1, mark), place, f"the key {path[-1]!r} is missing", ""
        where = f"{name}: " if name else ""
        if node.typed:
            what = f"{node.tag} is" if node.tag else "keys that are not text are"
            return (0, mark), place, f"{where}{what} not understood here", "Only the values of cases may use them."
        message, help_ = _in_words(kind, detail, given)
        return (0, mark), place, f"{where}{message}", help_


def _odd_key(node: _Node) -> tuple[Mark, str, str]:
    """Of a mapping where only text may be a key: where the first that is none stands, what is wrong and what to do.

    Mostly it is the second item of a list without brackets: {args: 1, 2} has the keys `args` and 2.
    """
    pairs = node.pairs or []
    at = next((number for number, (key, _) in enumerate(pairs) if type(key.scalar) is not str), None)
    if at is None:  # text that begins with a NUL
        return node.mark, "a key that no text can be", "Take the NUL out."
    help_ = "Keys are text: put it in quotes."
    if at and pairs[at][1].scalar is None:
        name, first = pairs[at - 1]
        items = [first] + [key for key, value in pairs[at:] if value.scalar is None]
        help_ = f"A list needs brackets: {name.scalar}: [{', '.join(map(_as_written, items))}]."
    return pairs[at][0].mark, f"the key {_as_written(pairs[at][0])} is not text", help_


def _as_written(node: _Node) -> str:
    if node.items is not None or node.pairs is not None or node.tag:
        return "…"
    return str(node.scalar) if isinstance(node.scalar, str) else _short(node.scalar)


def _in_words(kind: str, detail: dict[str, Any], given: Any) -> tuple[str, str]:
    """What is wrong with a value, and what to do."""
    context = detail.get("ctx", {})
    if kind == "string_type" and (given is None or isinstance(given, bool | int | float)):
        return f"should be text, not {json.dumps(given)}", f'Put it in quotes: "{json.dumps(given)}".'
    if kind == "literal_error":
        choices = re.findall(r"'([^']*)'", str(context.get("expected", "")))
        near = difflib.get_close_matches(str(given), choices, n=1, cutoff=0.5)
        hint = f"Did you mean {near[0]!r}? " if near else ""
        return f"{_short(given)} is not one of its values", f"{hint}Known: {', '.join(choices)}."
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return (
            f"the key {context.get('discriminator')} should be one of {context.get('expected_tags', 'its values')}",
            "",
        )
    if kind == "bool_type":
        return f"should be true or false, not {_short(given)}", ""
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        return "should be a mapping (key: value)", ""
    if kind in ("tuple_type", "list_type"):
        is_plain = isinstance(given, str | int | float) and len(str(given)) <= 40
        return f"should be a list, not {_short(given)}", f"A list needs brackets: [{given}]." if is_plain else ""
    message = str(detail["msg"])
    if kind == "value_error":
        return message.removeprefix("Value error, "), ""
    return f"{message[:1].lower()}{message[1:]}, not {_short(given)}", ""


def _short(given: Any) -> str:
    text = json.dumps(given, ensure_ascii=False)
    return text if len(text) <= 40 else text[:37] + "…"


def _step(node: _Node, step: Step) -> tuple[_Node, _Node] | None:
    """The key (or the item itself) and the value one step on."""
    if isinstance(step, int):
        return (node.items[step], node.items[step]) if node.items is not None and 0 <= step < len(node.items) else None
    for key, value in node.pairs or ():
        if key.scalar == step and key.items is None and key.pairs is None:
            return key, value
    return None


def _keys(record: type[BaseModel], path: list[Step]) -> list[str]:
    """The keys that may stand at `path` of a record."""
    here = [record]
    for step in path:
        inside = [f.annotation for model in here for name, f in model.model_fields.items() if step in (name, f.alias)]
        tagged = [
            model for model in here if any(f.default == step for n, f in model.model_fields.items() if n == "kind")
        ]
        here = [model for kind in inside for model in _models(kind)] if inside else tagged or here
    return sorted({f.alias or name for model in here for name, f in model.model_fields.items()})


def _belongs(record: type[BaseModel], path: list[Step], known: list[str]) -> str:
    """A hint where the key is, or is nearly, one of those that stand one level further in."""
    inner = {key: outer for outer in reversed(known) for key in _inner(record, [*path[:-1], outer])}
    near = difflib.get_close_matches(str(path[-1]), inner, n=1, cutoff=0.75)
    return f"Did you mean {near[0]!r} under {inner[near[0]]!r}? " if near else ""


def _inner(record: type[BaseModel], path: list[Step]) -> list[str]:
    here, deeper = _keys(record, path[:-1]), _keys(record, path)
    return [] if here == deeper else deeper


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inside in get_args(annotation):
        yield from _models(inside)


# ---- values ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Typed:
    """The values of a document that JSON cannot say; the JSON holds their numbers, under a key no text can hold."""

    values: list[Any]


_TYPED = "\0typed"


def _as_json(node: _Node, typed: list[Any]) -> Any:
    """The node as JSON; what JSON cannot say goes to `typed`, its number in its place."""
    if node.typed:
        typed.append(_as_value(node))
        return {_TYPED: len(typed) - 1}
    if node.items is not None:
        return [_as_json(item, typed) for item in node.items]
    if node.pairs is not None:
        return {key.scalar: _as_json(value, typed) for key, value in node.pairs}
    return node.scalar


def _as_value(node: _Node) -> Any:
    if node.tag in _SEQUENCES:
        return _SEQUENCES[node.tag](_as_value(item) for item in node.items or ())
    if node.tag == "!complex":
        return node.scalar
    if node.items is not None:
        return [_as_value(item) for item in node.items]
    if node.pairs is not None:
        return {_as_value(key): _as_value(value) for key, value in node.pairs}
    return node.scalar


def _restore(value: Any, info: ValidationInfo) -> Any:
    typed = info.context.values if isinstance(info.context, _Typed) else []

    def walk(item: Any) -> Any:
        if isinstance(item, list):
            return [walk(one) for one in item]
        if isinstance(item, dict):
            return typed[item[_TYPED]] if _TYPED in item else {key: walk(one) for key, one in item.items()}
        return item

    return walk(value)


Value = Annotated[Any, BeforeValidator(_restore)]
"""In a record: any value of a case, tags and keys that are not text included."""

_SEQUENCES: dict[str, Any] = {"!tuple": tuple, "!set": set, "!frozenset": frozenset}
_SCALARS = ("!bytes", "!float", "!undefined")
TAGS = (*_SEQUENCES, "!complex", *_SCALARS)


# ---- from text to nodes ----------------------------------------------------------------------------------------------

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_UNCLEAR_NUMBER = re.compile(
    r"[-+]?(0[0-9_]+(\.[0-9_]*)?|0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|[0-9][0-9_]*\.?([eE][-+]?[0-9]+)?"
    r"|[0-9][0-9_]*\.[0-9_]+([eE][-+]?[0-9]+)?|\.[0-9][0-9_]*([eE][-+]?[0-9]+)?|\.(inf|Inf|INF)|\.(nan|NaN|NAN))"
)
_UNCLEAR_WORDS = {
    "True": "true",
    "TRUE": "true",
    "False": "false",
    "FALSE": "false",
    "None": "null",
    "Null": "null",
    "NULL": "null",
}
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}
_NOT_ALWAYS_TEXT = frozenset("-+.0123456789~tfnTFN")
"""How all words and numbers begin, the unclear ones too: whatever begins otherwise is text."""


class _Reader:
    """What both kinds of text share: bounds, scalars, tags."""

    def __init__(self, text: str, place: str) -> None:
        self.text = text
        self.place = place
        self.nodes = 0

    def read(self) -> _Node:
        raise NotImplementedError

    def error(self, mark: Mark, message: str, help_: str = "") -> ContentError:
        return ContentError(f"{self.place}:{mark[0]}:{mark[1]}", message, help_)

    def node(self, mark: Mark, depth: int, tag: str = "") -> _Node:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise self.error(mark, f"more than {MAX_NODES:,} values in one file", "Split it.")
        if depth > MAX_DEPTH:
            raise self.error(mark, f"nested more than {MAX_DEPTH} deep")
        node = _Node(mark)
        if tag:
            node.tag, node.typed = tag, True
        return node

    def number(self, text: str, mark: Mark) -> int | float:
        if len(text) > MAX_DIGITS:
            raise self.error(mark, f"a number of more than {MAX_DIGITS} digits")
        if text.lstrip("-").isdigit():
            return int(text)
        value = float(text)
        if value - value != 0:
            raise self.error(mark, f"{text} is beyond a float", "For infinity write !float inf.")
        return value

    def string(self, text: str, mark: Mark) -> str:
        if not text.isascii() and _HALF.search(text):
            raise self.error(mark, "half a surrogate pair is no text", "Write the character itself.")
        return text

    def add_pair(self, mapping: _Node, key: _Node, value: _Node) -> None:
        assert mapping.keys is not None
        assert mapping.pairs is not None
        name = key.scalar if key.items is None and key.pairs is None else _as_value(key)
        try:
            first = mapping.keys.get(name)
        except TypeError:
            raise self.error(
                key.mark, f"a {type(name).__name__} cannot be a key", "A !tuple or !frozenset can."
            ) from None
        if first is not None:
            raise self.error(
                key.mark, f"the key {_show(name)} is given twice", f"It stands on line {first.mark[0]} already."
            )
        mapping.keys[name] = key
        if type(name) is not str or name[:1] == "\0":
            mapping.typed = True
        mapping.pairs.append((key, value))


_HALF = re.compile("[\ud800-\udfff]")


def _show(name: Any) -> str:
    text = repr(name)
    return text if len(text) <= 40 else text[:37] + "…"


class _Yaml(_Reader):
    """Builds nodes from PyYAML's events, which come one by one: no depth or size of text can run away with us."""

    def read(self) -> _Node:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same events, ten times as fast
        stack: list[tuple[_Node, list[_Node]]] = []  # open collections, and for a mapping the key that waits
        root: _Node | None = None
        event: Any
        try:
            for event in yaml.parse(self.text, Loader=loader):
                kind = type(event)  # each event is of exactly one of PyYAML's classes
                if kind is yaml.ScalarEvent and event.anchor is None:  # most are: told first, and in few calls
                    done = self._scalar(event, len(stack))
                elif kind is yaml.SequenceEndEvent or kind is yaml.MappingEndEvent:
                    done = self._closed(stack.pop())
                elif kind is yaml.AliasEvent or getattr(event, "anchor", None):
                    raise self.error(_mark(event), "anchors and aliases are not used here", "Write the value out.")
                elif kind is yaml.SequenceStartEvent or kind is yaml.MappingStartEvent:
                    stack.append((self._collection(event, len(stack)), []))
                    continue
                elif kind is yaml.DocumentStartEvent and root is not None:
                    raise self.error(_mark(event), "a second document", "One file holds one; take the '---' out.")
                else:
                    continue
                if not stack:
                    root = done
                    continue
                parent, waiting = stack[-1]
                if parent.items is not None:
                    parent.items.append(done)
                elif waiting:
                    self.add_pair(parent, waiting.pop(), done)
                else:
                    waiting.append(done)
        except yaml.MarkedYAMLError as error:
            at = error.problem_mark or error.context_mark
            mark = (at.line + 1, at.column + 1) if at else (1, 1)
            raise self.error(
                mark, f"is not YAML: {error.problem or error.context}", _yaml_help(str(error.problem))
            ) from None
        except yaml.YAMLError as error:
            bad = next((i for i, c in enumerate(self.text) if not _allowed(c)), 0)
            mark = (self.text.count("\n", 0, bad) + 1, bad - self.text.rfind("\n", 0, bad))
            raise self.error(mark, f"is not YAML: {str(error).splitlines()[0]}") from None
        if root is None or (root.items is None and root.pairs is None and root.scalar is None and not root.tag):
            raise self.error((1, 1), "is empty")
        return root

    def _collection(self, event: Any, depth: int) -> _Node:
        node = self.node(_mark(event), depth, self._tag(event) if event.tag else "")
        if type(event) is yaml.SequenceStartEvent:
            node.items = []
        else:
            node.pairs, node.keys = [], {}
        if node.tag in _SCALARS or (node.tag and node.pairs is not None):
            raise self.error(
                node.mark, f"{node.tag} does not take a {'list' if node.pairs is None else 'mapping'}", _usage(node.tag)
            )
        return node

    def _closed(self, opened: tuple[_Node, list[_Node]]) -> _Node:
        node = opened[0]
        if node.tag == "!complex":
            parts = [_as_value(item) for item in node.items or ()]
            if len(parts) != 2 or any(type(part) not in (int, float) for part in parts):
                raise self.error(node.mark, "!complex takes two numbers", _usage(node.tag))
            node.scalar = complex(*parts)
        elif node.tag in ("!set", "!frozenset"):
            seen: set[Any] = set()
            for item in node.items or ():
                value = _as_value(item)
                try:
                    again = value in seen
                    seen.add(value)
                except TypeError:
                    raise self.error(
                        item.mark,
                        f"a {type(value).__name__} cannot be a member of a set",
                        "A !tuple or !frozenset can.",
                    ) from None
                if again:
                    raise self.error(item.mark, f"{_show(value)} is in the set twice")
        return node

    def _scalar(self, event: Any, depth: int) -> _Node:
        node, text = self.node(_mark(event), depth, self._tag(event) if event.tag else ""), event.value
        if not node.typed:
            plain = not event.style and (not text or text[0] in _NOT_ALWAYS_TEXT)
            node.scalar = self._plain(text, node.mark) if plain else self.string(text, node.mark)
        elif node.tag == "!bytes":
            try:
                node.scalar = bytes.fromhex(text)
            except ValueError:
                raise self.error(node.mark, "!bytes takes pairs of hexadecimal digits", _usage(node.tag)) from None
        elif node.tag == "!float":
            if text not in ("nan", "inf", "-inf"):
                raise self.error(
                    node.mark, f"!float takes nan, inf or -inf, not {text!r}", "Write other numbers as they are."
                )
            node.scalar = float(text)
        elif node.tag == "!undefined":
            if text not in ("", "null"):
                raise self.error(node.mark, "!undefined takes nothing after it")
            node.scalar = UNDEFINED
        else:
            raise self.error(node.mark, f"{node.tag} takes a list", _usage(node.tag))
        return node

    def _plain(self, text: str, mark: Mark) -> Any:
        if text in _WORDS:
            return _WORDS[text]
        if _NUMBER.fullmatch(text):
            return self.number(text, mark)
        if text in _UNCLEAR_WORDS:
            raise self.error(
                mark, f"{text} is unclear", f'Write {_UNCLEAR_WORDS[text]}, or "{text}" in quotes for the text.'
            )
        if _UNCLEAR_NUMBER.fullmatch(text):
            infinite = text.lower().lstrip("+-")[:4] in (".inf", ".nan")
            remedy = (
                f"!float {text.lower().lstrip('+').replace('.', '')}" if infinite else "the number in plain decimal"
            )
            raise self.error(mark, f"{text} is unclear", f'Write {remedy}, or "{text}" in quotes for the text.')
        return self.string(text, mark)

    def _tag(self, event: Any) -> str:
        tag: str = event.tag
        if tag not in TAGS:
            name = tag.replace("tag:yaml.org,2002:", "!!")
            near = difflib.get_close_matches(tag, TAGS, n=1, cutoff=0.5)
            hint = f"Did you mean {near[0]}? " if near else ""
            raise self.error(_mark(event), f"unknown tag {name}", f"{hint}Known: {', '.join(TAGS)}. Quotes make text.")
        return tag


def _usage(tag: str) -> str:
    after = {"!bytes": '"00ff"', "!float": "nan", "!undefined": "", "!complex": "[1.5, -2]"}.get(tag, "[1, 2]")
    return f"Like this: {tag} {after}".rstrip()


def _yaml_help(problem: str) -> str:
    if "mapping values are not allowed" in problem:
        return "A ': ' inside text needs quotes around the whole text."
    if "'\\t'" in problem or "tab" in problem:
        return "Indent with spaces, not tabs."
    if "cannot start any token" in problem:
        return "Put the text in quotes."
    return ""


def _mark(event: Any) -> Mark:
    start = event.start_mark
    return start.line + 1, start.column + 1


def _allowed(character: str) -> bool:
    return (
        character in "\t\n\r\x85"
        or " " <= character <= "~"
        or (character >= "\xa0" and not "\ud800" <= character <= "\udfff")
    )


_BLANK = re.compile(r"[ \t\r\n]*")


class _Json(_Reader):
    """A JSON reader that keeps places, which the standard one does not."""

    def __init__(self, text: str, place: str) -> None:
        super().__init__(text, place)
        self._lines = [0, *(found.end() for found in re.finditer("\n", text))]

    def read(self) -> _Node:
        node, end = self._value(0, 0)
        end = self._skip(end)
        if end != len(self.text):
            raise self.error(self._at(end), "is not JSON: there is more after its end")
        return node

    def _skip(self, at: int) -> int:
        found = _BLANK.match(self.text, at)
        return found.end() if found else at

    def _at(self, position: int) -> Mark:
        line = bisect_right(self._lines, position)
        return line, position - self._lines[line - 1] + 1

    def _value(self, at: int, depth: int) -> tuple[_Node, int]:
        at = self._skip(at)
        node = self.node(self._at(at), depth)
        start = self.text[at : at + 1]
        if start == "[":
            node.items = []
            return node, self._list(node.items, at + 1, depth)
        if start == "{":
            node.pairs, node.keys = [], {}
            return node, self._object(node, at + 1, depth)
        if start == '"':
            node.scalar, end = self._string(at)
            return node, end
        for word in ("true", "false", "null"):
            if self.text.startswith(word, at):
                node.scalar = _WORDS[word]
                return node, at + len(word)
        if found := _NUMBER.match(self.text, at):
            node.scalar = self.number(found.group(), node.mark)
            return node, found.end()
        raise self.error(node.mark, "is not JSON: " + (f"{start!r} begins no value" if start else "it ends too early"))

    def _string(self, at: int) -> tuple[str, int]:
        try:
            text, end = scanstring(self.text, at + 1, True)
        except json.JSONDecodeError as error:
            raise self.error(self._at(error.pos), f"is not JSON: {error.msg}") from None
        return self.string(text, self._at(at)), end

    def _list(self, items: list[_Node], at: int, depth: int) -> int:
        at = self._skip(at)
        if self.text.startswith("]", at):
            return at + 1
        while True:
            item, at = self._value(at, depth + 1)
            items.append(item)
            at, more = self._comma(at, "]")
            if not more:
                return at

    def _object(self, node: _Node, at: int, depth: int) -> int:
        at = self._skip(at)
        if self.text.startswith("}", at):
            return at + 1
        while True:
            at = self._skip(at)
            if not self.text.startswith('"', at):
                raise self.error(self._at(at), "is not JSON: a key in double quotes should stand here")
            key = self.node(self._at(at), depth + 1)
            key.scalar, at = self._string(at)
            at = self._skip(at)
            if not self.text.startswith(":", at):
                raise self.error(self._at(at), "is not JSON: a ':' should stand here")
            value, at = self._value(at + 1, depth + 1)
            self.add_pair(node, key, value)
            at, more = self._comma(at, "}")
            if not more:
                return at

    def _comma(self, at: int, close: str) -> tuple[int, bool]:
        at = self._skip(at)
        if self.text.startswith(close, at):
            return at + 1, False
        if self.text.startswith(",", at):
            return at + 1, True
        raise self.error(self._at(at), f"is not JSON: a ',' or '{close}' should stand here")
