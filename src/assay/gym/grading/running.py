"""One program under one sheet in the sandbox, and the calls of several sheets in one process."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from assay.gym.grading.reading import ENDLESS, Part, read
from assay.gym.tasks import Sheet
from assay.pipeline.checks import CHECKS, grade
from assay.pipeline.checks.calls import batch
from assay.pipeline.checks.perform import Workbench, candidate_spec, run_checks
from assay.pipeline.sandbox import Dialogue
from assay.records import Calls, Program, Run, Spec, Stdio

_CALLS_PRINT = 4
"""So many times the limit of a whole program all calls together may print."""
READY = b'["ready"]'
"""What a program that can be called says first."""


def perform(bench: Workbench, whole: Sheet, made: Program) -> tuple[Run, ...]:
    """The Runs of one program under one sheet: a script once, a program once a test until it shows no end."""
    kind = whole.problem.grading.kind
    if kind == "call":
        return _called(bench, whole, made)
    runs: list[Run] = []
    if kind == "stdio":
        (check,) = whole.task.checks
        for run in CHECKS.get(check.kind).perform(bench, whole.task, check, made):
            runs.append(run)
            if run.status in ENDLESS:
                break  # it would do the same with the other inputs, and somebody waits
        return tuple(runs)
    for number, check in enumerate(whole.task.checks):
        if isinstance(check, Stdio):
            if not runs:
                first = check.cases[0]
                spec = Spec(
                    language=made.language, files=made.files, main=made.main, stdin=first.stdin.encode(),
                    limits=whole.task.limits, judged_stdout=True,
                )  # fmt: skip
                whole_run = bench.sandbox.run(spec)
            else:
                whole_run = runs[0]
            runs += [whole_run.model_copy(update={"check": number, "label": case.id}) for case in check.cases]
        else:
            runs += run_checks(bench, whole.task.model_copy(update={"checks": (check,)}), made)
    return tuple(runs)


def called_spec(whole: Sheet, made: Program) -> Spec:
    """The program, waiting to be called; a flood ends it: nobody waits for the clock to see that a loop prints for ever.

    It may print `_CALLS_PRINT` times the limit, as one process answers many calls."""
    spec = candidate_spec(whole.task, made)
    limits = spec.limits.model_copy(update={"output_kb": _CALLS_PRINT * spec.limits.output_kb})
    return spec.model_copy(update={"judged_stdout": True, "limits": limits})


def _called(bench: Workbench, whole: Sheet, made: Program) -> tuple[Run, ...]:
    """The Run of all calls of one sheet."""
    with bench.sandbox.open(called_spec(whole, made)) as candidate:
        stage = Stage(whole, (0, 0))
        frame = candidate.receive()
        if frame == READY:
            stage.ask(candidate, bench)
        elif frame is not None:
            stage.lines += [frame.decode("utf-8", "replace"), '["unloaded"]']
        run = candidate.finish()
        if candidate.unasked:
            stage.lines.append(f'["unasked",{candidate.unasked}]')
    return (run.model_copy(update={"check": 0, "transcript": tuple(stage.lines)}),)


@dataclass
class Stage:
    """The calls of one sheet within a longer dialogue."""

    sheet: Sheet
    begun: tuple[int, int]
    """Bytes of stdout and stderr that were there before."""
    lines: list[str] = field(default_factory=list)

    def ask(self, candidate: Dialogue, bench: Workbench) -> bool:
        """Make the calls; whether all were answered."""
        (check,) = self.sheet.task.checks
        assert isinstance(check, Calls)
        candidate.send(bench.prepared(check, batch))
        for _ in check.cases:
            frame = candidate.receive()
            if frame is None:
                return False
            self.lines.append(frame.decode("utf-8", "replace"))
        return True

    def passed(self, made: Program, bench: Workbench) -> bool:
        """Whether all calls were answered rightly."""
        if not self.sheet.tests:
            return True
        run = Run(status="ok", exit_code=0, isolation=bench.sandbox.capabilities(), transcript=tuple(self.lines))
        return grade(self.sheet.task, made, [run]).passed


def staged(stages: Sequence[Stage], run: Run, made: Program) -> Iterator[Part]:
    """The parts of one dialogue. Each has what was printed in its time; how it all ended is the last one's."""
    before = 0
    for at, stage in enumerate(stages):
        last = at == len(stages) - 1
        end = (len(run.stdout), len(run.stderr)) if last else stages[at + 1].begun
        mine: dict[str, Any] = {
            "stdout": run.stdout[stage.begun[0] if at else 0 : end[0]],
            "stderr": run.stderr[stage.begun[1] if at else 0 : end[1]],
            "transcript": tuple(stage.lines),
        }
        if not last:
            mine |= {"status": "ok", "exit_code": 0, "signal": None, "detail": "", "wall_s": 0.0, "cpu_s": 0.0}
        if stage.sheet.tests:
            yield read(stage.sheet, made, [run.model_copy(update=mine)], before=before)
        before += len(stage.sheet.tests)
