"""The report on one program: of its parts, or of a source that is not worth running. Pure."""

from collections.abc import Sequence
from typing import Any

from assay.gym import messages
from assay.gym.grading.reading import Part, blank
from assay.gym.records.problems import Problem
from assay.gym.records.results import FullReport
from assay.gym.tasks import MAX_SOURCE, sheet
from assay.records import Language


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
    cases = tuple(blank(whole, test, "not_run").model_copy(update={"number": at}) for at, test in enumerate(tests, 1))
    return FullReport(problem=problem.id, language=language, verdict="nothing", cases=cases, message=message)
