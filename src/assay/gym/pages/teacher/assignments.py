"""What a class is asked to solve, and how far everybody is."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from assay.errors import AssayError
from assay.gym import practice, rooms, teaching, zones
from assay.gym.pages.service import Gym, local
from assay.gym.pages.teacher.place import Place, Text, room_of
from assay.gym.pages.teacher.titles import titles_of
from assay.gym.records.learners import Assignment, Classroom, Learner, Progress
from assay.records import Record
from assay.spreadsheet import csv_table
from assay.web.shell import Shell


class Done(Record):
    """One learner and one assignment."""

    learner: Learner
    state: Literal["done", "late", "missed", "open"]
    solved: int


class AssignmentLine(Record):
    """An assignment, and how far everybody is."""

    assignment: Assignment
    learners: tuple[Done, ...]


class AssignmentTable(Record):
    """What a class is asked to solve."""

    room: Classroom
    assignments: tuple[AssignmentLine, ...]


def add_assignments(routes: APIRouter, shell: Shell, gym: Gym) -> None:
    """They, how far everybody is, a new one, and one taken back."""

    def read(room: Classroom) -> AssignmentTable:
        found = rooms.assignments(shell.store, room.id)
        now = datetime.now(UTC)
        by_assignment: dict[str, list[Done]] = {one.id: [] for one in found}
        for line in teaching.class_table(shell.store, room.id) if found else ():
            progress = Progress(learner=line.learner.id, standings=tuple(line.standings.values()))
            for due in practice.dues(found, progress):
                done = Done(learner=line.learner, state=due.state(now), solved=len(due.solved))
                by_assignment[due.assignment.id].append(done)
        lines = tuple(AssignmentLine(assignment=one, learners=tuple(by_assignment[one.id])) for one in found)
        return AssignmentTable(room=room, assignments=lines)

    def show(request: Request, room: Classroom, status: int = 200, **typed: Any) -> Response:
        given = {"wrong": None, "title": "", "due": "", "zone": room.zone, "chosen": ()}
        return shell.page(
            request,
            "gym/teacher_assignments.html",
            status=status,
            place=Place(room.id, room),
            found=read(room),
            courses=gym.library.courses(),
            titles=titles_of(gym),
            now=datetime.now(UTC),
            local=lambda moment: local(moment, room.zone),
            **{**given, **typed},
        )

    @routes.get("/classes/{room}/assignments.json", response_model=AssignmentTable)
    def data(room: str) -> Response:
        """What a class is asked to solve, and how far everybody is."""
        return shell.json(read(room_of(shell, room)))

    @routes.get("/classes/{room}/assignments.csv", response_class=Response)
    def table(room: str) -> Response:
        """The same as a table: a row an assignment and learner."""
        found = read(room_of(shell, room))
        rows = [
            [line.assignment.title, line.assignment.due, one.learner.name, one.learner.id, one.state, one.solved,
             len(line.assignment.problems)]
            for line in found.assignments
            for one in line.learners
        ]  # fmt: skip
        head = ["assignment", "due", "learner", "id", "state", "solved", "problems"]
        return shell.csv(csv_table(head, rows), f"{found.room.name}-assignments.csv")

    @routes.get("/classes/{room}/assignments", include_in_schema=False)
    def page(request: Request, room: str) -> Response:
        return show(request, room_of(shell, room))

    @routes.post("/classes/{room}/assignments", include_in_schema=False)
    def assign(
        request: Request,
        room: str,
        title: Text = "",
        due: Text = "",
        zone: Text = "UTC",
        problem: Annotated[list[str] | None, Form(max_length=500)] = None,
    ) -> Response:
        where = room_of(shell, room)
        chosen = problem or []
        try:
            for name in chosen:
                gym.library.problem(name)
            teaching.assign(shell.store, where.id, title, chosen, zones.read_due(due, zone))
            if due.strip() and where.zone == "UTC":  # nobody chose one yet: dates are shown as they were typed
                teaching.change_class(shell.store, where.id, zone=zone)
        except AssayError as error:
            return show(request, where, 400, wrong=error, title=title, due=due, zone=zone, chosen=chosen)
        return RedirectResponse(f"/gym/teacher/classes/{where.id}/assignments", 303)

    @routes.post("/classes/{room}/assignments/{assignment}/delete", include_in_schema=False)
    def take_back(room: str, assignment: str) -> Response:
        where = room_of(shell, room)
        teaching.take_back(shell.store, where.id, assignment)
        return RedirectResponse(f"/gym/teacher/classes/{where.id}/assignments", 303)
