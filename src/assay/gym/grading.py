"""A learner's program under a problem's tests: run in the sandbox, judged outside by the road's checks, told in words.

`read` is pure. A `Grader` runs: it keeps a sandbox, does so many programs at once as there are workers, and is fair: each
learner has at most one program at work, and the waiting ones take turns learner by learner.

What a learner must not see is kept in processes of its own: tests that may be shown in full run in one, concealed ones in
another, whose output never leaves this module. A program that prints its arguments shows only what it was to see anyway.
"""

import json
import logging
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any, Self

from assay.errors import AssayError, SandboxUnavailable
from assay.gym import messages
from assay.gym.queueing import Turns
from assay.gym.records import (
    CaseResult,
    FullCase,
    FullReport,
    Graded,
    Outcome,
    Problem,
    Test,
    Trace,
    TraceStep,
    Verdict,
)
from assay.gym.tasks import (
    MAIN,
    MAX_SOURCE,
    Sheet,
    call_in_words,
    expected_in_words,
    generated_tests,
    limits_of,
    program,
    program_for,
    sheet,
)
from assay.pipeline.checks import CHECKS, grade
from assay.pipeline.checks.answers import Answer, in_words
from assay.pipeline.checks.answers import read as read_answer
from assay.pipeline.checks.calls import batch
from assay.pipeline.checks.perform import Workbench, candidate_spec, run_checks
from assay.pipeline.sandbox import Dialogue, Sandbox
from assay.pipeline.sandbox.choose import open_sandbox
from assay.pipeline.sandbox.guest.values import Handle, decode
from assay.records import Asserts, Calls, Finding, Language, Program, Run, Spec, Stdio
from assay.settings import Settings

_log = logging.getLogger("assay")

MARK = "\x1e"
MAX_PRINTED = 8000
"""Characters of output that are kept a test."""
MAX_INPUT = 16 << 10
_SHOWN_LINES = 20
"""Lines of a flood that are shown."""
_CALLS_PRINT = 4
"""So many times the limit of a whole program all calls together may print."""
_TRACE_FILE = "trace.jsonl"
_TRACE_MB = 2
_READY = b'["ready"]'


# ---- what the program's side said: to help, never to judge ----------------------------------------------------------


@dataclass(frozen=True)
class _Said:
    """The notes of one run. They come out of the program's own process."""

    loading: str = ""
    """What was printed before the first call."""
    printed: dict[int, str] = field(default_factory=dict)
    notes: tuple[dict[str, Any], ...] = ()
    stderr: str = ""
    source: str = ""
    """The learner's program, to name what it holds."""

    def note(self, kind: str, number: int | None = None) -> dict[str, Any]:
        return next(
            (one for one in self.notes if one.get("note") == kind and (number is None or one.get("case") == number)), {}
        )

    def line(self, kind: str, number: int | None = None, key: str = "line") -> int | None:
        line = self.note(kind, number).get(key)
        return line if type(line) is int and 0 < line < 100_000 else None

    @property
    def where(self) -> tuple[int, ...]:
        lines = self.note("error").get("where")
        return tuple(line for line in lines[:8] if type(line) is int) if isinstance(lines, list) else ()

    def text(self, kind: str, key: str, number: int | None = None) -> str:
        text = self.note(kind, number).get(key)
        return text[:2000] if isinstance(text, str) else ""


def _listen(run: Run | None, numbered: bool, source: str = "") -> _Said:
    if run is None:
        return _Said(source=source)
    notes: list[dict[str, Any]] = []
    rest: list[str] = []
    for line in run.stderr.decode("utf-8", "replace").split("\n"):
        before, mark, told = line.partition(MARK)
        if not mark:
            rest.append(line)
            continue
        if before:
            rest.append(before)
        try:
            note = json.loads(told)
        except (ValueError, RecursionError):
            continue
        if isinstance(note, dict):
            notes.append(note)
    text = run.stdout.decode("utf-8", "replace")
    stderr = "\n".join(rest)
    if not numbered:
        return _Said(text[:MAX_PRINTED], {}, tuple(notes), stderr, source)
    loading, *calls = re.split(f"{MARK}([0-9]{{1,6}}){MARK}", text)
    printed: dict[int, str] = {}
    for number, told in zip(calls[::2], calls[1::2], strict=True):
        printed.setdefault(int(number), told[:MAX_PRINTED])
    return _Said(loading[:MAX_PRINTED], printed, tuple(notes), stderr, source)


