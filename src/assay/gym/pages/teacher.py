"""For teachers: classes, who is how far, what is hard, what help said, assignments, exams, and one learner's data.

Only the owner gets here: the guard keeps guests out by the address, and every route asks once more.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, NamedTuple

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request
from fastapi.responses import RedirectResponse, Response

from assay.errors import AssayError, UnknownName
from assay.gym import asking, attempting, exporting, learners, practice, rooms, teaching, zones
from assay.gym.pages import writing
from assay.gym.pages.helping import WORDS
from assay.gym.pages.service import Gym, exam_of, local
from assay.gym.records import Assignment, Attempt, Classroom, HelpAnswer, HelpSource, Learner, Progress, Standing
from assay.gym.teaching import Asked, ClassLine, HelpCounts, LearnerLine, ProblemLine
from assay.records import Record
from assay.web.guard import Visitor
from assay.web.markdown import markdown
from assay.web.shell import Shell

NONE = "none"
"""Stands in addresses for the learners who are in no class."""
MANY_TRIES = 5
"""Attempts after which somebody who has not solved a problem may be stuck."""
SAMPLE = 20

Text = Annotated[str, Form(max_length=400)]
Sort = Literal["name", "passed", "attempts", "help", "seen"]
Source = Literal["", "authored", "misconception", "model", "cached"]
Thumbs = Literal["", "up", "down"]

_SOURCES = {
    "authored": "written by the author, or worked out from the program",
    "misconception": "written by the author for a known mistake",
    "model": "written by a model",
    "cached": "written by a model before, and kept",
}


class Classes(Record):
    """Every class."""

    classes: tuple[ClassLine, ...]
    without_class: int


class ClassTable(Record):
    """Learners and how they stand with every problem."""

    room: Classroom | None
    learners: tuple[LearnerLine, ...]


class ProblemTable(Record):
    """Problems and how a class fares with them."""

    room: Classroom | None
    learners: int
    problems: tuple[ProblemLine, ...]


class HelpSample(Record):
    """Help that was given, drawn at random."""

    room: Classroom | None
    counts: HelpCounts
    sample: tuple[Asked, ...]


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


class Column(NamedTuple):
    """A problem at the head of a table."""

    id: str
    title: str
    topic: str


class _Place(NamedTuple):
    """Where a page stands: a class, or the learners without one."""

    class_id: str | None
    room: Classroom | None

    @property
    def path(self) -> str:
        return f"/gym/teacher/classes/{self.class_id or NONE}"


def only_the_owner(request: Request) -> None:
    """What every route here asks first."""
    visitor: Visitor = request.state.visitor
    if not visitor.member:
        raise HTTPException(401, "This is for teachers: sign in first.")


def router(shell: Shell, gym: Gym) -> APIRouter:
    """The routes for teachers."""
    routes = APIRouter(prefix="/teacher", dependencies=[Depends(only_the_owner)])
    routes.include_router(writing.router(shell, gym))
    _add_classes(routes, shell)
    _add_tables(routes, shell, gym)
    _add_assignments(routes, shell, gym)
    _add_learner(routes, shell, gym)
    _add_settings(routes, shell)
    return routes


# ---- classes -------------------------------------------------------------------------------------------------------


def _add_classes(routes: APIRouter, shell: Shell) -> None:
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


def _place(shell: Shell, room: str) -> _Place:
    if room == NONE:
        return _Place(None, None)
    found = rooms.classroom(shell.store, room)
    if found is None:
        raise HTTPException(404, "There is no such class. It may have been deleted: look at the list of classes.")
    return _Place(found.id, found)


def _room(shell: Shell, room: str) -> Classroom:
    found = _place(shell, room).room
    if found is None:
        raise HTTPException(404, "This is for classes only.")
    return found


# ---- tables --------------------------------------------------------------------------------------------------------


def _add_tables(routes: APIRouter, shell: Shell, gym: Gym) -> None:
    @routes.get("/classes/{room}.json", response_model=ClassTable)
    def class_json(room: str) -> Response:
        """A class: every learner with their standing at every problem."""
        place = _place(shell, room)
        return shell.json(
            ClassTable(room=place.room, learners=tuple(teaching.class_table(shell.store, place.class_id)))
        )

    @routes.get("/classes/{room}.csv", response_class=Response)
    def class_csv(room: str) -> Response:
        """The same as a table: a row a learner and problem."""
        place = _place(shell, room)
        titles = titles_of(gym)
        rows: list[list[object]] = []
        for line in teaching.class_table(shell.store, place.class_id):
            who = [line.learner.name, line.learner.id]
            standings = sorted(line.standings.values(), key=lambda one: one.problem)
            rows += [[*who, one.problem, titles.get(one.problem, ""), *_cells(one)] for one in standings]
            if not standings:
                rows.append([*who, "", "", "", "", "", "", "", line.seen])
        head = ["learner", "id", "problem", "title", "state", "runs", "submissions", "help", "solved", "last"]
        return shell.csv(_csv(head, rows), f"{place.room.name if place.room else 'no-class'}.csv")

    @routes.get("/classes/{room}/problems.json", response_model=ProblemTable)
    def problems_json(room: str) -> Response:
        """A class by problem: who solved it, where most fail first, which misconceptions were met."""
        return shell.json(_problems(shell, gym, _place(shell, room)))

    @routes.get("/classes/{room}/problems.csv", response_class=Response)
    def problems_csv(room: str) -> Response:
        """The same as a table."""
        place = _place(shell, room)
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
        return shell.csv(_csv(head, rows), f"{place.room.name if place.room else 'no-class'}-problems.csv")

    @routes.get("/classes/{room}/problems", include_in_schema=False)
    def problems(request: Request, room: str) -> Response:
        place = _place(shell, room)
        found = _problems(shell, gym, place)
        return shell.page(
            request,
            "gym/teacher_problems.html",
            place=place,
            found=found,
            columns={one.id: one for one in _columns(gym)},
            named=lambda one: test_name(gym, one.problem, one.failed_test),
            message=lambda problem, name: _misconception(gym, problem, name),
        )

    def sample(place: _Place, problem: str, source: Source, thumbs: Thumbs, draw: str) -> HelpSample:
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
        return shell.json(sample(_place(shell, room), problem, source, thumbs, draw))

    @routes.get("/classes/{room}/help", include_in_schema=False)
    def help_page(
        request: Request,
        room: str,
        problem: Annotated[str, Query(max_length=80)] = "",
        source: Source = "",
        thumbs: Thumbs = "",
        draw: Annotated[str, Query(max_length=20)] = "",
    ) -> Response:
        place = _place(shell, room)
        chosen = {"problem": problem, "source": source, "thumbs": thumbs, "draw": draw}
        return shell.page(
            request,
            "gym/teacher_help.html",
            place=place,
            found=sample(place, problem, source, thumbs, draw),
            chosen=chosen,
            titles=titles_of(gym),
            sources=_SOURCES,
            refused=refused,
            pretty=pretty,
            called=called,
            prose=lambda text: markdown(text, top=4),
        )

    @routes.get("/classes/{room}", include_in_schema=False)
    def class_page(
        request: Request, room: str, topic: Annotated[str, Query(max_length=80)] = "", sort: Sort = "name"
    ) -> Response:
        place = _place(shell, room)
        lines = _sorted(teaching.class_table(shell.store, place.class_id), sort)
        begun = {name for line in lines for name in line.standings}
        columns = [one for one in _columns(gym) if (one.topic == topic if topic else one.id in begun)]
        if not topic:
            known = {one.id for one in columns}
            columns += [Column(name, name, "") for name in sorted(begun - known)]
        return shell.page(
            request,
            "gym/teacher_class.html",
            place=place,
            invite=_invite(request, place.room),
            unshared=not shell.shared,
            lines=lines,
            columns=columns,
            topics=[(one.id, one.title, course.title) for course in gym.library.courses() for one in course.topics],
            topic=topic,
            sort=sort,
            exam_of=exam_of,
            many=MANY_TRIES,
        )


def _problems(shell: Shell, gym: Gym, place: _Place) -> ProblemTable:
    order = {one.id: at for at, one in enumerate(_columns(gym))}
    found = teaching.problem_table(shell.store, place.class_id).values()
    members = teaching.how_many(shell.store, place.class_id)
    lines = sorted(found, key=lambda one: (order.get(one.problem, len(order)), one.problem))
    return ProblemTable(room=place.room, learners=members, problems=tuple(lines))


def _sorted(lines: list[LearnerLine], sort: Sort) -> list[LearnerLine]:
    if sort == "name":
        return lines
    return sorted(lines, key=lambda line: getattr(line, sort), reverse=True)


def _columns(gym: Gym) -> list[Column]:
    return [
        Column(problem.id, problem.title, topic.id)
        for course in gym.library.courses()
        for topic, problem in practice.in_order(course)
    ]


def titles_of(gym: Gym) -> dict[str, str]:
    """Every problem's title, by id."""
    return {one.id: one.title for one in _columns(gym)}


