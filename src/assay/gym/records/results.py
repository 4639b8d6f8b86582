"""What came of a program: as its learner may see it, step by step, and whole.

`FullCase` and `FullReport` hold what only our own side knows; they are never sent to a browser.
"""

from typing import Literal

from pydantic import Field

from assay.gym.records.problems import Test, Visibility
from assay.records import Language, Record

Outcome = Literal["passed", "failed", "error", "not_run"]
Verdict = Literal[
    "pass", "wrong", "exception", "syntax", "timeout", "output_limit", "oom", "disallowed", "nothing", "error"
]
"""How a learner's program did. nothing: there is no code, or not the function asked for. error: a failure of ours."""


class CaseResult(Record):
    """One test, as far as its reveal policy lets a learner see it: what must not be seen is not in here."""

    number: int
    """From 1, in teaching order."""
    id: str = ""
    name: str = ""
    visibility: Visibility
    outcome: Outcome
    call: str = ""
    """`filter_above([3, 1, 4], 2)`, or what the program read."""
    expected: str = ""
    got: str = ""
    message: str = ""
    """In a beginner's words: what went wrong and where."""
    printed: str = ""
    line: int | None = None
    """The line of the learner's code that it went wrong in."""


class Graded(Record):
    """One run or submission of a learner's program."""

    problem: str
    language: Language
    purpose: Literal["run", "submit", "console"]
    """run: public tests; submit: all of them; console: the program with an input of the learner's own."""
    verdict: Verdict
    cases: tuple[CaseResult, ...] = ()
    printed: str = ""
    """What the program printed while it was loaded, or (console) all of it."""
    error_type: str = ""
    error_text: str = ""
    """The exception's own text, of the first failing test or of loading."""
    message: str = ""
    """The one thing to read first, in a beginner's words."""
    line: int | None = None
    wall_s: float = 0
    level: int | None = None
    """The isolation it had."""

    @property
    def passed(self) -> int:
        return sum(case.outcome == "passed" for case in self.cases)


class TraceStep(Record):
    """One step of a program: where it was and what its names stood for *before* the line ran."""

    event: Literal["call", "line", "return", "exception", "result", "cut"]
    """result: what the call gave back. cut: from here on nothing was recorded."""
    line: int | None = None
    function: str = ""
    depth: int = 0
    names: dict[str, str] = Field(default_factory=dict)
    value: str = ""
    """What is given back, or the exception's name."""
    printed: int = 0
    """How many characters of `printed` stood there by then."""


class Trace(Record):
    """A program, step by step. It is what the program's own process said: something to look at, never a verdict."""

    problem: str
    call: str
    verdict: Verdict
    steps: tuple[TraceStep, ...] = ()
    printed: str = ""
    message: str = ""
    line: int | None = None


class FullCase(Record):
    """One test with all that is known of it."""

    number: int
    test: Test
    generated: bool = False
    outcome: Outcome
    verdict: Verdict | None = None
    """Why it did not pass."""
    call: str = ""
    expected: str = ""
    got: str = ""
    message: str = ""
    printed: str = ""
    line: int | None = None
    error_type: str = ""
    error_text: str = ""

    @property
    def id(self) -> str:
        return self.test.id


class FullReport(Record):
    """A program under every test, nothing left out: for the gate and for help. Never sent to a browser."""

    problem: str
    language: Language
    verdict: Verdict
    cases: tuple[FullCase, ...] = ()
    printed: str = ""
    error_type: str = ""
    error_text: str = ""
    message: str = ""
    line: int | None = None
    where: tuple[int, ...] = ()
    """The lines of the program that led to the error, the last one last."""
    wall_s: float = 0
    cpu_s: float = 0
    level: int | None = None

    def outcome(self, test: str) -> Outcome:
        """Of the test with this id; `not_run` where there is none."""
        return next((case.outcome for case in self.cases if case.test.id == test), "not_run")
