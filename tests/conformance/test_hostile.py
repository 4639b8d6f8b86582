"""Programs that try to get out, stay, starve the machine or be brought out as somebody else's file: each back end must hold them."""

import itertools
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import pytest

from assay.pipeline.checks import grade
from assay.pipeline.checks.answers import encoded
from assay.pipeline.checks.perform import Workbench, run_checks
from assay.pipeline.sandbox import Sandbox
from assay.pipeline.sandbox.guest import landlock
from assay.records import Asserts, Calls, Case, Limits, Program, Run, Spec, Task
from tests.conformance.backends import LONG, NAMES, PROGRAMS, opened

KIT = (PROGRAMS / "kit.py").read_bytes()

_SLACK_S = 4.0
"""What a back end may need on a busy machine beyond a program's own wall limit, to start and to clean up."""


@dataclass(frozen=True)
class Hostile:
    """One program, or two that belong together: one after the other (first, second), or at once (left, right)."""

    name: str
    paths: tuple[Path, ...]
    statuses: frozenset[str]
    needs: int
    limits: Limits
    collect: tuple[str, ...] = ()
    files: frozenset[str] = frozenset()
    at_once: bool = False
    dangerous: bool = False
    head: dict[str, str] = field(default_factory=dict)


def _head(path: Path) -> dict[str, str]:
    comments = itertools.takewhile(lambda line: line.startswith("#"), path.read_text().splitlines()[1:])
    return {key.strip("# "): value.strip() for key, _, value in (line.partition(":") for line in comments)}


def _hostile(name: str, paths: list[Path]) -> Hostile:
    head = _head(paths[0])
    unknown = set(head) - {"status", "needs", "limits", "collect", "files", "dangerous"}
    assert not unknown, f"{paths[0].name}: its head says {sorted(unknown)}, which nobody reads"
    limits = dict(pair.split("=") for pair in head.get("limits", "").split())
    return Hostile(
        name=name,
        paths=tuple(paths),
        statuses=frozenset(re.split(r"[,\s]+", head.get("status", "ok"))),
        needs=int(head.get("needs", "1")),
        limits=Limits(**{"wall_s": 10, "cpu_s": 5, "memory_mb": 256} | {k: float(v) for k, v in limits.items()}),
        collect=tuple(head.get("collect", "").split()),
        files=frozenset(head.get("files", "").split()),
        at_once=paths[0].stem.endswith(".left"),
        dangerous=head.get("dangerous") == "yes",
    )


def _programs() -> list[Hostile]:
    grouped: dict[str, list[Path]] = {}
    for path in sorted((PROGRAMS / "hostile").glob("*.py")):
        grouped.setdefault(path.name.split(".")[0], []).append(path)
    return [_hostile(name, paths) for name, paths in grouped.items()]


