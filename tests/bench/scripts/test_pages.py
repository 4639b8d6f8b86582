"""The pipeline's pages in a real browser and by address: what they answer, and that nothing a model wrote is markup."""

import csv
import io
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from assay.bench.scripts.records import ScriptReport, ScriptSample
from assay.store import Store
from tests.bench.scripts.made import made_run, made_samples, save_run
from tests.browser_fixture import Site, axe, in_every_form, served

if TYPE_CHECKING:
    from playwright.sync_api import Page

Serve = Callable[..., Site]
SCRIPT = """def jumps(readings, limit):
    return [place for place in range(len(readings) - 1) if abs(readings[place + 1] - readings[place]) > limit]


if __name__ == "__main__":
    print(*jumps([20, 21, 35, 34, 12], 10))
"""
HOSTILE = (
    "<script>document.title='owned'</script><img src=x onerror=alert(1)>\"'><style>*{display:none}</style>\x1b[31m\u202eevil"
    + "long " * 4000
    + "\n" * 50
    + "a" * 20_000
)
RUN = "/bench/scripts/20260301-made"
PAGES = ("/bench/scripts/", RUN, f"{RUN}/alpha/prompt-0/1", f"{RUN}/alpha/prompt-1/2", f"{RUN}/alpha/prompt-2/1")


def made(store: Store, text: str) -> None:
    run = made_run(text)
    save_run(store, run, made_samples(run, text))


@pytest.fixture(scope="module")
def site(test_server: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """An app over one run, for all tests that only read."""
    with served(test_server, tmp_path_factory.mktemp("made"), lambda store: made(store, SCRIPT)) as opened:
        yield opened


@pytest.fixture(scope="module")
def hostile(test_server: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """An app over a run in which every text means harm."""

    def fill(store: Store) -> None:
        run = made_run(HOSTILE, prompts=3, models=("alpha",))
        save_run(store, run, made_samples(run, HOSTILE))

    with served(test_server, tmp_path_factory.mktemp("hostile"), fill) as opened:
        yield opened


def fetched(site: Site, address: str) -> str:
    with urllib.request.urlopen(site.url + address, timeout=60) as response:
        text: str = response.read().decode()
        return text


@pytest.mark.parametrize("address", PAGES)
def test_a_page_is_in_order_in_every_form(site: Site, page: "Page", tmp_path: Path, address: str) -> None:
    in_every_form(page, site.url + address, tmp_path)


def test_no_run_yet_says_how_to_begin(serve_app: Serve, page: "Page") -> None:
    page.goto(f"{serve_app().url}/bench/scripts/")
    assert "assay bench scripts PROMPTS_DIR" in page.inner_text("main")
    axe(page)


def test_a_reader_finds_why_tests_cannot_fail_by_clicks_alone_and_without_script(
    site: Site, scriptless: "Page"
) -> None:
    scriptless.goto(f"{site.url}/bench/scripts/")
    scriptless.click("text=20260301-made")
    assert "Most scripts that run" in scriptless.inner_text("main")
    scriptless.click("#cannot_fail li a >> nth=0")
    assert "These tests cannot fail" in scriptless.inner_text("main")
    assert "not noticed" in scriptless.inner_text("main")
    assert "def jumps" in scriptless.inner_text("main")


@pytest.mark.parametrize("address", PAGES)
def test_what_a_model_wrote_is_text(hostile: Site, page: "Page", address: str) -> None:
    page.goto(hostile.url + address)
    assert "owned" not in page.title().split("<")[0]
    assert page.evaluate("document.querySelectorAll('main script, main img, main style, main [onerror]').length") == 0
    text = page.inner_text("main")
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert len(page.content()) < 3_000_000
    axe(page)


def test_every_page_has_its_data_as_json_and_tables_as_csv(site: Site) -> None:
    (listed,) = json.loads(fetched(site, "/bench/scripts.json"))
    assert (listed["run"], listed["done"], listed["samples"]) == ("20260301-made", 32, 32)
    report = ScriptReport.model_validate_json(fetched(site, f"{RUN}.json"))
    assert report.by_model[0].after.runs is not None
    rows = list(csv.DictReader(io.StringIO(fetched(site, f"{RUN}.csv"), newline="")))
    assert len(rows) == len(report.by_model) + len(report.by_batch) + len(report.by_prompt)
    assert float(rows[0]["runs"]) == report.by_model[0].after.runs.value
    view: dict[str, Any] = json.loads(fetched(site, f"{RUN}/alpha/prompt-0/1.json"))
    assert ScriptSample.model_validate(view["sample"]).scripts[0].source == SCRIPT
    assert view["folder"] == "/somewhere/runs/20260301-made/alpha/prompt-0/1"
    assert len(list(csv.DictReader(io.StringIO(fetched(site, "/bench/scripts.csv"), newline="")))) == 1


def test_every_link_of_a_run_leads_somewhere_also_for_a_model_with_a_slash_in_its_name(
    site: Site, page: "Page"
) -> None:
    page.goto(site.url + RUN)
    links = page.eval_on_selector_all("main a", "links => links.map(link => link.getAttribute('href'))")
    assert any("lab_beta" in link for link in links)
    for link in sorted(set(links)):
        assert fetched(site, link)


@pytest.mark.parametrize(
    "address",
    [
        "/bench/scripts/nothing", "/bench/scripts/nothing.json", f"{RUN}/alpha/prompt-0/9", f"{RUN}/alpha/prompt-0/0",
        f"{RUN}/alpha/prompt-0/x", f"{RUN}/nobody/prompt-0/1.json", f"{RUN}/alpha/prompt-99/1", "/bench/scripts/%00",
        "/bench/scripts/last", f"{RUN}/alpha/prompt-0/99999999999999999999",
    ],
)  # fmt: skip
def test_what_is_not_there_is_a_404_that_says_what_to_do(site: Site, address: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        fetched(site, address)
    with caught.value as answer:
        assert answer.code == 404
        assert b"Traceback" not in answer.read()
