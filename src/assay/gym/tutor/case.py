"""What a hint is held against: the solutions, and what the learner has of them already. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from assay.gym.records.problems import Problem
from assay.gym.tutor import canonical, hint_text
from assay.gym.tutor.canonical import Token
from assay.records import Language

OWN = 3
"""So many tokens in a row of the learner's own code are the learner's."""


class HintCase(NamedTuple):
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
        return tuple(form for one in (*own, *self.samples) for form in (one, *written_out(one, self.language)))

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

    def names(self) -> frozenset[str]:
        """The names that the learner's program, the starter and the solutions made up."""
        sources = (self.learner, self.starter(), *self.solutions())
        return frozenset(
            token.text
            for source in sources
            for token in canonical.program(source, self.language)
            if token.kind == "name"
        )

    def given(self) -> tuple[str, ...]:
        """Code that the learner has been given: the starter, code in the statement, examples of taught concepts."""
        return (self.starter(), *_code_of(self.problem.statement), *self.known)


_FORMS = 3
"""Further forms of one solution."""


@lru_cache(maxsize=256)
def written_out(source: str, language: Language) -> tuple[str, ...]:
    """A solution once more for each short expression that it gives a name to, with the expression where the name was."""
    tokens = canonical.program(source, language)
    found: list[tuple[int, str]] = []
    for begin, end in canonical.lines(source, language):
        at = begin + (tokens[begin].text == "let")
        if end - at < 5 or end - at > 10 or tokens[at].kind != "name" or tokens[at + 1].text != "=":
            continue
        name, first, last = tokens[at].text, tokens[at + 2].start, tokens[end - 1].end
        set_twice = sum(one.text == name and after.text == "=" for one, after in pairwise(tokens)) > 1
        if set_twice or first >= last or any(one.text == name for one in tokens[at + 2 : end]):
            continue
        uses = [one for where, one in enumerate(tokens) if one.text == name and one.kind == "name" and where != at]
        put = source[first:last]
        put = f"({put})" if any(one.kind == "sign" and one.text in _JOINS for one in tokens[at + 2 : end]) else put
        form = source
        for one in sorted({(use.start, use.end) for use in uses}, reverse=True):
            form = form[: one[0]] + put + form[one[1] :]
        line = source.rfind("\n", 0, tokens[begin].start) + 1
        behind = source.find("\n", last)
        if uses and all(use.start > last for use in uses):
            found.append((end - at, form[:line] + form[behind + 1 if behind >= 0 else last :]))
    return tuple(form for _, form in sorted(found)[:_FORMS])


_JOINS = canonical.listed("+ - * / // % ** < > <= >= == === != !== and or not && ||")


@lru_cache(maxsize=256)
def _code_of(markdown: str) -> tuple[str, ...]:
    return tuple(piece.text for piece in hint_text.read(markdown).pieces if piece.marked)


def opened(sources: Iterable[str], language: Language) -> Iterator[str]:
    """The sources, and those with template texts once more without their backticks: Markdown takes them for its own."""
    for source in sources:
        yield source
        if language == "javascript" and "`" in source:
            yield source.replace("`", " ")


# ---- what the learner has ------------------------------------------------------------------------------------------


def owned(case: HintCase, tokens: tuple[Token, ...], code: bool = True) -> frozenset[int]:
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
    for idiom in IDIOMS[case.language] if case.level >= 3 else ():
        stream = canonical.program(idiom, case.language)
        for run in canonical.common(tokens, stream, OWN):
            if run.length == len(stream):
                found.update(range(run.here, run.here + run.length))
    return frozenset(found)


def in_one(case: HintCase, tokens: Sequence[Token], given: bool = False) -> bool:
    """Whether these tokens stand in one piece in the learner's program or the starter; `given`: or in what was given."""
    part = tuple(tokens)
    least = min(OWN, len(part))
    return any(
        run.length >= len(part)
        for source in opened((case.learner, *(case.given() if given else (case.starter(),))), case.language)
        for run in canonical.common(part, canonical.program(source, case.language), least, renamed=False)
    )


IDIOMS: dict[Language, tuple[str, ...]] = {
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


def in_one_across(case: HintCase, part: tuple[Token, ...]) -> bool:
    """As `in_one`, in the form across languages."""
    return any(
        run.length >= len(part)
        for source in (case.learner, case.starter())
        for run in canonical.common(part, canonical.neutral_program(source, case.language), OWN, renamed=False)
    )


def owned_across(case: HintCase, tokens: tuple[Token, ...]) -> frozenset[int]:
    """As `owned`, in the form across languages."""
    found: set[int] = set()
    for source in (case.learner, *case.given()):
        stream = canonical.neutral_program(source, case.language)
        for run in canonical.common(tokens, stream, OWN, renamed=False):
            if source == case.learner or run.length <= 12:
                found.update(range(run.here, run.here + run.length))
    return frozenset(found)
