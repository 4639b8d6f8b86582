"""Containers: what is asked of the engine, what crosses the border, and that none is left. The rest needs an engine."""

import json
import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from assay.bench.suites import humaneval
from assay.errors import AssayError, SandboxUnavailable
from assay.pipeline.checks import grade
from assay.pipeline.checks.perform import run_many
from assay.pipeline.sandbox.docker import _OWNER, Docker, Engine, _skeleton, profile
from assay.pipeline.sandbox.guest import seccomp, syscalls
from assay.records import Limits, Program, Run, Spec
from assay.settings import Settings

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def docker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Docker]:
    try:
        made = Docker(Settings(home=tmp_path_factory.mktemp("home")))
    except SandboxUnavailable as error:
        pytest.skip(f"needs a Docker engine: {error}")
    with made:
        yield made


def python(docker: Docker, source: str, **limits: float) -> Run:
    bounds = Limits(**{"wall_s": 60, "cpu_s": 10} | limits)
    return docker.run(Spec(files={"main.py": textwrap.dedent(source).encode()}, limits=bounds))


def ours() -> list[str]:
    """Containers of this process's that exist."""
    engine = Engine()
    return engine.ask("ps", "--all", "--quiet", "--filter", f"label={_OWNER}={engine.owner}").split()


@pytest.mark.parametrize("machine", sorted(seccomp.MACHINES))
def test_the_engines_filter_allows_what_our_own_allows_and_no_more(machine: str) -> None:
    rules = profile(machine, syscalls.FAMILIES)
    assert (rules["defaultAction"], rules["defaultErrnoRet"]) == ("SCMP_ACT_ERRNO", 1)
    allowed = {name for rule in rules["syscalls"] if rule["action"] == "SCMP_ACT_ALLOW" for name in rule["names"]}
    refused = {name for rule in rules["syscalls"] if rule["action"] != "SCMP_ACT_ALLOW" for name in rule["names"]}
    known = set(seccomp.MACHINES[machine][1])
    assert allowed == seccomp.allowed(counted=True) & known
    assert refused == set(syscalls.NAMED_REFUSALS.split()) & known
    for name in ("clone", "socket", "ioctl", "fcntl", "preadv2", "prlimit64", "setpriority", "sched_setscheduler"):
        assert all("args" in rule for rule in rules["syscalls"] if name in rule["names"]), name


@pytest.mark.parametrize("high", [0, 1 << 32])
def test_the_engines_filter_allows_the_commands_of_fcntl_but_those_that_tell_of_others(high: int) -> None:
    args = [rule["args"] for rule in profile("x86_64", ())["syscalls"] if "fcntl" in rule["names"]]
    assert {(arg["index"], arg["op"]) for (arg,) in args} == {(1, "SCMP_CMP_MASKED_EQ")}
    refused = {
        command
        for command in range(1100)
        if not any((command | high) & arg["value"] == arg["valueTwo"] for (arg,) in args)
    }
    assert refused & {*range(64), *range(1028, 1040)} == set()
    assert refused >= set(syscalls.FCNTLS_REFUSED)


def test_the_image_of_this_machine_is_the_same_each_time_and_holds_no_file_of_it() -> None:
    assert _skeleton() == _skeleton()
    assert len(_skeleton()) < 32 << 10


def test_a_runtime_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AssayError, match="ASSAY_DOCKER_RUNTIME is 'crun'"):
        Docker(Settings(home=tmp_path, docker_runtime="crun"))


def test_without_an_engine_it_says_so_and_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nothing.sock")
    with pytest.raises(SandboxUnavailable) as caught:
        Docker(Settings(home=tmp_path))
    assert "docker" in str(caught.value).lower()
    assert "Is an engine running" in caught.value.help


