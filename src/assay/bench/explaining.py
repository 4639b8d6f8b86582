"""One attempt, told in a terminal: why it ended as it did, what was asked and said, what was graded, run and found."""

from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from assay.bench import evidence
from assay.bench.evidence import Evidence, TextDifference, Try, Where
from assay.bench.records import Evaluation, Sample
from assay.bench.tables import PLANS
from assay.bench.wording import SIGNS, count, finding_lines
from assay.errors import AssayError, UnknownName
from assay.pipeline.extract import raw
from assay.records import Record, Report, Run, Task
from assay.store import Store
from assay.suites import same_task
from assay.visible import one_line, visible

_TEXT = 20_000
"""Characters of one text that are printed; --json has all."""
_FINDINGS = 20


class Told(Record):
    """One attempt with what was graded, and where it stands among those at the same task."""

    run: str
    suite: str
    task: str
    answer: str
    """Why it ended as it did, in a sentence."""
    program: str
    """What was graded, of the last try: the text as it came for a completion, else the cleaned program."""
    evidence: Evidence
    others: dict[str, dict[str, int]]
    """How many samples of each status every model has of this task."""


# ---- finding it ----------------------------------------------------------------------------------------------------


def tell(store: Store, evaluation: Evaluation, task: str, model: str | None, number: int | None) -> Told:
    """The attempt that these words mean: of those at the task, the first that failed unless one is named."""
    where = _task_named(store, evaluation.id, task)
    counts = evidence.count_statuses(store, evaluation.id, where)
    if model is not None:
        model = _model_named(model, sorted(counts))
    sample = _sample(store, evaluation.id, where, model, number)
    asked = evidence.read_task(store, evaluation.id, where)
    gathered = evidence.gather(store, evaluation, asked, where, sample)
    why = gathered.why
    return Told(
        run=evaluation.id,
        suite=where.suite,
        task=where.task,
        answer=f"{why.words}: {why.text}" if why.text else f"{why.words}.",
        program=_graded(asked, sample, evaluation),
        evidence=gathered,
        others={name: dict(counts[name]) for name in sorted(counts)},
    )


def _task_named(store: Store, evaluation: str, name: str) -> Where:
    """By `SUITE/TASK` or the task's name alone, spelt as people spell it (`humaneval/7`, `7`)."""
    query = sa.select(PLANS.c.position, PLANS.c.suite, PLANS.c.task).where(PLANS.c.evaluation == evaluation)
    with store.engine.connect() as connection:
        places = [Where(*row) for row in connection.execute(query.order_by(PLANS.c.position))]
    wanted = same_task(name)
    spellings = (
        lambda place: f"{place.suite}/{place.task}" == name,
        lambda place: place.task == name,
        lambda place: wanted in (same_task(place.task), same_task(f"{place.suite}/{place.task}")),
        lambda place: same_task(place.task).rpartition("/")[2] == wanted,
    )
    for means in spellings:
        found = {(place.suite, place.task): place for place in reversed(places) if means(place)}
        if len(found) == 1:
            return next(iter(found.values()))
        if found:
            names = ", ".join(sorted(f"{place.suite}/{place.task}" for place in found.values())[:5])
            raise AssayError(f"{name!r} could be {len(found)} tasks of this run.", f"They are: {names}.")
    near = UnknownName("task of this run", name, {place.task for place in places})
    if len(places) > 40:  # a data set's names are not worth a page
        near.help = (
            f"{near.help.partition('Known:')[0]}`assay bench export {evaluation}` has all {len(places)} of them."
        )
    raise near


def _model_named(name: str, models: Sequence[str]) -> str:
    found = [model for model in models if model == name] or [model for model in models if name and name in model]
    if len(found) == 1:
        return found[0]
    if found:
        raise AssayError(f"{name!r} could be {len(found)} models.", f"They are: {', '.join(found)}.")
    raise UnknownName("model with a sample of this task", name, models)


def _sample(store: Store, evaluation: str, where: Where, model: str | None, number: int | None) -> Sample:
    first = evidence.first_sample(store, evaluation, where, model)
    if first is None:
        raise AssayError(
            f"There is no sample of {where.task} in this run yet.", "It counts as missing until there is one."
        )
    if number is not None:
        first = (model or first[0], number)
    found = evidence.read_sample(store, evaluation, where, *first)
    if found is None:
        raise AssayError(f"There is no sample {number} of {first[0]} at {where.task}.", "They are counted from 0.")
    return found


