"""Blocks between fences, as models write them rather than as CommonMark has them.

Taken: backticks and tildes of three or more, indented or quoted fences, prose before or after a fence on its line,
a fence closed at the end of a line of code, a block that is never closed, a fence inside a Python string, a fence
inside a block of Markdown. The scan goes from fence line to fence line and looks at each at most a few times.
"""

import re
import textwrap
from dataclasses import dataclass, replace

from assay.pipeline.extract.python import TOKEN

MAX_BLOCKS = 400
"""Blocks beyond are not looked at."""

_FENCE_LINE = re.compile(r"^(?=[^\n]*(?:```|~~~))([^\n]*)$", re.M)
_AT_START = re.compile(
    r"(?P<lead>[ \t]*(?:>[ \t]?)*(?:(?:[-*+]|\d{1,3}[.)])[ \t]+)?)(?P<fence>`{3,}|~{3,})(?P<info>.*)$"
)
_AT_END = re.compile(r"(?P<before>.*?[^\s`~])[ \t]*(?P<fence>`{3,}|~{3,})(?P<info>[A-Za-z+#0-9]{0,14})[ \t]*$")
_ON_ONE_LINE = re.compile(r"(?P<fence>`{3,})(?P<tag>[A-Za-z]{1,12})[ \t]+(?P<code>[^`\n]{3,2000}+)`{3,}")
_TAG = re.compile(r"[ \t]*\{?\.?([A-Za-z][\w+#-]*)")
_PATH = (
    r"(?:[\w.@+-]+/)*[\w.@+-]*\w\.(?:py|pyw|js|mjs|cjs|jsx|json|txt|md|html|css|toml|ya?ml|cfg|ini|sh|sql|csv|ts|tsx)"
)
_INFO_PATH = re.compile(
    rf"(?:^|[\s:{{\"'=(`])(?:title|file|filename|path|name)?[=:]?[ \t]*[\"'`(]?({_PATH})(?=[\s\"'`)}}:,]|$)", re.I
)
_LINE_PATH = re.compile(
    rf"[\s>#*_\-]*(?:\d+[.)][ \t]*)?[*_`\"']*(?:(?:file ?name|file|path|in|create|save as|module)\b[ \t]*[:=]?)?"
    rf"[ \t*_`\"'(]*({_PATH})[`*_\"')]*[ \t]*(?:\([^)\n]{{0,60}}\))?[ \t]*[:*_`]*[ \t]*",
    re.I,
)
_COMMENT_PATH = re.compile(
    rf"[ \t]*(?:#|//|/\*|<!--)[ \t]*(?:(?:file ?name|file|path)[ \t]*[:=]?[ \t]*)?"
    rf"[`\"']?({_PATH})[`\"']?[ \t]*(?:\*/|-->)?[ \t]*",
    re.I,
)
_CODE_START = re.compile(
    r"[ \t]*(?:def |class |import |from \w|async |function |const |let |var |return |export |module\."
    r"|@\w|#!|print\(|console\.|[a-z_]\w* = )"
)
_MARKDOWN = frozenset({"markdown", "md", "mdx", "text", "txt", "plaintext"})
_KNOWN = frozenset(
    {
        "python",
        "py",
        "python3",
        "python2",
        "pycon",
        "ipython",
        "javascript",
        "js",
        "jsx",
        "mjs",
        "node",
        "typescript",
        "ts",
    }
    | {
        "tsx",
        "bash",
        "sh",
        "shell",
        "zsh",
        "console",
        "json",
        "html",
        "css",
        "sql",
        "yaml",
        "yml",
        "toml",
        "text",
        "txt",
    }
    | {
        "plaintext",
        "output",
        "diff",
        "patch",
        "markdown",
        "md",
        "java",
        "c",
        "cpp",
        "c++",
        "csharp",
        "go",
        "rust",
        "ruby",
    }
    | {"php", "r"}
)


