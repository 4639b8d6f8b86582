"""What learners asked for help, and what they were answered."""

from datetime import timedelta
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from assay.errors import AssayError
from assay.gym.learners import hold
from assay.gym.records.learners import HelpAnswer
from assay.gym.tables import HELP
from assay.store import Store

_NOW = sa.func.clock_timestamp()


def add_help(store: Store, answer: HelpAnswer) -> HelpAnswer:
    """Keep a request for help, or what came of one that was kept before; returns it as it is kept.

    What is done or failed stays as it is, so that a step that is run twice changes nothing.
    """
    values = {
        "state": answer.state,
        "origin": answer.source,
        "thumbs": answer.thumbs,
        "level": answer.level,
        "tool": answer.tool,
        "record": answer.model_dump_json(exclude={"created", "answered"}, exclude_defaults=True),
        "answered": None if answer.state == "asked" else _NOW,
    }
    new = insert(HELP).values(
        id=answer.id, learner=answer.learner, problem=answer.problem, language=answer.language, **values
    )
    still = sa.and_(HELP.c.state == "asked", HELP.c.learner == answer.learner, HELP.c.problem == answer.problem)
    with store.engine.begin() as connection:
        hold(connection, answer.learner)
        if answer.state == "asked":
            connection.execute(new.on_conflict_do_nothing())
        else:
            connection.execute(new.on_conflict_do_update(index_elements=["id"], set_=values, where=still))
    kept = help_answer(store, answer.learner, answer.id)
    if kept is None:
        raise AssayError("This request for help is not yours.", "Reload the page and ask again.")
    return kept


def help_answer(store: Store, learner_id: str, answer_id: str) -> HelpAnswer | None:
    """One request of this learner's and what came of it."""
    found = _read_help(store, HELP.c.learner == learner_id, HELP.c.id == answer_id)
    return found[0] if found else None


def help_answers(store: Store, learner_id: str, problem: str) -> list[HelpAnswer]:
    """What a learner asked at a problem, oldest first."""
    return _read_help(store, HELP.c.learner == learner_id, HELP.c.problem == problem)


def waiting_help(store: Store, older_than_s: float = 0) -> list[HelpAnswer]:
    """Requests without an answer, oldest first: after a restart, these are owed."""
    return _read_help(store, HELP.c.state == "asked", HELP.c.created <= _NOW - timedelta(seconds=older_than_s))


def rate_help(store: Store, learner_id: str, answer_id: str, thumbs: Literal[-1, 1] | None) -> bool:
    """Keep whether the answer helped; False: there is no such answer of this learner's."""
    with store.engine.begin() as connection:
        changed = connection.execute(
            sa.update(HELP).where(HELP.c.learner == learner_id, HELP.c.id == answer_id).values(thumbs=thumbs)
        )
    return bool(changed.rowcount)


def _read_help(store: Store, *which: sa.ColumnElement[bool]) -> list[HelpAnswer]:
    query = sa.select(HELP).where(*which).order_by(HELP.c.created, HELP.c.id)
    with store.engine.connect() as connection:
        return [as_help(row) for row in connection.execute(query)]


def as_help(row: sa.Row[Any]) -> HelpAnswer:
    """A row of HELP."""
    kept = HelpAnswer.model_validate_json(row.record)
    return kept.model_copy(update={"created": row.created, "answered": row.answered, "thumbs": row.thumbs})
