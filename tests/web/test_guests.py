"""A product may open pages to guests: these, and nothing else of the app."""

from collections.abc import Callable

import pytest
from pydantic import ValidationError

from assay.web import Guests
from assay.web.sign_in import password_file
from tests.browser_fixture import Site
from tests.web.garden import Garden
from tests.web.test_guard import Browser

Serve = Callable[..., Site]


class Park(Garden):
    """A garden that anybody may walk in, but for its sheds."""

    guests = Guests(
        title="Out for a walk?",
        label="Come in",
        href="/garden/",
        pages=("/garden",),
        below=("/garden/",),
        but=("/garden/growing", "/garden/fails"),
    )


@pytest.fixture(scope="session")
def park(serve_for_all: Serve) -> Site:
    return serve_for_all({"garden": Park()}, names=["assay.example"])


@pytest.fixture
def browser(park: Site) -> Browser:
    return Browser(park)


@pytest.mark.parametrize("path", ["/garden/", "/garden/beds.json", "/garden/nothing"])
def test_what_is_open_is_open_without_a_password(browser: Browser, path: str) -> None:
    assert browser.get(path).status in (200, 404)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/machine",
        "/machine.json",
        "/search?q=a",
        "/search.json?q=a",
        "/openapi.json",
        "/flows",
        "/garden/growing",
        "/garden/growing/live",
        "/garden/fails.json",
        "/garden/fails/fault",
        "/gardens",
        "/gardener/",
        "//garden/",
        "/./garden/",
        "/%2e/garden/",
        "/machine?/garden/",
        "/machine%3F/garden/",
        "/GARDEN/",
        "/garden%2F..%2Fmachine/../growing",
    ],
)
def test_everything_else_stays_shut(browser: Browser, path: str) -> None:
    said = browser.get(path)
    # an address that only looks like an open one leads nowhere: never to a page
    assert (said.status == 303 and said.headers["location"].startswith("/sign-in")) or said.status in (401, 404)
    assert "tomatoes" not in said.text


@pytest.mark.parametrize(
    "host", ["assay.example/garden/", "assay.example/garden/?", "assay.example#", "assay.example/assets/"]
)
def test_a_made_up_host_opens_nothing(browser: Browser, host: str) -> None:
    assert browser.get("/machine.json", Host=host).status in (303, 400, 401, 421)


def test_a_guests_form_needs_its_token_too(browser: Browser) -> None:
    assert browser.post("/garden/beds", {"bed": "weeds"}).status == 403
    assert browser.post("/garden/beds", {"_token": browser.token(), "bed": "peas"}).status == 303


def test_a_guest_is_shown_no_way_into_the_rest(browser: Browser) -> None:
    text = browser.get("/garden/").text
    assert 'action="/search"' not in text
    assert 'href="/machine"' not in text
    assert '<a class="name" href="/garden/">' in text


def test_the_page_that_asks_for_the_password_leads_guests_on(browser: Browser) -> None:
    text = browser.get("/sign-in").text
    assert "Out for a walk?" in text
    assert '<a class="button" href="/garden/">Come in</a>' in text


def test_whoever_signed_in_sees_all(browser: Browser, park: Site) -> None:
    password = password_file(park.shell.settings.home).read_text().strip()
    browser.post("/sign-in", {"_token": browser.token("/sign-in"), "password": password})
    assert browser.get("/garden/growing").status == 200
    assert browser.get("/machine.json").status == 200


def test_alone_the_first_page_leads_guests_in(serve_app: Serve) -> None:
    browser = Browser(serve_app({"garden": Park()}, names=["assay.example"], alone=True))
    said = browser.get("/")
    assert (said.status, said.headers["location"]) == (307, "/garden/")
    assert browser.get("/machine").status == 303


def test_a_product_without_guests_is_shut_beside_one_with(serve_app: Serve) -> None:
    other = Garden()
    other.name = "orchard"
    browser = Browser(serve_app({"garden": Park(), "orchard": other}, names=["assay.example"]))
    assert browser.get("/garden/").status == 200
    assert browser.get("/orchard/").status == 303
    assert browser.get("/orchard/beds.json").status in (303, 401)


@pytest.mark.parametrize("place", ["/", "", "//", "garden/", "/garden"])
def test_no_product_opens_the_whole_app(place: str) -> None:
    with pytest.raises(ValidationError):
        Guests(title="a", label="b", href="/c", below=(place,))
