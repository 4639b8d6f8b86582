"""Model against model: two of a run, every pair of it, or the models of several runs."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, Response

from assay.bench import evaluations, wording
from assay.bench.pages import addresses, live
from assay.bench.pages.around import Names, Page, Text, around, changed, models_of, named, names, short, words
from assay.bench.pages.runs import RUNS
from assay.bench.records import Evaluation
from assay.bench.scores import pairing, standings
from assay.bench.scores.comparing import compare_sides
from assay.bench.scores.pairing import Pair
from assay.bench.scores.records import Comparison
from assay.records import Record
from assay.spreadsheet import csv_table
from assay.web.shell import Shell

PAIRS = 200
"""Pairs of models on one page."""
CONTENDERS = 60
"""Models of several runs that are compared at once: 1,770 pairs."""


class Versus(Record):
    """Two models compared on one suite, with the tasks that flip."""

    comparison: Comparison
    said: str
    a_wins: tuple["Flip", ...]
    b_wins: tuple["Flip", ...]


class Flip(Record):
    """One task that one of two models does better, and where both attempts lie."""

    task: str
    a: str
    """The address of a's attempt."""
    b: str
    a_passed: int | None = None
    """Of a's samples that count, those that passed; None where only addresses are asked for."""
    a_samples: int | None = None
    b_passed: int | None = None
    b_samples: int | None = None


