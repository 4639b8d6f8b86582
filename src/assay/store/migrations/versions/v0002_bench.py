"""Bench's tables: evaluations, their samples, and the batches that workers take."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables. `record` and `payload` are JSON kept as TEXT, for the NUL that models write."""
    op.create_table(
        "bench_evaluations",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("created", MOMENT, nullable=False, server_default=sa.func.clock_timestamp()),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("executor", sa.Text, nullable=False, server_default=""),
        sa.Column("note", sa.Text, nullable=False, server_default=""),
        sa.Column("record", sa.Text, nullable=False),
    )
    op.create_index("bench_evaluations_created", "bench_evaluations", ["created"])
    op.create_table(
        "bench_samples",
        sa.Column(
            "evaluation",
            sa.Text,
            sa.ForeignKey("bench_evaluations.id", ondelete="CASCADE", name="bench_samples_evaluation"),
            primary_key=True,
        ),
        sa.Column("suite", sa.Text, primary_key=True),
        sa.Column("task", sa.Text, primary_key=True),
        sa.Column("model", sa.Text, primary_key=True),
        sa.Column("index", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("first_status", sa.Text, nullable=False),
        sa.Column("record", sa.Text, nullable=False),
        sa.Column("created", MOMENT, nullable=False, server_default=sa.func.clock_timestamp()),
    )
    op.create_table(
        "bench_batches",
        sa.Column(
            "evaluation",
            sa.Text,
            sa.ForeignKey("bench_evaluations.id", ondelete="CASCADE", name="bench_batches_evaluation"),
            primary_key=True,
        ),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("payload", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """Not offered: a dump taken before is the way back, and loses nothing."""
    raise NotImplementedError("restore a dump taken before the upgrade")
