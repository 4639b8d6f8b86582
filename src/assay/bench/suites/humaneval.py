"""HumanEval (Chen et al., 2021): 164 Python functions to complete, judged by each task's own `check(candidate)`."""

from datetime import date
from pathlib import Path

from assay.bench.suites import Suite, dataset, syntax
from assay.bench.suites.errata import marked
from assay.errors import ContentError
from assay.records import Asserts, Limits, Task
from assay.settings import Settings

RELEASE = dataset.Release(
    name="HumanEval (openai/human-eval at 6d43fb9)",
    file="HumanEval.jsonl.gz",
    origin="https://github.com/openai/human-eval, data/HumanEval.jsonl.gz",
    licence="MIT",
    sha256="b796127e635a67f93fb35c04f4cb03cf06f38c8072ee7cee8833d7bee06979ef",
    content_sha256="1d49078ba3e2b196b9344535bef34a43021f038fad9561d6ee7c53450609a6a2",
)
STOP = ("\nclass", "\ndef", "\n#", "\nif", "\nprint")
"""Where human-eval and its followers cut a base model's text."""
LIMITS = Limits(cpu_s=3, wall_s=15)
"""human-eval allows 3 s; the CPU limit decides, so that a busy machine changes no verdict."""
RELEASED = date(2021, 7, 7)


class _Row(dataset.Row):
    task_id: str
    prompt: str
    entry_point: str
    canonical_solution: str
    test: str


def load(data: Path | None, *, settings: Settings, errata: bool = True) -> Suite:
    """HumanEval from its published file."""
    file = dataset.read(RELEASE, data, settings)
    tasks: dict[str, Task] = {}
    for place, row in file.rows(_Row):
        if row.task_id in tasks:
            raise ContentError(place, f"task {row.task_id} stands in the file twice.")
        tasks[row.task_id] = _task(place, row)
    return Suite(
        name="humaneval",
        title="HumanEval",
        tasks=marked("humaneval", tuple(tasks.values())) if errata else tuple(tasks.values()),
        source=file.source,
        licence=RELEASE.licence,
        kind="completion",
        stop=STOP,
    )


def _task(place: str, row: _Row) -> Task:
    before = preamble(place, row.prompt, row.entry_point)
    return Task(
        id=row.task_id,
        suite="humaneval",
        title=row.entry_point,
        prompt=row.prompt,
        entry=row.entry_point,
        preamble=before,
        stop=STOP,
        checks=(_asserts(row, before),),
        limits=LIMITS,
        reference=row.prompt + row.canonical_solution,
        released=RELEASED,
        place=place,
    )


def preamble(place: str, prompt: str, entry: str) -> str:
    """The prompt's part before the entry point: imports and functions that the text to come may use."""
    before = syntax.before(prompt, entry)
    if before is None:
        raise ContentError(place, f"the prompt does not define the entry point {entry!r}.")
    return before if before.strip() else ""


def _asserts(row: _Row, before: str) -> Asserts:
    """The data set's test. What it uses of the prompt stands before it, so that no candidate can supply it."""
    trusted = {definition.name for definition in syntax.definitions(before)} | syntax.imported(before)
    needed = any(name in row.test for name in trusted) and trusted & syntax.names(row.test)
    candidate = frozenset(("candidate", row.entry_point))
    return Asserts(
        source=before + row.test if needed else row.test,
        entry=row.entry_point,
        minimum_calls=max(1, syntax.certain_calls(row.test, candidate, inside="check")),
    )
