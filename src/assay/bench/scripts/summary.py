"""What `assay bench scripts` prints: how far scripts and tests come, each share with its n and interval."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from assay.bench.scores.records import Rate
from assay.bench.scripts.records import ListedKind, ScriptReport, ScriptScore
from assay.bench.terminal import Column, Grid
from assay.bench.wording import interval, money, number, percent, seconds
from assay.visible import one_line

SHOWN = 8
"""Samples a list shows; all are in report.json."""

_LISTS: dict[ListedKind, str] = {
    "syntax_error": "Do not parse",
    "no_code": "Hold no code",
    "import_error": "Scripts that cannot be imported",
    "not_running": "Scripts that do not run",
    "timeout": "Took too long",
    "missing_package": "Need a package that is not here (neither passed nor failed)",
    "collect_error": "Tests that pytest cannot collect, or that end it",
    "failing_tests": "Tests that fail",
    "cannot_fail": "Tests that cannot fail",
    "flaky": "Flaky tests",
    "error": "Errors, counted nowhere",
}


def summary(report: ScriptReport) -> RenderableType:
    """The whole run: shares by model, by batch where there are several, what it took, and the lists."""
    parts: list[RenderableType] = [Text(f"Run {report.run} · {report.state}", style="bold")]
    parts.append(_scripts("Scripts: share that …, % (95 % interval), n samples", report.by_model, report))
    parts.append(_tests("Test files: share that …, % (95 % interval), n test files", report.by_model))
    if len(report.batches) > 1:
        parts.append(_scripts("Scripts by batch", report.by_batch, report))
        parts.append(_tests("Test files by batch", report.by_batch))
    if any(score.spending for score in report.by_model):
        parts.append(_spending(report))
    for kind, title in _LISTS.items():
        if entries := report.listed[kind]:
            shown = [
                f"  {one_line(entry.model, 40)} {entry.prompt} {entry.index + 1}: {one_line(entry.what, 120)} → {entry.file}"
                for entry in entries[:SHOWN]
            ]
            more = [f"  … {len(entries) - SHOWN} more in report.json"] if len(entries) > SHOWN else []
            parts.append(Text("\n".join([f"{title}: {len(entries)}", *shown, *more])))
    if cleaned := len(report.listed["cleaned"]):
        parts.append(
            Text(
                f"Clean-up by rules changed {cleaned} {'text' if cleaned == 1 else 'texts'}; what it did to each is in report.json."
            )
        )
    parts += [Text(f"! {one_line(warning, 400)}", style="yellow") for warning in report.warnings]
    return Group(*(part for one in parts for part in (one, Text(""))))


def _scripts(title: str, scores: Sequence[ScriptScore], report: ScriptReport) -> Grid:
    repaired = report.repair > 0 or report.repair_cleanup
    names = ["parse", "import", "run", *(["run at the first try"] if repaired else [])]
    grid = Grid(title, [*_names(scores), *map(Column, names), Column("missing package")])
    for score in scores:
        after = score.after
        rates = [after.parses, after.imports, after.runs, *([score.first.runs] if repaired else [])]
        missing = score.script_statuses.get("missing_package", 0)
        grid.add(*_named(score, scores), *map(_cell, rates), number(missing))
    return grid


def _tests(title: str, scores: Sequence[ScriptScore]) -> Grid:
    heads = ("are collected", "pass", "catch a mutant", "cannot fail", "are flaky")
    grid = Grid(
        title, [*_names(scores), *map(Column, heads), Column("mutants caught"), Column("mutation score, n prompts")]
    )
    for score in scores:
        after = score.after
        rates = [after.collects, after.passes, after.catches, score.cannot_fail, score.flaky]
        mutants = f"{score.mutants_caught:,} of {score.mutants:,}"
        grid.add(*_named(score, scores), *map(_cell, rates), mutants, _cell(after.mutation_score))
    return grid


def _spending(report: ScriptReport) -> Grid:
    names = ("calls", "tokens in", "tokens out", "latency p50, s", "cost")
    grid = Grid("What it took", [Column("model", left=True), Column("for", left=True), *map(Column, names)])
    for score in report.by_model:
        for one in score.spending:
            grid.add(
                one_line(score.model, 60),
                one.purpose,
                number(one.calls),
                number(one.prompt_tokens),
                number(one.completion_tokens),
                seconds(one.latency_p50),
                money(one.cost) if one.cost else "–",
            )
    return grid


def _names(scores: Sequence[ScriptScore]) -> list[Column]:
    return [Column("model", left=True), *([Column("batch", left=True)] if any(one.batch for one in scores) else [])]


def _named(score: ScriptScore, scores: Sequence[ScriptScore]) -> list[str]:
    return [one_line(score.model, 60), *([score.batch] if any(one.batch for one in scores) else [])]


def _cell(rate: Rate | None) -> str:
    return "–" if rate is None else f"{percent(rate.value)}\n({interval(rate)})\nn = {rate.n:,}"
