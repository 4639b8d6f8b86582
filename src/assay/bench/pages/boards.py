"""The leaderboard of one run: sorted, filtered and weighted as its address says."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from assay.bench import wording
from assay.bench.pages import addresses, live
from assay.bench.pages.around import (
    Names,
    Text,
    around,
    changed,
    cost_of,
    named,
    rate_of,
    short,
    without_secrets,
    words,
)
from assay.bench.records import Evaluation
from assay.bench.scores import pairing, standings
from assay.bench.scores.records import Overall, Score
from assay.bench.scores.scoring import assembled
from assay.bench.scores.standings import ModelStanding
from assay.records import Record
from assay.spreadsheet import csv_table
from assay.visible import one_line
from assay.web.shell import Shell


class Line(Record):
    """One line of a leaderboard: a model on a suite."""

    rank: int
    standing: ModelStanding
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


@dataclass(frozen=True)
class Column:
    """A column that a leaderboard can be sorted by."""

    name: str
    title: str
    value: Callable[[Line], float | str | None]
    falling: bool = True
    """Whether the best is the largest."""


COLUMNS_OF_A_BOARD: tuple[Column, ...] = (
    Column("model", "model", lambda line: line.score.model.lower(), falling=False),
    Column("pass", "pass@1, %", lambda line: rate_of(line.score.pass_1)),
    Column("failed", "failed, samples", lambda line: float(line.score.samples - line.score.passed), falling=False),
    Column("pass10", "pass@10, %", lambda line: rate_of(line.score.pass_at.get(10))),
    Column("pass100", "pass@100, %", lambda line: rate_of(line.score.pass_at.get(100))),
    Column("raw", "as it came, %", lambda line: line.score.format_tax.raw.value if line.score.format_tax else None),
    Column(
        "cleaned", "cleaned, %", lambda line: line.score.format_tax.cleaned.value if line.score.format_tax else None
    ),
    Column("repaired", "after repair, %", lambda line: line.score.repair.after.value if line.score.repair else None),
    Column("cost", "cost", lambda line: cost_of(line.score.usage.cost), falling=False),
    Column("cost_per_pass", "cost of a pass", lambda line: cost_of(line.score.usage.cost_per_pass), falling=False),
    Column("speed", "tokens/s", lambda line: line.score.usage.tokens_per_s),
    Column("p50", "latency p50, s", lambda line: line.score.usage.latency_p50, falling=False),
    Column("p95", "latency p95, s", lambda line: line.score.usage.latency_p95, falling=False),
    Column("truncated", "cut short, replies", lambda line: float(line.score.usage.truncated), falling=False),
)
_BY_NAME = {column.name: column for column in COLUMNS_OF_A_BOARD}


def router(shell: Shell) -> APIRouter:
    """The routes of a run's leaderboard."""
    routes = APIRouter()

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
            csv_table(_BOARD_HEAD, map(_board_row, asked(request, run, sort, suite, model, q).lines)), f"{run}.csv"
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
        found = named(shell, run)  # `last`, or a part of an id
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
            **around(evaluation, "leaderboard"),
            board=board,
            shown=[column for column in COLUMNS_OF_A_BOARD if _is_worth_a_column(column, board.lines)],
            several_suites=len({line.score.suite for line in board.lines}) > 1,
            suites=list(board.weights),
            asked_for={"sort": sort, "suites": suite, "models": model, "q": q},
            given_weights=_weights(request),
            sorted_by=sort.lstrip("-"),
            falling=sort.startswith("-"),
            sort_link=lambda column: changed(request, address, sort=_turned(column, sort)),
            json_twin=changed(request, f"{address}.json"),
            csv_twin=changed(request, f"{address}.csv"),
        )

    return routes


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
    groups = pairing.groups(shell.store, evaluation)
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
    whole = assembled(evaluation, [one.score for one in found], weights)
    return Board(
        run=without_secrets(evaluation),
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


def _leaders(suite: str, groups: Sequence[Sequence[str]], found: Sequence[ModelStanding]) -> str:
    """Who leads a suite, and whether that can be said."""
    best = next(one.score for one in found if (one.score.suite, one.score.model) == (suite, groups[0][0]))
    head = f"{short(best.model)} is at {wording.rate_in_words(best.pass_1)} on {short(suite)}"
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
    shown = [short(name) for name in names[:most]]
    if len(names) > most:
        return f"{', '.join(shown)} and {len(names) - most} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else shown[0]


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
                raise HTTPException(422, f"The weight of {short(name[2:])} must be a number from 0 on.")
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
        rate_of(one),
        one.low if one else None,
        one.high if one else None,
        rate_of(score.pass_at.get(10)),
        rate_of(score.pass_at.get(100)),
        score.format_tax.raw.value if score.format_tax else None,
        score.format_tax.cleaned.value if score.format_tax else None,
        score.repair.after.value if score.repair else None,
        cost_of(score.usage.cost) if len(score.usage.cost) < 2 else None,
        "+".join(score.usage.cost),
        cost_of(score.usage.cost_per_pass) if len(score.usage.cost) < 2 else None,
        score.usage.tokens_per_s,
        score.usage.latency_p50,
        score.usage.latency_p95,
        score.usage.truncated,
    ]
