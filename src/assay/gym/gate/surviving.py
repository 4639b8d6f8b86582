"""Mutants of the references: hardly one may survive the tests."""

import itertools
from collections.abc import Iterable, Iterator, Sequence

from assay.gym.gate.inspection import Inspection, Survivor
from assay.gym.grading.reading import read
from assay.gym.grading.reports import combined
from assay.gym.records.problems import Problem, Test
from assay.gym.tasks import Sheet, program_for, sheet
from assay.pipeline.checks.answers import encoded
from assay.pipeline.checks.perform import Job
from assay.pipeline.mutants import Mutated, mutants
from assay.records import Language, Limits

MAX_SURVIVORS = 0.05
MAX_MUTANTS = 60
"""Mutants of one program. The shipped problems have fewer."""
ALIKE = 150
"""Random inputs on which a surviving mutant is compared with the reference, to see whether it can be told apart at all."""
_OTHER_SEEDS = (1009, 2003)


def run_mutants(work: Inspection, problems: Sequence[Problem]) -> None:
    """Try each problem's tests on mutants of its references."""
    changed: dict[str, tuple[Problem, Language, Mutated]] = {}
    jobs: dict[str, Job] = {}
    for problem, language in _usable(work, problems):
        whole = work.sheets[problem.id, language]
        task = whole.task.model_copy(update={"limits": _short(whole.task.limits)})
        kind = problem.grading.kind
        for one in mutants(problem.languages[language].solution, MAX_MUTANTS, language, imported=kind == "call"):
            key = f"{len(jobs)}"
            changed[key] = (problem, language, one)
            jobs[key] = (key, task, program_for(whole, one.source))
    alive: list[tuple[Problem, Language, Mutated]] = []
    for key, runs in work.run("mutants", jobs):
        problem, language, one = changed[key]
        whole = work.sheets[problem.id, language]
        work.made[problem.id] = work.made.get(problem.id, 0) + 1
        work.programs[problem.id] = work.programs.get(problem.id, 0) + 1
        part = read(whole, jobs[key][2], runs)
        if combined(problem, language, [part]).verdict == "pass":
            alive.append((problem, language, one))
    _tell_apart(work, alive)
    for problem in problems:
        _judge_mutants(work, problem)


def _usable(work: Inspection, problems: Iterable[Problem]) -> Iterator[tuple[Problem, Language]]:
    for problem in problems:
        for language in problem.languages:
            if (problem.id, language) in work.sheets and (problem.id, language) not in work.unusable:
                yield problem, language


def _tell_apart(work: Inspection, alive: Sequence[tuple[Problem, Language, Mutated]]) -> None:
    """A mutant that answers as the reference to many random inputs does the same: no test could notice it."""
    jobs: dict[str, Job] = {}
    sheets: dict[tuple[str, Language], Sheet | None] = {}
    for at, (problem, language, one) in enumerate(alive):
        asked = sheets.setdefault((problem.id, language), _many_inputs(problem, language))
        if asked is not None:
            task = asked.task.model_copy(update={"limits": _short(asked.task.limits)})
            jobs[f"{at}"] = (f"{at}", task, program_for(asked, one.source))
            reference = f"{problem.id} {language}"
            solution = problem.languages[language].solution
            jobs.setdefault(reference, (reference, asked.task, program_for(asked, solution)))
    answered = {key: [line for run in runs for line in run.transcript] for key, runs in work.run("survivors", jobs)}
    for at, (problem, language, one) in enumerate(alive):
        mine = answered.get(f"{at}")
        if mine is not None and len(mine) > 1 and mine == answered.get(f"{problem.id} {language}"):
            work.alike[problem.id] = work.alike.get(problem.id, 0) + 1
        else:
            work.survivors.setdefault(problem.id, []).append(Survivor(language=language, mutation=one.mutant))


def _judge_mutants(work: Inspection, problem: Problem) -> None:
    made, alive = work.made.get(problem.id, 0), work.survivors.get(problem.id, [])
    counted = made - work.alike.get(problem.id, 0)
    if len(alive) <= MAX_SURVIVORS * counted:
        return
    told = "; ".join(
        f"{one.language}, line {one.mutation.line}: {one.mutation.before!r} -> {one.mutation.after!r}"
        for one in alive[:5]
    )
    language = alive[0].language
    work.fault(
        problem,
        ("languages", language, "solution"),
        "mutants",
        f"{len(alive)} of {counted} mutants survive; at most {MAX_SURVIVORS:.0%} may ({told})",
        "Add a test that tells them from the solution.",
    )


def _short(limits: Limits) -> Limits:
    """A mutant may loop for ever: it gets no more time than it needs."""
    return limits.model_copy(update={"cpu_s": min(limits.cpu_s, 0.6)})


def _many_inputs(problem: Problem, language: Language) -> Sheet | None:
    if problem.grading.kind != "call" or not problem.input_schema:
        return None
    from assay.gym.generated import inputs

    made = list(itertools.chain(*(inputs(problem, seed, ALIKE // len(_OTHER_SEEDS)) for seed in _OTHER_SEEDS)))
    different = {encoded(arguments): arguments for arguments in made}
    tests = [
        Test(id=f"s{number}", visibility="hidden", args=arguments, expect=None)
        for number, arguments in enumerate(different.values())
    ]
    return sheet(problem, language, tests)