def test_name(gym: Gym, problem: str, test: str) -> str:
    """What a test is called, of which its id or #number was kept."""
    try:
        tests = gym.library.problem(problem).tests
    except UnknownName:
        return test
    for number, one in enumerate(tests, 1):
        if test in (one.id, f"#{number}"):
            return f"{one.name or one.id} ({one.visibility})"
    return "a generated test" if re.fullmatch(r"#\d+|g\d+", test) else test


test_name.__test__ = False  # type: ignore[attr-defined]


def _misconception(gym: Gym, problem: str, name: str) -> str:
    try:
        found = gym.library.problem(problem).misconceptions
    except UnknownName:
        return ""
    return next((one.message for one in found if one.id == name), "")


def _invite(request: Request, room: Classroom | None) -> str:
    """The address to send to a class, as whoever looks at this page reached it."""
    if room is None:
        return ""
    by_proxy = request.headers.get("x-forwarded-proto", "").strip().lower()
    scheme = by_proxy if by_proxy in ("http", "https") else request.url.scheme
    return f"{scheme}://{request.headers.get('host', '')}/gym/join/{room.code}"


def refused(gate: Any) -> int:
    """How many texts the gate refused before it let one through, as far as its record says."""
    if not isinstance(gate, list):
        return 0
    return sum(bool(one.get("broken") or one.get("rules")) for one in gate if isinstance(one, Mapping))


