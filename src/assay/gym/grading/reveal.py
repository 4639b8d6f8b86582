"""What a learner sees of a report: each hidden test by its reveal policy. Pure."""

from typing import Any

from assay.gym import messages
from assay.gym.records.results import CaseResult, FullCase, FullReport, Graded


def seen(report: FullReport, purpose: str) -> Graded:
    """What may be seen of a report: each hidden test by its reveal policy, and nothing of the others."""
    cases = tuple(_seen_case(case) for case in report.cases)
    first = next((case for case in report.cases if case.outcome in ("failed", "error")), None)
    told: dict[str, Any] = {
        "message": report.message, "line": report.line, "error_type": report.error_type, "error_text": report.error_text,
    }  # fmt: skip
    if first is not None and report.verdict not in ("syntax", "disallowed", "nothing") and not _is_open(first):
        shown = next(case for case in cases if case.number == first.number)
        kind = first.error_type if _tells(first) and is_builtin(first.error_type) else ""
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
    kind = case.error_type if is_builtin(case.error_type) else ""
    message = messages.concealed(case.verdict or "wrong", kind, case.line)
    call = case.call if test.reveal == "input" else ""
    return shown.model_copy(update={"call": call, "message": message, "line": case.line})


def is_builtin(name: str) -> bool:
    """Whether it is an exception that the language brings: the name of any other one may say what must stay unseen."""
    import builtins

    return isinstance(getattr(builtins, name, None), type) or name in (
        "ReferenceError",
        "RangeError",
        "URIError",
        "EvalError",
    )
