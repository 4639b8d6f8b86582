"""The pages of runs as files: they open from any plain file server, under any path, with no server of ours behind them.

The pages are fetched from the app itself, in this process, and every link is followed as far as it stays within the runs;
so what a reader can reach here is what stands in the folder. Forms, live parts and links to what is not there are left
out. File names are made by us: nothing that a task or a model is called decides where a file lies.

Not covered: sorting and filtering by a form (links that sort are followed, and are pages of their own).
"""

import asyncio
import hashlib
import os
import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urljoin, urlsplit

from assay.errors import AssayError

if TYPE_CHECKING:
    from fastapi import FastAPI

_HOST = "127.0.0.1"
_KINDS = {"text/html": ".html", "application/json": ".json", "text/csv": ".csv", "text/plain": ".txt"}
_PLAIN = re.compile(r"[a-z0-9][a-z0-9._-]{0,60}\Z")
_ASSET = re.compile(r"/assets/([A-Za-z0-9][A-Za-z0-9._-]{0,100})\Z")
_LEFT_OUT = ("form", "noscript", "dialog", "button", "input", "select", "textarea")
_SCRIPTED = ("hx-", "data-live", "data-copy")


@dataclass(frozen=True)
class Fetched:
    """What the app answered."""

    status: int
    kind: str
    body: bytes
    location: str = ""


@dataclass
class Site:
    """What was written."""

    folder: Path
    pages: int = 0
    files: int = 0
    left_out: set[str] = field(default_factory=set)
    """Addresses that answered with no page."""


