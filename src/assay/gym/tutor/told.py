"""What of a solution a hint tells, in whichever way it is read. Pure."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from assay.gym.tutor import canonical, hint_text
from assay.gym.tutor.canonical import Token
from assay.gym.tutor.case import OWN, HintCase, in_one, in_one_across, opened, owned, owned_across
from assay.gym.tutor.hint_text import HintText, Reading
from assay.gym.tutor.telling import Fixes, Telling, fixes, mends, neutral_lines, telling
from assay.gym.tutor.verdict import Broken
from assay.visible import one_line

OVERLAP: dict[int, int] = {1: 5, 2: 5, 3: 8, 4: 16}
"""Canonical tokens in common with a solution, new to the learner, that break the rule, by level.

Levels 1 and 2 hold no code of a solution; four tokens are one call (`len(numbers)`). Level 4 is a worked example of
another problem, which shares idioms with any loop."""
NEUTRAL = 6
"""The same across languages and for what is read aloud, where brackets and colons do not count."""

_ENOUGH = 4
"""Reasons against one hint: further ones tell nobody more."""


def of_a_solution(case: HintCase, hint: HintText) -> tuple[int, list[Broken]]:
    """The longest new run in common with a solution, and the rules that it and others break."""
    most, broken = 0, list[Broken]()
    targets = [_Target(one, canonical.program(one, case.language)) for one in opened(case.solutions(), case.language)]
    mending = _mending(case, targets)
    across = [
        *(canonical.neutral_program(target.source, case.language) for target in targets),
        *(canonical.neutral_program(source, language) for source, language in case.elsewhere()),
    ]
    for reading in hint_text.readings(hint, case.language):
        if len(broken) >= _ENOUGH:
            break
        if reading.neutral:
            broken += _told_across(case, reading, across) or _line_across(case, reading)
            continue
        if len(reading.tokens) < 3:
            continue
        has: frozenset[int] | None = None
        for target in targets:
            for run in canonical.common(reading.tokens, target.tokens):
                if not _says(reading, run):
                    continue
                has = owned(case, reading.tokens, reading.code) if has is None else has
                said = reading.tokens[run.here : run.here + run.length]
                if run.length >= max(8, 0.6 * len(target.tokens)) and not in_one(case, said):
                    broken.append(_overlap(reading, run, run.length, OVERLAP[case.level]))
                    break
                new = [at for at in range(run.here, run.here + run.length) if at not in has]
                if reading.disguised and run.length >= NEUTRAL and _same_run(reading, target, run):
                    # Whosever it is: no honest hint is coded. Names as they stand: any code read otherwise has its shape.
                    broken.append(_overlap(reading, run, run.length, NEUTRAL))
                    break
                if not new and run.length < 5:
                    continue
                if reading.name in _PLAIN_READINGS:
                    most = max(most, len(new))
                limit = OVERLAP[case.level] if reading.code else max(OVERLAP[case.level], 6)
                if len(new) >= limit:
                    broken.append(_overlap(reading, run, len(new), limit))
                    break
                if (
                    case.level <= 3
                    and reading.name in _PLAIN_READINGS
                    and _line(case, reading, target, run, frozenset(new))
                ):
                    broken.append(_whole_line(reading, run))
                    break
                if (
                    target.source == mending.source
                    and new
                    and mends(run, mending, _same_run(reading, target, run))
                    and reading.name in _PLAIN_READINGS
                    and (reading.code or _same_run(reading, target, run))
                ):
                    broken.append(_mended(reading, run))
                    break
    return most, _distinct(broken)


_PLAIN_READINGS = ("code", "pieces of code put together", "the text")


class _Target(NamedTuple):
    source: str
    tokens: tuple[Token, ...]


def _says(reading: Reading, run: canonical.Common) -> bool:
    """Whether the run is code, and not words that happen to stand in a row."""
    tokens = reading.tokens[run.here : run.here + run.length]
    if reading.code:
        return any(token.kind != "name" and token.text not in ",.:()" for token in tokens)
    if _signed(tokens) or any(token.kind == "text" and len(token.text) > 2 for token in tokens):
        return True
    worded = tokens[0].text == "return" or (len(tokens) >= 6 and any(token.kind == "word" for token in tokens))
    return worded and _signs(tokens) > 0


def _signed(tokens: Iterable[Token]) -> bool:
    """Whether a sign is among them that prose does not have."""
    return any(token.kind == "sign" and token.text not in ",.:'-" for token in tokens)


def _signs(tokens: Iterable[Token]) -> int:
    return sum(token.kind == "sign" for token in tokens)


def _told_across(case: HintCase, reading: Reading, across: Sequence[tuple[Token, ...]]) -> list[Broken]:
    """A solution told in another language, as pseudo-code or read aloud."""
    if len(reading.tokens) < 4:
        return []
    own: frozenset[int] | None = None
    for target in across:
        for run in canonical.common(reading.tokens, target, 4, renamed=reading.code or reading.aloud >= 2):
            tokens = reading.tokens[run.here : run.here + run.length]
            if own is None:
                own = owned_across(case, reading.tokens)
            if run.length >= max(8, 0.6 * len(target)) and not in_one_across(case, tokens):
                return [_overlap(reading, run, run.length, NEUTRAL)]
            new = [at for at in range(run.here, run.here + run.length) if at not in own]
            telling = sum(reading.tokens[at].kind != "name" for at in new)
            if reading.code or reading.aloud >= 2 or _signs(tokens) >= 1:
                limit = NEUTRAL if case.level <= 3 else OVERLAP[4]
                if len(new) >= limit and telling >= 3:
                    return [_overlap(reading, run, len(new), limit)]
    return []


def _line_across(case: HintCase, reading: Reading) -> list[Broken]:
    """A whole line of a solution, read aloud or in another language."""
    if case.level > 3:
        return []
    templates = not reading.code and not reading.aloud  # of prose only texts with holes: the rest is words
    least = 3 if reading.aloud >= 3 else 4 if reading.code or reading.aloud == 2 else 5
    for source, language in (*((one, case.language) for one in case.solutions()), *case.elsewhere()):
        for line in neutral_lines(source, case.starter(), language):
            for run in canonical.common(reading.tokens, line, min(OWN, len(line)), renamed=False):
                part = reading.tokens[run.here : run.here + run.length]
                if templates and not any(one.kind == "text" and "{}" in one.text for one in part):
                    continue
                enough = least - 1 if line[0].text == "return" and least == 5 else 4 if templates else least
                if run.length == len(line) >= enough and not in_one_across(case, part):
                    return [_whole_line(reading, run)]
    return []


def _line(case: HintCase, reading: Reading, target: _Target, run: canonical.Common, new: frozenset[int]) -> bool:
    for span in telling(target.source, case.starter(), case.language):
        if run.there <= span.start and span.end <= run.there + run.length:
            first, size = run.here + span.start - run.there, span.end - span.start
            plain = not reading.code and not _signed(target.tokens[span.start : span.end])
            if (span.exact or plain) and not _same_names(reading, first, target, span):
                continue
            said = reading.tokens[first : first + size]
            if any(at in new for at in range(first, first + size)) or (
                size >= 5 and not in_one(case, said, given=True)
            ):
                return True
    return False


def _same_run(reading: Reading, target: _Target, run: canonical.Common) -> bool:
    return _same_names(reading, run.here, target, Telling(run.there, run.there + run.length, True))


def _same_names(reading: Reading, first: int, target: _Target, span: Telling) -> bool:
    """Whether it is told with the solution's own names."""
    said = reading.tokens[first : first + span.end - span.start]
    return all(one.text == its.text for one, its in zip(said, target.tokens[span.start : span.end], strict=True))


