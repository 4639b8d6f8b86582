"""Changes that mend a program and whose every part a hint names in plain words. Pure; it runs nothing itself.

The learner's program is laid beside the nearest solutions. Where they differ a little, what is new there is looked for in
what the hint states: "use integer division" names `//`, "save it in coins" names the `=` of `coins = …`. Questions name
nothing. A change of which a sign, a number or a word goes unnamed is one that the learner has to find.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import combinations, pairwise, zip_longest
from typing import NamedTuple

from assay.gym.syntax import parse
from assay.gym.tutor import canonical, sentences, vocabulary
from assay.gym.tutor.hint_text import HintText
from assay.gym.tutor.splicing import Spliced
from assay.records import Language

AT_MOST = 6
"""Programs for one hint."""
_NEAREST = 4
"""Solutions that a program is laid beside."""
_LIKE = 0.6
"""Below this likeness it is another idea."""
_PLACES = 6
"""Places where two programs may differ for their difference to be small changes."""
_LARGEST = 12
"""Tokens of one change, those that go without saying apart."""
_LONGEST = 4_000
_TOKENS = 300
"""Characters and tokens of a program that is looked at; those of the courses have up to 200 tokens."""
_TRIED = 200
"""Changes of one program that are looked at."""

_RAW = re.compile(
    r"(?P<line>(?:[ \t]*\n[ \t]*)+)|(?P<word>[^\W\d]\w*)|(?P<number>\d+(?:\.\d+)?)|"
    r"(?P<sign>\\.|===|!==|\.\.\.|=>|==|!=|<=|>=|\+=|-=|\*=|/=|\*\*|//|&&|\|\||\?\?|\+\+|--|[^\s\w])"
)
_ERROR = re.compile(r"(Error\()(f?(?:`[^`]*`|\"[^\"\n]*\"|'[^'\n]*'))")
"""The text of an error is anybody's choice."""
_FREE = canonical.listed("( ) , . : { } ; \" ' ` $ \\ let => #")
"""What goes without saying where something else is named."""
_WEAK = canonical.listed("= [ ] new")
"""What may go without saying there, but counts where it is named."""
_STEPS = {"+=": ("=", "+"), "-=": ("=", "-"), "*=": ("=", "*")}
"""Two signs in one."""
_KINDS = (
    canonical.listed("< <= > >="),
    canonical.listed("+ - * / // %"),
    canonical.listed("= += -= *="),
    canonical.listed("and or"),
    canonical.listed("&& ||"),
)
"""Signs that are taken for one another."""
_VALUE = re.compile(r"\b(?:initial|starting|first|start) value\b|\b(?:index|number)\b", re.I)
"""Words for the one number that a change is about."""


class _Token(NamedTuple):
    text: str
    start: int
    end: int


class _Change(NamedTuple):
    """A few places of the program made as they stand in a solution."""

    source: str
    new: tuple[str, ...]
    gone: tuple[str, ...]


def programs(learner: str, hint: HintText, language: Language, solutions: Sequence[str]) -> tuple[Spliced, ...]:
    """The programs with a change that the hint names whole, the largest and the smallest change first."""
    if len(learner) > _LONGEST or not learner.strip():
        return ()
    stated = [
        sentence.replace("`", " ").strip() for sentence in sentences.sentences(hint.text) if not _is_question(sentence)
    ]
    telling = [sentence for sentence in stated if sentences.states(sentence)]
    if not telling:
        return ()
    told = _Told(" ".join(stated), " ".join(telling))
    names = frozenset(token.text for token in canonical.program(learner, language) if token.kind == "name")
    named = [change for change in _changes(learner, tuple(solutions), language) if told.names(change, names)]
    aimed = told._replace(all=told.telling)
    others = [change for change in _other_signs(learner, language) if aimed.names(change, names)]
    found: dict[str, None] = {}
    for smaller, larger, other in zip_longest(named, reversed(named), others):  # half of a change often mends nothing
        found |= {one.source: None for one in (larger, smaller, other) if one is not None}
    return tuple(Spliced(source, " ".join(telling)) for source in found)[:AT_MOST]


def _is_question(sentence: str) -> bool:
    return sentence.rstrip("\"') ").endswith("?") and sentences.asks(sentence)


