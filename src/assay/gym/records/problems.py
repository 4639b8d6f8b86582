"""What a course holds, as its authors write it: courses, topics, concepts and problems.

A problem is one YAML file (docs/gym-authors.md shows one). Nothing of a problem reaches a browser but its public view.
"""

import math
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

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
