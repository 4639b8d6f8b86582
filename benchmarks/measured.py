"""What something costs, counted for the whole tree of its processes.

CPU comes from a control group around the tree where one can be made (root; version 1 or 2), so that nobody is forgotten:
not the child that no parent waited for, and not the kernel's own work on their behalf. Elsewhere it is the sum of what
was reaped, which leaves such children out, and a table says so. Memory is the sum of the proportional sizes (PSS) of all
processes, looked at every few milliseconds in a round of its own, so that looking slows no measured round.

A contender is a process that speaks lines on its stdin and stdout: `ready` when it has started up, then for each line
with a command one line of JSON with what it did.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).parents[1]
_GROUPS = Path("/sys/fs/cgroup")
_LOOK_EVERY = 0.004  # s, between two looks at the memory of a tree


class Skipped(Exception):
    """A contender that cannot be measured here, and why."""


class Tree:
    """The processes below one that we start: what they use."""

    def __init__(self, name: str) -> None:
        self._folders: list[Path] = []
        own = dict(line.split(":", 2)[1:] for line in Path("/proc/self/cgroup").read_text().splitlines())
        names = next((key for key in own if "cpuacct" in key.split(",")), None)
        if names is not None:
            self._make(_GROUPS / "cpuacct" / own[names].lstrip("/") / name, _GROUPS / "cpuacct" / name)
        if not self._folders:
            here = _GROUPS / own.get("", "/").lstrip("/")
            self._make(here / name)
        self._usage = next(
            (f / u for f in self._folders for u in ("cpuacct.usage", "cpu.stat") if (f / u).exists()), None
        )

    def _make(self, *candidates: Path) -> None:
        for folder in candidates:
            with suppress(OSError):
                folder.mkdir()
                if not (folder / "cgroup.procs").exists():
                    folder.rmdir()
                    continue
                self._folders.append(folder)
                return

    @property
    def counted(self) -> bool:
        """Whether the kernel counts every process."""
        return self._usage is not None

    def enter(self) -> None:
        """Called in a child before it becomes the contender."""
        for folder in self._folders:
            (folder / "cgroup.procs").write_text("0")

    def cpu_s(self) -> float:
        """CPU seconds so far."""
        if self._usage is None:
            used = resource.getrusage(resource.RUSAGE_CHILDREN)
            return used.ru_utime + used.ru_stime
        text = self._usage.read_text()
        if self._usage.name == "cpuacct.usage":
            return int(text) / 1e9
        return int(dict(line.split() for line in text.splitlines())["usage_usec"]) / 1e6

    def memory(self, root: int) -> int:
        """Bytes: the proportional sizes of all processes, now."""
        return sum(map(_proportional, self._members(root)))

    def _members(self, root: int) -> set[int]:
        members = {root}
        if self._usage is None:
            return members | set(_descendants(root))
        for folder, _, _ in os.walk(self._usage.parent):  # groups come and go meanwhile: it passes over those that went
            with suppress(OSError):
                members.update(map(int, (Path(folder) / "cgroup.procs").read_text().split()))
        return members

    def remove(self) -> None:
        """Take the groups away; stragglers are waited for."""
        for folder in self._folders:
            for group in [*sorted(folder.rglob("*/"), reverse=True), folder]:
                for _ in range(100):
                    try:
                        group.rmdir()
                        break
                    except FileNotFoundError:
                        break
                    except OSError:
                        time.sleep(0.02)
        self._folders.clear()


def _proportional(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
            return next((int(line.split()[1]) << 10 for line in file if line.startswith(b"Pss:")), 0)
    except OSError:
        return 0


def _descendants(root: int) -> list[int]:
    members = [root]
    for pid in members:
        with suppress(OSError):
            for thread in os.listdir(f"/proc/{pid}/task"):
                members += map(int, Path(f"/proc/{pid}/task/{thread}/children").read_text().split())
    return members[1:]


@dataclass
class Contender:
    """A process that does rounds of work when told to. `failed`: why it is out of the race."""

    name: str
    argv: Sequence[str]
    environment: dict[str, str] = field(default_factory=dict)
    start_cpu_s: float = 0
    failed: str = ""

    def __enter__(self) -> Self:
        self._tree = Tree(f"bench-{os.getpid()}-{id(self):x}")
        self._process = subprocess.Popen(
            list(self.argv),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, **self.environment},
            preexec_fn=self._tree.enter,
        )
        try:
            line = self._line()
            if line.startswith("skip "):
                raise Skipped(line[5:].strip())
            if line.strip() != "ready":
                raise Skipped(f"it did not start: {line.strip() or 'it ended without a word'}")
        except Skipped as why:
            self.failed = str(why)
        self.start_cpu_s = self._tree.cpu_s()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            assert self._process.stdin is not None
            self._process.stdin.close()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._tree.remove()

    @property
    def counted(self) -> bool:
        return self._tree.counted

    def round(self, command: str) -> "Round":
        """One round: what it cost and what it answered."""
        cpu, wall = self._tree.cpu_s(), time.perf_counter()
        answer = self.ask(command)
        return Round(self._tree.cpu_s() - cpu, time.perf_counter() - wall, answer)

    def memory(self, command: str) -> int:
        """The most memory that its processes held together during one round more."""
        peak, done = 0, threading.Event()

        def look() -> None:
            nonlocal peak
            while not done.wait(_LOOK_EVERY):
                peak = max(peak, self._tree.memory(self._process.pid))

        looker = threading.Thread(target=look)
        looker.start()
        try:
            self.ask(command)
        finally:
            done.set()
            looker.join()
        return peak

    def ask(self, command: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(command + "\n")
            self._process.stdin.flush()
            answer: dict[str, Any] = json.loads(self._line())
        except (OSError, ValueError) as error:
            raise Skipped(f"it broke off: {error}") from None
        if "error" in answer:
            raise Skipped(f"it broke off: {answer['error']}")
        return answer

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


@dataclass(frozen=True)
class Round:
    cpu_s: float
    wall_s: float
    answer: dict[str, Any]


def interleaved(contenders: Sequence[Contender], commands: dict[str, str], rounds: int) -> dict[str, list[Round]]:
    """Rounds of all contenders in turn, A B C A B C, so that a busy minute of the machine hits all alike."""
    results: dict[str, list[Round]] = {contender.name: [] for contender in contenders}
    for number in range(rounds):
        for contender in contenders:
            if contender.failed:
                continue
            say(f"round {number + 1} of {rounds}: {contender.name}")
            try:
                results[contender.name].append(contender.round(commands[contender.name]))
            except Skipped as why:
                contender.failed = str(why)
    return results


@dataclass(frozen=True)
class Twice:
    """Work for one worker, and twice as much of it for two. `count`: how many pieces one does; 0: they are not told."""

    contender: Contender
    one: str
    two: str
    count: int = 0


def gains(rows: dict[str, Twice], rounds: int) -> None:
    """Print what two workers do in the time of one, from rounds in turn; one round before warms up."""
    found: dict[str, list[tuple[Round, Round]]] = {name: [] for name in rows}
    for number in range(rounds + 1):
        say(f"two workers, round {number} of {rounds}")
        for name, row in rows.items():
            both = row.contender.round(row.one), row.contender.round(row.two)
            if number:
                found[name].append(both)
    said()
    print(f"\nTwice the work by two at once, against once by one, {rounds} rounds")
    shown = []
    for name, pairs in found.items():
        gain = [2 * one.wall_s / two.wall_s for one, two in pairs]
        busy = median([one.cpu_s / one.wall_s for one, _ in pairs])
        dearer = median([two.cpu_s / 2 / one.cpu_s for one, two in pairs])
        count = rows[name].count
        each = f"{count / median([one.wall_s for one, _ in pairs]):.0f}" if count else "–"
        shown.append([
            name, each, f"{median(gain):.2f}", f"{min(gain):.2f}–{max(gain):.2f}", f"{busy:.2f}", f"{dearer:.2f}"
        ])  # fmt: skip
    table(["", "one: a second", "gain", "from–to", "one: processors busy", "CPU, two to one"], shown)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under a head: the first column to the left, numbers to the right."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    for row in [head, *rows]:
        cells = [row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        print("  ".join(cells).rstrip())


def machine() -> str:
    """One line on the machine, and how busy it was before we began."""
    model = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        os.uname().machine,
    )
    return (
        f"{model}, {len(os.sched_getaffinity(0))} processors, Linux {os.uname().release}, Python "
        f"{sys.version.split()[0]}; load before the start {os.getloadavg()[0]:.1f}"
    )


def say(text: str) -> None:
    """Progress, for people who wait."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def said() -> None:
    """Wipe the progress line."""
    say("")
