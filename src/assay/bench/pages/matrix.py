"""A run's tasks by model: who passed which."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, Response

from assay.bench.pages import addresses, live
from assay.bench.pages.around import Names, Page, Text, around, changed, models_of, short, words
from assay.bench.records import Evaluation
from assay.bench.scores import standings
from assay.bench.scores.records import natural
from assay.bench.scores.standings import Tasks
from assay.records import Record
from assay.spreadsheet import csv_table
from assay.web.shell import Shell

TASKS = 50
"""Tasks on one page of the matrix."""
COLUMNS = 30
"""Models side by side in the matrix; more are chosen among."""
Show = Literal["all", "failed", "flips", "none", "every"]


class Cell(Record):
    """One model's samples of one task."""

    model: str
    passed: int
    samples: int
    errors: int
    missing: int
    look: int
    """The sample to look at first."""


class TaskLine(Record):
    """One task, with a cell a model."""

    task: str
    erratum: str | None
    cells: tuple[Cell | None, ...]


class Matrix(Record):
    """Tasks by model on one suite."""

    suite: str
    models: tuple[str, ...]
    models_left_out: int
    lines: tuple[TaskLine, ...]
    """Of this page."""
    tasks: int
    """Lines on all pages."""
    page: int


def router(shell: Shell) -> APIRouter:
    """The routes of a run's tasks by model."""
    routes = APIRouter()

    def asked(
        run: str, suite: str, model: Sequence[str], show: Show, q: str, page: int | None
    ) -> tuple[Evaluation, list[str], Matrix]:
        evaluation = live.read_exactly(shell, run)
        found = standings.standings(shell.store, evaluation)
        suites = list(dict.fromkeys([*(one.score.suite for one in found), *evaluation.suites]))
        if suite and suite not in suites:
            raise HTTPException(404, f"The run {evaluation.id} has no suite {short(suite)!r}.")
        suite = suite or (suites[0] if suites else "")
        ranked = [one.score.model for one in found if one.score.suite == suite]
        for name in model:
            if name not in ranked:
                raise HTTPException(404, f"The run {evaluation.id} has no model {short(name)!r} on {short(suite)}.")
        models = [name for name in ranked if not model or name in model]
        columns = {one.model: one for one in standings.tasks(shell.store, evaluation, suite, models)}
        matrix = _matrix(suite, [columns[name] for name in models if name in columns], show, q, page)
        return evaluation, suites, matrix

    @routes.get("/runs/{run}/tasks.json", response_model=Matrix)
    def data(run: str, suite: Text = "", model: Names = (), show: Show = "all", q: Text = "") -> Response:
        """Tasks by model on one suite. show: all, failed (by some model), flips, none or every (which passed it)."""
        return shell.json(asked(run, suite, model, show, q, None)[2])

    @routes.get("/runs/{run}/tasks.csv", response_class=Response)
    def table(run: str, suite: Text = "", model: Names = (), show: Show = "all", q: Text = "") -> Response:
        """Tasks by model as a table, a row a task and model."""
        evaluation, _, matrix = asked(run, suite, model, show, q, None)
        head = ["run", "suite", "task", "model", "passed", "samples", "errors", "missing", "erratum"]
        rows = (
            [evaluation.id, matrix.suite, line.task, cell.model, cell.passed, cell.samples, cell.errors, cell.missing,
             line.erratum]
            for line in matrix.lines for cell in line.cells if cell is not None
        )  # fmt: skip
        return shell.csv(csv_table(head, rows), f"{evaluation.id}-tasks.csv")

    @routes.get("/runs/{run}/tasks", include_in_schema=False)
    def page(
        request: Request,
        run: str,
        suite: Text = "",
        model: Names = (),
        show: Show = "all",
        q: Text = "",
        page: Page = 1,
    ) -> HTMLResponse:
        evaluation, suites, matrix = asked(run, suite, model, show, q, page)
        address = f"{addresses.run_page(evaluation.id)}/tasks"
        return shell.page(
            request,
            "bench/run_tasks.html",
            **words(),
            **around(evaluation, "tasks"),
            matrix=matrix,
            suites=suites,
            models=models_of(shell, evaluation),
            chosen=model,
            show=show,
            q=q,
            pages=-(-matrix.tasks // TASKS),
            page_link=lambda number: changed(request, address, page=number),
            cell_words=_cell_words,
            json_twin=changed(request, f"{address}.json", page=None),
            csv_twin=changed(request, f"{address}.csv", page=None),
        )

    return routes


def _matrix(suite: str, columns: Sequence[Tasks], show: Show, words: str, page: int | None) -> Matrix:
    """page: from 1; None: all tasks and all models, for programs."""
    names = sorted({task for one in columns for task in one.tasks}, key=lambda name: (natural(name), name))
    place = {name: number for number, name in enumerate(names)}
    numbers = np.zeros((4, len(columns), len(names)), dtype=np.int64)  # passed, seen, errors, look
    here = np.zeros((len(columns), len(names)), dtype=bool)
    for row, one in enumerate(columns):
        at = [place[name] for name in one.tasks]
        here[row, at] = True
        numbers[:, row, at] = (one.passed, one.seen, one.errors, np.array(one.look))
    passed, seen, errors, look = numbers
    samples = seen - errors
    wanted = _wanted(show, passed, samples)
    words = words.strip().lower()
    kept = [number for number in np.flatnonzero(wanted).tolist() if words in names[number].lower()]
    shown = kept if page is None else kept[(page - 1) * TASKS : page * TASKS]
    models = columns if page is None else columns[:COLUMNS]
    errata = {task: said for one in columns for task, said in one.errata.items()}

    def cell(row: int, number: int) -> Cell | None:
        if not here[row, number]:
            return None
        expected = columns[row].expected
        return Cell(
            model=columns[row].model,
            passed=int(passed[row, number]),
            samples=int(samples[row, number]),
            errors=int(errors[row, number]),
            missing=max(0, expected - int(seen[row, number])),
            look=int(look[row, number]),
        )

    return Matrix(
        suite=suite,
        models=tuple(one.model for one in models),
        models_left_out=len(columns) - len(models),
        lines=tuple(
            TaskLine(
                task=names[number],
                erratum=errata.get(names[number]),
                cells=tuple(cell(row, number) for row in range(len(models))),
            )
            for number in shown
        ),
        tasks=len(kept),
        page=page or 1,
    )


def _wanted(show: Show, passed: Any, samples: Any) -> Any:
    """Which tasks a filter keeps; errors of ours and missing samples make no task a failed one."""
    counted = samples > 0
    every = ((passed == samples) | ~counted).all(axis=0) & counted.any(axis=0)
    nobody = (passed == 0).all(axis=0) & counted.any(axis=0)
    if show == "failed":
        return ((passed < samples) & counted).any(axis=0)
    if show == "none":
        return nobody
    if show == "every":
        return every
    if show == "flips":
        return ((passed < samples) & counted).any(axis=0) & (passed > 0).any(axis=0)
    return np.ones(passed.shape[1], dtype=bool)


def _cell_words(cell: Cell) -> tuple[str, str, str]:
    """A class for its colour, the sign or count that says it without one, and the word for who hears the page."""
    if not cell.samples:
        return ("error", "!", "error of ours") if cell.errors else ("none", "–", "not there")
    alarm = " !" if cell.errors or cell.missing else ""
    single = cell.samples + cell.errors + cell.missing == 1
    if cell.passed == cell.samples:
        return "pass", ("✓" if single else f"✓ {cell.passed}/{cell.samples}") + alarm, "passed"
    if not cell.passed:
        return "wrong", ("✗" if single else f"✗ 0/{cell.samples}") + alarm, "failed"
    return "warn", f"✗ {cell.passed}/{cell.samples}{alarm}", "passed in part"
