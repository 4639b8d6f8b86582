"""Programs as canonical tokens, and what two of them have in common. Pure; nothing is run.

A canonical stream has no whitespace, comments, docstrings or semicolons; strings count by their content; names that a
program made up may be exchanged, each for one other, when two streams are compared (what a language or its library
named is kept: `append`, `len`, whatever stands behind a dot). `neutral` goes further, to compare across languages and
with pseudo-code: brackets and colons fall away, and what JavaScript calls `push` is what Python calls `append`.

The lexer takes any text, prose too, and never fails.
"""

import builtins
import keyword
import re
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import NamedTuple

from assay.records import Language

MAX_TOKENS = 6_000
"""Tokens of one text that are looked at."""


def listed(text: str) -> frozenset[str]:
    """The words of a text as a set."""
    return frozenset(text.split())


PYTHON_WORDS = frozenset(keyword.kwlist) | {"self"}
JAVASCRIPT_WORDS = listed(
    "await break case catch class const continue debugger default delete do else export extends false finally for "
    "function if import in instanceof let new null of return static super switch this throw true try typeof var void "
    "while with yield async undefined"
)
PYTHON_KNOWN = frozenset(name for name in dir(builtins) if not name.startswith("_")) | {"math", "random", "sys"}
JAVASCRIPT_KNOWN = listed(
    "Array Boolean Date Error Infinity JSON Map Math NaN Number Object Promise RangeError RegExp Set String Symbol "
    "SyntaxError TypeError ReferenceError BigInt console require process isNaN isFinite parseFloat parseInt "
    "structuredClone module exports globalThis arguments"
)


class Token(NamedTuple):
    """One token of a text."""

    kind: str
    """name (made up by whoever wrote it), word (of the language or its library), number, text, sign"""
    text: str
    start: int
    end: int
    spoken: bool = False
    """Whether the text says it in words (`colon`)."""

    @property
    def shape(self) -> str:
        """What it is when names do not count."""
        return "\0" if self.kind == "name" else f"{self.kind[0]}{self.text}"


_SIGNS = (
    r"===|!==|\*\*=|//=|>>>|\.\.\.|=>|->|:=|==|!=|<=|>=|\+=|-=|\*=|/=|%=|\*\*|//|&&|\|\||\?\?|\?\.|\+\+|--|<<|>>"
    r"|[-+*/%<>=!&|^~?:.,;()\[\]{}@#]"
)
_WORD = r"[^\W\d][\w$]*|\$[\w$]*"
_NUMBER = r"(?:0[xX][0-9a-fA-F]+|\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?)"
_CODE = re.compile(
    r"""(?P<comment>\#[^\n]*|//[^\n]*|/\*.*?\*/)"""
    r"""|(?P<long>[rRbBuUfF]{0,2}(?:\"{3}.*?\"{3}|'{3}.*?'{3}))"""
    r"""|(?P<text>[rRbBuUfF]{0,2}(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|`(?:[^`\\]|\\.)*`)"""
    rf"|(?P<number>{_NUMBER})|(?P<word>{_WORD})|(?P<sign>{_SIGNS})",
    re.DOTALL,
)
_PROSE = re.compile(
    r"""(?P<text>(?<!\w)(?:[rRbBuUfF]{0,2}"(?:[^"\\\n]|\\.){0,200}"|'(?:[^'\\\n]|\\.){0,200}')(?!\w))"""
    rf"|(?P<number>(?<!\w){_NUMBER})|(?P<word>{_WORD})"
    rf"""|(?P<stop>(?<=[\w)\]`"'])[.?!](?=\s|$))|(?P<sign>{_SIGNS})""",
)
_HOLE = re.compile(r"\$?\{([^{}]*)\}")


def words_of(language: Language) -> frozenset[str]:
    """The language's own words."""
    return PYTHON_WORDS if language == "python" else JAVASCRIPT_WORDS


def known_of(language: Language) -> frozenset[str]:
    """The names that a program finds without making them."""
    return PYTHON_KNOWN if language == "python" else JAVASCRIPT_KNOWN


@lru_cache(maxsize=2)
def library_names(language: Language) -> frozenset[str]:
    """The names that a language and its everyday library have."""
    if language == "javascript":
        return JAVASCRIPT_WORDS | JAVASCRIPT_KNOWN | _JAVASCRIPT_METHODS
    import collections
    import math
    import random
    import string

    found = set(PYTHON_WORDS | PYTHON_KNOWN)
    for one in (str, list, dict, set, tuple, int, float, bytes, frozenset, range, math, random, string, collections):
        found.update(name for name in dir(one) if not name.startswith("__"))
    found.update(("append", "__init__", "__name__", "__main__", "stdin", "stdout", "readline", "readlines", "end", "sep",
                  "key", "reverse", "string", "collections", "itertools", "functools", "re", "json"))  # fmt: skip
    return frozenset(found)


