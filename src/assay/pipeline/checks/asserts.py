"""Asserts: the data set's test code runs in a process of its own; the candidate, in another one, only answers calls."""

import json
import socket
from collections.abc import Iterator, Sequence
from typing import Any

from assay.pipeline.checks import Judgement, run_status
from assay.pipeline.checks.answers import in_words, read
from assay.pipeline.checks.perform import Workbench, candidate_spec
from assay.pipeline.sandbox import Dialogue
from assay.records import Asserts, Finding, Integrity, Program, Run, Spec, Status, Task

_READY = b'["ready"]'
_GONE = b'["gone"]'
_SPENT = b'["spent"]'
_MAX_KEPT = 400  # lines of a transcript: the first ones and the last one tell what there is to know


class _Asserts:
    INTEGRITY: Integrity = "proxy"

    def perform(self, bench: Workbench, task: Task, check: Asserts, program: Program) -> Iterator[Run]:
        perform = _linked if bench.sandbox.links else _relayed
        yield perform(bench, task, check, candidate_spec(task, program))

    def judge(self, task: Task, check: Asserts, runs: Sequence[Run]) -> Judgement:
        judged = self._judge(task, check, runs)
        judged.findings = tuple(finding.model_copy(update={"public": check.public}) for finding in judged.findings)
        return judged

    def _judge(self, task: Task, check: Asserts, runs: Sequence[Run]) -> Judgement:
        if not runs:
            return _judgement("error", "the check was not run")
        (run,) = runs
        early = run_status(run)
        if early is not None:
            return _judgement(*early)
        if run.tests is not None:
            status, why = run_status(run.tests) or ("error", run.tests.detail or run.tests.status)
            return _judgement(status, f"the tests' own process ended ({why})")
        if not run.transcript:
            return _judgement("exception", "the program ended before it could be called")
        last = run.transcript[-1]
        if last.startswith('["unasked"'):
            return _judgement("wrong", "it sent answers that nobody asked for")
        if last == '["unloaded"]':
            answer = read(run.transcript[0])
            return _judgement(_raised(answer.raised), f"it could not be loaded: {in_words(answer, task.language)}")
        if not last.startswith('["done"'):
            return _judgement("exception", f"the program ended before it answered ({run.detail or run.status})")
        return _from_testimony(task, check, run)


KIND = _Asserts()


def _linked(bench: Workbench, task: Task, check: Asserts, spec: Spec) -> Run:
    """The test code talks to the candidate over a socket between them, and tells us at its end what was said."""
    tests = bench.tests()
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with ours, theirs, bench.sandbox.open(spec, theirs) as candidate:
        theirs.close()
        bench.begin_tests(task)
        tests.send(bench.prepared(check, _opening_linked), attach=ours.fileno())
        ours.close()
        spent = False
        while (frame := tests.receive(beside=candidate)) == _SPENT:
            spent = True
        lines = _said(frame)
        failed = bench.tests_failed() if not lines else None
        if spent:
            bench.close()
        run = candidate.finish()
    return run.model_copy(update={"transcript": lines, "tests": failed})


def _relayed(bench: Workbench, task: Task, check: Asserts, spec: Spec) -> Run:
    """Every call and answer goes through us, where the sandbox cannot link two programs."""
    with bench.sandbox.open(spec) as candidate:
        lines: list[str] = []
        tests: Run | None = None
        frame = candidate.receive()
        if frame == _READY:
            tests = _converse(bench, task, check, candidate, lines)
        elif frame is not None:
            lines += [frame.decode("utf-8", "replace"), '["unloaded"]']
        run = candidate.finish()
        if candidate.unasked:
            lines.append(f'["unasked",{candidate.unasked}]')
    return run.model_copy(update={"transcript": tuple(lines), "tests": tests})


def _said(frame: bytes | None) -> tuple[str, ...]:
    """The transcript in the form a relayed one has; empty where the tests' process did not say one."""
    if frame is None or (done := _testimony(frame, linked=True)) is None:
        return ()
    *said, lines = done
    if said[1] != "unloaded":
        return (*lines[1:], json.dumps(said))  # the first line says that the candidate is ready
    return (lines[0] if lines else '["e","","",[]]', '["unloaded"]')


def _testimony(frame: bytes, *, linked: bool) -> list[Any] | None:
    """What the tests' process says at its end; None where it is not so: test code can write to its channel, too."""
    try:
        done = json.loads(frame)
    except (ValueError, RecursionError):
        return None
    kinds: list[type] = [str, str, str, str, int, int, *([list] if linked else [])]
    fits = isinstance(done, list) and list(map(type, done)) == kinds and done[0] == "done"
    return done if fits and not (linked and any(type(line) is not str for line in done[-1])) else None


