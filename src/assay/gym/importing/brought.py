"""Problems from elsewhere as they are put together here, and what had to be left out."""

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from assay.gym.grading import Grader
from assay.gym.records.problems import Concept, Course, Hint, Misconception, Problem, Test, Topic, When
from assay.pipeline.parsing import parse
from assay.records import Language

MAX_TESTS = 40
"""Tests that are taken of one problem."""
_LEAST = 4  # tests: two public, two hidden
_CONCEPT = "from-elsewhere"
_HINTS = (
    Hint(
        level=1,
        kind="concept",
        text="Take the first test that does not pass. Work it out on paper. Then follow your program line by line with "
        "the same input. Where do the two part?",
    ),
)


@dataclass
class Brought:
    """What was found, and what had to be left out, each with the reason."""

    problems: list[Problem] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    bugs: dict[tuple[str, Language], str] = field(default_factory=dict)
    """Programs that are known to be wrong, by problem and language."""
    said: dict[str, str] = field(default_factory=dict)
    """What is known of the mistake, by problem."""

    def course(self, identifier: str, title: str, language: Language) -> Course:
        """The problems as a course of one topic."""
        return Course(
            id=identifier,
            title=title,
            language=language,
            summary=f"{len(self.problems)} problems from elsewhere.",
            topics=(
                Topic(
                    id=f"{identifier}-all", title=title, summary="Problems from elsewhere.",
                    lesson=f"# {title}\n\nThese problems come from elsewhere, in the order in which they were found.\n",
                    teaches=(_CONCEPT,), problems=tuple(problem.id for problem in self.problems),
                ),
            ),
            concepts=(
                Concept(
                    id=_CONCEPT, title="From elsewhere", note="What these problems need is not told by their source.",
                    example="print(1)" if language == "python" else "console.log(1)", prints="1",
                ),
            ),
            problems=tuple(self.problems),
        )  # fmt: skip


def with_bugs(brought: Brought, grader: Grader) -> None:
    """Make misconceptions of the wrong programs: which tests they fail is found by running them."""
    for at, problem in enumerate(brought.problems):
        examples: dict[Language, str] = {}
        fails: list[set[str]] = []
        for language in problem.languages:
            source = brought.bugs.get((problem.id, language))
            if source is None:
                continue
            report = grader.check(problem, language, source)
            failed = {case.test.id for case in report.cases if case.outcome == "failed" and not case.generated}
            if report.verdict in ("pass", "error") or not failed:
                brought.notes.append(f"{problem.id}: its wrong {language} program does not fail a test: left out")
                continue
            examples[language] = source
            fails.append(failed)
        shared = set.intersection(*fails) if fails else set()
        if examples and shared:
            first = next(test.id for test in problem.tests if test.id in shared)
            message = brought.said.get(problem.id) or "Many stumble here. Compare the failing test with the statement."
            one = Misconception(id="known-bug", message=message, when=When(fails=(first,)), example=examples)
            brought.problems[at] = problem.model_copy(
                update={"misconceptions": (one,)},
            )


def identified(*parts: str) -> str:
    text = re.sub(r"([a-z0-9])([A-Z])", r"\1-\2", "-".join(parts)).lower()
    return re.sub(r"[^a-z0-9]+", "-", text).strip("-")[:80].strip("-") or "problem"


def snake(name: str) -> str:
    """A name as Python spells it."""
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()


def _shared_out(tests: list[Test]) -> tuple[Test, ...]:
    """The first half public, the rest hidden, but shown where they fail: their source shows them to everybody."""
    public = max(2, min(len(tests) // 2, 10))
    return tuple(
        test.model_copy(update={"visibility": "public"})
        if at < public
        else test.model_copy(update={"visibility": "hidden", "reveal": "full"})
        for at, test in enumerate(tests)
    )


def starter_for(language: Language, entry: str, parameters: Iterable[str]) -> str:
    given = ", ".join(parameters)
    if language == "python":
        return f"def {entry}({given}):\n    ...\n"
    return f"function {entry}({given}) {{\n}}\n"


def head_of(source: str, entry: str) -> str:
    """A starter with the header that the solution has."""
    for node in (parse(source) or ast.Module([], [])).body:
        if isinstance(node, ast.FunctionDef) and node.name == entry:
            return f"def {entry}({ast.unparse(node.args)}):\n    ...\n"
    return starter_for("python", entry, ["*values"])


def add_problem(brought: Brought, **given: Any) -> None:
    tests: list[Test] = given.pop("tests")
    name = given["id"]
    if len(tests) < _LEAST:
        brought.left_out.append(f"{name}: {len(tests)} tests that can be used; {_LEAST} are needed")
        return
    if len(tests) > MAX_TESTS:
        brought.notes.append(f"{name}: {MAX_TESTS} of its {len(tests)} tests are taken")
    try:
        problem = Problem(
            schema="assay/problem@1",
            difficulty="medium",
            minutes=20,
            concepts=(_CONCEPT,),
            hints=_HINTS,
            tests=_shared_out(tests[:MAX_TESTS]),
            **given,
        )
    except ValidationError as error:
        brought.left_out.append(f"{name}: {error.errors()[0]['msg']}")
        return
    brought.problems.append(problem)
