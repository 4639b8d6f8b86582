"""What bench prints: tables that fit a terminal of 80 columns as well as one of 200, and lines while a run goes on.

A table that would not fit folds the names, then turns into a list; no number is ever cut. Without a terminal there is no
colour and the width is 200.
"""

import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TextIO

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from assay.bench.progress import Pace, Progress
from assay.bench.records import Evaluation
from assay.bench.scores.records import STATUSES, Comparison, Score, Scores, Usage
from assay.bench.wording import (
    SIGNS,
    amount,
    duration,
    interval,
    money,
    number,
    of,
    p_value,
    percent,
    points,
    seconds,
    speed,
    verdict,
)
from assay.visible import one_line

_NARROWEST_NAME = 12
_GAP = 2


@dataclass(frozen=True)
class Listed:
    """One line of `assay bench list`."""

    evaluation: Evaluation
    done: int
    """Samples with a verdict, errors of ours included."""
    expected: int
    passed: int
    errors: int = 0


def console(stream: TextIO | None = None, width: int | None = None) -> Console:
    """Where to print. Not a terminal: no colour, and 200 columns, so that a pipe gets whole lines."""
    out = Console(file=stream or sys.stdout, width=width, highlight=False, markup=False, emoji=False)
    if not out.is_terminal and width is None:
        out.width = 200
    return out


# ---- the views -----------------------------------------------------------------------------------------------------


def leaderboard(scores: Scores) -> RenderableType:
    """The models, the best first, a table a suite; over several suites the weighted overall score on top."""
    parts: list[RenderableType] = [_overall(scores)] if len(scores.suites) > 1 else []
    parts += [_suite(suite, [score for score in scores.scores if score.suite == suite]) for suite in scores.suites]
    if not scores.scores:
        parts.append(Text("No samples yet."))
    if scores.warnings:
        parts.append(Group(*(Text(f"! {one_line(warning, 600)}", style="yellow") for warning in scores.warnings)))
    return _apart(parts)


def show(evaluation: Evaluation, scores: Scores, comparisons: Sequence[Comparison] = ()) -> RenderableType:
    """One evaluation: what it is, its leaderboard, statuses, format tax, repair, what it took, its pairs of models."""
    parts: list[RenderableType] = [_heading(evaluation, scores), leaderboard(scores), _statuses(scores)]
    if any(score.format_tax for score in scores.scores):
        parts.append(_format_tax(scores))
    if any(score.repair for score in scores.scores):
        parts.append(_repair(scores))
    if any(score.flakiness for score in scores.scores):
        parts.append(_flakiness(scores))
    if any(_said_something(score.usage) for score in scores.scores):
        parts.append(_usage(scores))
    if comparisons:
        parts.append(comparison(comparisons))
    if any(score.samples > score.passed for score in scores.scores):
        parts.append(
            Text(
                f"Why one failed: assay bench show {one_line(evaluation.id)} --task TASK; in the browser: assay up; all, as "
                f"a table: assay bench export {one_line(evaluation.id)} --table checks -o checks.csv"
            )
        )
    return _apart(parts)


def comparison(comparisons: Sequence[Comparison]) -> RenderableType:
    """Pairs of models on the tasks both saw: a above b."""
    if not comparisons:
        return Text("Nothing to compare: it takes two models on one suite.")
    several = len({contender.evaluation for one in comparisons for contender in (one.a, one.b)}) > 1
    suites = len({one.suite for one in comparisons}) > 1
    grid = Grid(
        "Model against model, on the tasks both saw (a above b)",
        [
            *([Column("suite", left=True)] if suites else []),
            Column("models", left=True),
            Column("pass@1 %"),
            Column("better on"),
            Column("a − b, points"),
            Column("n, tasks"),
            Column("p (Holm)"),
            Column("verdict", left=True),
        ],
    )
    for one in comparisons:
        value, _, between = points(one.difference).partition(" ")
        grid.add(
            *([one_line(one.suite)] if suites else []),
            "\n".join(_name(c.model, c.evaluation if several else "") for c in (one.a, one.b)),
            f"{percent(one.rate_a)}\n{percent(one.rate_b)}",
            f"{len(one.a_wins):,}\n{len(one.b_wins):,}",
            f"{value}\n{between}",
            number(one.tasks),
            p_value(one.p_holm),
            verdict(one).replace("cannot be ", "cannot be\n"),
        )
    tests = ", ".join(sorted({one.test for one in comparisons if one.p is not None})) or "none"
    said = [
        Text(f"p: {tests}, corrected for {len(comparisons)} {'pair' if len(comparisons) == 1 else 'pairs'} (Holm).")
    ]
    detectable = [one.detectable for one in comparisons if one.detectable is not None]
    if detectable:
        said.append(
            Text(
                f"A true difference under {min(detectable) * 100:.1f} points would mostly go unseen here (80 % power)."
            )
        )
    return Group(grid, *said)


