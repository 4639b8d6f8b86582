"""A bubblewrap with our code waiting inside: for one program (cold) or as a zygote for many (warm)."""

import contextlib
import functools
import json
import os
import select
import signal
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any

from assay.errors import SandboxUnavailable
from assay.pipeline.sandbox.guest import jail, seccomp, syscalls
from assay.pipeline.sandbox.parcel import GROUP, PASSWD
from assay.pipeline.sandbox.runtime import Runtime, cage_uids

ANSWERS_WITHIN_S = 30.0
"""For a start, which takes 0.1 s on an idle machine, and for each answer of a zygote, a millisecond."""
_START = "import sys; sys.path.insert(0, '/run/assay'); import assay_guest.main as m; sys.path.remove('/run/assay'); m.main(sys.argv[1:])"

# bubblewrap asks the kernel to end it with the THREAD that started it, so one thread that lives as long as we do starts them all.
_starter: ThreadPoolExecutor | None = None
_starter_lock = Lock()


class Cage:
    """One bubblewrap. `control` is where requests go; `pidfd` is the first process inside, whose end is the end of all."""

    def __init__(self, runtime: Runtime, *, warm: bool, counted: bool, within_s: float = ANSWERS_WITHIN_S) -> None:
        """Returns when all inside is ready. Raises SandboxUnavailable. `within_s`: for this, and for each answer later."""
        machine = jail.machine()
        if machine not in seccomp.MACHINES:
            raise SandboxUnavailable(
                f"The sandbox knows no system-call numbers for {machine}.",
                "Use an x86-64 or arm64 machine, or the docker back end.",
            )
        self.pid = self.pidfd = -1
        self.runs = 0
        self._within_s = within_s
        self._processor: int | None = None
        self._uid: int | None = None
        self._process: subprocess.Popen[bytes] | None = None
        settings: dict[str, Any] = {
            "counted": counted,
            "filters": _filters(machine, counted),
            "packages": runtime.packages,
            "environment_given": True,
        }
        try:
            self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self.control.settimeout(within_s)
            try:
                self._launch(runtime, settings, warm, theirs)
            except BaseException:
                self.close()
                raise
        except OSError as error:
            raise SandboxUnavailable(f"bubblewrap cannot be started: {error}.", "See: assay doctor") from None

    def _launch(self, runtime: Runtime, settings: dict[str, Any], warm: bool, theirs: socket.socket) -> None:
        with contextlib.ExitStack() as ours, contextlib.ExitStack() as passed:
            passed.callback(theirs.close)
            errors = os.memfd_create("bubblewrap-errors", os.MFD_CLOEXEC)
            ours.callback(os.close, errors)
            about, about_write = os.pipe()
            ours.callback(os.close, about)
            passed.callback(os.close, about_write)
            files = []  # not binds: each mount is copied for every program
            for content in (PASSWD, GROUP, _library_cache()):
                files.append(_data(content))
                passed.callback(os.close, files[-1])
            passwd, group, libraries = files
            argv = [
                runtime.bwrap, *_ISOLATE, "--info-fd", str(about_write), *_file_system(runtime, settings["counted"]),
                "--file", str(passwd), "/etc/passwd", "--file", str(group), "/etc/group", "--file", str(libraries), "/etc/ld.so.cache",
                "--remount-ro", "/", "--remount-ro", "/dev", *(("--setenv", "LD_BIND_NOW", "1") if warm else ()),
                "--", runtime.python, "-S", "-s", "-P", "-B", "-X", "utf8", "-c", _START,
                "warm" if warm else "cold", str(theirs.fileno()),
            ]  # fmt: skip
            uids = cage_uids()
            self._uid = uids.lend() if uids is not None else None
            self._process = _start(argv, (theirs.fileno(), about_write, *files), errors, self._uid)
            passed.close()
            with contextlib.suppress(OSError):  # it ended at once; what it said is read below
                self.control.send(json.dumps(settings).encode())
            try:
                ready = self._await_start(about)
            except TimeoutError:
                raise SandboxUnavailable(
                    f"The sandbox did not start within {self._within_s:g} s.", "Is the machine overloaded? Try again."
                ) from None
            if not ready:
                raise _not_started(errors, self.pid > 0, runtime.python)

    def _await_start(self, about: int) -> bool:
        """Whether all inside is ready; False: it has ended. Raises TimeoutError."""
        try:
            self.pid = int(json.loads(_read_within(about, self._within_s))["child-pid"])
            self.pidfd = os.pidfd_open(self.pid)
            return self.control.recv(16) == b"up"
        except TimeoutError:
            raise
        except (ValueError, KeyError, OSError):  # ECONNRESET, too: it ended before it had read its settings
            return False

    def request(self, descriptors: list[int], alone: bool = False) -> None:
        """Start a program; `alone`: as its namespaces' first process. Raises OSError where the inside is gone."""
        self.runs += 1
        socket.send_fds(self.control, [b"one" if alone else b"run"], descriptors)

    def run_on(self, processor: int | None) -> None:
        """Keep what a warm cage starts from now on to this processor; None: to any. Raises OSError where the inside is gone."""
        if processor != self._processor:
            self._processor = processor
            self.control.send(b"cpus" if processor is None else b"cpus%d" % processor)

    def program(self) -> list[int]:
        """A warm cage's answer to `request`: pidfds of the program's first process, and of the program where it is another.

        Raises OSError.
        """
        message, descriptors, _, _ = socket.recv_fds(self.control, 2000, 2)
        if message == b"pid" and descriptors:
            return descriptors
        for fd in descriptors:
            os.close(fd)
        raise ConnectionResetError(message.decode("utf-8", "replace") or "the zygote is gone")

    def dial(self, port: int) -> socket.socket:
        """A connection to 127.0.0.1:`port` inside, made by the zygote. Raises OSError where nothing listens."""
        self.control.sendall(b"dial%d" % port)
        try:
            message, descriptors, _, _ = socket.recv_fds(self.control, 2000, 1)
        except TimeoutError:
            self.kill()  # its answer would be taken for the next one's
            raise
        if message == b"fd" and descriptors:
            return socket.socket(fileno=descriptors[0])
        raise ConnectionRefusedError(message[3:].decode("utf-8", "replace") or "the zygote is gone")

    def kill(self) -> None:
        """End everything inside. Safe to call again, and of one that is dead."""
        if self.pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
        elif self._process is not None and self._process.poll() is None:
            self._process.kill()

    def close(self) -> None:
        self.kill()
        self.control.close()
        if self._process is not None:
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)
        if self.pidfd >= 0:
            os.close(self.pidfd)
            self.pidfd = -1
        self._give_uid_back()

    def _give_uid_back(self) -> None:
        uid, self._uid = self._uid, None
        if uid is not None and (uids := cage_uids()) is not None:
            uids.give_back(uid)


