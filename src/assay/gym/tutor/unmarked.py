"""What a hint tells its reader to type without marking it as code: expressions in sentences, and "this for that". Pure.

Signs may be said in words ("minutes minus rest"). It only finds what may be tried: whether it mends a program, running that
program says (see `splicing`), so that it may find too much, and prose that means no code costs a run and nothing else.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from assay.gym.tutor import canonical, hint_text
from assay.gym.tutor.canonical import Token
from assay.gym.tutor.hint_text import HintText
from assay.records import Language

AT_MOST = 8
"""Expressions of one hint."""
LONGEST = 40
"""Tokens of one expression."""
_MANY = 32
"""Exchanges that are found of one hint."""


class Exchange(NamedTuple):
    """One thing to be put for another, each as the texts of its tokens."""

    old: tuple[str, ...]
    new: tuple[str, ...]


_MORE_SPEECH: tuple[tuple[str, str], ...] = (
    ("greater or equal", ">="), ("less or equal", "<="), ("smaller or equal", "<="), ("larger or equal", ">="),
    ("is at least", ">="), ("at least", ">="), ("is at most", "<="), ("at most", "<="), ("is larger than", ">"),
    ("larger than", ">"), ("is bigger than", ">"), ("bigger than", ">"), ("is smaller than", "<"), ("smaller than", "<"),
    ("is more than", ">"), ("more than", ">"), ("is below", "<"), ("below", "<"), ("is above", ">"), ("above", ">"),
    ("multiplied by", "*"), ("divide by", "/"), ("added to", "+"), ("greater", ">"), ("less", "<"),
    ("smaller", "<"), ("larger", ">"), ("single slash", "/"), ("one slash", "/"), ("two slashes", "//"),
    ("twelve", "12"), ("twenty", "20"), ("thirty", "30"), ("forty", "40"), ("fifty", "50"), ("sixty", "60"), ("a hundred", "100"),
)  # fmt: skip
"""Words that stand for a sign where somebody tells what to type, and that prose is full of."""


def expressions(hint: HintText, names: frozenset[str], language: Language) -> tuple[str, ...]:
    """Code that stands in sentences, and what is said in words; each holds a sign, and a name or a word of the language."""
    found: dict[str, None] = {}
    for text in hint.sentences.split(hint_text.CODE_MARK):
        for stream in _streams(text, language):
            for part in _runs(stream, names):
                named = any(one.text in names or one.kind == "word" for one in part)
                if named and any(one.kind == "sign" and one.text not in _PUNCTUATION for one in part):
                    found.setdefault(written(one.text if one.kind != "text" else f'"{one.text}"' for one in part))
    return tuple(found)[:AT_MOST]


def _streams(text: str, language: Language) -> Iterator[tuple[Token, ...]]:
    tokens = canonical.prose(text, language)
    yield tokens
    heard = hint_text.spoken(tokens, _MORE_SPEECH)
    if any(token.spoken for token in heard):
        yield heard


_PUNCTUATION = canonical.listed(". , : ? ! -")
_BREAKS = canonical.listed("is of as then")
_LEADS = canonical.listed("in and or not for with from else then to , . : ? ! -")
_ENDS = _LEADS | canonical.listed("if while return elif new const let")


def _runs(stream: Sequence[Token], names: frozenset[str]) -> Iterator[tuple[Token, ...]]:
    begin = 0
    for at in range(len(stream) + 1):
        if at < len(stream) and _is_code(stream[at], names) and not _apart(stream, at):
            continue
        part = list(stream[begin:at])
        begin = at if at < len(stream) and _is_code(stream[at], names) else at + 1
        while part and part[0].text in _LEADS and part[0].kind != "text":
            del part[0]
        while part and part[-1].text in _ENDS and part[-1].kind != "text":
            del part[-1]
        if part:
            yield tuple(part[:LONGEST])


def _is_code(token: Token, names: frozenset[str]) -> bool:
    if token.text in _BREAKS and token.kind != "text":
        return False
    return token.kind in ("sign", "number", "text", "word") or token.text in names


def _apart(stream: Sequence[Token], at: int) -> bool:
    """Whether a clause ends between this token and the one before it: two values stand side by side."""
    if at == 0:
        return False
    here, before = stream[at], stream[at - 1]
    value = ("name", "number", "text")
    return here.kind in value and before.kind in value


def written(texts: Iterator[str] | Sequence[str]) -> str:
    """Tokens as code."""
    return re.sub(r"\s*\.\s*(?=[A-Za-z_$])", ".", " ".join(texts)).strip()


# ---- this for that ---------------------------------------------------------------------------------------------------------

_FORTH: tuple[tuple[str, ...], ...] = (("by",), ("with",), ("to",), ("into",), ("for",), ("becomes",), ("=>",), ("->",))
"""`this by that`."""
_BACK: tuple[tuple[str, ...], ...] = (
    ("instead", "of"), ("rather", "than"), ("in", "place", "of"), ("and", "not"), ("not",), (",", "not"), ("where", "you", "have"),
)  # fmt: skip
"""`that instead of this`."""


def exchanges(hint: HintText, own: Sequence[str], names: frozenset[str], language: Language) -> tuple[Exchange, ...]:
    """What is to be put for something that stands in the program; `own`: the texts of the program's tokens."""
    words = canonical.prose(re.sub(r"(?<=[a-z])-(?=[a-z])", " ", hint_text.unmarked(hint.text)), language)
    heard = hint_text.spoken(words, _MORE_SPEECH)
    found: dict[Exchange, None] = {}
    for stream in (words, heard) if heard != words else (words,):
        texts = [token.text for token in stream]
        lower = [text.lower() for text in texts]
        for at in range(1, len(texts) - 1):
            for joint in _FORTH:
                if tuple(lower[at : at + len(joint)]) == joint and (old := _before(texts, at, own)):
                    behind = stream[at + len(joint) : at + len(joint) + 8]
                    found.update((Exchange(old, new), None) for new in _news(behind, names, first=True) if new != old)
            for joint in _BACK:
                if tuple(lower[at : at + len(joint)]) == joint and (old := _after(texts, at + len(joint), own)):
                    before = stream[max(0, at - 8) : at]
                    found.update((Exchange(old, new), None) for new in _news(before, names, first=False) if new != old)
            if len(found) >= _MANY:
                return tuple(found)
    return tuple(found)


