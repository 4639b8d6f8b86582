"""What stands before every page: who asks, from where, with how much, and what the browser may do with the answer.

Covered: a page elsewhere that posts to us (signed token, Origin, Sec-Fetch-Site), a name elsewhere that points here (Host),
a proxy that would let the world in by the loopback door, bodies that are too large or never end, failures of ours. What
a product opens to guests is open by its address alone: who may stand there is for the product to ask.
Not covered: other users of this machine, who reach the loopback address as its owner does.
"""

import ipaddress
import logging
import secrets
import socket
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import anyio
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assay.errors import AssayError, ProviderError, SandboxUnavailable, StoreError, UnknownName
from assay.web import Guests
from assay.web.seal import TOKEN_BYTES, Seal, masked, unmasked
from assay.web.sign_in import LASTS_S, SignIn, is_loopback

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
LARGEST_BODY = 8 << 20
_BODY_WITHIN_S = 60
_SAFE = ("GET", "HEAD", "OPTIONS")
_OPEN = ("/sign-in", "/assets/", "/theme")
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_YEAR_S = 365 * 24 * 3600
THEMES = ("system", "light", "dark")

_log = logging.getLogger("assay.web")


@dataclass(frozen=True)
class ErrorPage:
    """What a reader is told when there is no page to show."""

    status: int
    title: str
    happened: str
    kept: str = ""
    todo: str = ""


TITLES = {400: "That cannot be done", 404: "Not found", 405: "Not that way", 422: "That is not understood"}
_STATUS: dict[type[AssayError], int] = {StoreError: 503, SandboxUnavailable: 503, ProviderError: 502, UnknownName: 404}


def error_page(error: AssayError) -> ErrorPage:
    """An error that was foreseen, as a reader is told of it."""
    status = next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 400)
    kept = "Everything that was saved before is safe." if status == 503 else ""
    return ErrorPage(status, TITLES.get(status, "That did not work"), str(error), kept, error.help)


@dataclass(frozen=True)
class Door:
    """Where the app listens, and whom it lets in."""

    loopback: bool
    names: frozenset[str]
    """Host names it answers to besides the loopback's; in lower case."""
    sign_in: SignIn | None

    @classmethod
    def at(cls, host: str, names: Iterable[str], sign_in: SignIn | None) -> "Door":
        """The door of an address to listen on, and of the names by which a proxy or a DNS server sends people to it."""
        known = {name.lower() for name in names}
        if not is_loopback(host):
            known |= {host.lower(), socket.gethostname().lower()}
        return cls(loopback=is_loopback(host), names=frozenset(known), sign_in=sign_in)

    def answers_to(self, host: str) -> bool:
        """Whether a Host header means us. No name of somebody else's, which may point here today (DNS rebinding)."""
        try:
            name = (urlsplit(f"//{host}").hostname or "").lower()
        except ValueError:
            return False
        if name in self.names or name == "localhost" or name.endswith(".localhost"):
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        # a bare address is nobody's name; behind a sign-in each one is as good as another
        return address.is_loopback or not self.loopback


@dataclass
class Visitor:
    """Who asks: made for each request, at `request.state.visitor`."""

    secret: str
    theme: str
    signed_in: bool
    member: bool
    """Whether this reader may see more than the sign-in page."""
    fresh: bool
    """Whether the browser has yet to be given its token."""

    @property
    def token(self) -> str:
        """What a form posts back as `_token`."""
        return masked(self.secret)


