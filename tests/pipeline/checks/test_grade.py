"""Grading is pure: Runs in, a Report out, whoever made the Runs."""

import pytest

from assay.pipeline.checks import grade
from assay.pipeline.checks.answers import encoded
from assay.records import Asserts, Calls, Case, Compare, Isolation, Program, Run, Task

PROGRAM = Program(files={"main.py": b""})
STRONG, WEAK = (Isolation(backend="zygote", level=level, memory="cgroup") for level in (3, 2))
CALLS = Calls(
    entry="f",
    cases=(Case(id="a", args=encoded([1]), expect=encoded(1)), Case(id="b", args=encoded([2]), expect=encoded(2))),
)
ASSERTS = Asserts(entry="f", source="assert f(1) == 1\nassert f(2) == 'secret'\n")


def task(*checks: Calls | Asserts) -> Task:
    return Task(id="t", suite="t", prompt="", entry="f", checks=checks)


def run(*transcript: str, status: str = "ok", check: int = 0, isolation: Isolation = STRONG, **more: object) -> Run:
    return Run.model_validate(
        {
            "status": status,
            "exit_code": 0,
            "isolation": isolation,
            "transcript": transcript,
            "check": check,
            "cpu_s": 0.5,
            **more,
        }
    )


def test_all_answers_right_is_a_pass() -> None:
    report = grade(task(CALLS), PROGRAM, [run('["v",1]', '["v",2]')])
    assert (report.status, report.score, report.integrity, report.isolation, report.cpu_s) == (
        "pass",
        1.0,
        "outside",
        STRONG,
        0.5,
    )


@pytest.mark.parametrize(
    ("transcript", "status", "score"),
    [
        (['["v",1]', '["v",3]'], "wrong", 0.5),
        (['["v",1]', '["v",true]'], "wrong", 0.5),
        (['["v",1]', '["e","ValueError","no",["Exception"]]'], "exception", 0.5),
        (['["v",1]', '["e","MemoryError","",["Exception"]]'], "oom", 0.5),
        (['["v",1]'], "exception", 0.5),
        ([], "exception", 0.0),
        (['["v",1]', "rubbish"], "wrong", 0.5),
        (['["v",1]', '["v",{"q":1}]'], "wrong", 0.5),
        (['["v",1]', '["v",2]', '["unasked",1]'], "wrong", 0.0),
        (['["e","SyntaxError","bad",["Exception"]]', '["unloaded"]'], "exception", 0.0),
    ],
)
def test_anything_else_is_none(transcript: list[str], status: str, score: float) -> None:
    report = grade(task(CALLS), PROGRAM, [run(*transcript)])
    assert (report.status, report.score) == (status, score)
    assert report.message


@pytest.mark.parametrize(
    ("compare", "expect", "answer", "status"),
    [
        (Compare(mode="regex"), "a+", "aaa", "pass"),
        (Compare(mode="regex"), "a+", "a+", "wrong"),
        (Compare(mode="json"), "[1]", "[1.0]", "pass"),
        (Compare(mode="json"), "no JSON", "no JSON", "wrong"),
    ],
)
def test_a_text_that_equals_a_pattern_need_not_match_it(
    compare: Compare, expect: str, answer: str, status: str
) -> None:
    check = Calls(entry="f", cases=(Case(id="a", args=encoded([]), expect=encoded(expect)),), compare=compare)
    assert grade(task(check), PROGRAM, [run(f'["v",{encoded(answer)}]')]).status == status


def test_an_argument_that_changed_within_the_tolerance_of_the_answer_has_changed() -> None:
    compare = Compare(mode="approx", abs=1)
    case = Case(id="a", args=encoded([[1]]), expect=encoded(5))
    check = Calls(entry="f", cases=(case,), compare=compare, arguments_unchanged=True)
    statuses = [
        grade(task(check), PROGRAM, [run(f'["v",5.5,{arguments}]')]).status for arguments in ("[[1]]", "[[1.5]]")
    ]
    assert statuses == ["pass", "wrong"]


@pytest.mark.parametrize(
    ("ending", "status"), [("timeout", "timeout"), ("cpu", "timeout"), ("oom", "oom"), ("sandbox_error", "error")]
)
def test_how_a_program_was_ended_is_its_status(ending: str, status: str) -> None:
    assert grade(task(CALLS), PROGRAM, [run('["v",1]', status=ending, exit_code=None)]).status == status


def test_answers_given_in_time_count_even_if_the_program_was_ended_afterwards() -> None:
    assert grade(task(CALLS), PROGRAM, [run('["v",1]', '["v",2]', status="timeout", exit_code=None)]).status == "pass"


def test_a_check_that_was_not_run_is_an_error_of_ours_and_wins_over_a_failure() -> None:
    report = grade(task(CALLS, CALLS), PROGRAM, [run('["v",1]', '["v",3]')])
    assert report.status == "error"


def test_the_weakest_isolation_and_integrity_are_the_reports() -> None:
    report = grade(
        task(CALLS, ASSERTS), PROGRAM,
        [run('["v",1]', '["v",2]'), run('["done","passed","","",0,2]', check=1, isolation=WEAK)],
    )  # fmt: skip
    assert (report.status, report.integrity, report.isolation) == ("pass", "proxy", WEAK)


def test_a_program_that_was_not_found_is_no_code() -> None:
    assert grade(task(CALLS), Program(files={}, problem="no block of code"), []).status == "no_code"


@pytest.mark.parametrize(
    ("done", "status", "said"),
    [
        (
            '["done","unusable","ImportError","no",1,0]',
            "error",
            "the tests ended before they called it: ImportError: no",
        ),
        ('["done","failed","AssertionError","",1,0]', "error", "the tests ended before they called it"),
        ('["done","passed","","",0,0]', "error", "the tests never call it"),
        ('["done","passed","","",0,1]', "pass", "1 call,"),
        (
            '["done","unheld","TypeError","a value of type function cannot be handed to the candidate",1,1]',
            "error",
            "held",
        ),
        (
            '["done","unusable","TypeError","cannot be handed to the candidate",1,1]',
            "wrong",
            "could not use its answer",
        ),
        ('["done","unusable","SystemExit","0",1,1]', "error", "the tests end by sys.exit(0)"),
        ('["done","unusable","TypeError","not subscriptable",1,1]', "wrong", "could not use its answer"),
    ],
)
def test_what_the_tests_do_wrong_by_themselves_counts_against_nobody(done: str, status: str, said: str) -> None:
    answers = ['["v",1,1]'] if done.endswith(",1]") and "unheld" not in done else []
    report = grade(task(ASSERTS), PROGRAM, [run(*answers, done)])
    assert report.status == status
    assert said in report.findings[0].message


@pytest.mark.parametrize("public", [True, False])
def test_a_failed_assert_is_shown_only_where_the_test_code_may_be_seen(public: bool) -> None:
    check = ASSERTS.model_copy(update={"public": public})
    report = grade(task(check), PROGRAM, [run('["v",1,1]', '["v",2,3]', '["done","failed","AssertionError","",2,2]')])
    assert (report.status, report.findings[0].public) == ("wrong", public)
    assert report.findings[0].call == "assert f(2) == 'secret'"


def test_a_grade_is_the_same_every_time_and_after_being_stored() -> None:
    runs = [run('["v",1]', '["v",3]')]
    stored = [Run.model_validate_json(one.model_dump_json()) for one in runs]
    assert grade(task(CALLS), PROGRAM, runs) == grade(task(CALLS), PROGRAM, stored)