def _before(texts: Sequence[str], at: int, own: Sequence[str]) -> tuple[str, ...]:
    """The longest run that ends here and stands in the program."""
    return max((part for size in range(1, 9) if (part := tuple(texts[max(0, at - size) : at])) and _stands(part, own)),
               key=len, default=())  # fmt: skip


def _after(texts: Sequence[str], at: int, own: Sequence[str]) -> tuple[str, ...]:
    """The longest run that begins here and stands in the program."""
    return max((part for size in range(1, 9) if (part := tuple(texts[at : at + size])) and _stands(part, own)),
               key=len, default=())  # fmt: skip


def _stands(part: tuple[str, ...], own: Sequence[str]) -> bool:
    return any(tuple(own[at : at + len(part)]) == part for at in range(len(own) - len(part) + 1))


def _news(tokens: Sequence[Token], names: frozenset[str], first: bool) -> Iterator[tuple[str, ...]]:
    """What may be meant: all that is code, counted from the joint, and less of it; the longest first."""
    near = list(tokens) if first else list(reversed(tokens))
    size = next((at for at, token in enumerate(near) if not _is_code(token, names) or _parts(token, tokens)), len(near))
    for many in range(size, 0, -1):
        part = near[:many] if first else near[many - 1 :: -1]
        if many == 1 or _may_end(part[-1 if first else 0], first):
            yield tuple(token.text if token.kind != "text" else f'"{token.text}"' for token in part)


def _parts(token: Token, tokens: Sequence[Token]) -> bool:
    """Whether a sentence or a clause ends with this sign; a dot within a name ends nothing."""
    if token.text == ".":
        return not any(one.start == token.end for one in tokens)
    return token.text in (",", ";", ":", "?")


def _may_end(token: Token, last: bool) -> bool:
    if token.kind == "sign":
        return token.text in (") ] }" if last else "( [ { - !").split()
    return token.text not in _ENDS


# ---- two signs weighed against each other ----------------------------------------------------------------------------------

_SENTENCE = re.compile(r"[^.?!\n]*(?:[.?!](?!\s|$)[^.?!\n]*)*[.?!\n]?")
_WEIGHS = re.compile(r"\b(?:differen\w*|differs?|compared?|versus|vs|or|both)\b", re.I)
_ORDERS = re.compile(
    r"\b(?:use|write|put|take|replace|change|swap|need\w*|should|must|make|want|instead|becomes?|right|correct|better|type|fix\w*)\b",
    re.I,
)


def weighed(hint: HintText) -> frozenset[str]:
    """The code marks that only stand beside another in a sentence that compares them and orders nothing.

    "What is the difference between `<` and `<=`?" leaves the choice to the learner; "use `<=`, not `<`" does not.
    """
    weighing: set[str] = set()
    elsewhere: set[str] = set()
    for sentence in _SENTENCE.findall(hint.text):
        marks = re.findall(r"`([^`\n]+)`", sentence)
        fair = len(set(marks)) >= 2 and _WEIGHS.search(sentence) and not _ORDERS.search(sentence)
        (weighing if fair else elsewhere).update(mark.strip() for mark in marks)
    return frozenset(weighing - elsewhere)
