"""The road's tables, column for column as the migrations make them."""

import sqlalchemy as sa

METADATA = sa.MetaData()

_MOMENT = sa.DateTime(timezone=True)
_NOW = sa.func.clock_timestamp()

CALLS = sa.Table(
    "calls",
    METADATA,
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
    sa.Column("created", _MOMENT, nullable=False, server_default=_NOW),
    sa.Index("calls_key", "key"),
    sa.Index("calls_evaluation", "evaluation", "id"),
)
"""One row a model call, paid or failed. A key may stand here twice, where two workers paid at the same moment."""

RUNS = sa.Table(
    "runs",
    METADATA,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("record", sa.Text, nullable=False),
    sa.Column("created", _MOMENT, nullable=False, server_default=_NOW),
)
"""What happened to one program under one task's checks: `record` is a JSON list of Runs."""

EXECUTORS = sa.Table(
    "executors",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("pid", sa.BigInteger, nullable=False),
    sa.Column("started", _MOMENT, nullable=False, server_default=_NOW),
    sa.Column("seen", _MOMENT, nullable=False, server_default=_NOW),
)
"""The processes that do durable work, and when each was last alive."""
