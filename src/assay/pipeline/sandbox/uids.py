"""Uids for root's programs: one a program where no namespace keeps them apart, else one a cage; lent and taken back.

A uid is lent under a file lock, so that two processes of ours never use one at once. Without namespaces what is left of a
program is found, and killed, by its uid; and a uid's share of pipes, watches and signals is one for all who have it.
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
_CAGED = (60300, 60599)  # below 65536, which containers map


def sweeper_of(uid: int) -> int:
    """The uid that kills what is left of `uid`. Nothing runs as it, and no two have one: a sweeper hits its like, too."""
    return uid + _SWEEPER_ABOVE


def _mapped(file: str, lowest: int, highest: int) -> bool:
    """Whether one line of the map covers all of these."""
    for line in Path(file).read_text().splitlines():
        first, _, count = map(int, line.split())
        if first <= lowest and first + count > highest:
            return True
    return False


class Uids:
    """Those this process holds. Safe to use from several threads."""

    def __init__(self, folder: Path, *, caged: bool = False) -> None:
        """Raises SandboxUnavailable where root is root of a user namespace that does not have them."""
        self._first, self._last = _CAGED if caged else (_FIRST, _LAST)
        highest = self._last if caged else sweeper_of(self._last)
        if not all(_mapped(f"/proc/self/{kind}_map", self._first, highest) for kind in ("uid", "gid")):
            raise SandboxUnavailable(
                "This root cannot run programs as another user: its user namespace has too few uids.",
                f"Map the uids and gids {self._first} to {highest} into it, or run Assay as an ordinary user.",
            )
        self._folder = folder / "uids"
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._lock = threading.Lock()
        self._held: dict[int, int] = {}
        self._free: list[int] = []
        self._closed = False

    def lend(self) -> int:
        """One that nobody uses. Raises SandboxUnavailable where all are lent."""
        with self._lock:
            if self._free:
                return self._free.pop()
            for uid in range(self._first, self._last + 1):
                if uid not in self._held and self._claim(uid):
                    return uid
        raise SandboxUnavailable(
            f"All {self._last - self._first + 1} uids for programs are in use.",
            "Give fewer programs at once: ASSAY_WORKERS.",
        )

    def give_back(self, uid: int) -> None:
        with self._lock:
            if self._closed:
                os.close(self._held.pop(uid))
            else:
                self._free.append(uid)

    def close(self) -> None:
        """Let others have them; those that are lent when they are given back, for until then something runs as them."""
        with self._lock:
            self._closed = True
            for uid in self._free:
                os.close(self._held.pop(uid))
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
