"""Mutants of the references: who survives is told, who does the same counts neither way."""

import re

from assay.pipeline.sandbox import Sandbox
from tests.gym.gate.held import gate
from tests.gym.made import ABOVE


def test_the_made_problem_passes_with_all_its_mutants(gym_sandbox: Sandbox) -> None:
    found = gate(gym_sandbox, mutated=True)
    assert found.faults == ()
    (checked,) = found.problems
    assert checked.passed
    assert checked.mutants >= 4
    assert checked.survivors == ()


def test_tests_that_hardly_look_let_mutants_live(gym_sandbox: Sandbox) -> None:
    weak = "[{id: t1, name: a, args: [[], 0], expect: []}, {id: t2, name: b, args: [[], 1], expect: []}, {id: h1, visibility: hidden, args: [[], 2], expect: []}, {id: h2, visibility: hidden, args: [[], 3], expect: []}]"
    found = gate(gym_sandbox, changes={"tests": weak, "generated": "", "misconceptions": ""}, mutated=True)
    (fault,) = found.faults
    assert fault.rule == "mutants"
    assert re.search(r"\d+ of \d+ mutants survive; at most 5% may", fault.message)
    assert "number > limit" in fault.message


def test_a_mutant_that_does_the_same_counts_neither_way(gym_sandbox: Sandbox) -> None:
    biggest = ABOVE.replace(
        "return [number for number in numbers if number > limit]", "return [n for n in numbers if n >= limit + 1]", 1
    )
    same = "          if len(numbers) > 99:\n              return []\n          return [n"
    found = gate(gym_sandbox, biggest.replace("          return [n", same, 1), mutated=True)
    assert found.faults == ()
    assert found.problems[0].alike >= 2
