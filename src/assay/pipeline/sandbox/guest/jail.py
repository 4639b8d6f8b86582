"""Inside the sandbox: from a process with rights in its own namespaces to one with none, in the order that holds.

Trusted code that runs before the program does, in the process that becomes it. Standard library and ctypes only.
"""

import _signal  # type: ignore[import-not-found]
import ctypes
import os
import resource
import struct
import sys

BOX = "/box"  # the scratch file system: WORK, TMP and SHM lie in it, so one size counts for all three
WORK, TMP, SHM = BOX + "/work", BOX + "/tmp", BOX + "/shm"
FIRST_FREE_FD = 3
OUR_PROCESSES = 3  # bubblewrap, the zygote and the first process count against the same uid

NEWNS, NEWIPC, NEWPID = 0x20000, 0x08000000, 0x20000000
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_REMOUNT, _MS_BIND = 1, 2, 4, 8, 32, 4096
DEVICES = ("null", "zero", "full", "random", "urandom")
_PR_SET_DUMPABLE, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT, _PR_SET_SECUREBITS = 4, 24, 38, 47, 28
_AMBIENT_CLEAR_ALL = 4
_CAPABILITY_VERSION_3 = 0x20080522
_CLONE_VM, _CLONE_FILES = 0x100, 0x400
_SLEEPERS_STACK = 1 << 14
_SYSCALLS = {"x86_64": {"capset": 126, "seccomp": 317}, "aarch64": {"capset": 91, "seccomp": 277}}

ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": WORK,
    "TMPDIR": TMP,
    "LANG": "C.UTF-8",
    "PYTHONDONTWRITEBYTECODE": "1",
    "OPENBLAS_NUM_THREADS": "1",  # numerical libraries start a thread a processor otherwise: a second of CPU for nothing
    "OMP_NUM_THREADS": "1",
}


def place(box, beside):
    """Keep the scratch in the folder `box` instead, and count `beside` processes of others against the same uid."""
    global BOX, WORK, TMP, SHM, OUR_PROCESSES
    BOX, WORK, TMP, SHM = box, box + "/work", box + "/tmp", box + "/shm"
    OUR_PROCESSES = beside
    ENVIRONMENT.update(HOME=WORK, TMPDIR=TMP)


class SetupError(OSError):
    """A step that the sandbox depends on failed; nothing of the program has run."""


