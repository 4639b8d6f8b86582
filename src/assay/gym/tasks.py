"""From a problem to the road's own nouns: which Task a set of tests is, which Program a learner's source.

The verdict is reached by the road's checks, outside the sandbox. What stands beside the program inside (inside/) only
helps to say what happened.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from assay.errors import AssayError
from assay.gym.generated import inputs
from assay.gym.records.problems import Problem, Test
from assay.pipeline.checks.answers import encoded
from assay.pipeline.checks.compare import shown
from assay.records import (
    MAIN,
    Calls,
    Case,
    Compare,
    Language,
    Limits,
    Program,
    Stdio,
    StdioCase,
    Task,
)

MAX_SOURCE = 64 << 10
"""Bytes of a learner's program."""
Mode = Literal["program", "calls", "values", "console", "trace"]
_INSIDE = Path(__file__).parent / "inside"
_SUITE = "gym"
_MAX_SHOWN = 2000


@dataclass(frozen=True, eq=False)
class Sheet:
    """Some tests of a problem, in one language, as the road performs them."""

    problem: Problem
    language: Language
    tests: tuple[Test, ...]
    task: Task
    mode: Mode
    """How the program is run: `program` once a test, else once for all."""


def every_case(problem: Problem, language: Language, seed: int | None = None) -> tuple[Test, ...]:
    """The written tests, then generated ones (`g1`, …) with their arguments; what must come, the reference says."""
    return (*problem.tests, *generated_tests(problem, language, seed))


def generated_tests(problem: Problem, language: Language, seed: int | None = None) -> tuple[Test, ...]:  # noqa: ARG001
    """Random tests, the same ones for one seed (None: the problem's own). They lack what is expected."""
    if problem.generated is None or problem.grading.kind != "call":
        return ()
    written = {_key(test.args) for test in problem.tests}
    made = inputs(problem, problem.generated.seed if seed is None else seed, problem.generated.count, written)
    return tuple(
        Test(id=f"g{number}", name="a random input", visibility="hidden", reveal="full", args=arguments)
        for number, arguments in enumerate(made, 1)
    )


def _key(arguments: Any) -> str:
    return encoded(list(arguments or ()))


# ---- tasks -----------------------------------------------------------------------------------------------------------


def sheet(problem: Problem, language: Language, tests: Sequence[Test]) -> Sheet:
    """These tests as one Task. Raises AssayError where the problem is not there in this language."""
    sources = problem.languages.get(language)
    if sources is None:
        raise AssayError(
            f"The problem {problem.id} cannot be solved in {language}.",
            f"It is there in {', '.join(problem.languages)}.",
        )
    kind = problem.grading.kind
    checks: tuple[Calls | Stdio, ...]
    if kind == "call":
        checks = (_calls(problem, language, tests),)
        mode: Mode = "calls"
    elif kind == "stdio":
        checks = (Stdio(cases=tuple(_stdio(test) for test in tests), compare=compare_of(problem)),)
        mode = "program"
    else:
        looked_up = [test for test in tests if test.value is not None]
        printed = [test for test in tests if test.value is None]
        checks = ()
        if looked_up:
            cases = tuple(_case(test.model_copy(update={"args": [test.value]}), language) for test in looked_up)
            checks = (Calls(entry="assay_value", cases=cases, compare=compare_of(problem, "exact")),)
        if printed:
            text = compare_of(problem, "text")
            checks = (*checks, Stdio(cases=tuple(_stdio(test) for test in printed), compare=text))
        mode = "values" if looked_up else "program"
    task = Task(
        id=problem.id,
        suite=_SUITE,
        language=language,
        prompt=problem.statement,
        title=problem.title,
        entry=sources.entry,
        checks=checks,
        limits=limits_of(problem),
        reference=sources.solution,
        alternatives=sources.alternatives,
    )
    return Sheet(problem, language, tuple(tests), task, mode)


def limits_of(problem: Problem) -> Limits:
    """What one run of a program may use."""
    given = problem.grading.limits
    return Limits(
        wall_s=given.wall_s,
        cpu_s=given.cpu_s,
        memory_mb=given.memory_mb,
        output_kb=given.output_kb,
        scratch_mb=16,
        inodes=512,
        file_mb=8,
        descriptors=64,
    )


