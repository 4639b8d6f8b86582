"""Small problems, reports and requests for the gym's tests."""

import json
from textwrap import dedent

from assay.gym.library import Source, read_problem
from assay.gym.records.learners import HelpAnswer, Learner
from assay.gym.records.problems import Problem
from assay.gym.records.results import CaseResult, Graded

ABOVE = """\
schema: assay/problem@1
id: above
title: Only the big ones
difficulty: easy
minutes: 5
concepts: [lists]
statement: Give back the numbers above the limit.
languages:
  python:
    entry: above
    starter: |
      def above(numbers, limit):
          ...
    solution: |
      def above(numbers, limit):
          return [number for number in numbers if number > limit]
  javascript:
    entry: above
    starter: |
      function above(numbers, limit) {
      }
    solution: |
      function above(numbers, limit) {
        return numbers.filter((number) => number > limit);
      }
grading: {check_arguments_unchanged: true, limits: {wall_s: 5, cpu_s: 1, memory_mb: 128, output_kb: 8}}
input_schema:
  numbers: {type: array, items: {type: integer, minimum: -9, maximum: 9}, maxItems: 6}
  limit: {type: integer, minimum: -9, maximum: 9}
tests:
  - {id: t1, name: keeps larger ones, args: [[3, 1, 4], 2], expect: [3, 4]}
  - {id: t2, name: leaves out the limit, args: [[2, 3], 2], expect: [3]}
  - {id: open1, name: one number, visibility: hidden, reveal: full, args: [[7101], 0], expect: [7101]}
  - {id: input1, name: two numbers, visibility: hidden, reveal: input, args: [[7202, -5], 0], expect: [7202]}
  - {id: name1, name: none at all, visibility: hidden, reveal: name, args: [[-7303], 0], expect: []}
  - {id: none1, name: a secret one, visibility: hidden, reveal: nothing, args: [[7404, 7405], 7404], expect: [7405]}
generated: {count: 10, seed: 3}
hints:
  - {level: 1, kind: concept, text: Which numbers may stay?}
misconceptions:
  - id: edge
    message: Read *above* again.
    when: {fails: [t2], passes: [t1]}
    example:
      python: |
        def above(numbers, limit):
            return [number for number in numbers if number >= limit]
"""


def problem(text: str = ABOVE, **changes: str) -> Problem:
    """The problem that the text says; each change replaces the line that begins with its name."""
    return made(text, **changes)[0]


def made(text: str = ABOVE, **changes: str) -> tuple[Problem, Source]:
    """The same with the places of its values."""
    lines = text.splitlines(keepends=True)
    for name, value in changes.items():
        at = next(number for number, line in enumerate(lines) if line.startswith(f"{name}:"))
        end = next(
            (number for number in range(at + 1, len(lines)) if not lines[number].startswith((" ", "\n"))), len(lines)
        )
        lines[at:end] = [f"{name}: {value}\n"] if value else []
    return read_problem("".join(lines), "made.yaml")


def whole(kind: str, tests: str, python: str = "", javascript: str = "") -> Problem:
    """A problem whose answer is a whole program."""
    indent = "\n".join(f"  {line}" for line in dedent(tests).strip().splitlines())
    text = (
        "schema: assay/problem@1\nid: whole\ntitle: A program\ndifficulty: easy\nminutes: 5\nconcepts: [printing]\n"
        f"statement: Write it.\nlanguages:\n  python: {{starter: '', solution: {json.dumps(python)}}}\n"
        f"  javascript: {{starter: '', solution: {json.dumps(javascript)}}}\n"
        f"grading: {{kind: {kind}, limits: {{wall_s: 4, cpu_s: 1, memory_mb: 128, output_kb: 8}}}}\n"
        f"tests:\n{indent}\nhints:\n  - {{level: 1, kind: concept, text: Think.}}\n"
    )
    return read_problem(text, "made.yaml")[0]


PROBLEM = "py-lists-filter-above"


def graded(purpose: str = "run", verdict: str = "wrong", problem: str = PROBLEM, failed: str = "t1") -> Graded:
    outcome = "passed" if verdict == "pass" else "failed"
    case = CaseResult(number=1, id=failed, visibility="public", outcome=outcome, got="[1]")
    return Graded(problem=problem, language="python", purpose=purpose, verdict=verdict, cases=(case,))


def asked(learner: Learner, name: str = "h1") -> HelpAnswer:
    return HelpAnswer(
        id=name, learner=learner.id, problem=PROBLEM, language="python", tool="hint", level=1, facts={"failing": ["t1"]}
    )
