"""Bench's pages: what was run, who is better, and why one attempt failed."""

from fastapi import APIRouter

from assay.bench.pages import attempts, boards, live
from assay.web import Hit, Offer
from assay.web.shell import Shell


class Pages:
    """Bench in the web app."""

    name = "bench"
    title = "Which model writes programs that work, how sure are we, and what did it cost?"

    def router(self, shell: Shell) -> APIRouter:
        routes = APIRouter()
        for part in (live, attempts, boards):  # the boards last: their addresses are the widest
            routes.include_router(part.router(shell))
        return routes

    def offers(self, shell: Shell) -> list[Offer]:  # noqa: ARG002
        return []

    def search(self, shell: Shell, words: str, limit: int) -> list[Hit]:  # noqa: ARG002
        return []

    def close(self) -> None:
        pass
