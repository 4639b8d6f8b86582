"""Runs read into the parts of a report: what each test saw, told in words. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from assay.gym import messages
from assay.gym.grading.said import Said, listen, listened_error, node_syntax
from assay.gym.records.problems import Test
from assay.gym.records.results import FullCase, Outcome, Verdict
from assay.gym.tasks import Sheet, call_in_words, expected_in_words
from assay.pipeline.checks import CHECKS, grade
from assay.pipeline.checks.answers import Answer, in_words
from assay.pipeline.checks.answers import read as read_answer
from assay.pipeline.sandbox.guest.values import Handle, decode
from assay.records import MAIN, Asserts, Calls, Compare, Finding, Language, Program, Run

_SHOWN_LINES = 20
"""Lines of a flood that are shown."""
ENDLESS = ("timeout", "cpu", "oom", "output_limit")
"""How a run ends that came to no end of its own."""


@dataclass(frozen=True)
class Part:
    """Some tests of a problem, performed."""

    cases: tuple[FullCase, ...]
    verdict: Verdict
    """`pass`, or why the program came to no answers at all (where it did, each case has its own)."""
    said: Said = field(repr=False)
    error_type: str = ""
    error_text: str = ""
    message: str = ""
    line: int | None = None
    wall_s: float = 0
    cpu_s: float = 0
    level: int | None = None


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
    said = whole.said if whole else listen(runs[0] if runs else None, sheet.mode in ("calls",), source)
    said = replace(said, loading=brief(said.loading, runs[0] if runs else None))
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
    said = listen(run, True, source)
    lines = list(run.transcript) if run else []
    whole = findings.get((number, ""))
    if run is None or run.status == "sandbox_error" or whole is not None:
        stopped = _stopped(sheet, run, said, lines)
        outcome: Outcome = "error" if stopped.verdict == "error" else "not_run"
        return [blank(sheet, test, outcome) for test in tests], stopped
    cases: list[FullCase] = []
    ended = False
    for at, test in enumerate(tests):
        line = lines[at] if at < len(lines) else None
        if line is None and ended:
            cases.append(blank(sheet, test, "not_run"))
            continue
        ended = ended or line is None
        answer = read_answer(line) if line is not None else None
        found = findings.get((number, test.id))
        passed = (
            found.outcome == "passed" if found is not None else _passed_among_many(check, test, answer, sheet.language)
        )
        case = blank(sheet, test, "passed" if passed else "failed").model_copy(
            update={"printed": brief(said.printed.get(before + at, ""), run) if sheet.mode == "calls" else ""}
        )
        cases.append(case if passed else _failed_call(sheet, case, answer, run, said, before + at))
    return cases, None


def _passed_among_many(check: Calls, test: Test, answer: Answer | None, language: Language) -> bool:
    """Of more than 64 cases only failed ones have a finding, and of those only the first: judge again by the same rule."""
    from assay.pipeline.checks.compare import same

    case = next(case for case in check.cases if case.id == test.id)
    if answer is None or answer.unreadable:
        return False
    if case.raises is not None:
        return case.raises in (answer.raised, *answer.bases)
    if answer.raised or case.expect is None:
        return False
    if check.arguments_unchanged and not same(Compare(), decode(case.args), answer.arguments):
        return False
    return same(case.compare or check.compare, decode(case.expect), answer.value, language)


def _failed_call(sheet: Sheet, case: FullCase, answer: Answer | None, run: Run, said: Said, at: int) -> FullCase:
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
            verdict, message = "nothing", messages.missing(missing, language, said.source)
        elif case.test.raises is not None:
            message = messages.other_exception(case.expected, answer.raised, line, language)
        return case.model_copy(
            update={
                "verdict": verdict,
                "got": in_words(answer, language) if verdict != "nothing" else "",
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
        said = listen(run, False, source)
        if said.note("syntax") or (run is not None and node_syntax(sheet.language, said)):
            stopped = _stopped(sheet, run, said, [])
            return [blank(sheet, one, "not_run") for one in tests], stopped
        if run is None and any(one.status in ENDLESS for one in runs):
            cases.append(blank(sheet, test, "not_run"))
            continue
        found = findings.get((number, test.id))
        outcome: Outcome = found.outcome if found else "error"
        case = blank(sheet, test, outcome).model_copy(update={"printed": brief(said.loading, run)})
        if outcome == "passed" or run is None:
            cases.append(case)
            continue
        case = case.model_copy(update={"got": case.printed})
        if outcome == "error":
            cases.append(case.model_copy(update={"verdict": "error", "message": messages.ours()}))
            continue
        cases.append(case.model_copy(update=_why_not(sheet, test, run, said)))
    return cases, None


def _why_not(sheet: Sheet, test: Test, run: Run, said: Said) -> dict[str, Any]:
    """Why a whole run did not pass."""
    if run.status == "exit" and listened_error(sheet.language, said)[0]:
        kind, text, line = listened_error(sheet.language, said)
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


def _stopped(sheet: Sheet, run: Run | None, said: Said, lines: Sequence[str]) -> Part:
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
    if node_syntax(language, said):
        kind, text, line = listened_error(language, said)
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


def _ending(sheet: Sheet, run: Run, said: Said) -> tuple[Verdict, str, int | None]:
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
    kind, text, line = listened_error(sheet.language, said)
    if "heap out of memory" in said.stderr or kind == "MemoryError":
        return "oom", messages.out_of_memory(limits), line
    if kind:
        return "exception", _exception(sheet, said, kind, text, line), line
    return "exception", messages.ended(run.exit_code, run.signal), None


def told_of_run(whole: Sheet, run: Run, said: Said) -> tuple[Verdict, str, int | None, str, str]:
    """How a run without a test ended: the verdict, what to say, the line, the exception."""
    if run.status == "ok":
        return "pass", "", None, "", ""
    if run.status == "sandbox_error" or said.note("syntax") or node_syntax(whole.language, said):
        part = _stopped(whole, run, said, [])
        return part.verdict, part.message, part.line, part.error_type, part.error_text
    kind, text, line = listened_error(whole.language, said) if run.status == "exit" else ("", "", None)
    verdict, message, at = _ending(whole, run, said)
    return verdict, message, line or at, kind, text


def _exception(sheet: Sheet, said: Said, kind: str, text: str, line: int | None) -> str:
    language = sheet.language
    entry = sheet.problem.languages[language].entry if sheet.problem.grading.kind == "call" else ""
    return messages.exception(kind, text, line, language, said.source, entry or "")


def brief(printed: str, run: Run | None) -> str:
    """What was printed; of a flood the first lines, and how many are left out."""
    lines = printed.splitlines(keepends=True)
    if run is None or run.status not in ENDLESS or len(lines) <= 2 * _SHOWN_LINES:
        return printed
    return "".join(lines[:_SHOWN_LINES]) + f"… and {len(lines) - _SHOWN_LINES} or more lines like these\n"


def blank(sheet: Sheet, test: Test, outcome: Outcome) -> FullCase:
    """What is known of a test without a run."""
    return FullCase(
        number=1,
        test=test,
        generated=bool(re.fullmatch(r"g[0-9]+", test.id)) and test not in sheet.problem.tests,
        outcome=outcome,
        call=call_in_words(sheet.problem, sheet.language, test),
        expected=expected_in_words(sheet.problem, sheet.language, test),
    )


def not_run(whole: Sheet) -> Part:
    """A sheet whose tests were not tried."""
    return Part(tuple(blank(whole, test, "not_run") for test in whole.tests), "pass", Said())
