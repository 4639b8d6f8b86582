"""Back ends without namespaces: nothing survives a run, nothing of it stays on the disk, and it cannot fill the disk."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assay.errors import AssayError, SandboxUnavailable
from assay.pipeline.sandbox import SANDBOXES, Sandbox
from assay.pipeline.sandbox.choose import open_sandbox
from assay.pipeline.sandbox.guest import scratch
from assay.pipeline.sandbox.local import Local
from assay.pipeline.sandbox.runtime import find_bare_runtime
from assay.pipeline.sandbox.uids import Uids
from assay.records import Limits, Run, Spec
from assay.settings import Settings

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module", params=["landlock", "local"])
def sandbox(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    try:
        made: Sandbox = SANDBOXES.get(request.param)(Settings(home=tmp_path_factory.mktemp("home")))
        made.capabilities()
    except SandboxUnavailable as error:
        pytest.skip(str(error))
    with made:
        yield made


def python(sandbox: Sandbox, source: str, **limits: float) -> Run:
    return sandbox.run(
        Spec(files={"main.py": textwrap.dedent(source).encode()}, limits=Limits(**{"wall_s": 30, "cpu_s": 10} | limits))
    )


def is_gone(pid: int) -> bool:
    """Whether no such process runs (a zombie somebody has yet to reap runs no more)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return True
    return state in "ZX"


def boxes(run: Run) -> list[Path]:
    return [Path(line) for line in run.stdout.decode().splitlines() if line.startswith("/")]


DAEMONS = """
    import os, time
    def daemon():
        told, tell = os.pipe()
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.write(tell, str(os.getpid()).encode())
                for fd in range(6):
                    try:
                        os.close(fd)
                    except OSError:
                        pass
                while True:
                    time.sleep(1000)
            os._exit(0)
        os.wait()
        print(os.read(told, 20).decode(), flush=True)
    for _ in range(5):
        daemon()
"""


def test_daemons_that_left_their_parent_and_session_do_not_survive_its_end(sandbox: Sandbox) -> None:
    run = python(sandbox, DAEMONS)
    pids = [int(line) for line in run.stdout.split()]
    assert (run.status, len(pids)) == ("ok", 5)
    assert all(is_gone(pid) for pid in pids)


def test_daemons_do_not_survive_a_timeout(sandbox: Sandbox) -> None:
    run = python(sandbox, DAEMONS + "\n    time.sleep(100)", wall_s=3)
    pids = [int(line) for line in run.stdout.split()]
    assert (run.status, len(pids)) == ("timeout", 5)
    assert all(is_gone(pid) for pid in pids)


def test_a_program_that_starts_the_interpreter_again_gets_the_same(sandbox: Sandbox) -> None:
    run = python(
        sandbox,
        """
        import subprocess, sys
        again = subprocess.run([sys.executable, "-c", "import sys; print(sys.version)"], capture_output=True, text=True)
        print(again.stdout == sys.version + "\\n", again.stderr)
        """,
    )
    assert run.stdout == b"True \n"


def test_processes_that_fork_faster_than_one_can_look_are_all_ended(sandbox: Sandbox) -> None:
    run = python(
        sandbox,
        """
        import os
        for _ in range(5):
            try:
                os.fork()
            except OSError:  # its user's other processes count, too
                pass
        print(os.getpid(), flush=True)
        while True:
            try:
                if os.fork():
                    os._exit(0)
            except OSError:
                pass
        """,
        wall_s=2,
        cpu_s=20,
    )
    assert run.status in ("timeout", "ok"), run
    assert all(is_gone(int(line)) for line in run.stdout.split())


def test_stopped_processes_are_ended_too(sandbox: Sandbox) -> None:
    run = python(
        sandbox,
        """
        import os, signal
        pid = os.fork()
        if pid == 0:
            os.kill(os.getpid(), signal.SIGSTOP)
        os.waitpid(pid, os.WUNTRACED)
        print(pid)
        """,
    )
    assert run.status == "ok", run
    assert is_gone(int(run.stdout))


