"""The list of runs, newest first, with what the best model of each came to."""

from collections.abc import Sequence

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from assay.bench import evaluations
from assay.bench.pages import live
from assay.bench.pages.around import Names, Page, both_ends, names, without_secrets, words
from assay.bench.records import Evaluation
from assay.bench.scores import standings
from assay.bench.scores.records import Rate
from assay.records import Record
from assay.web.shell import Shell

RUNS = 30
"""Runs on one page of the list."""
SMALL = 2_000
"""Samples of a run whose scores the list of runs works out."""


class RunLine(Record):
    """One run in the list of runs."""

    run: Evaluation
    best: Rate | None
    """The best model's pass@1 on the first suite; None: nothing was worked out yet."""
    best_model: str = ""
    best_suite: str = ""
    errors: int = 0
    """Samples that failed through an error of ours, as far as scores were worked out."""


def router(shell: Shell) -> APIRouter:
    """The routes of the list of runs."""
    routes = APIRouter()

    def lines(run: Sequence[str], page: int) -> tuple[list[RunLine], bool]:
        if run:
            found, more = [live.read_exactly(shell, one) for one in run], False
        else:
            found = evaluations.list_evaluations(shell.store, page * RUNS + 1)[(page - 1) * RUNS :]
            found, more = found[:RUNS], len(found) > RUNS
        for one in found:
            _work_out_if_small(shell, one)
        ids = [one.id for one in found]
        best, errors = standings.best(shell.store, ids), standings.errors(shell.store, ids)
        made = []
        for one in found:
            suite = next((name for name in one.suites if (one.id, name) in best), "")
            model, rate = best.get((one.id, suite), ("", None))
            made.append(
                RunLine(
                    run=without_secrets(one),
                    best=rate,
                    best_model=model,
                    best_suite=suite,
                    errors=errors.get(one.id, 0),
                )
            )
        return made, more

    @routes.get("/", include_in_schema=False)
    def index(request: Request, run: Names = (), page: Page = 1) -> HTMLResponse:
        found, more = lines(run, page)
        return shell.page(
            request, "bench/index.html", lines=found, more=more, page=page, names=names, both_ends=both_ends, **words()
        )

    @routes.get("/runs.json", response_model=list[RunLine])
    def index_json(run: Names = (), page: Page = 1) -> Response:
        """The runs, newest first, thirty a page."""
        return shell.json(lines(run, page)[0])

    return routes


def _work_out_if_small(shell: Shell, evaluation: Evaluation) -> None:
    """Scores for the list, where a run of long ago has none and a moment is enough; a large one waits to be opened."""
    if evaluation.state != "running" and standings.is_small(shell.store, evaluation, SMALL):
        standings.standings(shell.store, evaluation)
