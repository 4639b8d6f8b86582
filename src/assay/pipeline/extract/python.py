"""Python source: its logical lines by a linear scan of our own, its syntax by tree-sitter.

tree-sitter forgives what Python does not (a block without a body, an indent from nowhere, `return` outside a
function, `print x`, a zero-width blank), so the scan checks these. Not covered: what only the compiler sees
(a keyword given twice, `nonlocal` at the top).
"""

import builtins
import keyword
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache, lru_cache, partial
from typing import NamedTuple

import tree_sitter_python
from tree_sitter import Language as Syntax
from tree_sitter import Parser

from assay.pipeline.extract.statements import PARSE_LIMIT, REMEMBERED, Statement, StatementKind
from assay.records import Language

# Possessive quantifiers keep it linear whatever the text. Where more than one character repeats, atomic groups do: before 3.11.5
# Python takes part of a repetition that fails as if it had matched.
_STRING = (
    r'(?:"""[^"\\]*+(?:(?:\\(?:.|\Z)|"(?!""))[^"\\]*+)*(?:"""|(?P<open2>\Z))'
    r"|'''[^'\\]*+(?:(?:\\(?:.|\Z)|'(?!''))[^'\\]*+)*(?:'''|(?P<open1>\Z))"
    r'|"[^"\\\n]*+(?:\\(?:.|\Z)[^"\\\n]*+)*(?:"|(?P<cut2>))'
    r"|'[^'\\\n]*+(?:\\(?:.|\Z)[^'\\\n]*+)*(?:'|(?P<cut1>)))"
)
_ODD = r"\xa0\u200b-\u200d\u2060\ufeff\u3000"
"""Blanks that Python refuses."""
TOKEN = re.compile(
    rf"(?P<comment>\#[^\n]*+)|(?P<string>{_STRING})|(?P<open>[(\[{{])|(?P<close>[)\]}}])|(?P<join>\\\n)|(?P<newline>\n)"
    rf"|(?P<odd>[{_ODD}])",
    re.S,
)
_UNCLOSED = ("open2", "open1", "cut2", "cut1")
_FRESH = re.compile(r"(?:def |async def |class |@\w|import \w|from [\w.]+ import\b)")
"""What begins a statement wherever it stands at the first column: brackets left open in prose end here."""
_JOINED = re.compile(r"(?:else|elif|except|finally)\b")
_DEF = re.compile(r"(?:async[ \t]+)?def[ \t]+([^\W\d]\w*)")
_CLASS = re.compile(r"class[ \t]+([^\W\d]\w*)")
_TARGETS = re.compile(r"([^\W\d][\w.]*(?:[ \t]*,[ \t]*\*?[^\W\d][\w.]*)*)[ \t]*+(?::[^=\n]*+)?=(?!=)")
_AUGMENTED = re.compile(r"[^\W\d][\w.\[\]'\"]*+[ \t]*+(?:[-+*/%@&|^]|//|\*\*|<<|>>)=")
_CALL = re.compile(r"(?:await[ \t]+)?[^\W\d][\w.]*+(?:\[[^\]\n]*\])?\(")
_INNER = re.compile(r"^[ \t]+(?:(?:async[ \t]+)?def|class)[ \t]+([^\W\d]\w*)", re.M)
_INNER_NAME = re.compile(r"^[ \t]+([^\W\d]\w*)[ \t]*=(?!=)", re.M)
_BLOCK = re.compile(r"(?:if|for|while|try|with|match|async[ \t]+(?:for|with))\b")
_PLAIN = re.compile(r"(?:assert|del|raise|global|nonlocal|pass|return|yield)\b")
_PRINT = re.compile(r"(?:print|exec)[ \t]+[\w\"'`]")
_STUB_LINE = re.compile(r"(?:pass|\.\.\.|raise[ \t]+NotImplementedError\b.*)$", re.S)
_WORD = re.compile(r"(?<![\w.])[^\W\d]\w*+")


_CLOSED_STRING = (
    r'"(?!"")(?>(?:[^"\\\n]++|\\[^\n])*)"|"""(?>(?:[^"\\]++|\\.|"(?!""))*)"""'
    r"|'(?!'')(?>(?:[^'\\\n]++|\\[^\n])*)'|'''(?>(?:[^'\\]++|\\.|'(?!''))*)'''"
)


def _balanced(depth: int) -> str:
    """What stands on a line with its strings and brackets closed, at most `depth` of these in each other."""
    inner = rf"|[(\[{{]{_balanced(depth - 1)}[)\]}}]" if depth else ""
    return rf"(?>(?:[^\n\#\"'()\[\]{{}}\\{_ODD}]++|{_CLOSED_STRING}{inner})*)"


