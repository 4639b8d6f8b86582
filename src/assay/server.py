"""`assay up`: the web app, with every product that is here, or one as if it were alone."""

import contextlib
import errno
import fcntl
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from assay.errors import AssayError, UnknownName
from assay.plugins import Plugins
from assay.settings import Settings
from assay.web import Product

if TYPE_CHECKING:
    from fastapi import FastAPI

PRODUCTS: Plugins[type[Product]] = Plugins("product", bench="assay.bench.pages:Pages")
"""Each product's pages. One that is not there is not mentioned."""
PORT = 8321
_GOODBYE_S = 5
"""How long pages that are under way may take to end when the app is asked to."""


def products_here(only: str | None = None) -> dict[str, Product]:
    """The products whose modules are here, made; of these only the one of that name, where one is given."""
    names = [name for name in PRODUCTS.names() if find_spec(f"assay.{name}") is not None]
    if only is not None:
        if only not in names:
            raise UnknownName("product", only, names)
        names = [only]
    return {name: PRODUCTS.get(name)() for name in names}


@click.command()
@click.argument("product", required=False)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port", default=PORT, show_default=True, type=click.IntRange(0, 65535), help="The port; 0: any free one."
)
@click.option(
    "--name", "names", multiple=True, metavar="NAME", help="A name others reach it by, through a proxy perhaps."
)
@click.option("--no-browser", is_flag=True, help="Do not open a browser.")
@click.pass_context
def up(
    context: click.Context, product: str | None, host: str, port: int, names: tuple[str, ...], no_browser: bool
) -> int:
    """Open the web app: all products, or the one named, until Ctrl-C.

    On this machine's own address nobody signs in. On any other, and with --name, everybody does, with the password that
    lies in the data folder.
    """
    from assay.store import open_store

    settings = Settings.from_environment()
    products = products_here(product)
    asked = {name for name in ("host", "port", "names") if _was_said(context, name)}
    with _only_one(settings.home, product, strict=bool(asked)) as register:
        if isinstance(register, str):
            click.echo(f"Assay is open already: {register}")
            _show(register, no_browser)
            return 0
        with listen(host, port, move="port" not in asked) as listening, open_store(settings) as store:
            from assay.web.app import make_app

            app = make_app(settings, store, products, host=host, names=names, alone=product is not None)
            address = address_of(host, names, listening)

            def opened() -> None:
                json.dump({"address": address, "product": product}, register)
                register.flush()
                say_open(app, settings, address, listening, port)
                _show(address, no_browser)

            serve(app, listening, opened)
    return 0


def serve(app: "FastAPI", listening: socket.socket, opened: Callable[[], None]) -> None:
    """Serve until a signal or `app.state.stop()`; `opened` is called once pages are answered.

    Streams that are open are told to end, and the rest gets a few seconds. A second Ctrl-C ends it at once.
    """
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            opened()

        def handle_exit(self, sig: int, frame: object) -> None:  # noqa: ARG002
            app.state.shell.stopping.set()
            self.force_exit = self.should_exit and sig == signal.SIGINT
            self.should_exit = True

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            # uvicorn's own raises the signal again when all is over, and the store would not be closed
            heard = [signal.SIGINT, signal.SIGTERM]
            if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # nohup says: live on when the terminal is gone
                heard.append(signal.SIGHUP)
            if threading.current_thread() is not threading.main_thread():
                yield
                return
            before = {one: signal.signal(one, self.handle_exit) for one in heard}
            try:
                yield
            finally:
                for one, handler in before.items():
                    signal.signal(one, handler)

    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,  # addresses hold what people looked for
        server_header=False,
        proxy_headers=False,  # nobody's word for where a request comes from is taken
        ws="none",
        timeout_graceful_shutdown=_GOODBYE_S,
    )
    server = Server(config)

    def stop() -> None:
        app.state.shell.stopping.set()
        server.should_exit = True

    app.state.stop = stop
    server.run(sockets=[listening])


def listen(host: str, port: int, *, move: bool) -> socket.socket:
    """A socket that listens there; where the port is taken and we may `move`, on any free one. Raises AssayError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host.strip("[]"), port), family=family, backlog=128)
    except OSError as error:
        if error.errno == errno.EADDRINUSE and move and port:
            return listen(host, 0, move=False)
        todo = (
            "Give another one with --port, or 0 for any."
            if error.errno == errno.EADDRINUSE
            else "Look at --host and --port."
        )
        raise AssayError(f"{host} port {port} cannot be listened on: {error.strerror or error}.", todo) from None


def address_of(host: str, names: Iterable[str], listening: socket.socket) -> str:
    """What to type into a browser."""
    port = listening.getsockname()[1]
    shown = next(iter(names), None) or (socket.gethostname() if host in ("0.0.0.0", "::") else host)  # noqa: S104
    shown = f"[{shown}]" if ":" in shown else shown
    return f"http://{shown}:{port}/"


def say_open(app: "FastAPI", settings: Settings, address: str, listening: socket.socket, port: int) -> None:
    """One clear line with the address, and what else a person must know to get in."""
    from assay.web.sign_in import password_file

    if port and listening.getsockname()[1] != port:
        click.echo(f"Port {port} is taken by another program.")
    click.echo(f"Assay is open at {click.style(address, bold=True)} (Ctrl-C ends it)")
    if app.state.sign_in is not None:
        click.echo(f"Sign in with the password in {password_file(settings.home)}")
        click.echo(
            "The connection itself is not encrypted: put a proxy with TLS before it where others share the network."
        )
    sys.stdout.flush()


def fetch_pages(address: str, products: Mapping[str, Product]) -> Iterator[tuple[str, int]]:
    """Each product's first page, as a browser would fetch it: its address and size in bytes. Raises AssayError."""
    import urllib.error
    import urllib.request

    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy is for the world outside
    for page in [address, *(f"{address}{name}/" for name in products)]:
        try:
            with opener.open(page, timeout=60) as response:
                yield page, len(response.read())
        except (OSError, urllib.error.HTTPError) as error:
            raise AssayError(f"{page} does not answer: {error}.", "The lines above say why.") from None


@contextlib.contextmanager
def _only_one(home: Path, product: str | None, *, strict: bool) -> Iterator[IO[str] | str]:
    """A file to write the app's address in, held as long as it runs; or the address of the one that runs already.

    Raises AssayError where another one runs and this one was asked for differently.
    """
    place = home / "web"
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = open(place / "running.json", "a+", encoding="utf-8")  # noqa: SIM115 - closed below
    except OSError as error:
        raise AssayError(
            f"{place} cannot be used: {error.strerror}.", "Name another data folder in ASSAY_HOME."
        ) from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            try:
                running = json.loads(file.read())
            except ValueError:
                running = {"address": "", "product": product}  # it is about to open, or just did
            if strict or running["product"] != product or not running["address"]:
                raise AssayError(
                    f"Assay is open already{' at ' + running['address'] if running['address'] else ''}.",
                    "End that one with Ctrl-C where it runs, or name another data folder in ASSAY_HOME.",
                ) from None
            yield running["address"]
            return
        file.truncate(0)
        yield file
        file.truncate(0)


def _was_said(context: click.Context, name: str) -> bool:
    return context.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT


def _show(address: str, no_browser: bool) -> None:
    """Open the reader's browser, where there is a person at a terminal with a screen."""
    if no_browser or not sys.stdout.isatty() or not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return
    import webbrowser

    threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
