"""When help may be had."""

from datetime import UTC, datetime, timedelta

import pytest

from assay.gym.tutor import policy
from assay.gym.tutor.policy import Allowed, Given, Tried

START = datetime(2026, 11, 21, 12, tzinfo=UTC)
STARTER = "def f():\n    ...\n"


def _at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def _tried(seconds: float, source: str, passed: bool = False) -> Tried:
    return Tried(at=_at(seconds), code=policy.code_key(source, "python"), passed=passed)


def _given(seconds: float, level: int, source: str) -> Given:
    return Given(at=_at(seconds), level=level, code=policy.code_key(source, "python"))


def _allowed(source: str, tried: list[Tried], given: list[Given], seconds: float, exam: bool = False) -> Allowed:
    return policy.allowed(policy.state("python", STARTER, source, tried, given, exam), _at(seconds))


def test_an_attempt_comes_first() -> None:
    for tried in ([], [_tried(0, STARTER)], [_tried(0, STARTER + "# only a comment\n")]):
        now = _allowed("x = 1", tried, [], 10)
        assert (now.what, now.now, now.used) == ("try", False, 0)
        assert "Run" in now.why


def test_the_first_hint_is_free() -> None:
    now = _allowed("x = 1", [_tried(0, "x = 1")], [], 0)
    assert (now.what, now.level, now.wait_s, now.budget, now.left) == ("hint", 1, 0, "0 of 4", 4)


def test_the_level_rises_only_after_changed_code_was_run() -> None:
    given = [_given(1, 1, "x = 1")]
    same = [_tried(0, "x = 1"), _tried(50, "x = 1 # the same"), _tried(60, STARTER)]
    now = _allowed("x = 1", same, given, 1000)
    assert (now.what, now.level, now.budget) == ("again", 1, "1 of 4")
    changed = _allowed("x = 2", [*same, _tried(70, "x = 2")], given, 1000)
    assert (changed.what, changed.level) == ("hint", 2)


@pytest.mark.parametrize(("level", "wait"), [(2, 30), (3, 60), (4, 120)])
def test_each_further_hint_waits_longer(level: int, wait: int) -> None:
    given = [_given(at, at, f"x = {at}") for at in range(1, level)]
    tried = [_tried(0, "x = 0"), _tried(level + 1, "y = 1")]
    early = _allowed("y = 1", tried, given, level - 1 + wait - 0.5)
    assert (early.what, early.level, early.wait_s) == ("wait", level, 1)
    assert early.budget == f"{level - 1} of 4"
    later = _allowed("y = 1", tried, given, level - 1 + wait)
    assert (later.what, later.now) == ("example" if level == 4 else "hint", True)


def test_the_last_rung_is_an_example_and_then_there_is_nothing_new() -> None:
    given = [_given(at, at, f"x = {at}") for at in (1, 2, 3, 4)]
    now = _allowed("z = 1", [_tried(0, "x"), _tried(100, "z = 1")], given, 10_000)
    assert (now.what, now.left, now.budget) == ("again", 0, "4 of 4")


def test_in_an_exam_there_is_no_help() -> None:
    now = _allowed("x = 1", [_tried(0, "x = 1")], [], 100, exam=True)
    assert (now.what, now.level) == ("nothing", 0)
    assert "exam" in now.why


def test_who_has_passed_needs_no_hint_until_the_code_changes() -> None:
    tried = [_tried(0, "x = 1", passed=True)]
    assert _allowed("x = 1", tried, [], 1).what == "nothing"
    assert _allowed("x = 2", [*tried, _tried(2, "x = 2")], [], 3).what == "hint"


def test_a_clock_that_goes_back_makes_nobody_wait_longer_than_the_rule_says() -> None:
    now = _allowed("x = 2", [_tried(0, "x = 1"), _tried(5, "x = 2")], [_given(1, 1, "x = 1")], -100_000)
    assert now.wait_s == 30


def test_blanks_and_comments_make_no_other_program() -> None:
    assert policy.code_key("x = 1", "python") == policy.code_key("x=1   # so\n", "python")
    assert policy.code_key("x = 1", "python") != policy.code_key("x = 2", "python")
    assert policy.code_key("let x = 1;", "javascript") == policy.code_key("let x = 1 // so", "javascript")
