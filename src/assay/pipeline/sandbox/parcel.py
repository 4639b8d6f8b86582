"""What a program is sent into any sandbox as: its command, its files, its stdin."""

import fcntl
import json
import os
from collections.abc import Mapping
from pathlib import PurePosixPath

from assay.errors import AssayError, SandboxUnavailable
from assay.records import Limits, Spec

PASSWD = b"root:x:0:0:root:/box/work:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
GROUP = b"root:x:0:\nnogroup:x:65534:\n"
"""What a sandbox that has an /etc of its own says of users and groups."""
_MAX_PAYLOAD = 256 << 20
_LONGEST_PATH, _LONGEST_NAME = 1000, 255  # bytes
_PAGE = 4096  # what a file takes is counted by
_NODES_THREADS = 11  # four for its values, four for files, three for itself
_INODES = 6  # the scratch itself and the folders of ours in it, with room to spare


def starting(module: str) -> str:
    """What an interpreter runs that is given the guest's folder, and arguments for the `main` of its `module`.

    No path to import from leads there: the program is to find none of it.
    """
    return (
        "import sys; m = type(sys)('assay_guest'); m.__path__ = [sys.argv[1]]; sys.modules['assay_guest'] = m; "
        f"import assay_guest.{module} as first; first.main(sys.argv[2:])"
    )


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


def processes(spec: Spec) -> int:
    """How many processes and threads it may have at once: Node's own are none of the program's."""
    return spec.limits.processes + (_NODES_THREADS if spec.language == "javascript" else 0)


def pieces(spec: Spec, command: list[str] | None) -> list[bytes]:
    """What the guest is told: a header line, then the files' contents."""
    if why := unfit(spec.files, spec.limits):
        raise AssayError(
            f"The program cannot be put in place: {why}.", "Change its files, or give it a larger scratch_mb."
        )
    header = {
        "mode": spec.mode, "network": spec.network, "main": spec.main, "argv": spec.argv, "command": command, "environment": {},
        "limits": spec.limits.model_dump() | {"processes": processes(spec)}, "files": [(path, len(content)) for path, content in spec.files.items()],
        "collect": bool(spec.collect),
    }  # fmt: skip
    return [json.dumps(header).encode() + b"\n", *spec.files.values()]


def unfit(files: Mapping[str, bytes], limits: Limits) -> str:
    """Why these files cannot be a program's; empty where they can. Whoever wrote the program chose their names."""
    folders: set[str] = set()
    for path in files:
        whole = PurePosixPath(path)
        if str(whole) != path or whole.is_absolute() or ".." in whole.parts or path == "." or not _can_be_named(path):
            return f"{path[:200]!r} is no path for a file of it, which is relative, without '..' or '.'"
        folders.update(map(str, list(whole.parents)[:-1]))
    if clash := next((path for path in files if path in folders), None):
        return f"{clash[:200]!r} is a file of it, and a folder too"
    if len(files) + len(folders) > limits.inodes - _INODES:
        return f"it has {len(files) + len(folders)} files and folders, and {limits.inodes} is the limit"
    size = sum(map(len, files.values()))
    room = sum(-len(content) % _PAGE + len(content) for content in files.values())
    if size > _MAX_PAYLOAD or room > limits.scratch_mb << 20:
        return f"its files have {size} bytes, more than its scratch of {limits.scratch_mb} MiB holds"
    return ""


def _can_be_named(path: str) -> bool:
    try:
        encoded = os.fsencode(path)
    except UnicodeEncodeError:  # half a surrogate pair
        return False
    return (
        b"\0" not in encoded and len(encoded) <= _LONGEST_PATH and max(map(len, encoded.split(b"/"))) <= _LONGEST_NAME
    )


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
