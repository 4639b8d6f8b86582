"""Begin an evaluation: its tasks with what they expect, and its work cut into batches, saved for `finish` to carry out."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from pydantic import TypeAdapter

from assay.bench import evaluations
from assay.bench.evaluations import Place
from assay.bench.process import Bench
from assay.bench.records import Evaluation, Given
from assay.bench.suites import Suite
from assay.bench.suites.oracle import needs_oracle, oracle_program, with_answers
from assay.pipeline.checks.perform import run_many
from assay.records import Finish, Kind, Model, Record, Run, Task
from assay.store import Store, kept

GRADED = 200
"""Replies made elsewhere in a batch: a batch costs some 30 ms besides its work."""


class Item(Record):
    """One sample to be made: its place, and the text where it was made elsewhere."""

    suite: str
    task: str
    model: str
    number: int
    kind: Kind = "reply"
    text: str | None = None
    finish: Finish = "stop"
    """Of a text made elsewhere: why it ended."""

    @property
    def place(self) -> Place:
        return Place(self.suite, self.task, self.model, self.number)


_ITEMS = TypeAdapter(tuple[Item, ...])


def read_items(store: Store, evaluation: str, number: int) -> tuple[Item, ...]:
    """The samples of the batch of this number."""
    return _ITEMS.validate_python(evaluations.read_batch(store, evaluation, number))


def begin_run(
    bench: Bench,
    suites: Sequence[Suite],
    models: Sequence[Model],
    *,
    samples: int = 1,
    repair: int = 0,
    reruns: int = 0,
    limit: int | None = None,
    fresh: bool = False,
    said: Callable[[str], None] = lambda _: None,
    identifier: str | None = None,
) -> Evaluation:
    """Save a new evaluation of models over suites; `finish` then carries it out.

    A model with suites of its own is asked those of them that are here; any other is asked all.
    """
    bench.isolation()  # that nothing can be run should be known before anything is paid
    tasks = answered(bench, [task for suite in suites for task in suite.tasks[:limit]], said)
    evaluation = Evaluation(
        id=identifier or evaluations.new_id(),
        created=datetime.now(UTC),
        source="run",
        suites=tuple(suite.name for suite in suites),
        models=tuple(models),
        samples=samples,
        repair=repair,
        reruns=reruns,
        limit=limit,
        fresh=fresh,
    )
    evaluations.create(bench.store, evaluation, tasks, _run_batches(tasks, models, samples))
    return evaluation


def begin_grading(
    bench: Bench,
    suite: Suite,
    given: Sequence[Given],
    *,
    files: Sequence[str] = (),
    reruns: int = 0,
    limit: int | None = None,
    stop: tuple[str, ...] | None = None,
    said: Callable[[str], None] = lambda _: None,
) -> Evaluation:
    """Save a new evaluation of replies made elsewhere; `finish` then carries it out."""
    tasks = answered(bench, suite.tasks[:limit], said)
    kinds = [one.kind for one in given]
    evaluation = Evaluation(
        id=evaluations.new_id(),
        created=datetime.now(UTC),
        source="grade",
        suites=(suite.name,),
        samples=max((one.index + 1 for one in given), default=1),
        reruns=reruns,
        limit=limit,
        kind=max(set(kinds), key=kinds.count) if kinds else "reply",
        stop=stop,
        replies=tuple(files),
    )
    items = [
        Item(
            suite=one.suite,
            task=one.task,
            model=one.model,
            number=one.index,
            kind=one.kind,
            text=one.text,
            finish=one.finish,
        )
        for one in given
    ]
    evaluations.create(bench.store, evaluation, tasks, _payloads(items, GRADED))
    return evaluation


def answered(bench: Bench, tasks: Sequence[Task], said: Callable[[str], None] = lambda _: None) -> list[Task]:
    """The tasks with the expected values that they leave to their reference, which is run for them."""
    waiting = [task for task in tasks if needs_oracle(task)]
    if not waiting:
        return list(tasks)
    programs = {f"{task.suite}\0{task.id}": (task, oracle_program(task)) for task in waiting}
    keys = {name: bench.judge.run_key(task, program) for name, (task, program) in programs.items()}
    found = kept.runs(bench.store, list(keys.values()))
    runs: dict[str, Sequence[Run]] = {name: found[key] for name, key in keys.items() if key in found}
    missing = [name for name in programs if name not in runs]
    if missing:
        said(f"Running {len(missing)} references for the values they expect (once; they are kept) …")
        jobs = [(name, *programs[name]) for name in missing]
        for name, made in run_many(bench.sandbox, jobs, bench.settings.workers):
            runs[name] = made
            kept.keep_runs(bench.store, {keys[name]: made})
    return [
        with_answers(task, runs[name]) if (name := f"{task.suite}\0{task.id}") in programs else task for task in tasks
    ]


def _run_batches(tasks: Sequence[Task], models: Sequence[Model], samples: int) -> Iterator[object]:
    """Model by model (a local server loads one at a time), and within one sample by sample over all tasks."""
    for model in models:
        asked = [task for task in tasks if not model.suites or task.suite in model.suites]
        items = [
            Item(suite=task.suite, task=task.id, model=model.name, number=number)
            for number in range(samples)
            for task in asked
        ]
        yield from _payloads(items, max(8, min(64, 2 * model.concurrency)))


def _payloads(items: Sequence[Item], size: int) -> Iterator[object]:
    for start in range(0, len(items), size):
        yield [item.model_dump(mode="json", exclude_defaults=True) for item in items[start : start + size]]
