"""What the shell answers: pages, errors, searches, files, to people and to programs."""

import gzip
import json
import re
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from assay.web.assets import Assets
from tests.browser_fixture import WITHIN_S, Site
from tests.web.garden import HOSTILE, Garden
from tests.web.test_guard import Browser

Serve = Callable[..., Site]


@pytest.fixture
def browser(site: Site) -> Browser:
    return Browser(site)


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/nothing", 404, "There is nothing at /nothing."),
        ("/theme", 405, "does not take GET requests"),
        ("/search?q=" + "x" * 201, 422, "q: String should have at most 200 characters"),
        ("/garden/fails/fault", 500, "A fault of ours"),
        ("/garden/fails/store", 503, "The database cannot be reached."),
        ("/garden/fails/unknown", 404, "Did you mean tomatoes?"),
        ("/garden/fails/mendable", 400, "Water it."),
        ("/garden/fails/gone", 404, "That bed was dug up."),
        ("/%00%F0%9F%98%80%E2%80%AE", 404, "⟨U+202E⟩"),
    ],
)
def test_what_goes_wrong_is_said_on_a_page_that_says_what_to_do(
    browser: Browser, path: str, status: int, words: str
) -> None:
    said = browser.get(path)
    assert said.status == status
    assert said.headers["content-type"].startswith("text/html")
    assert words in said.text
    assert "<h1>" in said.text
    assert 'href="/"' in said.text


@pytest.mark.parametrize(
    ("path", "accept", "status"),
    [
        ("/nothing.json", "*/*", 404),
        ("/nothing", "application/json", 404),
        ("/garden/fails.json", "text/html", 500),
        ("/garden/fails/store", "application/json", 503),
        ("/search.json?q=" + "x" * 201, "*/*", 422),
    ],
)
def test_a_program_is_told_in_json(browser: Browser, path: str, accept: str, status: int) -> None:
    said = browser.get(path, Accept=accept)
    assert said.status == status
    error = json.loads(said.text)["error"]
    assert error["status"] == status
    assert error["message"]


def test_what_has_not_changed_is_not_sent_again(browser: Browser, garden: Garden) -> None:
    first = browser.get("/garden/beds.json")
    again = browser.get("/garden/beds.json", If_None_Match=first.headers["etag"])
    assert (again.status, again.text) == (304, "")
    garden.beds.append("chard")
    assert browser.get("/garden/beds.json", If_None_Match=first.headers["etag"]).status == 200


def test_what_is_large_is_compressed_for_those_who_can_unpack_it(browser: Browser) -> None:
    assert browser.get("/garden/beds.json").headers["content-encoding"] is None
    connection = browser.ask("GET", "/garden/beds.json", Accept_Encoding="gzip")
    assert connection.headers["content-encoding"] == "gzip"
    assert json.loads(gzip.decompress(connection.body))["beds"][0] == "tomatoes"


def test_a_table_is_saved_under_a_name_that_does_no_harm(browser: Browser) -> None:
    said = browser.get("/garden/beds.csv")
    assert said.headers["content-type"] == "text/csv; charset=utf-8"
    assert said.headers["content-disposition"] == 'attachment; filename="beds-of--mine-"'


def test_the_style_never_goes_stale_and_comes_compressed(browser: Browser) -> None:
    found = re.search(r'href="(/assets/app\.\w+\.css)"', browser.get("/garden/").text)
    assert found
    said = browser.ask("GET", found[1], Accept_Encoding="gzip")
    assert said.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert said.headers["content-type"].startswith("text/css")
    assert said.headers["content-encoding"] == "gzip"
    assert gzip.decompress(said.body) == browser.ask("GET", found[1]).body
    for path in ("/assets/app.css", "/assets/..%2Fapp.py", "/assets/%2e%2e/shell.py"):
        assert browser.get(path).status == 404


