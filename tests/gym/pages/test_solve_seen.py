"""A problem in a real browser: solve it, fail, run out of time, lose the connection, come back; by keyboard, by ear, on a phone."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from assay.gym import drafting
from assay.gym.pages import Pages
from assay.settings import Settings
from assay.store import Store
from assay.web.assets import Assets
from tests.browser_fixture import PHONE, WIDE, Site, axe, four_forms, serving
from tests.gym.pages.visiting import ABOVE, COURSES, RIGHT, WRONG
from tests.store_fixture import database
from tests.web.test_guard import Browser

if TYPE_CHECKING:
    from playwright.sync_api import Page

DOUBLE = "/gym/problems/js-arrays-double"
FIRST_LOAD = 250_000
SEEN = """selector => { const { top, bottom } = document.querySelector(selector).getBoundingClientRect();
                        return top >= 0 && bottom <= innerHeight; }"""
"""Whether it stands within the window."""


@pytest.fixture(scope="module")
def site(test_server: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One app for all: every visitor is a learner of their own."""
    if Assets.find().address("editor.js") is None:
        pytest.skip("needs the pages' script: python hatch_build.py builds it, with a reachable npm registry")
    home = tmp_path_factory.mktemp("solve")
    with database(test_server, home) as store, serving(store, home) as serve:
        settings = Settings(home=home, database_url=store.url, gym_model=None)
        yield serve({"gym": Pages(COURSES)}, settings=settings)


def write(page: "Page", code: str) -> None:
    """As somebody who types it all anew; nothing is completed or indented for them."""
    page.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(code)


def code(page: "Page") -> str:
    text = page.evaluate("document.querySelector('textarea[name=source]').value")
    assert isinstance(text, str)
    return text


def press(page: "Page", keys: str, part: str = "tests") -> str:
    """Press, wait for the answer, and give what the tab says."""
    with page.expect_response(lambda response: response.request.method == "POST" and "/problems/" in response.url):
        page.keyboard.press(keys)
    page.locator(f"#part-{part}:not([aria-busy])").wait_for()
    return page.locator(f"#part-{part}").inner_text()


def heard(page: "Page", words: str) -> None:
    page.locator("#heard", has_text=words).wait_for(state="attached")


def test_a_learner_fails_reads_why_and_solves_it(site: Site, page: "Page") -> None:
    page.goto(f"{site.url}/gym/")
    page.get_by_role("link", name="Only the big ones", exact=True).click()
    write(page, WRONG)
    said = press(page, "Control+Enter")
    assert "1 of 2 tests pass." in said
    opened = page.locator("#part-tests details[open]")
    assert opened.count() == 1
    for words in ("leaves out the limit itself", "above([2, 3, 2], 2)", "Expected", "[3]", "Got", "[2, 3, 2]"):
        assert words in opened.inner_text()
    assert page.locator("#part-tests mark").count(), "what differs is marked"
    heard(page, "1 of 2 tests pass. First to look at: leaves out the limit itself.")
    assert "kept_back" not in page.content()
    axe(page)
    write(page, "def above(numbers, limit):\n    print('looking')\n    return numbrs\n")
    said = press(page, "Control+Enter")
    assert "Go to line 3" in said
    assert "looking" in said
    assert page.locator(".cm-signs .cm-sign-bad:visible").count() == 1
    assert page.locator(".cm-line.cm-marked-bad").inner_text().strip() == "return numbrs"
    write(page, RIGHT)
    said = press(page, "Control+Shift+Enter")
    assert "Solved: all 9 tests pass." in said
    heard(page, "Solved")
    after = page.locator("#part-after")
    assert "kept_back_number" in after.inner_text()
    assert "[one for one in numbers if one > limit]" in after.inner_text()
    assert "Python has a short form" in after.inner_text()
    axe(page)
    page.get_by_text("Your attempts (3)").click()
    page.locator(".history a").nth(2).click()
    page.get_by_text("This is what you ran at").wait_for()
    assert code(page) == WRONG
    page.get_by_role("link", name="Leave it").click()
    page.wait_for_url("**lang=python")
    assert code(page) == RIGHT
    page.get_by_role("link", name="Next: Add two numbers").click()
    page.get_by_role("heading", name="Add two numbers").wait_for()
    page.goto(f"{site.url}/gym/")
    assert "1 of 2 solved" in page.inner_text("main")
    assert "Go on: Add two numbers" in page.inner_text("main")


