"""Tasks by model, as data."""

import pytest
from starlette.testclient import TestClient

RUN = "/bench/runs/20260301-123000-ab12"


@pytest.mark.parametrize(("show", "count"), [("all", 30), ("flips", 18), ("none", 3), ("every", 9), ("failed", 21)])
def test_the_tasks_page_keeps_what_its_filter_says(board: TestClient, show: str, count: int) -> None:
    assert board.get(f"{RUN}/tasks.json?show={show}").json()["tasks"] == count
