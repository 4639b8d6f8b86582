"""Errors in plain words: what real interpreters say of real mistakes is known, and hostile text stays text."""

import json
import shutil
import subprocess
import traceback
import warnings

import pytest

from assay.gym.tutor import friendly
from assay.gym.tutor.friendly import Friendly

PYTHON: dict[str, tuple[str, str]] = {
    # what a beginner wrote: (the exception, a word that its explanation must hold)
    "total = 1\nprint(totl)": ("NameError", "`total`"),
    "print(true)": ("NameError", "`True`"),
    "x = null": ("NameError", "`None`"),
    "print(math.pi)": ("NameError", "import math"),
    "Print(1)": ("NameError", "`print`"),
    "def f():\n    n += 1\nn = 1\nf()": ("UnboundLocalError", "`n`"),
    "'a' + 1": ("TypeError", "str("),
    "1 + 'a'": ("TypeError", "`+`"),
    "[1] + 2": ("TypeError", "a list"),
    "None + 1": ("TypeError", "None"),
    "'a' - 'b'": ("TypeError", "`-`"),
    "'3' > 2": ("TypeError", "`>`"),
    "x = 3\nx()": ("TypeError", "a whole number"),
    "x = [1]\nx(0)": ("TypeError", "square"),
    "x = 3\nx[0]": ("TypeError", "a whole number"),
    "print[1]": ("TypeError", "round"),
    "for i in 5:\n    pass": ("TypeError", "range("),
    "for i in None:\n    pass": ("TypeError", "None"),
    "x = [3, 1].sort()\nx[0]": ("TypeError", "None"),
    "x = 'abc'\nx[0] = 'b'": ("TypeError", "new text"),
    "x = (1, 2)\nx[0] = 3": ("TypeError", "a list"),
    "x = [1]\nx['a']": ("TypeError", "whole number"),
    "'abc'['a']": ("TypeError", "whole number"),
    "len(5)": ("TypeError", "`len`"),
    "{[1]: 2}": ("TypeError", "tuple"),
    "def f(a, b):\n    pass\nf(1)": ("TypeError", "`f`"),
    "def f(a):\n    pass\nf(1, 2)": ("TypeError", "1 value"),
    "def f():\n    pass\nf(1)": ("TypeError", "`f`"),
    "def f(a):\n    pass\nf(b=1)": ("TypeError", "`b`"),
    "def f(a):\n    pass\nf(1, a=1)": ("TypeError", "two values"),
    "a, b = 5": ("TypeError", "one value"),
    "1 in 5": ("TypeError", "`in`"),
    "', '.join([1, 2])": ("TypeError", "`join`"),
    "range(2.0)": ("TypeError", "`//`"),
    "range('3')": ("TypeError", "text"),
    "int([1])": ("TypeError", "a list"),
    "'a' % 2": ("TypeError", "remainder"),
    "'a' * 'b'": ("TypeError", "int("),
    "-'a'": ("TypeError", "text"),
    "raise 'no'": ("TypeError", "ValueError"),
    "len()": ("TypeError", "brackets"),
    "abs(1, 2)": ("TypeError", "brackets"),
    "int('abc')": ("ValueError", "'abc'"),
    "int('')": ("ValueError", "empty"),
    "float('x')": ("ValueError", "'x'"),
    "a, b = [1]": ("ValueError", "2 names"),
    "a, b = [1, 2, 3]": ("ValueError", "2 names"),
    "[1].remove(2)": ("ValueError", "`in`"),
    "[1].index(2)": ("ValueError", "`in`"),
    "'a'.index('b')": ("ValueError", "find"),
    "max([])": ("ValueError", "empty"),
    "min([])": ("ValueError", "empty"),
    "'a'.split('')": ("ValueError", "split"),
    "import math\nmath.sqrt(-1)": ("ValueError", "root"),
    "range(1, 2, 0)": ("ValueError", "step"),
    "[1][1]": ("IndexError", "first place is 0"),
    "'a'[1]": ("IndexError", "first place is 0"),
    "[].pop()": ("IndexError", "nothing is left"),
    "x = []\nx[0] = 1": ("IndexError", "append"),
    "{}['a']": ("KeyError", "'a'"),
    "[].push(1)": ("AttributeError", "append"),
    "'a'.toUpperCase()": ("AttributeError", "upper"),
    "[1].length": ("AttributeError", "len("),
    "'a'.uper()": ("AttributeError", "upper"),
    "None.x": ("AttributeError", "None"),
    "import math\nmath.squareroot": ("AttributeError", "math"),
    "1 / 0": ("ZeroDivisionError", "zero"),
    "1 // 0": ("ZeroDivisionError", "zero"),
    "1 % 0": ("ZeroDivisionError", "zero"),
    "def f():\n    f()\nf()": ("RecursionError", "called itself"),
    "d = {1: 1}\nfor k in d:\n    d[2] = 1": ("RuntimeError", "loop"),
    "next(iter([]))": ("StopIteration", "for"),
    "import numppy": ("ModuleNotFoundError", "`numppy`"),
    "from math import squareroot": ("ImportError", "`squareroot`"),
    "assert 1 == 2": ("AssertionError", "assert"),
    "2.0 ** 10000": ("OverflowError", "too large|larger"),
    # syntax
    "if True\n    x = 1": ("SyntaxError", "`:`"),
    "def f()\n    return 1": ("SyntaxError", "`:`"),
    "print('a": ("SyntaxError", "quote"),
    "x = '''a": ("SyntaxError", "three quotes"),
    "print((1)": ("SyntaxError", "`(`"),
    "x = [1, 2": ("SyntaxError", "`[`"),
    "x = 1)": ("SyntaxError", "`)`"),
    "x = [1)": ("SyntaxError", "another kind"),
    "x = 3\nif x = 3:\n    pass": ("SyntaxError", "`==`"),
    "1 = x": ("SyntaxError", "left"),
    "f() = 3": ("SyntaxError", "left"),
    "a + 1 = b": ("SyntaxError", "left"),
    "print 'a'": ("SyntaxError", "print("),
    "return 1": ("SyntaxError", "function"),
    "break": ("SyntaxError", "loop"),
    "continue": ("SyntaxError", "loop"),
    "x = [1 2]": ("SyntaxError", "comma"),
    "x = 012": ("SyntaxError", "zero"),
    "x = 1abc": ("SyntaxError", "digit"),
    "x = “a”": ("SyntaxError", "straight"),
    "x = 1\u00a0+ 2": ("SyntaxError", "copying"),
    "x = f'{1'": ("SyntaxError", "`}`|bracket"),
    "if 1:\n    pass\nelse if 2:\n    pass": ("SyntaxError", "`elif`"),
    "if 1 && 2:\n    pass": ("SyntaxError", "`and`"),
    "if 1 || 2:\n    pass": ("SyntaxError", "`or`"),
    "if !x:\n    pass": ("SyntaxError", "`not`"),
    "x = 1\nx++": ("SyntaxError", "`+= 1`"),
    "if 1 => 2:\n    pass": ("SyntaxError", "`>=`"),
    "if 1 === 2:\n    pass": ("SyntaxError", "`==`"),
    "let x = 1": ("SyntaxError", "name"),
    "function f():\n    pass": ("SyntaxError", "`def`"),
    "if True {\n    x = 1\n}": ("SyntaxError", "colon"),
    "// a comment": ("SyntaxError", "`#`"),
    "def f(a=1, b):\n    pass": ("SyntaxError", "last"),
    "def f(a, a):\n    pass": ("SyntaxError", "twice|Two"),
    "f(a=1, 2)": ("SyntaxError", "last"),
    "try:\n    pass\nx = 1": ("SyntaxError", "except"),
    "print(sys.argv)": ("NameError", "`import sys`"),
    "import math from sqrt": ("SyntaxError", "`from`"),
    "from math import": ("SyntaxError", "`import`"),
    "x = 1 if 2": ("SyntaxError", "else"),
    "class = 3": ("SyntaxError", "missing"),
    "x = 1 +": ("SyntaxError", "missing"),
    "if True:\nx = 1": ("IndentationError", "line 1"),
    "def f():\n": ("IndentationError", "indented"),
    "x = 1\n  y = 2": ("IndentationError", "left"),
    "if True:\n        x = 1\n    y = 2": ("IndentationError", "below"),
    "if True:\n        x = 1\n\ty = 2": ("TabError", "blanks"),
}

