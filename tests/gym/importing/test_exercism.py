"""Exercism's data come in, and what lacks is told."""

from pathlib import Path

import pytest

from assay.errors import ContentError
from assay.gym.gate import check_path
from assay.gym.importing import exercism
from assay.gym.writing import write_course
from assay.pipeline.sandbox import Sandbox
from tests.gym.importing.exercises import exercise

DOUBLE = "def double_it(some_number):\n    if some_number < 0:\n        raise ValueError('too small')\n    return some_number * 2\n"


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
