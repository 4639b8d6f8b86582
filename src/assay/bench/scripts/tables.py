"""The pipeline's tables, column for column as the migration makes them. `record` and `payload` hold JSON as TEXT."""

import sqlalchemy as sa

METADATA = sa.MetaData()

_MOMENT = sa.DateTime(timezone=True)
_NOW = sa.func.clock_timestamp()


def _run(table: str) -> "sa.Column[str]":
    return sa.Column(
        "run",
        sa.Text,
        sa.ForeignKey("script_runs.id", ondelete="CASCADE", name=f"{table}_run"),
        primary_key=True,
    )


RUNS = sa.Table(
    "script_runs",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("created", _MOMENT, nullable=False, server_default=_NOW),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("executor", sa.Text, nullable=False, server_default=""),
    sa.Column("note", sa.Text, nullable=False, server_default=""),
    sa.Column("output", sa.Text, nullable=False, server_default=""),
    sa.Column("record", sa.Text, nullable=False),
    sa.Index("script_runs_key", "key"),
)
"""One row a run of the pipeline. `key`: what it was asked for, by which the same command finds it again."""

BATCHES = sa.Table(
    "script_batches",
    METADATA,
    _run("script_batches"),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("payload", sa.Text, nullable=False),
)
"""The work, cut into pieces that workers take, stage by stage."""

SAMPLES = sa.Table(
    "script_samples",
    METADATA,
    _run("script_samples"),
    sa.Column("prompt", sa.Text, primary_key=True),
    sa.Column("model", sa.Text, primary_key=True),
    sa.Column("index", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("stage", sa.Text, nullable=False),
    sa.Column("error", sa.Text, nullable=False, server_default=""),
    sa.Column("record", sa.Text, nullable=False),
    sa.Column("changed", _MOMENT, nullable=False, server_default=_NOW),
)
"""One row a sample that is through its first stage; written anew after each further one."""
