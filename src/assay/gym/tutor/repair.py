"""Where the nearest program that passes differs from a learner's, in words that give nothing away. Pure.

The candidates are the reference, its alternatives, and what a model proposed and was seen to pass. The nearest one, by its
canonical tokens with names left out, is laid beside the learner's program; what differs becomes edits: "comparison, line
4". Of the program that passes nothing else leaves this module, but at level 3 the one line that was changed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from assay.gym.tutor import canonical
from assay.gym.tutor.canonical import Token
from assay.records import Language

_NEAR = 0.45
"""Below this likeness the programs are two different ideas: where they differ says nothing."""
_MOST = 4
_COMPARISONS = frozenset({"<", "<=", ">", ">=", "==", "!=", "===", "!==", "in", "is"})
_ARITHMETIC = frozenset(["+", "-", "*", "/", "%", "**", "//", "+=", "-=", "*=", "/=", "%=", "//=", "++", "--"])
_LOGIC = frozenset({"and", "or", "not", "&&", "||", "!"})


@dataclass(frozen=True)
class Edit:
    """One place where the nearest program that passes differs."""

    kind: str
    """comparison, number, text, return, calculation, condition, loop, name, step"""
    line: int
    """Of the learner's program."""
    missing: bool = False
    """Whether something is to be added there, and nothing changed."""
    becomes: str = ""
    """The changed line as it stands in the program that passes: for level 3 alone."""

    @property
    def words(self) -> str:
        """What a prompt may say of it at any level."""
        return (
            f"something is missing after line {self.line} ({self.kind})"
            if self.missing
            else f"{self.kind}, line {self.line}"
        )


@dataclass(frozen=True)
class Repair:
    """The nearest candidate and where it differs."""

    likeness: float
    edits: tuple[Edit, ...]


def nearest(source: str, candidates: Iterable[str], language: Language) -> Repair | None:
    """The nearest of programs that are known to pass; None where all are far."""
    mine = canonical.program(source, language)
    if not mine:
        return None
    shapes = [token.shape for token in mine]
    best: tuple[float, str] | None = None
    for candidate in candidates:
        other = [token.shape for token in canonical.program(candidate, language)]
        likeness = SequenceMatcher(None, shapes, other, autojunk=False).ratio()
        if best is None or likeness > best[0]:
            best = likeness, candidate
    if best is None or best[0] < _NEAR:
        return None
    return Repair(best[0], _edits(source, mine, best[1], canonical.program(best[1], language)))


def _edits(source: str, mine: Sequence[Token], other_source: str, other: Sequence[Token]) -> tuple[Edit, ...]:
    matcher = SequenceMatcher(None, [one.shape for one in mine], [one.shape for one in other], autojunk=False)
    found: dict[tuple[str, int], Edit] = {}
    for tag, start, end, other_start, other_end in matcher.get_opcodes():
        if tag == "equal":
            continue
        mine_part, other_part = mine[start:end], other[other_start:other_end]
        there = mine[min(start, len(mine) - 1)] if tag != "insert" else mine[max(0, start - 1)]
        edit = Edit(
            kind=_kind(mine_part, other_part),
            line=_line(source, there.start),
            missing=tag == "insert",
            becomes=_line_text(other_source, other_part[0].start) if other_part else "",
        )
        found.setdefault((edit.kind, edit.line), edit)
    return tuple(found.values())[:_MOST]


def _kind(mine: Sequence[Token], other: Sequence[Token]) -> str:
    texts = {token.text for token in (*mine, *other)}
    kinds = {token.kind for token in (*mine, *other)}
    if texts & _COMPARISONS:
        return "comparison"
    if "return" in texts:
        return "return"
    if texts & {"if", "elif", "else"}:
        return "condition"
    if texts & {"for", "while", "range", "break", "continue"}:
        return "loop"
    if texts & _LOGIC:
        return "condition"
    if kinds == {"number"} or (kinds <= {"number", "sign"} and "number" in kinds):
        return "number"
    if texts & _ARITHMETIC:
        return "calculation"
    if "text" in kinds:
        return "text"
    return "name" if len(mine) <= 2 and len(other) <= 2 else "step"


def _line(source: str, at: int) -> int:
    return source.count("\n", 0, at) + 1


def _line_text(source: str, at: int) -> str:
    return source[source.rfind("\n", 0, at) + 1 :].partition("\n")[0].strip()
