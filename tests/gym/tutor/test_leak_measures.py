"""The leak detector on hints that were labelled by hand; `leak_measures.py` prints the same numbers.

A third of the hints, chosen by a hash of their text, was held out: nothing was tuned on what they showed.
"""

from assay.gym.grading import Grader
from tests.gym.tutor.leak_measures import KINDS, judged, labelled, measures


def test_there_are_more_than_300_hints_of_every_kind_for_many_problems() -> None:
    hints = list(labelled())
    assert len(hints) >= 300
    assert len({one.problem for one in hints}) >= 40
    assert {one.kind for one in hints} == set(KINDS)
    assert len({(one.problem, one.on, one.text) for one in hints}) == len(hints)
    assert 0.25 < sum(one.held_out for one in hints) / len(hints) < 0.42


def test_the_gate_is_as_good_as_it_must_be(grader: Grader) -> None:
    results = list(judged(grader))
    looked_at, held_out = measures(results, held_out=False), measures(results, held_out=True)
    both = {
        kind: (looked_at[kind].stopped + held_out[kind].stopped) / (looked_at[kind].of + held_out[kind].of)
        for kind in KINDS
    }
    assert both["honest"] <= 0.01
    assert held_out["honest"].stopped == 0
    assert both["block"] >= 0.99
    assert both["line"] >= 0.95
    assert held_out["line"].share >= 0.90
    assert both["disguised"] >= 0.85
    assert both["other"] == 1
