"""Bench's pages: what was run, who is better, and why one attempt failed."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from assay.bench import evaluations
from assay.web import Hit, Offer
from assay.web.shell import Shell


class Pages:
    """Bench in the web app."""

    name = "bench"
    title = "Which model writes programs that work, how sure are we, and what did it cost?"

    def router(self, shell: Shell) -> APIRouter:
        routes = APIRouter()

        @routes.get("/", include_in_schema=False)
        def index(request: Request) -> HTMLResponse:
            return shell.page(request, "bench/index.html", evaluations=evaluations.list_evaluations(shell.store))

        @routes.get("/runs.json")
        def index_json() -> Response:
            return shell.json(evaluations.list_evaluations(shell.store))

        return routes

    def offers(self, shell: Shell) -> list[Offer]:  # noqa: ARG002
        return []

    def search(self, shell: Shell, words: str, limit: int) -> list[Hit]:  # noqa: ARG002
        return []

    def close(self) -> None:
        pass
