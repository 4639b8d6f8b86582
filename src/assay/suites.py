"""Suites of tasks. A plug-in is a function that gives a Suite: from content of ours, or from a data set's file."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol

from assay.plugins import Plugins
from assay.records import Kind, Task
from assay.settings import Settings


@dataclass(frozen=True)
class Suite:
    """Tasks that are run and scored together, and where they come from."""

    name: str
    title: str
    tasks: tuple[Task, ...]
    source: str = ""
    """Where the tasks come from: the release, and whether the file that was read is that release."""
    licence: str = ""
    kind: Kind = "reply"
    """What a text is taken for that somebody grades without saying what it is."""
    stop: tuple[str, ...] = ()
    """Where a base model's text ends."""
    place_of_case: Callable[[Task, str], str] = field(default=lambda task, _: task.place, compare=False)
    """Where a case of a task is written, for people. Not kept in the task: a line put in above would make it another."""

    def task(self, identifier: str | int) -> Task | None:
        """The task that people mean by `HumanEval/7`, `humaneval/007`, `"7"` or `7`; None where there is none."""
        key = same_task(identifier)
        return self._by_key.get(key) or self._by_number.get(key)

    @cached_property
    def _by_key(self) -> dict[str, Task]:
        return {same_task(task.id): task for task in self.tasks}

    @cached_property
    def _by_number(self) -> dict[str, Task]:
        """By what stands behind the slash, where that alone names a task."""
        found: dict[str, Task | None] = {}
        for key, task in self._by_key.items():
            bare = key.rpartition("/")[2]
            found[bare] = None if bare in found else task
        return {bare: task for bare, task in found.items() if task is not None}


def same_task(identifier: str | int) -> str:
    """A key under which different spellings of one task's name are equal: `Mbpp/2`, `MBPP/002`; and `2`, `"2"`."""
    head, slash, number = str(identifier).strip().rpartition("/")
    number = number.strip()
    if number.isascii() and number.isdigit():
        number = number.lstrip("0") or "0"
    return f"{head.strip()}{slash}{number}".casefold()


class Loader(Protocol):
    """What a suite plug-in is. `data`: the file the user named, if any. Without `errata` the tasks are as published."""

    def __call__(self, data: Path | None, *, settings: Settings, errata: bool) -> Suite: ...


SUITES: Plugins[Loader] = Plugins(
    "suite",
    **{
        "functions": "assay.bench.suites.own:functions",
        "humaneval": "assay.bench.suites.humaneval:load",
        "humaneval+": "assay.bench.suites.humaneval_plus:load",
        "gym:javascript": "assay.gym.suites:javascript",
        "gym:python": "assay.gym.suites:python",
        "mbpp": "assay.bench.suites.mbpp:load",
        "mbpp+": "assay.bench.suites.mbpp_plus:load",
    },
)


def load_suite(name: str, data: Path | None = None, *, settings: Settings, errata: bool = True) -> Suite:
    """The suite called `name`. Raises UnknownName, AssayError (no such file) or ContentError (a broken one)."""
    return SUITES.get(name)(data, settings=settings, errata=errata)