def test_the_other_language_is_solved_too(site: Site, page: "Page") -> None:
    page.goto(site.url + DOUBLE)
    write(page, "function double(numbers) {\n  conts made = [];\n  return made;\n}\n")
    page.locator(".cm-lintRange-error").first.hover()
    page.locator(".cm-diagnostic", has_text="Did you mean const?").first.wait_for()
    write(page, "function double(numbers) {\n  for (const n of numbrs) console.log(n);\n}\n")
    said = press(page, "Control+Enter")
    assert "0 of 2 tests pass." in said
    assert "ReferenceError" in said
    assert "Go to line 2" in said
    page.locator(".cm-lintRange-warning").first.wait_for()
    write(page, "function double(numbers) {\n  return numbers.map((n) => n * 2);\n}\n")
    assert "Solved: all 3 tests pass." in press(page, "Control+Shift+Enter")
    assert "keptBackNumber" in page.locator("#part-after").inner_text()


def test_a_program_without_an_end_and_one_that_floods_are_called_that(site: Site, page: "Page") -> None:
    page.goto(site.url + ABOVE)
    write(page, "print('so far')\ndef above(numbers, limit):\n    while True:\n        limit += 1\n")
    said = press(page, "Control+Enter")
    assert "out of time" in said
    assert "so far" in said
    heard(page, "Out of time")
    write(page, "def above(numbers, limit):\n    while True:\n        print('x' * 1000)\n")
    said = press(page, "Control+Enter")
    assert re.search(r"printed (?:more|too much)", said), said
    assert "xxxx" in said
    axe(page)


def test_nothing_is_lost_with_the_connection(site: Site, page: "Page") -> None:
    page.goto(site.url + ABOVE)
    write(page, WRONG)
    page.locator("#saved", has_text=re.compile("^Saved$")).wait_for()
    press(page, "Control+Enter")
    page.context.set_offline(True)
    write(page, RIGHT)
    page.locator("#saved", has_text="No connection").wait_for()
    heard(page, "your code is kept in this browser")
    page.keyboard.press("Control+Enter")
    page.locator("#state", has_text="The app does not answer. Your code is kept").wait_for()
    assert page.locator("#part-tests .result").is_visible()
    assert "What stands below is of an earlier run." in page.inner_text("#state")
    page.context.set_offline(False)
    page.locator("#saved", has_text=re.compile("^Saved$")).wait_for()
    assert page.inner_text("#state") == "", "what was said of the connection goes with it"
    learner = page.locator("#work").get_attribute("data-learner") or ""
    assert learner == "", "the page was made before there was anything to keep"
    page.reload()
    assert code(page) == RIGHT
    learner = page.locator("#work").get_attribute("data-learner") or ""
    kept = drafting.read_draft(site.shell.store, learner, "py-lists-above", "python")
    assert kept is not None
    assert kept.text == RIGHT
    # and where the page is closed before the app answers again
    page.route(
        "**/gym/problems/**", lambda route: route.abort() if route.request.method == "POST" else route.continue_()
    )
    write(page, "# never sent\n")
    page.locator("#saved", has_text="No connection").wait_for()
    page.reload()
    assert code(page) == "# never sent\n"
    page.unroute("**/gym/problems/**")
    page.locator("#saved", has_text=re.compile("^Saved$")).wait_for()


