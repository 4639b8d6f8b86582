"""The gym's pages without a browser: what they hold as JSON, one file that is read again, what is not understood."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest

from assay.cli import run
from assay.gym import teaching, zones
from assay.gym.pages import Pages
from assay.settings import Settings
from assay.store import Store
from tests.browser_fixture import Site, serving
from tests.gym.pages.visiting import ABOVE, COURSES, RIGHT, WRONG, Practising
from tests.store_fixture import database
from tests.web.test_guard import Browser

Serve = Callable[..., Site]
DOUBLE = "/gym/problems/js-arrays-double"


@pytest.fixture(scope="module")
def site(test_server: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One app for all: every visitor is a learner of their own."""
    home = tmp_path_factory.mktemp("pages")
    with database(test_server, home) as store, serving(store, home) as serve:
        settings = Settings(home=home, database_url=store.url, gym_model=None)
        yield serve({"gym": Pages(COURSES)}, settings=settings)


def test_looking_around_makes_nobody(site: Site) -> None:
    browser = Browser(site)
    for address in ("/gym/", ABOVE, "/gym/lessons/py-lists", "/gym/concepts/lists?course=python"):
        assert browser.get(address).status == 200
    assert not any("learner" in name for name in browser.cookies)


def test_the_map_says_what_is_open_solved_and_next(site: Site) -> None:
    someone = Practising(site)
    before = someone.data("/gym/courses.json")
    assert before["continue_with"] == "py-lists-above"
    states = [one["state"] for one in before["courses"][0]["topics"][0]["problems"]]
    assert states == ["open", "locked"]
    home = someone.get("/gym/").text
    assert "later" in home
    assert home.index('href="/gym/join"') < home.index("Only the big ones</a> <span"), "a class code is asked for first"
    assert home.index('Read the first lesson, then come back: <a href="/gym/lessons/py-lists">')
    assert "Easier after" in someone.get("/gym/problems/py-lists-sum").text
    someone.act(ABOVE, do="submit", source=RIGHT)
    after = someone.data("/gym/courses.json")
    assert after["continue_with"] == "py-lists-sum"
    assert [one["state"] for one in after["courses"][0]["topics"][0]["problems"]] == ["passed", "open"]


def test_two_learners_see_their_own_alone(site: Site) -> None:
    one, other = Practising(site), Practising(site)
    number = one.act(ABOVE, do="run", source=WRONG) and one.data(f"{ABOVE}.json")["attempts"][0]["id"]
    assert other.data(f"{ABOVE}.json")["attempts"] == []
    assert other.get(f"{ABOVE}?attempt={number}").status == 404
    other.act(ABOVE, do="save", source="x = 1\n")
    assert one.data(f"{ABOVE}.json")["draft"]["text"] == WRONG


def test_what_is_typed_comes_back_letter_by_letter(site: Site) -> None:
    someone = Practising(site)
    odd = "\n\n# \u202e <b>&amp;</textarea> \u200b tab\there\r\nend  \n\n"
    someone.send(ABOVE, do="save", source=odd)
    text = odd.replace("\r\n", "\n")
    assert someone.data(f"{ABOVE}.json")["draft"]["text"] == text
    page = someone.get(ABOVE).text

    inside = page.partition('wrap="soft">\n')[2].partition("</textarea>")[0]
    assert unescape(inside) == text
    assert "<b>" not in page.partition("<main")[2].replace("<b></b>", "")


def test_one_file_is_read_again_when_it_is_saved(serve_app: Serve, tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    shutil.copyfile(COURSES, file)
    site = serve_app({"gym": Pages(file)}, alone=True)
    browser = Browser(site)
    assert browser.get("/").headers["location"] == "/gym/"
    assert "Only the big ones" in browser.get("/gym/").text
    file.write_text(COURSES.read_text().replace("title: Only the big ones", "title: Only the huge ones"))
    seen = ""
    for _ in range(10_000):
        seen = browser.get("/gym/").text
        if "Only the huge ones" in seen:
            break
    assert "Only the huge ones" in seen
    file.write_text(COURSES.read_text().replace("difficulty: easy", "difficulty: simple"))
    for _ in range(10_000):
        seen = browser.get("/gym/").text
        if "mistake" in seen:
            break
    assert "config.yaml:" in seen
    assert "Only the huge ones" in seen, "what was read before stays"


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/gym/problems/nothing", 404, "nothing"),
        (f"{ABOVE}?lang=cobol", 404, "javascript"),
        (f"{ABOVE}?attempt=999", 404, "not kept any more"),
        (f"{ABOVE}?attempt=x", 422, "attempt"),
        (f"{ABOVE}?tab=x", 422, "tab"),
        ("/gym/lessons/py-list", 404, '<a href="/gym/lessons/py-lists">Lists</a>'),
        ("/gym/problems/py-lists-abov", 404, f'<a href="{ABOVE}">Only the big ones</a>'),
        ("/gym/lessons/x.json", 404, "topic"),
        ("/gym/concepts/x", 404, "No course here"),
        ("/gym/concepts/lists?course=x", 404, "course"),
    ],
)
def test_what_is_not_there_is_said_in_words(site: Site, address: str, status: int, words: str) -> None:
    said = Browser(site).get(address)
    assert said.status == status
    assert words in said.text


