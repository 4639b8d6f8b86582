"""A visitor without a browser: reads pages, posts forms with the token that they hold, follows streams."""

import re
import urllib.parse
from collections.abc import Iterator
from html import unescape
from types import TracebackType
from typing import NamedTuple, Self

import httpx2


class Event(NamedTuple):
    """One server-sent event."""

    name: str
    id: str
    data: str


class Visitor:
    """Keeps cookies, and follows no redirect by itself."""

    def __init__(self, url: str) -> None:
        self._client = httpx2.Client(base_url=url, timeout=60, headers={"Accept": "text/html"})

    def get(self, address: str, **headers: str) -> httpx2.Response:
        return self._client.get(address, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def post(self, address: str, fields: list[tuple[str, str]], page: str = "/bench/new") -> httpx2.Response:
        """Send a form, with the token of that page."""
        token = re.search(r'name="_token" value="([^"]+)"', self.get(page).text)
        assert token is not None
        body = urllib.parse.urlencode([("_token", unescape(token[1])), *fields], errors="surrogatepass")
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._client.post(address, content=body.encode(), headers=kind)

    def events(self, address: str, **headers: str) -> Iterator[Event]:
        """A stream's events until it ends."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        with self._client.stream("GET", address, headers={"Accept": "text/event-stream", **sent}) as response:
            assert response.status_code == 200, response.status_code
            assert response.headers["content-type"].startswith("text/event-stream")
            name, identifier, data = "", "", []
            for line in response.iter_lines():
                if line.startswith("event: "):
                    name = line[7:]
                elif line.startswith("id: "):
                    identifier = line[4:]
                elif line.startswith("data: "):
                    data.append(line[6:])
                elif not line and name:
                    yield Event(name, identifier, "\n".join(data))
                    name, identifier, data = "", "", []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()
