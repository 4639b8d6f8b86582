"""The road's tables: calls to models, runs in sandboxes, and the executors that are alive."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables. JSON is TEXT here: JSONB and text values refuse NUL, which models and programs do write."""
    op.create_table(
        "calls",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("evaluation", sa.Text),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("reply", sa.Text),
        sa.Column("error", sa.Text),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("prompt_tokens", sa.BigInteger),
        sa.Column("completion_tokens", sa.BigInteger),
        sa.Column("cost", sa.Double),
        sa.Column("currency", sa.Text),
        sa.Column("latency_s", sa.Double),
        sa.Column("created", MOMENT, nullable=False, server_default=sa.func.clock_timestamp()),
        sa.CheckConstraint("status in ('ok', 'error')", name="calls_status"),
        sa.CheckConstraint("(reply is not null) = (status = 'ok')", name="calls_reply"),
    )
    op.create_index("calls_key", "calls", ["key"])
    op.create_index("calls_evaluation", "calls", ["evaluation", "id"])
    op.create_table(
        "runs",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("record", sa.Text, nullable=False),
        sa.Column("created", MOMENT, nullable=False, server_default=sa.func.clock_timestamp()),
    )
    op.create_table(
        "executors",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("pid", sa.BigInteger, nullable=False),
        sa.Column("started", MOMENT, nullable=False, server_default=sa.func.clock_timestamp()),
        sa.Column("seen", MOMENT, nullable=False, server_default=sa.func.clock_timestamp()),
    )


def downgrade() -> None:
    """Not offered: a dump taken before is the way back, and loses nothing."""
    raise NotImplementedError("restore a dump taken before the upgrade")