def test_the_folder_is_private_and_gone_afterwards_with_what_was_done_to_keep_it(sandbox: Sandbox) -> None:
    run = python(
        sandbox,
        """
        import os
        print(os.path.dirname(os.environ["HOME"]))
        print(oct(os.stat(os.path.dirname(os.environ["HOME"])).st_mode & 0o777))
        os.makedirs("locked/inner/.moved-1")
        os.mkdir(".moved-1")
        open("locked/inner/file", "w").close()
        os.mkfifo("pipe")
        home = os.getcwd()
        for _ in range(300):
            os.mkdir("deeper" * 20)
            os.chdir("deeper" * 20)
        os.chdir(home)
        os.chmod("locked/inner", 0)
        os.chmod("locked", 0)
        """,
    )
    assert run.status == "ok", run
    (box,) = boxes(run)
    assert b"0o700" in run.stdout
    assert not box.exists()


def test_removing_the_folder_follows_no_link_out_of_it(sandbox: Sandbox, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").write_text("precious")
    run = python(sandbox, f"import os\nos.symlink({str(kept)!r}, 'link')\nos.symlink({str(kept / 'file')!r}, 'other')")
    assert run.status == "ok"
    assert (kept / "file").read_text() == "precious"


def test_files_beyond_the_scratch_end_the_run(sandbox: Sandbox) -> None:
    source = "import time\nfor i in range(60): open(f'f{i}', 'wb').write(b'x' * (1 << 20))\ntime.sleep(20)"
    run = python(sandbox, source, scratch_mb=8)
    assert (run.status, run.detail) == ("output_limit", "wrote more than 8 MiB of files")


def test_files_without_a_name_count_too(sandbox: Sandbox) -> None:
    source = """
        import tempfile, time
        held = [tempfile.TemporaryFile() for _ in range(20)]
        for file in held:
            file.write(b"x" * (1 << 20))
            file.flush()
        time.sleep(20)
    """
    run = python(sandbox, source, scratch_mb=8)
    assert (run.status, run.detail) == ("output_limit", "wrote more than 8 MiB of files")


def test_files_that_a_mapping_alone_keeps_count_too(sandbox: Sandbox) -> None:
    source = """
        import ctypes, os, time
        libc = ctypes.CDLL(None)
        for _ in range(20):
            fd = os.open("f", os.O_RDWR | os.O_CREAT)
            os.unlink("f")
            os.write(fd, b"x" * (1 << 20))
            libc.mmap(None, ctypes.c_size_t(4096), 1, 1, fd, ctypes.c_long(0))
            os.close(fd)
        time.sleep(20)
    """
    run = python(sandbox, source, scratch_mb=8)
    assert run.status == "output_limit", run
    assert run.detail in (
        "wrote more than 8 MiB of files",  # root sees how many bytes
        "mapped a file that it removed and closed, whose size cannot be seen",
    )


def test_a_file_that_was_removed_and_is_mapped_is_no_offence(sandbox: Sandbox) -> None:
    source = """
        import mmap, tempfile, time
        with tempfile.TemporaryFile() as file:
            file.truncate(1 << 20)
            area = mmap.mmap(file.fileno(), 1 << 20)
        time.sleep(0.3)
        print(len(area))
    """
    assert python(sandbox, source, scratch_mb=8).stdout == b"1048576\n"


def test_every_folder_is_counted_however_many_and_however_deep(tmp_path: Path) -> None:
    folder = scratch.open_folder(str(tmp_path))
    try:
        for number in range(400):
            (tmp_path / f"wide-{number}").mkdir()
            (tmp_path / f"wide-{number}" / "file").write_bytes(b"x" * 5000)
        deep = tmp_path / "/".join("d" * 300)
        deep.mkdir(parents=True)
        (deep / "file").write_bytes(b"x" * (1 << 20))
        size, names = scratch.usage(folder, 4096)
        assert names == 2 * 400 + 300 + 1
        assert size >= 400 * 8192 + (1 << 20)
        assert scratch.usage(folder, 100)[1] == 101
    finally:
        os.close(folder)


@pytest.mark.skipif(os.geteuid() == 0, reason="root can look into any folder")
@pytest.mark.parametrize("mode", [0, 0o300, 0o400])
def test_a_folder_that_cannot_be_looked_into_is_told(tmp_path: Path, mode: int) -> None:
    (tmp_path / "closed").mkdir()
    (tmp_path / "closed" / "file").touch()
    (tmp_path / "closed").chmod(mode)
    folder = scratch.open_folder(str(tmp_path))
    try:
        with pytest.raises(scratch.Hidden, match="cannot be looked into"):
            scratch.usage(folder, 100)
    finally:
        os.close(folder)
        (tmp_path / "closed").chmod(0o700)


def test_more_files_than_may_be_end_the_run(sandbox: Sandbox) -> None:
    run = python(sandbox, "import time\nfor i in range(200): open(str(i), 'w').close()\ntime.sleep(20)", inodes=100)
    assert (run.status, run.detail) == ("output_limit", "made more than 100 files and folders")


def test_one_file_can_grow_no_larger_than_the_scratch(sandbox: Sandbox) -> None:
    run = python(sandbox, "open('f', 'wb').truncate(1 << 40)", scratch_mb=8)
    assert run.signal == signal.SIGXFSZ or b"File too large" in run.stderr, run


def test_the_program_inherits_nothing_of_our_environment(sandbox: Sandbox) -> None:
    run = python(sandbox, "import os; print(dict(os.environ))")
    environment = eval(run.stdout)
    assert environment.pop("LD_LIBRARY_PATH", "") == find_bare_runtime(None, None).libraries  # the interpreter's own
    assert set(environment) <= {
        "PATH", "HOME", "TMPDIR", "LANG", "PYTHONDONTWRITEBYTECODE", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS",
        "OPENSSL_CONF", "LC_CTYPE",
    }  # fmt: skip


def test_the_program_inherits_no_descriptor_of_ours(sandbox: Sandbox) -> None:
    source = """
        import os
        held = []
        for fd in range(256):
            try:
                os.fstat(fd)
                held.append(fd)
            except OSError:
                pass
        print(held)
    """
    run = python(sandbox, source)
    assert run.stdout in (b"[0, 1, 2]\n", b"[0, 1, 2, 3]\n"), run  # 3: its own source, while it is read


def test_a_server_is_refused_with_what_to_use_instead(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxUnavailable, match="no loopback of its own") as caught:
        sandbox.serve(Spec(files={"main.py": b""}), 8000)
    assert "bwrap" in caught.value.help


def test_what_wants_a_loopback_is_not_run(sandbox: Sandbox) -> None:
    run = sandbox.run(Spec(files={"main.py": b"print(1)"}, network="loopback"))
    assert (run.status, run.stdout) == ("sandbox_error", b"")
    assert "no loopback of its own" in run.detail


def test_level_zero_is_never_used_unless_asked_for_by_name_and_as_unsafe(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    with pytest.raises(AssayError, match="does not isolate"):
        open_sandbox(settings, backend="local")
    with open_sandbox(settings, backend="local", allow_unsafe=True) as sandbox:
        assert sandbox.capabilities().level == 0


def test_where_the_host_is_killed_its_program_ends_and_its_folder_goes(tmp_path: Path) -> None:
    host = _start(
        """
        run("import os, time; open(os.environ['HOME'] + '/../here', 'w').write(str(os.getpid()))"
            "\\nos.system('sleep 1000 & sleep 1000')", wall_s=600)
        """,
        {"TMPDIR": str(tmp_path)},
    )
    if os.geteuid() == 0:
        for folder in (tmp_path, *tmp_path.parents):
            folder.chmod(folder.stat().st_mode | 0o001)
        tmp_path.chmod(0o1777)
    try:
        pid = int(_eventually(lambda: next(tmp_path.glob("assay-box-*/here")).read_text()))
    finally:
        host.kill()
        host.communicate()
    _eventually(lambda: is_gone(pid) or None)
    _eventually(lambda: not list(tmp_path.glob("assay-box-*")) or None)


def test_as_an_ordinary_user_a_program_that_kills_its_first_process_leaves_nothing(tmp_path: Path) -> None:
    done = _start(
        """
        import json
        source = '''
        import os, signal, time
        pid = os.fork()
        if pid == 0:
            os.setsid()
            time.sleep(1000)
        print(pid, flush=True)
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(1000)
        '''
        result = run(textwrap.dedent(source))
        print(json.dumps([result.status, result.stdout.decode()]))
        """,
        {},
        as_user=True,
    )
    printed, errors = done.communicate(timeout=60)
    assert done.returncode == 0, errors
    status, stdout = eval(printed)
    assert status == "sandbox_error"
    assert is_gone(int(stdout))


@pytest.mark.skipif(os.geteuid() != 0, reason="for root alone: programs run as uids of their own")
def test_for_root_a_program_is_another_uid_and_cannot_touch_its_first_process(sandbox: Sandbox) -> None:
    source = """
        import os
        print(os.getuid() > 60601, os.getuid() == os.getgid(), os.getgroups())
        for reach in (lambda: os.kill(os.getppid(), 9), lambda: open(f"/proc/{os.getppid()}/environ").read()):
            try:
                reach()
                print("reached")
            except PermissionError:
                pass
    """
    assert python(sandbox, source).stdout == b"True True []\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="for root alone: programs run as uids of their own")
def test_a_uid_is_lent_to_one_at_a_time_even_between_processes(tmp_path: Path) -> None:
    one, other = Uids(tmp_path), Uids(tmp_path)
    first, second, third = one.lend(), other.lend(), one.lend()
    assert len({first, second, third}) == 3
    one.give_back(first)
    assert one.lend() == first
    for uids, lent in ((one, (first, third)), (other, (second,))):
        for uid in lent:
            uids.give_back(uid)
        uids.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="for root alone: programs run as uids of their own")
def test_a_uid_is_nobody_elses_before_what_runs_as_it_has_ended(tmp_path: Path) -> None:
    one, other = Uids(tmp_path), Uids(tmp_path)
    free, runs = one.lend(), one.lend()
    one.give_back(free)
    one.close()
    lent = {other.lend(), other.lend()}
    assert free in lent
    assert runs not in lent
    one.give_back(runs)
    assert other.lend() == runs
    for uid in (*lent, runs):
        other.give_back(uid)
    other.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="for root alone: programs run as uids of their own")