_JAVASCRIPT_METHODS = listed(
    "length push pop shift unshift slice splice concat join reverse sort indexOf lastIndexOf includes find findIndex "
    "findLast findLastIndex filter map reduce reduceRight forEach some every flat flatMap fill from of isArray keys "
    "values entries at copyWithin with toSorted toReversed toSpliced charAt charCodeAt codePointAt endsWith startsWith "
    "padStart padEnd repeat replace replaceAll search split substring substr toLowerCase toUpperCase trim trimStart "
    "trimEnd match matchAll localeCompare normalize fromCharCode fromCodePoint toString toFixed toPrecision valueOf "
    "isInteger isNaN isFinite isSafeInteger parseFloat parseInt MAX_SAFE_INTEGER MIN_SAFE_INTEGER EPSILON abs ceil "
    "floor round trunc max min pow sqrt random sign hypot PI E log log10 log2 assign create freeze fromEntries "
    "hasOwnProperty hasOwn is get set has delete add clear size stringify parse log error warn table then message name "
    "stack constructor prototype call apply bind readFileSync fs input stdin stdout write process argv next done value "
    "property key"
)


@lru_cache(maxsize=512)
def program(source: str, language: Language) -> tuple[Token, ...]:
    """A program's canonical tokens: comments and docstrings gone."""
    return tuple(_lex(source, language, code=True))


def fragment(text: str, language: Language) -> tuple[Token, ...]:
    """The canonical tokens of code in a hint: what stands in comments counts too."""
    unmarked = re.sub(r"#|/\*|\*/", " ", text) if language == "python" else re.sub(r"//|/\*|\*/|#", " ", text)
    return tuple(_lex(unmarked, language, code=True))


def prose(text: str, language: Language) -> tuple[Token, ...]:
    """The tokens of a whole text, its words taken for names."""
    return tuple(_lex(text, language, code=False))


def _lex(text: str, language: Language, code: bool) -> list[Token]:
    found: list[Token] = []
    pattern = _CODE if code else _PROSE
    words, known = words_of(language), known_of(language)
    at = 0
    while (match := pattern.search(text, at)) is not None and len(found) < MAX_TOKENS:
        at = match.end()
        group, value = match.lastgroup, match[0]
        if group == "comment":
            if value.startswith("//") and language == "python":  # floor division there
                found.append(Token("sign", "//", match.start(), match.start() + 2))
                at = match.start() + 2
            elif value.startswith("#") and language == "javascript":
                at = match.start() + 1
            elif value.startswith("/*") and language == "python":
                found.append(Token("sign", "/", match.start(), match.start() + 1))
                at = match.start() + 1
            continue
        if group == "stop":
            continue
        if group == "long" and not text[text.rfind("\n", 0, match.start()) + 1 : match.start()].strip():
            continue  # a docstring
        if group in ("long", "text") and _of_an_error(found):
            found.append(Token("text", "", match.start(), match.end()))
        elif group in ("long", "text"):
            found.extend(_text_tokens(value, match.start(), match.end(), language))
        elif group == "number":
            found.append(Token("number", value.replace("_", ""), match.start(), at))
        elif group == "word":
            found.append(_word_token(value, match.start(), at, words, known, found))
        elif value not in (";", "#"):
            found.append(Token("sign", value, match.start(), at))
    return spread(found)


def _of_an_error(before: Sequence[Token]) -> bool:
    """Whether what comes next is the text of an error: what it says is anybody's choice."""
    return len(before) >= 2 and before[-1].text == "(" and before[-2].text.endswith("Error")


_STEPS = {"+=": "+", "-=": "-", "*=": "*", "/=": "/", "//=": "//", "%=": "%", "**=": "**", "++": "+", "--": "-"}