class Guard:
    """The outermost part of the app. `refuse` makes the answer to a request that goes no further."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        seal: Seal,
        door: Door,
        refuse: Callable[[Request, ErrorPage], Response],
        guests: Sequence[Guests] = (),
    ) -> None:
        self._app = app
        self._seal = seal
        self._door = door
        self._refuse = refuse
        self._guests = guests
        self.token_cookie = f"assay_token_{seal.mark}"
        self.session_cookie = f"assay_session_{seal.mark}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        cookies = _cookies(request.headers)
        visitor = self._visitor(cookies)
        request.state.visitor = visitor
        request.state.session = cookies.get(self.session_cookie, "")
        answer = _Answer(send, request, visitor, self)
        problem = self._problem(request, visitor)
        if problem is None and request.method not in _SAFE:
            receive, problem = await self._read(request, visitor, receive)
        try:
            if problem is not None:
                response = self._refuse(request, problem)
                if problem.status == 401 and request.method in ("GET", "HEAD") and _shows_pages(request):
                    back = quote(request.url.path + (f"?{request.url.query}" if request.url.query else ""), safe="")
                    response = RedirectResponse(f"/sign-in?back={back}", 303)
                await response(scope, receive, answer)
            elif request.method == "HEAD":  # as GET, whose body the server leaves out
                await self._app({**scope, "method": "GET"}, answer.no_more, answer)
            else:
                await self._app(scope, receive, answer)
        except Exception:
            _log.exception("A page failed: %s %s", request.method, request.url.path)
            if answer.begun:
                raise  # half a page is out: all that is left is to cut the connection
            await self._refuse(request, FAULT)(scope, receive, answer)

    def _visitor(self, cookies: dict[str, str]) -> Visitor:
        secret = self._seal.open("token", cookies.get(self.token_cookie, ""))
        theme = cookies.get("assay_theme", "system")
        sign_in = self._door.sign_in
        known = sign_in is not None and sign_in.knows(cookies.get(self.session_cookie, ""))
        return Visitor(
            secret=secret or secrets.token_hex(TOKEN_BYTES),
            theme=theme if theme in THEMES else "system",
            signed_in=known,
            member=known or sign_in is None,
            fresh=secret is None,
        )

    def _problem(self, request: Request, visitor: Visitor) -> ErrorPage | None:
        host = request.headers.get("host", "")
        if not self._door.answers_to(host):
            return ErrorPage(
                421,
                "Not this name",
                f"The address asks for {host or 'no name'!r}, which this app does not answer to.",
                todo="Open the address that `assay up` printed. To serve another name, start it with --name NAME.",
            )
        if self._door.sign_in is None and any(name in request.headers for name in _FORWARDED):
            return ErrorPage(
                403,
                "Not through a proxy",
                "This request was passed on by a proxy, and the app was opened for its own machine alone.",
                todo="Start it with --name NAME, the name the proxy is known by: then everybody signs in.",
            )
        if not visitor.member and not self._is_open(request.scope["path"]):
            return ErrorPage(401, "Sign in first", "This app asks who you are.", todo="Open /sign-in in a browser.")
        return None

    def _is_open(self, path: str) -> bool:
        """Whether everybody may see what is at this address, which is the one that decides on the page too."""
        if any(path.startswith(place) if place.endswith("/") else path == place for place in _OPEN):
            return True
        return any(guests.may_see(path) for guests in self._guests)

    async def _read(self, request: Request, visitor: Visitor, receive: Receive) -> tuple[Receive, ErrorPage | None]:
        """The body, bounded, checked for the token, and given again to whoever asks for it."""
        if self._elsewhere(request):
            return receive, FORGED
        body = b""
        try:
            if int(request.headers.get("content-length", "0")) > LARGEST_BODY:
                return receive, TOO_LARGE
            with anyio.fail_after(_BODY_WITHIN_S):
                more = True
                parts: list[bytes] = []
                size = 0
                while more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return receive, SLOW
                    parts.append(message.get("body", b""))
                    size += len(parts[-1])
                    more = message.get("more_body", False)
                    if size > LARGEST_BODY:
                        return receive, TOO_LARGE
                body = b"".join(parts)
        except TimeoutError:
            return receive, SLOW
        except ValueError:
            return receive, ErrorPage(400, "Not a request", "Its length is no number.")
        said = request.headers.get("x-assay-token") or await _token_of(request.scope, body)
        if visitor.fresh or unmasked(said) is None or not secrets.compare_digest(unmasked(said) or "", visitor.secret):
            return _again(body, receive), FORGED
        return _again(body, receive), None

    def _elsewhere(self, request: Request) -> bool:
        """Whether the browser itself says that a page of somebody else's sends this."""
        if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return True
        origin = request.headers.get("origin")
        return origin is not None and urlsplit(origin).netloc.lower() != request.headers.get("host", "").lower()


FORGED = ErrorPage(
    403,
    "This form is out of date",
    "The form did not come from a page that this app gave to this browser, or its cookie is gone.",
    kept="Nothing was changed.",
    todo="Go back, reload the page, and send it again. The browser must keep cookies of this address.",
)
TOO_LARGE = ErrorPage(
    413,
    "Too much at once",
    f"What was sent is larger than {LARGEST_BODY >> 20} MB.",
    kept="Nothing was changed.",
    todo="Send less at once, or use the command line.",
)
SLOW = ErrorPage(
    408, "Not all of it came", f"The request was not complete after {_BODY_WITHIN_S} s.", "Nothing was changed."
)
FAULT = ErrorPage(
    500,
    "This page failed",
    "A fault of ours: the page could not be made.",
    kept="Everything that was saved before is safe.",
    todo="Reload it. If it fails again, the terminal that runs `assay up` shows why: please report that.",
)


