"""The gate: whether a hint tells the answer, or cannot be trusted. Deterministic, and on every hint.

`check` gives a Verdict with each rule broken and where. What the rules are:

    length     more than 120 words
    grade      harder to read than grade 9 (see `readability`)
    unseen     characters that nobody sees
    block      a block of code with control flow that is not the learner's own
    overlap    as many canonical tokens in common with a solution as the level bears, beyond what the learner has
    line       a whole line of a solution that tells something
    fix        the very expression that the learner's code differs in from the nearest solution
    splice     put into the learner's code it passes more tests (asked of `passes`)
    literal    an input or result of a hidden test
    avoid      a word that help must not use here
    place      a line that the learner's program does not have
    name       a name that is nowhere

A text is read in every way that `hint_text.readings` knows: as it stands, its pieces of code put together, read aloud,
as pseudo-code, backwards, decoded. What this cannot see: a solution told in plain sentences without a sign of code
("go through the numbers and keep the larger ones"), which is what hints are made of; and another right program than
those it is shown, unless it is spliced and run.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

from assay.gym.records import Problem, Test
from assay.gym.tutor import canonical, hint_text, readability, splicing
from assay.gym.tutor.canonical import Token
from assay.gym.tutor.hint_text import HintText, Piece, Reading
from assay.gym.tutor.literals import hidden_literals, literals_in
from assay.records import Language, Record
from assay.visible import one_line

MAX_WORDS = 120
MAX_CHARS = 4_000
"""A longer text is refused for its length and read no further, so that no text costs much."""
MAX_GRADE = 9.0
OVERLAP: dict[int, int] = {1: 5, 2: 5, 3: 8, 4: 16}
"""Canonical tokens in common with a solution, new to the learner, that break the rule, by level.

Levels 1 and 2 hold no code of a solution; four tokens are one call (`len(numbers)`). Level 4 is a worked example of
another problem, which shares idioms with any loop."""
NEUTRAL = 6
"""The same across languages and for what is read aloud, where brackets and colons do not count."""
OWN = 3
"""So many tokens in a row of the learner's own code are the learner's."""
AMOUNT: dict[int, int] = {1: 14, 2: 14, 3: 18, 4: 200}
"""Tokens of new code in one piece, literals aside, whosever solution it is."""

Rule = Literal[
    "length", "grade", "unseen", "block", "overlap", "line", "fix", "splice", "literal", "avoid", "place", "name"
]


class Broken(Record):
    """One rule that a hint breaks."""

    rule: Rule
    where: str
    """What in the hint breaks it, on one line."""
    why: str
    """In words; it may be told to whoever wrote the hint, but not to the learner."""


class Verdict(Record):
    """What the gate says of one hint."""

    level: int
    broken: tuple[Broken, ...] = ()
    words: int = 0
    grade: float = 0
    overlap: int = 0
    """The most canonical tokens in a row that it shares with a solution and that are new to the learner."""
    spliced: int = 0
    """How many programs were run with the hint's code put in."""

    @property
    def passed(self) -> bool:
        return not self.broken

    @property
    def rules(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.rule for one in self.broken))


def check(
    problem: Problem,
    language: Language,
    learner_source: str,
    text: str,
    level: int,
    *,
    samples: Sequence[str] = (),
    known: Sequence[str] = (),
    shown: Sequence[str] = (),
    passes: Callable[[str], int] | None = None,
) -> Verdict:
    """The verdict on a hint for this learner's program at this level (1 to 3; 4 is a worked example).

    samples: further programs that pass (a model's). known: code the learner has read (examples of taught concepts).
    shown: texts the learner has seen of tests (what a failing hidden test revealed). passes: how many tests a program
    passes; without it the rule `splice` is not asked, and it is asked only where no other rule is broken.
    """
    level = min(max(level, 1), 4)
    if len(text) > MAX_CHARS:
        count = readability.words(text)
        return Verdict(level=level, words=count, broken=(_too_long(count),))
    hint = hint_text.read(text)
    count = readability.words(hint.text)
    grade = readability.grade(hint.sentences)
    case = _Case(problem, language, learner_source, level, tuple(samples), tuple(known))
    overlap, told = _told(case, hint)
    broken = [
        *([_too_long(count)] if count > MAX_WORDS else []),
        *([_too_hard(grade)] if grade > MAX_GRADE else []),
        *([_unseen(hint)] if hint.unseen else []),
        *_blocks(case, hint),
        *told,
        *_literals(case, hint, tuple(shown)),
        *_avoided(problem, hint),
        *_places(case, hint),
        *_names(case, hint),
    ]
    spliced = 0
    if passes is not None and not broken:
        spliced, found = _spliced(case, hint, passes)
        broken += found
    return Verdict(level=level, broken=tuple(broken), words=count, grade=grade, overlap=overlap, spliced=spliced)


