"""Scores kept beside the samples they were worked out from, so that a page need not read every sample."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def _evaluation(table: str) -> "sa.Column[str]":
    key = sa.ForeignKey("bench_evaluations.id", ondelete="CASCADE", name=f"{table}_evaluation")
    return sa.Column("evaluation", sa.Text, key, primary_key=True)


def _made() -> "sa.Column[object]":
    return sa.Column("created", MOMENT, nullable=False, server_default=sa.func.clock_timestamp())


def upgrade() -> None:
    """Make the tables, and count every suite × model that has samples as changed once."""
    op.create_table(
        "bench_revisions",
        _evaluation("bench_revisions"),
        sa.Column("suite", sa.Text, primary_key=True),
        sa.Column("model", sa.Text, primary_key=True),
        sa.Column("revision", sa.BigInteger, nullable=False),
    )
    op.execute(
        "insert into bench_revisions (evaluation, suite, model, revision)"
        " select distinct evaluation, suite, model, 1 from bench_samples"
    )
    op.create_table(
        "bench_scores",
        _evaluation("bench_scores"),
        sa.Column("suite", sa.Text, primary_key=True),
        sa.Column("model", sa.Text, primary_key=True),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("formulas", sa.Text, nullable=False),
        sa.Column("took_s", sa.Double, nullable=False),
        sa.Column("record", sa.Text, nullable=False),
        sa.Column("tasks", sa.Text, nullable=False),
        _made(),
    )
    op.create_table(
        "bench_comparisons",
        _evaluation("bench_comparisons"),
        sa.Column("basis", sa.Text, nullable=False),
        sa.Column("took_s", sa.Double, nullable=False),
        sa.Column("groups", sa.Text, nullable=False),
        sa.Column("pairs", sa.Text, nullable=False),
        _made(),
    )
    op.create_table(
        "bench_views",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("record", sa.Text, nullable=False),
        _made(),
    )


def downgrade() -> None:
    """Not offered: a dump taken before is the way back, and loses nothing."""
    raise NotImplementedError("restore a dump taken before the upgrade")
