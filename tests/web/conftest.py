"""One app for all tests of the shell that leave it as it was: to make one costs more than most of them."""

from collections.abc import Callable

import pytest

from tests.browser_fixture import Site
from tests.web.garden import Garden


@pytest.fixture(scope="session")
def planted(serve_for_all: Callable[..., Site]) -> tuple[Site, Garden]:
    """An app with the garden alone."""
    garden = Garden()
    return serve_for_all({"garden": garden}), garden


@pytest.fixture
def garden(planted: tuple[Site, Garden]) -> Garden:
    """The garden as it was in the beginning."""
    planted[1].begin_again()
    return planted[1]


@pytest.fixture
def site(planted: tuple[Site, Garden], garden: Garden) -> Site:
    """The app with that garden. Who stops it, or must not find it used, serves one of their own."""
    return planted[0]
