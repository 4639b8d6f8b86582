"""No wrong program passes, no right one fails: the cheats and the honest programs, through every check, on every back end."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from assay.pipeline.checks import grade
from assay.pipeline.checks.answers import encoded
from assay.pipeline.checks.perform import Workbench, run_checks
from assay.pipeline.sandbox.guest import landlock
from assay.records import Asserts, Calls, Case, Limits, Program, Task
from tests.conformance.backends import LONG, NAMES, PROGRAMS, opened

if TYPE_CHECKING:
    from _pytest.mark.structures import ParameterSet

_LIMITS = Limits(wall_s=4, cpu_s=2, memory_mb=256)
_ENDLESS = ("swallows_the_timeout",)
"""Computes until it is ended, and once more alone before that counts: a second of it shows as much as two."""
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
    assert all(map(lambda case: candidate(case[0]) == case[1], [(0, 1), (1, 2), (2, 5)]))
""",
)
_CALLS = Calls(
    entry="answer",
    cases=tuple(
        Case(id=f"c{number}", args=encoded([argument]), expect=encoded(expected))
        for number, (argument, expected) in enumerate([(3, 10), (0, 1), (-7, 50), ([1, 2], [2, 5]), (10, 101), (1, 2)])
    ),
)
TASKS = {
    "asserts": Task(id="t/asserts", suite="t", prompt="", entry="answer", checks=(_ASSERTS,), limits=_LIMITS),
    "calls": Task(id="t/calls", suite="t", prompt="", entry="answer", checks=(_CALLS,), limits=_LIMITS),
}


@pytest.fixture(scope="module", params=NAMES)
def backend(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Workbench]]:
    with opened(request.param, tmp_path_factory.mktemp("home")) as sandbox:
        workbench = Workbench(sandbox)
        yield request.param, workbench
        workbench.close()


def _program(path: Path) -> Program:
    return Program(files={"main.py": path.read_bytes()})


def _programs(folder: str) -> "list[ParameterSet]":
    paths = sorted((PROGRAMS / folder).glob("*.py"))
    return [pytest.param(number, path, id=path.stem) for number, path in enumerate(paths)]


def _tasks(backend: str, number: int) -> list[Task]:
    """Through which checks a back end tries the nth program: the first through all of them; the others, whose guests read
    and answer by the same code, through one in turn; those without namespaces, which have one guest, take turns. Every second
    one on bwrap: its cage is zygote's, which tries all, and it starts an interpreter as those without namespaces do.
    ASSAY_TEST_LONG=1: all through all."""
    if LONG or backend == NAMES[0]:
        return list(TASKS.values())
    if backend == "bwrap" and number % 2 and landlock.abi():
        pytest.skip(
            "in such a cage with zygote, in such an interpreter without namespaces; here too where ASSAY_TEST_LONG is set"
        )
    if backend in _ONE_GUEST and backend != _ONE_GUEST[number % len(_ONE_GUEST)]:
        pytest.skip(f"tried with {_ONE_GUEST[number % len(_ONE_GUEST)]}; with both where ASSAY_TEST_LONG is set")
    return [list(TASKS.values())[number // 2 % len(TASKS)]]


_ONE_GUEST = ("landlock", "local") if os.geteuid() == 0 else ()  # `opened` refuses local to others


@pytest.mark.parametrize(("number", "path"), _programs("cheats"))
def test_a_program_that_cheats_does_not_pass(backend: tuple[str, Workbench], number: int, path: Path) -> None:
    name, bench = backend
    program = _program(path)
    for task in _tasks(name, number):
        if path.stem in _ENDLESS:
            task = task.model_copy(update={"limits": _LIMITS.model_copy(update={"cpu_s": 1})})
        report = grade(task, program, run_checks(bench, task, program))
        assert report.status in ("wrong", "exception", "timeout", "oom"), (task.id, report)
        assert report.message


@pytest.mark.parametrize(("number", "path"), _programs("honest"))
def test_a_right_program_passes_whatever_its_habits(backend: tuple[str, Workbench], number: int, path: Path) -> None:
    name, bench = backend
    program = _program(path)
    for task in _tasks(name, number):
        report = grade(task, program, run_checks(bench, task, program))
        assert report.status == "pass", (task.id, report)
        assert report.integrity == ("proxy" if task is TASKS["asserts"] else "outside")


def test_a_test_process_outlives_ten_cheats_in_a_row(backend: tuple[str, Workbench]) -> None:
    _, bench = backend
    honest = _program(PROGRAMS / "honest" / "plain.py")
    cheat = _program(PROGRAMS / "cheats" / "forged_frames.py")
    task = TASKS["asserts"]
    for _ in range(10):
        assert grade(task, cheat, run_checks(bench, task, cheat)).status != "pass"
        assert grade(task, honest, run_checks(bench, task, honest)).status == "pass"
