"""Inside the sandbox: wait for requests on the control socket and start a program for each.

`warm`: a zygote; each request gets a child with namespaces of its own. `cold`: the whole sandbox is for one request.
Neither reads what a request holds: that is done in a process in the program's own pid namespace.

Control (SOCK_SEQPACKET)  host -> us   first, JSON of the settings
                                       b"run" + descriptors: payload, stdin, stdout, stderr, report[, channel]
                                       b"one" + the same (warm): it is to be the first process of its pid namespace
                                       b"dial" + port (warm): connect to a server on our loopback
                                       b"cpus" + a processor's number, or nothing (warm): where to run from now on
                          us -> host   b"up" when ready; b"fd" + the connection
                                       warm: b"pid" + pidfds of the first process[, the program], or b"no " + why
Report (SOCK_SEQPACKET)   us -> host   b"box" + a descriptor of the work folder, where files are to be collected
                                       b"end" + JSON {status, cpu_s, memory_peak}  or  b"bad" + why the set-up failed
"""

import _signal  # type: ignore[import-not-found]  # `signal` makes an enum of every number it is given
import _sitebuiltins
import builtins
import contextlib
import gc
import os
import select
import sys

from . import descriptors as passing
from . import driver, jail, values

# What functions import most; `typing` alone costs 8 ms cold. Each module makes every fork dearer, by some twentieth of what its
# import takes: `hashlib`, `datetime` or `random`, which one program of a hundred imports, are not worth that.
_WARM_MODULES = "collections collections.abc functools itertools math operator re string typing"
MAX_DESCRIPTORS = 6
_MAX_SETTINGS = 1 << 16
_REHEARSED = (
    b'{"main":"a.py","argv":[],"command":null,"limits":{"wall_s":1.5,"inodes":4096},"files":[["a.py",4]]}\npass'
)
_ENDING = 'end{"status": %d, "cpu_s": %.6f, "memory_peak": %d}'


def main(arguments):
    """`arguments`: warm | cold, the control socket's descriptor. The settings come through that, as JSON."""
    kind, fd = arguments[0], int(arguments[1])
    os.set_inheritable(fd, False)
    control = passing.end(fd)
    settings = values.loads(control.recv(_MAX_SETTINGS))
    prepare(settings)
    world = jail.Jail(jail.machine(), {name: bytes.fromhex(code) for name, code in settings["filters"].items()})
    world.protect_devices()
    world.forswear()
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)  # a handler is all that lets pid 1 be reached from inside
    if kind == "warm":
        world.undumpable()
        _warm(control, world, settings)
    else:
        _cold(control, world, settings)


def prepare(settings):
    """Give the interpreter what `site` would have given a script, and the packages it may use."""
    os.environ.pop("LD_BIND_NOW", None)  # was for this process
    if settings["packages"]:
        sys.path.append(settings["packages"])
    for name in ("exit", "quit"):
        setattr(builtins, name, _sitebuiltins.Quitter(name, "Ctrl-D"))


def _warm(control, world, settings):
    for name in _WARM_MODULES.split():
        __import__(name)
    _rehearse()
    _look_up(world)
    everywhere = os.sched_getaffinity(0)
    own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    gc.collect()
    gc.freeze()
    gc.disable()
    world.ready_to_sleep()
    running: dict[int, tuple[int, int, int | None]] = {}  # its pidfd -> (pid, its report, the first process's pid)
    events = select.poll()
    events.register(control, select.POLLIN)
    control.send(b"up")
    while True:
        for fd, _ in events.poll():
            if fd != control.fileno():
                events.unregister(fd)
                _bury(fd, *running.pop(fd))
                continue
            message, descriptors = passing.receive(control, 16, MAX_DESCRIPTORS)
            if not message:
                return
            if message[:4] == b"cpus":
                with contextlib.suppress(OSError):  # it was taken away from us: then wherever the kernel likes
                    os.sched_setaffinity(0, {int(message[4:])} if message[4:] else everywhere)
                continue
            if message[:4] == b"dial":
                _dial(control, int(message[4:]))
                continue
            started = _start(message == b"one", descriptors, control, own, world, settings)
            if started is None:
                return
            pidfd = started[0]
            running[pidfd] = started[1:]
            events.register(pidfd, select.POLLIN)


