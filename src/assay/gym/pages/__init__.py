"""Gym's pages: practise, be graded at once, look at why, go on."""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from fastapi import APIRouter, Depends

from assay.gym.pages import home, joining, lessons, searching, solve
from assay.gym.pages.service import Gym
from assay.web import Hit, Offer
from assay.web.shell import Shell


class Pages:
    """Gym in the web app. `courses`: a folder of courses or a single file; None: those that come with Assay."""

    name = "gym"
    title = "Practise Python and JavaScript: graded at once, helped without being told."
    guests = joining.GUESTS

    def __init__(self, courses: Path | None = None) -> None:
        self._courses = courses
        self._gym: Gym | None = None

    def router(self, shell: Shell) -> APIRouter:
        self._gym = Gym(shell, self._courses)
        routes = APIRouter(dependencies=[Depends(joining.only_learners(self._gym))])
        for part in (home, joining, lessons, solve):
            routes.include_router(part.router(shell, self._gym))
        if find_spec("assay.gym.pages.teacher") is not None:
            routes.include_router(import_module("assay.gym.pages.teacher").router(shell, self._gym))
        return routes

    def offers(self, shell: Shell) -> list[Offer]:
        return searching.offers(shell, self._here)

    def search(self, shell: Shell, words: str, limit: int) -> list[Hit]:  # noqa: ARG002 - there is nothing of a learner to find
        return searching.search(self._here, words, limit)

    def close(self) -> None:
        if self._gym is not None:
            self._gym.close()

    @property
    def _here(self) -> Gym:
        assert self._gym is not None, "the app asks for routes first"
        return self._gym
