"""The list of runs."""

from starlette.testclient import TestClient

from assay.bench import evaluations
from assay.bench.records import Evaluation
from assay.records import Task
from assay.store import Store
from tests.bench.pages.made_runs import NOW, make_run, make_sample

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


def test_what_was_graded_goes_by_the_names_of_its_files_in_the_list_and_where_runs_are_chosen(
    client: TestClient, store: Store
) -> None:
    for number, name in enumerate(("gpt.jsonl", "<i>bard.jsonl")):
        graded = Evaluation(
            id=f"2026030{number}-100000-0000",
            created=NOW,
            source="grade",
            state="done",
            suites=("functions",),
            replies=(f"/somewhere/private/{name}",),
        )
        evaluations.create(store, graded, [Task(id="a", suite="functions", prompt="", checks=())], [])
    for address in ("/bench/", "/bench/compare"):
        page = client.get(address).text
        assert "gpt.jsonl" in page
        assert "&lt;i&gt;bard.jsonl" in page
        assert "private" not in page


def test_errors_are_marked_in_the_list_beside_the_state(client: TestClient, store: Store) -> None:
    run = make_run(store, models=("m",), tasks=3, skip=frozenset({("m", 1), ("m", 2)}))
    assert "error" not in client.get("/bench/").text
    evaluations.save_samples(
        store, [make_sample(run.id, "functions", f"functions/{number}", "m", "error") for number in (1, 2)]
    )
    assert "! 2 errors" in client.get("/bench/").text
    assert client.get("/bench/runs.json").json()[0]["errors"] == 2