class Jail:
    """Everything a lock-down needs, made ready once, so that a fork has only calls left to make."""

    def __init__(self, machine, filters):
        """`filters`: what `seccomp.build` made: for programs with an IPC namespace of their own, and, where there are
        such, for those without one and for those with a loopback."""
        self._libc = ctypes.PyDLL(None, use_errno=True)  # PyDLL: the GIL is not worth letting go for these
        _ = self._libc.syscall  # looked up now: a child would look for it anew
        self._numbers = _SYSCALLS[machine]
        self._kept = []
        self._filters = {name: self._ready(code) for name, code in filters.items()}
        self._cap_header = ctypes.byref(ctypes.create_string_buffer(struct.pack("Ii", _CAPABILITY_VERSION_3, 0)))
        self._cap_none = ctypes.byref(ctypes.create_string_buffer(24))
        self._zero, self._one = ctypes.c_ulong(0), ctypes.c_ulong(1)
        with open("/proc/sys/kernel/cap_last_cap") as file:
            self._last_capability = int(file.read())

    def _ready(self, code):
        """The filter as the kernel takes it: a struct sock_fprog."""
        self._kept.append(ctypes.create_string_buffer(code, len(code)))  # for the struct points to it
        about = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(self._kept[-1]))
        return ctypes.byref(ctypes.create_string_buffer(about))

    def unshare(self, flags):
        self._check(self._libc.unshare(flags), "unshare")

    def join(self, fd, flags):
        self._check(self._libc.setns(fd, flags), "setns")

    def ready_to_sleep(self):
        """Make sure that a first process can share this one's memory. Raises SetupError where it must not.

        What it has no handler for does not reach a first process from inside. One with a handler would wake in here.
        """
        with open("/proc/self/status") as file:
            about = dict(line.split(":", 1) for line in file)
        if int(about["SigCgt"], 16) or int(about["Threads"]) != 1:
            raise SetupError(0, "the zygote handles signals or has threads")
        self._stack = ctypes.create_string_buffer(_SLEEPERS_STACK)
        top = ctypes.addressof(self._stack) + _SLEEPERS_STACK
        self._top = ctypes.c_void_p(top & -16)  # as the processor wants it
        self._pause = ctypes.cast(self._libc.pause, ctypes.c_void_p)
        asked = {"random", "threading"} & sys.modules.keys()  # to be told of a fork
        self._plainly = not asked and "t" not in sys.abiflags  # t: built to run without the GIL

    def fork(self):
        """`os.fork`, at two thirds of its price, from a process that has one thread (`ready_to_sleep` has made sure of it).

        What the interpreter mends after a fork are its locks, and those of others who registered for it: all of them are
        free where nobody else could hold one. Of the standard library only `random` has something else to do, and
        `threading` with what builds on it: where one was imported, it is `os.fork`. So it is in CPython 3.11 to 3.14: what 3.13 added
        (the parking lot, the types' lock, the handles of threads) is about other threads too. An interpreter built to run
        without the GIL keeps more (counts that threads owe each other): nobody has tried it, so `os.fork` is used there.
        """
        if not self._plainly:
            return os.fork()
        pid = self._libc.fork()
        self._check(pid, "fork")
        return pid

    def sleeper(self):
        """Start a first process for the pid namespace just unshared, which sleeps until it is killed; its pid.

        It runs the C library's `pause` on a stack of its own in our memory, which spares a fork. It shares our
        descriptors, so that it holds none open that we close, and has its own signal handlers: it ignores SIGCHLD, so the
        kernel reaps the orphans that come to it.
        """
        flags = _CLONE_VM | _CLONE_FILES | _signal.SIGCHLD
        _signal.signal(_signal.SIGCHLD, _signal.SIG_IGN)
        try:
            pid = self._libc.clone(self._pause, self._top, flags, None)
        finally:
            _signal.signal(_signal.SIGCHLD, _signal.SIG_DFL)
        self._check(pid, "clone")
        return pid

    def first_to_go(self):
        """Where memory ends, the kernel is to end this process and what comes of it, not the zygote.

        (The zygote could raise its own number for the moment of the fork, by a descriptor kept open: 0.05 ms less. But where a
        first process has shared its memory the kernel then looks at all processes of the machine, one zygote at a time.)
        """
        fd = os.open("/proc/self/oom_score_adj", os.O_WRONLY | os.O_CLOEXEC)
        os.write(fd, b"1000")
        os.close(fd)

    def undumpable(self):
        """Keep other processes of the same uid from reading or tracing this one."""
        self._prctl(_PR_SET_DUMPABLE, 0)

    def build_world(self, scratch_mb, inodes):
        """A private scratch, to which /tmp and /dev/shm lead, and a /proc that shows this pid namespace alone."""
        options = b"size=%dm,nr_inodes=%d,mode=0755" % (scratch_mb, inodes)
        self._mount(b"scratch", BOX.encode(), b"tmpfs", _MS_NOSUID | _MS_NODEV, options)
        os.mkdir(WORK, 0o755)
        os.mkdir(TMP, 0o1777)
        os.mkdir(SHM, 0o1777)
        flags = _MS_NOSUID | _MS_NODEV | _MS_NOEXEC | _MS_RDONLY
        self._mount(b"proc", b"/proc", b"proc", flags, b"hidepid=2,subset=pid")

    def protect_devices(self):
        """Make the device nodes read-only, so that nobody sets times or rights of the host's own. (They can be written to.)"""
        flags = _MS_REMOUNT | _MS_BIND | _MS_RDONLY | _MS_NOSUID | _MS_NOEXEC
        for name in DEVICES:
            self._mount(b"none", b"/dev/" + name.encode(), None, flags, None)

    def forswear(self):
        """Give up, for this process and all that come of it, every way to gain what is not held now. Once, at the start."""
        self._libc.prctl(_PR_SET_SECUREBITS, 0x2F, 0, 0, 0)  # NOROOT, NO_SETUID_FIXUP, locked: uid 0 means nothing
        self._libc.prctl(_PR_CAP_AMBIENT, _AMBIENT_CLEAR_ALL, 0, 0, 0)
        for capability in range(self._last_capability + 1):
            self._libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)

    def lock_down(self, loopback=False, ipc=True):
        """Drop every capability, for good after `forswear`, and install the filter. What comes after may be hostile."""
        self._check(self._libc.syscall(self._numbers["capset"], self._cap_header, self._cap_none), "capset")
        self.restrict(loopback, ipc)

    def restrict(self, loopback=False, ipc=True):
        """no_new_privs and the filter, for a process that has no capabilities."""
        program = self._filters["with_loopback" if loopback else "own" if ipc else "without_ipc"]
        self._prctl(_PR_SET_NO_NEW_PRIVS, 1)
        self._check(self._libc.syscall(self._numbers["seccomp"], self._one, self._zero, program), "seccomp")
        self._prctl(_PR_SET_DUMPABLE, 1)  # the program's own /proc/self; what it could read there is its own

    def _prctl(self, option, value):
        self._check(self._libc.prctl(option, value, 0, 0, 0), "prctl")

    def _mount(self, source, target, kind, flags, data):
        self._check(self._libc.mount(source, target, kind, ctypes.c_ulong(flags), data), "mount " + target.decode())

    def _check(self, result, what):
        if result < 0:
            number = ctypes.get_errno()
            raise SetupError(number, what + ": " + os.strerror(number))


