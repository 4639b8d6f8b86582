"""Why one attempt ended as it did: what was asked, said, run and found, read back from what is kept. Nothing is run here."""

import difflib
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

import sqlalchemy as sa

from assay.bench import asking
from assay.bench.records import Attempt, Evaluation, Sample
from assay.bench.tables import PLANS, SAMPLES, TASKS
from assay.pipeline.likeness import shared_start
from assay.records import Finding, Message, Record, Report, Request, Run, Status, Task
from assay.store import Store, kept
from assay.store.tables import CALLS
from assay.visible import one_line

PAGE = 200
"""Samples of one task that are read at once."""
_LARGE = 1 << 20
"""Bytes of a sample's record beyond which a list of samples does not read it: a list stays quick whatever a model wrote."""
_CANDIDATES = 60
"""Right programs that are looked at for the nearest."""
_LINES = 1_500
"""Lines of each side that are compared line by line; the work grows with their product."""
_AROUND = 32

WORDS: dict[Status, str] = {
    "pass": "Passed",
    "wrong": "Failed: wrong answer",
    "exception": "Failed: the program ended in an error",
    "timeout": "Failed: out of time",
    "oom": "Failed: out of memory",
    "no_code": "Failed: no program found in the reply",
    "truncated": "Failed: the reply was cut off",
    "error": "Not judged: a fault of ours, which counts against nobody",
}
"""Each status as the beginning of a sentence."""


# ---- nouns ---------------------------------------------------------------------------------------------------------


class Where(NamedTuple):
    """A task's place in an evaluation."""

    position: int
    suite: str
    task: str


class TextDifference(Record):
    """Where two texts begin to differ. Lines and columns count from 1."""

    line: int
    column: int
    same: str
    """The end of what they share."""
    expected: str
    """How the expected one goes on."""
    got: str
    said: str
    """The same in words, with the names of the characters."""


class Why(Record):
    """A verdict in words: the answer to `why did it fail`."""

    status: Status
    words: str
    """The beginning of the sentence: `Failed: wrong answer`."""
    finding: Finding | None
    """The first that did not pass, of those that say most."""
    text: str
    """The rest of the sentence, on one line: `f(3) gave 4, expected 5`."""
    difference: TextDifference | None = None


class MadeCall(Record):
    """A model call that was made for an attempt; several where the first ones failed or two workers asked at once."""

    id: int
    created: datetime
    status: str
    error: str | None
    evaluation: str | None
    """Whose run paid for it: another one's reply may have been used again."""
    latency_s: float | None


class Try(Record):
    """One try at the task: the first one, or a repair."""

    number: int
    messages: tuple[Message, ...]
    """What the model was asked; empty: the reply was made elsewhere."""
    calls: tuple[MadeCall, ...]
    attempt: Attempt
    why: Why
    """Of the verdict that counts."""
    runs_kept: Literal["yes", "no", "nothing ran"]
    """`no`: they were not kept, or are kept no longer."""
    runs: tuple[Run, ...]
    raw_runs: tuple[Run, ...]
    """Of the text as it came, where that is another program."""


class Neighbour(Record):
    """Another attempt of the same model that failed."""

    suite: str
    task: str
    sample: int
    status: Status


class Evidence(Record):
    """One sample, with everything that is known of it."""

    sample: Sample
    why: Why
    tries: tuple[Try, ...]
    failing: int
    """Samples of this model in this run that failed."""
    number: int | None
    """Which of them this is, from 1; None: it did not fail."""
    previous: Neighbour | None
    next: Neighbour | None


class Brief(Record):
    """One sample of a task in a list."""

    model: str
    sample: int
    status: Status
    first_status: Status
    tries: int = 1
    why: str = ""
    """On one line; empty where it passed, or its record is too large for a list."""
    case: str = ""
    reply_characters: int | None = None


class Beside(Record):
    """A wrong program and the nearest right one."""

    wrong: Sample
    right: Sample | None
    """None: no model solved it; `program` is then the task's reference."""
    program: str
    nearness: float
    """The share of lines they have in common, 0 to 1."""


