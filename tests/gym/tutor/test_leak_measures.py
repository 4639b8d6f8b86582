"""The leak detector on hints that were labelled by hand; `leak_measures.py` prints the same numbers.

A third of the first hints, chosen by a hash of their text, was held out; the later ones were written before the gate was
asked about any of them. By default programs are run for the last hints and the later plain ones, and plain sentences
are not looked at by their text alone; with ASSAY_TEST_LONG=1 all are.
"""

import os

from assay.gym.grading import Grader
from tests.gym.tutor.leak_measures import KINDS, PARTS, judged, labelled, measures

LONG = bool(os.environ.get("ASSAY_TEST_LONG"))


def test_there_are_more_than_300_hints_of_every_kind_for_many_problems() -> None:
    hints = list(labelled())
    assert len(hints) >= 300
    assert len({one.problem for one in hints}) >= 40
    assert {one.kind for one in hints} == set(KINDS)
    assert len({(one.problem, one.on, one.text) for one in hints}) == len(hints)
    first = [one for one in hints if one.part in ("looked at", "held out")]
    assert 0.25 < sum(one.part == "held out" for one in first) / len(first) < 0.42
    assert not {one.problem for one in hints if one.part == "later"} & {one.problem for one in first}


def test_the_gate_is_as_good_as_it_must_be(grader: Grader) -> None:
    parts = PARTS if LONG else ("last", "plain later")
    results = list(judged(grader, parts))
    for part in parts:
        found = measures(results, part)
        assert found["honest"].share <= 0.01, part
        if "plain" in part:
            assert found["plain"].share >= 0.8, part
            continue
        assert found["block"].share >= 0.99, part
        assert found["line"].share >= 0.95, part
        assert found["disguised"].share >= 0.75, part
    whole = measures(results, *parts)
    assert whole["disguised"].share >= 0.85


def test_by_the_text_alone_the_gate_refuses_no_honest_hint_and_hardly_misses_a_block() -> None:
    parts = PARTS if LONG else tuple(part for part in PARTS if "plain" not in part)  # plain sentences hold no code
    whole = measures(list(judged(None, parts)), *parts)
    assert whole["honest"].share <= 0.01
    assert whole["block"].share >= 0.97
    assert whole["line"].share >= 0.85
    assert whole["other"].share == 1
