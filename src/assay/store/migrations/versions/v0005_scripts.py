"""The script pipeline's tables: its runs, their batches, and the samples as far as they are."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def _run(table: str) -> "sa.Column[str]":
    key = sa.ForeignKey("script_runs.id", ondelete="CASCADE", name=f"{table}_run")
    return sa.Column("run", sa.Text, key, primary_key=True)


def upgrade() -> None:
    """Make the tables. `record` and `payload` are JSON kept as TEXT, for the NUL that models write."""
    now = sa.func.clock_timestamp()
    op.create_table(
        "script_runs",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("created", MOMENT, nullable=False, server_default=now),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("executor", sa.Text, nullable=False, server_default=""),
        sa.Column("note", sa.Text, nullable=False, server_default=""),
        sa.Column("output", sa.Text, nullable=False, server_default=""),
        sa.Column("record", sa.Text, nullable=False),
    )
    op.create_index("script_runs_key", "script_runs", ["key"])
    op.create_table(
        "script_batches",
        _run("script_batches"),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("payload", sa.Text, nullable=False),
    )
    op.create_table(
        "script_samples",
        _run("script_samples"),
        sa.Column("prompt", sa.Text, primary_key=True),
        sa.Column("model", sa.Text, primary_key=True),
        sa.Column("index", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("stage", sa.Text, nullable=False),
        sa.Column("error", sa.Text, nullable=False, server_default=""),
        sa.Column("record", sa.Text, nullable=False),
        sa.Column("changed", MOMENT, nullable=False, server_default=now),
    )


def downgrade() -> None:
    """Not offered: a dump taken before is the way back, and loses nothing."""
    raise NotImplementedError("restore a dump taken before the upgrade")
