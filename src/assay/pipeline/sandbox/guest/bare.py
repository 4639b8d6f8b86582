"""Inside a sandbox without namespaces: the first process, which watches one program and takes all it started with it.

It is the subreaper of everything the program starts, so what is orphaned becomes its child. For root the program runs as
a uid of its own and this process stays root: the program cannot signal, trace or read it. It reads nothing the program
writes. For others both share a uid, and only Landlock stands between them (in `local`: nothing does).

Report (SOCK_SEQPACKET) as in `main`, and host -> us: anything at all, or its end being closed: kill all and end.
Where its end was closed the host is gone, and the scratch is removed from here.
"""

import contextlib
import ctypes
import json
import os
import select
import signal
import socket
import time

from . import descriptors as passing
from . import jail, landlock, scratch, seccomp
from . import main as inside

_PR_SET_DUMPABLE, _PR_CAPBSET_DROP, _PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS = 4, 24, 36, 38
_SWEEPS = 20  # rounds of a tenth of a second before what cannot be killed is left; each kills all there is

_libc = ctypes.CDLL(None, use_errno=True)


def main(arguments):
    """`arguments`: the control socket's descriptor, JSON of the settings."""
    fd, settings = int(arguments[0]), json.loads(arguments[1])
    inside.prepare(settings)
    if libraries := os.environ.get("LD_LIBRARY_PATH"):  # what started us: a program may start the interpreter again
        jail.ENVIRONMENT["LD_LIBRARY_PATH"] = libraries
    control = socket.socket(fileno=fd)
    control.set_inheritable(False)
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    _prctl(_PR_SET_DUMPABLE, 0)
    control.send(b"up")
    message, descriptors = passing.receive(control, 16, inside.MAX_DESCRIPTORS)
    if message:
        control.close()
        _first_process(descriptors, settings)


