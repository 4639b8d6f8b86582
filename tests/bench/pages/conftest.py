"""What tests of pages may use."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from assay.bench.pages import Pages
from assay.settings import Settings
from assay.store import Store
from assay.web.app import make_app
from tests.bench.pages.made_runs import make_run
from tests.store_fixture import database


@pytest.fixture
def client(store: Store, tmp_path: Path) -> Iterator[TestClient]:
    with opened(store, tmp_path) as client:
        yield client


@pytest.fixture(scope="session")
def board(test_server: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Pages over `make_run(store)` and nothing else, for tests that only read."""
    home = tmp_path_factory.mktemp("board")
    with database(test_server, home) as store, opened(store, home) as client:
        make_run(store)
        yield client


@contextmanager
def opened(store: Store, home: Path) -> Iterator[TestClient]:
    app = make_app(Settings(home=home, database_url=store.url), store, {"bench": Pages()})
    with TestClient(app, base_url="http://127.0.0.1", follow_redirects=False, client=("127.0.0.1", 5)) as client:
        client.headers["accept"] = "text/html,*/*"
        yield client
