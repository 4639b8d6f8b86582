"""A run's progress, counted in a real database."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from assay.bench import watching
from assay.bench.tables import SAMPLES
from assay.store import Store
from assay.store.tables import EXECUTORS
from tests.bench.pages.made_runs import make_run


def test_the_time_left_is_told_at_the_pace_since_the_first_group_of_samples(store: Store) -> None:
    run = make_run(store, models=("m",), tasks=100).model_copy(update={"executor": "run:1"})
    began = datetime.now(UTC) - timedelta(seconds=121)
    with store.engine.begin() as connection:
        connection.execute(sa.insert(EXECUTORS).values(id="run:1", started=began, host="", pid=1))
        for number in range(100):  # the first group after a hundred seconds, then one a fifth of a second
            at = began + timedelta(seconds=100 if number < 5 else 101.1 + (number - 5) / 5)
            place = SAMPLES.c.task == f"functions/{number}"
            connection.execute(sa.update(SAMPLES).where(place).values(created=at))
    found = watching.look(store, run, {"m": 195})
    assert found.elapsed_s == pytest.approx(121, abs=30)
    assert found.left_s == pytest.approx(20, abs=30)  # at the pace since the command began, 115
    assert watching.look(store, run.model_copy(update={"executor": ""}), {"m": 195}).left_s is None
