"""No wrong program passes, no right one fails: the cheats and the honest programs, through every check, on every back end."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from assay.pipeline.checks import grade
from assay.pipeline.checks.perform import Workbench, run_checks
from assay.pipeline.sandbox.guest.values import encode
from assay.records import Asserts, Calls, Case, Limits, Program, Task
from tests.conformance.backends import NAMES, PROGRAMS, opened

if TYPE_CHECKING:
    from _pytest.mark.structures import ParameterSet

LONG = "ASSAY_TEST_LONG" in os.environ
_LIMITS = Limits(wall_s=4, cpu_s=2, memory_mb=256)
_ASSERTS = Asserts(
    entry="answer",
    minimum_calls=3,
    source="""
def check(candidate):
    assert candidate(3) == 10
    assert candidate(0) == 1
    assert candidate(-7) == 50, "negative"
    assert candidate([1, 2]) == [2, 5]
    assert not candidate(2) != 5
    assert abs(candidate(10) - 101) < 1e-6
""",
)
_CALLS = Calls(
    entry="answer",
    cases=tuple(
        Case(id=f"c{number}", args=encode([argument]), expect=encode(expected))
        for number, (argument, expected) in enumerate([(3, 10), (0, 1), (-7, 50), ([1, 2], [2, 5]), (10, 101)])
    ),
)
TASKS = {
    "asserts": Task(id="t/asserts", suite="t", prompt="", entry="answer", checks=(_ASSERTS,), limits=_LIMITS),
    "calls": Task(id="t/calls", suite="t", prompt="", entry="answer", checks=(_CALLS,), limits=_LIMITS),
}


@pytest.fixture(scope="module", params=NAMES)
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    with opened(request.param, tmp_path_factory.mktemp("home")) as sandbox:
        workbench = Workbench(sandbox)
        yield workbench
        workbench.close()


def _program(path: Path) -> Program:
    return Program(files={"main.py": path.read_bytes()})


def _tried(folder: str) -> "list[ParameterSet]":
    """Each program on each back end: on the first through both checks, on the others, whose guests read and answer
    by the same code, through one in turn. ASSAY_TEST_LONG=1: through both everywhere."""
    paths = sorted((PROGRAMS / folder).glob("*.py"))
    return [
        pytest.param(backend, path, check, id=f"{backend}-{path.stem}-{check}")
        for at, backend in enumerate(NAMES)
        for number, path in enumerate(paths)
        for nth, check in enumerate(TASKS)
        if LONG or at == 0 or (number + at) % len(TASKS) == nth
    ]


@pytest.mark.parametrize(("bench", "path", "check"), _tried("cheats"), indirect=["bench"], scope="module")
def test_a_program_that_cheats_does_not_pass(bench: Workbench, path: Path, check: str) -> None:
    program = _program(path)
    report = grade(TASKS[check], program, run_checks(bench, TASKS[check], program))
    assert report.status in ("wrong", "exception", "timeout", "oom"), report
    assert report.message


@pytest.mark.parametrize(("bench", "path", "check"), _tried("honest"), indirect=["bench"], scope="module")
def test_a_right_program_passes_whatever_its_habits(bench: Workbench, path: Path, check: str) -> None:
    program = _program(path)
    report = grade(TASKS[check], program, run_checks(bench, TASKS[check], program))
    assert report.status == "pass", report
    assert report.integrity == ("proxy" if check == "asserts" else "outside")


def test_a_test_process_outlives_ten_cheats_in_a_row(bench: Workbench) -> None:
    honest = _program(PROGRAMS / "honest" / "plain.py")
    cheat = _program(PROGRAMS / "cheats" / "forged_frames.py")
    task = TASKS["asserts"]
    for _ in range(10):
        assert grade(task, cheat, run_checks(bench, task, cheat)).status != "pass"
        assert grade(task, honest, run_checks(bench, task, honest)).status == "pass"
