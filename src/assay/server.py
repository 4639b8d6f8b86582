"""`assay up`: the web app, with every product that is here, or one as if it were alone."""

import contextlib
import fcntl
import json
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import IO

import click

from assay.errors import AssayError, UnknownName
from assay.plugins import Plugins
from assay.settings import Settings
from assay.web import Product
from assay.web.serving import address_of, listen, say_open, serve, show

__all__ = ["PORT", "PRODUCTS", "address_of", "fetch_pages", "listen", "products_here", "serve", "up"]

PRODUCTS: Plugins[Callable[..., Product]] = Plugins(
    "product", bench="assay.bench.pages:Pages", gym="assay.gym.pages:Pages"
)
"""Each product's pages. One that is not there is not mentioned."""
PORT = 8321


def products_here(only: str | None = None, courses: Path | None = None) -> dict[str, Product]:
    """The products whose modules are here, made; of these only the one of that name, where one is given.

    `courses`: what the gym serves instead of its own.
    """
    names = _names_here(only)
    return {name: PRODUCTS.get(name)(courses) if name == "gym" else PRODUCTS.get(name)() for name in names}


def _names_here(only: str | None) -> list[str]:
    names = [name for name in PRODUCTS.names() if find_spec(f"assay.{name}") is not None]
    if only is None:
        return names
    if only not in names:
        raise UnknownName("product", only, names)
    return [only]


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
@click.option(
    "--courses",
    type=click.Path(exists=True, path_type=Path),
    metavar="PATH",
    help="What the gym serves: a folder of courses or one config.yaml, read again when it is saved.",
)
@click.pass_context
def up(
    context: click.Context,
    product: str | None,
    host: str,
    port: int,
    names: tuple[str, ...],
    no_browser: bool,
    courses: Path | None,
) -> int:
    """Open the web app: all products, or the one named, until Ctrl-C.

    On this machine's own address nobody signs in. On any other, and with --name, everybody does, with the password that
    lies in the data folder.
    """
    settings = Settings.from_environment()
    _names_here(product)  # what is wrong is said before anything heavy is imported
    if courses is not None:
        if product not in (None, "gym"):
            raise click.UsageError(f"--courses is for the gym, and {product} is opened alone.")
        from assay.gym.library import read_shelf

        read_shelf(courses)
    asked = {name for name in ("host", "port", "names", "courses") if _was_said(context, name)}
    with _only_one(settings.home, product, strict=bool(asked)) as register:
        if isinstance(register, str):
            click.echo(f"Assay is open already: {register}")
            show(register, no_browser)
            return 0
        from assay.store import open_store
        from assay.web.app import make_app

        with listen(host, port, move="port" not in asked) as listening, open_store(settings) as store:
            app = make_app(
                settings, store, products_here(product, courses), host=host, names=names, alone=product is not None
            )
            address = address_of(host, names, listening)

            def opened() -> None:
                json.dump({"address": address, "product": product}, register)
                register.flush()
                say_open(app, settings, address, listening, port)
                show(address, no_browser)

            serve(app, listening, opened)
    return 0


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