JAVASCRIPT: dict[str, tuple[str, str]] = {
    "const total = 1; console.log(totl)": ("ReferenceError", "`total`"),
    "print(1)": ("ReferenceError", "console.log"),
    "len([1])": ("ReferenceError", ".length"),
    "let x = True": ("ReferenceError", "`true`"),
    "let x = None": ("ReferenceError", "null"),
    "for (const i of range(3)) {}": ("ReferenceError", "count with"),
    "console.log(x); let x = 1": ("ReferenceError", "Move"),
    "let x; x.length": ("TypeError", "undefined"),
    "null.a": ("TypeError", "null"),
    "let x; x.a = 1": ("TypeError", "undefined"),
    "let g = []; g[1][2] = 1": ("TypeError", "undefined"),
    "[1].append(2)": ("TypeError", "push"),
    "'a'.upper()": ("TypeError", "toUpperCase"),
    "'a'.lenght()": ("TypeError", "`lenght`|lenght"),
    "let x = 3; x()": ("TypeError", "`x`"),
    "const x = 1; x = 2": ("TypeError", "`let`"),
    "for (const x of 5) {}": ("TypeError", "array"),
    "for (const x of {}) {}": ("TypeError", "Object.entries"),
    "const [a] = undefined": ("TypeError", "array|undefined"),
    "const {a} = null": ("TypeError", "null"),
    "[].reduce((a, b) => a + b)": ("TypeError", "`reduce`"),
    "Object.keys(null)": ("TypeError", "null"),
    "new (3)()": ("TypeError", "`new`"),
    "class A {}; A()": ("TypeError", "`new A"),
    "'use strict'; const s = 'abc'; s[0] = 'b'": ("TypeError", "new value"),
    "'a' in 'abc'": ("TypeError", "includes"),
    "1n + 1": ("TypeError", "one kind"),
    "const a = {}; a.a = a; JSON.stringify(a)": ("TypeError", "itself"),
    "function f() { f() } f()": ("RangeError", "called itself"),
    "new Array(-1)": ("RangeError", "negative"),
    "'a'.repeat(-1)": ("RangeError", "0 or more"),
    "(1).toFixed(200)": ("RangeError", "toFixed"),
    "JSON.parse('{a')": ("SyntaxError", "JSON"),
    "JSON.parse('')": ("SyntaxError", "JSON"),
    "require('nothing-here')": ("Error", "module"),
    # syntax
    "function f() {\n  return 1\n": ("SyntaxError", "open"),
    "console.log('a'": ("SyntaxError", "comma|bracket"),
    "const x": ("SyntaxError", "`=`"),
    "let x = 1\nlet x = 2": ("SyntaxError", "twice"),
    "return 1": ("SyntaxError", "function"),
    "break": ("SyntaxError", "loop"),
    "continue": ("SyntaxError", "loop"),
    "1 = x": ("SyntaxError", "left|Left"),
    "let x = 'a": ("SyntaxError", "quote"),
    "let x = `a": ("SyntaxError", "quote"),
    "let x = “a”": ("SyntaxError", "straight"),
    "if (1) {\n}\nelif (2) {\n}": ("SyntaxError", "else if"),
    "def f(a) {\n}": ("SyntaxError", "`function`"),
    "if (1):\n  let x = 1": ("SyntaxError", "curly"),
    "# comment": ("SyntaxError", "`//`"),
    "if (a and b) {\n}": ("SyntaxError", "`&&`"),
    "if (a or b) {\n}": ("SyntaxError", "`||`"),
    "if (not a) {\n}": ("SyntaxError", "`!`"),
    "if a > 1 {\n}": ("SyntaxError", "brackets"),
    "for x in [1] {\n}": ("SyntaxError", "brackets"),
    "if (1) {\n}\n}": ("SyntaxError", "`}`"),
    "else {\n}": ("SyntaxError", "else"),
    "let x = [1 2]": ("SyntaxError", "comma"),
    "let x = 1 y": ("SyntaxError", "missing"),
    "let class = 1": ("SyntaxError", "missing|name"),
    "let x = 1 'a'": ("SyntaxError", "missing"),
    "function f {\n}": ("SyntaxError", "`()`"),
    "let a = => 1": ("SyntaxError", "missing|arrow|Before|half"),
    "if (1) let x = 2": ("SyntaxError", "`{`"),
    "try {\n}\n": ("SyntaxError", "catch"),
    "import x from 'y'": ("SyntaxError", "import"),
    "const f = async () => 1; await f()": ("SyntaxError", "await"),
    "let x = {a = 1}": ("SyntaxError", "`:`"),
    "let x = 3in": ("SyntaxError", "digit|missing|expected"),
}