Sign = Literal["same", "add", "del", "gap"]


class Row(NamedTuple):
    """One line of a comparison. gap: where it goes on elsewhere."""

    sign: Sign
    text: str


# ---- reading -------------------------------------------------------------------------------------------------------


def find_task(store: Store, evaluation: str, name: str) -> Where | None:
    """The task of this evaluation whose suite and id, with a / between, are this name."""
    if "\0" in name:
        return None
    query = (
        sa.select(PLANS.c.position, PLANS.c.suite, PLANS.c.task)
        .where(PLANS.c.evaluation == evaluation, PLANS.c.suite + "/" + PLANS.c.task == name)
        .order_by(PLANS.c.position)
        .limit(1)
    )
    with store.engine.connect() as connection:
        row = connection.execute(query).one_or_none()
    return None if row is None else Where(*row)


def read_task(store: Store, evaluation: str, where: Where) -> Task:
    """The task as this evaluation asked it."""
    query = (
        sa.select(TASKS.c.record)
        .join(PLANS, PLANS.c.digest == TASKS.c.digest)
        .where(PLANS.c.evaluation == evaluation, PLANS.c.position == where.position)
    )
    with store.engine.connect() as connection:
        return Task.model_validate_json(connection.scalars(query).one())


def read_sample(store: Store, evaluation: str, where: Where, model: str, number: int) -> Sample | None:
    """One sample; None: it is not there (yet)."""
    if "\0" in model or not -(1 << 31) <= number < 1 << 31:
        return None
    query = sa.select(SAMPLES.c.record).where(_of(evaluation, where))
    query = query.where(SAMPLES.c.model == model, SAMPLES.c.index == number)
    with store.engine.connect() as connection:
        text = connection.scalars(query).one_or_none()
    return None if text is None else Sample.model_validate_json(text)


def first_sample(store: Store, evaluation: str, where: Where, model: str | None) -> tuple[str, int] | None:
    """The model and number of the first sample to show: of this model or any, one that failed if there is one."""
    if model is not None and "\0" in model:
        return None
    query = sa.select(SAMPLES.c.model, SAMPLES.c.index).where(_of(evaluation, where))
    if model is not None:
        query = query.where(SAMPLES.c.model == model)
    query = query.order_by(SAMPLES.c.status.in_(("pass", "error")), SAMPLES.c.model, SAMPLES.c.index).limit(1)
    with store.engine.connect() as connection:
        row = connection.execute(query).one_or_none()
    return None if row is None else (row[0], row[1])


def count_statuses(store: Store, evaluation: str, where: Where) -> dict[str, Counter[Status]]:
    """How many samples of each status every model has of a task."""
    query = sa.select(SAMPLES.c.model, SAMPLES.c.status, sa.func.count()).where(_of(evaluation, where))
    counts: dict[str, Counter[Status]] = {}
    with store.engine.connect() as connection:
        for model, status, number in connection.execute(query.group_by(SAMPLES.c.model, SAMPLES.c.status)):
            counts.setdefault(model, Counter())[status] = number
    return counts


def read_briefs(store: Store, evaluation: str, where: Where, start: int = 0, limit: int = PAGE) -> list[Brief]:
    """Samples of a task in a list, by model and number. Reads no record that is very large."""
    size = sa.func.octet_length(SAMPLES.c.record)
    record = sa.case((size <= _LARGE, SAMPLES.c.record))
    columns = (SAMPLES.c.model, SAMPLES.c.index, SAMPLES.c.status, SAMPLES.c.first_status, record)
    query = sa.select(*columns).where(_of(evaluation, where))
    query = query.order_by(SAMPLES.c.model, SAMPLES.c.index).offset(start).limit(limit)
    with store.engine.connect() as connection:
        rows = connection.execute(query.execution_options(yield_per=5))
        return [_brief(*row) for row in rows]


