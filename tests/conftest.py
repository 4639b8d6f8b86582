"""Fixtures that every part's tests may use."""

import asyncio
import gc
import signal
import sys
import threading
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

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


SLOWEST = (
    "test_docs_commands", "scripts/test_", "test_resume", "test_scores_of_record", "test_starting", "test_live", "test_demo",
    "test_measured", "test_workflows", "conformance/", "test_embedded", "test_looking", "bench/pages/", "tests/web/",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long begins first, so that at the end no worker waits for another's last test."""

    def rank(item: pytest.Item) -> int:
        return next((place for place, name in enumerate(SLOWEST) if name in item.nodeid), len(SLOWEST))

    items.sort(key=rank)


TOGETHER = (
    "bench/pages/test_attempts.py", "store/test_embedded.py", "web/test_json_api.py", "gym/pages/test_joining.py",
    "gym/pages/test_pages.py", "gym/pages/test_teacher.py",
)  # fmt: skip
"""Modules whose tests begin from what is dear to make: one worker makes it."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Which tests go to one worker, by their module: the mark `xdist_group` does nothing with pytest 9.2 and xdist 3.8."""

    def scope(nodeid: str) -> str:
        module = nodeid.partition("::")[0]
        return module if module.endswith(TOGETHER) else nodeid

    if config.getvalue("dist") != "loadgroup":
        return None
    scheduler = import_module("xdist.scheduler").LoadGroupScheduling(config, log)
    scheduler._split_scope = scope
    return scheduler


def pytest_configure() -> None:
    """As our commands do: importing makes objects that stay, and looking for cycles among them every 700 finds nothing."""
    gc.set_threshold(20_000, 10, 10)


def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end: no garbage is looked for in it."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _ctrl_c_is_heard() -> None:
    """A shell starts what runs in its background deaf to Ctrl-C, and processes pass that on; tests that send it need ears."""
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _no_loop_of_the_browsers(request: pytest.FixtureRequest) -> Iterator[None]:
    """A browser that is open for other tests leaves its event loop marked as running in this thread, so that no test of
    the same process could run one of its own."""
    if "browser" in request.fixturenames:
        yield
        return
    loop = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    try:
        yield
    finally:
        asyncio._set_running_loop(loop)
