"""The pictures of docs/gym, taken of the real pages: `python -m tests.gym.pages.pictures [docs/gym]`. Look at each afterwards.

It starts `assay up gym` on an empty data folder and a Chromium (see tests/web/get_browser.py), and does what the pictures show:
a test that fails, a run step by step, a problem solved, the map, a phone in the dark. `--teacher FOLDER` takes the table of
problems of a class too, wide and on a phone, light and dark, and the words at an exam, as PNG files to be looked at.
"""

import argparse
import base64
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.web.get_browser import executable, node_for_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SIZES = {"wide": (1280, 900), "phone": (390, 844)}
PROBLEM = "/gym/problems/py-lists-filter-above"
WRONG = """\
def filter_above(numbers, limit):
    result = []
    for number in numbers:
        if number >= limit:
            result.append(number)
    return result
"""
EASY = {
    "/gym/problems/py-values-market-bill": "def market_bill(apples, pears):\n    return apples * 3 + pears * 2 + 1\n",
    "/gym/problems/js-values-shop-basket": "function basketPrice(apples, loaves) {\n"
    "  return apples * 40 + loaves * 250;\n}\n",
}
"""Problems that are solved before, so that the map shows something."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("docs/gym"))
    parser.add_argument("--teacher", type=Path, help="a folder for what a class's teacher sees")
    options = parser.parse_args()
    from playwright.sync_api import sync_playwright

    os.environ.update(node_for_playwright())
    with gym() as url, sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []  # our own pages only
        browser = playwright.chromium.launch(executable_path=executable(), args=arguments)
        learner(browser, url, options.folder)
        if options.teacher:
            options.teacher.mkdir(exist_ok=True)
            teacher(browser, url, options.teacher)
        browser.close()
    return 0


@contextmanager
def gym() -> Iterator[str]:
    """The address of a gym that nobody has used yet."""
    with tempfile.TemporaryDirectory(prefix="assay-pictures-", dir="/tmp") as home:
        Path(home).chmod(0o711)
        command = [sys.executable, "-m", "assay", "up", "gym", "--port", "0", "--no-browser"]
        environment = {**os.environ, "ASSAY_HOME": f"{home}/home", "ASSAY_GYM_MODEL": "none"}
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as server:
            try:
                assert server.stdout is not None
                yield next(found[0] for line in server.stdout if (found := re.search(r"http://127\.0\.0\.1:\d+", line)))
            finally:
                server.send_signal(signal.SIGINT)


def learner(browser: "Browser", url: str, folder: Path) -> None:
    """Somebody's first hour."""
    context = browser.new_context(viewport={"width": 1280, "height": 820}, color_scheme="light")
    page = context.new_page()
    for address, source in EASY.items():
        page.goto(url + address)
        write(page, source)
        press(page, "Control+Shift+Enter")
    page.goto(url + PROBLEM)
    write(page, WRONG)
    press(page, "Control+Enter")
    shot(page, folder / "fail.webp")
    phone = browser.new_context(
        viewport={"width": 390, "height": 1560}, color_scheme="dark", storage_state=context.storage_state()
    )
    small = phone.new_page()
    small.goto(url + PROBLEM)
    small.locator("button[value=run]").first.click()
    small.locator("#part-tests:not([aria-busy]) details[open]").first.wait_for()
    small.locator("#part-tests", has_text="1 of 2 tests pass").wait_for()
    small.evaluate("scrollTo(0, 0)")
    shot(small, folder / "phone.webp")
    page.bring_to_front()
    page.goto(url + PROBLEM)
    page.get_by_role("tab", name="Step").click()
    page.get_by_role("button", name="Record the steps").click()
    page.locator("#step-at:focus").wait_for()
    for _ in range(9):
        page.get_by_role("button", name="One step on").click()
    shot(page, folder / "step.webp")
    write(page, WRONG.replace(">=", ">"))
    press(page, "Control+Shift+Enter")
    page.evaluate("document.querySelector('.after').scrollIntoView()")
    shot(page, folder / "solved.webp")
    page.set_viewport_size({"width": 1200, "height": 800})
    page.goto(f"{url}/gym/")
    shot(page, folder / "map.webp")


def teacher(browser: "Browser", url: str, folder: Path) -> None:
    """What the teacher of a class sees of it, and a learner's words at an exam."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}, timezone_id="Europe/Berlin").new_page()
    page.goto(f"{url}/gym/teacher")
    page.fill("input[name=name]", "Python, Mondays")
    page.get_by_role("button", name="Make the class").click()
    page.wait_for_url("**/classes/*")
    room = page.url
    code = page.locator("strong.mono").first.inner_text()
    pupil = browser.new_context(viewport={"width": 1280, "height": 900}, timezone_id="America/New_York").new_page()
    pupil.goto(f"{url}/gym/join?code={code.replace(' ', '')}")
    pupil.fill("input[name=code]", code)
    pupil.fill("input[name=name]", "Ada")
    pupil.get_by_role("button", name="Join").click()
    pupil.goto(url + PROBLEM)
    write(pupil, WRONG)
    press(pupil, "Control+Shift+Enter")
    for address, source in EASY.items():
        pupil.goto(url + address)
        write(pupil, source)
        press(pupil, "Control+Enter")
    page.goto(f"{room}/settings")
    page.get_by_role("button", name="Begin an exam").click()
    for form, (width, height) in SIZES.items():
        for scheme in ("light", "dark"):
            page.set_viewport_size({"width": width, "height": height})
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            page.goto(f"{room}/problems")
            page.screenshot(path=folder / f"problems-{form}-{scheme}.png", full_page=True)
    page.goto(room)
    page.screenshot(path=folder / "class.png")
    pupil.goto(f"{url}/gym/")
    pupil.screenshot(path=folder / "exam.png")


def write(page: "Page", code: str) -> None:
    """Type a whole program anew."""
    page.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(code)


def press(page: "Page", keys: str) -> None:
    """Run or Submit, and wait for the answer."""
    with page.expect_response(lambda one: one.request.method == "POST" and "/problems/" in one.url):
        page.keyboard.press(keys)
    page.locator("#part-tests:not([aria-busy])").wait_for()


def shot(page: "Page", path: Path) -> None:
    """The window as WebP: the browser itself turns its picture into one."""
    png = base64.b64encode(page.screenshot()).decode()
    blank = page.context.browser.new_page() if page.context.browser else page
    data = blank.evaluate(
        """async png => { const image = new Image(); image.src = "data:image/png;base64," + png; await image.decode();
                          const canvas = document.createElement("canvas");
                          [canvas.width, canvas.height] = [image.width, image.height];
                          canvas.getContext("2d").drawImage(image, 0, 0);
                          return canvas.toDataURL("image/webp", 0.9); }""",
        png,
    )
    path.write_bytes(base64.b64decode(data.partition(",")[2]))
    blank.close()


if __name__ == "__main__":
    sys.exit(main())