def compare_of(problem: Problem, otherwise: Literal["exact", "text"] | None = None) -> Compare:
    """How the problem's tests are held against what came, where a test does not say."""
    given = problem.grading.compare
    kind = problem.grading.kind
    fits = otherwise is None or (
        given is not None and (given.mode.startswith(("text", "json", "regex")) == (otherwise == "text"))
    )
    if given is not None and fits:
        return _roomy(given)
    return Compare(mode=otherwise or ("exact" if kind == "call" else "text"))


def _roomy(compare: Compare) -> Compare:
    """`approx` without an allowance means: but for rounding."""
    if compare.mode == "approx" and not compare.abs and not compare.rel:
        return compare.model_copy(update={"rel": 1e-9, "abs": 1e-9})
    return compare


def _calls(problem: Problem, language: Language, tests: Iterable[Test]) -> Calls:
    return Calls(
        entry="assay_call",
        cases=tuple(_case(test, language) for test in tests),
        compare=compare_of(problem, None),
        arguments_unchanged=problem.grading.check_arguments_unchanged,
    )


def _case(test: Test, language: Language) -> Case:
    raises = (test.raises or {}).get(language)
    return Case(
        id=test.id,
        args=encoded(list(test.args or ())),
        expect=encoded(_in(language, test.expect)) if raises is None and test.expects else None,
        raises=raises,
        compare=_roomy(test.compare) if test.compare else None,
        public=test.visibility == "public",
    )


def _in(language: Language, value: Any) -> Any:
    """A value as the language has it: JavaScript has arrays where Python has tuples."""
    if language == "python":
        return value
    if isinstance(value, list | tuple):
        return [_in(language, one) for one in value]
    return {key: _in(language, one) for key, one in value.items()} if isinstance(value, dict) else value


def _stdio(test: Test) -> StdioCase:
    return StdioCase(
        id=test.id,
        stdin=test.stdin,
        stdout=test.stdout or "",
        exit_code=0,
        compare=_roomy(test.compare) if test.compare else None,
        public=test.visibility == "public",
    )


# ---- programs --------------------------------------------------------------------------------------------------------


@cache
def _runner(name: str) -> bytes:
    return (_INSIDE / name).read_bytes()


def program(language: Language, source: str, mode: Mode, limits: Limits, **how: str) -> Program:
    """The learner's source with what runs it. `how`: the entry (calls), the input (console), the call (trace)."""
    main = MAIN[language]
    text = source.encode("utf-8", "replace")
    if language == "javascript" and mode == "program":
        return Program(language=language, files={main: text}, main=main)
    told = {"mode": mode, "wall_s": limits.wall_s, "cpu_s": limits.cpu_s, **how}
    if language == "python":
        start = f"import assay_runner\nassay_runner.begin(globals(), {told!r})\n"
        files = {
            main: text,
            "assay_runner.py": _runner("assay_runner.py"),
            "start.py": start.encode("utf-8", "replace"),
        }
        return Program(language=language, files=files, main="start.py")
    start = f"require('./assay_runner.cjs').begin({json.dumps(told)})\n"
    files = {main: text, "assay_runner.cjs": _runner("assay_runner.cjs"), "start.js": start.encode("utf-8", "replace")}
    return Program(language=language, files=files, main="start.js")


def program_for(sheet: Sheet, source: str) -> Program:
    """A learner's source under these tests."""
    entry = sheet.problem.languages[sheet.language].entry or ""
    return program(sheet.language, source, sheet.mode, sheet.task.limits, entry=entry)


# ---- in words --------------------------------------------------------------------------------------------------------


def call_in_words(problem: Problem, language: Language, test: Test) -> str:
    """The call as somebody would write it; of a program, what it reads; of a script, the name that is looked at."""
    if problem.grading.kind == "call":
        entry = problem.languages[language].entry or ""
        return f"{entry}({', '.join(shown(value, language) for value in test.args or ())})"
    return test.value or test.stdin[:_MAX_SHOWN]


def expected_in_words(problem: Problem, language: Language, test: Test) -> str:
    """What must come, as somebody would write it."""
    if test.raises is not None:
        return test.raises.get(language, "")
    if problem.grading.kind == "call" or test.value is not None:
        return shown(test.expect, language)
    return (test.stdout or "")[:_MAX_SHOWN]
