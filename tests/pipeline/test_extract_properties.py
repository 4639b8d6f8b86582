"""What holds of every text: extraction never raises, leaves clean programs alone, and ends soon on hostile ones."""

import os
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assay.pipeline.extract import MAX_CHARS, cleaned, extract, raw
from assay.records import Kind, Language, Reply, Task

KINDS: tuple[Kind, ...] = ("reply", "completion", "solution")
PYTHON = Task(id="t/1", suite="t", prompt='def f(x):\n    """Doc."""\n', entry="f", stop=("\ndef",), checks=())
JAVASCRIPT = Task(id="t/2", suite="t", language="javascript", prompt="const f = (x) => {\n", entry="f", checks=())
TASKS = pytest.mark.parametrize("task", [PYTHON, JAVASCRIPT], ids=["python", "javascript"])
SLOWLY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

# Pieces replies are made of, so that random texts reach the code behind each of them.
PIECES = st.sampled_from(
    [
        *(
            "```",
            "```python\n",
            "```js\n",
            "\n```\n",
            "~~~\n",
            "````\n",
            "`",
            "<think>",
            "</think>",
            "[PYTHON]",
            "\n",
            "\n\n",
        ),
        *(
            "def f(x):\n",
            "    return x\n",
            "\treturn x\n",
            "const f = (x) => {\n",
            "}\n",
            "class A:\n",
            "import math\n",
        ),
        *(
            '"""',
            "'''",
            "'",
            '"',
            "(",
            ")",
            "[",
            "{",
            "}",
            "\\",
            "\\\n",
            "#",
            "//",
            "/*",
            "*/",
            "/",
            "=",
            ":",
            "@",
            "\r\n",
            "\x1b[0m",
        ),
        *(
            ">>> ",
            "... ",
            "> ",
            "1 ",
            "2| ",
            "+",
            "-",
            "@@ -1,2 +1,2 @@\n",
            "--- a/x.py\n",
            "+++ b/x.py\n",
            "&lt;",
            "“",
            "）",
            "\xa0",
        ),
        *(
            "**x.py**\n",
            "# file: x.py\n",
            "if __name__",
            "f",
            "x",
            " ",
            "    ",
            "Here is it:",
            "\ufeff",
            "\u200b",
            "\0",
            "\ud800",
        ),
    ]
)
TEXTS = st.lists(PIECES | st.text(max_size=8), max_size=60).map("".join)


@TASKS
@SLOWLY
@given(text=TEXTS)
def test_no_text_makes_it_raise_and_what_comes_out_is_a_program_or_a_problem(task: Task, text: str) -> None:
    for program in (
        extract(task, Reply(text=text)),
        extract(task, Reply(text=text, finish="length")),
        *(cleaned(task, text, kind) for kind in KINDS),
    ):
        assert bool(program.files) != bool(program.problem)
        assert set(program.files) >= ({program.main} if program.files else set())
        for path in program.files:
            assert not path.startswith("/")
            assert ".." not in path.split("/")
    for kind in KINDS:
        assert raw(task, text, kind).problem is None


@TASKS
@SLOWLY
@given(text=TEXTS)
def test_the_same_text_gives_the_same_program(task: Task, text: str) -> None:
    assert extract(task, Reply(text=text)) == extract(task, Reply(text=text))


