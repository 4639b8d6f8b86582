"""What a teacher does and sees: classes, who is how far, what is hard, sampled help, assignments, exams, exports.

Nothing in here asks who is asking: only the owner's pages may call it.
"""

import secrets
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from assay.errors import AssayError
from assay.gym import attempting, learners, rooms, zones
from assay.gym.asking import as_help
from assay.gym.guessing import new_code
from assay.gym.records.learners import Assignment, Classroom, HelpAnswer, HelpSource, Learner, Standing
from assay.gym.tables import ASSIGNMENTS, ATTEMPTS, CLASSES, HELP, LEARNERS, STANDINGS
from assay.records import Record
from assay.store import Store
from assay.visible import visible

LONGEST_EXAM = timedelta(hours=24)
"""An exam that was forgotten ends by itself."""
WITHOUT_CLASS = 500
"""Learners without a class that are listed, those seen last first."""
_LONGEST = 80
_NOW = sa.func.clock_timestamp()


class ClassLine(Record):
    """A class in the list of classes."""

    room: Classroom
    learners: int
    active: int
    """Of these, who was seen in the last seven days."""
    passed: int
    """Problems solved, by all of them together."""


class LearnerLine(Record):
    """One learner in the table of a class."""

    learner: Learner
    since: datetime
    seen: datetime
    passed: int
    """Problems solved."""
    attempts: int
    help: int
    standings: dict[str, Standing]
    """By problem."""


class Met(Record):
    """A misconception, and how many learners it was met with."""

    misconception: str
    learners: int


class ProblemLine(Record):
    """One problem in the table of problems."""

    problem: str
    tried: int
    """Learners who ran or submitted something."""
    passed: int
    attempts: int
    help: int
    failed_test: str
    """The test that most learners failed first at: its id, or # and its number."""
    failed_by: int
    """How many learners did."""
    misconceptions: tuple[Met, ...]
    """Most first."""


class Asked(Record):
    """One request for help, and who asked."""

    learner: Learner
    answer: HelpAnswer


class HelpCounts(Record):
    """What came of the help of a class."""

    asked: int
    by_source: dict[str, int]
    helpful: int
    unhelpful: int
    failed: int


# ---- classes -------------------------------------------------------------------------------------------------------


def create_class(store: Store, name: str, zone: str = "UTC") -> Classroom:
    """A new class, with a code that no other has. Raises AssayError."""
    values = {"id": secrets.token_hex(6), "name": _title(name, "class"), "zone": zones.read_zone(zone)[0]}
    while True:
        new = insert(CLASSES).values(code=new_code(), **values)
        with store.engine.begin() as connection:
            made = connection.execute(new.on_conflict_do_nothing().returning(CLASSES.c.id)).scalar()
        if made is not None:
            return find_class(store, made)


def find_class(store: Store, class_id: str) -> Classroom:
    """The class of this id. Raises Gone."""
    found = rooms.classroom(store, class_id)
    if found is None:
        raise learners.Gone("There is no such class.", "It may have been deleted: look at the list of classes.")
    return found


def classes(store: Store) -> list[ClassLine]:
    """Every class, by name."""
    recent = sa.func.count().filter(LEARNERS.c.seen > _NOW - timedelta(days=7)).label("active")
    members = (
        sa.select(LEARNERS.c.class_id, sa.func.count().label("members"), recent)
        .group_by(LEARNERS.c.class_id)
        .subquery()
    )
    solved = (
        sa.select(LEARNERS.c.class_id, sa.func.count().label("passed"))
        .join(STANDINGS, STANDINGS.c.learner == LEARNERS.c.id)
        .where(STANDINGS.c.passed.is_not(None))
        .group_by(LEARNERS.c.class_id)
        .subquery()
    )
    query = (
        sa.select(CLASSES, members.c.members, members.c.active, solved.c.passed)
        .outerjoin(members, members.c.class_id == CLASSES.c.id)
        .outerjoin(solved, solved.c.class_id == CLASSES.c.id)
        .order_by(sa.func.lower(CLASSES.c.name), CLASSES.c.created)
    )
    with store.engine.connect() as connection:
        rows = connection.execute(query).all()
    return [
        ClassLine(
            room=rooms.as_classroom(row), learners=row.members or 0, active=row.active or 0, passed=row.passed or 0
        )
        for row in rows
    ]