class _Told(NamedTuple):
    """What a hint states, and of that the sentences that tell what to do or what is wrong."""

    all: str
    telling: str

    def names(self, change: _Change, own: frozenset[str]) -> bool:
        """Whether all that is new in a change is named, and some of it where the hint tells what to do."""
        new = Counter(change.new) - Counter(change.gone)
        gone = Counter(change.gone) - Counter(change.new)
        if change.gone[:1] and all(one.isspace() for one in (*change.new, *change.gone)):
            return re.search(rf"\b(?:{vocabulary.MOVES})\b", self.telling, re.I) is not None
        parts = [one for one in new if one not in _FREE and not one.isspace() and one not in own]
        named = [one for one in parts if self._has(one, self.all)]
        missing = set(parts) - set(named) - _WEAK
        if named:
            aimed = any(self._has(one, self.telling) for one in named) or (
                len(change.new) == 1 and change.new[0].isdigit() and _VALUE.search(self.telling) is not None
            )
            return not missing and aimed
        if missing:
            return False
        mine = [one for one in new if one in own]
        if mine:
            itself = re.search(r"\b(?:itself|recurs\w+)\b", self.telling, re.I) is not None and "(" in change.new
            return itself or (
                all(self._has(one, self.all) for one in mine) and any(self._has(one, self.telling) for one in mine)
            )
        marks = [one for one in new if one in _FREE and not one.isspace()]
        if marks:
            return any(self._has(one, self.telling) for one in marks)
        lost = [one for one in gone if one not in _FREE and not one.isspace()]
        if lost:
            return re.search(rf"\b(?:{vocabulary.REMOVES})\b", self.telling, re.I) is not None and all(
                self._has(one, self.all) for one in lost
            )
        turned = Counter(change.new) == Counter(change.gone) and list(change.new) != list(change.gone)
        return turned and re.search(rf"\b(?:{vocabulary.EXCHANGES})\b", self.telling, re.I) is not None

    @staticmethod
    def _has(token: str, text: str) -> bool:
        if token[0].isdigit():
            return vocabulary.counted(token).search(text) is not None
        said = vocabulary.called(token)
        if said is not None and said.search(text):
            return True
        if not token[0].isalpha():
            return said is None and token in text
        if re.search(rf"(?<!\w){re.escape(token)}(?!\w)", text, re.I):
            return said is None or len(token) > 3
        return any(len(part) > 3 and part.lower() in text.lower() for part in re.findall(r"[A-Z]?[a-z]+", token)[1:])


# ---- what differs ----------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=32)
def _changes(learner: str, solutions: tuple[str, ...], language: Language) -> tuple[_Change, ...]:
    """The small changes that bring a program nearer to one of the solutions like it; those that parse, small ones first.

    Kept for the hints on one program that are looked at in a row, and for few: a program has up to some hundred changes.
    """
    mine = canonical.program(learner, language)
    if not 3 <= len(mine) <= _TOKENS:
        return ()
    shapes = [token.shape for token in mine]
    scored = []
    mistake = _ERROR.search(learner)
    text = mistake[2] if mistake else '""'
    for source in dict.fromkeys(_ERROR.sub(lambda match: match[1] + text, one) for one in solutions):
        its = canonical.program(source, language)
        if len(its) > _TOKENS:
            continue
        matcher = SequenceMatcher(None, shapes, [token.shape for token in its], autojunk=False)
        if matcher.quick_ratio() >= _LIKE and (ratio := matcher.ratio()) >= _LIKE:
            scored.append((ratio, source, matcher))
    found: dict[str, _Change] = {}
    tried = 0
    for _, source, matcher in sorted(scored, key=lambda one: -one[0])[:_NEAREST]:
        for change in _between(learner, _renamed(source, matcher, mine, canonical.program(source, language)), language):
            tried += 1
            if tried > _TRIED:
                break
            if change.source.strip() != learner.strip() and not parse(language, change.source).has_error:
                found.setdefault(change.source, change)
    return tuple(sorted(found.values(), key=lambda one: len(one.new) + len(one.gone)))


