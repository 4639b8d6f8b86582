"""What is kept of learners: their code, attempts and help, and the classes they are in."""

from datetime import datetime
from typing import Literal

from pydantic import Field, JsonValue

from assay.gym.records.results import Graded
from assay.records import Language, Record


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


class LearnerAttempt(Record):
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
