"""What a program's side said of its run: to help, never to judge. It comes out of the program's own process."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from assay.records import Language, Run

MARK = "\x1e"
"""Stands before a note, and on both sides of a call's number."""
MAX_PRINTED = 8000
"""Characters of output that are kept a test."""
_NODE_ERROR = re.compile(r"^(?:Uncaught )?([A-Za-z_$][\w$]*(?:Error|Exception)?)(?: \[[A-Z_]+\])?: (.*)$", re.MULTILINE)
_NODE_LINE = re.compile(r"main\.m?js:(\d+)")


@dataclass(frozen=True)
class Said:
    """The notes of one run. They come out of the program's own process."""

    loading: str = ""
    """What was printed before the first call."""
    printed: dict[int, str] = field(default_factory=dict)
    notes: tuple[dict[str, Any], ...] = ()
    stderr: str = ""
    source: str = ""
    """The learner's program, to name what it holds."""

    def note(self, kind: str, number: int | None = None) -> dict[str, Any]:
        """The first note of a kind, of one call or of any; empty: there is none."""
        return next(
            (one for one in self.notes if one.get("note") == kind and (number is None or one.get("case") == number)), {}
        )

    def line(self, kind: str, number: int | None = None, key: str = "line") -> int | None:
        """The line that a note names, where that can be one."""
        line = self.note(kind, number).get(key)
        return line if type(line) is int and 0 < line < 100_000 else None

    @property
    def where(self) -> tuple[int, ...]:
        """The lines that led to an error, the innermost last."""
        lines = self.note("error").get("where")
        return tuple(line for line in lines[:8] if type(line) is int) if isinstance(lines, list) else ()

    def text(self, kind: str, key: str, number: int | None = None) -> str:
        """A text of a note, cut."""
        text = self.note(kind, number).get(key)
        return text[:2000] if isinstance(text, str) else ""


def listen(run: Run | None, numbered: bool, source: str = "") -> Said:
    """The notes of a run. `numbered`: what each call printed stands behind its number."""
    if run is None:
        return Said(source=source)
    notes: list[dict[str, Any]] = []
    rest: list[str] = []
    for line in run.stderr.decode("utf-8", "replace").split("\n"):
        before, mark, told = line.partition(MARK)
        if not mark:
            rest.append(line)
            continue
        if before:
            rest.append(before)
        try:
            note = json.loads(told)
        except (ValueError, RecursionError):
            continue
        if isinstance(note, dict):
            notes.append(note)
    text = run.stdout.decode("utf-8", "replace")
    stderr = "\n".join(rest)
    if not numbered:
        return Said(text[:MAX_PRINTED], {}, tuple(notes), stderr, source)
    loading, *calls = re.split(f"{MARK}([0-9]{{1,6}}){MARK}", text)
    printed: dict[int, str] = {}
    for number, told in zip(calls[::2], calls[1::2], strict=True):
        printed.setdefault(int(number), told[:MAX_PRINTED])
    return Said(loading[:MAX_PRINTED], printed, tuple(notes), stderr, source)


def listened_error(language: Language, said: Said) -> tuple[str, str, int | None]:
    """The exception a program ended in: its name, its text, its line."""
    if language == "python" or said.note("error"):
        return said.text("error", "type"), said.text("error", "text"), said.line("error")
    found = _NODE_ERROR.search(said.stderr)
    line = _NODE_LINE.search(said.stderr)
    if found is None:
        thrown = "Uncaught" in said.stderr or "throw" in said.stderr
        return ("Error" if thrown else ""), "", int(line[1]) if line and thrown else None
    return found[1], found[2][:2000], int(line[1]) if line else None


def node_syntax(language: Language, said: Said) -> bool:
    """Whether Node refused to read the program: then the place stands on the first line, before any frame."""
    return (
        language == "javascript"
        and said.stderr.lstrip().split("\n")[0].rpartition("/")[2].startswith("main.js:")
        and "\nSyntaxError: " in said.stderr
        and "at wrapSafe" in said.stderr
    )
