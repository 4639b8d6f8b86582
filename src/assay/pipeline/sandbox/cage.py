"""A bubblewrap with our code waiting inside: for one program (cold) or as a zygote for many (warm)."""

import contextlib
import functools
import json
import os
import signal
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

from assay.errors import SandboxUnavailable
from assay.pipeline.sandbox.guest import jail, seccomp, syscalls
from assay.pipeline.sandbox.runtime import Runtime, cage_uids

_START_WITHIN = 30.0  # s; a warm one takes 0.1 on an idle machine
_START = "import sys; sys.path.insert(0, '/run/assay'); import assay_guest.main as m; sys.path.remove('/run/assay'); m.main(sys.argv[1:])"
_PASSWD = b"root:x:0:0:root:/box/work:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
_GROUP = b"root:x:0:\nnogroup:x:65534:\n"

# bubblewrap asks the kernel to end it with the THREAD that started it, so one thread that lives as long as we do starts them all.
_starter: ThreadPoolExecutor | None = None
_starter_lock = Lock()


class Cage:
    """One bubblewrap. `control` is where requests go; `pidfd` is the first process inside, whose end is the end of all."""

    def __init__(self, runtime: Runtime, *, warm: bool, counted: bool) -> None:
        machine = jail.machine()
        if machine not in seccomp.MACHINES:
            raise SandboxUnavailable(
                f"The sandbox knows no system-call numbers for {machine}.",
                "Use an x86-64 or arm64 machine, or the docker back end.",
            )
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.pidfd = -1
        self.runs = 0
        self._processor: int | None = None
        uids = cage_uids()
        self._uid: int | None = None
        settings = {
            "counted": counted,
            "filters": _filters(machine, counted),
            "packages": runtime.packages,
            "environment_given": True,
        }
        errors = os.memfd_create("bubblewrap-errors", os.MFD_CLOEXEC)
        about, about_write = os.pipe()
        # Files, not binds: each mount is copied for every program.
        passwd, group, libraries = _data(_PASSWD), _data(_GROUP), _data(_library_cache())
        argv = [
            runtime.bwrap, *_ISOLATE, "--info-fd", str(about_write), *_file_system(runtime),
            "--file", str(passwd), "/etc/passwd", "--file", str(group), "/etc/group", "--file", str(libraries), "/etc/ld.so.cache",
            "--remount-ro", "/", "--remount-ro", "/dev", *(("--setenv", "LD_BIND_NOW", "1") if warm else ()),
            "--", runtime.python, "-S", "-s", "-P", "-B", "-X", "utf8", "-c", _START,
            "warm" if warm else "cold", str(theirs.fileno()),
        ]  # fmt: skip
        passed = (theirs.fileno(), about_write, passwd, group, libraries)
        try:
            self._uid = uids.lend() if uids is not None else None
            self._process = _start(argv, passed, errors, self._uid)
        except OSError as error:
            self.control.close()
            self._give_uid_back()
            raise SandboxUnavailable(f"bubblewrap cannot be started: {error}.", "See: assay doctor") from None
        finally:
            for fd in (about_write, passwd, group, libraries):
                os.close(fd)
            theirs.close()
        with contextlib.suppress(OSError):  # it ended at once; what it said is read below
            self.control.send(json.dumps(settings).encode())
        try:
            self._await_start(about, errors)
        except BaseException:
            self.close()
            raise
        finally:
            os.close(about)
            os.close(errors)

    def _await_start(self, about: int, errors: int) -> None:
        with open(about, "rb", closefd=False) as file:
            text = file.read()
        try:
            self.pid = int(json.loads(text)["child-pid"])
            self.pidfd = os.pidfd_open(self.pid)
        except (ValueError, KeyError, OSError):
            raise SandboxUnavailable(_explain(errors), _FIX) from None
        self.control.settimeout(_START_WITHIN)
        try:
            ready = self.control.recv(16)
        except TimeoutError:
            raise SandboxUnavailable(
                f"The sandbox did not start within {_START_WITHIN:g} s.", "Is the machine overloaded? Try again."
            ) from None
        if ready != b"up":
            self._process.wait(10)
            raise SandboxUnavailable(_explain(errors), _FIX)
        self.control.settimeout(None)

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
        message, descriptors, _, _ = socket.recv_fds(self.control, 2000, 1)
        if message == b"fd" and descriptors:
            return socket.socket(fileno=descriptors[0])
        raise ConnectionRefusedError(message[3:].decode("utf-8", "replace") or "the zygote is gone")

    def kill(self) -> None:
        """End everything inside. Safe to call again, and of one that is dead."""
        if self.pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
        elif self._process.poll() is None:
            self._process.kill()

    def close(self) -> None:
        self.kill()
        self.control.close()
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
        "without_ipc": seccomp.build(machine, False, local).hex(),
        "with_loopback": seccomp.build(machine, counted, syscalls.FAMILIES).hex(),
    }


def _file_system(runtime: Runtime) -> list[str]:
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
        *_devices(),
        "--dir",
        "/box",
    ]
    if runtime.libraries:
        argv += ["--setenv", "LD_LIBRARY_PATH", runtime.libraries]
    return [*argv, "--symlink", "box/tmp", "/tmp", "--dir", "/var", "--symlink", "../box/tmp", "/var/tmp"]


def _devices() -> list[str]:
    """The few devices a program needs. No terminals: the machine has a limited number of them."""
    argv = ["--tmpfs", "/dev"]
    for name in jail.DEVICES:
        argv += ["--dev-bind", f"/dev/{name}", f"/dev/{name}"]
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


def _explain(errors: int) -> str:
    text = os.pread(errors, 4000, 0).decode("utf-8", "replace").strip().splitlines()
    return f"bubblewrap cannot make a sandbox here: {text[-1] if text else 'it ended without a word'}"


_FIX = (
    "Unprivileged user namespaces seem to be switched off. Ubuntu 24.04: allow bwrap in an AppArmor profile; "
    "a container: docker run --security-opt seccomp=unconfined --security-opt systempaths=unconfined; "
    "elsewhere: sysctl user.max_user_namespaces=15000 kernel.unprivileged_userns_clone=1"
)