def how_many(store: Store, class_id: str | None) -> int:
    """How many learners are in a class (None: in none)."""
    query = sa.select(sa.func.count()).select_from(LEARNERS).where(_in_class(class_id))
    with store.engine.connect() as connection:
        return connection.scalar(query) or 0


def change_class(
    store: Store,
    class_id: str,
    *,
    name: str | None = None,
    zone: str | None = None,
    open: bool | None = None,  # noqa: A002
) -> Classroom:
    """Change what is given. Raises AssayError."""
    values: dict[str, Any] = {}
    if name is not None:
        values["name"] = _title(name, "class")
    if zone is not None:
        values["zone"] = zones.read_zone(zone)[0]
    if open is not None:
        values["open"] = open
    return _change(store, class_id, values)


def new_class_code(store: Store, class_id: str) -> Classroom:
    """Give a class another code: the one before opens nothing any more. Who is in it stays."""
    while True:
        try:
            return _change(store, class_id, {"code": new_code()})
        except sa.exc.IntegrityError:
            continue  # another class has it


def start_exam(store: Store, class_id: str, lasts: timedelta) -> Classroom:
    """No help for this long from now. Raises AssayError."""
    if not timedelta() < lasts <= LONGEST_EXAM:
        raise AssayError("An exam lasts more than nothing and at most a day.", "Choose another length.")
    return _change(store, class_id, {"exam_until": _NOW + lasts})


def end_exam(store: Store, class_id: str) -> Classroom:
    """Help is there again."""
    return _change(store, class_id, {"exam_until": None})


def delete_class(store: Store, class_id: str, *, learners_too: bool) -> None:
    """Remove a class. Its learners lose it, and their words to come back with; or everything, if `learners_too`."""
    members = LEARNERS.c.class_id == class_id
    with store.engine.begin() as connection:
        if learners_too:
            connection.execute(sa.delete(LEARNERS).where(members))
        connection.execute(sa.update(LEARNERS).where(members).values(class_id=None, word_hash=None))
        connection.execute(sa.delete(CLASSES).where(CLASSES.c.id == class_id))


def _change(store: Store, class_id: str, values: Mapping[str, Any]) -> Classroom:
    if values:
        with store.engine.begin() as connection:
            connection.execute(sa.update(CLASSES).where(CLASSES.c.id == class_id).values(**values))
    return find_class(store, class_id)


# ---- who is how far ------------------------------------------------------------------------------------------------


def class_table(store: Store, class_id: str | None) -> list[LearnerLine]:
    """Every learner of a class (None: of no class) with their standings, by name."""
    members = sa.select(LEARNERS).where(_in_class(class_id))
    if class_id is None:
        members = members.order_by(LEARNERS.c.seen.desc()).limit(WITHOUT_CLASS)
    with store.engine.connect() as connection:
        rows = connection.execute(members).all()
        found = _standings(connection, [row.id for row in rows])
    lines = [_line(row, found.get(row.id, {})) for row in rows]
    if class_id is not None:
        lines.sort(key=lambda line: (line.learner.name.casefold(), line.learner.id))
    return lines


def _line(row: sa.Row[Any], standings: dict[str, Standing]) -> LearnerLine:
    return LearnerLine(
        learner=Learner(id=row.id, name=row.name, class_id=row.class_id),
        since=row.created,
        seen=row.seen,
        passed=sum(one.passed is not None for one in standings.values()),
        attempts=sum(one.attempts for one in standings.values()),
        help=sum(one.help for one in standings.values()),
        standings=standings,
    )


