"""A program's folder on the host's own disk: how full it is, and how it is taken away. Nothing in it is ever followed.

Used on both sides: by the host, and by the first process inside where the host is gone. Every step goes through a
descriptor of the folder it happens in; a name is only ever resolved below that, and never through a link.
"""

import errno
import itertools
import os
import stat

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_CLOSED = "made a folder that cannot be looked into"
_MOVED = "kept moving its folders"


class Hidden(Exception):
    """What a program holds cannot be counted; says why, as what it did."""


def usage(folder: int, most: int) -> "tuple[int, int]":
    """(bytes on disk, files and folders) below the descriptor `folder`; stops counting after `most` names.

    Into every folder, with one descriptor at a time, so that neither depth nor width hides one. Raises Hidden where a folder
    cannot be looked into, or is moved while we look.
    """
    size, names = 0, 0
    above: list[tuple[tuple[int, int], list[str]]] = []  # which folder, which of its folders are still to be entered
    here = os.open(".", _FOLDER, dir_fd=folder)
    try:
        bytes_here, names_here, waiting = _look(here, most)
        while True:
            size, names = size + bytes_here, names + names_here
            if names > most:
                return size, names
            below = -1
            while below < 0:
                while not waiting:
                    if not above:
                        return size, names
                    known, waiting = above.pop()
                    here = _replaced(here, _above(here))
                    if _identity(here) != known:
                        raise Hidden(_MOVED)
                below = _below(here, waiting.pop())
            above.append((_identity(here), waiting))
            here = _replaced(here, below)
            bytes_here, names_here, waiting = _look(here, most - names)
    finally:
        os.close(here)


def _look(here, most):
    """(bytes, names, names of folders) in one folder; stops after `most` names."""
    size, names, folders = 0, 0, []
    try:
        with os.scandir(here) as entries:
            for entry in itertools.islice(entries, most + 1):
                names += 1
                try:
                    about = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                size += about.st_blocks * 512
                if stat.S_ISDIR(about.st_mode):
                    folders.append(entry.name)
    except PermissionError:
        raise Hidden(_CLOSED) from None
    return size, names, folders


def _below(here, name):
    """A descriptor of a folder in this one; -1 where it is none any more."""
    try:
        return os.open(name, _FOLDER, dir_fd=here)
    except PermissionError:
        raise Hidden(_CLOSED) from None
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
            return -1
        raise


def _above(here):
    try:
        return os.open("..", _FOLDER, dir_fd=here)
    except (FileNotFoundError, PermissionError):
        raise Hidden(_MOVED) from None


def _replaced(old, new):
    os.close(old)
    return new


def _identity(fd):
    about = os.fstat(fd)
    return about.st_dev, about.st_ino


def open_folder(path: str) -> int:
    """A descriptor of the folder, which must be one and no link. Raises OSError."""
    return os.open(path, _FOLDER)


def empty(top: int) -> None:
    """Take away all below the descriptor `top`. Whoever wrote there must be dead. Raises OSError where it cannot.

    Subfolders are first moved up to the top one, so that neither depth nor the length of a path bounds what can be removed.
    """
    number = 0
    while names := os.listdir(top):
        for name in names:
            if not _is_folder(name, top):
                os.unlink(name, dir_fd=top)
                continue
            number = _flatten(name, top, number)
            os.rmdir(name, dir_fd=top)


def _flatten(name: str, top: int, number: int) -> int:
    """Empty the folder `name` of `top`: its files go, its folders move to `top` under fresh names."""
    os.chmod(name, 0o700, dir_fd=top)  # it was a folder a moment ago, and nobody is left who could swap it
    here = os.open(name, _FOLDER, dir_fd=top)
    try:
        for inner in os.listdir(here):
            if not _is_folder(inner, here):
                os.unlink(inner, dir_fd=here)
                continue
            os.chmod(inner, 0o700, dir_fd=here)  # moving a folder takes the right to write it
            number += 1
            while _is_there(".moved-%d" % number, top):  # a name the program chose before us
                number += 1
            os.rename(inner, ".moved-%d" % number, src_dir_fd=here, dst_dir_fd=top)
    finally:
        os.close(here)
    return number


def _is_folder(name: str, parent: int) -> bool:
    return stat.S_ISDIR(os.lstat(name, dir_fd=parent).st_mode)


def _is_there(name: str, parent: int) -> bool:
    try:
        os.lstat(name, dir_fd=parent)
    except FileNotFoundError:
        return False
    return True
