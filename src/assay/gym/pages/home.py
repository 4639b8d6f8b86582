"""The gym's first page: go on where you left, and the map of topics with what is open and what is solved."""

from datetime import UTC, datetime
from typing import NamedTuple

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from assay.gym import attempting, practice, rooms
from assay.gym.pages.service import Gym, exam, local
from assay.gym.pages.solve import NAMES, address_of
from assay.gym.practice import CourseView, Overview, Step
from assay.gym.records.learners import Learner
from assay.gym.records.problems import Difficulty
from assay.records import Language, Record
from assay.web.shell import Shell


class StepLine(Record):
    """A problem on the map."""

    id: str
    title: str
    difficulty: Difficulty
    minutes: int
    state: practice.State
    first: tuple[str, ...]
    """Where it is locked: problems to solve first."""


class TopicLine(Record):
    """A topic on the map."""

    id: str
    title: str
    summary: str
    passed: int
    problems: tuple[StepLine, ...]


class CourseLine(Record):
    """A course on the map."""

    id: str
    title: str
    language: Language
    summary: str
    passed: int
    total: int
    next: str | None
    topics: tuple[TopicLine, ...]


class GymMap(Record):
    """Everything there is to practise, and how far whoever asks is."""

    continue_with: str | None
    courses: tuple[CourseLine, ...]


class Continue(NamedTuple):
    """The one next thing."""

    title: str
    detail: str
    href: str
    began: bool


def router(shell: Shell, gym: Gym) -> APIRouter:
    """The routes of the first page."""
    routes = APIRouter()

    @routes.get("/courses.json", response_model=GymMap)
    def data(request: Request) -> Response:
        """The map of topics, and how far whoever asks is."""
        return shell.json(_map(gym.overview(shell, gym.who.find(request))))

    @routes.get("/", include_in_schema=False)
    def page(request: Request) -> HTMLResponse:
        learner = gym.who.find(request)
        overview = gym.overview(shell, learner)
        room = rooms.classroom(shell.store, learner.class_id) if learner and learner.class_id else None
        return shell.page(
            request,
            "gym/home.html",
            overview=overview,
            going_on=going_on(overview),
            titles={step.problem.id: step.problem.title for course in overview.courses for step in course.steps()},
            learner=learner,
            dues=_dues(shell, learner),
            local=lambda moment: local(moment, room.zone if room else "UTC"),
            exam=exam(shell, learner),
            names=NAMES,
            mistake=gym.library.mistake,
            address_of=address_of,
            now=datetime.now(UTC),
        )

    return routes


def going_on(overview: Overview) -> Continue | None:
    """What to do next; None: everything is solved."""
    step = overview.step(overview.continue_with) if overview.continue_with else None
    if step is None:
        return None
    course, topic, number, total = _place(overview, step)
    began = step.standing is not None
    return Continue(
        title=step.problem.title,
        detail=f"{course.course.title}, {topic}: problem {number} of {total}",
        href=address_of(step.problem.id, step.standing.language if step.standing else None),
        began=began or any(one.standing for view in overview.courses for one in view.steps()),
    )


def _place(overview: Overview, step: Step) -> tuple[CourseView, str, int, int]:
    for course in overview.courses:
        for topic in course.topics:
            if step in topic.steps:
                return course, topic.topic.title, topic.steps.index(step) + 1, len(topic.steps)
    raise AssertionError("a step stands in a topic")


def _dues(shell: Shell, learner: Learner | None) -> tuple[practice.Due, ...]:
    if learner is None:
        return ()
    assigned = rooms.assigned(shell.store, learner)
    return practice.dues(assigned, attempting.progress(shell.store, learner.id)) if assigned else ()


def _map(overview: Overview) -> GymMap:
    return GymMap(
        continue_with=overview.continue_with,
        courses=tuple(
            CourseLine(
                id=view.course.id,
                title=view.course.title,
                language=view.course.language,
                summary=view.course.summary,
                passed=view.passed,
                total=view.total,
                next=view.next,
                topics=tuple(
                    TopicLine(
                        id=topic.topic.id,
                        title=topic.topic.title,
                        summary=topic.topic.summary,
                        passed=topic.passed,
                        problems=tuple(
                            StepLine(
                                id=step.problem.id,
                                title=step.problem.title,
                                difficulty=step.problem.difficulty,
                                minutes=step.problem.minutes,
                                state=step.state,
                                first=step.unlocked_by,
                            )
                            for step in topic.steps
                        ),
                    )
                    for topic in view.topics
                ),
            )
            for view in overview.courses
        ),
    )
