"""Each rule refuses what breaks it, with its place."""

import re

import pytest

from assay.pipeline.sandbox import Sandbox
from tests.gym.gate.held import gate
from tests.gym.made import ABOVE

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
    ("wrong reference", "numbers if number > limit", "numbers if number >= limit", "reference", "above([2, 3], 2) should give [3], gave [2, 3]."),
    ("random reference", "          return [number for", "          print(__import__('random').random(), id(object()), __import__('time').time())\n          return [number for", "agreement", "two runs"),
    ("passing starter", "          ...\n", "          return [n for n in numbers if n > limit]\n", "starter", "the starter passes"),
    ("broken starter", "          ...\n", "          return [\n", "starter", "cannot be read"),
    ("example passes", "if number >= limit", "if number > limit", "misconceptions", "'edge' passes"),
    ("example breaks another way", "if number >= limit", "if number < limit", "misconceptions", "does not match its own rule: it ends with wrong and does not pass t1, t2"),
    ("unknown test", "fails: [t2]", "fails: [t9]", "misconceptions", "there is no test 't9'"),
    ("no plain value", "          return [number for number in numbers if number > limit]", "          return [number for number in numbers if number > limit] if limit >= 0 or numbers == [] else object()", "generated", "it gives no plain value to"),
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


def test_a_rule_that_names_no_test_is_one_fault_with_the_tests_in_their_order(gym_sandbox: Sandbox) -> None:
    (fault,) = gate(gym_sandbox, ABOVE.replace("fails: [t2]", "fails: [t9]")).faults
    assert fault.help == "Known: t1, t2, open1, input1, name1, none1."


def test_a_solution_that_cannot_be_read_is_the_one_fault_and_its_inputs_are_not_blamed(gym_sandbox: Sandbox) -> None:
    found = gate(gym_sandbox, ABOVE.replace("return [number for number", "return [(number for number", 1))
    assert {fault.rule for fault in found.faults} == {"reference"}
