"""A learner's own affairs: join a class by its code, come back on another machine, see, take along and delete one's data.

Where the app asks for a password, learners of a class come in without it: their cookie is what lets them in, and these
pages are where they get it.
"""

import ipaddress
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from assay.errors import AssayError
from assay.gym import attempting, exporting, learners, rooms
from assay.gym.guessing import CODE_LENGTH, Tries, read_code
from assay.gym.pages.service import Gym, exam
from assay.gym.records.learners import Learner
from assay.web import Guests
from assay.web.guard import wants_pages
from assay.web.shell import Shell

GUESTS = Guests(
    title="Learning in a class?",
    label="Come in with your class code",
    href="/gym/join",
    pages=("/gym",),
    below=("/gym/",),
    but=("/gym/teacher",),
)
"""What is open without the app's password. `only_learners` asks for a cookie of a class on all of it but these doors:"""
_DOORS = ("/gym/join", "/gym/come-back")

Text = Annotated[str, Form(max_length=400)]


def only_learners(gym: Gym) -> Callable[[Request], None]:
    """What every route of the gym asks first: the owner, a learner of a class, or somebody at a door."""

    def ask(request: Request) -> None:
        if request.state.visitor.member or request.scope["path"].startswith(_DOORS):
            return
        learner = gym.who.find(request)
        if learner is not None and learner.class_id is not None:
            return
        if request.method == "GET" and wants_pages(request) and "hx-request" not in request.headers:
            raise HTTPException(303, "Join a class first.", {"Location": "/gym/join"})
        raise HTTPException(401, "Join a class first, at /gym/join in a browser, with the code your teacher gave you.")

    return ask


