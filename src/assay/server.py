"""`assay up`: the web app, with every product that is here, or one as if it were alone."""

from importlib.util import find_spec

import click

from assay.errors import UnknownName
from assay.plugins import Plugins
from assay.settings import Settings
from assay.web import Product

PRODUCTS: Plugins[type[Product]] = Plugins("product", bench="assay.bench.pages:Pages")
"""Each product's pages. One that is not there is not mentioned."""


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
@click.option("--port", default=8321, show_default=True, help="The port; 0: any free one.")
def up(product: str | None, host: str, port: int) -> None:
    """Open the web app: all products, or the one named."""
    import uvicorn

    from assay.store import open_store
    from assay.web.app import make_app

    settings = Settings.from_environment()
    products = products_here(product)
    with open_store(settings) as store:
        uvicorn.run(make_app(settings, store, products), host=host, port=port, log_level="warning")
