"""The exported site: every link leads to a file, under any path; no name decides where a file lies."""

import re
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urldefrag, urljoin

import pytest

from assay.bench.exports.site import Site, write_site
from assay.bench.pages import Pages
from assay.errors import AssayError
from assay.settings import Settings
from assay.store import Store
from assay.web.app import make_app
from tests.bench.pages.made_runs import HOSTILE, make_run
from tests.browser_fixture import in_every_form

if TYPE_CHECKING:
    from playwright.sync_api import Page as BrowserPage


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [
            value for name, value in attrs if name in ("href", "src") and value and not value.startswith("data:")
        ]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "served")))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def written(store: Store, tmp_path: Path, folder: Path) -> Site:
    app = make_app(Settings(home=tmp_path / "home", database_url=store.url), store, {"bench": Pages()}, alone=True)
    return write_site(app, ["20260301-123000-ab12"], folder)


def crawl(base: str) -> dict[str, Page | None]:
    """Every address below `base` that links lead to; fails on the first that is not there."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    seen: dict[str, Page | None] = {}
    waiting = [base]
    while waiting:
        address = waiting.pop()
        if address in seen:
            continue
        try:
            with opener.open(address) as answer:
                kind, body = answer.headers.get_content_type(), answer.read()
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{address}: {error.code}") from None
        seen[address] = page = Page(body.decode()) if kind == "text/html" else None
        for link in page.links if page else ():
            to = urldefrag(urljoin(address, link)).url
            assert to.startswith(base), f"{address} leads out of the site: {to}"
            waiting.append(to)
    return seen


@pytest.mark.parametrize("hostile", [False, True], ids=["plain names", "hostile names"])
def test_every_link_of_the_site_leads_to_a_file_under_any_path(
    store: Store, tmp_path: Path, served: str, hostile: bool
) -> None:
    name = "../../{number}/..%2f.." + HOSTILE if hostile else "{suite}/{number}"
    make_run(store, models=(f"../{HOSTILE}", "weak") if hostile else ("Strong", "strong"), tasks=4, name=name)
    place = tmp_path / "served" / "below" / "here"
    site = written(store, tmp_path, place)
    seen = crawl(f"{served}/below/here/")
    pages = [page for page in seen.values() if page is not None]
    assert site.pages >= 4 * 2 + 4 + 5  # attempts, tasks, boards
    assert len(pages) >= site.pages
    assert all(not page.tags & {"form", "input", "button"} for page in pages)
    assert any(address.endswith(".csv") for address in seen)
    assert any(address.endswith(".json") for address in seen)
    files = {path for path in tmp_path.rglob("*") if path.is_file() and not path.is_relative_to(tmp_path / "home")}
    assert all(path.is_relative_to(place) for path in files)


def test_axe_finds_nothing_on_pages_of_the_site(store: Store, tmp_path: Path, served: str, page: "BrowserPage") -> None:
    """One of each kind: a list, a board with a chart, a task, an attempt."""
    make_run(store, models=("strong", "weak"), tasks=3)
    written(store, tmp_path, tmp_path / "served")
    pages = [address for address, found in crawl(f"{served}/").items() if found is not None]
    kinds = {re.sub(r"[^/]*$", "", address.removeprefix(served)): address for address in sorted(pages)}
    assert len(kinds) >= 3
    for number, address in enumerate(kinds.values()):
        in_every_form(page, address, tmp_path, f"page-{number}")


def test_a_folder_that_holds_something_is_left_alone(store: Store, tmp_path: Path) -> None:
    make_run(store, tasks=1)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("mine")
    with pytest.raises(AssayError, match="is not empty"):
        written(store, tmp_path, tmp_path / "mine")
