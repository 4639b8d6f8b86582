"""A run held against an earlier one: is any model significantly worse than it was?

Each score is paired with the baseline's of the same suite and model name; where the baseline has one model alone, with
that one. A pair is worse where its difference is below 0 and p < 0.05 after Holm's correction over the pairs of this
table (docs/scores.md): a few unlucky samples do not break a build, and neither can a suite too small to show anything.
"""

from collections.abc import Iterable, Sequence

from assay.bench.scores.comparing import compare
from assay.bench.scores.formulas import holm
from assay.bench.scores.records import Comparison, Score, Scores
from assay.errors import UnknownName


def against(scores: Sequence[Score], baseline: Scores) -> tuple[Comparison, ...]:
    """Each score (a) and what it was in the baseline (b). Raises UnknownName for one the baseline does not have."""
    found = [compare([score, _before(score.suite, score.model, baseline)])[0] for score in scores]
    corrected = iter(holm([one.p for one in found if one.p is not None]))
    return tuple(one if one.p is None else one.model_copy(update={"p_holm": next(corrected)}) for one in found)


def check_pairs(places: Iterable[tuple[str, str]], baseline: Scores) -> None:
    """Raise UnknownName for a (suite, model) that has no counterpart: known before anything is paid."""
    for suite, model in places:
        _before(suite, model, baseline)


def worse(comparison: Comparison) -> bool:
    """Whether the model is significantly worse than its baseline."""
    return comparison.winner is not None and comparison.winner == comparison.b


def _before(suite: str, model: str, baseline: Scores) -> Score:
    if (found := baseline.get(suite, model)) is not None:
        return found
    there = [score for score in baseline.scores if score.suite == suite]
    if not there:
        raise UnknownName(f"suite of the baseline {baseline.evaluation}", suite, baseline.suites)
    if len(baseline.models) == 1:
        return there[0]
    raise UnknownName(f"model of the baseline {baseline.evaluation}", model, [score.model for score in there])
