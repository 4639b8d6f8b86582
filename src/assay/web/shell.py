"""What a product's routes get handed: the settings, the store, and how a page is made."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from assay.settings import Settings
from assay.store import Store
from assay.visible import visible
from assay.web import Product
from assay.web.assets import Assets


class Shell:
    """One app's shell. Safe to use from several threads."""

    def __init__(self, settings: Settings, store: Store, products: Mapping[str, Product]) -> None:
        self.settings = settings
        self.store = store
        self.products = products
        self.assets = Assets.find()
        self._templates = Environment(
            loader=ChoiceLoader(
                [PackageLoader("assay.web"), *(_templates_of(product) for product in products.values())]
            ),
            autoescape=True,
            undefined=StrictUndefined,
            finalize=_text,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals.update(asset=self.assets.address, products=products, moment=_moment)

    def page(self, request: Request, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
        """A page from a template that extends `web/base.html`. Whatever stands in `context` is text, never markup."""
        found = self._templates.get_template(template)
        html = found.render(request=request, path=request.url.path, token=request.state.token, **context)
        return HTMLResponse(html, status_code=status)

    def json(self, document: Any) -> Response:
        """A page's data. Lone surrogates, which UTF-8 cannot say, become escapes."""
        text = json.dumps(document, ensure_ascii=True, allow_nan=False, default=_plain)
        return Response(text, media_type="application/json")


def _templates_of(product: Product) -> PackageLoader:
    return PackageLoader(f"assay.{product.name}")


def _text(value: Any) -> Any:
    """Every expression of every template: nothing hidden, nothing that turns the writing direction."""
    if isinstance(value, Markup):
        return value
    return visible(value) if isinstance(value, str) else value


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
