"""What a course holds, as its authors write it: courses, topics, concepts and problems.

A problem is one YAML file (docs/gym-authors.md shows one). Nothing of a problem reaches a browser but its public view.
"""

import math
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, JsonValue, model_validator

from assay.content import Value
from assay.records import Compare, Language, Record

_ID = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)
_NAME = r"^[A-Za-z_$][A-Za-z0-9_$]*$"

Difficulty = Literal["intro", "easy", "medium", "hard"]
Kind = Literal["call", "stdio", "script"]
"""How a problem is judged.

call    the function `entry` is called from outside and what it returns is compared outside
stdio   the whole program runs once a test, reads `stdin`, and what it prints is compared
script  the whole program runs once, and each test looks at what it printed or at what a name of it stands for
"""
Visibility = Literal["public", "hidden"]
Reveal = Literal["full", "input", "name", "nothing"]
"""What a learner sees of a hidden test that fails: input, expected and got; the input; its name; that one failed."""


def _mode(given: Any) -> Any:
    return {"mode": given} if isinstance(given, str) else given


Comparing = Annotated[Compare, BeforeValidator(_mode)]
"""`exact`, or `{mode: approx, abs: 0.01}`."""


class ProblemLimits(Record):
    """What one run of a learner's program may use."""

    wall_s: float = Field(5, gt=0, le=60)
    cpu_s: float = Field(2, gt=0, le=60)
    memory_mb: int = Field(128, ge=16, le=4096)
    output_kb: int = Field(64, ge=1, le=1024)


class Grading(Record):
    """How a problem is judged."""

    kind: Kind = "call"
    compare: Comparing | None = None
    """None: `exact` for values, `text` for what is printed."""
    limits: ProblemLimits = ProblemLimits()
    check_arguments_unchanged: bool = False


class Sources(Record):
    """A problem in one language."""

    entry: str | None = Field(None, pattern=_NAME, max_length=80)
    """The function to write; None: a whole program."""
    starter: str
    """What stands in the editor at first."""
    solution: str
    """The reference: it passes every test and says what generated tests expect."""
    alternatives: tuple[str, ...] = ()
    """Other ways that pass."""


def _typed(given: Any) -> Any:
    return {"type": given} if isinstance(given, str) else given


def _many(given: Any) -> Any:
    return tuple(given) if isinstance(given, list) else given


class Values(Record):
    """Which values an argument may have: for generated tests, and to refuse proposed ones."""

    type: Literal["integer", "number", "string", "boolean", "null", "array", "object", "any"]
    minimum: float | None = None
    maximum: float | None = None
    minLength: int | None = Field(None, ge=0, le=1000)  # noqa: N815 - as JSON Schema spells it
    maxLength: int | None = Field(None, ge=0)  # noqa: N815 - as JSON Schema spells it
    letters: str | None = None
    """The letters a string is made of; None: small letters, a blank, digits."""
    enum: Annotated[tuple[Any, ...] | None, BeforeValidator(_many)] = None
    minItems: int | None = Field(None, ge=0, le=1000)  # noqa: N815 - as JSON Schema spells it
    maxItems: int | None = Field(None, ge=0)  # noqa: N815 - as JSON Schema spells it
    uniqueItems: bool = False  # noqa: N815 - as JSON Schema spells it
    items: "Typed | None" = None
    properties: "dict[str, Typed] | None" = None
    """An object's keys, all of them given."""

    @model_validator(mode="after")
    def _allows_a_value(self) -> Self:
        for least, most in (("minimum", "maximum"), ("minLength", "maxLength"), ("minItems", "maxItems")):
            low, high = getattr(self, least), getattr(self, most)
            if low is not None and high is not None and low > high:
                raise ValueError(f"no value is allowed: the {least} is {low:g} and the {most} {high:g}")
        low, high = self.minimum, self.maximum
        if self.type == "integer" and low is not None and high is not None and math.ceil(low) > math.floor(high):
            raise ValueError(f"no whole number lies between {low:g} and {high:g}")
        if self.enum == ():
            raise ValueError("an enum needs a value")
        if self.letters == "":
            raise ValueError("`letters` is empty")
        return self


Typed = Annotated[Values, BeforeValidator(_typed)]
"""`integer`, or `{type: array, items: integer, maxItems: 50}`."""


