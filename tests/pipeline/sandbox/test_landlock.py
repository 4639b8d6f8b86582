"""Landlock: what it must deny is denied, on this kernel and with what older ones offer, as root and as an ordinary user."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from assay.bench.suites import humaneval
from assay.errors import SandboxUnavailable
from assay.pipeline.checks import grade
from assay.pipeline.checks.perform import run_many
from assay.pipeline.sandbox.canary import sing
from assay.pipeline.sandbox.choose import open_sandbox
from assay.pipeline.sandbox.guest import landlock as rules
from assay.pipeline.sandbox.landlock import _CANARY, Landlock, _bait
from assay.pipeline.sandbox.local import Local
from assay.pipeline.sandbox.runtime import find_bare_runtime
from assay.records import Limits, Program, Run, Spec
from assay.settings import Settings

ROOT = Path(__file__).parents[3]
VERSIONS = range(1, rules.abi() + 1)

pytestmark = pytest.mark.skipif(not rules.abi(), reason="this kernel has no Landlock")


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Landlock]:
    with Landlock(Settings(home=tmp_path_factory.mktemp("home"))) as made:
        made.capabilities()
        yield made


def python(sandbox: Landlock, source: str) -> Run:
    return sandbox.run(Spec(files={"main.py": textwrap.dedent(source).encode()}, limits=Limits(wall_s=30, cpu_s=10)))


def test_its_canary_finds_nothing_that_it_must_not(sandbox: Landlock) -> None:
    isolation = sandbox.capabilities()
    assert (isolation.backend, isolation.level, isolation.memory) == ("landlock", 1, "polled")
    assert any("no namespaces" in note for note in isolation.notes)


def test_its_canary_finds_what_is_open_where_nothing_is_shut(tmp_path: Path) -> None:
    with (
        Local(Settings(home=tmp_path)) as local,
        _bait() as argv,
        pytest.raises(SandboxUnavailable, match="does not hold here") as caught,
    ):
        sing(local, _CANARY, argv)
    for found in (
        "can read /etc/passwd", "can list /home", "can write /", "can connect by TCP", "can connect to a socket by its path",
        "can connect to an abstract socket", "can send to a socket by its path", "no system-call filter",
        "can remove a file outside", "memory that nothing counts",
    ):  # fmt: skip
        assert found in str(caught.value)


@pytest.mark.parametrize("version", VERSIONS)
def test_an_older_landlock_holds_too(version: int, tmp_path: Path) -> None:
    with Landlock(Settings(home=tmp_path), at_most=version) as sandbox:
        assert sandbox.capabilities().level == 1
        assert python(sandbox, "import json, random, decimal; print(json.dumps([1]))").stdout == b"[1]\n"


AS_USER = """
    import sys
    import textwrap
    from pathlib import Path
    from assay.pipeline.sandbox.landlock import Landlock
    from assay.records import Limits, Spec
    from assay.settings import Settings
    def run(source, **options):
        files = {options.get("main", "main.py"): textwrap.dedent(source).encode()}
        return sandbox.run(Spec(files=files, limits=Limits(cpu_s=5, wall_s=30), **options))
    with Landlock(Settings(home=Path("/nonexistent")), at_most=int(sys.argv[1])) as sandbox:
