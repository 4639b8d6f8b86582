"""Parts become one report: in teaching order, with the verdict of what went wrong first."""

from typing import Any

import pytest

from assay.gym.grading.reading import Part
from assay.gym.grading.reports import combined, unfit, with_disallowed
from assay.gym.grading.said import Said
from assay.gym.records.problems import Test
from assay.gym.records.results import FullCase, FullReport
from assay.gym.tasks import MAX_SOURCE
from tests.gym.made import ABOVE as MADE
from tests.gym.made import problem

ABOVE = problem()


def case(identifier: str, passed: bool = True, **more: Any) -> FullCase:
    test = next((one for one in ABOVE.tests if one.id == identifier), None)
    made = test or Test(id=identifier, visibility="hidden", reveal="full", args=[])
    return FullCase(number=1, test=made, generated=test is None, outcome="passed" if passed else "failed", **more)


def part(*cases: FullCase, **more: Any) -> Part:
    return Part(cases, **{"verdict": "pass", "said": Said(loading="hello"), **more})


def test_cases_stand_in_teaching_order_with_the_generated_ones_last() -> None:
    found = combined(ABOVE, "python", [part(case("g1"), case("open1"), case("t1")), part(case("none1"), case("t2"))])
    assert [one.test.id for one in found.cases] == ["t1", "t2", "open1", "none1", "g1"]
    assert [one.number for one in found.cases] == [1, 2, 3, 4, 5]
    assert (found.verdict, found.printed) == ("pass", "hello")


def test_the_first_failed_case_gives_the_verdict_and_its_part_the_lines() -> None:
    early = case("t2", False, verdict="exception", message="early", line=4, error_type="KeyError", error_text="x")
    late = case("open1", False, verdict="wrong", message="late", line=9)
    there = Said(notes=({"note": "error", "where": [1, 4]},))
    found = combined(ABOVE, "python", [part(case("t1"), late), part(early, said=there)])
    assert (found.verdict, found.message, found.line) == ("exception", "early", 4)
    assert (found.error_type, found.error_text, found.where) == ("KeyError", "x", (1, 4))
    assert combined(ABOVE, "python", [part(case("t1", False))]).verdict == "wrong"


def test_a_part_that_came_to_no_answers_goes_before_any_failed_case() -> None:
    there = Said(notes=({"note": "error", "where": [2]},))
    stopped = part(
        verdict="syntax", message="cannot be read", line=2, error_type="SyntaxError", error_text="x", said=there
    )
    found = combined(ABOVE, "python", [part(case("t1", False, message="wrong")), stopped])
    assert (found.verdict, found.message, found.line, found.error_type) == (
        "syntax",
        "cannot be read",
        2,
        "SyntaxError",
    )
    assert (found.error_text, found.where) == ("x", (2,))


def test_times_add_up_and_the_weakest_isolation_counts() -> None:
    parts = [part(wall_s=0.5, cpu_s=0.25, level=3), part(wall_s=0.25, cpu_s=0.125, level=2), part()]
    found = combined(ABOVE, "python", parts)
    assert (found.wall_s, found.cpu_s, found.level) == (0.75, 0.375, 2)


def test_a_source_that_is_not_worth_running_is_told_with_the_tests_it_would_have_had() -> None:
    assert unfit(ABOVE, "python", "x") is None
    assert unfit(ABOVE, "python", "x" * MAX_SOURCE) is None
    for source in ("", " \n\t", "x" * (MAX_SOURCE + 1), "é" * (MAX_SOURCE // 2 + 1)):
        found = unfit(ABOVE, "python", source)
        assert found is not None
        assert (found.verdict, [one.number for one in found.cases]) == ("nothing", [1, 2, 3, 4, 5, 6])
        assert {one.outcome for one in found.cases} == {"not_run"}
    run = unfit(ABOVE, "python", "", "run")
    assert run is not None
    assert [one.test.id for one in run.cases] == ["t1", "t2"]


@pytest.mark.parametrize(("verdict", "now"), [("pass", "disallowed"), ("wrong", "wrong")])
def test_what_is_not_allowed_counts_only_where_all_else_is_right(verdict: Any, now: str) -> None:
    rules = "disallow:\n  - {javascript_ast: for_statement, message: No loop.}\n  - {python_ast: ListComp, message: No list.}\n"
    report = FullReport(problem="above", language="python", verdict=verdict)
    found = with_disallowed(problem(MADE + rules), "def above(n, limit):\n    return [x for x in n]\n", report)
    assert found.verdict == now
    assert (found.message, found.line) == (("No list.", 2) if now == "disallowed" else ("", None))
    other = problem(MADE + rules).model_copy(update={"disallow": problem(MADE + rules).disallow[:1]})
    assert with_disallowed(other, "x = [y for y in z]", report) == report
