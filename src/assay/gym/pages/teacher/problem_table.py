"""A class by problem: who solved it, where most fail first, which misconceptions were met."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from assay.errors import UnknownName
from assay.gym import teaching
from assay.gym.pages.service import Gym
from assay.gym.pages.teacher.place import Place, place_of
from assay.gym.pages.teacher.titles import columns_of, test_name, titles_of
from assay.gym.records.learners import Classroom
from assay.gym.teaching import ProblemLine
from assay.records import Record
from assay.spreadsheet import csv_table
from assay.web.shell import Shell


class ProblemTable(Record):
    """Problems and how a class fares with them."""

    room: Classroom | None
    learners: int
    problems: tuple[ProblemLine, ...]


def add_problem_table(routes: APIRouter, shell: Shell, gym: Gym) -> None:
    """The table as a page, as JSON and for spreadsheets."""

    @routes.get("/classes/{room}/problems.json", response_model=ProblemTable)
    def problems_json(room: str) -> Response:
        """A class by problem: who solved it, where most fail first, which misconceptions were met."""
        return shell.json(_problems(shell, gym, place_of(shell, room)))

    @routes.get("/classes/{room}/problems.csv", response_class=Response)
    def problems_csv(room: str) -> Response:
        """The same as a table."""
        place = place_of(shell, room)
        titles = titles_of(gym)
        rows = [
            [
                one.problem,
                titles.get(one.problem, ""),
                one.tried,
                one.passed,
                one.attempts,
                one.help,
                test_name(gym, one.problem, one.failed_test),
                one.failed_by,
                "; ".join(f"{met.misconception} ({met.learners})" for met in one.misconceptions),
            ]
            for one in _problems(shell, gym, place).problems
        ]
        head = [
            "problem",
            "title",
            "tried",
            "solved",
            "attempts",
            "help",
            "most_failed_test",
            "failed_by",
            "misconceptions",
        ]
        return shell.csv(csv_table(head, rows), f"{place.room.name if place.room else 'no-class'}-problems.csv")

    @routes.get("/classes/{room}/problems", include_in_schema=False)
    def problems(request: Request, room: str) -> Response:
        place = place_of(shell, room)
        found = _problems(shell, gym, place)
        return shell.page(
            request,
            "gym/teacher_problems.html",
            place=place,
            found=found,
            columns={one.id: one for one in columns_of(gym)},
            named=lambda one: test_name(gym, one.problem, one.failed_test),
            message=lambda problem, name: _misconception(gym, problem, name),
        )


def _problems(shell: Shell, gym: Gym, place: Place) -> ProblemTable:
    order = {one.id: at for at, one in enumerate(columns_of(gym))}
    found = teaching.problem_table(shell.store, place.class_id).values()
    members = teaching.how_many(shell.store, place.class_id)
    lines = sorted(found, key=lambda one: (order.get(one.problem, len(order)), one.problem))
    return ProblemTable(room=place.room, learners=members, problems=tuple(lines))


def _misconception(gym: Gym, problem: str, name: str) -> str:
    try:
        found = gym.library.problem(problem).misconceptions
    except UnknownName:
        return ""
    return next((one.message for one in found if one.id == name), "")
