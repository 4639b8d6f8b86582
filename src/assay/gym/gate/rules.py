"""What can be seen of a course and its problems by reading them."""

import re
from collections.abc import Iterable, Iterator, Sequence

from assay.errors import AssayError
from assay.gym.gate.inspection import Fault, Inspection
from assay.gym.patterns import read as read_pattern
from assay.gym.records.problems import Course, Problem, Test
from assay.records import Language

_PUBLIC = _HIDDEN = 2


def read_course(work: Inspection, course: Course) -> None:
    """What is taught, and in which order."""
    source = work.shelf.sources[course.id]

    def fault(path: Sequence[str | int], rule: str, message: str, help_: str = "") -> None:
        work.faults.append(Fault(place=source.place(*path), rule=rule, message=message, help=help_))

    known = {concept.id for concept in course.concepts}
    taught: set[str] = set()
    for at, topic in enumerate(course.topics):
        for number, concept in enumerate(topic.teaches):
            if concept not in known and f"{course.id}/concepts" not in work.shelf.unread:
                fault(("topics", at, "teaches", number), "concepts", f"there is no note on {concept!r}", "Write it.")
            if concept in taught:
                fault(("topics", at, "teaches", number), "concepts", f"{concept!r} is taught a second time")
            taught.add(concept)
        if not topic.lesson.strip() and f"{course.id}/lessons/{topic.id}" not in work.shelf.unread:
            fault(("topics", at, "id"), "lesson", f"the lesson of {topic.id} is empty")
    for twice in sorted(_twice(concept.id for concept in course.concepts)):
        fault((), "concepts", f"two notes are called {twice!r}")
    for concept in sorted(known - taught):
        fault((), "concepts", f"no topic teaches {concept!r}", "Name it in a topic's `teaches`.")


def read_problem(work: Inspection, problem: Problem) -> None:
    """One problem's tests, concepts, programs, help and patterns."""
    _read_tests(work, problem)
    _read_concepts(work, problem)
    _read_languages(work, problem)
    _read_help(work, problem)
    _read_patterns(work, problem)
    known = work.shelf.problems.keys() | work.shelf.unread
    if problem.after.next is not None and work.shelf.places and problem.after.next not in known:
        work.fault(problem, ("after", "next"), "next", f"there is no problem {problem.after.next!r}")
    if problem.after.next == problem.id:
        work.fault(problem, ("after", "next"), "next", "it is its own next problem")


def _read_tests(work: Inspection, problem: Problem) -> None:
    public = [test for test in problem.tests if test.visibility == "public"]
    hidden = len(problem.tests) - len(public)
    if len(public) < _PUBLIC:
        work.fault(problem, ("tests",), "tests", f"{_PUBLIC} public tests are needed, there are {len(public)}")
    if hidden < _HIDDEN:
        work.fault(problem, ("tests",), "tests", f"{_HIDDEN} hidden tests are needed, there are {hidden}")
    seen: set[str] = set()
    for at, test in enumerate(problem.tests):
        if test.id in seen:
            work.fault(problem, ("tests", at, "id"), "tests", f"a second test is called {test.id!r}")
        if re.fullmatch("g[0-9]+", test.id):
            work.fault(
                problem,
                ("tests", at, "id"),
                "tests",
                f"{test.id!r} is a generated test's name",
                "Choose another one.",
            )
        seen.add(test.id)
        if test.visibility == "public" and not test.name.strip():
            work.fault(problem, ("tests", at), "names", "a public test needs a name", "Say what it checks.")
        for message, help_ in _misfits(problem, test):
            work.unfit.add(problem.id)
            work.fault(problem, ("tests", at), "tests", message, help_)
    if problem.generated is not None and problem.grading.kind != "call":
        work.fault(problem, ("generated",), "generated", f"a {problem.grading.kind} problem has no generated tests")
    elif problem.generated is not None and not problem.input_schema:
        work.fault(problem, ("generated",), "generated", "generated tests need an input_schema")


def _read_concepts(work: Inspection, problem: Problem) -> None:
    if problem.id not in work.shelf.places:
        return
    course, topic = work.shelf.places[problem.id]
    at = next(number for number, one in enumerate(course.topics) if one.id == topic.id)
    taught = {concept for one in course.topics[: at + 1] for concept in one.teaches}
    anywhere = {concept for one in course.topics for concept in one.teaches}
    for key, names in (("concepts", problem.concepts), ("prerequisites", problem.prerequisites)):
        for number, name in enumerate(names):
            if name not in taught:
                later = "is taught in a later topic" if name in anywhere else "is taught in no topic"
                work.fault(
                    problem,
                    (key, number),
                    key,
                    f"{name!r} {later} of {course.id}",
                    f"By then: {', '.join(sorted(taught))}.",
                )


