"""The shell's pages in a real browser: by eye, by keyboard, by ear, with script and without."""

import gzip
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest

from assay.web.assets import Assets
from tests.browser_fixture import WITHIN_S, Site, axe, in_every_form
from tests.killing import wait_for
from tests.web.garden import Garden
from tests.web.test_guard import Browser

if TYPE_CHECKING:
    from playwright.sync_api import Page

PAGES = (
    "/",
    "/machine",
    "/search",
    "/search?q=e",
    "/garden/",
    "/garden/growing",
    "/nothing-here",
    "/garden/fails/store",
)
FIRST_LOAD = 100_000
Serve = Callable[..., Site]


@pytest.fixture
def script() -> None:
    if Assets.find().address("app.js") is None:
        pytest.skip("needs the pages' script: python hatch_build.py builds it, with a reachable npm registry")


@pytest.mark.parametrize("address", PAGES)
def test_axe_finds_nothing_in_any_theme_and_nothing_is_too_wide(
    site: Site, page: "Page", tmp_path: Path, address: str
) -> None:
    in_every_form(page, site.url + address, tmp_path)


def test_axe_finds_nothing_on_the_sign_in_page(serve_app: Serve, page: "Page") -> None:
    site = serve_app({"garden": Garden()}, names=["assay.example"])
    page.goto(site.url)
    assert page.url.endswith("/sign-in?back=%2F")
    axe(page)
    page.get_by_label("Password").fill("wrong password")
    page.keyboard.press("Enter")
    assert page.get_by_role("alert").inner_text() == "✗ That is not the password."
    axe(page)


def test_the_password_opens_in_a_browser_and_leads_where_one_wanted_to_go(
    serve_app: Serve, page: "Page", tmp_path: Path
) -> None:
    site = serve_app({"garden": Garden()}, names=["assay.example"])
    page.goto(f"{site.url}/garden/?x=1")
    page.get_by_label("Password").fill((tmp_path / "web" / "password").read_text().strip())
    page.keyboard.press("Enter")
    page.wait_for_url("**/garden/?x=1")
    page.get_by_text("Menu").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in")


def test_everything_can_be_reached_and_used_by_the_keyboard_alone(
    site: Site, page: "Page", garden: Garden, script: None
) -> None:
    page.goto(f"{site.url}/garden/")
    press = page.keyboard.press
    press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    box = page.locator(":focus").bounding_box()
    assert box
    assert box["x"] >= 0, "the skip link has the focus and cannot be seen"
    press("Enter")
    page.wait_for_function("document.activeElement.id === 'main'")
    press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.type("tomat")
    press("Enter")
    page.wait_for_url("**/search?q=tomat")
    press("Control+k")
    assert page.evaluate("document.activeElement.value") == "tomat"
    press("Tab")
    press("Enter")  # the menu
    assert page.get_by_role("button", name="Dark").is_visible()
    press("Escape")
    assert not page.get_by_role("button", name="Dark").is_visible()
    assert page.evaluate("document.activeElement.textContent") == "Menu"
    page.goto(f"{site.url}/garden/")
    page.get_by_label("Bed").focus()
    page.keyboard.type("sorrel/")
    with page.expect_navigation():
        press("Enter")
    assert garden.beds[-1] == "sorrel/"


def test_what_has_the_focus_can_be_seen(site: Site, page: "Page") -> None:
    page.goto(f"{site.url}/garden/")
    for _ in range(12):
        page.keyboard.press("Tab")
        style = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert style != "none", page.evaluate("document.activeElement.outerHTML")


def test_a_theme_changes_at_once_and_stays(site: Site, page: "Page", script: None) -> None:
    page.goto(f"{site.url}/garden/")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_text("Menu").click()
    with page.expect_response("**/theme"):
        page.get_by_role("button", name="Dark").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    assert page.url.endswith("/garden/")
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light