# ---- reading runs ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """Some tests of a problem, performed."""

    cases: tuple[FullCase, ...]
    verdict: Verdict
    """`pass`, or why the program came to no answers at all (where it did, each case has its own)."""
    said: _Said = field(repr=False)
    error_type: str = ""
    error_text: str = ""
    message: str = ""
    line: int | None = None
    wall_s: float = 0
    cpu_s: float = 0
    level: int | None = None


def _brief(printed: str, run: Run | None) -> str:
    """What was printed; of a flood the first lines, and how many are left out."""
    lines = printed.splitlines(keepends=True)
    if run is None or run.status not in _ENDLESS or len(lines) <= 2 * _SHOWN_LINES:
        return printed
    return "".join(lines[:_SHOWN_LINES]) + f"… and {len(lines) - _SHOWN_LINES} or more lines like these\n"


def read(sheet: Sheet, program: Program, runs: Sequence[Run], first: int = 1, before: int = 0) -> Part:
    """What the Runs of one sheet show. Pure. `first`: the number of its first test. `before`: calls of the same process
    that came before its own."""
    report = grade(sheet.task, program, runs)
    findings = {(number, finding.case): finding for number, finding in _by_check(sheet, runs)}
    by_test: dict[str, FullCase] = {}
    whole: Part | None = None
    source = program.files.get(MAIN[sheet.language], b"").decode("utf-8", "replace")
    for number, check in enumerate(sheet.task.checks):
        mine = [run for run in runs if run.check == number]
        ids = {case.id for case in check.cases} if not isinstance(check, Asserts) else set()
        tests = [test for test in sheet.tests if test.id in ids]
        if isinstance(check, Calls):
            cases, stopped = _read_calls(sheet, check, tests, mine, findings, number, before, source)
        else:
            cases, stopped = _read_stdio(sheet, tests, mine, findings, number, source)
        by_test.update({case.test.id: case for case in cases})
        whole = whole or stopped
    length = source.count("\n") + 1
    ordered = tuple(
        by_test[test.id].model_copy(update={"number": first + at, "line": _within(by_test[test.id].line, length)})
        for at, test in enumerate(sheet.tests)
    )
    said = whole.said if whole else _listen(runs[0] if runs else None, sheet.mode in ("calls",), source)
    said = replace(said, loading=_brief(said.loading, runs[0] if runs else None))
    return Part(
        cases=ordered,
        verdict=whole.verdict if whole else "pass",
        said=said,
        error_type=whole.error_type if whole else "",
        error_text=whole.error_text if whole else "",
        message=whole.message if whole else "",
        line=_within(whole.line, length) if whole else None,
        wall_s=report.wall_s,
        cpu_s=report.cpu_s,
        level=report.isolation.level if report.isolation else None,
    )


def _within(line: int | None, length: int) -> int | None:
    """A line that the program has. What its own process says may be anything, an input that must stay unseen too."""
    return line if line is not None and line <= length else None


def _by_check(sheet: Sheet, runs: Sequence[Run]) -> Iterator[tuple[int, Finding]]:
    """The findings of each check, with the check's number: ids of cases are its own."""
    for number, check in enumerate(sheet.task.checks):
        kind = CHECKS.get(check.kind)
        for finding in kind.judge(sheet.task, check, [run for run in runs if run.check == number]).findings:
            yield number, finding


