"""What a whole run says: the list of runs, leaderboard, model against model, tasks by model, cost, format tax."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

import numpy as np
from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from assay.bench import charts, evaluations, wording
from assay.bench.evidence import plain_url
from assay.bench.pages import addresses, live, views
from assay.bench.records import Evaluation
from assay.bench.rows import csv_text
from assay.bench.scores import standings
from assay.bench.scores.comparing import compare_sides
from assay.bench.scores.records import Comparison, Overall, Rate, Score
from assay.bench.scores.records import natural as in_order
from assay.bench.scores.standings import Pair, Standing, Tasks
from assay.errors import AssayError
from assay.records import Record
from assay.visible import one_line
from assay.web.shell import Shell

RUNS = 30
"""Runs on one page of the list."""
TASKS = 50
"""Tasks on one page of the matrix."""
COLUMNS = 30
"""Models side by side in the matrix; more are chosen among."""
PAIRS = 200
"""Pairs of models on one page."""
CONTENDERS = 60
"""Models of several runs that are compared at once: 1,770 pairs."""
SMALL = 2_000
"""Samples of a run whose scores the list of runs works out."""
_NAME = 80

Text = Annotated[str, Query(max_length=1_000)]
Names = Annotated[tuple[str, ...], Query(max_length=200)]
Page = Annotated[int, Query(ge=1, le=1_000_000)]
Show = Literal["all", "failed", "flips", "none", "every"]


class RunLine(Record):
    """One run in the list of runs."""

    run: Evaluation
    best: Rate | None
    """The best model's pass@1 on the first suite; None: nothing was worked out yet."""
    best_model: str = ""
    best_suite: str = ""


class Line(Record):
    """One line of a leaderboard: a model on a suite."""

    rank: int
    standing: Standing
    group: int
    """Which group of models that cannot be told apart from its best: 1 is the leaders'. 0: nothing counts yet."""

    @property
    def score(self) -> Score:
        return self.standing.score


class Board(Record):
    """A leaderboard as it was asked for."""

    run: Evaluation
    lines: tuple[Line, ...]
    left_out: int
    """Lines that the filter hides."""
    overall: tuple[Overall, ...]
    weights: dict[str, float]
    said: tuple[str, ...]
    """Who leads, and who cannot be told apart from whom, in sentences."""
    warnings: tuple[str, ...]


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


@dataclass(frozen=True)
class Column:
    """A column that a leaderboard can be sorted by."""

    name: str
    title: str
    value: Callable[[Line], float | str | None]
    falling: bool = True
    """Whether the best is the largest."""


def _rate(rate: Rate | None) -> float | None:
    return rate.value if rate else None


def _cost(costs: Mapping[str, float]) -> float | None:
    return sum(costs.values()) if costs else None


COLUMNS_OF_A_BOARD: tuple[Column, ...] = (
    Column("model", "model", lambda line: line.score.model.lower(), falling=False),
    Column("pass", "pass@1, %", lambda line: _rate(line.score.pass_1)),
    Column("failed", "failed, samples", lambda line: float(line.score.samples - line.score.passed), falling=False),
    Column("pass10", "pass@10, %", lambda line: _rate(line.score.pass_at.get(10))),
    Column("pass100", "pass@100, %", lambda line: _rate(line.score.pass_at.get(100))),
    Column("raw", "as it came, %", lambda line: line.score.format_tax.raw.value if line.score.format_tax else None),
    Column(
        "cleaned", "cleaned, %", lambda line: line.score.format_tax.cleaned.value if line.score.format_tax else None
    ),
    Column("repaired", "after repair, %", lambda line: line.score.repair.after.value if line.score.repair else None),
    Column("cost", "cost", lambda line: _cost(line.score.usage.cost), falling=False),
    Column("cost_per_pass", "cost of a pass", lambda line: _cost(line.score.usage.cost_per_pass), falling=False),
    Column("speed", "tokens/s", lambda line: line.score.usage.tokens_per_s),
    Column("p50", "latency p50, s", lambda line: line.score.usage.latency_p50, falling=False),
    Column("p95", "latency p95, s", lambda line: line.score.usage.latency_p95, falling=False),
    Column("truncated", "cut short, replies", lambda line: float(line.score.usage.truncated), falling=False),
)
_BY_NAME = {column.name: column for column in COLUMNS_OF_A_BOARD}