def test_without_script_forms_search_and_theme_work(site: Site, scriptless: "Page", garden: Garden) -> None:
    scriptless.goto(f"{site.url}/")
    assert "Plant peas" in scriptless.inner_text("main")
    scriptless.get_by_role("button", name="Plant them").click()
    scriptless.wait_for_url("**/garden/")
    assert garden.beds[-1] == "peas"
    scriptless.get_by_role("searchbox").first.fill("peas")
    scriptless.keyboard.press("Enter")
    scriptless.wait_for_url("**/search?q=peas")
    assert scriptless.get_by_role("link", name="peas").is_visible()
    scriptless.get_by_text("Menu").click()
    scriptless.get_by_role("button", name="Dark").click()
    scriptless.wait_for_url("**/search?q=peas")
    assert scriptless.evaluate("document.documentElement.dataset.theme") == "dark"
    assert not scriptless.get_by_role("button", name="Copy").is_visible()


def test_the_machine_is_shown_on_the_home_page_and_without_script_by_a_link(
    site: Site, page: "Page", scriptless: "Page", script: None
) -> None:
    page.goto(site.url)
    page.get_by_text("All that was found, and what to do").wait_for()
    assert "level" in page.inner_text("main")
    scriptless.goto(f"{site.url}/machine")
    assert scriptless.get_by_role("rowheader", name="sandbox").is_visible()


def test_a_live_part_follows_what_happens_until_it_ends(site: Site, page: "Page", garden: Garden, script: None) -> None:
    page.goto(f"{site.url}/garden/growing")
    for height in (1, 2, 3):
        garden.height = height
        page.get_by_text(f"{height} cm").wait_for()
    page.wait_for_function("document.querySelector('[data-live]').dataset.liveEnded === '1'")
    wait_for(lambda: site.shell.watching == 0, WITHIN_S)


def test_a_live_page_that_is_left_is_watched_no_more(site: Site, page: "Page", garden: Garden, script: None) -> None:
    page.goto(f"{site.url}/garden/growing")
    garden.height = 1
    page.get_by_text("1 cm").wait_for()
    page.goto(f"{site.url}/garden/")
    wait_for(lambda: site.shell.watching == 0, WITHIN_S)
    seen = garden.looks
    Browser(site).get("/garden/")
    assert garden.looks == seen


def test_the_app_ends_though_somebody_watches(serve_app: Serve, page: "Page", script: None) -> None:
    garden = Garden()
    site = serve_app({"garden": garden})
    page.goto(f"{site.url}/garden/growing")
    garden.height = 1
    page.get_by_text("1 cm").wait_for()
    assert site.shell.watching == 1
    site.app.state.stop()
    site.thread.join(WITHIN_S)
    assert not site.thread.is_alive()


def test_dates_are_shown_in_the_readers_zone(site: Site, browser: object, script: None) -> None:
    context = browser.new_context(timezone_id="Asia/Kolkata")  # type: ignore[attr-defined]
    page = context.new_page()
    page.goto(f"{site.url}/machine")
    time = page.locator("time").first
    exact = time.get_attribute("datetime")
    assert exact.endswith("+00:00")
    assert time.get_attribute("title") == exact
    assert time.inner_text()[14:16] == f"{(int(exact[14:16]) + 30) % 60:02}"
    context.close()


def test_the_first_load_is_light(site: Site) -> None:
    browser = Browser(site)
    page = browser.ask("GET", "/garden/", Accept_Encoding="gzip")
    total = len(page.body)
    assert page.headers["content-encoding"] == "gzip"
    for address in re.findall(r'(?:href|src)="(/assets/[^"]+)"', gzip.decompress(page.body).decode()):
        total += len(browser.ask("GET", address, Accept_Encoding="gzip").body)
    assert 5_000 < total <= FIRST_LOAD


def test_a_person_who_wants_no_motion_gets_none(site: Site) -> None:
    style = urlopen(site.url + (Assets.find().address("app.css") or "")).read().decode()
    assert "prefers-reduced-motion" in style
    assert not re.search(r"(transition|animation):(?! none)", style), "nothing moves except what the reader moved"