def _python(source: str) -> Friendly:
    """What a program's exception comes to; only programs of this file are run."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(compile(source, "main.py", "exec"), {"__name__": "__main__"})
    except SyntaxError as error:
        return friendly.explain("python", type(error).__name__, error.msg, source, error.lineno)
    except BaseException as error:
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "main.py"]
        return friendly.explain("python", type(error).__name__, str(error), source, lines[-1])
    raise AssertionError(f"no mistake: {source}")


@pytest.mark.parametrize("source", PYTHON, ids=range(len(PYTHON)))
def test_what_python_says_of_a_mistake_is_explained(source: str) -> None:
    error, word = PYTHON[source]
    told = _python(source)
    assert told.error == error
    assert told.known, told.text
    assert any(one in told.text for one in word.split("|")), told.text
    assert "<" not in told.text.replace("`<`", "").replace("`<=`", "")
    assert len(told.text.split()) <= 70


@pytest.fixture(scope="module")
def node_says() -> dict[str, Friendly]:
    """What Node says of each program, by one Node for all."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs node on PATH: it is not here")
    script = """
      const vm = require('vm'); const all = JSON.parse(require('fs').readFileSync(0, 'utf8')); const out = [];
      for (const source of all) {
        try { vm.runInContext(source, vm.createContext({console: {log() {}}, require}), {filename: 'main.js'}); out.push(null) }
        catch (error) { out.push([error.name, String(error.message), Number((/main.js:(\\d+)/.exec(error.stack) || [0, 1])[1])]) }
      }
      console.log(JSON.stringify(out))
    """
    done = subprocess.run(
        [node, "-e", script], input=json.dumps(list(JAVASCRIPT)), capture_output=True, text=True, check=True, timeout=60
    )
    found = {}
    for source, said in zip(JAVASCRIPT, json.loads(done.stdout), strict=True):
        assert said is not None, f"no mistake: {source}"
        found[source] = friendly.explain("javascript", said[0], said[1], source, said[2])
    return found


