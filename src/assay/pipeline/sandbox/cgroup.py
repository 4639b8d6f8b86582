"""Memory, process and CPU accounts of one worker's programs, kept by the kernel, where we may make control groups.

Version 2 where it is mounted with the controllers delegated to us, else version 1 (as root).
"""

import contextlib
import os
import re
import time
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")
_NEW_S = 60
_MARGIN_MB = 24  # what the zygote itself weighs in the group that bounds its programs


class Group:
    """One control group (or, in version 1, one in each hierarchy). Also a supervisor's Meter."""

    def __init__(self, memory: Path, pids: Path, cpu: Path, version: int) -> None:
        self._memory, self._pids, self._cpu, self._version = memory, pids, cpu, version
        self._limits = (0, 0)
        self._before = (0.0, 0)
        usage, events = ("cpu.stat", "memory.events") if version == 2 else ("cpuacct.usage", "memory.oom_control")
        self._usage = _Account(cpu / usage)
        self._events = _Account(memory / events)

    def admit(self, pid: int) -> None:
        for folder in {self._memory, self._pids, self._cpu}:
            (folder / "cgroup.procs").write_text(str(pid))

    def limit(self, memory_mb: int, processes: int) -> None:
        """Bound what the group may use, on top of the zygote's own."""
        if self._limits == (memory_mb, processes):
            return
        size = (memory_mb + _MARGIN_MB) << 20
        if self._version == 2:
            (self._memory / "memory.max").write_text(str(size))
            _try_write(self._memory / "memory.swap.max", "0")
            _try_write(self._memory / "memory.oom.group", "0")
        else:
            file = self._memory / "memory.limit_in_bytes"
            both = self._memory / "memory.memsw.limit_in_bytes"  # absent where swap is not accounted
            if size < self._limits[0] << 20 or not self._limits[0]:
                file.write_text(str(size))
                _try_write(both, str(size))
            else:
                _try_write(both, str(size))
                file.write_text(str(size))
        (self._pids / "pids.max").write_text(
            str(processes + 4)
        )  # bubblewrap, the zygote, the first process, a fork of it
        self._limits = (memory_mb, processes)

    def begin(self) -> None:
        """Take what was used so far as nothing."""
        self._before = (self._cpu_now(), self._oom_kills())

    def usage(self) -> tuple[float, int]:
        return self._cpu_now() - self._before[0], 0  # memory is the kernel's to bound

    def oom_killed(self) -> bool:
        return self._oom_kills() > self._before[1]

    def cpu_total(self) -> float:
        return self._cpu_now() - self._before[0]

    def _cpu_now(self) -> float:
        if self._version == 2:
            return self._usage.field(b"usage_usec") / 1e6
        return int(self._usage.read()) / 1e9

    def _oom_kills(self) -> int:
        return self._events.field(b"oom_kill")

    def remove(self) -> None:
        """Take the group away; what is in it must be dead. A group the kernel still holds is tried for a second."""
        self._usage.close()
        self._events.close()
        for folder in {self._memory, self._pids, self._cpu}:
            for _ in range(100):
                try:
                    folder.rmdir()
                    break
                except FileNotFoundError:
                    break
                except OSError:
                    time.sleep(0.01)


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

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def make_group(name: str) -> Group | None:
    """A group called after this process and `name`, below the one we are in; None where it cannot be had."""
    name = f"assay-{os.getpid()}-{name}"
    try:
        return _version_2(name) or _version_1(name)
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
            "no writable memory control group here; in a container, give it one: docker run --cgroupns=private "
            "(version 2), or --privileged"
        )
    return "memory is polled: run as root, or in a delegated control group: systemd-run --user --scope -p Delegate=yes -- assay ..."


def _version_1(name: str) -> Group | None:
    folders = []
    for controller in ("memory", "pids", "cpuacct"):
        base = _ROOT / controller
        own = base / _own_paths().get(controller, "/").lstrip("/")
        here = own if own.is_dir() else base
        if not (here / "cgroup.procs").exists():
            return None
        _sweep(here)
        folder = here / name
        folder.mkdir()
        folders.append(folder)
    memory, pids, cpu = folders
    return Group(memory, pids, cpu, version=1)


def _version_2(name: str) -> Group | None:
    """Only in a group delegated to us: the kernel gives controllers to children of a group that holds no process itself."""
    own = _ROOT / _own_paths().get("", "/").lstrip("/")
    if not (own / "cgroup.controllers").exists():
        return None
    parent = own.parent if own.name == "assay-host" else own
    if not {"memory", "pids"} <= set((parent / "cgroup.controllers").read_text().split()):
        return None
    if not {"memory", "pids"} <= set((parent / "cgroup.subtree_control").read_text().split()):
        leaf = parent / "assay-host"
        leaf.mkdir(exist_ok=True)
        for pid in (parent / "cgroup.procs").read_text().split():
            (leaf / "cgroup.procs").write_text(pid)
        (parent / "cgroup.subtree_control").write_text("+memory +pids")
    _sweep(parent)
    folder = parent / name
    folder.mkdir()
    return Group(folder, folder, folder, version=2)


def _own_paths() -> dict[str, str]:
    """Controller ("" for version 2) to the path of the group we are in."""
    paths = {}
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            paths[controller] = path
    return paths


def _try_write(file: Path, text: str) -> None:
    with contextlib.suppress(OSError):  # swap is not accounted here: then there is no second bound to set
        file.write_text(text)
