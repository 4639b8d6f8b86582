"""What the back ends built on namespaces share: a program into a cage, and its Running out of it."""

import contextlib
import itertools
import os
import secrets
import socket
import threading
from collections.abc import Iterable, Iterator
from typing import Self

from assay.errors import AssayError, SandboxUnavailable
from assay.pipeline.sandbox import Service, cgroup
from assay.pipeline.sandbox.ahead import Ahead, waiting_command
from assay.pipeline.sandbox.cage import Cage
from assay.pipeline.sandbox.meter import ProcessTree
from assay.pipeline.sandbox.parcel import command_of, pack, processes, stdin
from assay.pipeline.sandbox.runtime import Runtime, find_runtime
from assay.pipeline.sandbox.served import Served, ThroughCage
from assay.pipeline.sandbox.started import Started
from assay.pipeline.sandbox.supervise import Meter, Running
from assay.pipeline.sandbox.workers import as_done, processor
from assay.records import Isolation, Run, Spec
from assay.settings import Settings

_DRIVER_JS = "/run/assay/assay_guest/driver.cjs"
_WAITING_JS = "/run/assay/assay_guest/waiting.cjs"


class Namespaced:
    """A pool of cages. The back ends differ in what a cage is for: one program, or a thousand."""

    name: str
    warm: bool
    runs_a_cage: int
    spares: int = 0
    """Cages kept started for the next programs, from the second program on: who clicks then waits for no start."""

    def __init__(self, settings: Settings) -> None:
        self._runtime: Runtime = find_runtime(settings.sandbox_python, settings.sandbox_packages)
        self._settings = settings
        self._cages: dict[int, Cage] = {}
        self._lock = threading.Lock()
        self._idle: list[tuple[Cage, cgroup.Group | None]] = []
        self._numbers = itertools.count()
        self._closed = False
        self._taken = 0
        self._starting: threading.Thread | None = None
        self._isolation: Isolation | None = None
        self._busy = 0
        processors = len(os.sched_getaffinity(0))
        self._ahead = Ahead(self._launch_ahead, self._take_back, lambda: self._busy >= processors)
        self._name = secrets.token_hex(4)  # programs see it in /proc/self/cgroup: nothing of ours
        probe = cgroup.make_group(f"{self._name}-probe")
        self._counted = probe is not None
        self._why_polled = cgroup.why_not()
        if probe is not None:
            probe.remove()

    # ---- the Protocol

    def run(self, spec: Spec) -> Run:
        run = self._run(spec)
        return (
            self._run(spec) if run.status == "sandbox_error" else run
        )  # ours, not the program's: once more, elsewhere

    def map(self, specs: Iterable[Spec], workers: int) -> Iterator[Run]:
        return as_done(self.run, specs, workers)

    links = True

    def open(self, spec: Spec, channel: socket.socket | None = None) -> Running:
        """Raises SandboxUnavailable where no sandbox can be started."""
        if channel is None and (started := self._ahead.take(spec)) is not None:
            return self._attend(spec, started)
        payload = pack(spec, command_of(spec, self._runtime.node, _DRIVER_JS))
        try:
            return self._opened(spec, payload, channel)
        finally:
            os.close(payload)

    def _opened(self, spec: Spec, payload: int, linked: socket.socket | None) -> Running:
        for attempt in (1, 2):
            cage, group = self._take(new=attempt == 2)
            try:
                return self._attend(spec, self._started_stdin(spec, payload, linked, cage, group))
            except BaseException as error:
                self._discard(cage, group)
                if not isinstance(error, OSError):
                    raise
                if attempt == 2:  # the first may have been a zygote that somebody killed: the second is fresh
                    raise SandboxUnavailable(
                        f"The sandbox cannot start a program: {error}.", "See: assay doctor"
                    ) from None
        raise AssertionError("not reached")

    @contextlib.contextmanager
    def serve(self, spec: Spec, port: int) -> Iterator[Service]:
        """Raises AssayError with what the server printed where it does not come to accept connections."""
        with _ServerHost(self._settings, self.name) as host, host.open(spec) as running:
            served = Served(running, ThroughCage(host.cage_of(running), port), port)
            try:
                served.wait(spec.limits.wall_s)
                yield served
            finally:
                served.finish()

    def cage_of(self, running: Running) -> Cage:
        """The cage that a program of ours runs in."""
        return self._cages[id(running)]

    def capabilities(self) -> Isolation:
        """Found by a canary once, level 3 by what its control group bounds.

        Raises SandboxUnavailable where the canary came back with what it must not have.
        """
        if self._isolation is None:
            from assay.pipeline.sandbox.canary import sing, unbounded

            isolation = sing(self)
            self._taken = 0  # both canaries count as one program: who only asks needs no spares
            if self._counted and (lacking := unbounded(self)):
                self._give_up_groups(f"the control group here does not bound {' and '.join(lacking)}; memory is polled")
                isolation = sing(self)
            self._isolation = isolation
        return self._isolation

    def close(self) -> None:
        self._ahead.close()
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            starting = self._starting
        if starting is not None:
            starting.join()  # it sees that we are closed, and keeps nothing
        for cage, group in idle:
            self._discard(cage, group)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- cages

    def isolation(self) -> Isolation:
        """What is in force by construction; `capabilities` is what a canary found."""
        if self._counted:
            return Isolation(backend=self.name, level=3, memory="cgroup")
        return Isolation(backend=self.name, level=2, memory="polled", notes=(self._why_polled,))

    def _take(self, new: bool = False) -> tuple[Cage, cgroup.Group | None]:
        """One that waits for a program; `new`: one that has not waited, because those that did may be dead."""
        with self._lock:
            if self._closed:
                raise AssayError("The sandbox is closed.")
            self._taken += 1
            if self.spares and self._taken > 1:
                self._start_spares()
            if self._idle and not new:
                return self._idle.pop()
        return self._started()

    def _start_spares(self) -> None:
        if self._starting is None:
            self._starting = threading.Thread(target=self._keep_spares, name="assay-sandbox-spares", daemon=True)
            self._starting.start()

    def _keep_spares(self) -> None:
        """Start cages until there are enough, one after the other, beside the programs that run."""
        try:
            while self._lacks_spares():
                self._give_back(*self._started(), healthy=True)
        except AssayError:  # whoever needs one next is told why
            pass
        finally:
            with self._lock:
                if self._starting is threading.current_thread():
                    self._starting = None

    def _lacks_spares(self) -> bool:
        """Else whoever lacks one from now on starts another thread."""
        with self._lock:
            if not self._closed and len(self._idle) < self.spares:
                return True
            self._starting = None
            return False

    def _started(self) -> tuple[Cage, cgroup.Group | None]:
        """A new one. Raises SandboxUnavailable."""
        counted = self._counted
        cage = Cage(self._runtime, warm=self.warm, counted=counted)
        group = None
        try:
            if counted:
                group = cgroup.make_group(f"{self._name}-{next(self._numbers)}")
                if group is None:
                    raise SandboxUnavailable(
                        "No control group can be made any more.",
                        "Is /sys/fs/cgroup full or read-only now? See: assay doctor",
                    )
                group.admit(cage.pid)
        except BaseException as error:
            self._discard(cage, group)
            if isinstance(error, OSError):  # it died meanwhile, for one
                raise SandboxUnavailable(
                    f"The sandbox cannot be put into a control group: {error}.", "See: assay doctor"
                ) from None
            raise
        return cage, group

    def _give_back(self, cage: Cage, group: cgroup.Group | None, healthy: bool) -> None:
        with self._lock:
            outdated = self._closed or (group is not None) != self._counted
            if healthy and not outdated and cage.runs < self.runs_a_cage:
                self._idle.append((cage, group))
                return
        self._discard(cage, group)

    def _give_up_groups(self, why: str) -> None:
        """From now on: cages that let nothing be taken which polling does not see."""
        with self._lock:
            self._counted, self._why_polled = False, why
            idle, self._idle = self._idle, []
        for cage, group in idle:
            self._discard(cage, group)

    def _discard(self, cage: Cage, group: cgroup.Group | None) -> None:
        cage.close()
        if group is not None:
            group.remove()

    # ---- one program

    def _run(self, spec: Spec) -> Run:
        try:
            with self.open(spec) as running:
                return running.finish()
        except SandboxUnavailable as error:
            return Run(
                status="sandbox_error", detail=f"{error} {error.help}", isolation=self.isolation(), label=spec.label
            )

    def _started_stdin(
        self, spec: Spec, payload: int, linked: socket.socket | None, cage: Cage, group: cgroup.Group | None
    ) -> Started:
        given = stdin(spec.stdin)
        try:
            return self._start(spec, payload, given, linked, cage, group, spec.mode != "program")
        finally:
            os.close(given)

    def _start(
        self,
        spec: Spec,
        payload: int,
        given: int,
        linked: socket.socket | None,
        cage: Cage,
        group: cgroup.Group | None,
        channelled: bool,
    ) -> Started:
        """`given`: its stdin; `channelled`: whether it has a channel, ours where none is `linked`."""
        ours: list[int] = []
        theirs: list[int] = []
        try:
            for _ in range(2):
                read, write = os.pipe()
                ours.append(read)
                theirs.append(write)
            report, report_theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            ends = [report_theirs]
            channel = None
            if linked is None and channelled:
                channel, channel_theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
                ends.append(channel_theirs)
            try:
                if group is not None:
                    group.limit(spec.limits.memory_mb, processes(spec))
                    group.begin()
                if self.warm:  # what starts cold takes turns with nobody: it gains nothing by it
                    cage.run_on(processor())
                channels = [end.fileno() for end in (*ends, *((linked,) if linked else ()))]
                alone = self.warm and spec.mode != "program" and spec.language == "python"
                cage.request([payload, given, *theirs, *channels], alone)
                pidfd, *beside = cage.program() if self.warm else [os.dup(cage.pidfd)]
            except BaseException:
                report.close()
                if channel is not None:
                    channel.close()
                raise
            finally:
                for end in ends:
                    end.close()
        except BaseException:
            for fd in ours:
                os.close(fd)
            raise
        finally:
            for fd in theirs:
                os.close(fd)
        return Started(cage, group, pidfd, beside, report, stdout=ours[0], stderr=ours[1], channel=channel)

    def _attend(self, spec: Spec, started: Started) -> Running:
        """Look after it, from now on."""
        meter: Meter = started.group or ProcessTree(
            started.beside[0] if started.beside else started.pidfd, started.pidfd if started.beside else -1
        )
        fresh = self.warm and spec.network == "none"  # what used a network leaves traces in it
        works = spec.mode != "tests"  # a process for test code is kept, and waits most of the time

        def after(running: Running) -> None:
            self._cages.pop(id(running), None)
            for fd in started.beside:
                os.close(fd)
            littered = started.group is not None and started.group.littered()
            healthy = fresh and not littered and not running.failed and running.survived
            self._give_back(started.cage, started.group, healthy)
            with self._lock:
                self._busy -= works
            self._ahead.ended()

        running = Running(
            spec, pidfd=started.pidfd, report=started.report, stdout=started.stdout, stderr=started.stderr,
            channel=started.channel, meter=meter, isolation=self._isolation or self.isolation(), kill=started.kill,
            after=after,
        )  # fmt: skip
        self._cages[id(running)] = started.cage
        with self._lock:
            self._busy += works
        return running

    # ---- ahead of the program

    def _launch_ahead(self, kind: Spec, given: int) -> Started:
        payload = pack(kind, waiting_command(kind, self._runtime.node, _DRIVER_JS, _WAITING_JS))
        try:
            cage, group = self._take()
            try:
                return self._start(kind, payload, given, None, cage, group, channelled=True)
            except BaseException:
                self._discard(cage, group)
                raise
        finally:
            os.close(payload)

    def _take_back(self, started: Started, untouched: bool) -> None:
        gone = started.end()
        self._give_back(started.cage, started.group, self.warm and untouched and gone)


class _ServerHost(Namespaced):
    """A zygote for one server and nothing else: somebody of ours inside its network namespace, who can connect to it."""

    warm = True
    runs_a_cage = 1

    def __init__(self, settings: Settings, name: str) -> None:
        super().__init__(settings)
        self.name = name