def write_site(app: "FastAPI", runs: Sequence[str], folder: Path, said: Callable[[int], None] = lambda _: None) -> Site:
    """Write the pages of these runs under `folder`, which must be empty or not be there yet. `said` hears the count."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise AssayError(
                f"{folder} is not empty.", "Name a new folder with --output: files of two sites do not mix."
            )
    except OSError as error:
        raise AssayError(
            f"{folder} cannot be written: {error.strerror}.", "Name another folder with --output."
        ) from None
    return _Writer(app, runs, folder, said).write()


class _Writer:
    def __init__(self, app: "FastAPI", runs: Sequence[str], folder: Path, said: Callable[[int], None]) -> None:
        self.app = app
        self.folder = folder
        self.said = said
        self.site = Site(folder)
        self.index = "/bench/?" + urlencode([("run", run) for run in runs])
        self.within = tuple(f"/bench/runs/{quote(run, safe='')}" for run in runs)
        self.names: dict[str, str] = {}
        """The file of each address."""
        self.taken: dict[str, str] = {}
        self.waiting: deque[str] = deque()

    def write(self) -> Site:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            asyncio.run(self._crawl())
        else:  # called where an event loop runs already, as in a notebook
            with ThreadPoolExecutor(1) as thread:
                thread.submit(lambda: asyncio.run(self._crawl())).result()
        return self.site

    async def _crawl(self) -> None:
        self._wanted(self.index)
        # a link has its file's name before it is known whether there is a page: links to what is not there are dropped last
        while self.waiting:
            address = self.waiting.popleft()
            fetched = await self._fetch(address)
            if fetched.status != 200 or fetched.kind not in (
                *_KINDS,
                "text/css",
                "text/javascript",
                "application/javascript",
            ):
                self.site.left_out.add(address)
                self.names.pop(address, None)
                continue
            self._write(address, self._body(address, fetched), fetched.kind)
        self._drop_dead_links()

    def _wanted(self, address: str | None) -> None:
        """Give an address of the site a file, and queue it, once."""
        if address is None or address in self.names or address in self.site.left_out:
            return
        self.names[address] = self._file_of(address)
        self.waiting.append(address)

    def _canonical(self, link: str, base: str) -> str | None:
        """The address a link means, if it belongs to the site."""
        parts = urlsplit(urljoin(f"http://{_HOST}{base}", link))
        if parts.netloc != _HOST or parts.scheme != "http":
            return None
        if parts.path in ("/", "/bench/") and not parts.query:
            return self.index
        if parts.path.startswith("/assets/"):
            return parts.path
        inside = any(parts.path == root or parts.path.startswith((f"{root}/", f"{root}.")) for root in self.within)
        if not inside or parts.path.endswith(("/events", "/progress", "/progress.json")):
            return None
        query = urlencode(sorted(parse_qsl(parts.query, keep_blank_values=False)))
        return parts.path + (f"?{query}" if query else "")

    def _file_of(self, address: str) -> str:
        """A file name of our own making. What an address says is kept where it is plain, else hashed."""
        if address == self.index:
            return self._free("index.html", address)
        path, _, query = address.partition("?")
        steps = [_plain(unquote(step)) for step in path.removeprefix("/bench/").strip("/").split("/")]
        stem, ending = steps[-1], ""
        if asset := _ASSET.match(path):
            return self._free(f"assets/{asset[1]}", address)
        for known in (".json", ".csv"):
            if path.endswith(known):
                stem, ending = stem.removesuffix(known), known
        if query:
            stem += f"--{_digest(query)}"
        return self._free("/".join([*steps[:-1], stem + (ending or "\0")]), address)

    def _free(self, name: str, address: str) -> str:
        """The name, or one more like it where a file system that tells no case apart has it already."""
        if self.taken.setdefault(name.lower(), address) != address:
            stem, dot, ending = name.rpartition(".")
            name = f"{stem}-{_digest(address)}{dot}{ending}" if dot else f"{name}-{_digest(address)}"
            self.taken[name.lower()] = address
        return name

    def _named(self, address: str) -> str:
        """The file of an address as it is called in links: a page's ending is .html, whatever it will hold."""
        name = self.names[address]
        if not name.endswith("\0"):
            return name
        return name[:-1] + (".txt" if "/texts/" in address else ".html")

    def _relative(self, link: str, base: str) -> str | None:
        """A link as it stands in a file, its page wanted from now on; None: what it leads to is not in the site."""
        if link.startswith("#"):
            return link
        if link.startswith("data:"):
            return link
        address = self._canonical(link, base)
        self._wanted(address)
        if address is None or address not in self.names:
            return None
        fragment = urlsplit(link).fragment
        here = PurePosixPath(self._named(base)).parent
        there = os.path.relpath(self._named(address), here)
        return quote(there) + (f"#{fragment}" if fragment else "")

    def _body(self, address: str, fetched: Fetched) -> bytes:
        if fetched.kind == "text/html":
            text = fetched.body.decode("utf-8", "replace")
            return _Rewriter(lambda link: self._relative(link, address)).rewritten(text).encode("utf-8", "replace")
        return fetched.body

    def _write(self, address: str, body: bytes, kind: str) -> None:
        path = self.folder / self._named(address)
        if not path.resolve().is_relative_to(self.folder.resolve()):  # names are ours, so this cannot be; it is checked
            raise AssayError(f"{address} would lie outside of {self.folder}.", "Please report this address.")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
        self.site.files += 1
        if kind == "text/html":
            self.site.pages += 1
            if self.site.pages % 100 == 0:
                self.said(self.site.pages)

    def _drop_dead_links(self) -> None:
        """Links to addresses that turned out to have no page become text."""
        if not self.site.left_out:
            return
        dead = {self._dead_name(address) for address in self.site.left_out}
        for path in self.folder.rglob("*.html"):
            here = PurePosixPath(path.relative_to(self.folder).as_posix()).parent

            def alive(link: str, here: PurePosixPath = here) -> str | None:
                target = unquote(link.partition("#")[0])
                gone = bool(target) and os.path.normpath(os.path.join(here, target)) in dead
                return None if gone else link

            text = path.read_text(encoding="utf-8")
            changed = _Rewriter(alive).rewritten(text)
            if changed != text:
                path.write_text(changed, encoding="utf-8")

    def _dead_name(self, address: str) -> str:
        self.names[address] = self._file_of(address)
        name = self._named(address)
        del self.names[address]
        return name

    async def _fetch(self, address: str) -> Fetched:
        """Ask the app as a browser on this machine would."""
        path, _, query = address.partition("?")
        messages: list[Mapping[str, Any]] = []
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
            "path": unquote(path), "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
            "headers": [(b"host", _HOST.encode()), (b"accept", b"text/html,*/*")],
            "client": (_HOST, 1), "server": (_HOST, 80),
        }  # fmt: skip
        asked = False

        async def receive() -> dict[str, Any]:
            nonlocal asked
            if asked:
                await asyncio.Event().wait()
            asked = True
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Mapping[str, Any]) -> None:
            messages.append(message)

        await self.app(scope, receive, send)
        headers = {name.decode().lower(): value.decode("latin-1") for name, value in messages[0]["headers"]}
        body = b"".join(message.get("body", b"") for message in messages[1:])
        kind = headers.get("content-type", "").partition(";")[0]
        return Fetched(messages[0]["status"], kind, body, headers.get("location", ""))


