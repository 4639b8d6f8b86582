"""Gym's tables: classes, learners and their machines, drafts, attempts, standings, help answers, assignments."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def _key(table: str, column: str, of: str, *, deleted: str = "CASCADE") -> sa.ForeignKey:
    return sa.ForeignKey(f"{of}.id", ondelete=deleted, name=f"{table}_{column}")


def upgrade() -> None:
    """Make the tables. `record`, `graded`, `facts` and `gate` are JSON kept as TEXT, for the NUL that programs print."""
    now = sa.func.clock_timestamp()
    op.create_table(
        "gym_classes",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("code", sa.Text, nullable=False, unique=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("zone", sa.Text, nullable=False, server_default="UTC"),
        sa.Column("open", sa.Boolean, nullable=False, server_default=sa.true()),
        sa.Column("exam_until", MOMENT),
        sa.Column("created", MOMENT, nullable=False, server_default=now),
    )
    op.create_table(
        "gym_learners",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False, server_default=""),
        sa.Column("class", sa.Text, _key("gym_learners", "class", "gym_classes", deleted="SET NULL")),
        sa.Column("word_hash", sa.Text),
        sa.Column("created", MOMENT, nullable=False, server_default=now),
        sa.Column("seen", MOMENT, nullable=False, server_default=now),
    )
    op.create_index("gym_learners_name", "gym_learners", ["class", sa.text("lower(name)")], unique=True)
    op.create_table(
        "gym_machines",
        sa.Column("token_hash", sa.Text, primary_key=True),
        sa.Column("learner", sa.Text, _key("gym_machines", "learner", "gym_learners"), nullable=False),
        sa.Column("created", MOMENT, nullable=False, server_default=now),
    )
    op.create_index("gym_machines_learner", "gym_machines", ["learner"])
    op.create_table(
        "gym_drafts",
        sa.Column("learner", sa.Text, _key("gym_drafts", "learner", "gym_learners"), primary_key=True),
        sa.Column("problem", sa.Text, primary_key=True),
        sa.Column("language", sa.Text, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("tab", sa.Text, nullable=False, server_default=""),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("changed", MOMENT, nullable=False, server_default=now),
    )
    op.create_table(
        "gym_past_drafts",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("learner", sa.Text, _key("gym_past_drafts", "learner", "gym_learners"), nullable=False),
        sa.Column("problem", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("based_on", sa.Integer),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("created", MOMENT, nullable=False, server_default=now),
    )
    op.create_index("gym_past_drafts_of", "gym_past_drafts", ["learner", "problem", "language", "id"])
    op.create_table(
        "gym_attempts",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("learner", sa.Text, _key("gym_attempts", "learner", "gym_learners"), nullable=False),
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
        sa.Column("created", MOMENT, nullable=False, server_default=now),
    )
    op.create_index("gym_attempts_of", "gym_attempts", ["learner", "problem", "id"])
    op.create_index("gym_attempts_problem", "gym_attempts", ["problem"])
    op.create_table(
        "gym_standings",
        sa.Column("learner", sa.Text, _key("gym_standings", "learner", "gym_learners"), primary_key=True),
        sa.Column("problem", sa.Text, primary_key=True),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("runs", sa.Integer, nullable=False, server_default="0"),
        sa.Column("submissions", sa.Integer, nullable=False, server_default="0"),
        sa.Column("passed", MOMENT),
        sa.Column("last", MOMENT, nullable=False, server_default=now),
    )
    op.create_index("gym_standings_problem", "gym_standings", ["problem"])
    op.create_table(
        "gym_help",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("learner", sa.Text, _key("gym_help", "learner", "gym_learners"), nullable=False),
        sa.Column("problem", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("tool", sa.Text, nullable=False),
        sa.Column("level", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("origin", sa.Text),
        sa.Column("thumbs", sa.Integer),
        sa.Column("record", sa.Text, nullable=False),
        sa.Column("created", MOMENT, nullable=False, server_default=now),
        sa.Column("answered", MOMENT),
    )
    op.create_index("gym_help_of", "gym_help", ["learner", "problem", "created"])
    op.create_index("gym_help_waiting", "gym_help", ["created"], postgresql_where=sa.text("state = 'asked'"))
    op.create_table(
        "gym_assignments",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("class", sa.Text, _key("gym_assignments", "class", "gym_classes"), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("problems", sa.Text, nullable=False),
        sa.Column("due", MOMENT),
        sa.Column("created", MOMENT, nullable=False, server_default=now),
    )
    op.create_index("gym_assignments_class", "gym_assignments", ["class", "due"])


def downgrade() -> None:
    """Not offered: a dump taken before is the way back, and loses nothing."""
    raise NotImplementedError("restore a dump taken before the upgrade")
