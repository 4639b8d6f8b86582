"""Joining a class, coming back on another machine, and what a learner may do with what is kept."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from assay.gym import drafting, learners, teaching
from assay.gym.guessing import new_code
from assay.gym.pages import Pages
from assay.gym.records.learners import Classroom
from assay.store import Store
from assay.web.sign_in import password_file
from tests.browser_fixture import Site, axe, four_forms, serving
from tests.gym.pages.walking import addresses
from tests.store_fixture import database, emptied
from tests.web.test_guard import Browser, Said

if TYPE_CHECKING:
    from playwright.sync_api import Page

Serve = Callable[..., Site]
PROBLEM = "py-lists-filter-above"


OUTSIDE = {"names": ["assay.example"], "alone": True}
"""As others reach the gym, by a proxy: everybody signs in."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("joining")


@pytest.fixture(scope="module")
def database_of_all(test_server: Store, home: Path) -> Iterator[Store]:
    with database(test_server, home) as opened:
        yield opened


@pytest.fixture(scope="module")
def serve(database_of_all: Store, home: Path) -> Iterator[Serve]:
    """What serves apps for all tests: they remember nothing but what stands in the database, and who guessed wrong."""
    with serving(database_of_all, home) as found:
        yield found


@pytest.fixture(scope="module")
def opened_here(serve: Serve) -> Site:
    return serve({"gym": Pages()})


@pytest.fixture(scope="module")
def opened_outside(serve: Serve) -> Site:
    return serve({"gym": Pages()}, **OUTSIDE)


@pytest.fixture
def store(database_of_all: Store) -> Store:
    return emptied(database_of_all)


@pytest.fixture
def room(store: Store) -> Classroom:
    return teaching.create_class(store, "Python, Mondays")


@pytest.fixture
def site(opened_here: Site, store: Store) -> Site:
    """As it is on the owner's machine."""
    return opened_here


@pytest.fixture
def outside(opened_outside: Site, store: Store) -> Site:
    """As others reach it."""
    return opened_outside


def join(browser: Browser, code: str, name: str, **headers: str) -> Said:
    fields = {"_token": browser.token("/gym/join"), "code": code, "name": name}
    return browser.post("/gym/join", fields, **headers)


def come_back(browser: Browser, code: str, name: str, word: str, **headers: str) -> Said:
    fields = {"_token": browser.token("/gym/come-back"), "code": code, "name": name, "word": word}
    return browser.post("/gym/come-back", fields, **headers)


def word_of(said: Said) -> str:
    found = re.search(r"<strong>([a-z]+-[a-z]+-\d{3})</strong>", said.text)
    assert found, said.text
    return found[1]


def test_a_class_is_joined_and_found_again_on_another_machine(site: Site, store: Store, room: Classroom) -> None:
    school, home = Browser(site), Browser(site)
    said = join(school, room.shown_code.lower(), "Ada")
    assert said.status == 200
    assert said.headers["cache-control"] == "no-store"
    word = word_of(said)
    me = json.loads(school.get("/gym/you.json").text)
    assert (me["learner"]["name"], me["class_name"]) == ("Ada", room.name)
    drafting.save_draft(store, me["learner"]["id"], PROBLEM, "python", "x = 1", None)
    back = come_back(home, room.code, "ada", word)
    assert (back.status, back.headers["location"]) == (303, "/gym/")
    assert json.loads(home.get("/gym/you.json").text)["drafts"][0]["text"] == "x = 1"
    assert word not in home.get("/gym/you").text


def test_an_invite_link_names_the_class_and_asks_for_the_name_alone(site: Site, room: Classroom) -> None:
    browser = Browser(site)
    page = browser.get(f"/gym/join/{room.code}")
    assert f"Join {room.name}" in page.text
    assert f'value="{room.shown_code}"' in page.text
    join(browser, room.code, "Ada")
    assert browser.get(f"/gym/join/{room.code}").headers["location"] == "/gym/"


@pytest.mark.parametrize(
    ("code", "name", "words"),
    [
        ("", "Ada", "No class has the code"),
        ("CCCCCC", "Ada", "No class has the code &#39;CCCCCC&#39;"),
        ("<b>", "Ada", "No class has the code &#39;&lt;b&gt;&#39;"),
        (None, "", "There is no name"),
        (None, "a\u202eb", "characters that cannot be seen"),
        (None, "x" * 41, "41 characters"),
    ],
)
def test_what_is_wrong_is_said_and_makes_nobody(
    site: Site, store: Store, room: Classroom, code: str | None, name: str, words: str
) -> None:
    browser = Browser(site)
    said = join(browser, room.code if code is None else code, name)
    assert said.status == 400
    assert words in said.text
    assert teaching.how_many(store, None) == 0
    assert teaching.class_table(store, room.id) == []
    assert not any("learner" in cookie for cookie in browser.cookies)


