"""What a hint mentions: values of hidden tests, words to avoid, lines and names. Pure."""

import re
from collections.abc import Iterator
from functools import lru_cache

from assay.gym.records.problems import Problem, Test
from assay.gym.tutor import canonical
from assay.gym.tutor.case import HintCase
from assay.gym.tutor.hint_text import HintText, Piece
from assay.gym.tutor.literals import hidden_literals, literals_in
from assay.gym.tutor.verdict import Broken
from assay.visible import one_line


def literals(case: HintCase, hint: HintText, shown: tuple[str, ...]) -> Iterator[Broken]:
    hidden = hidden_literals(case.problem, case.language, (case.learner, *case.known, *shown))
    for said, what in literals_in(hint, hidden, case.language):
        yield Broken(rule="literal", where=one_line(said, 60), why=f"It holds {what} of a hidden test.")


def avoided(problem: Problem, hint: HintText) -> Iterator[Broken]:
    text = hint.text.lower()
    for word in problem.avoid:
        match = _word(word).search(text)
        if match is not None:
            yield Broken(
                rule="avoid", where=match[0], why=f"The word {word!r} is not to be used in this problem's help."
            )


@lru_cache(maxsize=1024)
def _word(word: str) -> re.Pattern[str]:
    parts = [re.escape(part) for part in re.split(r"[\s_-]+", word.lower()) if part]
    ending = r"(?:s|es|ed|d|ing)?" if parts and parts[-1][-1:].isalpha() else ""
    return re.compile(r"(?<!\w)" + r"[\s_-]*".join(parts) + ending + r"(?!\w)")


_LINES = re.compile(
    r"\blines?\s*(?:number\s*|no\.?\s*|#\s*)?(\d{1,5})(?:\s*(?:-|to|and|or|through|,)\s*(\d{1,5}))?", re.I
)


def places(case: HintCase, hint: HintText) -> Iterator[Broken]:
    there = len(case.learner.rstrip().split("\n"))
    for match in _LINES.finditer(hint.text):
        wrong = [int(one) for one in match.groups() if one is not None and not 1 <= int(one) <= there]
        if wrong:
            yield Broken(
                rule="place", where=match[0], why=f"The learner's program has no line {wrong[0]}; it has {there}."
            )


_IDENTIFIER = re.compile(r"[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*(?:\(\))?")
_INTRODUCED = re.compile(
    r"(?:such as|called|named|like|name it|call it|for example|e\.g\.|say,?|new (?:name|variable|list|array|function|helper)|another)\W*$",
    re.I,
)


def names(case: HintCase, hint: HintText) -> Iterator[Broken]:
    """Names in code that neither the learner's program, nor the problem, nor the language has."""
    there = _there(case)
    said: set[str] = set()
    for piece in hint.pieces:
        if not piece.marked or piece.block or not _IDENTIFIER.fullmatch(piece.text) or piece.text in said:
            continue
        said.add(piece.text)
        path = piece.text.removesuffix("()").split(".")
        wrong = [name for name in path if name not in there]
        if wrong and not _INTRODUCED.search(_before(hint.text, piece)):
            yield Broken(
                rule="name", where=piece.text, why=f"There is no {wrong[0]!r} in the learner's program or the problem."
            )


def _before(text: str, piece: Piece) -> str:
    at = text.find(f"`{piece.text}")
    return text[max(0, at - 40) : at] if at > 0 else ""


_NAME = re.compile(r"[A-Za-z_$][\w$]*")


def _there(case: HintCase) -> frozenset[str]:
    own = _names_of(case.learner) | _names_of(case.starter()) | _names_of(case.problem.statement)
    for source in case.known:
        own |= _names_of(source)
    return (
        own
        | _named_by(case.problem.tests)
        | frozenset(case.problem.input_schema)
        | canonical.library_names(case.language)
    )


@lru_cache(maxsize=512)
def _names_of(text: str) -> frozenset[str]:
    return frozenset(_NAME.findall(text))


def _named_by(tests: tuple[Test, ...]) -> frozenset[str]:
    found: set[str] = set()
    for test in tests:
        if test.visibility == "public":
            found.update(
                _NAME.findall(f"{test.args!r} {test.expect!r} {test.stdin} {test.stdout} {test.value} {test.raises}")
            )
    return frozenset(found)
