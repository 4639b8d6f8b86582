"""The boards in a real browser: two clicks to why, nothing for axe to complain of, and the same without script."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from assay.bench.evaluations import save_samples
from assay.store import Store
from tests.bench.pages.made_runs import HOSTILE, make_run, make_sample
from tests.browser_fixture import PHONE, Site, in_every_form, served

if TYPE_CHECKING:
    from playwright.sync_api import Page

Serve = Callable[..., Site]
RUN = "/bench/runs/20260301-123000-ab12"
PAGES = {
    "runs": "/bench/",
    "leaderboard": RUN,
    "tasks": f"{RUN}/tasks?show=flips",
    "compare": f"{RUN}/compare?a=strong&b=weak",
    "cost": f"{RUN}/cost",
    "format": f"{RUN}/format",
    "several": "/bench/compare?runs=20260301-123000-ab12",
}


@pytest.fixture(scope="module")
def gaps(test_server: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """An app over a run of two suites, of which two samples are missing, and one of replies from files, with an error."""

    def fill(store: Store) -> None:
        make_run(store, suites=("functions", "humaneval"), skip=frozenset({("weak", 3)}))
        files = [f"a/{name}_temperature_0.2_samples-sanitized.jsonl" for name in ("gpt4", "bard", "claude", "phi")]
        graded = make_run(
            store,
            identifier="20260303-000000-0e0e",
            source="grade",
            models=("gpt4",),
            replies=files,
            skip=frozenset({("gpt4", 3)}),
        )
        save_samples(store, [make_sample(graded.id, "functions", "functions/3", "gpt4", "error")])

    with served(test_server, tmp_path_factory.mktemp("gaps"), fill) as site:
        yield site


@pytest.mark.parametrize("name", PAGES)
def test_a_board_has_nothing_that_axe_complains_of_in_any_form(
    gaps: Site, page: "Page", tmp_path: Path, name: str
) -> None:
    in_every_form(page, gaps.url + PAGES[name], tmp_path)


def test_why_a_model_failed_a_task_is_two_clicks_away_without_script(
    serve_app: Serve, store: Store, scriptless: "Page"
) -> None:
    make_run(store)
    site = serve_app()
    scriptless.goto(site.url + RUN)
    scriptless.get_by_role("link", name="which tasks weak failed").click()
    scriptless.get_by_role("link", name="failed: weak, functions/7").click()
    assert "gave def f" in (scriptless.text_content("main") or "")


def test_on_a_phone_long_names_break_behind_their_signs_and_a_shade_says_that_more_lies_to_the_right(
    serve_app: Serve, store: Store, page: "Page"
) -> None:
    make_run(store, models=("gpt4_final_500c_long", "gpt3_final_500c_long", "meta-llama/Llama-3.1-8B"))
    page.goto(f"{serve_app().url}{RUN}/tasks")
    table = page.locator(".wide:has(> .matrix)")

    def edge() -> bytes:
        """One pixel at the table's right edge, between two lines of text."""
        box, row = table.bounding_box(), page.locator(".matrix tbody tr").first.bounding_box()
        assert box is not None
        assert row is not None
        return page.screenshot(clip={"x": box["x"] + box["width"] - 2, "y": row["y"] + 2, "width": 1, "height": 1})

    fits = edge()
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    assert table.evaluate("table => table.scrollWidth > table.clientWidth")
    assert edge() != fits
    lines = "heads => heads.map(head => [...head.childNodes].filter(part => part.nodeType == 3).map(part => {"
    lines += "const range = document.createRange(); range.selectNode(part); return range.getClientRects().length; }))"
    assert page.locator(".matrix thead th").evaluate_all(lines) == [[1], [1] * 4, [1] * 4, [1] * 6]
    table.evaluate("table => { table.scrollLeft = table.scrollWidth; }")
    assert edge() == fits


def test_hostile_names_are_text_on_every_board(serve_app: Serve, store: Store, page: "Page") -> None:
    make_run(store, models=(HOSTILE, "other"), suites=(f"s{HOSTILE}",), name="{number}" + HOSTILE, tasks=5)
    site = serve_app()
    for address in (
        *list(PAGES.values())[:2],
        f"{RUN}/tasks",
        f"{RUN}/compare",
        f"{RUN}/cost",
        f"{RUN}/format",
        PAGES["several"],
    ):
        page.goto(site.url + address)
        assert page.locator("main script, main img").count() == 0, address
        if address != "/bench/":
            assert "⟨U+202E⟩" in (page.text_content("main") or ""), address
