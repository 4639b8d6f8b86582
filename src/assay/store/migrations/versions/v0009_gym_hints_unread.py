"""Two columns of kept hints that nobody read: what the gate said when one was kept, and how often it was asked for."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Drop them."""
    op.drop_column("gym_hints", "gate")
    op.drop_column("gym_hints", "given")


def downgrade() -> None:
    """Not offered: a dump taken before is the way back, and loses nothing."""
    raise NotImplementedError("restore a dump taken before the upgrade")