def _read_languages(work: Inspection, problem: Problem) -> None:
    called = problem.grading.kind == "call"
    for language, sources in problem.languages.items():
        path = ("languages", language)
        if called and sources.entry is None:
            work.unfit.add(problem.id)
            work.fault(problem, path, "entry", "a call problem needs an entry: the function's name")
        if not called and sources.entry is not None:
            work.fault(
                problem, (*path, "entry"), "entry", f"a {problem.grading.kind} problem has no entry", "Take it out."
            )
        if not sources.solution.strip():
            work.fault(problem, (*path, "solution"), "reference", "there is no solution: nothing proves the tests")
            work.unusable.add((problem.id, language))
        elif sources.starter.strip() == sources.solution.strip():
            work.fault(problem, (*path, "starter"), "starter", "the starter is the solution")
        for number, other in enumerate(sources.alternatives):
            if other.strip() == sources.solution.strip():
                work.fault(problem, (*path, "alternatives", number), "alternatives", "it is the solution itself")


def _read_help(work: Inspection, problem: Problem) -> None:
    levels = [hint.level for hint in problem.hints]
    if levels != sorted(levels) or levels[0] != 1:
        work.fault(problem, ("hints",), "hints", "hints go from level 1 upwards", f"They are {levels}.")
    for number, hint in enumerate(problem.hints):
        for language, sources in problem.languages.items():
            for message in _leaks(problem, language, sources.starter, hint.text, hint.level):
                work.fault(problem, ("hints", number, "text"), "leak", f"({language}) {message}")
    ids = [test.id for test in problem.tests]
    for twice in sorted(_twice(one.id for one in problem.misconceptions)):
        work.fault(problem, ("misconceptions",), "misconceptions", f"two are called {twice!r}")
    for at, one in enumerate(problem.misconceptions):
        for key, names in (("fails", one.when.fails), ("passes", one.when.passes)):
            for number, name in enumerate(names):
                if name not in ids:
                    path = ("misconceptions", at, "when", key, number)
                    work.fault(
                        problem, path, "misconceptions", f"there is no test {name!r}", f"Known: {', '.join(ids)}."
                    )
        for language in one.example:
            if language not in problem.languages:
                where = ("misconceptions", at, "example", language)
                work.fault(problem, where, "misconceptions", f"the problem is not there in {language}")


def _read_patterns(work: Inspection, problem: Problem) -> None:
    found: list[tuple[tuple[str | int, ...], Language, str]] = []
    for at, rule in enumerate(problem.disallow):
        found += _patterns(("disallow", at), rule.python_ast, rule.javascript_ast)
        if rule.python_ast is None and rule.javascript_ast is None:
            work.fault(problem, ("disallow", at), "patterns", "say what is not allowed: python_ast or javascript_ast")
    for at, one in enumerate(problem.misconceptions):
        found += _patterns(("misconceptions", at, "when"), one.when.python_ast, one.when.javascript_ast)
    for path, language, pattern in found:
        try:
            read_pattern(pattern, language)
        except AssayError as error:
            work.unfit.add(problem.id)
            work.fault(problem, path, "patterns", str(error), error.help)


def _twice(names: Iterable[str]) -> set[str]:
    seen: set[str] = set()
    return {name for name in names if name in seen or seen.add(name)}  # type: ignore[func-returns-value]


def _misfits(problem: Problem, test: Test) -> Iterator[tuple[str, str]]:
    """What does not fit the kind of grading."""
    kind = problem.grading.kind
    given = test.model_fields_set
    for key, kinds in (("args", "call"), ("raises", "call"), ("stdin", "stdio"), ("value", "script")):
        if key in given and kind != kinds:
            yield f"a {kind} problem's test has no {key!r}", "Take it out."
    if kind == "call":
        if not isinstance(test.args, list | tuple):
            yield "`args` should be a list of the arguments", "Without arguments: args: []"
        elif problem.input_schema and len(test.args) > len(problem.input_schema):  # fewer: parameters with defaults
            yield f"it has {len(test.args)} arguments, the input_schema {len(problem.input_schema)}", ""
        if test.expects == (test.raises is not None):
            yield "say either `expect` or `raises`", ""
        if test.raises is not None and (lacking := set(problem.languages) - set(test.raises)):
            yield f"`raises` does not say what in {', '.join(sorted(lacking))}", ""
        if test.stdout is not None:
            yield "a call problem's test has no 'stdout'", "Take it out."
    elif kind == "stdio":
        if test.stdout is None or test.expects:
            yield "a stdio problem's test needs `stdout`, and no `expect`", ""
    elif (test.value is None) == (test.stdout is None):
        yield "a script problem's test needs either `stdout`, or `value` with `expect`", ""
    elif test.expects != (test.value is not None):
        yield "`value` and `expect` stand together", ""
    mode = test.compare or problem.grading.compare
    if mode is not None and mode.mode == "regex" and test.stdout is not None:
        try:
            re.compile(test.stdout)
        except re.error as error:
            yield f"`stdout` is no pattern: {error}", ""


def _patterns(
    path: tuple[str | int, ...], python: str | None, javascript: str | None
) -> Iterator[tuple[tuple[str | int, ...], Language, str]]:
    if python is not None:
        yield (*path, "python_ast"), "python", python
    if javascript is not None:
        yield (*path, "javascript_ast"), "javascript", javascript


def _leaks(problem: Problem, language: Language, source: str, text: str, level: int) -> Iterator[str]:
    """What of a hint gives too much away, in words."""
    from assay.gym.tutor import leaks

    for broken in leaks.check(problem, language, source, text, level).broken:
        yield f"a hint must not do this ({broken.rule}): {broken.why}: {broken.where}"