def _read_calls(
    sheet: Sheet,
    check: Calls,
    tests: Sequence[Test],
    runs: Sequence[Run],
    findings: dict[tuple[int, str], Finding],
    number: int,
    before: int = 0,
    source: str = "",
) -> tuple[list[FullCase], Part | None]:
    run = runs[0] if runs else None
    said = _listen(run, True, source)
    lines = list(run.transcript) if run else []
    whole = findings.get((number, ""))
    many = whole is not None and "cases passed" in whole.message  # a summary, not a failure of all
    if run is None or run.status == "sandbox_error" or (whole is not None and not many):
        stopped = _stopped(sheet, run, said, lines)
        outcome: Outcome = "error" if stopped.verdict == "error" else "not_run"
        return [_blank(sheet, test, outcome) for test in tests], stopped
    cases: list[FullCase] = []
    ended = False
    for at, test in enumerate(tests):
        line = lines[at] if at < len(lines) else None
        if line is None and ended:
            cases.append(_blank(sheet, test, "not_run"))
            continue
        ended = ended or line is None
        answer = read_answer(line) if line is not None else None
        found = findings.get((number, test.id))
        passed = found.outcome == "passed" if found is not None else _passed_among_many(check, test, answer)
        case = _blank(sheet, test, "passed" if passed else "failed").model_copy(
            update={"printed": _brief(said.printed.get(before + at, ""), run) if sheet.mode == "calls" else ""}
        )
        cases.append(case if passed else _failed_call(sheet, case, answer, run, said, before + at))
    return cases, None


def _passed_among_many(check: Calls, test: Test, answer: Answer | None) -> bool:
    """Of more than 64 cases only failed ones have a finding, and of those only the first: judge again by the same rule."""
    from assay.pipeline.checks.compare import same

    case = next(case for case in check.cases if case.id == test.id)
    if answer is None or answer.unreadable:
        return False
    if case.raises is not None:
        return case.raises in (answer.raised, *answer.bases)
    if answer.raised or case.expect is None:
        return False
    if check.arguments_unchanged and not same(
        check.compare.model_copy(update={"mode": "exact"}), decode(case.args), answer.arguments
    ):
        return False
    return same(case.compare or check.compare, decode(case.expect), answer.value)


def _failed_call(sheet: Sheet, case: FullCase, answer: Answer | None, run: Run, said: _Said, at: int) -> FullCase:
    if answer is None:
        ended, why, where = _ending(sheet, run, said)
        return case.model_copy(update={"verdict": ended, "message": why, "line": where})
    language = sheet.language
    if answer.raised:
        line = said.line("error", at)
        missing = said.text("missing", "name")
        verdict: Verdict = "oom" if answer.raised == "MemoryError" else "exception"
        message = _exception(sheet, said, answer.raised, answer.message, line)
        if missing and answer.raised in ("NameError", "ReferenceError"):
            verdict, message = "nothing", messages.missing(missing, language)
        elif case.test.raises is not None:
            message = messages.other_exception(case.expected, answer.raised, line, language)
        return case.model_copy(
            update={
                "verdict": verdict,
                "got": in_words(answer, language),
                "message": message,
                "line": line,
                "error_type": answer.raised,
                "error_text": answer.message,
            }
        )
    got = in_words(answer, language)
    if case.test.raises is not None:
        message = messages.no_exception(case.expected, got, language)
    elif not answer.unreadable and sheet.problem.grading.check_arguments_unchanged and got == case.expected:
        message = messages.changed_arguments(language)
    elif case.test.value is not None:
        message = messages.wrong_name(case.test.expect, answer.value, case.test.value, language)
    else:
        value = answer.value
        kind = value.type_name if isinstance(value, Handle) else ""
        message = messages.wrong_value(
            case.test.expect, value, got, case.expected, case.printed, language, kind, said.source
        )
    return case.model_copy(update={"verdict": "wrong", "got": got, "message": message})