def test_those_who_sweep_at_the_same_moment_do_not_hit_each_other() -> None:
    source = """
import os, sys, time
from assay.pipeline.sandbox.guest.bare import _kill_uid
from assay.pipeline.sandbox.uids import Uids, sweeper_of
from assay.pipeline.sandbox.runtime import shared_folder
uids = Uids(shared_folder())  # where every process borrows: none that runs meanwhile may be hit
uid = uids.lend()
print("up", flush=True)
sys.stdin.readline()
for _ in range(3000):
    _kill_uid(uid, sweeper_of(uid))
"""
    sweepers = [
        subprocess.Popen(
            [sys.executable, "-c", source],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={"PYTHONPATH": str(ROOT / "src")},
        )
        for _ in range(4)
    ]
    for sweeper in sweepers:
        assert sweeper.stdout is not None
        assert sweeper.stdout.readline() == b"up\n"
    for sweeper in sweepers:
        assert sweeper.stdin is not None
        sweeper.stdin.write(b"\n")
        sweeper.stdin.flush()
    for sweeper in sweepers:
        sweeper.communicate(timeout=120)
    assert [sweeper.returncode for sweeper in sweepers] == [0] * 4


@pytest.mark.skipif(os.geteuid() != 0, reason="for root alone: programs run as uids of their own")
def test_root_of_a_namespace_without_those_uids_is_told_so(tmp_path: Path) -> None:
    source = f"""
from pathlib import Path
from assay.errors import SandboxUnavailable
from assay.pipeline.sandbox.uids import Uids
try:
    Uids(Path({str(tmp_path)!r}))
except SandboxUnavailable as error:
    print(error.help)
"""
    command = ["unshare", "--user", "--map-root-user", sys.executable, "-c", source]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(ROOT / "src")})
    if "unshare failed" in done.stderr or "not found" in done.stderr:
        pytest.skip(f"no user namespace can be made here: {done.stderr.strip()}")
    assert "60602 to 61180" in done.stdout, done.stderr


