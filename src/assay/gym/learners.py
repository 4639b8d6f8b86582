"""Who learns: a random secret in a cookie, of which only the hash is kept; a name and a word, for who is in a class.

What somebody wrote stands in `drafting`, `attempting` and `asking`. Every function of these that reads or changes what is
somebody's takes that learner's id and looks nowhere else.
"""

import hashlib
import secrets
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from assay.errors import AssayError
from assay.gym.guessing import hash_word, new_word, same_word
from assay.gym.records.learners import Learner
from assay.gym.rooms import WrongCode, classroom_by_code, exam_until
from assay.gym.tables import CLASSES, LEARNERS, MACHINES
from assay.store import Store
from assay.visible import visible

MACHINES_KEPT = 20
CLASS_SIZE = 1_000
LONGEST_NAME = 40
_SEEN_EVERY = timedelta(minutes=10)
_NOW = sa.func.clock_timestamp()


class Gone(AssayError):
    """What is asked of a learner who is not there any more."""


class Joined(NamedTuple):
    """What became of joining a class."""

    learner: Learner
    word: str | None
    """What to come back with on another machine, to be shown once; None: the learner was in this class already."""


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
        hold(connection, row.id)
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


def hold(connection: sa.Connection, learner_id: str) -> None:
    """Hold the learner until the transaction ends. Raises Gone."""
    held = sa.select(LEARNERS.c.id).where(LEARNERS.c.id == learner_id).with_for_update(read=True, key_share=True)
    if connection.scalar(held) is None:
        raise _gone()


def _gone() -> Gone:
    return Gone("Nothing is kept of this learner any more.", "Open the gym's first page to begin anew.")


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _learner(row: sa.Row[Any]) -> Learner:
    return Learner(id=row.id, name=row.name, class_id=row.class_id)


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
