"""Bench's tables, column for column as the migrations make them. `record` and `payload` hold JSON as TEXT."""

import sqlalchemy as sa

METADATA = sa.MetaData()

_MOMENT = sa.DateTime(timezone=True)
_NOW = sa.func.clock_timestamp()


def _evaluation(table: str) -> "sa.Column[str]":
    return sa.Column(
        "evaluation",
        sa.Text,
        sa.ForeignKey("bench_evaluations.id", ondelete="CASCADE", name=f"{table}_evaluation"),
        primary_key=True,
    )


EVALUATIONS = sa.Table(
    "bench_evaluations",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("created", _MOMENT, nullable=False, server_default=_NOW),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("executor", sa.Text, nullable=False, server_default=""),
    sa.Column("note", sa.Text, nullable=False, server_default=""),
    sa.Column("record", sa.Text, nullable=False),
    sa.Index("bench_evaluations_created", "created"),
)
"""One row an evaluation. `state`, `executor` and `note` change as it goes on and win over what `record` says."""

SAMPLES = sa.Table(
    "bench_samples",
    METADATA,
    _evaluation("bench_samples"),
    sa.Column("suite", sa.Text, primary_key=True),
    sa.Column("task", sa.Text, primary_key=True),
    sa.Column("model", sa.Text, primary_key=True),
    sa.Column("index", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("first_status", sa.Text, nullable=False),
    sa.Column("record", sa.Text, nullable=False),
    sa.Column("created", _MOMENT, nullable=False, server_default=_NOW),
)
"""One row a finished sample: its key is why none can be counted twice."""

BATCHES = sa.Table(
    "bench_batches",
    METADATA,
    _evaluation("bench_batches"),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("payload", sa.Text, nullable=False),
)
"""The work, cut into pieces that workers take."""

TASKS = sa.Table(
    "bench_tasks",
    METADATA,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("record", sa.Text, nullable=False),
)
"""Every task that an evaluation was made of, once."""

PLANS = sa.Table(
    "bench_plans",
    METADATA,
    _evaluation("bench_plans"),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("suite", sa.Text, nullable=False),
    sa.Column("task", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, sa.ForeignKey("bench_tasks.digest", name="bench_plans_task"), nullable=False),
)
"""Which tasks an evaluation is made of, in order."""

REVISIONS = sa.Table(
    "bench_revisions",
    METADATA,
    _evaluation("bench_revisions"),
    sa.Column("suite", sa.Text, primary_key=True),
    sa.Column("model", sa.Text, primary_key=True),
    sa.Column("revision", sa.BigInteger, nullable=False),
)
"""How often the samples of one suite × model changed: what is worked out from them holds as long as this stays."""

SCORES = sa.Table(
    "bench_scores",
    METADATA,
    _evaluation("bench_scores"),
    sa.Column("suite", sa.Text, primary_key=True),
    sa.Column("model", sa.Text, primary_key=True),
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Column("formulas", sa.Text, nullable=False),
    sa.Column("took_s", sa.Double, nullable=False),
    sa.Column("record", sa.Text, nullable=False),
    sa.Column("tasks", sa.Text, nullable=False),
    sa.Column("created", _MOMENT, nullable=False, server_default=_NOW),
)
"""The scores of one suite × model at a revision of its samples: `record` for boards, `tasks` with a number a task."""

COMPARISONS = sa.Table(
    "bench_comparisons",
    METADATA,
    _evaluation("bench_comparisons"),
    sa.Column("basis", sa.Text, nullable=False),
    sa.Column("took_s", sa.Double, nullable=False),
    sa.Column("groups", sa.Text, nullable=False),
    sa.Column("pairs", sa.Text, nullable=False),
    sa.Column("created", _MOMENT, nullable=False, server_default=_NOW),
)
"""Every pair of an evaluation's models, compared on the scores that `basis` is the hash of."""

VIEWS = sa.Table(
    "bench_views",
    METADATA,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("record", sa.Text, nullable=False),
    sa.Column("created", _MOMENT, nullable=False, server_default=_NOW),
)
"""Results files that are being looked at."""