def spread(tokens: Sequence[Token]) -> list[Token]:
    """`n += x` and `n++` as `n = n + x` and `n = n + 1`: two ways to write one thing. Plain names only."""
    found: list[Token] = []
    for at, token in enumerate(tokens):
        name = tokens[at - 1] if at > 0 else None
        plain = name is not None and name.kind == "name" and (at < 2 or tokens[at - 2].text not in (".", "?."))
        if token.kind != "sign" or token.text not in _STEPS or name is None or not plain:
            found.append(token)
            continue
        found += [
            token._replace(text="="),
            name._replace(start=token.start, end=token.end),
            token._replace(text=_STEPS[token.text]),
        ]
        if token.text in ("++", "--"):
            found.append(token._replace(kind="number", text="1"))
    return found


def _word_token(
    value: str, start: int, end: int, words: frozenset[str], known: frozenset[str], before: list[Token]
) -> Token:
    if value in ("const", "let", "var") and "const" in words:
        return Token("word", "let", start, end)
    behind_dot = bool(before) and before[-1].text in (".", "?.") and before[-1].end == start
    kind = "word" if behind_dot or value in words or value in known else "name"
    return Token(kind, value, start, end)


def _text_tokens(value: str, start: int, end: int, language: Language) -> list[Token]:
    prefix = value[: len(value) - len(value.lstrip("rRbBuUfF"))].lower()
    body = value[len(prefix) :]
    mark = 3 if body[:3] in ('"""', "'''") and len(body) >= 6 else 1
    inner = body[mark:-mark]
    if "f" not in prefix and body[:1] != "`":
        return [Token("text", inner, start, end)]
    found = [Token("text", _HOLE.sub("{}", inner), start, end)]
    for hole in _HOLE.finditer(inner):
        expression = hole[1].split(":")[0] if language == "python" else hole[1]
        at = start + len(prefix) + mark + hole.start(1)
        found.extend(
            one._replace(start=at + one.start, end=at + one.end) for one in _lex(expression, language, code=True)
        )
    return found


# ---- lines of a program -----------------------------------------------------------------------------------------------


class Span(NamedTuple):
    """Tokens from `start` to before `end` of a stream."""

    start: int
    end: int


@lru_cache(maxsize=512)
def lines(source: str, language: Language) -> tuple[Span, ...]:
    """The logical lines of a program in its canonical stream, without what only opens or closes a block."""
    tokens = program(source, language)
    found, begin, depth = [], 0, 0
    opening, closing = ("([{", ")]}") if language == "python" else ("([", ")]")
    for at, token in enumerate(tokens):
        if token.kind == "sign" and token.text in opening:
            depth += 1
        elif token.kind == "sign" and token.text in closing:
            depth = max(0, depth - 1)
        last = at + 1 == len(tokens)
        if last or (depth == 0 and "\n" in source[token.end : tokens[at + 1].start]):
            found.append(_core(tokens, begin, at + 1))
            begin = at + 1
    return tuple(span for span in found if span.end > span.start)


def _core(tokens: Sequence[Token], start: int, end: int) -> Span:
    while start < end and tokens[start].text in ("}", "{"):
        start += 1
    while end > start and tokens[end - 1].text in (":", "{", "}"):
        end -= 1
    return Span(start, end)


# ---- what two streams have in common ------------------------------------------------------------------------------------


class Common(NamedTuple):
    """`length` tokens that two streams share, from `here` in the first and `there` in the second."""

    here: int
    there: int
    length: int


def _starts(stream: tuple[Token, ...], size: int) -> dict[tuple[str, ...], list[int]]:
    shapes = [token.shape for token in stream]
    found: dict[tuple[str, ...], list[int]] = {}
    for at in range(len(shapes) - size + 1):
        found.setdefault(tuple(shapes[at : at + size]), []).append(at)
    return found


_starts_of_programs = lru_cache(maxsize=512)(_starts)
_starts_here = lru_cache(maxsize=16)(_starts)
"""A hint is held against one program after another; few hints are looked at at once, and one may be long."""


def common(
    here: tuple[Token, ...], there: tuple[Token, ...], least: int = 3, renamed: bool = True
) -> tuple[Common, ...]:
    """The runs of at least so many tokens in both, each as long as it gets from where it begins; names may be exchanged.

    Work is bounded: a run is followed from each pair of places whose first `least` tokens have one shape.
    """
    if len(here) < least or len(there) < least:
        return ()
    mine, its = _starts_here(here, least), _starts_of_programs(there, least)
    begins = sorted((at, first) for first in mine.keys() & its.keys() for at in mine[first])
    found, steps = [], 0
    for at, begin in begins:
        for other in its[begin]:
            length = _follow(here, there, at, other, renamed)
            steps += length
            if length >= least:
                found.append(Common(at, other, length))
            if steps > 200_000:
                return tuple(found)
    return tuple(found)


