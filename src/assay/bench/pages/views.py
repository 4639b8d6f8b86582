"""A results file that is looked at: as a run's pages where it has samples, else as a table."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import RedirectResponse, Response

from assay.bench import viewing
from assay.bench.pages import addresses
from assay.bench.pages.around import words
from assay.bench.viewing import View
from assay.web.shell import Shell


def router(shell: Shell) -> APIRouter:
    """The routes of files that are looked at."""
    routes = APIRouter()

    def found(digest: str) -> View:
        view = viewing.read_view(shell.store, digest) if digest.isalnum() else None
        if view is None:
            raise HTTPException(404, "This file is not being looked at. Open it with `assay bench view FILE`.")
        return view

    @routes.get("/view/{digest}.json", response_model=View)
    def data(digest: str) -> Response:
        """A results file that is looked at: what was made of its columns, and its table where it is one."""
        return shell.json(found(digest))

    @routes.get("/view/{digest}", include_in_schema=False, response_model=None)
    def page(request: Request, digest: str, sort: Annotated[str, Query(max_length=200)] = "") -> Response:
        view = found(digest)
        if view.run is not None:
            return RedirectResponse(addresses.run_page(view.run), 303)
        name, falling = sort.removeprefix("-"), sort.startswith("-")
        rows = list(view.rows)
        if name in view.head:
            place = view.head.index(name)
            rows.sort(key=lambda row: _order(row[place]), reverse=falling)
        return shell.page(
            request,
            "bench/view.html",
            **words(),
            view=view,
            rows=rows,
            sorted_by=name,
            falling=falling,
            json_twin=f"/bench/view/{view.digest}.json",
        )

    return routes


def _order(value: str) -> tuple[bool, float, str]:
    """Numbers as numbers, before texts."""
    try:
        return False, float(value.rstrip(" %")), ""
    except ValueError:
        return True, 0.0, value