def listing(entries: Iterable[Listed]) -> RenderableType:
    """The evaluations kept, in the order given."""
    left = ("run", "made, UTC", "state", "suites", "models")
    grid = Grid(
        "Evaluations", [*(Column(name, left=True) for name in left), *map(Column, ("samples", "passed %", "errors"))]
    )
    for entry in entries:
        evaluation = entry.evaluation
        counted = entry.done - entry.errors
        grid.add(
            one_line(evaluation.id),
            f"{evaluation.created:%Y-%m-%d %H:%M}",
            evaluation.state,
            one_line(", ".join(evaluation.suites)),
            one_line(", ".join(evaluation.contenders)),
            number(entry.done) if entry.done >= entry.expected else of(entry.done, entry.expected),
            percent(entry.passed / counted if counted else None),
            _alarm(entry.errors),
        )
    if not grid.rows:
        return Text("No evaluations yet. Make one: assay bench run functions --model MODEL")
    return grid


# ---- tables --------------------------------------------------------------------------------------------------------


def _heading(evaluation: Evaluation, scores: Scores) -> RenderableType:
    what = "models run" if evaluation.source == "run" else "replies made elsewhere, graded"
    repairs = (
        f", up to {evaluation.repair} {'repair' if evaluation.repair == 1 else 'repairs'}" if evaluation.repair else ""
    )
    isolation = sorted({words for score in scores.scores for words in score.isolation})
    lines = {
        "Evaluation": f"{evaluation.id} · {what} · {evaluation.state}",
        "Made": f"{evaluation.created:%Y-%m-%d %H:%M:%S} UTC",
        "Suites": ", ".join(evaluation.suites),
        "Samples a task": f"{evaluation.samples:,}{repairs}",
        "Isolation": "; ".join(isolation) or "not known: nothing has been run",
        "Note": evaluation.note,
    }
    grid = Table.grid(padding=(0, _GAP))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in lines.items():
        if value:
            grid.add_row(name, one_line(value, 400))
    return grid


def _overall(scores: Scores) -> RenderableType:
    weights = ", ".join(f"{one_line(suite)} {weight:.0%}" for suite, weight in scores.weights.items())
    grid = Grid(
        f"Overall: pass@1 weighted by suite ({weights})",
        [Column("model", left=True), *map(Column, ("overall %", "95 % interval", "n, tasks"))],
    )
    for one in scores.overall:
        if one.rate is None:
            grid.add(_name(one.model), "–", f"no score on {one_line(', '.join(one.missing))}", "–")
        else:
            grid.add(_name(one.model), percent(one.rate.value), interval(one.rate), number(one.rate.n))
    return grid


def _suite(suite: str, scores: Sequence[Score]) -> RenderableType:
    ks = sorted({k for score in scores for k in score.pass_at})
    rates = [column for k in ks for column in (Column(f"pass@{k} %"), Column("95 % interval"))]
    missing, errors = any(score.missing for score in scores), any(score.errors for score in scores)
    alarms = [Column(name) for name, any_ in (("missing", missing), ("errors", errors)) if any_]
    grid = Grid(one_line(suite), [Column("model", left=True), *rates, Column("tasks"), Column("passed"), *alarms])
    for score in scores:
        found = [score.pass_at.get(k) for k in ks]
        grid.add(
            _name(score.model),
            *(said for rate in found for said in (percent(rate.value if rate else None), interval(rate))),
            number(score.tasks) if score.tasks == score.tasks_expected else of(score.tasks, score.tasks_expected),
            of(score.passed, score.samples),
            *([_alarm(score.missing)] if missing else []),
            *([_alarm(score.errors)] if errors else []),
        )
    return grid


def _statuses(scores: Scores) -> RenderableType:
    seen = [status for status in STATUSES if any(status in score.statuses for score in scores.scores)]
    grid = Grid("Statuses, samples", [*_who(scores), *(Column(f"{SIGNS[status]} {status}") for status in seen)])
    for score in scores.scores:
        grid.add(*_names(score, scores), *(number(score.statuses.get(status, 0)) for status in seen))
    return grid


