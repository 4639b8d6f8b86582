"""Real pages in a real browser: the app over a fresh database on a loopback port, and a Chromium that looks at it.

    def test_it(serve_app, page):
        site = serve_app()                      # every product that is here; .url, .shell, .app
        page.goto(f"{site.url}/bench/")
        axe(page)                               # no violation, or the test fails with each one named
        in_every_form(page, site.url, tmp_path) # axe and the width: wide and on a phone, light and dark

The fixture `page` has a browser context of its own, and when the test ends it fails where the page asked another host
for something, broke the Content-Security-Policy or had an error in its script. `scriptless` is the same without script.
Without a Chromium these tests skip. With ASSAY_TEST_PICTURES in the environment each form is also left as a PNG file in the
test's folder (`--basetemp` says where).
"""

import functools
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from assay import server
from assay.server import products_here
from assay.settings import Settings
from assay.store import Store
from assay.web import Product
from assay.web.app import make_app
from assay.web.shell import Shell
from tests.store_fixture import database
from tests.web.get_browser import PACKAGE, executable, node_for_playwright, unusable

if TYPE_CHECKING:
    from fastapi import FastAPI
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[1]
MODULES = ROOT / "build" / "web" / "node_modules"
WITHIN_S = 120
"""A machine under load takes its time; nothing is measured here."""
PICTURES = "ASSAY_TEST_PICTURES"
WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@dataclass
class Site:
    """An app that is being served."""

    url: str
    app: "FastAPI"
    thread: threading.Thread

    @property
    def shell(self) -> Shell:
        shell: Shell = self.app.state.shell
        return shell


@pytest.fixture
def serve_app(store: Store, tmp_path: Path) -> Iterator[Callable[..., Site]]:
    """Serves the app over `store` on a loopback port until the test ends: `serve_app(products, alone=True, names=[…])`."""
    with serving(store, tmp_path) as serve:
        yield serve


@pytest.fixture(scope="session")
def serve_for_all(test_server: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Site]]:
    """The same for tests that change nothing which the next one would miss: it serves until the run ends."""
    home = tmp_path_factory.mktemp("served")
    with database(test_server, home) as store, serving(store, home) as serve:
        yield serve


@contextmanager
def served(
    server: Store,
    home: Path,
    fill: Callable[[Store], object],
    products: Mapping[str, Product] | None = None,
    template: str = "template",
) -> Iterator[Site]:
    """An app over a database of its own that `fill` filled: for all tests of a module that only read."""
    with database(server, home, template) as store, serving(store, home) as serve:
        fill(store)
        yield serve(products)


@contextmanager
def serving(store: Store, home: Path) -> Iterator[Callable[..., Site]]:
    """What serves apps over a store, and ends them all."""
    running: list[Site] = []

    def serve(products: Mapping[str, Product] | None = None, **options: Any) -> Site:
        settings = options.pop("settings", Settings(home=home, database_url=store.url))
        app = make_app(settings, store, products if products is not None else products_here(), **options)
        listening = server.listen("127.0.0.1", 0, move=False)
        opened = threading.Event()
        thread = threading.Thread(target=server.serve, args=(app, listening, opened.set), daemon=True)
        site = Site(f"http://127.0.0.1:{listening.getsockname()[1]}", app, thread)
        thread.start()
        running.append(site)
        assert opened.wait(WITHIN_S), "the app did not open"
        return site

    yield serve
    for site in running:
        site.app.state.stop()
        site.thread.join(WITHIN_S)
        assert not site.thread.is_alive(), "the app did not stop"


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """One Chromium for all tests of a process."""
    if (reason := unusable()) is not None:
        pytest.skip(f"{reason}: apt-get install {PACKAGE} as root, or playwright install chromium-headless-shell")
    for name, value in node_for_playwright().items():
        os.environ.setdefault(name, value)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []  # our own pages only
        opened = playwright.chromium.launch(executable_path=executable(), args=arguments)
        yield opened
        opened.close()


@pytest.fixture
def page(browser: "Browser") -> Iterator["Page"]:
    """A page in a fresh context, 1280 pixels wide, watched."""
    yield from _watched(browser)


@pytest.fixture
def scriptless(browser: "Browser") -> Iterator["Page"]:
    """A page in which no script runs."""
    yield from _watched(browser, java_script_enabled=False)


def _watched(browser: "Browser", **options: Any) -> Iterator["Page"]:
    context = browser.new_context(viewport=WIDE, **options)  # type: ignore[arg-type]
    context.set_default_timeout(WITHIN_S * 1000)
    made = context.new_page()
    watch = _Watch()
    made.on("request", lambda request: watch.asked(request.url))
    made.on("pageerror", lambda error: watch.complaints.append(f"script: {error}"))
    made.on("console", lambda message: watch.heard(message.type, message.text))
    try:
        yield made
    finally:
        context.close()
    assert watch.complaints == []


@dataclass
class _Watch:
    complaints: list[str] = field(default_factory=list)

    def asked(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname not in ("127.0.0.1", "localhost"):
            self.complaints.append(f"another host was asked: {url}")

    def heard(self, kind: str, text: str) -> None:
        # a page that says 404 is what a test asked for; a part of a page that is missing shows in the test itself
        if kind in ("error", "warning") and not text.startswith("Failed to load resource"):
            self.complaints.append(f"console: {text}")


def axe(page: "Page", rules: Sequence[str] = ()) -> None:
    """Fail where axe-core finds anything on the page as it stands; with `rules`, by these alone."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_axe_source())
    only = {"runOnly": list(rules)} if rules else {}
    found = page.evaluate("options => axe.run(document, options)", {"resultTypes": ["violations"], **only})
    broken = [
        f"{rule['id']}: {rule['help']}: {node['target']} {node.get('failureSummary', '')}"
        for rule in found["violations"]
        for node in rule["nodes"][:3]
    ]
    assert not broken, "\n".join(broken)


def in_every_form(page: "Page", url: str, folder: Path, name: str = "page") -> None:
    """The page wide and on a phone, light and dark: nothing for axe to find, and no scrolling sideways.

    It is loaded once and changed as a reader's window and theme change. A theme changes nothing but colours, so in the
    dark the contrast alone is looked at again.
    """
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    page.emulate_media(color_scheme="light")
    page.goto(url)
    _forms(page, url, folder, name, lambda theme: axe(page, ("color-contrast",) if theme == "dark" else ()))


def four_forms(page: "Page", url: str, folder: Path, name: str = "page") -> None:
    """The page fits, wide and on a phone, without scrolling sideways; with pictures where PICTURES asks for them."""
    page.goto(url)
    _forms(page, url, folder, name, lambda _: None)


def _forms(page: "Page", url: str, folder: Path, name: str, look: Callable[[str], None]) -> None:
    for form, size in (("wide", WIDE), ("phone", PHONE)):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            look(theme)
            if PICTURES in os.environ:
                folder.mkdir(parents=True, exist_ok=True)
                page.screenshot(path=folder / f"{name}-{form}-{theme}.png", full_page=True)
        across = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert across <= 0, f"{url} is {across} pixels too wide for a {form}"
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    page.emulate_media(color_scheme="light")


@functools.cache
def _axe_source() -> str:
    path = MODULES / "axe-core" / "axe.min.js"
    if not path.is_file():
        pytest.skip("needs axe-core: python hatch_build.py fetches it, with Node.js and a reachable npm registry")
    return path.read_text()
