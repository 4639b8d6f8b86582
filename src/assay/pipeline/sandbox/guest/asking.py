"""One HTTP request to a server in a sandbox, over a connection that stands: by our process inside, or by the host."""

import http.client
import io
import re
import socket
import time

_MOST = 32 << 20  # bytes of an answer: a server must not fill our memory
_MOST_HEADERS = 256 << 10  # bytes
_STATUS = re.compile(rb"HTTP/1\.[01] [1-9][0-9][0-9][ \r\n]")
_MOST_ON_THE_WIRE = _MOST + (8 << 20)  # with its headers and the lengths of its chunks, which are read and thrown away


def ask(
    connected: socket.socket,
    port: int,
    method: str,
    path: str,
    headers: "dict[str, str]",
    body: bytes,
    timeout: float,
    since: float,
) -> "tuple[int, list[tuple[str, str]], bytes]":
    """Status, headers as they came, body. Closes the connection. `timeout`: seconds for all of it, from `since` on.

    Raises OSError where the server does not answer whole and in HTTP, ValueError where what is asked is no request.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port)
    stream = _Stream(connected, timeout, since)
    connection.sock = stream  # all of a socket that it uses
    try:
        connection.request(method, path, body or None, headers)
        return _answer(connection, stream)
    except http.client.InvalidURL as error:
        raise ValueError(str(error)) from None
    finally:
        connected.close()


def _answer(connection: http.client.HTTPConnection, stream: "_Stream") -> "tuple[int, list[tuple[str, str]], bytes]":
    try:
        response = connection.getresponse()
        if stream.ended:  # it reads no further than the empty line after the headers
            raise OSError("the server hung up within its headers")
        stream.room = None
        content = response.read(_MOST + 1)
    except (http.client.HTTPException, ValueError, OverflowError) as error:  # a chunk of -5 bytes, or of 16^4000
        raise OSError(f"the server's answer is no HTTP: {error!r}") from None
    if len(content) > _MOST:
        raise OSError(f"the server's answer has more than {_MOST} bytes")
    if response.length:
        raise OSError("the server hung up before the end of its answer")
    return response.status, response.getheaders(), content


class _Stream(io.RawIOBase):
    """A connection of which all that goes over it has one deadline and one size, however it is dealt out."""

    def __init__(self, connected: socket.socket, seconds: float, since: float) -> None:
        self.ended = False
        self.room: int | None = _MOST_HEADERS
        self._starts = True  # a status line is next
        self._socket = connected
        self._seconds = seconds
        self._deadline = since + seconds
        self._left = _MOST_ON_THE_WIRE

    def makefile(self, mode: str) -> "_Lines":  # noqa: ARG002 - a socket's; http.client asks for "rb"
        return _Lines(self)

    def took(self, line: bytes) -> None:
        """Look at a line of the answer's before it is taken apart. Raises OSError."""
        if self.room is not None:
            self.room -= len(line)
            if self.room < 0:
                raise OSError(f"the server's headers have more than {_MOST_HEADERS} bytes")
            if self._starts and line and not _STATUS.match(line):
                raise OSError(f"the server's answer is no HTTP: {line[:50]!r}")
            self._starts = line in (b"\r\n", b"\n")  # those of a 100 are over
        # who takes headers apart would make lines of it, a million of one
        if b"\r" in line.removesuffix(b"\n").removesuffix(b"\r"):
            raise OSError("the server's answer is no HTTP: a carriage return within a line")

    def sendall(self, data: bytes) -> None:
        self._bound()
        self._socket.sendall(data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override] # the only buffer that comes
        try:
            self._bound()
            size = self._socket.recv_into(buffer)
        except TimeoutError:
            raise TimeoutError(f"the server's answer was not whole after {self._seconds:g} s") from None
        self.ended = size == 0
        self._left -= size
        if self._left < 0:
            raise OSError(f"the server sent more than {_MOST_ON_THE_WIRE} bytes")
        return size

    def close(self) -> None:
        """Leaves the connection to `ask`: http.client closes this after the headers, and reads on from its file."""

    def _bound(self) -> None:
        """Let the next step last until the deadline. Raises TimeoutError when that has come."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self._socket.settimeout(left)


class _Lines(io.BufferedReader):
    """What http.client reads an answer from: status, headers and the lengths of chunks as lines."""

    def __init__(self, stream: _Stream) -> None:
        super().__init__(stream)
        self._stream = stream

    def readline(self, size: "int | None" = -1) -> bytes:
        line = super().readline(size)
        self._stream.took(line)
        return line