_GLUED = re.compile(
    r"[ \t]*(python|py|javascript|js)(?=(?:def|class|import|from|async|function|const|let|var)[ \t])", re.I
)
"""A tag that a lost line end has put before the code's first word."""
_TAG_BELOW = re.compile(r"[ \t]*(python3?|py|javascript|js|jsx)[ \t]*\n", re.I)
_LEAD = 400


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block."""

    code: str
    tag: str = ""
    """The language on its fence, in lower case."""
    path: str | None = None
    start: int = 0
    """Where its fence stands in the text."""
    end: int = 0
    closed: bool = True
    changes: tuple[str, ...] = ()
    lead: str = ""
    """The last of the words between it and the block before it."""


def blocks(text: str, depth: int = 0) -> list[Block]:
    """The fenced blocks of a text, in order."""
    found = _blocks(text, depth)
    begins = [0, *(block.end for block in found)]
    return [
        block if block.lead else replace(block, lead=text[max(begin, block.start - _LEAD) : block.start])
        for begin, block in zip(begins, found, strict=False)
    ]


def _blocks(text: str, depth: int) -> list[Block]:
    marks = list(_FENCE_LINE.finditer(text))
    found: list[Block] = []
    index = 0
    looks = 4 * len(text) + 4096
    """Characters the string check may still read: a hostile text cannot make it read more."""
    while index < len(marks) and len(found) < MAX_BLOCKS:
        opening = _opening(marks[index])
        if opening is None:
            index += 1
            continue
        if opening.inline is not None:
            found.append(_inline(marks[index], opening))
            index += 1
            continue
        block, index, looks = _read(text, marks, index, opening, looks)
        if depth < 2 and _holds_markdown(block, opening):
            inner = blocks(block.code, depth + 1)
            if any(b.code.strip() for b in inner):
                found.extend(replace(b, start=block.start, end=block.end) for b in inner)
                continue
        found.append(block)
    return found


@dataclass(frozen=True, slots=True)
class _Opening:
    fence: str
    lead: str
    info: str
    prose: bool
    """Whether prose stands before it on its line."""
    inline: str | None = None
    """The code, where it opens and closes on one line."""
    code: str = ""
    """Code on the fence line itself."""


def _opening(mark: re.Match[str]) -> _Opening | None:
    line = mark[1]
    if at := _AT_START.match(line):
        info, fence = at["info"], at["fence"]
        if (closing := info.find(fence)) >= 0:
            content = info[:closing]
            tag = _TAG.match(content)
            if tag and tag[1].lower() in _KNOWN:
                return _Opening(fence, at["lead"], tag[1], False, inline=content[tag.end() :].strip())
            return _Opening(fence, at["lead"], "", False, inline=content.strip()) if content.strip() else None
        tag = _TAG.match(info)
        if tag is None or tag[1].lower() not in _KNOWN:
            tag = _GLUED.match(info)
        rest = info[tag.end() :] if tag else info
        if _CODE_START.match(rest):
            return _Opening(fence, at["lead"], info[: len(info) - len(rest)], False, code=rest.lstrip() + "\n")
        return _Opening(fence, at["lead"], info, False)
    if (at := _ON_ONE_LINE.search(line)) and at["tag"].lower() in _KNOWN:
        return _Opening(at["fence"], "", at["tag"], True, inline=at["code"].strip())
    if (at := _AT_END.match(line)) and fence_opens(at["before"], at["info"]):
        return _Opening(at["fence"], "", at["info"], True)
    return None


def _holds_markdown(block: Block, opening: _Opening) -> bool:
    """Whether a block is a document with blocks of its own, rather than code that quotes a fence."""
    if "```" not in block.code and "~~~" not in block.code:
        return False
    return block.tag in _MARKDOWN or (
        not block.tag and len(opening.fence) > 3 and not _CODE_START.match(block.code.lstrip("\n"))
    )


def fence_opens(before: str, info: str) -> bool:
    """Whether a fence behind prose opens a block: it names a language, or the prose announces something."""
    return info.lower() in _KNOWN if info else before.rstrip().endswith(":")


def _inline(mark: re.Match[str], opening: _Opening) -> Block:
    return Block(
        (opening.inline or "") + "\n",
        opening.info.lower(),
        None,
        mark.start(),
        mark.end(),
        True,
        ("code on the fence line",),
    )


def _read(text: str, marks: list[re.Match[str]], index: int, opening: _Opening, looks: int) -> tuple[Block, int, int]:
    """The block an opening fence begins, the mark to go on from, and what is left of `looks`."""
    first = marks[index]
    body = min(first.end() + 1, len(text))
    tag_found = _TAG.match(opening.info)
    tag = tag_found[1].lower() if tag_found else ""
    scan = _Strings(text, body, looks) if tag in ("", *_PYTHON_TAGS) else None
    changes: list[str] = ["prose on the fence line"] if opening.prose else []
    end, after, closed, rest = len(text), len(text), False, ""
    index += 1
    nested = 0
    while index < len(marks):
        mark = marks[index]
        kind, before = _closing(mark[1], opening, tag)
        if kind == "none":
            index += 1
            continue
        if scan is not None and (string_end := scan.string_over(mark.start())) is not None:
            skip = _fences_within(marks, index, string_end, opening)
            if skip > index:
                index = skip
                continue
        if kind == "nested":
            nested += 1
            index += 1
            continue
        if kind == "close" and nested:
            nested -= 1
            index += 1
            continue
        closed = kind != "opens"
        if kind == "opens":
            changes.append("a block that was not closed ends where the next begins")
            end, after = mark.start(), mark.start()
        else:
            end, after = mark.start(), mark.end()
            rest = before
            index += 1
            if kind == "prose":
                changes.append("prose behind the closing fence")
            if kind == "behind":
                changes.append("closing fence at the end of a line of code")
        break
    else:
        changes.append("the block is not closed")
    code = opening.code + text[body:end] + (rest + "\n" if rest else "")
    if opening.code:
        changes.append("code on the fence line")
    code, unquoted = _unindented(code, opening.lead, has_first=bool(opening.code))
    if unquoted:
        changes.append(unquoted)
    if not tag and (below := _TAG_BELOW.match(code)):
        tag, code = below[1].lower(), code[below.end() :]
        changes.append("the language's name above the code dropped")
    path = _path(text, first, opening, code)
    block = Block(code, tag, path, first.start(), after, closed, tuple(changes))
    return block, index, scan.looks if scan is not None else looks


_PYTHON_TAGS = ("python", "py", "python3", "pycon")


def _closing(line: str, opening: _Opening, tag: str) -> tuple[str, str]:
    """What a line with a fence is to an open block (none, close, prose, behind, nested, opens), and the code before it."""
    at = _AT_START.match(line)
    if at is not None:
        fence, info = at["fence"], at["info"].strip()
        if fence[0] != opening.fence[0]:
            return "none", ""
        if not info:
            return ("close", "") if len(fence) >= len(opening.fence) else ("none", "")
        words = info.split()
        word = words[0].lower().strip("{}.:")
        attached = len(words) == 1 or not at["info"].startswith((" ", "\t"))
        names = attached and (word in _KNOWN or word.partition(":")[0] in _KNOWN)
        if len(fence) < len(opening.fence):
            return "none", ""
        if fence in info:
            return "none", ""
        if names:
            return ("nested", "") if tag in ("markdown", "md", "mdx") else ("opens", "")
        return "prose", ""
    behind = _AT_END.match(line)
    if (
        behind is None
        or behind["fence"][0] != opening.fence[0]
        or len(behind["fence"]) < len(opening.fence)
        or behind["info"]
    ):
        return "none", ""
    before = behind["before"]
    if before.count('"') % 2 or before.count("'") % 2 or before.count("`") % 2 or re.search(r"#|//", before):
        return "none", ""
    return "behind", before


_OVER_LINES = ('"""', "'''", "\\\n")
"""What a string that goes on in the next line has in it."""


