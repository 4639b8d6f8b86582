"""Bring files out of a program's folder after its end: through a descriptor, beneath it, regular files only."""

import ctypes
import fnmatch
import os
import stat
import struct
from collections.abc import Iterator

_AT_OPENAT2 = 437  # the same number on every architecture
_RESOLVE_BENEATH, _RESOLVE_NO_SYMLINKS, _RESOLVE_NO_MAGICLINKS, _RESOLVE_NO_XDEV = 0x08, 0x04, 0x02, 0x01
_MAX_DEPTH = 32
_libc = ctypes.CDLL(None, use_errno=True)


def open_beneath(folder: int, path: str, flags: int) -> int:
    """Open `path` below the descriptor `folder`; no link, no step upwards and no other file system is followed.

    Raises OSError, also where the kernel has no openat2 (before 5.6).
    """
    how = struct.pack(
        "QQQ",
        flags | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY,
        0,
        _RESOLVE_BENEATH | _RESOLVE_NO_SYMLINKS | _RESOLVE_NO_MAGICLINKS | _RESOLVE_NO_XDEV,
    )
    fd: int = _libc.syscall(_AT_OPENAT2, folder, os.fsencode(path), how, len(how))
    if fd < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), path)
    return fd


def collect(
    folder: int, globs: tuple[str, ...], max_files: int, max_bytes: int
) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """The regular files below `folder` that match, and a line for each match that was left, with the reason."""
    files: dict[str, bytes] = {}
    left: list[str] = []
    room = max_bytes
    for seen, (path, kind) in enumerate(_walk(folder, max_files)):
        if kind not in ("file", "link", "other", "deep"):
            left.append(f"{path}: {kind}")
            continue
        if kind == "deep" or seen >= max_files:
            left.append(f"{path}: too many files or folders too deep; the rest was not looked at")
            break
        if not any(_matches(path, glob) for glob in globs):
            continue
        if kind != "file":
            left.append(f"{path}: not a regular file")
            continue
        content, reason = _read(folder, path, room)
        if content is None:
            left.append(f"{path}: {reason}")
        else:
            files[path] = content
            room -= len(content)
    return files, tuple(left)


def _matches(path: str, glob: str) -> bool:
    """`**` crosses folders, `*` does not, as in a shell."""
    if "**" in glob:
        return fnmatch.fnmatchcase(path, glob.replace("**/", "*").replace("**", "*"))
    return path.count("/") == glob.count("/") and fnmatch.fnmatchcase(path, glob)


def _read(folder: int, path: str, room: int) -> tuple[bytes | None, str]:
    try:
        fd = open_beneath(folder, path, os.O_RDONLY)
    except OSError as error:
        return None, error.strerror or "cannot be opened"
    try:
        about = os.fstat(fd)
        if not stat.S_ISREG(about.st_mode):
            return None, "not a regular file"
        if about.st_nlink != 1:
            return None, "has more than one name"
        if about.st_size > room:
            return None, f"{about.st_size} bytes are more than may be brought out"
        with open(fd, "rb", closefd=False) as file:
            return file.read(room), ""
    finally:
        os.close(fd)


def _walk(folder: int, max_files: int) -> Iterator[tuple[str, str]]:
    """(path, file | link | other | deep, or why it cannot be told) of all below `folder`, names in order; never follows anything."""
    waiting = [""]
    seen = 0
    while waiting:
        here = waiting.pop()
        try:
            names = _list(folder, here or ".")
        except OSError as error:  # no right to look, or a path longer than the kernel takes
            yield here, f"a folder that cannot be looked into: {error.strerror}"
            continue
        for name, kind in names:
            path = f"{here}/{name}" if here else name
            seen += 1
            if seen > max_files or path.count("/") > _MAX_DEPTH:
                yield path, "deep"
                return
            if kind == "folder":
                waiting.append(path)
            else:
                yield path, kind


def _list(folder: int, path: str) -> list[tuple[str, str]]:
    fd = open_beneath(folder, path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with os.scandir(fd) as entries:
            return sorted((entry.name, _kind(entry)) for entry in entries)
    finally:
        os.close(fd)


def _kind(entry: "os.DirEntry[str]") -> str:
    if entry.is_symlink():
        return "link"
    if entry.is_dir(follow_symlinks=False):
        return "folder"
    return "file" if entry.is_file(follow_symlinks=False) else "other"
