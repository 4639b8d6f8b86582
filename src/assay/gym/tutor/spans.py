"""A span for each step of help, where somebody keeps traces."""

import contextlib
from collections.abc import Iterator

from assay.tracing import Step, Tracing, Value


@contextlib.contextmanager
def span(tracing: Tracing | None, name: str, kind: str, **attributes: Value) -> Iterator[Step | None]:
    """A step's span; None where no traces are kept."""
    if tracing is None:
        yield None
        return
    with tracing.step(name, kind, **attributes) as step:
        yield step