def _graded(task: Task, sample: Sample, evaluation: Evaluation) -> str:
    if sample.kind == "completion":
        return raw(task, sample.last.reply.text, sample.kind, evaluation.stop).source
    return sample.last.program


# ---- telling it ----------------------------------------------------------------------------------------------------


def lines(told: Told) -> Iterator[str]:
    """What a terminal prints. Every text of somebody else's has its unseen characters shown."""
    sample, why = told.evidence.sample, told.evidence.why
    yield one_line(f"{told.suite} {told.task} · {sample.model} · sample {sample.index}", 300)
    yield f"{SIGNS[why.status]} {one_line(told.answer, 600)}"
    yield from _difference(why.difference)
    tries = told.evidence.tries
    for one in tries:
        if len(tries) > 1:
            yield from ("", f"━━ {'First try' if one.number == 0 else f'Repair {one.number}'}: {one.why.words}")
        yield from _try(one, sample, told.program if one is tries[-1] else one.attempt.program)
    if sum(sum(statuses.values()) for statuses in told.others.values()) > 1:
        yield from _heading("All samples of this task")
        for model, statuses in told.others.items():
            yield f"  {one_line(model, 120)}: {', '.join(f'{number} {status}' for status, number in statuses.items())}"
        yield "  Another one: --model NAME --sample N"


def _try(one: Try, sample: Sample, program: str) -> Iterator[str]:
    attempt = one.attempt
    for message in one.messages:
        yield from _part(f"Asked ({message.role})", message.content)
    yield from _part(
        f"Reply ({count(len(attempt.reply.text), 'character')}, ended by {attempt.reply.finish})", attempt.reply.text
    )
    counts_raw = sample.kind == "completion"
    if attempt.changes:
        counted = "not counted: a completion is graded as it came" if counts_raw else "counted"
        yield from _heading(f"Clean-up ({counted})")
        yield from (f"  {one_line(change, 200)}" for change in attempt.changes)
    if program:
        yield from _part("Program graded", program, numbered=True)
    yield from _findings(sample.counted(attempt))
    if attempt.raw is not None:
        other, name = (attempt.report, "Cleaned") if counts_raw else (attempt.raw, "As it came")
        yield from ("", f"{name}, it would be: {SIGNS[other.status]} {one_line(other.message or other.status, 300)}")
    runs = one.raw_runs if counts_raw and one.raw_runs else one.runs
    if one.runs_kept == "no" and not runs:
        yield from ("", "Its run is not kept any more.")
    for run in runs:
        yield from _run(run)


def _findings(report: Report) -> Iterator[str]:
    if not report.cases:
        return
    bad = [finding for finding in report.findings if finding.outcome != "passed"]
    yield from _heading(
        f"Findings ({report.passed_cases:,} of {report.cases:,} cases passed; integrity: {report.integrity})"
    )
    for finding in bad[:_FINDINGS]:
        yield from (f"  {line}" for line in finding_lines(finding))
    if len(bad) > _FINDINGS:
        yield f"  … and {len(bad) - _FINDINGS} more: --json has all"


def _run(run: Run) -> Iterator[str]:
    ended = f"exit code {run.exit_code}" if run.exit_code is not None else f"signal {run.signal}" if run.signal else ""
    said = [part for part in (run.label, run.status, ended, one_line(run.detail, 300)) if part]
    used = f"{run.cpu_s:.2f} s of CPU, {run.wall_s:.2f} s, {run.memory_peak / (1 << 20):.0f} MiB"
    yield from _heading(f"Run ({', '.join(said)}; {used}; {run.isolation.backend}, level {run.isolation.level})")
    for name, stream, dropped in (
        ("stdout", run.stdout, run.stdout_dropped),
        ("stderr", run.stderr, run.stderr_dropped),
    ):
        if stream:
            yield f"  {name}{f', {dropped} more bytes dropped' if dropped else ''}:"
            yield from _indented(stream.decode("utf-8", "replace"))


def _difference(difference: TextDifference | None) -> Iterator[str]:
    if difference is not None:
        yield f"  {one_line(difference.said, 300)}"


def _heading(words: str) -> Iterator[str]:
    yield from ("", words, "─" * min(len(words), 80))


def _part(words: str, text: str, *, numbered: bool = False) -> Iterator[str]:
    yield from _heading(words)
    yield from _indented(text, numbered=numbered)


def _indented(text: str, *, numbered: bool = False) -> Iterator[str]:
    for number, line in enumerate(visible(text.rstrip("\n"), _TEXT).split("\n"), 1):
        yield f"{number:>4}  {line}".rstrip() if numbered else f"  {line}".rstrip()
