"""Words of a language that somebody mistyped (`retrun`, `conts`, `esle`), where the interpreter only says "invalid syntax". Pure.

A word counts as mistyped where a word of the language would stand, nothing in the program is called so, and one slip (two in
a long word) makes the right one of it: a letter too many, missing, another one, or two that changed places.
"""

import difflib
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from assay.gym.tutor import canonical
from assay.gym.tutor.canonical import Token
from assay.records import Language


class Misspelled(NamedTuple):
    """A mistyped word, and the one that was likely meant."""

    word: str
    meant: str
    back: int
    """How many lines it stands before the one that the interpreter names: 0 or 1."""


_LONG = 6
"""From so many letters on two slips are borne."""
_BEGIN: dict[Language, tuple[str, ...]] = {
    "python": ("return", "print", "for", "while", "if", "elif", "else", "def", "import", "from", "try", "except", "finally",
               "class", "with", "raise", "pass", "break", "continue", "global", "assert", "lambda", "del", "not", "yield"),
    "javascript": ("return", "const", "let", "function", "for", "while", "if", "else", "switch", "case", "default", "try",
                   "catch", "finally", "throw", "break", "continue", "class", "new", "do", "var", "async", "await", "typeof"),
}  # fmt: skip
"""Words that begin a statement, the likelier ones first."""
_BETWEEN: dict[Language, tuple[str, ...]] = {
    "python": ("in", "and", "or", "if", "else", "not", "is", "as", "import", "for"),
    "javascript": ("of", "in", "instanceof"),
}
"""Words that stand between two values."""
_VALUE = ("name", "number", "text", "word")
_OPENED = canonical.listed("} ; { : => = return ( , async export default new await else")


def misspelled(language: Language, rows: Sequence[str], line: int | None) -> Misspelled | None:
    """The mistyped word at the line where a program cannot be read, or in the one before it."""
    if line is None:
        return None
    made = "\n".join(rows)[:20_000]
    for back in (0, 1):
        at = line - 1 - back
        if 0 <= at < len(rows):
            for found in _found(language, rows[at][:300], made):
                return found._replace(back=back)
    return None


def _found(language: Language, row: str, made: str) -> list[Misspelled]:
    tokens = canonical.fragment(row, language) if not row.lstrip().startswith(("#", "//")) else ()
    found = []
    for at, token in enumerate(tokens):
        if token.kind != "name" or not token.text.isalpha() or _is_made(token.text, made):
            continue
        for words in _may_stand(language, tokens, at):
            if (meant := _meant(token.text, words)) is not None:
                found.append(Misspelled(token.text, meant, 0))
                break
    return found


def _may_stand(language: Language, tokens: Sequence[Token], at: int) -> list[tuple[str, ...]]:
    """Which words of the language could stand at this place."""
    before, behind = tokens[at - 1] if at else None, tokens[at + 1] if at + 1 < len(tokens) else None
    found = []
    if (before is None or before.text in _OPENED) and (behind is None or _begins(behind, tokens[-1])):
        found.append(_BEGIN[language])
    if before is not None and behind is not None and before.text not in _OPENED:
        ended = before.kind in _VALUE or before.text in (")", "]")
        if ended and (behind.kind in _VALUE or behind.text in ("(", "[", "-")):
            found.append(_BETWEEN[language])
    return found


def _begins(behind: Token, last: Token) -> bool:
    """Whether a word that is followed by this begins a statement: a name does not stand before a name."""
    return behind.kind in _VALUE or behind.text in ("{", ":", "[") or (behind.text == "(" and last.text in ("{", ":"))


def _is_made(word: str, source: str) -> bool:
    forms = (
        rf"(?<![\w.]){word}\s*(?:=(?!=)|\+=|-=)",
        rf"\b(?:def|function|class|let|const|var|for)\s+{word}\b",
        rf"\b(?:def|function)\s+\w*\s*\([^()\n]*\b{word}\b",
        rf"\bfor\b[^\n:]*,\s*{word}\s+in\b",
    )
    return any(re.search(form, source) for form in forms)


def _meant(word: str, words: Sequence[str]) -> str | None:
    """The word of the language that one slip made this of; case alone is a slip too."""
    low = word.lower()
    scored = []
    for place, one in enumerate(words):
        bears = 0 if low == one else 2 if len(one) >= _LONG else 1
        slips = _slips(low, one) if low != one else 0
        turned = len(one) <= 2 and sorted(low) != sorted(one)  # of two letters only their order may be wrong
        if word != one and slips <= bears and not turned:
            scored.append((slips, place, one))
    return min(scored)[2] if scored else None


def turned(word: str, names: Iterable[str]) -> str | None:
    """The name that a word becomes when two neighbouring letters change places, whatever their case."""
    low = word.lower()
    near = sorted(one for one in names if sorted(one.lower()) == sorted(low) and _slips(low, one.lower()) == 1)
    return near[0] if len(low) > 2 and near else None


_MEMBERS: dict[str, frozenset[str]] = {
    "console": canonical.listed("log error warn info table"),
    "Math": canonical.listed("abs ceil floor round trunc max min pow sqrt random sign hypot cbrt log log2 log10 PI E"),
    "JSON": canonical.listed("parse stringify"),
    "Object": canonical.listed("keys values entries assign freeze fromEntries hasOwn create"),
    "Number": canonical.listed("isInteger isNaN isFinite isSafeInteger parseInt parseFloat"),
    "Array": canonical.listed("isArray from of"),
    "String": canonical.listed("fromCharCode fromCodePoint raw"),
}
"""What the everyday objects of JavaScript have."""


def of_an_object(whole: str, name: str) -> str | None:
    """The nearest that an everyday object of JavaScript has to a mistyped name: `console.log` for `console.lgo`."""
    members = _MEMBERS.get(whole, frozenset())
    low = {one.lower(): one for one in sorted(members)}
    likest = turned(name, members) or next(iter(difflib.get_close_matches(name.lower(), low, n=1, cutoff=0.54)), None)
    return f"{whole}.{low.get(likest, likest)}" if likest is not None and name not in members else None


def _slips(one: str, other: str) -> int:
    """Letters to be added, taken away, changed, or exchanged with the next, to make one word of the other; 3 where it is more."""
    if abs(len(one) - len(other)) > 2 or len(one) > 20:
        return 3
    rows = [list(range(len(other) + 1))]
    for i, letter in enumerate(one, 1):
        row = [i]
        for j, its in enumerate(other, 1):
            best = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (letter != its))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == its:
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return min(rows[-1][-1], 3)
