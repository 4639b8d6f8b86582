"""Save and read what is kept of learners: who they are, their drafts, attempts, help, and how far they are.

A learner is a random secret in a cookie, of which only the hash is kept. Every function that reads or changes what is
somebody's takes that learner's id and looks nowhere else.
"""

import hashlib
import secrets
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy.dialects.postgresql import insert

from assay.errors import AssayError
from assay.gym.guessing import hash_word, new_word, read_code, same_word
from assay.gym.records import (
    Assignment,
    Attempt,
    Classroom,
    Draft,
    Graded,
    HelpAnswer,
    Learner,
    PastDraft,
    Progress,
    Standing,
)
from assay.gym.tables import ASSIGNMENTS, ATTEMPTS, CLASSES, DRAFTS, HELP, LEARNERS, MACHINES, PAST_DRAFTS, STANDINGS
from assay.records import Language
from assay.store import Store
from assay.visible import one_line, visible

__all__ = ["Attempt", "Classroom", "Draft", "HelpAnswer", "Learner", "PastDraft", "Progress", "Standing"]

LARGEST_TEXT = 64 << 10
"""Characters of a program; the longest solution of a problem here has some 2,000."""
ATTEMPTS_KEPT = 50
"""Runs and submissions of one learner at one problem, and besides always the first that passed."""
PAST_DRAFTS_KEPT = 20
MACHINES_KEPT = 20
CLASS_SIZE = 1_000
LONGEST_NAME = 40
_SEEN_EVERY = timedelta(minutes=10)

PROBLEMS = TypeAdapter(tuple[str, ...])
_NOW = sa.func.clock_timestamp()


class WrongCode(AssayError):
    """No class has this code, or nobody in it this name and word. Count these."""


class Gone(AssayError):
    """What is asked of a learner who is not there any more."""


class Joined(NamedTuple):
    """What became of joining a class."""

    learner: Learner
    word: str | None
    """What to come back with on another machine, to be shown once; None: the learner was in this class already."""


# ---- who -----------------------------------------------------------------------------------------------------------


def create(store: Store) -> tuple[Learner, str]:
    """Somebody new, and the secret for the cookie."""
    learner = Learner(id=secrets.token_hex(8))
    token = secrets.token_urlsafe(32)
    with store.engine.begin() as connection:
        connection.execute(sa.insert(LEARNERS).values(id=learner.id))
        connection.execute(sa.insert(MACHINES).values(token_hash=_hash(token), learner=learner.id))
    return learner, token


def by_cookie(store: Store, token: str) -> Learner | None:
    """Whose cookie this is."""
    if not token or len(token) > 200:
        return None
    query = sa.select(LEARNERS, (LEARNERS.c.seen < _NOW - _SEEN_EVERY).label("long_ago")).join(
        MACHINES, MACHINES.c.learner == LEARNERS.c.id
    )
    with store.engine.connect() as connection:
        row = connection.execute(query.where(MACHINES.c.token_hash == _hash(token))).one_or_none()
        if row is None:
            return None
        if row.long_ago:
            connection.execute(sa.update(LEARNERS).where(LEARNERS.c.id == row.id).values(seen=_NOW))
            connection.commit()
    return _learner(row)


def by_id(store: Store, learner_id: str) -> Learner:
    """The learner of this id. Raises Gone."""
    with store.engine.connect() as connection:
        row = connection.execute(sa.select(LEARNERS).where(LEARNERS.c.id == learner_id)).one_or_none()
    if row is None:
        raise _gone()
    return _learner(row)


def forget_machine(store: Store, token: str) -> None:
    """Let this cookie be nobody's: what the learner wrote stays, for whoever comes back with the word."""
    with store.engine.begin() as connection:
        connection.execute(sa.delete(MACHINES).where(MACHINES.c.token_hash == _hash(token)))


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


