"""An exercise as Exercism's data have it."""

import json
from pathlib import Path

CANONICAL = {
    "exercise": "double-it",
    "cases": [
        {"description": "group", "cases": [
            {"uuid": "a", "description": "one", "property": "doubleIt", "input": {"someNumber": 1}, "expected": 2},
            {"uuid": "b", "description": "wrong", "property": "doubleIt", "input": {"someNumber": 2}, "expected": 5},
            {"uuid": "c", "reimplements": "b", "description": "two", "property": "doubleIt", "input": {"someNumber": 2}, "expected": 4},
        ]},
        {"uuid": "d", "description": "zero", "property": "doubleIt", "input": {"someNumber": 0}, "expected": 0},
        {"uuid": "e", "description": "below", "property": "doubleIt", "input": {"someNumber": -1}, "expected": {"error": "too small"}},
    ],
}  # fmt: skip


def exercise(folder: Path, data: object = CANONICAL) -> Path:
    (folder / "double-it").mkdir(parents=True)
    (folder / "double-it" / "canonical-data.json").write_text(json.dumps(data))
    (folder / "double-it" / "description.md").write_text("Double it.\n")
    return folder
