"""Help that was given, drawn at random, with the record of the gate."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from assay.gym import teaching
from assay.gym.pages.service import Gym
from assay.gym.pages.teacher.place import Place, place_of
from assay.gym.pages.teacher.titles import titles_of
from assay.gym.pages.teacher.told import SOURCES, Source, Thumbs, called, pretty, refused
from assay.gym.records.learners import Classroom, HelpSource
from assay.gym.teaching import Asked, HelpCounts
from assay.records import Record
from assay.web.markdown import markdown
from assay.web.shell import Shell

SAMPLE = 20
"""Answers on one page."""


class HelpSample(Record):
    """Help that was given, drawn at random."""

    room: Classroom | None
    counts: HelpCounts
    sample: tuple[Asked, ...]


def add_help_sample(routes: APIRouter, shell: Shell, gym: Gym) -> None:
    """The sample as a page and as JSON."""

    def sample(place: Place, problem: str, source: Source, thumbs: Thumbs, draw: str) -> HelpSample:
        wanted: HelpSource | None = source or None
        rating = {"up": 1, "down": -1}.get(thumbs)
        found = teaching.help_sample(
            shell.store, place.class_id, SAMPLE, draw=draw, problem=problem, source=wanted, thumbs=rating
        )
        return HelpSample(
            room=place.room, counts=teaching.help_counts(shell.store, place.class_id), sample=tuple(found)
        )

    @routes.get("/classes/{room}/help.json", response_model=HelpSample)
    def help_json(
        room: str,
        problem: Annotated[str, Query(max_length=80)] = "",
        source: Source = "",
        thumbs: Thumbs = "",
        draw: Annotated[str, Query(max_length=20)] = "",
    ) -> Response:
        """Help that was given, drawn at random, with the record of the gate; another `draw`, other ones."""
        return shell.json(sample(place_of(shell, room), problem, source, thumbs, draw))

    @routes.get("/classes/{room}/help", include_in_schema=False)
    def help_page(
        request: Request,
        room: str,
        problem: Annotated[str, Query(max_length=80)] = "",
        source: Source = "",
        thumbs: Thumbs = "",
        draw: Annotated[str, Query(max_length=20)] = "",
    ) -> Response:
        place = place_of(shell, room)
        chosen = {"problem": problem, "source": source, "thumbs": thumbs, "draw": draw}
        return shell.page(
            request,
            "gym/teacher_help.html",
            place=place,
            found=sample(place, problem, source, thumbs, draw),
            chosen=chosen,
            titles=titles_of(gym),
            sources=SOURCES,
            refused=refused,
            pretty=pretty,
            called=called,
            prose=lambda text: markdown(text, top=4),
        )
