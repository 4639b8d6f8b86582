"""HTTP/1.1 to one server on plain asyncio: connections kept alive, TLS, proxies. llhttp (by httptools) reads the answers.

What is covered: one question at a time on a connection; no redirects, no cookies, no compression. A server may send what
it likes: heads, chunk extensions and trailers are bounded here, the body by who reads it (`Connection.received`).
What is not: HTTP/2, SOCKS proxies.
"""

import asyncio
import base64
import contextlib
import ipaddress
import os
import ssl
import time
from collections import deque
from collections.abc import Mapping
from typing import cast
from urllib.parse import quote, unquote, urlsplit

import httptools

from assay.errors import AssayError
from assay.pipeline.llm.urls import proxy_for

_KEEP_S = 30
_STALE_S = 1
"""A server that closed a kept connection before it saw our question is heard of within a round trip."""
_WRITE_S = 60
_HIGH = 1 << 20
"""Bytes of one answer held unread before its server is made to wait."""
_READ = 1 << 16
_GATHER_S = 0.1
_ENOUGH = 1 << 16
"""A reader that gathers is woken once in `_GATHER_S`, and for so many bytes."""
_BARE = 1 << 18
"""Bytes in a row that carry nothing of a body: a head, extensions of chunks, trailers."""
_KEPT = frozenset(
    b"content-type content-length content-encoding transfer-encoding location retry-after retry-after-ms".split()
)
_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
"""Where systems keep the certificates they trust, for a Python that was built to look elsewhere."""


class Dropped(Exception):
    """The server broke off, or does not keep to HTTP."""


class NotConnected(Exception):
    """No connection could be made."""


class ProxyFailed(Exception):
    """The proxy could not be reached, or does not let us through."""


