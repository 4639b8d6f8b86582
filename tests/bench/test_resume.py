"""A run that is killed, or whose server dies, goes on where it was: nothing is paid twice, lost or counted twice."""

import os
from pathlib import Path

import pytest

from assay.store import Store
from tests.killing import kill_and_resume


@pytest.fixture
def environment(store: Store, tmp_path: Path) -> dict[str, str]:
    """A command's environment, with a database of its own."""
    return {**os.environ, "ASSAY_HOME": str(tmp_path / "home"), "ASSAY_DATABASE_URL": store.url}


def test_a_run_killed_at_random_moments_asks_again_only_what_was_under_way(
    environment: dict[str, str], tmp_path: Path
) -> None:
    concurrency = 2
    figures = kill_and_resume(
        tmp_path, environment, tasks=6, samples=5, kills=4, seed=11, concurrency=concurrency, delay=0.4
    )
    assert figures.kills == 4
    assert figures.document["state"] == "done"
    assert (figures.document["samples"], figures.document["passed"], figures.document["missing"]) == (30, 30, 0)
    assert sorted(figures.rows) == sorted({(task, sample) for task, sample in figures.rows for sample in range(5)})
    assert len(figures.rows) == 30
    assert all(times >= 5 for times in figures.prompts.values())
    assert 0 <= figures.asked_again <= figures.kills * concurrency
