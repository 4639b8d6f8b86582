"""Courses go out and come in again as they were; problems from elsewhere come in, and what lacks is told."""

import json
from pathlib import Path
from typing import Any

import pytest

from assay.cli import run
from assay.content import Document
from assay.errors import AssayError, ContentError, UnknownName
from assay.gym.gate import check_path
from assay.gym.grading import Grader
from assay.gym.importing import bring, exercism, humanevalpack, quixbugs
from assay.gym.importing.asserts import asserted
from assay.gym.importing.brought import with_bugs
from assay.gym.importing.suites import from_tasks
from assay.gym.library import COURSES, Library, read_shelf
from assay.gym.records import Problem
from assay.gym.writing import courses_text, flow, problem_text, write_course
from assay.pipeline.sandbox import Sandbox
from assay.pipeline.sandbox.guest.values import UNDEFINED
from assay.settings import Settings
from assay.suites import load_suite
from tests.gym.made import problem, whole


def test_every_shipped_course_comes_back_from_one_file_as_it_was(tmp_path: Path) -> None:
    shelf = read_shelf(COURSES)
    file = tmp_path / "config.yaml"
    file.write_text(courses_text(shelf.courses), "utf-8")
    served = Library(file)
    assert served.courses() == shelf.courses
    assert all(served.problem_version(name) == version for name, version in shelf.versions.items())
    for course in served.courses():
        write_course(course, tmp_path / course.id)
    assert {course.id: course for course in read_shelf(tmp_path).courses} == {
        course.id: course for course in shelf.courses
    }


@pytest.mark.parametrize(
    "text",
    ["", "plain", "no", "null", "12", "1e3", "0x1F", " leading", "trailing \nline", "\n", "a\n\n\nb\n\n", "tab\there\n",
     'quo"te\\', "é 😀 \u2028 \x1b", "- list", "key: value", "# no comment\n", "  two\nlines\n", "last\n  ", "'"],
)  # fmt: skip
def test_any_text_comes_back_as_it_was(text: str) -> None:
    given = problem().model_copy(update={"statement": text or "x", "avoid": (text, text)})
    assert Document(problem_text(given), "x.yaml").record(Problem) == given


@pytest.mark.parametrize(
    "value",
    [None, True, 0, -1.5, 1e300, 10**30, float("inf"), (1, (2,)), {1, 2}, frozenset({"a"}), b"\x00\xff", 1 + 2j, UNDEFINED,
     {"a": [1, {"b c": None}], 3: (), "true": 1}, [[], {}, ""], ["long text " * 20, {"key": "value " * 30}]],
)  # fmt: skip
def test_any_value_of_a_test_comes_back_as_it_was(value: Any) -> None:
    tests = tuple(test.model_copy(update={"args": [value], "expect": value}) for test in problem().tests)
    given = problem().model_copy(update={"tests": tests})
    (read, *_) = Document(problem_text(given), "x.yaml").record(Problem).tests
    assert (read.args, read.expect) == ([value], value)
    assert type(read.expect) is type(value)


def test_what_no_file_can_hold_is_refused() -> None:
    with pytest.raises(AssayError, match="type object cannot be written"):
        flow(object())


def test_nothing_is_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "config.yaml"
    assert run(["gym", "export", "--output", str(file)]) == 0
    assert run(["gym", "export", "--output", str(file)]) == 2
    assert run(["gym", "import", "course", str(file), "--output", str(tmp_path / "new")]) == 0
    assert run(["gym", "import", "course", str(file), "--output", str(tmp_path / "new")]) == 2
    assert "is not empty" in capsys.readouterr().err
    assert run(["gym", "export", "--output", str(tmp_path / "no" / "file.yaml")]) == 2
    assert "cannot be written" in capsys.readouterr().err
    assert read_shelf(tmp_path / "new").versions == read_shelf(COURSES).versions


# ---- Exercism --------------------------------------------------------------------------------------------------------

