"""Make a piece of text parse, by the smallest change that does it; what was done is said in words."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from assay.pipeline.extract import disguises, listings
from assay.pipeline.extract.statements import PARSE_LIMIT, Grammar, Source, Statement

MENDING_LIMIT = 16 * 1024
"""Characters; in longer source only lines that are not code are dropped. tree-sitter's recovery from errors costs up
to 15 us a character, and mending parses a dozen times."""
_CODE = frozenset({"definition", "import", "assignment", "block", "main"})
_OLD_CODE = re.compile(r"\s*(?:print|exec|raise)\s+\S")
"""Statements of Python 2, which do not parse."""
TAIL_LINES = 8
"""How many lines at the end of a truncated function may be given up."""


@dataclass(frozen=True, slots=True)
class Mended:
    """Source text after mending, and what was done to it."""

    source: Source
    changes: tuple[str, ...] = ()

    @property
    def parses(self) -> bool:
        return self.source.parses


def mend(grammar: Grammar, code: str, entry: str | None, *, cut_short: bool = False, shorten: bool = True) -> Mended:
    """The code as it is where it parses; else with the fewest changes after which it does; else as it is.

    `cut_short`: the text is known to end too early, so that its last function may be unfinished. `shorten`: whether
    lines that are not code may be dropped.
    """
    source = Source(grammar, code)
    if source.parses:
        return _deduplicated(_without_entities(source), entry)
    if len(code) > MENDING_LIMIT:
        shorter = _shortened(source, entry, cut_short=False) if shorten and len(code) <= PARSE_LIMIT else None
        return shorter or Mended(source)
    code, undressed = _undressed(code)
    source = Source(grammar, code)
    if undressed and source.parses:
        return _deduplicated(Mended(source, undressed), entry)
    mended = _transformed(grammar, code)
    if mended is None and shorten:
        mended = _shortened(source, entry, cut_short=cut_short)
    if mended is None and shorten:
        everything = code
        for _, change in _TRANSFORMS[grammar.name]:
            everything = change(everything)
        if everything != code:
            mended = _shortened(Source(grammar, everything), entry, cut_short=cut_short)
            if mended is not None:
                names = [name for name, change in _TRANSFORMS[grammar.name] if change(code) != code]
                mended = Mended(mended.source, (*names, *mended.changes))
    if mended is None:
        return Mended(source, undressed)
    mended = _deduplicated(mended, entry)
    return Mended(mended.source, (*undressed, *mended.changes))


# ---- other dress -------------------------------------------------------------------------------------------------


def _undressed(code: str) -> tuple[str, tuple[str, ...]]:
    """A transcript's or numbered listing's code."""
    if (typed := listings.typed_at_prompt(code)) is not None:
        return typed, ("typed lines taken out of a session at the prompt",)
    if (plain := listings.without_numbers(code)) is not None:
        return plain, ("line numbers dropped",)
    return code, ()


def _first_line_indented(code: str) -> str:
    """Blank lines at the start dropped, and every line moved left by the indent of the first."""
    body = code.lstrip("\n")
    indent = body[: len(body) - len(body.lstrip(" \t"))]
    if not indent:
        return code
    return "\n".join(line.removeprefix(indent) for line in body.split("\n"))


def _first_line_moved(code: str) -> str:
    """The first line alone moved to the margin: a copy that took one blank too many."""
    lead = code[: len(code) - len(code.lstrip())]
    return code[len(lead) :] if lead.strip("\n") else code


def _rest_moved(code: str) -> str:
    """All lines but the first moved left by their common indent: a first line whose indent was stripped."""
    first, newline, rest = code.lstrip("\n").partition("\n")
    if not newline or first.rstrip().endswith((":", "{", "(", "[", ",")) or first[:1] in " \t":
        return code
    body = [line for line in rest.split("\n") if line.strip()]
    least = min((len(line) - len(line.lstrip(" ")) for line in body), default=0)
    if not least:
        return code
    return first + "\n" + "\n".join(line[least:] for line in rest.split("\n"))


def _tabs_as_spaces(code: str, width: int = 4) -> str:
    """Tabs in indents as so many spaces, where both are used."""
    if "\t" not in code:
        return code
    lines = code.split("\n")
    indents = [line[: len(line) - len(line.lstrip(" \t"))] for line in lines]
    return "\n".join(
        indent.expandtabs(width) + line[len(indent) :] for indent, line in zip(indents, lines, strict=True)
    )


_COMMON: list[tuple[str, Callable[[str], str]]] = [
    ("HTML escapes undone", disguises.unescaped),
    ("odd blanks made plain", disguises.plain_blanks),
    ("curly quotes and full-width signs made plain", disguises.plain_punctuation),
]
_TRANSFORMS: dict[str, list[tuple[str, Callable[[str], str]]]] = {
    "python": [
        ("moved to the margin", _first_line_indented),
        ("first line moved to the margin", _first_line_moved),
        ("lines after the first moved to the margin", _rest_moved),
        *_COMMON,
        ("notebook commands dropped", listings.without_magics),
        ("tabs in indents made four spaces", _tabs_as_spaces),
    ],
    "javascript": [*_COMMON],
}
_OF_EIGHT: list[tuple[str, Callable[[str], str]]] = [
    *_TRANSFORMS["python"][:-1],
    ("tabs in indents made eight spaces", partial(_tabs_as_spaces, width=8)),
]
"""The same for who mixes blanks with tabs that stand for eight."""


def _without_entities(source: Source) -> Mended:
    """`a &lt; b` parses as it stands (`a & lt; b`): undone where it reads as code and the result parses as well."""
    if disguises.has_entities(source.code):
        bare = source.grammar.used(source.code)
        if bare & {"lt", "gt", "amp", "quot"}:
            plain = Source(source.grammar, disguises.unescaped(source.code))
            if plain.parses:
                return Mended(plain, ("HTML escapes undone",))
    return Mended(source)


def _transformed(grammar: Grammar, code: str) -> Mended | None:
    found = _changed(grammar, code, _TRANSFORMS[grammar.name])
    if found is None and grammar.name == "python" and "\t" in code:
        found = _changed(grammar, code, _OF_EIGHT)
    return found


def _changed(grammar: Grammar, code: str, steps: Sequence[tuple[str, Callable[[str], str]]]) -> Mended | None:
    """The first single change after which it parses; else the changes together, less those it can do without."""
    found = [(name, change) for name, change in steps if change(code) != code]
    for name, change in found:
        source = Source(grammar, change(code))
        if source.parses:
            return Mended(source, (name,))
    if len(found) < 2:
        return None
    if not Source(grammar, _all(code, found)).parses:
        return None
    for step in list(found):
        fewer = [other for other in found if other is not step]
        if Source(grammar, _all(code, fewer)).parses:
            found = fewer
    return Mended(Source(grammar, _all(code, found)), tuple(name for name, _ in found))


def _all(code: str, steps: Sequence[tuple[str, Callable[[str], str]]]) -> str:
    for _, change in steps:
        code = change(code)
    return code


# ---- less of it ----------------------------------------------------------------------------------------------------


def _shortened(source: Source, entry: str | None, *, cut_short: bool) -> Mended | None:
    """What is left without lines that are not code, or a half-finished end, if it still defines what is asked.

    Where no definition is asked for, the whole program is: then nothing that is code may be lost with the rest, else
    a program with a syntax error would become its first or last lines, which run.
    """
    found = stretches(source.grammar, source.code)
    if entry is not None:
        found = [one for one in found if Source(source.grammar, one.code).defines(entry)]
    elif not cut_short:
        found = _holding_all_code(source, found)
    for one in sorted(found, key=lambda one: -len(one.code)):
        kept = Source(source.grammar, one.code)
        if kept.parses:
            around = dropped_around(source.grammar, source.code, (one.start, one.end), cut_short=cut_short)
            return Mended(kept, around)
    if cut_short and (shorter := _without_tail(source)) is not None and (entry is None or shorter.defines(entry)):
        return Mended(shorter, ("the half-finished end of a truncated text dropped",))
    return None


def _holding_all_code(source: Source, found: "Sequence[Stretch]") -> "list[Stretch]":
    """The stretches outside which there are only words: no code, whole or broken."""
    text = source.code
    code = [
        s.start
        for s in source.grammar.statements(text, prose=True)
        if s.kind in _CODE or (source.grammar.name == "python" and _OLD_CODE.match(text, s.start, s.end))
    ]
    return [one for one in found if not code or (one.start <= code[0] and code[-1] < one.end)]


def dropped_around(grammar: Grammar, text: str, span: tuple[int, int], *, cut_short: bool) -> tuple[str, ...]:
    """In words: what of the text stands before and behind a stretch of code."""
    words = []
    before, after = text[: span[0]].strip(), text[span[1] :].strip()
    if before:
        words.append(f"{_lines(before)} before the code dropped")
    if after:
        statement = grammar.statements(after, prose=True)
        half = statement and statement[0].kind != "other" and (cut_short or len(statement) == 1)
        words.append("the half-finished last statement dropped" if half else f"{_lines(after)} after the code dropped")
    return tuple(words)


def _lines(text: str) -> str:
    count = text.count("\n") + 1
    return f"{count} line{'s' if count > 1 else ''}"


def _without_tail(source: Source) -> Source | None:
    """The code less its last few lines, as few as will do."""
    lines = source.code.rstrip().split("\n")
    for _ in range(min(TAIL_LINES, len(lines) - 1)):
        lines.pop()
        shorter = Source(source.grammar, "\n".join(lines) + "\n")
        if shorter.parses:
            return shorter
    return None


@dataclass(frozen=True, slots=True)
class Stretch:
    """Statements that follow each other, all of them code."""

    code: str
    start: int
    end: int
    statements: tuple[Statement, ...]


def stretches(grammar: Grammar, text: str, *, broken: bool = False) -> list[Stretch]:
    """The longest stretches of statements that are code, in a text that is not all code.

    Each statement is parsed by itself, so the work is linear in the text. `broken`: definitions that do not parse too.
    """
    found: list[Stretch] = []
    current: list[Statement] = []

    def close() -> None:
        if current:
            start, end = current[0].start, current[-1].end
            found.append(Stretch(text[start:end], start, end, tuple(current)))
            current.clear()

    for statement in grammar.statements(text, prose=True):
        code = text[statement.start : statement.end]
        if (statement.kind != "other" and grammar.parses(code)) or (broken and statement.kind == "definition"):
            current.append(statement)
        else:
            close()
    close()
    return found


def _deduplicated(mended: Mended, entry: str | None) -> Mended:
    """Without a last definition of the entry that is only the start of an earlier one, or has no body.

    A model that repeats itself until it runs out of tokens ends like that, and the last definition is what counts.
    """
    if entry is None or mended.source.code.count(entry) < 2:
        return mended
    source = mended.source
    found = [s for s in source.defining(entry) if s.kind in ("definition", "assignment")]
    if len(found) < 2:
        return mended
    last, earlier = found[-1], found[:-1]
    text = source.text(last).strip()
    behind = source.code[last.end :].strip("\n")
    unfinished = not behind.strip() and any(
        source.text(s).strip().startswith(text) and source.text(s).strip() != text for s in earlier
    )
    empty = source.grammar.is_stub(text) and not all(source.grammar.is_stub(source.text(s)) for s in earlier)
    if not unfinished and not empty:
        return mended
    shorter = Source(
        source.grammar, source.code[: last.start].rstrip("\n") + "\n" + (f"\n{behind}\n" if behind else "")
    )
    if not shorter.parses:
        return mended
    words = (
        "an unfinished repetition of the definition dropped"
        if unfinished
        else "an empty repetition of the definition dropped"
    )
    return Mended(shorter, (*mended.changes, words))
