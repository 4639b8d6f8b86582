"""The leak detector on hints that were labelled by hand; `leak_measures.py` prints the same numbers.

A third of the first hints, chosen by a hash of their text, was held out; the later ones were written before the gate was
asked about any of them.
"""

from assay.gym.grading import Grader
from tests.gym.tutor.leak_measures import KINDS, PARTS, judged, labelled, measures


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
    results = list(judged(grader))
    by_part = {part: measures(results, part) for part in PARTS}
    for part, least in (("looked at", 0.95), ("held out", 0.90), ("later", 0.90)):
        assert by_part[part]["honest"].share <= 0.02, part
        assert by_part[part]["block"].share >= 0.99, part
        assert by_part[part]["line"].share >= least, part
    whole = measures(results, *PARTS)
    assert whole["honest"].share <= 0.01
    assert whole["block"].share >= 0.99
    assert whole["line"].share >= 0.95
    assert whole["disguised"].share >= 0.85
    assert whole["other"].share == 1