class _Strings:
    """Whether a place in Python code lies inside a triple-quoted string that closes; reads on, never back."""

    def __init__(self, text: str, start: int, looks: int) -> None:
        self.looks = looks
        self._text, self._next = text, start
        self._over = (start, start)

    def string_over(self, place: int) -> int | None:
        """Where the string over `place`, the start of a line, ends; None: there is none, or one that never closes."""
        ahead = self._next < place and self.looks > 0
        if ahead and not any(self._text.find(sign, self._next, place) >= 0 for sign in _OVER_LINES):
            self.looks -= place - self._next
            self._next = place
        while self._next <= place and self.looks > 0:
            token = TOKEN.search(self._text, self._next, min(len(self._text), self._next + self.looks))
            if token is None:
                self._next = len(self._text) + 1
                break
            self.looks -= token.end() - self._next
            if token.start() >= place:
                break
            self._next = max(token.end(), self._next + 1)
            if token["string"] is not None and token["open1"] is None and token["open2"] is None:
                self._over = token.span()
        return self._over[1] if self._over[0] < place < self._over[1] else None


def _fences_within(marks: list[re.Match[str]], index: int, end: int, opening: _Opening) -> int:
    """The first mark behind a string that covers this one, if its fences are the string's own; else this mark.

    A bare fence at the block's own indent, followed by one that opens, closes a block whose string was never ended.
    """
    last = index
    while last < len(marks) and marks[last].start() < end:
        last += 1
    if last >= len(marks):
        return index
    first = _AT_START.match(marks[index][1])
    if first is None:
        return last
    if first["info"].strip() or len(first["lead"]) > len(opening.lead):
        return last
    inside = [_AT_START.match(mark[1]) for mark in marks[index:last]]
    return last if len(inside) % 2 == 0 and all(at is not None and not at["info"].strip() for at in inside) else index


