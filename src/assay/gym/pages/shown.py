"""What a run came to, put in the words and pieces that the page shows. Everything in it is text, cut to a bound."""

import difflib
import re
from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup, escape

from assay.gym.headlines import first_failed, headline, tally, title, to_read_first, verdict
from assay.gym.records.results import CaseResult, Graded
from assay.visible import visible

TEXT = 4_000
"""Characters of one value or of what one test printed that are shown."""
PRINTED = 20_000
"""Characters of all that a program printed that are shown."""
_LINES = 200
"""Lines of each side that are compared; the work grows with their product."""
_SHORT = 400
_MANY = 8
"""Tests that are listed one by one, passed ones too."""

_OUTCOMES = {
    "passed": ("pass", "passed"),
    "failed": ("wrong", "failed"),
    "error": ("wrong", "stopped by an error"),
    "not_run": ("none", "not run"),
}


class Compared(NamedTuple):
    """Expected and got, with what differs marked."""

    expected: Markup
    got: Markup
    diff: Markup | None
    """Line by line, for `<pre class="diff">`; None: both are short enough to be seen at once."""


class CaseShown(NamedTuple):
    """One test as the page shows it."""

    case: CaseResult
    kind: str
    word: str
    title: str
    message: Markup
    opened: bool
    compared: Compared | None
    printed: Markup


class ResultShown(NamedTuple):
    """A run or submission as the page shows it."""

    graded: Graded
    kind: str
    word: str
    headline: str
    """In a sentence, to be read out."""
    tally: str
    """What stands beside the verdict: how many tests pass."""
    passed: tuple[CaseShown, ...]
    """Of many tests those that passed, to be folded together."""
    message: Markup
    """What to read first, where no test says it already."""
    cases: tuple[CaseShown, ...]
    printed: Markup
    solved: bool


def result(graded: Graded, submitted: int = 0) -> ResultShown:
    """A run or submission (of so many tests) for the page: the first failure open, the rest folded."""
    kind, word = verdict(graded)
    first = first_failed(graded)
    cases = tuple(_case(case, opened=case is first) for case in graded.cases)
    many = len(cases) > _MANY
    return ResultShown(
        graded=graded,
        kind=kind,
        word=word,
        headline=headline(graded, submitted),
        tally=tally(graded, submitted),
        passed=tuple(one for one in cases if one.kind == "pass") if many else (),
        message=told(to_read_first(graded)),
        cases=tuple(one for one in cases if one.kind != "pass") if many else cases,
        printed=_text(graded.printed, PRINTED),
        solved=graded.verdict == "pass" and graded.purpose == "submit",
    )


def _case(case: CaseResult, *, opened: bool) -> CaseShown:
    kind, word = _OUTCOMES[case.outcome]
    both = bool(case.expected) and case.outcome in ("failed", "error")
    return CaseShown(
        case=case,
        kind=kind,
        word=word,
        title=title(case),
        message=told(case.message),
        opened=opened,
        compared=compare(case.expected, case.got) if both else None,
        printed=_text(case.printed, TEXT),
    )


def told(message: str) -> Markup:
    """A message to a learner: text, with what stands between backquotes as code."""
    pieces = re.split(r"`([^`\n]{1,200})`", visible(message, TEXT))
    shown = [Markup("<code>{}</code>").format(one) if at % 2 else escape(one) for at, one in enumerate(pieces)]
    return Markup("").join(shown)


def plain(message: str) -> str:
    """The same to be read out: without the backquotes."""
    return message.replace("`", "")


def compare(expected: str, got: str) -> Compared:
    """Mark where two texts differ: within a line, or line by line where there are several."""
    if "\n" in expected.strip("\n") or "\n" in got.strip("\n"):
        return Compared(_text(expected, TEXT), _text(got, TEXT), _lines(expected, got))
    if max(len(expected), len(got)) > _SHORT or not got or expected == got:
        return Compared(_text(expected, TEXT), _text(got, TEXT), None)
    return Compared(*_marked(expected, got), None)


def _marked(expected: str, got: str) -> tuple[Markup, Markup]:
    if expected[:1] != got[:1] and expected[-1:] != got[-1:]:
        return escape(visible(expected)), escape(visible(got))  # they have nothing in common: a mark would say nothing
    start = 0
    while start < min(len(expected), len(got)) and expected[start] == got[start]:
        start += 1
    end = 0
    while end < min(len(expected), len(got)) - start and expected[-1 - end] == got[-1 - end]:
        end += 1
    return _around(expected, start, end), _around(got, start, end)


def _around(text: str, start: int, end: int) -> Markup:
    middle = text[start : len(text) - end]
    tail = text[len(text) - end :]
    marked = Markup("<mark>{}</mark>").format(visible(middle)) if middle else Markup("")
    return Markup("{}{}{}").format(visible(text[:start]), marked, visible(tail))


def _lines(expected: str, got: str) -> Markup:
    """− what was expected and is not there, + what came instead; the same signs as anywhere else."""
    ours, theirs = visible(expected, TEXT).splitlines()[:_LINES], visible(got, TEXT).splitlines()[:_LINES]
    made: list[Markup] = []
    matcher = difflib.SequenceMatcher(None, ours, theirs, autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            made += _spans("", ours[a:b])
        else:
            made += _spans("del", ours[a:b])
            made += _spans("add", theirs[c:d])
    return Markup("").join(made)


def _spans(kind: str, lines: Sequence[str]) -> list[Markup]:
    return [Markup('<span class="{}">{}</span>').format(kind, line) for line in lines]


def _text(text: str, limit: int) -> Markup:
    return escape(visible(text, limit))
