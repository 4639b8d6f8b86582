"""The web app: the shell's own pages, and each product's under its name."""

import mimetypes
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from importlib import import_module
from importlib.util import find_spec

from fastapi import FastAPI, Form, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware

from assay.errors import AssayError
from assay.settings import Settings
from assay.store import Store
from assay.web import Guests, Hit, Product
from assay.web.guard import THEMES, TITLES, Door, ErrorPage, Guard, cookie, error_page, session_cookie
from assay.web.machine import SERVERS
from assay.web.seal import open_seal
from assay.web.shell import Shell
from assay.web.sign_in import is_loopback, open_sign_in

_HITS = 20
_YEAR_S = 365 * 24 * 3600


def make_app(
    settings: Settings,
    store: Store,
    products: Mapping[str, Product],
    *,
    host: str = "127.0.0.1",
    names: Iterable[str] = (),
    alone: bool = False,
) -> FastAPI:
    """The app over these products, as it is to be served at this address. `alone`: the one product is the whole app.

    Where `host` is not a loopback address, or `names` says that others come by a proxy, everybody signs in.
    """
    shell = Shell(settings, store, products, alone=alone)
    seal = open_seal(settings.home / "web")
    names = tuple(names)
    sign_in = None if is_loopback(host) and not names else open_sign_in(settings.home, seal)
    shell.shared = sign_in is not None

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        yield
        shell.stopping.set()
        for product in products.values():
            product.close()
        shell.machine.close()

    app = FastAPI(title="Assay", docs_url=None, redoc_url=None, openapi_url="/openapi.json", lifespan=life)
    app.state.shell = shell
    app.state.sign_in = sign_in
    app.add_middleware(GZipMiddleware, minimum_size=1_000, compresslevel=5)
    guests = [found for product in products.values() if (found := getattr(product, "guests", None)) is not None]
    if shell.alone:  # the first page only leads to the product's
        guests = [one.model_copy(update={"pages": (*one.pages, "/")}) for one in guests]
    app.add_middleware(Guard, seal=seal, door=Door.at(host, names, sign_in), refuse=shell.refuse, guests=guests)
    _say_what_is_wrong(app, shell)
    _add_pages(app, shell)
    if sign_in is not None:
        _add_sign_in(app, shell, f"assay_session_{seal.mark}", guests)
    if find_spec("assay.web.flows") is not None:
        app.include_router(import_module("assay.web.flows").router(shell))
    for name, product in products.items():
        app.include_router(product.router(shell), prefix=f"/{name}")
    return app


def _add_pages(app: FastAPI, shell: Shell) -> None:
    @app.get("/assets/{name}", include_in_schema=False)
    def asset(request: Request, name: str) -> Response:
        found = shell.assets.read(name, "gzip" in request.headers.get("accept-encoding", ""))
        if found is None:
            return Response("There is no such file.", status_code=404, media_type="text/plain")
        headers = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
        if found.packed:
            headers["Content-Encoding"] = "gzip"
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return Response(found.content, media_type=kind, headers=headers)

    @app.get("/", include_in_schema=False, response_model=None)
    def home(request: Request) -> HTMLResponse | RedirectResponse:
        if shell.alone:
            return RedirectResponse(f"/{shell.alone}/")
        offers = {name: product.offers(shell) for name, product in shell.products.items()}
        return shell.page(request, "web/home.html", offers=offers, seen=shell.machine.last(), servers=SERVERS)

    @app.get("/machine", include_in_schema=False)
    def machine(request: Request, short: bool = False) -> HTMLResponse:
        seen = shell.machine.look()
        if short:
            return HTMLResponse(shell.fragment(request, "web/_found.html", seen=seen, servers=SERVERS))
        return shell.page(request, "web/machine.html", seen=seen)

    @app.get("/machine.json")
    def machine_json() -> Response:
        """What was found on this machine: model servers, keys by name, the sandbox, the database."""
        return shell.json(shell.machine.look())

    @app.get("/search", include_in_schema=False)
    def search(request: Request, q: str = Query("", max_length=200)) -> HTMLResponse:
        groups = _search(shell, q)
        return shell.page(request, "web/search.html", asked=q.strip(), groups=groups)

    @app.get("/search.json")
    def search_json(q: str = Query("", max_length=200, description="Words to look for.")) -> Response:
        """What the words find in every product, best first."""
        groups = _search(shell, q)
        return shell.json(
            {"q": q, "hits": [{"product": name, **hit.model_dump()} for name in groups for hit in groups[name]]}
        )

    @app.post("/theme", include_in_schema=False)
    def theme(request: Request, theme: str = Form("system"), back: str = Form("/")) -> Response:
        response = RedirectResponse(_inside(back), 303)
        if theme in THEMES:
            response.headers.append("Set-Cookie", cookie("assay_theme", theme, _YEAR_S, request.url.scheme == "https"))
        return response


