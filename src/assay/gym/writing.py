"""Courses as text: one file that holds all, or folders. What is written is read back as equal records."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from assay.errors import AssayError
from assay.gym.records.problems import Course, Problem, Test
from assay.pipeline.sandbox.guest.values import Undefined

_WIDE = 110
"""Characters that a value may have to stand on one line."""


def problem_text(problem: Problem) -> str:
    """One problem as a file of its own."""
    return _block(_plain(problem), 0)


def courses_text(courses: tuple[Course, ...]) -> str:
    """Whole courses in one file."""
    return _block({"schema": "assay/gym@1", "courses": [_plain(course) for course in courses]}, 0)


def write_course(course: Course, folder: Path) -> list[Path]:
    """A course as a folder of its own, new or empty; gives the files. Raises AssayError where something is there."""
    if folder.exists() and any(folder.iterdir()):
        raise AssayError(f"{folder} is not empty.", "Name a new folder: nothing of yours is written over.")
    files = {
        "course.yaml": _block(
            {
                "schema": "assay/course@1", "id": course.id, "title": course.title, "language": course.language,
                "summary": course.summary,
                "topics": [{k: v for k, v in _plain(topic).items() if k != "lesson"} for topic in course.topics],
            },
            0,
        ),
        "concepts.yaml": _block(
            {"schema": "assay/concepts@1", "concepts": [_plain(concept) for concept in course.concepts]}, 0
        ),
        **{f"lessons/{topic.id}.md": topic.lesson for topic in course.topics},
        **{f"problems/{problem.id}.yaml": problem_text(problem) for problem in course.problems},
    }  # fmt: skip
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    (folder / "problems").mkdir(exist_ok=True)
    return [folder / name for name in files]


def _plain(record: BaseModel) -> dict[str, Any]:
    """What was given, in the order of the fields; a tuple among the values of tests stays one."""
    given = {}
    for name, about in type(record).model_fields.items():
        if name in record.model_fields_set:
            value = getattr(record, name)
            kept = isinstance(record, Test) and name in ("args", "expect")
            given[about.alias or name] = value if kept else _inner(value)
    return given


def _inner(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return _plain(value)
    if isinstance(value, dict):
        return {key: _inner(one) for key, one in value.items()}
    return [_inner(one) for one in value] if isinstance(value, list | tuple) else value


# ---- text ------------------------------------------------------------------------------------------------------------


def _block(value: Any, depth: int) -> str:
    """A mapping or list, a line an entry."""
    pad = "  " * depth
    lines: list[str] = []
    if isinstance(value, dict):
        for key, inner in value.items():
            lines += _entry(f"{pad}{_key(key)}:", inner, depth)
    else:
        for inner in value:
            if isinstance(inner, dict) and inner and not _fits(inner, depth):
                text = _block(inner, depth + 1)
                lines.append(
                    f"{pad}- {text[len(pad) + 2 :].rstrip()}"
                    if not text.endswith("\n\n")
                    else f"{pad}- {text[len(pad) + 2 : -1]}"
                )
            else:
                lines += _entry(f"{pad}-", inner, depth)
    return "\n".join(lines) + "\n"


def _entry(head: str, value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, str) and "\n" in value and _as_lines(value):
        body = value.rstrip("\n")
        mark = "|-" if not value.endswith("\n") else "|" if len(value) - len(body) == 1 else "|+"
        pad = "  " * (depth + 1)
        yield f"{head} {mark}"
        for line in (body + value[len(body) :].removesuffix("\n")).split("\n"):
            yield pad + line if line else ""
    elif isinstance(value, dict | list) and value and _structured(value) and not _fits(value, depth):
        yield head
        yield _block(value, depth + 1).removesuffix("\n")
    else:
        yield f"{head} {flow(value)}"


def _structured(value: Any) -> bool:
    """Whether it is made of mappings and texts as records are, and no value of a test."""
    if isinstance(value, dict):
        return bool(value) and all(type(key) is str and key.isidentifier() for key in value)
    return isinstance(value, list) and any(isinstance(one, dict | str) for one in value)


def _fits(value: Any, depth: int) -> bool:
    """Whether it stands well on one line."""
    text = flow(value)
    return len(text) + 2 * depth <= _WIDE and "\\n" not in text


def _as_lines(text: str) -> bool:
    """Whether it can stand line by line as it is."""
    first = text.lstrip("\n")
    if text.startswith(("\n", " ", "\t")) or first != text or not text.strip():
        return False
    return all(line.replace("\t", "").isprintable() for line in text.split("\n"))


def _key(key: Any) -> str:
    return key if type(key) is str and key.isidentifier() and key.lower() not in _WORDS else flow(key)


_WORD = re.compile("[a-z][a-z0-9]*(-[a-z0-9]+)*")
_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


def flow(value: Any) -> str:
    """Any value on one line, with tags for what JSON cannot say."""
    if value is None or type(value) is bool:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return quoted(value)
    if type(value) is int:
        return str(value)
    if type(value) is float:
        return f"!float {value!r}" if value - value != 0 else repr(value)
    if type(value) is complex:
        return f"!complex [{flow(value.real)}, {flow(value.imag)}]"
    if isinstance(value, bytes | bytearray):
        return f'!bytes "{value.hex()}"'
    if isinstance(value, Undefined):
        return "!undefined null"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(key)}: {flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, set | frozenset):
        members = sorted(map(flow, value))
        return f"!{type(value).__name__} [{', '.join(members)}]"
    if isinstance(value, list | tuple):
        return f"{'!tuple ' if isinstance(value, tuple) else ''}[{', '.join(map(flow, value))}]"
    raise AssayError(f"A value of type {type(value).__name__} cannot be written into a file.")


def quoted(text: str) -> str:
    """Text on one line, in double quotes where it is more than a plain word."""
    if _WORD.fullmatch(text) and text not in _WORDS:
        return text
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character == "\n":
        return "\\n"
    if character == "\t":
        return "\\t"
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"
