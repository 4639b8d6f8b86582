"""Alternatives and misconceptions do in the sandbox what they should."""

from assay.pipeline.sandbox import Sandbox
from tests.gym.gate.held import gate
from tests.gym.made import ABOVE

EDGE = ABOVE.partition("misconceptions:")[2]


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
