"""Control groups: what they bound and count, how they are made, and that none is left."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from assay.pipeline.sandbox import cgroup
from assay.pipeline.sandbox.zygote import Zygote
from assay.records import Limits, Spec

AS_KILLED = """
import os, signal, sys
from assay.pipeline.sandbox import cgroup
if os.fork() == 0:
    group = cgroup.make_group("left")
    print(group._memory, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
os.wait()
"""
CLEARING = """
from assay.pipeline.sandbox import cgroup
group = cgroup.make_group("new")
group.remove()
"""


def run(program: str) -> str:
    return subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def test_the_groups_of_a_killed_process_are_cleared_by_the_next_one_when_they_are_old() -> None:
    mine = cgroup.make_group("mine")
    if mine is None:
        pytest.skip(f"no control groups here: {cgroup.why_not()}")
    try:
        left = run(AS_KILLED)
        run(CLEARING)
        assert os.path.isdir(left)  # it might be somebody's who is about to use it
        for folder in (left, mine._memory):
            os.utime(folder, (0, 0))
        run(CLEARING)
        assert not os.path.isdir(left)
        assert mine._memory.is_dir()
    finally:
        mine.remove()


@pytest.fixture
def group() -> Iterator[cgroup.Group]:
    made = cgroup.make_group("tried")
    if made is None:
        pytest.skip(f"no control groups here: {cgroup.why_not()}")
    yield made
    made.remove()


def _number(folder: Path, *names: str) -> int:
    """What stands in whichever of the files is there: the first is version 2's."""
    return int(next(file for name in names if (file := folder / name).exists()).read_text())


@contextmanager
def _program_in(group: cgroup.Group, source: str) -> Iterator["subprocess.Popen[str]"]:
    """A program that begins when a line is written to it, and is in the group by then."""
    with subprocess.Popen(
        [sys.executable, "-c", "import os\ninput()\n" + source],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        group.admit(process.pid)
        yield process


def test_who_needs_more_memory_than_a_group_may_use_is_killed_and_that_is_known(group: cgroup.Group) -> None:
    group.limit(32, 10)
    group.begin()
    with _program_in(group, "x = bytearray(b'x') * (20 << 20)\nprint(len(x) >> 20)") as process:
        assert process.communicate("\n")[0] == "20\n"
    assert not group.oom_killed()
    with _program_in(group, "x = bytearray(b'x') * (80 << 20)\nprint(len(x))") as process:
        assert process.communicate("\n")[0] == ""
    assert process.returncode == -signal.SIGKILL
    assert group.oom_killed()
    assert group.cpu_total() > 0
    group.begin()
    assert not group.oom_killed()


def test_a_group_holds_no_more_processes_than_it_may(group: cgroup.Group) -> None:
    group.limit(64, 10)
    forks = """
forked = 0
try:
    while forked < 50:
        if os.fork() == 0:
            input()
            os._exit(0)
        forked += 1
except BlockingIOError:
    pass
print(forked)
"""
    with _program_in(group, forks) as process:
        forked = int(process.communicate("\n")[0])
    assert 10 <= forked < 16


def test_memory_and_swap_together_are_bounded_like_memory_whichever_way_a_limit_goes(group: cgroup.Group) -> None:
    for memory_mb in (100, 90, 512, 500, 256, 257):
        group.limit(memory_mb, 10)
        size = _number(group._memory, "memory.max", "memory.limit_in_bytes")
        assert memory_mb << 20 < size <= (memory_mb + cgroup._OURS_MB) << 20
        if (group._memory / "memory.memsw.limit_in_bytes").exists():
            assert _number(group._memory, "memory.memsw.limit_in_bytes") == size
        elif (group._memory / "memory.swap.max").exists():
            assert _number(group._memory, "memory.swap.max") == 0


@pytest.mark.parametrize(("held_mb", "status"), [(64, "ok"), (80, "oom")])
def test_a_program_gets_its_memory_and_no_more_than_the_sandbox_needs_beside_it(
    zygote: Zygote, held_mb: int, status: str
) -> None:
    if zygote.isolation().memory != "cgroup":
        pytest.skip(cgroup.why_not())
    source = f"x = bytearray(b'x') * ({held_mb} << 20)"
    run = zygote.run(Spec(files={"main.py": source.encode()}, limits=Limits(memory_mb=68)))
    assert run.status == status


def test_version_2s_files_are_written_and_read(tmp_path: Path) -> None:
    (tmp_path / "cpu.stat").write_text("usage_usec 1500000\nuser_usec 1\n")
    (tmp_path / "memory.events").write_text("low 0\noom 1\noom_kill 2\n")
    (tmp_path / "memory.current").write_text("0\n")
    group = cgroup.Group(tmp_path, tmp_path, tmp_path, version=2)
    assert group.oom_killed()
    group.begin()
    (tmp_path / "cpu.stat").write_text("usage_usec 1750000\nuser_usec 1\n")
    assert not group.oom_killed()
    assert group.usage() == (0.25, 0)
    group.limit(100, 10)
    assert _number(tmp_path, "memory.max") == (100 + cgroup._OURS_MB) << 20
    assert _number(tmp_path, "memory.swap.max") == 0
    assert 10 < _number(tmp_path, "pids.max") < 16
    assert not group.littered()
    (tmp_path / "memory.current").write_text(f"{1 << 30}\n")
    assert group.littered()
    (tmp_path / "memory.reclaim").touch()
    group._clear()
    assert _number(tmp_path, "memory.reclaim") == 1 << 30
    group._accounts.close()


@pytest.mark.parametrize("missing", ["pids", "cpuacct"])
def test_where_one_account_of_version_1_is_missing_no_group_is_begun(tmp_path: Path, missing: str) -> None:
    for controller in {"memory", "pids", "cpuacct"} - {missing}:
        (tmp_path / controller).mkdir()
        (tmp_path / controller / "cgroup.procs").touch()
    assert cgroup.make_group("half", root=tmp_path) is None
    assert list(tmp_path.glob("**/assay-*")) == []


def test_a_group_that_cannot_be_finished_is_undone(tmp_path: Path) -> None:
    for controller in ("memory", "pids", "cpuacct"):
        (tmp_path / controller).mkdir()
        (tmp_path / controller / "cgroup.procs").touch()
    in_the_way = tmp_path / "cpuacct" / f"assay-{os.getpid()}-half"
    in_the_way.mkdir()
    assert cgroup.make_group("half", root=tmp_path) is None
    assert list(tmp_path.glob("**/assay-*")) == [in_the_way]
    in_the_way.rmdir()
    before = len(os.listdir("/proc/self/fd"))
    assert cgroup.make_group("half", root=tmp_path) is None  # a folder like any other has no accounts in it
    assert list(tmp_path.glob("**/assay-*")) == []
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.fixture
def groups_of_version_2(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """A real group and one below it, wherever version 2 is mounted: it needs no controllers to hold processes."""
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    top = next((Path(where) for _, where, kind, *_ in mounts if kind == "cgroup2"), None)
    upper = top / f"assay-{os.getpid()}-moving" if top is not None else tmp_path
    try:
        (upper / "leaf").mkdir(parents=True)
    except OSError as error:
        pytest.skip(f"no group of version 2 can be made here: {error}")
    if not (upper / "cgroup.procs").exists():
        pytest.skip("version 2 is not mounted here")
    yield upper, upper / "leaf"
    (upper / "leaf").rmdir()
    upper.rmdir()


def test_a_process_that_ends_before_it_is_moved_is_nobodys_trouble(groups_of_version_2: tuple[Path, Path]) -> None:
    upper, leaf = groups_of_version_2
    with subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE) as lives, subprocess.Popen(["/bin/true"]) as ended:
        cgroup._move(lives.pid, upper)
        members = cgroup._members(upper)
        assert members == [lives.pid]
        ended.wait()
        for pid in (ended.pid, *members):
            cgroup._move(pid, leaf)
        assert cgroup._members(upper) == []
        assert cgroup._members(leaf) == [lives.pid]


def test_root_moves_nobody_who_is_not_its_own(tmp_path: Path) -> None:
    """The processes of a login session or a service lie in one group: among them the shell, or the server of the session."""
    with subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE) as child:
        (tmp_path / "cgroup.procs").write_text(f"{os.getpid()}\n{child.pid}\n")
        assert cgroup._may_empty(tmp_path)
        (tmp_path / "cgroup.procs").write_text(f"{os.getpid()}\n{os.getppid()}\n")
        assert cgroup._may_empty(tmp_path) == (os.geteuid() != 0)  # others can write only where they were let
