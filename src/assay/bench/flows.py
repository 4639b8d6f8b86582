"""What bench's durable jobs are called on the page of all jobs."""

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from assay.bench.tables import EVALUATIONS
from assay.store import Store
from assay.web.flows import FlowName

_MOST = 200
_NAMED = 3  # suites or models that a title has room for


def describe_flows(store: Store, ids: Sequence[str]) -> dict[str, FlowName]:
    """Bench's own of these ids: `RUN:GENERATION` is a whole evaluation, `RUN:GENERATION:NUMBER` a batch of one."""
    evaluations = {flow: flow.split(":")[0] for flow in ids if flow.count(":") in (1, 2)}
    query = sa.select(EVALUATIONS.c.id, EVALUATIONS.c.record).where(EVALUATIONS.c.id.in_(set(evaluations.values())))
    with store.engine.connect() as connection:
        records = {row.id: json.loads(row.record) for row in connection.execute(query)}
    return {
        flow: _named(flow, evaluation, records[evaluation])
        for flow, evaluation in evaluations.items()
        if evaluation in records
    }


def find_flows(store: Store, words: str) -> list[str]:
    """How the ids begin of the jobs of evaluations that name these words: a suite or a model."""
    found = sa.func.strpos(sa.func.lower(EVALUATIONS.c.record), words.lower().replace("\0", " ")) > 0
    query = sa.select(EVALUATIONS.c.id).where(found).order_by(EVALUATIONS.c.created.desc()).limit(_MOST)
    with store.engine.connect() as connection:
        return [f"{name}:" for name in connection.scalars(query)]


def _named(flow: str, evaluation: str, record: dict[str, Any]) -> FlowName:
    parts = flow.split(":")
    if len(parts) == 3:
        return FlowName(title=f"Batch {parts[2]} of run {evaluation}", href=f"/bench/runs/{evaluation}")
    suites = _listed([str(suite) for suite in record["suites"]])
    number = len(record.get("models", ()))
    who = f" with {number} model{'' if number == 1 else 's'}" if number else ""
    again = f", try {int(parts[1]) + 1}" if parts[1].isdecimal() and parts[1] != "0" else ""
    verb = "Evaluate" if record["source"] != "grade" else "Grade replies to"
    return FlowName(
        title=f"{verb} {suites}{who} (run {evaluation}{again})",
        href=f"/bench/runs/{evaluation}",
        retry=f"/bench/runs/{evaluation}/continue",
        command=f"assay bench resume {evaluation}",
    )


def _listed(names: Sequence[str]) -> str:
    rest = len(names) - _NAMED
    shown = ", ".join(names[:_NAMED])
    return f"{shown} and {rest} more" if rest > 0 else shown
