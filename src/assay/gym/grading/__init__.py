"""A learner's program under a problem's tests: run in the sandbox, judged outside by the road's checks, told in words.

A `Grader` keeps a sandbox, does so many programs at once as there are workers, and is fair: each
learner has at most one program at work, and the waiting ones take turns learner by learner.

What a learner must not see is kept in processes of its own: tests that may be shown in full run in one, concealed ones in
another, whose output never leaves this package. A program that prints its arguments shows only what it was to see anyway.
"""

import logging
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Self

from assay.errors import AssayError, SandboxUnavailable
from assay.gym import messages
from assay.gym.grading.oracle import answered
from assay.gym.grading.reading import Part, brief, not_run, read, told_of_run
from assay.gym.grading.reports import combined, unfit, with_disallowed
from assay.gym.grading.reveal import seen
from assay.gym.grading.running import READY, Stage, called_spec, perform, staged
from assay.gym.grading.said import MAX_PRINTED, Said, listen
from assay.gym.queueing import Turns
from assay.gym.records.problems import Problem, Test
from assay.gym.records.results import FullReport, Graded, Trace, TraceStep
from assay.gym.tasks import Sheet, call_in_words, generated_tests, limits_of, program, program_for, sheet
from assay.pipeline.checks.perform import Workbench
from assay.pipeline.sandbox import Sandbox
from assay.pipeline.sandbox.choose import open_sandbox
from assay.records import Language, Run, Spec
from assay.settings import Settings

_log = logging.getLogger("assay")
MAX_INPUT = 16 << 10
"""Bytes of input that a console or a trace is given."""
_TRACE_FILE = "trace.jsonl"
_TRACE_MB = 2


