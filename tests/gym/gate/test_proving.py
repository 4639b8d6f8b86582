"""Solutions, alternatives and misconceptions do in the sandbox what they should."""

import json

import pytest

from assay.pipeline.sandbox import Sandbox
from tests.gym.gate.held import gate
from tests.gym.made import ABOVE

EDGE = ABOVE.partition("misconceptions:")[2]
T2 = "args: [[2, 3], 2], expect: [3]"
SLIPS = [
    (T2, "args: [[2, 3], 2], expect: [4]", "expect: [4]", "wrong in t2: above([2, 3], 2) should give [4], gave [3]."),
    (T2, "args: [[2, x], 2], expect: [3]", "args: [[2, x]", "exception in t2: above([2, 'x'], 2) should give [3]. Line 2: "),
    (T2, "args: [[2, 3], 2], raises: {python: ValueError, javascript: RangeError}", "raises: ", "ValueError should be raised here"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "at", "said"), SLIPS, ids=["expect", "args", "raises"])
def test_a_test_that_every_solution_fails_is_the_one_fault_and_placed_there(
    gym_sandbox: Sandbox, old: str, new: str, at: str, said: str
) -> None:
    text = ABOVE.replace(old, new)
    (fault,) = gate(gym_sandbox, text).faults
    line = next(line for line in text.splitlines() if at in line)
    column = line.index(at) + len(at.partition(" ")[0]) + 2
    assert fault.place == f"made.yaml:{text.splitlines().index(line) + 1}:{column}"
    assert fault.message.startswith("the solution does not pass in python and javascript: ")
    assert said in fault.message
    assert fault.help == "Mend the test, or the solution: made.yaml:14:15, made.yaml:22:15"


def test_a_solution_that_fails_where_the_other_language_passes_is_placed_itself(gym_sandbox: Sandbox) -> None:
    (fault,) = gate(gym_sandbox, ABOVE.replace("numbers if number > limit", "numbers if number >= limit", 1)).faults
    assert fault.place == "made.yaml:14:15"
    assert "wrong in t2: above([2, 3], 2) should give [3], gave [2, 3]." in fault.message


def test_a_solution_whose_time_is_up_is_said_to_give_nothing(gym_sandbox: Sandbox) -> None:
    endless = "while True:\n              pass\n"
    (fault,) = gate(
        gym_sandbox, ABOVE.replace("return [number for number in numbers if number > limit]\n", endless, 1)
    ).faults
    assert fault.place == "made.yaml:14:15"
    assert "timeout in t1: above([3, 1, 4], 2) should give [3, 4]. Time is up: " in fault.message


def test_an_entry_that_the_solution_does_not_have_is_told_at_the_entry(gym_sandbox: Sandbox) -> None:
    (fault,) = gate(gym_sandbox, ABOVE.replace("entry: above", "entry: abvoe", 1)).faults
    assert (fault.place, fault.rule) == ("made.yaml:10:12", "entry")
    assert (fault.message, fault.help) == ("the solution has no 'abvoe'", "Did you mean above?")


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


def test_an_input_of_several_lines_is_told_in_one(gym_sandbox: Sandbox) -> None:
    python = json.dumps("print(input() + input())\n")
    tests = "".join(f'{{id: t{n}, name: a, stdin: "{n}\\n1\\n", stdout: "{n}1"}}, ' for n in range(1, 4))
    slip = '{id: s1, name: b, stdin: "a\\nb\\n", stdout: abc, visibility: hidden}'
    text = ABOVE.partition("languages:")[0] + (
        f"languages: {{python: {{starter: '', solution: {python}}}}}\ngrading: {{kind: stdio}}\n"
        f"tests: [{tests}{slip}]\nhints: [{{level: 1, kind: concept, text: Read twice.}}]\n"
    )
    fault = next(fault for fault in gate(gym_sandbox, text).faults if fault.rule == "reference")
    assert "wrong in s1: 'a\\nb\\n' should give abc, gave 'ab\\n'." in fault.message
