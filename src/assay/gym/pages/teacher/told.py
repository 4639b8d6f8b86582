"""What help a learner had, in words: who wrote it, what it is called, how often the gate refused."""

import json
from collections.abc import Mapping
from typing import Any, Literal

from assay.gym.pages.helping import WORDS
from assay.gym.records.learners import HelpAnswer

Source = Literal["", "authored", "misconception", "model", "cached"]
Thumbs = Literal["", "up", "down"]
"""Help is shown by these; empty: all."""

SOURCES = {
    "authored": "written by the author, or worked out from the program",
    "misconception": "written by the author for a known mistake",
    "model": "written by a model",
    "cached": "written by a model before, and kept",
}


def refused(gate: Any) -> int:
    """How many texts the gate refused before it let one through, as far as its record says."""
    if not isinstance(gate, list):
        return 0
    return sum(bool(one.get("broken") or one.get("rules")) for one in gate if isinstance(one, Mapping))


def called(answer: HelpAnswer) -> str:
    """What a kind of help is called for its learner: `Hint 2`."""
    name = WORDS.get(answer.tool, answer.tool)
    return f"{name} {answer.level}" if answer.tool == "hint" and answer.level else name


def pretty(value: Any) -> str:
    """A JSON value to be read by people."""
    return json.dumps(value, ensure_ascii=False, indent=2)