def test_what_another_window_wrote_is_not_written_over(site: Site, page: "Page") -> None:
    page.goto(site.url + ABOVE)
    write(page, WRONG)
    page.locator("#saved", has_text=re.compile("^Saved$")).wait_for()
    other = page.context.new_page()
    other.goto(site.url + ABOVE)
    write(other, RIGHT)
    other.locator("#saved", has_text=re.compile("^Saved$")).wait_for()
    page.bring_to_front()
    write(page, "# mine\n")
    page.get_by_role("button", name="Show the other one").click()
    assert code(page) == RIGHT
    page.get_by_role("button", name="Bring mine back").click()
    assert code(page) == "# mine\n"
    page.locator("#saved", has_text=re.compile("^Saved$")).wait_for()
    # a text that is submitted settles it, and the other one is still to be had
    other.bring_to_front()
    write(other, "# theirs\n")
    other.locator("#conflict").wait_for()
    write(other, RIGHT)
    assert "Solved" in press(other, "Control+Shift+Enter")
    assert not other.locator("#conflict").is_visible()
    other.get_by_role("button", name="Bring the other window's code back").click()
    assert code(other) == "# mine\n"
    other.keyboard.press("Control+z")
    assert code(other) == RIGHT
    other.locator("#saved", has_text=re.compile("^Saved$")).wait_for()
    other.reload()
    assert code(other) == RIGHT
    assert "had not been saved" not in other.inner_text("#heard")
    # what lost is still to be had, though the page was loaded anew before anybody chose
    page.bring_to_front()
    write(page, "# mine again\n")
    page.locator("#conflict").wait_for()
    page.reload()
    assert code(page) == "# mine again\n"
    page.locator("#saved", has_text=re.compile("^Saved$")).wait_for()
    page.get_by_role("button", name="Bring the other window's code back").click()
    assert code(page) == RIGHT
    other.close()


def test_a_megabyte_of_code_is_refused_in_words_and_the_page_goes_on(site: Site, page: "Page") -> None:
    page.goto(site.url + ABOVE)
    write(page, WRONG)
    page.locator("#saved", has_text=re.compile("^Saved$")).wait_for()
    write(page, "x = 1  # long\n" * 75_000)
    page.locator("#saved", has_text="Too long").wait_for()
    page.keyboard.press("Control+Enter")
    assert "too long: 1,050,000 characters" in page.inner_text("#state")
    page.keyboard.press("Control+z")
    assert code(page) == WRONG
    assert "1 of 2 tests pass." in press(page, "Control+Enter")
    assert page.inner_text("#state") == ""


def show_the_mark(page: "Page") -> None:
    """F8: go to the next mark and say what it is. One that is just being renewed says nothing: then once more."""
    for _ in range(20):
        page.keyboard.press("F8")
        page.wait_for_timeout(500)
        if page.locator(".cm-diagnostic").is_visible():
            return
    raise AssertionError("F8 tells nothing of the mark")


def test_the_keyboard_is_enough(site: Site, page: "Page") -> None:
    page.goto(site.url + ABOVE)
    page.locator(".cm-content").wait_for()
    page.locator(".history, .concepts-used a").last.focus()
    page.keyboard.press("Tab")
    inside = "document.activeElement.shadowRoot?.activeElement.getAttribute('aria-label')"
    assert page.evaluate(inside) == "Your code, Python"
    page.keyboard.press("Control+End")
    page.keyboard.type("x = nothing_made")
    page.keyboard.press("Tab")
    assert page.evaluate(inside), "Tab indents inside the editor"
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Run"
    page.keyboard.press("Alt+2")
    assert page.evaluate("document.activeElement.textContent") == "Console"
    assert page.locator("#panel-console").is_visible()
    assert not page.locator("#panel-tests").is_visible()
    page.locator("#stdin").focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("print(above([5], 1))")
    assert "of the console" in press(page, "Control+Enter", "console"), "what is run is what one is in"
    assert page.evaluate("document.activeElement.id") == "stdin"
    page.keyboard.press("Alt+2")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.textContent") == "Step"
    page.keyboard.press("Alt+0")
    assert page.evaluate(inside), "one key leads back to the code"
    page.locator(".cm-lintRange").first.wait_for()
    show_the_mark(page)
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Run", "F8 keeps nobody in the editor"
    page.keyboard.press("Alt+0")
    show_the_mark(page)
    page.keyboard.press("Alt+3")
    page.locator(".cm-diagnostic").wait_for(state="detached")
    page.keyboard.press("Control+'")
    assert page.locator("#panel-help").is_visible()
    page.keyboard.press("?")
    assert page.get_by_role("heading", name="Keys").is_visible()
    axe(page)
    page.keyboard.press("Escape")
    assert not page.get_by_role("heading", name="Keys").is_visible()
    before = code(page)
    page.get_by_role("button", name="Reset").focus()
    page.keyboard.press("Enter")
    assert code(page) == "def above(numbers, limit):\n    ...\n"
    assert page.evaluate("document.activeElement.textContent") == "Undo reset"
    page.keyboard.press("Enter")
    assert code(page) == before
    page.locator(".cm-content").press("/")
    assert code(page) != before, "a slash in the editor is a slash, and no search"


