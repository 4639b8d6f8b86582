"""A run's progress as server-sent events: one look a second at each run that is watched, shared by everybody who watches.

An open page costs a task that waits: it holds no queue, only the number of the last state it was sent, so a reader that
is slow misses states and one that does not read at all holds one. A stream ends with the run, and with the server.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from fastapi.responses import StreamingResponse
from sqlalchemy.exc import SQLAlchemyError

from assay.errors import AssayError
from assay.web.shell import Shell

_log = logging.getLogger("assay.web")

EVERY_S = 1.0
_SHARE = 5  # of the time, a look may take one part in so many: large runs are looked at less often
_LONGEST_S = 10.0
_HEARTBEAT_S = 15.0
_AFTER_TROUBLE_S = 5.0
_SLICE_S = 0.25
_MOST = 5_000
"""Streams open at once: more is a fault, not an audience."""


@dataclass(frozen=True)
class State:
    """What one look came to."""

    html: str
    moving: bool
    """Whether there will be more to see."""


@dataclass(eq=False)
class _Channel:
    """One run that somebody watches. Used in the event loop only."""

    look: Callable[[], State]
    readers: int = 0
    number: int = 0
    """Of the state; counts up."""
    frame: bytes = b""
    over: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    task: "asyncio.Task[None] | None" = None

    def tell(self) -> None:
        """Wake everybody who waits; whoever comes later waits for the next."""
        self.changed.set()
        self.changed = asyncio.Event()


class Streams:
    """Every stream of one app."""

    most = _MOST

    def __init__(self, shell: Shell, every_s: float = EVERY_S) -> None:
        self._shell = shell
        self._every_s = every_s
        self.after_trouble_s = _AFTER_TROUBLE_S
        self._channels: dict[str, _Channel] = {}

    @property
    def readers(self) -> int:
        """How many streams are open."""
        return sum(channel.readers for channel in self._channels.values())

    def is_watched(self, name: str) -> bool:
        """Whether somebody watches it already."""
        return name in self._channels

    def open(self, name: str, look: Callable[[], State]) -> StreamingResponse:
        """A stream of what `look` sees under this name. It is called in a thread, never twice at once for one name."""
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(self._read(name, look), media_type="text/event-stream", headers=headers)

    async def _read(self, name: str, look: Callable[[], State]) -> AsyncIterator[bytes]:
        yield b"retry: 3000\n\n"
        channel = self._channel(name, look)
        channel.readers += 1
        seen = 0
        try:
            while not self._shell.stopping.is_set():
                if channel.number > seen:
                    seen = channel.number
                    yield channel.frame
                elif channel.over:
                    return
                else:
                    try:
                        async with asyncio.timeout(_HEARTBEAT_S):
                            await channel.changed.wait()
                    except TimeoutError:
                        yield b": still here\n\n"
        finally:
            channel.readers -= 1

    def _channel(self, name: str, look: Callable[[], State]) -> _Channel:
        channel = self._channels.get(name)
        if channel is None or channel.over:
            channel = self._channels[name] = _Channel(look)
            channel.task = asyncio.create_task(self._poll(name, channel))
        return channel

    async def _poll(self, name: str, channel: _Channel) -> None:
        """Look while anybody watches, and tell them what is new."""
        html = ""
        try:
            while channel.readers and not self._shell.stopping.is_set():
                began = time.monotonic()
                try:
                    state = await asyncio.to_thread(channel.look)
                except (AssayError, SQLAlchemyError):  # the database is away: what was seen last stays on the pages
                    _log.warning("A run's progress could not be read; it is tried again.", exc_info=True)
                    await self._wait(self.after_trouble_s)
                    continue
                if state.html != html or not state.moving:
                    html = state.html
                    channel.number += 1
                    channel.frame = _frame(channel.number, state)
                    channel.over = not state.moving
                    channel.tell()
                if not state.moving:
                    return
                await self._wait(min(_LONGEST_S, max(self._every_s, _SHARE * (time.monotonic() - began))))
        finally:
            channel.over = True
            if self._channels.get(name) is channel:
                del self._channels[name]
            channel.tell()

    async def _wait(self, seconds: float) -> None:
        """So long, or until the server ends."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self._shell.stopping.is_set():
            await asyncio.sleep(min(_SLICE_S, end - time.monotonic()) if end > time.monotonic() else 0)


def _frame(number: int, state: State) -> bytes:
    """The state as an event, and after the last one another that says so."""
    lines = state.html.replace("\r", " ").split("\n")
    text = f"id: {number}\nevent: progress\n" + "".join(f"data: {line}\n" for line in lines) + "\n"
    return (text if state.moving else f"{text}id: end\nevent: end\ndata: over\n\n").encode()
