"""`make demo`: two recordings are evaluated, and the web app shows what came out.

At a terminal the app stays open until Ctrl-C. Without one it is started, each product's page is fetched, and that is all.
"""

import sys
import threading

import click

from assay.errors import AssayError
from assay.settings import Settings


def main() -> int:
    """Run the demo, and give its exit code."""
    from assay.bench import demo as bench

    code = bench.main()
    if code:
        return code
    try:
        if sys.stdin.isatty() and sys.stdout.isatty():
            from assay.cli import run

            click.echo("The same in a browser:")
            return run(["up"])
        look_in(Settings.from_environment())
    except AssayError as error:
        error.say()
        return error.exit_code
    except KeyboardInterrupt:
        click.echo("Stopped.", err=True)
        return 130
    return 0


def look_in(settings: Settings) -> None:
    """Start the app on a free port, fetch each product's page, say so, and end it. Raises AssayError."""
    from assay.server import address_of, fetch_pages, listen, products_here, serve
    from assay.store import open_store
    from assay.web.app import make_app

    products = products_here()
    trouble: list[AssayError] = []
    with listen("127.0.0.1", 0, move=False) as listening, open_store(settings) as store:
        app = make_app(settings, store, products)
        address = address_of("127.0.0.1", (), listening)

        def look() -> None:
            try:
                for page, size in fetch_pages(address, products):
                    click.echo(f"✓ {page} answers with {size / 1000:.1f} kB")
            except AssayError as error:
                trouble.append(error)
            finally:
                app.state.stop()

        serve(app, listening, threading.Thread(target=look).start)
    if trouble:
        raise trouble[0]
    click.echo("The web app works. Open it with `assay up`, or to practise with `assay up gym`.")


if __name__ == "__main__":
    sys.exit(main())
