"""What the sentences of a hint order to be done to a program, in words: what kind of change, with what, and where. Pure.

"Put `pet.` in front of each name", "take off the `+ 1`", "move the return out of the loop". A sentence that only asks, or
weighs two things against each other, orders nothing. It finds what may be tried (see `changes`), so that it may find too much.
"""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from assay.gym.tutor import canonical, vocabulary
from assay.gym.tutor.hint_text import HintText
from assay.gym.tutor.sentences import MARK, asks, commands, sentences
from assay.records import Language

Kind = Literal["remove", "insert", "move", "swap", "set"]


class Order(NamedTuple):
    """One sentence that tells its reader to change something."""

    kinds: frozenset[Kind]
    material: tuple[str, ...]
    """Code that may be put in, as it would be typed: `pet.`, `+ 10`, `.trim()`."""
    called: tuple[str, ...]
    """Names of functions and methods that it speaks of."""
    values: tuple[str, ...]
    """Numbers and marked values that something may be set to."""
    lines: tuple[int, ...]
    """The lines that it names, from 1; -1 is the last."""
    said: str
    """The sentence without its marks, in small letters."""
    together: bool
    """Whether it speaks of several places at once: each, both, all."""
    text: str
    """The sentence, marks and all."""


_WORDS: dict[Kind, str] = {
    "remove": r"remov\w+, delet\w+, drop\w*, eras\w+, take, taking, get rid, rid of, leave, leaving, cut, los[ei]\w*, strip, "
    r"too many, without, (?:not|n't|never|no longer) need\w*, no need, unnecessary, needless, superfluous, not needed, "
    r"comment out, omit, clear, off, away, out, (?:not|n't) (?:assign|store|keep|save)",
    "insert": r"add\w*, put\w*, insert\w*, append\w*, writ\w+, type, plac\w+, includ\w+, give, begins?, starts?, prefix, wrap\w*, "
    r"use, using, needs?, must, should, call\w*, multipl\w+, subtract\w*, divid\w+, times, plus, minus, stor\w+, sav\w+, keep\w*, "
    r"assign\w*, round\w*, turn\w*, convert\w*, make, makes, making, take, missing, forgot\w*, have to, has to, want, apply, "
    r"return, chang\w+, increas\w+, decreas\w+, lower, raise, surround, enclose, attach, negate, let, set, with, pass",
    "move": r"mov\w+, shift\w*, (?:un|de|in)-?dent\w*, dedent\w*, spaces?, outside, out of, after the, before the, below, above, "
    r"into the, inside, to the (?:left|right), start under, level, behind, first, earlier, later, outdent\w*, pull, push\w*, "
    r"bring, belongs?, go(?:es)?",
    "swap": r"swap\w*, exchang\w+, switch\w*, revers\w+, turn\w*, flip\w*, other way (?:a?round), mirror\w*, invert\w*, "
    r"wrong (?:order|way), opposite, first, places, interchang\w+, change the order",
    "set": r"pass, call\w*, multipl\w+, ask, copy, copies, spread, say\w*, turn, "
    r"starts?, begins?, should, must, needs?, give, set\w*, let, make, mak\w+, chang\w+, us[ei]\w*, writ\w+, put, becomes?, "
    r"want, initiali\w+, lower, small, capital, upper, replac\w+, raise, increas\w+, decreas\w+, go, goes, from, round\w*",
}
_KINDS = {kind: re.compile(rf"\b(?:{'|'.join(words.split(', '))})\b", re.I) for kind, words in _WORDS.items()}