def _read_stdio(
    sheet: Sheet,
    tests: Sequence[Test],
    runs: Sequence[Run],
    findings: dict[tuple[int, str], Finding],
    number: int,
    source: str = "",
) -> tuple[list[FullCase], Part | None]:
    by_case = {run.label: run for run in runs}
    cases: list[FullCase] = []
    for test in tests:
        run = by_case.get(test.id)
        said = _listen(run, False, source)
        if said.note("syntax") or (run is not None and _node_syntax(sheet.language, said)):
            stopped = _stopped(sheet, run, said, [])
            return [_blank(sheet, one, "not_run") for one in tests], stopped
        if run is None and any(one.status in _ENDLESS for one in runs):
            cases.append(_blank(sheet, test, "not_run"))
            continue
        found = findings.get((number, test.id))
        outcome: Outcome = found.outcome if found else "error"
        case = _blank(sheet, test, outcome).model_copy(update={"printed": _brief(said.loading, run)})
        if outcome == "passed" or run is None:
            cases.append(case)
            continue
        case = case.model_copy(update={"got": case.printed})
        if outcome == "error":
            cases.append(case.model_copy(update={"verdict": "error", "message": messages.ours()}))
            continue
        cases.append(case.model_copy(update=_why_not(sheet, test, run, said)))
    return cases, None


def _why_not(sheet: Sheet, test: Test, run: Run, said: _Said) -> dict[str, Any]:
    """Why a whole run did not pass."""
    if run.status == "exit" and _listened_error(sheet.language, said)[0]:
        kind, text, line = _listened_error(sheet.language, said)
        message = _exception(sheet, said, kind, text, line)
        return {
            "verdict": "oom" if kind == "MemoryError" else "exception",
            "message": message, "line": line, "error_type": kind, "error_text": text,
        }  # fmt: skip
    if run.status == "ok":
        message = messages.wrong_output(test.stdout or "", said.loading)
        return {"verdict": "wrong", "message": message}
    verdict, message, line = _ending(sheet, run, said)
    return {"verdict": verdict, "message": message, "line": line}


_NODE_ERROR = re.compile(r"^(?:Uncaught )?([A-Za-z_$][\w$]*(?:Error|Exception)?)(?: \[[A-Z_]+\])?: (.*)$", re.MULTILINE)
_NODE_LINE = re.compile(r"main\.m?js:(\d+)")


def _listened_error(language: Language, said: _Said) -> tuple[str, str, int | None]:
    """The exception a program ended in: its name, its text, its line."""
    if language == "python" or said.note("error"):
        return said.text("error", "type"), said.text("error", "text"), said.line("error")
    found = _NODE_ERROR.search(said.stderr)
    line = _NODE_LINE.search(said.stderr)
    if found is None:
        thrown = "Uncaught" in said.stderr or "throw" in said.stderr
        return ("Error" if thrown else ""), "", int(line[1]) if line and thrown else None
    return found[1], found[2][:2000], int(line[1]) if line else None


def _node_syntax(language: Language, said: _Said) -> bool:
    """Whether Node refused to read the program: then the place stands on the first line, before any frame."""
    return (
        language == "javascript"
        and said.stderr.lstrip().split("\n")[0].rpartition("/")[2].startswith("main.js:")
        and "\nSyntaxError: " in said.stderr
        and "at wrapSafe" in said.stderr
    )