def _format_tax(scores: Scores) -> RenderableType:
    columns = ("raw %", "cleaned %", "tax, points", "rescued", "broken", "n, tasks")
    grid = Grid("Format tax: first tries as they came, and cleaned", [*_who(scores), *map(Column, columns)])
    for score in scores.scores:
        if tax := score.format_tax:
            grid.add(
                *_names(score, scores),
                percent(tax.raw.value),
                percent(tax.cleaned.value),
                points(tax.tax),
                number(tax.rescued),
                _alarm(tax.broken),
                number(tax.raw.n),
            )
    return grid


def _repair(scores: Scores) -> RenderableType:
    columns = ("first %", "after %", "gain, points", "sent back", "mended", "tokens")
    grid = Grid("Repair: first tries, and after failures were sent back", [*_who(scores), *map(Column, columns)])
    for score in scores.scores:
        if gain := score.repair:
            grid.add(
                *_names(score, scores),
                percent(gain.first.value),
                percent(gain.after.value),
                points(gain.gain),
                number(gain.tried),
                number(gain.mended),
                number(gain.completion_tokens),
            )
    return grid


def _flakiness(scores: Scores) -> RenderableType:
    columns = ("flaky %", "interval", "flaky", "run again", "runs")
    grid = Grid("Flaky: passed, and failed when run again", [*_who(scores), *map(Column, columns)])
    for score in scores.scores:
        if found := score.flakiness:
            grid.add(
                *_names(score, scores),
                percent(found.share.value),
                interval(found.share),
                number(found.flaky),
                number(found.samples),
                number(found.runs),
            )
    return grid


def _usage(scores: Scores) -> RenderableType:
    columns = ("tokens in", "tokens out", "cost", "cost of a pass", "p50, s", "p95, s", "first token, s", "tok/s")
    grid = Grid("What it took: tokens, cost, latency of a whole reply", [*_who(scores), *map(Column, columns)])
    for score in scores.scores:
        usage = score.usage
        grid.add(
            *_names(score, scores),
            number(usage.prompt_tokens),
            number(usage.completion_tokens),
            money(usage.cost),
            money(usage.cost_per_pass),
            seconds(usage.latency_p50),
            seconds(usage.latency_p95),
            seconds(usage.first_token_p50),
            speed(usage.tokens_per_s),
        )
    return grid


def _who(scores: Scores) -> list["Column"]:
    return [Column(name, left=True) for name in (("suite", "model") if len(scores.suites) > 1 else ("model",))]


def _names(score: Score, scores: Scores) -> list[str]:
    return [*([one_line(score.suite)] if len(scores.suites) > 1 else []), _name(score.model)]


def _name(model: str, evaluation: str = "") -> str:
    return f"{one_line(model)} ({one_line(evaluation)})" if evaluation else one_line(model)


def _alarm(count: int) -> str:
    return f"! {count:,}" if count else "0"


def _said_something(usage: Usage) -> bool:
    return usage.completion_tokens is not None or usage.latency_p50 is not None or bool(usage.cost)


def _apart(parts: Sequence[RenderableType]) -> RenderableType:
    """The parts with an empty line between them."""
    return Group(*parts[:1], *(part for one in parts[1:] for part in (Text(), one)))


# ---- a table that fits ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Column:
    name: str
    left: bool = False
    """Words, which stand to the left and may be folded; otherwise numbers, which may not."""


class Grid:
    """A table; where it is too wide, with its names folded; where that is too wide yet, a list."""

    def __init__(self, title: str, columns: list[Column]) -> None:
        self.title = title
        self.columns = columns
        self.rows: list[tuple[str, ...]] = []

    def add(self, *cells: str) -> None:
        self.rows.append(cells)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        yield Text(self.title, style="bold")
        widths = self._fitted(options.max_width)
        yield from self._list() if widths is None else [self._table(widths)]

    def _fitted(self, room: int) -> list[int] | None:
        """The width of each column, or None where even folded names leave no room."""
        heads = [cell_len(column.name) for column in self.columns]
        cells = [max((_longest(row[i].split("\n")) for row in self.rows), default=0) for i in range(len(heads))]
        gaps = _GAP * (len(heads) - 1)
        widths = [max(pair) for pair in zip(heads, cells, strict=True)]
        if sum(widths) + gaps <= room:
            return widths
        words = [_longest(column.name.split()) for column in self.columns]
        widths = [max(pair) for pair in zip(words, cells, strict=True)]
        over = sum(widths) + gaps - room
        while over > 0:
            widest = max((i for i, column in enumerate(self.columns) if column.left), key=lambda i: widths[i])
            if widths[widest] <= _NARROWEST_NAME:
                return None
            widths[widest] -= 1
            over -= 1
        return widths

    def _table(self, widths: list[int]) -> Table:
        table = Table(
            box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, _GAP - 1, 0, 0), header_style="bold"
        )
        for column, width in zip(self.columns, widths, strict=True):
            table.add_column(
                column.name, width=width, justify="left" if column.left else "right", vertical="top", overflow="fold"
            )
        for row in self.rows:
            table.add_row(*(Text(cell, style="yellow" if cell.startswith("! ") else "") for cell in row))
        return table

    def _list(self) -> Iterator[Text]:
        first = next((i for i, column in enumerate(self.columns) if not column.left), 1)
        for row in self.rows:
            yield Text(", ".join(cell.replace("\n", " and ") for cell in row[:first]), style="bold")
            rest = zip(self.columns[first:], row[first:], strict=True)
            yield Text("  " + " · ".join(f"{column.name}: {' '.join(cell.split())}" for column, cell in rest))


