"""One evaluation as a document: Markdown, or one HTML page that needs nothing else and runs no script.

Everything a model, a data set or a user wrote goes through `visible` and the format's own escaping on its way out, by
the templates' `finalize`, so that no template can forget it.
"""

import base64
import hashlib
import platform
import re
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from assay.bench import charts, wording
from assay.bench.records import Evaluation, Sample
from assay.bench.scores.comparing import compare
from assay.bench.scores.records import STATUSES, Comparison, Score, Scores, TaskScore, natural
from assay.bench.scores.scoring import score
from assay.records import Finding, Model, Status, Task
from assay.visible import one_line, visible

MATRIX_TASKS = 1_000
PAIRS = 60
PROGRAM_CHARACTERS = 8_000
FINDINGS = 3
VALUE_CHARACTERS = 600


@dataclass(frozen=True)
class Failure:
    """One sample that did not pass, as much of it as a reader needs to see why."""

    suite: str
    task: str
    model: str
    index: int
    status: Status
    message: str
    tries: int
    findings: tuple[Finding, ...]
    more: int
    """Further findings that did not pass."""
    cases: int
    passed_cases: int
    changes: tuple[str, ...]
    language: str
    program: str
    reply: str
    """The reply, where no program was found in it."""
    passes_cleaned: bool
    """Whether the same text passes once cleaned: a completion is counted as it came."""


@dataclass(frozen=True)
class Failures:
    """Some of the failures, and how many are left out."""

    shown: tuple[Failure, ...]
    total: int
    left_out: tuple[tuple[str, str, Status, int], ...]
    """suite, model, status, samples."""


