"""Exceptions and syntax errors in a beginner's words: what happened, and what to look at. Pure; nothing is run.

The texts are our own (docs/decisions/ says why). Each entry names the exception, a pattern of what the interpreter says,
what that means, and where to look; the first that fits is taken, so special ones stand before general ones. What comes
from the learner's program (names, values) is put in as text, on one line, cut, with unseen characters shown.

Covered: what CPython 3.11 to 3.14 and Node 20 to 24 say of mistakes that beginners make. For anything else, such as an
exception of the learner's own, the text says in general what an exception is.
"""

import difflib
import re
from functools import lru_cache
from typing import NamedTuple

from assay.gym.tutor import canonical, misspelled
from assay.records import Language, Record
from assay.visible import one_line


class Friendly(Record):
    """An error in plain words. `what` and `look` hold code in backticks, and text from a program in it: escape both."""

    error: str
    """The exception's name."""
    title: str
    """A few words: `A name that Python does not know`."""
    what: str
    """What happened, one or two sentences."""
    look: str
    """What to look at, one or two sentences."""
    line: int | None = None
    source: str = ""
    """The learner's line, as it stands there."""
    known: bool = True
    """Whether this very error was known, not only that there was one."""

    @property
    def text(self) -> str:
        """All of it, as it may be read in one go."""
        place = f"Line {self.line}. " if self.line else ""
        return f"{place}{self.what} {self.look}"


class _Entry(NamedTuple):
    errors: str
    said: re.Pattern[str]
    title: str
    what: str
    look: str
    near: str = ""
    """The group whose name may be a misspelling of one that is there."""


def explain(language: Language, error: str, said: str, source: str = "", line: int | None = None) -> Friendly:
    """The error in plain words. `said` is the exception's own text; `source` the learner's program."""
    rows = source.split("\n")
    row = rows[line - 1] if line is not None and 0 < line <= len(rows) else ""
    error = _safe(error, 60) or "Error"
    said = said[:1000]
    if error in _SYNTAX and (slip := misspelled.misspelled(language, rows, line)) is not None:
        return _mistyped(language, error, slip, line, row)
    if error in _SYNTAX and (habit := _habit(language, row, rows, line)) is not None:
        title, what, look = habit
        return Friendly(error=error, title=title, what=what, look=look, line=line, source=_safe(row, 120))
    if language == "javascript" and "Unexpected end of input" in said and (opened := _still_open(source)) is not None:
        sign, at = opened
        return Friendly(
            error=error,
            title="A bracket that is not closed",
            what=f"The program ends, but a bracket is still open: the `{sign}` of line {at} has no `{_PARTNER[sign]}`.",
            look="Count them: the missing one may also belong to a block inside it.",
            line=line,
            source=_safe(row, 120),
        )
    for entry in _entries(language):
        if not re.fullmatch(entry.errors, error):
            continue
        match = entry.said.search(said)
        if match is None:
            continue
        groups = {name: _filled(name, value or "") for name, value in match.groupdict().items()}
        look = _put(entry.look, groups)
        if entry.near:
            look = _near(match[entry.near] or "", said, source, language) or look
        return Friendly(
            error=error,
            title=entry.title,
            what=_put(entry.what, groups),
            look=look,
            line=line,
            source=_safe(row, 120),
        )
    return _any(language, error, said, line, row)


_SYNTAX = frozenset({"SyntaxError", "IndentationError", "TabError"})


def _mistyped(language: Language, error: str, slip: misspelled.Misspelled, line: int | None, row: str) -> Friendly:
    name = "Python" if language == "python" else "JavaScript"
    letters = " Small and capital letters count." if slip.word.lower() == slip.meant else ""
    before = " It is in the line before this one." if slip.back else ""
    return Friendly(
        error=error,
        title="A word that is not spelt right",
        what=f"{name} has no word `{_safe(slip.word, 40)}`, so it cannot read this line.",
        look=f"Did you mean `{slip.meant}`?{letters}{before}",
        line=line,
        source=_safe(row, 120),
    )


_PARTNER = {"{": "}", "(": ")", "[": "]"}


def _still_open(source: str) -> tuple[str, int] | None:
    """The last bracket that nothing closes, and its line."""
    opened: list[tuple[str, int]] = []
    for token in canonical.program(source, "javascript"):
        if token.kind == "sign" and token.text in _PARTNER:
            opened.append((token.text, token.start))
        elif token.kind == "sign" and opened and token.text == _PARTNER[opened[-1][0]]:
            opened.pop()
    if not opened:
        return None
    return opened[-1][0], source.count("\n", 0, opened[-1][1]) + 1


