"""What bench prints: tables for people at a terminal, the same words without colour or frames for a pipe."""

import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TextIO

from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from assay.bench.records import Evaluation
from assay.bench.scores import STATUSES, Comparison, Score, Scores, Usage, wilson
from assay.bench.visible import one_line
from assay.bench.wording import (
    SIGNS,
    amount,
    duration,
    interval,
    money,
    number,
    p_value,
    percent,
    points,
    seconds,
    speed,
    verdict,
)


@dataclass(frozen=True)
class Listed:
    """One line of `assay bench list`."""

    evaluation: Evaluation
    done: int
    expected: int
    passed: int
    errors: int = 0


def console(stream: TextIO | None = None, width: int | None = None) -> Console:
    """Where to print. Not a terminal: no colour, no frames, and as wide as the content needs up to 200 columns."""
    out = Console(file=stream or sys.stdout, width=width, highlight=False, markup=False, emoji=False)
    if not out.is_terminal and width is None:
        out.width = 200
    return out


# ---- the views -----------------------------------------------------------------------------------------------------


def leaderboard(scores: Scores) -> RenderableType:
    """The models, the best first, a table a suite; over several suites the weighted overall score on top."""
    parts: list[RenderableType] = []
    if len(scores.suites) > 1:
        parts += [_overall(scores), Text()]
    for suite in scores.suites:
        parts += [_suite(suite, [score for score in scores.scores if score.suite == suite]), Text()]
    if not scores.scores:
        parts.append(Text("No samples yet."))
    return Group(*parts, *_warnings(scores.warnings))


def show(evaluation: Evaluation, scores: Scores, comparisons: Sequence[Comparison] = ()) -> RenderableType:
    """One evaluation: what it is, its leaderboard, statuses, format tax, repair and what it took."""
    parts: list[RenderableType] = [_heading(evaluation, scores), Text(), leaderboard(scores), _statuses(scores), Text()]
    if any(score.format_tax for score in scores.scores):
        parts += [_format_tax(scores), Text()]
    if any(score.repair for score in scores.scores):
        parts += [_repair(scores), Text()]
    if any(_said_something(score.usage) for score in scores.scores):
        parts += [_usage(scores), Text()]
    if comparisons:
        parts += [comparison(comparisons), Text()]
    return Group(*parts[:-1])


def comparison(comparisons: Sequence[Comparison]) -> RenderableType:
    """Pairs of models on the tasks both saw."""
    if not comparisons:
        return Text("Nothing to compare: it takes two models on one suite.")
    several = len({contender.evaluation for one in comparisons for contender in (one.a, one.b)}) > 1
    suites = len({one.suite for one in comparisons}) > 1
    table = _table("Model against model, on the tasks both saw")
    if suites:
        table.add_column("suite", overflow="fold")
    table.add_column("a", overflow="fold")
    table.add_column("b", overflow="fold")
    for name in ("a %", "b %", "a − b, points", "a/b better", "n", "p (Holm)"):
        table.add_column(name, justify="right", no_wrap=name != "a − b, points")
    table.add_column("verdict", overflow="fold")
    for one in comparisons:
        names = [_name(c.model, c.evaluation if several else "") for c in (one.a, one.b)]
        table.add_row(
            *([one_line(one.suite)] if suites else []),
            *names,
            percent(one.rate_a),
            percent(one.rate_b),
            points(one.difference),
            f"{len(one.a_wins)}/{len(one.b_wins)}",
            f"{one.tasks:,}",
            p_value(one.p_holm),
            verdict(one),
        )
    notes = [
        Text(f"p: {', '.join(sorted({one.test for one in comparisons}))}, corrected for {len(comparisons)} pairs.")
    ]
    shown = [one.detectable for one in comparisons if one.detectable is not None]
    if shown:
        notes.append(
            Text(f"Smallest difference these tasks would show (80 % power): {min(shown) * 100:.1f} points or more.")
        )
    return Group(table, *notes)


def listing(entries: Iterable[Listed]) -> RenderableType:
    """The evaluations kept, as they come."""
    table = _table("Evaluations")
    table.add_column("run", no_wrap=True)
    table.add_column("made (UTC)", no_wrap=True)
    table.add_column("state", no_wrap=True)
    table.add_column("suites", overflow="fold")
    table.add_column("models", overflow="fold")
    for name in ("samples", "passed %", "errors"):
        table.add_column(name, justify="right", no_wrap=True)
    for entry in entries:
        evaluation = entry.evaluation
        counted = entry.done - entry.errors
        table.add_row(
            one_line(evaluation.id),
            f"{evaluation.created:%Y-%m-%d %H:%M}",
            evaluation.state,
            one_line(", ".join(evaluation.suites)),
            one_line(", ".join(model.name for model in evaluation.models)) or "replies made elsewhere",
            f"{entry.done:,}" if entry.done >= entry.expected else f"{entry.done:,}/{entry.expected:,}",
            f"{entry.passed / counted * 100:.1f}" if counted else "–",
            f"! {entry.errors:,}" if entry.errors else "0",
        )
    if not table.row_count:
        return Text("No evaluations yet. Make one: assay bench run functions --model MODEL")
    return table


