"""Lessons and notes: what a topic teaches, and one idea with an example that runs."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, Response

from assay.gym.library import Library
from assay.gym.pages.service import Gym
from assay.gym.pages.solve import NAMES, address_of
from assay.gym.records.problems import Concept, Course
from assay.records import Language, Record
from assay.web.markdown import markdown
from assay.web.shell import Shell

Asked = Annotated[str, Query(max_length=80)]


class Lesson(Record):
    """What a topic teaches."""

    topic: str
    title: str
    course: str
    language: Language
    lesson: str
    """Markdown."""
    teaches: tuple[str, ...]
    problems: tuple[str, ...]


class Note(Record):
    """A note on one idea, and where it stands."""

    course: str
    language: Language
    concept: Concept
    topic: str | None
    """The topic that teaches it."""


def router(shell: Shell, gym: Gym) -> APIRouter:
    """The routes of lessons and notes."""
    routes = APIRouter()

    @routes.get("/lessons/{topic}.json", response_model=Lesson)
    def lesson_json(topic: str) -> Response:
        """A topic's lesson, as Markdown."""
        course, found = gym.library.topic(topic)
        made = Lesson(
            topic=found.id,
            title=found.title,
            course=course.id,
            language=course.language,
            lesson=found.lesson,
            teaches=found.teaches,
            problems=found.problems,
        )
        return shell.json(made)

    @routes.get("/lessons/{topic}", include_in_schema=False)
    def lesson(request: Request, topic: str) -> HTMLResponse:
        if topic not in {one.id for each in gym.library.courses() for one in each.topics}:
            return gym.not_there(request, "topic", topic)
        course, found = gym.library.topic(topic)
        view = next(
            one
            for each in gym.overview(shell, gym.who.find(request)).courses
            if each.course.id == course.id
            for one in each.topics
            if one.topic.id == found.id
        )
        order = [one.id for one in course.topics]
        behind = course.topics[order.index(found.id) + 1 :]
        return shell.page(
            request,
            "gym/lesson.html",
            course=course,
            topic=found,
            lesson=markdown(_without_title(found.lesson, found.title), top=2),
            concepts=[one for name in found.teaches if (one := gym.library.concept(course, name)) is not None],
            view=view,
            first=next((step for step in view.steps if step.state not in ("passed", "locked")), None),
            after=behind[0] if behind else None,
            address_of=address_of,
        )

    @routes.get("/concepts/{concept}.json", response_model=Note)
    def concept_json(concept: str, course: Asked = "") -> Response:
        """A note on one idea. `course`: the one whose note it is, where several have one of this name."""
        where, found = _find(gym.library, concept, course)
        made = Note(course=where.id, language=where.language, concept=found, topic=_teaches(where, concept))
        return shell.json(made)

    @routes.get("/concepts/{concept}", include_in_schema=False)
    def concept(request: Request, concept: str, course: Asked = "") -> HTMLResponse:
        where, found = _find(gym.library, concept, course)
        others = [
            other for other in gym.library.courses() if other.id != where.id and gym.library.concept(other, concept)
        ]
        topic = _teaches(where, concept)
        return shell.page(
            request,
            "gym/concept.html",
            course=where,
            concept=found,
            note=markdown(found.note, top=2),
            topic=next((one for one in where.topics if one.id == topic), None),
            practised=[one for one in where.problems if concept in one.concepts],
            others=others,
            names=NAMES,
            address_of=address_of,
        )

    return routes


def _without_title(lesson: str, title: str) -> str:
    """The lesson without a first heading that only says its title again: the page has it."""
    first, _, rest = lesson.lstrip().partition("\n")
    return rest if first.startswith("# ") and first[2:].strip().lower() == title.lower() else lesson


def _find(library: Library, concept: str, course: str) -> tuple[Course, Concept]:
    places = [library.course(course)] if course else list(library.courses())
    for where in places:
        if (found := library.concept(where, concept)) is not None:
            return where, found
    raise HTTPException(404, f"No course here has a note on {concept!r}. The map of topics leads to all of them.")


def _teaches(course: Course, concept: str) -> str | None:
    return next((topic.id for topic in course.topics if concept in topic.teaches), None)
