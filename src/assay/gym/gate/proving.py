"""What shows only in the sandbox: examples, references, alternatives, starters and misconceptions do as they should."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from assay.gym.gate.inspection import Fault, Inspection
from assay.gym.grading.oracle import read_answers
from assay.gym.grading.reading import read
from assay.gym.grading.reports import combined, with_disallowed
from assay.gym.records.problems import Course, Problem
from assay.gym.records.results import FullCase, FullReport
from assay.gym.tasks import Sheet, generated_tests, program, program_for, sheet
from assay.gym.tutor.friendly import nearest_own
from assay.pipeline.checks.perform import Job
from assay.records import Language, Limits, Program, Stdio, StdioCase, Task

_ROOM = 2.0  # the reference may use one half of the CPU time: machines differ
_SLIPS = {"wrong": ("raises", "expect", "stdout"), "exception": ("raises", "args", "stdin"), "nothing": ("value",)}
"""By how solutions that are right fail a test: which of its fields is likely to be at fault."""
_FENCE = re.compile(r"^(`{3,}|~{3,})[ \t]*(\w+)?([^\n]*)\n(.*?)^\1[ \t]*$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class _Trial:
    """One program under the tests, and where it stands in its file."""

    problem: Problem
    language: Language
    what: str
    """reference, again, alternative, starter, misconception"""
    path: tuple[str | int, ...]
    source: str
    number: int = 0


def run_examples(work: Inspection) -> None:
    """Notes and lessons: what they show runs, and prints what they say."""
    jobs: dict[str, Job] = {}
    about: dict[str, tuple[Course, str, str, str]] = {}
    places: dict[str, str] = {}
    for course in work.shelf.courses:
        notes = work.shelf.sources.get(f"{course.id}/concepts")
        for at, concept in enumerate(course.concepts):
            key = f"{course.id} concept {concept.id}"
            about[key] = (course, f"the example of the concept {concept.id!r}", concept.example, concept.prints)
            if notes is not None:
                places[key] = notes.place("concepts", at, "example")
        for topic in course.topics:
            for number, (name, info, code) in enumerate(_fences(topic.lesson), 1):
                if name == course.language and "does not run" not in info:
                    about[f"{course.id} lesson {topic.id} {number}"] = (
                        course, f"code block {number} of the lesson {topic.id!r}", code, "",
                    )  # fmt: skip
    for key, (course, _, code, prints) in about.items():
        case = StdioCase(id="x", stdout=prints)
        task = Task(
            id=key,
            suite="gym",
            language=course.language,
            prompt="",
            checks=(Stdio(cases=(case,)),),
            limits=Limits(),
        )
        jobs[key] = (key, task, program(course.language, code, "program", task.limits))
    for key, runs in work.run("examples", jobs):
        course, what, _, prints = about[key]
        (run,) = runs
        printed = run.stdout.decode("utf-8", "replace")
        place = places.get(key) or work.shelf.sources[course.id].place()
        if run.status != "ok":
            last = (run.stderr.decode("utf-8", "replace").strip().splitlines() or [run.detail])[-1]
            why = re.sub(r"\x1e.*", "", last)[:200]
            work.faults.append(Fault(place=place, rule="examples", message=f"{what} does not run: {run.status} {why}"))
        elif prints and printed.split() != prints.split():
            message = f"{what} prints {printed.strip()[:200]!r}, not {prints.strip()[:200]!r}"
            work.faults.append(Fault(place=place, rule="examples", message=message))


def run_programs(work: Inspection, problems: Sequence[Problem]) -> None:
    """References twice, alternatives, starters and misconceptions: each under all tests."""
    problems = [problem for problem in problems if problem.id not in work.unfit]
    unanswered = _ask_references(work, problems)
    trials = {f"{number}": trial for number, trial in enumerate(_trials(work, problems))}
    made: dict[str, Program] = {}
    jobs: dict[str, Job] = {}
    for key, trial in trials.items():
        whole = work.sheets[trial.problem.id, trial.language]
        made[key] = program_for(whole, trial.source)
        jobs[key] = (key, whole.task, made[key])
    answers: dict[tuple[str, Language, str], list[str]] = {}
    reports: dict[str, FullReport] = {}
    for key, runs in work.run("programs", jobs):
        trial = trials[key]
        whole = work.sheets[trial.problem.id, trial.language]
        part = read(whole, made[key], runs)
        reports[key] = with_disallowed(trial.problem, trial.source, combined(trial.problem, trial.language, [part]))
        answers[trial.problem.id, trial.language, trial.what] = [
            repr((run.status, run.exit_code, run.stdout, run.transcript)) for run in runs
        ]
        work.programs[trial.problem.id] = work.programs.get(trial.problem.id, 0) + 1
    for key, trial in trials.items():
        if trial.what == "reference" and reports[key].verdict != "pass":
            work.unusable.add((trial.problem.id, trial.language))
    for one, missing in unanswered:
        if (one.problem.id, one.language) not in work.unusable:  # else the solution's own fault is the cause
            work.fault(
                one.problem,
                ("languages", one.language, "solution"),
                "generated",
                f"it gives no plain value to {missing} of {len(one.tests)} generated inputs",
                "Narrow the input_schema, or mend the solution.",
            )
    solutions: dict[str, dict[Language, FullReport]] = {}
    for key, trial in trials.items():
        if trial.what == "reference":
            solutions.setdefault(trial.problem.id, {})[trial.language] = reports[key]
    for problem in problems:
        _judge_solutions(work, problem, solutions.get(problem.id, {}))
    for key, trial in trials.items():
        if trial.what in ("reference", "again") or (trial.problem.id, trial.language) not in work.unusable:
            _judge(work, trial, reports[key], answers)


def _ask_references(work: Inspection, problems: Sequence[Problem]) -> list[tuple[Sheet, int]]:
    """What the references answer to the generated inputs; given back: those with inputs without an answer, and how many."""
    asked: dict[str, Sheet] = {}
    for problem in problems:
        for language, sources in problem.languages.items():
            if (problem.id, language) in work.unusable:
                continue  # no solution
            work.sheets[problem.id, language] = sheet(problem, language, problem.tests)
            if sources.entry is not None and (tests := generated_tests(problem, language)):
                asked[f"{problem.id} {language}"] = sheet(problem, language, tests)
    jobs = {
        key: (key, one.task, program_for(one, one.problem.languages[one.language].solution))
        for key, one in asked.items()
    }
    unanswered = []
    for key, runs in work.run("generated tests", jobs):
        one = asked[key]
        found = read_answers(one, runs)
        if len(found) < len(one.tests):
            unanswered.append((one, len(one.tests) - len(found)))
        count = one.problem.generated.count if one.problem.generated else 0
        if len(one.tests) < min(count, 3):
            message = f"the input_schema has only {len(one.tests)} different inputs of {count}"
            work.fault(one.problem, ("generated",), "generated", message, "Widen it.")
        work.sheets[one.problem.id, one.language] = sheet(one.problem, one.language, (*one.problem.tests, *found))
    return unanswered


def _trials(work: Inspection, problems: Sequence[Problem]) -> Iterator[_Trial]:
    for problem in problems:
        for language, sources in problem.languages.items():
            if (problem.id, language) in work.unusable:
                continue
            at = ("languages", language)
            yield _Trial(problem, language, "reference", (*at, "solution"), sources.solution)
            yield _Trial(problem, language, "again", (*at, "solution"), sources.solution)
            for number, source in enumerate(sources.alternatives):
                yield _Trial(problem, language, "alternative", (*at, "alternatives", number), source, number + 1)
            yield _Trial(problem, language, "starter", (*at, "starter"), sources.starter)
            for number, one in enumerate(problem.misconceptions):
                if language in one.example:
                    path = ("misconceptions", number, "example", language)
                    yield _Trial(problem, language, "misconception", path, one.example[language], number)


def _judge_solutions(work: Inspection, problem: Problem, reports: Mapping[Language, FullReport]) -> None:
    """Solutions that do not pass; where all of them fail the same few tests, those tests."""
    failing = {language: one for language, one in reports.items() if one.verdict not in ("pass", "error")}
    doubted = _doubted(reports)
    for at, test in enumerate(problem.tests):
        if test.id in doubted:
            _blame_test(work, problem, at, failing)
    for language, report in failing.items():
        left = [case for case in report.cases if case.outcome != "passed" and case.test.id not in doubted]
        if left or not doubted:
            _blame_solution(work, problem, language, report, left[0] if left else None)


def _blame_test(work: Inspection, problem: Problem, at: int, failing: Mapping[Language, FullReport]) -> None:
    test, report = problem.tests[at], next(iter(failing.values()))
    failed = next(case for case in report.cases if case.test.id == test.id)
    slip = [key for key in _SLIPS[failed.verdict or "wrong"] if key in test.model_fields_set]
    solutions = [work.shelf.sources[problem.id].place("languages", language, "solution") for language in failing]
    work.fault(
        problem,
        ("tests", at, *slip[:1]),
        "reference",
        f"the solution does not pass in {' and '.join(failing)}: {_why(report, failed)}",
        f"Mend the test, or the solution: {', '.join(solutions)}",
    )


def _blame_solution(
    work: Inspection, problem: Problem, language: Language, report: FullReport, failed: FullCase | None
) -> None:
    sources, path = problem.languages[language], ("languages", language)
    if report.verdict == "nothing" and sources.entry is not None:
        near = nearest_own(sources.entry, sources.solution, language)
        help_ = f"Did you mean {near}?" if near else "Name the function that the tests call."
        work.fault(problem, (*path, "entry"), "entry", f"the solution has no {sources.entry!r}", help_)
    else:
        message = f"the solution does not pass: {_why(report, failed)}"
        work.fault(problem, (*path, "solution"), "reference", message)


def _doubted(reports: Mapping[Language, FullReport]) -> set[str]:
    """The tests that every solution fails that passes most of the others: rather the test is wrong than all of them."""
    doubted: list[set[str]] = []
    for report in reports.values():
        written = [case for case in report.cases if not case.generated]
        failed = {case.test.id for case in written if case.outcome == "failed" and case.verdict in _SLIPS}
        doubted.append(failed if 2 * sum(case.outcome == "passed" for case in written) > len(written) else set())
    return set.intersection(*doubted) if doubted else set()


def _judge(
    work: Inspection, trial: _Trial, report: FullReport, answers: dict[tuple[str, Language, str], list[str]]
) -> None:
    problem, language = trial.problem, trial.language

    def fault(rule: str, message: str, help_: str = "") -> None:
        work.fault(problem, trial.path, rule, message, help_)

    if report.verdict == "error":
        fault("sandbox", f"it could not be judged: {report.message}", "That is no fault of the problem. Try again.")
    elif trial.what == "reference":
        if report.verdict == "pass" and report.cpu_s * _ROOM > problem.grading.limits.cpu_s * max(1, _processes(trial)):
            fault("limits", f"the solution uses {report.cpu_s:.2f} s of CPU time: more than half of what there is")
    elif trial.what == "again":
        if answers[problem.id, language, "again"] != answers[problem.id, language, "reference"]:
            fault("agreement", "two runs of the solution do not agree", "Take out what is random or depends on time.")
    elif trial.what == "alternative":
        if report.verdict != "pass":
            failed = next((case for case in report.cases if case.outcome != "passed"), None)
            fault("alternatives", f"alternative {trial.number} does not pass: {_why(report, failed)}")
    elif trial.what == "starter":
        if report.verdict == "pass":
            fault("starter", "the starter passes")
        elif report.verdict == "syntax":
            fault("starter", f"the starter cannot be read: {report.message}")
    else:
        _judge_misconception(trial, report, fault)


def _processes(trial: _Trial) -> int:
    return len(trial.problem.tests) if trial.problem.grading.kind == "stdio" else 1


def _judge_misconception(trial: _Trial, report: FullReport, fault: Callable[..., None]) -> None:
    from assay.gym.meeting import meets

    one = trial.problem.misconceptions[trial.number]
    if not {*one.when.fails, *one.when.passes} <= {test.id for test in trial.problem.tests}:
        return  # its rule can never be met, which was told where the rule was read
    if report.verdict == "pass":
        fault("misconceptions", f"the example of {one.id!r} passes", "Show a program that makes the mistake.")
        return
    if not meets(one.when, report, trial.language, trial.source):
        fault(
            "misconceptions",
            f"the example of {one.id!r} does not match its own rule: {_failures(report)}",
            "Mend `when`, or the example.",
        )
        return
    for earlier in trial.problem.misconceptions[: trial.number]:
        if meets(earlier.when, report, trial.language, trial.source):
            fault(
                "misconceptions",
                f"the example of {one.id!r} matches the earlier {earlier.id!r} too: {_failures(report)}",
                "Put it first, or make the earlier rule narrower.",
            )
            return


def _fences(markdown: str) -> Iterator[tuple[str, str, str]]:
    """The fenced blocks of a text: the language, what stands behind it, the code."""
    for found in _FENCE.finditer(markdown):
        yield found[2] or "", found[3].strip(), found[4]


def _why(report: FullReport, failed: FullCase | None) -> str:
    """What went wrong in this test; without one, or before any was tried, with the whole program."""
    if failed is None or report.verdict in ("syntax", "disallowed"):
        return f"{report.verdict}: {report.message}"
    gave = f", gave {_shown(failed.got)}" if failed.verdict == "wrong" else ""
    said = f"{_shown(failed.call)} should give {_shown(failed.expected)}{gave}. {failed.message or report.message}"
    return f"{failed.verdict or report.verdict} in {failed.test.id}: {said}"


def _shown(text: str) -> str:
    """As it is; in quotes where blanks or lines of what was printed would not be seen."""
    return text if text and text.isprintable() and text == text.strip() else repr(text)


def _failures(report: FullReport) -> str:
    failed = [case.test.id for case in report.cases if case.outcome != "passed" and not case.generated]
    error = f", {report.error_type}" if report.error_type else ""
    return f"it ends with {report.verdict}{error} and does not pass {', '.join(failed) or 'generated tests only'}"
