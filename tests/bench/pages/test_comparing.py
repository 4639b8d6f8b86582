"""Models against each other, as data: in a sentence, and by the tasks that flip."""

from starlette.testclient import TestClient

from assay.bench import evaluations
from assay.records import Status
from assay.store import Store
from tests.bench.pages.made_runs import make_run, make_sample

RUN = "/bench/runs/20260301-123000-ab12"


def test_two_models_are_compared_in_a_sentence_and_by_the_tasks_that_flip(board: TestClient) -> None:
    (versus,) = board.get(f"{RUN}/compare.json?a=strong&b=weak").json()
    assert versus["said"].startswith("strong is better than weak on 30 tasks of functions by 60.0 points (p < 0.001")
    assert len(versus["a_wins"]) == 18
    assert versus["b_wins"] == []
    assert board.get(versus["a_wins"][0]["b"]).status_code == 200
    page = board.get(f"{RUN}/compare?a=strong&b=weak").text
    assert (page.count("✓ passed<"), page.count("✗ failed<")) == (18, 18)


def test_of_several_samples_it_is_said_how_many_passed(client: TestClient, store: Store) -> None:
    run = make_run(store, models=("a", "b"), tasks=2, samples=3, skip=frozenset({("b", 1)}))
    fates: tuple[Status, ...] = ("pass", "wrong", "pass")
    made = [make_sample(run.id, "functions", "functions/1", "b", fate, index) for index, fate in enumerate(fates)]
    evaluations.save_samples(store, made)
    (versus,) = client.get(f"{RUN}/compare.json?a=a&b=b").json()
    (flip,) = versus["a_wins"]
    assert (flip["a_passed"], flip["a_samples"], flip["b_passed"], flip["b_samples"]) == (3, 3, 2, 3)
    page = client.get(f"{RUN}/compare?a=a&b=b").text
    assert "✓ 3 of 3 passed<" in page
    assert "✗ 2 of 3 passed<" in page


def test_models_of_two_runs_are_compared_on_the_tasks_both_saw(client: TestClient, store: Store) -> None:
    make_run(store)
    make_run(store, identifier="20260302-000000-cd34", models=("strong",), tasks=10)
    found = client.get("/bench/compare.json?runs=20260301-123000-ab12&runs=20260302-000000-cd34").json()
    assert len(found) == 6
    assert {pair["tasks"] for pair in found if pair["b"]["evaluation"].endswith("cd34")} == {10}
