"""Inside a container: its first process, which runs one program and speaks with the host over the container's own stdin
and stdout, in frames. The program gets pipes of this process, never those two; from inside a pid namespace its first
process can be neither killed nor, once non-dumpable, traced or read.

A frame: one byte that says what it is, four of length (big-endian), the data.
host -> us   s what the program reads as stdin, then p the request (as in `main`), then c for the channel, q: no more of it,
             k: kill the program, d: does a server on our loopback accept connections, h an HTTP request to it
us -> host   u ready, o e output, c from the channel, x stdout is full, f a file brought out (the length of its path,
             the path, the content), h the answer to d or h, at last n (JSON of the end) or b (why the set-up failed)
"""

import ctypes
import json
import os
import select
import signal
import socket
import threading
import time
from typing import Any

from . import jail
from . import main as inside

_HEAD = 5
_CHUNK = 1 << 16
_PIPE_READS = 64  # of _CHUNK: four times what a pipe may hold
_TICK_MS = 50
_MANY = 1 << 20  # the engine bounds the processes; an rlimit would count those of all containers of the uid together
_PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 4, 38
_TICKS = os.sysconf("SC_CLK_TCK")
_UNHEARD = (
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGQUIT,
)  # the program may send them to its first process
_OUTPUT = {"o": 0, "e": 1}


def main(arguments):
    """`arguments`: JSON of the settings."""
    settings = json.loads(arguments[0])
    for number in _UNHEARD:
        signal.signal(number, signal.SIG_IGN)
    _prctl(_PR_SET_DUMPABLE, 0)
    inside.prepare(settings)
    host = _Host()
    host.send("u", b"")
    stdin, payload = b"", None
    while payload is None:
        kind, data = host.receive()
        if kind == "s":
            stdin = data
        elif kind == "p":
            payload = data
        elif kind == "":
            os._exit(0)
    try:
        program = _Program(host, payload, stdin, settings)
    except BaseException as error:
        host.send("b", ("%s: %s" % (type(error).__name__, error)).encode()[:2000])
        os._exit(1)
    program.watch()
    os._exit(0)


class _Host:
    """Frames to and from the host. Written from several threads."""

    def __init__(self):
        self._in, self._out = os.dup(0), os.dup(1)
        null = os.open("/dev/null", os.O_RDWR)
        os.dup2(null, 0)
        os.dup2(null, 1)
        os.close(null)
        self._held = bytearray()
        self._lock = threading.Lock()

    def fileno(self):
        return self._in

    def descriptors(self):
        return self._in, self._out

    def send(self, kind, data):
        view = memoryview(kind.encode() + len(data).to_bytes(4, "big") + data)
        with self._lock:
            try:
                while view:
                    view = view[os.write(self._out, view) :]
            except OSError:
                os._exit(1)  # the host is gone, and with us goes everything

    def receive(self):
        """The next frame, waited for; kind "" when the host is gone."""
        while (frame := self.held()) is None:
            if not self.read():
                return "", b""
        return frame

    def read(self):
        """Take in what is there; whether the host is still there."""
        data = os.read(self._in, _CHUNK << 4)
        self._held += data
        return bool(data)

    def held(self):
        """A frame that is here whole, or None."""
        if len(self._held) < _HEAD:
            return None
        size = int.from_bytes(self._held[1:_HEAD], "big")
        if len(self._held) < _HEAD + size:
            return None
        kind, data = chr(self._held[0]), bytes(self._held[_HEAD : _HEAD + size])
        del self._held[: _HEAD + size]
        return kind, data


