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
as pseudo-code, backwards, decoded. One small change told in plain sentences ("move the return out of the loop") is made and
run, too. What this cannot see: a whole solution told so ("go through the numbers and keep the larger ones"), which is what
hints are made of; and another right program than those it is shown, unless it is spliced and run.
"""

from collections.abc import Callable, Iterator, Sequence

from assay.gym.records.problems import Problem
from assay.gym.tutor import canonical, changes, hint_text, mentions, named, readability, splicing, told, unmarked
from assay.gym.tutor.canonical import Token
from assay.gym.tutor.case import HintCase, in_one, owned
from assay.gym.tutor.hint_text import HintText
from assay.gym.tutor.verdict import Broken, Verdict
from assay.records import Language
from assay.visible import one_line

MAX_WORDS = 120
MAX_CHARS = 4_000
"""A longer text is refused for its length and read no further, so that no text costs much."""
MAX_GRADE = 9.0
AMOUNT: dict[int, int] = {1: 14, 2: 14, 3: 18, 4: 200}
"""Tokens of new code in one piece, literals aside, whosever solution it is."""


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
    case = HintCase(problem, language, learner_source, level, tuple(samples), tuple(known))
    overlap, telling = told.of_a_solution(case, hint)
    broken = [
        *([_too_long(count)] if count > MAX_WORDS else []),
        *([_too_hard(grade)] if grade > MAX_GRADE else []),
        *([_unseen(hint)] if hint.unseen else []),
        *_blocks(case, hint),
        *telling,
        *mentions.literals(case, hint, tuple(shown)),
        *mentions.avoided(problem, hint),
        *mentions.places(case, hint),
        *mentions.names(case, hint),
    ]
    spliced = 0
    if passes is not None and not broken:
        spliced, found = _spliced(case, hint, passes)
        broken += found
    return Verdict(level=level, broken=tuple(broken), words=count, grade=grade, overlap=overlap, spliced=spliced)


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


def _blocks(case: HintCase, hint: HintText) -> Iterator[Broken]:
    for piece in hint.pieces:
        tokens = canonical.fragment(piece.text, case.language)
        branches = sum(token.text in _BRANCHES and token.kind != "text" for token in tokens)
        control = case.level <= 3 and branches > 0 and (piece.block or branches > 1)
        if control and not all(in_one(case, part) for part in _parts(tokens)):
            yield Broken(
                rule="block",
                where=one_line(piece.text, 80),
                why="It shows code with control flow. Say it in words; name at most one small expression.",
            )
        elif _amount(tokens, _new(tokens, owned(case, tokens))) > AMOUNT[case.level]:
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


# ---- splicing ----------------------------------------------------------------------------------------------------------


def _spliced(case: HintCase, hint: HintText, passes: Callable[[str], int]) -> tuple[int, list[Broken]]:
    """Put the hint's code into the learner's program; whether more tests pass then."""
    entry = case.problem.languages[case.language].entry if case.language in case.problem.languages else None
    weighed = unmarked.weighed(hint)
    pieces = [piece.text for piece in hint.pieces if not (piece.marked and piece.text in weighed)]
    pieces += unmarked.expressions(hint, case.names(), case.language)
    own = [token.text for token in canonical.program(case.learner, case.language)]
    exchanges = unmarked.exchanges(hint, own, case.names(), case.language)
    tried = splicing.programs(case.learner, tuple(dict.fromkeys(pieces)), case.language, entry, exchanges)
    tried += named.programs(case.learner, hint, case.language, case.solutions())
    tried += changes.programs(case.learner, hint, case.language, case.solutions())
    tried = tuple({one.source: one for one in reversed(tried)}.values())[::-1]
    if not tried:
        return 0, []
    before = passes(case.learner)
    for count, one in enumerate(tried, start=2):
        if passes(one.source) > before:
            why = "Put into the learner's program it passes more tests. Point at the place and ask; do not mend it."
            return count, [Broken(rule="splice", where=one_line(one.put, 100), why=why)]
    return len(tried) + 1, []