def test_guessing_codes_must_wait(serve: Serve, room: Classroom) -> None:
    browser = Browser(serve({"gym": Pages()}))
    token = browser.token("/gym/join")
    for _ in range(60):
        said = browser.post("/gym/join", {"_token": token, "code": "CCCCCC", "name": "Eve"})
        assert said.status == 400
    said = browser.post("/gym/join", {"_token": token, "code": room.code, "name": "Eve"})
    assert said.status == 429
    assert int(said.headers["retry-after"]) > 0
    assert "Too many tries" in said.text
    assert browser.get(f"/gym/join/{room.code}").status == 429


def test_guessing_a_word_must_wait_whatever_the_address(serve: Serve, room: Classroom) -> None:
    outside = serve({"gym": Pages()}, **OUTSIDE)
    ada = Browser(outside)
    word = word_of(join(ada, room.code, "Ada"))
    eve = Browser(outside)
    for number in range(10):
        assert come_back(eve, room.code, "Ada", "tulip-river-100", X_Forwarded_For=f"192.0.2.{number}").status == 400
    assert come_back(eve, room.code, "ADA", word, X_Forwarded_For="192.0.2.99").status == 429
    bob = Browser(outside)
    word = word_of(join(bob, room.code, "Bob"))
    assert come_back(Browser(outside), room.code, "Bob", word).status == 303  # others are not kept waiting


def test_behind_a_proxy_each_address_has_its_own_tries(serve: Serve, room: Classroom) -> None:
    outside = serve({"gym": Pages()}, **OUTSIDE)
    eve, ada = Browser(outside), Browser(outside)
    token = eve.token("/gym/join")
    for _ in range(60):
        fields = {"_token": token, "code": new_code(), "name": "Eve"}
        assert eve.post("/gym/join", fields, X_Forwarded_For="198.51.100.7, 192.0.2.1").status == 400
    assert eve.post("/gym/join", fields, X_Forwarded_For="198.51.100.8, 192.0.2.1").status == 429
    assert join(ada, room.code, "Ada", X_Forwarded_For="192.0.2.2").status == 200


def test_a_second_tab_that_joins_again_changes_nothing(site: Site, room: Classroom) -> None:
    browser = Browser(site)
    join(browser, room.code, "Ada")
    again = join(browser, room.code, "Ada")
    assert (again.status, again.headers["location"]) == (303, "/gym/")


def test_a_new_word_voids_the_one_before(site: Site, room: Classroom) -> None:
    browser = Browser(site)
    old = word_of(join(browser, room.code, "Ada"))
    new = word_of(browser.post("/gym/you/word", {"_token": browser.token("/gym/you")}))
    assert come_back(Browser(site), room.code, "Ada", old).status == 400
    assert come_back(Browser(site), room.code, "Ada", new).status == 303


def test_signing_off_leaves_the_machine_to_somebody_else(site: Site, room: Classroom) -> None:
    browser = Browser(site)
    word = word_of(join(browser, room.code, "Ada"))
    cookies = dict(browser.cookies)
    assert browser.post("/gym/you/forget", {"_token": browser.token("/gym/you")}).status == 303
    assert browser.get("/gym/you.json").status == 404
    browser.cookies = cookies
    assert browser.get("/gym/you.json").status == 404, "the old cookie still opens it"
    assert come_back(browser, room.code, "Ada", word).status == 303
    assert browser.get("/gym/you.json").status == 200


def test_deleting_takes_a_tick_and_leaves_nothing(site: Site, store: Store, room: Classroom) -> None:
    browser = Browser(site)
    join(browser, room.code, "Ada")
    token = browser.token("/gym/you")
    assert browser.post("/gym/you/delete", {"_token": token}).status == 400
    assert len(teaching.class_table(store, room.id)) == 1
    assert browser.post("/gym/you/delete", {"_token": token, "sure": "yes"}).status == 303
    assert teaching.class_table(store, room.id) == []
    assert "Nothing is kept of you yet" in browser.get("/gym/you").text


def test_nobody_leaves_an_exam(site: Site, store: Store, room: Classroom) -> None:
    browser = Browser(site)
    join(browser, room.code, "Ada")
    teaching.start_exam(store, room.id, timedelta(hours=1))
    token = browser.token("/gym/you")
    assert "writes an exam" in browser.get("/gym/you").text
    assert browser.post("/gym/you/leave", {"_token": token}).status == 400
    other = teaching.create_class(store, "Another")
    said = join(browser, other.code, "Ada")
    assert said.status == 400
    assert "writes an exam" in said.text
    teaching.end_exam(store, room.id)
    assert browser.post("/gym/you/leave", {"_token": token}).status == 303