def _first_process(descriptors, settings):
    """Start the program, wait for its end or the host's word, kill the rest, report. No return."""
    payload, stdin, stdout, stderr, report_fd = descriptors[:5]
    channel = descriptors[5] if len(descriptors) > 5 else None
    report = socket.socket(fileno=report_fd)
    uid = settings["uid"]
    try:
        request, files = inside._payload(payload)
        jail.place(settings["box"], 0 if uid is not None else _tasks_of(os.getuid()))
        fence = Fence(settings)
        if uid is not None:
            os.setgroups([])
            _kill_uid(uid, settings["sweeper"])  # of a host that died: nothing of it may meet this program
        with _acting_as(uid):
            os.mkdir(jail.WORK, 0o755)
            os.mkdir(jail.TMP, 0o700)
            jail.write_files(files)
            if request["collect"]:
                box = os.open(jail.WORK, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
                socket.send_fds(report, [b"box"], [box])
                os.close(box)
        woken, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            inside._become(request, [stdin, stdout, stderr], channel, report.detach(), fence, settings)
        for fd in (stdin, stdout, stderr, *([channel] if channel is not None else [])):
            os.close(fd)
    except BaseException as error:
        report.send(b"bad" + ("%s: %s" % (type(error).__name__, error)).encode()[:2000])
        os._exit(1)
    keeper = _Keeper(pid, uid, settings)
    abandoned = keeper.watch(report, woken)
    keeper.sweep()
    with contextlib.suppress(OSError):  # the host is gone, or has heard enough
        report.send(b"end" + json.dumps(keeper.account()).encode())
    if abandoned:
        with contextlib.suppress(OSError), _acting_as(uid):
            scratch.empty(scratch.open_folder(settings["box"]))
            os.rmdir(settings["box"])
    os._exit(0)


class _Keeper:
    """Reaps, keeps account, and kills what is left."""

    def __init__(self, pid, uid, settings):
        self._pid, self._uid, self._sweeper = pid, uid, settings.get("sweeper")
        self._status = None
        self._cpu, self._peak = 0.0, 0

    def watch(self, report, woken):
        """Until the program's end, or a word of the host; returns whether the host is gone."""
        poll = select.poll()
        poll.register(report, select.POLLIN)
        poll.register(woken, select.POLLIN)
        while self._reap() and self._status is None:
            for fd, _ in poll.poll():
                if fd == woken:
                    with contextlib.suppress(BlockingIOError):
                        os.read(woken, 4096)
                else:
                    try:
                        return not report.recv(16)
                    except OSError:
                        return True
        return False

    def sweep(self):
        """Kill every descendant. All of them are children of ours, or become that when their parents die."""
        for _ in range(_SWEEPS):
            if not self._reap():
                return
            if self._uid is not None:
                _kill_uid(self._uid, self._sweeper)
            else:
                _kill_below(os.getpid())
            for _ in range(100):
                if not self._reap():
                    return
                time.sleep(0.001)

    def account(self):
        status = self._status if self._status is not None else signal.SIGKILL
        return {"status": status, "cpu_s": self._cpu, "memory_peak": self._peak * 1024}

    def _reap(self):
        """Take in all who ended; returns whether any child is left."""
        try:
            while (ended := os.wait4(-1, os.WNOHANG))[0]:
                self._count(ended)
        except ChildProcessError:
            return False
        return True

    def _count(self, ended):
        pid, status, used = ended
        if pid == self._pid:
            self._status = status
        self._cpu += used.ru_utime + used.ru_stime
        self._peak = max(self._peak, used.ru_maxrss)


class Fence:
    """What the program's own process puts around itself before it becomes the program."""

    def __init__(self, settings):
        self._uid, self._landlock = settings["uid"], settings["landlock"]
        self._readable = settings["readable"]
        jail.ENVIRONMENT["OPENSSL_CONF"] = "/dev/null"  # Node complains of one that it may not read

    def lock_down(self, loopback=False, ipc=True):  # noqa: ARG002 - there is none
        """For good, in the order that holds."""
        _prctl(_PR_SET_DUMPABLE, 1)  # else /proc/self is root's
        with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
            file.write("500")  # where the machine's memory ends, the program goes first
        if self._uid is not None:
            for capability in range(64):
                _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
            os.setresgid(self._uid, self._uid, self._uid)
            os.setresuid(self._uid, self._uid, self._uid)  # and with it goes every capability
        _prctl(_PR_SET_NO_NEW_PRIVS, 1)
        _prctl(_PR_SET_DUMPABLE, 1)  # its own /proc/self, and our look at its memory; changing the uid took it away
        if self._landlock:
            code = landlock.special(self._landlock, self._uid is not None, os.getpid())
            machine = jail.machine()
            calls = jail.Jail(machine, {"own": seccomp.build(machine, False, (), code)})
            landlock.restrict(self._landlock, self._readable, jail.BOX)
            calls.restrict()


@contextlib.contextmanager
def _acting_as(uid):
    """With the rights of the program's uid, so that nothing is done for root in a folder of the program's."""
    if uid is None:
        yield
        return
    os.setegid(uid)
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


def _kill_uid(uid, sweeper):
    """Kill all processes of `uid`, at one blow that no fork escapes.

    The real uid becomes `sweeper`, which is this uid's alone and which nothing runs as: so nobody else is hit (not even
    another sweeper), and the uid's processes, whose signals reach only those with their own real or saved uid, cannot
    hit us.
    """
    os.setresuid(sweeper, uid, 0)
    try:
        os.kill(-1, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass  # there was none
    finally:
        os.setresuid(0, 0, 0)


def _kill_below(root):
    """Kill all descendants of `root`. They are stopped first, until none is new: what is stopped cannot fork."""
    stopped: set[int] = set()
    while True:
        fresh = _descendants(root) - stopped
        if not fresh:
            break
        for pid in fresh:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGSTOP)
        stopped |= fresh
    for pid in stopped:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)


def _descendants(root):
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open("/proc/%s/stat" % name, "rb") as file:
                    fields = file.read().rsplit(b")", 1)[1].split()
            except OSError:
                continue
            children.setdefault(int(fields[1]), []).append(int(name))
    found = set()
    waiting = [root]
    while waiting:
        for pid in children.get(waiting.pop(), ()):
            if pid not in found:
                found.add(pid)
                waiting.append(pid)
    return found


def _tasks_of(uid):
    """Processes and threads of `uid` now: RLIMIT_NPROC counts them all, so the program's own come on top."""
    count = 0
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError):
                if os.stat("/proc/" + name).st_uid == uid:
                    count += len(os.listdir("/proc/%s/task" % name))
    return count


def _prctl(option, value):
    if _libc.prctl(option, value, 0, 0, 0) < 0:
        number = ctypes.get_errno()
        raise jail.SetupError(number, "prctl: " + os.strerror(number))