def join(store: Store, learner: Learner, code: str, name: str) -> Joined:
    """Put a learner in the class of this code under this name. Raises AssayError: WrongCode, or what is in the way."""
    room = classroom_by_code(store, code)
    name = read_name(name)
    if not room.open:
        raise AssayError(f"{room.name} takes nobody new.", "Ask your teacher to open it.")
    if learner.class_id == room.id:
        return Joined(rename(store, learner, name), None)
    if (until := exam_until(store, learner)) is not None:
        raise AssayError(f"Your class writes an exam until {until:%H:%M} UTC.", "Join another class after it.")
    word = new_word()
    members = sa.select(sa.func.count()).select_from(LEARNERS).where(LEARNERS.c.class_id == room.id)
    with store.engine.begin() as connection, _name_is_free(name):
        connection.execute(sa.select(CLASSES.c.id).where(CLASSES.c.id == room.id).with_for_update())
        if (connection.scalar(members) or 0) >= CLASS_SIZE:
            raise AssayError(f"{room.name} is full: {CLASS_SIZE:,} learners.", "Ask your teacher for another class.")
        changed = connection.execute(
            sa.update(LEARNERS)
            .where(LEARNERS.c.id == learner.id)
            .values(class_id=room.id, name=name, word_hash=hash_word(word, learner.id))
        )
        if not changed.rowcount:
            raise _gone()
    return Joined(Learner(id=learner.id, name=name, class_id=room.id), word)


def rename(store: Store, learner: Learner, name: str) -> Learner:
    """Call a learner something else. Raises AssayError where somebody of the class is called that."""
    name = read_name(name)
    with store.engine.begin() as connection, _name_is_free(name):
        connection.execute(sa.update(LEARNERS).where(LEARNERS.c.id == learner.id).values(name=name))
    return learner.model_copy(update={"name": name})


def leave(store: Store, learner_id: str) -> None:
    """Take a learner out of the class: what was written stays the learner's own."""
    with store.engine.begin() as connection:
        connection.execute(sa.update(LEARNERS).where(LEARNERS.c.id == learner_id).values(class_id=None, word_hash=None))


def give_word(store: Store, learner_id: str) -> str:
    """A new word to come back with; the one before is void. It is shown once: only its hash is kept. Raises Gone."""
    word = new_word()
    kept = hash_word(word, learner_id)
    with store.engine.begin() as connection:
        changed = connection.execute(sa.update(LEARNERS).where(LEARNERS.c.id == learner_id).values(word_hash=kept))
    if not changed.rowcount:
        raise _gone()
    return word


def recover(store: Store, code: str, name: str, word: str) -> tuple[Learner, str]:
    """The learner of this class, name and word, and a secret for the cookie of the new machine. Raises WrongCode."""
    room = classroom_by_code(store, code)
    query = sa.select(LEARNERS).where(
        LEARNERS.c.class_id == room.id, sa.func.lower(LEARNERS.c.name) == sa.func.lower(_plain_name(name))
    )
    with store.engine.connect() as connection:
        row = connection.execute(query).one_or_none()
    if not same_word(word, row.id if row else "nobody", row.word_hash if row else None) or row is None:
        raise WrongCode(
            f"Nobody of {room.name} has this name and this word.",
            "Type both as they were shown when you joined. If the word is lost, your teacher can give you a new one.",
        )
    token = secrets.token_urlsafe(32)
    with store.engine.begin() as connection:
        _must_be_there(connection, row.id)
        connection.execute(sa.insert(MACHINES).values(token_hash=_hash(token), learner=row.id))
        newest = (
            sa.select(MACHINES.c.token_hash)
            .where(MACHINES.c.learner == row.id)
            .order_by(MACHINES.c.created.desc())
            .limit(MACHINES_KEPT)
        )
        connection.execute(
            sa.delete(MACHINES).where(MACHINES.c.learner == row.id, MACHINES.c.token_hash.not_in(newest))
        )
    return _learner(row), token


def read_name(typed: str) -> str:
    """A name as it is kept: one line, blanks put in order. Raises AssayError."""
    name = _plain_name(typed)
    if not name:
        raise AssayError("There is no name.", "Type the name your teacher knows you by.")
    if len(name) > LONGEST_NAME:
        raise AssayError(f"The name has {len(name)} characters.", f"Use {LONGEST_NAME} at most.")
    if visible(name) != name:
        raise AssayError("The name holds characters that cannot be seen.", "Type it anew.")
    return name


def delete(store: Store, learner_id: str) -> None:
    """Remove a learner with everything: drafts, attempts, help, and the cookies of all machines."""
    with store.engine.begin() as connection:
        connection.execute(sa.delete(LEARNERS).where(LEARNERS.c.id == learner_id))


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


