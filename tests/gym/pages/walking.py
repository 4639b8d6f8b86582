"""Every address of an app, with something to fill its parameters."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tests.browser_fixture import Site


def addresses(site: Site, filled: Mapping[str, str]) -> list[tuple[str, str]]:
    """Method and address of every route; parameters become what `filled` says, or x."""
    return sorted(
        {
            (method, re.sub(r"{(\w+)(?::\w+)?}", lambda match: filled.get(match[1], "x"), path))
            for method, path in _routes(site.app.routes)
            if method in ("GET", "POST")
        }
    )


def _routes(routes: Iterable[Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for route in routes:
        if hasattr(route, "original_router"):
            yield from _routes(route.original_router.routes, prefix + route.include_context.prefix)
        else:
            for method in route.methods:
                yield method, prefix + route.path