def _stopped(sheet: Sheet, run: Run | None, said: _Said, lines: Sequence[str]) -> Part:
    """A program that came to no answers: it could not be read, ended while it was loaded, or we failed."""
    language = sheet.language

    def part(verdict: Verdict, message: str, line: int | None, kind: str = "", text: str = "") -> Part:
        return Part((), verdict, said, kind, text, message, line)

    if run is None or run.status == "sandbox_error":
        return part("error", messages.ours(), None)
    if said.note("syntax"):
        text, line = said.text("syntax", "text"), said.line("syntax")
        kind = said.text("syntax", "type") or "SyntaxError"
        return part("syntax", messages.syntax(text, line, language, kind, said.source), line, kind, text)
    if _node_syntax(language, said):
        kind, text, line = _listened_error(language, said)
        return part("syntax", messages.syntax(text, line, language, kind, said.source), line, kind, text)
    if lines and lines[-1].startswith('["unasked"'):
        return part("wrong", messages.unasked(), None)
    answer = read_answer(lines[0]) if lines and lines[-1] == '["unloaded"]' else None
    if answer is not None and answer.raised:
        line = said.line("error")
        if answer.raised in ("SystemExit",):
            return part("exception", messages.left(line), line, answer.raised, answer.message)
        verdict: Verdict = "oom" if answer.raised == "MemoryError" else "exception"
        message = _exception(sheet, said, answer.raised, answer.message, line)
        return part(verdict, message, line, answer.raised, answer.message)
    verdict, message, line = _ending(sheet, run, said)
    return part(verdict, message, line)


def _ending(sheet: Sheet, run: Run, said: _Said) -> tuple[Verdict, str, int | None]:
    """A program that ended before it answered, by a limit or by itself."""
    limits = sheet.task.limits
    cut = run.stdout_dropped > 0
    if run.status in ("timeout", "cpu"):
        line = said.line("slow")
        computing = run.status == "cpu" or run.cpu_s > limits.cpu_s / 2
        return "timeout", messages.timeout(computing, limits, line, cut), line
    if run.status == "oom":
        return "oom", messages.out_of_memory(limits), None
    if run.status == "output_limit":
        return "output_limit", messages.output_limit(limits), said.line("slow")
    if run.status == "sandbox_error":
        return "error", messages.ours(), None
    kind, text, line = _listened_error(sheet.language, said)
    if "heap out of memory" in said.stderr or kind == "MemoryError":
        return "oom", messages.out_of_memory(limits), line
    if kind:
        return "exception", _exception(sheet, said, kind, text, line), line
    return "exception", messages.ended(run.exit_code, run.signal), None


def _exception(sheet: Sheet, said: _Said, kind: str, text: str, line: int | None) -> str:
    language = sheet.language
    entry = sheet.problem.languages[language].entry if sheet.problem.grading.kind == "call" else ""
    return messages.exception(kind, text, line, language, said.source, entry or "")


def _blank(sheet: Sheet, test: Test, outcome: Outcome) -> FullCase:
    return FullCase(
        number=1,
        test=test,
        generated=bool(re.fullmatch(r"g[0-9]+", test.id)) and test not in sheet.problem.tests,
        outcome=outcome,
        call=call_in_words(sheet.problem, sheet.language, test),
        expected=expected_in_words(sheet.problem, sheet.language, test),
    )


def combined(problem: Problem, language: Language, parts: Sequence[Part]) -> FullReport:
    """Parts of one program in teaching order, with the verdict of the first thing that went wrong."""
    order = {test.id: at for at, test in enumerate(problem.tests)}
    cases = sorted(
        (case for part in parts for case in part.cases),
        key=lambda case: (order.get(case.test.id, len(order)) if not case.generated else len(order), case.number),
    )
    numbered = tuple(case.model_copy(update={"number": at}) for at, case in enumerate(cases, 1))
    stopped = next((part for part in parts if part.verdict != "pass"), None)
    failed = next((case for case in numbered if case.outcome in ("failed", "error")), None)
    shared: dict[str, Any] = {
        "problem": problem.id,
        "language": language,
        "cases": numbered,
        "printed": parts[0].said.loading if parts else "",
        "wall_s": round(sum(part.wall_s for part in parts), 6),
        "cpu_s": round(sum(part.cpu_s for part in parts), 6),
        "level": min((part.level for part in parts if part.level is not None), default=None),
    }
    if stopped is not None:
        return FullReport(
            verdict=stopped.verdict, error_type=stopped.error_type, error_text=stopped.error_text,
            message=stopped.message, line=stopped.line, where=stopped.said.where, **shared,
        )  # fmt: skip
    if failed is not None:
        where = next((part.said.where for part in parts if failed.test.id in {case.test.id for case in part.cases}), ())
        return FullReport(
            verdict=failed.verdict or "wrong", error_type=failed.error_type, error_text=failed.error_text,
            message=failed.message, line=failed.line, where=where, **shared,
        )  # fmt: skip
    return FullReport(verdict="pass", **shared)


