"""What a run uses, found by looking at /proc from outside, where no control group counts it."""

import os
import re
import stat
from typing import NamedTuple

from assay.pipeline.sandbox.guest.scratch import Hidden

_TICKS = os.sysconf("SC_CLK_TCK")
_MAX_PROCESSES = 5000
_MAX_MAPPINGS = 16 << 20
"""Bytes of their lists, of all processes together: a process has 100 kB at most, if it is honest."""
_DELETED = re.compile(rb"^([0-9a-f]+)-([0-9a-f]+) \S+ \S+ \S+ (\d+) +(/.*) \(deleted\)$", re.MULTILINE)


class ProcessTree:
    """A Meter over a process and everything it started."""

    def __init__(self, pidfd: int, adopted_by: int = -1) -> None:
        """`adopted_by`: a pidfd of the process that what has lost its parent is handed to; it is not counted itself."""
        self._pidfd, self._adopted_by = pidfd, adopted_by

    def usage(self) -> tuple[float, int]:
        members = []
        if (pid := host_pid(self._pidfd)) > 0:
            members += descendants(pid)
        if (adopter := host_pid(self._adopted_by)) > 0:
            members += descendants(adopter)[1:]
        uses = [_use(member) for member in members]
        few = len(members) + (adopter > 0) < 3
        memory = sum(use.resident for use in uses) if few else _shared_once(uses)
        return sum(use.ticks for use in uses) / _TICKS, memory + sum(use.tables for use in uses)

    def oom_killed(self) -> bool:
        return False  # the kernel bounds nothing here; we do, and know it

    def cpu_total(self) -> float:
        return 0.0  # whoever reaps the program reports it


def host_pid(pidfd: int) -> int:
    """The process's number in our own pid namespace; -1 when it is dead."""
    try:
        with open(f"/proc/self/fdinfo/{pidfd}") as file:
            for line in file:
                if line.startswith("Pid:"):
                    return int(line.split()[1])
    except OSError:
        pass
    return -1


def descendants(root: int) -> list[int]:
    """`root` and all that came of it, as far as they still hang together."""
    members = [root]
    for pid in members:  # grows while it is walked
        if len(members) > _MAX_PROCESSES:
            break
        try:
            for thread in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{thread}/children") as file:
                    members.extend(int(child) for child in file.read().split())
        except OSError:
            continue  # it ended while we looked
    return members


class _Use(NamedTuple):
    """Of one process. Sizes in bytes."""

    folder: str  # in /proc, where its memory is told
    ticks: int = 0  # of its reaped children, too
    resident: int = 0  # in memory or swapped out
    tables: int = 0  # page tables, in none of its sizes: one page for each two megabytes that it only ever looked at


def _use(pid: int) -> _Use:
    folder = f"/proc/{pid}"
    try:
        with open(f"{folder}/stat", "rb") as file:
            fields = file.read().rsplit(b")", 1)[1].split()
        ticks = sum(map(int, fields[11:15]))
        if fields[0] == b"Z" and int(fields[17]) > 1:  # the first thread has ended, and the memory shows at the others
            folder = next(f"{folder}/task/{thread}" for thread in os.listdir(f"{folder}/task") if int(thread) != pid)
        sizes = _sizes(f"{folder}/status", b"VmRSS", b"VmSwap", b"VmPTE")
    except (OSError, StopIteration):
        return _Use(folder)
    return _Use(folder, ticks, sizes[0] + sizes[1], sizes[2])


def _sizes(path: str, *names: bytes) -> list[int]:
    """What the lines of these names say, in bytes; 0 where there is none (a process that has ended)."""
    found = dict.fromkeys(names, 0)
    with open(path, "rb") as file:
        for line in file:
            name, _, value = line.partition(b":")
            if name in found:
                found[name] = int(value.split()[0]) << 10
    return list(found.values())


def _shared_once(uses: list[_Use]) -> int:
    """The proportional size: pages shared after a fork count once, not once a process. Costs more, so only for several."""
    total = 0
    for use in uses:
        try:
            total += sum(_sizes(f"{use.folder}/smaps_rollup", b"Pss", b"SwapPss"))
        except PermissionError:  # it does not let us look into it
            total += use.resident
        except OSError:
            continue  # it ended while we looked
    return total


class Nameless:
    """Files of one file system that have no name any more, and are held by a program's descriptors or mappings."""

    def __init__(self, device: int, folder: str) -> None:
        """`folder`: what they lay below, without links on the way."""
        self._device, self._below = device, os.fsencode(folder) + b"/"

    def size(self, pids: list[int]) -> int:
        """Their bytes on disk. Raises Hidden where that cannot be told."""
        sizes: dict[int, int] = {}
        mappings: list[tuple[int, bytes]] = []
        room = _MAX_MAPPINGS
        for pid in pids:
            mapped = self._look(pid, sizes, room)
            room -= len(mapped)
            if room <= 0:
                raise Hidden("has more mappings than can be looked through")
            mappings.append((pid, mapped))
        for pid, mapped in mappings:
            self._mapped(pid, mapped, sizes)
        return sum(sizes.values())

    def _look(self, pid: int, sizes: dict[int, int], most: int) -> bytes:
        """Add what its descriptors hold to `sizes`; what it has mapped, as /proc says it."""
        mapped = b""
        for thread in _threads(pid):  # the first may have ended, and each may have descriptors of its own
            folder = f"/proc/{pid}/task/{thread}"
            try:
                self._held(f"{folder}/fd", sizes)
                if not mapped:
                    with open(f"{folder}/maps", "rb") as file:
                        mapped = file.read(most)
            except PermissionError:
                if _is_closed(folder):
                    raise Hidden("has a process that cannot be looked into") from None
            except OSError:
                continue  # it ended while we looked
        return mapped

    def _held(self, folder: str, sizes: dict[int, int]) -> None:
        for name in os.listdir(folder):
            try:
                about = os.stat(f"{folder}/{name}")
            except OSError:
                continue
            if not about.st_nlink and about.st_dev == self._device and stat.S_ISREG(about.st_mode):
                sizes[about.st_ino] = about.st_blocks * 512

    def _mapped(self, pid: int, mapped: bytes, sizes: dict[int, int]) -> None:
        if b" (deleted)\n" not in mapped:
            return
        for match in _DELETED.finditer(mapped):
            start, end, inode, path = match.groups()
            if int(inode) in sizes or not path.startswith(self._below):
                continue
            try:
                about = os.stat(f"/proc/{pid}/map_files/{int(start, 16):x}-{int(end, 16):x}")
            except FileNotFoundError:
                continue  # not mapped any more
            except PermissionError:  # only root is told
                raise Hidden("mapped a file that it removed and closed, whose size cannot be seen") from None
            sizes[int(inode)] = 0 if about.st_nlink else about.st_blocks * 512


def _threads(pid: int) -> list[str]:
    try:
        return os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []


def _is_closed(folder: str) -> bool:
    """Whether it is the program that lets nobody look: not what is still to become it, and not what has ended."""
    try:
        with open(f"{folder}/status", "rb") as file:
            about = file.read()
    except OSError:
        return False
    return b"\nSeccomp:\t2\n" in about and b"\nVmRSS:" in about