def test_slips_are_underlined_in_plain_words_and_names_are_completed(site: Site, page: "Page") -> None:
    page.set_default_timeout(30_000)
    page.goto(f"{site.url}{ABOVE}?lang=python")
    for text, words in (
        ("def above(numbers, limit)\n    return numbers\n", "put a : at its end"),
        ("def above(numbers, limit):\nreturn numbers\n", "must be indented"),
        ("def above(numbers, limit):\n    return (numbers\n", "This ( is never closed"),
        ("def above(numbers, limit):\n    return 'x\n", "begins with ' and does not end"),
        ("def above(numbers, limit):\n    if limit = 3:\n        return 1\n", "write =="),
        ("def above(numbers, limit):\n    return nubmers\n", "Did you mean numbers?"),
        ("def above(numbers, limit):\n    return true\n", "True, with a capital letter"),
        ("def above(numbers, limit):\n    limit++\n", "write limit += 1"),
        ("def above(numbers, limit):\n    retrun numbers\n", "Did you mean return?"),
        ("def above(numbers, limit):\n    if limit:\n        pass\n    esle:\n        pass\n", "Did you mean else?"),
        ("def above(numbers, limit):\n    print numbers\n", "stands in brackets: print"),
    ):
        write(page, text)
        page.mouse.move(0, 0)
        page.locator(".cm-lintRange").first.hover()
        page.locator(".cm-diagnostic", has_text=words).first.wait_for()
    write(page, (COURSES.parent / "legal.py.txt").read_text())
    page.locator(".cm-lintRange").first.wait_for(state="detached")
    page.keyboard.press("Control+End")
    page.keyboard.type("\nlongest_w")
    page.locator(".cm-tooltip-autocomplete", has_text="longest_word").wait_for()


