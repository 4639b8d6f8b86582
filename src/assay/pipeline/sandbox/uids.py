"""Uids for root's programs where no namespace keeps them apart: one a program, lent and taken back.

A uid is lent under a file lock, so that two processes of ours never use one at once: what is left of a program is
found, and killed, by its uid.
"""

import fcntl
import os
import threading
from pathlib import Path

from assay.errors import SandboxUnavailable

# Programs are 60602 to 60880, their sweepers 60902 to 61180: between systemd's ranges for homes and for dynamic services,
# used by no distribution. The embedded database server is 60901.
_FIRST, _LAST = 60602, 60880
_SWEEPER_ABOVE = 300
_ENDS = (_FIRST, _LAST + _SWEEPER_ABOVE)


def sweeper_of(uid: int) -> int:
    """The uid that kills what is left of `uid`. Nothing runs as it, and no two have one: a sweeper hits its like, too."""
    return uid + _SWEEPER_ABOVE


def _mapped(file: str) -> bool:
    """Whether one line of the map covers all of ours."""
    for line in Path(file).read_text().splitlines():
        first, _, count = map(int, line.split())
        if first <= _ENDS[0] and first + count > _ENDS[1]:
            return True
    return False


class Uids:
    """Those this process holds. Safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        """Raises SandboxUnavailable where root is root of a user namespace that does not have them."""
        if not all(_mapped(f"/proc/self/{kind}_map") for kind in ("uid", "gid")):
            raise SandboxUnavailable(
                "This root cannot run programs as another user: its user namespace has too few uids.",
                f"Map the uids and gids {_ENDS[0]} to {_ENDS[1]} into it, or run Assay as an ordinary user.",
            )
        self._folder = folder / "uids"
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._lock = threading.Lock()
        self._held: dict[int, int] = {}
        self._free: list[int] = []

    def lend(self) -> int:
        """One that nobody uses. Raises SandboxUnavailable where all are lent."""
        with self._lock:
            if self._free:
                return self._free.pop()
            for uid in range(_FIRST, _LAST + 1):
                if uid not in self._held and self._claim(uid):
                    return uid
        raise SandboxUnavailable(
            f"All {_LAST - _FIRST + 1} uids for programs are in use.", "Give fewer programs at once: ASSAY_WORKERS."
        )

    def give_back(self, uid: int) -> None:
        with self._lock:
            self._free.append(uid)

    def close(self) -> None:
        with self._lock:
            for fd in self._held.values():
                os.close(fd)
            self._held.clear()
            self._free.clear()

    def _claim(self, uid: int) -> bool:
        fd = os.open(self._folder / str(uid), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(fd)
            return False
        self._held[uid] = fd
        return True