def router(shell: Shell) -> APIRouter:
    """The boards' routes."""
    routes = APIRouter()
    _add_runs(routes, shell)
    _add_compare(routes, shell)
    _add_tasks(routes, shell)
    _add_cost_and_format(routes, shell)
    _add_board(routes, shell)
    routes.include_router(views.router(shell, words()))
    return routes


# ---- the list of runs ----------------------------------------------------------------------------------------------


def _add_runs(routes: APIRouter, shell: Shell) -> None:
    def lines(run: Sequence[str], page: int) -> tuple[list[RunLine], bool]:
        if run:
            found, more = [live.read_exactly(shell, one) for one in run], False
        else:
            found = evaluations.list_evaluations(shell.store, page * RUNS + 1)[(page - 1) * RUNS :]
            found, more = found[:RUNS], len(found) > RUNS
        for one in found:
            _work_out_if_small(shell, one)
        best = standings.best(shell.store, [one.id for one in found])
        made = []
        for one in found:
            suite = next((name for name in one.suites if (one.id, name) in best), "")
            model, rate = best.get((one.id, suite), ("", None))
            made.append(RunLine(run=_without_secrets(one), best=rate, best_model=model, best_suite=suite))
        return made, more

    @routes.get("/", include_in_schema=False)
    def index(request: Request, run: Names = (), page: Page = 1) -> HTMLResponse:
        found, more = lines(run, page)
        return shell.page(request, "bench/index.html", lines=found, more=more, page=page, **words())

    @routes.get("/runs.json", response_model=list[RunLine])
    def index_json(run: Names = (), page: Page = 1) -> Response:
        """The runs, newest first, thirty a page."""
        return shell.json(lines(run, page)[0])


def _without_secrets(evaluation: Evaluation) -> Evaluation:
    """The run as it is shown: of its servers' addresses only what cannot be a secret."""
    models = tuple(model.model_copy(update={"url": plain_url(model.url)}) for model in evaluation.models)
    return evaluation.model_copy(update={"models": models})


def _work_out_if_small(shell: Shell, evaluation: Evaluation) -> None:
    """Scores for the list, where a run of long ago has none and a moment is enough; a large one waits to be opened."""
    if evaluation.state != "running" and standings.is_small(shell.store, evaluation, SMALL):
        standings.standings(shell.store, evaluation)


# ---- the leaderboard of one run ------------------------------------------------------------------------------------


def _add_board(routes: APIRouter, shell: Shell) -> None:
    def asked(request: Request, run: str, sort: str, suite: Sequence[str], model: Sequence[str], q: str) -> Board:
        return _board(shell, live.read_exactly(shell, run), sort, suite, model, q, _weights(request))

    @routes.get("/runs/{run}.json", response_model=Board)
    def data(
        request: Request,
        run: str,
        sort: Text = "-pass",
        suite: Names = (),
        model: Names = (),
        q: Text = "",
    ) -> Response:
        """A run's leaderboard. Weights of suites as `w:SUITE=NUMBER`."""
        return shell.json(asked(request, run, sort, suite, model, q))

    @routes.get("/runs/{run}.csv", response_class=Response)
    def table(
        request: Request,
        run: str,
        sort: Text = "-pass",
        suite: Names = (),
        model: Names = (),
        q: Text = "",
    ) -> Response:
        """A run's leaderboard as a table."""
        return shell.csv(
            _csv(_BOARD_HEAD, map(_board_row, asked(request, run, sort, suite, model, q).lines)), f"{run}.csv"
        )

    @routes.get("/runs/{run}", include_in_schema=False, response_model=None)
    def page(
        request: Request,
        run: str,
        sort: Text = "-pass",
        suite: Names = (),
        model: Names = (),
        q: Text = "",
    ) -> Response:
        found = _named(shell, run)  # `last`, or a part of an id
        if found.id != run:
            return RedirectResponse(addresses.run_page(found.id), 303)
        board = asked(request, run, sort, suite, model, q)
        evaluation = board.run
        under_way = {} if evaluation.state == "done" else live.context(live.progress(shell, evaluation))
        address = addresses.run_page(evaluation.id)
        return shell.page(
            request,
            "bench/run.html",
            **{**words(), **under_way},
            **_around(evaluation, "leaderboard"),
            board=board,
            shown=[column for column in COLUMNS_OF_A_BOARD if _is_worth_a_column(column, board.lines)],
            several_suites=len({line.score.suite for line in board.lines}) > 1,
            suites=list(board.weights),
            asked_for={"sort": sort, "suites": suite, "models": model, "q": q},
            given_weights=_weights(request),
            sorted_by=sort.lstrip("-"),
            falling=sort.startswith("-"),
            sort_link=lambda column: _with(request, address, sort=_turned(column, sort)),
            json_twin=_with(request, f"{address}.json"),
            csv_twin=_with(request, f"{address}.csv"),
        )


