"""What a teacher wants to know of an attempt beside its verdict: the test it failed first at, the known mistake it shows."""

from typing import NamedTuple

from assay.gym.meeting import meets
from assay.gym.records.problems import Problem
from assay.gym.records.results import FullReport


class Noticed(NamedTuple):
    """Kept with an attempt; never sent to a learner."""

    failed_test: str
    """The id of the first test that did not pass; empty: all did, or none was run."""
    misconception: str
    """The id of the first misconception of the problem that the program shows; empty: none."""


def noticed(problem: Problem, source: str, report: FullReport) -> Noticed:
    """Look at a submission with nothing left out."""
    failed = next((case.test.id for case in report.cases if case.outcome in ("failed", "error")), "")
    if report.verdict in ("pass", "nothing", "error"):
        return Noticed(failed, "")
    known = (one for one in problem.misconceptions if report.language in one.example)
    met = next((one.id for one in known if meets(one.when, report, report.language, source)), "")
    return Noticed(failed, met)
