"""What the tutor's tests share: the shipped courses, and a grader on a real sandbox."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from assay.gym.grading import Grader
from assay.gym.library import Library
from assay.settings import Settings


@pytest.fixture(scope="session")
def library() -> Library:
    return Library()


@pytest.fixture(scope="session")
def grader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grader]:
    home: Path = tmp_path_factory.mktemp("grader")
    with Grader(Settings(home=home, workers=2)) as made:
        yield made
