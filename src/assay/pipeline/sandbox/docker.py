"""Containers of a Docker engine, through its command-line client: for sites that want them, and where nothing else runs.

A container lives for one program. It has no network, no capabilities, a read-only root and our own filter of system
calls; all that crosses its border are frames over its stdin and stdout, made by our first process in it.
"""

import contextlib
import hashlib
import io
import itertools
import json
import os
import platform
import queue
import secrets
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from assay.errors import AssayError, SandboxUnavailable
from assay.pipeline.sandbox import Service, collect
from assay.pipeline.sandbox.canary import canary, sing
from assay.pipeline.sandbox.frames import Frames
from assay.pipeline.sandbox.guest import seccomp, syscalls
from assay.pipeline.sandbox.parcel import GROUP, PASSWD, command_of, pieces, processes, starting
from assay.pipeline.sandbox.runtime import BareRuntime, find_bare_runtime, reachable
from assay.pipeline.sandbox.served import Answer, Served
from assay.pipeline.sandbox.supervise import STOPPED, ending
from assay.pipeline.sandbox.workers import as_done
from assay.records import Isolation, Run, RunStatus, Spec
from assay.settings import Settings

_OWNER = "assay.owner"
_START_WITHIN = 120.0  # s; an engine on a busy machine takes its time
_ANSWER_WITHIN = 60.0  # s for what else the engine is asked
_LAST_WORDS = 2.0  # s
_DIALS_WITHIN = 1.0  # s
_QUEUE = 1024  # frames of at most 64 KiB that wait for us before the container has to
_MARGIN_MB = 32  # what our first process weighs in the container that bounds the program
_OUR_PROCESSES = 2  # our first process, and room for it to see the program's fork fail and not its own
_ASKERS = 4  # its threads that ask a server at once
_NO_SYS = "/sys:ro,nosuid,nodev,noexec,size=64k,mode=0555"  # in place of what tells of the machine
_NOBODY = "65534:65534"
_BOUNDED = {
    "MemoryLimit": "memory",
    "PidsLimit": "processes",
}  # how `docker info` says it -> what a program must not have all of
_INSIDE = "/run/assay/assay_guest"
_COLLECTOR = "/run/assay/collect.py"


