"""What a product's routes get handed: the settings, the store, and how a page is made."""

import hashlib
import json
import threading
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import BytecodeCache, ChoiceLoader, Environment, PackageLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup

from assay.settings import Settings
from assay.store import Store
from assay.visible import visible
from assay.web import Product
from assay.web.assets import Assets
from assay.web.guard import ErrorPage, Visitor, wants_pages
from assay.web.machine import Machine

_SIGNS = {"pass": "✓", "wrong": "✗", "error": "!", "warn": "!", "none": "–"}


class _Compiled(BytecodeCache):
    """What one app of this process compiled, for the next one: the templates of five pages are 0.3 s of CPU."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._kept.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key, bucket.checksum] = bucket.code


_COMPILED = _Compiled()


class Shell:
    """One app's shell. Safe to use from several threads."""

    def __init__(
        self, settings: Settings, store: Store, products: Mapping[str, Product], *, alone: bool = False
    ) -> None:
        self.settings = settings
        self.store = store
        self.products = products
        self.alone = next(iter(products)) if alone and len(products) == 1 else None
        """The one product that was opened by its name."""
        self.machine = Machine(settings, store)
        self.assets = Assets.find()
        self.places: list[tuple[str, str]] = [("This machine", "/machine")]
        """What the menu leads to besides the products: words and address."""
        self.shared = False
        """Whether others than this machine's own people reach it, and sign in."""
        self.stopping = threading.Event()
        """Set when the app is asked to end: streams say good-bye."""
        self.watching = 0
        """How many streams are open."""
        self._templates = Environment(
            loader=ChoiceLoader(
                [PackageLoader("assay.web"), *(_templates_of(product) for product in products.values())]
            ),
            autoescape=True,
            undefined=StrictUndefined,
            finalize=_text,
            trim_blocks=True,
            lstrip_blocks=True,
            bytecode_cache=_COMPILED,
        )
        self._templates.globals.update(
            asset=self.assets.address, products=products, moment=_moment, sign=_sign, places=self.places
        )

    def page(self, request: Request, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
        """A page from a template that extends `web/base.html`. Whatever stands in `context` is text, never markup."""
        return HTMLResponse(self.fragment(request, template, **context), status_code=status)

    def fragment(self, request: Request, template: str, **context: Any) -> Markup:
        """A part of a page (templates whose names begin with `_`), for HTMX and for live parts."""
        visitor: Visitor = request.state.visitor
        path = request.url.path
        given = {
            "request": request,
            "path": path,
            "section": path.split("/", 2)[1],
            "here": _here(request),
            "token": visitor.token,
            "theme": visitor.theme,
            "member": visitor.member,
            "signed_in": visitor.signed_in,
            "alone": self.alone,
            "asked": "",
        }
        return Markup(self._templates.get_template(template).render({**given, **context}))  # noqa: S704 - autoescaped

    def json(self, document: Any, status: int = 200) -> Response:
        """A page's data. Lone surrogates, which UTF-8 cannot say, become escapes."""
        text = json.dumps(document, ensure_ascii=True, allow_nan=False, default=_plain)
        return self._kept(text.encode(), "application/json", status)

    def csv(self, text: str, name: str) -> Response:
        """A table for a spreadsheet, saved under this name."""
        response = self._kept(text.encode("utf-8", "backslashreplace"), "text/csv; charset=utf-8")
        plain = "".join(
            letter if letter.isascii() and (letter.isalnum() or letter in "-_.") else "-" for letter in name
        )
        response.headers["Content-Disposition"] = f'attachment; filename="{plain}"'
        return response

    def refuse(self, request: Request, problem: ErrorPage) -> Response:
        """Say that there is no page, why, and what to do: to a person as a page, to a program as JSON."""
        if wants_pages(request):
            return self.page(request, "web/error.html", status=problem.status, problem=problem)
        error = {"status": problem.status, "message": visible(problem.happened), "help": visible(problem.todo)}
        return self.json({"error": error}, problem.status)

    def _kept(self, content: bytes, kind: str, status: int = 200) -> Response:
        """An answer that a browser need not fetch again while it stays the same."""
        response = Response(content, status, media_type=kind)
        response.headers["ETag"] = f'W/"{hashlib.sha256(content).hexdigest()[:24]}"'
        return response


def _templates_of(product: Product) -> PackageLoader:
    return PackageLoader(getattr(product, "templates", f"assay.{product.name}"))


def _here(request: Request) -> str:
    """Where a form of the bar leads back to: this page, or, where this answers a form, the page that held it."""
    url = urlsplit(str(request.url) if request.method == "GET" else request.headers.get("referer", "/"))
    return (url.path or "/") + (f"?{url.query}" if url.query else "")


def _text(value: Any) -> Any:
    """Every expression of every template: nothing hidden, nothing that turns the writing direction."""
    if isinstance(value, Markup):
        return value
    return visible(value) if isinstance(value, str) else value


def _sign(kind: str) -> str:
    return _SIGNS[kind]


def _moment(value: datetime) -> Markup:
    """A date for a `<time>`: script shows it in the reader's zone, with the exact time on hover."""
    stamp = value.isoformat(timespec="seconds")
    return Markup('<time datetime="{}" title="{}">{:%Y-%m-%d %H:%M} UTC</time>').format(stamp, stamp, value)


def _plain(value: Any) -> Any:
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be said in JSON")
