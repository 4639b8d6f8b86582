"""Evaluations, samples and tasks as small as a score needs them."""

from collections.abc import Sequence
from datetime import UTC, datetime

from assay.bench.records import Attempt, Evaluation, Sample
from assay.bench.scores.records import Score, Scores
from assay.bench.scores.scoring import score
from assay.records import Isolation, Kind, Model, Reply, Report, Status, Task

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ISOLATION = Isolation(backend="bwrap", level=2, memory="polled")


def evaluation(*models: str, samples: int = 1, source: str = "run", **more: object) -> Evaluation:
    return Evaluation.model_validate(
        {
            "id": "E",
            "created": NOW,
            "source": source,
            "suites": ("s",),
            "models": [Model(name=name, provider="openai", model=name) for name in models],
            "samples": samples,
            **more,
        }
    )


def attempt(status: Status, raw: Status | None = None, **reply: object) -> Attempt:
    def verdict(status: Status) -> Report:
        return Report(task="t", suite="s", status=status, integrity="outside", isolation=ISOLATION)

    return Attempt(
        reply=Reply.model_validate({"text": "x", **reply}),
        report=verdict(status),
        raw=None if raw is None else verdict(raw),
    )


def sample(
    model: str, task: str, index: int, *attempts: Attempt | Status, suite: str = "s", kind: Kind = "reply"
) -> Sample:
    tried = tuple(attempt(one) if isinstance(one, str) else one for one in attempts)
    return Sample(evaluation="E", suite=suite, task=task, model=model, index=index, kind=kind, attempts=tried)


def tasks(*ids: str, suite: str = "s", errata: Sequence[str] = ()) -> list[Task]:
    return [Task(id=i, suite=suite, prompt="", checks=(), erratum="wrong" if i in errata else None) for i in ids]


def only(scores: Scores) -> Score:
    (one,) = scores.scores
    return one


def spell(statuses: str) -> list[Status]:
    """`p` pass, `.` wrong, `!` error."""
    meaning: dict[str, Status] = {"p": "pass", ".": "wrong", "!": "error"}
    return [meaning[sign] for sign in statuses]


def scored(rows: dict[str, list[Status]], *, samples: int = 1) -> Scores:
    given_ = [sample(m, f"t{i // samples}", i % samples, s) for m, row in rows.items() for i, s in enumerate(row)]
    return score(evaluation(*rows, samples=samples), given_)
