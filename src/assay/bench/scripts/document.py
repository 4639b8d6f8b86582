"""A run's report as GitHub-flavoured Markdown: the answers first, then every list with links to the files.

What models wrote stands in code spans, where nothing in it is markup, a link or a mention.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC
from pathlib import PurePosixPath
from urllib.parse import quote

from assay.bench.exports.report import code_span
from assay.bench.scores.records import Rate
from assay.bench.scripts.records import ListedSample, ScriptReport, ScriptScore
from assay.bench.scripts.wording import FIRST_RATES, LISTS, RATES, SCRIPT_WORDS, TEST_WORDS, TROUBLES, with_interval
from assay.bench.wording import interval, money, number, percent, seconds

LISTED = 200
"""Entries of one list that are written; the rest is counted."""

Column = tuple[str, str, Callable[[ScriptScore], Rate | None]]


def report_markdown(report: ScriptReport) -> str:
    """The whole report. Links are relative to the run's folder, where `report.md` lies."""
    parts = [
        *_head(report),
        "## By model",
        "",
        "Percent, with 95 % intervals; scripts and tests as they stand after clean-up and repair.",
        "",
        *_table(report.by_model, ("model",), RATES),
        *_first(report),
        "## By batch",
        "",
        *_table(report.by_batch, ("model", "batch"), RATES),
        "## What went wrong",
        "",
        *_table(report.by_model, ("model",), TROUBLES),
        *_statuses(report),
        "## By prompt",
        "",
        *_table(report.by_prompt, ("model", "batch", "prompt"), (RATES[2], RATES[4], RATES[6])),
        *_spending(report),
        *_lists(report),
        *_notes(),
    ]
    return "\n".join(parts).rstrip() + "\n"


def _head(report: ScriptReport) -> list[str]:
    best = [score for score in report.by_model if score.after.runs is not None]
    best.sort(key=lambda score: -score.after.runs.value if score.after.runs else 0)
    lines = [f"# Scripts: run {code_span(report.run)}", ""]
    if best and (runs := best[0].after.runs):
        lines += [
            (
                f"Most scripts that run: {code_span(best[0].model)}, {percent(runs.value)} % "
                f"({interval(runs)}, n = {number(runs.n)} {runs.unit})."
            ),
            "",
        ]
    if report.warnings:
        lines += ["To be known first:", "", *(f"- {code_span(warning)}" for warning in report.warnings), ""]
    tester = code_span(report.testing) if report.testing else "nobody"
    facts = [
        ("Made, UTC", f"{report.created.astimezone(UTC):%Y-%m-%d %H:%M:%S}"),
        ("State", code_span(report.state + (f": {report.note}" if report.note else ""))),
        ("Prompts", f"{number(len(report.prompts))} in {number(len(report.batches))} batches"),
        ("Models", ", ".join(map(code_span, report.models)) or "–"),
        ("Tests written by", tester),
        ("Samples a prompt", number(report.samples)),
        ("Repairs", f"up to {report.repair}" + (", clean-up by a model" if report.repair_cleanup else "")),
        ("Isolation", ", ".join(map(code_span, report.isolation)) or "–"),
    ]
    return [*lines, "| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in facts), ""]


def _table(scores: Sequence[ScriptScore], names: Sequence[str], columns: Sequence[Column]) -> list[str]:
    """A row a score: what it is of, each rate with its interval, and how many samples it rests on."""
    if not scores:
        return ["Nothing yet.", ""]
    heads = [*names, *(words + ", %" for _, words, _ in columns), "samples", "missing", "errors"]
    ruler = ["---"] * len(names) + ["--:"] * (len(columns) + 3)
    rows = [
        [
            *(code_span(getattr(score, name)) for name in names),
            *(with_interval(rate(score)) for _, _, rate in columns),
            number(score.seen - score.errors),
            number(score.missing),
            number(score.errors),
        ]
        for score in scores
    ]
    return [_row(heads), _row(ruler), *map(_row, rows), ""]


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _first(report: ScriptReport) -> list[str]:
    if not report.repair and not report.repair_cleanup:
        return []
    return ["## First tries", "", "Before any repair.", "", *_table(report.by_model, ("model",), FIRST_RATES)]


def _statuses(report: ScriptReport) -> list[str]:
    rows = []
    for score in report.by_model:
        scripts = ", ".join(f"{SCRIPT_WORDS[status]} {count}" for status, count in score.script_statuses.items())
        tests = ", ".join(f"{TEST_WORDS[status]} {count}" for status, count in score.test_statuses.items())
        rows.append(_row([code_span(score.model), scripts or "–", tests or "–"]))
    return [_row(["model", "scripts", "test files"]), "|---|---|---|", *rows, ""] if rows else []


def _spending(report: ScriptReport) -> list[str]:
    rows = [
        [
            code_span(score.model),
            one.purpose,
            number(one.calls),
            number(one.prompt_tokens),
            number(one.completion_tokens),
            money(one.cost),
            seconds(one.latency_p50),
            seconds(one.latency_p95),
        ]
        for score in report.by_model
        for one in score.spending
    ]
    if not rows:
        return []
    heads = ["scripts of", "for", "calls", "tokens in", "tokens out", "cost", "latency p50, s", "p95, s"]
    return ["## What it took", "", _row(heads), "|---|---|" + "--:|" * 6, *map(_row, rows), ""]


def _lists(report: ScriptReport) -> list[str]:
    lines: list[str] = []
    for kind, (title, what) in LISTS.items():
        entries = report.listed.get(kind, ())
        lines += [f"## {title}", "", f"{what} {number(len(entries)) if entries else 'None'}.", ""]
        lines += [_entry(entry) for entry in entries[:LISTED]]
        if len(entries) > LISTED:
            lines.append(f"- … {number(len(entries) - LISTED)} more, in `report.json`.")
        lines += [""] if entries else []
    return lines


def _entry(entry: ListedSample) -> str:
    where = code_span(f"{entry.model} · {entry.prompt} · {entry.index + 1}")
    return f"- [{where}]({quote(str(PurePosixPath(entry.file)))}): {code_span(entry.what)}"


def _notes() -> list[str]:
    return [
        "## How to read it",
        "",
        (
            "Intervals are 95 %, over prompts (several samples of one prompt are not several prompts). Errors of ours or of a "
            "server, and scripts that miss a package, are in no rate of scripts that run. A mutant is the script with one "
            "thing changed; tests that notice no mutant cannot fail."
        ),
    ]