def _any(language: Language, error: str, said: str, line: int | None, row: str) -> Friendly:
    if error in _SYNTAX:
        name = "Python" if language == "python" else "JavaScript"
        what = f"{name} cannot read the program, so nothing of it ran." + (f" It says: {_safe(said)}." if said else "")
        look = "Look at this line and the one before it: is a bracket, a quote or a comma missing, or one too many?"
        title = "Code that cannot be read"
    else:
        what = f"The program stopped with `{error}`" + (f": {_safe(said)}." if said else ".")
        look = "Look at this line. Which values do the names in it have at that moment? Print them to see."
        title = "The program stopped"
    return Friendly(error=error, title=title, what=what, look=look, line=line, source=_safe(row, 120), known=False)


def _safe(text: str, limit: int = 80) -> str:
    """Somebody's text, to be put between backticks."""
    return one_line(text.strip(), limit).replace("`", "'")


_KINDS: dict[str, str] = {
    "int": "a whole number",
    "float": "a number with a point",
    "str": "text",
    "list": "a list",
    "dict": "a dictionary",
    "tuple": "a tuple",
    "set": "a set",
    "bool": "True or False",
    "NoneType": "None (nothing)",
    "function": "a function",
    "builtin_function_or_method": "a function",
    "method": "a function",
    "type": "a type",
    "range": "a range",
    "generator": "a generator",
    "module": "a module",
    "object": "an object",
    "bytes": "bytes",
    "complex": "a complex number",
    "dict_keys": "the keys of a dictionary",
    "dict_values": "the values of a dictionary",
    "map": "what `map` gives",
    "dict_items": "the pairs of a dictionary",
    "filter": "what `filter` gives",
    "zip": "what `zip` gives",
    "undefined": "undefined (nothing)",
    "null": "null (nothing)",
    "string": "text",
    "number": "a number",
}


def _filled(group: str, value: str) -> str:
    """Groups named `k1`, `k2` or `kind` are kinds of values and are told in words; the others are text as it stands."""
    if re.fullmatch(r"k\d|kind", group):
        return _KINDS.get(value, f"a `{_safe(value, 40)}`")
    return _safe(value)


def _put(template: str, groups: dict[str, str]) -> str:
    """`<name>` in a text stands for what the group of that name found."""
    return re.sub(r"<(\w+)>", lambda match: groups.get(match[1], match[0]), template)


def _near(name: str, said: str, source: str, language: Language) -> str:
    """`Did you mean …?` where a name that is there reads nearly so."""
    whole = re.search(rf"\b(\w+)\.{re.escape(name)}\b", said) if language == "javascript" else None
    member = misspelled.of_an_object(whole[1], name) if whole else None
    if member is not None:
        letters = " Small and capital letters count." if member.lower().endswith(f".{name.lower()}") else ""
        return f"Did you mean `{member}`?{letters}"
    turned = misspelled.turned(name, _names(source, language))
    if turned is not None:
        return f"Did you mean `{_safe(turned, 40)}`?"
    offered = re.search(r"Did you mean: '([^']+)'\?", said)
    if offered:
        return f"Did you mean `{_safe(offered[1], 40)}`?"
    found = _FOREIGN[language].get(name)
    if found:
        return found
    if f"forget to import '{name}'" in said:
        return f"Write `import {_safe(name, 40)}` at the top of the program."
    there = _names(source, language) - {name}
    same = [one for one in there if one.lower() == name.lower()]
    near = sorted(same) or difflib.get_close_matches(name, sorted(there), n=1, cutoff=0.7)
    if not near and len(name) >= 4:
        near = [one for one in there if one.lower().startswith(name.lower())]
        near = near if len(near) == 1 else []
    if not near:
        return ""
    letters = " Small and capital letters count." if same else ""
    return f"Did you mean `{_safe(near[0], 40)}`?{letters}"


def nearest_own(name: str, source: str, language: Language) -> str:
    """The program's own name that reads nearly like this one; empty where none does."""
    own = _own_names(source, language) - {name}
    same = sorted(one for one in own if one.lower() == name.lower())
    return _safe(next(iter(same or difflib.get_close_matches(name, sorted(own), n=1, cutoff=0.7)), ""), 40)


def _names(source: str, language: Language) -> frozenset[str]:
    return _own_names(source, language) | canonical.library_names(language)


@lru_cache(maxsize=64)
def _own_names(source: str, language: Language) -> frozenset[str]:
    return frozenset(token.text for token in canonical.program(source, language) if token.kind == "name")


