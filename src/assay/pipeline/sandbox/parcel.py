"""What a program is sent into any sandbox as: its command, its files, its stdin."""

import fcntl
import json
import os
from pathlib import PurePosixPath

from assay.errors import AssayError, SandboxUnavailable
from assay.records import Limits, Spec

_MAX_PAYLOAD = 256 << 20


def command_of(spec: Spec, node: str | None, driver: str) -> list[str] | None:
    """The command line that is the program; None: Python, which the guest runs in its own process."""
    if spec.command is not None:
        return list(spec.command)
    if spec.language == "python":
        return None
    if node is None:
        raise SandboxUnavailable(
            "Node is not installed, and this program is JavaScript.",
            "Install Node 20 or later, or: pip install 'assay[javascript]'",
        )
    flags = [f"--max-old-space-size={heap_mb(spec.limits)}", "--no-warnings"]
    if spec.mode == "program":
        return [node, *flags, spec.main, *spec.argv]
    return [node, *flags, driver, spec.main]


def heap_mb(limits: Limits) -> int:
    """How much of its memory a JavaScript program may have for its values: Node itself takes the rest."""
    return max(16, limits.memory_mb * 3 // 4)


def pieces(spec: Spec, command: list[str] | None) -> list[bytes]:
    """What the guest is told: a header line, then the files' contents."""
    for path in spec.files:
        parts = PurePosixPath(path).parts
        if not parts or path.startswith("/") or ".." in parts or "\0" in path or len(path) > 1000:
            raise AssayError(f"{path!r} is no path for a program's file.", "Give a relative path without '..'.")
    size = sum(map(len, spec.files.values()))
    if size > _MAX_PAYLOAD or size > spec.limits.scratch_mb << 20:
        raise AssayError(
            f"The program's files have {size} bytes, more than its scratch of {spec.limits.scratch_mb} MiB holds.",
            "Give it a larger scratch_mb.",
        )
    header = {
        "mode": spec.mode, "network": spec.network, "main": spec.main, "argv": spec.argv, "command": command, "environment": {},
        "limits": spec.limits.model_dump(), "files": [(path, len(content)) for path, content in spec.files.items()],
        "collect": bool(spec.collect),
    }  # fmt: skip
    return [json.dumps(header).encode() + b"\n", *spec.files.values()]


def pack(spec: Spec, command: list[str] | None) -> int:
    """A descriptor of a memory file with the pieces."""
    told = pieces(spec, command)
    fd = os.memfd_create("payload", os.MFD_CLOEXEC)
    for at in range(0, len(told), 500):  # the kernel takes 1024 at once
        os.writev(fd, told[at : at + 500])
    return fd


def stdin(content: bytes) -> int:
    """What the program reads: a sealed memory file, so that it can be read from any place and written from none."""
    if not content:
        return no_stdin()
    fd = empty_stdin()
    fill_stdin(fd, content)
    return fd


def no_stdin() -> int:
    """For a program that is to read nothing."""
    return os.open("/dev/null", os.O_RDONLY | os.O_CLOEXEC)


def empty_stdin() -> int:
    """A memory file to be filled."""
    return os.memfd_create("stdin", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)


def fill_stdin(fd: int, content: bytes) -> None:
    """Write it all at once, without moving to its end, and seal it."""
    at = 0
    while at < len(content):
        at += os.pwrite(fd, content[at:], at)
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL)
