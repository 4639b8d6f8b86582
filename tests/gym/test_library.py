"""Courses from folders and from one file, read again when they were saved."""

import os
from pathlib import Path

import pytest

from assay.errors import ContentError, UnknownName
from assay.gym import library
from assay.gym.library import COURSES, Library, public_view, read_shelf, version_of
from tests.gym.made import ABOVE, problem

COURSE = """\
schema: assay/course@1
id: small
title: Small
language: python
summary: One topic.
topics:
  - {id: lists, title: Lists, summary: Many values., teaches: [lists], problems: [above]}
"""
CONCEPTS = """\
schema: assay/concepts@1
concepts:
  - {id: lists, title: Lists, note: Many values., example: "print([1])", prints: "[1]"}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    course = tmp_path / "small"
    (course / "problems").mkdir(parents=True)
    (course / "lessons").mkdir()
    (course / "course.yaml").write_text(COURSE)
    (course / "concepts.yaml").write_text(CONCEPTS)
    (course / "lessons" / "lists.md").write_text("# Lists\n")
    (course / "problems" / "above.yaml").write_text(ABOVE)
    return tmp_path


def later(file: Path, text: str) -> None:
    """Saved a moment later, as the file's time tells it."""
    before = file.stat().st_mtime_ns if file.exists() else 0
    file.write_text(text)
    os.utime(file, ns=(before + 10**9, before + 10**9))


def test_a_folder_of_courses_is_read_whole(folder: Path) -> None:
    read = Library(folder)
    (course,) = read.courses()
    assert (course.id, course.topics[0].lesson, course.concepts[0].id) == ("small", "# Lists\n", "lists")
    assert read.problem("above").title == "Only the big ones"
    assert [one.id for one in read.place("above")] == ["small", "lists"]
    assert [one.id for one in read.topic("lists")] == ["small", "lists"]
    assert Library(folder / "small").problem("above") == read.problem("above")


def test_names_that_are_not_there_are_told_with_the_nearest(folder: Path) -> None:
    read = Library(folder)
    with pytest.raises(UnknownName, match="abov"):
        read.problem("abov")
    with pytest.raises(UnknownName):
        read.topic("nothing")
    with pytest.raises(UnknownName):
        read.course("nothing")


def test_what_was_saved_is_read_again_and_the_version_tells(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "_LOOK_EVERY_S", 0)
    read = Library(folder)
    before, problem_before = read.version, read.problem_version("above")
    assert read.problem("above") is read.problem("above")
    later(folder / "small" / "problems" / "above.yaml", ABOVE.replace("Only the big ones", "Another title"))
    assert read.problem("above").title == "Another title"
    assert read.version != before
    assert read.problem_version("above") != problem_before


def test_a_mistake_that_is_saved_changes_nothing_and_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "_LOOK_EVERY_S", 0)
    read = Library(folder)
    version = read.version
    file = folder / "small" / "problems" / "above.yaml"
    later(file, ABOVE.replace("minutes: 5", "minutes: soon"))
    assert read.version == version
    assert read.mistake is not None
    assert "above.yaml:5:10" in read.mistake.place
    later(file, ABOVE)
    assert read.version == version
    assert read.mistake is None


def test_the_first_mistake_has_its_place(folder: Path) -> None:
    (folder / "small" / "problems" / "above.yaml").write_text(ABOVE.replace("kind: concept", "kind: idea"))
    with pytest.raises(ContentError, match=r"above\.yaml:\d+:\d+: kind: \"idea\" is not one of its values"):
        read_shelf(folder)


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("course.yaml", COURSE.replace("[above]", "[above, other]"), r"course\.yaml:7:.* No problem of this course is called 'other'"),
        ("course.yaml", COURSE.replace("[above]", "[]"), r"above\.yaml:2:5: no topic of the course 'small' names"),
        ("course.yaml", COURSE.replace("[above]", "[above, above]"), "stands in two topics"),
        ("course.yaml", COURSE.replace("id: lists", "id: other"), r"there is no lessons/other\.md"),
        ("problems/other.yaml", ABOVE, r"other\.yaml:2:5: the id is 'above' but the file is called other\.yaml"),
    ],
)  # fmt: skip
def test_what_does_not_fit_together_is_told(folder: Path, file: str, text: str, said: str) -> None:
    (folder / "small" / file).write_text(text)
    with pytest.raises(ContentError, match=said):
        read_shelf(folder)
    faults: list[ContentError] = []
    read_shelf(folder, faults)
    assert len(faults) >= 1


def test_an_empty_folder_is_no_library(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match="holds no courses"):
        Library(tmp_path).courses()


def test_a_version_is_the_same_in_every_process_and_changes_with_the_problem() -> None:
    assert version_of(problem()) == version_of(problem())
    assert version_of(problem(title="Another")) != version_of(problem())


def test_the_public_view_holds_nothing_that_gives_the_problem_away() -> None:
    chosen = problem()
    view = public_view(chosen, "python")
    assert [(test.call, test.expected) for test in view.tests] == [
        ("above([3, 1, 4], 2)", "[3, 4]"),
        ("above([2, 3], 2)", "[3]"),
    ]
    assert view.hidden == 14
    told = view.model_dump_json()
    for secret in (
        "7101",
        "7202",
        "7303",
        "7404",
        "Which numbers may stay",
        "Read *above* again",
        "for number in numbers",
    ):
        assert secret not in told


def test_the_shipped_courses_have_public_views_without_their_secrets() -> None:
    shelf = read_shelf(COURSES, [])
    assert shelf.problems
    for chosen in shelf.problems.values():
        for language, sources in chosen.languages.items():
            told = public_view(chosen, language).model_dump_json()
            assert sources.solution not in told
            for hint in chosen.hints:
                assert hint.text not in told
