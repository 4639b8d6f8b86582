"""Tasks as folders: what they become, and what is said of those that are not right."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from assay.bench.suites.folder import example, load_folder, load_task, show_javascript, show_python
from assay.bench.suites.own import functions
from assay.errors import ContentError
from assay.pipeline.sandbox.guest.values import UNDEFINED, decode, encode
from assay.records import Calls, Case, Encoded, Stdio, Task
from assay.settings import Settings

TASK = """\
schema: assay/task@1
id: add-up
title: Add up
language: python
entry: add_up
signature: "add_up(numbers: list[int]) -> int"
difficulty: easy
tags: [sums]
released: 2026-11-20
limits: {cpu_s: 2}
checks: [calls.yaml]
wrong:
  - {file: forgets_the_last.py, fails: two}
"""
CALLS = """\
schema: assay/calls@1
arguments_unchanged: true
cases:
  - {id: none, public: true, args: [[]], expect: 0}
  - {id: two, args: [[1, 2]], expect: 3}
  - {id: text, args: ["x"], raises: TypeError}
"""
FILES = {
    "task.yaml": TASK,
    "prompt.md": "Add up the numbers.\n",
    "checks/calls.yaml": CALLS,
    "reference/solution.py": "def add_up(numbers):\n    return sum(numbers)\n",
    "reference/by_loop.py": "def add_up(numbers):\n    total = 0\n    for n in numbers:\n        total += n\n    return total\n",
    "wrong/forgets_the_last.py": "def add_up(numbers):\n    return sum(numbers[:-1])\n",
}
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes the folder of a task, with some files other than usual (None: left out), and returns the folder."""

    def written(name: str = "add-up", **changed: str | None) -> Path:
        for path, text in (FILES | {key.replace("__", "/"): value for key, value in changed.items()}).items():
            if text is not None:
                file = tmp_path / "suite" / name / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)
        return tmp_path / "suite" / name

    return written


def with_files(write: Write, changed: dict[str, str | None]) -> Path:
    return write(**changed)


def error_of(folder: Path) -> str:
    """What is said, with the folder's own path left out."""
    with pytest.raises(ContentError) as caught:
        load_task(folder, "mine")
    return f"{caught.value} {caught.value.help}".replace(f"{folder}/", "")


def test_a_folder_becomes_a_task_with_all_that_it_holds(write: Write) -> None:
    task = load_task(write(), "mine")
    assert (task.id, task.suite, task.language, task.entry, task.title) == (
        "add-up",
        "mine",
        "python",
        "add_up",
        "Add up",
    )
    assert task.tags == ("easy", "sums")
    assert task.limits.cpu_s == 2
    assert task.reference == FILES["reference/solution.py"]
    assert task.alternatives == (FILES["reference/by_loop.py"],)
    assert [(wrong.name, wrong.fails) for wrong in task.wrong] == [("forgets_the_last", "two")]
    assert task.place == "mine/add-up/task.yaml"
    (check,) = task.checks
    assert isinstance(check, Calls)
    assert check.arguments_unchanged
    assert [(case.id, case.public, case.raises) for case in check.cases] == [
        ("none", True, None),
        ("two", False, None),
        ("text", False, "TypeError"),
    ]
    assert decode(check.cases[1].args) == [[1, 2]]
    assert check.cases[1].expect == "3"
    assert check.cases[2].expect is None


def test_the_prompt_tells_the_language_the_signature_and_the_public_examples_and_no_other(write: Write) -> None:
    prompt = load_task(write(), "mine").prompt
    assert prompt.startswith("Add up the numbers.\n")
    assert "`def add_up(numbers: list[int]) -> int`" in prompt
    assert "Python 3.11" in prompt
    assert "leave its arguments as they were" in prompt
    assert "```python\nadd_up([])  # returns 0\n```" in prompt
    assert "[1, 2]" not in prompt
    assert "TypeError" not in prompt


def test_a_task_without_an_entry_is_a_program_that_reads_and_prints(write: Write) -> None:
    task = load_task(
        write(
            **{
                "task.yaml": TASK.replace("entry: add_up\n", "").replace(
                    'signature: "add_up(numbers: list[int]) -> int"\n', ""
                ),
                "checks/calls.yaml": 'schema: assay/stdio@1\ncases:\n  - {id: two, public: true, stdin: "1 2", stdout: "3\\n"}\n',
            }
        ),
        "mine",
    )
    assert task.entry is None
    assert isinstance(task.checks[0], Stdio)
    assert "reads standard input" in task.prompt
    assert "input:\n1 2\noutput:\n3" in task.prompt


def test_sets_are_written_in_one_order_whatever_python_makes_of_them(write: Write) -> None:
    calls = "schema: assay/calls@1\ncases:\n  - {id: two, args: [!set [b, c, a]], expect: !frozenset [z, y, x], public: true}\n"
    check = load_task(write(**{"checks/calls.yaml": calls}), "mine").checks[0]
    assert isinstance(check, Calls)
    assert check.cases[0].args == '[{"s":["a","b","c"]}]'
    assert check.cases[0].expect == '{"z":["x","y","z"]}'


