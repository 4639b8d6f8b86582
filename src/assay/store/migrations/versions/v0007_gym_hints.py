"""Hints that passed the gate, to be given again: by problem, normalised code and level."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table. `gate` is JSON kept as TEXT."""
    op.create_table(
        "gym_hints",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("problem", sa.Text, nullable=False),
        sa.Column("level", sa.Integer, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("gate", sa.Text, nullable=False),
        sa.Column("helped", sa.Boolean),
        sa.Column("given", sa.Integer, nullable=False, server_default="0"),
        sa.Column("made", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.clock_timestamp()),
    )
    op.create_index("gym_hints_problem", "gym_hints", ["problem"])


def downgrade() -> None:
    """Not offered: a dump taken before is the way back, and loses nothing."""
    raise NotImplementedError("restore a dump taken before the upgrade")
