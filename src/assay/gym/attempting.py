"""What a learner ran and submitted, and how far that brought them."""

import hashlib
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from assay.gym.drafting import as_text
from assay.gym.learners import hold
from assay.gym.records.learners import LearnerAttempt, Progress, Standing
from assay.gym.records.results import Graded
from assay.gym.tables import ATTEMPTS, DRAFTS, HELP, STANDINGS
from assay.records import Language
from assay.store import Store

ATTEMPTS_KEPT = 50
"""Runs and submissions of one learner at one problem, and besides always the first that passed."""
_NOW = sa.func.clock_timestamp()


def add_attempt(
    store: Store,
    learner_id: str,
    graded: Graded,
    source: str,
    *,
    failed_test: str = "",
    misconception: str = "",
) -> LearnerAttempt:
    """Keep a run or a submission, and count it. `failed_test` names the first test that failed where `graded` does not
    show it. What the console did is not kept: ValueError."""
    if graded.purpose == "console":
        raise ValueError("what the console did is no attempt")
    source = as_text(source)
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
        hold(connection, learner_id)
        made = connection.execute(sa.insert(ATTEMPTS).values(row).returning(ATTEMPTS.c.id, ATTEMPTS.c.created)).one()
        count: int = connection.execute(standing).scalar_one()
        if count > ATTEMPTS_KEPT:
            _drop_old_attempts(connection, learner_id, graded.problem)
    return LearnerAttempt(
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
) -> list[LearnerAttempt]:
    """A learner's attempts at a problem that are kept, newest first; with the misconceptions met only if `noticed`."""
    query = sa.select(ATTEMPTS).where(ATTEMPTS.c.learner == learner_id, ATTEMPTS.c.problem == problem)
    if language is not None:
        query = query.where(ATTEMPTS.c.language == language)
    with store.engine.connect() as connection:
        return [as_attempt(row, noticed=noticed) for row in connection.execute(query.order_by(ATTEMPTS.c.id.desc()))]


def attempt(store: Store, learner_id: str, number: int) -> LearnerAttempt | None:
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


def as_attempt(row: sa.Row[Any], *, noticed: bool = False) -> LearnerAttempt:
    """A row of ATTEMPTS. What was `noticed` is for the teacher, and gives a learner too much to go by."""
    return LearnerAttempt(
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
