"""Courses go out into files and come in again as they were."""

from pathlib import Path
from typing import Any

import pytest

from assay.cli import run
from assay.content import Document
from assay.errors import AssayError
from assay.gym.importing.brought import Brought
from assay.gym.library import COURSES, Library, read_shelf
from assay.gym.records.problems import Problem
from assay.gym.writing import courses_text, flow, problem_text, write_course
from assay.pipeline.sandbox.guest.values import UNDEFINED
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
    write_course(Brought([problem()]).course("small", "Small", "python"), tmp_path / "small")
    folder, file = str(tmp_path / "small"), tmp_path / "config.yaml"
    assert run(["gym", "export", folder, "--output", str(file)]) == 0
    assert run(["gym", "export", folder, "--output", str(file)]) == 2
    assert run(["gym", "import", "course", str(file), "--output", str(tmp_path / "new")]) == 0
    assert run(["gym", "import", "course", str(file), "--output", str(tmp_path / "new")]) == 2
    assert "is not empty" in capsys.readouterr().err
    assert run(["gym", "export", folder, "--output", str(tmp_path / "no" / "file.yaml")]) == 2
    assert "cannot be written" in capsys.readouterr().err
    assert read_shelf(tmp_path / "new").versions == read_shelf(tmp_path / "small").versions != {}


def test_whole_programs_go_out_and_come_in() -> None:
    given = whole("stdio", '- {id: a, name: n, stdin: "1\\n2\\n", stdout: "3\\n"}', "print(3)\n", "console.log(3)\n")
    assert Document(problem_text(given), "x.yaml").record(Problem) == given