CANONICAL = {
    "exercise": "double-it",
    "cases": [
        {"description": "group", "cases": [
            {"uuid": "a", "description": "one", "property": "doubleIt", "input": {"someNumber": 1}, "expected": 2},
            {"uuid": "b", "description": "wrong", "property": "doubleIt", "input": {"someNumber": 2}, "expected": 5},
            {"uuid": "c", "reimplements": "b", "description": "two", "property": "doubleIt", "input": {"someNumber": 2}, "expected": 4},
        ]},
        {"uuid": "d", "description": "zero", "property": "doubleIt", "input": {"someNumber": 0}, "expected": 0},
        {"uuid": "e", "description": "below", "property": "doubleIt", "input": {"someNumber": -1}, "expected": {"error": "too small"}},
    ],
}  # fmt: skip
DOUBLE = "def double_it(some_number):\n    if some_number < 0:\n        raise ValueError('too small')\n    return some_number * 2\n"


def exercise(folder: Path, data: object = CANONICAL) -> Path:
    (folder / "double-it").mkdir(parents=True)
    (folder / "double-it" / "canonical-data.json").write_text(json.dumps(data))
    (folder / "double-it" / "description.md").write_text("Double it.\n")
    return folder


def test_exercisms_data_become_a_problem_and_lacking_solutions_are_told(tmp_path: Path, gym_sandbox: Sandbox) -> None:
    brought = exercism.read(exercise(tmp_path / "data"))
    (found,) = brought.problems
    assert (found.id, found.statement) == ("double-it", "Double it.\n")
    assert [(test.args, test.expect) for test in found.tests] == [([1], 2), ([2], 4), ([0], 0), ([-1], None)]
    assert found.tests[3].raises == {"python": "ValueError", "javascript": "Error"}
    assert [found.languages[language].entry for language in ("python", "javascript")] == ["double_it", "doubleIt"]
    assert "no solution was found" in brought.notes[0]
    write_course(brought.course("ex", "Ex", "python"), tmp_path / "out" / "ex")
    faults = check_path(tmp_path / "out", gym_sandbox, 2).faults
    assert [fault.message for fault in faults] == ["there is no solution: nothing proves the tests"] * 2


def test_with_solutions_it_passes_the_gate(tmp_path: Path, gym_sandbox: Sandbox) -> None:
    (tmp_path / "track" / "double-it" / ".meta").mkdir(parents=True)
    (tmp_path / "track" / "double-it" / ".meta" / "example.py").write_text(DOUBLE)
    (tmp_path / "track" / "double-it.js").write_text(
        "export const doubleIt = (n) => { if (n < 0) throw new Error('too small'); return n * 2 }\n"
    )
    brought = exercism.read(exercise(tmp_path / "data"), tmp_path / "track")
    assert brought.notes == []
    write_course(brought.course("ex", "Ex", "python"), tmp_path / "out" / "ex")
    assert check_path(tmp_path / "out", gym_sandbox, 2, mutated=lambda _: False).faults == ()


def test_broken_data_are_told_and_an_empty_folder_too(tmp_path: Path) -> None:
    brought = exercism.read(exercise(tmp_path / "a", {"cases": [{"property": "x"}]}))
    assert brought.problems == []
    assert "cannot be read" in brought.left_out[0]
    uneven = {
        "cases": [
            {"uuid": str(n), "description": "d", "property": "p", "input": {f"x{n % 2}": 1}, "expected": 1}
            for n in range(5)
        ]
    }
    assert "different inputs" in exercism.read(exercise(tmp_path / "b", uneven)).left_out[0]
    (tmp_path / "c").mkdir()
    with pytest.raises(ContentError, match="holds no canonical-data"):
        exercism.read(tmp_path / "c")


def test_all_of_the_real_data_can_be_read(data: Path) -> None:
    brought = exercism.read(data / "gym" / "exercism" / "problem-specifications")
    assert len(brought.problems) >= 39
    assert len(brought.left_out) <= 3
    assert all("tests that can be used" in line for line in brought.left_out)


# ---- programs known to be wrong --------------------------------------------------------------------------------------


def test_humanevalpacks_pairs_come_in_and_their_bugs_fail_a_test(data: Path, grader: Grader) -> None:
    brought = humanevalpack.read(data / "gym" / "humanevalpack")
    assert len(brought.problems) >= 130
    brought.problems = brought.problems[:3]
    with_bugs(brought, grader)
    for found in brought.problems:
        (bug,) = found.misconceptions
        for language in ("python", "javascript"):
            assert grader.check(found, language, found.languages[language].solution).verdict == "pass"
            assert grader.check(found, language, bug.example[language]).outcome(bug.when.fails[0]) == "failed"


