"""The script pipeline's runs: which model writes scripts and tests that work, and everything behind one sample.

Addresses name a model and a sample as the run's folder does: `MODEL/PROMPT/1` there is `…/RUN/MODEL/PROMPT/1` here.
"""

from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, Response

from assay.bench.pages.paper import TEXT, Paper
from assay.bench.scripts import runs, wording
from assay.bench.scripts.files import plain_name, run_folder, sample_folder
from assay.bench.scripts.records import Prompt, ScriptReport, ScriptRun, ScriptSample
from assay.bench.scripts.report import report_data
from assay.bench.scripts.runs import Place
from assay.bench.wording import interval, money, number, percent, seconds
from assay.errors import AssayError
from assay.records import Record
from assay.spreadsheet import csv_table
from assay.visible import one_line
from assay.web.shell import Shell

LATEST = 100
"""Runs that the list shows."""
LISTED = 100
"""Entries of one list that the page shows; the JSON has all."""
TRIES = 4
MUTANTS = 60
TESTS = 200


class ScriptRunLine(Record):
    """One run, and how far it is."""

    run: str
    state: str
    note: str
    created: str
    prompts: int
    models: tuple[str, ...]
    testing: str
    samples: int
    """How many samples it is made of."""
    done: int
    """How many are through the last stage, or failed through a fault of ours."""


class SampleView(Record):
    """One sample with what was asked."""

    prompt: Prompt
    sample: ScriptSample
    folder: str
    """Where its files lie."""


def router(shell: Shell) -> APIRouter:
    """The routes of the pipeline's runs."""
    routes = APIRouter()
    _add_list(routes, shell)
    _add_reports(routes, shell)
    _add_samples(routes, shell)
    return routes


# ---- the runs ------------------------------------------------------------------------------------------------------


def _add_list(routes: APIRouter, shell: Shell) -> None:
    @routes.get("/scripts.json", response_model=list[ScriptRunLine])
    def data() -> Response:
        """The script pipeline's latest runs, newest first."""
        return shell.json(_lines(shell))

    @routes.get("/scripts.csv", include_in_schema=False)
    def table() -> Response:
        rows = [one.model_dump() | {"models": ", ".join(one.models)} for one in _lines(shell)]
        return shell.csv(_csv(list(ScriptRunLine.model_fields), rows), "scripts.csv")

    @routes.get("/scripts/", include_in_schema=False)
    def page(request: Request) -> HTMLResponse:
        return shell.page(
            request,
            "bench/scripts.html",
            found=_lines(shell),
            created={run.id: run.created for run in runs.list_runs(shell.store, LATEST)},
            paper=Paper(),
            number=number,
        )


def _lines(shell: Shell) -> list[ScriptRunLine]:
    found = []
    for run in runs.list_runs(shell.store, LATEST):
        states = runs.states(shell.store, run.id).values()
        found.append(
            ScriptRunLine(
                run=run.id,
                state=run.state,
                note=run.note,
                created=run.created.isoformat(),
                prompts=len(run.prompts),
                models=tuple(model.name for model in run.models),
                testing=run.testing.name if run.testing else "",
                samples=runs.count_items(shell.store, run.id),
                done=sum(one.stage == "run" or one.error for one in states),
            )
        )
    return found


# ---- one run -------------------------------------------------------------------------------------------------------


def _add_reports(routes: APIRouter, shell: Shell) -> None:
    @routes.get("/scripts/{run}.json", response_model=ScriptReport)
    def data(run: str) -> Response:
        """Every number and list of one run of the script pipeline."""
        return shell.json(report_data(shell.store, _run(shell, run)))

    @routes.get("/scripts/{run}.csv", include_in_schema=False)
    def table(run: str) -> Response:
        found = _run(shell, run)
        report = report_data(shell.store, found)
        return shell.csv(scores_csv(report), f"scripts-{found.id}.csv")

    @routes.get("/scripts/{run}", include_in_schema=False)
    def page(request: Request, run: str) -> HTMLResponse:
        report = report_data(shell.store, _run(shell, run))
        return shell.page(request, "bench/scripts_run.html", **_report_context(report))


def _run(shell: Shell, run: str) -> ScriptRun:
    """The run of exactly this id; else a 404 that says what to do."""
    if "\0" not in run:
        try:
            found = runs.read_run(shell.store, run)
        except AssayError:
            pass
        else:
            if found.id == run:
                return found
    raise HTTPException(
        404, f"There is no run of scripts called {one_line(run, 80)!r}. /bench/scripts/ lists them all."
    )