_WHOLE_LINE = re.compile(rf"[ \t\f]*+({_balanced(4)})(?>(?:\#[^\n]*+)?)(?:\n|\Z)", re.S)
"""A logical line with no bracket over a line's end, as nearly all are: looked at in one step."""


class Line(NamedTuple):
    """One logical line: comment and blank lines aside, brackets, strings and backslashes joined."""

    start: int
    """Where its first physical line starts."""
    code: int
    """Where its text starts, after the indent."""
    end: int
    """After its newline."""
    opens: bool
    """Whether it ends in the colon that asks for a block."""
    sound: bool
    """Whether its strings and brackets close."""


def lines(code: str, *, prose: bool = False) -> Iterator[Line]:
    """The logical lines. With `prose`, a bracket left open ends where a definition begins at the first column."""
    at, size = 0, len(code)
    while at < size:
        if whole := _WHOLE_LINE.match(code, at):
            text, end = whole[1], whole.end()
            if text and not text.isspace():
                yield Line(at, whole.start(1), end, text.rstrip().endswith(":"), True)
        else:
            line = _joined(code, at, prose=prose)
            yield line
            end = line.end
        at = end


def _joined(code: str, start: int, *, prose: bool) -> Line:
    """The logical line that starts there: with a bracket or a backslash over a line's end, or not sound."""
    depth, last, sound, colon = 0, start, True, False
    for token in TOKEN.finditer(code, start):
        kind = token.lastgroup
        between = code[last : token.start()]
        if between and not between.isspace():
            colon = between.rstrip().endswith(":")
        last = token.end()
        if kind == "newline":
            if depth <= 0 or (prose and _FRESH.match(code, last)):
                break
        elif kind not in ("comment", "join"):
            colon = False
            if kind == "open":
                depth += 1
            elif kind == "close":
                depth -= 1
                if depth < 0:
                    sound, depth = False, 0
            elif kind == "odd" or (kind == "string" and any(token[name] is not None for name in _UNCLOSED)):
                sound = False
    else:
        rest = code[last:]
        if rest and not rest.isspace():
            colon = rest.rstrip().endswith(":")
        last = len(code)
    text = start
    while text < last and code[text] in " \t\f":
        text += 1
    return Line(start, text, last, colon, sound and depth <= 0)


def _columns(indent: str) -> tuple[int, int]:
    """The indent with tabs of eight and of one, as Python compares them."""
    if "\t" not in indent:
        return len(indent), len(indent)
    return len(indent.expandtabs(8)), len(indent)


LinesOf = Callable[[str, bool], tuple[Line, ...]]
"""The logical lines of a text, with or without prose in it."""


def _lines(code: str, prose: bool) -> tuple[Line, ...]:
    return tuple(lines(code, prose=prose))


def _well_indented(code: str, logical: Sequence[Line]) -> bool:
    """Whether Python would take the indents, and every block has a body, and no `return` stands outside a function."""
    stack: list[tuple[int, int, bool]] = [(0, 0, False)]
    wants, in_function = False, False
    for at in logical:
        if not at.sound:
            return False
        column, alternative = _columns(code[at.start : at.code].replace("\f", ""))
        top, top_alternative, _ = stack[-1]
        if wants:
            if column <= top or alternative <= top_alternative:
                return False
            stack.append((column, alternative, in_function))
        elif column > top:
            return False
        else:
            while len(stack) > 1 and column < stack[-1][0]:
                stack.pop()
            if (column, alternative) != stack[-1][:2]:
                return False
        within = stack[-1][2]
        if code.startswith(("return", "yield"), at.code) and not within and _PLAIN.match(code, at.code):
            return False
        if code.startswith(("print ", "exec "), at.code) and _PRINT.match(code, at.code):
            return False
        wants = at.opens
        if wants:
            in_function = (within or bool(_DEF.match(code, at.code))) and not _CLASS.match(code, at.code)
    return not wants


@cache
def _syntax() -> Syntax:
    return Syntax(tree_sitter_python.language())


def _first_word_kind(text: str) -> tuple[StatementKind, tuple[str, ...], tuple[str, ...]]:
    """The kind of a statement, the names it gives, and those defined inside it."""
    head = text
    while head.startswith("@"):  # decorators: the definition follows on one of the next lines
        found = re.search(r"^(?:async[ \t]+def|def|class)\b", head, re.M)
        if found is None:
            return "other", (), ()
        head = head[found.start() :]
    if found := _DEF.match(head):
        return "definition", (found[1],), ()
    if found := _CLASS.match(head):
        return "definition", (found[1],), tuple(_INNER.findall(head))
    if head.startswith(("import ", "from ", "import\t")):
        return "import", _imported(head), ()
    if _BLOCK.match(head):
        if head.startswith("if") and re.match(r"if[ \t(]+__name__\b", head):
            return "main", (), ()
        return "block", (), tuple(_INNER.findall(head)) + tuple(_INNER_NAME.findall(head))
    if found := _TARGETS.match(head):
        return "assignment", tuple(name.strip(" \t*") for name in found[1].split(",")), ()
    if head[:1] in "\"'" or re.match(r"[rRbBuUfF]{1,2}[\"']", head):
        return "text", (), ()
    if _CALL.match(head) or _PLAIN.match(head) or _AUGMENTED.match(head) or _SUBSCRIPT.match(head):
        return "call", (), ()
    return "other", (), ()