class Docker:
    """Level 3 with runc, 4 with runsc."""

    name = "docker"
    links = False

    def __init__(self, settings: Settings) -> None:
        self._runtime_name = settings.docker_runtime
        if self._runtime_name not in ("runc", "runsc"):
            raise AssayError(
                f"ASSAY_DOCKER_RUNTIME is {settings.docker_runtime!r}.", "Give runc or runsc (gVisor), or unset it."
            )
        self._engine = Engine()
        about = self._engine.about()
        if unbounded := [what for name, what in _BOUNDED.items() if not about.get(name)]:
            raise SandboxUnavailable(
                f"The Docker engine bounds no {' and no '.join(unbounded)} here: one program could take the whole machine.",
                "Give it the control groups `memory` and `pids` (the kernel's command line, or Delegate= for an engine "
                "without root); docker info then says MemoryLimit and PidsLimit: true.",
            )
        self._cgroup_namespace = str(about.get("CgroupVersion", "")) == "2"
        self._machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(
            str(about["Architecture"]), str(about["Architecture"])
        )
        if self._machine not in seccomp.MACHINES:
            raise SandboxUnavailable(
                f"The sandbox knows no system-call numbers for {self._machine}, the engine's machine.",
                "Use an engine on x86-64 or arm64.",
            )
        known = about.get("Runtimes") or {}
        if self._runtime_name not in known:
            raise SandboxUnavailable(
                f"The Docker engine has no runtime called {self._runtime_name}; it has {', '.join(sorted(known))}.",
                "Install gVisor and register it: runsc install, then restart the engine.",
            )
        self._image, self._mounts, self._python, self._node = self._furnish(settings)
        self._profiles = {
            network: json.dumps(profile(self._machine, families)).encode()
            for network, families in (("none", syscalls.FAMILIES[:1]), ("loopback", syscalls.FAMILIES))
        }
        self._isolation: Isolation | None = None
        self._closed = False
        self._engine.sweep()

    def _furnish(self, settings: Settings) -> tuple[str, list[str], str, str | None]:
        """The image, what is bound into it, and where Python and Node are in there."""
        runtime: BareRuntime | None = None
        if settings.docker_image is None:
            if sys.platform != "linux":
                raise SandboxUnavailable(
                    "The docker back end needs an image with Python 3.11 or later on this system.",
                    "docker pull python:3.12-slim, then: ASSAY_DOCKER_IMAGE=python:3.12-slim",
                )
            runtime = find_bare_runtime(settings.sandbox_python, settings.sandbox_packages)
            image = self._engine.skeleton()
            mounts = [_mount(path, path) for path in _system()]
            python, node = _bound(runtime.python, mounts), None
            if runtime.node is not None:
                node = str(runtime.node) if runtime.node.is_relative_to("/usr") else "/run/assay/node"
                if node == "/run/assay/node":
                    mounts.append(_mount(str(runtime.node), node))
        else:
            image, mounts, python, node = settings.docker_image, [], "python3", "node"
        guest = reachable(Path(seccomp.__file__).parent, "guest")
        mounts += [_mount(str(guest), _INSIDE), _mount(str(reachable(Path(collect.__file__), "collect")), _COLLECTOR)]
        self._packages = ""
        if settings.sandbox_packages is not None:
            folder = reachable(settings.sandbox_packages.resolve(), "packages")
            self._packages = "/run/assay/packages"
            mounts.append(_mount(str(folder), self._packages))
        return image, mounts, python, node

    # ---- the Protocol

    def run(self, spec: Spec) -> Run:
        run = self._run(spec)
        return self._run(spec) if run.status == "sandbox_error" else run  # ours, not the program's: once more

    def map(self, specs: Iterable[Spec], workers: int) -> Iterator[Run]:
        return as_done(self.run, specs, workers)

    def open(self, spec: Spec, channel: object = None) -> "Contained":
        """Raises SandboxUnavailable where no container can be started."""
        if channel is not None:
            raise AssayError("A container cannot be given an end of a socket of this machine.")
        if self._closed:
            raise AssayError("The sandbox is closed.")
        told = pieces(spec, command_of(spec, self._node, _INSIDE + "/driver.cjs"))
        name = f"assay-{os.getpid()}-{secrets.token_hex(6)}"
        with tempfile.TemporaryFile() as filters:  # under no name: a host that is killed leaves none behind
            filters.write(self._profiles[spec.network])
            filters.seek(0)
            argv = self._argv(spec, name, filters.fileno())
            container = Contained(self._engine, name, argv, filters.fileno(), spec, self._isolation or self.isolation())
        try:
            container.begin(told)
        except BaseException:
            container.close()
            raise
        return container

    @contextlib.contextmanager
    def serve(self, spec: Spec, port: int) -> Iterator[Service]:
        """Raises AssayError with what the server printed where it does not come to accept connections."""
        with self.open(spec) as container:
            served = Served(container, ThroughContainer(container, port), port)
            try:
                served.wait(spec.limits.wall_s)
                yield served
            finally:
                served.finish()

    def capabilities(self) -> Isolation:
        """Found by a canary once; raises SandboxUnavailable where it came back with what it must not have."""
        if self._isolation is None:
            self._isolation = sing(self, canary(homes=False))  # in an image they are the image's own
        return self._isolation

    def isolation(self) -> Isolation:
        """What is in force by construction; `capabilities` is what a canary found."""
        notes: list[str] = []
        if self._runtime_name == "runsc":
            notes.append(
                "gVisor: its own kernel stands in for our filter of system calls; this back end was not tried with it"
            )
        level = 4 if self._runtime_name == "runsc" else 3
        return Isolation(backend=self.name, level=level, memory="cgroup", notes=tuple(notes))

    def close(self) -> None:
        self._closed = True

    def __enter__(self) -> "Docker":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- one program

    def _run(self, spec: Spec) -> Run:
        try:
            with self.open(spec) as container:
                return container.finish()
        except SandboxUnavailable as error:
            detail = f"{error} {error.help}"
            return Run(status="sandbox_error", detail=detail, isolation=self.isolation(), label=spec.label)

    def _argv(self, spec: Spec, name: str, filters: int) -> list[str]:
        limits = spec.limits
        memory = f"{limits.memory_mb + _MARGIN_MB}m"
        count = processes(spec) + _OUR_PROCESSES + (_ASKERS if spec.network == "loopback" else 0)
        scratch = (
            f"rw,nosuid,nodev,exec,size={limits.scratch_mb}m,nr_inodes={limits.inodes},mode=0700,uid=65534,gid=65534"
        )
        settings = {
            "counted": True, "packages": self._packages, "collector": _COLLECTOR,
            "collect": {"globs": spec.collect, "most": spec.collect_mb << 20} if spec.collect else None,
        }  # fmt: skip
        return [
            "run", "--interactive", "--name", name, "--label", f"{_OWNER}={self._engine.owner}", "--runtime", self._runtime_name,
            "--network", "none", "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
            "--security-opt", f"seccomp=/dev/fd/{filters}", "--read-only", "--user", _NOBODY,
            "--pids-limit", str(count), "--memory", memory, "--memory-swap", memory,
            "--tmpfs", f"/box:{scratch}", "--tmpfs", _NO_SYS, "--shm-size", "16m", "--hostname", "sandbox", "--log-driver", "none",
            "--ulimit", "core=0", "--oom-score-adj", "200", "--pull", "never", "--no-healthcheck", "--stop-timeout", "0",
            *(["--cgroupns", "private"] if self._cgroup_namespace else []), *self._mounts, "--workdir", "/",
            "--env", "PYTHONHASHSEED=0", "--entrypoint", self._python, self._image,
            "-S", "-s", "-P", "-B", "-X", "utf8", "-c", starting("contained"), _INSIDE, json.dumps(settings),
        ]  # fmt: skip