def _follow(here: tuple[Token, ...], there: tuple[Token, ...], at: int, other: int, renamed: bool) -> int:
    forth: dict[str, str] = {}
    back: dict[str, str] = {}
    length = 0
    for mine, its in zip(here[at : at + 1500], there[other:], strict=False):
        if mine.kind == "name" and its.kind == "name":
            if not renamed:
                if mine.text != its.text:
                    break
            elif forth.setdefault(mine.text, its.text) != its.text or back.setdefault(its.text, mine.text) != mine.text:
                break
        elif mine.text != its.text or mine.kind != its.kind:
            break
        length += 1
    return length


# ---- across languages -----------------------------------------------------------------------------------------------------

_SAME = {
    "push": "append", "===": "==", "!==": "!=", "&&": "and", "||": "or", "!": "not", "null": "None",
    "undefined": "None", "true": "True", "false": "False", "of": "in", "function": "def", "toUpperCase": "upper",
    "toLowerCase": "lower", "trim": "strip", "this": "self", "throw": "raise", "catch": "except", "String": "str",
    "Number": "int", "parseInt": "int", "startsWith": "startswith", "endsWith": "endswith", "=>": "lambda",
    "foreach": "for", "elseif": "elif", "println": "print", "strlen": "len", "size": "len", "nil": "None",
}  # fmt: skip
_GONE = listed("( ) { } [ ] : ; , . ?. let const var new each then do begin end endif endfor endwhile fi done")


@lru_cache(maxsize=512)
def neutral_program(source: str, language: Language) -> tuple[Token, ...]:
    """A program in the form across languages."""
    return neutral(program(source, language))


def neutral(tokens: Sequence[Token]) -> tuple[Token, ...]:
    """The stream as another language or pseudo-code might have it: words, operators, names and literals only."""
    plain = [_same(token) for token in _counted(_lengths(list(tokens)))]
    found: list[Token] = []
    for at, token in enumerate(plain):
        if token.text.lower() in _GONE and token.kind != "text":
            continue
        if token.text in ("console", "Math") and at + 1 < len(plain) and plain[at + 1].text == ".":
            continue
        if token.text == "log" and at >= 2 and plain[at - 2].text == "console":
            token = token._replace(kind="word", text="print")
        if token.text == "++":
            found += [token._replace(text="+="), token._replace(kind="number", text="1")]
            continue
        if token.text == "if" and found and found[-1].text == "else":
            found[-1] = token._replace(text="elif")
            continue
        found.append(token)
    return tuple(found)


@cache
def _python_lower() -> frozenset[str]:
    return frozenset(word for word in PYTHON_WORDS if word.islower())


def _same(token: Token) -> Token:
    if token.kind == "text":
        return token
    text = _SAME.get(token.text, token.text)
    if text.lower() in _python_lower():
        return token._replace(kind="word", text=text.lower())
    if text in PYTHON_KNOWN or text != token.text:
        return token._replace(kind="word", text=text)
    if token.kind == "word" and text in JAVASCRIPT_KNOWN | JAVASCRIPT_WORDS:
        return token._replace(text=text)
    return token


def _lengths(tokens: list[Token]) -> list[Token]:
    """`numbers.length` as `len(numbers)`."""
    found: list[Token] = []
    for token in tokens:
        if token.text == "length" and len(found) >= 2 and found[-1].text in (".", "?."):
            found.pop()
            whose = found.pop()
            found += [token._replace(kind="word", text="len"), whose]
        else:
            found.append(token)
    return found


def _counted(tokens: list[Token]) -> list[Token]:
    """`for (let i = 0; i < n; i++)` as `for i in range(n)`; semicolons are gone already."""
    found: list[Token] = []
    at = 0
    while at < len(tokens):
        texts = [token.text for token in tokens[at : at + 9]]
        if texts[:3] == ["for", "(", "let"] and len(texts) == 9 and texts[4:6] == ["=", "0"] and texts[7] == "<":
            name = texts[3]
            stop = next(
                (to for to in range(at + 8, min(at + 30, len(tokens) - 1))
                 if tokens[to].text == name and tokens[to + 1].text == "="), None,
            )  # fmt: skip
            if texts[6] == name and stop is not None:
                there = tokens[at]
                found += [there, tokens[at + 3], there._replace(kind="word", text="in")]
                found += [there._replace(kind="word", text="range"), *tokens[at + 8 : stop]]
                at = stop + 5
                continue
        found.append(tokens[at])
        at += 1
    return found
