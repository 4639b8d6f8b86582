"""What stands in a learner's editor, and what stood there before: nothing that was typed is lost."""

from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from assay.errors import AssayError
from assay.gym.learners import hold
from assay.gym.records.learners import Draft, PastDraft
from assay.gym.tables import DRAFTS, PAST_DRAFTS
from assay.records import Language
from assay.store import Store

LARGEST_TEXT = 64 << 10
"""Characters of a program; the longest solution of a problem here has some 2,000."""
PAST_DRAFTS_KEPT = 20
_NOW = sa.func.clock_timestamp()


def read_draft(store: Store, learner_id: str, problem: str, language: Language) -> Draft | None:
    """What stands in the learner's editor; None: nothing was ever changed there."""
    with store.engine.connect() as connection:
        row = _draft(connection, learner_id, problem, language)
    return None if row is None else as_draft(row)


def save_draft(
    store: Store,
    learner_id: str,
    problem: str,
    language: Language,
    text: str,
    based_on: int | None,
    *,
    tab: str = "",
) -> Draft:
    """Keep what stands in the editor. `based_on` is the version that the page had; None: it had none.

    Where the draft was changed by another page meanwhile, that newer one stays, the text is put in the history, and the
    draft that stays is returned, `kept_aside`. Saying its version makes this text win. `tab` is a name that a page
    makes up for itself: what it saved itself is never another's, even if it did not hear the answer.
    """
    text = as_text(text)
    if based_on is not None and not 0 < based_on < 1 << 31:
        based_on = None  # no version of ours
    with store.engine.begin() as connection:
        hold(connection, learner_id)
        row = _draft(connection, learner_id, problem, language, lock=True)
        if row is None:
            first = insert(DRAFTS).values(
                learner=learner_id, problem=problem, language=language, version=1, tab=tab[:80], text=text
            )
            made = connection.execute(first.on_conflict_do_nothing().returning(DRAFTS)).one_or_none()
            if made is not None:
                return as_draft(made)
            row = _draft(connection, learner_id, problem, language, lock=True)  # another page was quicker
            assert row is not None
        if row.text == text:
            return as_draft(row)
        if based_on != row.version and not (tab and tab[:80] == row.tab):
            _put_aside(connection, learner_id, problem, language, "aside", text, based_on)
            return as_draft(row, kept_aside=True)
        return _replace(connection, row, text, tab)


def reset_draft(
    store: Store, learner_id: str, problem: str, language: Language, starter: str, *, tab: str = ""
) -> Draft:
    """Put the starter in the editor; what stood there goes into the history, from where `undo_reset` takes it."""
    with store.engine.begin() as connection:
        hold(connection, learner_id)
        row = _draft(connection, learner_id, problem, language, lock=True)
        if row is not None:
            if row.text == starter:
                return as_draft(row)
            _put_aside(connection, learner_id, problem, language, "reset", row.text, row.version)
            return _replace(connection, row, as_text(starter), tab)
    return save_draft(store, learner_id, problem, language, starter, None, tab=tab)


def undo_reset(store: Store, learner_id: str, problem: str, language: Language, *, tab: str = "") -> Draft | None:
    """Take back the last reset; None: there is none to take back."""
    resets = [past for past in past_drafts(store, learner_id, problem, language) if past.reason == "reset"]
    return restore_draft(store, learner_id, problem, language, resets[0].id, tab=tab) if resets else None


def restore_draft(
    store: Store, learner_id: str, problem: str, language: Language, past: int, *, tab: str = ""
) -> Draft | None:
    """Put a text of the history in the editor again, and what stands there into the history; None: there is no such."""
    which = (*_of(PAST_DRAFTS, learner_id, problem, language), PAST_DRAFTS.c.id == past)
    with store.engine.begin() as connection:
        row = _draft(connection, learner_id, problem, language, lock=True)
        if row is None:
            return None
        text = connection.scalar(sa.delete(PAST_DRAFTS).where(*which).returning(PAST_DRAFTS.c.text))
        if text is None:
            return None
        if text == row.text:
            return as_draft(row)
        _put_aside(connection, learner_id, problem, language, "replaced", row.text, row.version)
        return _replace(connection, row, text, tab)


def past_drafts(store: Store, learner_id: str, problem: str, language: Language) -> list[PastDraft]:
    """What stood in the editor before, newest first."""
    query = sa.select(PAST_DRAFTS).where(*_of(PAST_DRAFTS, learner_id, problem, language))
    with store.engine.connect() as connection:
        rows = connection.execute(query.order_by(PAST_DRAFTS.c.id.desc())).all()
    return [PastDraft(id=row.id, reason=row.reason, text=row.text, created=row.created) for row in rows]


def as_draft(row: sa.Row[Any], *, kept_aside: bool = False) -> Draft:
    """A row of DRAFTS."""
    return Draft(
        problem=row.problem,
        language=row.language,
        text=row.text,
        version=row.version,
        changed=row.changed,
        kept_aside=kept_aside,
    )


def as_text(text: str) -> str:
    """Code as the database can keep it: PostgreSQL's text holds no NUL and no half of a surrogate pair."""
    if len(text) > LARGEST_TEXT:
        raise AssayError(
            f"The program has {len(text):,} characters; {LARGEST_TEXT:,} at most are kept.", "Make it shorter."
        )
    return text.replace("\0", "\N{SYMBOL FOR NULL}").encode("utf-8", "replace").decode()


def _replace(connection: sa.Connection, row: sa.Row[Any], text: str, tab: str) -> Draft:
    changed = (
        sa.update(DRAFTS)
        .where(*_of(DRAFTS, row.learner, row.problem, row.language))
        .values(text=text, version=row.version + 1, tab=tab[:80], changed=_NOW)
    )
    return as_draft(connection.execute(changed.returning(DRAFTS)).one())


def _put_aside(
    connection: sa.Connection,
    learner_id: str,
    problem: str,
    language: Language,
    reason: Literal["reset", "replaced", "aside"],
    text: str,
    based_on: int | None,
) -> None:
    """Into the history. Of what one old page goes on sending, only the last is kept."""
    past, of = PAST_DRAFTS, _of(PAST_DRAFTS, learner_id, problem, language)
    same = sa.or_(
        past.c.text == text, sa.and_(past.c.reason == "aside", past.c.based_on.is_not_distinct_from(based_on))
    )
    connection.execute(sa.delete(past).where(*of, past.c.reason == reason, same))
    connection.execute(
        sa.insert(past).values(
            learner=learner_id, problem=problem, language=language, reason=reason, text=text, based_on=based_on
        )
    )
    newest = sa.select(past.c.id).where(*of).order_by(past.c.id.desc()).limit(PAST_DRAFTS_KEPT)
    connection.execute(sa.delete(past).where(*of, past.c.id.not_in(newest)))


def _draft(
    connection: sa.Connection, learner_id: str, problem: str, language: str, *, lock: bool = False
) -> sa.Row[Any] | None:
    query = sa.select(DRAFTS).where(*_of(DRAFTS, learner_id, problem, language))
    return connection.execute(query.with_for_update() if lock else query).one_or_none()


def _of(table: sa.Table, learner_id: str, problem: str, language: str) -> tuple[sa.ColumnElement[bool], ...]:
    return table.c.learner == learner_id, table.c.problem == problem, table.c.language == language
