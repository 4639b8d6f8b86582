"""HTTP to one model server: lines of a streamed reply, bounded in time and size, and its errors sorted into ours.

Redirects are never followed: the key would go with them. Replies are asked for uncompressed, so that a small one cannot
unfold into a large one.
"""

import asyncio
import contextlib
import email.utils
import json
import re
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from pydantic_core import from_json

from assay.pipeline.llm import Busy, Patience, Refused, Server, ServerDown, Unreachable
from assay.pipeline.llm.http import Client, Connection, Dropped, NotConnected, ProxyFailed

_ERROR_BYTES = 64 << 10
_PAGE_BYTES = 4 << 10
_OVERHEAD = 64
"""A streamed token of 4 characters comes in an event of about 250: no honest server sends more than so many times."""
_ESCAPED = 12
"""A document says a character in six bytes at most (`\\u0041`), and a reply's thinking may be as long as its text."""
_LIST_BYTES = 32 << 20
"""No list of models is as long: the longest have two megabytes."""
_BOM = b"\xef\xbb\xbf"
_DRAIN_S = 0.5
_AFTER_S = 5
_BUSY = {408, 409, 423, 425, 429}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


class Wire:
    """A client for one server, with its key in one header."""

    def __init__(self, server: Server, headers: Mapping[str, str]) -> None:
        self.server = server
        self.url = server.url
        # Reads are bounded in `Stream`, where it is known whether a first token or the next one is awaited.
        self._client = Client(server.url, headers, server.patience.connect_s)

    def close(self) -> None:
        self._client.close()

    @contextlib.asynccontextmanager
    async def post(self, path: str, body: object, headers: Mapping[str, str] | None = None) -> AsyncIterator["Stream"]:
        """Send JSON; the reply as a stream of lines. Raises Refused, Busy or Unreachable, inside the block too."""
        clock = Clock(self.server.patience)
        with self.sorted_errors():
            async with clock.running(self.url):
                answer = await self._client.send("POST", path, json.dumps(body).encode(), headers)
                try:
                    if answer.status != 200:
                        raise await self._error(answer)
                    self._refuse_compressed(answer)
                    yield Stream(self, answer, clock)
                finally:
                    self._client.release(answer)

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> Any:
        """A small JSON document."""
        with self.sorted_errors():
            async with asyncio.timeout(self.server.patience.connect_s + 20):
                answer = await self._client.send("GET", path, headers=headers)
                try:
                    if answer.status != 200:
                        raise await self._error(answer)
                    self._refuse_compressed(answer)
                    return await Stream(self, answer, Clock(self.server.patience)).document(_LIST_BYTES)
                finally:
                    self._client.release(answer)

    def scrub(self, text: str) -> str:
        """The text as one line without our key, which servers have been seen to echo."""
        key = self.server.key
        return " ".join(_CONTROL.sub(" ", text.replace(key, "[key]") if key else text).split())

    def failure(self, status: int | None, said: str, retry_after: float | None = None) -> Refused | Busy | ServerDown:
        """What an error of the server means for us."""
        said = self.scrub(said)
        words = f"{self.url} answered {status or 'with an error'}: {said[:300] or 'no reason given'}"
        if status is None or status in _BUSY or status >= 500:
            return Busy(words, status=status, retry_after=retry_after)
        if status == 402:
            return ServerDown(words, "Top up the account there, then resume.")
        return Refused(words, self.advice(status, said), status=status, said=said)

    def garbled(self, what: str) -> Busy:
        """The server does not keep to its protocol."""
        return Busy(f"{self.url} sent {what}", "Is it a server of this kind, and is the URL right?")

    def advice(self, status: int, said: str) -> str:
        variable = self.server.key_variable
        if status in (401, 403):
            if self.server.key:
                return f"Check the key in {variable}: this server does not accept it for this model."
            return f"Set {variable or 'the variable that the model’s `key` names'} to your key for this server."
        if status == 404:
            return "Check the server's URL (OpenAI-compatible ones end in /v1) and the model's name."
        if named := [name for name in ("temperature", "top_p") if name in said]:
            return f"Some models accept no {named[0]}, or only some values: leave it out of this model's options."
        return ""

    def _refuse_compressed(self, answer: Connection) -> None:
        if (how := answer.headers.get("content-encoding", "identity").strip().lower()) not in ("identity", ""):
            raise self.garbled(f"a reply compressed by {self.scrub(how)[:40]}, though none was asked for")

    async def _error(self, answer: Connection) -> Refused | Busy | ServerDown:
        status = answer.status
        if status == 407:  # which only proxies answer
            raise ProxyFailed("it answered 407 and wants a user name and password: http://name:password@host:port")
        if 300 <= status < 400:
            target = urlsplit(self.scrub(answer.headers.get("location", "")))
            to = f"{target.scheme}://{target.hostname}" if target.hostname else "elsewhere"
            return Refused(
                f"{self.url} redirects to {to}.", "Give the final URL: a key is not carried along.", status=status
            )
        if status < 400:
            return self.garbled(f"the status {status} instead of 200")
        body = b""
        # What was said is worth little beside the status: a broken or endless body takes nothing from it.
        with contextlib.suppress(Dropped, TimeoutError):
            async with asyncio.timeout(10):
                while len(body) <= _ERROR_BYTES and (piece := await answer.read()):
                    body += piece
        return self.failure(status, error_text(body[:_ERROR_BYTES]), retry_after(answer.headers))

    @contextlib.contextmanager
    def sorted_errors(self) -> Iterator[None]:
        """Turn those of HTTP into ours."""
        try:
            yield
        except NotConnected as error:
            raise Unreachable(
                f"{self.url} cannot be reached: {self.scrub(str(error)) or 'it does not answer'}.",
                "Is the server running?",
            ) from None
        except ProxyFailed as error:
            raise Unreachable(f"The proxy before {self.url} failed: {self.scrub(str(error))}.") from None
        except TimeoutError:
            raise Busy(f"{self.url} did not answer in time.") from None
        except Dropped as error:
            raise Busy(f"{self.url} dropped the connection: {self.scrub(str(error))}.") from None


