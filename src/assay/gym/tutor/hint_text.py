"""A hint's text taken apart: its code, its prose, and what it would say if somebody undid a disguise. Pure.

A model that wants to tell the answer, or was talked into it, can spread it over bullets, spell it out in words, write
it backwards or in base64. `readings` gives every way to read a text that we know; the gate looks at each.
"""

import base64
import binascii
import codecs
import html
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote

from assay.gym.tutor import canonical
from assay.gym.tutor.canonical import Token
from assay.records import Language

MAX_CHARS = 8_000
"""Characters of a hint that are read; a longer one is refused for its length anyway."""


LINE = 300
"""Characters of a line that are looked at to tell whether it is code."""


class Piece(NamedTuple):
    """Code in a hint."""

    text: str
    block: bool
    """Whether it stands in a block of its own, not in a sentence."""
    line: int
    """The line of the hint that it begins on, from 1."""
    marked: bool = True
    """Whether it is marked as code; else it is a line of prose that reads like code."""


class Reading(NamedTuple):
    """One way to read a hint."""

    name: str
    tokens: tuple[Token, ...]
    code: bool
    """Whether all of it was code; else its words were taken for names."""
    neutral: bool = False
    """Whether it is in the form across languages (see `canonical.neutral`)."""
    aloud: int = 0
    """How many signs of it were said in words."""
    disguised: bool = False
    """Whether somebody has to undo something before it can be read so."""


class HintText(NamedTuple):
    """A hint in plain characters, and its parts."""

    text: str
    """All of it, in plain characters."""
    pieces: tuple[Piece, ...]
    sentences: str
    """What is prose: each piece of code is one `⟨code⟩`."""
    unseen: tuple[str, ...]
    """Characters that nobody sees and that no honest text has, as U+XXXX."""


# ---- plain characters -----------------------------------------------------------------------------------------------------

_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200c\u200e\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
_JOINERS = re.compile("[\u200d\ufe00-\ufe0f]")  # part of many emoji
_PLAIN = str.maketrans(
    {
        "“": '"', "”": '"', "„": '"', "‟": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "‚": "'", "‛": "'", "´": "'",
        "′": "'", "″": '"', "–": "-", "—": " - ", "−": "-", "‐": "-", "‑": "-", "×": "*", "÷": "/", "∕": "/", "⁄": "/",
        "≥": ">=", "≤": "<=", "≠": "!=", "＝": "=", "⟨": "<", "⟩": ">", "：": ":", "∶": ":", "ː": ":", "꞉": ":",
        "·": " ", "•": " ", "●": " ", "▪": " ", "⏎": "\n", "↵": "\n", "↩": "\n", "␤": "\n", "␣": " ", "…": "...", "\t": "    ",
        "а": "a", "е": "e", "о": "o", "р": "p", "с": "c", "у": "y", "х": "x", "і": "i", "ј": "j", "ѕ": "s", "һ": "h",
        "ԁ": "d", "ո": "n", "м": "m", "т": "t", "в": "b", "к": "k", "н": "h", "г": "r", "α": "a", "ο": "o", "ρ": "p",
        "ν": "v", "ι": "i", "κ": "k", "τ": "t", "υ": "u", "ɡ": "g", "ⅼ": "l", "ı": "i", "ɩ": "i",
    }
)  # fmt: skip
_FENCE = re.compile(
    r"^ {0,3}(?:>\s?)*(?P<mark>`{3,}|~{3,})[^\n]*\n(?P<body>.*?)(?:^ {0,3}(?:>\s?)*(?P=mark)[`~]*[^\S\n]*$|\Z)",
    re.S | re.M,
)
_TAGGED = re.compile(r"<(pre|code|kbd|samp|tt|script)\b[^>]*>(.*?)(?:</\1\s*>|\Z)", re.S | re.I)
_INLINE = re.compile(r"(?<!`)(`{1,2})(?!`)(.+?)(?<!`)\1(?!`)", re.S)
_INDENTED = re.compile(r"(?:^(?: {4,})\S[^\n]*(?:\n|\Z)(?:[^\S\n]*\n(?= {4,}\S))?)+", re.M)
_BULLET = re.compile(
    r"^[^\S\n]*(?:>\s?)*(?:[-*+]|\(?(?:\d{1,2}|[a-z])[.)]|#{1,6}|(?:step|line|part)\s+\w+\s*[:.)-])[^\S\n]+",
    re.M | re.I,
)
_EMPHASIS = re.compile(r"(?<![\w*])(\*{1,3})(?=[^\s*])([^*\n]{1,200}?)(?<=[^\s*])\1(?![\w*])")
CODE_MARK = "⟨code⟩"


