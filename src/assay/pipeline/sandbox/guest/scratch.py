"""A program's folder on the host's own disk: how full it is, and how it is taken away. Nothing in it is ever followed.

Used on both sides: by the host, and by the first process inside where the host is gone. Every step goes through a
descriptor of the folder it happens in; a name is only ever resolved below that, and never through a link.
"""

import contextlib
import os
import stat

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def usage(folder: int, most: int) -> "tuple[int, int]":
    """(bytes on disk, files and folders) below the descriptor `folder`; stops counting after `most` names.

    What cannot be looked into (the program may change it while we look, or take away our right to) counts as one name.
    """
    size, names = 0, 0
    waiting = [os.dup(folder)]
    try:
        while waiting:
            here = waiting.pop()
            try:
                with os.scandir(here) as entries:
                    for entry in entries:
                        names += 1
                        if names > most:
                            return size, names
                        with contextlib.suppress(OSError):
                            about = entry.stat(follow_symlinks=False)
                            size += about.st_blocks * 512
                            if stat.S_ISDIR(about.st_mode) and len(waiting) < 200:  # descriptors held at once
                                waiting.append(os.open(entry.name, _FOLDER, dir_fd=here))
            except OSError:
                continue
            finally:
                os.close(here)
    finally:
        for fd in waiting:
            os.close(fd)
    return size, names


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
