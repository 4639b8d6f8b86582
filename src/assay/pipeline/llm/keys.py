"""The keys of model servers: from the environment, or from a file that only its owner can read."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from assay.errors import AssayError, ContentError


class Keys:
    """Finds keys by the name of their variable. Neither its repr nor its errors show one."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._file: dict[str, str] | None = None

    def find(self, name: str) -> str | None:
        """The key under this name; the environment wins over the file that ASSAY_KEYS names. None: there is none."""
        key = (self._environment.get(name) or self._from_file().get(name) or "").strip()
        if not key:
            return None
        if not key.isascii() or not key.isprintable() or " " in key:
            raise AssayError(
                f"The key in {name} has characters that no key has.",
                "Was it pasted with a line break, a blank or quotes?",
            )
        return key

    def _from_file(self) -> dict[str, str]:
        if self._file is None:
            named = self._environment.get("ASSAY_KEYS")
            self._file = read_keys(Path(named).expanduser()) if named else {}
        return self._file


def read_keys(path: Path) -> dict[str, str]:
    """A file of KEY=VALUE lines; # begins a comment line. Refuses one that others can read or write."""
    try:
        # Looked at and read through one descriptor, so that it is one file.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise AssayError(
            f"The key file {path} cannot be read: {error.strerror}.", "ASSAY_KEYS names it; mend the path or unset it."
        ) from None
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise AssayError(f"The key file {path} is no regular file.", "ASSAY_KEYS names a file of KEY=VALUE lines.")
        if status.st_mode & 0o077:
            raise AssayError(
                f"The key file {path} can be read or changed by others (mode {stat.S_IMODE(status.st_mode):04o}).",
                f"Run: chmod 600 {path}",
            )
        if status.st_uid not in (os.geteuid(), 0):
            raise AssayError(f"The key file {path} belongs to somebody else.", f"Run: chown {os.geteuid()} {path}")
        text = file.read(1 << 20).decode("utf-8-sig", "replace")
    return dict(
        _pair(line, f"{path}:{number}") for number, line in enumerate(text.splitlines(), 1) if _says_something(line)
    )


def _says_something(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _pair(line: str, place: str) -> tuple[str, str]:
    name, equals, value = line.strip().removeprefix("export ").partition("=")
    if not equals or not name.strip().isidentifier():
        raise ContentError(
            f"{place}:1", "This line is not KEY=VALUE.", "Comment lines begin with #."
        )  # never the line itself
    value = value.strip()
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1]
    return name.strip(), value
