"""A class: every learner with their standing at every problem."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from assay.gym import teaching
from assay.gym.pages.service import Gym, exam_of
from assay.gym.pages.teacher.place import invite_to, place_of
from assay.gym.pages.teacher.titles import Column, columns_of, titles_of
from assay.gym.records.learners import Classroom, Standing
from assay.gym.teaching import LearnerLine
from assay.records import Record
from assay.spreadsheet import csv_table
from assay.web.shell import Shell

MANY_TRIES = 5
"""Attempts after which somebody who has not solved a problem may be stuck."""
Sort = Literal["name", "passed", "attempts", "help", "seen"]
"""What the table can be sorted by."""


class ClassTable(Record):
    """Learners and how they stand with every problem."""

    room: Classroom | None
    learners: tuple[LearnerLine, ...]


def add_class_table(routes: APIRouter, shell: Shell, gym: Gym) -> None:
    """The table as a page, as JSON and for spreadsheets."""

    @routes.get("/classes/{room}.json", response_model=ClassTable)
    def class_json(room: str) -> Response:
        """A class: every learner with their standing at every problem."""
        place = place_of(shell, room)
        return shell.json(
            ClassTable(room=place.room, learners=tuple(teaching.class_table(shell.store, place.class_id)))
        )

    @routes.get("/classes/{room}.csv", response_class=Response)
    def class_csv(room: str) -> Response:
        """The same as a table: a row a learner and problem."""
        place = place_of(shell, room)
        titles = titles_of(gym)
        rows: list[list[object]] = []
        for line in teaching.class_table(shell.store, place.class_id):
            who = [line.learner.name, line.learner.id]
            standings = sorted(line.standings.values(), key=lambda one: one.problem)
            rows += [[*who, one.problem, titles.get(one.problem, ""), *_cells(one)] for one in standings]
            if not standings:
                rows.append([*who, "", "", "", "", "", "", "", line.seen])
        head = ["learner", "id", "problem", "title", "state", "runs", "submissions", "help", "solved", "last"]
        return shell.csv(csv_table(head, rows), f"{place.room.name if place.room else 'no-class'}.csv")

    @routes.get("/classes/{room}", include_in_schema=False)
    def class_page(
        request: Request, room: str, topic: Annotated[str, Query(max_length=80)] = "", sort: Sort = "name"
    ) -> Response:
        place = place_of(shell, room)
        lines = _sorted(teaching.class_table(shell.store, place.class_id), sort)
        begun = {name for line in lines for name in line.standings}
        columns = [one for one in columns_of(gym) if (one.topic == topic if topic else one.id in begun)]
        if not topic:
            known = {one.id for one in columns}
            columns += [Column(name, name, "") for name in sorted(begun - known)]
        return shell.page(
            request,
            "gym/teacher_class.html",
            place=place,
            invite=invite_to(request, place.room),
            unshared=not shell.shared,
            lines=lines,
            columns=columns,
            topics=[(one.id, one.title, course.title) for course in gym.library.courses() for one in course.topics],
            topic=topic,
            sort=sort,
            exam_of=exam_of,
            many=MANY_TRIES,
        )


def _sorted(lines: list[LearnerLine], sort: Sort) -> list[LearnerLine]:
    if sort == "name":
        return lines
    return sorted(lines, key=lambda line: getattr(line, sort), reverse=True)


def _cells(one: Standing) -> list[object]:
    return [one.state, one.runs, one.submissions, one.help, one.passed, one.last]
