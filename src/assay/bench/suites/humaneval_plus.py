"""HumanEval+ (EvalPlus): HumanEval's tasks with some 750 more inputs each, and references that were put right."""

from pathlib import Path

from assay.bench.suites import Suite, dataset, evalplus
from assay.bench.suites.errata import mend
from assay.bench.suites.humaneval import RELEASED, STOP, preamble
from assay.errors import ContentError
from assay.records import Check, Task
from assay.settings import Settings

RELEASE = dataset.Release(
    name="HumanEval+ v0.1.10",
    file="HumanEvalPlus.jsonl.gz",
    origin="https://github.com/evalplus/humanevalplus_release, release v0.1.10",
    licence="Apache-2.0 and MIT",
    sha256="272720b90ac375502c8ed23cd791c2a93dfb22a911641a494da74a426c09f101",
    content_sha256="42526ec0e7d5f3ee0b06d6ced98f8c8bae3d76519151bfb3d36f79010645bd7f",
)

_ROOT = """
import math


def right(inputs, answer):
    value = sum(coefficient * math.pow(answer, power) for power, coefficient in enumerate(inputs[0]))
    return abs(value) <= {atol!r}
"""
"""find_zero may give any root of the polynomial: what counts is how far from zero its value is there."""


def load(data: Path | None, *, settings: Settings, errata: bool = True) -> Suite:
    """HumanEval+ (or its Mini edition) from its published file."""
    file = dataset.read(RELEASE, data, settings)
    tasks: dict[str, Task] = {}
    for place, row in file.rows(evalplus.Row):
        if row.task_id in tasks:
            raise ContentError(place, f"task {row.task_id} stands in the file twice.")
        tasks[row.task_id] = _task(place, row)
    return Suite(
        name="humaneval+",
        title="HumanEval+",
        tasks=mend("humaneval+", tuple(tasks.values())) if errata else tuple(tasks.values()),
        source=file.source,
        licence=RELEASE.licence,
        kind="completion",
        stop=STOP,
    )


def _task(place: str, row: evalplus.Row) -> Task:
    return Task(
        id=row.task_id,
        suite="humaneval+",
        title=row.entry_point,
        prompt=row.prompt,
        entry=row.entry_point,
        preamble=preamble(place, row.prompt, row.entry_point),
        stop=STOP,
        checks=_checks(place, row),
        limits=evalplus.LIMITS,
        reference=row.prompt + row.canonical_solution,
        released=RELEASED,
        place=place,
    )


def _checks(place: str, row: evalplus.Row) -> tuple[Check, ...]:
    if row.entry_point == "find_zero":
        return evalplus.loops(place, row, row.base_input, row.plus_input, _ROOT.format(atol=row.atol))
    return evalplus.checks(place, row, row.base_input, row.plus_input, compare=None, shown=0)