_FOREIGN: dict[Language, dict[str, str]] = {
    "python": {
        "true": "In Python it is `True`, with a capital letter.",
        "false": "In Python it is `False`, with a capital letter.",
        "null": "In Python nothing is called `None`.",
        "undefined": "In Python nothing is called `None`.",
        "none": "In Python it is `None`, with a capital letter.",
        "console": "In Python you print with `print(…)`.",
        "Math": "In Python it is the module `math`, in small letters, and it must be imported.",
        "math": "Write `import math` at the top of the program.",
        "random": "Write `import random` at the top of the program.",
        "this": "In Python a method's own object is called `self`.",
        "string": "In Python text is `str`.",
        "push": "In Python a list grows with `append`.",
        "length": "In Python you ask for the length with `len(…)`.",
        "size": "In Python you ask for the size with `len(…)`.",
        "toUpperCase": "In Python it is `upper`.",
        "toLowerCase": "In Python it is `lower`.",
        "trim": "In Python it is `strip`.",
        "add": "A list grows with `append`, a set with `add`.",
        "indexOf": "In Python it is `index` or `find`.",
        "contains": "In Python you ask `… in …`.",
        "includes": "In Python you ask `… in …`.",
        "forEach": "In Python you write `for … in …:`.",
    },
    "javascript": {
        "True": "In JavaScript it is `true`, in small letters.",
        "False": "In JavaScript it is `false`, in small letters.",
        "None": "In JavaScript nothing is called `null` or `undefined`.",
        "print": "In JavaScript you print with `console.log(…)`.",
        "len": "In JavaScript you ask for the length with `.length`.",
        "str": "In JavaScript it is `String(…)`.",
        "int": "In JavaScript it is `Number(…)`, or `Math.trunc(…)` to cut off what is behind the point.",
        "float": "In JavaScript it is `Number(…)`.",
        "range": "JavaScript has no `range`: count with `for (let i = 0; i < …; i++)`.",
        "input": "In JavaScript a program reads with `require('fs').readFileSync(0, 'utf8')`.",
        "self": "In JavaScript a method's own object is called `this`.",
        "abs": "In JavaScript it is `Math.abs(…)`.",
        "max": "In JavaScript it is `Math.max(…)`.",
        "min": "In JavaScript it is `Math.min(…)`.",
        "sum": "JavaScript has no `sum`: add the values up.",
        "round": "In JavaScript it is `Math.round(…)`.",
        "append": "In JavaScript an array grows with `push`.",
        "upper": "In JavaScript it is `toUpperCase()`.",
        "lower": "In JavaScript it is `toLowerCase()`.",
        "strip": "In JavaScript it is `trim()`.",
        "sorted": "In JavaScript it is `.toSorted()` or `.sort()`.",
        "find": "`find` looks for a value with a function; `indexOf` looks for a value.",
        "elif": "In JavaScript it is `else if`.",
        "length": "`length` is a number and no function: write it without brackets.",
        "size": "An array and text have `length`; a Map and a Set have `size`.",
        "list": "In JavaScript it is an array: `[…]`.",
    },
}


# ---- habits of another language, seen in the line that cannot be read ---------------------------------------------------

_CLEAN = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`")

_PYTHON_HABITS: tuple[tuple[str, str, str, str], ...] = (
    (r"\belse\s+if\b", "`else if`", "Python has no `else if`.", "Write `elif` in one word."),
    (r"&&", "`&&`", "Python has no `&&`.", "Write `and`."),
    (r"\|\|", "`||`", "Python has no `||`.", "Write `or`."),
    (r"!(?!=)\s*\w", "`!`", "Python has no `!` for the opposite.", "Write `not`."),
    (r"\+\+|--\s*$", "`++`", "Python has no `++` and no `--`.", "Write `+= 1` or `-= 1`."),
    (
        r"=>|=<|=!",
        "A sign with its halves changed over",
        "The two halves of this sign stand the wrong way round.",
        "Python has `>=`, `<=` and `!=`: the `=` comes last.",
    ),
    (r"===|!==", "`===`", "Python compares with two signs.", "Write `==` or `!=`."),
    (r"<>", "`<>`", "Python has no `<>`.", "Write `!=` for 'is not'."),
    (
        r"^\s*(?:var|let|const)\s+\w",
        "`let` or `const`",
        "Python needs no word before a new name.",
        "Write the name, `=` and the value.",
    ),
    (
        r"^\s*(?:function|func|fun)\s+\w",
        "`function`",
        "In Python a function begins with another word.",
        "Write `def`, the name, the parameters in brackets, and a colon.",
    ),
    (
        r"^\s*(?:if|elif|else|for|while|def|class|try|except|with)\b.*\{\s*$",
        "A curly bracket",
        "Python has no curly brackets around a block.",
        "End the line with a colon and indent what belongs to it.",
    ),
    (
        r"^\s*//",
        "A comment that Python does not know",
        "In Python `//` divides; it does not begin a comment.",
        "Begin a comment with `#`.",
    ),
    (
        r"^\s*\}",
        "A curly bracket",
        "This curly bracket closes nothing.",
        "Python has no curly brackets around a block: take it out.",
    ),
    (
        r"^\s*print\s+[^(=\s]",
        "`print` without brackets",
        "`print` needs brackets around what it prints.",
        "Write `print(…)`.",
    ),
    (
        r"^\s*import\s+\S+\s+from\b",
        "`from` and `import` changed over",
        "The module comes first, then what is taken from it.",
        "Write `from`, the module, `import`, and the name.",
    ),
    (
        r"^\s*(?:from\s+\S+\s+)?import\s*$",
        "Nothing to import",
        "Behind `import` nothing is named.",
        "Write what you need from the module behind `import`.",
    ),
    (
        r"^\s*(?:elif|else)\b(?:.*[^:\s{])?\s*$",
        "No colon",
        "A line with `if`, `elif` or `else` ends with a colon.",
        "Put `:` at its end.",
    ),
)

