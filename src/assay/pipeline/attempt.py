"""The whole road on one screen. Only `ask` and `run` touch the world; all between is pure."""

from collections.abc import Callable, Sequence

from assay.pipeline.checks import grade
from assay.pipeline.extract import extract
from assay.records import Program, Reply, Report, Run, Task

Ask = Callable[[Task], Reply]
"""A model's answer to a task."""
RunProgram = Callable[[Task, Program], Sequence[Run]]
"""What the program does under each of the task's checks."""


def attempt(task: Task, ask: Ask, run: RunProgram) -> Report:
    """One try at one task: ask, take the program out of the reply, run it, look at what happened."""
    program = extract(task, ask(task))
    return grade(task, program, run(task, program))
