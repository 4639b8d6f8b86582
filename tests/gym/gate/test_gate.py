"""Whole courses at the gate; what ships passes.

The mutants of all shipped problems take minutes, so by default only a small share of the problems is tried with them;
ASSAY_TEST_LONG=1 tries all.
"""

import json
import os
import sys
from pathlib import Path

import pytest

from assay.cli import run
from assay.gym.gate import check_path
from assay.gym.library import COURSES, read_shelf
from assay.gym.records.problems import Problem
from assay.pipeline.sandbox import Sandbox
from tests.gym.made import ABOVE
from tests.gym.test_library import CONCEPTS, COURSE

LONG = "ASSAY_TEST_LONG" in os.environ
SHARE = 20
"""One problem of so many is tried with mutants by default: those whose version says so, so others come with each change."""


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


def test_a_note_whose_example_prints_something_else_is_told_at_its_place(gym_sandbox: Sandbox, course: Path) -> None:
    (course / "concepts.yaml").write_text(CONCEPTS.replace('prints: "[1]"', 'prints: "[2]"'))
    (fault,) = check_path(course, gym_sandbox, 2, mutated=lambda _: False).faults
    assert fault.place.startswith(f"{course / 'concepts.yaml'}:3:")
    assert "prints '[1]', not '[2]'" in fault.message


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


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("problems/above.yaml", "minutes: 5", "minutes: soon"),
        ("problems/above.yaml", "id: above", "id: other"),
        ("concepts.yaml", "note: Many", "nte: Many"),
        ("lessons/lists.md", "", None),
    ],
    ids=["a problem", "a problem's id", "the concepts", "a lesson"],
)
def test_what_follows_from_a_file_that_cannot_be_read_is_no_second_fault(
    gym_sandbox: Sandbox, course: Path, file: str, old: str, new: str | None
) -> None:
    (course / "problems" / "first.yaml").write_text(ABOVE.replace("id: above", "id: first") + "after: {next: above}\n")
    (course / "course.yaml").write_text(COURSE.replace("[above]", "[first, above]"))
    whole = (course / file).read_text()
    (course / file).unlink() if new is None else (course / file).write_text(whole.replace(old, new, 1))
    (fault,) = check_path(course, gym_sandbox, 2, mutated=lambda _: False).faults
    assert fault.rule == "reading"


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
    (course / "lessons" / "lists.md").unlink()
    file.write_text(ABOVE)
    assert run(["gym", "check", str(course), "--no-mutants"]) == 1
    out = capsys.readouterr().out
    assert "1 of 1 problems pass the gate; the course around them does not (" in out
    assert out.endswith("1 fault.\n")
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
    assert "✗ Hidden test 6" in out
    assert out.endswith("\n4 of the first 6 tests pass. It stopped there: the other 10 were not run.\n")
    program.write_text("def above(numbers, limit):\n    return [n for n in numbers if n > limit]\n")
    assert run(["gym", "solve", "above", str(program), "--courses", str(course), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["verdict"] == "pass"
    assert run(["gym", "list", "--courses", str(course)]) == 0
    assert "above" in capsys.readouterr().out


def _tried(problem: Problem) -> bool:
    from assay.gym.library import version_of

    return LONG or int(version_of(problem), 16) % SHARE == 0


def test_every_shipped_problem_passes_the_gate(gym_sandbox: Sandbox) -> None:
    found = check_path(COURSES, gym_sandbox, 2, mutated=_tried)
    sys.stdout.write(f"{sum(one.mutants for one in found.problems)} mutants tried\n")
    assert [f"{fault.place}: {fault.message}" for fault in found.faults] == []
    assert len(found.problems) == len(read_shelf(COURSES).problems)