class _Case(NamedTuple):
    """What a hint is held against."""

    problem: Problem
    language: Language
    learner: str
    level: int
    samples: tuple[str, ...]
    known: tuple[str, ...]

    def solutions(self) -> tuple[str, ...]:
        sources = self.problem.languages.get(self.language)
        own = (sources.solution, *sources.alternatives) if sources else ()
        return (*own, *self.samples)

    def elsewhere(self) -> tuple[tuple[str, Language], ...]:
        """The solutions in the problem's other languages."""
        return tuple(
            (source, language)
            for language, sources in self.problem.languages.items()
            if language != self.language
            for source in (sources.solution, *sources.alternatives)
        )

    def starter(self) -> str:
        sources = self.problem.languages.get(self.language)
        return sources.starter if sources else ""

    def given(self) -> tuple[str, ...]:
        """Code that the learner has been given: the starter, code in the statement, examples of taught concepts."""
        return (self.starter(), *_code_of(self.problem.statement), *self.known)


@lru_cache(maxsize=256)
def _code_of(markdown: str) -> tuple[str, ...]:
    return tuple(piece.text for piece in hint_text.read(markdown).pieces if piece.marked)


def _too_long(count: int) -> Broken:
    return Broken(rule="length", where=f"{count} words", why=f"A hint has at most {MAX_WORDS} words.")


def _too_hard(grade: float) -> Broken:
    return Broken(
        rule="grade",
        where=f"grade {grade}",
        why=f"It reads like grade {grade}; at most {MAX_GRADE:g}. Use short sentences and short words.",
    )


def _unseen(hint: HintText) -> Broken:
    return Broken(rule="unseen", where=", ".join(hint.unseen[:5]), why="It holds characters that nobody sees.")


# ---- blocks -----------------------------------------------------------------------------------------------------------

_CONTROL = canonical.listed(
    "if elif else for while try except with match switch case catch do def function class lambda return =>"
)
_BRANCHES = _CONTROL - {"def", "function", "class", "return"}


def _blocks(case: _Case, hint: HintText) -> Iterator[Broken]:
    for piece in hint.pieces:
        tokens = canonical.fragment(piece.text, case.language)
        branches = sum(token.text in _BRANCHES and token.kind != "text" for token in tokens)
        control = case.level <= 3 and branches > 0 and (piece.block or branches > 1)
        if control and not all(_in_one(case, part) for part in _parts(tokens)):
            yield Broken(
                rule="block",
                where=one_line(piece.text, 80),
                why="It shows code with control flow. Say it in words; name at most one small expression.",
            )
        elif _amount(tokens, _new(tokens, _owned(case, tokens))) > AMOUNT[case.level]:
            yield Broken(
                rule="block",
                where=one_line(piece.text, 80),
                why=f"It shows more code than level {case.level} bears. Name at most one small expression.",
            )


def _parts(tokens: Sequence[Token]) -> Iterator[Sequence[Token]]:
    """The stream cut where something was left out (`...`)."""
    begin = 0
    for at, token in enumerate(tokens):
        if token.text == "...":
            if at > begin:
                yield tokens[begin:at]
            begin = at + 1
    if begin < len(tokens):
        yield tokens[begin:]


def _amount(tokens: Sequence[Token], new: frozenset[int]) -> int:
    return sum(tokens[at].kind not in ("number", "text") and tokens[at].text not in (",", "-") for at in new)


def _new(tokens: Sequence[Token], owned: frozenset[int]) -> frozenset[int]:
    return frozenset(range(len(tokens))) - owned