def _search(shell: Shell, words: str) -> dict[str, list[Hit]]:
    words = words.strip()
    if not words:
        return {}
    found = {name: product.search(shell, words, _HITS) for name, product in shell.products.items()}
    return {name: hits for name, hits in found.items() if hits}


def _add_sign_in(app: FastAPI, shell: Shell, session: str, guests: Sequence[Guests]) -> None:
    sign_in = app.state.sign_in

    @app.get("/sign-in", include_in_schema=False, response_model=None)
    def form(request: Request, back: str = "/") -> HTMLResponse | RedirectResponse:
        if request.state.visitor.signed_in:
            return RedirectResponse(_inside(back), 303)
        return shell.page(request, "web/sign_in.html", back=_inside(back), wrong="", guests=guests)

    @app.post("/sign-in", include_in_schema=False, response_model=None)
    def enter(request: Request, password: str = Form(""), back: str = Form("/")) -> Response:
        address = request.client.host if request.client else ""
        wait = sign_in.wait(address)
        made = None if wait else sign_in.enter(password, address)
        if made is None:
            wrong = f"Too many tries. Wait {wait} s." if wait else "That is not the password."
            status = 429 if wait else 403
            page = shell.page(
                request, "web/sign_in.html", status=status, back=_inside(back), wrong=wrong, guests=guests
            )
            if wait:
                page.headers["Retry-After"] = str(wait)
            return page
        response = RedirectResponse(_inside(back), 303)
        response.headers.append("Set-Cookie", session_cookie(session, made, request))
        return response

    @app.post("/sign-out", include_in_schema=False)
    def leave(request: Request) -> Response:
        sign_in.leave(request.state.session)
        response = RedirectResponse("/sign-in", 303)
        response.headers.append("Set-Cookie", session_cookie(session, "", request))
        return response


def _inside(back: str) -> str:
    """An address of ours to go back to; the home page where it would lead elsewhere."""
    if back.startswith("/") and not back.startswith("//") and "\\" not in back and back.isprintable():
        return back
    return "/"


def _say_what_is_wrong(app: FastAPI, shell: Shell) -> None:
    @app.exception_handler(HTTPException)
    def refused(request: Request, error: HTTPException) -> Response:
        response = shell.refuse(request, _refused(request, error))
        for name, value in (error.headers or {}).items():
            response.headers[name] = value
        return response

    @app.exception_handler(RequestValidationError)
    def not_understood(request: Request, error: RequestValidationError) -> Response:
        words = "; ".join(_said(one) for one in error.errors())
        todo = "Correct it in the address, or go back and choose again."
        return shell.refuse(request, ErrorPage(422, TITLES[422], words, todo=todo))

    @app.exception_handler(AssayError)
    def known(request: Request, error: AssayError) -> Response:
        return shell.refuse(request, error_page(error))


def _refused(request: Request, error: HTTPException) -> ErrorPage:
    said = str(error.detail)
    if error.status_code == 404:
        happened = f"There is nothing at {request.url.path}." if said == "Not Found" else said
        return ErrorPage(
            404,
            TITLES[404],
            happened,
            todo="It may have been removed, or the address is mistyped. Search for its name, or start from the home page.",
        )
    if error.status_code == 405:
        happened = f"{request.url.path} does not take {request.method} requests."
        return ErrorPage(405, TITLES[405], happened, todo="Open it from its page instead.")
    return ErrorPage(error.status_code, TITLES.get(error.status_code, "That did not work"), said)


def _said(error: Mapping[str, object]) -> str:
    where = error.get("loc")
    name = ".".join(str(part) for part in where[1:]) if isinstance(where, tuple) else ""
    given = error.get("input")
    shown = f" (given: {given!r:.100})" if isinstance(given, str | int | float) else ""
    return f"{name}: {error.get('msg')}{shown}" if name else f"{error.get('msg')}{shown}"