class Clock:
    """Bounds one reply in time by one timer, set anew only when it goes off: one for each piece would cost more than it."""

    def __init__(self, patience: Patience) -> None:
        self.began = time.monotonic()
        self._patience = patience
        self._heard = 0.0
        self._scope = asyncio.timeout(None)
        self._timer: asyncio.TimerHandle | None = None

    def heard(self) -> bool:
        """Another piece of the reply has come. False: and the time for the whole of it is up."""
        first, self._heard = not self._heard, time.monotonic()
        if first and self._timer:
            self._timer.cancel()
            self._look()  # the bound is another one from here on
        return self._heard - self.began < self._patience.whole_s

    def stop(self) -> None:
        """The answer is whole: what is still read has bounds of its own."""
        if self._timer:
            self._timer.cancel()
        self._timer = None

    @contextlib.asynccontextmanager
    async def running(self, url: str) -> AsyncIterator[None]:
        """Raises Busy when nothing is heard for too long."""
        try:
            async with self._scope:
                self._look()
                yield
        except TimeoutError:
            if not self._scope.expired():
                raise
            spent = time.monotonic() - (self._heard or self.began)
            what = "stopped in the middle of a reply" if self._heard else "sent nothing"
            raise Busy(f"{url} {what} for {spent:.3g} s.") from None
        finally:
            self.stop()

    def _look(self) -> None:
        due = self._heard + self._patience.silence_s if self._heard else self.began + self._patience.first_token_s
        loop = asyncio.get_running_loop()
        if (left := due - time.monotonic()) > 0:
            self._timer = loop.call_later(left, self._look)
        else:
            self._scope.reschedule(loop.time())