def plain(text: str) -> str:
    """The text in characters that can be compared: compatibility forms, look-alikes and entities undone."""
    text = html.unescape(text[:MAX_CHARS])
    text = _JOINERS.sub("", _UNSEEN.sub("", text))
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_PLAIN)
    return text.replace("\t", "    ").replace("\r\n", "\n").replace("\r", "\n")


@lru_cache(maxsize=4)
def read(text: str) -> HintText:
    """The hint, taken apart."""
    unseen = tuple(dict.fromkeys(f"U+{ord(one):04X}" for one in _UNSEEN.findall(text[:MAX_CHARS])))
    whole = plain(text)
    pieces: list[Piece] = []

    def take(body: str, block: bool) -> str:
        line = whole.count("\n", 0, whole.find(body)) + 1 if body.strip() else 0
        if body.strip():
            pieces.append(Piece(body.strip("\n") if block else body.strip(), block or "\n" in body.strip(), line))
        return f"\n{CODE_MARK}\n" if block else CODE_MARK

    rest = _FENCE.sub(lambda match: take(match["body"], True), whole)
    rest = _TAGGED.sub(lambda match: take(match[2], match[1].lower() in ("pre", "script")), rest)
    rest = _INLINE.sub(lambda match: take(match[2], False), rest)
    rest = _INDENTED.sub(lambda match: take(match[0], True) if _reads_like_code(match[0]) else match[0], rest)
    rest = _EMPHASIS.sub(r"\2", _BULLET.sub("", rest))
    bare = [Piece(line, False, 0, False) for line in _bare_lines(rest)]
    pieces.sort(key=lambda piece: piece.line)
    return HintText(whole, (*pieces, *bare), rest, unseen)


_CODE_LINE = re.compile(
    r"^\s*(?:"
    r"(?:if|elif|while|for|def|class|with|try|except|else|match|case)\b[^.?!]*:\s*$"
    r"|(?:if|while|for|switch|function)\b[^.?!]*\(.*\)\s*\{?\s*(?:.*;?\s*\}?)?$"
    r"|(?:return|yield|raise|throw|print|import|from|const|let|var)\b.*[=()\[\]+*/<>%;].*$"
    r"|[A-Za-z_$][\w$.\[\]]*\s*(?:=|\+=|-=|\*=|/=)\s*\S.*$"
    r"|[A-Za-z_$][\w$]*(?:\.[\w$]+)*\(.*\)\s*[;:]?\s*$"
    r"|.*(?:=>|\{|\};?|;)\s*$"
    r")"
)


def _reads_like_code(text: str) -> bool:
    lines = [line for line in text.split("\n") if line.strip()]
    return bool(lines) and 2 * sum(bool(_CODE_LINE.match(line[:LINE])) for line in lines) >= len(lines)


def _bare_lines(text: str) -> Iterator[str]:
    """Lines of prose that are code, though nothing marks them; and what follows a colon in a line that is."""
    for line in text.split("\n"):
        if CODE_MARK in line or not line.strip():
            continue
        if _CODE_LINE.match(line[:LINE]):
            yield line.strip()
            continue
        for separator in (": ", " - ", " | "):
            _, found, rest = line.partition(separator)
            if found and _CODE_LINE.match(rest[:LINE]):
                yield rest.strip()
                break


# ---- readings -------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4)
def readings(hint: HintText, language: Language) -> tuple[Reading, ...]:
    """Every way to read the hint that we know, the plain ones first."""
    return tuple(_readings(hint, language))


def _readings(hint: HintText, language: Language) -> Iterator[Reading]:
    marked = [piece for piece in hint.pieces if piece.marked]
    for piece in hint.pieces:
        tokens = canonical.fragment(piece.text, language)
        yield Reading("code", tokens, True)
        if len(tokens) >= 6:
            yield Reading("code in another language", canonical.neutral(tokens), True, neutral=True)
    if len(marked) > 1:
        joined = tuple(token for piece in marked for token in canonical.fragment(piece.text, language))
        yield Reading("pieces of code put together", joined, True)
        yield Reading("pieces of code put together, in another language", canonical.neutral(joined), True, neutral=True)
    bullets = _BULLET.sub("", hint.text)
    words = canonical.prose(unmarked(bullets), language)
    yield Reading("the text", words, False)
    yield Reading("the text as pseudo-code", canonical.neutral(words), False, neutral=True)
    heard = tuple(canonical.spread(spoken(words)))
    aloud = sum(token.spoken for token in heard)
    if aloud:
        yield Reading("the text read aloud", canonical.neutral(heard), False, neutral=True, aloud=aloud)
    for name, text in _undone(hint.text):
        tokens = canonical.prose(unmarked(text), language)
        yield Reading(name, tokens, False, disguised=name in _CODED)