NAMES = st.sampled_from(["a", "total", "x1", "items", "_y", "été"])
VALUES = st.sampled_from(
    ["0", "[1, 2]", "'it''s'", '"“quoted” & <b>"', "{'a': (1, 2)}", "x * 2", "len(str(x))", "[y for y in range(x)]"]
)
PYTHON_LINES = st.one_of(
    st.builds("    {} = {}\n".format, NAMES, VALUES),
    st.builds("    if {}:\n        return {}\n".format, VALUES, VALUES),
    st.builds("    # {}\n".format, st.sampled_from(["it's a comment (unclosed", "```", "don't", "—"])),
    st.builds(
        '    {} = """{}"""\n'.format, NAMES, st.sampled_from(["text", "\n    two\n    ", "it's (", "# no comment\n"])
    ),
    st.just("\n"),
)
PYTHON_PROGRAMS = st.builds(
    "{}def f(x):\n{}    return x\n{}".format,
    st.sampled_from(["", "import math\n\n", "from typing import List\n\n\n", "# a comment\n", "LIMIT = 3\n\n"]),
    st.lists(PYTHON_LINES, max_size=8).map("".join),
    st.sampled_from(
        ["", "\n\ndef g(x):\n    return f(x)\n", "\nprint(f(1))\n", '\nif __name__ == "__main__":\n    f(1)\n']
    ),
)
JAVASCRIPT_PROGRAMS = st.builds(
    "{}function f(x) {{\n{}  return x;\n}}\n{}".format,
    st.sampled_from(["", "'use strict';\n\n", "const fs = require('fs');\n", "// it's here\n", "const RE = /[(]/g;\n"]),
    st.lists(
        st.sampled_from(
            [
                "  const a = `t ${x}`;\n",
                "  if (x) { return 1; }\n",
                "  // don't (\n",
                "  let s = 'a';\n",
                "\n",
                "  x += 1;\n",
            ]
        ),
        max_size=6,
        unique=True,
    ).map("".join),
    st.sampled_from(["", "\nmodule.exports = { f };\n", "\nconsole.log(f(1));\n", "\nconst g = (y) => f(y);\n"]),
)
CLEAN = [("python", PYTHON, PYTHON_PROGRAMS), ("javascript", JAVASCRIPT, JAVASCRIPT_PROGRAMS)]


@pytest.mark.parametrize(("tag", "task", "programs"), CLEAN, ids=["python", "javascript"])
@SLOWLY
@given(data=st.data())
def test_a_clean_program_comes_back_byte_for_byte(
    tag: Language, task: Task, programs: st.SearchStrategy[str], data: st.DataObject
) -> None:
    program = data.draw(programs)
    fenced = f"Sure, here's it (as asked):\n\n```{tag}\n{program}```\n\nIt's easy: call `f`.\n"
    if "    # ```\n" not in program:  # a fence in a comment needs a longer one around it, as in Markdown
        assert extract(task, Reply(text=fenced)).source == program
    four = f"Here:\n\n````{tag}\n{program}````\n"
    assert extract(task, Reply(text=four)).source == program
    bare = extract(task, Reply(text=program))
    assert bare.source == program
    assert bare.changes == ()
    assert cleaned(task, program, "solution").source == program
    again = extract(task, Reply(text=f"````{tag}\n{bare.source}````"))
    assert again.source == bare.source