class Engine:
    """The engine, asked through its client. `DOCKER_HOST` and the client's own settings say which it is."""

    def __init__(self) -> None:
        self.owner = f"{platform.node()}/{os.getpid()}/{_born(os.getpid())}"

    def about(self) -> dict[str, Any]:
        """What the engine says of itself. Raises SandboxUnavailable where none answers."""
        printed = self.ask("info", "--format", "{{json .}}")
        about: dict[str, Any] = json.loads(printed)
        if errors := about.get("ServerErrors"):
            raise SandboxUnavailable(f"No Docker engine answers: {errors[0]}", _FIX)
        return about

    def ask(self, *argv: str, stdin: bytes | None = None) -> str:
        """What a docker command prints. Raises SandboxUnavailable with what it complains of."""
        try:
            done = subprocess.run(
                ["docker", *argv], input=stdin, stdin=subprocess.DEVNULL if stdin is None else None,
                capture_output=True, timeout=_ANSWER_WITHIN, check=False,
            )  # fmt: skip
        except FileNotFoundError:
            raise SandboxUnavailable("The docker command is not installed.", _FIX) from None
        except subprocess.TimeoutExpired:
            raise SandboxUnavailable(f"The Docker engine did not answer within {_ANSWER_WITHIN:g} s.", _FIX) from None
        if done.returncode:
            raise SandboxUnavailable(f"docker {argv[0]}: {_last_line(done.stderr)}", _FIX)
        return done.stdout.decode("utf-8", "replace")

    def remove(self, name: str) -> None:
        """End and remove a container; of one that is gone already this is no error."""
        with contextlib.suppress(SandboxUnavailable):
            self.ask("rm", "--force", "--volumes", name)

    def ended(self, name: str) -> tuple[bool, int]:
        """(killed for want of memory, exit code) of a container that has ended."""
        printed = self.ask(
            "inspect", "--type", "container", "--format", "{{.State.OOMKilled}} {{.State.ExitCode}}", name
        )
        killed, code = printed.split()
        return killed == "true", int(code)

    def sweep(self) -> None:
        """Remove containers of ours whose process on this machine is gone."""
        listed = self.ask(
            "ps", "--all", "--filter", f"label={_OWNER}", "--format", f'{{{{.ID}}}} {{{{.Label "{_OWNER}"}}}}'
        )
        for line in listed.splitlines():
            identifier, _, owner = line.partition(" ")
            node, _, process = owner.partition("/")
            pid, _, born = process.partition("/")
            if node == platform.node() and pid.isdigit() and _born(int(pid)) != born:
                self.remove(identifier)

    def skeleton(self) -> str:
        """An image of empty folders, into which this machine's own system is bound; made once, by `docker import`."""
        archive = _skeleton()
        tag = f"assay-sandbox:{hashlib.sha256(archive).hexdigest()[:12]}"
        try:
            self.ask("image", "inspect", "--format", "{{.Id}}", tag)
        except SandboxUnavailable:
            self.ask("import", "-", tag, stdin=archive)
        return tag