def _brief(model: str, number: int, status: Status, first: Status, record: str | None) -> Brief:
    brief = Brief(model=model, sample=number, status=status, first_status=first)
    if record is None:
        return brief.model_copy(update={"why": "A very large reply: open the attempt."})
    sample = Sample.model_validate_json(record)
    why = explain(sample.counted(sample.last))
    seen: dict[str, str | int] = {"tries": len(sample.attempts), "reply_characters": len(sample.last.reply.text)}
    if status != "pass":
        seen |= {"why": one_line(why.text, 300), "case": why.finding.case if why.finding else ""}
    return brief.model_copy(update=seen)


def gather(store: Store, evaluation: Evaluation, task: Task, where: Where, sample: Sample) -> Evidence:
    """Everything about one sample."""
    asked = _asked(evaluation, task, sample)
    made = _calls(store, [key for _, key in asked])
    names = [name for attempt in sample.attempts for name in (attempt.runs, attempt.raw_runs) if name]
    found = kept.runs(store, names)
    tries = tuple(
        Try(
            number=number,
            messages=messages,
            calls=tuple(made.get(key, ())),
            attempt=attempt,
            why=explain(sample.counted(attempt)),
            runs_kept=_runs_kept(attempt, found),
            runs=found.get(attempt.runs, ()),
            raw_runs=found.get(attempt.raw_runs, ()),
        )
        for number, (attempt, (messages, key)) in enumerate(zip(sample.attempts, asked, strict=True))
    )
    failing, before, previous, following = _failures(store, evaluation.id, where, sample)
    failed = sample.status not in ("pass", "error")
    return Evidence(
        sample=sample,
        why=tries[-1].why,
        tries=tries,
        failing=failing,
        number=before + 1 if failed else None,
        previous=previous,
        next=following,
    )


def runs_of(store: Store, attempt: Attempt) -> tuple[Run, ...]:
    """The runs of one try, as far as they are kept."""
    return kept.runs(store, [attempt.runs]).get(attempt.runs, ()) if attempt.runs else ()


def _runs_kept(attempt: Attempt, found: dict[str, tuple[Run, ...]]) -> Literal["yes", "no", "nothing ran"]:
    if attempt.runs:
        return "yes" if attempt.runs in found else "no"
    return "nothing ran" if attempt.report.isolation is None else "no"


def _asked(evaluation: Evaluation, task: Task, sample: Sample) -> list[tuple[tuple[Message, ...], str]]:
    """The messages before each attempt, and the key of the call; nothing where no model of ours was asked."""
    model = next((model for model in evaluation.models if model.name == sample.model), None)
    if model is None:
        return [((), "") for _ in sample.attempts]
    scope = "" if asking.same_everywhere(model) and not evaluation.fresh else evaluation.id
    messages = asking.question(task, model)
    asked = []
    for attempt in sample.attempts:
        request = Request(model=model, messages=messages, sample=sample.index)
        asked.append((messages, asking.reply_key(request, scope)))
        messages = asking.follow_up(messages, attempt, asking.complaint(sample.counted(attempt)) or "")
    return asked


def _calls(store: Store, keys: Sequence[str]) -> dict[str, list[MadeCall]]:
    wanted = [key for key in keys if key]
    if not wanted:
        return {}
    columns = (CALLS.c.key, CALLS.c.id, CALLS.c.created, CALLS.c.status, CALLS.c.error, CALLS.c.evaluation)
    query = sa.select(*columns, CALLS.c.latency_s).where(CALLS.c.key.in_(wanted)).order_by(CALLS.c.id).limit(500)
    made: dict[str, list[MadeCall]] = {}
    with store.engine.connect() as connection:
        for key, number, created, status, error, payer, latency in connection.execute(query):
            call = MadeCall(id=number, created=created, status=status, error=error, evaluation=payer, latency_s=latency)
            made.setdefault(key, []).append(call)
    return made