# ---- what must not be there ------------------------------------------------------------------------------------------


def disallowed(problem: Problem, language: Language, source: str) -> tuple[str, int] | None:
    """The message and line of the first thing the problem forbids that the program holds."""
    from assay.gym.patterns import find

    for rule in problem.disallow:
        pattern = rule.python_ast if language == "python" else rule.javascript_ast
        if pattern is not None and (places := find(pattern, language, source)):
            return rule.message, places[0].line
    return None


def with_disallowed(problem: Problem, source: str, report: FullReport) -> FullReport:
    """The report, unless it says pass of a program that holds what the problem forbids."""
    if report.verdict != "pass":
        return report
    found = disallowed(problem, report.language, source)
    if found is None:
        return report
    return report.model_copy(update={"verdict": "disallowed", "message": found[0], "line": found[1]})


def unfit(problem: Problem, language: Language, source: str, purpose: str = "submit") -> FullReport | None:
    """The report on a source that is not worth running."""
    if not source.strip():
        message = messages.empty()
    elif len(source.encode("utf-8", "replace")) > MAX_SOURCE:
        message = messages.too_long(MAX_SOURCE)
    else:
        return None
    tests = [test for test in problem.tests if test.visibility == "public" or purpose != "run"]
    whole = sheet(problem, language, tests)
    cases = tuple(_blank(whole, test, "not_run").model_copy(update={"number": at}) for at, test in enumerate(tests, 1))
    return FullReport(problem=problem.id, language=language, verdict="nothing", cases=cases, message=message)


# ---- what a learner sees ---------------------------------------------------------------------------------------------


def seen(report: FullReport, purpose: str) -> Graded:
    """What may be seen of a report: each hidden test by its reveal policy, and nothing of the others."""
    cases = tuple(_seen_case(case) for case in report.cases)
    first = next((case for case in report.cases if case.outcome in ("failed", "error")), None)
    told: dict[str, Any] = {
        "message": report.message, "line": report.line, "error_type": report.error_type, "error_text": report.error_text,
    }  # fmt: skip
    if first is not None and report.verdict not in ("syntax", "disallowed", "nothing") and not _is_open(first):
        shown = next(case for case in cases if case.number == first.number)
        kind = first.error_type if _tells(first) and _is_builtin(first.error_type) else ""
        told = {"message": shown.message, "line": shown.line, "error_type": kind, "error_text": ""}
    return Graded(
        problem=report.problem, language=report.language, purpose="submit" if purpose == "submit" else "run",
        verdict=report.verdict, cases=cases, printed=report.printed, wall_s=report.wall_s, level=report.level, **told,
    )  # fmt: skip


def _is_open(case: FullCase) -> bool:
    """Whether all of a test may be seen when it fails."""
    return case.test.visibility == "public" or case.test.reveal == "full"


def _tells(case: FullCase) -> bool:
    """Whether anything of how it failed may be told."""
    return _is_open(case) or case.test.reveal in ("input", "name")


def _seen_case(case: FullCase) -> CaseResult:
    test = case.test
    public = test.visibility == "public"
    shown = CaseResult(number=case.number, visibility=test.visibility, outcome=case.outcome)
    if not public and test.reveal == "nothing":
        return shown.model_copy(update={"message": messages.hidden() if case.outcome == "failed" else ""})
    shown = shown.model_copy(update={"id": test.id, "name": test.name})
    if public or (_is_open(case) and case.outcome == "failed"):
        return shown.model_copy(
            update={
                "call": case.call, "expected": case.expected, "got": case.got, "message": case.message,
                "printed": case.printed, "line": case.line,
            }
        )  # fmt: skip
    if case.outcome != "failed":
        return shown
    kind = case.error_type if _is_builtin(case.error_type) else ""
    message = messages.concealed(case.verdict or "wrong", kind, case.line)
    call = case.call if test.reveal == "input" else ""
    return shown.model_copy(update={"call": call, "message": message, "line": case.line})


