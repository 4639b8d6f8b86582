"""Landlock, a filter of system calls and limits: what can be had where namespaces cannot."""

import contextlib
import os
import platform
import socket
import tempfile
from collections.abc import Iterator

from assay.errors import SandboxUnavailable
from assay.pipeline.sandbox.bare import Bare
from assay.pipeline.sandbox.canary import sing
from assay.pipeline.sandbox.guest import landlock
from assay.pipeline.sandbox.guest.seccomp import MACHINES
from assay.records import Isolation
from assay.settings import Settings

_COARSE = (
    "no namespaces: the program sees that files and processes outside exist, though not what is in them",
    "no network of its own: programs have no sockets but pairs, and servers cannot run",
    "no shared memory, no message queues, no /dev/shm, no /proc",
)
_SHARED_UID = (
    "not root, so programs share your uid: they cannot change modes, owners or times of files (the calls do nothing), "
    "and the limit on processes counts yours too"
)
_NO_SIGNAL_SCOPE = "the kernel is older than 6.12 and its Landlock bounds no signals: a program may signal itself, and its children nobody"


class Landlock(Bare):
    """Level 1."""

    name = "landlock"
    level = 1

    def __init__(self, settings: Settings, at_most: int = 1 << 10) -> None:
        """`at_most`: the newest version of Landlock to use, to see what an older kernel would give."""
        version = min(landlock.abi(), at_most)
        if not version:
            raise SandboxUnavailable(
                "This kernel has no Landlock, or it is switched off.",
                "Use Linux 5.13 or later with landlock in its `lsm=` list, and a container engine whose filter lets it "
                "through (Docker 20.10.10 or later).",
            )
        if platform.machine() not in MACHINES:
            raise SandboxUnavailable(
                f"The sandbox knows no system-call numbers for {platform.machine()}.",
                "Use an x86-64 or arm64 machine, or the docker back end.",
            )
        super().__init__(settings, landlock=version)
        shared = self._uids is None
        self.notes = (
            f"Landlock ABI {version}",
            *_COARSE,
            *([_SHARED_UID] if shared else []),
            *([_NO_SIGNAL_SCOPE] if shared and version < landlock.SIGNAL_SCOPE_ABI else []),
        )

    def _try_canary(self) -> Isolation:
        with _bait() as argv:
            return sing(self, _CANARY, argv)


@contextlib.contextmanager
def _bait() -> Iterator[tuple[str, ...]]:
    """What the canary must not reach: our process, a listener of each kind, a file that everybody may read and write."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="assay-bait-"))
        os.chmod(folder, 0o777)
        file = os.path.join(folder, "file")
        with open(file, "w") as opened:
            opened.write("bait")
        os.chmod(file, 0o666)
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        path = os.path.join(folder, "socket")
        for kind, address in ((socket.SOCK_STREAM, path), (socket.SOCK_DGRAM, path + "-datagrams")):
            listener = stack.enter_context(socket.socket(socket.AF_UNIX, kind))
            listener.bind(address)
            os.chmod(address, 0o777)
            if kind == socket.SOCK_STREAM:
                listener.listen()
        abstract = f"assay-bait-{os.getpid()}-{id(stack):x}"
        hidden = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        hidden.bind("\0" + abstract)
        hidden.listen()
        yield str(os.getpid()), str(tcp.getsockname()[1]), path, abstract, file


_CANARY = r"""
import ctypes, fcntl, json, os, resource, signal, socket, sys
host, port, path, abstract, bait = int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:6]
libc = ctypes.CDLL(None, use_errno=True)
found = []
def must_fail(name, attempt):
    try:
        if attempt() is not False:
            found.append(name)
    except OSError:
        pass
def reach(family, address, kind=socket.SOCK_STREAM):
    with socket.socket(family, kind) as s:
        s.settimeout(2)
        s.connect(address)
if os.getuid() == 0 or 0 in os.getresuid() + os.getresgid() or 0 in os.getgroups():
    found.append("it is root")
header, data = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
if libc.capget(header, data) or any(data):
    found.append("it has capabilities")
if libc.prctl(39, 0, 0, 0, 0) != 1:
    found.append("it may gain privileges")
if libc.prctl(21, 0, 0, 0, 0) != 2:
    found.append("no system-call filter is in force")
for what in ("/etc/shadow", "/etc/passwd", "/proc/%d/environ" % host, "/proc/%d/maps" % host, "/proc/self/status", bait):
    must_fail("it can read " + what, lambda: open(what).read(1))
for what in ("/", "/root", "/home", "/tmp", "/proc", "/dev", os.path.dirname(bait), os.path.dirname(os.environ["HOME"]) + "/.."):
    must_fail("it can list " + what, lambda: os.listdir(what))
for what in (bait, bait + "-new", "/canary", "/usr/canary", "/tmp/canary", "/dev/shm/canary", "/proc/%d/oom_score_adj" % host):
    must_fail("it can write " + what, lambda: open(what, "w"))
must_fail("it can remove a file outside", lambda: os.unlink(bait))
must_fail("it can cut a file outside", lambda: os.truncate(bait, 0))
must_fail("it can link a file of outside", lambda: os.link(bait, "linked"))
must_fail("it can move a file out", lambda: (open("own", "w").close(), os.rename("own", bait)))
must_fail("it can see a process's program", lambda: os.readlink("/proc/%d/cwd" % host))
must_fail("it can signal others", lambda: os.kill(host, 0))
must_fail("it can signal its first process", lambda: os.kill(os.getppid(), 0))
must_fail("it can bound others", lambda: resource.prlimit(host, resource.RLIMIT_CORE, (0, 0)))
must_fail("it can have others signalled", lambda: fcntl.fcntl(0, fcntl.F_SETOWN, host))
must_fail("it can schedule others", lambda: os.sched_setaffinity(host, os.sched_getaffinity(0)))
must_fail("it can connect by TCP", lambda: reach(socket.AF_INET, ("127.0.0.1", port)))
must_fail("it can send by UDP", lambda: reach(socket.AF_INET, ("127.0.0.1", 9), socket.SOCK_DGRAM))
must_fail("it has a raw network", lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).close())
must_fail("it can connect to a socket by its path", lambda: reach(socket.AF_UNIX, path))
must_fail("it can connect to an abstract socket", lambda: reach(socket.AF_UNIX, "\0" + abstract))
def letter():
    socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0].sendto(b"x", path + "-datagrams")
must_fail("it can send to a socket by its path", letter)
must_fail("it can make memory that nothing counts", lambda: os.memfd_create("x"))
must_fail("it can mount", lambda: libc.mount(b"x", b"/tmp", b"tmpfs", 0, None) == 0)
must_fail("it can make namespaces", lambda: libc.unshare(0x10000000) == 0)
must_fail("it can trace", lambda: libc.ptrace(16, host, 0, 0) == 0)
try:
    os.setuid(0)
    found.append("it can become root")
except OSError:
    pass
print(json.dumps(found))
"""
