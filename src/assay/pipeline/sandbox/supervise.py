"""The host's side of one running program: its output, its frames, its limits, its end."""

import contextlib
import os
import select
import signal
import socket
import time
from collections.abc import Callable
from typing import Protocol

from assay.pipeline.sandbox import Dialogue
from assay.pipeline.sandbox.collect import collect
from assay.pipeline.sandbox.frames import Frames
from assay.pipeline.sandbox.parcel import heap_mb
from assay.records import Isolation, Run, RunStatus, Spec

_CHUNK = 1 << 16
_TICK = 0.05  # s between two looks at CPU and memory
_PIPE_READS = 64  # of _CHUNK: four times what a pipe may hold
_LAST_WORD_S = 2.0
"""How long one that a killed program was to be looked after beside may take to notice: a test that waits hears at once."""
STOPPED = "it was stopped when nothing more was asked of it"
_GRACE = 5.0  # s for a killed namespace to be gone before we call it our failure


class Meter(Protocol):
    """What the program and all it started have used."""

    def usage(self) -> tuple[float, int]:
        """CPU seconds and bytes of memory in use now. Zeros where nothing can be seen."""

    def oom_killed(self) -> bool:
        """Whether the kernel ended a process of it for want of memory."""

    def cpu_total(self) -> float:
        """CPU seconds of the whole run, asked after its end; 0 where unknown."""


