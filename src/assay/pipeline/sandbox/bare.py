"""What the back ends without namespaces share: a program behind a first process of ours, and its Running."""

import contextlib
import json
import logging
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Self

from assay.errors import AssayError, SandboxUnavailable
from assay.pipeline.sandbox import Service
from assay.pipeline.sandbox.guest import scratch
from assay.pipeline.sandbox.meter import Nameless, ProcessTree, descendants, host_pid
from assay.pipeline.sandbox.parcel import command_of, pack, starting, stdin
from assay.pipeline.sandbox.runtime import find_bare_runtime, shared_folder
from assay.pipeline.sandbox.supervise import Running
from assay.pipeline.sandbox.uids import Uids, sweeper_of
from assay.pipeline.sandbox.workers import as_done
from assay.records import Isolation, Run, Spec
from assay.settings import Settings

_log = logging.getLogger(__name__)

_START_WITHIN = 30.0  # s; 0.05 on an idle machine
_SWEEPS = 200  # rounds of 5 ms
_ASKS = 40  # times the first process is asked to kill all (20 a second) before it is killed itself
_POLLED = (
    "files are on the host's disk: how full they grow is looked at 20 times a second, not bounded by a file system"
)


class Bare:
    """A fresh interpreter for each program, as a child of ours. `landlock` says how it is shut in; 0: not at all."""

    name: str
    level: int
    notes: tuple[str, ...]
    links = True

    def __init__(self, settings: Settings, landlock: int) -> None:
        self._landlock = landlock
        self._runtime = find_bare_runtime(settings.sandbox_python, settings.sandbox_packages)
        self._uids = Uids(shared_folder()) if os.geteuid() == 0 else None
        self._scratches = _place_for_scratch(anybody=self._uids is not None)
        self._isolation: Isolation | None = None
        self._lock = threading.Lock()
        self._closed = False

    # ---- the Protocol

    def run(self, spec: Spec) -> Run:
        run = self._run(spec)
        return self._run(spec) if run.status == "sandbox_error" else run  # ours, not the program's: once more

    def map(self, specs: Iterable[Spec], workers: int) -> Iterator[Run]:
        return as_done(self.run, specs, workers)

    def open(self, spec: Spec, channel: socket.socket | None = None) -> Running:
        """Raises SandboxUnavailable where no program can be started."""
        if spec.network != "none":
            raise _no_loopback(self.name)
        with self._lock:
            if self._closed:
                raise AssayError("The sandbox is closed.")
        try:
            return self._start(spec, channel)
        except OSError as error:
            raise SandboxUnavailable(f"The sandbox cannot start a program: {error}.", "See: assay doctor") from None

    def serve(self, spec: Spec, port: int) -> contextlib.AbstractContextManager[Service]:  # noqa: ARG002 - the Protocol's
        """Always raises: there is no loopback of its own."""
        raise _no_loopback(self.name)

    def capabilities(self) -> Isolation:
        """Found by a canary once; raises SandboxUnavailable where it came back with what it must not have."""
        if self._isolation is None:
            self._isolation = self._try_canary()
        return self._isolation

    def _try_canary(self) -> Isolation:
        raise NotImplementedError

    def isolation(self) -> Isolation:
        """What is in force by construction; `capabilities` is what a canary found."""
        return Isolation(backend=self.name, level=self.level, memory="polled", notes=(*self.notes, _POLLED))

    def close(self) -> None:
        with self._lock:
            self._closed = True
        if self._uids is not None:
            self._uids.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- one program

    def _run(self, spec: Spec) -> Run:
        try:
            with self.open(spec) as running:
                return running.finish()
        except SandboxUnavailable as error:
            detail = f"{error} {error.help}"
            return Run(status="sandbox_error", detail=detail, isolation=self.isolation(), label=spec.label)

    def _start(self, spec: Spec, linked: socket.socket | None) -> Running:
        node = self._runtime.node
        command = command_of(spec, str(node) if node is not None else None, str(self._runtime.guest / "driver.cjs"))
        limits = spec.limits
        if limits.file_mb > limits.scratch_mb:  # what no file system bounds, the size of one file does
            spec = spec.model_copy(update={"limits": limits.model_copy(update={"file_mb": limits.scratch_mb})})
        with contextlib.ExitStack() as undo, contextlib.ExitStack() as theirs:
            payload = pack(spec, command)
            theirs.callback(os.close, payload)
            given = stdin(spec.stdin)
            theirs.callback(os.close, given)
            room = _Room(self._scratches, self._uids)
            undo.callback(room.leave)
            first = _FirstProcess(self._argv(room), self._runtime.libraries)
            undo.callback(first.end)
            pipes = []
            for _ in range(2):
                read, write = os.pipe()
                undo.callback(os.close, read)
                theirs.callback(os.close, write)
                pipes.append((read, write))
            report, report_theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            undo.callback(report.close)
            theirs.callback(report_theirs.close)
            passed = [payload, given, pipes[0][1], pipes[1][1], report_theirs.fileno()]
            channel = None
            if linked is not None:
                passed.append(linked.fileno())
            elif spec.mode != "program":
                channel, channel_theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
                undo.callback(channel.close)
                theirs.callback(channel_theirs.close)
                passed.append(channel_theirs.fileno())
            first.request(passed)
            running = Running(
                spec, pidfd=os.dup(first.pidfd), report=report, stdout=pipes[0][0], stderr=pipes[1][0], channel=channel,
                meter=_Since(first.pidfd), isolation=self._isolation or self.isolation(),
                kill=first.killer(report), after=lambda running: self._end(running, first, room),
                overfull=lambda: room.overfull(first.pidfd, limits.scratch_mb, limits.inodes),
            )  # fmt: skip
            undo.pop_all()
            return running

    def _end(self, running: Running, first: "_FirstProcess", room: "_Room") -> None:
        told = running.survived and not running.failed and not first.forced
        first.end()
        if not told:
            room.sweep()
        room.leave()

    def _argv(self, room: "_Room") -> list[str]:
        runtime = self._runtime
        settings = {
            "box": room.box, "uid": room.uid, "sweeper": sweeper_of(room.uid) if room.uid is not None else None,
            "landlock": self._landlock, "counted": False, "readable": runtime.readable(), "packages": str(runtime.packages or ""), "families": (),
        }  # fmt: skip
        start = [str(runtime.python), "-S", "-s", "-P", "-B", "-X", "utf8", "-c", starting("bare")]
        return [*start, str(runtime.guest), "{control}", json.dumps(settings)]


