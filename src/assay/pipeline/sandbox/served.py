"""A web server in a sandbox, and the one trusted way to speak to it: connections made by our own process inside."""

import http.client
import socket
import threading
import time

from assay.errors import AssayError
from assay.pipeline.sandbox.cage import Cage
from assay.pipeline.sandbox.supervise import Running
from assay.records import Run

_POLL_S = 0.02
_MAX_BODY = 32 << 20  # bytes of a response: a server must not fill our memory


class Served:
    """A Service. Its program's output and limits are looked after by a thread of our own while requests are made."""

    def __init__(self, running: Running, cage: Cage, port: int) -> None:
        self._running, self._cage, self._port = running, cage, port
        self._dialling = threading.Lock()  # the control socket answers one question at a time
        self._ended = threading.Event()
        self._stop = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="assay-served", daemon=True)
        self._watcher.start()

    def wait(self, seconds: float) -> None:
        """Until the server accepts connections. Raises AssayError with what it printed where it does not come to that."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not self._ended.is_set():
            try:
                self._cage_dial().close()
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
    ) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=timeout)
        try:
            connection.sock = self._cage_dial()
            connection.sock.settimeout(timeout)
            connection.request(method, path, body=body or None, headers=headers)
            response = connection.getresponse()
            content = response.read(_MAX_BODY + 1)
        except http.client.HTTPException as error:
            raise OSError(f"the server's answer is no HTTP: {error!r}") from None
        finally:
            connection.close()
        if len(content) > _MAX_BODY:
            raise OSError(f"the server's answer has more than {_MAX_BODY} bytes")
        return response.status, dict(response.getheaders()), content

    def finish(self) -> Run:
        """Stop the server and say what became of it."""
        self._stop.set()
        self._watcher.join()
        return self._running.stop()

    def _cage_dial(self) -> socket.socket:
        if self._ended.is_set():
            raise ConnectionRefusedError("the server has ended")
        with self._dialling:
            return self._cage.dial(self._port)

    def _watch(self) -> None:
        while not self._stop.is_set():
            if not self._running.look_after(_POLL_S):
                self._ended.set()
                return
