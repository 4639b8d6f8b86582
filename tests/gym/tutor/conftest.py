"""What the tutor's tests share: the shipped courses, and a grader on a real sandbox."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from assay.gym.grading import Grader
from assay.gym.library import COURSES, Library
from assay.settings import Settings


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """The shipped courses as they are now: a long test must not see an author's next word."""
    folder = tmp_path_factory.mktemp("courses")
    shutil.copytree(COURSES, folder, dirs_exist_ok=True)
    return Library(folder)


@pytest.fixture(scope="session")
def grader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grader]:
    home: Path = tmp_path_factory.mktemp("grader")
    with Grader(Settings(home=home, workers=2)) as made:
        yield made