class Client:
    """Asks one server, over as many connections as are wanted at once. Lives in one event loop."""

    def __init__(self, url: str, headers: Mapping[str, str], connect_s: float) -> None:
        parts = urlsplit(url)
        self._tls = parts.scheme == "https"
        self._host, self._port = _ascii(parts.hostname or ""), parts.port or (443 if self._tls else 80)
        self._connect_s = connect_s
        self._proxy = proxy_for(url)
        self._trusted: ssl.SSLContext | None = None
        self._room = memoryview(bytearray(_READ))
        self._idle: deque[tuple[Connection, float]] = deque()
        authority = f"[{self._host}]" if ":" in self._host else self._host
        named = authority if parts.port is None else f"{authority}:{parts.port}"
        self._authority = f"{authority}:{self._port}"
        self._root = quote(parts.path, safe="/%:@!$&'()*+,;=~")
        own = {"host": named, "user-agent": "assay", "accept": "*/*", "accept-encoding": "identity", **headers}
        if self._proxy and not self._tls:
            self._root = f"http://{named}{self._root}"
            own |= _proxy_key(self._proxy)
        self._head = _lines(own)

    async def send(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> "Connection":
        """Ask; the answer's head has come when this returns. Give it back by `release`, however it was read."""
        head = f"{method} {self._root}{path} HTTP/1.1\r\n{self._head}{_lines(headers) if headers else ''}"
        if body:
            head += f"content-type: application/json\r\ncontent-length: {len(body)}\r\n"
        message = f"{head}\r\n".encode("ascii") + body
        while True:
            kept = self._kept()
            connection = kept or await self._connected()
            asked = time.monotonic()
            try:
                await connection.ask(message)
            except Dropped:
                # Closed in the very moment that it was used again: a server may, and has not looked at the question.
                # Closed later: it may have worked on it, and what may be paid for twice is a try of its own.
                soon = time.monotonic() - asked < _STALE_S
                again = kept and soon and not connection.received and not connection.usable
                connection.abort()
                if not again:
                    raise
                continue
            except BaseException:
                connection.abort()
                raise
            return connection

    def release(self, connection: "Connection") -> None:
        """Its answer is no longer read: the connection serves again where that was read to its end."""
        if not connection.rest():
            connection.abort()
            return
        now = time.monotonic()
        while self._idle and now - self._idle[0][1] > _KEEP_S:
            self._idle.popleft()[0].abort()
        self._idle.append((connection, now))

    def close(self) -> None:
        """End the connections that nobody uses; those in use are their users'."""
        while self._idle:
            self._idle.pop()[0].abort()

    def _kept(self) -> "Connection | None":
        while self._idle:
            connection, since = self._idle.pop()
            if connection.usable and time.monotonic() - since <= _KEEP_S:
                return connection
            connection.abort()
        return None

    async def _connected(self) -> "Connection":
        try:
            async with asyncio.timeout(self._connect_s):
                if self._proxy:
                    return await self._through(self._proxy)
                return await self._open(self._host, self._port, self._tls)
        except TimeoutError:
            raise NotConnected(f"no connection within {self._connect_s:g} s") from None
        except ssl.SSLError as error:
            raise NotConnected(str(error)) from None
        except (OSError, UnicodeError) as error:
            raise NotConnected(getattr(error, "strerror", None) or str(error)) from None

    async def _open(self, host: str, port: int, tls: bool) -> "Connection":
        _, connection = await asyncio.get_running_loop().create_connection(
            lambda: Connection(self._room),
            host,
            port,
            ssl=self._certificates() if tls else None,
            happy_eyeballs_delay=_race_s(host),
        )
        return connection

    async def _through(self, proxy: str) -> "Connection":
        parts = urlsplit(proxy)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ProxyFailed("only proxies of http:// and https:// can be used")
        secure = parts.scheme == "https"
        try:
            connection = await self._open(_ascii(parts.hostname), parts.port or (443 if secure else 80), secure)
        except (OSError, UnicodeError) as error:
            if isinstance(error, TimeoutError):
                raise
            raise ProxyFailed(getattr(error, "strerror", None) or str(error)) from None
        if self._tls:
            try:
                await self._tunnel(connection, proxy)
            except BaseException:
                connection.abort()
                raise
        return connection

    async def _tunnel(self, connection: "Connection", proxy: str) -> None:
        head = _lines({"host": self._authority, **_proxy_key(proxy)})
        asked = f"CONNECT {self._authority} HTTP/1.1\r\n{head}\r\n"
        try:
            await connection.ask(asked.encode("ascii"))
        except Dropped as error:
            raise ProxyFailed(str(error)) from None
        if not 200 <= connection.status < 300:
            raise ProxyFailed(f"it answered {connection.status}")
        await connection.secure(self._certificates(), self._host)

    def _certificates(self) -> ssl.SSLContext:
        if self._trusted is None:  # 30 ms, which plain HTTP need not pay
            self._trusted = ssl.create_default_context()
            paths = ssl.get_default_verify_paths()  # SSL_CERT_FILE and SSL_CERT_DIR come first
            if not paths.cafile and not (paths.capath and os.listdir(paths.capath)):
                for bundle in filter(os.path.isfile, _BUNDLES):
                    self._trusted.load_verify_locations(bundle)
                    break
            self._trusted.set_alpn_protocols(["http/1.1"])
        return self._trusted


class Connection(asyncio.BufferedProtocol):
    """One connection, and the answer that comes over it: `status` and `headers`, then the body by `read`.

    `room` is what all connections of one event loop read into: a buffer that asyncio makes for every read costs three
    system calls more.
    """

    _transport: asyncio.Transport

    def __init__(self, room: memoryview) -> None:
        self._room = room
        self._loop = asyncio.get_running_loop()
        self._parser: httptools.HttpResponseParser | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._gathers = False
        self._full = False
        self._paused = False
        self._over = False
        self._start()

    def _start(self) -> None:
        self.status = 0
        """0 until the head has come."""
        self.headers: dict[str, str] = {}
        self.received = 0
        """Bytes of the answer, its head and the frames of its chunks included."""
        self._pieces: list[bytes] = []
        self._held = 0
        self._bare = 0
        self._done = False
        self._again = False
        self._error: str | None = None

    # ---- for the client --------------------------------------------------------------------------------------------

    @property
    def usable(self) -> bool:
        """Of one at rest: nothing was heard from the server since."""
        return not self._over and not self._transport.is_closing()

    async def ask(self, message: bytes) -> None:
        """Send, and wait for the head of the answer. Raises Dropped."""
        self._start()
        if not self.usable:
            raise Dropped("it closed the connection")
        self._parser = httptools.HttpResponseParser(self)
        self._transport.write(message)
        if self._full:
            await self._taken()
        while not self.status and self._error is None:
            await self._next()
        if not self.status:
            raise Dropped(self._error)

    @property
    def whole(self) -> bool:
        """Whether the answer has come to its end, and all of its body was read."""
        return self._done and not self._pieces

    def rest(self) -> bool:
        """Forget the answer. Whether it was whole and another question may follow."""
        self._parser = None
        self._pieces.clear()
        return self._done and self._again and self.usable and not self._full and not self._paused

    def abort(self) -> None:
        # Not by saying goodbye: a server that will not hear it must not hold us up.
        self._parser = None
        self._transport.abort()

    async def secure(self, context: ssl.SSLContext, host: str) -> None:
        """Go on by TLS, through the tunnel that was asked for."""
        self._parser = None
        transport = await self._loop.start_tls(self._transport, self, context, server_hostname=host)
        if transport is None:
            raise NotConnected("the connection was closed during the TLS handshake")
        self._transport = transport

    async def _taken(self) -> None:
        try:
            async with asyncio.timeout(_WRITE_S):
                while self._full and not self.status and self._error is None:
                    await self._next()
        except TimeoutError:
            raise Dropped(f"it took no more of the question within {_WRITE_S} s") from None

    # ---- for the reader --------------------------------------------------------------------------------------------

    async def read(self, *, gather: bool = False) -> bytes:
        """What has come of the body; empty: its end. Raises Dropped where it breaks off.

        `gather`: what comes may wait up to `_GATHER_S`, to be handed over with what follows; the end never waits.
        """
        if gather and not self._ended() and self._held < _ENOUGH:
            self._gathers = True
            if self._pieces:
                self._timer = self._loop.call_later(_GATHER_S, self._ring)
            try:
                await self._next()
            finally:
                self._gathers = False
        while not self._pieces and not self._ended():
            await self._next()
        if not self._pieces and not self._done:
            raise Dropped(self._error)
        data = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces.clear()
        self._held = 0
        if self._paused:
            self._paused = False
            self._transport.resume_reading()
        return data

    def _ended(self) -> bool:
        return self._done or self._error is not None

    async def _next(self) -> None:
        waiter = self._waiter = self._loop.create_future()
        try:
            await waiter
        finally:
            self._waiter = None
            if self._timer:
                self._timer.cancel()
                self._timer = None

    def _wake(self) -> None:
        if self._waiter is None or self._waiter.done():
            return
        if self._gathers and self._held < _ENOUGH and not self._ended():
            if self._timer is None:
                self._timer = self._loop.call_later(_GATHER_S, self._ring)
            return
        self._waiter.set_result(None)

    def _ring(self) -> None:
        self._timer = None
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, words: str) -> None:
        if self._error is None and not self._done:
            self._error = words
        self._again = False
        self._wake()
        self._transport.abort()

    # ---- what asyncio tells ----------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002
        return self._room

    def buffer_updated(self, nbytes: int) -> None:
        if self._parser is None or self._done:  # it speaks out of turn: whose answer would that be?
            self._over = True
            self._transport.abort()
            return
        self.received += nbytes
        self._bare += nbytes
        try:
            self._parser.feed_data(self._room[:nbytes])
        except httptools.HttpParserUpgrade:
            self._fail("it changes to another protocol")
            return
        except httptools.HttpParserError as error:
            self._fail(f"its answer is not HTTP: {error}")
            return
        if self._bare > _BARE and not self._done:
            self._fail(f"it sent {self._bare >> 10} KB that belong to no reply")
        elif self._pieces or self._done or self.status:
            if self._held > _HIGH and not self._paused:
                self._paused = True
                self._transport.pause_reading()
            self._wake()

    def eof_received(self) -> bool:
        self._over = True
        if self._parser is not None and not self._done:
            # An answer that names no length goes on until the connection is closed.
            if self.status and not {"content-length", "transfer-encoding"} & self.headers.keys():
                self._done = True
                self._wake()
            else:
                self._fail("it broke off in the middle" if self.received else "it closed the connection")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._over = True
        self._full = False
        if self._error is None and not self._done:
            self._error = str(exc) if exc else "it closed the connection"
        self._wake()

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        self._wake()

    # ---- what the parser tells -------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        if self._done:
            self._over = True  # more than one answer to one question

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.status and (name := name.lower()) in _KEPT:
            self.headers[name.decode("ascii")] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        if self._done:
            return
        status = self._parser.get_status_code() if self._parser else 0
        if status < 200:  # an interim answer, such as 100 Continue
            self.headers.clear()
        else:
            self.status = status

    def on_body(self, body: bytes) -> None:
        if self._done:
            return
        self._pieces.append(body)
        self._held += len(body)
        self._bare = 0

    def on_message_complete(self) -> None:
        if self.status and not self._done:
            self._done = True
            self._again = self._parser is not None and self._parser.should_keep_alive()


def _lines(headers: Mapping[str, str]) -> str:
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items())


def _ascii(host: str) -> str:
    """A name as it is looked up and sent. Raises where it is none."""
    try:
        found = host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError:
        found = ""
    if not found or not found.isprintable() or any(sign in found for sign in ' "<>\\^`{|}/?#@'):
        raise AssayError(f"{host[:200]!r} is no name of a server.", "Give its URL as http://host:port/path.")
    return found


def _proxy_key(proxy: str) -> dict[str, str]:
    parts = urlsplit(proxy)
    if parts.username is None:
        return {}
    words = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"proxy-authorization": f"Basic {base64.b64encode(words.encode()).decode()}"}


def _race_s(host: str) -> float | None:
    """A name's addresses are tried beside each other, so many seconds apart. A literal address races with nobody; and
    asyncio's race leaves its winner's socket open where it is given up in the very moment that it is won."""
    with contextlib.suppress(ValueError):
        ipaddress.ip_address(host)
        return None
    return 0.25