# ---- tables --------------------------------------------------------------------------------------------------------


def _heading(evaluation: Evaluation, scores: Scores) -> RenderableType:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    what = "models run" if evaluation.source == "run" else "replies made elsewhere, graded"
    grid.add_row("Evaluation", f"{one_line(evaluation.id)} · {what} · {evaluation.state}")
    grid.add_row("Made", f"{evaluation.created:%Y-%m-%d %H:%M:%S} UTC")
    grid.add_row("Suites", one_line(", ".join(evaluation.suites)))
    grid.add_row(
        "Samples a task",
        f"{evaluation.samples:,}" + (f", up to {evaluation.repair} repairs" if evaluation.repair else ""),
    )
    isolation = sorted({words for score in scores.scores for words in score.isolation})
    grid.add_row("Isolation", one_line("; ".join(isolation)) or "unknown: no run yet")
    if evaluation.note:
        grid.add_row("Note", one_line(evaluation.note))
    return grid


def _overall(scores: Scores) -> Table:
    weights = ", ".join(f"{one_line(suite)} {weight:.0%}" for suite, weight in scores.weights.items())
    table = _table(f"Overall: pass@1 weighted by suite ({weights})")
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("model", overflow="fold")
    table.add_column("overall %", justify="right", no_wrap=True)
    table.add_column("95 % interval", justify="right", no_wrap=True)
    table.add_column("n, tasks", justify="right", no_wrap=True)
    for place, one in enumerate(scores.overall, 1):
        if one.rate is None:
            table.add_row("–", _name(one.model), "–", f"no score on {one_line(', '.join(one.missing))}", "")
        else:
            table.add_row(str(place), _name(one.model), percent(one.rate.value), interval(one.rate), f"{one.rate.n:,}")
    return table


def _suite(suite: str, scores: Sequence[Score]) -> Table:
    ks = sorted({k for score in scores for k in score.pass_at if k > 1})
    table = _table(f"{one_line(suite)}: pass@1")
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("model", overflow="fold")
    table.add_column("pass@1 %", justify="right", no_wrap=True)
    table.add_column("95 % interval", justify="right", no_wrap=True)
    for k in ks:
        table.add_column(f"pass@{k} %", justify="right", no_wrap=True)
    for name in ("tasks", "passed", "missing", "errors"):
        table.add_column(name, justify="right", no_wrap=True)
    for place, score in enumerate(scores, 1):
        table.add_row(
            str(place) if score.pass_1 else "–",
            _name(score.model),
            percent(score.pass_1.value if score.pass_1 else None),
            interval(score.pass_1),
            *(percent(score.pass_at[k].value if k in score.pass_at else None) for k in ks),
            f"{score.tasks:,}" if score.tasks == score.tasks_expected else f"{score.tasks:,}/{score.tasks_expected:,}",
            f"{score.passed:,}/{score.samples:,}",
            _alarm(score.missing),
            _alarm(score.errors),
        )
    return table


def _statuses(scores: Scores) -> Table:
    seen = [status for status in STATUSES if any(status in score.statuses for score in scores.scores)]
    table = _table("Statuses, samples")
    _name_columns(table, scores)
    for status in seen:
        table.add_column(f"{SIGNS[status]} {status}", justify="right", no_wrap=True)
    for score in scores.scores:
        table.add_row(*_names(score, scores), *(f"{score.statuses.get(status, 0):,}" for status in seen))
    return table


def _format_tax(scores: Scores) -> Table:
    table = _table("Format tax: first tries as they came, and cleaned")
    _name_columns(table, scores)
    for name in ("raw %", "cleaned %", "tax, points", "rescued", "broken", "n, tasks"):
        table.add_column(name, justify="right", no_wrap=name != "tax, points")
    for score in scores.scores:
        if tax := score.format_tax:
            table.add_row(
                *_names(score, scores),
                percent(tax.raw.value),
                percent(tax.cleaned.value),
                points(tax.tax),
                f"{tax.rescued:,}",
                _alarm(tax.broken),
                f"{tax.raw.n:,}",
            )
    return table


def _repair(scores: Scores) -> Table:
    table = _table("Repair: first try, and after failures were sent back")
    _name_columns(table, scores)
    for name in ("first %", "after %", "gain, points", "sent back", "mended", "tokens"):
        table.add_column(name, justify="right", no_wrap=name != "gain, points")
    for score in scores.scores:
        if gain := score.repair:
            table.add_row(
                *_names(score, scores),
                percent(gain.first.value),
                percent(gain.after.value),
                points(gain.gain),
                f"{gain.tried:,}",
                f"{gain.mended:,}",
                number(gain.completion_tokens),
            )
    return table


