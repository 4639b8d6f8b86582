"""Classes as their learners see them: the code that opens one, what is assigned, until when an exam goes on."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter

from assay.errors import AssayError
from assay.gym.guessing import read_code
from assay.gym.records.learners import Assignment, Classroom, Learner
from assay.gym.tables import ASSIGNMENTS, CLASSES
from assay.store import Store
from assay.visible import one_line

PROBLEMS = TypeAdapter(tuple[str, ...])
_NOW = sa.func.clock_timestamp()


class WrongCode(AssayError):
    """No class has this code, or nobody in it this name and word. Count these."""


def classroom(store: Store, class_id: str) -> Classroom | None:
    """The class of this id."""
    with store.engine.connect() as connection:
        row = connection.execute(sa.select(CLASSES).where(CLASSES.c.id == class_id)).one_or_none()
    return None if row is None else as_classroom(row)


def classroom_by_code(store: Store, code: str) -> Classroom:
    """The class that this code opens, however it was typed. Raises WrongCode."""
    with store.engine.connect() as connection:
        row = connection.execute(sa.select(CLASSES).where(CLASSES.c.code == read_code(code))).one_or_none()
    if row is None:
        raise WrongCode(f"No class has the code {one_line(code, 20)!r}.", "Look at it again, letter by letter.")
    return as_classroom(row)


def exam_until(store: Store, learner: Learner) -> datetime | None:
    """Until when the learner's class writes an exam, and help is off; None: it is not."""
    if learner.class_id is None:
        return None
    query = sa.select(CLASSES.c.exam_until).where(CLASSES.c.id == learner.class_id, CLASSES.c.exam_until > _NOW)
    with store.engine.connect() as connection:
        found: datetime | None = connection.scalar(query)
    return found


def assigned(store: Store, learner: Learner) -> tuple[Assignment, ...]:
    """What the learner's class is asked to solve, what is due first first."""
    return () if learner.class_id is None else assignments(store, learner.class_id)


def assignments(store: Store, class_id: str) -> tuple[Assignment, ...]:
    """What a class is asked to solve, what is due first first."""
    query = sa.select(ASSIGNMENTS).where(ASSIGNMENTS.c.class_id == class_id)
    order = (ASSIGNMENTS.c.due.asc().nulls_last(), ASSIGNMENTS.c.created, ASSIGNMENTS.c.id)
    with store.engine.connect() as connection:
        rows = connection.execute(query.order_by(*order)).all()
    return tuple(
        Assignment(
            id=row.id,
            class_id=row.class_id,
            title=row.title,
            problems=PROBLEMS.validate_json(row.problems),
            due=row.due,
            created=row.created,
        )
        for row in rows
    )


def as_classroom(row: sa.Row[Any]) -> Classroom:
    """A row of CLASSES."""
    return Classroom(
        id=row.id,
        code=row.code,
        name=row.name,
        zone=row.zone,
        open=row.open,
        exam_until=row.exam_until,
        created=row.created,
    )
