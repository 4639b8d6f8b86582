"""Every class, and a new one."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from assay.errors import AssayError
from assay.gym import teaching
from assay.gym.pages.service import exam_of
from assay.gym.pages.teacher.place import Text
from assay.gym.teaching import ClassLine
from assay.records import Record
from assay.web.shell import Shell


class Classes(Record):
    """Every class."""

    classes: tuple[ClassLine, ...]
    without_class: int


def add_classes(routes: APIRouter, shell: Shell) -> None:
    """The list of classes, and a new one."""

    def read() -> Classes:
        return Classes(classes=tuple(teaching.classes(shell.store)), without_class=teaching.how_many(shell.store, None))

    @routes.get(".json", response_model=Classes)
    def data() -> Response:
        """Every class, with how many learn in it."""
        return shell.json(read())

    def given(wrong: AssayError | None, name: str) -> dict[str, Any]:
        return {"found": read(), "exam_of": exam_of, "wrong": wrong, "name": name, "unshared": not shell.shared}

    @routes.get("", include_in_schema=False)
    def page(request: Request) -> Response:
        return shell.page(request, "gym/teacher.html", **given(None, ""))

    @routes.post("/classes", include_in_schema=False)
    def create(request: Request, name: Text = "", zone: Text = "UTC") -> Response:
        try:
            try:
                made = teaching.create_class(shell.store, name, zone)
            except AssayError:
                if not name.strip():
                    raise
                made = teaching.create_class(shell.store, name)  # a zone that is unknown here can be set later
        except AssayError as error:
            return shell.page(request, "gym/teacher.html", status=400, **given(error, name))
        return RedirectResponse(f"/gym/teacher/classes/{made.id}", 303)
