"""Clean-up by rules mends names and imports, says what it did, and leaves alone what it does not understand."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from assay.bench.scripts.mending import (
    asserts_in,
    clean_script,
    clean_tests,
    combined,
    imported_packages,
    mend_imports,
    point_at_script,
)
from assay.records import Reply

SCRIPT = '"""Greets."""\n\n\ndef greet(name):\n    return f"Hello, {name}"\n\n\nif __name__ == "__main__":\n    print(greet("x"))\n'


def test_a_script_is_renamed_and_gets_the_imports_it_forgot() -> None:
    text = (
        "**todo.py**\n```python\nimport helper\n\n\ndef f(x):\n    return json.dumps(helper.g(x))\n```\n"
        "**helper.py**\n```python\ndef g(x):\n    return x\n```\n"
        "**test_todo.py**\n```python\nfrom todo import f\n\n\ndef test_f():\n    assert f(1)\n```\n"
    )
    found = clean_script(Reply(text=text), "")
    assert found.source.startswith("import json\nimport helper\n")
    assert found.files == {"helper.py": "def g(x):\n    return x\n"}
    assert {"renamed todo.py to script.py", "left out test_todo.py", "added: import json"} <= set(found.changes)


def test_a_reply_without_code_says_so() -> None:
    found = clean_script(Reply(text="I cannot help with that."), "")
    assert found.source == ""
    assert found.problem


def test_a_script_with_a_syntax_error_keeps_all_its_lines() -> None:
    broken = SCRIPT.replace("greet(name):", "greet(name)")
    found = clean_script(Reply(text=f"Here it is.\n```python\n{broken}```\n"), "")
    assert (found.source, found.changes, found.cut) == (broken, (), False)
    old = 'import sys\nprint "a"\nx = 1\n'
    assert clean_script(Reply(text=f"```python\n{old}```\n"), "").source == old


@pytest.mark.parametrize(
    ("text", "is_cut"),
    [
        pytest.param(f"```python\n{SCRIPT}```\nIt prints a gre", False, id="in the words behind"),
        pytest.param(f"```python\n{SCRIPT}```\nRun it:\n```console\n$ python scr", False, id="in a block behind"),
        pytest.param(f"```python\n{SCRIPT[:45]}", True, id="in the script, which parses"),
        pytest.param(f"```python\n{SCRIPT[:-8]}", True, id="in the script's last statement"),
        pytest.param(SCRIPT, True, id="in a script without a fence"),
    ],
)
def test_a_cut_within_the_script_is_told_from_one_behind_it(text: str, *, is_cut: bool) -> None:
    assert clean_script(Reply(text=text, finish="length"), "").cut == is_cut
    assert not clean_script(Reply(text=text), "").cut
    tests = text.replace("greet", "test_greet")
    assert clean_tests(Reply(text=tests, finish="length"), SCRIPT, ()).cut == is_cut


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("print(datetime.now())\n", "from datetime import datetime"),
        ("print(datetime.date.today())\n", "import datetime"),
        ("def f(x: Optional[int]): return x\n", "from typing import Optional"),
        ("t = time.time()\n", "import time"),
        ("p = Path('x')\n", "from pathlib import Path"),
    ],
)
def test_a_forgotten_import_is_added(source: str, line: str) -> None:
    mended, changes = mend_imports(source)
    assert mended == f"{line}\n{source}"
    assert changes == (f"added: {line}",)


@pytest.mark.parametrize(
    "source",
    [
        "json = 1\nprint(json.real)\n",
        "def f(re):\n    return re.x\n",
        "from os import *\nprint(path.join('a'))\n",
        "print(undefined.thing)\n",
        "def broken(:\n",
        "x = '" + "a" * 300_000 + "'\njson.dumps(x)\n",
    ],
    ids=["assigned", "argument", "star", "unknown", "broken", "huge"],
)
def test_what_may_mean_something_else_is_left_alone(source: str) -> None:
    assert mend_imports(source) == (source, ())


def test_imports_stand_behind_the_docstring_and_the_future() -> None:
    mended, _ = mend_imports('"""Doc."""\nfrom __future__ import annotations\n\nprint(re.escape("."))\n')
    assert mended == '"""Doc."""\nfrom __future__ import annotations\nimport re\n\nprint(re.escape("."))\n'


def test_modules_get_the_names_they_have_now() -> None:
    mended, changes = mend_imports(
        "from collections import Mapping, Counter\nimport Queue\nfrom .part import x\n", files=["part.py"]
    )
    assert mended.split("\n")[:3] == [
        "from collections.abc import Mapping; from collections import Counter",
        "import queue as Queue",
        "from part import x",
    ]
    assert len(changes) == 3


@pytest.mark.parametrize(
    ("tests", "mended"),
    [
        ("from greeter import greet\n", "from script import greet\n"),
        ("from your_module import greet, nothing\n", "from script import greet, nothing\n"),
        ("from .script import greet\n", "from script import greet\n"),
        ("import main\n", "import script as main\n"),
        ("import greeter\n\nx = greeter.greet\n", "import script as greeter\n\nx = greeter.greet\n"),
        ("def test_a():\n    assert greet('x')\n", "from script import greet\ndef test_a():\n    assert greet('x')\n"),
        ("from script import greet\n", "from script import greet\n"),
        ("import numpy\nfrom os import path\n", "import numpy\nfrom os import path\n"),
        ("from numpy import array\n", "from numpy import array\n"),
    ],
)
def test_tests_are_pointed_at_the_script(tests: str, mended: str) -> None:
    assert point_at_script(tests, SCRIPT)[0] == mended


def test_names_in_text_follow_the_module() -> None:
    tests = 'from greeter import greet\nfrom unittest.mock import patch\n\n\n@patch("greeter.print")\ndef test_a(p):\n    run("greeter.py")\n'
    mended, _ = point_at_script(tests, SCRIPT)
    assert '@patch("script.print")' in mended
    assert 'run("script.py")' in mended


def test_a_conftest_of_the_reply_is_left_out_and_said() -> None:
    reply = Reply(
        text="```python conftest.py\nimport pytest\n```\n```python test_greet.py\nfrom script import greet\ndef test_a():\n    assert greet('x') == 'Hello, x'\n```\n"
    )
    found = clean_tests(reply, SCRIPT, ())
    assert "def test_a" in found.source
    assert found.files == {}
    assert any("conftest.py" in change for change in found.changes)


def test_asserts_are_counted_and_what_stands_for_one() -> None:
    assert asserts_in("def test_a():\n    print(f(1))\n    assert True\n") == 0
    assert (
        asserts_in(
            "def test_a():\n    assert f(1)\n    with pytest.raises(ValueError):\n        f(2)\n    self.assertEqual(1, 1)\n"
        )
        == 3
    )


def test_packages_are_those_the_source_really_imports() -> None:
    source = "import a.b\nfrom c import d\nimportlib.import_module('e.f')\nx = \"import g\"\n"
    assert imported_packages(source) == {"a", "c", "e"}


@pytest.mark.parametrize(
    "script",
    [
        SCRIPT,
        'def greet(name):\n    return "Hello, " + name + "\\"\\\\"[:0]',
        'x = """a\\n"""\ndef greet(n): return "Hello, " + n\n',
    ],
)
def test_the_combined_file_runs_the_tests(script: str, tmp_path: Path) -> None:
    tests = "from __future__ import annotations\nimport script\nfrom script import greet\n\n\ndef test_a():\n    assert greet('x') == 'Hello, x'\n    assert script.greet is greet\n"
    (tmp_path / "combined.py").write_text(combined(script, tests))
    done = subprocess.run(
        [sys.executable, "combined.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},  # pytest alone, as a reader has it
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "1 passed" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0