class Contained:
    """A Dialogue with a program in a container. Single-threaded, but for threads that read and write frames."""

    def __init__(
        self, engine: Engine, name: str, argv: list[str], passed: int, spec: Spec, isolation: Isolation
    ) -> None:
        """`passed`: a descriptor that the client reads, for a path in `argv`."""
        self.unasked = 0
        self._engine, self._name, self._spec, self._isolation = engine, name, spec, isolation
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the container
        self._output = {"o": bytearray(), "e": bytearray()}
        self._files: dict[str, bytes] = {}
        self._frames = Frames(answers=spec.mode == "calls")
        self._asked: dict[int, Future[tuple[dict[str, Any], bytes]]] = {}
        self._asking = threading.Lock()
        self._number = itertools.count()
        self._end: dict[str, Any] | None = None
        self._failed = ""
        self._broken: RunStatus | None = None
        self._why = ""
        self._gone = False
        self._stopped = False
        self._closed = False
        self._run: Run | None = None
        self._incoming: queue.Queue[tuple[str, bytes]] = queue.Queue(_QUEUE)
        self._outgoing: queue.Queue[bytes | None] = queue.Queue()
        self._start = time.monotonic()
        self._allowed = _START_WITHIN
        self._deadline = self._start + self._allowed
        self._process = subprocess.Popen(
            ["docker", *argv],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            pass_fds=(passed,),
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, name="assay-container", daemon=True)
        self._writer = threading.Thread(target=self._write, name="assay-container-in", daemon=True)
        self._reader.start()
        self._writer.start()

    def begin(self, told: list[bytes]) -> None:
        """Wait for our first process and hand it the program. Raises SandboxUnavailable where there is none."""
        kind, _ = self._next()
        if kind != "u":
            self._process.kill()
            self._process.wait()
            self._errors.seek(0)
            why = _last_line(self._errors.read()) or f"no container within {_START_WITHIN:g} s"
            raise SandboxUnavailable(f"The container does not start: {why}", _FIX)
        if self._spec.stdin:
            self._put("s", [self._spec.stdin])
        self._start = time.monotonic()
        self.renew(self._spec.limits.wall_s)
        self._put("p", told)

    # ---- dialogue

    def renew(self, wall_s: float) -> None:
        """Give a program that serves one request after another its wall time anew."""
        self._allowed = wall_s
        self._deadline = time.monotonic() + wall_s

    def send(self, frame: bytes, attach: int | None = None) -> None:
        if attach is not None:
            raise AssayError("A container cannot be given a descriptor.")
        self._put("c", [frame, b"\n"])

    def receive(self, beside: object = None) -> bytes | None:  # noqa: ARG002 - the Protocol's
        """`beside` needs no care from us: a container's output and limits are looked after inside it."""
        while not self._frames:
            if self._over():
                return None
            self._step()
        return self._frames.take()

    def so_far(self) -> tuple[int, int]:
        """Our first process hands on what is in the pipes before it hands on a frame."""
        return len(self._output["o"]), len(self._output["e"])

    def finish(self) -> Run:
        """Wait for the end within the limits, and say what happened."""
        if self._run is None:
            self._frames.end()
            self._put("q", [])
            while not self._over():
                self._step()
            if self._broken is not None or self._stopped:
                self._hear_last_words()
            self.unasked += self._frames.unasked
            self._run = self._result()
            self.close()
        return self._run

    def stop(self) -> Run:
        """End a program that would go on, and say what happened until then."""
        if self._run is None and not self._over():
            self._stopped = True
            self._put("k", [])
        return self.finish()

    def look_after(self, seconds: float) -> bool:
        """Take output and watch the limits for a while; False where the program is over."""
        until = time.monotonic() + seconds
        while not self._over() and time.monotonic() < until:
            self._step(until)
        if self._over():
            self._hang_up()
        return not self._over()

    def close(self) -> None:
        """End and remove the container, with all that runs in it."""
        if self._closed:
            return
        self._closed = True
        self._hang_up()
        self._engine.remove(self._name)
        self._process.kill()
        while self._reader.is_alive():  # it may wait for room
            with contextlib.suppress(queue.Empty):
                self._incoming.get(timeout=0.01)
        self._process.wait()
        self._outgoing.put(None)
        self._writer.join()
        for pipe in (self._process.stdin, self._process.stdout, self._errors):
            if pipe is not None:
                with contextlib.suppress(OSError):  # what was not sent any more
                    pipe.close()

    def __enter__(self) -> "Contained":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- a server's requests: from any thread, while one looks after the program

    def inquire(self, kind: str, request: dict[str, Any], body: bytes) -> "Future[tuple[dict[str, Any], bytes]]":
        """What our first process is to find out of a server. Raises OSError where the server has ended; so may the Future."""
        future: Future[tuple[dict[str, Any], bytes]] = Future()
        with self._asking:
            if self._over():
                raise ConnectionRefusedError("the server has ended")
            number = next(self._number)
            self._asked[number] = future
        self._put(kind, [json.dumps({"id": number, **request}).encode() + b"\n", body])
        return future

    def _hang_up(self) -> None:
        """Nobody answers any more."""
        with self._asking:
            asked, self._asked = self._asked, {}
        for future in asked.values():
            future.set_exception(ConnectionResetError("the server has ended"))

    # ---- what happens

    def _over(self) -> bool:
        return self._gone or self._stopped or self._end is not None or bool(self._failed) or self._broken is not None

    def _step(self, until: float | None = None) -> None:
        kind, data = self._next(until)
        if kind == "late":
            if time.monotonic() >= self._deadline:
                self._break("timeout", f"still running after {self._allowed:g} s of wall time")
        elif kind == "":
            self._gone = True
        elif kind in self._output:
            self._output[kind] += data[: (self._spec.limits.output_kb << 10) - len(self._output[kind])]
        elif kind == "x" and self._spec.judged_stdout:
            self._break("output_limit", f"printed more than {self._spec.limits.output_kb} KiB")
        elif kind == "c":
            if too_much := self._frames.add(data):
                self._break("output_limit", too_much)
        elif kind == "f":
            end = 4 + int.from_bytes(data[:4], "big")
            self._files[os.fsdecode(data[4:end])] = data[end:]
        elif kind == "h":
            about, _, content = data.partition(b"\n")
            answer = json.loads(about)
            with self._asking:
                future = self._asked.pop(answer["id"], None)
            if future is not None:
                future.set_result((answer, content))
        elif kind == "n":
            self._end = json.loads(data)
        elif kind == "b":
            self._failed = data.decode("utf-8", "replace")

    def _next(self, until: float | None = None) -> tuple[str, bytes]:
        """A frame; "" when none will come, "late" when the deadline came first."""
        wait = min(self._deadline, until or self._deadline) - time.monotonic()
        try:
            return self._incoming.get(timeout=max(0.0, wait))
        except queue.Empty:
            return "late", b""

    def _break(self, status: RunStatus, why: str) -> None:
        if self._broken is None:
            self._broken, self._why = status, why
            self._put("k", [])

    def _hear_last_words(self) -> None:
        """What the first process says of a program it was told to kill. It is not waited for: the container goes anyway."""
        self._deadline = time.monotonic() + _LAST_WORDS
        while self._end is None and not self._gone and time.monotonic() < self._deadline:
            self._step(self._deadline)

    def _put(self, kind: str, parts: list[bytes]) -> None:
        size = sum(map(len, parts)).to_bytes(4, "big")
        self._outgoing.put(b"".join([kind.encode(), size, *parts]))

    def _write(self) -> None:
        """In a thread of its own: where the container takes nothing, its deadline is still kept."""
        pipe = self._process.stdin
        assert pipe is not None
        while (data := self._outgoing.get()) is not None:
            try:
                pipe.write(data)
                pipe.flush()
            except (OSError, ValueError):
                return  # it is gone; what came of it is told by what we read

    def _read(self) -> None:
        pipe = self._process.stdout
        assert pipe is not None
        try:
            while len(head := pipe.read(5)) == 5:
                data = pipe.read(int.from_bytes(head[1:], "big"))
                self._incoming.put((chr(head[0]), data))
        except (OSError, ValueError):
            pass  # closed under us
        self._incoming.put(("", b""))

    # ---- what came of it

    def _result(self) -> Run:
        limits, end = self._spec.limits, self._end or {}
        status, code, number, why = self._status()
        if status == "timeout" and "cpu_s" in end:
            why += f", in which it computed for {end['cpu_s']:.2f} s"
        dropped = end.get("dropped", [0, 0])
        return Run(
            status=status,
            exit_code=code,
            signal=number,
            stdout=bytes(self._output["o"]),
            stderr=bytes(self._output["e"]),
            stdout_dropped=dropped[0],
            stderr_dropped=dropped[1],
            files=self._files,
            files_left=tuple(end.get("left", ())),
            wall_s=round(time.monotonic() - self._start, 6),
            cpu_s=round(float(end.get("cpu_s", limits.cpu_s if status == "cpu" else 0)), 6),
            memory_peak=int(end.get("memory_peak", 0)),
            isolation=self._isolation,
            detail=why,
            label=self._spec.label,
        )

    def _status(self) -> tuple[RunStatus, int | None, int | None, str]:
        limits = self._spec.limits
        if self._failed:
            return "sandbox_error", None, None, f"the sandbox could not be set up: {self._failed}"
        if self._broken is not None:
            return self._broken, None, None, self._why
        if self._stopped:
            return "ok", None, None, STOPPED
        if self._end is not None and (self._end["broken"] == "cpu" or self._end["cpu_s"] > limits.cpu_s):
            return "cpu", None, None, f"used more than {limits.cpu_s:g} s of CPU time"
        if self._end is None or self._end["memory_ended"]:  # somebody, on the whole machine: the engine knows who
            killed, code = self._ended()
            if killed:
                return "oom", None, None, f"needed more than {limits.memory_mb} MiB of memory"
            if self._end is None:
                return "sandbox_error", None, None, f"the container ended by itself with {code}"
        return ending(self._spec, int(self._end["status"]), float(self._end["cpu_s"]), bytes(self._output["e"]))

    def _ended(self) -> tuple[bool, int]:
        """(killed for want of memory, exit code) as the engine has it once the container has ended."""
        with contextlib.suppress(subprocess.TimeoutExpired, SandboxUnavailable):
            self._process.wait(_LAST_WORDS)
            return self._engine.ended(self._name)
        return False, -1


