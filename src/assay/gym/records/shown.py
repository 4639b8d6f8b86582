"""A problem as a browser may have it."""

from assay.gym.records.problems import Difficulty, Kind, ProblemLimits
from assay.records import Language, Record


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
