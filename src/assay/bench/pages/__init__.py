"""Bench's pages: what was run, who is better, and why one attempt failed."""

from collections.abc import Sequence

from fastapi import APIRouter

from assay.bench import flows
from assay.bench.pages import (
    attempts,
    boards,
    calls,
    comparing,
    costs,
    live,
    matrix,
    offers,
    runs,
    scripts,
    searching,
    views,
)
from assay.web import Hit, Offer
from assay.web.flows import FlowName
from assay.web.shell import Shell


class Pages:
    """Bench in the web app."""

    name = "bench"
    title = "Which model writes programs that work, how sure are we, and what did it cost?"

    def __init__(self) -> None:
        self._shell: Shell | None = None

    def router(self, shell: Shell) -> APIRouter:
        self._shell = shell
        routes = APIRouter()
        parts = (live, attempts, calls, scripts, views, runs, comparing, matrix, costs, boards)
        for part in parts:  # the boards last: their addresses are the widest
            routes.include_router(part.router(shell))
        return routes

    def offers(self, shell: Shell) -> list[Offer]:
        return offers.offers(shell)

    def search(self, shell: Shell, words: str, limit: int) -> list[Hit]:
        return searching.search(shell, words, limit)

    def describe_flows(self, shell: Shell, ids: Sequence[str]) -> dict[str, FlowName]:
        """What its durable jobs are called."""
        return flows.describe_flows(shell.store, ids)

    def find_flows(self, shell: Shell, words: str) -> list[str]:
        """How the ids of the jobs begin that have to do with these words."""
        return flows.find_flows(shell.store, words)

    def close(self) -> None:
        if self._shell is not None:
            live.close(self._shell)
