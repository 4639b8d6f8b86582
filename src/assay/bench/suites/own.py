"""The suites that ship with Assay: folders of tasks beside this file."""

import functools
from pathlib import Path

from assay.bench.suites import Suite
from assay.bench.suites.folder import FUNCTIONS, load_folder, place_of_case
from assay.records import Task
from assay.settings import Settings


def functions(data: Path | None, *, settings: Settings, errata: bool = True) -> Suite:  # noqa: ARG001 - a Loader
    """Functions in Python and JavaScript, graded by calls from outside; or those in a folder of yours."""
    return Suite(
        name="functions",
        title="Functions",
        tasks=_shipped() if data is None else load_folder(data, "functions"),
        source="ships with Assay" if data is None else str(data),
        licence="MIT" if data is None else "",
        kind="reply",
        place_of_case=functools.partial(place_of_case, data or FUNCTIONS),
    )


@functools.cache
def _shipped() -> tuple[Task, ...]:
    """Read once a process: it takes 0.2 s, and a page that lists suites asks every minute."""
    return load_folder(FUNCTIONS, "functions")
