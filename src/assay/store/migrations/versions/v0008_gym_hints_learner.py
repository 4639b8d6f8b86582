"""Whose program a kept hint was made of, so that it goes with them."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column. Of hints that were made before nobody knows whose they are: only those that `assay gym measure` made
    of programs of ours, and tried, stay."""
    op.execute("delete from gym_hints where helped is null")
    of = sa.ForeignKey("gym_learners.id", ondelete="CASCADE", name="gym_hints_learner")
    op.add_column("gym_hints", sa.Column("learner", sa.Text, of))
    op.create_index("gym_hints_of", "gym_hints", ["learner"])


def downgrade() -> None:
    """Not offered: a dump taken before is the way back, and loses nothing."""
    raise NotImplementedError("restore a dump taken before the upgrade")