def router(shell: Shell) -> APIRouter:
    """The routes that compare models, of one run or of several."""
    routes = APIRouter()

    def pairs_of(run: str, suite: str) -> tuple[Evaluation, list[Pair]]:
        evaluation = live.read_exactly(shell, run)
        found = pairing.pairs(shell.store, evaluation)
        return evaluation, [pair for pair in found if not suite or pair.suite == suite]

    def versus(evaluation: Evaluation, a: str, b: str, suite: str, pairs: Sequence[Pair]) -> list[Versus]:
        suites = [suite] if suite else list(evaluation.suites)
        return [found for name in suites if (found := _versus(shell, evaluation, a, b, name, pairs)) is not None]

    @routes.get("/runs/{run}/compare.json")
    def data(run: str, a: Text = "", b: Text = "", suite: Text = "") -> Response:
        """Every pair of models; with `a` and `b`, these two with the tasks that flip."""
        evaluation, pairs = pairs_of(run, suite)
        if a and b:
            return shell.json(versus(evaluation, a, b, suite, pairs))
        return shell.json(pairs)

    @routes.get("/runs/{run}/compare.csv", response_class=Response)
    def table(run: str, suite: Text = "") -> Response:
        """Every pair of models as a table."""
        evaluation, pairs = pairs_of(run, suite)
        head = list(Pair.model_fields)
        return shell.csv(
            csv_table(head, ([getattr(pair, name) for name in head] for pair in pairs)), f"{evaluation.id}-pairs.csv"
        )

    @routes.get("/runs/{run}/compare", include_in_schema=False)
    def page(request: Request, run: str, a: Text = "", b: Text = "", suite: Text = "", page: Page = 1) -> HTMLResponse:
        evaluation, pairs = pairs_of(run, suite)
        models = models_of(shell, evaluation)
        if not (a or b) and len(models) > 1:
            a, b = models[:2]
        for name in (a, b):
            if name and name not in models:
                raise HTTPException(404, f"The run {evaluation.id} has no model {short(name)!r}.")
        address = f"{addresses.run_page(evaluation.id)}/compare"
        return shell.page(
            request,
            "bench/compare.html",
            **words(),
            **around(evaluation, "compare"),
            models=models,
            suites=list(evaluation.suites),
            a=a,
            b=b,
            suite=suite,
            found=versus(evaluation, a, b, suite, pairs) if a and b and a != b else [],
            pairs=pairs[(page - 1) * PAIRS : page * PAIRS],
            pairs_in_all=len(pairs),
            page=page,
            pages=-(-len(pairs) // PAIRS),
            page_link=lambda number: changed(request, address, page=number),
            pair_link=lambda pair: f"{address}?{urlencode({'a': pair.a, 'b': pair.b, 'suite': pair.suite})}",
            json_twin=changed(request, f"{address}.json"),
            csv_twin=changed(request, f"{address}.csv"),
        )

    def several(runs: Sequence[str], suite: str) -> tuple[list[Evaluation], tuple[Comparison, ...]]:
        if not runs:
            raise HTTPException(422, "Name the runs to compare: /bench/compare?runs=RUN&runs=RUN.")
        found = {one.id: one for one in (named(shell, run) for run in runs)}
        sides = []
        for evaluation in found.values():
            standings.standings(shell.store, evaluation)
            kept = standings.tasks(shell.store, evaluation)
            sides += [one.side(evaluation.id) for one in kept if not suite or one.suite == suite]
        if len(sides) > CONTENDERS:
            raise HTTPException(
                422,
                f"These are {len(sides)} models; at most {CONTENDERS} are compared at once. Name fewer runs or a suite.",
            )
        return list(found.values()), compare_sides(sides)

    @routes.get("/compare.json", response_model=list[Comparison])
    def several_json(runs: Names = (), suite: Text = "") -> Response:
        """Every pair of the models of several runs, Holm-corrected over all of them."""
        return shell.json(several(runs, suite)[1])

    @routes.get("/compare.csv", response_class=Response)
    def several_csv(runs: Names = (), suite: Text = "") -> Response:
        """Every pair of the models of several runs as a table."""
        head = ["run_a", "run_b", *Pair.model_fields]
        rows = (
            [one.a.evaluation, one.b.evaluation, *pairing.pair_of(one).model_dump().values()]
            for one in several(runs, suite)[1]
        )
        return shell.csv(csv_table(head, rows), "compared.csv")

    @routes.get("/compare", include_in_schema=False)
    def several_page(request: Request, runs: Names = (), suite: Text = "") -> HTMLResponse:
        if not runs:
            known = evaluations.list_evaluations(shell.store, RUNS)
            return shell.page(
                request, "bench/compare_runs.html", **words(), names=names, known=known, runs=[], found=[]
            )
        chosen, found = several(runs, suite)
        return shell.page(
            request,
            "bench/compare_runs.html",
            **words(),
            names=names,
            known=evaluations.list_evaluations(shell.store, RUNS),
            runs=[one.id for one in chosen],
            found=[(one, _verdict_in_words(one, len(found)), *_flips(one)) for one in found],
            json_twin=changed(request, "/bench/compare.json"),
            csv_twin=changed(request, "/bench/compare.csv"),
        )

    return routes


def _versus(shell: Shell, evaluation: Evaluation, a: str, b: str, suite: str, pairs: Sequence[Pair]) -> Versus | None:
    columns = {one.model: one for one in standings.tasks(shell.store, evaluation, suite, [a, b])}
    if a not in columns or b not in columns:
        return None
    (made,) = compare_sides([columns[a].side(evaluation.id), columns[b].side(evaluation.id)])
    corrected = next((one.p_holm for one in pairs if one.suite == suite and {one.a, one.b} == {a, b}), made.p_holm)
    made = made.model_copy(update={"p_holm": corrected})
    number = len(pairs)
    look = {(name, task): one.look[place] for name, one in columns.items() for place, task in enumerate(one.tasks)}
    counts = {name: _counts(one) for name, one in columns.items()}
    a_wins, b_wins = (
        tuple(
            flip.model_copy(
                update={**_of("a", counts[made.a.model][flip.task]), **_of("b", counts[made.b.model][flip.task])}
            )
            for flip in flips
        )
        for flips in _flips(made, look)
    )
    return Versus(comparison=made, said=_verdict_in_words(made, number), a_wins=a_wins, b_wins=b_wins)


def _counts(one: standings.Tasks) -> dict[str, tuple[int, int]]:
    """Passed and counted samples, by task."""
    pairs = zip(one.passed.tolist(), (one.seen - one.errors).tolist(), strict=True)
    return dict(zip(one.tasks, pairs, strict=True))


def _of(side: str, count: tuple[int, int]) -> dict[str, int]:
    return {f"{side}_passed": count[0], f"{side}_samples": count[1]}


def _flips(
    one: Comparison, look: Mapping[tuple[str, str], int] | None = None
) -> tuple[tuple[Flip, ...], tuple[Flip, ...]]:
    def flip(task: str) -> Flip:
        a, b = (
            addresses.attempt_page(
                side.evaluation, one.suite, task, side.model, (look or {}).get((side.model, task), 0)
            )
            for side in (one.a, one.b)
        )
        return Flip(task=task, a=a, b=b)

    return tuple(map(flip, one.a_wins)), tuple(map(flip, one.b_wins))


def _verdict_in_words(one: Comparison, pairs: int) -> str:
    """What may be said of two models, in a sentence."""
    a, b, suite = short(one.a.model), short(one.b.model), short(one.suite)
    if one.a.model == one.b.model:
        a, b = f"{a} of {one.a.evaluation}", f"{b} of {one.b.evaluation}"
    if one.difference is None:
        return f"{a} and {b} have no task of {suite} in common."
    tasks = f"{one.tasks:,} task{'' if one.tasks == 1 else 's'} of {suite}"
    corrected = f", corrected for {pairs:,} pairs" if pairs > 1 else ""
    if one.winner is None:
        shown = wording.percent(one.detectable)
        return (
            f"{a} and {b} cannot be told apart on {tasks}: {wording.points(one.difference)} points "
            f"(p {_p(one.p_holm)}{corrected}). A true difference would have to be about {shown} points to show here."
        )
    better, worse = (a, b) if one.winner == one.a else (b, a)
    change = abs(one.difference.value) * 100
    return f"{better} is better than {worse} on {tasks} by {change:.1f} points (p {_p(one.p_holm)}{corrected})."


def _p(value: float | None) -> str:
    said = wording.p_value(value)
    return said if said.startswith("<") else f"= {said}"
