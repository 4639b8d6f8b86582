"""The gate: each rule refuses what breaks it, with its place; what ships passes.

The mutants of all shipped problems take minutes, so by default only a small share of the problems is tried with them;
ASSAY_TEST_LONG=1 tries all.
"""

import json
import os
import re
import sys
from pathlib import Path

import pytest

from assay.cli import run
from assay.gym.gate import check_path, check_problem
from assay.gym.gate.inspection import Gate
from assay.gym.library import COURSES, read_shelf
from assay.gym.meeting import meets
from assay.gym.records import FullReport, Problem, When
from assay.pipeline.sandbox import Sandbox
from tests.gym.made import ABOVE, made
from tests.gym.test_library import CONCEPTS, COURSE

LONG = "ASSAY_TEST_LONG" in os.environ
SHARE = 10
"""One problem of so many is tried with mutants by default: those whose version says so, so others come with each change."""


def gate(sandbox: Sandbox, text: str = ABOVE, changes: dict[str, str] | None = None, mutated: bool = False) -> Gate:
    problem, source = made(text, **(changes or {}))
    return check_problem(problem, source, sandbox, 2, mutated=mutated)


def test_the_made_problem_passes_with_all_its_mutants(gym_sandbox: Sandbox) -> None:
    found = gate(gym_sandbox, mutated=True)
    assert found.faults == ()
    (checked,) = found.problems
    assert checked.passed
    assert checked.mutants >= 4
    assert checked.survivors == ()


EDGE = ABOVE.partition("misconceptions:")[2]
RULES: list[tuple[str, dict[str, str], str, str]] = [
    ("two public tests", {"tests": "[{id: t1, name: a, args: [[], 0], expect: []}]", "misconceptions": ""}, "tests", "2 public tests are needed, there are 1"),
    ("hidden tests", {"tests": "[{id: t1, name: a, args: [[], 0], expect: []}, {id: t2, name: b, args: [[1], 0], expect: [1]}]", "misconceptions": ""}, "tests", "2 hidden tests are needed, there are 0"),
    ("generated without schema", {"input_schema": ""}, "generated", "generated tests need an input_schema"),
    ("other number of arguments", {"input_schema": "{numbers: {type: array, items: integer}}"}, "tests", "it has 2 arguments, the input_schema 1"),
    ("no next", {"hints": "[{level: 1, kind: concept, text: Go on.}]\nafter: {next: above}"}, "next", "its own next"),
    ("hint levels", {"hints": "[{level: 2, kind: concept, text: Go on.}]"}, "hints", "from level 1 upwards"),
    ("hint leaks", {"hints": '[{level: 1, kind: concept, text: "Write `return [number for number in numbers if number > limit]`."}]'}, "leak", "a hint must not do this"),
    ("pattern", {"hints": "[{level: 1, kind: concept, text: Go on.}]\ndisallow: [{python_ast: Nonsense, message: No.}]"}, "patterns", "no node 'Nonsense'"),
    ("disallowed reference", {"hints": "[{level: 1, kind: concept, text: Go on.}]\ndisallow: [{python_ast: ListComp, message: No list here.}]"}, "reference", "No list here."),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "rule", "said"), [case[1:] for case in RULES], ids=[case[0] for case in RULES])
def test_each_rule_refuses_what_breaks_it(gym_sandbox: Sandbox, changes: dict[str, str], rule: str, said: str) -> None:
    found = gate(gym_sandbox, changes=changes)
    fault = next(fault for fault in found.faults if fault.rule == rule)
    assert said in fault.message
    assert re.match(r"made\.yaml:\d+:\d+$", fault.place)
    assert not found.passed
    assert not found.problems[0].passed