_LINE = re.compile(
    r"\blines?\s+(\d{1,3})(?:\s*(?:,|and|or|to|&|-|/)\s*(?:line\s+)?(\d{1,3}))?(?:\s*(?:,|and)\s*(\d{1,3}))?", re.I
)
_JOINED = re.compile(r"\b(?:say|says|use|put|write|needs?|be|an|with|word)\s+(and|or)\b", re.I)
_TOGETHER = re.compile(
    r"\b(?:each|every|all|both|three|two|everywhere|everything|lines \d+ and|them|wherever|and)\b", re.I
)
_BARE = re.compile(
    r"(?<![\w.])(?:\.\w+(?:\(\))?|[A-Za-z_]\w*\.(?=\s|$)|[A-Za-z_]\w*(?:\.\w+)?\(\)|[-+*/]\s?\d+\b|=\s?\w+)"
)
_NUMBERS = {**vocabulary.NUMBERS, "empty": '""'}
_TRUTHS = {"true": {"python": "True", "javascript": "true"}, "false": {"python": "False", "javascript": "false"}}
_COUNT = r"(?P<many>\d+(?:\.\d+)?|" + "|".join(sorted(_NUMBERS, key=len, reverse=True)) + r")\b"
_BY = r"(?: \w+){0,3} by"
_BEFORE_COUNT: tuple[tuple[str, tuple[str, ...]], ...] = (
    (rf"(?:add|adding|plus|increase\w*{_BY}|raise\w*{_BY})\s+(?:an?other |the )?", ("+",)),
    (
        rf"(?:subtract\w*|minus|take away|decrease\w*{_BY}|lower\w*{_BY}|take|taking|reduce\w*{_BY})\s+(?:off |away )?",
        ("-",),
    ),
    (r"(?:multipl\w+(?: \w+){0,6} (?:by|with)|times)\s+", ("*",)),
    (r"(?:divide\w*(?: \w+){0,6} by)\s+", ("/", "//")),
    (r"(?:modulo|mod|modulus|remainder (?:of|by|with|after)(?: \w+){0,3})\s+", ("%",)),
    (r"(?:default(?: value)? (?:of|to|is)|be|by default)\s+", ("=",)),
)
_BEHIND_COUNT: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"(?: \w+)? (?:more|later|too (?:few|small|low|early|short)|longer|further)", ("+",)),
    (r"(?: \w+)? (?:less|fewer|earlier|too (?:many|far|big|high|late|much|long)|shorter|off|round too)", ("-",)),
)
_SUMS = (
    *((re.compile(rf"\b{words}{_COUNT}", re.I), signs) for words, signs in _BEFORE_COUNT),
    *((re.compile(rf"\b{_COUNT}{words}\b", re.I), signs) for words, signs in _BEHIND_COUNT),
)


def orders(hint: HintText, language: Language, solutions: frozenset[str], own: frozenset[str]) -> Iterator[Order]:
    """What each sentence orders. `solutions`, `own`: the tokens' texts of the solutions, and of the learner's program."""
    for sentence in sentences(hint.text):
        plain = re.sub(r"\*\*|__", "", sentence.replace("`", " "))
        if not commands(sentence) or asks(sentence):
            continue
        kinds = frozenset(kind for kind, words in _KINDS.items() if words.search(plain))
        marks = [mark.strip() for mark in MARK.findall(sentence)]
        words = {one.strip(".,;:!?()'\"`") for one in re.split(r"[\s`()]+|(?<=\w)\.(?=\w)", plain)}
        called = [
            one
            for one in sorted(words, key=lambda one: plain.find(one))
            if len(one) > 1 and one.isidentifier() and _may_call(one, language, solutions, own)
        ]
        yield Order(
            kinds=kinds,
            material=tuple(dict.fromkeys([*marks, *(one.strip() for one in _BARE.findall(plain)), *_sums(plain)])),
            called=tuple(dict.fromkeys(called)),
            values=tuple(dict.fromkeys([*_values(plain, language), *(mark for mark in marks if len(mark) < 40)])),
            lines=tuple(_lines(plain)),
            said=plain.lower(),
            together=bool(_TOGETHER.search(plain)),
            text=sentence.strip(),
        )


_PROSE = canonical.listed(
    "in is of not or and for if else with as from then of to all any at get set let next sign value name input message key "
    "count index sort search match find replace fill some every test table time print return pass end error call length "
    "log type new this case default do it map round while try write add has clear size join"
)
"""Words of a language that prose is full of: they count as calls only where the nearest solutions have them."""


def _may_call(word: str, language: Language, solutions: frozenset[str], own: frozenset[str]) -> bool:
    if word in solutions and word not in own and word.lower() not in ("a", "in", "is", "of"):
        return True
    return word in canonical.library_names(language) and word not in canonical.words_of(language) and word not in _PROSE


def _sums(text: str) -> Iterator[str]:
    for pattern, signs in _SUMS:
        for match in pattern.finditer(text):
            many = _NUMBERS.get(match["many"].lower(), match["many"])
            yield from (f"{sign} {many}" for sign in signs if many[0].isdigit())


def _values(text: str, language: Language) -> Iterator[str]:
    without = _LINE.sub(" ", text)
    yield from re.findall(r"(?<![\w.])\d+(?:\.\d+)?(?!\w)", without)
    for word, value in _NUMBERS.items():
        if re.search(rf"\b{word}\b", without, re.I):
            yield value
    for word, written in _TRUTHS.items():
        if re.search(rf"\b{word}\b", without, re.I):
            yield written[language]
    yield from re.findall(r"(?<!\S)(?:[-+*/]=|[<>]=?|[!=]==?|&&|\|\|)(?!\S)", without)
    yield from (match[1] for match in _JOINED.finditer(without))
    yield from re.findall(r"\"[^\"\n]*\"|(?<!\w)'[^'\n]*'(?!\w)", without)


def _lines(text: str) -> Iterator[int]:
    for match in _LINE.finditer(text):
        yield from (int(one) for one in match.groups() if one)
    if re.search(r"\blast (?:line|print|return|statement)\b", text, re.I):
        yield -1
    if re.search(r"\bfirst (?:line|return|statement)\b", text, re.I):
        yield 1