def _owned(case: _Case, tokens: tuple[Token, ...], code: bool = True) -> frozenset[int]:
    """The places of tokens that the learner has: in the own program, in what was given, in what everybody has learnt.

    The learner's own names count as they stand. Of examples and idioms, whose names say nothing, names may be exchanged.
    """
    least = OWN if code else OWN + 1
    found: set[int] = set()
    for source, most in (
        (case.learner, 10_000),
        *((one, 10_000 if one == case.starter() else 12) for one in case.given()),
    ):
        for run in canonical.common(tokens, canonical.program(source, case.language), least, renamed=False):
            if run.length <= most:
                found.update(range(run.here, run.here + run.length))
    for example in case.known:
        for run in canonical.common(tokens, canonical.program(example, case.language), OWN + 2):
            if run.length <= 12:
                found.update(range(run.here, run.here + run.length))
    for idiom in _IDIOMS[case.language] if case.level >= 3 else ():
        stream = canonical.program(idiom, case.language)
        for run in canonical.common(tokens, stream, OWN):
            if run.length == len(stream):
                found.update(range(run.here, run.here + run.length))
    return frozenset(found)


def _in_one(case: _Case, tokens: Sequence[Token]) -> bool:
    """Whether these tokens stand in one piece in the learner's program or the starter."""
    part = tuple(tokens)
    least = min(OWN, len(part))
    return any(
        run.length >= len(part)
        for source in _opened((case.learner, case.starter()), case.language)
        for run in canonical.common(part, canonical.program(source, case.language), least, renamed=False)
    )


_IDIOMS: dict[Language, tuple[str, ...]] = {
    "python": (
        "for item in items:", "for at in range(many):", "while True:", "result = []", "result = {}", "total = 0",
        'text = ""', "total += 1", "return result", "else:", "line = input()", "print(result)", "len(items)", "items[0]",
        "items[at]", "str(number)", "int(text)", "range(many)", "for at in range(len(items)):",
    ),
    "javascript": (
        "for (const item of items) {", "for (let at = 0; at < items.length; at++) {", "while (true) {", "const result = [];",
        "const result = {};", "let total = 0;", 'let text = "";', "total += 1;", "total++;", "return result;", "else {",
        "console.log(result);", "items.length", "items[0]", "items[at]", "String(number)", "Number(text)",
        "for (let at = 0; at < many; at++) {",
    ),
}  # fmt: skip
"""Phrases that everybody has learnt and that tell nothing of a problem, from level 3 on."""


# ---- what is told of a solution -----------------------------------------------------------------------------------------


def _told(case: _Case, hint: HintText) -> tuple[int, list[Broken]]:
    """The longest new run in common with a solution, and the rules that it and others break."""
    most, broken = 0, list[Broken]()
    targets = [_Target(one, canonical.program(one, case.language)) for one in _opened(case.solutions(), case.language)]
    fixes = _fixes(case, targets)
    across = [
        *(canonical.neutral(target.tokens) for target in targets),
        *(canonical.neutral(canonical.program(source, language)) for source, language in case.elsewhere()),
    ]
    for reading in hint_text.readings(hint, case.language):
        if len(broken) >= 6:
            break
        if reading.neutral:
            broken += _told_across(case, reading, across) or _line_across(case, reading)
            continue
        if len(reading.tokens) < 3:
            continue
        owned: frozenset[int] | None = None
        for target in targets:
            for run in canonical.common(reading.tokens, target.tokens):
                if not _says(reading, run):
                    continue
                owned = _owned(case, reading.tokens, reading.code) if owned is None else owned
                said = reading.tokens[run.here : run.here + run.length]
                if run.length >= max(8, 0.6 * len(target.tokens)) and not _in_one(case, said):
                    broken.append(_overlap(reading, run, run.length, OVERLAP[case.level]))
                    break
                new = [at for at in range(run.here, run.here + run.length) if at not in owned]
                if not new:
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
                    target.source == fixes.source
                    and _mends(run, fixes)
                    and reading.name in _PLAIN_READINGS
                    and (reading.code or _same_run(reading, target, run))
                ):
                    broken.append(_mended(reading, run))
                    break
    return most, _distinct(broken)


def _opened(sources: Iterable[str], language: Language) -> Iterator[str]:
    """The sources, and those with template texts once more without their backticks: Markdown takes them for its own."""
    for source in sources:
        yield source
        if language == "javascript" and "`" in source:
            yield source.replace("`", " ")


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


