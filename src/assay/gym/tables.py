"""Gym's tables, column for column as the migrations make them. `record`, `graded` and `problems` hold JSON as TEXT."""

import sqlalchemy as sa

METADATA = sa.MetaData()

_MOMENT = sa.DateTime(timezone=True)
_NOW = sa.func.clock_timestamp()


def _learner(table: str, *, key: bool = False) -> "sa.Column[str]":
    of = sa.ForeignKey("gym_learners.id", ondelete="CASCADE", name=f"{table}_learner")
    return sa.Column("learner", sa.Text, of, primary_key=key, nullable=False)


CLASSES = sa.Table(
    "gym_classes",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("code", sa.Text, nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("zone", sa.Text, nullable=False, server_default="UTC"),
    sa.Column("open", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("exam_until", _MOMENT),
    sa.Column("created", _MOMENT, nullable=False, server_default=_NOW),
)
"""One row a class. `code` is what learners type to join it while it is `open`; `exam_until`: no help before then."""

LEARNERS = sa.Table(
    "gym_learners",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, server_default=""),
    sa.Column(
        "class",
        sa.Text,
        sa.ForeignKey("gym_classes.id", ondelete="SET NULL", name="gym_learners_class"),
        key="class_id",
    ),
    sa.Column("word_hash", sa.Text),
    sa.Column("created", _MOMENT, nullable=False, server_default=_NOW),
    sa.Column("seen", _MOMENT, nullable=False, server_default=_NOW),
)
"""One row a learner. Names are unique within a class, whatever their case; `word_hash` is the word to come back with."""
sa.Index("gym_learners_name", LEARNERS.c.class_id, sa.func.lower(LEARNERS.c.name), unique=True)

MACHINES = sa.Table(
    "gym_machines",
    METADATA,
    sa.Column("token_hash", sa.Text, primary_key=True),
    _learner("gym_machines"),
    sa.Column("created", _MOMENT, nullable=False, server_default=_NOW),
    sa.Index("gym_machines_learner", "learner"),
)
"""The browsers a learner works in: the SHA-256 of the secret in the cookie of each."""

DRAFTS = sa.Table(
    "gym_drafts",
    METADATA,
    _learner("gym_drafts", key=True),
    sa.Column("problem", sa.Text, primary_key=True),
    sa.Column("language", sa.Text, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("tab", sa.Text, nullable=False, server_default=""),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("changed", _MOMENT, nullable=False, server_default=_NOW),
)
"""What stands in the editor. `version` counts its changes, `tab` says which page wrote the last."""

PAST_DRAFTS = sa.Table(
    "gym_past_drafts",
    METADATA,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    _learner("gym_past_drafts"),
    sa.Column("problem", sa.Text, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("based_on", sa.Integer),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("created", _MOMENT, nullable=False, server_default=_NOW),
    sa.Index("gym_past_drafts_of", "learner", "problem", "language", "id"),
)
"""What stood in the editor and was replaced, or came too late to stand there."""

ATTEMPTS = sa.Table(
    "gym_attempts",
    METADATA,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    _learner("gym_attempts"),
    sa.Column("problem", sa.Text, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("verdict", sa.Text, nullable=False),
    sa.Column("passed", sa.Integer, nullable=False),
    sa.Column("total", sa.Integer, nullable=False),
    sa.Column("failed_test", sa.Text, nullable=False, server_default=""),
    sa.Column("misconception", sa.Text, nullable=False, server_default=""),
    sa.Column("code_hash", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("graded", sa.Text, nullable=False),
    sa.Column("created", _MOMENT, nullable=False, server_default=_NOW),
    sa.Index("gym_attempts_of", "learner", "problem", "id"),
    sa.Index("gym_attempts_problem", "problem"),
)
"""The last runs and submissions of each learner at each problem, and always the first that passed."""

STANDINGS = sa.Table(
    "gym_standings",
    METADATA,
    _learner("gym_standings", key=True),
    sa.Column("problem", sa.Text, primary_key=True),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("runs", sa.Integer, nullable=False, server_default="0"),
    sa.Column("submissions", sa.Integer, nullable=False, server_default="0"),
    sa.Column("passed", _MOMENT),
    sa.Column("last", _MOMENT, nullable=False, server_default=_NOW),
    sa.Index("gym_standings_problem", "problem"),
)
"""How far a learner is with a problem: counts that outlive the attempts counted."""

HELP = sa.Table(
    "gym_help",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    _learner("gym_help"),
    sa.Column("problem", sa.Text, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("tool", sa.Text, nullable=False),
    sa.Column("level", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("origin", sa.Text),
    sa.Column("thumbs", sa.Integer),
    sa.Column("record", sa.Text, nullable=False),
    sa.Column("created", _MOMENT, nullable=False, server_default=_NOW),
    sa.Column("answered", _MOMENT),
    sa.Index("gym_help_of", "learner", "problem", "created"),
    sa.Index("gym_help_waiting", "created", postgresql_where=sa.text("state = 'asked'")),
)
"""Every help that was asked for. `state`, `origin`, `thumbs` and `answered` change, and win over what `record` says."""

ASSIGNMENTS = sa.Table(
    "gym_assignments",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column(
        "class",
        sa.Text,
        sa.ForeignKey("gym_classes.id", ondelete="CASCADE", name="gym_assignments_class"),
        key="class_id",
        nullable=False,
    ),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("problems", sa.Text, nullable=False),
    sa.Column("due", _MOMENT),
    sa.Column("created", _MOMENT, nullable=False, server_default=_NOW),
    sa.Index("gym_assignments_class", "class_id", "due"),
)
"""Problems that a class is asked to solve, and until when."""

HINTS = sa.Table(
    "gym_hints",
    METADATA,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("problem", sa.Text, nullable=False),
    sa.Column("level", sa.Integer, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("helped", sa.Boolean),
    sa.Column("made", _MOMENT, nullable=False, server_default=_NOW),
    sa.Column("learner", sa.Text, sa.ForeignKey("gym_learners.id", ondelete="CASCADE", name="gym_hints_learner")),
    sa.Index("gym_hints_problem", "problem"),
    sa.Index("gym_hints_of", "learner"),
)
"""One row a hint that may be given again. `helped`: what the simulated student says; NULL: it was not asked. `learner`:
whose program it was made of; NULL: it was ours."""