_ISOLATE = (
    "--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try",
    "--uid", "0", "--gid", "0", "--die-with-parent", "--new-session", "--as-pid-1", "--hostname", "sandbox",
    "--cap-drop", "ALL", "--cap-add", "CAP_SYS_ADMIN", "--cap-add", "CAP_SETPCAP",
    "--clearenv", "--setenv", "PYTHONHASHSEED", "0",  # sets and dicts of text go in one order, run after run
    *(word for name, value in jail.ENVIRONMENT.items() for word in ("--setenv", name, value)),
)  # fmt: skip


@functools.cache
def _filters(machine: str, counted: bool) -> dict[str, str]:
    """What a program may call, as filters in hexadecimal. Made here: the tables of names would lie in every program's process."""
    local = (socket.AF_UNIX,)
    return {
        "own": seccomp.build(machine, counted, local).hex(),
        # for who has no IPC namespace of its own: no shared memory, queues or semaphores that could outlive it
        "without_ipc": seccomp.build(machine, counted, local, ipc=False).hex(),
        "with_loopback": seccomp.build(machine, counted, syscalls.FAMILIES).hex(),
    }


def _file_system(runtime: Runtime, counted: bool) -> list[str]:
    """The system read-only, our code read-only, an empty place for the scratch."""
    argv = ["--ro-bind", "/usr", "/usr"]
    for name in ("bin", "sbin", "lib", "lib32", "lib64"):
        top = "/" + name
        if os.path.islink(top):
            argv += ["--symlink", os.readlink(top), top]
        elif os.path.isdir(top):
            argv += ["--ro-bind", top, top]
    argv += ["--ro-bind-try", "/etc/alternatives", "/etc/alternatives"]
    for outside, inside in runtime.binds:
        argv += ["--ro-bind", outside, inside]
    argv += [
        "--ro-bind",
        str(runtime.guest),
        "/run/assay/assay_guest",
        "--proc",
        "/proc",
        *_devices(counted),
        "--dir",
        "/box",
    ]
    if runtime.libraries:
        argv += ["--setenv", "LD_LIBRARY_PATH", runtime.libraries]
    return [*argv, "--symlink", "box/tmp", "/tmp", "--dir", "/var", "--symlink", "../box/tmp", "/var/tmp"]