def _mending(case: HintCase, targets: Sequence[_Target]) -> Fixes:
    if case.level > 3:
        return Fixes("", ())
    return fixes(case.learner, tuple(target.source for target in targets), case.language)


# ---- the rules that are broken -----------------------------------------------------------------------------------------


def _overlap(reading: Reading, run: canonical.Common, new: int, limit: int) -> Broken:
    return Broken(
        rule="overlap",
        where=f"{reading.name}: {_quoted(reading, run)}",
        why=f"It gives {new} tokens of a solution in a row; under {limit} may be. Say what to do, not how it is written.",
    )


def _whole_line(reading: Reading, run: canonical.Common) -> Broken:
    return Broken(
        rule="line",
        where=f"{reading.name}: {_quoted(reading, run)}",
        why="It gives a whole line of a solution. Say what the line must do instead.",
    )


def _mended(reading: Reading, run: canonical.Common) -> Broken:
    return Broken(
        rule="fix",
        where=f"{reading.name}: {_quoted(reading, run)}",
        why="It gives the expression that mends the program. Ask about what is there instead.",
    )


def _quoted(reading: Reading, run: canonical.Common) -> str:
    return one_line(" ".join(token.text for token in reading.tokens[run.here : run.here + run.length]), 100)


def _distinct(broken: list[Broken]) -> list[Broken]:
    found: dict[tuple[str, str], Broken] = {}
    for one in broken:
        found.setdefault((one.rule, one.where.partition(": ")[2]), one)
    return list(found.values())[:_ENOUGH]
