"""The authored words of a hint, and at which level something new can be said."""

from dataclasses import replace

import pytest

from assay.gym.grading import Grader
from assay.gym.library import Library
from assay.gym.tutor import hint, policy
from assay.gym.tutor.situation import Situation
from tests.gym.tutor.helping import broken

PROBLEM = "py-lists-filter-above"
SLIP = "Line 2: `answer` is given a value that nobody reads."


@pytest.fixture(scope="module")
def stuck(library: Library, grader: Grader) -> Situation:
    problem = library.problem(PROBLEM)
    source = broken(problem, "python")
    return Situation(problem, "python", source, grader.check(problem, "python", source))


def _said(at: Situation, *levels: int) -> Situation:
    """The same learner, who was given the authored words of these levels."""
    return replace(at, earlier=tuple(hint.plain(at.at_level(level)).text for level in levels))


@pytest.mark.parametrize(
    ("asked", "said", "gets"),
    [
        pytest.param(1, (), 1, id="nothing was said"),
        pytest.param(1, (1,), 2, id="the first was said"),
        pytest.param(1, (1, 2), 3, id="two were said"),
        pytest.param(1, (2,), 1, id="only another was said"),
        pytest.param(2, (1,), 2, id="a lower one was said"),
        pytest.param(2, (2, 3), policy.EXAMPLE, id="all that is left is the example"),
        pytest.param(1, (1, 2, 3), policy.EXAMPLE, id="all were said"),
        pytest.param(policy.EXAMPLE, (1, 2, 3), policy.EXAMPLE, id="the example itself"),
    ],
)
def test_no_words_come_twice_and_a_level_is_jumped_for_it(
    stuck: Situation, asked: int, said: tuple[int, ...], gets: int
) -> None:
    at = hint.unsaid(_said(stuck, *said).at_level(asked))
    assert at.level == gets
    assert at.level == policy.EXAMPLE or hint.plain(at).text not in at.earlier


def test_the_words_of_a_model_jump_no_level(stuck: Situation) -> None:
    assert hint.unsaid(replace(stuck, earlier=("Look at the task once more.",))).level == 1


def test_a_level_whose_slip_is_new_says_something_new(stuck: Situation) -> None:
    said = _said(stuck, 1, 2)
    assert hint.unsaid(replace(said, slips=(SLIP,))).level == 2
    assert SLIP in hint.plain(replace(said, slips=(SLIP,), level=2)).text


def test_levels_without_words_of_their_own_are_jumped_together(stuck: Situation) -> None:
    one = stuck.problem.model_copy(update={"hints": stuck.problem.hints[:1]})
    at = _said(replace(stuck, problem=one), 1)
    assert hint.unsaid(at).level == policy.EXAMPLE
