"""How much more slowly this machine computes now than when it is idle: what a second of CPU time is worth.

A second of CPU time is no fixed amount of work. A processor whose other hardware thread is busy does less in it than one
that is left alone, and a hot or throttled one less than a cool one. So a program near its limit would pass or fail by what
else runs. One short loop is timed in CPU seconds: the quickest turn ever seen on this machine is the idle one (on a busy
machine too, some fall into a moment's rest), the median turn of now is the machine as it is.

Not covered: a machine that was never at rest while we looked says 1, and limits stay as they are; and a program that
waits for memory, which others keep busy, is slowed down more than this loop, which stays in the nearest cache.
"""

import platform
import statistics
import threading
import time
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from assay.records import Record

MOST = 2.0
"""No limit is stretched beyond this."""
TURNS = 100
_STEPS = 20_000
"""A turn is some millisecond: short enough to fall between two of others' bursts."""
_LOOK_EVERY_S = 30.0


class Fastest(Record):
    """The quickest turn that was seen, and on what: another processor or interpreter begins anew."""

    machine: str
    turn_s: float


def turn() -> float:
    """CPU seconds that one turn of the loop took, of this thread alone."""
    began = time.thread_time()
    number = 1
    for step in range(_STEPS):
        number = (number * 3 + step) % 65_521
    return time.thread_time() - began


class Pace:
    """The quickest turn seen by this process, and by those before it that kept theirs in the same file."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._machine = f"{processor(_cpuinfo())}, {platform.python_implementation()} {platform.python_version()}"
        self._fastest = self._read()
        self._looked = -_LOOK_EVERY_S
        self._lock = threading.Lock()

    def look(self) -> None:
        """See whether the machine is at rest now; costs some 20 ms, now and then."""
        if time.monotonic() - self._looked >= _LOOK_EVERY_S:
            self._see(TURNS // 5)

    def slowdown(self) -> float:
        """How many times the CPU time of the idle machine the same work takes now: from 1 to MOST. Takes some 0.1 s."""
        found = self._see(TURNS)
        return min(MOST, max(1.0, round(found, 2)))

    def _see(self, turns: int) -> float:
        seen = [turn() for _ in range(turns)]
        with self._lock:
            self._looked = time.monotonic()
            if min(seen) < 0.99 * self._fastest:
                self._fastest = min(seen)
                self._write()
            return statistics.median(seen) / self._fastest

    def _read(self) -> float:
        if self._file is not None:
            with suppress(OSError, ValidationError):
                kept = Fastest.model_validate_json(self._file.read_bytes())
                if kept.machine == self._machine and kept.turn_s > 0:
                    return kept.turn_s
        return float("inf")

    def _write(self) -> None:
        if self._file is not None:
            with suppress(OSError):  # without it this process still knows
                self._file.parent.mkdir(parents=True, exist_ok=True)
                self._file.write_text(Fastest(machine=self._machine, turn_s=self._fastest).model_dump_json())


def processor(about: str) -> str:
    """What /proc/cpuinfo says the processor is. Arm's gives numbers and no clock, so this machine's name stands with them."""
    fields = [(name.strip(), value.strip()) for name, _, value in (line.partition(":") for line in about.splitlines())]
    if named := next((value for name, value in fields if name == "model name"), ""):
        return named
    numbers = sorted(
        {f"{name} {value}" for name, value in fields if name in ("CPU implementer", "CPU variant", "CPU part")}
    )
    return ", ".join([platform.machine(), *numbers, platform.node()])


def _cpuinfo() -> str:
    try:
        return Path("/proc/cpuinfo").read_text()
    except OSError:
        return ""