# ---- drafts --------------------------------------------------------------------------------------------------------


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
    text = _text(text)
    if based_on is not None and not 0 < based_on < 1 << 31:
        based_on = None  # no version of ours
    with store.engine.begin() as connection:
        _must_be_there(connection, learner_id)
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
        _must_be_there(connection, learner_id)
        row = _draft(connection, learner_id, problem, language, lock=True)
        if row is not None:
            if row.text == starter:
                return as_draft(row)
            _put_aside(connection, learner_id, problem, language, "reset", row.text, row.version)
            return _replace(connection, row, _text(starter), tab)
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


def _of(table: sa.Table, learner_id: str, problem: str, language: str) -> tuple[sa.ColumnElement[bool], ...]:
    return table.c.learner == learner_id, table.c.problem == problem, table.c.language == language


# ---- attempts ------------------------------------------------------------------------------------------------------


def add_attempt(
    store: Store,
    learner_id: str,
    graded: Graded,
    source: str,
    *,
    failed_test: str = "",
    misconception: str = "",
) -> Attempt:
    """Keep a run or a submission, and count it. `failed_test` names the first test that failed where `graded` does not
    show it. What the console did is not kept: ValueError."""
    if graded.purpose == "console":
        raise ValueError("what the console did is no attempt")
    source = _text(source)
    row = {
        "learner": learner_id,
        "problem": graded.problem,
        "language": graded.language,
        "purpose": graded.purpose,
        "verdict": graded.verdict,
        "passed": graded.passed,
        "total": len(graded.cases),
        "failed_test": failed_test or _first_failed(graded),
        "misconception": misconception,
        "code_hash": code_hash(source),
        "source": source,
        "graded": graded.model_dump_json(exclude_defaults=True),
    }
    submitted = graded.purpose == "submit"
    passed = submitted and graded.verdict == "pass"
    counted = "submissions" if submitted else "runs"
    first = insert(STANDINGS).values(
        learner=learner_id,
        problem=graded.problem,
        language=graded.language,
        passed=_NOW if passed else None,
        **{counted: 1},
    )
    standing = first.on_conflict_do_update(
        index_elements=["learner", "problem"],
        set_={
            counted: STANDINGS.c[counted] + 1,
            "language": graded.language,
            "passed": sa.func.coalesce(STANDINGS.c.passed, first.excluded.passed),
            "last": _NOW,
        },
    ).returning(STANDINGS.c.runs + STANDINGS.c.submissions)
    with store.engine.begin() as connection:
        _must_be_there(connection, learner_id)
        made = connection.execute(sa.insert(ATTEMPTS).values(row).returning(ATTEMPTS.c.id, ATTEMPTS.c.created)).one()
        count: int = connection.execute(standing).scalar_one()
        if count > ATTEMPTS_KEPT:
            _drop_old_attempts(connection, learner_id, graded.problem)
    return Attempt(
        id=made.id,
        learner=learner_id,
        problem=graded.problem,
        language=graded.language,
        source=source,
        graded=graded,
        misconception=misconception,
        created=made.created,
    )


def attempts(
    store: Store, learner_id: str, problem: str, language: Language | None = None, *, noticed: bool = False
) -> list[Attempt]:
    """A learner's attempts at a problem that are kept, newest first; with the misconceptions met only if `noticed`."""
    query = sa.select(ATTEMPTS).where(ATTEMPTS.c.learner == learner_id, ATTEMPTS.c.problem == problem)
    if language is not None:
        query = query.where(ATTEMPTS.c.language == language)
    with store.engine.connect() as connection:
        return [as_attempt(row, noticed=noticed) for row in connection.execute(query.order_by(ATTEMPTS.c.id.desc()))]


def attempt(store: Store, learner_id: str, number: int) -> Attempt | None:
    """One attempt of this learner; None: there is none of this number, or it is another's."""
    query = sa.select(ATTEMPTS).where(ATTEMPTS.c.learner == learner_id, ATTEMPTS.c.id == number)
    with store.engine.connect() as connection:
        row = connection.execute(query).one_or_none()
    return None if row is None else as_attempt(row)


def code_hash(source: str) -> str:
    """Tells two programs apart."""
    return hashlib.sha256(source.encode("utf-8", "replace")).hexdigest()[:16]


