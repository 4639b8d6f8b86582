"""A learner's next step: what is open, what is solved, what comes next. Pure.

A problem opens when each concept that it asks for was practised: when a problem before it, in the order of its course,
that practises the concept has been solved. Where none before it does, the lesson is enough. So the first problem is open
to everybody, to solve more never closes anything, and as long as something is unsolved something unsolved is open.
What was assigned, begun or solved is open whatever it asks for.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from assay.gym.records.learners import Assignment, Progress, Standing
from assay.gym.records.problems import Course, Problem, Topic

State = Literal["passed", "tried", "started", "open", "locked"]


class Step(NamedTuple):
    """One problem, as it stands for one learner."""

    problem: Problem
    state: State
    standing: Standing | None
    missing: tuple[str, ...]
    """The concepts to practise first; empty: it is open."""
    unlocked_by: tuple[str, ...]
    """For each missing concept a problem that opens it: the first that is not solved."""

    @property
    def locked(self) -> bool:
        return self.state == "locked"


class TopicView(NamedTuple):
    """A topic with its problems, as they stand for one learner."""

    topic: Topic
    steps: tuple[Step, ...]

    @property
    def passed(self) -> int:
        return sum(step.state == "passed" for step in self.steps)

    @property
    def opened(self) -> bool:
        """Whether there is a problem in it that may be tried."""
        return any(not step.locked for step in self.steps)


class CourseView(NamedTuple):
    """A course, as it stands for one learner."""

    course: Course
    topics: tuple[TopicView, ...]
    next: str | None
    """The first problem of the course that is open and not solved; None: all are solved."""

    @property
    def passed(self) -> int:
        return sum(topic.passed for topic in self.topics)

    @property
    def total(self) -> int:
        return sum(len(topic.steps) for topic in self.topics)

    def steps(self) -> Iterator[Step]:
        for topic in self.topics:
            yield from topic.steps


class Overview(NamedTuple):
    """Everything there is, as it stands for one learner."""

    courses: tuple[CourseView, ...]
    continue_with: str | None
    """The problem that was last worked on and is not solved; else what follows the one that was solved last."""

    def step(self, problem: str) -> Step | None:
        """How one problem stands."""
        return next((step for course in self.courses for step in course.steps() if step.problem.id == problem), None)


class Due(NamedTuple):
    """One assignment, as it stands for one learner."""

    assignment: Assignment
    solved: tuple[str, ...]
    late: tuple[str, ...]
    """Solved after it was due."""
    open: tuple[str, ...]

    def state(self, now: datetime) -> Literal["done", "late", "missed", "open"]:
        """late: all solved, some too late; missed: it is over, and some are not."""
        if not self.open:
            return "late" if self.late else "done"
        due = self.assignment.due
        return "missed" if due is not None and due < now else "open"


def overview(courses: Sequence[Course], progress: Progress, assigned: Collection[str] = ()) -> Overview:
    """How far a learner is. `assigned`: problems that are open because a teacher says so."""
    standings = {one.problem: one for one in progress.standings}
    views = tuple(_course(course, standings, frozenset(assigned)) for course in courses)
    return Overview(views, _continue_with(views, progress))


def dues(assignments: Sequence[Assignment], progress: Progress) -> tuple[Due, ...]:
    """How far a learner is with what was assigned."""
    passed = {one.problem: one.passed for one in progress.standings if one.passed is not None}
    return tuple(_due(assignment, passed) for assignment in assignments)


def _due(assignment: Assignment, passed: dict[str, datetime]) -> Due:
    solved = tuple(name for name in assignment.problems if name in passed)
    late = tuple(name for name in solved if assignment.due is not None and passed[name] > assignment.due)
    return Due(assignment, solved, late, tuple(name for name in assignment.problems if name not in passed))


def in_order(course: Course) -> list[tuple[Topic, Problem]]:
    """A course's problems in the order to solve them in."""
    problems = {problem.id: problem for problem in course.problems}
    return [(topic, problems[name]) for topic in course.topics for name in topic.problems if name in problems]


def _course(course: Course, standings: dict[str, Standing], assigned: frozenset[str]) -> CourseView:
    before: list[Problem] = []
    steps: dict[str, list[Step]] = {topic.id: [] for topic in course.topics}
    for topic, problem in in_order(course):
        steps[topic.id].append(_step(problem, before, standings, assigned))
        before.append(problem)
    topics = tuple(TopicView(topic, tuple(steps[topic.id])) for topic in course.topics)
    open_ones = (step.problem.id for view in topics for step in view.steps if step.state not in ("passed", "locked"))
    return CourseView(course, topics, next(open_ones, None))


def _step(
    problem: Problem, before: Sequence[Problem], standings: dict[str, Standing], assigned: frozenset[str]
) -> Step:
    standing = standings.get(problem.id)
    if standing is not None:
        return Step(problem, standing.state, standing, (), ())
    if problem.id in assigned:
        return Step(problem, "open", None, (), ())
    missing: dict[str, str] = {}
    for concept in problem.prerequisites:
        practised = [one.id for one in before if concept in one.concepts]
        if practised and not any(_is_passed(standings.get(name)) for name in practised):
            missing[concept] = practised[0]
    state: State = "locked" if missing else "open"
    return Step(problem, state, None, tuple(missing), tuple(dict.fromkeys(missing.values())))


def _is_passed(standing: Standing | None) -> bool:
    return standing is not None and standing.passed is not None


def _continue_with(courses: Sequence[CourseView], progress: Progress) -> str | None:
    here = {step.problem.id: course for course in courses for step in course.steps()}
    latest = sorted(
        (one for one in progress.standings if one.problem in here),
        key=lambda one: (one.last, one.problem),
        reverse=True,
    )
    if not latest:
        return next((course.next for course in courses if course.next is not None), None)
    if latest[0].passed is None:
        return latest[0].problem
    course = here[latest[0].problem]
    return _after(course, latest[0].problem) or next((one.next for one in courses if one.next is not None), None)


def _after(course: CourseView, problem: str) -> str | None:
    """The first open, unsolved problem behind this one; else the first of the course."""
    names = [step.problem.id for step in course.steps()]
    behind = [
        step for step in list(course.steps())[names.index(problem) + 1 :] if step.state not in ("passed", "locked")
    ]
    return behind[0].problem.id if behind else course.next