def _turned(column: Column, sort: str) -> str:
    """What a head's link sorts by: the best first, and the other way round when it is so already."""
    best_first = f"-{column.name}" if column.falling else column.name
    worst_first = column.name if column.falling else f"-{column.name}"
    return worst_first if sort == best_first else best_first


def _is_worth_a_column(column: Column, lines: Sequence[Line]) -> bool:
    """A column that says something of at least one line."""
    if column.name == "truncated":
        return any(line.score.usage.truncated for line in lines)
    return column.name in ("model", "pass", "failed") or any(column.value(line) is not None for line in lines)


def _board(
    shell: Shell,
    evaluation: Evaluation,
    sort: str,
    suites: Sequence[str],
    models: Sequence[str],
    words: str,
    weights: Mapping[str, float] | None,
) -> Board:
    column = _BY_NAME.get(sort.lstrip("-"))
    if column is None:
        known = ", ".join(_BY_NAME)
        raise HTTPException(422, f"There is no column {one_line(sort, 60)!r} to sort by. There are: {known}.")
    found = standings.standings(shell.store, evaluation)
    groups = standings.groups(shell.store, evaluation)
    place = {
        (suite, model): number
        for suite, grouped in groups.items()
        for number, group in enumerate(grouped, 1)
        for model in group
    }
    ranks: dict[str, int] = {}
    lines = []
    for one in found:
        score = one.score
        rank = ranks[score.suite] = ranks.get(score.suite, 0) + 1
        lines.append(Line(rank=rank, standing=one, group=place.get((score.suite, score.model), 0)))
    kept = [line for line in lines if _is_asked_for(line.score, suites, models, words)]
    whole = standings.assembled(evaluation, [one.score for one in found], weights)
    return Board(
        run=_without_secrets(evaluation),
        lines=tuple(_sorted(kept, column, sort.startswith("-"))),
        left_out=len(lines) - len(kept),
        overall=whole.overall,
        weights=whole.weights,
        said=tuple(_leaders(suite, grouped, found) for suite, grouped in groups.items() if grouped),
        warnings=tuple(warning for line in lines for warning in line.score.warnings),
    )


def _is_asked_for(score: Score, suites: Sequence[str], models: Sequence[str], words: str) -> bool:
    if suites and score.suite not in suites:
        return False
    if models and score.model not in models:
        return False
    return words.strip().lower() in f"{score.model} {score.suite}".lower()


def _sorted(lines: Iterable[Line], column: Column, falling: bool) -> list[Line]:
    """Lines by a column; what has no value there stands last, whichever way."""
    known = [(value, line) for line in lines if (value := column.value(line)) is not None]
    unknown = [line for line in lines if column.value(line) is None]
    known.sort(key=lambda pair: pair[0], reverse=falling)
    return [line for _, line in known] + unknown


def _leaders(suite: str, groups: Sequence[Sequence[str]], found: Sequence[Standing]) -> str:
    """Who leads a suite, and whether that can be said."""
    best = next(one.score for one in found if (one.score.suite, one.score.model) == (suite, groups[0][0]))
    head = f"{_short(best.model)} is at {wording.rate_in_words(best.pass_1)} on {_short(suite)}"
    others = sum(map(len, groups)) - 1
    if not others:
        return f"{head}."
    level = list(groups[0][1:])
    if not level:
        words = "the other model" if others == 1 else f"each of the other {others} models"
        return f"{head}, better than {words}: the difference is larger than chance would make it."
    if len(level) == others:
        words = "the other model" if others == 1 else f"any of the other {others} models"
        return f"{head}, the best here, but it cannot be told apart from {words} on these tasks."
    return (
        f"{head}, the best here, but it cannot be told apart from {_listed(level)}; it is better than the other "
        f"{others - len(level)}."
    )