class Stream:
    """One reply coming in. `lines()` gives what has arrived, as whole lines; an empty list is its end."""

    def __init__(self, wire: Wire, answer: Connection, clock: Clock) -> None:
        self._wire = wire
        self._answer = answer
        self._rest = bytearray()
        self._begun = False
        self._ended = False
        self._clock = clock
        self.began = clock.began
        self.is_document = answer.headers.get("content-type", "").lower().startswith("application/json")
        """Whether the server answers with one JSON document although a stream was asked for."""
        self._is_page = answer.headers.get("content-type", "").lower().startswith("text/html")
        self._page = b""
        """How a page begins that came in the place of a reply: a proxy's, asking to sign in, or another server's."""
        self.cut = False
        """Whether it was still going when its time was up."""

    async def lines(self, *, gather: bool = False) -> list[bytes]:
        """The next whole lines, without their ends. Raises Busy when nothing comes for too long.

        `gather`, once the first token has come: a tenth of a second's lines at once. To be woken for each token would cost
        more than all else. The end of the reply is told at once.
        """
        while not self._ended:
            chunk = await self._read(gather)
            if chunk:
                if (end := chunk.rfind(b"\n")) < 0:
                    self._rest += chunk
                    continue
                lines = (bytes(self._rest) + chunk[:end]).split(b"\n")
                self._rest = bytearray(chunk[end + 1 :])
                if not self._begun:  # a byte order mark would hide the first event
                    self._begun = True
                    lines[0] = lines[0].removeprefix(_BOM)
                return lines
            self._ended = True
            if self._rest and not self.cut:
                return [bytes(self._rest)]
        return []

    async def after_finish(self) -> list[bytes]:
        """As `lines`, once the answer is whole: what may yet come is worth a short wait and no error."""
        self._clock.stop()
        with contextlib.suppress(TimeoutError, Dropped):
            async with asyncio.timeout(_AFTER_S):
                return await self.lines()
        self._ended = True
        return []

    async def drain(self) -> None:
        """Read what follows the protocol's own last word, so that the connection can serve again."""
        self._clock.stop()
        if self._answer.whole:
            return
        with contextlib.suppress(TimeoutError, Dropped):
            async with asyncio.timeout(_DRAIN_S):
                while not self._ended and await self._answer.read():
                    pass

    async def document(self, at_most: int | None = None) -> Any:
        """The whole reply as one JSON document, of so many bytes at most; None: of as many as the longest reply."""
        cap = at_most or self._wire.server.patience.reply_bytes * _ESCAPED
        parts, size = [], 0
        while chunk := await self._read(gather=False):
            size += len(chunk)
            if size > cap:
                raise too_long(self._wire.url, self._wire.server.patience.reply_bytes)
            parts.append(chunk)
        try:
            return parsed(b"".join(parts))
        except (ValueError, RecursionError):
            raise self.garbled("something that is not JSON") from None

    def garbled(self, what: str) -> Busy:
        """The server does not keep to its protocol; where it sent a page, that and the page's words are told."""
        if not self._page:
            return self._wire.garbled(what)
        said = self._wire.scrub(error_text(self._page))
        return Busy(
            f"{self._wire.url} answered text/html: {said[:300] or 'a page without words'}",
            "Is the URL right, or does a proxy on the way ask to sign in?",
        )

    async def _read(self, gather: bool) -> bytes:
        chunk = await self._answer.read(gather=gather)
        # Servers of people's own are seen to call a stream text/html: only what begins as a page is one.
        if self._is_page and len(self._page) < _PAGE_BYTES and (self._page or chunk.lstrip()[:1] == b"<"):
            self._page += chunk[:_PAGE_BYTES]
        patience = self._wire.server.patience
        if not self._clock.heard() and chunk:
            self.cut = True
            return b""
        if self._answer.received > patience.reply_bytes * _OVERHEAD or len(self._rest) > patience.reply_bytes:
            raise too_long(self._wire.url, patience.reply_bytes)
        return chunk


def too_long(url: str, cap: int) -> Refused:
    """No honest reply is as long as this."""
    return Refused(f"{url} sent more than {cap / (1 << 20):.3g} MB in one reply.", "Set `max_tokens` for this model.")


def parsed(line: bytes) -> Any:
    """One JSON value. Raises ValueError or RecursionError where it is none."""
    try:
        return from_json(line)
    except ValueError:
        return json.loads(line)  # which takes what is nearly Unicode: halves of pairs


def error_text(body: bytes) -> str:
    """The words in an error's body, whichever of the usual shapes it has."""
    text = body.decode("utf-8", "replace")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return re.sub(r"<[^>]{0,200}>", " ", text)
    return error_words(document) or text


def error_words(document: object) -> str:
    """The words in an error document: {"error": {"message": …}}, {"error": …}, {"message": …} or {"detail": …}.

    Gemini's stands in a list.
    """
    if isinstance(document, list) and document and isinstance(document[0], dict) and "error" in document[0]:
        document = document[0]
    for name in ("error", "message", "detail"):
        if isinstance(document, dict) and document.get(name):
            document = document[name]
    return document if isinstance(document, str) else json.dumps(document) if document else ""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds a server asks us to wait: as a number, in milliseconds or as a date."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        with contextlib.suppress(ValueError):
            seconds = float(headers.get(name, "")) / unit
            return seconds if seconds >= 0 and seconds < float("inf") else None
    with contextlib.suppress(ValueError, TypeError, OverflowError):
        return max(0.0, email.utils.parsedate_to_datetime(headers.get("retry-after", "")).timestamp() - time.time())
    return None
