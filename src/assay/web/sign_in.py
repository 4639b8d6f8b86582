"""Who may come in: on this machine's own address everybody, on any other whoever knows the password of the data folder.

The password lies in a file that only its owner may read; it stands in no argument, address, cookie, page or log. A
session is a signed cookie that ends after twelve hours, on signing out, and when the password is changed.
Not covered: several people with rights of their own; eavesdroppers on a network without TLS (put a proxy with TLS before it).
"""

import hashlib
import hmac
import ipaddress
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

    def __init__(self, password: str, seal: Seal, clock: Callable[[], float] = time.time) -> None:
        if len(password) < SHORTEST:
            raise AssayError(f"The password has {len(password)} characters.", f"Choose at least {SHORTEST}.")
        self._password = hashlib.sha256(password.encode()).digest()
        self._purpose = f"session {self._password.hex()}"  # another password, and every session is void
        self._seal = seal
        self._clock = clock
        self._ended: OrderedDict[str, float] = OrderedDict()
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
        ends = session.partition("-")[0]
        with self._lock:
            return session not in self._ended and int(ends) > self._clock()

    def leave(self, cookie: str) -> None:
        """End a session, wherever its cookie still lies."""
        session = self._seal.open(self._purpose, cookie)
        if session is None:
            return
        with self._lock:
            self._ended[session] = self._clock()
            while len(self._ended) > _MANY:
                self._ended.popitem(last=False)

    def _recent(self, name: str, now: float) -> deque[float]:
        tries = self._tries.setdefault(name, deque(maxlen=_TRIES_OF_ALL))
        while tries and tries[0] <= now - _WINDOW_S:
            tries.popleft()
        self._tries.move_to_end(name)
        while len(self._tries) > _MANY:
            self._tries.popitem(last=False)
        return tries


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
    return SignIn(password, seal)


def is_loopback(host: str) -> bool:
    """Whether an address to listen on can be reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
