"""A misconception's rule."""

from assay.gym.meeting import meets
from assay.gym.records.problems import When
from assay.gym.records.results import FullReport


def test_a_misconception_is_met_when_all_of_its_rule_holds() -> None:
    report = FullReport(problem="p", language="python", verdict="exception", error_type="KeyError")
    assert meets(When(error="KeyError"), report, "python", "x = 1")
    assert not meets(When(error="KeyError", fails=("t1",)), report, "python", "x = 1")
    assert meets(When(error="KeyError", python_ast="Assign"), report, "python", "x = 1")
    assert not meets(When(error="KeyError", python_ast="For"), report, "python", "x = 1")
    assert not meets(When(javascript_ast="for_statement"), report, "python", "x = 1")
    assert not meets(When(error="KeyError"), report.model_copy(update={"verdict": "pass"}), "python", "x = 1")