_JAVASCRIPT_ERRORS = ("Error", "ReferenceError", "RangeError", "URIError", "EvalError", "AggregateError")


def _is_builtin(name: str) -> bool:
    """Whether it is an exception that the language brings: the name of any other one may say what must stay unseen."""
    import builtins

    return isinstance(getattr(builtins, name, None), type) or name in (
        "ReferenceError",
        "RangeError",
        "URIError",
        "EvalError",
    )


# ---- running ---------------------------------------------------------------------------------------------------------


_ENDLESS = ("timeout", "cpu", "oom", "output_limit")


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
            if run.status in _ENDLESS:
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


def _called_spec(whole: Sheet, made: Program) -> Spec:
    """The program, waiting to be called; a flood ends it: nobody waits for the clock to see that a loop prints for ever.

    It may print `_CALLS_PRINT` times the limit, as one process answers many calls."""
    spec = candidate_spec(whole.task, made)
    limits = spec.limits.model_copy(update={"output_kb": _CALLS_PRINT * spec.limits.output_kb})
    return spec.model_copy(update={"judged_stdout": True, "limits": limits})


def _called(bench: Workbench, whole: Sheet, made: Program) -> tuple[Run, ...]:
    """The Run of all calls of one sheet."""
    with bench.sandbox.open(_called_spec(whole, made)) as candidate:
        stage = _Stage(whole, (0, 0))
        frame = candidate.receive()
        if frame == _READY:
            stage.ask(candidate, bench)
        elif frame is not None:
            stage.lines += [frame.decode("utf-8", "replace"), '["unloaded"]']
        run = candidate.finish()
        if candidate.unasked:
            stage.lines.append(f'["unasked",{candidate.unasked}]')
    return (run.model_copy(update={"check": 0, "transcript": tuple(stage.lines)}),)


@dataclass
class _Stage:
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
        if not self.sheet.tests:
            return True
        run = Run(status="ok", exit_code=0, isolation=bench.sandbox.capabilities(), transcript=tuple(self.lines))
        return grade(self.sheet.task, made, [run]).passed


def _staged(stages: Sequence[_Stage], run: Run, made: Program) -> Iterator[Part]:
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


