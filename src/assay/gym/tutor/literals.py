"""The values of hidden tests, and whether a hint holds one that its reader has not seen. Pure.

A value counts when it could hardly be there by chance: three numbers in a row as they stand in a hidden list, a call
with a hidden test's arguments, a number of three digits that is not round, a text of four characters or more in quotes.
`0`, `[]`, `"a"` never count.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from assay.gym.records.problems import Problem, Test
from assay.gym.tutor import canonical
from assay.gym.tutor.canonical import Token
from assay.gym.tutor.hint_text import HintText
from assay.records import Language

MAX_DEPTH = 8
_SEPARATORS = canonical.listed(", [ ] { } ( ) : => = and or with then")


class Hidden(NamedTuple):
    """What must not be said."""

    run: tuple[str, ...]
    """Literals in a row: `-5`, `"tree"`."""
    what: str
    """`an input`"""
    telling: bool
    """Whether it tells wherever it stands; else only in brackets or code."""


def hidden_literals(problem: Problem, language: Language, seen: Sequence[str]) -> tuple[Hidden, ...]:
    """What the hidden tests hold that stands nowhere a learner has looked: statement, starter, public tests, `seen`."""
    sources = problem.languages.get(language)
    texts = [problem.statement, *problem.scaffold, sources.starter if sources else "", *seen]
    public = [run for test in problem.tests if test.visibility == "public" for run, _ in _values(test)]
    return _hidden(problem.tests, tuple(texts), tuple(public), language)


@lru_cache(maxsize=128)
def _cached(text: str, language: Language) -> tuple[str, ...]:
    return tuple(one for run in runs(canonical.prose(text, language)) for one in (*run.said, "|"))


def _hidden(
    tests: Iterable[Test], texts: tuple[str, ...], public: tuple[tuple[str, ...], ...], language: Language
) -> tuple[Hidden, ...]:
    seen = [one for text in texts for one in (*_cached(text, language), "|")]
    seen += [one for run in public for one in (*run, "|")]
    words = "\n".join(texts)
    found: dict[tuple[str, ...], Hidden] = {}
    for test in tests:
        if test.visibility != "hidden":
            continue
        for run, what in _values(test):
            if run in found or _within(run, seen):
                continue
            if len(run) == 1 and run[0][:1] == '"' and run[0][1:-1] in words:
                continue
            odd = [one for one in run if _odd(one) and one not in seen]
            if len(run) >= 3 or odd or (what == "the arguments" and len(run) == 2):
                found[run] = Hidden(run, what, bool(odd) and (len(run) > 1 or run[0][:1] != '"' or " " in run[0]))
    return tuple(found.values())


def _values(test: Test) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(test.args, list | tuple):
        yield tuple(_flat(test.args)), "the arguments"
        for one in test.args:
            yield tuple(_flat(one)), "an input"
    if test.expects:
        yield tuple(_flat(test.expect)), "what is expected"
    for text, what in ((test.stdin, "an input"), (test.stdout or "", "what is expected")):
        for line in text.split("\n"):
            words = line.split()
            if words:
                yield tuple(_word(word) for word in words), what
                if len(words) > 1:
                    yield (f'"{line.strip()}"',), what


def _word(word: str) -> str:
    return word if re.fullmatch(r"-?\d+(?:\.\d+)?", word) else f'"{word}"'


def _flat(value: Any, depth: int = 0) -> Iterator[str]:
    """The scalars of a value, in order."""
    if depth > MAX_DEPTH or value is None or isinstance(value, bool):
        return
    if isinstance(value, str):
        yield f'"{value}"'
    elif isinstance(value, int | float):
        yield f"{value:g}" if isinstance(value, float) else str(value)
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from _flat(key, depth + 1)
            yield from _flat(one, depth + 1)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _flat(one, depth + 1)


def _odd(one: str) -> bool:
    """Whether it is hardly there by chance."""
    if one.startswith('"'):
        return len(one) >= 6 and any(letter.isalnum() for letter in one)
    digits = one.lstrip("-").rstrip("0").replace(".", "")
    return len(digits) >= 3


def _within(run: Sequence[str], whole: Sequence[str]) -> bool:
    if not run:
        return True
    first, size = run[0], len(run)
    return any(one == first and tuple(whole[at : at + size]) == tuple(run) for at, one in enumerate(whole))


class Said(NamedTuple):
    """Literals that stand in a row in a text."""

    said: tuple[str, ...]
    bracketed: bool


def runs(tokens: Sequence[Token]) -> Iterator[Said]:
    """The rows of literals in a stream: what is between them is only commas, brackets and the like."""
    row: list[str] = []
    bracketed, minus = False, False
    for token in tokens:
        if token.kind in ("number", "text"):
            sign = "-" if minus and token.kind == "number" else ""
            row.append(f'"{token.text}"' if token.kind == "text" else sign + _number(token.text))
        elif token.kind == "sign" and token.text == "-":
            minus = True
            continue
        elif token.text in _SEPARATORS:
            bracketed = bracketed or token.text in "[("
        else:
            if row:
                yield Said(tuple(row), bracketed)
            row, bracketed = [], False
        minus = False
    if row:
        yield Said(tuple(row), bracketed)


def _number(text: str) -> str:
    try:
        return f"{float(text):g}" if "." in text or "e" in text.lower() else str(int(text))
    except (ValueError, OverflowError):
        return text


def literals_in(hint: HintText, hidden: Sequence[Hidden], language: Language) -> Iterator[tuple[str, str]]:
    """The hidden values that the hint holds, and what they are."""
    if not hidden:
        return
    in_code = [
        Said(row.said, True)
        for piece in hint.pieces
        if piece.marked
        for row in runs(canonical.fragment(piece.text, language))
    ]
    rows = [*in_code, *runs(canonical.prose(re.sub(r"[`*]", " ", hint.text), language))]
    for one in hidden:
        text = one.run[0][1:-1] if len(one.run) == 1 and one.run[0].startswith('"') else ""
        if " " in text.strip() and len(text) >= 8 and text in hint.text:
            yield text, one.what
            continue
        for row in rows:
            if not (one.telling or row.bracketed or text):
                continue
            if _within(one.run, row.said):
                yield ", ".join(one.run), one.what
                break