def _listed(names: Sequence[str], most: int = 5) -> str:
    shown = [_short(name) for name in names[:most]]
    if len(names) > most:
        return f"{', '.join(shown)} and {len(names) - most} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else shown[0]


def _short(name: str) -> str:
    return one_line(name, _NAME)


def _weights(request: Request) -> dict[str, float] | None:
    """The weights given as `w:SUITE=NUMBER`; None: none were."""
    given: dict[str, float] = {}
    for name, value in request.query_params.multi_items():
        if name.startswith("w:"):
            try:
                given[name[2:]] = float(value or 0)
            except ValueError:
                given[name[2:]] = -1
            if not 0 <= given[name[2:]] <= 1_000_000:
                raise HTTPException(422, f"The weight of {_short(name[2:])} must be a number from 0 on.")
    if given and not any(given.values()):
        raise HTTPException(422, "At least one suite needs a weight above 0.")
    return given or None


_BOARD_HEAD = (
    "run", "suite", "model", "rank", "group", "tasks", "samples", "samples_expected", "passed", "missing", "errors",
    "pass_at_1", "pass_at_1_low", "pass_at_1_high", "pass_at_10", "pass_at_100", "raw", "cleaned", "after_repair",
    "cost", "currency", "cost_per_pass", "tokens_per_s", "latency_p50_s", "latency_p95_s", "truncated",
)  # fmt: skip


def _board_row(line: Line) -> list[object]:
    score, one = line.score, line.score.pass_1
    return [
        score.evaluation,
        score.suite,
        score.model,
        line.rank,
        line.group,
        score.tasks,
        score.samples,
        score.samples_expected,
        score.passed,
        score.missing,
        score.errors,
        _rate(one),
        one.low if one else None,
        one.high if one else None,
        _rate(score.pass_at.get(10)),
        _rate(score.pass_at.get(100)),
        score.format_tax.raw.value if score.format_tax else None,
        score.format_tax.cleaned.value if score.format_tax else None,
        score.repair.after.value if score.repair else None,
        _cost(score.usage.cost) if len(score.usage.cost) < 2 else None,
        "+".join(score.usage.cost),
        _cost(score.usage.cost_per_pass) if len(score.usage.cost) < 2 else None,
        score.usage.tokens_per_s,
        score.usage.latency_p50,
        score.usage.latency_p95,
        score.usage.truncated,
    ]


# ---- model against model -------------------------------------------------------------------------------------------


def _add_compare(routes: APIRouter, shell: Shell) -> None:
    def pairs_of(run: str, suite: str) -> tuple[Evaluation, list[Pair]]:
        evaluation = live.read_exactly(shell, run)
        found = standings.pairs(shell.store, evaluation)
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
            _csv(head, ([getattr(pair, name) for name in head] for pair in pairs)), f"{evaluation.id}-pairs.csv"
        )

    @routes.get("/runs/{run}/compare", include_in_schema=False)
    def page(request: Request, run: str, a: Text = "", b: Text = "", suite: Text = "", page: Page = 1) -> HTMLResponse:
        evaluation, pairs = pairs_of(run, suite)
        models = _models(shell, evaluation)
        if not (a or b) and len(models) > 1:
            a, b = models[:2]
        for name in (a, b):
            if name and name not in models:
                raise HTTPException(404, f"The run {evaluation.id} has no model {_short(name)!r}.")
        address = f"{addresses.run_page(evaluation.id)}/compare"
        return shell.page(
            request,
            "bench/compare.html",
            **words(),
            **_around(evaluation, "compare"),
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
            page_link=lambda number: _with(request, address, page=number),
            pair_link=lambda pair: f"{address}?{urlencode({'a': pair.a, 'b': pair.b, 'suite': pair.suite})}",
            json_twin=_with(request, f"{address}.json"),
            csv_twin=_with(request, f"{address}.csv"),
        )

    def several(runs: Sequence[str], suite: str) -> tuple[list[Evaluation], tuple[Comparison, ...]]:
        if not runs:
            raise HTTPException(422, "Name the runs to compare: /bench/compare?runs=RUN&runs=RUN.")
        found = {one.id: one for one in (_named(shell, run) for run in runs)}
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
            [one.a.evaluation, one.b.evaluation, *standings.pair_of(one).model_dump().values()]
            for one in several(runs, suite)[1]
        )
        return shell.csv(_csv(head, rows), "compared.csv")

    @routes.get("/compare", include_in_schema=False)
    def several_page(request: Request, runs: Names = (), suite: Text = "") -> HTMLResponse:
        if not runs:
            known = evaluations.list_evaluations(shell.store, RUNS)
            return shell.page(request, "bench/compare_runs.html", **words(), known=known, runs=[], found=[])
        chosen, found = several(runs, suite)
        return shell.page(
            request,
            "bench/compare_runs.html",
            **words(),
            known=evaluations.list_evaluations(shell.store, RUNS),
            runs=[one.id for one in chosen],
            found=[(one, _verdict_in_words(one, len(found)), *_flips(one)) for one in found],
            json_twin=_with(request, "/bench/compare.json"),
            csv_twin=_with(request, "/bench/compare.csv"),
        )


