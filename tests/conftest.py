"""Fixtures that every part's tests may use."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for the plug-ins that lie beside this file
pytest_plugins = ["store_fixture"]

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real data with scores of record, which lies beside the project; tests that need it skip without it."""
    if not SHARED_DATA.is_dir():
        pytest.skip(
            f"needs the data sets in {SHARED_DATA.parent.name}/{SHARED_DATA.name} beside the project: they are not here"
        )
    return SHARED_DATA
