"""Tasks by model, as data."""

import pytest
from starlette.testclient import TestClient

from assay.store import Store
from tests.bench.pages.made_runs import make_run

RUN = "/bench/runs/20260301-123000-ab12"


@pytest.mark.parametrize(("show", "count"), [("all", 30), ("flips", 18), ("none", 3), ("every", 9), ("failed", 21)])
def test_the_tasks_page_keeps_what_its_filter_says(client: TestClient, store: Store, show: str, count: int) -> None:
    make_run(store)
    assert client.get(f"{RUN}/tasks.json?show={show}").json()["tasks"] == count