def _named(shell: Shell, run: str) -> Evaluation:
    if "\0" in run:
        raise HTTPException(404, "No run's name holds a NUL character.")
    try:
        return evaluations.read_evaluation(shell.store, run)
    except AssayError as error:
        raise HTTPException(404, f"{error} {error.help}") from None


def _models(shell: Shell, evaluation: Evaluation) -> list[str]:
    """The run's models, the best first."""
    return list(dict.fromkeys(one.score.model for one in standings.standings(shell.store, evaluation)))


def _versus(shell: Shell, evaluation: Evaluation, a: str, b: str, suite: str, pairs: Sequence[Pair]) -> Versus | None:
    columns = {one.model: one for one in standings.tasks(shell.store, evaluation, suite, [a, b])}
    if a not in columns or b not in columns:
        return None
    (made,) = compare_sides([columns[a].side(evaluation.id), columns[b].side(evaluation.id)])
    corrected = next((one.p_holm for one in pairs if one.suite == suite and {one.a, one.b} == {a, b}), made.p_holm)
    made = made.model_copy(update={"p_holm": corrected})
    number = len(pairs)
    look = {(name, task): one.look[place] for name, one in columns.items() for place, task in enumerate(one.tasks)}
    a_wins, b_wins = _flips(made, look)
    return Versus(comparison=made, said=_verdict_in_words(made, number), a_wins=a_wins, b_wins=b_wins)


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
    a, b, suite = _short(one.a.model), _short(one.b.model), _short(one.suite)
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


# ---- tasks by model ------------------------------------------------------------------------------------------------


def _add_tasks(routes: APIRouter, shell: Shell) -> None:
    def asked(
        run: str, suite: str, model: Sequence[str], show: Show, q: str, page: int | None
    ) -> tuple[Evaluation, list[str], Matrix]:
        evaluation = live.read_exactly(shell, run)
        found = standings.standings(shell.store, evaluation)
        suites = list(dict.fromkeys([*(one.score.suite for one in found), *evaluation.suites]))
        if suite and suite not in suites:
            raise HTTPException(404, f"The run {evaluation.id} has no suite {_short(suite)!r}.")
        suite = suite or (suites[0] if suites else "")
        ranked = [one.score.model for one in found if one.score.suite == suite]
        for name in model:
            if name not in ranked:
                raise HTTPException(404, f"The run {evaluation.id} has no model {_short(name)!r} on {_short(suite)}.")
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
        return shell.csv(_csv(head, rows), f"{evaluation.id}-tasks.csv")

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
            **_around(evaluation, "tasks"),
            matrix=matrix,
            suites=suites,
            models=_models(shell, evaluation),
            chosen=model,
            show=show,
            q=q,
            pages=-(-matrix.tasks // TASKS),
            page_link=lambda number: _with(request, address, page=number),
            cell_words=_cell_words,
            json_twin=_with(request, f"{address}.json", page=None),
            csv_twin=_with(request, f"{address}.csv", page=None),
        )


