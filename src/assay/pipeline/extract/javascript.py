"""JavaScript source: its top-level statements by a linear scan of brackets, its syntax by tree-sitter.

Covered: scripts, CommonJS and ES modules, JSX. Not covered: TypeScript (its types do not parse), and a regular
expression literal that holds a bracket or a quote behind a bracket or a word, which the scan may take for code.
"""

import re
from functools import cache, lru_cache
from itertools import count

import tree_sitter_javascript
from tree_sitter import Language as Syntax
from tree_sitter import Parser

from assay.pipeline.extract.disguises import LOOKALIKE_SIGN
from assay.pipeline.extract.statements import PARSE_LIMIT, REMEMBERED, Statement, StatementKind
from assay.records import Language

_NAME = r"[A-Za-z_$][\w$]*+"
TOKEN = re.compile(
    r"(?P<comment>//[^\n]*+|/\*[^*]*+(?:\*(?!/)[^*]*+)*(?:\*/|\Z))"
    r'|(?P<string>"[^"\\\n]*+(?:\\(?:.|\Z)[^"\\\n]*+)*"?|\'[^\'\\\n]*+(?:\\(?:.|\Z)[^\'\\\n]*+)*\'?'
    r"|`[^`\\]*+(?:\\(?:.|\Z)[^`\\]*+)*(?:`|\Z))"
    r"|(?P<regex>(?<=[=(,:;!&|?{}\[])[ \t]*+/(?![*/])[^/\\\n\[]{0,120}+"
    r"(?>(?:(?:\\.|\[(?>(?:[^\]\\\n]|\\.){0,120})\])[^/\\\n\[]{0,120}+){0,8})/)"
    r"|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<newline>\n)",
    re.S,
)
_LONG_LINE = re.compile(r"[^\n]{8000}")
"""tree-sitter reads on to the line's end at every slash that may begin a regular expression: quadratic in the line."""
# It tells of its progress 0.07 times a byte at most where code is whole; where an error is not seen as one (`***` again and
# again) the count grows with the square of the text, and at four times as much a parse is ended: see `_parses`.
_FRESH = re.compile(
    rf"(?:export[ \t]+(?:default[ \t]+)?)?(?:(?:async[ \t]+)?function\b|class[ \t]+{_NAME}"
    rf"|(?:const|let|var)[ \t]+[\w$\[{{])"
    r"|import[ \t{'\"]|module\.exports\b|exports\."
)
_JOINED = re.compile(r"[ \t]*(?:else\b|catch\b|finally\b|while[ \t]*\(.*\);?$|[.?:&|+*=,)\]}]|-(?!-))")
_FUNCTION = re.compile(
    rf"(?:export[ \t]+)?(?:default[ \t]+)?(?:async[ \t]+)?(?:function[ \t]*\*?|class)[ \t]*({_NAME})"
)
_BINDING = re.compile(rf"(?:export[ \t]+)?(?:const|let|var)[ \t]+({_NAME})")
_UNPACKED = re.compile(r"(?:export[ \t]+)?(?:const|let|var)[ \t]+([\[{][^=]*+)=")
_ASSIGNED = re.compile(rf"(?:(?:module\.)?exports\.|globalThis\.|window\.|this\.)?({_NAME})[ \t]*=(?![=>])")
_EXPORTED = re.compile(rf"module\.exports[ \t]*=[ \t]*(?:async[ \t]+)?(?:function[ \t]*\*?[ \t]*|class[ \t]+)({_NAME})")
_METHOD = re.compile(rf"^[ \t]+(?:static[ \t]+)?(?:async[ \t]+)?\*?({_NAME})[ \t]*\([^)\n]*\)[ \t]*\{{", re.M)
_BLOCK = re.compile(r"(?:if|for|while|do|switch|try|with)\b|\{")
_CALL = re.compile(
    rf"(?:await[ \t]+|void[ \t]+|new[ \t]+)?{_NAME}(?:\.{_NAME})*[ \t]*\(|\(|;|throw\b|return\b|debugger\b|[+]{{2}}|--"
)
_USED = re.compile(rf"(?<![\w$.]){_NAME}")
_BUILTINS = """
Array BigInt Boolean Buffer Date Error Function Infinity JSON Map Math NaN Number Object Promise Proxy
RangeError Reflect RegExp Set String Symbol TypeError URL WeakMap WeakSet arguments async await break case catch
class console const continue debugger decodeURIComponent default delete do else encodeURIComponent export
exports extends false finally for from function get globalThis if import in instanceof isFinite isNaN let module
new null of parseFloat parseInt process require return set setTimeout static structuredClone super switch this
throw true try typeof undefined var void while with yield
"""


@cache
def _syntax() -> Syntax:
    return Syntax(tree_sitter_javascript.language())