_JAVASCRIPT_HABITS: tuple[tuple[str, str, str, str], ...] = (
    (r"\belif\b", "`elif`", "JavaScript has no `elif`.", "Write `else if (…) {`."),
    (
        r"^\s*def\s+\w",
        "`def`",
        "In JavaScript a function begins with another word.",
        "Write `function`, the name, the parameters in brackets, and `{`.",
    ),
    (
        r"^\s*(?:if|while|for|else)\b.*:\s*$",
        "A colon",
        "In JavaScript a block stands in curly brackets, not behind a colon.",
        "Write `{` instead of the colon, and `}` where the block ends.",
    ),
    (
        r"^\s*#",
        "A comment that JavaScript does not know",
        "JavaScript has no comments with `#`.",
        "Begin a comment with `//`.",
    ),
    (r"[\w)\]]\s+and\s+[\w(!]", "`and`", "JavaScript has no `and`.", "Write `&&`."),
    (r"[\w)\]]\s+or\s+[\w(!]", "`or`", "JavaScript has no `or`.", "Write `||`."),
    (r"(?:\(|=|\breturn|&&|\|\|)\s*not\s+[\w(]", "`not`", "JavaScript has no `not`.", "Write `!` in front of it."),
    (
        r"^\s*(?:if|while)\s+[^(\s]",
        "No brackets",
        "What `if` or `while` asks stands in brackets.",
        "Write `(` before it and `)` behind it.",
    ),
    (r"^\s*for\s+\w", "No brackets", "What `for` goes through stands in brackets.", "Write `for (const … of …) {`."),
    (
        r"=<|=!(?!=)",
        "A sign with its halves changed over",
        "The two halves of this sign stand the wrong way round.",
        "JavaScript has `<=` and `!=`: the `=` comes last.",
    ),
    (
        r"\bfunction\s+\w+\s*(?:\{|$)",
        "No parameters",
        "The name of a function is followed by brackets, even if nothing is in them.",
        "Write `()` behind the name.",
    ),
)


_BEGINS_BLOCK = ("A colon", "A curly bracket")
"""Habits that an interpreter notices in the next line only."""


def _habit(language: Language, row: str, rows: list[str], line: int | None) -> tuple[str, str, str] | None:
    """What somebody wrote who is used to another language, or a quote that a text program put in."""
    curly = re.search("[\u2018\u2019\u201c\u201d\u201e]", _CLEAN.sub("", row)[:500])
    if curly:
        return (
            "A curly quote",
            "This line has a curly quote. Text programs put them in; a programming language does not know them.",
            "Write straight quotes: `\"` or `'`.",
        )
    habits = _PYTHON_HABITS if language == "python" else _JAVASCRIPT_HABITS
    for pattern, title, what, look in habits:
        if re.search(pattern, _CLEAN.sub('""', row[:500])):
            return title, what, look
    before = _CLEAN.sub('""', rows[line - 2][:500]) if line is not None and 1 < line <= len(rows) else ""
    for pattern, title, what, look in habits:
        if title in _BEGINS_BLOCK and re.search(pattern, before):
            return title, what, f"{look} It is the line before this one."
    return None


# ---- the tables -----------------------------------------------------------------------------------------------------


@lru_cache(maxsize=2)
def _entries(language: Language) -> tuple[_Entry, ...]:
    from assay.gym.tutor import friendly_javascript, friendly_python, friendly_python_syntax

    python = (*friendly_python.ERRORS, *friendly_python_syntax.ERRORS)
    table = python if language == "python" else friendly_javascript.ERRORS
    return tuple(_entry(*row) for row in table)


def _entry(errors: str, said: str, title: str, what: str, look: str, near: str = "") -> _Entry:
    return _Entry(errors, re.compile(said, re.DOTALL), title, what, look, near)