@pytest.mark.parametrize("source", JAVASCRIPT, ids=range(len(JAVASCRIPT)))
def test_what_node_says_of_a_mistake_is_explained(node_says: dict[str, Friendly], source: str) -> None:
    error, word = JAVASCRIPT[source]
    told = node_says[source]
    assert told.error == error
    assert told.known, told.text
    assert any(one in told.text for one in word.split("|")), told.text
    assert "<" not in told.text.replace("i < …", "")


@pytest.mark.parametrize(
    ("error", "said", "word"),
    [
        ("NameError", "name 'sys' is not defined. Did you forget to import 'sys'?", "import sys"),
        ("ImportError", "cannot import name 'sqr' from 'math' (unknown location). Did you mean: 'sqrt'?", "`sqrt`"),
        ("TypeError", "f() got an unexpected keyword argument 'valu'. Did you mean 'value'?", "`value`"),
        (
            "AttributeError",
            "module 'random' has no attribute 'x' (consider renaming '/box/random.py' since it has the same name as the …)",
            "another name",
        ),
        ("SyntaxError", "Expected one or more names after 'import'", "import"),
        ("SyntaxError", "'elif' block follows an 'else' block", "before the `else`"),
        ("TypeError", "cannot use 'list' as a dict key (unhashable type: 'list')", "tuple"),
        ("ValueError", "too many values to unpack (expected 2, got 3)", "2 names"),
    ],
    ids=range(8),
)
def test_what_newer_pythons_say_is_told_in_words_too(error: str, said: str, word: str) -> None:
    """What 3.12, 3.13 and 3.14 say otherwise than 3.11, whichever of them runs here."""
    told = friendly.explain("python", error, said, "from math import" if "names after" in said else "x", 1)
    assert told.known
    assert word in told.text


def test_an_exception_of_the_learners_own_is_told_in_general() -> None:
    told = friendly.explain("python", "TooHot", "42 degrees", "raise TooHot()", 1)
    assert not told.known
    assert "`TooHot`: 42 degrees" in told.what
    assert told.line == 1


def test_hostile_text_stays_text_on_one_line() -> None:
    name = "x`</script>\n\u202e" + "y" * 5000
    told = friendly.explain("python", "NameError", f"name '{name}' is not defined", "x", 1)
    assert "\n" not in told.what
    assert "\u202e" not in told.what
    assert len(told.what) < 200
    assert told.what.count("`") == 2
    odd = friendly.explain("python", "E" * 1000 + "`", "{0} %s {error} <name>" * 1000, "\0" * 10, 99)
    assert len(odd.text) < 500


def test_a_line_that_is_not_there_is_no_trouble() -> None:
    told = friendly.explain("javascript", "TypeError", "x is not a function", "", 12)
    assert told.source == ""
    assert told.line == 12


def test_the_nearest_own_name_is_offered_before_pythons() -> None:
    source = "def count_words(text):\n    word_count = 0\n    return wordcount\n"
    assert "`word_count`" in friendly.explain("python", "NameError", "name 'wordcount' is not defined", source, 3).look