def _matrix(suite: str, columns: Sequence[Tasks], show: Show, words: str, page: int | None) -> Matrix:
    """page: from 1; None: all tasks and all models, for programs."""
    names = sorted({task for one in columns for task in one.tasks}, key=lambda name: (in_order(name), name))
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


# ---- cost and format -----------------------------------------------------------------------------------------------


def _add_cost_and_format(routes: APIRouter, shell: Shell) -> None:
    drawn = charts.Drawer()

    def read(run: str) -> tuple[Evaluation, list[Standing]]:
        evaluation = live.read_exactly(shell, run)
        return evaluation, standings.standings(shell.store, evaluation)

    @routes.get("/runs/{run}/cost.json")
    def cost_json(run: str) -> Response:
        """What the replies took, by suite and model, beside pass@1."""
        return shell.json([_cost_entry(one.score) for one in read(run)[1]])

    @routes.get("/runs/{run}/cost.csv", response_class=Response)
    def cost_csv(run: str) -> Response:
        """What the replies took, as a table."""
        evaluation, found = read(run)
        return shell.csv(_csv(_COST_HEAD, (_cost_row(one.score) for one in found)), f"{evaluation.id}-cost.csv")

    @routes.get("/runs/{run}/cost", include_in_schema=False)
    def cost(request: Request, run: str) -> HTMLResponse:
        evaluation, found = read(run)
        whole = standings.assembled(evaluation, [one.score for one in found])
        address = f"{addresses.run_page(evaluation.id)}/cost"
        return shell.page(
            request,
            "bench/cost.html",
            **words(),
            **_around(evaluation, "cost"),
            scores=sorted(
                whole.scores,
                key=lambda one: (_cost(one.usage.cost_per_pass) is None, _cost(one.usage.cost_per_pass) or 0),
            ),
            several_suites=len(whole.suites) > 1,
            chart=drawn.drawing(charts.cost_and_quality, whole),
            said=_worth(whole.scores),
            json_twin=f"{address}.json",
            csv_twin=f"{address}.csv",
        )

    @routes.get("/runs/{run}/format.json")
    def format_json(run: str) -> Response:
        """What each model loses by how it writes its replies down, and what clean-up did."""
        return shell.json([_format_entry(one) for one in read(run)[1]])

    @routes.get("/runs/{run}/format.csv", response_class=Response)
    def format_csv(run: str) -> Response:
        """The format tax as a table."""
        evaluation, found = read(run)
        head = ["run", "suite", "model", "raw", "raw_low", "raw_high", "cleaned", "cleaned_low", "cleaned_high", "tax",
                "tax_low", "tax_high", "rescued", "broken", "samples"]  # fmt: skip
        rows = (
            [evaluation.id, one.score.suite, one.score.model, tax.raw.value, tax.raw.low, tax.raw.high, tax.cleaned.value,
             tax.cleaned.low, tax.cleaned.high, tax.tax.value, tax.tax.low, tax.tax.high, tax.rescued, tax.broken, tax.samples]
            for one in found if (tax := one.score.format_tax)
        )  # fmt: skip
        return shell.csv(_csv(head, rows), f"{evaluation.id}-format.csv")

    @routes.get("/runs/{run}/format", include_in_schema=False)
    def format_page(request: Request, run: str) -> HTMLResponse:
        evaluation, found = read(run)
        address = f"{addresses.run_page(evaluation.id)}/format"
        return shell.page(
            request,
            "bench/format.html",
            **words(),
            **_around(evaluation, "format"),
            found=[one for one in found if one.score.format_tax],
            several_suites=len({one.score.suite for one in found}) > 1,
            said=_format_in_words(found),
            json_twin=f"{address}.json",
            csv_twin=f"{address}.csv",
        )


def _cost_entry(score: Score) -> dict[str, object]:
    rate = score.pass_1
    return {
        "suite": score.suite,
        "model": score.model,
        "pass_1": rate.model_dump() if rate else None,
        "samples": score.samples,
        "passed": score.passed,
        "usage": score.usage.model_dump(mode="json"),
    }


_COST_HEAD = (
    "run", "suite", "model", "pass_at_1", "samples", "passed", "replies", "requests", "prompt_tokens", "completion_tokens",
    "tokens_unknown", "cost", "currency", "cost_unknown", "cost_per_pass", "latency_p50_s", "latency_p95_s",
    "first_token_p50_s", "first_token_p95_s", "tokens_per_s", "cpu_s",
)  # fmt: skip