class _Answer:
    """Sends a response with what every one of ours carries."""

    def __init__(self, send: Send, request: Request, visitor: Visitor, guard: Guard) -> None:
        self._send = send
        self._request = request
        self._visitor = visitor
        self._guard = guard
        self._unchanged = False
        self._head_is_out = anyio.Event()
        self._heard = False
        self.begun = False

    async def no_more(self) -> Message:
        """What who asks for the head alone has to say: once that is out they are gone, which ends a stream too."""
        if not self._heard:
            self._heard = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._head_is_out.wait()
        return {"type": "http.disconnect"}

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            message = self._head(message)
            self.begun = True
            await self._send(message)
            self._head_is_out.set()
            return
        if self._unchanged:
            if not message.get("more_body"):
                await self._send({"type": "http.response.body", "body": b""})
            return
        await self._send(message)

    def _head(self, message: Message) -> Message:
        headers = MutableHeaders(raw=[*message["headers"]])
        for name, value in _HEADERS.items():
            headers.setdefault(name, value)
        headers.setdefault("Cache-Control", "private, no-cache")
        headers.add_vary_header("Cookie") if "immutable" not in headers["Cache-Control"] else None
        page = headers.get("content-type", "").startswith("text/html")
        if page and self._visitor.fresh:
            sealed = self._guard._seal.close("token", self._visitor.secret)
            headers.append("Set-Cookie", cookie(self._guard.token_cookie, sealed, _YEAR_S, _is_tls(self._request)))
        status = message["status"]
        tag = headers.get("etag")
        if tag and status == 200 and self._request.method in ("GET", "HEAD"):
            asked = self._request.headers.get("if-none-match", "")
            if tag.removeprefix("W/") in [one.strip().removeprefix("W/") for one in asked.split(",")]:
                self._unchanged = True
                status = 304
                for name in ("content-length", "content-type", "content-encoding"):
                    if name in headers:
                        del headers[name]
        return {**message, "status": status, "headers": headers.raw}


def cookie(name: str, value: str, lasts_s: int, tls: bool) -> str:
    """A Set-Cookie header: never readable by script, never sent along by other sites' posts."""
    made = f"{name}={value}; Path=/; Max-Age={lasts_s}; HttpOnly; SameSite=Lax"
    return f"{made}; Secure" if tls else made


def session_cookie(guard_name: str, value: str, request: Request) -> str:
    """The cookie of a session; without a value, the one that ends it."""
    return cookie(guard_name, value, LASTS_S if value else 0, _is_tls(request))


def _is_tls(request: Request) -> bool:
    """Whether the browser came by https, through a proxy perhaps: it says so itself where it posts."""
    return request.url.scheme == "https" or request.headers.get("origin", "").startswith("https://")


def _cookies(headers: Headers) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in headers.get("cookie", "").split(";"):
        name, _, value = part.strip().partition("=")
        found.setdefault(name, value)
    return found


def _shows_pages(request: Request) -> bool:
    return wants_pages(request) and "hx-request" not in request.headers


def wants_pages(request: Request) -> bool:
    """Whether a person looks at the answer: not a program that reads JSON or CSV."""
    path = request.url.path
    if path.endswith((".json", ".csv", ".svg", ".jsonl")) or path.startswith("/assets/"):
        return False
    accept = request.headers.get("accept", "text/html")
    return "text/html" in accept or ("json" not in accept and "event-stream" not in accept)


async def _token_of(scope: Scope, body: bytes) -> str:
    """The form's `_token`; empty where the body is no form."""
    kind = Headers(scope=scope).get("content-type", "")
    if not kind.startswith(("application/x-www-form-urlencoded", "multipart/form-data")):
        return ""
    request = Request(dict(scope), _again(body, _nothing))
    try:
        async with request.form(max_files=20, max_fields=2_000, max_part_size=LARGEST_BODY) as form:
            said: Any = form.get("_token", "")
            return said if isinstance(said, str) else ""
    except Exception:  # a form that cannot be read holds no token, whatever is wrong with it
        return ""


def _again(body: bytes, then: Receive) -> Receive:
    """The body as if it had not been read yet."""
    given = False

    async def receive() -> Message:
        nonlocal given
        if given:
            return await then()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _nothing() -> Message:
    return {"type": "http.disconnect"}
