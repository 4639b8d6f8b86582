"""Bench's own nouns: one evaluation, one sample of it."""

from datetime import datetime
from pathlib import PurePath
from typing import Literal

from assay.records import Finish, Kind, Model, Record, Reply, Report, Status


class Given(Record):
    """One reply made elsewhere, matched to its task."""

    suite: str
    task: str
    model: str
    index: int
    kind: Kind
    text: str
    finish: Finish = "stop"
    """Why the reply ended, where the file says it."""


class Evaluation(Record):
    """One run of models over suites, or one grading of replies made elsewhere."""

    id: str
    created: datetime
    source: Literal["run", "grade", "view"]
    """run: models were asked. grade: replies made elsewhere. view: a file of results, looked at and not kept."""
    state: Literal["running", "paused", "done", "failed"] = "running"
    suites: tuple[str, ...]
    models: tuple[Model, ...] = ()
    samples: int = 1
    repair: int = 0
    reruns: int = 0
    """How often a program that passed is run again, to see whether it always does."""
    limit: int | None = None
    kind: Kind = "reply"
    fresh: bool = False
    """Whether replies kept from other evaluations are left aside."""
    stop: tuple[str, ...] | None = None
    """Where completions are cut; None: at the suite's stop words, unless the text is a whole program."""
    replies: tuple[str, ...] = ()
    """The files that were graded, for people."""
    executor: str = ""
    """The durable engine's executor id of the command that made it; `resume` recovers it."""
    note: str = ""
    """Why it is paused or failed, for people."""

    @property
    def contenders(self) -> tuple[str, ...]:
        """Whom it is about, in a list of several: its models, or the files that their replies came in."""
        files = tuple(PurePath(file).name for file in self.replies)
        return tuple(model.name for model in self.models) or files or ("replies made elsewhere",)


class Attempt(Record):
    """One try at making the program: the first, or a repair after it."""

    reply: Reply
    report: Report
    raw: Report | None = None
    """The verdict on the text as it came; None: it is the same program as the cleaned one."""
    changes: tuple[str, ...] = ()
    """What extract did."""
    program: str = ""
    """The cleaned program's main file."""
    runs: str = ""
    """The key its runs are kept under (`assay.store.kept`); empty: there was nothing to run."""
    raw_runs: str = ""
    """The same of the text as it came, where that is another program."""

    @property
    def as_it_came(self) -> Report:
        """The verdict on the text as it came."""
        return self.report if self.raw is None else self.raw

    def counted(self, kind: Kind) -> Report:
        """The report that counts for this kind of text: raw for a completion, cleaned otherwise."""
        return self.as_it_came if kind == "completion" else self.report


class Sample(Record):
    """One sample of one model on one task: one row."""

    evaluation: str
    suite: str
    task: str
    model: str
    index: int
    kind: Kind = "reply"
    attempts: tuple[Attempt, ...]
    """The first try, then each repair."""
    reruns: tuple[Status, ...] = ()
    """What the program that passed came to when it was run again, up to the first time it did not pass."""

    @property
    def last(self) -> Attempt:
        return self.attempts[-1]

    @property
    def status(self) -> Status:
        """What counts: the raw verdict for a completion, the cleaned one otherwise; after repair where there was one."""
        return self.counted(self.last).status

    @property
    def first_status(self) -> Status:
        """What the first try came to."""
        return self.counted(self.attempts[0]).status

    @property
    def flaky(self) -> bool | None:
        """Whether a program that passed failed when it was run again; None: it was not run again."""
        known = [status for status in self.reruns if status != "error"]
        return any(status != "pass" for status in known) if known else None

    def counted(self, attempt: Attempt) -> Report:
        """The report of an attempt that counts for this kind of text."""
        return attempt.counted(self.kind)