@pytest.mark.parametrize(
    ("told", "missing"),
    [
        ({"MemoryLimit": False, "PidsLimit": True}, "memory"),
        ({"MemoryLimit": True}, "processes"),
        ({}, "memory and no"),
    ],
    ids=["memory", "processes is not said", "nothing is said"],
)
def test_an_engine_that_bounds_no_memory_or_processes_is_refused_with_the_fix(
    told: dict[str, bool], missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client is a script that prints what such an engine says of itself."""
    about = {"Architecture": "x86_64", "Runtimes": {"runc": {}}, **told}
    client = tmp_path / "docker"
    client.write_text(f"#!/bin/sh\ncat <<'END'\n{json.dumps(about)}\nEND\n")
    client.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(SandboxUnavailable, match=f"bounds no {missing}") as caught:
        Docker(Settings(home=tmp_path))
    assert "MemoryLimit" in caught.value.help


def test_gvisor_where_the_engine_has_none_is_refused_with_the_fix(docker: Docker, tmp_path: Path) -> None:
    if "runsc" in (docker._engine.about().get("Runtimes") or {}):
        pytest.skip("the engine has gVisor")
    with pytest.raises(SandboxUnavailable, match="no runtime called runsc") as caught:
        Docker(Settings(home=tmp_path, docker_runtime="runsc"))
    assert "runsc install" in caught.value.help


def test_an_image_without_python_is_refused_with_what_the_engine_says(docker: Docker, tmp_path: Path) -> None:
    with Docker(Settings(home=tmp_path, docker_image=docker._image)) as bare:
        run = bare.run(Spec(files={"main.py": b"print(1)"}))
    assert run.status == "sandbox_error"
    assert "The container does not start" in run.detail
    assert "python3" in run.detail


def test_its_canary_finds_nothing_that_it_must_not(docker: Docker) -> None:
    isolation = docker.capabilities()
    assert (isolation.backend, isolation.level, isolation.memory) == ("docker", 3, "cgroup")


def test_no_container_is_left_however_a_program_ended(docker: Docker) -> None:
    for source, limits, status in (
        ("print(1)", {}, "ok"),
        ("import time; time.sleep(60)", {"wall_s": 1}, "timeout"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", {}, "signal"),
        ("block = bytearray(300 << 20)", {"memory_mb": 64}, "oom"),
        ("while True: pass", {"cpu_s": 1}, "cpu"),
    ):
        assert python(docker, source, **limits).status == status
    assert ours() == []


def test_a_timeout_still_tells_what_was_used_and_printed(docker: Docker) -> None:
    run = python(docker, "import time; print('here', flush=True); time.sleep(60)", wall_s=2)
    assert (run.status, run.stdout) == ("timeout", b"here\n")
    assert 0 < run.cpu_s < 2


def test_a_program_cannot_end_its_first_process_nor_reach_its_stdout(docker: Docker) -> None:
    source = """
        import os, signal
        for number in range(1, 65):
            if number not in (signal.SIGCHLD, 32, 33):
                try:
                    os.kill(1, number)
                except OSError:
                    pass
        for what in ("fd/1", "environ", "mem"):
            try:
                open(f"/proc/1/{what}", "rb").read(1)
                print("reached", what)
            except OSError:
                pass
        print("done")
    """
    run = python(docker, source)
    assert (run.status, run.stdout) == ("ok", b"done\n"), run


def test_frames_of_our_own_kind_on_stdout_are_only_output(docker: Docker) -> None:
    forged = b"n\x00\x00\x00\x02{}"
    run = python(docker, f"import os; os.write(1, {forged!r}); os._exit(3)")
    assert (run.status, run.exit_code, run.stdout) == ("exit", 3, forged)


def test_the_scratch_is_bounded_in_bytes_and_in_names(docker: Docker) -> None:
    source = """
        try:
            with open("f", "wb") as file:
                for _ in range(100):
                    file.write(b"x" * (1 << 20))
        except OSError as error:
            print(error.errno)
        import os
        os.truncate("f", 0)
        try:
            for number in range(1000):
                open(str(number), "w").close()
        except OSError as error:
            print(error.errno)
    """
    assert python(docker, source, scratch_mb=8, inodes=100).stdout == b"28\n28\n"


def test_more_processes_than_may_be_are_not_had(docker: Docker) -> None:
    source = """
        import os, time
        made = 0
        try:
            for _ in range(50):
                if os.fork() == 0:
                    time.sleep(60)
                made += 1
        except OSError as error:
            print(error.errno, made < 20)
    """
    assert python(docker, source, processes=8).stdout == b"11 True\n"


def test_a_container_that_takes_nothing_in_does_not_hold_us_up(docker: Docker) -> None:
    spec = Spec(files={"main.py": b"import time; time.sleep(60)"}, mode="calls", limits=Limits(wall_s=3, cpu_s=5))
    with docker.open(spec) as dialogue:
        start = time.monotonic()
        dialogue.send(b"x" * (8 << 20))
        assert dialogue.receive() is None
        assert dialogue.finish().status == "timeout"
        assert time.monotonic() - start < 30


def test_containers_of_a_process_that_died_are_removed_by_the_next(docker: Docker, tmp_path: Path) -> None:
    died = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True, check=True
    )
    owner = f"{docker._engine.owner.partition('/')[0]}/{died.stdout.strip()}/1"
    name = f"assay-test-{os.getpid()}"
    docker._engine.ask(
        "create", "--name", name, "--label", f"{_OWNER}={owner}", "--network", "none", docker._image, "/bin/true"
    )
    with Docker(Settings(home=tmp_path)):
        assert docker._engine.ask("ps", "--all", "--quiet", "--filter", f"name={name}") == ""


def test_a_killed_host_leaves_no_running_container(docker: Docker) -> None:
    source = """
        from pathlib import Path
        from assay.pipeline.sandbox.docker import Docker
        from assay.records import Limits, Spec
        from assay.settings import Settings
        with Docker(Settings(home=Path("/nonexistent"))) as docker:
            print(docker._engine.owner, flush=True)
            docker.run(Spec(files={"main.py": b"import time; time.sleep(600)"}, limits=Limits(wall_s=600)))
    """
    host = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(source)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
    )
    assert host.stdout is not None
    owner = host.stdout.readline().strip()

    def running() -> str:
        return docker._engine.ask("ps", "--quiet", "--filter", f"label={_OWNER}={owner}")

    end = time.monotonic() + 60
    while not running():
        assert time.monotonic() < end, "the container never ran"
    host.kill()
    host.communicate()
    while running():
        assert time.monotonic() < end, "the container still runs"
    docker._engine.sweep()


def test_verdicts_come_from_outside_here_too(docker: Docker, data: Path) -> None:
    file = data / "bench" / "humaneval" / "HumanEval.jsonl.gz"
    tasks = humaneval.load(file, settings=Settings(home=Path("/nonexistent")), errata=False).tasks[:3]
    right = [(task.id, task, Program(files={"main.py": (task.reference or "").encode()})) for task in tasks]
    cheat = b"import os\ndef has_close_elements(*_): os._exit(0)\n"
    jobs = [*right, ("cheat", tasks[0], Program(files={"main.py": cheat}))]
    by_key = {key: (task, program) for key, task, program in jobs}
    statuses = {key: grade(*by_key[key], runs).status for key, runs in run_many(docker, jobs, 2)}
    assert statuses == {task.id: "pass" for task in tasks} | {"cheat": "exception"}