class Bait:
    """What lies on the host for hostile programs to find, and what tells that they found it."""

    def __init__(self) -> None:
        self.secret = f"hunted-{secrets.token_hex(16)}"
        self.folder = Path(tempfile.mkdtemp(prefix="assay-bait-"))
        self.folder.chmod(0o777)
        (self.folder / "public.txt").write_text(self.secret)
        (self.folder / "private.txt").write_text(self.secret)
        (self.folder / "private.txt").chmod(0o600)
        self.heard: list[str] = []
        self._sockets = {
            "tcp": self._listen(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
            "udp": self._listen(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
            "abstract": self._listen(socket.AF_UNIX, socket.SOCK_STREAM, f"\0assay-bait-{secrets.token_hex(4)}"),
            "path": self._listen(socket.AF_UNIX, socket.SOCK_STREAM, str(self.folder / "socket")),
        }
        (self.folder / "socket").chmod(0o777)
        environment = {"ASSAY_CONFORMANCE_SECRET": self.secret, "PATH": os.defpath}
        self.victim = subprocess.Popen(
            [sys.executable, "-c", f"secret = {self.secret!r}\nimport time\nwhile True: time.sleep(60)"],
            env=environment, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        self._before = self._seen()

    def _listen(self, family: int, kind: int, address: str | tuple[str, int]) -> socket.socket:
        listener = socket.socket(family, kind)
        listener.bind(address)
        if kind == socket.SOCK_STREAM:
            listener.listen(64)

        def hear() -> None:
            while True:
                try:
                    if kind == socket.SOCK_STREAM:
                        listener.accept()[0].close()
                    else:
                        listener.recv(64)
                except OSError:
                    return
                self.heard.append(f"something came to {address!r}")

        threading.Thread(target=hear, daemon=True).start()
        return listener

    def targets(self, mark: str) -> str:
        return json.dumps(
            {
                "mark": mark,
                "file": str(self.folder / "public.txt"),
                "private": str(self.folder / "private.txt"),
                "folder": str(self.folder),
                "path": str(self.folder / "socket"),
                "abstract": self._sockets["abstract"].getsockname()[1:].decode(),
                "tcp": self._sockets["tcp"].getsockname()[1],
                "udp": self._sockets["udp"].getsockname()[1],
                "victim": self.victim.pid,
                "grader": os.getpid(),
                "checkout": str(Path(__file__).parents[2]),
            }
        )

    def _seen(self) -> dict[str, tuple[int, int, int]]:
        found = {}
        for path in (self.folder, *self.folder.iterdir()):
            state = path.lstat()
            found[path.name] = (state.st_mode, state.st_size, state.st_nlink)
        return found

    def harm(self) -> list[str]:
        """What has been done to the bait since last asked."""
        found, self.heard[:] = list(self.heard), []
        if self._seen() != self._before:
            found.append(f"the bait on the host was changed: {self._before} is now {self._seen()}")
            for path in self.folder.iterdir():
                if path.name not in ("public.txt", "private.txt", "socket"):
                    path.unlink()
            self._before = self._seen()
        if self.victim.poll() is not None:
            found.append(f"a bystander on the host was ended ({self.victim.returncode})")
        elif Path(f"/proc/{self.victim.pid}/stat").read_text().rpartition(")")[2].split()[0] in "Tt":
            found.append("a bystander on the host was stopped")
            self.victim.send_signal(18)
        return found

    def close(self) -> None:
        self.victim.kill()
        self.victim.wait()
        for listener in self._sockets.values():
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        shutil.rmtree(self.folder)


@pytest.fixture(scope="module")
def bait() -> Iterator[Bait]:
    made = Bait()
    yield made
    made.close()


@pytest.fixture(scope="module", params=NAMES)
def backend(request: pytest.FixtureRequest, bait: Bait, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASSAY_CONFORMANCE_SECRET", bait.secret)  # as a user's keys are there when Assay starts
        with opened(request.param, tmp_path_factory.mktemp("home")) as sandbox:
            yield sandbox


def _survivors(mark: str) -> list[str]:
    """Processes of the program that are still there, looked for by the mark it gave all of them."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or folder.name == str(os.getpid()):
            continue
        for name in ("comm", "environ", "cmdline"):
            with suppress(OSError):
                if (
                    mark.encode() in (folder / name).read_bytes()
                    and b"Z" not in (folder / "stat").read_bytes().rpartition(b")")[2][:3]
                ):
                    found.append(f"{folder.name} ({name})")
                    break
    return found


def _lasting_survivors(mark: str) -> list[str]:
    """A killed process takes a moment to be gone; one that lasts is a survivor."""
    end = time.monotonic() + 3
    while (found := _survivors(mark)) and time.monotonic() < end:
        time.sleep(0.05)
    return found


def _lines(run: Run) -> list[str]:
    return (run.stdout + b"\n" + run.stderr).decode("utf-8", "replace").splitlines()


def _faults(program: Hostile, run: Run, took: float, *, ending: bool) -> list[str]:
    """What is wrong with how one run went."""
    broken = list(dict.fromkeys(line for line in _lines(run) if line.startswith("BROKE")))
    where = f"{run.status}, {run.detail}, exit {run.exit_code}, signal {run.signal}, {run.stderr[-600:]!r}"
    if ending and run.status not in program.statuses:
        broken.append(f"status {where}; allowed: {sorted(program.statuses)}")
    if run.status == "ok" and "held" not in _lines(run):
        broken.append(f"it did not come to its end: {where}")
    if took > program.limits.wall_s + _SLACK_S:
        broken.append(f"it took {took:.1f} s of {program.limits.wall_s} s")
    return broken + _wrongly_collected(program, run)


def _wrongly_collected(program: Hostile, run: Run) -> list[str]:
    faults, own = [], {KIT, *(path.read_bytes() for path in program.paths)}
    for name, content in run.files.items():
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            faults.append(f"collected a file under the name {name!r}")
        if content.strip(b"\0") not in (b"mine", b"") and content not in own:
            faults.append(f"collected as {name!r} what the program never had: {content[:60]!r}")
    if missing := program.files - {"*"} - set(run.files):
        faults.append(f"not collected: {sorted(missing)} (left: {run.files_left[:5]})")
    if "*" not in program.files and (more := set(run.files) - program.files):
        faults.append(f"collected besides: {sorted(more)[:5]}")
    if sum(map(len, run.files.values())) > 16 << 20:
        faults.append("collected more than it may")
    return faults


def _faults_of_run(sandbox: Sandbox, program: Hostile, path: Path, targets: str, *, ending: bool = True) -> list[str]:
    spec = Spec(
        files={"main.py": path.read_bytes(), "kit.py": KIT},
        argv=(targets,),
        limits=program.limits,
        collect=program.collect,
    )
    start = time.monotonic()
    try:
        run = sandbox.run(spec)
    except Exception as error:  # what `run` must never do, whatever the program does
        return [f"run() raised {type(error).__name__}: {str(error)[:200]}"]
    return _faults(program, run, time.monotonic() - start, ending=ending)


def _attack(sandbox: Sandbox, program: Hostile, targets: str) -> list[str]:
    if not program.at_once:
        faults = []
        for number, path in enumerate(program.paths):
            ending = number == len(program.paths) - 1
            faults += _faults_of_run(sandbox, program, path, targets, ending=ending)
        return faults
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda path=path: found.extend(_faults_of_run(sandbox, program, path, targets)))
        for path in program.paths
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


_EXCEPTIONS = {
    ("docker", "secrets_homes"): "a container shows its own /proc/1 and the kernel's command line",
    ("docker", "secrets_kernel"): "the engine masks /proc/timer_list by an empty device, which can be opened",
    ("docker", "secrets_keyrings"): "the engine does not mask /proc/key-users, which counts keys",
    ("docker", "persistence_device_times"): "a container's devices are made for it, and are as young as it",
    ("docker", "resources_pseudo_terminals"): "a container has pseudo-terminals",
}
"""What a back end does not hold, as docs/sandbox-backends.md says where it is described."""
if os.geteuid() != 0:
    for _bomb in ("resources_fork_bomb", "resources_thread_bomb"):
        _EXCEPTIONS["landlock", _bomb] = "what its user ran at its start, and ended since, is added"


_BARE = ("landlock", "local")
"""The back ends without namespaces: one guest, one supervisor, one way of bringing files out, with Landlock and without."""


def _takes_turns(number: int, backend: str) -> str | None:
    """Which of the back ends that share their code tries the nth program instead, where that one promises as much."""
    turn = _BARE[number % len(_BARE)]
    return turn if backend in _BARE and backend != turn and not LONG and landlock.abi() and os.geteuid() == 0 else None


@pytest.mark.parametrize(
    ("number", "program"), [pytest.param(number, one, id=one.name) for number, one in enumerate(_programs())]
)
def test_a_hostile_program_is_held(backend: Sandbox, bait: Bait, number: int, program: Hostile) -> None:
    isolation = backend.capabilities()
    if program.needs == 0 and (other := _takes_turns(number, isolation.backend)):
        pytest.skip(f"tried with {other}; with both where ASSAY_TEST_LONG is set")
    if isolation.level < program.needs and (program.dangerous or not LONG):
        pytest.skip(f"needs level {program.needs}, this is level {isolation.level}: nothing is promised here")
    mark = f"h{secrets.token_hex(6)}"
    faults = _attack(backend, program, bait.targets(mark))
    faults += [f"survived: {found}" for found in _lasting_survivors(mark)]
    faults += bait.harm()
    if faults and isolation.level < program.needs:
        pytest.xfail(f"needs level {program.needs}, this is level {isolation.level}: {faults[0]}")
    if faults and (reason := _EXCEPTIONS.get((isolation.backend, program.name))):
        pytest.xfail(f"{reason}: {faults[0]}")
    assert not faults, "\n".join(faults)


_JUDGED_LIMITS = Limits(wall_s=3, cpu_s=2, memory_mb=128, scratch_mb=32)
_LARGE = "x" * (8 << 20)  # more than any channel holds: whoever sends it must not wait for ever
_JUDGED = {
    "asserts": Asserts(
        entry="answer",
        minimum_calls=2,
        source="def check(candidate):\n    assert candidate(3) == 10\n    assert candidate(0) == 1\n",
    ),
    "calls": Calls(
        entry="answer",
        cases=tuple(
            Case(id=f"c{number}", args=encoded([argument]), expect=encoded(expected))
            for number, (argument, expected) in enumerate([(3, 10), (_LARGE, 0), (0, 1)])
        ),
    ),
}
_HONEST = b"def answer(n):\n    return 0 if isinstance(n, str) else n * n + 1\n"


_AFTER_ANOTHER = ("bwrap", "local")
_ATTACKS = list(enumerate(sorted((PROGRAMS / "judged").glob("*.py"))))


@pytest.mark.parametrize("check", _JUDGED)
@pytest.mark.parametrize(("number", "path"), [pytest.param(*one, id=one[1].stem) for one in _ATTACKS])
def test_a_candidate_that_attacks_whoever_judges_it_is_judged_wrong(
    backend: Sandbox, number: int, path: Path, check: str
) -> None:
    """On the first back end through both checks; on the others, where the same code judges, through one in turn, and
    through the other on that which shares its code. ASSAY_TEST_LONG=1: all through both."""
    name = backend.capabilities().backend
    if name != NAMES[0] and not LONG and check != list(_JUDGED)[(number + (name in _AFTER_ANOTHER)) % len(_JUDGED)]:
        pytest.skip("judged through the other check here; through both where ASSAY_TEST_LONG is set")
    workbench = Workbench(backend)
    task = Task(id=f"t/{check}", suite="t", prompt="", checks=(_JUDGED[check],), limits=_JUDGED_LIMITS)
    faults = []
    before = (len(os.listdir("/proc/self/fd")), _memory_mb("VmRSS"))
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")  # VmHWM begins anew
    start = time.monotonic()
    try:
        program = Program(files={"main.py": path.read_bytes()})
        report = grade(task, program, run_checks(workbench, task, program))
        if report.status == "error":  # a failure of ours is tried once more, as it is for every job
            report = grade(task, program, run_checks(workbench, task, program))
        if report.status not in ("wrong", "exception", "timeout", "oom"):
            faults.append(f"judged {report.status}: {report.message}")
        # Twice, because a time-out is run again alone before it counts; once a case.
        if (took := time.monotonic() - start) > 2 * (_JUDGED_LIMITS.wall_s + _SLACK_S):
            faults.append(f"it took {took:.1f} s")
        program = Program(files={"main.py": _HONEST})
        after = grade(task, program, run_checks(workbench, task, program))
        if after.status != "pass":
            faults.append(f"the honest program after it: {after.status}, {after.message}")
    finally:
        workbench.close()
    settled = (
        time.monotonic() + _SLACK_S
    )  # a cage for the next program may be just starting, with descriptors of its own
    while len(os.listdir("/proc/self/fd")) > before[0] + 8 and time.monotonic() < settled:
        time.sleep(0.05)
    descriptors, memory = len(os.listdir("/proc/self/fd")), _memory_mb("VmHWM")
    if descriptors > before[0] + 8:
        faults.append(f"descriptors of ours: {before[0]} before, {descriptors} after")
    if memory > before[1] + 400:
        faults.append(f"memory of ours: {before[1]} MB before, {memory} MB at the most")
    assert not faults, "\n".join(faults)


def _memory_mb(which: str) -> int:
    """Of this process: VmRSS, now, or VmHWM, the most."""
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) >> 10 for line in file if line.startswith(which + ":"))