def progress(store: Store, learner_id: str) -> Progress:
    """How far a learner is, what was worked on last first."""
    asked = (
        sa.select(HELP.c.problem, sa.func.count().label("help"))
        .where(HELP.c.learner == learner_id)
        .group_by(HELP.c.problem)
        .subquery()
    )
    standings = (
        sa.select(STANDINGS, sa.func.coalesce(asked.c.help, 0).label("help"))
        .outerjoin(asked, asked.c.problem == STANDINGS.c.problem)
        .where(STANDINGS.c.learner == learner_id)
    )
    drafts = (
        sa.select(DRAFTS.c.problem, DRAFTS.c.language, DRAFTS.c.changed)
        .where(DRAFTS.c.learner == learner_id)
        .order_by(DRAFTS.c.changed)
    )
    with store.engine.connect() as connection:
        found = {row.problem: as_standing(row) for row in connection.execute(standings)}
        for row in connection.execute(drafts):
            known = found.get(row.problem)
            if known is None:
                found[row.problem] = Standing(problem=row.problem, language=row.language, last=row.changed)
            elif row.changed > known.last:
                found[row.problem] = known.model_copy(update={"last": row.changed, "language": row.language})
    latest = sorted(found.values(), key=lambda one: (one.last, one.problem), reverse=True)
    return Progress(learner=learner_id, standings=tuple(latest))


def _drop_old_attempts(connection: sa.Connection, learner_id: str, problem: str) -> None:
    here = (ATTEMPTS.c.learner == learner_id, ATTEMPTS.c.problem == problem)
    newest = sa.select(ATTEMPTS.c.id).where(*here).order_by(ATTEMPTS.c.id.desc()).limit(ATTEMPTS_KEPT)
    solved = sa.select(sa.func.min(ATTEMPTS.c.id)).where(
        *here, ATTEMPTS.c.purpose == "submit", ATTEMPTS.c.verdict == "pass"
    )
    first = sa.func.coalesce(solved.scalar_subquery(), 0)
    connection.execute(sa.delete(ATTEMPTS).where(*here, ATTEMPTS.c.id.not_in(newest), ATTEMPTS.c.id != first))


def _first_failed(graded: Graded) -> str:
    """The id of the first test that did not pass, or its number where the learner may not know it."""
    failed = next((case for case in graded.cases if case.outcome in ("failed", "error")), None)
    return "" if failed is None else failed.id or f"#{failed.number}"


def as_attempt(row: sa.Row[Any], *, noticed: bool = False) -> Attempt:
    """A row of ATTEMPTS. What was `noticed` is for the teacher, and gives a learner too much to go by."""
    return Attempt(
        id=row.id,
        learner=row.learner,
        problem=row.problem,
        language=row.language,
        source=row.source,
        graded=Graded.model_validate_json(row.graded),
        misconception=row.misconception if noticed else "",
        created=row.created,
    )


def as_standing(row: sa.Row[Any]) -> Standing:
    """A row of STANDINGS; `help` counts only where it was selected too."""
    return Standing(
        problem=row.problem,
        language=row.language,
        runs=row.runs,
        submissions=row.submissions,
        help=getattr(row, "help", 0),
        passed=row.passed,
        last=row.last,
    )


# ---- help ----------------------------------------------------------------------------------------------------------


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
        _must_be_there(connection, answer.learner)
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


# ---- how things are kept -------------------------------------------------------------------------------------------


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _learner(row: sa.Row[Any]) -> Learner:
    return Learner(id=row.id, name=row.name, class_id=row.class_id)


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


def _plain_name(typed: str) -> str:
    return unicodedata.normalize("NFC", " ".join(typed.replace("\0", " ").split()))


@contextmanager
def _name_is_free(name: str) -> Iterator[None]:
    try:
        yield
    except sa.exc.IntegrityError:
        raise AssayError(
            f"Somebody of this class is called {name} already.",
            "If that is you, come back with your word. Otherwise add a letter to your name.",
        ) from None


def _must_be_there(connection: sa.Connection, learner_id: str) -> None:
    """Hold the learner until the transaction ends. Raises Gone."""
    held = sa.select(LEARNERS.c.id).where(LEARNERS.c.id == learner_id).with_for_update(read=True, key_share=True)
    if connection.scalar(held) is None:
        raise _gone()


def _gone() -> Gone:
    return Gone("Nothing is kept of this learner any more.", "Open the gym's first page to begin anew.")


def _text(text: str) -> str:
    """Code as the database can keep it: PostgreSQL's text holds no NUL and no half of a surrogate pair."""
    if len(text) > LARGEST_TEXT:
        raise AssayError(
            f"The program has {len(text):,} characters; {LARGEST_TEXT:,} at most are kept.", "Make it shorter."
        )
    return text.replace("\0", "\N{SYMBOL FOR NULL}").encode("utf-8", "replace").decode()
