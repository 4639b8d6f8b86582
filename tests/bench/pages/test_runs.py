"""The list of runs."""

from starlette.testclient import TestClient

from assay.store import Store
from tests.bench.pages.made_runs import make_run

RUN = "/bench/runs/20260301-123000-ab12"


def test_the_list_of_runs_has_the_best_and_an_empty_one_says_what_to_do(client: TestClient, store: Store) -> None:
    assert "No run yet" in client.get("/bench/").text
    make_run(store)
    (line,) = client.get("/bench/runs.json").json()
    assert (line["best_model"], line["best"]["value"]) == ("strong", 0.9)


def test_long_names_that_begin_alike_are_told_apart_in_the_list(client: TestClient, store: Store) -> None:
    folder = "recorded//somewhere/a/long/way/down/recordings"
    make_run(store, models=(f"{folder}/strong.jsonl", f"{folder}/weak.jsonl", "c", "d", "<i>"), tasks=1)
    page = client.get("/bench/").text
    assert "5: recorded//so…recordings/strong.jsonl, recorded//so…n/recordings/weak.jsonl, c and 2 more" in page
    assert "<i>" not in page