def unmarked(text: str) -> str:
    """The text without the marks of Markdown and HTML."""
    return re.sub(r"`+|~~~+|\*\*|^[^\S\n]*>[^\S\n](?=\S)|</?\w+>|\\(?=[\\`*_{}\[\]()#+.!<>-])", " ", text, flags=re.M)


_SPEECH: tuple[tuple[str, str], ...] = (
    ("is greater than or equal to", ">="), ("greater than or equal to", ">="), ("greater than or equals", ">="),
    ("is less than or equal to", "<="), ("less than or equal to", "<="), ("less than or equals", "<="),
    ("is not equal to", "!="), ("not equal to", "!="), ("not equals", "!="), ("bang equals", "!="),
    ("is equal to", "=="), ("double equals", "=="), ("equals equals", "=="), ("equal equal", "=="),
    ("triple equals", "==="), ("plus equals", "+="), ("minus equals", "-="), ("times equals", "*="),
    ("is greater than", ">"), ("greater than", ">"), ("is less than", "<"), ("less than", "<"),
    ("equals sign", "="), ("equal sign", "="), ("equals", "="), ("gets", "="), ("is set to", "="),
    ("plus plus", "++"), ("plus sign", "+"), ("plus", "+"), ("minus sign", "-"), ("minus", "-"),
    ("double star", "**"), ("star star", "**"), ("times", "*"), ("star", "*"), ("asterisk", "*"), ("double slash", "//"),
    ("slash slash", "//"), ("divided by", "/"), ("slash", "/"), ("modulo", "%"), ("mod", "%"), ("percent sign", "%"),
    ("percent", "%"), ("semicolon", ";"), ("colon", ":"), ("full stop", "."), ("dot", "."), ("period", "."),
    ("comma", ","), ("open square bracket", "["), ("close square bracket", "]"), ("opening square bracket", "["),
    ("closing square bracket", "]"), ("left square bracket", "["), ("right square bracket", "]"), ("square brackets", "[ ]"),
    ("empty square brackets", "[ ]"), ("empty brackets", "[ ]"), ("empty list", "[ ]"), ("empty array", "[ ]"),
    ("open curly brace", "{"), ("close curly brace", "}"), ("open brace", "{"), ("close brace", "}"), ("open curly", "{"),
    ("close curly", "}"), ("open parenthesis", "("), ("close parenthesis", ")"), ("opening parenthesis", "("),
    ("closing parenthesis", ")"), ("left parenthesis", "("), ("right parenthesis", ")"), ("open parentheses", "("),
    ("close parentheses", ")"), ("open paren", "("), ("close paren", ")"), ("left paren", "("), ("right paren", ")"),
    ("open bracket", "("), ("close bracket", ")"), ("opening bracket", "("), ("closing bracket", ")"),
    ("left bracket", "["), ("right bracket", "]"), ("in parentheses", "("), ("in brackets", "("), ("fat arrow", "=>"),
    ("arrow", "=>"), ("new line", ""), ("newline", ""), ("next line", ""), ("line break", ""), ("indented", ""),
    ("indent", ""), ("dedent", ""), ("tab", ""), ("then", ""), ("zero", "0"), ("one", "1"), ("two", "2"), ("three", "3"),
    ("four", "4"), ("five", "5"), ("six", "6"), ("seven", "7"), ("eight", "8"), ("nine", "9"), ("ten", "10"),
    ("or equals", ""), ("the variable", ""), ("keyword", ""), ("question mark question mark", "??"), ("question mark", "?"),
    ("double question mark", "??"), ("ampersand ampersand", "&&"), ("double ampersand", "&&"), ("double pipe", "||"),
    ("pipe pipe", "||"), ("exclamation mark", "!"), ("less-than", "<"), ("greater-than", ">"), ("power of", "**"),
)  # fmt: skip


@lru_cache(maxsize=4)
def _phrases(speech: tuple[tuple[str, str], ...]) -> dict[str, list[tuple[tuple[str, ...], str]]]:
    """By their first word, the longest first."""
    found: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for words, sign in sorted(((tuple(words.split()), sign) for words, sign in speech), key=lambda one: -len(one[0])):
        found.setdefault(words[0], []).append((words, sign))
    return found