def test_a_form_that_is_not_understood_changes_nothing(site: Site) -> None:
    someone = Practising(site)
    assert someone.send(ABOVE, do="explode", source="x").status == 422
    for size in (70_000, 1_000_000):
        refused = someone.send(ABOVE, do="run", source="x" * size)
        assert refused.status == 400
        assert f"The program has {size:,} characters" in refused.text
    refused = someone.send(ABOVE, do="run", source="x" * 1_100_000)
    assert refused.status == 400
    assert "longer than a megabyte" in refused.text
    assert "Make it shorter" in refused.text
    assert someone.send(ABOVE, do="help", tool="solve-it", source="x = 1").status == 400
    assert someone.send("/gym/problems/x", do="run", source="x").status == 404
    assert Browser(site).post(ABOVE, {"do": "run", "source": RIGHT}).status == 403


def test_somebody_new_whose_first_press_is_refused_is_known_at_the_second(site: Site) -> None:
    someone = Practising(site)
    said = someone.send(ABOVE, "application/json", do="undo")
    assert (said.status, json.loads(said.text)["error"]["message"]) == (400, "There is nothing to undo.")
    learner = someone.data("/gym/you.json")["learner"]
    assert learner is not None
    someone.act(ABOVE, do="save", source="x = 1")
    assert someone.data("/gym/you.json")["learner"]["id"] == learner["id"]


def test_a_submission_that_stops_early_says_how_many_tests_there_are(site: Site) -> None:
    someone = Practising(site)
    said = someone.act(ABOVE, do="submit", source="def above(numbers, limit):\n    return [3, 4]\n")
    ran, passed = len(someone.data(f"{ABOVE}.json")["attempts"][0]["graded"]["cases"]), 1
    assert ran < 9, "it stopped before its nine tests were run"
    words = f"{passed} of the first {ran} tests pass. It stopped there: the other {9 - ran} were not run."
    assert words in said["parts"]["tests"]
    assert words in said["said"]
    assert f"{passed} of the first {ran}<" in said["parts"]["history"]
    assert "1 of 2 tests pass." in someone.act(ABOVE, do="run", source=WRONG)["parts"]["tests"]


@pytest.mark.parametrize(
    "source",
    ["def above(numbers, limit):\n    return [3, 4]\n", "def above(:\n", RIGHT, "while True:\n    pass\n", "x = 1\n"],
    ids=["wrong", "no Python", "right", "endless", "without the function"],
)
def test_the_command_line_says_of_a_program_what_the_page_says(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str], source: str
) -> None:
    said = Practising(site).act(ABOVE, do="submit", source=source)["said"]
    (tmp_path / "mine.py").write_text(source)
    run(["gym", "solve", "py-lists-above", str(tmp_path / "mine.py"), "--courses", str(COURSES)])
    sentence, _, more = said.partition(" First to look at: ")
    out = capsys.readouterr().out
    assert sentence in out.splitlines()[-1].replace("`", "")
    assert more.partition(". ")[0] in out


def test_code_without_the_function_is_not_called_nothing(site: Site) -> None:
    someone = Practising(site)
    misspelt = someone.act(ABOVE, do="run", source=RIGHT.replace("above", "abov"))["parts"]["tests"]
    assert "could not be tested" in misspelt
    assert "There is no <code>above</code> in your program" in misspelt
    assert "nothing to run yet" in someone.act(ABOVE, do="run", source=" ")["parts"]["tests"]


def test_a_step_says_whether_the_code_or_the_function_is_at_its_end(site: Site) -> None:
    steps = Practising(site).act(ABOVE, do="step", source=RIGHT)["parts"]["step"]
    assert "Your code was read to its end: now it is called." in steps
    assert "The program gives back" not in steps
    program = Practising(site).act("/gym/problems/py-lists-sum", do="step", source="print(3)\n")["parts"]["step"]
    assert "The program ends." in program


def test_a_class_sees_first_what_is_asked_of_it_and_until_when(site: Site) -> None:
    store = site.shell.store
    room = teaching.create_class(store, "Python, Mondays", "Europe/Berlin")
    someone = Practising(site)
    someone.act(ABOVE, do="submit", source=RIGHT)
    someone.send("/gym/join", code=room.code, name="Ada")
    due = zones.read_due("2126-11-27T18:00", "Europe/Berlin")
    teaching.assign(store, room.id, "Homework", ["py-lists-sum"], due)
    home = someone.get("/gym/").text
    assert "due 2126-11-27 18:00 (Europe/Berlin, UTC+01:00)" in home
    assert home.index("Homework") < home.index("Go on: Add two numbers")
    assert "Python, Lists: problem 2 of 2." in home
    assert "exam" not in home
    someone.act("/gym/problems/py-lists-sum", do="submit", source="print(int(input()) + int(input()))\n")
    home = someone.get("/gym/").text
    assert home.index("Go on: Twice as much") < home.index("Homework"), "what is done stands behind what is to do"
    assert "Or ask in your own words" in someone.get(DOUBLE).text
    teaching.start_exam(store, room.id, timedelta(minutes=30))
    assert "Or ask in your own words" not in someone.get(DOUBLE).text
    for address in ("/gym/", ABOVE):
        page = someone.get(address).text
        words = re.sub(r"<[^>]+>", "", page)
        assert re.search(
            r"Your class writes an exam until \d{4}-\d\d-\d\d \d\d:\d\d \(Europe/Berlin, UTC\+0[12]:00\)", words
        ), address


def test_a_search_finds_problems_lessons_and_notes(site: Site) -> None:
    hits = Practising(site).data("/search.json?q=lists")["hits"]
    assert {hit["kind"] for hit in hits} == {"lesson", "note", "problem"}
    assert hits[0]["title"] == "Lists"


def test_markdown_of_lessons_can_do_nothing(site: Site) -> None:
    page = Browser(site).get("/gym/lessons/py-lists").text
    assert "numbers = [3, 1, 4]" in page
    assert "<script>alert" not in page