def _not_run(whole: Sheet) -> Part:
    return Part(tuple(_blank(whole, test, "not_run") for test in whole.tests), "pass", _Said())


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
        said = _listen(run, False, f"{source}\n{stdin}" if called else source)
        told = _told(sheet(problem, language, ()), run, said)
        typed = said.line("error", key="typed") if called and told[3] else None
        message = messages.typed(told[1], told[2], typed) if typed and typed <= stdin.count("\n") + 1 else told[1]
        return graded.model_copy(
            update={
                "verdict": told[0], "printed": _brief(said.loading, run), "message": message, "line": told[2],
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
        said = _listen(run, False, source)
        verdict, message, line, *_ = _told(sheet(problem, "python", ()), run, said)
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
            parts.append(_not_run(self._sheet(bench, problem, language, "concealed")))
        if all(part.verdict == "pass" and all(case.outcome == "passed" for case in part.cases) for part in parts):
            parts.append(self._part(bench, problem, language, source, "generated"))
        return parts

    def _in_one(self, bench: Workbench, problem: Problem, language: Language, source: str) -> list[Part] | None:
        """All calls in one process, which costs a JavaScript program the most. None where the sandbox cannot tell when
        what was printed.

        The open calls come first, then generated ones where those passed, and the concealed ones last: what is shown of
        a call is what the process answered and had printed before it was told anything that must stay unseen.
        """
        whole = self._sheet(bench, problem, language, "open")
        made = program_for(whole, source)
        with bench.sandbox.open(_called_spec(whole, made)) as candidate:
            so_far: Callable[[], tuple[int, int]] | None = getattr(candidate, "so_far", None)
            if so_far is None:
                return None
            stages: list[_Stage] = []
            frame = candidate.receive()
            if frame == _READY:
                for which in ("open", "generated", "concealed"):
                    if which == "generated" and not stages[0].passed(made, bench):
                        continue
                    stage = _Stage(self._sheet(bench, problem, language, which), so_far())
                    stages.append(stage)
                    if stage.sheet.tests and not stage.ask(candidate, bench):
                        break
            else:
                stages = [_Stage(whole, (0, 0), [frame.decode("utf-8", "replace"), '["unloaded"]'] if frame else [])]
            run = candidate.finish()
            if candidate.unasked:
                stages[-1].lines.append(f'["unasked",{candidate.unasked}]')
        if run.status == "sandbox_error":
            return None  # once more, elsewhere
        parts = list(_staged(stages, run, made))
        concealed = self._sheet(bench, problem, language, "concealed")
        if stages[-1].sheet is not concealed:
            parts.append(_not_run(concealed))
        return parts

    def _part(self, bench: Workbench, problem: Problem, language: Language, source: str, which: str) -> Part:
        whole = self._sheet(bench, problem, language, which)
        if not whole.tests:
            return Part((), "pass", _Said())
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


def answered(bench: Workbench, problem: Problem, language: Language, tests: Sequence[Test]) -> tuple[Test, ...]:
    """Tests with what the reference answers to them; those to which it gives no plain value are left out."""
    whole = sheet(problem, language, tests)
    made = program_for(whole, problem.languages[language].solution)
    runs = run_checks(bench, whole.task, made)
    return read_answers(whole, runs)


def read_answers(whole: Sheet, runs: Sequence[Run]) -> tuple[Test, ...]:
    """The tests with the values, or exceptions, that the Runs of a reference gave. Pure."""
    lines = [line for run in runs for line in run.transcript]
    found = []
    for test, line in zip(whole.tests, lines, strict=False):
        answer = read_answer(line)
        if answer.raised and _is_builtin(answer.raised) and answer.raised not in ("MemoryError", "RecursionError"):
            found.append(test.model_copy(update={"raises": {whole.language: answer.raised}}))
        elif not answer.unreadable and not answer.raised and not _holds_handle(answer.value):
            found.append(test.model_copy(update={"expect": answer.value}))
    return tuple(found)


def _holds_handle(value: object) -> bool:
    if isinstance(value, Handle):
        return True
    if isinstance(value, dict):
        return any(_holds_handle(one) for pair in value.items() for one in pair)
    return isinstance(value, list | tuple | set | frozenset) and any(_holds_handle(one) for one in value)


def _told(whole: Sheet, run: Run, said: _Said) -> tuple[Verdict, str, int | None, str, str]:
    """How a run without a test ended: the verdict, what to say, the line, the exception."""
    if run.status == "ok":
        return "pass", "", None, "", ""
    if run.status == "sandbox_error" or said.note("syntax") or _node_syntax(whole.language, said):
        part = _stopped(whole, run, said, [])
        return part.verdict, part.message, part.line, part.error_type, part.error_text
    kind, text, line = _listened_error(whole.language, said) if run.status == "exit" else ("", "", None)
    verdict, message, at = _ending(whole, run, said)
    return verdict, message, line or at, kind, text


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


def check(problem: Problem, language: Language, source: str, settings: Settings | None = None) -> FullReport:
    """One program under every test, unfiltered, in a sandbox of its own: for the odd one (many: a Grader's `check`)."""
    with Grader(settings or Settings.from_environment()) as grader:
        return grader.check(problem, language, source)
