"""Folders that other users may read, made aside and moved into place: nobody ever sees half of one."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

FRESH = ".new-"
"""How the name of a folder in the making begins, beside where it will stand."""


@contextlib.contextmanager
def made_whole(folder: Path) -> Iterator[Path]:
    """An empty folder to fill, which is `folder` when all went well. Where another process was quicker, its own stays.

    Everybody may then read it, and run what could be run; files that have another name elsewhere keep their rights.
    """
    fresh = Path(tempfile.mkdtemp(dir=folder.parent, prefix=FRESH))
    try:
        yield fresh
        _open_to_all(fresh)
        try:
            fresh.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
    finally:
        if fresh.exists():
            shutil.rmtree(fresh, ignore_errors=True)


def _open_to_all(folder: Path) -> None:
    for where, _, names in os.walk(folder):
        os.chmod(where, 0o755)  # noqa: S103 - programs run as somebody else, who must read it
        for name in names:
            file = Path(where, name)
            if not file.is_symlink() and (about := file.stat()).st_nlink == 1:
                file.chmod(0o755 if about.st_mode & 0o111 else 0o644)
