"""Memory, process and CPU accounts of one worker's programs, kept by the kernel, where we may make control groups.

Version 2 where it is mounted with the controllers delegated to us, else version 1 (as root).
"""

import contextlib
import errno
import logging
import os
import re
import time
from pathlib import Path
from typing import Self

from assay.pipeline.sandbox.meter import descendants

_ROOT = Path("/sys/fs/cgroup")
_CONTROLLERS = {"memory", "pids"}
_NEW_S = 60
_MOVES = 20  # rounds; in each, what was forked during the one before is moved
_OURS_MB = 8
"""What the sandbox itself may weigh in the group that bounds its programs. A zygote is admitted when it has started, so what
it held by then is charged elsewhere; what it and the kernel came to hold in a thousand programs was 1.6 MB."""
_LITTER = 32 << 20
"""Bytes that the kernel may hold of programs that are over: names looked up in vain, for one, of which 400 MB cost the next
program a second of CPU time. A new cage takes a tenth of that."""
_OUR_PROCESSES = 4  # bubblewrap, the zygote, the first process, a fork of it
_ACCOUNTS = {
    1: ("cpuacct.usage", "memory.oom_control", "memory.usage_in_bytes"),
    2: ("cpu.stat", "memory.events", "memory.current"),
}
_log = logging.getLogger(__name__)


class Group:
    """One control group (or, in version 1, one in each hierarchy). Also a supervisor's Meter."""

    def __init__(self, memory: Path, pids: Path, cpu: Path, version: int) -> None:
        self._memory, self._pids, self._cpu, self._version = memory, pids, cpu, version
        self._limits = (0, 0)
        self._size = 0
        self._before = (0.0, 0)
        usage, events, held = _ACCOUNTS[version]
        with contextlib.ExitStack() as undo:
            self._usage = undo.enter_context(_Account(cpu / usage))
            self._events = undo.enter_context(_Account(memory / events))
            self._held = undo.enter_context(_Account(memory / held))
            self._accounts = undo.pop_all()

    def admit(self, pid: int) -> None:
        for folder in {self._memory, self._pids, self._cpu}:
            (folder / "cgroup.procs").write_text(str(pid))

    def limit(self, memory_mb: int, processes: int) -> None:
        """Bound what the group may use, on top of what is ours."""
        if self._limits == (memory_mb, processes):
            return
        size = (memory_mb + _OURS_MB) << 20
        if self._version == 2:
            (self._memory / "memory.max").write_text(str(size))
            _try_write(
                self._memory / "memory.swap.max", "0"
            )  # swap may not be accounted: then there is no second bound
            _try_write(self._memory / "memory.oom.group", "0")
        else:
            file = self._memory / "memory.limit_in_bytes"
            both = self._memory / "memory.memsw.limit_in_bytes"  # absent where swap is not accounted
            if size < self._size or not self._size:  # the kernel never lets it be the smaller of the two
                file.write_text(str(size))
                _try_write(both, str(size))
            else:
                _try_write(both, str(size))
                file.write_text(str(size))
        (self._pids / "pids.max").write_text(str(processes + _OUR_PROCESSES))
        self._limits, self._size = (memory_mb, processes), size

    def begin(self) -> None:
        """Take what was used so far as nothing."""
        self._before = (self._cpu_now(), self._oom_kills())

    def usage(self) -> tuple[float, int]:
        return self._cpu_now() - self._before[0], 0  # memory is the kernel's to bound

    def oom_killed(self) -> bool:
        return self._oom_kills() > self._before[1]

    def cpu_total(self) -> float:
        return self._cpu_now() - self._before[0]

    def littered(self) -> bool:
        """Whether the kernel keeps much of what its programs did, who are dead: it would be cleared away in the next one's
        CPU time as soon as that one's memory comes near the limit.
        """
        return self._held_now() > _LITTER

    def _clear(self) -> None:
        """Away with what the kernel keeps: it would outlive the group, until the whole machine lacks memory."""
        if self._version == 2:
            _try_write(self._memory / "memory.reclaim", str(self._held_now()))
        else:
            _try_write(self._memory / "memory.force_empty", "0")

    def _held_now(self) -> int:
        return int(self._held.read())

    def _cpu_now(self) -> float:
        if self._version == 2:
            return self._usage.field(b"usage_usec") / 1e6
        return int(self._usage.read()) / 1e9

    def _oom_kills(self) -> int:
        return self._events.field(b"oom_kill")

    def remove(self) -> None:
        """Take the group away; what is in it must be dead. Each folder that the kernel still holds is tried for a second."""
        if self.littered():
            self._clear()
        self._accounts.close()
        for folder in {self._memory, self._pids, self._cpu}:
            for _ in range(100):
                try:
                    folder.rmdir()
                    break
                except FileNotFoundError:
                    break
                except OSError:
                    time.sleep(0.01)
            else:
                _log.warning("The control group %s cannot be removed: the kernel still holds it.", folder)