LONG = "ASSAY_TEST_LONG" in os.environ
SIZE = MAX_CHARS // (8 if LONG else 48)
COMPLETION = 15_000 if LONG else 5_000
"""What does not parse is tried in many ways up to 16 KiB, which costs a second of CPU or two."""
HOSTILE: dict[str, str] = {
    "backticks": "`" * SIZE,
    "ticks-with-blanks": "``` " * (SIZE // 4),
    "empty-fences": "```\n" * (SIZE // 4),
    "python-fences": "```python\n" * (SIZE // 10),
    "fences-in-turn": "```python\nf(x\n```\n" * (SIZE // 18),
    "blocks-that-define-it-badly": "```python\ndef f(x:\n```\n" * (SIZE // 24),
    "docstrings-never-closed": '```python\ndef f():\n"""\n```\n' * (SIZE // 30),
    "escaped-quotes": '```python\n\\"""\n```\n' * (SIZE // 20),
    "two-kinds-of-quotes": ("```python\n'''\n```\n" + '```python\n"""\n```\n') * (SIZE // 36),
    "open-brackets": "(" * SIZE,
    "brackets-of-all-kinds": "([{" * (SIZE // 3),
    "nested-blocks": "".join(" " * (i % 200) + "if x:\n" for i in range(SIZE // 110)),
    "definitions": "def f(x):\n    return x\n\n" * (SIZE // 24),
    "broken-definitions": "def f(x:\n    return x\n\n" * (SIZE // 24),
    "prose": ('The quick brown fox: jumps (over the lazy dog). It\'s "fine".\n') * (SIZE // 62),
    "code-and-prose-in-turn": "x = 1\nI am prose.\n" * (SIZE // 18),
    "definitions-and-prose-in-turn": "def f(x):\n    return x\nI am prose, am I not?\n" * (SIZE // 44),
    "strings-over-lines-in-brackets": '(("""a\n' * (SIZE // 7),
    "prose-naming-it": "f is a function. " * (SIZE // 17),
    "one-long-line": "f = " + "a " * (SIZE // 2),
    "one-long-name": "f" * SIZE,
    "think-marks": "<think>" * (SIZE // 7),
    "closing-think-marks": "<think></think>" * (SIZE // 15),
    "escapes": "\x1b]" * (SIZE // 2),
    "entities": "&lt;" * (SIZE // 4),
    "curly-quotes": "“" * SIZE,
    "templates": "`${" * (SIZE // 3),
    "arrows": "const f = a => {" * (SIZE // 16),
    "regular-expressions": "=/[" * (SIZE // 3),
    "comments-never-closed": "/*" * (SIZE // 2),
    "js-functions": "function f(x) {\n" * (SIZE // 16),
    "prompts": ">>> f(\n... \n" * (SIZE // 13),
    "numbers": "".join(f"{i} f(\n" for i in range(SIZE // 10)),
    "diff": "@@ -1,1 +1,1 @@\n-f\n+f(\n" * (SIZE // 26),
    "paths": "a/" * (SIZE // 2) + "x.py\n```python\n```",
    "stars": "*" * SIZE + "x.py\n```\n```\n",
    "quoted": "> " * (SIZE // 2) + "```\n",
    "code-tags": "<code>" * (SIZE // 6),
    "stars-in-lines": "*** it is so\n" * (SIZE // 13),
    "patches-never-ended": "*** Begin Patch\n" * (SIZE // 16),
    "for-without-in": "for f in x: for " + "for " * (SIZE // 4),
    "surrogates": "\ud800" * SIZE,
}


@pytest.mark.parametrize("name", HOSTILE)
@TASKS
def test_a_long_text_made_to_hold_it_up_is_through_in_seconds(task: Task, name: str) -> None:
    texts: tuple[tuple[str, Kind], ...] = ((HOSTILE[name], "reply"), (HOSTILE[name][:COMPLETION], "completion"))
    for text, kind in texts:
        before = time.process_time()
        program = cleaned(task, text, kind)
        assert bool(program.files) != bool(program.problem)
        # With ASSAY_TEST_LONG=1 a quadratic step takes minutes; the bound is wide so that a busy machine does not matter.
        assert time.process_time() - before < 15


@TASKS
@pytest.mark.parametrize(
    "name",
    [
        "fences-in-turn",
        "definitions",
        "prose",
        "broken-definitions",
        "regular-expressions",
        "code-and-prose-in-turn",
        "strings-over-lines-in-brackets",
    ],
)
def test_four_times_the_text_takes_about_four_times_the_work(task: Task, name: str) -> None:
    def cost(size: int) -> float:
        before = time.process_time()
        cleaned(task, HOSTILE[name][:size], "reply")
        return time.process_time() - before

    small, large = cost(SIZE // 4), cost(SIZE)
    assert large < 12 * small + 0.2, "quadratic work would be sixteenfold"


def test_what_is_beyond_the_limit_is_not_looked_at_and_that_is_said() -> None:
    program = extract(PYTHON, Reply(text="```python\ndef f(x):\n    return x\n```\n" + "x" * MAX_CHARS))
    assert program.source == "def f(x):\n    return x\n"
    assert program.changes == (f"cut at {MAX_CHARS} characters of {MAX_CHARS + 37}",)