def test_usage_counts_names_and_bytes_and_stops_where_it_may(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "f").write_bytes(b"x" * 100_000)
    (tmp_path / "link").symlink_to("/usr")
    fd = scratch.open_folder(str(tmp_path))
    try:
        size, names = scratch.usage(fd, 100)
        assert names == 3
        assert 100_000 <= size < 200_000
        assert scratch.usage(fd, 1)[1] == 2
    finally:
        os.close(fd)


def test_a_folder_that_is_a_link_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(OSError, match="Not a directory"):
        scratch.open_folder(str(tmp_path / "link"))


def test_many_at_once_do_not_meet(tmp_path: Path) -> None:
    specs = [
        Spec(files={"main.py": b"import os; print(os.listdir('.'), os.getuid())"}, label=str(number))
        for number in range(8)
    ]
    with Local(Settings(home=tmp_path)) as sandbox:
        runs = list(sandbox.map(specs, 4))
    assert sorted(run.label for run in runs) == sorted(spec.label for spec in specs)
    assert all(run.stdout.startswith(b"['main.py']") for run in runs)


def _start(source: str, environment: dict[str, str], as_user: bool = False) -> "subprocess.Popen[str]":
    """A process of its own that has `run(source, **limits)` of a local sandbox; as somebody else where root asks for that."""
    runtime = find_bare_runtime(None, None)
    python, user = Path(sys.executable), None
    if as_user and os.geteuid() == 0:
        python, user = runtime.python, 1717
        if not all(folder.stat().st_mode & 0o001 for folder in (ROOT, *ROOT.parents)):
            pytest.skip(f"another user cannot reach {ROOT}")
    head = """
import textwrap
from pathlib import Path
from assay.pipeline.sandbox.local import Local
from assay.records import Limits, Spec
from assay.settings import Settings
def run(source, **limits):
    with Local(Settings(home=Path("/nonexistent"))) as sandbox:
        return sandbox.run(Spec(files={"main.py": source.encode()}, limits=Limits(**{"cpu_s": 5, "wall_s": 20} | limits)))
"""
    packages = os.pathsep.join([str(ROOT / "src"), *(path for path in sys.path if path.endswith("-packages"))])
    return subprocess.Popen(
        [str(python), "-c", head + textwrap.dedent(source)],
        env={
            "PATH": "/usr/bin:/bin",
            "LD_LIBRARY_PATH": runtime.libraries,
            "PYTHONPATH": packages,
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd="/",
        user=user,
        group=user,
        extra_groups=None if user is None else (),
    )


def _eventually(look: Callable[[], object]) -> str:
    """What `look` gives once it gives something; fails after 20 s."""
    end = time.monotonic() + 20
    while True:
        try:
            if found := look():
                return str(found)
        except (StopIteration, OSError):
            pass
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)