def _other_signs(learner: str, language: Language) -> Iterator[_Change]:
    """One sign taken for another of its kind: what is meant where a program is like no solution."""
    for token in canonical.program(learner, language):
        kind = next(
            (kind for kind in _KINDS if token.kind in ("sign", "word") and token.text in kind), frozenset[str]()
        )
        for other in sorted(kind - {token.text}):
            if (other != "//" or language == "python") and learner[token.start : token.end] == token.text:
                yield _Change(learner[: token.start] + other + learner[token.end :], (other,), (token.text,))


def _renamed(
    source: str, matcher: "SequenceMatcher[str]", mine: Sequence[canonical.Token], its: Sequence[canonical.Token]
) -> str:
    """A solution with the learner's names, where their places say which is which."""
    pairs = Counter[tuple[str, str]]()
    for block in matcher.get_matching_blocks():
        for one, other in zip(mine[block.a : block.a + block.size], its[block.b : block.b + block.size], strict=True):
            if one.kind == other.kind == "name":
                pairs[other.text, one.text] += 1 + (one.text == other.text)
    names: dict[str, str] = {}
    for (its_name, my_name), _ in pairs.most_common():
        if its_name not in names and my_name not in names.values():
            names[its_name] = my_name
    return re.sub(r"(?<![\w.])[^\W\d]\w*", lambda match: names.get(match[0], match[0]), source)


def _between(learner: str, solution: str, language: Language) -> Iterator[_Change]:
    mine, its = _raw(learner, language), _raw(solution, language)
    matcher = SequenceMatcher(None, [one.text for one in mine], [one.text for one in its], autojunk=False)
    places = [code[1:] for code in matcher.get_opcodes() if code[0] != "equal"]
    if len(places) > _PLACES:
        groups: Iterable[tuple[tuple[int, int, int, int], ...]] = ((one,) for one in places)
    else:
        groups = (group for size in range(1, len(places) + 1) for group in combinations(places, size))
    for group in groups:
        new = tuple(one.text for _, _, begin, end in group for one in its[begin:end])
        gone = tuple(one.text for begin, end, _, _ in group for one in mine[begin:end])
        if max(sum(one not in _FREE and not one.isspace() for one in part) for part in (new, gone)) <= _LARGEST:
            gone = tuple(part for one in gone for part in _STEPS.get(one, (one,)))
            yield _Change(_put(learner, mine, solution, its, group), new, gone)


def _raw(source: str, language: Language) -> list[_Token]:
    """All that is not blank, and line ends with what the next line begins with, where that counts."""
    found = []
    for match in _RAW.finditer(source.rstrip()):
        text = match[0]
        if match.lastgroup == "line":
            text = "\n" + (text.rpartition("\n")[2] if language == "python" else "")
        elif text in ("const", "var"):
            text = "let"
        found.append(_Token('"' if text == "'" else text, match.start(), match.end()))
    return found


def _put(
    learner: str,
    mine: Sequence[_Token],
    solution: str,
    its: Sequence[_Token],
    group: Sequence[tuple[int, int, int, int]],
) -> str:
    made = learner
    for begin, end, first, last in sorted(group, reverse=True):
        put = solution[its[first].start : its[last - 1].end] if first < last else ""
        if begin < end:
            start, stop = mine[begin].start, mine[end - 1].end
        elif begin < len(mine) and last < len(its) and its[last].start == its[last - 1].end:  # touches what comes next
            start, stop = mine[begin - 1].end if begin else 0, mine[begin].start
            put = (solution[its[first - 1].end : its[first].start] if first else "") + put
        else:
            start = stop = mine[begin - 1].end if begin else 0
            put = (solution[its[first - 1].end : its[first].start] if first else "") + put
        if put and put[-1].isalnum() and made[stop : stop + 1].isalnum():
            put += " "
        if put and put[0].isalnum() and made[:start][-1:].isalnum():
            put = f" {put}"
        made = made[:start] + put + made[stop:]
    for _, _, first, last in group:
        for name, sign in pairwise(its[first : last + 1]):
            if sign.text in ("=", *_STEPS) and name.text.isidentifier():
                made = re.sub(rf"\bconst (?={name.text}\b)", "let ", made)  # it is set again now
    return made