class Test(Record):
    """One test of a problem. Which fields it has depends on the kind of grading."""

    __test__ = False  # pytest takes classes of this name for its own

    id: str = _ID
    name: str = Field("", max_length=120)
    """What it checks, in a learner's words: `keeps only larger numbers`."""
    visibility: Visibility = "public"
    reveal: Reveal = "name"
    args: Value = None
    """call: the list of arguments."""
    expect: Value = None
    """call: what must be returned. script: what the name `value` must stand for."""
    raises: dict[Language, str] | None = None
    """call: the exception that must be raised, by language."""
    value: str | None = Field(None, pattern=_NAME)
    """script: the name to look at when the program has run."""
    stdin: str = ""
    stdout: str | None = None
    """stdio, script: what must be printed."""
    compare: Comparing | None = None

    @property
    def expects(self) -> bool:
        """Whether a value is asked for, `null` included."""
        return "expect" in self.model_fields_set


class Generated(Record):
    """Random tests beside the written ones; the reference says what must come."""

    count: int = Field(20, ge=0, le=200)
    seed: int = 7


class Hint(Record):
    """One authored hint. They are given in the order of their levels."""

    level: Literal[1, 2, 3]
    kind: Literal["concept", "strategy", "locate"]
    text: str = Field(min_length=1, max_length=900)


class When(Record):
    """How a misconception is known: by the tests that fail and pass, by the error, or by what stands in the code."""

    fails: tuple[str, ...] = ()
    passes: tuple[str, ...] = ()
    error: str | None = None
    """The name of the exception that the first failing test ended in."""
    python_ast: str | None = None
    """A pattern as `disallow` has them that the code must hold."""
    javascript_ast: str | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("say when it is met: fails, passes, error, python_ast or javascript_ast")
        return self


class Misconception(Record):
    """A mistake that many make here, what to say to it, and a program that makes it."""

    id: str = _ID
    message: str = Field(min_length=1, max_length=900)
    when: When
    example: dict[Language, str] = Field(min_length=1)


class Disallowed(Record):
    """What a program must not hold: `Call[func.id=sum]` is a node of Python's `ast` (JavaScript: of tree-sitter) whose
    fields have these values; parts joined by blanks lie within one another."""

    python_ast: str | None = None
    javascript_ast: str | None = None
    message: str = Field(min_length=1, max_length=300)


class After(Record):
    """What whoever has passed may read."""

    discussion: str = ""
    next: str | None = None


class Problem(Record):
    """One exercise."""

    schema_: Literal["assay/problem@1"] = Field(alias="schema")
    id: str = _ID
    title: str = Field(min_length=1, max_length=80)
    difficulty: Difficulty
    minutes: int = Field(ge=1, le=120)
    """How long somebody takes who has learnt what stands before it."""
    concepts: tuple[str, ...] = Field(min_length=1)
    prerequisites: tuple[str, ...] = ()
    """Concepts that must have been taught before."""
    avoid: tuple[str, ...] = ()
    """Words that help must not use."""
    statement: str = Field(min_length=1)
    """Markdown."""
    languages: dict[Language, Sources] = Field(min_length=1)
    grading: Grading = Grading()
    input_schema: dict[str, Typed] = Field(default_factory=dict)
    """By parameter, in the order of the parameters."""
    tests: tuple[Test, ...] = Field(min_length=1)
    generated: Generated | None = None
    hints: tuple[Hint, ...] = Field(min_length=1)
    scaffold: tuple[str, ...] = ()
    """The steps of a solution in words, one a line of comment to write under."""
    misconceptions: tuple[Misconception, ...] = ()
    disallow: tuple[Disallowed, ...] = ()
    after: After = After()


class Concept(Record):
    """One idea: a short note, an example that runs, and what the example prints."""

    id: str = _ID
    title: str
    note: str
    """Markdown, a screen at most."""
    example: str
    prints: str


class Topic(Record):
    """Six problems about one thing, from first steps to hard, and the page that teaches it."""

    id: str = _ID
    title: str
    summary: str
    """One line."""
    lesson: str
    """Markdown."""
    teaches: tuple[str, ...]
    """The concepts that its lesson teaches, in order."""
    problems: tuple[str, ...]
    """Ids, in the order to solve them in."""


class Course(Record):
    """A language, topic by topic."""

    id: str = _ID
    title: str
    language: Language
    summary: str
    topics: tuple[Topic, ...]
    concepts: tuple[Concept, ...]
    problems: tuple[Problem, ...]


# ---- what a learner gets to see ------------------------------------------------------------------------------------

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


# ---- what is kept of learners --------------------------------------------------------------------------------------


class Learner(Record):
    """Somebody who practises: known by a secret in a cookie, by name only within a class."""

    id: str
    name: str = ""
    class_id: str | None = None