def _report_context(report: ScriptReport) -> dict[str, Any]:
    best = [score for score in report.by_model if score.after.runs is not None]
    best.sort(key=lambda score: -score.after.runs.value if score.after.runs else 0)
    return {
        "report": report,
        "best": best[0] if best else None,
        "rates": wording.RATES,
        "first_rates": wording.FIRST_RATES,
        "troubles": wording.TROUBLES,
        "lists": [(kind, *wording.LISTS[kind], report.listed.get(kind, ())) for kind in wording.LISTS],
        "listed": LISTED,
        "titles": {prompt.id: prompt.title for prompt in report.prompts},
        "repaired": bool(report.repair or report.repair_cleanup),
        "script_words": wording.SCRIPT_WORDS,
        "test_words": wording.TEST_WORDS,
        "json": f"/bench/scripts/{report.run}.json",
        "csv": f"/bench/scripts/{report.run}.csv",
        "address": lambda model, prompt, index: address(report.run, model, prompt, index),
        "paper": Paper(),
        **_words(),
    }


def address(run: str, model: str, prompt: str, index: int) -> str:
    """Where one sample's page is."""
    return f"/bench/scripts/{run}/{sample_folder(model, prompt, index)}"


def scores_csv(report: ScriptReport) -> str:
    """A row a model, a model × batch and a model × prompt, each rate with its interval and n."""
    columns = [*wording.RATES, *wording.FIRST_RATES, *wording.TROUBLES]
    names = ["run", "model", "batch", "prompt", "expected", "seen", "errors", "mutants", "mutants_caught"]
    names += [f"{name}{part}" for name, _, _ in columns for part in ("", "_low", "_high", "_n")]
    rows = []
    for score in (*report.by_model, *report.by_batch, *report.by_prompt):
        row: dict[str, Any] = {"run": report.run, **{name: getattr(score, name) for name in names[1:9]}}
        for name, _, rate in columns:
            if (found := rate(score)) is not None:
                row |= {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high, f"{name}_n": found.n}
        rows.append(row)
    return _csv(names, rows)


def _csv(names: list[str], rows: list[dict[str, Any]]) -> str:
    return csv_table(names, ([row.get(name) for name in names] for row in rows))


# ---- one sample ----------------------------------------------------------------------------------------------------


def _add_samples(routes: APIRouter, shell: Shell) -> None:
    @routes.get("/scripts/{run}/{model}/{prompt}/{sample}.json", response_model=SampleView)
    def data(run: str, model: str, prompt: str, sample: str) -> Response:
        """One sample of the script pipeline: every reply, script, test file, run and mutant. Samples count from 1."""
        return shell.json(_find(shell, run, model, prompt, sample))

    @routes.get("/scripts/{run}/{model}/{prompt}/{sample}", include_in_schema=False)
    def page(request: Request, run: str, model: str, prompt: str, sample: str) -> HTMLResponse:
        view = _find(shell, run, model, prompt, sample)
        return shell.page(request, "bench/scripts_sample.html", **_sample_context(view))


def _find(shell: Shell, run: str, model: str, prompt: str, number: str) -> SampleView:
    found = _run(shell, run)
    asked = next((one for one in found.prompts if plain_name(one.id) == prompt), None)
    named = next((one.name for one in found.models if plain_name(one.name) == model), None)
    place = int(number) if number.isascii() and number.isdecimal() and len(number) < 7 else 0
    sample = None
    if asked is not None and named is not None and place:
        sample = runs.read_sample(shell.store, found.id, Place(asked.id, named, place - 1))
    if asked is None or sample is None:
        still = " It may still be to come: the run is at work." if found.state == "running" else ""
        raise HTTPException(404, f"The run {found.id} has no such sample.{still} Its page lists what it has.")
    folder = str(run_folder(found.output, found.id) / sample_folder(sample.model, sample.prompt, sample.index))
    return SampleView(prompt=asked, sample=sample, folder=folder if found.output else "")


def _sample_context(view: SampleView) -> dict[str, Any]:
    sample = view.sample
    here = address(sample.run, sample.model, sample.prompt, sample.index)
    return {
        "view": view,
        "sample": sample,
        "prompt": view.prompt,
        "run_page": f"/bench/scripts/{sample.run}",
        "json": f"{here}.json",
        "scripts": list(enumerate(sample.scripts, 1))[-TRIES:],
        "tests": list(enumerate(sample.tests, 1))[-TRIES:],
        "mutants": sample.mutants[:MUTANTS],
        "most_tests": TESTS,
        "script_kind": wording.kind_of(sample.script_status),
        "test_kind": wording.kind_of(sample.test_status),
        "script_words": wording.SCRIPT_WORDS,
        "test_words": wording.TEST_WORDS,
        "kind_of": wording.kind_of,
        "limit": TEXT,
        "paper": Paper(),
        **_words(),
    }


def _words() -> dict[str, Any]:
    return {
        "number": number,
        "percent": percent,
        "interval": interval,
        "seconds": seconds,
        "money": money,
        "with_interval": wording.with_interval,
    }