def router(shell: Shell, gym: Gym, tries: Tries | None = None) -> APIRouter:
    """The routes of joining, coming back, and one's own data."""
    routes = APIRouter()
    tried = tries or Tries()

    def door(request: Request, template: str, status: int = 200, **context: object) -> Response:
        given = {"code": "", "name": "", "wrong": None, "room": None, "learner": gym.who.find(request)}
        return shell.page(request, template, status=status, **{**given, **context})

    def in_vain(request: Request, template: str, error: AssayError, key: str, **typed: str) -> Response:
        """The form again, with what is wrong; guesses are counted."""
        if isinstance(error, rooms.WrongCode):
            tried.failed(_address(request), key)
        return door(request, template, 400, wrong=error, **typed)

    def must_wait(request: Request, template: str, key: str, **typed: str) -> Response | None:
        wait = tried.wait(_address(request), key)
        if not wait:
            return None
        minutes = max(1, round(wait / 60))
        wrong = AssayError(
            f"Too many tries. Wait {minutes} minute{'s' if minutes > 1 else ''}.",
            "Then type it slowly, letter by letter.",
        )
        answer = door(request, template, 429, wrong=wrong, **typed)
        answer.headers["Retry-After"] = str(wait)
        return answer

    @routes.get("/join", include_in_schema=False)
    def join_form(request: Request) -> Response:
        return door(request, "gym/join.html")

    @routes.get("/join/{code}", include_in_schema=False)
    def invited(request: Request, code: str) -> Response:
        if (waiting := must_wait(request, "gym/join.html", "")) is not None:
            return waiting
        try:
            room = rooms.classroom_by_code(shell.store, code)
        except AssayError as error:
            return in_vain(request, "gym/join.html", error, "")
        learner = gym.who.find(request)
        if learner is not None and learner.class_id == room.id:
            return RedirectResponse("/gym/", 303)
        return door(request, "gym/join.html", code=room.shown_code, room=room)

    @routes.post("/join", include_in_schema=False)
    def join(request: Request, code: Text = "", name: Text = "") -> Response:
        typed = {"code": code, "name": name}
        if (waiting := must_wait(request, "gym/join.html", "", **typed)) is not None:
            return waiting
        try:
            rooms.classroom_by_code(shell.store, code)
            learners.read_name(name)  # before somebody is made
            learner, token = gym.who.find_or_make(request)
            try:
                joined = learners.join(shell.store, learner, code, name)
            except AssayError:
                if token is not None:
                    learners.delete(shell.store, learner.id)
                raise
        except AssayError as error:
            return in_vain(request, "gym/join.html", error, "", **typed)
        if joined.word is None:
            return RedirectResponse("/gym/", 303)
        answer = _show_word(shell, request, joined.learner, joined.word)
        if token is not None:
            gym.who.remember(request, answer, token)
        return answer

    @routes.get("/come-back", include_in_schema=False)
    def come_back_form(request: Request) -> Response:
        return door(request, "gym/come_back.html")

    @routes.post("/come-back", include_in_schema=False)
    def come_back(request: Request, code: Text = "", name: Text = "", word: Text = "") -> Response:
        typed = {"code": code, "name": name}
        key = f"{read_code(code)} {' '.join(name.split())}"
        if (waiting := must_wait(request, "gym/come_back.html", key, **typed)) is not None:
            return waiting
        try:
            _, token = learners.recover(shell.store, code, name, word)
        except AssayError as error:
            return in_vain(request, "gym/come_back.html", error, key, **typed)
        answer = RedirectResponse("/gym/", 303)
        gym.who.remember(request, answer, token)
        return answer

    def me(request: Request) -> Learner:
        learner = gym.who.find(request)
        if learner is None:
            raise HTTPException(404, "Nothing is kept of you yet: it begins with the first program you write.")
        return learner

    @routes.get("/you.json", response_model=exporting.Export)
    def mine(request: Request) -> Response:
        """Everything that is kept of whoever asks."""
        return shell.json(exporting.export(shell.store, me(request).id))

    @routes.get("/you", include_in_schema=False)
    def you(request: Request) -> Response:
        learner = gym.who.find(request)
        room = rooms.classroom(shell.store, learner.class_id) if learner and learner.class_id else None
        progress = attempting.progress(shell.store, learner.id) if learner else None
        return shell.page(
            request, "gym/you.html", learner=learner, room=room, exam=exam(shell, learner), progress=progress
        )

    @routes.post("/you/word", include_in_schema=False)
    def new_word(request: Request) -> Response:
        learner = me(request)
        if learner.class_id is None:
            raise AssayError("You are in no class.", "Join one first: the word brings you back into it.")
        return _show_word(shell, request, learner, learners.give_word(shell.store, learner.id))

    @routes.post("/you/name", include_in_schema=False)
    def rename(request: Request, name: Text = "") -> Response:
        learners.rename(shell.store, me(request), name)
        return RedirectResponse("/gym/you", 303)

    @routes.post("/you/leave", include_in_schema=False)
    def leave(request: Request) -> Response:
        learner = me(request)
        if rooms.exam_until(shell.store, learner) is not None:
            raise AssayError("Your class writes an exam.", "Leave the class after it.")
        learners.leave(shell.store, learner.id)
        return RedirectResponse("/gym/you", 303)

    @routes.post("/you/forget", include_in_schema=False)
    def forget(request: Request) -> Response:
        learners.forget_machine(shell.store, gym.who.token(request))
        answer = RedirectResponse("/gym/join" if not request.state.visitor.member else "/gym/", 303)
        gym.who.remember(request, answer, "")
        return answer

    @routes.post("/you/delete", include_in_schema=False)
    def delete(request: Request, sure: Text = "") -> Response:
        if sure != "yes":
            raise AssayError("Nothing was deleted.", "Tick the box that says you are sure, and send it again.")
        learners.delete(shell.store, me(request).id)
        answer = RedirectResponse("/gym/you", 303)
        gym.who.remember(request, answer, "")
        return answer

    return routes


def _show_word(shell: Shell, request: Request, learner: Learner, word: str) -> Response:
    """The one page that shows the word. It is kept nowhere, by no browser either."""
    assert learner.class_id is not None
    room = rooms.classroom(shell.store, learner.class_id)
    page = shell.page(request, "gym/word.html", learner=learner, room=room, word=word, letters=CODE_LENGTH)
    page.headers["Cache-Control"] = "no-store"
    return page


def _address(request: Request) -> str:
    """Who tries: behind a proxy of this machine, whom the proxy names."""
    seen = request.client.host if request.client else ""
    try:
        if ipaddress.ip_address(seen).is_loopback:
            named = request.headers.get("x-forwarded-for", "").rsplit(",", 1)[-1].strip()
            return str(ipaddress.ip_address(named)) if named else seen
    except ValueError:
        pass
    return seen
