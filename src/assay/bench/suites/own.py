"""The suites that ship with Assay: folders of tasks beside this file."""

from pathlib import Path

from assay.bench.suites import Suite
from assay.bench.suites.folder import load_folder
from assay.settings import Settings


def functions(data: Path | None, *, settings: Settings, errata: bool = True) -> Suite:  # noqa: ARG001 - a Loader
    """Functions in Python and JavaScript, graded by calls from outside; or those in a folder of yours."""
    folder = data or Path(__file__).with_name("functions")
    return Suite(
        name="functions",
        title="Functions",
        tasks=tuple(load_folder(folder, "functions")),
        source="ships with Assay" if data is None else str(data),
        licence="MIT" if data is None else "",
        kind="reply",
    )