def _rehearse():
    """Do, before the first fork, what every program would learn for itself (`driver.warm`): read a request, answer calls."""
    for _ in range(driver.REHEARSALS):
        payload = os.memfd_create("rehearsed")
        os.write(payload, _REHEARSED)
        _payload(payload)
    driver.warm()


def _look_up(world):
    """Find all attributes that a child will look for, so that it finds them in a table and writes nothing there."""
    names = set()
    waiting = [one.__code__ for part in (sys.modules[__name__], driver, jail, values) for one in _functions(part)]
    for code in waiting:
        names.update(code.co_names)
        waiting += [inner for inner in code.co_consts if type(inner) is type(code)]
    for thing in (world, os):  # what is found out about one module's attribute holds for every module
        for name in names:
            getattr(thing, name, None)


def _functions(part):
    for one in vars(part).values():
        if isinstance(one, type) and one.__module__ == part.__name__:
            yield from _functions(one)
        elif type(one) is type(_functions):
            yield one


def _start(alone, descriptors, control, own, world, settings):
    """Fork a program into a pid namespace of its own; (pidfd, pid, report, the first process's pid or None), None: that failed.

    `alone`: it is the first process itself.
    """
    first = None
    try:
        world.unshare(jail.NEWPID)
        if not alone:
            first = world.sleeper()
        pid = world.fork()
    except OSError as error:
        control.send(b"no " + str(error).encode())
        return None  # which namespace children would go to is not certain any more; what was started ends with us
    if pid == 0:
        _program(descriptors, world, settings, jail.NEWNS if alone else jail.NEWNS | jail.NEWIPC)
    world.join(own, jail.NEWPID)
    pidfd = os.pidfd_open(pid)
    pidfds = [pidfd] if first is None else [os.pidfd_open(first), pidfd]
    passing.send(control, b"pid", pidfds)
    _close(pidfds[:-1])
    report = descriptors.pop(4)
    _close(descriptors)
    return pidfd, pid, report, first


def _bury(pidfd, pid, report, first):
    """Reap a program, end with its first process all that it left behind, and report of it.

    In this order: the end of a first process waits until nobody of its namespace is left to be reaped.
    """
    _, status, used = os.wait4(pid, 0)
    os.close(pidfd)
    if first is not None:
        os.kill(first, _signal.SIGKILL)
    ending = _ENDING % (status, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)
    with contextlib.suppress(OSError):  # the host had enough of it and is gone
        os.write(report, ending.encode())
    os.close(report)
    while first is not None and os.waitpid(-1, 0)[0] != first:
        pass  # nobody else can be our child; who were it all the same would keep the first process from its end


def _cold(control, world, settings):
    control.send(b"up")
    message, descriptors = passing.receive(control, 16, MAX_DESCRIPTORS)
    if not message:
        return
    control.close()
    _first_process(descriptors, world, settings)


def _dial(control, port):
    """Hand out a connection to 127.0.0.1:port of our network namespace, which the host cannot reach by itself."""
    import socket

    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1.0) as connection:
            connection.setblocking(True)
            passing.send(control, b"fd", [connection.fileno()])
    except OSError as error:
        control.send(b"no " + str(error).encode())


def _close(descriptors):
    for fd in descriptors:
        os.close(fd)


def _first_process(descriptors, world, settings):
    """Pid 1 of a sandbox for one program: builds its world, starts it, reaps, reports, and takes all with it. No return."""
    payload, stdin, stdout, stderr, report_fd = descriptors[:5]
    channel = descriptors[5] if len(descriptors) > 5 else None
    report = passing.end(report_fd)
    try:
        request, files = _payload(payload)
        _prepare_world(request, files, world, report_fd, 0)
        world.undumpable()
        pid = os.fork()
        if pid == 0:
            _become(
                request, [stdin, stdout, stderr], channel, report.detach(), world, settings, _source(request, files)
            )
        _close([stdin, stdout, stderr, *([] if channel is None else [channel])])
    except BaseException as error:
        report.send(_failed(error))
        os._exit(1)
    report.send(b"end" + values._dumps(_reap(pid)).encode())
    os._exit(0)


