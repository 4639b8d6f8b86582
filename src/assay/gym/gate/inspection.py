"""What the gate finds, and what it has to remember while it looks."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from assay.gym.library import Shelf
from assay.gym.records.problems import Problem
from assay.gym.tasks import Sheet
from assay.pipeline.checks.perform import Job, run_many
from assay.pipeline.mutants import Mutation
from assay.pipeline.sandbox import Sandbox
from assay.records import Language, Record, Run


class Fault(Record):
    """One thing that does not hold."""

    place: str
    """file:line:column"""
    problem: str = ""
    rule: str
    message: str
    help: str = ""


class Survivor(Record):
    """A mutant that no test noticed."""

    language: Language
    mutation: Mutation


class Checked(Record):
    """One problem at the gate."""

    problem: str
    languages: tuple[Language, ...]
    programs: int = 0
    """Programs that were run, mutants included."""
    mutants: int = 0
    survivors: tuple[Survivor, ...] = ()
    alike: int = 0
    """Mutants that answered as the reference does to every input tried: they count neither way."""
    faults: int = 0

    @property
    def passed(self) -> bool:
        return not self.faults


class Gate(Record):
    """What the gate found."""

    problems: tuple[Checked, ...]
    faults: tuple[Fault, ...]
    level: int | None = None
    """The isolation of what was run."""

    @property
    def passed(self) -> bool:
        return not self.faults


Progress = Callable[[str, int, int], None]
"""Told what is done: which step, how many of it are done, how many there are."""


def quiet(step: str, done: int, total: int) -> None:
    """Tell nobody."""


@dataclass
class Inspection:
    """What is found out while problems are held against the rules."""

    shelf: Shelf
    sandbox: Sandbox
    workers: int
    progress: Progress
    faults: list[Fault] = field(default_factory=list)
    sheets: dict[tuple[str, Language], Sheet] = field(default_factory=dict)
    """By problem and language: all tests, with what the reference answers to the generated ones."""
    unfit: set[str] = field(default_factory=set)
    """Problems that cannot be run: their tests do not fit their kind, or a pattern cannot be read."""
    unusable: set[tuple[str, Language]] = field(default_factory=set)
    """Where the reference itself does not pass: nothing else can be said there."""
    programs: dict[str, int] = field(default_factory=dict)
    made: dict[str, int] = field(default_factory=dict)
    survivors: dict[str, list[Survivor]] = field(default_factory=dict)
    alike: dict[str, int] = field(default_factory=dict)

    def result(self, chosen: Sequence[Problem]) -> Gate:
        """What was found about these problems, and beside them."""
        by_problem = {problem.id: sum(fault.problem == problem.id for fault in self.faults) for problem in chosen}
        return Gate(
            problems=tuple(
                Checked(
                    problem=problem.id,
                    languages=tuple(problem.languages),
                    programs=self.programs.get(problem.id, 0),
                    mutants=self.made.get(problem.id, 0),
                    survivors=tuple(self.survivors.get(problem.id, ())),
                    alike=self.alike.get(problem.id, 0),
                    faults=by_problem[problem.id],
                )
                for problem in chosen
            ),
            faults=tuple(self.faults),
            level=self.sandbox.capabilities().level,
        )

    def fault(self, problem: Problem, path: Sequence[str | int], rule: str, message: str, help_: str = "") -> None:
        """Note a fault, at its place in the problem's file."""
        place = self.shelf.sources[problem.id].place(*path)
        self.faults.append(Fault(place=place, problem=problem.id, rule=rule, message=message, help=help_))

    def run(self, step: str, jobs: dict[str, Job]) -> Iterator[tuple[str, tuple[Run, ...]]]:
        """The Runs of each, as they finish, with the progress told."""
        for done, (key, runs) in enumerate(run_many(self.sandbox, jobs.values(), self.workers), 1):
            self.progress(step, done, len(jobs))
            yield key, runs
