"""What stands between a text and its code: marks of terminals and chats, and characters that look like others.

`bare` is done to every text, for none of it is ever code. The rest is tried only where the code does not parse as
it stands, so that a program that means its curly quotes keeps them.
"""

import html
import re

MAX_CHARS = 1024 * 1024
"""What goes beyond is not looked at: no reply to a task is a million characters long."""

_ANSI = re.compile(r"\x1b(?:\[[0-?]*+[ -/]*+[@-~]|\][^\x07\x1b]*+(?:\x07|\x1b\\)|[@-Z\\^_])")
_CONTROL = re.compile(r"[\x00\x07\x08\x1a\x1b]")
_END = re.compile(
    r"<\|(?:im_end|endoftext|eot_id|end_of_text|end|eom_id|EOT|return)\|>"
    r"|</s>[ \t\n]*\Z|<\uff5cend\u2581of\u2581sentence\uff5c>"
)
_FINAL = re.compile(r"<\|channel\|>final(?:[ \t]*<\|constrain\|>[^<\n]{0,40})?<\|message\|>")
"""What stands before the answer where a model's channels come as text."""
_THINK = r"(?:think|thinking|thought|reasoning)"
_THINK_OPEN = re.compile(rf"[ \t\n]*(?:<{_THINK}>|\[THINK\]|◁think▷)", re.I)
_THINK_CLOSE = re.compile(rf"</{_THINK}>|\[/THINK\]|◁/think▷", re.I)


def bare(text: str) -> tuple[str, list[str]]:
    """The text without marks that are never code: byte order mark, CR, terminal colours, control and end tokens."""
    changes = []
    if len(text) > MAX_CHARS:
        changes.append(f"cut at {MAX_CHARS} characters of {len(text)}")
        text = text[:MAX_CHARS]
    if text.startswith("\ufeff"):
        text = text.lstrip("\ufeff")
        changes.append("byte order mark dropped")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        changes.append("line ends made plain (CRLF)")
    if "\x1b" in text:
        text = _ANSI.sub("", text)
        changes.append("terminal escape codes dropped")
    if _CONTROL.search(text):
        text = _CONTROL.sub("", text)
        changes.append("control characters dropped")
    if "<|" in text:
        if channels := list(_FINAL.finditer(text)):
            text = text[channels[-1].end() :]
            changes.append("thinking before the answer left out")
        text = text.removeprefix("<|python_tag|>")
    if ("<|" in text or "</s>" in text or "<\uff5c" in text) and (end := _END.search(text)):
        text = text[: end.start()]
        changes.append(f"cut at the end token {end[0].strip()}")
    return text, changes


def without_thinking(text: str) -> tuple[str, list[str], bool]:
    """The answer without what was thought aloud before it; True at the end: the thinking never closes."""
    opened = _THINK_OPEN.match(text)
    closed = None
    if opened or "</" in text or "[/THINK]" in text or "◁/think▷" in text:
        for closed in _THINK_CLOSE.finditer(text):  # the last one: thoughts may quote the mark
            if opened is None and "```" in text[: closed.start()] and text.count("```", 0, closed.start()) % 2:
                return text, [], False  # it stands inside a block: it is code's own text
    if closed is not None and (opened or closed.start() > 0):
        if opened is None and not _stands_alone(text, closed):
            return text, [], False
        return text[closed.end() :], ["thinking before the answer left out"], False
    if opened:
        return text[opened.end() :], ["thinking that never closes: its mark dropped"], True
    return text, [], False


def _stands_alone(text: str, mark: re.Match[str]) -> bool:
    """Whether a closing mark without an opening one ends its line, as a template that opens it for the model gives."""
    end = text.find("\n", mark.end())
    return not text[mark.end() : end if end >= 0 else len(text)].strip() or text[: mark.start()].rstrip(" \t").endswith(
        "\n"
    )


# ---- tried only where the code does not parse ------------------------------------------------------------------------

_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|apos|nbsp|#0?39|#x27|#34|#60|#62|#38);")
_LOOKALIKES = {
    **dict.fromkeys("“”„‟″＂", '"'),
    **dict.fromkeys("‘’‚‛′＇", "'"),
    **dict.fromkeys("\xa0\u2002\u2003\u2007\u2009\u202f\u3000", " "),
    **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u200e\u200f", ""),
    **dict.fromkeys("–—−‐‑", "-"),
    **dict.fromkeys("×", "*"),
    "…": "...",
    "、": ",",
    "。": ".",
    **{
        chr(code + 0xFEE0): chr(code)
        for code in range(0x21, 0x7F)
        if not chr(code).isalnum() and chr(code) not in "\"'"
    },
}
_LOOKALIKE_TABLE = str.maketrans(_LOOKALIKES)
LOOKALIKE_SIGN = re.compile("[" + re.escape("".join(sign for sign in _LOOKALIKES if not sign.isspace())) + "]")
_COMPARISONS = {"≤": "<=", "≥": ">=", "≠": "!="}


def has_entities(code: str) -> bool:
    return "&" in code and _ENTITY.search(code) is not None


def unescaped(code: str) -> str:
    """HTML entities as the characters they stand for."""
    return _ENTITY.sub(lambda entity: " " if entity[0] == "&nbsp;" else html.unescape(entity[0]), code)


def plain_punctuation(code: str) -> str:
    """Curly quotes, full-width punctuation, odd blanks and dashes as ASCII. (Full-width letters are legal names.)"""
    if code.isascii():
        return code
    code = code.translate(_LOOKALIKE_TABLE)
    for sign, ascii_sign in _COMPARISONS.items():
        code = code.replace(sign, ascii_sign)
    return code


def plain_blanks(code: str) -> str:
    """Only the odd blanks made plain: what a copy from a web page brings."""
    return (
        code
        if code.isascii()
        else re.sub("[\xa0\u2002\u2003\u2007\u2009\u202f\u3000]", " ", re.sub("[\u200b-\u200f\u2060\ufeff]", "", code))
    )