def _program(descriptors, world, settings, namespaces):
    """The zygote's child, which becomes the program. No return.

    Beside a first process that sleeps it is a process like any other. Where it is the first itself, which suits programs whose
    verdict is what they answer, it has no IPC namespace of its own, and no calls that would need one; it gets no signal that
    it does not handle, SIGKILL from outside excepted; and its orphans are not reaped before its end.
    """
    payload, stdin, stdout, stderr, report = descriptors[:5]
    channel = descriptors[5] if len(descriptors) > 5 else None
    try:
        request, files = _payload(payload)
        world.first_to_go()
        _prepare_world(request, files, world, report, namespaces)
    except BaseException as error:
        os.write(report, _failed(error))
        os._exit(1)
    _become(request, [stdin, stdout, stderr], channel, report, world, settings, _source(request, files))


def _prepare_world(request, files, world, report, namespaces):
    limits = request["limits"]
    if namespaces:
        world.unshare(namespaces)
    request["ipc"] = namespaces != jail.NEWNS
    world.build_world(limits["scratch_mb"], limits["inodes"])
    jail.write_files(files)
    if request["collect"]:
        box = os.open(jail.WORK, os.O_RDONLY | os.O_DIRECTORY)
        end = passing.end(report)
        passing.send(end, b"box", [box])
        end.detach()
        os.close(box)


def _source(request, files):
    return dict(files).get(request["main"])


def _failed(error):
    return b"bad" + ("%s: %s" % (type(error).__name__, error)).encode()[:2000]


def _reap(pid):
    cpu, peak = 0.0, 0
    while True:
        ended, status, used = os.wait4(-1, 0)
        cpu += used.ru_utime + used.ru_stime
        peak = max(peak, used.ru_maxrss)
        if ended == pid:
            return {"status": status, "cpu_s": cpu, "memory_peak": peak * 1024}


def _payload(fd):
    data = os.pread(fd, os.lseek(fd, 0, os.SEEK_END), 0)
    os.close(fd)
    return unpacked(data)


def unpacked(data):
    """(request, files) of a header line of JSON and the files' contents one after the other."""
    head, _, rest = data.partition(b"\n")
    request = values.loads(head)
    files = []
    at = 0
    for path, length in request["files"]:
        files.append((path, rest[at : at + length]))
        at += length
    return request, files


def _become(request, standard, channel, report, world, settings, source=None):
    """The program's own process. `report`: a descriptor; `source`: of the main file, where it is at hand. No return."""
    command = request["command"]
    try:
        for target, fd in enumerate(standard):
            os.dup2(fd, target)
        keep = jail.FIRST_FREE_FD
        if channel is not None:
            os.dup2(channel, keep, inheritable=command is not None)
            keep += 1
        if report != keep:
            os.dup2(report, keep, inheritable=False)
        os.closerange(keep + 1, 1 << 16)
        os.setsid()
        os.chdir(jail.WORK)
        if not settings.get("environment_given"):
            os.environ.clear()
            os.environ.update(jail.ENVIRONMENT)
        if command is not None:
            jail.default_signals()
        jail.set_limits(request["limits"], not settings["counted"] and command is None)
        world.lock_down(request.get("network") == "loopback", request.get("ipc", True))
    except BaseException as error:
        os.write(keep, _failed(error))
        os._exit(1)
    if command is not None:
        os.set_inheritable(keep, False)
        try:
            os.execvpe(command[0], command, os.environ)
        except OSError as error:
            os.write(2, ("cannot start %s: %s\n" % (command[0], error)).encode())
            os._exit(127)
    os.close(keep)
    os._exit(_python(request, source))


def _python(request, source):
    """Run the program in this interpreter, on the standard streams it has had since its start."""
    _signal.signal(_signal.SIGINT, _signal.default_int_handler)
    sys.path.insert(0, jail.WORK)
    gc.enable()
    if request["mode"] == "program":
        return driver.run_program(request["main"], source, request["argv"])
    if request["mode"] == "calls":
        return driver.serve_calls(request["main"], source, driver.Channel(jail.FIRST_FREE_FD))
    return driver.run_tests(driver.Channel(jail.FIRST_FREE_FD, attached=True))