def test_quixbugs_layout(tmp_path: Path, grader: Grader) -> None:
    for name, text in {
        "json_testcases/gcd.json": "[[6, 4], 2]\n[[7, 3], 1]\n[[0, 5], 5]\n\n[[9, 3], 3]\n",
        "correct_python_programs/gcd.py": "def gcd(a, b):\n    return a if b == 0 else gcd(b, a % b)\n",
        "python_programs/gcd.py": "def gcd(a, b):\n    return a if b == 0 else gcd(b, a)\n\n'''\nGreatest divisor.\n'''\n",
        "json_testcases/lost.json": "[[1], 1]\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    brought = quixbugs.read(tmp_path)
    with_bugs(brought, grader)
    (found,) = brought.problems
    assert found.languages["python"].starter == "def gcd(a, b):\n    ...\n"
    assert found.misconceptions[0].when.fails == ("t1",)
    assert "there is no correct_python_programs/lost.py" in brought.left_out[0]
    with pytest.raises(ContentError):
        quixbugs.read(tmp_path / "python_programs")


# ---- asserts, read and never run -------------------------------------------------------------------------------------


def test_asserts_that_are_a_call_and_its_value_are_read() -> None:
    tests, missed = asserted(
        "def check(candidate):\n"
        "    assert candidate([1, 2], 'a') == (1, None)\n"
        "    assert candidate(1) is True, 'why'\n"
        "    assert candidate(-1.5)\n"
        "    assert not candidate({'a': 1})\n"
        "    assert abs(candidate(3) - 1.33) < 1e-3\n"
        "    assert True, 'filler'\n"
        "    assert candidate(open('/etc/passwd')) == 1\n"
        "    assert candidate(x=1) == 1\n"
        "    assert other(1) == 1\n"
        "    for n in range(3):\n        assert candidate(n) == n\n",
        "candidate",
    )
    assert [(test.args, test.expect) for test in tests] == [
        ([[1, 2], "a"], (1, None)), ([1], True), ([-1.5], True), ([{"a": 1}], False), ([3], 1.33),
    ]  # fmt: skip
    assert tests[4].compare is not None
    assert tests[4].compare.abs == 1e-3
    assert missed == 4
    assert asserted("def broken(", "candidate") == ([], 0)


def test_suites_come_in(data: Path, grader: Grader, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    functions = from_tasks(load_suite("functions", settings=settings).tasks[:4])
    assert len(functions.problems) == 4
    with_bugs(functions, grader)
    humaneval = bring("humaneval", data / "bench" / "humaneval" / "HumanEval.jsonl.gz", None, settings)
    assert len(humaneval.problems) >= 130
    assert humaneval.problems[0].statement.startswith("```python\n")
    for found in (*functions.problems, *humaneval.problems[:6]):
        for language, sources in found.languages.items():
            report = grader.check(found, language, sources.solution)
            assert report.verdict == "pass", (found.id, report.message)
    with pytest.raises(UnknownName, match="humanevol"):
        bring("humanevol", None, None, settings)


def test_the_command_brings_a_suite_in_and_says_what_was_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exercise(tmp_path / "data")
    out = tmp_path / "out"
    assert run(["gym", "import", "exercism", str(tmp_path / "data"), "--output", str(out)]) == 0
    said = capsys.readouterr()
    assert "1 problem in" in said.out
    assert "no solution was found" in said.err
    assert Library(out).problem("double-it").title == "Double it"
    assert run(["gym", "import", "quixbugs", "--output", str(out)]) == 2
    assert "needs a path" in capsys.readouterr().err


def test_whole_programs_go_out_and_come_in() -> None:
    given = whole("stdio", '- {id: a, name: n, stdin: "1\\n2\\n", stdout: "3\\n"}', "print(3)\n", "console.log(3)\n")
    assert Document(problem_text(given), "x.yaml").record(Problem) == given
