"""Calls: inputs go in, values come back, and are compared out here."""

import json
from collections.abc import Iterator, Sequence

from assay.errors import AssayError
from assay.pipeline.checks import Judgement, run_status
from assay.pipeline.checks.answers import Answer, in_words, read
from assay.pipeline.checks.compare import same, shown
from assay.pipeline.checks.perform import Workbench, candidate_spec
from assay.pipeline.sandbox.guest.values import decode
from assay.records import Calls, Case, Compare, Finding, Integrity, Language, Program, Run, Status, Task

_EACH = 64  # cases: of more, only those that failed have a finding of their own
_TEXT_READ = ("json", "regex")  # where a text that equals the expected one may be wrong all the same
_MAX_FAILED = 10  # of those, of the public ones and of the others; one that a wrong program is there for has one always
_READY = '["ready"]'


class _Calls:
    INTEGRITY: Integrity = "outside"

    def perform(self, bench: Workbench, task: Task, check: Calls, program: Program) -> Iterator[Run]:
        with bench.sandbox.open(candidate_spec(task, program)) as candidate:
            lines: list[str] = []
            frame = candidate.receive()
            if frame is not None and frame.decode("utf-8", "replace") == _READY:
                candidate.send(bench.prepared(check, batch))
                for _ in check.cases:
                    frame = candidate.receive()
                    if frame is None:
                        break
                    lines.append(frame.decode("utf-8", "replace"))
            elif frame is not None:
                lines.append(frame.decode("utf-8", "replace"))
                lines.append('["unloaded"]')
            run = candidate.finish()
            if candidate.unasked:
                lines.append(f'["unasked",{candidate.unasked}]')
            yield run.model_copy(update={"transcript": tuple(lines)})

    def judge(self, task: Task, check: Calls, runs: Sequence[Run]) -> Judgement:
        if not runs:
            return _nothing(check, "error", "the check was not run")
        (run,) = runs
        early = run_status(run)
        if early is not None and early[0] == "error":
            return _nothing(check, *early)
        lines = list(run.transcript)
        if lines and lines[-1].startswith('["unasked"'):
            return _nothing(check, "wrong", "it sent answers that nobody asked for")
        if lines and lines[-1] == '["unloaded"]':
            answer = read(lines[0])
            status: Status = "oom" if answer.raised == "MemoryError" else "exception"
            return _nothing(check, status, f"it could not be loaded: {in_words(answer, task.language)}", raised=answer)
        return _judge_cases(task, check, lines, early, run)


KIND = _Calls()


def batch(check: Calls) -> bytes:
    """The frame that asks for all of the check's calls."""
    cases = ",".join(f"[{case.args},{_pairs(case)}]" for case in check.cases)
    unchanged = "true" if check.arguments_unchanged else "false"
    return f'["batch",{json.dumps(check.entry)},[{cases}],{unchanged}]'.encode()


def _pairs(case: Case) -> str:
    """Keyword arguments as [[name, value], ...]."""
    if case.kwargs is None:
        return "null"
    return json.dumps(json.loads(case.kwargs)["d"])


def _judge_cases(task: Task, check: Calls, lines: list[str], early: tuple[Status, str] | None, run: Run) -> Judgement:
    findings: list[Finding] = []
    passed = 0
    first: tuple[Status, str] | None = None
    many = len(check.cases) > _EACH
    room = {True: _MAX_FAILED, False: _MAX_FAILED}
    named = {wrong.fails for wrong in task.wrong}
    for number, case in enumerate(check.cases):
        line = lines[number] if number < len(lines) else None
        if (
            line is not None
            and case.expect is not None
            and not check.arguments_unchanged
            and (case.compare or check.compare).mode not in _TEXT_READ
            and line == f'["v",{case.expect}]'
        ):
            passed += 1
            if not many:
                findings.append(_finding(task, check, case, None, ""))
            continue
        status, why, answer = _judge_case(check, case, line, early, run, task.language)
        if status == "pass":
            passed += 1
        elif first is None:
            first = status, f"{case.id}: {why}"
        if many and (status == "pass" or (room[case.public] == 0 and case.id not in named)):
            continue
        findings.append(_finding(task, check, case, answer, why, status == "pass"))
        room[case.public] = max(0, room[case.public] - 1)
    total = len(check.cases)
    if first is None:
        return Judgement(findings, passed, total, "pass")
    return Judgement(findings, passed, total, *first)


def _judge_case(
    check: Calls, case: Case, line: str | None, early: tuple[Status, str] | None, run: Run, language: Language
) -> tuple[Status, str, Answer | None]:
    if case.expect is None and case.raises is None:
        raise AssayError(
            f"The case {case.id} expects nothing.",
            "Fill in what the reference answers first (assay.bench.suites.oracle).",
        )
    if line is None:
        if early is not None:
            return early[0], early[1], None
        return "exception", f"the program ended before it answered ({_ending(run)})", None
    answer = read(line)
    if answer.unreadable:
        return "wrong", answer.unreadable, answer
    if case.raises is not None:
        right = case.raises in (answer.raised, *answer.bases) if answer.raised else False
        return (
            ("pass", "", answer)
            if right
            else ("exception" if answer.raised else "wrong", f"{case.raises} should have been raised", answer)
        )
    if answer.raised:
        return "oom" if answer.raised == "MemoryError" else "exception", f"it raised {answer.raised}", answer
    assert case.expect is not None
    if not same(case.compare or check.compare, decode(case.expect), answer.value, language):
        return "wrong", "another value was expected", answer
    if check.arguments_unchanged and not same(Compare(), decode(case.args), answer.arguments):
        return "wrong", "it changed its arguments", answer
    return "pass", "", answer


def _finding(task: Task, check: Calls, case: Case, answer: Answer | None, why: str, passed: bool = True) -> Finding:
    if passed:
        return Finding.model_construct(
            check="calls",
            case=case.id,
            outcome="passed",
            integrity="outside",
            call="",
            expected="",
            got="",
            message="",
            public=case.public,
        )
    expected = case.raises or shown(decode(case.expect or "null"), task.language)
    return Finding(
        check="calls", case=case.id, outcome="failed", integrity="outside", call=call_in_words(task, check, case),
        expected=expected, got=in_words(answer, task.language) if answer else "nothing", message=why, public=case.public,
    )  # fmt: skip


def call_in_words(task: Task, check: Calls, case: Case) -> str:
    """The call as somebody would write it."""
    arguments = [shown(item, task.language) for item in decode(case.args)]
    if case.kwargs is not None:
        arguments += [f"{key}={shown(item, task.language)}" for key, item in decode(case.kwargs).items()]
    return f"{check.entry}({', '.join(arguments)})"


def _nothing(check: Calls, status: Status, why: str, raised: Answer | None = None) -> Judgement:
    finding = Finding(
        check="calls", outcome="error" if status == "error" else "failed", integrity="outside", message=why,
        got=in_words(raised, "python") if raised else "",
    )  # fmt: skip
    return Judgement([finding], 0, len(check.cases), status, why)


def _ending(run: Run) -> str:
    if run.signal is not None:
        return run.detail or f"signal {run.signal}"
    return f"exit code {run.exit_code}"