class ThroughContainer:
    """A Way to a server in a container: our first process in there asks it over its loopback."""

    def __init__(self, container: Contained, port: int) -> None:
        self._container, self._port = container, port

    def dial(self) -> None:
        self._answer("d", {}, b"", _DIALS_WITHIN)

    def ask(self, method: str, path: str, headers: dict[str, str], body: bytes, timeout: float) -> Answer:
        about, content = self._answer("h", {"method": method, "path": path, "headers": headers}, body, timeout)
        return int(about["status"]), [(name, value) for name, value in about["headers"]], content

    def _answer(self, kind: str, asked: dict[str, Any], body: bytes, timeout: float) -> tuple[dict[str, Any], bytes]:
        asked |= {"port": self._port, "timeout": timeout}
        about, content = self._container.inquire(kind, asked, body).result(timeout + _LAST_WORDS)
        if "wrong" in about:
            raise ValueError(about["wrong"])
        if "error" in about:
            raise OSError(about["error"])
        return about, content


def profile(machine: str, families: Sequence[int]) -> dict[str, Any]:
    """The allow-list of `guest.syscalls` as the engine takes it, with sockets of these families."""

    def rule(names: list[str], action: str = "SCMP_ACT_ALLOW", **more: Any) -> dict[str, Any]:
        return {"names": names, "action": action, **more}

    def only(name: str, **wanted: int) -> dict[str, Any]:
        """Allowed where each argument (a0, a1, ...), of which the kernel takes 32 bits, is what is wanted."""
        args = [
            {"index": int(place[1:]), "value": 0xFFFFFFFF, "valueTwo": value, "op": "SCMP_CMP_MASKED_EQ"}
            for place, value in wanted.items()
        ]
        return rule([name], args=args)

    names = set(seccomp.MACHINES[machine][1])
    # Others of its uid are its own children, and our first process, whose limits and share of the processor it must not set.
    for_itself = {"prlimit64", "sched_setaffinity", "sched_setattr", "sched_setparam", "sched_setscheduler"}
    decided = {"clone", "socket", "socketpair", "ioctl", "fcntl", "preadv2", "setpriority", *for_itself}
    refused = [name for name in syscalls.NAMED_REFUSALS.split() if name in names]
    return {
        "defaultAction": "SCMP_ACT_ERRNO",
        "defaultErrnoRet": seccomp.EPERM,
        "architectures": [f"SCMP_ARCH_{machine.upper()}"],
        "syscalls": [
            rule(sorted((seccomp.allowed(counted=True) & names) - decided - set(refused))),
            rule(refused, "SCMP_ACT_ERRNO", errnoRet=seccomp.ENOSYS),
            rule(
                ["clone"],
                args=[{"index": 0, "value": syscalls.CLONE_REFUSED, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}],
            ),
            *(only("socket", **wanted) for family in families for wanted in _sockets(family)),
            only("socketpair", a0=syscalls.FAMILIES[0]),
            *(only("ioctl", a1=request) for request in syscalls.IOCTLS),
            *(
                rule(["fcntl"], args=[{"index": 1, "value": bits, "valueTwo": value, "op": "SCMP_CMP_MASKED_EQ"}])
                for bits, value in _FCNTLS
            ),
            rule(
                ["preadv2"],
                args=[{"index": 5, "value": syscalls.RWF_NOWAIT, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}],
            ),
            *(only(name, a0=0) for name in sorted(for_itself)),
            only("setpriority", a0=0, a1=0),
        ],
    }


