"""Models against each other, as data: in a sentence, and by the tasks that flip."""

from starlette.testclient import TestClient

from assay.store import Store
from tests.bench.pages.made_runs import make_run

RUN = "/bench/runs/20260301-123000-ab12"


def test_two_models_are_compared_in_a_sentence_and_by_the_tasks_that_flip(board: TestClient) -> None:
    (versus,) = board.get(f"{RUN}/compare.json?a=strong&b=weak").json()
    assert versus["said"].startswith("strong is better than weak on 30 tasks of functions by 60.0 points (p < 0.001")
    assert len(versus["a_wins"]) == 18
    assert versus["b_wins"] == []
    assert board.get(versus["a_wins"][0]["b"]).status_code == 200


def test_models_of_two_runs_are_compared_on_the_tasks_both_saw(client: TestClient, store: Store) -> None:
    make_run(store)
    make_run(store, identifier="20260302-000000-cd34", models=("strong",), tasks=10)
    found = client.get("/bench/compare.json?runs=20260301-123000-ab12&runs=20260302-000000-cd34").json()
    assert len(found) == 6
    assert {pair["tasks"] for pair in found if pair["b"]["evaluation"].endswith("cd34")} == {10}