"""


def as_user(version: int, body: str) -> str:
    """What `body` prints, which has `run` and `sandbox`, in a process of a user that is not root."""
    runtime = find_bare_runtime(None, None)
    python, user = Path(sys.executable), None
    if os.geteuid() == 0:
        python, user = runtime.python, 1718
        if not all(folder.stat().st_mode & 0o001 for folder in (ROOT, *ROOT.parents)):
            pytest.skip(f"another user cannot reach {ROOT}")
    packages = os.pathsep.join([str(ROOT / "src"), *(path for path in sys.path if path.endswith("-packages"))])
    done = subprocess.run(
        [str(python), "-c", textwrap.dedent(AS_USER) + textwrap.indent(textwrap.dedent(body), "    "), str(version)],
        env={
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "LD_LIBRARY_PATH": runtime.libraries,
            "PYTHONPATH": packages,
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        capture_output=True,
        text=True,
        cwd="/",
        user=user,
        group=user,
        extra_groups=None if user is None else (),
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("version", VERSIONS)
def test_it_holds_for_an_ordinary_user_with_any_landlock(version: int) -> None:
    printed = as_user(
        version,
        """
        print(sandbox.capabilities().level)
        print(run("import os, subprocess, sys\\nprint(os.getuid() != 0, flush=True)\\nsubprocess.run([sys.executable, '-S', '-c', 'print(2)'])").stdout)
        print(run("import os; os.abort()").signal)
        """,
    )
    assert printed.splitlines() == ["1", "b'True\\n2\\n'", "6"]


def test_a_users_own_files_keep_their_modes_owners_and_times_whatever_a_program_calls() -> None:
    printed = as_user(
        7,
        """
        import os, tempfile
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "file")
            open(file, "w").close()
            os.chmod(file, 0o640)
            before = os.stat(file)
            print(run(f'''
        import os, shutil
        for change in (lambda: os.chmod({file!r}, 0o777), lambda: os.utime({file!r}, (0, 0)), lambda: os.chown({file!r}, -1, -1)):
            change()
        open("mine", "w").close()
        shutil.copy2("mine", "copied")
        print(os.listdir("."))
        ''').status)
            after = os.stat(file)
            print(before.st_mode == after.st_mode, before.st_mtime == after.st_mtime)
        """,
    )
    assert printed.splitlines() == ["ok", "True True"]


@pytest.mark.parametrize("version", [v for v in VERSIONS if v in (1, 5, 6)])
def test_a_program_that_signals_everybody_ends_nobody_but_itself(version: int) -> None:
    printed = as_user(
        version,
        """
        import subprocess
        other = subprocess.Popen(["sleep", "60"])
        source = '''
        import os, signal
        for target in (-1, %d, os.getppid()):
            try:
                os.kill(target, signal.SIGKILL)
            except PermissionError:
                print("refused")
        ''' % other.pid
        result = run(source)
        print(result.status, other.poll())
        other.kill()
        other.wait()
        """,
    )
    assert printed.splitlines()[-1] in ("ok None", "signal None")  # -1 may hit the program itself


def test_files_of_the_system_are_there_to_be_read_and_no_others(sandbox: Landlock) -> None:
    run = python(
        sandbox,
        "import os; print(len(os.listdir('/usr/bin')) > 5, open('/dev/zero', 'rb').read(2), len(os.urandom(3)))",
    )
    assert run.stdout == b"True b'\\x00\\x00' 3\n", run


def test_memory_is_shared_through_files_and_not_through_the_device_of_zeros(sandbox: Landlock) -> None:
    source = """
        import mmap, os
        with open("shared", "w+b") as file:
            file.truncate(4096)
            numbers = mmap.mmap(file.fileno(), 4096)
        if os.fork() == 0:
            numbers[2] = 7
            os._exit(0)
        os.wait()
        print(list(numbers[:4]))
        print(len(mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)))
        for attempt in (lambda: mmap.mmap(-1, 4096), lambda: os.open("/dev/zero", os.O_RDWR)):
            try:
                print(attempt())
            except PermissionError:
                print("refused")
    """
    run = python(sandbox, source)
    assert run.stdout == b"[0, 0, 7, 0]\n4096\nrefused\nrefused\n", run


def test_what_programs_use_sockets_for_within_themselves_works(sandbox: Landlock) -> None:
    source = """
        import asyncio, socket, subprocess, threading
        async def main():
            process = await asyncio.create_subprocess_exec("/bin/echo", "hello", stdout=subprocess.PIPE)
            return (await process.communicate())[0]
        print(asyncio.run(main()))
        one, other = socket.socketpair()
        threading.Thread(target=one.sendall, args=(b"ping",)).start()
        print(other.recv(4))
    """
    run = python(sandbox, source)
    assert run.stdout == b"b'hello\\n'\nb'ping'\n", run


def test_javascript_runs_and_answers(sandbox: Landlock) -> None:
    source = b"const { execFileSync } = require('child_process')\nconsole.log(execFileSync(process.execPath, ['-p', '6 * 7']).toString())"
    run = sandbox.run(Spec(language="javascript", main="main.js", files={"main.js": source}))
    if "Node is not installed" in run.detail:
        pytest.skip(run.detail)
    assert (run.status, run.stdout, run.stderr) == ("ok", b"42\n\n", b"")
    spec = Spec(language="javascript", main="main.js", files={"main.js": b"exports.f = (x) => x + 1"}, mode="calls")
    with sandbox.open(spec) as dialogue:
        assert dialogue.receive() == b'["ready"]'
        dialogue.send(b'["batch","f",[[[1],[]]],null]')
        assert dialogue.receive() == b'["v",2]'
        assert dialogue.finish().status == "ok"


def test_more_than_level_one_is_refused_with_what_is_weaker(tmp_path: Path) -> None:
    with pytest.raises(SandboxUnavailable, match="gives level 1 here; level 2 is required") as caught:
        open_sandbox(Settings(home=tmp_path), required=2, backend="landlock")
    assert "no namespaces" in caught.value.help


def test_humanevals_solutions_pass(sandbox: Landlock, data: Path) -> None:
    file = data / "bench" / "humaneval" / "HumanEval.jsonl.gz"
    suite = humaneval.load(file, settings=Settings(home=Path("/nonexistent")), errata=False)
    tried = suite.tasks if "ASSAY_TEST_LONG" in os.environ else suite.tasks[::4]
    jobs = [(task.id, task, Program(files={"main.py": (task.reference or "").encode()})) for task in tried]
    by_id = {task.id: (task, program) for _, task, program in jobs}
    statuses = {key: grade(*by_id[key], runs).status for key, runs in run_many(sandbox, jobs, 2)}
    assert {key: status for key, status in statuses.items() if status != "pass"} == {}
    assert len(statuses) == len(tried) >= 41
