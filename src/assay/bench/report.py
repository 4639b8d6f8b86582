"""One evaluation as a document: Markdown, or one HTML file that needs nothing else."""

from collections.abc import Iterable, Mapping, Sequence

from assay.bench.records import Evaluation, Sample
from assay.bench.scores import Scores, score
from assay.records import Task


def report_markdown(
    evaluation: Evaluation,
    samples: Sequence[Sample],
    tasks_expected: Iterable[Task] = (),
    *,
    scores: Scores | None = None,
    provenance: Mapping[str, str] | None = None,
    failures: int = 50,
) -> str:
    """The report as Markdown."""
    scores = scores or score(evaluation, samples, tasks_expected)
    lines = [f"# {evaluation.id}", ""]
    return "\n".join([*lines, *(f"- {s.suite}, {s.model}: {s.passed}/{s.samples}" for s in scores.scores), ""])


def report_html(
    evaluation: Evaluation,
    samples: Sequence[Sample],
    tasks_expected: Iterable[Task] = (),
    *,
    scores: Scores | None = None,
    provenance: Mapping[str, str] | None = None,
    failures: int = 50,
) -> str:
    """The report as one self-contained HTML page, without any script."""
    raise NotImplementedError