class _Account:
    """A file of the kernel's that is read several times a program, so it is kept open."""

    def __init__(self, file: Path) -> None:
        self._fd = os.open(file, os.O_RDONLY | os.O_CLOEXEC)

    def read(self) -> bytes:
        return os.pread(self._fd, 4096, 0)

    def field(self, name: bytes) -> int:
        for line in self.read().splitlines():
            key, _, value = line.partition(b" ")
            if key == name:
                return int(value)
        return 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)


def make_group(name: str, root: Path = _ROOT) -> Group | None:
    """A group called after this process and `name`, below the one we are in; None where it cannot be had.

    `root`: where the file systems of control groups are mounted.
    """
    name = f"assay-{os.getpid()}-{name}"
    try:
        own = _own_paths()
        return _version_2(name, root, own) or _version_1(name, root, own)
    except OSError:
        return None


_swept: set[Path] = set()


def _sweep(parent: Path) -> None:
    """Once a process: take away the empty groups of processes that were killed. The kernel keeps one in use itself."""
    if parent in _swept:
        return
    _swept.add(parent)
    with contextlib.suppress(OSError), os.scandir(parent) as entries:
        for entry in entries:
            made_by = re.match(r"assay-(\d+)-", entry.name)
            # A machine's containers see each other's groups, not each other's processes: what is new may be in the making.
            if made_by and not Path("/proc", made_by[1]).exists() and time.time() - entry.stat().st_mtime > _NEW_S:
                with contextlib.suppress(OSError):
                    os.rmdir(entry.path)


def why_not() -> str:
    """One line for people: why no group can be made here, and what to do."""
    if os.geteuid() == 0:
        return (
            "no memory control group of our own here: systemd-run --scope -p Delegate=yes -- assay ...; "
            "in a container: docker run --cgroupns=private (version 2), or --privileged"
        )
    return "memory is polled: run as root, or in a delegated control group: systemd-run --user --scope -p Delegate=yes -- assay ..."


def _version_1(name: str, root: Path, own: dict[str, str]) -> Group | None:
    parents = []
    for controller in ("memory", "pids", "cpuacct"):
        base = root / controller
        here = base / own.get(controller, "/").lstrip("/")
        parents.append(here if here.is_dir() else base)
    if not all((parent / "cgroup.procs").exists() for parent in parents):
        return None
    for parent in parents:
        _sweep(parent)
    return _made([parent / name for parent in parents], version=1)


def _version_2(name: str, root: Path, own: dict[str, str]) -> Group | None:
    """Only in a group that hands its controllers down, or can be made to."""
    here = root / own.get("", "/").lstrip("/")
    if not (here / "cgroup.controllers").exists():
        return None
    parent = here.parent if here.name == "assay-host" else here
    if not set((parent / "cgroup.controllers").read_text().split()) >= _CONTROLLERS:
        return None
    handed_down = set((parent / "cgroup.subtree_control").read_text().split()) >= _CONTROLLERS
    if not handed_down and not _hand_down(parent, is_top=parent == root):
        return None
    _sweep(parent)
    return _made([parent / name] * 3, version=2)


def _made(folders: list[Path], version: int) -> Group:
    """Makes the folders of memory, pids and CPU; all that are not there yet, or none. Raises OSError."""
    memory, pids, cpu = folders
    with contextlib.ExitStack() as undo:
        for folder in dict.fromkeys(folders):
            folder.mkdir()
            undo.callback(folder.rmdir)
        group = Group(memory, pids, cpu, version)
        undo.pop_all()
    return group


def _hand_down(parent: Path, is_top: bool) -> bool:
    """Let the groups below it have its controllers. The kernel wants it to hold no process itself, so all move into one below."""
    for _ in range(_MOVES):
        try:
            (parent / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in sorted(_CONTROLLERS)))
            return True
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise
        if not is_top and not _may_empty(parent):
            return False
        leaf = parent / "assay-host"
        leaf.mkdir(exist_ok=True)
        for pid in _members(parent):
            _move(pid, leaf)
    return False


def _may_empty(group: Path) -> bool:
    """Whether its processes are ours to move: root could move everybody's, those of a session or a service that it is in."""
    if os.geteuid() != 0:
        return True  # who may write there has been given the group
    with contextlib.suppress(OSError):  # no such mark, or a file system that has none
        if os.getxattr(group, "trusted.delegate") == b"1":  # systemd's
            return True
    return set(_members(group)) <= set(descendants(os.getpid()))


def _members(group: Path) -> list[int]:
    return [int(pid) for pid in (group / "cgroup.procs").read_text().split()]


def _move(pid: int, group: Path) -> None:
    with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile
        (group / "cgroup.procs").write_text(str(pid))


def _own_paths() -> dict[str, str]:
    """Controller ("" for version 2) to the path of the group we are in."""
    paths = {}
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            paths[controller] = path
    return paths


def _try_write(file: Path, text: str) -> None:
    """What not every kernel has, or can do whole."""
    with contextlib.suppress(OSError):
        file.write_text(text)
