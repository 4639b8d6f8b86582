"""Runs programs for the tools: what passes, what the reference answers, how the time grows with the input."""

from collections.abc import Iterable, Sequence
from typing import Any

from assay.gym.generated import draw
from assay.gym.grading import Grader
from assay.gym.grading.oracle import answered
from assay.gym.grading.running import perform
from assay.gym.records.problems import Problem, Test
from assay.gym.tasks import program_for, sheet
from assay.gym.tutor import make_tests
from assay.gym.tutor.situation import Situation
from assay.pipeline.mutants import mutants
from assay.records import Language

_MUTANTS = 8
"""Changed solutions that made tests are tried with, besides known mistakes: each costs a run."""
_SIZES = (1000, 16_000)
"""Items of the inputs by which it is seen how a program's time grows."""
_TELLS_S = 0.15
"""Seconds that a larger input must take before anything is said of it."""
_STEEP = 48.0
"""Sixteen times the input and so much more time: faster than the input, and sorting, grow."""


class Runner:
    """Runs programs for the tools."""

    def __init__(self, grader: Grader) -> None:
        self._grader = grader

    def passes(self, at: Situation, source: str) -> int:
        """How many of a problem's tests a program passes."""
        report = self._grader.check(at.problem, at.language, source)
        return sum(case.outcome == "passed" for case in report.cases)

    def answers(self, problem: Problem, language: Language, tests: Sequence[Test]) -> tuple[Test, ...]:
        with self._grader._bench() as bench:
            return answered(bench, problem, language, tests)

    def failing(self, problem: Problem, language: Language, source: str, tests: Sequence[Test]) -> frozenset[str]:
        posed = problem.model_copy(update={"tests": tuple(tests), "generated": None, "disallow": ()})
        report = self._grader.check(posed, language, source)
        return frozenset(case.test.id for case in report.cases if case.outcome != "passed")

    def wrong_programs(self, problem: Problem, language: Language) -> Iterable[str]:
        yield from (one.example[language] for one in problem.misconceptions if language in one.example)
        yield from (one.source for one in mutants(problem.languages[language].solution, _MUTANTS, language))

    def growth(self, at: Situation) -> tuple[str, ...]:
        """How the time grows with the input, where it grows faster than the input and the reference's does not."""
        few, many = (sized(at.problem, size) for size in _SIZES)
        if few is None or many is None:
            return ()
        own = self._growth(at, at.source, few, many)
        if own is None or own < _STEEP:
            return ()
        reference = self._growth(at, at.problem.languages[at.language].solution, few, many)
        if reference is not None and reference >= _STEEP:
            return ()
        times = _SIZES[1] // _SIZES[0]
        return (
            f"Run with {_SIZES[1]} items instead of {_SIZES[0]}, {times} times as many, it took about {own:.0f} times as long.",
        )

    def _growth(self, at: Situation, source: str, few: Test, many: Test) -> float | None:
        """The time of the larger input by that of the smaller; None where it is too short to tell."""
        idle, short, long = (self._cpu_s(at, source, tests) for tests in ((), (few,), (many,)))
        if long - idle < _TELLS_S:
            return None
        return (long - idle) / max(short - idle, _TELLS_S / _STEEP)

    def _cpu_s(self, at: Situation, source: str, tests: tuple[Test, ...]) -> float:
        least = at.problem.tests[:1]
        posed = at.problem.model_copy(update={"tests": tests or least, "generated": None, "disallow": ()})
        whole = sheet(posed, at.language, posed.tests)
        made = program_for(whole, source)
        with self._grader._bench() as bench:
            tries = [sum(run.cpu_s for run in perform(bench, whole, made)) for _ in range(2)]
        return min(tries)  # the quieter of two


def sized(problem: Problem, size: int) -> Test | None:
    """A call with an input of this size, whatever the schema's largest; None where no argument can grow."""
    import random

    chance = random.Random(size)  # noqa: S311 - an input, not a secret
    arguments: list[Any] = []
    grows = False
    for schema in problem.input_schema.values():
        if (
            schema.type == "array"
            and not schema.uniqueItems
            and schema.items
            and schema.items.type in ("integer", "string")
        ):
            arguments.append([draw(schema.items, chance) for _ in range(size)])
            grows = True
        elif schema.type == "string" and schema.enum is None:
            arguments.append("".join(chance.choice(schema.letters or "abcdefg ") for _ in range(size)))
            grows = True
        else:  # of several, one in the middle: at an edge little may happen
            drawn = [draw(schema, chance) for _ in range(9)]
            numbers = all(isinstance(one, int | float) for one in drawn)
            arguments.append(sorted(drawn)[4] if numbers else drawn[4])
    fits = make_tests.fits(problem) and grows
    return (
        Test(id=f"size{size}", name="a large input", visibility="public", args=arguments, expect=None) if fits else None
    )
