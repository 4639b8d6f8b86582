"""One learner of a class."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import RedirectResponse, Response

from assay.errors import AssayError
from assay.gym import asking, attempting, exporting, learners
from assay.gym.pages.service import Gym
from assay.gym.pages.teacher.place import Place, Text, must_be_sure, place_of
from assay.gym.pages.teacher.titles import titles_of
from assay.gym.pages.teacher.told import SOURCES, called, pretty, refused
from assay.gym.records.learners import HelpAnswer, Learner, LearnerAttempt
from assay.web.markdown import markdown
from assay.web.shell import Shell


def add_learner(routes: APIRouter, shell: Shell, gym: Gym) -> None:
    """What is kept of a learner, a word to come back with, and the way out of a class or of everything."""

    def find(room: str, learner: str) -> tuple[Place, Learner]:
        place = place_of(shell, room)
        try:
            found = learners.by_id(shell.store, learner)
        except learners.Gone:
            found = None
        if found is None or found.class_id != place.class_id:
            raise HTTPException(404, "There is no such learner in this class.")
        return place, found

    @routes.get("/classes/{room}/learners/{learner}.json", response_model=exporting.Export)
    def export(room: str, learner: str) -> Response:
        """Everything that is kept of a learner."""
        return shell.json(exporting.export(shell.store, find(room, learner)[1].id, noticed=True))

    @routes.get("/classes/{room}/learners/{learner}", include_in_schema=False)
    def page(request: Request, room: str, learner: str, problem: Annotated[str, Query(max_length=80)] = "") -> Response:
        place, found = find(room, learner)
        tried: list[LearnerAttempt] = (
            attempting.attempts(shell.store, found.id, problem, noticed=True) if problem else []
        )
        helped: list[HelpAnswer] = asking.help_answers(shell.store, found.id, problem) if problem else []
        return shell.page(
            request,
            "gym/teacher_learner.html",
            place=place,
            learner=found,
            progress=attempting.progress(shell.store, found.id),
            titles=titles_of(gym),
            problem=problem,
            attempts=tried,
            helped=helped,
            sources=SOURCES,
            refused=refused,
            pretty=pretty,
            called=called,
            prose=lambda text: markdown(text, top=4),
        )

    @routes.post("/classes/{room}/learners/{learner}/word", include_in_schema=False)
    def word(request: Request, room: str, learner: str) -> Response:
        place, found = find(room, learner)
        if place.room is None:
            raise AssayError("This learner is in no class.", "A word brings back into a class.")
        made = learners.give_word(shell.store, found.id)
        answer = shell.page(request, "gym/teacher_word.html", place=place, learner=found, word=made)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @routes.post("/classes/{room}/learners/{learner}/remove", include_in_schema=False)
    def remove(room: str, learner: str) -> Response:
        place, found = find(room, learner)
        learners.leave(shell.store, found.id)
        return RedirectResponse(place.path, 303)

    @routes.post("/classes/{room}/learners/{learner}/delete", include_in_schema=False)
    def delete(room: str, learner: str, sure: Text = "") -> Response:
        place, found = find(room, learner)
        must_be_sure(sure)
        learners.delete(shell.store, found.id)
        return RedirectResponse(place.path, 303)
