"""Problems as the road's tasks."""

import pytest

from assay.errors import AssayError
from assay.gym.tasks import program, sheet
from assay.records import Calls, Limits, Stdio
from tests.gym.made import problem, whole


def test_a_call_problem_becomes_calls_with_its_values_encoded() -> None:
    made = sheet(problem(), "python", problem().tests)
    (check,) = made.task.checks
    assert isinstance(check, Calls)
    assert check.arguments_unchanged
    assert (check.cases[0].args, check.cases[0].expect, check.cases[0].public) == ("[[3,1,4],2]", "[3,4]", True)
    assert not check.cases[-1].public
    assert made.task.limits.output_kb == 8


def test_programs_become_stdio_and_scripts_both() -> None:
    tests = "- {id: a, value: x, expect: 1}\n- {id: b, stdout: '1'}"
    script = sheet(whole("script", tests), "python", whole("script", tests).tests)
    assert [type(check) for check in script.task.checks] == [Calls, Stdio]
    only = whole("stdio", "- {id: a, stdin: x, stdout: y}")
    (check,) = sheet(only, "python", only.tests).task.checks
    assert isinstance(check, Stdio)
    assert (check.cases[0].stdin, check.cases[0].exit_code, check.compare.mode) == ("x", 0, "text")


def test_a_language_the_problem_is_not_there_in_is_told() -> None:
    chosen = problem().model_copy(update={"languages": {"python": problem().languages["python"]}})
    with pytest.raises(AssayError, match="cannot be solved in javascript"):
        sheet(chosen, "javascript", chosen.tests)


def test_a_program_brings_its_runner_and_javascript_alone_needs_none() -> None:
    made = program("python", "x = '\ud800'", "calls", Limits(), entry="above")
    assert sorted(made.files) == ["assay_runner.py", "main.py", "start.py"]
    assert made.files["main.py"] == b"x = '?'"
    assert sorted(program("javascript", "", "program", Limits()).files) == ["main.js"]
