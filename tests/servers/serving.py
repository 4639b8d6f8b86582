"""A small HTTP/1.1 server for scripted answers, in a thread of its own. Keeps connections alive, as real ones do."""

import argparse
import asyncio
import contextlib
import importlib
import json
import os
import signal
import ssl
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.servers.script import Answer, ScriptedReply, Seen, cut_into, echo


@dataclass(frozen=True)
class Counts:
    """What a server has seen so far."""

    requests: int
    """Questions, answered or not."""
    prompts: dict[str, int]
    """How often each last message was asked."""
    most_at_once: int


class Server:
    """Serves one protocol on a free port of the loopback. Subclasses say what the protocol looks like."""

    question_path = ""

    def __init__(
        self,
        answer: Answer = echo,
        *,
        models: tuple[str, ...] = ("model-a", "model-b"),
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.answer = answer
        self._tls = tls
        self.models = models
        self.seen: list[Seen] = []
        self._asked: Counter[str] = Counter()
        self._now = self._most = 0
        self._lock = threading.Lock()
        self._port = port
        self._loop = asyncio.new_event_loop()
        self.connections = 0
        """How many were ever made."""
        self._connections: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    # ---- for tests -------------------------------------------------------------------------------------------------

    @property
    def root(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._port}"

    @property
    def url(self) -> str:
        """What a model's `url` is to be."""
        return self.root

    @property
    def port(self) -> int:
        return self._port

    def counts(self) -> Counts:
        with self._lock:
            return Counts(sum(self._asked.values()), dict(self._asked), self._most)

    def start(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        return self

    def stop(self) -> None:
        if not self._loop.is_closed():
            asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # ---- what a protocol says --------------------------------------------------------------------------------------

    def prompt_of(self, body: dict[str, Any]) -> str:
        content = body["messages"][-1]["content"]
        return content if isinstance(content, str) else "".join(part["text"] for part in content)

    def refusal(self, body: dict[str, Any], headers: dict[str, str]) -> ScriptedReply | None:
        """What the protocol itself refuses, before the script is asked."""
        if body.get("model") not in self.models:
            return ScriptedReply(
                status=404, error=f"The model `{body.get('model')}` does not exist", code="model_not_found"
            )
        return None

    def document(self, path: str) -> Any:
        """What a GET of this path answers; None: nothing is there."""
        return None

    def error_document(self, reply: ScriptedReply) -> Any:
        return {"error": {"message": reply.error, "type": "server_error", "param": None, "code": reply.code}}

    def whole_document(self, body: dict[str, Any], reply: ScriptedReply) -> Any:
        raise NotImplementedError

    def stream_type(self) -> str:
        return "text/event-stream; charset=utf-8"

    def opening(self, body: dict[str, Any], reply: ScriptedReply) -> list[bytes]:
        return []

    def keep_alive(self) -> bytes:
        return b": keep-alive\n\n"

    def piece(self, body: dict[str, Any], kind: str, text: str) -> bytes:
        """One piece of `thinking` or `text`."""
        raise NotImplementedError

    def error_event(self, reply: ScriptedReply) -> bytes:
        raise NotImplementedError

    def closing(self, body: dict[str, Any], reply: ScriptedReply) -> list[bytes]:
        raise NotImplementedError

    # ---- serving ---------------------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self._port, backlog=1024, ssl=self._tls)
        self._port = self._server.sockets[0].getsockname()[1]

    async def _end(self) -> None:
        # asyncio leaves open what it is just accepting when its server is closed: nothing new, then wait, then close.
        for listening in self._server.sockets if self._server else ():
            self._loop.remove_reader(listening.fileno())
        while asyncio.all_tasks() - {asyncio.current_task()}:
            while self._connections:
                self._connections.pop().cancel()
            await asyncio.sleep(0)
        if self._server:
            self._server.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._connections.add(task)
        self.connections += 1
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                while await self._request(reader, writer):
                    pass
        finally:
            self._connections.discard(task)
            writer.transport.abort() if self._loop.is_closed() else writer.close()
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").strip().split("\r\n")
        method, path, _ = first.split(" ")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        data = await reader.readexactly(int(headers.get("content-length", 0)))
        path = path.partition("?")[0]
        if method == "GET":
            await self._get(writer, path)
            return True
        if path != self.question_path:
            await self._send(writer, 404, {"error": {"message": f"Unexpected endpoint: {path}"}}, {})
            return True
        return await self._question(writer, path, headers, json.loads(data))

    async def _get(self, writer: asyncio.StreamWriter, path: str) -> None:
        if path == "/counts":
            counts = self.counts()
            document: Any = {
                "requests": counts.requests,
                "prompts": counts.prompts,
                "most_at_once": counts.most_at_once,
            }
        else:
            document = self.document(path)
        await self._send(writer, 404 if document is None else 200, document or {"error": "not found"}, {})

    async def _question(
        self, writer: asyncio.StreamWriter, path: str, headers: dict[str, str], body: dict[str, Any]
    ) -> bool:
        prompt = self.prompt_of(body)
        with self._lock:
            nth = self._asked[prompt]
            self._asked[prompt] += 1
            self._now += 1
            self._most = max(self._most, self._now)
            self.seen.append(Seen(path, headers, body, prompt))
        try:
            reply = self.refusal(body, headers) or self.answer(prompt, nth)
            await asyncio.sleep(reply.wait_s)
            if reply.drop_after == 0:
                writer.transport.abort()
                return False
            if reply.status != 200:
                await self._send(writer, reply.status, self.error_document(reply), reply.headers)
                return True
            if reply.whole or not body.get("stream", False):
                await self._send(writer, 200, self.whole_document(body, reply), reply.headers)
                return True
            return await self._stream(writer, body, reply)
        finally:
            with self._lock:
                self._now -= 1

    async def _send(self, writer: asyncio.StreamWriter, status: int, document: Any, headers: dict[str, str]) -> None:
        data = json.dumps(document).encode()
        head = {"content-type": "application/json", "content-length": str(len(data)), **headers}
        writer.write(_head(status, head) + data)
        await writer.drain()

    async def _stream(self, writer: asyncio.StreamWriter, body: dict[str, Any], reply: ScriptedReply) -> bool:
        head = {"content-type": self.stream_type(), "transfer-encoding": "chunked", **reply.headers}
        pending = _head(200, head)
        sent = 0
        async for data in self._pieces(body, reply):
            if data is None:
                writer.write(pending)
                pending = b""
                await writer.drain()
                continue
            # Without waits between pieces they leave together, as a fast server's do.
            pending += _chunk(data) if data else b""  # an empty chunk would be the end
            sent += 1
            if reply.drop_after is not None and sent >= reply.drop_after:
                writer.write(pending)
                await writer.drain()
                writer.close()
                return False
            if reply.hang_after is not None and sent >= reply.hang_after:
                writer.write(pending)
                await writer.drain()
                await asyncio.sleep(3600)
            if reply.error_after is not None and sent >= reply.error_after:
                writer.write(pending + _chunk(self.error_event(reply)) + b"0\r\n\r\n")
                await writer.drain()
                return True
        writer.write(pending + b"0\r\n\r\n")
        await writer.drain()
        return True

    async def _pieces(self, body: dict[str, Any], reply: ScriptedReply) -> AsyncIterator[bytes | None]:
        """The stream's pieces; None: send what there is."""
        if reply.garbage is not None:
            yield reply.garbage
            return
        for _ in range(reply.ping):
            yield self.keep_alive()
            yield None
            await asyncio.sleep(reply.piece_s)
        if reply.first_token_s:
            yield None
            await asyncio.sleep(reply.first_token_s)
        for data in self.opening(body, reply):
            yield data
        for kind, text in (("thinking", reply.thinking), ("text", reply.text)):
            for part in cut_into(text, reply.pieces):
                yield self.piece(body, kind, part)
                if reply.piece_s:
                    yield None
                    await asyncio.sleep(reply.piece_s)
        for data in self.closing(body, reply):
            yield data


def _head(status: int, headers: dict[str, str]) -> bytes:
    lines = [
        f"HTTP/1.1 {status} {'OK' if status == 200 else 'Error'}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def event(document: Any, name: str | None = None) -> bytes:
    """One server-sent event."""
    return (f"event: {name}\n".encode() if name else b"") + b"data: " + json.dumps(document).encode() + b"\n\n"


def main(make: Callable[..., Server]) -> None:
    """Serve as a process until it is told to end; the port is written to a file once it listens."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port-file", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--model", action="append", help="a model it offers; may be repeated")
    parser.add_argument(
        "--answers", type=Path, help="JSON Lines of {prompt, reply}: what to answer; else the prompt again"
    )
    parser.add_argument("--answer", help="module:function, an Answer")
    parser.add_argument("--reply-bytes", type=int, default=0, help="answer with so much text")
    parser.add_argument("--pieces", type=int, default=4)
    parser.add_argument("--delay", type=float, default=0, help="seconds before the first token")
    parser.add_argument("--piece-delay", type=float, default=0)
    options = parser.parse_args()
    shape = {"pieces": options.pieces, "first_token_s": options.delay, "piece_s": options.piece_delay}
    server = make(_answer(options, shape), models=tuple(options.model or ("model-a", "model-b")), port=options.port)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    with server:
        fresh = options.port_file.with_suffix(".new")
        fresh.write_text(f"{server.port}\n")
        os.replace(fresh, options.port_file)
        signal.sigwait({signal.SIGTERM, signal.SIGINT})


def _answer(options: argparse.Namespace, shape: dict[str, Any]) -> Answer:
    if options.answer:
        module, _, name = options.answer.partition(":")
        answer: Answer = getattr(importlib.import_module(module), name)
        return answer
    if options.answers:
        lines = [json.loads(line) for line in options.answers.read_text("utf-8").splitlines() if line.strip()]
        known = {line["prompt"]: line["reply"] for line in lines}
        return lambda prompt, _: ScriptedReply(known.get(prompt, "I do not know."), **shape)
    if options.reply_bytes:
        text = ("x = 1\n" * (options.reply_bytes // 6 + 1))[: options.reply_bytes]
        return lambda _prompt, _nth: ScriptedReply(text, **shape)
    return lambda prompt, nth: ScriptedReply(echo(prompt, nth).text, **shape)
