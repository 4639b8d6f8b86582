"""A web server in a sandbox, and the one trusted way to speak to it: connections made by our own process inside."""

import threading
import time
from http.client import HTTPMessage
from typing import TYPE_CHECKING, Protocol

from assay.errors import AssayError
from assay.pipeline.sandbox.guest import asking
from assay.records import Run

if TYPE_CHECKING:
    from assay.pipeline.sandbox.cage import Cage

_POLL_S = 0.02
_STARTS_S = 30.0

Answer = tuple[int, list[tuple[str, str]], bytes]
"""Status, headers in their order, body."""


class Watched(Protocol):
    """A running program whose output and limits want to be looked after."""

    def look_after(self, seconds: float) -> bool:
        """Do so for a while; False where the program is over."""

    def stop(self) -> Run:
        """End it, and say what happened until then."""


class Way(Protocol):
    """How a server's port is reached from outside. Safe to use from several threads."""

    def dial(self) -> None:
        """Connect and hang up. Raises OSError where nothing listens."""

    def ask(self, method: str, path: str, headers: dict[str, str], body: bytes, timeout: float) -> Answer:
        """As `guest.asking.ask`."""


class ThroughCage:
    """A Way: the zygote connects, and hands the connection out."""

    def __init__(self, cage: "Cage", port: int) -> None:
        self._cage, self._port = cage, port
        self._dialling = threading.Lock()  # the control socket answers one question at a time

    def dial(self) -> None:
        with self._dialling:
            self._cage.dial(self._port).close()

    def ask(self, method: str, path: str, headers: dict[str, str], body: bytes, timeout: float) -> Answer:
        since = time.monotonic()
        if not self._dialling.acquire(timeout=max(timeout, 0)):
            raise TimeoutError(f"no connection was made within {timeout:g} s")
        try:
            connected = self._cage.dial(self._port)  # up to a second, which is the inside's own limit, whatever is left
        finally:
            self._dialling.release()
        return asking.ask(connected, self._port, method, path, headers, body, timeout, since)


class Served:
    """A Service. Its program's output and limits are looked after by a thread of our own while requests are made."""

    def __init__(self, running: Watched, way: Way, port: int) -> None:
        self._running, self._way, self._port = running, way, port
        self._ended = threading.Event()
        self._stop = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="assay-served", daemon=True)
        self._watcher.start()

    def wait(self, seconds: float) -> None:
        """Until the server accepts connections. Raises AssayError with what it printed where it does not come to that."""
        seconds = min(_STARTS_S, seconds)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not self._ended.is_set():
            try:
                self._way.dial()
            except OSError:
                time.sleep(_POLL_S)
            else:
                return
        run = self.finish()
        said = run.stderr.decode("utf-8", "replace").strip()[-1000:]
        how = (
            f"it ended ({run.detail or run.status})"
            if run.status != "ok"
            else f"nothing listens on port {self._port} after {seconds:g} s"
        )
        raise AssayError(f"The server does not answer: {how}.", said)

    def request(
        self, method: str, path: str, headers: dict[str, str], body: bytes, timeout: float
    ) -> tuple[int, HTTPMessage, bytes]:
        if self._ended.is_set():
            raise ConnectionRefusedError("the server has ended")
        status, told, content = self._way.ask(method, path, headers, body, timeout)
        message = HTTPMessage()
        for name, value in told:
            message[name] = value  # adds one: a name may stand there several times
        return status, message, content

    def finish(self) -> Run:
        """Stop the server and say what became of it."""
        self._stop.set()
        self._watcher.join()
        return self._running.stop()

    def _watch(self) -> None:
        while not self._stop.is_set():
            if not self._running.look_after(_POLL_S):
                self._ended.set()
                return