def report_html(
    evaluation: Evaluation,
    samples: Iterable[Sample],
    tasks_expected: Iterable[Task] = (),
    *,
    scores: Scores | None = None,
    provenance: Mapping[str, str] | None = None,
    failures: int = 50,
    made: datetime | None = None,
) -> str:
    """The report as one HTML page. `failures`: at most so many are shown; the rest is counted."""
    content = _content(evaluation, samples, tasks_expected, scores, provenance, failures, made)
    drawn = {
        "intervals": {suite: charts.intervals(suite, content["scores"]) for suite in content["scores"].suites},
        "differences": charts.differences(content["comparisons"], "Differences in pass@1 with 95 % intervals"),
        "cost": charts.cost_and_quality(content["scores"]),
    }
    environment = Environment(
        loader=PackageLoader("assay.bench"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_html,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = environment.get_template("bench/report.css").render().strip()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    environment.globals.update(
        _words(),
        cut=visible,
        line=one_line,
        program_characters=PROGRAM_CHARACTERS,
        value_characters=VALUE_CHARACTERS,
        svg=Markup,
        style=Markup(style),  # noqa: S704 - our own file
        style_hash=digest,
    )
    return environment.get_template("bench/report.html").render(**content, charts=drawn)


def report_markdown(
    evaluation: Evaluation,
    samples: Iterable[Sample],
    tasks_expected: Iterable[Task] = (),
    *,
    scores: Scores | None = None,
    provenance: Mapping[str, str] | None = None,
    failures: int = 50,
    made: datetime | None = None,
) -> str:
    """The report as GitHub-flavoured Markdown; what others wrote stands in code spans and blocks."""
    content = _content(evaluation, samples, tasks_expected, scores, provenance, failures, made)
    environment = Environment(
        loader=PackageLoader("assay.bench"),
        autoescape=False,  # noqa: S701 - Markdown: `finalize` escapes
        undefined=StrictUndefined,
        finalize=code_span,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals.update(
        {name: _plainly(word) if callable(word) else word for name, word in _words().items()}, block=_code_block
    )
    text = environment.get_template("bench/report.md").render(**content)
    return re.sub(r"\n{3,}", "\n\n", text) if "\n\n\n" in text else text


# ---- what stands in it ---------------------------------------------------------------------------------------------


def _content(
    evaluation: Evaluation,
    samples: Iterable[Sample],
    tasks_expected: Iterable[Task],
    scores: Scores | None,
    provenance: Mapping[str, str] | None,
    failures: int,
    made: datetime | None,
) -> dict[str, Any]:
    kept = samples if isinstance(samples, Sequence) else list(samples)
    tasks = tuple(tasks_expected)
    scores = scores or score(evaluation, kept, tasks)
    comparisons = compare(scores.scores)
    return {
        "evaluation": evaluation,
        "scores": scores,
        "comparisons": comparisons[:PAIRS],
        "pairs_left_out": max(0, len(comparisons) - PAIRS),
        "several_suites": len(scores.suites) > 1,
        "summary": tuple(_summary(suite, scores, comparisons) for suite in scores.suites),
        "statuses": [status for status in STATUSES if any(status in one.statuses for one in scores.scores)],
        "ks": sorted({k for one in scores.scores for k in one.pass_at}),
        "isolation": _added(one.isolation for one in scores.scores),
        "integrity": _added(one.integrity for one in scores.scores),
        "notes": _isolation_notes(kept),
        "taxes": [one for one in scores.scores if one.format_tax],
        "repairs": [one for one in scores.scores if one.repair],
        "reruns": [one for one in scores.scores if one.flakiness],
        "usages": [
            one for one in scores.scores if one.usage.completion_tokens or one.usage.cost or one.usage.latency_p50
        ],
        "matrices": [_matrix(suite, scores) for suite in scores.suites],
        "failures": choose_failures(kept, failures, {(task.suite, task.id): task.language for task in tasks}),
        "errata": [task for one in _one_a_suite(scores) for task in one.by_task if task.erratum],
        "models": [_model(model) for model in evaluation.models],
        "provenance": dict(provenance or {}),
        "made": made or datetime.now(UTC),
        "made_with": f"Assay {version('assay')}, Python {platform.python_version()}",
    }


def _summary(suite: str, scores: Scores, comparisons: Sequence[Comparison]) -> tuple[Score | None, str, list[str]]:
    """A suite's best score, the suite, and the models that cannot be told apart from it."""
    ranked = [one for one in scores.scores if one.suite == suite and one.pass_1]
    if not ranked:
        return None, suite, []
    best = ranked[0]
    level = [
        other.model
        for one in comparisons
        for me, other in ((one.a, one.b), (one.b, one.a))
        if one.suite == suite and me.model == best.model and one.winner is None and one.tasks
    ]
    return best, suite, level


@dataclass(frozen=True)
class _Matrix:
    suite: str
    models: tuple[str, ...]
    rows: tuple[tuple[str, str | None, tuple[TaskScore | None, ...]], ...]
    """Task, its erratum, a cell a model."""
    left_out: int


def _matrix(suite: str, scores: Scores) -> _Matrix:
    mine = [one for one in scores.scores if one.suite == suite]
    by_model = [{task.task: task for task in one.by_task} for one in mine]
    names = sorted({name for tasks in by_model for name in tasks}, key=natural)
    rows = []
    for name in names[:MATRIX_TASKS]:
        cells = tuple(tasks.get(name) for tasks in by_model)
        rows.append((name, next((cell.erratum for cell in cells if cell and cell.erratum), None), cells))
    return _Matrix(suite, tuple(one.model for one in mine), tuple(rows), max(0, len(names) - MATRIX_TASKS))


def choose_failures(
    samples: Iterable[Sample], limit: int, languages: Mapping[tuple[str, str], str] | None = None
) -> Failures:
    """At most `limit` samples that did not pass, in turn from each suite × model × status, another task each time."""
    groups: dict[tuple[str, str, Status], list[Sample]] = {}
    for sample in samples:
        if sample.status != "pass":
            groups.setdefault((sample.suite, sample.model, sample.status), []).append(sample)
    order = {status: i for i, status in enumerate(reversed(STATUSES))}  # errors of ours first: they are for us to mend
    keys = sorted(groups, key=lambda key: (key[0], key[1], order[key[2]]))
    queues = {key: deque(_tasks_in_turn(groups[key])) for key in keys}
    chosen: list[Sample] = []
    while len(chosen) < limit and any(queues.values()):
        for queue in queues.values():
            if queue and len(chosen) < limit:
                chosen.append(queue.popleft())
    chosen.sort(key=lambda sample: (sample.suite, natural(sample.task), sample.model, sample.index))
    left = tuple((*key, len(queue)) for key, queue in queues.items() if queue)
    languages = languages or {}
    shown = tuple(_failure(sample, languages.get((sample.suite, sample.task), "")) for sample in chosen)
    return Failures(shown, sum(map(len, groups.values())), left)


def _tasks_in_turn(samples: Sequence[Sample]) -> list[Sample]:
    seen: Counter[str] = Counter()
    ranked = []
    for sample in sorted(samples, key=lambda one: (natural(one.task), one.index)):
        ranked.append((seen[sample.task], sample))
        seen[sample.task] += 1
    return [sample for _, sample in sorted(ranked, key=lambda pair: pair[0])]


def _failure(sample: Sample, language: str) -> Failure:
    report = sample.counted(sample.last)
    not_passed = [finding for finding in report.findings if finding.outcome != "passed"]
    program = sample.last.program
    return Failure(
        suite=sample.suite,
        task=sample.task,
        model=sample.model,
        index=sample.index,
        status=report.status,
        message=report.message,
        tries=len(sample.attempts),
        findings=tuple(not_passed[:FINDINGS]),
        more=max(0, len(not_passed) - FINDINGS),
        cases=report.cases,
        passed_cases=report.passed_cases,
        changes=sample.last.changes,
        language=language,
        program=program,
        reply="" if program else sample.last.reply.text,
        passes_cleaned=report is not sample.last.report and sample.last.report.passed,
    )


def _model(model: Model) -> tuple[str, list[tuple[str, str]]]:
    """A model's settings, a pair each; an address without the name and password it may hold."""
    settings = [("provider", model.provider), ("asked for as", model.model)]
    if model.url:
        settings.append(("address", _address(model.url)))
    for name, value in model.options.model_dump(exclude_defaults=True).items():
        settings.append(
            (name.replace("_", " "), ", ".join(map(repr, value)) if isinstance(value, tuple) else str(value))
        )
    if model.system:
        settings.append(("system prompt", model.system))
    if price := model.price:
        settings.append(
            ("price of a million tokens", f"{price.prompt:g} in, {price.completion:g} out, {price.currency}")
        )
    return model.name, settings


def _address(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "not an address"
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"


def _added(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    whole: Counter[str] = Counter()
    for one in counts:
        whole.update(one)
    return dict(whole.most_common())


def _isolation_notes(samples: Iterable[Sample]) -> list[str]:
    notes: dict[str, None] = {}
    for sample in samples:
        isolation = sample.counted(sample.last).isolation
        if isolation is not None:
            notes.update(dict.fromkeys(isolation.notes))
    return list(notes)


def _one_a_suite(scores: Scores) -> list[Score]:
    return list({one.suite: one for one in reversed(scores.scores)}.values())


# ---- how it is written ---------------------------------------------------------------------------------------------


def _words() -> dict[str, Any]:
    return {
        **wording.NUMBERS,
        "sign": wording.SIGNS.__getitem__,
        "when": _when,
        "cell": _cell,
    }


def _when(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _cell(task: TaskScore | None) -> tuple[str, str]:
    """What a task × model comes to: a class for its colour, and the sign or count that says it without one."""
    if task is None or not task.seen:
        return "none", "–"
    if not task.samples:
        return "error", "!"
    kind = "pass" if task.passed == task.samples else "wrong" if not task.passed else "some"
    said = ("✓" if task.passed else "✗") if task.expected == 1 else f"{task.passed}/{task.samples}"
    return kind, said + (" !" if task.errors or task.missing else "")


def _html(value: Any) -> Any:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


class _Plain(str):
    """Text of our own that may stand in Markdown as it is."""

    __slots__ = ()


def _plainly(word: Any) -> Any:
    def said(*arguments: Any, **named: Any) -> Any:
        value = word(*arguments, **named)
        if isinstance(value, tuple):
            return tuple(map(_Plain, value))
        return _Plain(value) if isinstance(value, str) else value

    return said


def code_span(value: Any) -> Any:
    """A string of others as a code span: nothing in it is markup, a link or a mention."""
    if not isinstance(value, str) or isinstance(value, _Plain):
        return value
    text = one_line(value, 300).replace("|", "\\|") or "–"
    ticks = "`" * (_longest_run(text) + 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{space}{text}{space}{ticks}"


def _code_block(value: str, language: str = "", limit: int = PROGRAM_CHARACTERS) -> _Plain:
    text = visible(value, limit)
    fence = "`" * max(3, _longest_run(text) + 1)
    return _Plain(f"{fence}{language if language.isalnum() else ''}\n{text}\n{fence}")


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)
