"""Hints that passed the gate, kept to be given again: by problem, normalised code and level.

The key holds the problem's version, so that a changed problem finds no old hint, and the code without its comments and
blanks, so that a learner who only moved them finds the same one. A hint may quote the program it was made of, so it goes
with whoever wrote that; it is only ever given to somebody who wrote the same. A hint that the simulated student was seen
not to be helped by is not given again. What is found here passes the gate once more before a learner sees it: rules may
have changed since.
"""

import hashlib
import json

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from assay.gym.learners import Gone, hold
from assay.gym.tables import HINTS
from assay.gym.tutor import canonical
from assay.records import Language, Record
from assay.store import Store


class KeptHint(Record):
    """A hint as it was kept."""

    key: str
    problem: str
    level: int
    text: str
    model: str
    helped: bool | None = None


def key_of(version: str, language: Language, source: str, level: int) -> str:
    """What a hint is kept under. `version`: the problem's, of which its id is part."""
    tokens = [token.text for token in canonical.program(source, language)]
    text = json.dumps([version, language, tokens, level])
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def find(store: Store, key: str) -> KeptHint | None:
    """The hint that is kept under a key, unless it was seen not to help."""
    columns = [HINTS.c[name] for name in KeptHint.model_fields]
    with store.engine.connect() as connection:
        found = connection.execute(
            sa.select(*columns).where(HINTS.c.key == key, HINTS.c.helped.is_distinct_from(False))
        ).one_or_none()
    return None if found is None else KeptHint(**found._mapping)


def keep(store: Store, hint: KeptHint, learner: str | None = None) -> None:
    """Keep a hint; one that was seen not to help gives way to it, any other stays.

    `learner`: whose program it was made of; where they are gone meanwhile, nothing is kept. None: it was ours.
    """
    values = {**hint.model_dump(), "text": hint.text.replace("\0", ""), "learner": learner}
    statement = insert(HINTS).values(**values)
    with store.engine.begin() as connection:
        if learner is not None:
            try:
                hold(connection, learner)
            except Gone:
                return
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["key"],
                set_={name: values[name] for name in ("text", "model", "helped", "learner")},
                where=HINTS.c.helped.is_(False),
            )
        )