def _devices(counted: bool) -> list[str]:
    """The few devices a program needs. No terminals: the machine has a limited number of them.

    A shared map of `zero` is memory that no process's size need show. Where none counts it, `full` stands there: it reads
    as zeros too, and cannot be mapped.
    """
    argv = ["--tmpfs", "/dev"]
    for name in jail.DEVICES:
        argv += ["--dev-bind", f"/dev/{'full' if name == 'zero' and not counted else name}", f"/dev/{name}"]
    for name, target in (("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")):
        argv += ["--symlink", f"/proc/self/fd{target}", f"/dev/{name}"]
    return [*argv, "--symlink", "../box/shm", "/dev/shm"]  # no mount: each is made anew for every program


def _library_cache() -> bytes:
    """Where the loader finds libraries quickly; empty where there is none."""
    try:
        with open("/etc/ld.so.cache", "rb") as file:
            return file.read()
    except OSError:
        return b""


def _data(content: bytes) -> int:
    fd = os.memfd_create("data", 0)
    with open(fd, "wb", closefd=False) as file:
        file.write(content)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def _start(argv: list[str], passed: tuple[int, ...], errors: int, uid: int | None) -> "subprocess.Popen[bytes]":
    """Start bubblewrap with an empty environment and, for root, as a uid that owns nothing."""
    global _starter
    with _starter_lock:
        if _starter is None:
            _starter = ThreadPoolExecutor(1, thread_name_prefix="assay-sandbox-starter")

    def start() -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            argv,
            env={},
            cwd="/",
            pass_fds=passed,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            user=uid,
            group=uid,
            extra_groups=None if uid is None else (),
        )

    return _starter.submit(start).result()


def _read_within(fd: int, seconds: float) -> bytes:
    """All until its other end is closed. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    content = b""
    sign = select.poll()
    sign.register(fd, select.POLLIN)
    while sign.poll(max(0.0, deadline - time.monotonic()) * 1000):
        part = os.read(fd, 4096)
        if not part:
            return content
        content += part
    raise TimeoutError


def _not_started(errors: int, made: bool, python: str) -> SandboxUnavailable:
    """What is to be said of a bubblewrap that ended before our code inside was ready. `made`: it had made a process."""
    said = os.pread(errors, 4000, 0).decode("utf-8", "replace").strip().splitlines()
    why = said[-1] if said else "it ended without a word"
    its_own = why.startswith("bwrap: ") and not why.startswith("bwrap: execvp ")
    if made and not its_own:  # the sandbox stood: it is what was to run in it that did not
        return SandboxUnavailable(
            f"The interpreter {python} does not start in the sandbox: {why}.", "Name another one: ASSAY_SANDBOX_PYTHON."
        )
    return SandboxUnavailable(f"bubblewrap cannot make a sandbox here: {why}", _FIX)


_FIX = (
    "Unprivileged user namespaces seem to be switched off. Ubuntu 24.04: allow bwrap in an AppArmor profile; "
    "a container: docker run --security-opt seccomp=unconfined --security-opt systempaths=unconfined; "
    "elsewhere: sysctl user.max_user_namespaces=15000 kernel.unprivileged_userns_clone=1"
)