def test_without_a_bundle_there_is_the_style_alone() -> None:
    assets = Assets({"app.css": ("app.1.css", b"body {}")})
    assert assets.address("app.css") == "/assets/app.1.css"
    assert assets.address("app.js") is None
    assert assets.read("app.2.css") is None


def test_a_stream_ends_by_itself_when_there_is_nothing_more_to_see(site: Site, garden: Garden) -> None:
    garden.height = 3
    with closing(HTTPConnection(urlsplit(site.url).netloc, timeout=WITHIN_S)) as connection:
        connection.request("GET", "/garden/growing/live")
        said = connection.getresponse().read(2048).decode()  # one that went on would fill this
    assert said.count("event: height\n") == said.count("event: end\n") == 1
    assert said.endswith("event: end\ndata: \n\n")


def test_a_theme_is_kept_and_the_page_comes_back_in_it(browser: Browser) -> None:
    token = browser.token()
    said = browser.post("/theme", {"_token": token, "theme": "dark", "back": "/garden/?x=1"})
    assert said.headers["location"] == "/garden/?x=1"
    page = browser.get("/garden/").text
    assert '<html lang="en" data-theme="dark">' in page
    assert 'value="dark" aria-pressed="true"' in page
    browser.post("/theme", {"_token": token, "theme": "plaid", "back": "//evil.example"})
    assert 'data-theme="dark"' in browser.get("/").text


def test_a_search_finds_what_products_have_and_shows_it_as_text(browser: Browser) -> None:
    said = browser.get("/search?q=script")
    assert "<script>alert" not in said.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;⟨U+202E⟩evil⟨U+001B⟩[31m" in said.text
    found = json.loads(browser.get("/search.json?q=script").text)
    assert found == {
        "q": "script",
        "hits": [{"product": "garden", "kind": "bed", "title": HOSTILE, "detail": "", "href": "/garden/"}],
    }


def test_a_search_that_finds_nothing_says_so(browser: Browser) -> None:
    assert "Nothing here has these words" in browser.get("/search?q=roses").text
    assert json.loads(browser.get("/search.json?q=%20").text)["hits"] == []


def test_the_home_page_offers_each_products_next_thing(browser: Browser, garden: Garden) -> None:
    page = browser.get("/").text
    assert "Plant peas" in page
    offered = re.findall(
        r'action="/garden/beds">\s*<input type="hidden" name="_token" value="([^"]+)">'
        r'\s*<input type="hidden" name="bed" value="([^"]+)">',
        page,
    )
    assert [bed for _, bed in offered] == ["peas", "beans"]
    for token, bed in offered:
        assert browser.post("/garden/beds", {"_token": token, "bed": bed}).status == 303
        assert garden.beds[-1] == bed


def test_a_product_that_is_opened_alone_is_the_whole_app(serve_app: Serve) -> None:
    browser = Browser(serve_app({"garden": Garden()}, alone=True))
    assert browser.get("/").headers["location"] == "/garden/"
    page = browser.get("/garden/").text
    assert "Assay <small>garden</small>" in page
    assert 'aria-label="Products"' not in page


def test_what_was_found_on_this_machine_is_a_page_and_json(browser: Browser) -> None:
    seen = json.loads(browser.get("/machine.json").text)
    assert {"sandbox", "database", "ollama", "node"} <= {line["name"] for line in seen["lines"]}
    page = browser.get("/machine").text
    assert all(f'<th scope="row">{line["name"]}</th>' in page for line in seen["lines"])


def test_products_are_closed_with_the_app(serve_app: Serve) -> None:
    garden = Garden()
    site = serve_app({"garden": garden})
    site.app.state.stop()
    site.thread.join(WITHIN_S)
    assert garden.closed


def test_the_schema_names_the_json_and_not_the_pages(browser: Browser) -> None:
    paths = json.loads(browser.get("/openapi.json").text)["paths"]
    assert {"/search.json", "/machine.json", "/garden/beds.json"} <= set(paths)
    assert "/garden/" not in paths
    assert "/" not in paths