def test_a_case_may_expect_null(write: Write) -> None:
    calls = CALLS.replace("expect: 3", "expect: null")
    check = load_task(write(**{"checks/calls.yaml": calls}), "mine").checks[0]
    assert isinstance(check, Calls)
    assert check.cases[1].expect == "null"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"task.yaml": None}, "task.yaml: cannot be read: No such file"),
        ({"task.yaml": TASK.replace("language", "langauge")}, "task.yaml:4:1: unknown key 'langauge' Did you mean 'language'?"),
        ({"task.yaml": TASK.replace("python", "pyhton")}, "task.yaml:4:11: language: \"pyhton\" is not one of its values Did you mean 'python'?"),
        ({"task.yaml": TASK.replace("task@1", "task@2")}, 'task.yaml:1:9: schema: "assay/task@2" is not one of its values'),
        ({"task.yaml": TASK.replace("id: add-up", "id: add-ups")}, "task.yaml:2:5: the id is 'add-ups' but the folder is called 'add-up'"),
        ({"task.yaml": TASK.replace("id: add-up", "id: Add Up")}, "task.yaml:2:5: id: "),
        ({"task.yaml": TASK.replace("cpu_s", "cpu")}, "task.yaml:10:10: unknown key 'cpu' Did you mean 'cpu_s'?"),
        ({"task.yaml": TASK.replace("[calls.yaml]", "[cals.yaml]")}, "task.yaml:11:9: checks/calls.yaml is not named here"),
        ({"checks/calls.yaml": None}, "task.yaml:11:10: there is no checks/calls.yaml"),
        ({"task.yaml": TASK.replace("[calls.yaml]", "[calls.yaml, ../x.yaml]")}, "task.yaml:11:22: there is no checks/../x.yaml"),
        ({"task.yaml": TASK.replace("[calls.yaml]", "[]")}, "task.yaml:11:9: checks: "),
        ({"prompt.md": None}, "prompt.md: cannot be read: No such file"),
        ({"reference/solution.py": None}, "there is no reference/solution.py"),
        ({"reference/other.js": "x"}, "reference/other.js: a reference of a python task should end in .py"),
        ({"task.yaml": TASK.replace("fails: two", "fails: tow")}, "task.yaml:13:40: No case is called 'tow'. Did you mean two?"),
        ({"task.yaml": TASK.replace("forgets_the_last", "forgets")}, "task.yaml:13:3: wrong/forgets_the_last.py is not named here"),
        ({"wrong/forgets_the_last.py": None}, "task.yaml:13:12: there is no wrong/forgets_the_last.py"),
        ({"task.yaml": TASK.replace("{file: f", "{file: ../f")}, "task.yaml:13:12: file: "),
        ({"task.yaml": TASK.replace('"add_up(', '"add(')}, "task.yaml:6:12: the signature should begin with add_up("),
        ({"task.yaml": TASK.replace("-> int", "->")}, "task.yaml:6:12: the signature is not Python"),
        ({"task.yaml": TASK.replace("entry: add_up\n", "")}, "task.yaml:1:1: entry and signature stand together"),
        ({"checks/calls.yaml": CALLS.replace("expect: 3", "expected: 3")}, "checks/calls.yaml:5:31: unknown key 'expected' Did you mean 'expect'?"),
        ({"checks/calls.yaml": CALLS.replace(", expect: 3", "")}, "checks/calls.yaml:5:5: cases: a case needs either `expect`"),
        ({"checks/calls.yaml": CALLS.replace("expect: 3", "expect: 3, raises: X")}, "checks/calls.yaml:5:5: cases: a case needs either `expect`"),
        ({"checks/calls.yaml": CALLS.replace("id: text", "id: two")}, "checks/calls.yaml:6:10: a second case is called 'two'"),
        ({"checks/calls.yaml": CALLS.replace("args: [[]]", "args: 5")}, "checks/calls.yaml:4:5: cases: args should be a list"),
        ({"checks/calls.yaml": CALLS.replace("args: [[]]", "args: [!tupel []]")}, "checks/calls.yaml:4:37: unknown tag !tupel Did you mean !tuple?"),
        ({"checks/calls.yaml": CALLS.replace("public: true", "public: yes")}, 'checks/calls.yaml:4:24: public: should be true or false, not "yes"'),
        ({"checks/calls.yaml": "schema: assay/calls@1\ncases: []\n"}, "checks/calls.yaml:2:8: cases: "),
    ],
)  # fmt: skip
def test_each_mistake_is_told_with_its_place(write: Write, changed: dict[str, str | None], said: str) -> None:
    assert said in error_of(with_files(write, changed))


