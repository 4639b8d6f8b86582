"""What a run uses, found by looking at /proc from outside, where no control group counts it."""

import os

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_MAX_PROCESSES = 5000


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
        cpu, resident = 0, 0
        for member in members:
            ticks, own = _stat(member)
            cpu += ticks
            resident += own
        few = len(members) + (adopter > 0) < 3
        return cpu / _TICKS, resident if few else _shared_once(members, resident)

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


def _stat(pid: int) -> tuple[int, int]:
    """(CPU ticks of it and its reaped children, bytes resident)."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rsplit(b")", 1)[1].split()
    except OSError:
        return 0, 0
    return sum(map(int, fields[11:15])), int(fields[21]) * _PAGE


def _shared_once(members: list[int], resident: int) -> int:
    """The proportional size: pages shared after a fork count once, not once a process. Costs more, so only for several."""
    total = 0
    for pid in members:
        try:
            with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
                for line in file:
                    if line.startswith(b"Pss:"):
                        total += int(line.split()[1]) << 10
                        break
        except OSError:
            continue
    return min(total, resident) or resident