def machine() -> str:
    """The machine's name as Linux and `seccomp.MACHINES` have it."""
    return os.uname().machine


_ceilings = {
    which: resource.getrlimit(which)[1]
    for which in (
        resource.RLIMIT_CPU, resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE, resource.RLIMIT_NPROC, resource.RLIMIT_CORE,
        resource.RLIMIT_MSGQUEUE, resource.RLIMIT_MEMLOCK, resource.RLIMIT_DATA,
    )
}  # fmt: skip


def set_limits(limits, bound_data):
    """The rlimits of the process that becomes the program, from `limits` (a request's dict of records.Limits).

    `bound_data`: bound each process's own memory too. (Not by RLIMIT_AS: V8 reserves far more than it uses.)
    """
    megabyte = 1 << 20
    cpu = int(limits["cpu_s"]) + 1  # whole seconds; the supervisor decides to the millisecond, this is the net below
    wanted = [
        (resource.RLIMIT_CPU, cpu, cpu + 1),
        (resource.RLIMIT_FSIZE, limits["file_mb"] * megabyte, None),
        (resource.RLIMIT_NOFILE, limits["descriptors"], None),
        (resource.RLIMIT_NPROC, limits["processes"] + OUR_PROCESSES, None),
        (resource.RLIMIT_CORE, 0, None),
        (resource.RLIMIT_MSGQUEUE, 0, None),
        (resource.RLIMIT_MEMLOCK, 0, None),
    ]
    if bound_data:
        wanted.append((resource.RLIMIT_DATA, limits["memory_mb"] * megabyte, None))
    for which, soft, hard in wanted:
        ceiling = _ceilings[which]
        hard = soft if hard is None else hard
        if ceiling != resource.RLIM_INFINITY:
            soft, hard = min(soft, ceiling), min(hard, ceiling)
        resource.setrlimit(which, (soft, hard))


def default_signals():
    """What Python changed for itself and a program expects as the kernel has it."""
    _signal.signal(_signal.SIGPIPE, _signal.SIG_DFL)
    _signal.signal(_signal.SIGXFSZ, _signal.SIG_DFL)


def write_files(files):
    """Put the program's files into WORK. `files`: (relative path, bytes); the paths were checked outside."""
    for path, content in files:
        whole = WORK + "/" + path
        if "/" in path:
            os.makedirs(os.path.dirname(whole), exist_ok=True)
        fd = os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
        view = memoryview(content)
        while view:
            view = view[os.write(fd, view) :]
        os.close(fd)