def test_a_suite_is_its_tasks_by_name(write: Write) -> None:
    write("zoo", **{"task.yaml": TASK.replace("add-up", "zoo")})
    folder = write().parent
    (folder / "README.md").write_text("not a task")
    (folder / ".git").mkdir()
    assert [task.id for task in load_folder(folder, "mine")] == ["add-up", "zoo"]


def test_a_folder_that_is_no_suite_is_told(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match="is no folder"):
        load_folder(tmp_path / "none", "mine")
    with pytest.raises(ContentError, match="holds no tasks"):
        load_folder(tmp_path, "mine")


def test_one_task_named_as_a_suite_is_told_with_the_folder_around_it(write: Write) -> None:
    task = write()
    with pytest.raises(ContentError, match="is one task, not a suite") as caught:
        load_folder(task, "own")
    assert caught.value.help == f"Name the folder around it: {task.parent}"


def test_a_list_without_brackets_is_told_so(write: Write) -> None:
    folder = write(**{"checks/calls.yaml": CALLS.replace("args: [[1, 2]]", "args: 1, 2")})
    with pytest.raises(ContentError, match=r"calls\.yaml:5:24: the key 2 is not text$") as caught:
        load_task(folder, "own")
    assert caught.value.help == "A list needs brackets: args: [1, 2]."


def test_the_suite_functions_can_be_read_from_another_folder(write: Write, tmp_path: Path) -> None:
    suite = functions(write().parent, settings=Settings(home=tmp_path), errata=True)
    assert [task.id for task in suite.tasks] == ["add-up"]


@pytest.mark.parametrize(
    ("value", "python", "javascript"),
    [
        (None, "None", "null"),
        (True, "True", "true"),
        (7, "7", "7"),
        (1 << 60, "1152921504606846976", "1152921504606846976n"),
        (2.0, "2.0", "2"),
        (float("nan"), 'float("nan")', "NaN"),
        (float("-inf"), 'float("-inf")', "-Infinity"),
        ('a "b"\n', "'a \"b\"\\n'", '"a \\"b\\"\\n"'),
        ("é\x00", "'é\\x00'", '"\\u00e9\\u0000"'),
        ([1, (2,), (3, 4)], "[1, (2,), (3, 4)]", "[1, [2], [3, 4]]"),
        ({"a": 1, "b-c": None}, "{'a': 1, 'b-c': None}", '{ a: 1, "b-c": null }'),
        ({}, "{}", "{}"),
        ({1: "x"}, "{1: 'x'}", 'new Map([[1, "x"]])'),
        ({"b", "a"}, "{'a', 'b'}", 'new Set(["a", "b"])'),
        (set(), "set()", "new Set([])"),
        (frozenset(), "frozenset()", "new Set([])"),
        (frozenset({2, 1}), "frozenset({1, 2})", "new Set([1, 2])"),
        (UNDEFINED, "undefined", "undefined"),
    ],
)
def test_values_are_shown_as_each_language_writes_them(value: object, python: str, javascript: str) -> None:
    assert show_python(value) == python
    assert show_javascript(value) == javascript


def test_an_example_shows_keyword_arguments_and_exceptions() -> None:
    case = Case(id="a", args=Encoded("[1]"), kwargs=Encoded(encode({"by": 2})), raises="ValueError")
    assert example("cut", case, "python") == "cut(1, by=2)  # raises ValueError"
    assert example("cut", replace(case, kwargs=None), "javascript") == "cut(1)  // throws ValueError"


def test_a_task_survives_being_written_down(write: Write) -> None:
    task = load_task(write(), "mine")
    assert Task.model_validate_json(task.model_dump_json()) == task


def test_the_task_in_the_docs_is_a_task_and_its_programs_come_out_as_it_says(tmp_path: Path) -> None:
    text = (Path(__file__).parents[3] / "docs" / "suites.md").read_text(encoding="utf-8")
    for name, code in re.findall(r"^```\w+ file=tasks/total-price/([\w./]+)\n(.*?)^```", text, re.M | re.S):
        file = tmp_path / "total-price" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(code)
    task = load_task(tmp_path / "total-price", "docs")
    assert [wrong.name for wrong in task.wrong] == ["ignores_the_count", "goes_below_zero"]
    (check,) = task.checks
    assert isinstance(check, Calls)

    def failed(source: str) -> set[str]:
        """The cases a program of the docs fails; run here, because we wrote it."""
        names: dict[str, Callable[..., object]] = {}
        exec(source, names)
        found = set()
        for case in check.cases:
            try:
                answer = names["total_price"](*decode(case.args))
                right = case.expect is not None and answer == decode(case.expect)
            except Exception as error:
                right = type(error).__name__ == case.raises
            found |= set() if right else {case.id}
        return found

    assert task.reference is not None
    assert failed(task.reference) == set()
    assert all(wrong.fails in failed(wrong.source) for wrong in task.wrong)
