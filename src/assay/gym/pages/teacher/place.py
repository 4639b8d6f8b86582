"""Where a page for teachers stands: a class, or the learners without one."""

from typing import Annotated, NamedTuple

from fastapi import Form, HTTPException, Request

from assay.errors import AssayError
from assay.gym import rooms
from assay.gym.records.learners import Classroom
from assay.web.shell import Shell

NONE = "none"
"""Stands in addresses for the learners who are in no class."""
Text = Annotated[str, Form(max_length=400)]
"""A line that somebody types."""


class Place(NamedTuple):
    """Where a page stands: a class, or the learners without one."""

    class_id: str | None
    room: Classroom | None

    @property
    def path(self) -> str:
        """The address of its first page."""
        return f"/gym/teacher/classes/{self.class_id or NONE}"


def place_of(shell: Shell, room: str) -> Place:
    """The place that an address names."""
    if room == NONE:
        return Place(None, None)
    found = rooms.classroom(shell.store, room)
    if found is None:
        raise HTTPException(404, "There is no such class. It may have been deleted: look at the list of classes.")
    return Place(found.id, found)


def room_of(shell: Shell, room: str) -> Classroom:
    """The class that an address names: some pages are for classes only."""
    found = place_of(shell, room).room
    if found is None:
        raise HTTPException(404, "This is for classes only.")
    return found


def invite_to(request: Request, room: Classroom | None) -> str:
    """The address to send to a class, as whoever looks at this page reached it."""
    if room is None:
        return ""
    by_proxy = request.headers.get("x-forwarded-proto", "").strip().lower()
    scheme = by_proxy if by_proxy in ("http", "https") else request.url.scheme
    return f"{scheme}://{request.headers.get('host', '')}/gym/join/{room.code}"


def must_be_sure(sure: str) -> None:
    """Raises where the box was not ticked."""
    if sure != "yes":
        raise AssayError("Nothing was deleted.", "Tick the box that says you are sure, and send it again.")