class _Program:
    """The program: started, relayed, watched, ended."""

    def __init__(self, host, payload, stdin, settings):
        self._host = host
        request, files = inside.unpacked(payload)
        self._limits = request["limits"]
        jail.place("/box", _MANY)
        os.mkdir(jail.WORK, 0o755)
        os.mkdir(jail.TMP, 0o700)
        jail.write_files(files)
        self._box = os.open(jail.WORK, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._globs, self._collector = settings["collect"], settings["collector"]
        given = _file_of(stdin)
        out, out_theirs = os.pipe()
        err, err_theirs = os.pipe()
        self._pipes = {out: "o", err: "e"}
        for fd in self._pipes:
            os.set_blocking(fd, False)
        self._room = [self._limits["output_kb"] << 10] * 2
        self._dropped = [0, 0]
        self._channel: Any = None
        theirs = None
        if request["mode"] != "program":
            self._channel, theirs = socket.socketpair()
            self._channel.setblocking(False)
        report, report_theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._report = report
        self._woken, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._killed_before = _killed_for_memory()
        self._pid = os.fork()
        if self._pid == 0:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, *_UNHEARD):
                signal.signal(number, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            for fd in host.descriptors():
                os.close(fd)
            inside._become(
                request,
                [given, out_theirs, err_theirs],
                theirs.detach() if theirs else None,
                report_theirs.detach(),
                _Bounds(),
                settings,
            )
        for fd in (given, out_theirs, err_theirs):
            os.close(fd)
        report_theirs.close()
        if theirs is not None:
            theirs.close()
        self._to_channel = bytearray()
        self._asked_all = False
        self._status, self._broken = None, ""
        self._cpu, self._peak = 0.0, 0

    def watch(self):
        """Relay until the program ends or the host goes; kill the rest, drain, bring files out, say how it ended."""
        poll = select.poll()
        poll.register(self._host, select.POLLIN)
        poll.register(self._woken, select.POLLIN)
        for fd in self._pipes:
            poll.register(fd, select.POLLIN)
        if self._channel is not None:
            poll.register(self._channel, select.POLLIN)
        next_look = 0.0
        self._take_frames()  # what came together with the request
        while self._reap() and self._status is None and not self._broken:
            if self._channel is not None:
                poll.modify(self._channel, select.POLLIN | (select.POLLOUT if self._to_channel else 0))
            for fd, event in poll.poll(_TICK_MS):
                if fd == self._host.fileno():
                    if not self._host.read():
                        os._exit(1)  # the host is gone; a pid namespace ends with its first process
                    self._take_frames()
                elif fd == self._woken:
                    os.read(self._woken, 4096)
                elif fd in self._pipes:
                    if self._relay(fd) is False:
                        poll.unregister(fd)
                elif not self._converse(event):
                    poll.unregister(fd)
                    self._channel.close()
                    self._channel = None
            now = time.monotonic()
            if now >= next_look:
                next_look = now + _TICK_MS / 1000
                if _cpu_in_use() > self._limits["cpu_s"]:
                    self._broken = "cpu"
        self._end()

    def _end(self):
        while True:
            try:
                os.kill(-1, signal.SIGKILL)
            except ProcessLookupError:
                break
            if not self._reap():
                break
            select.select([], [], [], 0.001)
        self._reap()
        for fd in self._pipes:
            while self._relay(fd):
                pass
        while self._channel is not None and self._converse(select.POLLIN):
            pass
        problem = self._complaint()
        if problem:
            self._host.send("b", problem)
            return
        left = self._bring_out() if self._globs else []
        end = {
            "status": self._status, "cpu_s": self._cpu, "memory_peak": self._peak * 1024, "broken": self._broken,
            "dropped": self._dropped, "left": left, "memory_ended": _killed_for_memory() != self._killed_before,
        }  # fmt: skip
        self._host.send("n", json.dumps(end).encode())

    def _reap(self):
        """Take in who ended; whether any child is left."""
        try:
            while True:
                pid, status, used = os.wait4(-1, os.WNOHANG)
                if pid == 0:
                    return True
                if pid == self._pid:
                    self._status = status
                self._cpu += used.ru_utime + used.ru_stime
                self._peak = max(self._peak, used.ru_maxrss)
        except ChildProcessError:
            return False

    def _take_frames(self):
        while (frame := self._host.held()) is not None:
            kind, data = frame
            if kind == "c":
                self._to_channel += data
            elif kind == "q":
                self._asked_all = True
                self._feed()
            elif kind == "k":
                self._broken = "told"
            elif kind in "dh":
                threading.Thread(target=_ask, args=(self._host, kind == "d", data), daemon=True).start()

    def _relay(self, fd):
        """Hand on a piece of output, or drop it where the cap is reached; None where there is none now, False at its end."""
        try:
            data = os.read(fd, _CHUNK)
        except BlockingIOError:
            return None
        kind = self._pipes[fd]
        which = _OUTPUT[kind]
        kept = data[: self._room[which]]
        if kept:
            self._room[which] -= len(kept)
            self._host.send(kind, kept)
        if len(kept) < len(data):
            if not self._dropped[which] and kind == "o":
                self._host.send("x", b"")
            self._dropped[which] += len(data) - len(kept)
        return bool(data)

    def _converse(self, event):
        """Move what the channel has or wants; False when the program closed its end."""
        if event & select.POLLOUT:
            self._feed()
        if not event & (select.POLLIN | select.POLLHUP | select.POLLERR):
            return True
        try:
            data = self._channel.recv(_CHUNK)
        except BlockingIOError:
            return event & select.POLLOUT
        except OSError:
            return False
        if data:
            self._relay_what_is_there()  # what was printed before an answer comes before it
            self._host.send("c", data)
        return bool(data)

    def _relay_what_is_there(self):
        for fd in self._pipes:
            for _ in range(_PIPE_READS):  # a flooder is not read to its end
                if not self._relay(fd):
                    break

    def _feed(self):
        if self._channel is None:
            return
        try:
            while self._to_channel:
                del self._to_channel[: self._channel.send(self._to_channel)]
            if self._asked_all:
                self._channel.shutdown(socket.SHUT_WR)
        except BlockingIOError:
            pass
        except OSError:  # it closed its end
            self._to_channel.clear()

    def _complaint(self):
        """Why the program's own process could not be set up; empty where it could."""
        try:
            message = self._report.recv(4096, socket.MSG_DONTWAIT)
        except OSError:
            return b""
        return message[3:] if message[:3] == b"bad" else b""

    def _bring_out(self):
        """Send the files that are wanted. Every other process is dead."""
        from importlib.machinery import SourceFileLoader
        from types import ModuleType

        collector = ModuleType("collector")
        SourceFileLoader("collector", self._collector).exec_module(collector)
        globs, most = tuple(self._globs["globs"]), self._globs["most"]
        try:
            files, left = collector.collect(self._box, globs, self._limits["inodes"], most)
        except OSError as error:  # what the program did to its folders
            return ["its folder cannot be looked through: %s" % error]
        for path, content in files.items():
            name = os.fsencode(path)
            self._host.send("f", len(name).to_bytes(4, "big") + name + content)
        return left


class _Bounds:
    """What the program's own process puts around itself: the engine has done the rest."""

    def lock_down(self, loopback=False, ipc=True):  # noqa: ARG002 - there is none
        _prctl(_PR_SET_DUMPABLE, 1)  # from here on its own /proc/self is its own
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")  # where the container's memory ends, the program goes and its first process stays
        _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def _ask(host, only_dial, data):
    """Speak to a server on our loopback, in a thread of its own. A request: JSON, a line feed, the body."""
    from . import asking

    head, _, body = data.partition(b"\n")
    request = json.loads(head)
    about, content = {"id": request["id"]}, b""
    since = time.monotonic()
    try:
        connected = socket.create_connection(("127.0.0.1", request["port"]), request["timeout"])
        if only_dial:
            connected.close()
        else:
            about["status"], about["headers"], content = asking.ask(
                connected,
                request["port"],
                request["method"],
                request["path"],
                request["headers"],
                body,
                request["timeout"],
                since,
            )
    except OSError as error:
        about["error"] = str(error)
    except ValueError as error:
        about["wrong"] = str(error)
    host.send("h", json.dumps(about).encode() + b"\n" + content)


def _file_of(content):
    """A descriptor to read `content` from, which no name leads to."""
    if not content:
        return os.open("/dev/null", os.O_RDONLY | os.O_CLOEXEC)
    path = "/box/.stdin"
    with open(path, "xb") as file:
        file.write(content)
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    os.unlink(path)
    return fd


def _cpu_in_use():
    """CPU seconds of all processes here but this one, with those they or it have reaped."""
    ticks = 0
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open("/proc/%s/stat" % name, "rb") as file:
                    fields = file.read().rsplit(b")", 1)[1].split()
            except OSError:
                continue
            ticks += sum(map(int, fields[13:15] if name == "1" else fields[11:15]))
    return ticks / _TICKS


def _killed_for_memory():
    """How many processes the kernel has ended for want of memory, on the whole machine; a new object where it does not say."""
    try:
        with open("/proc/vmstat", "rb") as file:
            return next(line for line in file if line.startswith(b"oom_kill "))
    except (OSError, StopIteration):
        return object()


def _prctl(option, value):
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) < 0:
        raise jail.SetupError(ctypes.get_errno(), "prctl")
