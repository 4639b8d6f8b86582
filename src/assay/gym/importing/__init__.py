"""Problems from elsewhere: Exercism's canonical data, HumanEvalPack, QuixBugs' layout, and every suite of the bench.

What comes from elsewhere has no hints of an author's own, and Exercism's data no solutions; the gate says what is missing.
Nothing of a data set is run while it is read.
"""

from pathlib import Path
from typing import Any

from assay.errors import AssayError
from assay.gym.importing import exercism, humanevalpack, quixbugs
from assay.gym.importing.brought import Brought
from assay.gym.importing.suites import from_tasks

KINDS = {
    "exercism": "Exercism's problem-specifications (a folder)",
    "humanevalpack": "HumanEvalPack (a folder with python.jsonl and js.jsonl)",
    "quixbugs": "a folder in QuixBugs' layout",
    "course": "a single-file course, config.yaml",
}
"""What `assay gym import` knows beside the suites."""


def bring(kind: str, path: Path | None, solutions: Path | None, settings: Any) -> Brought:
    """The problems of one source. Raises AssayError or ContentError."""
    from assay.suites import SUITES, load_suite

    if kind in ("exercism", "humanevalpack", "quixbugs"):
        if path is None:
            raise AssayError(f"Where is it? {kind} needs a path.", f"Name {KINDS[kind]}.")
        if kind == "exercism":
            return exercism.read(path, solutions)
        return humanevalpack.read(path) if kind == "humanevalpack" else quixbugs.read(path)
    if kind not in SUITES.names():
        from assay.errors import UnknownName

        raise UnknownName("source of problems", kind, [*KINDS, *SUITES.names()])
    return from_tasks(load_suite(kind, path, settings=settings).tasks)
