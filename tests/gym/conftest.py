"""One sandbox a worker for the gym's tests, and a learner and a class."""

from collections.abc import Iterator

import pytest

from assay.gym import learners, teaching
from assay.gym.grading import Grader
from assay.gym.records.learners import Classroom, Learner
from assay.pipeline.sandbox import Sandbox
from assay.pipeline.sandbox.choose import open_sandbox
from assay.settings import Settings
from assay.store import Store


@pytest.fixture(scope="session")
def gym_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """The best sandbox there is here."""
    with open_sandbox(Settings(home=tmp_path_factory.mktemp("gym"))) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def grader(gym_sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grader]:
    """A grader on it."""
    with Grader(Settings(home=tmp_path_factory.mktemp("grader"), workers=2), sandbox=gym_sandbox) as kept:
        yield kept


@pytest.fixture
def ada(store: Store) -> Learner:
    return learners.create(store)[0]


@pytest.fixture
def room(store: Store) -> Classroom:
    return teaching.create_class(store, "Python, Mondays")
