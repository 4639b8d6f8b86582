"""MBPP sanitized (Austin et al., 2021): 427 small Python tasks, judged by three or so asserts each, which are shown."""

from datetime import date
from pathlib import Path

from pydantic import field_validator

from assay.bench.suites import Suite, dataset, syntax
from assay.bench.suites.errata import marked
from assay.errors import ContentError
from assay.records import Asserts, Limits, Task
from assay.settings import Settings

RELEASE = dataset.Release(
    name="MBPP sanitized (google-research/google-research, mbpp)",
    file="sanitized-mbpp.json",
    origin="https://github.com/google-research/google-research, mbpp/sanitized-mbpp.json",
    licence="CC-BY-4.0",
    sha256="8ac32b2799150228e2d745aed09c870b7e4444246d4727d1004576207ef40769",
    content_sha256="8ac32b2799150228e2d745aed09c870b7e4444246d4727d1004576207ef40769",
)
STOP = ("\nclass", "\nassert", '\n"""', "\nprint", "\nif", "\n<|/", "\n```")
"""Where the bigcode harness cuts a base model's text; unlike HumanEval's words they leave a second function alone."""
LIMITS = Limits(cpu_s=3, wall_s=15)
_SLOW = {"Mbpp/123": Limits(cpu_s=10, wall_s=50)}
"""Its reference alone uses nearly 3 s: on a slower machine the task could not be solved as it was meant."""
RELEASED = date(2021, 8, 16)


class _Row(dataset.Row):
    task_id: int | str
    prompt: str
    code: str
    test_imports: tuple[str, ...] = ()
    test_list: tuple[str, ...]

    @field_validator("test_imports", "test_list", mode="before")
    @classmethod
    def _array(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value

    @field_validator("test_list")
    @classmethod
    def _some(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise ValueError("holds no test")
        return value


def load(data: Path | None, *, settings: Settings, errata: bool = True) -> Suite:
    """MBPP sanitized from its published file."""
    file = dataset.read(RELEASE, data, settings)
    tasks: dict[str, Task] = {}
    for place, row in file.rows(_Row):
        task = _task(place, row)
        if task.id in tasks:
            raise ContentError(place, f"task {task.id} stands in the file twice.")
        tasks[task.id] = task
    return Suite(
        name="mbpp",
        title="MBPP sanitized",
        tasks=marked("mbpp", tuple(tasks.values())) if errata else tuple(tasks.values()),
        source=file.source,
        licence=RELEASE.licence,
        kind="reply",
        stop=STOP,
    )


def task_id(given: int | str) -> str:
    """MBPP writes 2, EvalPlus and the graders after it `Mbpp/2`."""
    return f"Mbpp/{str(given).rpartition('/')[2]}"


def _task(place: str, row: _Row) -> Task:
    asserts = "\n".join(row.test_list)
    unbound = syntax.names(asserts) - syntax.imported("\n".join(row.test_imports))
    borrowed = syntax.imports_of(row.code, unbound)  # Mbpp/596 tests with `sys`, which only its solution imports
    source = "\n".join((*row.test_imports, *borrowed, asserts)) + "\n"
    entry, *others = _called(place, row.code, source)
    return Task(
        id=task_id(row.task_id),
        suite="mbpp",
        title=entry,
        prompt=as_docstring(f"{row.prompt.strip()}\n{asserts}"),
        entry=entry,
        stop=STOP,
        checks=(
            Asserts(
                source=source,
                entry=entry,
                names=tuple(others),
                minimum_calls=max(1, syntax.certain_calls(source, frozenset((entry, *others)))),
                public=True,  # they stand in the prompt
            ),
        ),
        limits=_SLOW.get(task_id(row.task_id), LIMITS),
        reference=row.code.replace("\r\n", "\n"),
        released=RELEASED,
        place=place,
    )


def as_docstring(text: str) -> str:
    """The text as a docstring: a chat model reads it as it is, and a base model's completion can stand behind it."""
    quotes = "'''" if '"""' in text else '"""'
    return f"{quotes}\n{text}\n{quotes}\n"


def _called(place: str, code: str, tests: str) -> list[str]:
    """What the tests call of what the reference defines, in the order of the tests; the first is the entry point."""
    defined = {definition.name for definition in syntax.definitions(code)}
    called = list(dict.fromkeys(name for name in syntax.calls(tests) if name in defined))
    if not called:
        raise ContentError(place, "the tests call nothing that 'code' defines.")
    return called
