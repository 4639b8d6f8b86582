"""Problems as the road's tasks, and random inputs that are always the same."""

import pytest

from assay.errors import AssayError
from assay.gym.generated import inputs, refused
from assay.gym.tasks import encoded, every_case, program, sheet
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


def test_generated_tests_are_always_the_same_differ_and_keep_to_the_schema() -> None:
    chosen = problem()
    made = [test for test in every_case(chosen, "python") if test.id.startswith("g")]
    assert made == [test for test in every_case(chosen, "python") if test.id.startswith("g")]
    assert len({encoded(test.args) for test in made}) == len(made) == 10
    assert all(refused(chosen, test.args) == "" for test in made)
    assert made[0].args == [[], 0]
    assert [test.args for test in made] != [test.args for test in every_case(chosen, "python", 99)[len(chosen.tests) :]]
    written = [encoded(list(test.args)) for test in chosen.tests]
    assert not any(encoded(test.args) in written for test in made)


RICH = """\
{text: {type: string, minLength: 1, maxLength: 3, letters: ab}, pick: {type: string, enum: [x, y]}, price: {type: number, minimum: 0, maximum: 2},
 yes: boolean, nothing: {type: 'null'}, things: {type: object, properties: {name: string, sizes: {type: array, items: integer, uniqueItems: true, minItems: 2, maxItems: 3}}}, more: any}"""


def test_every_kind_of_value_can_be_drawn_and_is_taken() -> None:
    chosen = problem(input_schema=RICH.replace("\n", ""), generated="{count: 40}")
    made = inputs(chosen, 5, 40)
    assert len(made) == 40
    for arguments in made:
        assert refused(chosen, arguments) == ""
    things = [arguments[5] for arguments in made]
    assert all(len(set(thing["sizes"])) == len(thing["sizes"]) in (2, 3) for thing in things)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("not a list", "should be a list"),
        ([[]], "2 arguments are needed"),
        ([[], 1.5], "limit should be a whole number"),
        ([[], True], "limit should be a whole number"),
        ([[], 99], "limit should be at most 9"),
        ([[], -99], "limit should be at least -9"),
        ([[1] * 7, 0], "numbers should have at most 6 items"),
        ([["a"], 0], "numbers holds an item that should be a whole number"),
        ([{}, 0], "numbers should be a list"),
        ([[], float("nan")], "limit should be a whole number"),
    ],
)
def test_inputs_that_the_schema_does_not_allow_are_refused_with_the_reason(given: object, said: str) -> None:
    assert said in refused(problem(), given)


def test_a_schema_with_few_inputs_gives_no_more_than_there_are() -> None:
    chosen = problem(
        input_schema="{numbers: {type: array, maxItems: 0}, limit: {type: integer, minimum: 0, maximum: 2}}"
    )
    assert len(inputs(chosen, 1, 50)) == 3


def test_a_program_brings_its_runner_and_javascript_alone_needs_none() -> None:
    made = program("python", "x = '\ud800'", "calls", Limits(), entry="above")
    assert sorted(made.files) == ["assay_runner.py", "main.py", "start.py"]
    assert made.files["main.py"] == b"x = '?'"
    assert sorted(program("javascript", "", "program", Limits()).files) == ["main.js"]
