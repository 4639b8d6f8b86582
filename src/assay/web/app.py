"""The web app: the shell's own pages, and each product's under its name."""

import mimetypes
import secrets
from collections.abc import Awaitable, Callable, Mapping

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from assay.settings import Settings
from assay.store import Store
from assay.web import Product
from assay.web.shell import Shell

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


def make_app(settings: Settings, store: Store, products: Mapping[str, Product]) -> FastAPI:
    """The app over these products. With one product, its first page is the home page."""
    app = FastAPI(title="Assay", docs_url=None, redoc_url=None, openapi_url="/openapi.json")
    shell = Shell(settings, store, products)
    app.state.shell = shell

    @app.middleware("http")
    async def guard(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
        request.state.token = request.cookies.get("assay_token") or secrets.token_urlsafe(16)
        response = await answer(request)
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
        return response

    @app.get("/assets/{name}", include_in_schema=False)
    def asset(name: str) -> Response:
        content = shell.assets.read(name)
        if content is None:
            return Response("There is no such file.", status_code=404)
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return Response(content, media_type=kind, headers={"Cache-Control": "public, max-age=31536000, immutable"})

    @app.get("/", include_in_schema=False, response_model=None)
    def home(request: Request) -> HTMLResponse | RedirectResponse:
        if len(products) == 1:
            return RedirectResponse(f"/{next(iter(products))}/")
        offers = {name: product.offers(shell) for name, product in products.items()}
        return shell.page(request, "web/home.html", offers=offers)

    for name, product in products.items():
        app.include_router(product.router(shell), prefix=f"/{name}")
    return app
