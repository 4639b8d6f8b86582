"""HumanEval+ (EvalPlus): HumanEval's tasks with some 750 more inputs each, and references that were put right."""

from pathlib import Path

from assay.bench.suites import Suite, dataset, evalplus
from assay.bench.suites.errata import marked
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

_SLOW = {"HumanEval/15", "HumanEval/130", "HumanEval/139"}

_TOO_LARGE: dict[str, tuple[int, ...]] = {
    "HumanEval/15": (*range(98, 104), *range(107, 110), *range(114, 118), *range(122, 126), *range(130, 134)),
    "HumanEval/100": (109,),
    "HumanEval/130": (98, *range(101, 107), *range(112, 115)),
}
"""Added inputs of some 1,000,000, for a list or text as long: 5 to 11 MB an answer. None of them asks for anything new."""

_LEFT_OUT = f"{sum(map(len, _TOO_LARGE.values()))} inputs with answers of megabytes are left out"

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
        tasks[row.task_id] = _task(place, row, _TOO_LARGE.get(row.task_id, ()) if file.published else ())
    return Suite(
        name="humaneval+",
        title="HumanEval+",
        tasks=marked("humaneval+", tuple(tasks.values())) if errata else tuple(tasks.values()),
        source=f"{file.source}; {_LEFT_OUT}" if file.published else file.source,
        licence=RELEASE.licence,
        kind="completion",
        stop=STOP,
    )


def _task(place: str, row: evalplus.Row, left_out: tuple[int, ...]) -> Task:
    return Task(
        id=row.task_id,
        suite="humaneval+",
        title=row.entry_point,
        prompt=row.prompt,
        entry=row.entry_point,
        preamble=preamble(place, row.prompt, row.entry_point),
        stop=STOP,
        checks=_checks(place, row, left_out),
        limits=evalplus.SLOW if row.task_id in _SLOW else evalplus.LIMITS,
        reference=row.prompt + row.canonical_solution,
        released=RELEASED,
        place=place,
    )


def _checks(place: str, row: evalplus.Row, left_out: tuple[int, ...]) -> tuple[Check, ...]:
    if row.entry_point == "find_zero":
        return evalplus.loops(place, row, row.base_input, row.plus_input, _ROOT.format(atol=row.atol))
    return evalplus.checks(place, row, row.base_input, row.plus_input, left_out=left_out)
