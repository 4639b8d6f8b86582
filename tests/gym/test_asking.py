"""Requests for help and their answers are kept once, for whoever asked."""

import pytest

from assay.errors import AssayError
from assay.gym import asking, attempting, learners
from assay.gym.records.learners import Learner
from assay.store import Store
from tests.gym.made import PROBLEM, asked, graded


def test_a_request_for_help_survives_until_it_is_answered_once(store: Store, ada: Learner) -> None:
    request = asking.add_help(store, asked(ada))
    assert request.state == "asked"
    assert request.created
    assert asking.add_help(store, asked(ada)) == request
    assert asking.waiting_help(store) == [request]
    answer = asked(ada).model_copy(
        update={"state": "done", "text": "Look at line 2.", "source": "model", "gate": [{"rules": []}]}
    )
    kept = asking.add_help(store, answer)
    assert (kept.text, kept.source, kept.facts, kept.gate) == (
        "Look at line 2.",
        "model",
        {"failing": ["t1"]},
        [{"rules": []}],
    )
    assert kept.answered
    twice = asking.add_help(store, answer.model_copy(update={"text": "Something else."}))
    assert twice == kept
    assert asking.waiting_help(store) == []
    assert asking.help_answers(store, ada.id, PROBLEM) == [kept]


def test_thumbs_are_the_askers_own(store: Store, ada: Learner) -> None:
    asking.add_help(store, asked(ada))
    bob, _ = learners.create(store)
    assert not asking.rate_help(store, bob.id, "h1", -1)
    assert asking.rate_help(store, ada.id, "h1", 1)
    assert [one.thumbs for one in asking.help_answers(store, ada.id, PROBLEM)] == [1]
    assert asking.help_answer(store, bob.id, "h1") is None


def test_nobody_answers_into_anothers_request(store: Store, ada: Learner) -> None:
    asking.add_help(store, asked(ada))
    bob, _ = learners.create(store)
    with pytest.raises(AssayError, match="not yours"):
        asking.add_help(store, asked(bob).model_copy(update={"state": "done", "text": "mine"}))
    assert asking.help_answers(store, ada.id, PROBLEM)[0].text == ""


def test_help_is_counted_in_the_progress(store: Store, ada: Learner) -> None:
    attempting.add_attempt(store, ada.id, graded(), "x")
    asking.add_help(store, asked(ada))
    asking.add_help(store, asked(ada, "h2"))
    standing = attempting.progress(store, ada.id).of(PROBLEM)
    assert standing
    assert standing.help == 2