def called(answer: HelpAnswer) -> str:
    """What a kind of help is called for its learner: `Hint 2`."""
    name = WORDS.get(answer.tool, answer.tool)
    return f"{name} {answer.level}" if answer.tool == "hint" and answer.level else name


def pretty(value: Any) -> str:
    """A JSON value to be read by people."""
    return json.dumps(value, ensure_ascii=False, indent=2)


def _cells(one: Standing) -> list[object]:
    return [one.state, one.runs, one.submissions, one.help, one.passed, one.last]


_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|['\t\r\n]")


def _csv(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table for spreadsheets: what could be a formula gets an apostrophe before it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(head)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return out.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, str):
        text = "".join(char if char >= " " or char in "\n\t" else "\N{SYMBOL FOR NULL}" for char in value)
        return f"'{text}" if _FORMULA.match(text) else text
    return "" if value is None else value


# ---- assignments ---------------------------------------------------------------------------------------------------


def _add_assignments(routes: APIRouter, shell: Shell, gym: Gym) -> None:
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
            place=_Place(room.id, room),
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
        return shell.json(read(_room(shell, room)))

    @routes.get("/classes/{room}/assignments.csv", response_class=Response)
    def table(room: str) -> Response:
        """The same as a table: a row an assignment and learner."""
        found = read(_room(shell, room))
        rows = [
            [line.assignment.title, line.assignment.due, one.learner.name, one.learner.id, one.state, one.solved,
             len(line.assignment.problems)]
            for line in found.assignments
            for one in line.learners
        ]  # fmt: skip
        head = ["assignment", "due", "learner", "id", "state", "solved", "problems"]
        return shell.csv(_csv(head, rows), f"{found.room.name}-assignments.csv")

    @routes.get("/classes/{room}/assignments", include_in_schema=False)
    def page(request: Request, room: str) -> Response:
        return show(request, _room(shell, room))

    @routes.post("/classes/{room}/assignments", include_in_schema=False)
    def assign(
        request: Request,
        room: str,
        title: Text = "",
        due: Text = "",
        zone: Text = "UTC",
        problem: Annotated[list[str] | None, Form(max_length=500)] = None,
    ) -> Response:
        where = _room(shell, room)
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
        where = _room(shell, room)
        teaching.take_back(shell.store, where.id, assignment)
        return RedirectResponse(f"/gym/teacher/classes/{where.id}/assignments", 303)


# ---- one learner ---------------------------------------------------------------------------------------------------


def _add_learner(routes: APIRouter, shell: Shell, gym: Gym) -> None:
    def find(room: str, learner: str) -> tuple[_Place, Learner]:
        place = _place(shell, room)
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
        tried: list[Attempt] = attempting.attempts(shell.store, found.id, problem, noticed=True) if problem else []
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
            sources=_SOURCES,
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
        _must_be_sure(sure)
        learners.delete(shell.store, found.id)
        return RedirectResponse(place.path, 303)


def _must_be_sure(sure: str) -> None:
    if sure != "yes":
        raise AssayError("Nothing was deleted.", "Tick the box that says you are sure, and send it again.")


# ---- settings ------------------------------------------------------------------------------------------------------


def _add_settings(routes: APIRouter, shell: Shell) -> None:
    def back(room: Classroom) -> Response:
        return RedirectResponse(f"/gym/teacher/classes/{room.id}/settings", 303)

    @routes.get("/classes/{room}/settings", include_in_schema=False)
    def page(request: Request, room: str) -> Response:
        found = _room(shell, room)
        return shell.page(
            request,
            "gym/teacher_settings.html",
            place=_Place(found.id, found),
            exam_of=exam_of,
            invite=_invite(request, found),
            unshared=not shell.shared,
        )

    @routes.post("/classes/{room}/settings", include_in_schema=False)
    def change(room: str, name: Text = "", zone: Text = "UTC") -> Response:
        return back(teaching.change_class(shell.store, _room(shell, room).id, name=name, zone=zone))

    @routes.post("/classes/{room}/joining", include_in_schema=False)
    def joining(room: str, open: Text = "") -> Response:  # noqa: A002 - the form's word
        return back(teaching.change_class(shell.store, _room(shell, room).id, open=open == "yes"))

    @routes.post("/classes/{room}/code", include_in_schema=False)
    def code(room: str) -> Response:
        return back(teaching.new_class_code(shell.store, _room(shell, room).id))

    @routes.post("/classes/{room}/exam", include_in_schema=False)
    def exam(room: str, minutes: Annotated[int, Form(ge=0, le=24 * 60)] = 0) -> Response:
        found = _room(shell, room)
        if minutes:
            return back(teaching.start_exam(shell.store, found.id, timedelta(minutes=minutes)))
        return back(teaching.end_exam(shell.store, found.id))

    @routes.post("/classes/{room}/delete", include_in_schema=False)
    def delete(room: str, sure: Text = "", learners: Text = "") -> Response:
        found = _room(shell, room)
        _must_be_sure(sure)
        teaching.delete_class(shell.store, found.id, learners_too=learners == "delete")
        return RedirectResponse("/gym/teacher", 303)
