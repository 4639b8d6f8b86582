"""Models against each other on the tasks that both saw."""

import pytest

from assay.bench.scores.comparing import compare
from assay.bench.scores.formulas import (
    holm,
    mcnemar_mid_p,
)
from assay.bench.scores.scoring import score
from tests.bench.scores.made import evaluation, sample, scored, spell


def test_single_samples_are_compared_by_mcnemar_on_the_tasks_both_saw() -> None:
    scores = scored({"x": spell("ppppppppp.!"), "y": spell("pp.......pp")})
    (pair,) = compare([scores.scores[0], scores.scores[1]])
    assert (pair.a.model, pair.tasks, pair.only_a, pair.only_b) == ("x", 10, 0, 1)
    assert (len(pair.a_wins), pair.b_wins) == (7, ("t9",))
    assert pair.test == "McNemar mid-p"
    assert pair.p == pytest.approx(mcnemar_mid_p(7, 1))
    assert pair.difference
    assert pair.difference.value == pytest.approx(0.6)
    assert pair.winner == pair.a


def test_several_samples_are_compared_by_paired_randomisation() -> None:
    scores = scored({"x": spell("p." * 10), "y": spell(".." * 10)}, samples=2)
    (pair,) = compare(scores.scores)
    assert pair.test == "paired randomisation"
    assert pair.p == pytest.approx(2 / 2**10)
    assert pair.detectable is not None
    assert 0 < pair.detectable < 1


def test_models_that_agree_everywhere_cannot_be_told_apart_and_their_difference_is_not_sure() -> None:
    row = spell("p.p")
    (pair,) = compare(scored({"x": row, "y": row}).scores)
    assert (pair.p, pair.winner) == (1.0, None)
    assert pair.difference
    assert pair.difference.value == 0
    assert pair.difference.low < 0 < pair.difference.high


def test_a_table_of_pairs_is_holm_corrected() -> None:
    rows = {"x": spell("p" * 12), "y": spell("pppp........"), "z": spell("." * 12)}
    pairs = compare(scored(rows).scores)
    assert len(pairs) == 3
    assert [pair.p_holm for pair in pairs] == pytest.approx(holm([pair.p or 0 for pair in pairs]))


def test_models_without_a_common_task_are_not_compared() -> None:
    given_ = [sample("x", "a", 0, "pass"), sample("y", "b", 0, "pass")]
    (pair,) = compare(score(evaluation("x", "y"), given_).scores)
    assert (pair.tasks, pair.difference, pair.p, pair.winner) == (0, None, None, None)