def _failures(
    store: Store, evaluation: str, where: Where, sample: Sample
) -> tuple[int, int, Neighbour | None, Neighbour | None]:
    """How many samples of the model failed, how many of them come before this one, and those next to it."""
    place = sa.tuple_(PLANS.c.position, SAMPLES.c.index)
    here = sa.tuple_(where.position, sample.index)
    joined = (PLANS.c.evaluation == SAMPLES.c.evaluation, PLANS.c.suite == SAMPLES.c.suite)
    failed = (
        SAMPLES.c.evaluation == evaluation,
        SAMPLES.c.model == sample.model,
        SAMPLES.c.status.not_in(("pass", "error")),
    )
    source = SAMPLES.join(PLANS, sa.and_(*joined, PLANS.c.task == SAMPLES.c.task))
    columns = (SAMPLES.c.suite, SAMPLES.c.task, SAMPLES.c.index, SAMPLES.c.status)
    one = sa.select(*columns).select_from(source).where(*failed).limit(1)
    counts = sa.select(sa.func.count(), sa.func.count().filter(place < here)).select_from(source).where(*failed)
    with store.engine.connect() as connection:
        total, before = connection.execute(counts).one()
        earlier = connection.execute(one.where(place < here).order_by(PLANS.c.position.desc(), SAMPLES.c.index.desc()))
        previous = _neighbour(earlier.one_or_none())
        later = connection.execute(one.where(place > here).order_by(PLANS.c.position, SAMPLES.c.index))
        return total, before, previous, _neighbour(later.one_or_none())


def _neighbour(row: "sa.Row[str, str, int, str] | None") -> Neighbour | None:
    if row is None:
        return None
    suite, task, sample, status = row
    return Neighbour.model_validate({"suite": suite, "task": task, "sample": sample, "status": status})


def _of(evaluation: str, where: Where) -> "sa.ColumnElement[bool]":
    """The samples of a task."""
    return sa.and_(SAMPLES.c.evaluation == evaluation, SAMPLES.c.suite == where.suite, SAMPLES.c.task == where.task)


# ---- verdicts in words ---------------------------------------------------------------------------------------------


def explain(report: Report) -> Why:
    """Why the report says what it says."""
    finding = _telling(report.findings)
    if report.status == "pass":
        text = f"all {report.cases:,} cases" if report.cases > 1 else report.message
        return Why(status="pass", words=WORDS["pass"], finding=None, text=text)
    text = report.message
    if finding is not None and report.status in ("wrong", "exception") and (finding.got or finding.expected):
        text = _sentence(finding, report)
    return Why(
        status=report.status,
        words=WORDS[report.status],
        finding=finding,
        text=text,
        difference=difference(finding.expected, finding.got) if finding is not None else None,
    )


def _telling(findings: Sequence[Finding]) -> Finding | None:
    """The first finding that did not pass and tells what was called; else the first that did not pass."""
    failed = [finding for finding in findings if finding.outcome != "passed"]
    return next((finding for finding in failed if finding.call or finding.expected), failed[0] if failed else None)


def _sentence(finding: Finding, report: Report) -> str:
    call = one_line(finding.call, 160) or ("it" if finding.got else "")
    got = one_line(finding.got or "nothing", 160)
    if not finding.expected:
        return one_line(report.message, 300) if report.message else f"{call} gave {got}"
    verb = "gave" if report.status == "wrong" else "ended in"
    return f"{call} {verb} {got}, expected {one_line(finding.expected, 160)}"


def difference(expected: str, got: str) -> TextDifference | None:
    """Where two texts begin to differ; None: they do not, or one is empty."""
    if not expected or not got or expected == got:
        return None
    at = shared_start(expected, got)
    before = expected[:at]
    line, column = before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1
    where = f"character {at + 1}" if line == 1 else f"line {line}, column {column}"
    said = f"They differ from {where} on: expected {_named(expected, at)}, got {_named(got, at)}."
    return TextDifference(
        line=line,
        column=column,
        same=before[-_AROUND:],
        expected=expected[at : at + 2 * _AROUND],
        got=got[at : at + 2 * _AROUND],
        said=said,
    )