def _told_across(case: _Case, reading: Reading, across: Sequence[tuple[Token, ...]]) -> list[Broken]:
    """A solution told in another language, as pseudo-code or read aloud."""
    if len(reading.tokens) < 4:
        return []
    own: frozenset[int] | None = None
    for target in across:
        for run in canonical.common(reading.tokens, target, 4, renamed=reading.code or reading.aloud >= 2):
            tokens = reading.tokens[run.here : run.here + run.length]
            if own is None:
                own = _owned_across(case, reading.tokens)
            if run.length >= max(8, 0.6 * len(target)) and not _in_one_across(case, tokens):
                return [_overlap(reading, run, run.length, NEUTRAL)]
            new = [at for at in range(run.here, run.here + run.length) if at not in own]
            telling = sum(reading.tokens[at].kind != "name" for at in new)
            if reading.code or reading.aloud >= 2 or _signs(tokens) >= 1:
                limit = NEUTRAL if case.level <= 3 else OVERLAP[4]
                if len(new) >= limit and telling >= 3:
                    return [_overlap(reading, run, len(new), limit)]
    return []


def _line_across(case: _Case, reading: Reading) -> list[Broken]:
    """A whole line of a solution, read aloud or in another language."""
    if case.level > 3 or (not reading.code and not reading.aloud):
        return []
    least = 3 if reading.aloud >= 3 else 4 if reading.code or reading.aloud == 2 else 5
    for source, language in (*((one, case.language) for one in case.solutions()), *case.elsewhere()):
        for line in _neutral_lines(source, case.starter(), language):
            for run in canonical.common(reading.tokens, line, min(OWN, len(line)), renamed=False):
                part = reading.tokens[run.here : run.here + run.length]
                enough = least - 1 if line[0].text == "return" and least == 5 else least
                if run.length == len(line) >= enough and not _in_one_across(case, part):
                    return [_whole_line(reading, run)]
    return []


@lru_cache(maxsize=512)
def _neutral_lines(source: str, starter: str, language: Language) -> tuple[tuple[Token, ...], ...]:
    tokens = canonical.program(source, language)
    found = (canonical.neutral(tokens[span.start : span.end]) for span in _telling(source, starter, language))
    return tuple(line for line in found if len(line) >= 3)


def _in_one_across(case: _Case, part: tuple[Token, ...]) -> bool:
    return any(
        run.length >= len(part)
        for source in (case.learner, case.starter())
        for run in canonical.common(
            part, canonical.neutral(canonical.program(source, case.language)), OWN, renamed=False
        )
    )


def _owned_across(case: _Case, tokens: tuple[Token, ...]) -> frozenset[int]:
    found: set[int] = set()
    for source in (case.learner, *case.given()):
        stream = canonical.neutral(canonical.program(source, case.language))
        for run in canonical.common(tokens, stream, OWN, renamed=False):
            if source == case.learner or run.length <= 12:
                found.update(range(run.here, run.here + run.length))
    return frozenset(found)


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
    return list(found.values())[:6]


class _Telling(NamedTuple):
    """Tokens of a solution that tell something."""

    start: int
    end: int
    exact: bool
    """Whether they do so with the solution's own names only: of three tokens, any assignment has the shape."""


@lru_cache(maxsize=512)
def _telling(source: str, starter: str, language: Language) -> tuple[_Telling, ...]:
    """The lines of a solution that tell something: not an idiom, not the starter's; of a short one, expressions too."""
    tokens = canonical.program(source, language)
    known = [canonical.program(one, language) for one in (*_IDIOMS[language], starter)]
    spans = []
    for span in canonical.lines(source, language):
        line = tokens[span.start : span.end]
        if not any(_whole(line, stream) for stream in known):
            spans.append(span)
    short = sum(span.end - span.start for span in spans) <= 12
    found = [_Telling(span.start, span.end, span.end - span.start == 3) for span in spans if span.end - span.start >= 3]
    found += [one for span in spans for one in _deciding(tokens, span)]
    if short:
        for span in spans:
            first = tokens[span.start].text
            if first == "return" and span.end - span.start >= 4:
                found.append(_Telling(span.start + 1, span.end, False))
    return tuple(found)


_ASKS = canonical.listed("if elif while return")
_FILLS = canonical.listed("append push add print log")