_FCNTLS = ((0x400, 0), (0x404, 0x404), (0x408, 0x408))
"""Which bits of fcntl's command are looked at, and what they must be: all but 1024 to 1027, for the engine's filter can only say
what a command is, not what it is not. Of those four programs would use none: F_SETLEASE, F_GETLEASE, F_NOTIFY, F_DUPFD_QUERY."""


def _sockets(family: int) -> list[dict[str, int]]:
    """The arguments of `socket` that this family may have."""
    protocols = syscalls.PROTOCOLS[family]
    return [{"a0": family}] if protocols is None else [{"a0": family, "a2": protocol} for protocol in protocols]


_FIX = (
    "Is an engine running, and may you use it? Start it (systemctl start docker), join the group docker, or point "
    "DOCKER_HOST at it."
)
_FOLDERS = ("bin", "sbin", "lib", "lib32", "lib64")


def _bound(interpreter: Path, mounts: list[str]) -> str:
    """Where the interpreter is inside: where it is outside, below /usr; else under a name that tells nothing of it."""
    prefix = interpreter.parent.parent  # .../bin/python3 finds its library beside its own folder
    if prefix.is_relative_to("/usr"):
        return str(interpreter)
    inside = Path("/run/assay/python")
    wanted = (interpreter, prefix / "lib", prefix / "lib64")
    mounts += [_mount(str(path), str(inside / path.relative_to(prefix))) for path in wanted if path.exists()]
    return str(inside / interpreter.relative_to(prefix))