_NAMES = {" ": "a space", "\n": "a line end", "\t": "a tab", "": "the end"}


def _named(text: str, at: int) -> str:
    letter = text[at : at + 1]
    return _NAMES.get(letter) or f"“{one_line(letter, 20)}”" + ("" if letter.isascii() else f" (U+{ord(letter):04X})")


def plain_url(url: str | None) -> str | None:
    """A server's address without what could be a secret."""
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}"
    except ValueError:
        return "not shown"


# ---- comparing programs --------------------------------------------------------------------------------------------


def set_beside(
    store: Store, evaluation: str, where: Where, task: Task, model: str | None, number: int | None
) -> Beside | None:
    """A wrong program (of this model and sample, or the first there is) and the right one nearest to it."""
    wrong = _wrong(store, evaluation, where, model, number)
    if wrong is None:
        return None
    right: Sample | None = None
    program, best = task.reference or "", -1.0
    for candidate in _passing(store, evaluation, where, wrong.model):
        if (near := nearness(wrong.last.program, candidate.last.program)) > best:
            right, program, best = candidate, candidate.last.program, near
    if right is None and not program:
        return None
    return Beside(wrong=wrong, right=right, program=program, nearness=nearness(wrong.last.program, program))


def _wrong(store: Store, evaluation: str, where: Where, model: str | None, number: int | None) -> Sample | None:
    if model is None or number is None:
        found = first_sample(store, evaluation, where, model)
        if found is None:
            return None
        model, number = found
    sample = read_sample(store, evaluation, where, model, number)
    return None if sample is None or sample.status in ("pass", "error") or not sample.last.program else sample


def _passing(store: Store, evaluation: str, where: Where, model: str) -> Iterator[Sample]:
    """Right programs, the model's own first."""
    query = sa.select(SAMPLES.c.record).where(_of(evaluation, where))
    query = query.where(SAMPLES.c.status == "pass", sa.func.octet_length(SAMPLES.c.record) <= _LARGE)
    query = query.order_by(SAMPLES.c.model != model, SAMPLES.c.model, SAMPLES.c.index).limit(_CANDIDATES)
    with store.engine.connect() as connection:
        for text in connection.scalars(query.execution_options(yield_per=5)):
            yield Sample.model_validate_json(text)


def nearness(first: str, second: str) -> float:
    """The share of lines two programs have in common, whatever their order: 0 to 1. Linear in their length."""
    left, right = (Counter(line.strip() for line in text.splitlines()) for text in (first, second))
    total = left.total() + right.total()
    return 2 * (left & right).total() / total if total else 1.0


def compare_lines(before: str, after: str, *, context: int | None = None) -> list[Row] | None:
    """What of the first text is gone in the second, and what came; None: they are too long to compare line by line.

    `context`: so many equal lines around each change; None: all of them.
    """
    left, right = before.splitlines(), after.splitlines()
    if len(left) > _LINES or len(right) > _LINES:
        return None
    matcher = difflib.SequenceMatcher(None, left, right)
    if context is None:
        return _rows(matcher.get_opcodes(), left, right)
    rows: list[Row] = []
    for group in matcher.get_grouped_opcodes(context):
        start = group[0]
        rows.append(Row("gap", f"from line {start[1] + 1} of the first, {start[3] + 1} of the second"))
        rows += _rows(group, left, right)
    return rows


def _rows(opcodes: Sequence[tuple[str, int, int, int, int]], left: list[str], right: list[str]) -> list[Row]:
    rows: list[Row] = []
    for kind, i1, i2, j1, j2 in opcodes:
        if kind == "equal":
            rows += [Row("same", line) for line in left[i1:i2]]
        else:
            rows += [Row("del", line) for line in left[i1:i2]]
            rows += [Row("add", line) for line in right[j1:j2]]
    return rows
