"""The gate: what must hold of every problem before a learner meets it (docs/gym-authors.md lists the rules).

First what can be seen by reading, then what shows only in the sandbox: the reference and the alternatives pass, the
starter does not, each misconception's example fails as its rule says, two runs agree, and hardly a mutant of the
reference survives the tests. Every fault has its file, line and column.
"""

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from assay.errors import AssayError, ContentError
from assay.gym.grading.oracle import read_answers
from assay.gym.grading.reading import read
from assay.gym.grading.reports import combined, with_disallowed
from assay.gym.library import Shelf, Source, read_shelf
from assay.gym.patterns import read as read_pattern
from assay.gym.records import Course, FullReport, Problem, Test, Topic
from assay.gym.tasks import Sheet, encoded, generated_tests, program, program_for, sheet
from assay.pipeline.checks.perform import Job, run_many
from assay.pipeline.mutants import Mutated, Mutation, mutants
from assay.pipeline.sandbox import Sandbox
from assay.records import Language, Limits, Program, Record, Run, Stdio, StdioCase, Task

MAX_SURVIVORS = 0.05
MAX_MUTANTS = 60
"""Mutants of one program. The shipped problems have fewer."""
ALIKE = 150
"""Random inputs on which a surviving mutant is compared with the reference, to see whether it can be told apart at all."""
_OTHER_SEEDS = (1009, 2003)
_PUBLIC = _HIDDEN = 2
_ROOM = 2.0  # the reference may use one half of the CPU time: machines differ
_FENCE = re.compile(r"^(`{3,}|~{3,})[ \t]*(\w+)?([^\n]*)\n(.*?)^\1[ \t]*$", re.MULTILINE | re.DOTALL)


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


def _quiet(step: str, done: int, total: int) -> None: ...