def _system() -> list[str]:
    """This machine's own system, as far as it is no link into another part of it."""
    paths = ["/usr", *(f"/{name}" for name in _FOLDERS if not os.path.islink(f"/{name}")), "/etc/ld.so.cache"]
    return [path for path in (*paths, "/etc/alternatives") if os.path.exists(path)]


def _skeleton() -> bytes:
    """A tar of folders, links and two files: the same bytes each time on one machine."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:

        def add(
            name: str, kind: bytes = tarfile.DIRTYPE, link: str = "", content: bytes = b"", mode: int = 0o755
        ) -> None:
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname, entry.mode, entry.size = kind, link, mode, len(content)
            archive.addfile(entry, io.BytesIO(content))

        for name in ("usr", "etc", "proc", "sys", "dev", "run", "run/assay", "var", "box"):
            add(name)
        for name in _FOLDERS:
            if os.path.islink(f"/{name}"):
                add(name, tarfile.SYMTYPE, os.readlink(f"/{name}"))
            elif os.path.isdir(f"/{name}"):
                add(name)
        add("tmp", tarfile.SYMTYPE, "box/tmp")
        add("var/tmp", tarfile.SYMTYPE, "../box/tmp")
        add("etc/passwd", tarfile.REGTYPE, content=PASSWD, mode=0o644)
        add("etc/group", tarfile.REGTYPE, content=GROUP, mode=0o644)
    return stream.getvalue()


def _mount(outside: str, inside: str) -> str:
    return f"--mount=type=bind,source={outside},target={inside},readonly"


def _last_line(text: bytes) -> str:
    lines = [line for line in text.decode("utf-8", "replace").splitlines() if line.strip() and "--help" not in line]
    return lines[-1].strip() if lines else ""


def _born(pid: int) -> str:
    """What tells a process from a later one with its number; empty where there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
    except OSError:
        return ""
