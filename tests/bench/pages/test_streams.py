"""Progress is looked at once for everybody who watches, and a reader that does not read costs nothing."""

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from assay.bench.pages.streams import State, Streams
from assay.errors import StoreError
from assay.web.shell import Shell
from tests.bench.pages.visiting import Visitor
from tests.browser_fixture import Site
from tests.killing import wait_for


def finished(going: Coroutine[Any, Any, Any]) -> Any:
    """What comes of it, in a thread of its own: a browser that was here before has left its loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, going).result()


class Stopping:
    """All that a stream needs of a shell."""

    def __init__(self) -> None:
        self.stopping = threading.Event()


class Steps:
    """Something to look at that ends after so many looks, each seeing something new."""

    def __init__(self, number: int, size: int = 10) -> None:
        self.looks = 0
        self._number = number
        self._size = size

    def __call__(self) -> State:
        self.looks += 1
        return State(html=f"{self.looks}:" + "x" * self._size, moving=self.looks < self._number)


async def read(response: StreamingResponse) -> list[str]:
    return [bytes(cast(Any, part)).decode() async for part in response.body_iterator]


def streams(shell: Stopping) -> Streams:
    return Streams(cast(Shell, shell), every_s=0.01)


def test_two_hundred_readers_share_one_look() -> None:
    async def run() -> tuple[Steps, list[list[str]], int]:
        made, steps = streams(Stopping()), Steps(8)
        parts = await asyncio.gather(*(read(made.open("run", steps)) for _ in range(200)))
        return steps, list(parts), made.readers

    steps, readers, left = finished(run())
    assert steps.looks == 8
    assert left == 0
    for parts in readers:
        assert "event: end" in parts[-1]
        assert parts[0] == "retry: 3000\n\n"
        numbers = [int(part.splitlines()[0].removeprefix("id: ")) for part in parts[1:]]
        assert numbers == sorted(set(numbers))


def test_what_does_not_change_is_not_sent_again() -> None:
    looks = 0

    def look() -> State:
        nonlocal looks
        looks += 1
        return State(html="same", moving=looks < 6)

    async def run() -> list[str]:
        return await read(streams(Stopping()).open("run", look))

    parts = finished(run())
    assert looks == 6
    assert len(parts) == 3  # the opening, the state, and the end


def test_nobody_looks_when_nobody_watches_any_more() -> None:
    async def run() -> tuple[int, bool]:
        made, steps = streams(Stopping()), Steps(10_000)
        iterator = cast(Any, made.open("run", steps).body_iterator)
        while b"event: progress" not in await anext(iterator):
            pass
        await iterator.aclose()
        while made.is_watched("run"):
            await asyncio.sleep(0.001)
        return steps.looks, made.is_watched("run")

    looks, watched = finished(run())
    assert looks < 100
    assert not watched


def test_a_server_that_stops_ends_every_stream_without_saying_that_the_run_ended() -> None:
    async def run() -> list[list[str]]:
        shell = Stopping()
        made, steps = streams(shell), Steps(10_000)
        readers = [asyncio.ensure_future(read(made.open("run", steps))) for _ in range(20)]
        while steps.looks < 3:
            await asyncio.sleep(0.001)
        shell.stopping.set()
        return list(await asyncio.gather(*readers))

    for parts in finished(run()):
        assert "event: progress" in "".join(parts)
        assert "event: end" not in "".join(parts)


@pytest.mark.parametrize("lines", ["a\nb", "a\rb", "data: x\n\nevent: end\n"])
def test_no_text_can_end_an_event_early(lines: str) -> None:
    async def run() -> str:
        return "".join(await read(streams(Stopping()).open("run", lambda: State(html=lines, moving=False))))

    body = finished(run()).partition("event: progress\n")[2].partition("\n\n")[0]
    assert all(line.startswith("data: ") for line in body.split("\n"))
    assert "\r" not in body


def test_a_database_that_is_away_for_a_while_ends_no_stream() -> None:
    looks = 0

    def look() -> State:
        nonlocal looks
        looks += 1
        if looks == 2:
            raise StoreError("The database is away.", "Wait.")
        return State(html=str(looks), moving=looks < 3)

    async def run() -> list[str]:
        made = streams(Stopping())
        made.after_trouble_s = 0.01
        return await read(made.open("run", look))

    assert "event: end" in finished(run())[-1]


def test_a_reader_that_does_not_read_is_sent_the_latest_and_not_all(serve_app: Callable[..., Site]) -> None:
    """40 MB are shown to a reader that sleeps through it; what waits for it then is what the buffers held, and the end."""
    number, size = 400, 100_000

    class Product:
        name, title = "bench", "streams"

        def router(self, shell: Shell) -> APIRouter:
            self.steps = Steps(number, size)
            made = Streams(shell, every_s=0.001)
            routes = APIRouter()

            @routes.get("/stream")
            async def stream() -> StreamingResponse:
                return made.open("run", self.steps)

            return routes

        def offers(self, shell: Shell) -> list[Any]:
            return []

        def search(self, shell: Shell, words: str, limit: int) -> list[Any]:
            return []

        def close(self) -> None:
            pass

    product = Product()
    site = serve_app({"bench": product})
    parts = urlsplit(site.url)
    with socket.socket() as asleep:
        asleep.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        asleep.connect((parts.hostname, parts.port))
        asleep.sendall(f"GET /bench/stream HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
        with Visitor(site.url) as awake:
            assert list(awake.events("/bench/stream"))[-1].name == "end"
        wait_for(lambda: product.steps.looks >= number, 60)
        asleep.settimeout(60)
        got = b""
        while b"event: end" not in got[-200:]:
            part = asleep.recv(1 << 20)
            assert part, "the stream broke off"
            got += part
    assert len(got) < number * size / 4