class Draft(Record):
    """What stands in the editor of one problem, as last saved."""

    problem: str
    language: Language
    text: str
    version: int
    """Counts the changes: say it as `based_on` when saving the next."""
    changed: datetime
    kept_aside: bool = False
    """Whether the text that was just sent came from an older page: this draft is another one, and that text lies in its
    history."""


class PastDraft(Record):
    """A text that does not stand in the editor any more, or never did."""

    id: int
    reason: Literal["reset", "replaced", "aside"]
    """reset: the learner started again; replaced: an older text was fetched back; aside: it came from an older page."""
    text: str
    created: datetime


class Attempt(Record):
    """A run or submission that is kept."""

    id: int
    learner: str
    problem: str
    language: Language
    source: str
    graded: Graded
    misconception: str = ""
    """The id of the misconception that was met, where one was."""
    created: datetime


class Standing(Record):
    """How far a learner is with one problem."""

    problem: str
    language: Language
    """The one last used."""
    runs: int = 0
    submissions: int = 0
    help: int = 0
    """How often help was asked for."""
    passed: datetime | None = None
    """When a submission first passed."""
    last: datetime
    """When it was last worked on."""

    @property
    def state(self) -> Literal["passed", "tried", "started"]:
        """started: there is a draft, and it was never run."""
        if self.passed is not None:
            return "passed"
        return "tried" if self.runs + self.submissions else "started"

    @property
    def attempts(self) -> int:
        return self.runs + self.submissions


class Progress(Record):
    """How far a learner is with every problem that was begun."""

    learner: str
    standings: tuple[Standing, ...] = ()

    def of(self, problem: str) -> Standing | None:
        return next((one for one in self.standings if one.problem == problem), None)


HelpSource = Literal["authored", "misconception", "model", "cached"]


class HelpAnswer(Record):
    """One request for help, and what came of it. Saved when it is asked, and again when it is answered."""

    id: str = Field(min_length=1, max_length=200)
    """Made by whoever asks: saving the same request again changes nothing."""
    learner: str
    problem: str
    language: Language
    tool: str = Field(max_length=40)
    """hint, explain_error, make_tests, review, scaffold, or ask."""
    level: int = Field(0, ge=0, le=9)
    code_hash: str = ""
    source_code: str = ""
    """The program that help was asked for."""
    question: str = ""
    """In the learner's words, where some were typed."""
    facts: JsonValue = None
    """What was known without a model."""
    text: str = ""
    """What the learner was shown."""
    source: HelpSource | None = None
    """Where the text came from; None: there is none yet."""
    model: str = ""
    gate: JsonValue = None
    """What the gate found, in order: texts it refused with the rules they broke, then the one it let through."""
    state: Literal["asked", "done", "failed"] = "asked"
    wait_s: float | None = None
    """How long the learner waited for the answer."""
    created: datetime | None = None
    """When it was asked. Set by the store."""
    answered: datetime | None = None
    thumbs: Literal[-1, 1] | None = None


class Classroom(Record):
    """A class: learners who gave its code."""

    id: str
    code: str
    """As it is kept: capital letters and digits, no blanks. Shown in two halves."""
    name: str
    zone: str = "UTC"
    """The time zone its due dates are read in."""
    open: bool = True
    """Whether learners may join."""
    exam_until: datetime | None = None
    """Help is off before this moment."""
    created: datetime

    @property
    def shown_code(self) -> str:
        half = len(self.code) // 2
        return f"{self.code[:half]}-{self.code[half:]}"


class Assignment(Record):
    """Problems that a class is asked to solve."""

    id: str
    class_id: str
    title: str
    problems: tuple[str, ...]
    due: datetime | None = None
    created: datetime


class PublicTest(Record):
    """A public test as it stands on the page."""

    id: str
    name: str
    call: str
    """`filter_above([3, 1, 4], 2)`, or what the program reads."""
    expected: str


class PublicProblem(Record):
    """A problem as a browser may have it: no solution, no hidden input or expected value, no hint, no misconception."""

    id: str
    version: str
    """Another one whenever anything of the problem changed."""
    title: str
    difficulty: Difficulty
    minutes: int
    concepts: tuple[str, ...]
    prerequisites: tuple[str, ...]
    statement: str
    kind: Kind
    language: Language
    languages: tuple[Language, ...]
    entry: str | None
    starter: str
    limits: ProblemLimits
    arguments_unchanged: bool
    tests: tuple[PublicTest, ...]
    hidden: int
    """How many hidden tests there are, generated ones included."""
    hints: int


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


# ---- what our own side knows; never sent to a browser ---------------------------------------------------------------


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