REPLACED: list[tuple[str, str, str, str, str]] = [
    ("unnamed", "name: keeps larger ones, ", "", "names", "a public test needs a name"),
    ("expects nothing", "args: [[3, 1, 4], 2], expect: [3, 4]", "args: [[3, 1, 4], 2]", "tests", "either `expect` or `raises`"),
    ("wrong kind of test", "args: [[3, 1, 4], 2], expect: [3, 4]", "stdin: x, stdout: y", "tests", "has no 'stdin'"),
    ("twice", "id: t2,", "id: t1,", "tests", "a second test is called 't1'"),
    ("entry", "    entry: above\n    starter: |\n      def", "    starter: |\n      def", "entry", "needs an entry"),
    ("raises in one language", "expect: [3]}", "raises: {python: ValueError}}", "tests", "does not say what in javascript"),
    ("wrong reference", "numbers if number > limit", "numbers if number >= limit", "reference", "above([2, 3], 2) should give '[3]', gave '[2, 3]'"),
    ("random reference", "          return [number for", "          print(__import__('random').random(), id(object()), __import__('time').time())\n          return [number for", "agreement", "two runs"),
    ("passing starter", "          ...\n", "          return [n for n in numbers if n > limit]\n", "starter", "the starter passes"),
    ("broken starter", "          ...\n", "          return [\n", "starter", "cannot be read"),
    ("example passes", "if number >= limit", "if number > limit", "misconceptions", "'edge' passes"),
    ("example breaks another way", "if number >= limit", "if number < limit", "misconceptions", "does not match its own rule: it ends with wrong and does not pass t1, t2"),
    ("unknown test", "fails: [t2]", "fails: [t9]", "misconceptions", "there is no test 't9'"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "rule", "said"), [case[1:] for case in REPLACED], ids=[case[0] for case in REPLACED]
)
def test_what_does_not_hold_is_told_with_its_place(
    gym_sandbox: Sandbox, old: str, new: str, rule: str, said: str
) -> None:
    assert old in ABOVE
    found = gate(gym_sandbox, ABOVE.replace(old, new, 1))
    messages = [fault.message for fault in found.faults if fault.rule == rule]
    assert any(said in message for message in messages), found.faults


def test_alternatives_must_pass_generated_tests_included(gym_sandbox: Sandbox) -> None:
    other = "    alternatives:\n      - |\n        def above(numbers, limit):\n            return [n for n in numbers if n > limit][:3]\n  javascript:"
    found = gate(gym_sandbox, ABOVE.replace("  javascript:", other, 1))
    (fault,) = found.faults
    assert fault.rule == "alternatives"
    assert "alternative 1 does not pass: wrong in g" in fault.message


def test_an_example_that_an_earlier_rule_takes_is_told(gym_sandbox: Sandbox) -> None:
    second = ABOVE + EDGE.replace("id: edge", "id: second").replace("fails: [t2], passes: [t1]", "fails: [t2]")
    found = gate(gym_sandbox, second)
    (fault,) = found.faults
    assert "the example of 'second' matches the earlier 'edge' too" in fault.message


def test_tests_that_hardly_look_let_mutants_live(gym_sandbox: Sandbox) -> None:
    weak = "[{id: t1, name: a, args: [[], 0], expect: []}, {id: t2, name: b, args: [[], 1], expect: []}, {id: h1, visibility: hidden, args: [[], 2], expect: []}, {id: h2, visibility: hidden, args: [[], 3], expect: []}]"
    found = gate(gym_sandbox, changes={"tests": weak, "generated": "", "misconceptions": ""}, mutated=True)
    (fault,) = found.faults
    assert fault.rule == "mutants"
    assert re.search(r"\d+ of \d+ mutants survive; at most 5% may", fault.message)
    assert "number > limit" in fault.message


def test_a_mutant_that_does_the_same_counts_neither_way(gym_sandbox: Sandbox) -> None:
    biggest = ABOVE.replace(
        "return [number for number in numbers if number > limit]", "return [n for n in numbers if n >= limit + 1]", 1
    )
    same = "          if len(numbers) > 99:\n              return []\n          return [n"
    found = gate(gym_sandbox, biggest.replace("          return [n", same, 1), mutated=True)
    assert found.faults == ()
    assert found.problems[0].alike >= 2


# ---- whole courses ---------------------------------------------------------------------------------------------------


@pytest.fixture
def course(tmp_path: Path) -> Path:
    for name in ("problems", "lessons"):
        (tmp_path / "small" / name).mkdir(parents=True)
    folder = tmp_path / "small"
    (folder / "course.yaml").write_text(COURSE)
    (folder / "concepts.yaml").write_text(CONCEPTS)
    (folder / "lessons" / "lists.md").write_text("# Lists\n\n```python\nprint([1][0])\n```\n")
    (folder / "problems" / "above.yaml").write_text(ABOVE)
    return folder


def test_a_course_passes(gym_sandbox: Sandbox, course: Path) -> None:
    told: list[str] = []
    found = check_path(course, gym_sandbox, 2, mutated=lambda _: False, progress=lambda step, *_: told.append(step))
    assert found.faults == ()
    assert set(told) == {"examples", "generated tests", "programs"}


