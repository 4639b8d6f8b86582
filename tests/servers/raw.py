"""A server of bare bytes: for answers that no server of a protocol would give."""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

Talk = Callable[["Line", int], None]
"""Given each connection, and how many were made before it, in a thread of its own; the connection ends when it returns."""

_EVENT = 'data: {"model": "m", "choices": [{"index": 0, "delta": {"content": "%s"}, "finish_reason": "stop"}]}\n\n'


class Line:
    """One connection, from the server's side."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self._read = b""

    def question(self) -> bytes:
        """The next question, head and body. Raises EOFError where the client has gone."""
        while b"\r\n\r\n" not in self._read:
            self._more()
        head, _, _ = self._read.partition(b"\r\n\r\n")
        sizes = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        size = len(head) + 4 + int(sizes[0] if sizes else 0)
        while len(self._read) < size:
            self._more()
        whole, self._read = self._read[:size], self._read[size:]
        return whole

    def _more(self) -> None:
        data = self.socket.recv(65536)
        if not data:
            raise EOFError
        self._read += data

    def say(self, data: bytes) -> None:
        self.socket.sendall(data)

    def say_for_ever(self, data: bytes) -> None:
        """Until the client will have no more."""
        data *= max(1, 65536 // len(data))
        while True:
            self.socket.sendall(data)

    def reset(self) -> None:
        """Break off without a goodbye."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


class RawServer:
    """Listens on this machine and lets `talk` speak."""

    def __init__(self, talk: Talk, host: str = "127.0.0.1") -> None:
        self._talk = talk
        self.connections = 0
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listening = socket.create_server(
            (host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=1024
        )
        self.port: int = self._listening.getsockname()[1]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{self.port}/v1"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        self._listening.close()
        for connection in tuple(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                self._open.add(connection)
                self.connections += 1  # before it is served: who was answered may ask at once how many there were
                self._start(self._serve, connection, self.connections - 1)

    def _serve(self, connection: socket.socket, nth: int) -> None:
        with contextlib.suppress(OSError, EOFError), connection:
            self._talk(Line(connection), nth)
        self._open.discard(connection)


def chunked(*pieces: bytes) -> bytes:
    """As the body of a chunked answer, with its end."""
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def reply(text: str) -> bytes:
    """A whole answer of OpenAI's protocol."""
    return HEAD + chunked((_EVENT % text).encode(), b"data: [DONE]\n\n")


def events(text: str) -> bytes:
    """Its body alone."""
    return (_EVENT % text).encode() + b"data: [DONE]\n\n"
