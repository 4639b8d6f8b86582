"""httpx2's transport on plain asyncio, for servers reached without a proxy.

httpx2's own transport goes through anyio, which asks the operating system for each idle connection's peer whenever a
request starts or ends: a third of all CPU time at 64 connections. This one answers from what asyncio has told it.
"""

import asyncio
import contextlib
import ipaddress
import ssl
from collections.abc import AsyncIterator, Iterable
from typing import Any, cast

import httpcore2
import httpx2

_HIGH = 1 << 20
"""Bytes of one connection held unread before its server is made to wait."""


class Transport(httpx2.AsyncBaseTransport):
    """Connections kept alive to one server; HTTP/1.1. `cap` bounds the bytes of one answer, for who reads it unbounded."""

    def __init__(self, verify: ssl.SSLContext | None, keepalive_s: float, cap: int | None = None) -> None:
        self._cap = cap
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=verify, max_connections=None, keepalive_expiry=keepalive_s, network_backend=_Backend()
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        url = httpcore2.URL(
            scheme=request.url.raw_scheme, host=request.url.raw_host, port=request.url.port, target=request.url.raw_path
        )
        asked = httpcore2.Request(
            method=request.method,
            url=url,
            headers=request.headers.raw,
            content=cast(AsyncIterator[bytes], request.stream),
            extensions=request.extensions,
        )
        answer = await self._pool.handle_async_request(asked)
        return httpx2.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_Body(cast(_Stream, answer.stream), self._cap),
            extensions=answer.extensions,
        )

    async def aclose(self) -> None:
        await self._pool.aclose()


class _Stream:
    """What httpcore2 gives as a response's stream."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        raise NotImplementedError

    async def aclose(self) -> None:
        raise NotImplementedError


class _Body(httpx2.AsyncByteStream):
    def __init__(self, stream: _Stream, cap: int | None) -> None:
        self._stream = stream
        self._cap = cap

    def __aiter__(self) -> AsyncIterator[bytes]:
        return aiter(self._stream) if self._cap is None else self._capped(self._cap)

    async def _capped(self, left: int) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            left -= len(chunk)
            if left < 0:
                raise httpx2.RemoteProtocolError("the answer is larger than any reply can be")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


class _Backend(httpcore2.AsyncNetworkBackend):
    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,  # noqa: ARG002 - we set none
    ) -> httpcore2.AsyncNetworkStream:
        loop = asyncio.get_running_loop()
        local = (local_address, 0) if local_address else None
        try:
            async with asyncio.timeout(timeout):
                _, connection = await loop.create_connection(
                    _Connection, host, port, local_addr=local, happy_eyeballs_delay=_race_s(host)
                )
        except TimeoutError:
            raise httpcore2.ConnectTimeout(f"no connection within {timeout:g} s") from None
        except OSError as error:
            raise httpcore2.ConnectError(error.strerror or str(error)) from None
        return connection

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def _race_s(host: str) -> float | None:
    """A name's addresses are tried beside each other, so many seconds apart. A literal address races with nobody; and
    asyncio's race leaves its winner's socket open where it is given up in the very moment that it is won."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return 0.25
    return None


class _Connection(asyncio.Protocol, httpcore2.AsyncNetworkStream):
    """One TCP or TLS connection: bytes come in by callback, and are handed out by `read`."""

    _transport: asyncio.Transport

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._over = False
        self._error: Exception | None = None
        self._reader: asyncio.Future[None] | None = None
        self._room: asyncio.Future[None] | None = None

    # ---- what asyncio tells ----------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if len(self._buffer) > _HIGH:
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> bool:
        self._over = True
        self._wake()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._over = True
        self._error = exc
        self._wake()
        self.resume_writing()

    def pause_writing(self) -> None:
        self._room = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        if self._room is not None and not self._room.done():
            self._room.set_result(None)
        self._room = None

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    # ---- what httpcore2 asks ---------------------------------------------------------------------------------------

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        while not self._buffer:
            if self._over:
                if self._error is not None:
                    raise httpcore2.ReadError(str(self._error))
                return b""
            self._reader = asyncio.get_running_loop().create_future()
            try:
                if timeout is None:
                    await self._reader
                else:
                    async with asyncio.timeout(timeout):
                        await self._reader
            except TimeoutError:
                raise httpcore2.ReadTimeout(f"nothing within {timeout:g} s") from None
            finally:
                self._reader = None
        data = bytes(self._buffer[:max_bytes])
        del self._buffer[:max_bytes]
        if not self._over and len(self._buffer) <= _HIGH:
            self._transport.resume_reading()
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if not buffer:
            return
        if self._transport.is_closing():
            raise httpcore2.WriteError("the connection is closed")
        self._transport.write(buffer)
        if self._room is not None:
            try:
                async with asyncio.timeout(timeout):
                    await self._room
            except TimeoutError:
                raise httpcore2.WriteTimeout(f"not taken within {timeout:g} s") from None
            if self._over and self._error is not None:
                raise httpcore2.WriteError(str(self._error))

    async def aclose(self) -> None:
        # Not waited for: a server that will not say goodbye must not hold us up.
        self._transport.abort() if self._buffer or not self._over else self._transport.close()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout):
                transport = await loop.start_tls(self._transport, self, ssl_context, server_hostname=server_hostname)
        except TimeoutError:
            self._transport.abort()
            raise httpcore2.ConnectTimeout(f"no TLS within {timeout:g} s") from None
        except (OSError, ssl.SSLError) as error:
            self._transport.abort()
            raise httpcore2.ConnectError(str(error)) from None
        if transport is None:
            raise httpcore2.ConnectError("the connection was closed during the TLS handshake")
        self._transport = transport
        return self

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":  # of an idle connection: it was closed, or speaks out of turn
            return self._over or bool(self._buffer)
        name = {"client_addr": "sockname", "server_addr": "peername"}.get(info, info)
        with contextlib.suppress(AttributeError):
            return self._transport.get_extra_info(name)
        return None
