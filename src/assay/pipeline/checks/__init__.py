"""Checks: what is done with a program, and what is made of what it did. The verdict is reached here, outside the sandbox.

`run_checks` and `run_many` of perform.py perform (they are the `run` door); `grade` only looks at the Runs, so a stored run is
graded again for nothing.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from assay.plugins import Plugins
from assay.records import Finding, Integrity, Program, Report, Run, Status, Task

if TYPE_CHECKING:
    from assay.pipeline.checks.perform import Workbench


class Kind(Protocol):
    """One kind of check, as a module. `check` is its own record (`records.Calls` and so on)."""

    INTEGRITY: Integrity

    def perform(self, bench: "Workbench", task: Task, check: Any, program: Program) -> Iterator[Run]:
        """Run the program as the check asks, and give the Runs in order."""

    def judge(self, task: Task, check: Any, runs: Sequence[Run]) -> "Judgement":
        """What the Runs show. Pure."""


class Judgement:
    """The findings of one check and, where it is not passed, why: the status of the first thing that went wrong."""

    def __init__(self, findings: Sequence[Finding], passed: int, total: int, status: Status, message: str = "") -> None:
        self.findings, self.passed, self.total, self.status, self.message = (
            tuple(findings),
            passed,
            total,
            status,
            message,
        )


CHECKS: Plugins[Kind] = Plugins(
    "check",
    calls="assay.pipeline.checks.calls:KIND",
    stdio="assay.pipeline.checks.stdio:KIND",
    asserts="assay.pipeline.checks.asserts:KIND",
)

_WEAKEST: dict[Integrity, int] = {"outside": 2, "proxy": 1, "in_process": 0}


def grade(task: Task, program: Program, runs: Sequence[Run]) -> Report:
    """The Report on one program. Pure: it reads the Runs and nothing else."""
    if program.problem is not None:
        return Report(task=task.id, suite=task.suite, status="no_code", message=program.problem)
    findings: list[Finding] = []
    judgements: list[Judgement] = []
    integrity: Integrity = "outside"
    for number, check in enumerate(task.checks):
        kind = CHECKS.get(check.kind)
        judgement = kind.judge(task, check, [run for run in runs if run.check == number])
        judgements.append(judgement)
        findings.extend(judgement.findings)
        integrity = min(integrity, kind.INTEGRITY, key=_WEAKEST.__getitem__)
    bad = next((j for j in judgements if j.status == "error"), None) or next(
        (j for j in judgements if j.status != "pass"), None
    )
    passed, total = sum(j.passed for j in judgements), sum(j.total for j in judgements)
    return Report(
        task=task.id,
        suite=task.suite,
        status=bad.status if bad else "pass",
        findings=tuple(findings),
        score=passed / total if total else float(bad is None),
        cases=total,
        passed_cases=passed,
        integrity=integrity,
        isolation=min((run.isolation for run in runs), key=lambda isolation: isolation.level, default=None),
        cpu_s=round(sum(run.cpu_s for run in runs), 6),
        wall_s=round(sum(run.wall_s for run in runs), 6),
        memory_peak=max((run.memory_peak for run in runs), default=0),
        message=bad.message if bad else "",
    )


def run_status(run: Run) -> tuple[Status, str] | None:
    """The status of a program that did not come to its own end; None where it did."""
    if run.status == "sandbox_error":
        return "error", f"our sandbox failed: {run.detail}"
    if run.status in ("timeout", "cpu"):
        return "timeout", run.detail
    if run.status == "oom":
        return "oom", run.detail
    if run.status == "output_limit":
        return "wrong", run.detail
    return None