def _unindented(code: str, lead: str, *, has_first: bool) -> tuple[str, str]:
    """A block without the indent or quote marks its fence stands behind."""
    if ">" in lead:
        return re.sub(r"^[ \t]*(?:>[ \t]?)+", "", code, flags=re.M), "quote marks dropped"
    if not lead or has_first:
        return code, ""
    width = len(lead.expandtabs(4))
    body = [line for line in code.split("\n") if line.strip()]
    if not body:
        return code, ""
    least = min(len(line) - len(line.lstrip(" \t")) for line in body)
    if least == 0:
        return code, ""
    take = min(least, width)
    return "\n".join(
        line[take:] if line.strip() else line.strip(" \t") for line in code.split("\n")
    ), "indented block moved to the margin"


def _path(text: str, first: re.Match[str], opening: _Opening, code: str) -> str | None:
    """The file a block stands for: on its fence line, in the line above, or in its first line's comment."""
    if (found := _INFO_PATH.search(opening.info[:300])) and not opening.prose:
        return safe_path(found[1])
    line_end = first.start() - 1
    for _ in range(2):
        if line_end <= 0:
            break
        line_start = text.rfind("\n", 0, line_end) + 1
        line = text[line_start:line_end]
        if line.strip():
            if len(line) < 200 and (found := _LINE_PATH.fullmatch(line)):
                return safe_path(found[1])
            break
        line_end = line_start - 1
    head = code[:300].lstrip("\n").split("\n", 1)[0]
    found = _COMMENT_PATH.fullmatch(head)
    return safe_path(found[1]) if found else None


def safe_path(path: str) -> str | None:
    """A relative path that stays inside the program's folder; None for any other."""
    parts = [part for part in path.removeprefix("./").split("/") if part]
    if (
        path.startswith("/")
        or not parts
        or len(parts) > 8
        or any(part in ("..", ".") or len(part) > 100 for part in parts)
    ):
        return None
    return "/".join(parts)


# ---- other marks, where there is no fence ----------------------------------------------------------------------------

_ATTRIBUTES = r"(?:[ \t][^<>\n]{0,200})?"
_TAGGED = (
    re.compile(r"\[(?P<tag>PYTHON|CODE|JAVASCRIPT)\]\n?(?P<code>.*?)(?:\[/(?P=tag)\]|\Z)", re.S),
    re.compile(
        rf"<(?P<tag>python|javascript|code|pre){_ATTRIBUTES}>(?:<code{_ATTRIBUTES}>)?\n?(?P<code>.*?)"
        r"(?:(?:</code>)?</(?P=tag)>|\Z)",
        re.S | re.I,
    ),
    re.compile(
        r"\\begin\{(?P<tag>code|verbatim|lstlisting|minted)\}(?:\[[^\]\n]*\])?(?:\{\w+\})?\n?(?P<code>.*?)(?:\\end\{(?P=tag)\}|\Z)",
        re.S,
    ),
    re.compile(r"^(?P<code>\*\*\* Begin (?P<tag>Patch)\n.*?(?:^\*\*\* End Patch\b|\Z))", re.S | re.M),
)
_SPAN = re.compile(r"</?span[^<>]{0,200}>")
"""What colours code on a web page."""


def tagged(text: str) -> list[Block]:
    """Blocks between marks of another kind: [PYTHON], <code>, a LaTeX listing, a patch's first and last line."""
    for pattern in _TAGGED:
        found = [
            Block(
                textwrap.dedent(_SPAN.sub("", at["code"]) if "<span" in at["code"] else at["code"]),
                at["tag"].lower().replace("code", "").replace("pre", ""),
                None,
                at.start(),
                at.end(),
            )
            for at in pattern.finditer(text)
        ]
        if found:
            return [replace(block, changes=("marks around the code dropped",)) for block in found[:MAX_BLOCKS]]
    return []


_INDENTED = re.compile(r"(?P<code>^(?: {4}|\t)[^\n]*+(?>(?:\n+(?: {4}|\t)[^\n]*+)*))", re.M)
_IN_LINE = re.compile(r"(?<!`)`(?P<code>[^`\n]{3,400})`(?!`)")


def set_apart(text: str, entry: str) -> list[Block]:
    """Passages defining the entry point that only an indent or single backticks set apart from the prose around them."""
    name = re.escape(entry)
    defined = re.compile(rf"\b(?:def|class|function)[ \t]+{name}\b|\b{name}[ \t]*=[ \t]*(?:lambda|function|async|\()")
    found = [
        Block(textwrap.dedent(at["code"]).rstrip() + "\n", "", None, at.start(), at.end(), True, (words,))
        for pattern, words in ((_INDENTED, "an indented passage taken"), (_IN_LINE, "code within a line taken"))
        for at in pattern.finditer(text)
        if defined.search(at["code"])
    ]
    return found[:MAX_BLOCKS]
