"""The log of model calls: what was asked, answered, paid; filtered, paged, and whole in the other forms."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from httpx2 import Client

from assay.bench.calls import PAGE
from assay.records import Message, Model, Reply, Request
from assay.store import Store, kept
from tests.browser_fixture import Site, in_every_form, served

if TYPE_CHECKING:
    from playwright.sync_api import Page

CALLS = 130


def log_calls(store: Store) -> None:
    """130 calls to two models, every tenth of them failed."""
    for number in range(CALLS):
        model = Model(
            name=f"m{number % 2}", provider="openai", model="x", url="https://user:hunter2@host.example/v1?k=sesame"
        )
        messages = (Message(role="user", content=f'question {number} "quoted" 100%'),)
        request = Request(model=model, messages=messages, sample=number)
        if number % 10:
            reply = Reply(
                text=f"answer {number}", prompt_tokens=10, completion_tokens=2, cost=0.5, latency_s=number / 10
            )
            kept.keep_reply(store, f"k{number}", request, reply)
        else:
            kept.record_failure(store, f"k{number}", request, "the server\0 is down")


@pytest.fixture(scope="module")
def site(test_server: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """All tests read the same log."""
    with served(test_server, tmp_path_factory.mktemp("calls"), log_calls) as made:
        yield made


@pytest.fixture(scope="module")
def client(site: Site) -> Iterator[Client]:
    with Client(base_url=site.url, timeout=60) as opened:
        yield opened


def test_the_totals_are_of_all_calls_and_by_model(client: Client) -> None:
    log = client.get("/bench/calls.json").json()
    assert log["calls"] == CALLS
    first, second = sorted(log["totals"], key=lambda one: str(one["model"]))
    assert (first["calls"], first["failed"], second["calls"], second["failed"]) == (65, 13, 65, 0)
    assert (first["prompt_tokens"], first["cost"]) == (520, {"USD": 26.0})


def test_pages_lead_through_every_call_once_and_back(client: Client) -> None:
    seen: list[int] = []
    before: int | None = None
    while True:
        log = client.get("/bench/calls.json", params={} if before is None else {"before": before}).json()
        seen += [entry["id"] for entry in log["entries"]]
        if log["older"] is None:
            break
        before = log["older"]
    assert seen == list(range(CALLS, 0, -1))
    back = client.get("/bench/calls.json", params={"after": log["newer"]}).json()
    assert [entry["id"] for entry in back["entries"]] == seen[-len(log["entries"]) - PAGE : -len(log["entries"])]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("model=m1", 65),
        ("status=error", 13),
        ("model=m1&status=error", 0),
        ("q=QUESTION 12", 11),
        ('q="quoted"', 130),
        ("q=100%25", 130),
        ("q=100_", 0),
        ("q=answer 77", 1),
        ("q=is down", 13),
    ],
)
def test_a_filter_leaves_what_it_says(client: Client, query: str, count: int) -> None:
    assert client.get(f"/bench/calls.json?{query}").json()["calls"] == count
    assert client.get(f"/bench/calls?{query}").status_code == 200


def test_the_csv_has_every_call_and_no_secret_stands_anywhere(client: Client) -> None:
    text = client.get("/bench/calls.csv").text
    assert len(list(csv.DictReader(io.StringIO(text)))) == CALLS
    pages = [text, *(client.get(f"/bench/calls{rest}").text for rest in ("", ".json", "/2", "/2.json"))]
    assert not [page for page in pages if "hunter2" in page or "sesame" in page]


def test_one_call_shows_the_question_the_reply_and_what_it_took(client: Client) -> None:
    found = client.get("/bench/calls/2.json").json()
    assert found["messages"][0]["content"].startswith("question 1 ")
    assert (found["reply"]["text"], found["entry"]["cost"]) == ("answer 1", 0.5)
    assert "the server␀ is down" in client.get("/bench/calls/1").text


@pytest.mark.parametrize(
    ("path", "status"),
    [("/bench/calls/999", 404), ("/bench/calls/x", 422), ("/bench/calls/99999999999999999999", 422), ("/bench/calls?q=%00", 422),
     ("/bench/calls?status=odd", 422), ("/bench/runs/none/calls", 404), ("/bench/calls/1/reply.txt", 404)],
)  # fmt: skip
def test_what_cannot_be_shown_is_said_in_words(client: Client, path: str, status: int) -> None:
    assert client.get(path).status_code == status


@pytest.mark.parametrize("path", ["/bench/calls", "/bench/calls/2"])
def test_in_a_browser_it_is_clean_in_every_form(site: Site, page: "Page", tmp_path: Path, path: str) -> None:
    in_every_form(page, site.url + path, tmp_path)