class Running:
    """A Dialogue. Single-threaded: everything happens inside the calls made on it."""

    def __init__(
        self,
        spec: Spec,
        *,
        pidfd: int,
        report: socket.socket | None,
        stdout: int,
        stderr: int,
        channel: socket.socket | None,
        meter: Meter,
        isolation: Isolation,
        kill: Callable[[], None],
        after: Callable[["Running"], None],
        overfull: Callable[[], str] | None = None,
    ) -> None:
        """`overfull`: looks whether the program's files outgrew their limits, where no file system bounds them."""
        self.spec = spec
        self.unasked = 0
        self.failed = ""
        self.survived = True
        self._pidfd, self._report, self._channel = pidfd, report, channel
        self._meter, self._isolation, self._kill, self._after = meter, isolation, kill, after
        self._overfull = overfull
        self._output = {stdout: bytearray(), stderr: bytearray()}
        self._dropped = {stdout: 0, stderr: 0}
        self._stdout, self._stderr = stdout, stderr
        self._cap = spec.limits.output_kb << 10
        self._broken: RunStatus | None = None
        self._why = ""
        self._stopped = False
        self._ending: dict[str, float] = {}
        self._box = -1
        self._frames = Frames(answers=spec.mode == "calls")
        self._channel_open = channel is not None
        self._dead = False
        self._peak = 0
        self._run: Run | None = None
        self._start = time.monotonic()
        self._allowed = spec.limits.wall_s
        self._deadline = self._start + self._allowed
        self._next_look = self._start + _TICK
        self._poll = select.poll()
        self._watched = {stdout, stderr, pidfd}
        os.set_blocking(stdout, False)
        os.set_blocking(stderr, False)
        if report is not None:
            self._watched.add(report.fileno())
        if channel is not None:
            channel.setblocking(False)
            self._watched.add(channel.fileno())
        for fd in self._watched:
            self._poll.register(fd, select.POLLIN)

    # ---- dialogue

    def send(self, frame: bytes, attach: int | None = None) -> None:
        if self._channel is None or not self._channel_open:
            return
        view = memoryview(frame + b"\n")
        attached = [] if attach is None else [attach]
        while view and self._channel_open and self._broken is None and not self._dead:
            try:
                view = view[socket.send_fds(self._channel, [view], attached) :]
                attached = []  # they went with the first byte
            except BlockingIOError:
                self._poll.modify(self._channel, select.POLLIN | select.POLLOUT)
                self._step()
                if self._channel_open:
                    self._poll.modify(self._channel, select.POLLIN)
            except OSError:
                return  # the program closed its end; `receive` says so

    def receive(self, beside: "Dialogue | None" = None) -> bytes | None:
        while not self._frames:
            if not self._channel_open or self._over:
                return None
            if isinstance(beside, Running) and not beside._over:
                self._step_with(beside)
                if beside._broken is not None:
                    self._deadline = min(self._deadline, time.monotonic() + _LAST_WORD_S)
            else:
                self._step()
        return self._frames.take()

    def so_far(self) -> tuple[int, int]:
        """How many bytes of stdout and stderr are kept by now, with all that was written before: it is in the pipes."""
        for fd in (self._stdout, self._stderr):
            for _ in range(_PIPE_READS):  # a flooder is not read to its end
                before = len(self._output[fd]) + self._dropped[fd]
                if fd in self._watched:
                    self._read_output(fd)
                if len(self._output[fd]) + self._dropped[fd] == before:
                    break
        return len(self._output[self._stdout]), len(self._output[self._stderr])

    def renew(self, wall_s: float) -> None:
        """Give a program that serves one request after another its wall time anew."""
        self._allowed = wall_s
        self._deadline = time.monotonic() + wall_s

    # ---- the end

    def finish(self) -> Run:
        """Wait for the end within the limits, and say what happened."""
        if self._run is not None:
            return self._run
        self._frames.end()
        if self._channel is not None and self._channel_open:
            with contextlib.suppress(OSError):  # its end is closed already
                self._channel.shutdown(socket.SHUT_WR)
        while not self._dead and self._broken is None:
            self._step()
        self._wait_dead()
        self._drain()
        self.unasked += self._frames.unasked
        self._run = self._result()
        self.close()
        return self._run

    def stop(self) -> Run:
        """End a program that would go on, and say what happened until then."""
        if self._run is None and not self._over:
            self._stopped = True
            self._kill()
        return self.finish()

    def look_after(self, seconds: float) -> bool:
        """Take output and watch the limits for a while; False where the program is over."""
        until = time.monotonic() + seconds
        while not self._over and time.monotonic() < until:
            self._next_look = min(self._next_look, until)
            self._step()
        return not self._over

    def close(self) -> None:
        """Kill what is left and give back every descriptor."""
        if self._pidfd < 0:
            return
        if not self._dead:
            self._kill()
            self._wait_dead()
        for fd in (self._stdout, self._stderr, self._pidfd, *([self._box] if self._box >= 0 else [])):
            os.close(fd)
        self._pidfd = self._box = -1
        for end in (self._report, self._channel):
            if end is not None:
                end.close()
        self._after(self)

    def __enter__(self) -> "Running":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- what happens

    @property
    def _over(self) -> bool:
        return self._dead or self._broken is not None

    def _step(self) -> None:
        """Wait for one thing to happen and deal with it; look at the limits when it is time."""
        wait_s = self._within_limits()
        if wait_s > 0:
            for fd, _ in self._poll.poll(int(wait_s * 1000) + 1):
                self._handle(fd)

    def _step_with(self, other: "Running") -> None:
        """A step for two programs at once."""
        wait_s = min(self._within_limits(), other._within_limits())
        if wait_s <= 0:
            return
        both = select.poll()
        for running in (self, other):
            for fd in running._watched:
                both.register(fd, select.POLLIN)
        for fd, _ in both.poll(int(wait_s * 1000) + 1):
            (self if fd in self._watched else other)._handle(fd)

    def _within_limits(self) -> float:
        """Seconds until the limits want to be looked at again; 0 where one is broken now."""
        now = time.monotonic()
        if now >= self._deadline:
            self._break("timeout", f"still running after {self._allowed:g} s of wall time")
            return 0
        if now >= self._next_look:
            self._look()
            self._next_look = now + _TICK
        return 0 if self._broken is not None else min(self._deadline, self._next_look) - now

    def _handle(self, fd: int) -> None:
        if fd in self._output:
            self._read_output(fd)
        elif self._report is not None and fd == self._report.fileno():
            self._read_report()
        elif self._channel is not None and fd == self._channel.fileno():
            self._read_channel()
        elif fd == self._pidfd:
            self._dead = True
            self._forget(fd)

    def _look(self) -> None:
        cpu, memory = self._meter.usage()
        self._peak = max(self._peak, memory)
        limits = self.spec.limits
        if cpu > limits.cpu_s:
            self._break("cpu", f"used more than {limits.cpu_s:g} s of CPU time")
        elif memory > limits.memory_mb << 20:
            self._break("oom", f"used more than {limits.memory_mb} MiB of memory")
        elif self._overfull is not None and (why := self._overfull()):
            self._break("output_limit", why)

    def _break(self, status: RunStatus, why: str) -> None:
        if self._broken is None:
            self._broken, self._why = status, why
            self._kill()

    def _read_output(self, fd: int) -> None:
        try:
            data = os.read(fd, _CHUNK)
        except BlockingIOError:
            return
        if not data:
            self._forget(fd)
            return
        kept = self._output[fd]
        room = self._cap - len(kept)
        if room >= len(data):
            kept += data
            return
        kept += data[:room]
        self._dropped[fd] += len(data) - room
        if fd == self._stdout and self.spec.judged_stdout:
            self._break("output_limit", f"printed more than {self.spec.limits.output_kb} KiB")

    def _read_report(self) -> None:
        assert self._report is not None
        try:
            message, descriptors, _, _ = socket.recv_fds(self._report, 4096, 1, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            message, descriptors = b"", []
        kind, rest = message[:3], message[3:]
        if kind == b"end":
            self._ending = _numbers(rest)
        elif kind == b"box" and descriptors and self._box < 0:
            self._box = descriptors.pop()
        elif kind == b"bad":
            self.failed = rest.decode("utf-8", "replace")
        elif not message:
            self._forget(self._report.fileno())
        for fd in descriptors:
            os.close(fd)

    def _read_channel(self) -> bool:
        """Take what is there; whether there may be more."""
        assert self._channel is not None
        try:
            data = self._channel.recv(_CHUNK << 4)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        if not data:
            self._channel_open = False
            self._forget(self._channel.fileno())
            return False
        if too_much := self._frames.add(data):
            self._break("output_limit", too_much)
        return True

    def _forget(self, fd: int) -> None:
        """Watch it no more: its other end is closed."""
        if fd in self._watched:
            self._watched.remove(fd)
            self._poll.unregister(fd)

    def _wait_dead(self) -> None:
        limit = time.monotonic() + _GRACE
        waiter = select.poll()
        waiter.register(self._pidfd, select.POLLIN)
        while not self._dead and time.monotonic() < limit:
            if waiter.poll(50):
                self._dead = True
            elif self._broken is not None:
                self._kill()
        if not self._dead:
            self.failed = self.failed or "its processes did not end when they were killed"
        elif self._broken is None:
            self._await_report(limit)

    def _await_report(self, limit: float) -> None:
        """The last word on a program that ended by itself may come a moment after its end."""
        report = self._report
        while report is not None and not self._ending and not self.failed and report.fileno() in self._watched:
            waiter = select.poll()
            waiter.register(report, select.POLLIN)
            if not waiter.poll(max(0, (limit - time.monotonic()) * 1000)):
                return
            self._read_report()

    def _drain(self) -> None:
        """What was still in the pipes when the last process died. All writers are gone, so this ends."""
        if self._report is not None:
            for _ in range(3):
                if self._report.fileno() in self._watched:
                    self._read_report()
        for fd in (self._stdout, self._stderr):
            for _ in range(_PIPE_READS):  # survivors (level 0) must not keep us
                before = len(self._output[fd]) + self._dropped[fd]
                self._read_output(fd)
                if len(self._output[fd]) + self._dropped[fd] == before:
                    break
        if self._channel is not None and self._channel_open:
            for _ in range(_PIPE_READS):
                if not self._read_channel():
                    break

    def _result(self) -> Run:
        limits = self.spec.limits
        status, code, number, why = self._status()
        files: dict[str, bytes] = {}
        left: tuple[str, ...] = ()
        if self._box >= 0 and self.spec.collect and not self.failed:
            files, left = collect(self._box, self.spec.collect, limits.inodes, self.spec.collect_mb << 20)
        cpu = max(self._ending.get("cpu_s", 0.0), self._meter.cpu_total())
        if status == "timeout":
            why += f", in which it computed for {cpu:.2f} s"
        if cpu > limits.cpu_s and status in ("ok", "exit", "signal"):
            status, why = "cpu", f"used {cpu:.2f} s of CPU time; the limit is {limits.cpu_s:g} s"
        return Run(
            status=status,
            exit_code=code,
            signal=number,
            stdout=bytes(self._output[self._stdout]),
            stderr=bytes(self._output[self._stderr]),
            stdout_dropped=self._dropped[self._stdout],
            stderr_dropped=self._dropped[self._stderr],
            files=files,
            files_left=left,
            wall_s=round(time.monotonic() - self._start, 6),
            cpu_s=round(cpu, 6),
            memory_peak=max(self._peak, int(self._ending.get("memory_peak", 0))),
            isolation=self._isolation,
            detail=why,
            label=self.spec.label,
        )

    def _status(self) -> tuple[RunStatus, int | None, int | None, str]:
        if self.failed:
            return "sandbox_error", None, None, f"the sandbox could not be set up: {self.failed}"
        if self._broken is not None:
            return self._broken, None, None, self._why
        if self._stopped:
            return "ok", None, None, STOPPED
        if self._meter.oom_killed():
            return "oom", None, None, f"needed more than {self.spec.limits.memory_mb} MiB of memory"
        if "status" not in self._ending:
            self.survived = False
            return "sandbox_error", None, None, "the process that watched the program vanished"
        stderr = bytes(self._output[self._stderr])
        return ending(self.spec, int(self._ending["status"]), self._ending["cpu_s"], stderr)


_SIGNALS = {int(number) for number in signal.Signals}


def ending(spec: Spec, ended: int, cpu_s: float, stderr: bytes) -> tuple[RunStatus, int | None, int | None, str]:
    """(status, exit code, signal, why) of a program that ended by itself with the wait status `ended`."""
    if not os.WIFSIGNALED(ended):
        code = os.WEXITSTATUS(ended)
        return ("ok" if code == 0 else "exit"), code, None, ""
    number = os.WTERMSIG(ended)
    if number == signal.SIGXCPU or (number == signal.SIGKILL and cpu_s >= spec.limits.cpu_s):
        return "cpu", None, number, f"used more than {spec.limits.cpu_s:g} s of CPU time"
    if number == signal.SIGABRT and spec.language == "javascript" and b"JavaScript heap out of memory" in stderr:
        return "oom", None, number, f"needed more than {heap_mb(spec.limits)} MiB for its JavaScript values"
    return (
        "signal",
        None,
        number,
        f"ended by {signal.Signals(number).name if number in _SIGNALS else f'signal {number}'}",
    )


def _numbers(text: bytes) -> dict[str, float]:
    import json

    return {str(key): float(value) for key, value in json.loads(text).items()}
