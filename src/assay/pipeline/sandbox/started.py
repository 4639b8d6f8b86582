"""A program that was started in a cage, before or while somebody looks after it."""

import contextlib
import os
import select
import signal
import socket
from dataclasses import dataclass

from assay.pipeline.sandbox import cgroup
from assay.pipeline.sandbox.cage import Cage

_DIES_WITHIN_MS = 5000


@dataclass
class Started:
    """Its cage, and our ends of what leads to it."""

    cage: Cage
    group: cgroup.Group | None
    pidfd: int
    """Of the first process of its namespace, whose end is the end of all."""
    beside: list[int]
    """A pidfd of the program, where that is another process."""
    report: socket.socket
    stdout: int
    stderr: int
    channel: socket.socket | None

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)

    def untouched(self) -> bool:
        """Whether it lives and has printed nothing."""
        signs = select.poll()
        for fd in (self.pidfd, *self.beside, self.stdout, self.stderr):
            signs.register(fd, select.POLLIN)
        return not signs.poll(0)

    def end(self) -> bool:
        """Kill it and give back our ends; whether it is gone."""
        self.kill()
        death = select.poll()
        death.register(self.pidfd, select.POLLIN)
        gone = bool(death.poll(_DIES_WITHIN_MS))
        for fd in (self.pidfd, *self.beside, self.stdout, self.stderr):
            os.close(fd)
        self.report.close()
        if self.channel is not None:
            self.channel.close()
        return gone
