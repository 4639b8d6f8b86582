"""The shell's own pages, as a reader meets them."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.browser_fixture import Site, axe, four_forms

if TYPE_CHECKING:
    from playwright.sync_api import Page

PAGES = ("/", "/machine", "/search", "/search?q=nothing", "/nothing-here")
Serve = Callable[..., Site]


@pytest.mark.parametrize("address", PAGES)
def test_a_page_has_nothing_that_axe_complains_of_in_any_form(
    serve_app: Serve, page: "Page", tmp_path: Path, address: str
) -> None:
    site = serve_app()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.goto(site.url + address)
        page.wait_for_load_state("networkidle")
        axe(page)
    four_forms(page, site.url + address, tmp_path)