def _standings(connection: sa.Connection, ids: Collection[str]) -> dict[str, dict[str, Standing]]:
    """What these learners ran, submitted or asked about, by learner and problem."""
    ours = sa.literal(sorted(ids), sa.ARRAY(sa.Text))
    asked = (
        sa.select(HELP.c.learner, HELP.c.problem, HELP.c.language, sa.func.count(), sa.func.max(HELP.c.created))
        .where(HELP.c.learner == sa.any_(ours))
        .group_by(HELP.c.learner, HELP.c.problem, HELP.c.language)
    )
    found: dict[str, dict[str, Standing]] = {}
    for row in connection.execute(sa.select(STANDINGS).where(STANDINGS.c.learner == sa.any_(ours))):
        found.setdefault(row.learner, {})[row.problem] = attempting.as_standing(row)
    for learner, problem, language, count, last in connection.execute(asked):
        known = found.setdefault(learner, {})
        one = known.get(problem) or Standing(problem=problem, language=language, last=last)
        known[problem] = one.model_copy(update={"help": one.help + count})
    return found


def problem_table(store: Store, class_id: str | None) -> dict[str, ProblemLine]:
    """Every problem that learners of this class (None: of no class) tried, by id."""
    ours = _in_class(class_id)
    counts = (
        sa.select(
            STANDINGS.c.problem,
            sa.func.count().label("tried"),
            sa.func.count(STANDINGS.c.passed).label("passed"),
            sa.func.sum(STANDINGS.c.runs + STANDINGS.c.submissions).label("attempts"),
        )
        .join(LEARNERS, LEARNERS.c.id == STANDINGS.c.learner)
        .where(ours)
        .group_by(STANDINGS.c.problem)
    )
    helped = _by_learner(HELP, ours, sa.func.count().label("asked"))
    failed = _by_learner(ATTEMPTS, ours, sa.func.count(ATTEMPTS.c.learner.distinct()), ATTEMPTS.c.failed_test)
    met = _by_learner(ATTEMPTS, ours, sa.func.count(ATTEMPTS.c.learner.distinct()), ATTEMPTS.c.misconception)
    with store.engine.connect() as connection:
        tests: dict[str, Counter[str]] = {}
        for problem, test, count in connection.execute(failed):
            tests.setdefault(problem, Counter())[test] = count
        misconceptions: dict[str, Counter[str]] = {}
        for problem, name, count in connection.execute(met):
            misconceptions.setdefault(problem, Counter())[name] = count
        asked = {row.problem: row.asked for row in connection.execute(helped)}
        rows = {row.problem: row for row in connection.execute(counts)}
    made = {}
    for problem in sorted(rows.keys() | asked.keys()):
        row = rows.get(problem)
        worst, by = max(tests.get(problem, {"": 0}).items(), key=lambda pair: (pair[1], pair[0]))
        made[problem] = ProblemLine(
            problem=problem,
            tried=row.tried if row else 0,
            passed=row.passed if row else 0,
            attempts=row.attempts if row else 0,
            help=asked.get(problem, 0),
            failed_test=worst,
            failed_by=by,
            misconceptions=tuple(
                Met(misconception=name, learners=count)
                for name, count in misconceptions.get(problem, Counter()).most_common()
            ),
        )
    return made


def _by_learner(
    table: sa.Table, ours: sa.ColumnElement[bool], count: sa.ColumnElement[int], *by: "sa.Column[str]"
) -> sa.Select[Any]:
    query = sa.select(table.c.problem, *by, count).join(LEARNERS, LEARNERS.c.id == table.c.learner).where(ours)
    return query.where(*(column != "" for column in by)).group_by(table.c.problem, *by)


def _in_class(class_id: str | None) -> sa.ColumnElement[bool]:
    return LEARNERS.c.class_id.is_(None) if class_id is None else LEARNERS.c.class_id == class_id


