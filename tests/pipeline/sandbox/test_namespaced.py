"""The pool of sandboxes: what a start that fails leaves behind, and what comes after it."""

import json
import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from assay.pipeline.sandbox import cgroup
from assay.pipeline.sandbox.bwrap import Bwrap
from assay.pipeline.sandbox.meter import descendants
from assay.pipeline.sandbox.namespaced import Namespaced
from assay.pipeline.sandbox.supervise import Running
from assay.pipeline.sandbox.zygote import Zygote
from assay.records import Limits, Spec
from assay.settings import Settings
from tests.pipeline.sandbox.conftest import open_descriptors, wait_for_spares

ROOT = Path(__file__).parents[3]
_PRINTS = Spec(files={"main.py": b"print(1)"})


class Generous(Zygote):
    """Its control groups bound next to nothing."""

    def open(self, spec: Spec, channel: socket.socket | None = None) -> Running:
        lifted = spec.limits.model_copy(update={"memory_mb": 4000, "processes": 200})
        return super().open(spec.model_copy(update={"limits": lifted}), channel)


class Interrupted(socket.socket):
    """Somebody presses Ctrl-C when it is handed over."""

    def fileno(self) -> int:
        raise KeyboardInterrupt


def _bubblewraps() -> set[int]:
    return {pid for pid in descendants(os.getpid())[1:] if _name(pid) == "bwrap"}


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def _lose_what_waits(sandbox: Namespaced) -> None:
    for cage, _ in sandbox._idle:
        cage.kill()


def interrupted_start(home: str) -> None:
    """Interrupt starts; prints what waits and runs then, and how many descriptors came with the last two."""
    with Zygote(Settings(home=Path(home))) as fresh:
        counts = []
        for _ in range(3):  # what stays open from the first on is not a start's
            with Interrupted() as channel, pytest.raises(KeyboardInterrupt):
                fresh.open(_PRINTS, channel)
            counts.append(open_descriptors())
        left = [len(fresh._idle), len(_bubblewraps()), counts[-1] - counts[0]]
        print(json.dumps([left, fresh.run(_PRINTS).stdout.decode()]))


def test_an_interrupt_while_a_program_starts_leaves_nothing_of_its_sandbox(zygote: Zygote, tmp_path: Path) -> None:
    zygote.close()
    # In a process of its own: here other tests' sandboxes have threads, which start and end things meanwhile.
    command = "import sys; from tests.pipeline.sandbox.test_namespaced import interrupted_start; interrupted_start(sys.argv[1])"
    said = subprocess.run(
        [sys.executable, "-c", command, str(tmp_path)], cwd=ROOT, capture_output=True, check=False, timeout=120
    )
    assert said.returncode == 0, said.stderr
    assert json.loads(said.stdout) == [[0, 0, 0], "1\n"]


def test_a_control_group_that_is_there_already_costs_one_start_and_leaves_nothing(zygote: Zygote) -> None:
    """The kernel may still hold one that was given up."""
    if zygote.isolation().memory != "cgroup":
        pytest.skip(cgroup.why_not())
    before, running = open_descriptors(), len(_bubblewraps())
    in_the_way = cgroup.make_group(f"{zygote._name}-1")  # 0 was the canary's
    assert in_the_way is not None
    try:
        _lose_what_waits(zygote)
        assert zygote.run(_PRINTS).stdout == b"1\n"
    finally:
        in_the_way.remove()
    assert len(_bubblewraps()) == running
    assert open_descriptors() == before


def test_after_a_time_in_which_none_could_be_started_sandboxes_wait_again(bwrap: Bwrap) -> None:
    good = bwrap._runtime
    bwrap._runtime = replace(good, python="/usr/bin/false")
    for _ in range(2):
        _lose_what_waits(bwrap)
        run = bwrap.run(_PRINTS)
        assert run.status == "sandbox_error"
        assert "ASSAY_SANDBOX_PYTHON" in run.detail
        wait_for_spares(bwrap)
    bwrap._runtime = good
    for _ in range(2):
        assert bwrap.run(_PRINTS).stdout == b"1\n"
        wait_for_spares(bwrap)
    assert len(bwrap._idle) == Bwrap.spares


_LITTERS = b"""
import os
from time import process_time, time_ns
begun = time_ns()
end = process_time() + float(open(0).read())
number = 0
while process_time() < end:
    number += 1
    os.path.exists("/usr/%d-%d" % (begun, number))  # the kernel remembers each, for a while
"""


def test_what_the_kernel_keeps_of_a_programs_doings_is_not_the_next_ones_to_clear_away(zygote: Zygote) -> None:
    """It would be made to, at the cost of its CPU time, when its own memory comes near the limit."""
    if zygote.isolation().memory != "cgroup":
        pytest.skip(cgroup.why_not())

    def group() -> bytes:
        return zygote.run(Spec(files={"main.py": b"print(open('/proc/self/cgroup').read())"})).stdout

    def litter(seconds: str) -> None:
        zygote.run(Spec(files={"main.py": _LITTERS}, stdin=seconds.encode(), limits=Limits(wall_s=60, cpu_s=30)))

    first = group()
    litter("0.001")
    assert group() == first
    for seconds in ("1", "2", "4", "8"):  # machines look names up at different speeds
        litter(seconds)
        if group() != first:
            return
    raise AssertionError("programs run on in a group that holds what an earlier one left")


def test_control_groups_that_bound_nothing_give_no_level_3(zygote: Zygote) -> None:
    if zygote.isolation().memory != "cgroup":
        pytest.skip(cgroup.why_not())
    assert zygote.capabilities().level == 3
    with Generous(zygote._settings) as sandbox:
        found = sandbox.capabilities()
        assert (found.level, found.memory) == (2, "polled")
        assert "does not bound processes and memory" in found.notes[0]
        run = sandbox.run(Spec(files={"main.py": b"import os; os.memfd_create('x')"}))
        assert b"PermissionError" in run.stderr, "memory that polling does not see must be denied"
        assert run.isolation == found