def test_what_is_taught_later_or_never_is_no_prerequisite(gym_sandbox: Sandbox, course: Path) -> None:
    later = "  - {id: more, title: More, summary: More., teaches: [loops], problems: []}\n"
    (course / "course.yaml").write_text(COURSE + later)
    (course / "lessons" / "more.md").write_text("More.")
    loops = "  - {id: loops, title: Loops, note: Again., example: 'print(1)', prints: '2'}\n"
    (course / "concepts.yaml").write_text(CONCEPTS + loops)
    (course / "problems" / "above.yaml").write_text(
        ABOVE.replace("concepts: [lists]", "concepts: [lists]\nprerequisites: [loops, sets]")
    )
    said = [
        f"{fault.rule}: {fault.message}" for fault in check_path(course, gym_sandbox, 2, mutated=lambda _: False).faults
    ]
    assert "prerequisites: 'loops' is taught in a later topic of small" in said
    assert "prerequisites: 'sets' is taught in no topic of small" in said
    assert "examples: the example of the concept 'loops' prints '1', not '2'" in said


def test_a_lesson_whose_code_does_not_run_is_told(gym_sandbox: Sandbox, course: Path) -> None:
    (course / "lessons" / "lists.md").write_text("# Lists\n\n```python\nprint(nothing)\n```\n")
    (fault,) = check_path(course, gym_sandbox, 2, mutated=lambda _: False).faults
    assert "code block 1 of the lesson 'lists' does not run" in fault.message
    assert "NameError" in fault.message


def test_every_mistake_in_reading_is_told_at_once_and_the_rest_is_checked(gym_sandbox: Sandbox, course: Path) -> None:
    (course / "problems" / "broken.yaml").write_text(ABOVE.replace("minutes: 5", "minutes: soon"))
    (course / "problems" / "lost.yaml").write_text(ABOVE.replace("id: above", "id: lost"))
    found = check_path(course, gym_sandbox, 2, mutated=lambda _: False)
    assert sorted(Path(fault.place.split(":")[0]).name for fault in found.faults) == ["broken.yaml", "lost.yaml"]
    assert [problem.problem for problem in found.problems] == ["above"]
    assert check_path(course, gym_sandbox, 2, only=["above"], mutated=lambda _: False).passed


def test_the_command_prints_faults_and_ends_with_1(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = course / "problems" / "above.yaml"
    assert run(["gym", "check", str(file), "--no-mutants"]) == 0
    assert "1 of 1 problems pass the gate" in capsys.readouterr().out
    file.write_text(ABOVE.replace("name: keeps larger ones, ", ""))
    assert run(["gym", "check", str(course), "--problem", "above", "--no-mutants"]) == 1
    out = capsys.readouterr().out
    assert f"{file}:31:5: names: a public test needs a name" in out
    assert "1 fault." in out
    assert run(["gym", "check", str(course), "--no-mutants", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["faults"][0]["rule"] == "names"
    assert run(["gym", "check", str(course), "--problem", "abov", "--no-mutants"]) == 2
    assert "Did you mean above?" in capsys.readouterr().err


def test_a_program_is_graded_from_the_command_line(
    course: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = tmp_path / "mine.py"
    program.write_text("def above(numbers, limit):\n    return [n for n in numbers if n >= limit]\n")
    assert run(["gym", "solve", "above", str(program), "--courses", str(course)]) == 1
    out = capsys.readouterr().out
    assert "✗ leaves out the limit" in out
    assert "expected: [3]" in out
    program.write_text("def above(numbers, limit):\n    return [n for n in numbers if n > limit]\n")
    assert run(["gym", "solve", "above", str(program), "--courses", str(course), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["verdict"] == "pass"
    assert run(["gym", "list", "--courses", str(course)]) == 0
    assert "above" in capsys.readouterr().out


def test_a_misconception_is_met_when_all_of_its_rule_holds() -> None:
    report = FullReport(problem="p", language="python", verdict="exception", error_type="KeyError")
    assert meets(When(error="KeyError"), report, "python", "x = 1")
    assert not meets(When(error="KeyError", fails=("t1",)), report, "python", "x = 1")
    assert meets(When(error="KeyError", python_ast="Assign"), report, "python", "x = 1")
    assert not meets(When(error="KeyError", python_ast="For"), report, "python", "x = 1")
    assert not meets(When(javascript_ast="for_statement"), report, "python", "x = 1")
    assert not meets(When(error="KeyError"), report.model_copy(update={"verdict": "pass"}), "python", "x = 1")


# ---- what ships ------------------------------------------------------------------------------------------------------


def _tried(problem: Problem) -> bool:
    from assay.gym.library import version_of

    return LONG or int(version_of(problem), 16) % SHARE == 0


def test_every_shipped_problem_passes_the_gate(gym_sandbox: Sandbox) -> None:
    found = check_path(COURSES, gym_sandbox, 2, mutated=_tried)
    sys.stdout.write(f"{sum(one.mutants for one in found.problems)} mutants tried\n")
    assert [f"{fault.place}: {fault.message}" for fault in found.faults] == []
    assert len(found.problems) == len(read_shelf(COURSES).problems)
