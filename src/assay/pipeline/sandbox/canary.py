"""Programs that try what must not work; a back end's level is what they report, not what sysctls say."""

import json
from typing import Protocol

from assay.errors import SandboxUnavailable
from assay.records import Isolation, Limits, Run, Spec

_CANARY = r"""
import ctypes, json, os, socket
libc = ctypes.CDLL(None, use_errno=True)
found = []
def must_fail(name, attempt):
    try:
        if attempt() is not False:
            found.append(name)
    except OSError:
        pass
status = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines() if ":" in line)
if int(status["CapEff"], 16) or int(status["CapPrm"], 16) or int(status["CapBnd"], 16):
    found.append("it has capabilities")
if status["NoNewPrivs"].strip() != "1":
    found.append("it may gain privileges")
if status["Seccomp"].strip() != "2":
    found.append("no system-call filter is in force")
if len([p for p in os.listdir("/proc") if p.isdigit()]) > 2:
    found.append("it sees other processes")
must_fail("it can write the system", lambda: open("/usr/canary", "w"))
must_fail("it can write its root", lambda: open("/canary", "w"))
must_fail("it can read root's home", lambda: os.listdir("/root"))
must_fail("it can mount", lambda: libc.mount(b"x", b"/box/tmp", b"tmpfs", 0, None) == 0)
must_fail("it can make namespaces", lambda: libc.unshare(0x10000000) == 0)
must_fail("it can trace", lambda: libc.ptrace(0, 0, 0, 0) == 0)
must_fail("it can read its first process", lambda: open("/proc/1/environ").read())
def reach():
    s = socket.socket(); s.settimeout(1); s.connect(("192.0.2.1", 9))
must_fail("it has a network", reach)
try:
    if [i for _, i in socket.if_nameindex() if i != "lo"]:
        found.append("it has network interfaces")
except OSError:
    pass
"""
_HOMES = 'must_fail("it can see homes", lambda: os.listdir("/home"))\n'
_TELL = "print(json.dumps(found))\n"


# Small bounds, since what is taken costs time: 16 MiB and 8 processes.
_GREEDY = r"""
import os, time
forked = 0
try:
    while forked < 40:
        if os.fork() == 0:
            time.sleep(30)
            os._exit(0)
        forked += 1
    os.write(1, b"processes\n")
except OSError:
    pass
taken = bytearray(b"x") * (96 << 20)
os.write(1, b"memory\n")
"""
_GREEDYS = Limits(wall_s=30, cpu_s=10, memory_mb=16, processes=8)


class _Caged(Protocol):
    def run(self, spec: Spec) -> Run: ...
    def isolation(self) -> Isolation: ...


def canary(homes: bool = True) -> str:
    """The program for what has namespaces. `homes`: whether there must be none."""
    return "".join([_CANARY, _HOMES if homes else "", _TELL])


def sing(sandbox: _Caged, program: str = "", argv: tuple[str, ...] = ()) -> Isolation:
    """Run a canary (`canary()`, unless the `program` is given), which prints what it could do and must not, as JSON.

    Raises SandboxUnavailable where it could not run, or could do something.
    """
    run = sandbox.run(
        Spec(files={"main.py": (program or canary()).encode()}, argv=argv, limits=Limits(wall_s=30, cpu_s=10))
    )
    if run.status != "ok":
        raise SandboxUnavailable(
            f"No program runs in the {run.isolation.backend} sandbox: {run.detail or run.status}",
            run.stderr.decode("utf-8", "replace")[-500:],
        )
    found = json.loads(run.stdout)
    if found:
        raise SandboxUnavailable(
            f"The {run.isolation.backend} sandbox does not hold here: {', '.join(found)}.",
            "Use another one: assay doctor lists them.",
        )
    return run.isolation


def unbounded(sandbox: _Caged) -> tuple[str, ...]:
    """Of memory and processes, what a program can take more of than it may where a control group is to bound both.

    Raises SandboxUnavailable where that could not be tried.
    """
    run = sandbox.run(Spec(files={"main.py": _GREEDY.encode()}, limits=_GREEDYS))
    if run.status not in ("ok", "oom"):
        raise SandboxUnavailable(
            f"The limits of the {run.isolation.backend} sandbox cannot be tried: {run.detail or run.status}",
            run.stderr.decode("utf-8", "replace")[-500:],
        )
    return tuple(run.stdout.decode("ascii", "replace").split())
