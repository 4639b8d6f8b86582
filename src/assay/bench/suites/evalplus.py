"""What HumanEval+ and MBPP+ share (Liu et al., 2023): many inputs a task, and the reference says what is right.

A case passes where EvalPlus 0.3.1 passes it: the answer `==` the reference's, or, where that one is a float or a flat
list or tuple of floats, is numerically close (docs/datasets.md tells where verdicts may differ, and why).
"""

import sys
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import field_validator

from assay.bench.suites import Suite, dataset
from assay.bench.suites.errata import marked
from assay.errors import ContentError
from assay.pipeline.checks.answers import encoded
from assay.pipeline.sandbox.guest.values import Unencodable
from assay.records import Asserts, Calls, Case, Check, Compare, Kind, Limits, Task
from assay.settings import Settings

ATOL = 1e-6
"""The allowance where the reference answers floats and the task names none."""
RTOL = 1e-7
"""numpy.allclose's, which EvalPlus compares with."""
LIMITS = Limits(cpu_s=20, wall_s=120, memory_mb=1024)
"""For all inputs of a check, which run in one process. EvalPlus: 1 s an input and 60 s in all; 4 GiB."""
SLOW = Limits(cpu_s=60, wall_s=300, memory_mb=1024)

Inputs = Sequence[Sequence[Any]]


class Row(dataset.Row):
    """A task as both data sets write it. HumanEval+'s own `test` is passed over: its inputs are in `base_input`."""

    task_id: str
    prompt: str
    entry_point: str
    canonical_solution: str
    base_input: list[list[Any]]
    plus_input: list[list[Any]]
    atol: float

    @field_validator("plus_input", mode="before")
    @classmethod
    def _none(cls, value: object) -> object:
        """MBPP+ v0.2.0 writes `{}` where a task has no added input (Mbpp/793)."""
        return [] if value == {} else value


@dataclass(frozen=True)
class Edition:
    """What is one data set's own."""

    name: str
    title: str
    release: dataset.Release
    released: date
    kind: Kind
    stop: tuple[str, ...]
    checks: Callable[[str, Row, Container[int]], tuple[Check, ...]]
    """Of a row at its place, without the added inputs of these numbers."""
    preamble: Callable[[str, str, str], str] = field(default=lambda place, prompt, entry: "")  # noqa: ARG005
    slow: Container[str] = ()
    """Tasks whose reference alone uses more than 2 s."""
    too_large: Mapping[str, Sequence[int]] = field(default_factory=dict)
    """Added inputs that are left out of the published file, by task."""
    left_out: str = ""
    """The same in words."""


def load(edition: Edition, data: Path | None, settings: Settings, errata: bool) -> Suite:
    """The suite from its published file."""
    file = dataset.read(edition.release, data, settings)
    tasks: dict[str, Task] = {}
    for place, row in file.rows(Row):
        if row.task_id in tasks:
            raise ContentError(place, f"task {row.task_id} stands in the file twice.")
        tasks[row.task_id] = _task(
            edition, place, row, edition.too_large.get(row.task_id, ()) if file.published else ()
        )
    return Suite(
        name=edition.name,
        title=edition.title,
        tasks=marked(edition.name, tuple(tasks.values())) if errata else tuple(tasks.values()),
        source=f"{file.source}; {edition.left_out}" if file.published else file.source,
        licence=edition.release.licence,
        kind=edition.kind,
        stop=edition.stop,
    )


def _task(edition: Edition, place: str, row: Row, left_out: Container[int]) -> Task:
    return Task(
        id=row.task_id,
        suite=edition.name,
        title=row.entry_point,
        prompt=row.prompt,
        entry=row.entry_point,
        preamble=edition.preamble(place, row.prompt, row.entry_point),
        stop=edition.stop,
        checks=edition.checks(place, row, left_out),
        limits=SLOW if row.task_id in edition.slow else LIMITS,
        reference=row.prompt + row.canonical_solution,
        released=edition.released,
        place=place,
    )


def checks(
    place: str,
    row: Row,
    base: Inputs,
    plus: Inputs,
    *,
    compare: Compare | None = None,
    shown: int = 0,
    left_out: Container[int] = (),
) -> tuple[Check, ...]:
    """The data set's own inputs and the added ones as two checks, so that both scores can be told apart.

    `compare`: a rule of the task's own. `shown`: how many of the data set's inputs the prompt shows. `left_out`: numbers
    of added inputs whose right answers are too large to be sent and kept a thousand times over.
    """
    by_default = Compare(mode="approx", abs=row.atol, rel=RTOL) if row.atol else Compare(mode="python")
    parts = (_cases(place, "base", base, shown, ()), _cases(place, "plus", plus, 0, left_out))
    rule = compare or by_default
    return tuple(Calls(entry=row.entry_point, cases=cases, compare=rule) for part in parts if (cases := tuple(part)))


def loops(place: str, row: Row, base: Inputs, plus: Inputs, rule: str) -> tuple[Check, ...]:
    """For a task whose right answers are many: `right(inputs, answer)`, which `rule` defines, decides on each."""
    return tuple(
        Asserts(source=_loop(place, row.entry_point, rule, inputs), entry=row.entry_point, minimum_calls=len(inputs))
        for inputs in (base, plus)
        if inputs
    )


def _cases(place: str, name: str, inputs: Inputs, public: int, left_out: Container[int]) -> Iterable[Case]:
    for number, arguments in enumerate(inputs):
        if number in left_out:
            continue
        try:
            args = encoded(list(arguments))
        except Unencodable as error:
            raise ContentError(place, f"input {number} of '{name}_input' cannot be passed on: {error}.") from None
        # The same thousand names in every task: kept once.
        yield Case(id=sys.intern(f"{name}-{number}"), args=args, public=number < public)


def _loop(place: str, entry: str, rule: str, inputs: Inputs) -> str:
    listed = "".join(f"    {tuple(arguments)!r},\n" for arguments in inputs)
    return (
        f"# {place}\nfrom copy import deepcopy\n\ninf, nan = float('inf'), float('nan')\n\n{rule.strip()}\n\n\nINPUTS = [\n{listed}]\n\n\n"
        "def check(candidate):\n"
        "    for number, inputs in enumerate(INPUTS):\n"
        "        answer = candidate(*deepcopy(inputs))\n"  # what it does to its copy decides nothing
        f"        assert right(inputs, answer), f'input {{number}}: {entry}{{inputs!r}} gave {{answer!r}}'\n"
    )