def spoken(tokens: tuple[Token, ...], more: tuple[tuple[str, str], ...] = ()) -> tuple[Token, ...]:
    """The stream with signs that were said in words (`colon`, `open parenthesis`) put for the words; `more` words for signs."""
    phrases = _phrases(_SPEECH + more)
    found: list[Token] = []
    at = 0
    texts = [token.text.lower() for token in tokens]
    while at < len(tokens):
        for words, sign in phrases.get(texts[at], ()):
            if tuple(texts[at : at + len(words)]) == words:
                here = tokens[at]
                end = tokens[at + len(words) - 1].end
                for part in sign.split() or [""]:
                    kind = "number" if part.isdigit() else "sign"
                    found.append(Token(kind, part or ",", here.start, end, spoken=not part.isdigit()))
                at += len(words)
                break
        else:
            behind_dot = bool(found) and found[-1].text == "." and tokens[at].kind == "name"
            found.append(tokens[at]._replace(kind="word") if behind_dot else tokens[at])
            at += 1
    return tuple(found)


_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")
_BASE32 = re.compile(r"[A-Z2-7]{16,}={0,6}")
_HEX = re.compile(r"(?:(?:0x|\\x)?[0-9a-fA-F]{2}[\s,:]*){8,}")
_CODES = re.compile(r"(?:\b\d{2,3}\b[\s,;]+){7,}\d{2,3}\b")
_BITS = re.compile(r"(?:\b[01]{8}\b\s*){6,}")
_ESCAPES = re.compile(r"(?:\\u\{?[0-9a-fA-F]{4,6}\}?|\\x[0-9a-fA-F]{2}){3,}")
_SPACED = re.compile(r"(?<!\S)(?:\S {1,3}){7,}\S(?!\S)|(?<![\w-])(?:[^\s-]-){7,}[^\s-](?![\w-])")


_CODED = ("encoded text", "encoded text backwards", "letters moved by 13", "letters spread out", "the text backwards")


def _undone(text: str) -> Iterator[tuple[str, str]]:
    """What the text says with a disguise undone, where it may wear one."""
    yield "the text backwards", text[::-1]
    yield "each line backwards", "\n".join(line[::-1] for line in text.split("\n"))
    yield "the words backwards", " ".join(reversed(text.split()))
    yield "letters moved by 13", codecs.encode(text, "rot13")
    rows = [line.split() for line in _BULLET.sub("", text).split("\n") if line.strip()]
    if len(rows) >= 5:
        yield "the first words of the lines", " ".join(row[0] for row in rows if row)
        yield "the last words of the lines", " ".join(row[-1] for row in rows if row)
    packed = "\n".join(_unpacked(text))
    if packed:
        yield "encoded text", packed
        yield "encoded text backwards", packed[::-1]
    spread = _SPACED.findall(text)
    if spread:
        yield "letters spread out", "\n".join(re.sub(r"(?<=\S)[ -](?=\S)", "", one) for one in spread)


def _unpacked(text: str) -> Iterator[str]:
    for match in _BASE64.finditer(re.sub(r"(?<=[A-Za-z0-9+/])\n(?=[A-Za-z0-9+/]{4,}={0,2}\s*$)", "", text)):
        yield from _text_of(_base64(match[0]))
    for match in _BASE32.finditer(text):
        yield from _text_of(_base32(match[0]))
    for match in _HEX.finditer(text):
        digits = re.sub(r"0x|\\x|[^0-9a-fA-F]", "", match[0])
        yield from _text_of(bytes.fromhex(digits[: len(digits) // 2 * 2]))
    for match in _CODES.finditer(text):
        yield from _text_of(bytes(int(one) & 255 for one in re.findall(r"\d+", match[0])))
    for match in _BITS.finditer(text):
        yield from _text_of(bytes(int(one, 2) for one in match[0].split()))
    for match in _ESCAPES.finditer(text):
        yield "".join(chr(min(int(one, 16), 0x10FFFF)) for one in re.findall(r"[0-9a-fA-F]{2,6}", match[0]))
    if re.search(r"%[0-9a-fA-F]{2}.*%[0-9a-fA-F]{2}", text):
        yield unquote(text.replace("+", " "))


def _base64(text: str) -> bytes:
    body = text.rstrip("=").replace("-", "+").replace("_", "/")
    body = body[: len(body) - 1] if len(body) % 4 == 1 else body
    try:
        return base64.b64decode(body + "=" * (-len(body) % 4))
    except (binascii.Error, ValueError):
        return b""


def _base32(text: str) -> bytes:
    body = text.rstrip("=")
    try:
        return base64.b32decode(body + "=" * (-len(body) % 8))
    except (binascii.Error, ValueError):
        return b""


def _text_of(data: bytes) -> Iterator[str]:
    """What bytes say, where most of them are plain characters."""
    if not data:
        return
    for one in (data, data[::-1]):
        seen = sum(32 <= byte < 127 or byte in (9, 10, 13) for byte in one)
        if seen >= 0.9 * len(one):
            yield one.decode("ascii", "replace")
            return