def _kind(text: str) -> tuple[StatementKind, tuple[str, ...], tuple[str, ...]]:
    if text.startswith("import"):
        return "import", _imported(text), ()
    if found := _FUNCTION.match(text):
        return "definition", (found[1],), tuple(_METHOD.findall(text)) if "class" in text[:40] else ()
    if text.startswith(("export default", "export {", "export{")):
        return "call", (), ()
    if found := _BINDING.match(text):
        if re.match(rf"(?:const|let|var)[ \t]+{_NAME}[ \t]*=[ \t]*require[ \t]*\(", text):
            return "import", (found[1],), ()
        return "assignment", (found[1],), ()
    if found := _UNPACKED.match(text):
        names = tuple(re.findall(rf"({_NAME})[ \t]*(?=[,}}\]=])", found[1] + "="))
        return ("import" if re.search(r"=[ \t]*require[ \t]*\(", text) else "assignment"), names, ()
    if found := _EXPORTED.match(text):
        return "definition", (found[1],), ()
    if text.startswith("module.exports"):
        return "call", (), ()
    if found := _ASSIGNED.match(text):
        return "assignment", (found[1],), ()
    if _BLOCK.match(text):
        return "block", (), ()
    if re.match(r"[\"'`]use strict", text):
        return "text", (), ()
    if _CALL.match(text):
        return "call", (), ()
    return "other", (), ()


def _imported(text: str) -> tuple[str, ...]:
    head = re.split(r"\bfrom\b", text, maxsplit=1)[0]
    return tuple(name for name in re.findall(rf"({_NAME})(?![ \t]+as\b)", head) if name not in ("import", "as", "type"))


def _plainly_signed(code: str) -> bool:
    """Whether no curly quote or full-width sign stands outside strings: tree-sitter takes them for letters."""
    bare = TOKEN.sub(lambda token: " " if token.lastgroup in ("comment", "string", "regex") else token[0], code)
    return LOOKALIKE_SIGN.search(bare) is None


def _parses(code: str) -> bool:
    if len(code) > PARSE_LIMIT or _LONG_LINE.search(code) is not None:
        return False
    if not (code.isascii() or _plainly_signed(code)):
        return False
    content = code.encode("utf-8", "replace")
    most, looks = len(content) // 4 + 1000, count()
    try:  # ended at the first error: to go on behind it is what costs, up to ten milliseconds a kilobyte
        tree = Parser(_syntax()).parse(
            lambda at, _: content[at : at + 4096], progress_callback=lambda _, failed: failed or next(looks) > most
        )
    except ValueError:
        return False
    return not tree.root_node.has_error


def _statements(code: str, prose: bool) -> list[Statement]:
    spans: list[tuple[int, int]] = []
    depth, start, last, blank = 0, 0, 0, True

    def finish(end: int) -> None:
        text = start
        while text < end and code[text] in " \t\n":
            text += 1
        if spans and not (prose and _FRESH.match(code, text)) and _JOINED.match(code, start, end):
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((text, end))

    for token in TOKEN.finditer(code):
        if blank and code[last : token.start()].strip():
            blank = False
        last = token.end()
        kind = token.lastgroup
        if kind == "newline":
            if depth > 0 and not (prose and _FRESH.match(code, last)):
                continue
            if not blank:
                finish(last)
            depth, start, blank = 0, last, True
        elif kind == "open":
            depth, blank = depth + 1, False
        elif kind == "close":
            depth, blank = max(0, depth - 1), False
        elif kind != "comment":
            blank = False
    if not blank or code[last:].strip():
        finish(len(code))
    return [Statement(start, end, *_kind(code[start:end])) for start, end in spans]


class JavaScript:
    """See the module."""

    name: Language = "javascript"
    tags = frozenset(
        {"javascript", "js", "jsx", "node", "nodejs", "mjs", "cjs", "ecmascript", "es6", "typescript", "ts", "tsx"}
    )
    builtins = frozenset(_BUILTINS.split())
    suffixes: tuple[str, ...] = (".js", ".mjs", ".cjs", ".jsx")

    def __init__(self) -> None:
        self._parses = lru_cache(REMEMBERED)(_parses)
        self._statements = lru_cache(REMEMBERED)(_statements)

    def parses(self, code: str) -> bool:
        return self._parses(code)

    def statements(self, code: str, *, prose: bool = False) -> list[Statement]:
        return self._statements(code, prose)

    def unclosed(self, code: str) -> str:
        """The brackets that are missing at the end, in the order in which they would close."""
        missing: list[str] = []
        for token in TOKEN.finditer(code):
            if token.lastgroup == "open":
                missing.append({"(": ")", "[": "]", "{": "}"}[token[0]])
            elif token.lastgroup == "close" and missing:
                missing.pop()
        return "".join(reversed(missing))

    def is_stub(self, code: str) -> bool:
        opened = code.find("{")
        if opened < 0:
            return False
        body = TOKEN.sub(lambda token: "" if token.lastgroup == "comment" else token[0], code[opened + 1 :])
        return not body.strip(" \t\n};")

    def used(self, code: str) -> set[str]:
        bare = TOKEN.sub(lambda token: token[0] if token.lastgroup in ("open", "close", "newline") else " ", code)
        bound = {name for statement in self.statements(code) for name in statement.names}
        for found in re.finditer(
            rf"\b(?:const|let|var|function|class)\b[ \t*]*({_NAME})|(?<![\w$])({_NAME})[ \t]*=>"
            r"|\(([^()]*)\)[ \t]*(?:=>|\{)",
            bare,
        ):
            bound.update(name for name in (found[1], found[2]) if name)
            bound.update(_USED.findall(found[3] or ""))
        return set(_USED.findall(bare)) - bound
