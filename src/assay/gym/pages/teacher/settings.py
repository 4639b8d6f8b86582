"""The settings of a class."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from assay.gym import teaching
from assay.gym.pages.service import exam_of
from assay.gym.pages.teacher.place import Place, Text, invite_to, must_be_sure, room_of
from assay.gym.records.learners import Classroom
from assay.web.shell import Shell


def add_settings(routes: APIRouter, shell: Shell) -> None:
    """A class's name, zone, code, exam and end."""

    def back(room: Classroom) -> Response:
        return RedirectResponse(f"/gym/teacher/classes/{room.id}/settings", 303)

    @routes.get("/classes/{room}/settings", include_in_schema=False)
    def page(request: Request, room: str) -> Response:
        found = room_of(shell, room)
        return shell.page(
            request,
            "gym/teacher_settings.html",
            place=Place(found.id, found),
            exam_of=exam_of,
            invite=invite_to(request, found),
            unshared=not shell.shared,
        )

    @routes.post("/classes/{room}/settings", include_in_schema=False)
    def change(room: str, name: Text = "", zone: Text = "UTC") -> Response:
        return back(teaching.change_class(shell.store, room_of(shell, room).id, name=name, zone=zone))

    @routes.post("/classes/{room}/joining", include_in_schema=False)
    def joining(room: str, open: Text = "") -> Response:  # noqa: A002 - the form's word
        return back(teaching.change_class(shell.store, room_of(shell, room).id, open=open == "yes"))

    @routes.post("/classes/{room}/code", include_in_schema=False)
    def code(room: str) -> Response:
        return back(teaching.new_class_code(shell.store, room_of(shell, room).id))

    @routes.post("/classes/{room}/exam", include_in_schema=False)
    def exam(room: str, minutes: Annotated[int, Form(ge=0, le=24 * 60)] = 0) -> Response:
        found = room_of(shell, room)
        if minutes:
            return back(teaching.start_exam(shell.store, found.id, timedelta(minutes=minutes)))
        return back(teaching.end_exam(shell.store, found.id))

    @routes.post("/classes/{room}/delete", include_in_schema=False)
    def delete(room: str, sure: Text = "", learners: Text = "") -> Response:
        found = room_of(shell, room)
        must_be_sure(sure)
        teaching.delete_class(shell.store, found.id, learners_too=learners == "delete")
        return RedirectResponse("/gym/teacher", 303)