def _longest(lines: Sequence[str]) -> int:
    return max(map(cell_len, lines), default=0)


# ---- while it runs -------------------------------------------------------------------------------------------------


class LiveProgress:
    """A run as it goes: one line redrawn on a terminal, a plain line every few seconds otherwise, and one at the end.

    A context manager; `update` may be called as often as wanted, from one thread at a time.
    """

    def __init__(self, out: Console | None = None, *, every_s: float = 5, title: str = "") -> None:
        self.out = out or console(sys.stderr)
        self.title = title
        self._every_s = every_s
        self._started = time.monotonic()
        self._printed = float("-inf")
        self._first: Progress | None = None
        self._latest: Progress | None = None
        self._pace = Pace()
        self._live: Live | None = None

    def __enter__(self) -> Self:
        self._started = time.monotonic()
        if self.out.is_terminal:
            self._live = Live(console=self.out, refresh_per_second=4, transient=True, get_renderable=self._now)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()
        if self._latest:
            self.out.print(self._now(), soft_wrap=True)

    def update(self, now: Progress) -> None:
        """Say how far it is."""
        self._latest = now
        self._pace.look(now.done, time.monotonic())
        self._first = self._first or now  # what was there before this command says nothing of its speed
        if not self._live and time.monotonic() - self._printed >= self._every_s:
            self._printed = time.monotonic()
            self.out.print(self._now(), soft_wrap=True)

    def _now(self) -> Text:
        if self._latest is None or self._first is None:
            return Text("starting")
        now, at_s = self._latest, time.monotonic()
        left_s = self._pace.left_s(now.done, now.total - now.done, at_s)
        sentence = progress_in_words(now, self._first, at_s - self._started, left_s)
        return Text(f"{one_line(self.title)}: {sentence}" if self.title else sentence)


def progress_in_words(now: Progress, first: Progress, elapsed_s: float, left_s: float | None = None) -> str:
    """One line. `first`: how far it already was when this command began, `elapsed_s` ago. `left_s`: as `Pace` tells it."""
    parts = [f"{of(now.done, now.total)} done"]
    if now.running:
        parts.append(f"{now.running:,} running")
    if now.failed:
        parts.append(f"! {now.failed:,} errors of ours")
    if (counted := now.done - now.failed) and now.passed is not None:
        n = min(counted, now.tasks or counted)
        share = min(1.0, now.passed / counted)
        from assay.bench.scores.formulas import wilson  # numpy: 0.1 s that a list need not wait for

        low, high = wilson(share * n, n)
        unit = "tasks" if now.tasks else "samples"
        parts.append(f"pass rate {percent(share)} % ({percent(low)} – {percent(high)}, n = {n:,} {unit})")
    if now.completion_tokens is not None and elapsed_s > 0.5:
        parts.append(f"{(now.completion_tokens - (first.completion_tokens or 0)) / elapsed_s:,.0f} tokens/s")
    if now.cost is not None:
        parts.append(_cost_in_words(now, now.cost))
    if now.done >= now.total:
        parts.append(f"in {duration(elapsed_s)}")
    elif left_s is not None:
        parts.append(f"{duration(left_s)} left")
    parts += [one_line(text, 300) for text in (now.note, now.waits_for) if text]
    return " · ".join(parts)


def _cost_in_words(now: Progress, cost: float) -> str:
    whole = now.expected_cost
    if whole is None and now.done:
        whole = cost * now.total / now.done
    currency = one_line(now.currency, 8)
    if whole is None or now.done >= now.total:
        return f"{amount(cost)} {currency}"
    return f"{amount(cost)} of about {amount(whole)} {currency}"