def test_at_200_percent_what_a_key_did_is_seen(site: Site, page: "Page") -> None:
    page.set_viewport_size({"width": WIDE["width"] // 2, "height": 400})
    page.goto(site.url + ABOVE)
    write(page, "\n" * 20 + WRONG)
    press(page, "Control+Enter")
    assert page.evaluate(SEEN, "#part-tests .headline")
    page.get_by_role("tab", name="Tests").press("?")
    assert page.evaluate(SEEN, "#keys-title"), "a list of keys begins at its beginning"


def test_a_run_is_looked_at_step_by_step(site: Site, page: "Page") -> None:
    page.goto(site.url + ABOVE)
    write(
        page,
        "def above(numbers, limit):\n    found = []\n    for one in numbers:\n        found.append(one)\n    return found\n",
    )
    page.keyboard.press("Alt+3")
    page.get_by_role("button", name="Record the steps").click()
    slider = page.get_by_role("slider")
    slider.wait_for()
    page.locator("#step-at:focus").wait_for()
    assert page.locator(".steps > li:visible").count() == 1
    slider.press("End")
    assert "[3, 1, 4]" in page.locator(".steps > li:visible").inner_text()
    slider.press("Home")
    for _ in range(3):
        page.get_by_role("button", name="One step on").click()
    assert slider.get_attribute("aria-valuetext")
    assert page.locator(".cm-line.cm-marked-step").count() == 1
    axe(page)


def test_help_is_asked_for_on_the_page(site: Site, page: "Page") -> None:
    page.goto(site.url + ABOVE)
    page.keyboard.press("Control+'")
    page.get_by_text("Have a go first").wait_for()
    write(page, WRONG)
    press(page, "Control+Enter")
    page.keyboard.press("Alt+4")
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.get_by_role("button", name="Hint", exact=True).and_(page.locator(":enabled")).press("Enter")
    page.locator(".answer:focus").wait_for()
    assert page.evaluate(SEEN, ".answer h3"), "the answer is where the learner looks"
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    page.get_by_text("written by the author of the problem for this very slip").wait_for()
    assert "Read the word strictly again." in page.locator("#part-help").inner_text()
    page.get_by_role("button", name="This helped").click()
    page.locator("[name=thumb][aria-pressed=true]").wait_for()
    axe(page)


def test_without_script_everything_works_by_forms(site: Site, scriptless: "Page") -> None:
    page = scriptless
    page.goto(site.url + ABOVE)
    box = page.get_by_role("textbox", name="Your code", exact=True)
    box.fill(WRONG)
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_url("**attempt=*")
    assert "1 of 2 tests pass." in page.inner_text("#part-tests")
    assert box.input_value() == WRONG
    assert page.url.endswith("#panel-tests"), "the page opens where the answer stands"
    assert "Press Save before you leave this page." in page.inner_text("main")
    page.get_by_label("Run this after your code").fill("above([5, 6], 5)")
    page.get_by_role("button", name="Run it").click()
    assert "[5, 6]" in page.inner_text("#part-console")
    assert page.url.endswith("#panel-console")
    assert "1 of 2 tests pass." in page.inner_text("#part-tests"), "what the same code came to stays"
    page.get_by_role("button", name="Record the steps").click()
    assert page.locator(".steps > li").count() > 3
    page.get_by_role("button", name="Reset", exact=True).click()
    assert "..." in box.input_value()
    page.get_by_role("button", name="Undo reset").and_(page.locator(":visible")).click()
    assert box.input_value() == WRONG
    page.get_by_role("button", name="Hint", exact=True).click()
    assert "Read the word strictly again." in page.inner_text("#part-help")
    assert page.evaluate(SEEN, ".answer h3")
    box.fill(RIGHT)
    page.get_by_role("button", name="Submit").click()
    assert "Solved: all 9 tests pass." in page.inner_text("#part-tests")
    assert "kept_back_number" in page.inner_text("#part-after")


PAGES = ("/gym/", "/gym/lessons/py-lists", "/gym/concepts/lists", ABOVE, DOUBLE)


@pytest.mark.parametrize("address", PAGES)
def test_axe_finds_nothing_in_any_form(site: Site, page: "Page", tmp_path: Path, address: str) -> None:
    half = {"width": WIDE["width"] // 2, "height": WIDE["height"] // 2}  # a window at 200 % zoom
    for size, theme in ((WIDE, "light"), (PHONE, "dark"), (half, "light")):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        page.goto(site.url + address)
        if "/problems/" in address:
            page.locator(".cm-content").wait_for()
        axe(page)
    four_forms(page, site.url + address, tmp_path)
    if "/problems/" in address:
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        task, work = page.locator(".task").bounding_box(), page.locator(".work").bounding_box()
        assert task
        assert work
        assert work["y"] >= task["y"] + task["height"], "one column"


def test_the_first_load_with_the_editor_is_light(site: Site) -> None:
    browser = Browser(site)
    page = browser.ask("GET", ABOVE, Accept_Encoding="gzip")
    total = len(page.body)
    addresses = re.findall(r'(?:href|src)="(/assets/[^"]+)"', gzip.decompress(page.body).decode())
    assert any("editor." in address for address in addresses)
    for address in addresses:
        total += len(browser.ask("GET", address, Accept_Encoding="gzip").body)
    assert 100_000 < total <= FIRST_LOAD
