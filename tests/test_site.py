"""The documentation as a site: built without a warning, whole, and loading nothing from another host."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` builds it."""
    place = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(place)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert not [line for line in said.splitlines() if not line.startswith("INFO ")], said
    return place


class _Loaded(HTMLParser):
    """What a browser fetches by itself for a page, and where its links lead."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "link" and said.get("rel") not in ("canonical", "prev", "next"):
            self.fetched.append(said.get("href", ""))
        if tag in ("script", "img", "iframe", "source", "video", "audio", "embed") and said.get("src"):
            self.fetched.append(said["src"])
        if tag == "object":
            self.fetched.append(said.get("data", ""))
        if tag == "a" and "href" in said:
            self.links.append(said["href"])


def _read(page: Path) -> _Loaded:
    loaded = _Loaded()
    loaded.feed(page.read_text("utf-8"))
    return loaded


def test_the_site_has_every_page_and_loads_nothing_from_another_host(site: Path) -> None:
    sources = [*(ROOT / "docs").rglob("*.md"), ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
    for source in sources:
        inside = source.relative_to(ROOT / "docs") if (ROOT / "docs") in source.parents else Path(source.name)
        assert (site / inside.with_suffix(".html")).is_file(), inside
    for page in site.rglob("*.html"):
        for address in _read(page).fetched:
            assert not re.match(r"(\w+:)?//", address), (page.name, address)
    styles = list(site.rglob("*.css"))
    assert styles
    for style in styles:
        assert not re.search(r"(url\(|@import)\s*[\"']?(https?:)?//", style.read_text("utf-8")), style.name


def test_every_page_of_the_site_can_be_reached_from_its_first(site: Path) -> None:
    seen, waiting = set(), [site / "index.html"]
    while waiting:
        page = waiting.pop()
        if page in seen:
            continue
        seen.add(page)
        for link in _read(page).links:
            path = link.partition("#")[0]
            if path and "://" not in path and not path.startswith("mailto:"):
                target = (page.parent / path).resolve()
                assert target.exists(), f"{page.name} leads to {link}"
                if target.suffix == ".html":
                    waiting.append(target)
    assert seen == {page for page in site.rglob("*.html") if page.name != "404.html"}


def test_links_to_sources_became_text_and_marks_for_tests_are_gone(site: Path) -> None:
    home = (site / "index.html").read_text("utf-8")
    assert "CONTRIBUTING.html" in home
    assert "tutorial.html" in home
    for page in site.rglob("*.html"):
        assert "no-run reason" not in re.sub(r"<code>.*?</code>", "", page.read_text("utf-8"), flags=re.S), page.name
