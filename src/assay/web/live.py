"""Parts of a page that change while somebody looks at them: server-sent events, made by looking again and again.

In a page, `data-live="/bench/run/x/live"` on an element opens the stream, and what comes under a part's name replaces the
content of every element with `data-live-part="NAME"`. With the event `end` the page closes it, and reloads where the
element says `data-live-end="reload"`. Without script a page should say so and offer a reload (block `head`:
`<noscript><meta http-equiv="refresh" content="5"></noscript>`).
"""

import threading
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import anyio
from anyio.to_thread import run_sync
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from assay.web.shell import Shell

MOST = 100
"""Streams that may be open at once; each asks the database once a second."""
_SLICE_S = 0.25
_QUIET_S = 15  # a proxy cuts a connection that says nothing for longer

_counting = threading.Lock()


@dataclass(frozen=True)
class Look:
    """What one look found."""

    parts: Mapping[str, str] = field(default_factory=dict)
    """HTML by part, made by `shell.fragment`. A part that has not changed is not sent again."""
    ended: bool = False
    """Whether nothing more will change."""


def stream(shell: Shell, look: Callable[[], Look], *, every_s: float = 1.0) -> Response:
    """Look again and again (in a thread), and send what has changed, until it ends, the reader goes or the app stops."""
    if shell.watching >= MOST:
        return Response("Too many pages watch at once.", 503, {"Retry-After": "10"}, "text/plain")
    return _Stream(
        shell,
        _events(shell, look, every_s),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


class _Stream(StreamingResponse):
    """Counts itself among the streams for as long as somebody watches."""

    def __init__(self, shell: Shell, events: AsyncIterator[str], **options: Any) -> None:
        super().__init__(events, **options)
        self._shell = shell

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with _counting:
            self._shell.watching += 1
        try:
            await super().__call__(scope, receive, send)
        finally:
            with _counting:
                self._shell.watching -= 1


async def _events(shell: Shell, look: Callable[[], Look], every_s: float) -> AsyncIterator[str]:
    sent: dict[str, int] = {}
    quiet = 0.0
    yield "retry: 2000\n\n"
    while not shell.stopping.is_set():
        seen = await run_sync(look)
        for name, html in seen.parts.items():
            if sent.get(name) != hash(html):
                sent[name] = hash(html)
                quiet = 0.0
                yield event(name, html)
        if seen.ended:
            yield event("end", "")
            return
        waited = 0.0
        while waited < every_s and not shell.stopping.is_set():
            await anyio.sleep(min(_SLICE_S, every_s))
            waited += _SLICE_S
        quiet += waited
        if quiet >= _QUIET_S:
            quiet = 0.0
            yield ": still here\n\n"


def event(name: str, html: str) -> str:
    """One event: its text may have any line ends, its name none."""
    lines = "".join(f"data: {line}\n" for line in (html.splitlines() or [""]))
    return f"event: {name}\n{lines}\n"
