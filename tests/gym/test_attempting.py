"""Runs and submissions are kept and counted, and are their learner's alone."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from assay.gym import attempting, drafting, learners
from assay.gym.records.learners import Learner
from assay.store import Store
from tests.gym.made import PROBLEM, graded


def test_attempts_are_kept_and_counted(store: Store, ada: Learner) -> None:
    attempting.add_attempt(store, ada.id, graded(), "x = 1", misconception="boundary")
    attempting.add_attempt(store, ada.id, graded("submit", "wrong"), "x = 2")
    last = attempting.add_attempt(store, ada.id, graded("submit", "pass"), "x = 3")
    kept = attempting.attempts(store, ada.id, PROBLEM)
    assert [one.source for one in kept] == ["x = 3", "x = 2", "x = 1"]
    assert kept[0] == last
    assert kept[2].misconception == ""
    assert attempting.attempts(store, ada.id, PROBLEM, noticed=True)[2].misconception == "boundary"
    standing = attempting.progress(store, ada.id).of(PROBLEM)
    assert standing
    assert (standing.state, standing.runs, standing.submissions) == ("passed", 1, 2)


def test_a_run_that_passes_is_no_submission_that_passes(store: Store, ada: Learner) -> None:
    attempting.add_attempt(store, ada.id, graded("run", "pass"), "x")
    standing = attempting.progress(store, ada.id).of(PROBLEM)
    assert standing
    assert standing.state == "tried"


def test_what_was_passed_stays_passed(store: Store, ada: Learner) -> None:
    attempting.add_attempt(store, ada.id, graded("submit", "pass"), "x")
    before = attempting.progress(store, ada.id).of(PROBLEM)
    attempting.add_attempt(store, ada.id, graded("submit", "wrong"), "y")
    after = attempting.progress(store, ada.id).of(PROBLEM)
    assert before
    assert after
    assert after.passed == before.passed


def test_attempts_are_bounded_but_the_first_that_passed_stays(store: Store, ada: Learner) -> None:
    attempting.add_attempt(store, ada.id, graded(), "first")
    attempting.add_attempt(store, ada.id, graded("submit", "pass"), "solved")
    for number in range(attempting.ATTEMPTS_KEPT + 3):
        attempting.add_attempt(store, ada.id, graded(), f"{number}")
    kept = attempting.attempts(store, ada.id, PROBLEM)
    assert len(kept) == attempting.ATTEMPTS_KEPT + 1
    assert kept[-1].source == "solved"
    standing = attempting.progress(store, ada.id).of(PROBLEM)
    assert standing
    assert standing.attempts == attempting.ATTEMPTS_KEPT + 5


def test_what_the_console_did_is_no_attempt(store: Store, ada: Learner) -> None:
    with pytest.raises(ValueError, match="no attempt"):
        attempting.add_attempt(store, ada.id, graded("console"), "x")


def test_another_learners_attempt_is_not_to_be_had(store: Store, ada: Learner) -> None:
    mine = attempting.add_attempt(store, ada.id, graded(), "ada's")
    bob, _ = learners.create(store)
    assert attempting.attempt(store, bob.id, mine.id) is None
    assert attempting.attempts(store, bob.id, PROBLEM) == []
    assert attempting.progress(store, bob.id).standings == ()
    assert attempting.attempt(store, ada.id, mine.id) == mine


def test_a_draft_alone_is_a_beginning_and_what_was_last_stands_first(store: Store, ada: Learner) -> None:
    attempting.add_attempt(store, ada.id, graded(), "x")
    drafting.save_draft(store, ada.id, "py-lists-other", "javascript", "y", None)
    progress = attempting.progress(store, ada.id)
    assert [(one.problem, one.state) for one in progress.standings] == [
        ("py-lists-other", "started"),
        (PROBLEM, "tried"),
    ]
    drafting.save_draft(store, ada.id, PROBLEM, "python", "z", None)
    assert attempting.progress(store, ada.id).standings[0].problem == PROBLEM


def test_runs_at_once_are_all_counted(store: Store, ada: Learner) -> None:
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda number: attempting.add_attempt(store, ada.id, graded(), f"{number}"), range(24)))
    standing = attempting.progress(store, ada.id).of(PROBLEM)
    assert standing
    assert standing.runs == 24