def _usage(scores: Scores) -> Table:
    table = _table("What it took")
    _name_columns(table, scores)
    for name in ("tokens in", "tokens out", "cost", "a pass", "p50 s", "p95 s", "first s", "tok/s"):
        table.add_column(name, justify="right", no_wrap=True)
    for score in scores.scores:
        usage = score.usage
        table.add_row(
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
    return table


def _table(title: str) -> Table:
    return Table(
        title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1)
    )


def _name_columns(table: Table, scores: Scores) -> None:
    if len(scores.suites) > 1:
        table.add_column("suite", overflow="fold")
    table.add_column("model", overflow="fold")


def _names(score: Score, scores: Scores) -> list[str | Text]:
    return [*([one_line(score.suite)] if len(scores.suites) > 1 else []), _name(score.model)]


def _name(model: str, evaluation: str = "") -> Text:
    return Text(f"{one_line(model)} ({one_line(evaluation)})" if evaluation else one_line(model))


def _alarm(count: int) -> Text:
    return Text(f"! {count:,}", style="yellow") if count else Text("0")


def _warnings(warnings: Sequence[str]) -> list[RenderableType]:
    return [Text(f"! {one_line(warning, 400)}", style="yellow") for warning in warnings]


def _said_something(usage: Usage) -> bool:
    return usage.completion_tokens is not None or usage.latency_p50 is not None or bool(usage.cost)


# ---- while it runs -------------------------------------------------------------------------------------------------


class LiveProgress:
    """A run as it goes: one live line block on a terminal, plain lines every few seconds otherwise.

    A context manager; `update` may be called as often as wanted, from one thread at a time.
    """

    def __init__(self, out: Console | None = None, *, every_s: float = 5, title: str = "") -> None:
        self.out = out or console(sys.stderr)
        self.title = title
        self._every_s = every_s
        self._started = time.monotonic()
        self._printed = float("-inf")
        self._first_done: int | None = None
        self._latest = ""
        self._live: Live | None = None

    def __enter__(self) -> Self:
        self._started = time.monotonic()
        if self.out.is_terminal:
            self._live = Live(console=self.out, refresh_per_second=4, transient=True)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()
        if self._latest and (self._live or self._latest != self._last_line):
            self._line(self._latest)

    _last_line = ""

    def update(
        self,
        done: int,
        total: int,
        passed: int,
        *,
        running: int = 0,
        failed: int = 0,
        tasks: int | None = None,
        completion_tokens: int | None = None,
        cost: float | None = None,
        currency: str = "USD",
        expected_cost: float | None = None,
        note: str = "",
    ) -> None:
        """Say how far it is. done: samples with a verdict, errors of ours (`failed`) included; passed: of them.

        tasks: distinct tasks among them, on which the interval rests. expected_cost: of the whole; None: as so far.
        """
        if self._first_done is None:
            self._first_done = done  # what was there before this command started says nothing of its speed
        self._latest = self._sentence(
            done, total, passed, running, failed, tasks, completion_tokens, cost, currency, expected_cost, note
        )
        if self._live:
            self._live.update(Text(self._latest))
        elif (now := time.monotonic()) - self._printed >= self._every_s or done >= total:
            self._printed = now
            self._line(self._latest)

    def _line(self, text: str) -> None:
        if text != self._last_line:
            self._last_line = text
            self.out.print(Text(text), soft_wrap=True)

    def _sentence(
        self, done: int, total: int, passed: int, running: int, failed: int, tasks: int | None,
        completion_tokens: int | None, cost: float | None, currency: str, expected_cost: float | None, note: str,
    ) -> str:  # fmt: skip
        elapsed = time.monotonic() - self._started
        parts = [f"{one_line(self.title)}: {done:,}/{total:,} done" if self.title else f"{done:,}/{total:,} done"]
        if running:
            parts.append(f"{running:,} running")
        if failed:
            parts.append(f"! {failed:,} errors")
        if counted := done - failed:
            low, high = wilson(passed / counted * (n := min(counted, tasks or counted)), n)
            parts.append(f"pass rate {passed / counted:.1%} ({low:.1%} – {high:.1%}, n = {counted:,})")
        if completion_tokens is not None and elapsed > 0.5:
            parts.append(f"{completion_tokens / elapsed:,.0f} tokens/s")
        if cost is not None:
            whole = expected_cost if expected_cost is not None else cost * total / done if done else None
            parts.append(
                f"{amount(cost)} of about {amount(whole)} {currency}"
                if whole is not None
                else f"{amount(cost)} {currency}"
            )
        fresh = done - (self._first_done or 0)
        if done < total and fresh > 0 and elapsed > 0.5:
            parts.append(f"{duration(elapsed / fresh * (total - done))} left")
        elif done >= total:
            parts.append(f"in {duration(elapsed)}")
        if note:
            parts.append(one_line(note))
        return " · ".join(parts)
