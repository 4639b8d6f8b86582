"""How the pipeline's numbers and lists are said, the same in Markdown and on pages."""

from collections.abc import Callable

from assay.bench.scores.records import Rate
from assay.bench.scripts.records import ListedKind, ScriptScore, ScriptStatus, TestStatus
from assay.bench.wording import interval, percent

RATES: tuple[tuple[str, str, Callable[[ScriptScore], Rate | None]], ...] = (
    ("parses", "scripts that parse", lambda score: score.after.parses),
    ("imports", "scripts that import", lambda score: score.after.imports),
    ("runs", "scripts that run", lambda score: score.after.runs),
    ("collects", "test files that collect", lambda score: score.after.collects),
    ("passes", "test files that pass", lambda score: score.after.passes),
    ("catches", "test files that catch a mutant", lambda score: score.after.catches),
    ("mutation_score", "mutants caught a test file", lambda score: score.after.mutation_score),
)
"""What the pipeline is run for: name, words, and where it stands in a score. All after repair."""

FIRST_RATES: tuple[tuple[str, str, Callable[[ScriptScore], Rate | None]], ...] = (
    ("first_parses", "scripts that parse", lambda score: score.first.parses),
    ("first_imports", "scripts that import", lambda score: score.first.imports),
    ("first_runs", "scripts that run", lambda score: score.first.runs),
    ("first_collects", "test files that collect", lambda score: score.first.collects),
    ("first_passes", "test files that pass", lambda score: score.first.passes),
)
"""The same on the first try alone, as far as it is known of that."""

TROUBLES: tuple[tuple[str, str, Callable[[ScriptScore], Rate | None]], ...] = (
    ("truncated", "first replies cut short", lambda score: score.truncated),
    ("syntax_errors", "first scripts that do not parse", lambda score: score.syntax_errors),
    ("cleaned", "first replies that clean-up changed", lambda score: score.cleaned),
    ("timeouts", "scripts out of time", lambda score: score.timeouts),
    ("missing_packages", "scripts that miss a package", lambda score: score.missing_packages),
    ("cannot_fail", "test files that cannot fail", lambda score: score.cannot_fail),
    ("flaky", "flaky test files", lambda score: score.flaky),
)

LISTS: dict[ListedKind, tuple[str, str]] = {
    "syntax_error": ("Syntax errors", "What does not parse, or was cut before it could."),
    "no_code": ("No code", "Replies without any Python in them."),
    "import_error": ("Scripts that cannot be imported", "Importing them raises, ends the process or breaks a limit."),
    "not_running": (
        "Scripts that do not run",
        "Run as a program they fail, ask for input or end with another code than 0.",
    ),
    "timeout": ("Time-outs", "They broke the limit of time."),
    "missing_package": ("Missing packages", "They import what is not here: neither a pass nor a failure of the code."),
    "cleaned": ("What clean-up did", "Changes that were made by rules before anything was run."),
    "collect_error": ("Tests that cannot be collected", "pytest finds no test in them, or fails before the first."),
    "failing_tests": ("Failing tests", "A test fails: the script is wrong, or the test is."),
    "cannot_fail": ("Tests that cannot fail", "They assert nothing, or notice no change of the script."),
    "flaky": ("Flaky tests", "Run twice, they came out otherwise the second time."),
    "error": ("Errors of ours or of a server", "They count against nobody; continuing the run tries them again."),
}
"""A heading and a line for each kind of list, in the order in which they are shown."""

SCRIPT_WORDS: dict[ScriptStatus, str] = {
    "ran": "runs",
    "exit": "ends with another exit code than 0",
    "exception": "ends with an exception",
    "needs_input": "waits for input",
    "timeout": "out of time",
    "oom": "out of memory",
    "signal": "ended by a signal",
    "import_error": "cannot be imported",
    "missing_package": "misses a package",
    "syntax_error": "does not parse",
    "no_code": "no script in the reply",
    "truncated": "cut short",
    "error": "error of ours",
}

TEST_WORDS: dict[TestStatus, str] = {
    "passed": "every test passes",
    "failed": "a test fails",
    "no_tests": "no test found",
    "collect_error": "cannot be collected",
    "missing_package": "misses a package",
    "syntax_error": "does not parse",
    "no_code": "no test file in the reply",
    "truncated": "cut short",
    "timeout": "out of time",
    "oom": "out of memory",
    "crashed": "ended without a report",
    "not_written": "not written",
    "error": "error of ours",
}

_KINDS = {"ran": "pass", "passed": "pass", "error": "error", "missing_package": "warn", "not_written": "none"}


def kind_of(status: ScriptStatus | TestStatus) -> str:
    """The kind of verdict a page shows it as: pass, wrong, error, warn or none."""
    return _KINDS.get(status, "wrong")


def with_interval(rate: Rate | None) -> str:
    """`68.3 (60.8 – 74.9)`: the value and its interval, in percent."""
    return "–" if rate is None else f"{percent(rate.value)} ({interval(rate)})"
