"""What in a solution tells something: its lines, the expressions they are about, and where a learner's program differs. Pure."""

import difflib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from assay.gym.tutor import canonical
from assay.gym.tutor.canonical import Token
from assay.gym.tutor.case import IDIOMS
from assay.records import Language


class Telling(NamedTuple):
    """Tokens of a solution that tell something."""

    start: int
    end: int
    exact: bool
    """Whether they do so with the solution's own names only: of three tokens, any assignment has the shape."""


@lru_cache(maxsize=512)
def telling(source: str, starter: str, language: Language) -> tuple[Telling, ...]:
    """The lines of a solution that tell something: not an idiom, not the starter's; of a short one, expressions too."""
    tokens = canonical.program(source, language)
    known = [canonical.program(one, language) for one in (*IDIOMS[language], starter)]
    spans = []
    for span in canonical.lines(source, language):
        line = tokens[span.start : span.end]
        if not any(_whole(line, stream) for stream in known):
            spans.append(span)
    short = sum(span.end - span.start for span in spans) <= 12
    found = [Telling(span.start, span.end, span.end - span.start == 3) for span in spans if span.end - span.start >= 3]
    found += [one for span in spans for one in _deciding(tokens, span)]
    if short:
        for span in spans:
            first = tokens[span.start].text
            if first == "return" and span.end - span.start >= 4:
                found.append(Telling(span.start + 1, span.end, False))
    return tuple(found)


_ASKS = canonical.listed("if elif while return")
_FILLS = canonical.listed("append push add print log")


def _deciding(tokens: Sequence[Token], line: canonical.Span) -> Iterator[Telling]:
    """The expression a line is about: what it asks, gives back, stores or appends; from four tokens and one sign on."""
    begin, end = line
    first = tokens[begin].text
    if first in _ASKS:
        begin += 1
        if tokens[begin : begin + 1] and tokens[begin].text == "(" and tokens[end - 1].text == ")":
            begin, end = begin + 1, end - 1
    else:
        stored = [at for at in range(begin, end) if tokens[at].text == "=" and tokens[at].kind == "sign"]
        filled = [at for at in range(begin, end - 1) if tokens[at].text in _FILLS and tokens[at + 1].text == "("]
        if stored:
            begin = stored[0] + 1
        elif filled and tokens[end - 1].text == ")":
            begin, end = filled[0] + 2, end - 1
        else:
            return
    yield from _holes(tokens, begin, end)
    part = tokens[begin:end]
    signed = len(part) >= 4 and any(token.kind == "sign" and token.text not in ",()[]{}:" for token in part)
    if signed or (len(part) >= 5 and any(token.kind == "word" for token in part)):
        yield Telling(begin, end, True)


def _holes(tokens: Sequence[Token], begin: int, end: int) -> Iterator[Telling]:
    """The expressions in a text with holes, from five tokens on."""
    for at in range(begin, end):
        inside = at + 1
        while inside < end and tokens[at].kind == "text" and tokens[inside].start < tokens[at].end:
            stop = inside + 1
            while stop < end and tokens[stop].start < tokens[at].end and tokens[stop].start - tokens[stop - 1].end < 2:
                stop += 1
            if stop - inside >= 5:
                yield Telling(inside, stop, True)
            inside = stop


def _whole(line: tuple[Token, ...], stream: tuple[Token, ...]) -> bool:
    if not line:
        return True
    if len(line) < 3:
        return False
    return any(run.length >= len(line) for run in canonical.common(line, stream, min(3, len(line))) if run.here == 0)


@lru_cache(maxsize=512)
def neutral_lines(source: str, starter: str, language: Language) -> tuple[tuple[Token, ...], ...]:
    """The same in the form across languages; from three tokens on."""
    tokens = canonical.program(source, language)
    found = (canonical.neutral(tokens[span.start : span.end]) for span in telling(source, starter, language))
    return tuple(line for line in found if len(line) >= 3)


class Fixes(NamedTuple):
    """Where the nearest solution differs from the learner's program, in the solution's tokens."""

    source: str
    spans: tuple[canonical.Span, ...]


@lru_cache(maxsize=256)
def fixes(learner: str, solutions: tuple[str, ...], language: Language) -> Fixes:
    """Where the nearest of the solutions differs from a program that is not too far from it; nowhere where none is near."""
    mine = canonical.program(learner, language)
    if not 6 <= len(mine) <= 600:
        return Fixes("", ())
    best, spans, ratio = "", list[canonical.Span](), 0.6
    for source in solutions:
        its = canonical.program(source, language)
        if len(its) > 600:
            continue
        matcher = difflib.SequenceMatcher(None, [one.shape for one in mine], [one.shape for one in its], autojunk=False)
        if matcher.quick_ratio() < ratio or matcher.ratio() < ratio:
            continue
        changes = [change for change in matcher.get_opcodes() if change[0] != "equal"]
        best, ratio = source, matcher.ratio()
        spans = [canonical.Span(change[3], change[4]) for change in changes if change[4] > change[3]]
    if len(spans) > 4 or sum(span.end - span.start for span in spans) > 12:
        return Fixes("", ())
    return Fixes(best, tuple(spans))


def mends(run: canonical.Common, fixes: Fixes, same_names: bool = False) -> bool:
    """Whether a run of three tokens or more holds a whole change with a token on either side of it.

    With the solution's own names one side is enough for a change of two tokens or more: `width + 2`.
    """
    first, last = run.there, run.there + run.length
    return any(
        (first < span.start and span.end < last)
        or (span.end - span.start >= 3 and first <= span.start and span.end <= last)
        or (same_names and span.end - span.start >= 2 and run.length > span.end - span.start
            and first <= span.start and span.end <= last)
        for span in fixes.spans
    )  # fmt: skip
