"""Read a public data set's file: JSON Lines or a JSON array, plain or gzipped, every fault with its file and line."""

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from assay.errors import AssayError, ContentError
from assay.settings import Settings

MAX_BYTES = 1 << 30  # what a file may unpack to; the largest of these releases unpacks to some 20 MB

_GZIP = b"\x1f\x8b"
_CHUNK = 1 << 20


class Row(BaseModel):
    """One task as its data set writes it. Keys that we do not need are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


R = TypeVar("R", bound=Row)


@dataclass(frozen=True)
class Release:
    """The public file that an importer was made for."""

    name: str
    """What people call it, with its version."""
    file: str
    origin: str
    """Where it is published."""
    licence: str
    sha256: str
    """Of the file as published."""
    content_sha256: str
    """Of what it unpacks to: the same for a copy that was unpacked or packed again."""

    def path(self, data: Path | None, settings: Settings) -> Path:
        """The file to read: the named one, else the one in the data folder. Raises AssayError where there is none."""
        if data is not None:
            if not data.is_file():
                raise AssayError(
                    f"{data} is {'a folder' if data.is_dir() else 'not there'}.", self._wanted("with --data")
                )
            return data
        kept = settings.home / "datasets" / self.file
        for path in (kept, kept.with_suffix("") if kept.suffix == ".gz" else kept):
            if path.is_file():
                return path
        raise AssayError(f"{self.name} is not on this machine.", self._wanted(f"with --data, or put it at {kept}"))

    def _wanted(self, how: str) -> str:
        return f"Get {self.file} from {self.origin} (sha256 {self.sha256}), and name it {how}."


@dataclass(frozen=True)
class Dataset:
    """A file that was read: its text, and which release it is."""

    path: Path
    text: str
    source: str
    published: bool
    """Whether it is the release itself, and not some other file."""

    def rows(self, kind: type[R]) -> Iterator[tuple[str, R]]:
        """Each record with its place (`file:line`). Raises ContentError at the first one that is broken."""
        seen = 0
        for line, value in _values(self.text, self.path):
            place = f"{self.path}:{line}"
            if not isinstance(value, dict):
                raise ContentError(place, f"a task must be a JSON object, this is {_kind(value)}.")
            try:
                row = kind.model_validate(value)
            except ValidationError as error:
                _refuse(place, value, error)
            seen += 1
            yield place, row
        if not seen:
            raise ContentError(str(self.path), "holds no task.", "Is the file complete?")


def read(release: Release, data: Path | None, settings: Settings) -> Dataset:
    """The data set's file, unpacked."""
    path = release.path(data, settings)
    content = _content(path)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ContentError(
            f"{path}:{line}", "is not UTF-8 text.", f"It should be {release.file}: {release.name}."
        ) from None
    same = hashlib.sha256(content).hexdigest() == release.content_sha256
    source = f"{release.name}, {release.origin}"
    return Dataset(path, text, source if same else f"{path.name}, which differs from {source}", same)


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            packed = file.read(2) == _GZIP
            file.seek(0)
            return _unpack(path, file) if packed else _bounded(path, file)
    except OSError as error:
        raise ContentError(str(path), f"cannot be read: {error.strerror or error}.") from None


def _unpack(path: Path, file: Any) -> bytes:
    lines = 0
    parts: list[bytes] = []
    try:
        with gzip.GzipFile(fileobj=file) as stream:
            while part := stream.read(_CHUNK):
                parts.append(part)
                lines += part.count(b"\n")
                if len(parts) * _CHUNK > MAX_BYTES:
                    raise ContentError(str(path), f"unpacks to more than {MAX_BYTES >> 20} MiB.")
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise ContentError(
            f"{path}:{lines + 1}",
            "the gzip data is cut off or damaged here.",
            "Fetch the file again and compare its sha256.",
        ) from None
    return b"".join(parts)


def _bounded(path: Path, file: Any) -> bytes:
    content: bytes = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ContentError(str(path), f"is larger than {MAX_BYTES >> 20} MiB.")
    return content


def _values(text: str, path: Path) -> Iterator[tuple[int, object]]:
    """Every value with the line it begins at: the members of an array, or one value a line."""
    if text.lstrip()[:1] == "[":
        yield from _members(text, path)
        return
    for number, line in enumerate(text.split("\n"), start=1):  # not splitlines: JSON text may hold U+2028 and the like
        if line.strip():
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError) as error:
                column = error.colno if isinstance(error, json.JSONDecodeError) else 1
                raise ContentError(f"{path}:{number}:{column}", f"is not JSON: {_why(error)}.") from None


def _members(text: str, path: Path) -> Iterator[tuple[int, object]]:
    decoder = json.JSONDecoder()
    position = _blank(text, text.index("[") + 1)
    line, counted = 1, 0
    first = True
    while text[position : position + 1] != "]":
        if not first:
            if text[position : position + 1] != ",":
                _broken_array(text, path, position, "expected ',' or ']' between tasks")
            position = _blank(text, position + 1)
        line, counted = line + text.count("\n", counted, position), position
        try:
            value, position = decoder.raw_decode(text, position)
        except json.JSONDecodeError as error:
            _broken_array(text, path, error.pos, _why(error))
        except (ValueError, RecursionError) as error:
            _broken_array(text, path, position, _why(error))
        yield line, value
        position = _blank(text, position)
        first = False
    if text[position + 1 :].strip():
        _broken_array(text, path, position + 1, "something stands behind the array")


def _blank(text: str, position: int) -> int:
    while text[position : position + 1] in (" ", "\t", "\n", "\r"):
        position += 1
    return position


def _broken_array(text: str, path: Path, position: int, why: str) -> NoReturn:
    line = text.count("\n", 0, position) + 1
    column = position - (text.rfind("\n", 0, position) + 1) + 1
    raise ContentError(f"{path}:{line}:{column}", f"is not JSON: {why}.")


def _why(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return error.msg[:1].lower() + error.msg[1:]
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)


def _kind(value: object) -> str:
    return {list: "an array", str: "a text", type(None): "null", bool: "true or false"}.get(type(value), "a number")


def _refuse(place: str, value: dict[str, Any], error: ValidationError) -> NoReturn:
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    fault = min(faults, key=lambda fault: fault["type"] != "missing")  # what is missing tells most about a wrong file
    where = ".".join(str(step) for step in fault["loc"])
    task = value.get("task_id")
    of = f" of task {task}" if isinstance(task, str | int) else ""
    if fault["type"] == "missing":
        keys = ", ".join(list(value)[:8]) or "none"
        raise ContentError(place, f"{where!r}{of} is missing.", f"Is it the right data set? The keys here are: {keys}.")
    said = fault["msg"].removeprefix("Input ").removeprefix("Value error, ")
    raise ContentError(place, f"{where!r}{of} {said}.")
