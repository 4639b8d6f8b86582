"""What tests of pages may use."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from assay.bench.pages import Pages
from assay.settings import Settings
from assay.store import Store
from assay.web.app import make_app


@pytest.fixture
def client(store: Store, tmp_path: Path) -> Iterator[TestClient]:
    app = make_app(Settings(home=tmp_path, database_url=store.url), store, {"bench": Pages()})
    with TestClient(app, base_url="http://127.0.0.1", follow_redirects=False, client=("127.0.0.1", 5)) as opened:
        opened.headers["accept"] = "text/html,*/*"
        yield opened
