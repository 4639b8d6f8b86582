"""The tasks an evaluation was made of, kept once each: its results can be read and graded again without the files."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables. `record` is a Task's JSON, kept as TEXT."""
    op.create_table(
        "bench_tasks",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("record", sa.Text, nullable=False),
    )
    op.create_table(
        "bench_plans",
        sa.Column(
            "evaluation",
            sa.Text,
            sa.ForeignKey("bench_evaluations.id", ondelete="CASCADE", name="bench_plans_evaluation"),
            primary_key=True,
        ),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("suite", sa.Text, nullable=False),
        sa.Column("task", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, sa.ForeignKey("bench_tasks.digest", name="bench_plans_task"), nullable=False),
    )


def downgrade() -> None:
    """Not offered: a dump taken before is the way back, and loses nothing."""
    raise NotImplementedError("restore a dump taken before the upgrade")
