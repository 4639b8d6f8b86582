"""Performing checks: one program under all of its task's checks, or many programs at once."""

import contextlib
import functools
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from assay.errors import SandboxUnavailable
from assay.pipeline.checks import CHECKS
from assay.pipeline.checks.pace import Pace
from assay.pipeline.sandbox import Dialogue, Sandbox
from assay.pipeline.sandbox.parcel import unfit
from assay.pipeline.sandbox.workers import as_done
from assay.records import Limits, Program, Run, Spec, Task

_TESTS_A_PROCESS = 500  # test sources one process runs before a fresh one takes over
_TEST_LIMITS = Limits(wall_s=3600, cpu_s=3600, memory_mb=1024)  # a test's own time is bounded by `renew`
_LATE = ("timeout", "cpu")
_FAILED = tuple(f'["done", "{how}"' for how in ("failed", "raised", "unusable"))
_PREPARED = 256  # opening frames kept; those of large data sets weigh a megabyte

Job = tuple[str, Task, Program]


class Workbench:
    """What one worker works with: a sandbox, and a process that runs test code, kept from one program to the next.

    The process never sees a line of a candidate's code, only plain values, so nothing of one candidate is left in it.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._tests: Any = None
        self._tested = 0
        self._frames: OrderedDict[tuple[int, object], tuple[object, bytes]] = OrderedDict()

    def prepared(self, check: Any, make: Callable[[Any], bytes]) -> bytes:
        """`make(check)`, made once for the same check object."""
        key = (id(check), make)
        kept = self._frames.get(key)
        if kept is None or kept[0] is not check:
            kept = self._frames[key] = (check, make(check))
            if len(self._frames) > _PREPARED:
                self._frames.popitem(last=False)
        return kept[1]

    def tests(self) -> Dialogue:
        """The process for test code."""
        if self._tests is not None and self._tested >= _TESTS_A_PROCESS:
            self.close()
        if self._tests is None:
            self._tests = self.sandbox.open(Spec(mode="tests", limits=_TEST_LIMITS)).__enter__()
            self._tested = 0
        self._tested += 1
        tests: Dialogue = self._tests
        return tests

    def begin_tests(self, task: Task) -> None:
        """Give the process for test code its time anew, when the program that it tests is there."""
        self._tests.renew(2 * task.limits.wall_s + 5)

    def tests_failed(self) -> Run:
        """What became of the process for test code, which is given up."""
        tests, self._tests = self._tests, None
        with tests:
            run: Run = tests.finish()
        return run

    def close(self) -> None:
        if self._tests is not None:
            self._tests.__exit__(None, None, None)
            self._tests = None


def candidate_spec(task: Task, program: Program) -> Spec:
    """The program, waiting to be called."""
    return Spec(language=program.language, files=program.files, main=program.main, mode="calls", limits=task.limits)


def run_checks(bench: Workbench, task: Task, program: Program) -> tuple[Run, ...]:
    """The program under each of the task's checks, in order. A program that could not be found is not run."""
    if program.problem is not None:
        return ()
    if why := unfit(program.files, task.limits):  # it counts against the program, and stops no other one
        refused = Run(
            status="output_limit", isolation=bench.sandbox.capabilities(), detail=f"the program cannot be run: {why}"
        )
        return tuple(refused.model_copy(update={"check": number}) for number in range(len(task.checks)))
    runs = []
    for number, check in enumerate(task.checks):
        for run in CHECKS.get(check.kind).perform(bench, task, check, program):
            runs.append(run.model_copy(update={"check": number}))  # noqa: PERF401
    return tuple(runs)


def run_many(
    sandbox: Sandbox, jobs: Iterable[Job], workers: int, pace: Pace | None = None
) -> Iterator[tuple[str, tuple[Run, ...]]]:
    """(the job's key, its Runs) as they finish, `workers` at once.

    A program that ran out of time, by the clock or of the processor's, is run again alone, when all others are done,
    before that counts: so a busy machine changes no verdict. What others' work on the same processor takes from a second
    of CPU time is measured then, and the limits are stretched by as much (`pace`).
    """
    pace = pace or _seen_here()
    pace.look()  # before we are busy on this machine ourselves
    late: list[Job] = []
    benches: list[Workbench] = []
    mine = threading.local()

    def work(job: Job) -> tuple[Job, tuple[Run, ...]]:
        if not hasattr(mine, "bench"):
            mine.bench = Workbench(sandbox)
            benches.append(mine.bench)
        return job, _tried(mine.bench, job)

    try:
        with contextlib.closing(as_done(work, jobs, workers)) as results:
            for job, runs in results:
                if _ran_late(runs):
                    late.append(job)
                else:
                    yield job[0], runs
    finally:
        for bench in benches:
            bench.close()
    bench = Workbench(sandbox)
    try:
        for job in late:
            yield job[0], _alone(bench, job, pace.slowdown())
    finally:
        bench.close()


@functools.cache
def _seen_here() -> Pace:
    """What this process saw of the machine, where nobody keeps it."""
    return Pace()


def _alone(bench: Workbench, job: Job, slow: float) -> tuple[Run, ...]:
    """The job's Runs once more, with the CPU time that its limit stands for on this machine when it is idle."""
    key, task, program = job
    limits = task.limits
    stretched = limits.model_copy(
        update={"cpu_s": min(3600, limits.cpu_s * slow), "wall_s": min(3600, limits.wall_s * slow)}
    )
    runs = _tried(bench, (key, task.model_copy(update={"limits": stretched}), program))
    said = (
        f"run again alone with {slow:g} times the limits of its task, {limits.cpu_s:g} s of CPU time and {limits.wall_s:g} s "
        f"of wall time: this machine computed {slow:g} times as slowly as when it is idle"
    )
    return tuple(
        run.model_copy(update={"again": True, **({"detail": f"{_ending(run)}{said}"} if slow > 1 else {})})
        for run in runs
    )


def _ending(run: Run) -> str:
    ends = {"exit": f"it ended with exit code {run.exit_code}", "signal": f"signal {run.signal}"}
    words = run.detail or ends.get(run.status, "")
    return f"{words}; " if words else ""


def _tried(bench: Workbench, job: Job) -> tuple[Run, ...]:
    """The job's Runs; where our own sandbox, or the tests' process, failed, it is tried once more, with a new one.

    Raises SandboxUnavailable where no sandbox can be had twice.
    """
    _, task, program = job
    try:
        runs = run_checks(bench, task, program)
    except SandboxUnavailable:
        bench.close()
        return run_checks(bench, task, program)
    if any(run.status == "sandbox_error" or (run.tests and run.tests.status not in _LATE) for run in runs):
        runs = run_checks(bench, task, program)
    return runs


def _ran_late(runs: tuple[Run, ...]) -> bool:
    """Whether the clock may have decided. Not after a test has failed: who guesses would be given another throw by dawdling."""
    return any(
        (run.status in _LATE and not (run.transcript and run.transcript[-1].startswith(_FAILED)))
        or (run.tests is not None and run.tests.status in _LATE)
        for run in runs
    )