def _deciding(tokens: Sequence[Token], line: canonical.Span) -> Iterator[_Telling]:
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
    part = tokens[begin:end]
    signed = len(part) >= 4 and any(token.kind == "sign" and token.text not in ",()[]{}:" for token in part)
    if signed or (len(part) >= 5 and any(token.kind == "word" for token in part)):
        yield _Telling(begin, end, True)


def _whole(line: tuple[Token, ...], stream: tuple[Token, ...]) -> bool:
    if not line:
        return True
    if len(line) < 3:
        return False
    return any(run.length >= len(line) for run in canonical.common(line, stream, min(3, len(line))) if run.here == 0)


def _line(case: _Case, reading: Reading, target: _Target, run: canonical.Common, new: frozenset[int]) -> bool:
    for span in _telling(target.source, case.starter(), case.language):
        if run.there <= span.start and span.end <= run.there + run.length:
            first, size = run.here + span.start - run.there, span.end - span.start
            plain = not reading.code and not _signed(target.tokens[span.start : span.end])
            if (span.exact or plain) and not _same_names(reading, first, target, span):
                continue
            if any(at in new for at in range(first, first + size)):
                return True
    return False


def _same_run(reading: Reading, target: _Target, run: canonical.Common) -> bool:
    return _same_names(reading, run.here, target, _Telling(run.there, run.there + run.length, True))


def _same_names(reading: Reading, first: int, target: _Target, span: _Telling) -> bool:
    """Whether it is told with the solution's own names."""
    said = reading.tokens[first : first + span.end - span.start]
    return all(one.text == its.text for one, its in zip(said, target.tokens[span.start : span.end], strict=True))


class _Fixes(NamedTuple):
    """Where the nearest solution differs from the learner's program, in the solution's tokens."""

    source: str
    spans: tuple[canonical.Span, ...]


def _fixes(case: _Case, targets: Sequence[_Target]) -> _Fixes:
    if case.level > 3:
        return _Fixes("", ())
    return _fixes_of(case.learner, tuple(target.source for target in targets), case.language)


@lru_cache(maxsize=256)
def _fixes_of(learner: str, solutions: tuple[str, ...], language: Language) -> _Fixes:
    mine = canonical.program(learner, language)
    if not 6 <= len(mine) <= 600:
        return _Fixes("", ())
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
        return _Fixes("", ())
    return _Fixes(best, tuple(spans))


def _mends(run: canonical.Common, fixes: _Fixes) -> bool:
    """Whether a run of three tokens or more holds a whole change with a token on either side of it."""
    return any(
        (run.there < span.start and span.end < run.there + run.length)
        or (span.end - span.start >= 3 and run.there <= span.start and span.end <= run.there + run.length)
        for span in fixes.spans
    )


# ---- splicing ----------------------------------------------------------------------------------------------------------


def _spliced(case: _Case, hint: HintText, passes: Callable[[str], int]) -> tuple[int, list[Broken]]:
    """Put the hint's code into the learner's program; whether more tests pass then."""
    entry = case.problem.languages[case.language].entry if case.language in case.problem.languages else None
    tried = splicing.programs(case.learner, hint.pieces, case.language, entry)
    if not tried:
        return 0, []
    before = passes(case.learner)
    for count, one in enumerate(tried, start=2):
        if passes(one.source) > before:
            why = "Put into the learner's program it passes more tests. Point at the place and ask; do not mend it."
            return count, [Broken(rule="splice", where=one_line(one.put, 100), why=why)]
    return len(tried) + 1, []


# ---- literals, words, places, names ------------------------------------------------------------------------------------


def _literals(case: _Case, hint: HintText, shown: tuple[str, ...]) -> Iterator[Broken]:
    hidden = hidden_literals(case.problem, case.language, (case.learner, *case.known, *shown))
    for said, what in literals_in(hint, hidden, case.language):
        yield Broken(rule="literal", where=one_line(said, 60), why=f"It holds {what} of a hidden test.")


def _avoided(problem: Problem, hint: HintText) -> Iterator[Broken]:
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


def _places(case: _Case, hint: HintText) -> Iterator[Broken]:
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
_POINTED = re.compile(
    r"\b(?:your|the|this|that|in|of|change|use|set|from|to|when|where|is|does|value)\W*(?:variable|list|array|name|function|loop|parameter|value|method|line)?\W*$",
    re.I,
)


def _names(case: _Case, hint: HintText) -> Iterator[Broken]:
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


def _there(case: _Case) -> frozenset[str]:
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