def _cost_row(score: Score) -> list[object]:
    use, single = score.usage, len(score.usage.cost) < 2
    return [
        score.evaluation, score.suite, score.model, _rate(score.pass_1), score.samples, score.passed, use.replies, use.requests,
        use.prompt_tokens, use.completion_tokens, use.tokens_unknown, _cost(use.cost) if single else None, "+".join(use.cost),
        use.cost_unknown, _cost(use.cost_per_pass) if single else None, use.latency_p50, use.latency_p95, use.first_token_p50,
        use.first_token_p95, use.tokens_per_s, use.cpu_s,
    ]  # fmt: skip


def _worth(scores: Sequence[Score]) -> str:
    """The answer of the cost page in a sentence."""
    paid = [
        one
        for one in scores
        if len(one.usage.cost_per_pass) == 1 and not one.usage.cost_unknown and _cost(one.usage.cost)
    ]
    currencies = {currency for one in paid for currency in one.usage.cost_per_pass}
    if len(paid) < 2 or len(currencies) != 1:
        return ""
    cheapest = min(paid, key=lambda one: _cost(one.usage.cost_per_pass) or 0)
    best = max(paid, key=lambda one: _rate(one.pass_1) or 0)
    head = f"{_short(cheapest.model)} has the cheapest passes, at {wording.money(cheapest.usage.cost_per_pass)} each"
    if best is cheapest:
        return f"{head}, and the best pass@1."
    return (
        f"{head}; {_short(best.model)}, with the best pass@1, costs {wording.money(best.usage.cost_per_pass)} a pass."
    )


def _format_entry(one: Standing) -> dict[str, object]:
    tax = one.score.format_tax
    return {
        "suite": one.score.suite,
        "model": one.score.model,
        "format_tax": tax.model_dump(mode="json") if tax else None,
        "cleaning": one.cleaning.model_dump(mode="json"),
    }


def _format_in_words(found: Sequence[Standing]) -> str:
    taxed = [(one.score, tax) for one in found if (tax := one.score.format_tax)]
    if not taxed:
        return "Nothing was graded both as it came and cleaned yet."
    worst, most = max(taxed, key=lambda pair: pair[1].tax.value)
    if most.tax.value <= 0:
        return "No model loses anything by how it writes its replies down: as they came, they pass as often as cleaned."
    return (
        f"{_short(worst.model)} loses most by how it writes its replies down: {wording.percent(most.raw.value)} % as they "
        f"came, {wording.percent(most.cleaned.value)} % once the program is taken out of the text."
    )


# ---- what the pages share ------------------------------------------------------------------------------------------


def _around(evaluation: Evaluation, here: str) -> dict[str, Any]:
    """What every page of a run needs for its head and its sub-navigation."""
    return {"evaluation": evaluation, "run_address": addresses.run_page(evaluation.id), "tab": here}


def words() -> dict[str, Any]:
    """What the boards' templates need to say their numbers."""
    return {
        "percent": wording.percent,
        "interval": wording.interval,
        "points": wording.points,
        "number": wording.number,
        "of": wording.of,
        "seconds": wording.seconds,
        "speed": wording.speed,
        "money": wording.money,
        "p_value": wording.p_value,
        "verdict": wording.verdict,
        "line": one_line,
        "count": _count,
        "bar": charts.bar,
        "addresses": addresses,
        "query": lambda **given: urlencode(given),
    }


def _count(many: int, noun: str) -> str:
    return f"{many:,} {noun}" if many == 1 else f"{many:,} {noun}s"


def _with(request: Request, address: str, **changed: object) -> str:
    """The address with the query of this page, changed so; None takes a name away."""
    pairs = [(name, value) for name, value in request.query_params.multi_items() if name not in changed and value]
    pairs += [(name, str(value)) for name, value in changed.items() if value is not None]
    return f"{address}?{urlencode(pairs)}" if pairs else address


def _csv(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    writer.writerow(head)
    for row in rows:
        writer.writerow(["" if cell is None else csv_text(cell) if isinstance(cell, str) else cell for cell in row])
    return out.getvalue()
