"""The gate: what must hold of every problem before a learner meets it (docs/gym-authors.md lists the rules).

First what can be seen by reading, then what shows only in the sandbox: the reference and the alternatives pass, the
starter does not, each misconception's example fails as its rule says, two runs agree, and hardly a mutant of the
reference survives the tests. Every fault has its file, line and column.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from assay.errors import ContentError
from assay.gym.gate.inspection import Fault, Gate, Inspection, Progress, quiet
from assay.gym.gate.proving import run_examples, run_programs
from assay.gym.gate.rules import read_course, read_problem
from assay.gym.gate.surviving import run_mutants
from assay.gym.library import Shelf, Source, read_shelf
from assay.gym.records.problems import Course, Problem, Topic
from assay.pipeline.sandbox import Sandbox


def check_path(
    path: Path,
    sandbox: Sandbox,
    workers: int,
    *,
    only: Sequence[str] = (),
    mutated: Callable[[Problem], bool] = lambda _: True,
    progress: Progress = quiet,
) -> Gate:
    """Hold everything under `path` against the rules, or the problems `only` names.

    mutated: which problems are tried with mutants too, the costliest rule. Raises AssayError where nothing can be read.
    """
    mistakes: list[ContentError] = []
    shelf = read_shelf(path, mistakes)
    unknown = [name for name in only if name not in shelf.problems]
    if unknown and not any(f"{unknown[0]}." in mistake.place for mistake in mistakes):
        from assay.errors import UnknownName

        raise UnknownName("problem", unknown[0], shelf.problems)
    if only:
        mistakes = [mistake for mistake in mistakes if any(f"{name}." in mistake.place for name in only)]
    chosen = [problem for name, problem in shelf.problems.items() if not only or name in only]
    work = Inspection(shelf, sandbox, workers, progress)
    for mistake in mistakes:
        message = str(mistake).removeprefix(f"{mistake.place}: ")
        work.faults.append(Fault(place=mistake.place, rule="reading", message=message, help=mistake.help))
    if not only:
        for course in shelf.courses:
            read_course(work, course)
        run_examples(work)
    for problem in chosen:
        read_problem(work, problem)
    run_programs(work, chosen)
    run_mutants(work, [problem for problem in chosen if mutated(problem)])
    return work.result(chosen)


def check_problem(
    problem: Problem, source: Source, sandbox: Sandbox, workers: int, *, course: Course | None = None,
    topic: Topic | None = None, mutated: bool = True, progress: Progress = quiet,
) -> Gate:  # fmt: skip
    """Hold one problem against the rules: for an editor, where it stands in no course yet."""
    places = {problem.id: (course, topic)} if course is not None and topic is not None else {}
    shelf = Shelf((course,) if course else (), "", {problem.id: problem}, places, {problem.id: source})
    work = Inspection(shelf, sandbox, workers, progress)
    read_problem(work, problem)
    run_programs(work, [problem])
    if mutated:
        run_mutants(work, [problem])
    return work.result([problem])
