"""Prove a suite: every reference and alternative passes, every wrong program fails the case it is there for."""

from collections.abc import Callable, Iterator, Sequence

from assay.bench.wording import finding_lines
from assay.pipeline.checks import grade
from assay.pipeline.checks.perform import run_many
from assay.pipeline.sandbox import Sandbox
from assay.records import MAIN, Program, Record, Report, Task

_CASES = 3
"""Cases that are told of one program: a reference that is broken fails them all."""


class Proof(Record):
    """What became of a suite's own programs."""

    tasks: int
    programs: int
    failures: tuple[str, ...]
    """What does not hold: a line each, and the cases that say so below it."""
    excused: tuple[str, ...] = ()
    """Tasks whose fault is known and written down, and tasks that have nothing to prove them by."""

    @property
    def holds(self) -> bool:
        return not self.failures

    @property
    def said(self) -> str:
        verdict = "all as they must" if self.holds else f"{len(self.failures)} not as they must"
        return f"{self.tasks} tasks, {self.programs} programs: {verdict}"


class _Trial(Record):
    """One program of a task and what must become of it."""

    task: Task
    name: str
    source: str
    passes: bool
    fails: str = ""


def check(
    tasks: Sequence[Task],
    sandbox: Sandbox,
    workers: int,
    place_of_case: Callable[[Task, str], str] = lambda task, _: task.place,
) -> Proof:
    """Run every program that the tasks bring along. `place_of_case`: the suite's."""
    trials = {f"{number}": trial for number, trial in enumerate(_trials(tasks))}
    programs = {key: _program(trial) for key, trial in trials.items()}
    jobs = ((key, trial.task, programs[key]) for key, trial in trials.items())
    reports = {key: grade(trials[key].task, programs[key], runs) for key, runs in run_many(sandbox, jobs, workers)}
    failures: list[str] = []
    excused: list[str] = []
    for key, trial in trials.items():
        if said := _wrong(trial, reports[key]):
            if trial.passes and trial.task.erratum:
                excused.append(f"{said}. Known: {trial.task.erratum}")
            else:
                evidence = _evidence(trial.task, reports[key], place_of_case) if trial.passes else ()
                failures.append("\n".join([said, *evidence]))
    excused += [f"{task.id} has no reference: nothing proves it" for task in tasks if task.reference is None]
    return Proof(tasks=len(tasks), programs=len(trials), failures=tuple(failures), excused=tuple(excused))


def _trials(tasks: Sequence[Task]) -> Iterator[_Trial]:
    for task in tasks:
        if task.reference is not None:
            yield _Trial(task=task, name="the reference", source=task.reference, passes=True)
        for number, source in enumerate(task.alternatives, 1):
            yield _Trial(task=task, name=f"alternative {number}", source=source, passes=True)
        for wrong in task.wrong:
            yield _Trial(
                task=task,
                name=f"the wrong program {wrong.name!r}",
                source=wrong.source,
                passes=False,
                fails=wrong.fails,
            )


def _program(trial: _Trial) -> Program:
    main = MAIN[trial.task.language]
    return Program(language=trial.task.language, files={main: trial.source.encode()}, main=main)


def _wrong(trial: _Trial, report: Report) -> str:
    """What is not as it must be; empty: all is."""
    who = f"{trial.task.id}: {trial.name}"
    if report.status == "error":
        return f"{who} could not be judged: {report.message}"
    if trial.passes:
        return "" if report.passed else f"{who} does not pass: {report.status}, {report.message}"
    if report.passed:
        return f"{who} passes"
    failed = {finding.case for finding in report.findings if finding.outcome == "failed"}
    if trial.fails and trial.fails not in failed:
        found = ", ".join(sorted(failed)[:5]) or report.status
        return f"{who} fails, but not in case {trial.fails!r} that it is there for: {found}"
    return ""


def _evidence(task: Task, report: Report, place_of_case: Callable[[Task, str], str]) -> Iterator[str]:
    """The first cases that did not pass: what was called, expected and got, and where it is written."""
    bad = [finding for finding in report.findings if finding.outcome != "passed"]
    for finding in bad[:_CASES]:
        yield from (f"    {line}" for line in finding_lines(finding))
        if place := place_of_case(task, finding.case):
            yield f"        {'written:':<10}{place}"
    if len(bad) > _CASES:
        yield f"    … and {len(bad) - _CASES} more"