def check_path(
    path: Path,
    sandbox: Sandbox,
    workers: int,
    *,
    only: Sequence[str] = (),
    mutated: Callable[[Problem], bool] = lambda _: True,
    progress: Progress = _quiet,
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
    work = _Work(shelf, sandbox, workers, progress)
    for mistake in mistakes:
        message = str(mistake).removeprefix(f"{mistake.place}: ")
        work.faults.append(Fault(place=mistake.place, rule="reading", message=message, help=mistake.help))
    if not only:
        for course in shelf.courses:
            work.read_course(course)
        work.run_examples()
    for problem in chosen:
        work.read_problem(problem)
    work.run_programs(chosen)
    work.run_mutants([problem for problem in chosen if mutated(problem)])
    return work.result(chosen)


def check_problem(
    problem: Problem, source: Source, sandbox: Sandbox, workers: int, *, course: Course | None = None,
    topic: Topic | None = None, mutated: bool = True, progress: Progress = _quiet,
) -> Gate:  # fmt: skip
    """Hold one problem against the rules: for an editor, where it stands in no course yet."""
    places = {problem.id: (course, topic)} if course is not None and topic is not None else {}
    shelf = Shelf((course,) if course else (), "", {problem.id: problem}, places, {problem.id: source})
    work = _Work(shelf, sandbox, workers, progress)
    work.read_problem(problem)
    work.run_programs([problem])
    if mutated:
        work.run_mutants([problem])
    return work.result([problem])


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


@dataclass
class _Work:
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
        place = self.shelf.sources[problem.id].place(*path)
        self.faults.append(Fault(place=place, problem=problem.id, rule=rule, message=message, help=help_))

    def run(self, step: str, jobs: dict[str, Job]) -> Iterator[tuple[str, tuple[Run, ...]]]:
        """The Runs of each, as they finish, with the progress told."""
        for done, (key, runs) in enumerate(run_many(self.sandbox, jobs.values(), self.workers), 1):
            self.progress(step, done, len(jobs))
            yield key, runs

    # ---- by reading

    def read_course(self, course: Course) -> None:
        source = self.shelf.sources[course.id]

        def fault(path: Sequence[str | int], rule: str, message: str, help_: str = "") -> None:
            self.faults.append(Fault(place=source.place(*path), rule=rule, message=message, help=help_))

        known = {concept.id for concept in course.concepts}
        taught: set[str] = set()
        for at, topic in enumerate(course.topics):
            for number, concept in enumerate(topic.teaches):
                if concept not in known:
                    fault(
                        ("topics", at, "teaches", number), "concepts", f"there is no note on {concept!r}", "Write it."
                    )
                if concept in taught:
                    fault(("topics", at, "teaches", number), "concepts", f"{concept!r} is taught a second time")
                taught.add(concept)
            if not topic.lesson.strip():
                fault(("topics", at, "id"), "lesson", f"the lesson of {topic.id} is empty")
        for twice in sorted(_twice(concept.id for concept in course.concepts)):
            fault((), "concepts", f"two notes are called {twice!r}")
        for concept in sorted(known - taught):
            fault((), "concepts", f"no topic teaches {concept!r}", "Name it in a topic's `teaches`.")

    def read_problem(self, problem: Problem) -> None:
        self._read_tests(problem)
        self._read_concepts(problem)
        self._read_languages(problem)
        self._read_help(problem)
        self._read_patterns(problem)
        if problem.after.next is not None and self.shelf.places and problem.after.next not in self.shelf.problems:
            self.fault(problem, ("after", "next"), "next", f"there is no problem {problem.after.next!r}")
        if problem.after.next == problem.id:
            self.fault(problem, ("after", "next"), "next", "it is its own next problem")

    def _read_tests(self, problem: Problem) -> None:
        public = [test for test in problem.tests if test.visibility == "public"]
        hidden = len(problem.tests) - len(public)
        if len(public) < _PUBLIC:
            self.fault(problem, ("tests",), "tests", f"{_PUBLIC} public tests are needed, there are {len(public)}")
        if hidden < _HIDDEN:
            self.fault(problem, ("tests",), "tests", f"{_HIDDEN} hidden tests are needed, there are {hidden}")
        seen: set[str] = set()
        for at, test in enumerate(problem.tests):
            if test.id in seen:
                self.fault(problem, ("tests", at, "id"), "tests", f"a second test is called {test.id!r}")
            if re.fullmatch("g[0-9]+", test.id):
                self.fault(
                    problem,
                    ("tests", at, "id"),
                    "tests",
                    f"{test.id!r} is a generated test's name",
                    "Choose another one.",
                )
            seen.add(test.id)
            if test.visibility == "public" and not test.name.strip():
                self.fault(problem, ("tests", at), "names", "a public test needs a name", "Say what it checks.")
            for message, help_ in _misfits(problem, test):
                self.unfit.add(problem.id)
                self.fault(problem, ("tests", at), "tests", message, help_)
        if problem.generated is not None and problem.grading.kind != "call":
            self.fault(problem, ("generated",), "generated", f"a {problem.grading.kind} problem has no generated tests")
        elif problem.generated is not None and not problem.input_schema:
            self.fault(problem, ("generated",), "generated", "generated tests need an input_schema")

    def _read_concepts(self, problem: Problem) -> None:
        if problem.id not in self.shelf.places:
            return
        course, topic = self.shelf.places[problem.id]
        at = next(number for number, one in enumerate(course.topics) if one.id == topic.id)
        taught = {concept for one in course.topics[: at + 1] for concept in one.teaches}
        anywhere = {concept for one in course.topics for concept in one.teaches}
        for key, names in (("concepts", problem.concepts), ("prerequisites", problem.prerequisites)):
            for number, name in enumerate(names):
                if name not in taught:
                    later = "is taught in a later topic" if name in anywhere else "is taught in no topic"
                    self.fault(
                        problem,
                        (key, number),
                        key,
                        f"{name!r} {later} of {course.id}",
                        f"By then: {', '.join(sorted(taught))}.",
                    )

    def _read_languages(self, problem: Problem) -> None:
        called = problem.grading.kind == "call"
        for language, sources in problem.languages.items():
            path = ("languages", language)
            if called and sources.entry is None:
                self.unfit.add(problem.id)
                self.fault(problem, path, "entry", "a call problem needs an entry: the function's name")
            if not called and sources.entry is not None:
                self.fault(
                    problem, (*path, "entry"), "entry", f"a {problem.grading.kind} problem has no entry", "Take it out."
                )
            if not sources.solution.strip():
                self.fault(problem, (*path, "solution"), "reference", "there is no solution: nothing proves the tests")
                self.unusable.add((problem.id, language))
            elif sources.starter.strip() == sources.solution.strip():
                self.fault(problem, (*path, "starter"), "starter", "the starter is the solution")
            for number, other in enumerate(sources.alternatives):
                if other.strip() == sources.solution.strip():
                    self.fault(problem, (*path, "alternatives", number), "alternatives", "it is the solution itself")

    def _read_help(self, problem: Problem) -> None:
        levels = [hint.level for hint in problem.hints]
        if levels != sorted(levels) or levels[0] != 1:
            self.fault(problem, ("hints",), "hints", "hints go from level 1 upwards", f"They are {levels}.")
        for number, hint in enumerate(problem.hints):
            for language, sources in problem.languages.items():
                for message in _leaks(problem, language, sources.starter, hint.text, hint.level):
                    self.fault(problem, ("hints", number, "text"), "leak", f"({language}) {message}")
        ids = {test.id for test in problem.tests}
        for twice in sorted(_twice(one.id for one in problem.misconceptions)):
            self.fault(problem, ("misconceptions",), "misconceptions", f"two are called {twice!r}")
        for at, one in enumerate(problem.misconceptions):
            for key, names in (("fails", one.when.fails), ("passes", one.when.passes)):
                for number, name in enumerate(names):
                    if name not in ids:
                        path = ("misconceptions", at, "when", key, number)
                        self.fault(
                            problem, path, "misconceptions", f"there is no test {name!r}", f"Known: {', '.join(ids)}."
                        )
            for language in one.example:
                if language not in problem.languages:
                    where = ("misconceptions", at, "example", language)
                    self.fault(problem, where, "misconceptions", f"the problem is not there in {language}")

    def _read_patterns(self, problem: Problem) -> None:
        found: list[tuple[tuple[str | int, ...], Language, str]] = []
        for at, rule in enumerate(problem.disallow):
            found += _patterns(("disallow", at), rule.python_ast, rule.javascript_ast)
            if rule.python_ast is None and rule.javascript_ast is None:
                self.fault(
                    problem, ("disallow", at), "patterns", "say what is not allowed: python_ast or javascript_ast"
                )
        for at, one in enumerate(problem.misconceptions):
            found += _patterns(("misconceptions", at, "when"), one.when.python_ast, one.when.javascript_ast)
        for path, language, pattern in found:
            try:
                read_pattern(pattern, language)
            except AssayError as error:
                self.unfit.add(problem.id)
                self.fault(problem, path, "patterns", str(error), error.help)

    # ---- in the sandbox

    def run_examples(self) -> None:
        """Notes and lessons: what they show runs, and prints what they say."""
        jobs: dict[str, Job] = {}
        about: dict[str, tuple[Course, str, str, str]] = {}
        for course in self.shelf.courses:
            for concept in course.concepts:
                key = f"{course.id} concept {concept.id}"
                about[key] = (course, f"the example of the concept {concept.id!r}", concept.example, concept.prints)
            for topic in course.topics:
                for number, (name, info, code) in enumerate(fences(topic.lesson), 1):
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
        for key, runs in self.run("examples", jobs):
            course, what, _, prints = about[key]
            (run,) = runs
            printed = run.stdout.decode("utf-8", "replace")
            place = self.shelf.sources[course.id].place()
            if run.status != "ok":
                last = (run.stderr.decode("utf-8", "replace").strip().splitlines() or [run.detail])[-1]
                why = re.sub(r"\x1e.*", "", last)[:200]
                self.faults.append(
                    Fault(place=place, rule="examples", message=f"{what} does not run: {run.status} {why}")
                )
            elif prints and printed.split() != prints.split():
                message = f"{what} prints {printed.strip()[:200]!r}, not {prints.strip()[:200]!r}"
                self.faults.append(Fault(place=place, rule="examples", message=message))

    def run_programs(self, problems: Sequence[Problem]) -> None:
        problems = [problem for problem in problems if problem.id not in self.unfit]
        self._ask_references(problems)
        trials = {f"{number}": trial for number, trial in enumerate(self._trials(problems))}
        made: dict[str, Program] = {}
        jobs: dict[str, Job] = {}
        for key, trial in trials.items():
            whole = self.sheets[trial.problem.id, trial.language]
            made[key] = program_for(whole, trial.source)
            jobs[key] = (key, whole.task, made[key])
        answers: dict[tuple[str, Language, str], list[str]] = {}
        reports: dict[str, FullReport] = {}
        for key, runs in self.run("programs", jobs):
            trial = trials[key]
            whole = self.sheets[trial.problem.id, trial.language]
            part = read(whole, made[key], runs)
            reports[key] = with_disallowed(trial.problem, trial.source, combined(trial.problem, trial.language, [part]))
            answers[trial.problem.id, trial.language, trial.what] = [
                repr((run.status, run.exit_code, run.stdout, run.transcript)) for run in runs
            ]
            self.programs[trial.problem.id] = self.programs.get(trial.problem.id, 0) + 1
        for key, trial in trials.items():
            if trial.what == "reference" and reports[key].verdict != "pass":
                self.unusable.add((trial.problem.id, trial.language))
        for key, trial in trials.items():
            if trial.what in ("reference", "again") or (trial.problem.id, trial.language) not in self.unusable:
                self._judge(trial, reports[key], answers)

    def _ask_references(self, problems: Sequence[Problem]) -> None:
        """What the references answer to the generated inputs."""
        asked: dict[str, Sheet] = {}
        for problem in problems:
            for language, sources in problem.languages.items():
                if (problem.id, language) in self.unusable:
                    continue  # no solution
                self.sheets[problem.id, language] = sheet(problem, language, problem.tests)
                if sources.entry is not None and (tests := generated_tests(problem, language)):
                    asked[f"{problem.id} {language}"] = sheet(problem, language, tests)
        jobs = {
            key: (key, one.task, program_for(one, one.problem.languages[one.language].solution))
            for key, one in asked.items()
        }
        for key, runs in self.run("generated tests", jobs):
            one = asked[key]
            found = read_answers(one, runs)
            if len(found) < len(one.tests):
                self.fault(
                    one.problem,
                    ("languages", one.language, "solution"),
                    "generated",
                    f"it gives no plain value to {len(one.tests) - len(found)} of {len(one.tests)} generated inputs",
                    "Narrow the input_schema, or mend the solution.",
                )
            count = one.problem.generated.count if one.problem.generated else 0
            if len(one.tests) < min(count, 3):
                message = f"the input_schema has only {len(one.tests)} different inputs of {count}"
                self.fault(one.problem, ("generated",), "generated", message, "Widen it.")
            self.sheets[one.problem.id, one.language] = sheet(one.problem, one.language, (*one.problem.tests, *found))

    def _trials(self, problems: Sequence[Problem]) -> Iterator[_Trial]:
        for problem in problems:
            for language, sources in problem.languages.items():
                if (problem.id, language) in self.unusable:
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

    def _judge(self, trial: _Trial, report: FullReport, answers: dict[tuple[str, Language, str], list[str]]) -> None:
        problem, language = trial.problem, trial.language

        def fault(rule: str, message: str, help_: str = "") -> None:
            self.fault(problem, trial.path, rule, message, help_)

        if report.verdict == "error":
            fault("sandbox", f"it could not be judged: {report.message}", "That is no fault of the problem. Try again.")
        elif trial.what == "reference":
            if report.verdict != "pass":
                fault("reference", f"the solution does not pass: {_why(report)}")
            elif report.cpu_s * _ROOM > problem.grading.limits.cpu_s * max(1, self._processes(trial)):
                fault("limits", f"the solution uses {report.cpu_s:.2f} s of CPU time: more than half of what there is")
        elif trial.what == "again":
            if answers[problem.id, language, "again"] != answers[problem.id, language, "reference"]:
                fault(
                    "agreement", "two runs of the solution do not agree", "Take out what is random or depends on time."
                )
        elif trial.what == "alternative":
            if report.verdict != "pass":
                fault("alternatives", f"alternative {trial.number} does not pass: {_why(report)}")
        elif trial.what == "starter":
            if report.verdict == "pass":
                fault("starter", "the starter passes")
            elif report.verdict == "syntax":
                fault("starter", f"the starter cannot be read: {report.message}")
        else:
            self._judge_misconception(trial, report, fault)

    def _processes(self, trial: _Trial) -> int:
        return len(trial.problem.tests) if trial.problem.grading.kind == "stdio" else 1

    def _judge_misconception(self, trial: _Trial, report: FullReport, fault: Callable[..., None]) -> None:
        from assay.gym.meeting import meets

        one = trial.problem.misconceptions[trial.number]
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

    # ---- mutants

    def run_mutants(self, problems: Sequence[Problem]) -> None:
        changed: dict[str, tuple[Problem, Language, Mutated]] = {}
        jobs: dict[str, Job] = {}
        for problem, language in self._usable(problems):
            whole = self.sheets[problem.id, language]
            task = whole.task.model_copy(update={"limits": _short(whole.task.limits)})
            kind = problem.grading.kind
            for one in mutants(problem.languages[language].solution, MAX_MUTANTS, language, imported=kind == "call"):
                key = f"{len(jobs)}"
                changed[key] = (problem, language, one)
                jobs[key] = (key, task, program_for(whole, one.source))
        alive: list[tuple[Problem, Language, Mutated]] = []
        for key, runs in self.run("mutants", jobs):
            problem, language, one = changed[key]
            whole = self.sheets[problem.id, language]
            self.made[problem.id] = self.made.get(problem.id, 0) + 1
            self.programs[problem.id] = self.programs.get(problem.id, 0) + 1
            part = read(whole, jobs[key][2], runs)
            if combined(problem, language, [part]).verdict == "pass":
                alive.append((problem, language, one))
        self._tell_apart(alive)
        for problem in problems:
            self._judge_mutants(problem)

    def _usable(self, problems: Iterable[Problem]) -> Iterator[tuple[Problem, Language]]:
        for problem in problems:
            for language in problem.languages:
                if (problem.id, language) in self.sheets and (problem.id, language) not in self.unusable:
                    yield problem, language

    def _tell_apart(self, alive: Sequence[tuple[Problem, Language, Mutated]]) -> None:
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
        answered = {key: [line for run in runs for line in run.transcript] for key, runs in self.run("survivors", jobs)}
        for at, (problem, language, one) in enumerate(alive):
            mine = answered.get(f"{at}")
            if mine is not None and len(mine) > 1 and mine == answered.get(f"{problem.id} {language}"):
                self.alike[problem.id] = self.alike.get(problem.id, 0) + 1
            else:
                self.survivors.setdefault(problem.id, []).append(Survivor(language=language, mutation=one.mutant))

    def _judge_mutants(self, problem: Problem) -> None:
        made, alive = self.made.get(problem.id, 0), self.survivors.get(problem.id, [])
        counted = made - self.alike.get(problem.id, 0)
        if len(alive) <= MAX_SURVIVORS * counted:
            return
        told = "; ".join(
            f"{one.language}, line {one.mutation.line}: {one.mutation.before!r} -> {one.mutation.after!r}"
            for one in alive[:5]
        )
        language = alive[0].language
        self.fault(
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


def fences(markdown: str) -> Iterator[tuple[str, str, str]]:
    """The fenced blocks of a text: the language, what stands behind it, the code."""
    for found in _FENCE.finditer(markdown):
        yield found[2] or "", found[3].strip(), found[4]


def _why(report: FullReport) -> str:
    failed = next((case for case in report.cases if case.outcome != "passed"), None)
    if report.verdict in ("syntax", "disallowed") or failed is None:
        return f"{report.verdict}: {report.message}"
    return f"{report.verdict} in {failed.test.id}: {failed.call} should give {failed.expected!r}, gave {failed.got!r}. {failed.message or report.message}"


def _failures(report: FullReport) -> str:
    failed = [case.test.id for case in report.cases if case.outcome != "passed" and not case.generated]
    error = f", {report.error_type}" if report.error_type else ""
    return f"it ends with {report.verdict}{error} and does not pass {', '.join(failed) or 'generated tests only'}"