_SUBSCRIPT = re.compile(r"[^\W\d][\w.]*+\[[^\n]*\][ \t]*=(?!=)")


def _imported(text: str) -> tuple[str, ...]:
    """The names an import binds; `*` for a star."""
    text = re.sub(r"#[^\n]*", "", text)
    if text.startswith("from"):
        _, _, text = text.partition(" import")
    else:
        text = text[len("import") :]
    names = []
    for part in text.replace("(", " ").replace(")", " ").replace("\\\n", " ").split(","):
        words = part.split()
        if words:
            names.append(words[-1] if "as" in words[1:] else words[0].split(".")[0])
    return tuple(names)


def _parses(lines_of: LinesOf, code: str) -> bool:
    if len(code) > PARSE_LIMIT or not _well_indented(code, lines_of(code, False)):
        return False
    return not Parser(_syntax()).parse(code.encode("utf-8", "replace")).root_node.has_error


def _statements(lines_of: LinesOf, code: str, prose: bool) -> list[Statement]:
    spans: list[tuple[int, int]] = []
    decorated = False
    for at in lines_of(code, prose):
        inside = at.code > at.start or (_JOINED.match(code, at.code) is not None)
        if spans and (inside or decorated):
            spans[-1] = (spans[-1][0], at.end)
        else:
            spans.append((at.start, at.end))
        decorated = not (at.code > at.start) and code.startswith("@", at.code)
    return [Statement(start, end, *_first_word_kind(code[start:end])) for start, end in spans]


class Python:
    """See the module."""

    name: Language = "python"
    tags = frozenset(
        {"python", "py", "python3", "python2", "py3", "ipython", "ipython3", "pycon", "python-repl", "sage", "gyp"}
    )
    builtins = frozenset(dir(builtins)) | frozenset(keyword.kwlist) | {"__name__", "__file__", "__doc__", "_"}
    suffixes: tuple[str, ...] = (".py", ".pyw")

    def __init__(self) -> None:
        self._lines = lru_cache(REMEMBERED)(_lines)
        self._parses = lru_cache(REMEMBERED)(partial(_parses, self._lines))
        self._statements = lru_cache(REMEMBERED)(partial(_statements, self._lines))

    def parses(self, code: str) -> bool:
        return self._parses(code)

    def statements(self, code: str, *, prose: bool = False) -> list[Statement]:
        return self._statements(code, prose)

    def unclosed(self, code: str) -> str:  # noqa: ARG002 - a body ends with its indent
        return ""

    def is_stub(self, code: str) -> bool:
        empty = None
        for at in lines(code):
            if at.code > at.start:
                empty = (
                    code[at.code] in "\"'"
                    or code.startswith(("r'''", 'r"""'), at.code)
                    or _STUB_LINE.match(code[at.code : at.end].strip()) is not None
                )
                if not empty:
                    return False
        # `def f(x): return 1` has its body on the line
        return empty or re.search(r":[ \t]*(?:pass|\.\.\.)?[ \t]*(?:#.*)?$", code.rstrip()) is not None

    def used(self, code: str) -> set[str]:
        bare = TOKEN.sub(
            lambda token: token[0] if token.lastgroup in ("open", "close", "newline", "join") else " ", code
        )
        bound: set[str] = set()
        for found in re.finditer(
            r"^[ \t]*([^\W\d]\w*(?:[ \t]*,[ \t]*\*?[^\W\d]\w*)*)[ \t]*(?::[^=\n]*)?=(?!=)", bare, re.M
        ):
            bound.update(_WORD.findall(found[1]))
        for found in re.finditer(r"\bfor\b([^\n]{0,200}?)\bin\b", bare):
            bound.update(_WORD.findall(found[1]))
        for found in re.finditer(
            r"\bdef[ \t]+(\w+)[ \t]*\(([^)]{0,2000})\)|\blambda\b([^:\n]{0,200}):|\b(?:as|class)[ \t]+(\w+)", bare
        ):
            bound.update(name for name in (found[1], found[4]) if name)
            for part in (found[2] or found[3] or "").split(","):
                if word := _WORD.search(part):
                    bound.add(word[0])
        for statement in self.statements(code):
            bound.update(statement.names)
        return set(_WORD.findall(bare)) - bound
