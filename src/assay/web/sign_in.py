"""Who may come in: on this machine's own address everybody, on any other whoever knows the password of the data folder.

The password lies in a file that only its owner may read; it stands in no argument, address, cookie, page or log. A
session is a signed cookie that ends after twelve hours, on signing out, and when the password is changed. Those that
were signed out are kept in a file until they would have ended, so that no later server lets them in.
Not covered: several people with rights of their own; eavesdroppers on a network without TLS (put a proxy with TLS before it).
"""

import hashlib
import hmac
import ipaddress
import os
import secrets
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from pathlib import Path

from assay.errors import AssayError
from assay.web.seal import Seal, keep_secret

SHORTEST = 12
LASTS_S = 12 * 3600
_TRIES, _TRIES_OF_ALL, _WINDOW_S = 10, 100, 300.0
_MANY = 10_000


class SignIn:
    """One password, its sessions, and how often it may be tried. Safe to use from several threads."""

    def __init__(
        self, password: str, seal: Seal, clock: Callable[[], float] = time.time, kept: Path | None = None
    ) -> None:
        if len(password) < SHORTEST:
            raise AssayError(f"The password has {len(password)} characters.", f"Choose at least {SHORTEST}.")
        self._password = hashlib.sha256(password.encode()).digest()
        self._purpose = f"session {self._password.hex()}"  # another password, and every session is void
        self._seal = seal
        self._clock = clock
        self._ended = _Ended(kept)
        self._tries: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def wait(self, address: str) -> int:
        """How many seconds this address must wait before it may try again; 0: it may."""
        now = self._clock()
        with self._lock:
            found = [
                recent[0] + _WINDOW_S - now
                for name, most in ((address, _TRIES), ("", _TRIES_OF_ALL))
                if len(recent := self._recent(name, now)) >= most
            ]
        return max(1, round(max(found))) if found else 0

    def enter(self, password: str, address: str) -> str | None:
        """A new session's cookie; None: that is not the password, which counts against the address."""
        if hmac.compare_digest(hashlib.sha256(password.strip().encode()).digest(), self._password):
            return self._seal.close(self._purpose, f"{int(self._clock()) + LASTS_S}-{secrets.token_hex(16)}")
        now = self._clock()
        with self._lock:
            for name in (address, ""):
                self._recent(name, now).append(now)
        return None

    def knows(self, cookie: str) -> bool:
        """Whether this is the cookie of a session that has not ended."""
        session = self._seal.open(self._purpose, cookie)
        if session is None:
            return False
        with self._lock:
            return _end_of(session) > self._clock() and session not in self._ended

    def leave(self, cookie: str) -> None:
        """End a session, wherever its cookie still lies."""
        session = self._seal.open(self._purpose, cookie)
        if session is None:
            return
        with self._lock:
            self._ended.add(session, self._clock())

    def _recent(self, name: str, now: float) -> deque[float]:
        tries = self._tries.setdefault(name, deque(maxlen=_TRIES_OF_ALL))
        while tries and tries[0] <= now - _WINDOW_S:
            tries.popleft()
        self._tries.move_to_end(name)
        while len(self._tries) > _MANY:
            self._tries.popitem(last=False)
        return tries


class _Ended:
    """The sessions that were signed out and would still run: their digests, in memory and in a file of a line each.

    Several servers on one data folder share the file: each reads on where it last stopped.
    """

    def __init__(self, file: Path | None, most: int = _MANY) -> None:
        self._file = file
        self._most = most
        self._digests: set[str] = set()
        self._inode = 0
        self._read_to = 0

    def __contains__(self, session: str) -> bool:
        self._read_on()
        return _digest(session) in self._digests

    def add(self, session: str, now: float) -> None:
        self._digests.add(_digest(session))
        if self._file is None:
            return
        self._read_on()
        line = f"{_end_of(session)} {_digest(session)}\n".encode()
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._read_to > self._most * len(line):  # of sessions that have long ended, nearly all
            self._forget(now)
        descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, line)
        finally:
            os.close(descriptor)

    def _read_on(self) -> None:
        if self._file is None:
            return
        try:
            with self._file.open("rb") as file:
                if (number := os.fstat(file.fileno()).st_ino) != self._inode:
                    self._inode, self._read_to = number, 0  # another server took the old ones away
                file.seek(self._read_to)
                for line in file:
                    if not line.endswith(b"\n"):
                        break  # somebody is writing it
                    self._read_to += len(line)
                    self._digests.add(line.decode("ascii", "replace").strip().partition(" ")[2])
        except FileNotFoundError:
            self._inode, self._read_to = 0, 0

    def _forget(self, now: float) -> None:
        assert self._file is not None
        kept = [line for line in self._file.read_text("ascii", "replace").splitlines() if _end_of(line) > now]
        fresh = self._file.with_name(f"{self._file.name}.{os.getpid()}")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.writelines(f"{line}\n" for line in kept)
        fresh.rename(self._file)
        self._digests = {line.partition(" ")[2] for line in kept}
        found = self._file.stat()
        self._inode, self._read_to = found.st_ino, found.st_size


def _digest(session: str) -> str:
    return hashlib.sha256(session.encode()).hexdigest()


def _end_of(text: str) -> int:
    """When a session ends, by itself or its line: in seconds of the clock; 0: it says nothing."""
    said = text.partition("-")[0].partition(" ")[0]
    return int(said) if said.isdecimal() else 0


def password_file(home: Path) -> Path:
    """Where the password of a data folder lies."""
    return home / "web" / "password"


def open_sign_in(home: Path, seal: Seal) -> SignIn:
    """The sign-in of a data folder, with a password made at random the first time. Raises AssayError."""
    path = password_file(home)
    password = keep_secret(path, secrets.token_urlsafe(18))
    if len(password) < SHORTEST:
        raise AssayError(
            f"The password in {path} is too short: {len(password)} characters.",
            f"Write one of at least {SHORTEST} there, or remove the file to have one made.",
        )
    return SignIn(password, seal, kept=home / "web" / "signed-out")


def is_loopback(host: str) -> bool:
    """Whether an address to listen on can be reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
