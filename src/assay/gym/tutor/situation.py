"""What a tool of the tutor is handed: the problem, the learner's program, what is known of it, and how far help may go."""

from dataclasses import dataclass, replace

from pydantic import JsonValue

from assay.gym.records.problems import Concept, Course, Misconception, Problem
from assay.gym.records.results import FullCase, FullReport
from assay.gym.tutor.repair import Edit
from assay.records import Language

_SHOWN = 800
"""Characters of one value: a learner's endless output must not fill the prompt."""


@dataclass(frozen=True)
class Situation:
    """One request for help, with all that was found out before any model is asked."""

    problem: Problem
    language: Language
    source: str
    report: FullReport
    """Under all tests. What is concealed from the learner is concealed from the prompts, too: see `seen`."""
    course: Course | None = None
    level: int = 1
    question: str = ""
    earlier: tuple[str, ...] = ()
    """The hints that were given before."""
    facts: tuple[str, ...] = ()
    """What is known, a sentence each, with nothing of a solution in them."""
    slips: tuple[str, ...] = ()
    """Of these, what stands in the code and is hardly meant."""
    misconception: Misconception | None = None
    """The first that the program shows."""
    explanation: str = ""
    """The error in plain words, where there is one."""
    edits: tuple[Edit, ...] = ()
    """Where the nearest program that passes differs."""

    def at_level(self, level: int) -> "Situation":
        return replace(self, level=level)

    @property
    def failing(self) -> FullCase | None:
        """The first public test, in teaching order, that does not pass."""
        return next((case for case in self.report.cases if _is_public(case) and case.outcome == "failed"), None)

    @property
    def public_pass(self) -> bool:
        """Whether every public test passes."""
        public = [case for case in self.report.cases if _is_public(case)]
        return bool(public) and all(case.outcome == "passed" for case in public)

    @property
    def error(self) -> tuple[str, str]:
        """The error that the learner saw, its name and text: of the first public test that fails, else of loading; or nothing.

        One that only hidden tests end in stays out: its text may hold what must not be seen.
        """
        failing = self.failing
        if failing is not None:
            return failing.error_type, failing.error_text
        loaded = any(case.outcome != "not_run" for case in self.report.cases)
        return ("", "") if loaded else (self.report.error_type, self.report.error_text)

    @property
    def has_error(self) -> bool:
        """Whether the program ended in an exception, or could not be read."""
        return bool(self.error[0])

    @property
    def line(self) -> int | None:
        """The line it went wrong in, where that may be told."""
        failing = self.failing
        if failing is not None:
            return failing.line
        loaded = any(case.outcome != "not_run" for case in self.report.cases)
        return None if loaded else self.report.line

    @property
    def concepts(self) -> tuple[Concept, ...]:
        """The notes on what the problem is about."""
        names = (*self.problem.concepts, *self.problem.prerequisites)
        found = {concept.id: concept for concept in self.course.concepts} if self.course else {}
        return tuple(found[name] for name in names if name in found)

    @property
    def numbered(self) -> str:
        """The learner's program with the numbers of its lines."""
        return "\n".join(f"{number:>3} | {line}" for number, line in enumerate(self.source.splitlines(), 1))

    def seen(self) -> str:
        """What the learner was shown of the run, and so what a model may know of it."""
        failing = self.failing
        if failing is None:
            if self.report.verdict == "pass":
                return "All tests pass."
            hidden = self.public_pass and self.report.verdict != "disallowed"
            return "All public tests pass; a hidden one does not." if hidden else cut(self.report.message)
        told = [f"The test '{failing.test.name}' does not pass."]
        told += [f"{label}: {cut(text)}" for label, text in _shown(failing)]
        return "\n".join(told)


def _shown(case: FullCase) -> tuple[tuple[str, str], ...]:
    pairs = (("Call", case.call), ("Expected", case.expected), ("Got", case.got), ("Message", case.message))
    return tuple(pair for pair in pairs if pair[1])


def _is_public(case: FullCase) -> bool:
    return case.test.visibility == "public" and not case.generated


def cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]} …"


@dataclass(frozen=True)
class Offer:
    """What a tool would say. Nobody has seen it yet."""

    text: str
    """All of it, as the learner would read it."""
    to_check: tuple[str, ...] = ()
    """What of it a model wrote: each must pass the gate. Empty: nothing, it is authored."""
    data: JsonValue = None
    """What a page needs besides the text."""
    model: str = ""
    tokens: int = 0
