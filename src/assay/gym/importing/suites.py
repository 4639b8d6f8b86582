"""Tasks of any suite of the bench."""

import re
from collections.abc import Iterable
from typing import Any

from assay.gym.importing.asserts import asserted
from assay.gym.importing.brought import Brought, add_problem, head_of, identified, starter_for
from assay.gym.records.problems import Grading, ProblemLimits, Sources, Test
from assay.pipeline.parsing import parse
from assay.pipeline.sandbox.guest.values import decode
from assay.records import Asserts, Calls, Compare, Stdio, Task


def from_tasks(tasks: Iterable[Task]) -> Brought:
    """Tasks of any suite: calls and programs as they are, assert suites where an assert is a call and its value."""
    brought = Brought()
    for task in tasks:
        name = identified(task.id)
        found = _tests_of(brought, task)
        if isinstance(found, str):
            brought.left_out.append(f"{task.id}: {found}")
            continue
        kind, tests, grading = found
        entry = task.entry if kind == "call" else None
        solution = task.reference or ""
        if not solution:
            brought.notes.append(f"{task.id}: it has no reference; the gate will ask for a solution")
        starter = _starter_of(task, entry, solution)
        bare = task.prompt.strip()
        statement = bare if task.language not in ("python",) or parse(bare) is None else f"```python\n{bare}\n```"
        for wrong in task.wrong[:1]:
            brought.bugs[name, task.language] = wrong.source
        add_problem(
            brought, id=name, title=(task.title or task.id)[:80], statement=statement, tests=tests, grading=grading,
            languages={
                task.language: Sources(entry=entry, starter=starter, solution=solution, alternatives=task.alternatives)
            },
        )  # fmt: skip
    return brought


def _starter_of(task: Task, entry: str | None, solution: str) -> str:
    if entry is None:
        return ""
    if task.language == "python":
        return head_of(solution, entry)
    found = re.search(rf"function\s+{re.escape(entry)}\s*\(([^)]*)\)", solution)
    return starter_for("javascript", entry, [found[1]] if found else [])


def _tests_of(brought: Brought, task: Task) -> tuple[str, list[Test], Grading] | str:
    if len(task.checks) != 1:
        return f"it has {len(task.checks)} checks, and a problem one"
    (check,) = task.checks
    limits = ProblemLimits(
        wall_s=min(60, task.limits.wall_s), cpu_s=min(60, task.limits.cpu_s),
        memory_mb=min(4096, task.limits.memory_mb), output_kb=min(1024, task.limits.output_kb),
    )  # fmt: skip
    if isinstance(check, Stdio):
        if any(case.argv for case in check.cases):
            return "its program takes arguments"
        tests = [
            Test(id=f"t{at}", name=case.id[:120], stdin=case.stdin, stdout=case.stdout, **_compared(case.compare))
            for at, case in enumerate(check.cases, 1)
        ]
        return "stdio", tests, Grading(kind="stdio", compare=check.compare, limits=limits)
    if isinstance(check, Calls):
        tests = []
        for case in check.cases:
            if case.kwargs is not None:
                return "its calls name their arguments"
            outcome: dict[str, Any] = (
                {"raises": {task.language: case.raises}} if case.raises else {"expect": decode(case.expect or "null")}
            )
            number = len(tests) + 1
            tests.append(
                Test(id=f"t{number}", name=case.id[:120], args=decode(case.args), **outcome, **_compared(case.compare))
            )
        grading = Grading(compare=check.compare, check_arguments_unchanged=check.arguments_unchanged, limits=limits)
        return "call", tests, grading
    assert isinstance(check, Asserts)
    tests, missed = asserted(check.source, "candidate", check.entry)
    if missed:
        brought.notes.append(f"{task.id}: {missed} of its asserts say more than a call and its value: left out")
    return "call", tests, Grading(limits=limits)


def _compared(compare: Compare | None) -> dict[str, Any]:
    return {"compare": compare} if compare is not None else {}
