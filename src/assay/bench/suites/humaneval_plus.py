"""HumanEval+ (EvalPlus): HumanEval's tasks with some 750 more inputs each, and references that were put right."""

from collections.abc import Container
from pathlib import Path

from assay.bench.suites import Suite, dataset, evalplus
from assay.bench.suites.humaneval import RELEASED, STOP, preamble
from assay.records import Check
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
    if not isinstance(answer, (int, float)):
        return False
    value = sum(coefficient * math.pow(answer, power) for power, coefficient in enumerate(inputs[0]))
    return abs(value) <= {atol!r}
"""
"""find_zero may give any root of the polynomial: what counts is how far from zero its value is there."""


def _checks(place: str, row: evalplus.Row, left_out: Container[int]) -> tuple[Check, ...]:
    if row.entry_point == "find_zero":
        return evalplus.loops(place, row, row.base_input, row.plus_input, _ROOT.format(atol=row.atol))
    return evalplus.checks(place, row, row.base_input, row.plus_input, left_out=left_out)


EDITION = evalplus.Edition(
    name="humaneval+",
    title="HumanEval+",
    release=RELEASE,
    released=RELEASED,
    kind="completion",
    stop=STOP,
    checks=_checks,
    preamble=preamble,
    slow=_SLOW,
    too_large=_TOO_LARGE,
    left_out=_LEFT_OUT,
)


def load(data: Path | None, *, settings: Settings, errata: bool = True) -> Suite:
    """HumanEval+ (or its Mini edition) from its published file."""
    return evalplus.load(EDITION, data, settings, errata)
