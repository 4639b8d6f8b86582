"""What processes use, told from outside: shared memory once, and nothing of what has ended."""

import os
import signal
import sys
from collections.abc import Callable, Iterator

import pytest

from assay.pipeline.sandbox.meter import ProcessTree, _shared_once, _use

MB = 1 << 20
Start = Callable[..., int]

if sys.platform != "linux":
    pytest.skip("reads /proc", allow_module_level=True)


@pytest.fixture
def start() -> Iterator[Start]:
    """A process that has forked so often, holds its megabytes and waits; its pid, once all are there."""
    started: list[int] = []

    def begin(megabytes: int, *, forks: int = 0, closed: bool = False) -> int:
        told, tell = os.pipe()
        pid = os.fork()
        if pid == 0:
            held = b"x" * (megabytes * MB)
            for _ in range(forks):
                if os.fork() == 0:
                    break
            if closed:
                import ctypes

                ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE
            os.write(tell, b"x")
            signal.pause()
            os._exit(len(held) % 2)
        started.append(pid)
        os.close(tell)
        for _ in range(forks + 1):
            assert os.read(told, 1) == b"x"
        os.close(told)
        return pid

    yield begin
    for pid in started:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            children = [int(child) for child in file.read().split()]
        for one in (pid, *children):
            os.kill(one, signal.SIGKILL)
        os.waitpid(pid, 0)


def test_what_processes_share_after_a_fork_counts_once(start: Start) -> None:
    pid = start(40, forks=4)
    pidfd = os.pidfd_open(pid)
    try:
        assert 40 * MB <= ProcessTree(pidfd).usage()[1] < 2 * _use(pid).resident
    finally:
        os.close(pidfd)


def test_what_ended_while_it_was_looked_at_counts_nothing(start: Start) -> None:
    """It has given its memory back: many that end at once would be taken for as many that share nothing."""
    pid = start(40)
    use = _use(pid)
    assert use.resident >= 40 * MB
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)  # it is there, but nobody any more
    assert _shared_once([use]) == 0
    assert _shared_once([use._replace(folder="/proc/0")]) == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look into any process")
def test_what_lets_nobody_look_counts_whole(start: Start) -> None:
    use = _use(start(40, closed=True))
    assert _shared_once([use]) == use.resident >= 40 * MB