# ---- without the password ------------------------------------------------------------------------------------------


def routes(site: Site) -> list[tuple[str, str]]:
    filled = {"problem": PROBLEM, "topic": "py-lists", "concept": "lists", "code": "CCCCCC", "name": "app.css"}
    found = addresses(site, filled)
    assert ("GET", f"/gym/problems/{PROBLEM}") in found
    assert len(found) > 20
    return found


def test_without_a_class_nothing_but_the_doors_is_open(outside: Site) -> None:
    browser = Browser(outside)
    token = browser.token("/gym/join")
    for method, path in routes(outside):
        if path.startswith(("/sign-in", "/assets/", "/theme", "/gym/join", "/gym/come-back")):
            continue
        said = browser.get(path) if method == "GET" else browser.post(path, {"_token": token})
        allowed = (401, 303, 307) if path == "/" else (401, 303)
        assert said.status in allowed, (method, path, said.status)
        if said.status == 303:
            assert said.headers["location"].startswith(("/sign-in", "/gym/join")), path


def test_a_cookie_of_a_learner_without_a_class_opens_nothing(outside: Site, store: Store, room: Classroom) -> None:
    browser = Browser(outside)
    join(browser, room.code, "Ada")
    assert browser.get("/gym/").status == 200
    me = json.loads(browser.get("/gym/you.json").text)["learner"]["id"]
    learners.leave(store, me)
    assert browser.get("/gym/").headers["location"] == "/gym/join"
    assert browser.get("/gym/you.json", Accept="application/json").status == 401


def test_a_learner_of_a_class_reaches_the_gym_and_nothing_else(outside: Site, room: Classroom) -> None:
    browser = Browser(outside)
    assert browser.get("/").headers["location"] == "/gym/"
    assert browser.get("/gym/").headers["location"] == "/gym/join"
    join(browser, room.code, "Ada")
    token = browser.token("/gym/you")
    assert browser.get("/gym/").status == 200
    assert browser.get(f"/gym/problems/{PROBLEM}").status == 200
    for method, path in routes(outside):
        if path.startswith(("/sign-in", "/assets/", "/theme")) or path == "/":
            continue
        if path.startswith("/gym/") and not path.startswith("/gym/teacher"):
            continue
        said = browser.get(path) if method == "GET" else browser.post(path, {"_token": token})
        assert said.status in (401, 303), (method, path, said.status)
        if said.status == 303:
            assert said.headers["location"].startswith("/sign-in"), path


def test_the_teacher_signs_in_and_sees_all(outside: Site, home: Path) -> None:
    browser = Browser(outside)
    password = password_file(home).read_text().strip()
    browser.post("/sign-in", {"_token": browser.token("/sign-in"), "password": password})
    for path in ("/gym/", "/gym/teacher", "/machine"):
        assert browser.get(path).status == 200, path


# ---- how it looks --------------------------------------------------------------------------------------------------


def test_the_pages_work_without_script_and_for_everybody(
    site: Site, room: Classroom, page: "Page", scriptless: "Page", tmp_path: Path
) -> None:
    scriptless.goto(f"{site.url}/gym/join/{room.code}")
    scriptless.get_by_label("Your name").fill("Grace")
    scriptless.get_by_role("button", name="Join").click()
    assert scriptless.get_by_role("heading", level=1).inner_text() == "Write this down, Grace"
    for path in ("/gym/join", "/gym/come-back", "/gym/you", f"/gym/join/{room.code}"):
        page.goto(site.url + path)
        axe(page)
        four_forms(page, site.url + path, tmp_path, path.replace("/", "-"))
    page.goto(f"{site.url}/gym/join")
    page.get_by_label("Class code").fill(room.code)
    page.get_by_label("Your name").fill("Ada")
    page.get_by_role("button", name="Join").click()
    axe(page)
    page.get_by_role("link", name="I wrote it down").click()
    page.goto(f"{site.url}/gym/you")
    axe(page)
    four_forms(page, f"{site.url}/gym/you", tmp_path, "you")


def test_signing_off_takes_the_browsers_copies_away(site: Site, room: Classroom, page: "Page") -> None:
    page.goto(f"{site.url}/gym/join/{room.code}")
    page.get_by_label("Your name").fill("Ada")
    page.get_by_role("button", name="Join").click()
    page.goto(f"{site.url}/gym/you")
    page.evaluate("localStorage.setItem('assay.gym/ada/x/python', 'hers'); localStorage.setItem('other', 'stays')")
    page.get_by_role("button", name="Sign off").click()
    page.get_by_text("You practise on your own").wait_for()
    assert page.evaluate("Object.keys(localStorage)") == ["other"]