class _FirstProcess:
    """Our process in front of one program. Kills all that came of the program when told, or when we are gone."""

    def __init__(self, argv: list[str], libraries: str) -> None:
        self.forced = False
        self._asked = 0
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with contextlib.ExitStack() as undo:
            undo.callback(self._control.close)
            errors = os.memfd_create("errors", os.MFD_CLOEXEC)
            try:
                self._process = subprocess.Popen(
                    [str(theirs.fileno()) if word == "{control}" else word for word in argv],
                    # The seed: sets and dicts of text go in one order, run after run.
                    env={"PYTHONHASHSEED": "0", "LD_LIBRARY_PATH": libraries},
                    cwd="/",
                    pass_fds=(theirs.fileno(),),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=errors,
                    start_new_session=True,
                )
                theirs.close()
                undo.callback(self._process.wait)
                undo.callback(self._process.kill)
                self._control.settimeout(_START_WITHIN)
                try:
                    ready = self._control.recv(16)
                except TimeoutError:
                    raise SandboxUnavailable(
                        f"The interpreter {argv[0]} did not start within {_START_WITHIN:g} s.",
                        "Is the machine overloaded? Try again.",
                    ) from None
                if ready != b"up":
                    said = os.pread(errors, 4000, 0).decode("utf-8", "replace").strip().splitlines()
                    raise SandboxUnavailable(
                        f"The interpreter {argv[0]} does not start: {said[-1] if said else 'it ended without a word'}.",
                        "Name another one: ASSAY_SANDBOX_PYTHON.",
                    )
                self.pidfd = os.pidfd_open(self._process.pid)
            finally:
                theirs.close()
                os.close(errors)
            undo.pop_all()

    def request(self, descriptors: list[int]) -> None:
        socket.send_fds(self._control, [b"run"], descriptors)

    def killer(self, report: socket.socket) -> Callable[[], None]:
        """What ends it and all below it: a word to it, repeated; where it does not listen, its own death."""

        def kill() -> None:
            self._asked += 1
            if self._asked > _ASKS:
                self.forced = True
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
                return
            with contextlib.suppress(OSError):  # it is ending already
                report.send(b"kill", socket.MSG_DONTWAIT)

        return kill

    def end(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._control.close()
        if self.pidfd >= 0:
            os.close(self.pidfd)
            self.pidfd = -1


class _Since(ProcessTree):
    """What was used from now on, so that the interpreter's start is not the program's."""

    def __init__(self, pidfd: int) -> None:
        super().__init__(pidfd)
        self._before = super().usage()[0]

    def usage(self) -> tuple[float, int]:
        cpu, memory = super().usage()
        return cpu - self._before, memory


class _Room:
    """One program's folder and, for root, its uid: both are given up by `leave`, when all of the program is dead."""

    def __init__(self, home: Path, uids: Uids | None) -> None:
        self._uids = uids
        self.uid = uids.lend() if uids is not None else None
        with contextlib.ExitStack() as undo:
            if uids is not None and self.uid is not None:
                undo.callback(uids.give_back, self.uid)
            self.box = tempfile.mkdtemp(prefix="assay-box-", dir=home)  # 0700
            undo.callback(os.rmdir, self.box)
            self._fd = scratch.open_folder(self.box)
            undo.callback(os.close, self._fd)
            if self.uid is not None:
                os.fchown(self._fd, self.uid, self.uid)
            self._hid = False
            self._nameless = Nameless(os.fstat(self._fd).st_dev, os.path.realpath(self.box))
            undo.pop_all()

    def overfull(self, pidfd: int, scratch_mb: int, inodes: int) -> str:
        """Which bound its files have outgrown, in words; empty: none."""
        first = host_pid(pidfd)
        try:
            size, names = scratch.usage(self._fd, inodes)
            if names > inodes:
                return f"made more than {inodes} files and folders"
            if size <= scratch_mb << 20 and first > 0:
                size += self._nameless.size(descendants(first)[1:])
        except scratch.Hidden as error:
            self._hid, before = True, self._hid
            return str(error) if before else ""  # once, it may be about to remove it, or to execute something
        self._hid = False
        return f"wrote more than {scratch_mb} MiB of files" if size > scratch_mb << 20 else ""

    def sweep(self) -> None:
        """Kill what a first process that vanished left behind: by the uid, else by what names the program's folder."""
        for _ in range(_SWEEPS):
            left = [pid for pid in _processes() if self._is_ours(pid)]
            if not left:
                return
            for number in (signal.SIGSTOP, signal.SIGKILL):  # what is stopped cannot fork while the others are found
                for pid in left:
                    with contextlib.suppress(OSError):
                        os.kill(pid, number)
            time.sleep(0.005)
        _log.warning("A program of the sandbox cannot be killed: its folder was %s.", self.box)

    def _is_ours(self, pid: int) -> bool:
        try:
            owner = os.stat(f"/proc/{pid}").st_uid
            if self.uid is not None:
                with open(f"/proc/{pid}/status") as file:
                    uids = next(line for line in file if line.startswith("Uid:")).split()
                return str(self.uid) in uids[1:]
            if owner != os.geteuid():
                return False
            if os.readlink(f"/proc/{pid}/cwd").startswith(self.box):
                return True
            with open(f"/proc/{pid}/environ", "rb") as environment:
                return os.fsencode(self.box) in environment.read()
        except (OSError, StopIteration):
            return False

    def leave(self) -> None:
        try:
            scratch.empty(self._fd)
            os.rmdir(self.box)
        except FileNotFoundError:
            pass  # the first process thought us gone and did it
        except OSError as error:
            _log.warning("The program's folder %s cannot be removed: %s.", self.box, error)
        finally:
            os.close(self._fd)
            if self._uids is not None and self.uid is not None:
                self._uids.give_back(self.uid)


def _processes() -> list[int]:
    own = os.getpid()
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != own]


def _place_for_scratch(anybody: bool) -> Path:
    """The folder for temporary files; for programs of other uids one that those can reach."""
    named = Path(tempfile.gettempdir())
    if not anybody or all(os.stat(folder).st_mode & 0o001 for folder in (named, *named.parents)):
        return named
    return Path("/tmp")


def _no_loopback(name: str) -> SandboxUnavailable:
    return SandboxUnavailable(
        f"The {name} sandbox has no loopback of its own, so no server can run in it.",
        "Use one with namespaces, bwrap, or docker: assay doctor says what they need here.",
    )
