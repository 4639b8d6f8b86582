"""Whether a program meets the rule by which an author knows a misconception."""

from assay.gym.patterns import find
from assay.gym.records.problems import When
from assay.gym.records.results import FullReport
from assay.records import Language


def meets(when: When, report: FullReport, language: Language, source: str) -> bool:
    """Whether all that the rule says holds of this program and its report."""
    if report.verdict in ("pass", "error"):
        return False
    if any(report.outcome(test) != "failed" for test in when.fails):
        return False
    if any(report.outcome(test) != "passed" for test in when.passes):
        return False
    if when.error is not None and report.error_type != when.error:
        return False
    patterns = when.python_ast if language == "python" else when.javascript_ast
    others = when.javascript_ast if language == "python" else when.python_ast
    if patterns is not None:
        return bool(find(patterns, language, source))
    tests = when.fails or when.passes or when.error is not None
    return bool(tests) or others is None
