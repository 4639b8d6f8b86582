"""Everything that is kept of one learner, as the learner or the teacher takes it away.

Nothing in here asks who is asking: only the pages of the owner and of the learner may call it.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from assay.gym import attempting, drafting, rooms
from assay.gym.asking import as_help
from assay.gym.learners import by_id
from assay.gym.records.learners import Draft, HelpAnswer, Learner, LearnerAttempt, PastDraft, Standing
from assay.gym.tables import ATTEMPTS, DRAFTS, HELP, PAST_DRAFTS
from assay.records import Record
from assay.store import Store


class PastText(PastDraft):
    """A past draft, and where it stood."""

    problem: str
    language: str


class Export(Record):
    """Everything that is kept of one learner."""

    learner: Learner
    class_name: str | None
    exported: datetime
    standings: tuple[Standing, ...]
    drafts: tuple[Draft, ...]
    past_drafts: tuple[PastText, ...]
    attempts: tuple[LearnerAttempt, ...]
    help: tuple[HelpAnswer, ...]


def export(store: Store, learner_id: str, *, noticed: bool = False) -> Export:
    """Everything that is kept of a learner; with the misconceptions met only if `noticed`. Raises Gone."""
    learner = by_id(store, learner_id)
    room = rooms.classroom(store, learner.class_id) if learner.class_id else None

    def of(table: sa.Table, *order: "sa.Column[Any]") -> Iterable[sa.Row[Any]]:
        with store.engine.connect() as connection:
            return connection.execute(sa.select(table).where(table.c.learner == learner_id).order_by(*order)).all()

    return Export(
        learner=learner,
        class_name=room.name if room else None,
        exported=datetime.now(UTC),
        standings=attempting.progress(store, learner_id).standings,
        drafts=tuple(drafting.as_draft(row) for row in of(DRAFTS, DRAFTS.c.problem, DRAFTS.c.language)),
        past_drafts=tuple(
            PastText(
                id=row.id,
                problem=row.problem,
                language=row.language,
                reason=row.reason,
                text=row.text,
                created=row.created,
            )
            for row in of(PAST_DRAFTS, PAST_DRAFTS.c.id)
        ),
        attempts=tuple(attempting.as_attempt(row, noticed=noticed) for row in of(ATTEMPTS, ATTEMPTS.c.id)),
        help=tuple(as_help(row) for row in of(HELP, HELP.c.created, HELP.c.id)),
    )