class Grader:
    """Runs learners' programs. Safe to use from several threads; close it, or use it as a context."""

    def __init__(self, settings: Settings, *, required: int = 1, sandbox: Sandbox | None = None) -> None:
        """`required`: the isolation that must be had (3 where several people share a server)."""
        self._settings = settings
        self._required = required
        self._own = sandbox is None
        self._sandbox = sandbox
        self._lock = threading.Lock()
        self._turns = Turns(settings.workers)
        self._benches: list[Workbench] = []
        self._free: list[Workbench] = []
        self._sheets: dict[tuple[int, Language, str], tuple[Problem, Sheet]] = {}
        self._answers: dict[tuple[int, Language], tuple[Problem, tuple[Test, ...]]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End every process of ours."""
        with self._lock:
            sandbox, self._sandbox = self._sandbox, None
            benches, self._benches, self._free = self._benches, [], []
        for bench in benches:
            bench.close()
        if sandbox is not None and self._own:
            sandbox.close()

    def warm_up(self, languages: Iterable[Language] = ("python",)) -> int:
        """Start the sandbox before the first learner waits for it; gives its level. Raises SandboxUnavailable."""
        with self._bench() as bench:
            for language in languages:
                main = "main.py" if language == "python" else "main.js"
                bench.sandbox.run(Spec(language=language, files={main: b""}, main=main))
            return bench.sandbox.capabilities().level

    # ---- for learners

    def run(self, problem: Problem, language: Language, source: str, learner: str) -> Graded:
        """The public tests."""
        if (report := unfit(problem, language, source, "run")) is not None:
            return seen(report, "run")
        with self._turns.turn(learner), self._bench() as bench:
            parts = [self._part(bench, problem, language, source, "public")]
        return seen(with_disallowed(problem, source, combined(problem, language, parts)), "run")

    def submit(self, problem: Problem, language: Language, source: str, learner: str) -> Graded:
        """All tests; the generated ones when all others passed."""
        return seen(self.submitted(problem, language, source, learner), "submit")

    def submitted(self, problem: Problem, language: Language, source: str, learner: str) -> FullReport:
        """As `submit`, with nothing left out: for who stores or helps. Never sent to a browser."""
        if (report := unfit(problem, language, source)) is not None:
            return report
        with self._turns.turn(learner), self._bench() as bench:
            return self._under_all(bench, problem, language, source)

    def check(self, problem: Problem, language: Language, source: str) -> FullReport:
        """As `submitted`, for our own purposes: it waits for no turn."""
        if (report := unfit(problem, language, source)) is not None:
            return report
        with self._bench() as bench:
            return self._under_all(bench, problem, language, source)

    def console(self, problem: Problem, language: Language, source: str, stdin: str, learner: str) -> Graded:
        """The program with an input of the learner's own; of a function: statements to run after it, values shown."""
        graded = Graded(problem=problem.id, language=language, purpose="console", verdict="nothing")
        if (report := unfit(problem, language, source, "run")) is not None:
            return graded.model_copy(update={"message": report.message})
        if len(stdin) > MAX_INPUT:
            return graded.model_copy(update={"message": messages.too_long(MAX_INPUT)})
        limits = limits_of(problem)
        called = problem.grading.kind == "call"
        made = program(
            language, source, "console" if called else "program", limits, **({"input": stdin} if called else {})
        )
        spec = Spec(
            language=language, files=made.files, main=made.main, limits=limits, judged_stdout=True,
            stdin=b"" if called else stdin.encode("utf-8", "replace"),
        )  # fmt: skip
        run = self._one_run(spec, learner)
        said = listen(run, False, f"{source}\n{stdin}" if called else source)
        told = told_of_run(sheet(problem, language, ()), run, said)
        typed = said.line("error", key="typed") if called and told[3] else None
        message = messages.typed(told[1], told[2], typed) if typed and typed <= stdin.count("\n") + 1 else told[1]
        return graded.model_copy(
            update={
                "verdict": told[0], "printed": brief(said.loading, run), "message": message, "line": told[2],
                "error_type": told[3], "error_text": told[4], "wall_s": run.wall_s, "level": run.isolation.level,
            }
        )  # fmt: skip

    def trace(
        self, problem: Problem, source: str, args: Sequence[Any] | None, learner: str = "", stdin: str = ""
    ) -> Trace:
        """The program step by step (Python). `args`: of the call to follow; None: the first public test's."""
        test = next(test for test in problem.tests if test.visibility == "public" or args is not None)
        call = ""
        if problem.grading.kind == "call":
            given = test.args if args is None else args
            call = call_in_words(problem, "python", test.model_copy(update={"args": list(given or ())}))
        trace = Trace(problem=problem.id, call=call, verdict="nothing")
        if (report := unfit(problem, "python", source, "run")) is not None:
            return trace.model_copy(update={"message": report.message})
        limits = limits_of(problem)
        made = program("python", source, "trace", limits, call=call)
        spec = Spec(
            files=made.files, main=made.main, limits=limits, collect=(_TRACE_FILE,), collect_mb=_TRACE_MB,
            stdin=(stdin or test.stdin).encode("utf-8", "replace")[:MAX_INPUT],
        )  # fmt: skip
        run = self._one_run(spec, learner)
        said = listen(run, False, source)
        verdict, message, line, *_ = told_of_run(sheet(problem, "python", ()), run, said)
        steps = tuple(_steps(run.files.get(_TRACE_FILE, b"")))
        return trace.model_copy(
            update={"verdict": verdict, "message": message, "line": line, "printed": said.loading, "steps": steps}
        )

    # ---- inside

    def _one_run(self, spec: Spec, learner: str) -> Run:
        with self._turns.turn(learner), self._bench() as bench:
            try:
                run = bench.sandbox.run(spec)
            except SandboxUnavailable as error:
                isolation = bench.sandbox.capabilities()
                run = Run(status="sandbox_error", detail=f"{error} {error.help}", isolation=isolation)
        if run.status == "sandbox_error":
            _log.error("The sandbox failed under a learner's program: %s", run.detail)
        return run

    @contextmanager
    def _bench(self) -> Iterator[Workbench]:
        """A workbench nobody else uses."""
        with self._lock:
            if self._sandbox is None:
                if not self._own:
                    raise AssayError("The grader is closed.")
                self._sandbox = open_sandbox(self._settings, required=self._required)
            if self._free:
                bench = self._free.pop()
            else:
                bench = Workbench(self._sandbox)
                self._benches.append(bench)
        try:
            yield bench
        finally:
            with self._lock:
                if bench in self._benches:
                    self._free.append(bench)

    def _under_all(self, bench: Workbench, problem: Problem, language: Language, source: str) -> FullReport:
        parts = None
        if problem.grading.kind == "call":
            with suppress(SandboxUnavailable):  # then once more, and told as our failure
                parts = self._in_one(bench, problem, language, source)
        if parts is None:
            parts = self._one_by_one(bench, problem, language, source)
        return with_disallowed(problem, source, combined(problem, language, parts))

    def _one_by_one(self, bench: Workbench, problem: Problem, language: Language, source: str) -> list[Part]:
        parts = [self._part(bench, problem, language, source, "open")]
        endless = any(case.verdict in ("timeout", "oom", "output_limit") for case in parts[0].cases)
        if parts[0].verdict in ("pass", "wrong") and not endless:
            parts.append(self._part(bench, problem, language, source, "concealed"))
        else:  # it cannot even be loaded, or has no end: once is enough to know
            parts.append(not_run(self._sheet(bench, problem, language, "concealed")))
        if all(part.verdict == "pass" and all(case.outcome == "passed" for case in part.cases) for part in parts):
            parts.append(self._part(bench, problem, language, source, "generated"))
        return parts

    def _in_one(self, bench: Workbench, problem: Problem, language: Language, source: str) -> list[Part] | None:
        """All calls in one process, which costs a JavaScript program the most. None where the sandbox failed.

        The open calls come first, then generated ones where those passed, and the concealed ones last: what is shown of
        a call is what the process answered and had printed before it was told anything that must stay unseen.
        """
        whole = self._sheet(bench, problem, language, "open")
        made = program_for(whole, source)
        with bench.sandbox.open(called_spec(whole, made)) as candidate:
            stages: list[Stage] = []
            frame = candidate.receive()
            if frame == READY:
                for which in ("open", "generated", "concealed"):
                    if which == "generated" and not stages[0].passed(made, bench):
                        continue
                    stage = Stage(self._sheet(bench, problem, language, which), candidate.so_far())
                    stages.append(stage)
                    if stage.sheet.tests and not stage.ask(candidate, bench):
                        break
            else:
                stages = [Stage(whole, (0, 0), [frame.decode("utf-8", "replace"), '["unloaded"]'] if frame else [])]
            run = candidate.finish()
            if candidate.unasked:
                stages[-1].lines.append(f'["unasked",{candidate.unasked}]')
        if run.status == "sandbox_error":
            return None  # once more, elsewhere
        parts = list(staged(stages, run, made))
        concealed = self._sheet(bench, problem, language, "concealed")
        if stages[-1].sheet is not concealed:
            parts.append(not_run(concealed))
        return parts

    def _part(self, bench: Workbench, problem: Problem, language: Language, source: str, which: str) -> Part:
        whole = self._sheet(bench, problem, language, which)
        if not whole.tests:
            return Part((), "pass", Said())
        made = program_for(whole, source)
        try:
            runs = perform(bench, whole, made)
            if any(run.status == "sandbox_error" for run in runs):  # ours: once more, elsewhere
                runs = perform(bench, whole, made)
        except SandboxUnavailable as error:
            _log.error("No sandbox for a learner's program of %s: %s %s", problem.id, error, error.help)
            runs = ()
        for run in runs:
            if run.status == "sandbox_error":
                _log.error("The sandbox failed under a learner's program of %s: %s", problem.id, run.detail)
        return read(whole, made, runs)

    def _sheet(self, bench: Workbench, problem: Problem, language: Language, which: str) -> Sheet:
        """Made once for the same problem object, so that the road keeps what it prepares."""
        key = (id(problem), language, which)
        kept = self._sheets.get(key)
        if kept is not None and kept[0] is problem:
            return kept[1]
        if which == "generated":
            tests = self._generated(bench, problem, language)
        elif which == "public":
            tests = tuple(test for test in problem.tests if test.visibility == "public")
        elif which == "open":
            tests = tuple(test for test in problem.tests if test.visibility == "public" or test.reveal == "full")
        else:
            tests = tuple(test for test in problem.tests if test.visibility != "public" and test.reveal != "full")
        made = sheet(problem, language, tests)
        if len(self._sheets) > 2000:
            self._sheets.clear()
        self._sheets[key] = (problem, made)
        return made

    def _generated(self, bench: Workbench, problem: Problem, language: Language) -> tuple[Test, ...]:
        """The generated tests with what the reference answers. Once for the same problem object."""
        kept = self._answers.get((id(problem), language))
        if kept is not None and kept[0] is problem:
            return kept[1]
        asked = generated_tests(problem, language)
        tests = answered(bench, problem, language, asked) if asked else ()
        if len(self._answers) > 1000:
            self._answers.clear()
        self._answers[(id(problem), language)] = (problem, tests)
        return tests


def _steps(data: bytes) -> Iterator[TraceStep]:
    """The steps that can be read; what cannot is left out: the program may have written it."""
    from pydantic import ValidationError

    from assay.gym.inside.assay_runner import MAX_STEPS

    for line in data.splitlines()[: MAX_STEPS + 5]:
        if len(line) > 20_000:
            continue
        try:
            step = TraceStep.model_validate_json(line)
        except ValidationError:
            continue
        names = {name[:40]: value[:200] for name, value in list(step.names.items())[:40]}
        printed = max(0, min(step.printed, MAX_PRINTED))
        more = {"names": names, "value": step.value[:200], "function": step.function[:80], "printed": printed}
        yield step.model_copy(update=more)
