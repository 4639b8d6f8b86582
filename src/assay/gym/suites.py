"""The gym's problems as suites of the bench, so that a model can be measured on what learners solve."""

import re
from dataclasses import replace
from pathlib import Path

from assay.gym.library import COURSES, kept_shelf
from assay.gym.records.problems import Problem, Sources, Test
from assay.gym.tasks import call_in_words, expected_in_words, sheet
from assay.pipeline.checks.answers import encoded
from assay.records import Calls, Case, Language, Task, WrongProgram
from assay.settings import Settings
from assay.suites import Suite

_TOLD: dict[Language, str] = {
    "python": "Python 3.11 or later, with nothing but the standard library",
    "javascript": "JavaScript for Node 20, with nothing but what Node brings",
}
_LOOK_UP: dict[Language, str] = {"python": "__getattribute__", "javascript": "eval"}
"""What, called with a name, gives what the name stands for: of a Python module itself, in JavaScript everywhere."""
_HEADS: dict[Language, str] = {
    "python": r"^(?:async )?def {}\(.*?\)",
    "javascript": r"^(?:async )?function {}\(.*?\)",
}


def python(data: Path | None, *, settings: Settings, errata: bool) -> Suite:  # noqa: ARG001 - a Loader
    """The problems that can be solved in Python; with `data`, those of another folder of courses or config.yaml."""
    return _suite("python", data)


def javascript(data: Path | None, *, settings: Settings, errata: bool) -> Suite:  # noqa: ARG001 - a Loader
    """The problems that can be solved in JavaScript."""
    return _suite("javascript", data)


def _suite(language: Language, data: Path | None) -> Suite:
    name = f"gym:{language}"
    shelf = kept_shelf(data or COURSES)
    chosen = [
        shelf.problems[identifier]
        for course in shelf.courses
        for topic in course.topics
        for identifier in topic.problems
        if language in shelf.problems[identifier].languages
    ]
    return Suite(
        name=name,
        title=f"The gym's problems in {'Python' if language == 'python' else 'JavaScript'}",
        tasks=tuple(task_of(problem, language, name) for problem in chosen),
        source=str(data) if data else "written for Assay",
        licence="" if data else "MIT",
    )


def task_of(problem: Problem, language: Language, suite: str) -> Task:
    """A problem as a task for a model: every written test; the public ones stand in the prompt."""
    made = sheet(problem, language, problem.tests).task
    checks = tuple(_plain(check, problem, language) if isinstance(check, Calls) else check for check in made.checks)
    wrong = tuple(
        WrongProgram(name=one.id, source=one.example[language], fails=one.when.fails[0] if one.when.fails else "")
        for one in problem.misconceptions
        if language in one.example
    )
    return made.model_copy(
        update={
            "suite": suite,
            "prompt": _prompt(problem, language),
            "checks": checks,
            "wrong": wrong,
            "tags": (problem.difficulty, *problem.concepts),
            "place": f"{suite}/{problem.id}",
        }
    )


def _plain(check: Calls, problem: Problem, language: Language) -> Calls:
    """The same calls without what the gym puts beside a learner's program."""
    entry = problem.languages[language].entry
    if entry is not None:
        return check.model_copy(update={"entry": entry})
    by_id = {test.id: test for test in problem.tests}
    cases = tuple(_looked_up(case, by_id[case.id]) for case in check.cases)
    return check.model_copy(update={"entry": _LOOK_UP[language], "cases": cases})


def _looked_up(case: Case, test: Test) -> Case:
    return replace(case, args=encoded([test.value]))


def _prompt(problem: Problem, language: Language) -> str:
    sources = problem.languages[language]
    parts = [problem.statement.strip()]
    if problem.grading.kind == "call":
        parts.append(
            f"Write it in {_TOLD[language]}. Define this function at the top level: `{_head(sources, language)}`"
        )
    elif problem.grading.kind == "stdio":
        parts.append(
            f"Write a whole program in {_TOLD[language]}. It reads standard input and prints to standard output."
        )
    else:
        parts.append(f"Write a whole program in {_TOLD[language]}. It reads nothing.")
    if problem.grading.check_arguments_unchanged:
        parts.append("The function must leave its arguments as they were.")
    parts += [f"Besides: {rule.message}" for rule in problem.disallow]
    public = [test for test in problem.tests if test.visibility == "public"]
    if examples := [_example(problem, language, test) for test in public]:
        parts.append("Examples:\n\n```text\n" + "\n".join(examples) + "\n```")
    parts.append(
        f"Answer with the complete code in one block fenced by ```{language}. It may define helpers; "
        "leave out tests and example calls."
    )
    return "\n\n".join(parts) + "\n"


def _head(sources: Sources, language: Language) -> str:
    entry = sources.entry or ""
    found = re.search(_HEADS[language].format(re.escape(entry)), sources.starter, re.MULTILINE | re.DOTALL)
    return found[0] if found else entry


def _example(problem: Problem, language: Language, test: Test) -> str:
    call, expected = call_in_words(problem, language, test), expected_in_words(problem, language, test)
    if problem.grading.kind == "call":
        if test.raises is not None:
            return f"{call}  {'throws' if language == 'javascript' else 'raises'} {expected}"
        return f"{call}  returns {expected}"
    if test.value is not None:
        return f"at the end, {test.value} is {expected}"
    return f"input:\n{call}\noutput:\n{expected}".replace("input:\n\noutput", "output")