def _converse(bench: Workbench, task: Task, check: Asserts, candidate: Dialogue, lines: list[str]) -> Run | None:
    """Let the test code call the candidate until it is done; the tests' own Run where they did not come to an end."""
    tests = bench.tests()
    bench.begin_tests(task)
    tests.send(bench.prepared(check, _opening))
    number, spent = 0, False
    while True:
        frame = tests.receive()
        if frame is None:
            return bench.tests_failed()
        if frame.startswith(b'["done",'):
            if (done := _testimony(frame, linked=False)) is None:
                return bench.tests_failed()
            if spent:
                bench.close()
            lines.append(json.dumps(done))
            return None
        if frame == _SPENT:
            spent = True
            continue
        number += 1
        if not frame.startswith(b'["call",%d,' % number):
            return bench.tests_failed()
        candidate.send(frame)
        answer = candidate.receive()
        _keep(lines, frame)
        if answer is None:
            tests.send(_GONE)
            continue
        _keep(lines, answer)
        if not answer.startswith((b'["v",%d,' % number, b'["e",%d,' % number)):
            candidate.unasked += 1
            tests.send(_GONE)
            continue
        tests.send(answer)


def _opening(check: Asserts) -> bytes:
    return json.dumps(["tests", check.source, check.entry, check.names, False]).encode()


def _opening_linked(check: Asserts) -> bytes:
    return json.dumps(["tests", check.source, check.entry, check.names, True]).encode()


def _keep(lines: list[str], frame: bytes) -> None:
    if len(lines) >= _MAX_KEPT:
        del lines[_MAX_KEPT // 2 : _MAX_KEPT // 2 + 2]
    lines.append(frame[:20_000].decode("utf-8", "replace"))


def _from_testimony(task: Task, check: Asserts, run: Run) -> Judgement:
    _, outcome, error, message, line, calls = json.loads(run.transcript[-1])
    if outcome == "unheld":
        return _judgement("error", f"these tests cannot be held here: {message}", _source_line(check.source, line))
    if calls == 0 and (outcome in ("failed", "raised", "unusable") or (outcome == "passed" and check.minimum_calls)):
        # nothing of the candidate's had reached them: it is not to blame
        said = f"ended before they called it: {error}: {message}" if error else "never call it"
        return _judgement("error", f"the tests {said}", _source_line(check.source, line))
    if outcome == "passed":
        if calls < check.minimum_calls:
            return _judgement("wrong", f"the tests called it {_times(calls)}; a pass needs {check.minimum_calls}")
        return _judgement("pass", f"{calls} {'call' if calls == 1 else 'calls'}, all asserts hold")
    if outcome == "unasked":
        return _judgement("wrong", "it sent answers that nobody asked for")
    if outcome == "broken":
        return _judgement("exception", f"the program ended before it answered ({run.detail or _ending(run)})")
    where = _source_line(check.source, line)
    last = read(run.transcript[-2], numbered=True) if len(run.transcript) > 1 else None
    got = in_words(last, task.language) if last else ""
    if outcome == "failed":
        return _judgement(
            "wrong", f"an assert does not hold: {message}" if message else "an assert does not hold", where, got
        )
    if outcome == "raised" and last is not None and last.raised:
        return _judgement(_raised(last.raised), f"it raised {got}", where, got)
    if error == "SystemExit":  # no candidate can raise it there, and an exit code is no verdict
        return _judgement("error", f"the tests end by sys.exit({message}), which is no verdict here", where)
    return _judgement("wrong", f"the tests could not use its answer: {error}: {message}", where, got)


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _judgement(status: Status, message: str, call: str = "", got: str = "") -> Judgement:
    outcome = "passed" if status == "pass" else "error" if status == "error" else "failed"
    finding = Finding(check="asserts", outcome=outcome, integrity="proxy", call=call, got=got, message=message)
    return Judgement([finding], int(status == "pass"), 1, status, "" if status == "pass" else message)


def _raised(name: str) -> Status:
    return "oom" if name == "MemoryError" else "exception"


def _source_line(source: str, line: int) -> str:
    lines = source.splitlines()
    return lines[line - 1].strip()[:500] if 0 < line <= len(lines) else ""


def _ending(run: Run) -> str:
    return f"exit code {run.exit_code}" if run.exit_code is not None else run.status
