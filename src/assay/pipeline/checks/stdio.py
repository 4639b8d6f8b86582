"""Stdio: the whole program is run once a case; what it printed is compared out here."""

from collections.abc import Iterator, Sequence

from assay.pipeline.checks import Judgement, run_status
from assay.pipeline.checks.compare import same_text
from assay.pipeline.checks.perform import Workbench
from assay.records import Finding, Integrity, Program, Run, Spec, Status, Stdio, StdioCase, Task

_MAX_SHOWN = 2000


class _Stdio:
    INTEGRITY: Integrity = "outside"

    def perform(self, bench: Workbench, task: Task, check: Stdio, program: Program) -> Iterator[Run]:
        for case in check.cases:
            yield bench.sandbox.run(
                Spec(
                    language=program.language, files=program.files, main=program.main, argv=case.argv,
                    stdin=case.stdin.encode(), limits=task.limits, judged_stdout=True, label=case.id,
                )
            )  # fmt: skip

    def judge(self, task: Task, check: Stdio, runs: Sequence[Run]) -> Judgement:  # noqa: ARG002 - the Protocol's
        by_case = {run.label: run for run in runs}
        findings = []
        first: tuple[Status, str] | None = None
        for case in check.cases:
            status, why = _judge_case(check, case, by_case.get(case.id))
            if status != "pass" and (first is None or status == "error"):
                first = status, f"{case.id}: {why}"
            run = by_case.get(case.id)
            got = run.stdout.decode("utf-8", "replace")[:_MAX_SHOWN] if run else ""
            outcome = "passed" if status == "pass" else "error" if status == "error" else "failed"
            findings.append(
                Finding(
                    check="stdio", case=case.id, outcome=outcome, integrity="outside", call=_call(case),
                    expected="" if outcome == "passed" else case.stdout[:_MAX_SHOWN], got="" if outcome == "passed" else got,
                    message=why, public=case.public,
                )
            )  # fmt: skip
        passed = sum(finding.outcome == "passed" for finding in findings)
        return Judgement(findings, passed, len(findings), *(first or ("pass", "")))


KIND = _Stdio()


def _judge_case(check: Stdio, case: StdioCase, run: Run | None) -> tuple[Status, str]:
    if run is None:
        return "error", "the case was not run"
    early = run_status(run)
    if early is not None:
        return early
    if run.stdout_dropped:
        return "wrong", "it printed more than is looked at"
    if same_text(case.compare or check.compare, case.stdout, run.stdout.decode("utf-8", "replace")):
        if case.exit_code is None or run.exit_code == case.exit_code:
            return "pass", ""
        return "wrong", f"exit code {case.exit_code} was asked for; it was {run.exit_code}"
    if run.status in ("exit", "signal"):
        last = run.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        why = last[0][:300] if last else run.detail or f"it ended with exit code {run.exit_code}"
        return "oom" if why.startswith("MemoryError") or "heap out of memory" in why else "exception", why
    return "wrong", "another output was expected"


def _call(case: StdioCase) -> str:
    words = " ".join(["program", *case.argv])
    return f"{words} < {case.stdin[:200]!r}" if case.stdin else words