def _plain(step: str) -> str:
    """One step of an address as a file's name: itself where that is plain, else a hash behind what of it is plain."""
    if _PLAIN.match(step) and ".." not in step and not step.endswith("."):
        return step
    kept = re.sub(r"[^a-z0-9]+", "-", step.lower())[:40].strip("-")
    return f"{kept or 'x'}-{_digest(step)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:10]


# ---- a page of the app as a page of the site -----------------------------------------------------------------------


class _Rewriter(HTMLParser):
    """Copies a page, with links changed by a function; a link that it gives None for becomes plain text.

    What stands between the tags is copied as it is, escapes and all.
    """

    def __init__(self, relative: Callable[[str], str | None]) -> None:
        super().__init__(convert_charrefs=False)
        self._relative = relative
        self._out: list[str] = []
        self._skipped: list[str] = []
        """The elements that are open within one that is left out."""
        self._plain: list[bool] = []
        """Of each open <a>, whether it became text."""

    def rewritten(self, page: str) -> str:
        self.feed(page)
        self.close()
        return "".join(self._out)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._start(tag, attrs, closed=False)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._start(tag, attrs, closed=True)

    def _start(self, tag: str, attrs: list[tuple[str, str | None]], *, closed: bool) -> None:
        empty = closed or tag in _VOID
        given = dict(attrs)
        if self._skipped:
            if not empty:
                self._skipped.append(tag)
            return
        if (
            tag in _LEFT_OUT
            or "data-live-only" in given
            or "hx-get" in given
            or "search" in (given.get("class") or "").split()
        ):
            if not empty:
                self._skipped.append(tag)
            return
        if tag == "a" and not empty and "href" in given:
            to = self._relative(given["href"] or "")
            self._plain.append(to is None)
            self._out.append("<span>" if to is None else self._tag(tag, {**given, "href": to}, closed))
            return
        if tag == "a" and not empty:
            self._plain.append(False)
        for name in ("src", "href"):
            if name in given and tag in ("link", "script", "img", "source"):
                to = self._relative(given[name] or "")
                if to is None:
                    if not empty:
                        self._skipped.append(tag)
                    return
                given[name] = to
        changed = given != dict(attrs) or any(name.startswith(_SCRIPTED) for name in given)
        self._out.append(self._tag(tag, given, closed) if changed else self.get_starttag_text() or "")

    @staticmethod
    def _tag(tag: str, attributes: Mapping[str, str | None], closed: bool) -> str:
        kept = "".join(
            f" {name}" if value is None else f' {name}="{escape(value)}"'
            for name, value in attributes.items()
            if not name.startswith(_SCRIPTED)
        )
        return f"<{tag}{kept}{'/' if closed else ''}>"

    def handle_endtag(self, tag: str) -> None:
        if self._skipped:
            if tag in self._skipped:
                while self._skipped.pop() != tag:
                    pass
            return
        if tag == "a" and self._plain:
            self._out.append("</span>" if self._plain.pop() else "</a>")
            return
        self._out.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self._add(data)

    def handle_entityref(self, name: str) -> None:
        self._add(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._add(f"&#{name};")

    def handle_decl(self, decl: str) -> None:
        self._add(f"<!{decl}>")

    def _add(self, text: str) -> None:
        if not self._skipped:
            self._out.append(text)


_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
