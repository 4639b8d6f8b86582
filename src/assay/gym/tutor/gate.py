"""The gate as the tools ask it: whether a text may be shown to the learner of a situation."""

from collections.abc import Callable, Iterator

from pydantic import JsonValue

from assay.gym.records.results import FullReport
from assay.gym.tutor import honest, leaks
from assay.gym.tutor.situation import Situation


class Gate:
    """Decides whether a text may be shown. Deterministic; each program it runs is run once."""

    def __init__(self, passes: Callable[[Situation, str], int] | None = None) -> None:
        """`passes`: how many tests a program passes, in a situation."""
        self._passes = passes

    def check(self, at: Situation, text: str) -> list[dict[str, JsonValue]]:
        """The rules that a text breaks, none where it may be shown."""
        counted: dict[str, int] = {}

        def passes(source: str) -> int:
            assert self._passes is not None
            if source not in counted:
                counted[source] = self._passes(at, source)
            return counted[source]

        verdict = leaks.check(
            at.problem,
            at.language,
            at.source,
            text,
            at.level,
            known=[concept.example for concept in at.concepts],
            shown=list(_shown(at.report)),
            passes=passes if self._passes else None,
        )
        broken: list[dict[str, JsonValue]] = [
            {"rule": one.rule, "where": one.where, "why": one.why} for one in verdict.broken
        ]
        broken += [{"rule": one.rule, "where": one.where, "why": one.why} for one in honest.doubts(at, text)]
        return broken


def _shown(report: FullReport) -> Iterator[str]:
    """What the learner has seen of hidden tests."""
    for case in report.cases:
        if case.outcome == "failed" and (case.generated or case.test.reveal in ("full", "input")):
            yield case.call
            if case.generated or case.test.reveal == "full":
                yield f"{case.expected}\n{case.got}"
