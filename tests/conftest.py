"""Fixtures that every part's tests may use."""

import signal
import sys
import threading
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for the plug-ins that lie beside this file
pytest_plugins = ["store_fixture", "browser_fixture"]

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real data with scores of record, which lies beside the project; tests that need it skip without it."""
    if not SHARED_DATA.is_dir():
        pytest.skip(
            f"needs the data sets in {SHARED_DATA.parent.name}/{SHARED_DATA.name} beside the project: they are not here"
        )
    return SHARED_DATA


@pytest.fixture(scope="session", autouse=True)
def _ctrl_c_is_heard() -> None:
    """A shell starts what runs in its background deaf to Ctrl-C, and processes pass that on; tests that send it need ears."""
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
