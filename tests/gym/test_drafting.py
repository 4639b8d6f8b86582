"""What stands in the editor: nothing is lost, and nobody gets another's."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from assay.errors import AssayError
from assay.gym import drafting, learners
from assay.gym.records.learners import Learner
from assay.store import Store
from tests.gym.made import PROBLEM


def test_an_older_page_does_not_overwrite_and_loses_nothing(store: Store, ada: Learner) -> None:
    first = drafting.save_draft(store, ada.id, PROBLEM, "python", "one", None, tab="a")
    second = drafting.save_draft(store, ada.id, PROBLEM, "python", "two", first.version, tab="b")
    stale = drafting.save_draft(store, ada.id, PROBLEM, "python", "older", first.version, tab="a")
    assert stale.kept_aside
    assert (stale.text, stale.version) == ("two", second.version)
    stale = drafting.save_draft(store, ada.id, PROBLEM, "python", "older still", first.version, tab="a")
    assert stale.kept_aside
    past = drafting.past_drafts(store, ada.id, PROBLEM, "python")
    assert [(one.text, one.reason) for one in past] == [("older still", "aside")]
    mine = drafting.save_draft(store, ada.id, PROBLEM, "python", "older still", stale.version, tab="a")
    assert not mine.kept_aside
    assert mine.text == "older still"


@pytest.mark.parametrize("version", [0, -1, 99, 1 << 31, 1 << 63])
def test_a_version_that_was_made_up_is_an_older_page(store: Store, ada: Learner, version: int) -> None:
    drafting.save_draft(store, ada.id, PROBLEM, "python", "one", None)
    assert drafting.save_draft(store, ada.id, PROBLEM, "python", "two", version).kept_aside


def test_a_page_that_missed_an_answer_goes_on(store: Store, ada: Learner) -> None:
    first = drafting.save_draft(store, ada.id, PROBLEM, "python", "one", None, tab="a")
    drafting.save_draft(store, ada.id, PROBLEM, "python", "two", first.version, tab="a")
    third = drafting.save_draft(store, ada.id, PROBLEM, "python", "three", first.version, tab="a")
    assert (third.text, third.kept_aside, third.version) == ("three", False, 3)


def test_pages_that_save_at_once_lose_nothing(store: Store, ada: Learner) -> None:
    texts = [f"text {number}" for number in range(12)]
    with ThreadPoolExecutor(6) as pool:
        drafts = list(pool.map(lambda text: drafting.save_draft(store, ada.id, PROBLEM, "python", text, None), texts))
    assert sum(not draft.kept_aside for draft in drafts) == 1
    current = drafting.read_draft(store, ada.id, PROBLEM, "python")
    assert current
    assert current.version == 1
    # one page without a draft is like another: of these the last stays, beside the one that came first
    assert [one.reason for one in drafting.past_drafts(store, ada.id, PROBLEM, "python")] == ["aside"]


def test_a_reset_can_be_undone_also_after_typing(store: Store, ada: Learner) -> None:
    drafting.save_draft(store, ada.id, PROBLEM, "python", "mine", None)
    reset = drafting.reset_draft(store, ada.id, PROBLEM, "python", "starter")
    assert reset.text == "starter"
    drafting.save_draft(store, ada.id, PROBLEM, "python", "starter, and more", reset.version)
    undone = drafting.undo_reset(store, ada.id, PROBLEM, "python")
    assert undone
    assert undone.text == "mine"
    assert [one.text for one in drafting.past_drafts(store, ada.id, PROBLEM, "python")] == ["starter, and more"]
    assert drafting.undo_reset(store, ada.id, PROBLEM, "python") is None


def test_the_history_of_drafts_is_bounded(store: Store, ada: Learner) -> None:
    for number in range(drafting.PAST_DRAFTS_KEPT + 5):
        drafting.save_draft(store, ada.id, PROBLEM, "python", f"{number}", number * 2 or None)
        drafting.reset_draft(store, ada.id, PROBLEM, "python", "starter")
    past = drafting.past_drafts(store, ada.id, PROBLEM, "python")
    assert len(past) == drafting.PAST_DRAFTS_KEPT
    assert past[0].text == f"{drafting.PAST_DRAFTS_KEPT + 4}"


@pytest.mark.parametrize("text", ["a\0b", "\udc80", "π\u202e\r\n\t", ""])
def test_any_text_can_be_kept(store: Store, ada: Learner, text: str) -> None:
    saved = drafting.save_draft(store, ada.id, PROBLEM, "python", text, None)
    assert drafting.read_draft(store, ada.id, PROBLEM, "python") == saved


def test_a_text_that_is_too_long_is_refused_in_words(store: Store, ada: Learner) -> None:
    with pytest.raises(AssayError, match="65,537 characters"):
        drafting.save_draft(store, ada.id, PROBLEM, "python", "x" * 65_537, None)


def test_each_learner_and_language_has_a_draft_of_its_own(store: Store, ada: Learner) -> None:
    bob, _ = learners.create(store)
    drafting.save_draft(store, ada.id, PROBLEM, "python", "ada's", None)
    assert drafting.read_draft(store, bob.id, PROBLEM, "python") is None
    assert drafting.read_draft(store, ada.id, PROBLEM, "javascript") is None
    drafting.reset_draft(store, ada.id, PROBLEM, "python", "starter")
    past = drafting.past_drafts(store, ada.id, PROBLEM, "python")[0]
    drafting.save_draft(store, bob.id, PROBLEM, "python", "bob's", None)
    assert drafting.restore_draft(store, bob.id, PROBLEM, "python", past.id) is None
    assert drafting.past_drafts(store, bob.id, PROBLEM, "python") == []