# ---- help ----------------------------------------------------------------------------------------------------------


def help_sample(
    store: Store,
    class_id: str | None,
    count: int,
    *,
    draw: str = "",
    problem: str = "",
    source: HelpSource | None = None,
    thumbs: int | None = None,
) -> list[Asked]:
    """Answers drawn at random, the same ones for the same `draw`; of this problem, source or rating only if said."""
    query = (
        sa.select(HELP, LEARNERS.c.name.label("learner_name"), LEARNERS.c.class_id.label("learner_class"))
        .join(LEARNERS, LEARNERS.c.id == HELP.c.learner)
        .where(_in_class(class_id), HELP.c.state != "asked")
    )
    if problem:
        query = query.where(HELP.c.problem == problem)
    if source is not None:
        query = query.where(HELP.c.origin == source)
    if thumbs is not None:
        query = query.where(HELP.c.thumbs == thumbs)
    query = query.order_by(sa.func.md5(HELP.c.id + draw), HELP.c.id).limit(count)
    with store.engine.connect() as connection:
        rows = connection.execute(query).all()
    return [
        Asked(learner=Learner(id=row.learner, name=row.learner_name, class_id=row.learner_class), answer=as_help(row))
        for row in rows
    ]


def help_counts(store: Store, class_id: str | None) -> HelpCounts:
    """What came of the help of a class, in numbers."""
    query = (
        sa.select(HELP.c.state, HELP.c.origin, HELP.c.thumbs, sa.func.count())
        .join(LEARNERS, LEARNERS.c.id == HELP.c.learner)
        .where(_in_class(class_id))
        .group_by(HELP.c.state, HELP.c.origin, HELP.c.thumbs)
    )
    by_source: Counter[str] = Counter()
    by_thumbs: Counter[int | None] = Counter()
    by_state: Counter[str] = Counter()
    with store.engine.connect() as connection:
        for state, origin, thumbs, count in connection.execute(query):
            by_state[state] += count
            by_thumbs[thumbs] += count
            if origin is not None:
                by_source[origin] += count
    return HelpCounts(
        asked=by_state.total(),
        by_source=dict(by_source),
        helpful=by_thumbs[1],
        unhelpful=by_thumbs[-1],
        failed=by_state["failed"],
    )


# ---- assignments ---------------------------------------------------------------------------------------------------


def assign(store: Store, class_id: str, title: str, problems: Sequence[str], due: datetime | None) -> Assignment:
    """Ask a class to solve problems. Raises AssayError."""
    if not problems:
        raise AssayError("No problem was chosen.", "Choose one at least.")
    room = find_class(store, class_id)
    made = Assignment(
        id=secrets.token_hex(6),
        class_id=room.id,
        title=_title(title, "assignment"),
        problems=tuple(dict.fromkeys(problems)),
        due=due,
        created=datetime.now(UTC),
    )
    values = made.model_dump(exclude={"problems"})
    with store.engine.begin() as connection:
        connection.execute(
            sa.insert(ASSIGNMENTS).values(problems=rooms.PROBLEMS.dump_json(made.problems).decode(), **values)
        )
    return made


def take_back(store: Store, class_id: str, assignment: str) -> None:
    """Remove an assignment: what was solved for it stays solved."""
    with store.engine.begin() as connection:
        connection.execute(
            sa.delete(ASSIGNMENTS).where(ASSIGNMENTS.c.class_id == class_id, ASSIGNMENTS.c.id == assignment)
        )


def _title(typed: str, what: str) -> str:
    title = " ".join(typed.replace("\0", " ").split())
    if not title:
        raise AssayError(f"The {what} has no name.", "Type one.")
    if len(title) > _LONGEST or visible(title) != title:
        raise AssayError(f"That cannot be the name of a {what}.", f"Use {_LONGEST} characters at most, all to be seen.")
    return title
