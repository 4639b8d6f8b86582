"""Runs, leaderboards, models against each other, cost, format tax: what a whole run says."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from assay.bench import evaluations
from assay.web.shell import Shell


def router(shell: Shell) -> APIRouter:
    """The boards' routes."""
    routes = APIRouter()

    @routes.get("/", include_in_schema=False)
    def index(request: Request) -> HTMLResponse:
        return shell.page(request, "bench/index.html", evaluations=evaluations.list_evaluations(shell.store))

    @routes.get("/runs.json")
    def index_json() -> Response:
        return shell.json(evaluations.list_evaluations(shell.store))

    return routes
