"""What traces say of an evaluation: which sample a call is for, and each sample's verdict."""

from collections.abc import Iterable, Mapping

from assay.bench.records import Sample
from assay.records import Task
from assay.tracing import Subject, Tracing


def send_verdicts(tracing: Tracing, samples: Iterable[Sample], tasks: Mapping[tuple[str, str], Task]) -> None:
    """A span a finished sample, over the spans of its calls."""
    for sample in samples:
        report = sample.counted(sample.last)
        tracing.verdict(
            Subject(sample.evaluation, sample.suite, sample.task, sample.model, sample.index),
            sample.status,
            report.score,
            prompt=tasks[sample.suite, sample.task].prompt,
            reply=sample.last.reply.text,
            message=report.message,
        )
