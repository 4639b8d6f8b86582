"""One evaluation, resumable: the road with its two doors, asking and running, made durable.

An evaluation is cut into batches, and each is a workflow on a queue that every worker takes from. Its steps look up
what is kept before they pay for it: a reply is written down the moment it arrives, runs in small groups. So whenever a
process is killed, what is asked again are the requests that were under way in it, and no more. A sample is saved once,
under its place in the evaluation, which is why none is lost or counted twice.

Nothing of an evaluation lives in a workflow's state. A workflow that ended early (a server was down, a step failed)
is followed by a new generation of workflows for what is still missing.
"""

import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from types import TracebackType
from typing import Any, NamedTuple, Self

from dbos import DBOS
from pydantic import TypeAdapter

from assay import workflows
from assay.bench import asking, carrying, evaluations
from assay.bench.evaluations import Place
from assay.bench.judging import Judge, Text
from assay.bench.records import Attempt, Evaluation, Given, Kind, Sample
from assay.bench.scores.records import Scores
from assay.bench.spans import send_verdicts
from assay.bench.suites import Suite
from assay.bench.suites.oracle import needs_oracle, oracle_program, with_answers
from assay.errors import AssayError, ProviderError
from assay.pipeline.checks.pace import Pace
from assay.pipeline.checks.perform import run_many
from assay.pipeline.llm import Patience, Refused, ServerDown
from assay.pipeline.llm.gateway import Gateway, LaneKey, lane_key
from assay.pipeline.sandbox import Sandbox
from assay.pipeline.sandbox.choose import open_sandbox
from assay.records import Isolation, Message, Model, Record, Reply, Report, Request, Run, Task
from assay.settings import Settings
from assay.store import Store, kept, open_store
from assay.tracing import Subject, Tracing, about

AT_ONCE = 4
"""Batches of one process at a time: while one runs programs, the others ask."""
GRADED = 200
"""Replies made elsewhere in a batch: a batch costs some 30 ms besides its work."""
_RERUN = 16
"""Samples whose programs are run again before they are saved: a kill in between costs these runs, nothing else."""


def queue_of(evaluation: str) -> str:
    """The queue with an evaluation's batches. Workers take from all, a `run` command from its own."""
    return f"bench-{evaluation}"


class Item(Record):
    """One sample to be made: its place, and the text where it was made elsewhere."""

    suite: str
    task: str
    model: str
    number: int
    kind: Kind = "reply"
    text: str | None = None

    @property
    def place(self) -> Place:
        return Place(self.suite, self.task, self.model, self.number)


_ITEMS = TypeAdapter(tuple[Item, ...])


class Progress(NamedTuple):
    """How far an evaluation is."""

    done: int
    total: int
    passed: int
    errors: int
    running: int
    tasks: int
    completion_tokens: int | None
    cost: float | None
    currency: str


class NotAsked(NamedTuple):
    """One question that a server, otherwise well, would not answer."""

    suite: str
    task: str
    number: int
    why: str


class Interrupted(AssayError):
    """The user stopped a run. What is done is kept."""

    exit_code = 130


class _AskedToStop(Exception):
    """Somebody pressed Stop on a page, perhaps on another machine."""


# ---- the bench of this process -------------------------------------------------------------------------------------

_bench: "Bench | None" = None


def here() -> "Bench":
    """The bench of this process, for its steps."""
    assert _bench is not None, "steps run in a process that opened a Bench"
    return _bench


class Bench:
    """What this process evaluates with: store, engine, sandbox and gateway. One a process; use it as a context."""

    def __init__(
        self,
        settings: Settings,
        *,
        sandbox: str | None = None,
        allow_unsafe: bool = False,
        workers: int | None = None,
        patience: Patience | None = None,
    ) -> None:
        self.settings = replace(settings, sandbox=sandbox or settings.sandbox, workers=workers or settings.workers)
        self._allow_unsafe = allow_unsafe
        self._patience = patience
        self._lock = threading.Lock()
        self._tasks: dict[str, dict[tuple[str, str], Task]] = {}
        self._stopping = threading.Event()
        self._engine: workflows.Engine | None = None
        self.asked = 0
        """Requests under way in this process."""
        self._pools: dict[tuple[LaneKey, int], ThreadPoolExecutor] = {}
        self.down: dict[tuple[str, int, str], str] = {}
        """Why a model is asked no more, by evaluation, generation and model."""
        self.on_close: list[Callable[[], None]] = []
        """What other parts made for this process's steps, to be given back with the rest."""

    # The dear ones are made when they are first needed: a worker with nothing to do needs no sandbox.

    @cached_property
    def store(self) -> Store:
        return open_store(self.settings)

    @cached_property
    def sandbox(self) -> Sandbox:
        return open_sandbox(self.settings, required=1, allow_unsafe=self._allow_unsafe)

    @cached_property
    def tracing(self) -> Tracing | None:
        return Tracing.from_settings(self.settings)

    @cached_property
    def _gateway(self) -> Gateway:
        return Gateway(patience=self._patience, recorders=(self,), tracing=self.tracing)

    @cached_property
    def _judge(self) -> Judge:
        return Judge(self.store, self.sandbox, self.settings.workers, Pace(self.settings.home / "pace.json"))

    @property
    def gateway(self) -> Gateway:
        with self._lock:
            return self._gateway

    def traced(self) -> Tracing | None:
        """Where spans go, if the settings say so; the same for every step."""
        with self._lock:
            return self.tracing

    @property
    def judge(self) -> Judge:
        with self._lock:
            return self._judge

    def engine_for(self, evaluation: str) -> workflows.Engine:
        """The engine, taking this evaluation's batches only: another's may need keys that are not here."""
        self.close_engine()
        queue = queue_of(evaluation)
        self._engine = workflows.start_engine(self.store, settings=self.settings, listen=[queue], reap=True)
        workflows.define_queue(queue, per_worker=AT_ONCE)
        return self._engine

    def close_engine(self) -> None:
        """Stop the engine, if it runs."""
        if self._engine is not None:
            self._engine.stop()
            self._engine = None

    def __enter__(self) -> Self:
        global _bench
        if _bench is not None:
            raise AssayError("This process evaluates already.", "Close the other Bench first: there is one a process.")
        _bench = self
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop taking work and give everything back. Safe to call again."""
        global _bench
        self._stopping.set()
        self.close_engine()
        made = self.__dict__
        for give_back in self.on_close:
            give_back()
        self.on_close.clear()
        for name in ("_gateway", "sandbox", "tracing"):
            if (part := made.pop(name, None)) is not None:
                part.close()
        made.pop("_judge", None)
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)
        self._pools.clear()
        if (store := made.pop("store", None)) is not None:
            store.close()
        if _bench is self:
            _bench = None

    def stop(self) -> None:
        """Let nothing more be saved by the steps of this process: it is closing."""
        self._stopping.set()

    def isolation(self) -> Isolation:
        """How programs are kept apart here."""
        return self.sandbox.capabilities()

    # -- the gateway's recorder: how many requests are under way

    def call_started(self, request: Request) -> None:  # noqa: ARG002
        with self._lock:
            self.asked += 1

    def call_finished(self, request: Request, outcome: Reply | ProviderError, seconds: float) -> None:  # noqa: ARG002
        with self._lock:
            self.asked -= 1

    # -- tasks

    def tasks(self, evaluation: str) -> dict[tuple[str, str], Task]:
        """The tasks of an evaluation, read once: some hold megabytes of inputs."""
        with self._lock:
            if evaluation not in self._tasks:
                while len(self._tasks) >= 2:
                    self._tasks.pop(next(iter(self._tasks)))
                tasks = evaluations.read_tasks(self.store, evaluation)
                self._tasks[evaluation] = {(task.suite, task.id): task for task in tasks}
            return self._tasks[evaluation]

    def answered(self, tasks: Sequence[Task], said: Callable[[str], None] = lambda _: None) -> list[Task]:
        """The tasks with the expected values that they leave to their reference, which is run for them."""
        waiting = [task for task in tasks if needs_oracle(task)]
        if not waiting:
            return list(tasks)
        programs = {f"{task.suite}\0{task.id}": (task, oracle_program(task)) for task in waiting}
        keys = {name: self.judge.run_key(task, program) for name, (task, program) in programs.items()}
        found = kept.runs(self.store, list(keys.values()))
        runs: dict[str, Sequence[Run]] = {name: found[key] for name, key in keys.items() if key in found}
        missing = [name for name in programs if name not in runs]
        if missing:
            said(f"Running {len(missing)} references for the values they expect (once; they are kept) …")
            jobs = [(name, *programs[name]) for name in missing]
            for name, made in run_many(self.sandbox, jobs, self.settings.workers):
                runs[name] = made
                kept.keep_runs(self.store, {keys[name]: made})
        return [
            with_answers(task, runs[name]) if (name := f"{task.suite}\0{task.id}") in programs else task
            for task in tasks
        ]

    def check_models(self, models: Sequence[Model]) -> None:
        """Raise what would keep one of them from being asked at all, before anything is saved: no key, a bad URL."""
        for model in models:
            self.gateway.check(model)

    def serve(self, ready: Callable[[str], None]) -> None:
        """Be a worker: take batches until SIGINT or SIGTERM, and finish those that were begun."""

        workflows.serve_worker(self.store, self.settings, ready=ready)

    # ---- what commands call ----------------------------------------------------------------------------------------

    def begin_run(
        self,
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
        self.isolation()  # that nothing can be run should be known before anything is paid
        tasks = self.answered([task for suite in suites for task in suite.tasks[:limit]], said)
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
        evaluations.create(self.store, evaluation, tasks, _run_batches(tasks, models, samples))
        return evaluation

    def begin_grading(
        self,
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
        tasks = self.answered(suite.tasks[:limit], said)
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
            Item(suite=one.suite, task=one.task, model=one.model, number=one.index, kind=one.kind, text=one.text)
            for one in given
        ]
        evaluations.create(self.store, evaluation, tasks, _payloads(items, GRADED))
        return evaluation

    def finish(self, evaluation: str, watch: Callable[[Progress], None] = lambda _: None) -> Evaluation:
        """Carry out what is missing of an evaluation, and say how it stands then. Raises Interrupted on Ctrl-C."""
        found = evaluations.read_evaluation(self.store, evaluation)
        self._must_be_free(found)
        try:
            engine = self.engine_for(found.id)
            parent, is_new = self._take_up(found, engine)
            self._watch(found, parent, watch)
            if not is_new and evaluations.read_evaluation(self.store, found.id).state != "done":
                # What an earlier process began may end with what stopped that one: it is tried anew.
                self._watch(found, self._take_up(found, engine)[0], watch)
            workflows.drop_queue(queue_of(found.id))
        except (KeyboardInterrupt, _AskedToStop):
            raise self._interrupted(found) from None
        self.close_engine()
        return evaluations.read_evaluation(self.store, found.id)

    def _must_be_free(self, evaluation: Evaluation) -> None:
        carrying.must_be_free(self.store, evaluation.executor, f"Evaluation {evaluation.id}")

    def _take_up(self, evaluation: Evaluation, engine: workflows.Engine) -> tuple[str, bool]:
        """Start the evaluation's workflow, or recover one that a dead process has left. Its id, and whether it is new."""
        evaluations.set_state(self.store, evaluation.id, "running", executor=engine.executor_id)

        def begin(generation: int) -> str:
            evaluations.drop_errors(self.store, evaluation.id)
            asks = evaluation.source == "run"
            parent = f"{evaluation.id}:{generation}"
            return workflows.start(evaluate, evaluation.id, generation, evaluation.repair + 1, asks, id=parent)

        return carrying.take_up(engine, evaluation.id, begin)

    def _watch(self, evaluation: Evaluation, parent: str, watch: Callable[[Progress], None]) -> None:
        total = self.total(evaluation)

        def look() -> None:
            watch(self.progress(evaluation, total))
            if evaluations.is_asked_to_stop(self.store, evaluation.id):
                raise _AskedToStop

        failed = carrying.watch(parent, look)
        if failed is not None:
            evaluations.set_state(self.store, evaluation.id, "failed", str(failed))

    def _interrupted(self, evaluation: Evaluation) -> Interrupted:
        self.stop()
        evaluations.set_state(self.store, evaluation.id, "paused", "stopped by the user")
        if self._engine is not None:
            workflows.drop_queue(queue_of(evaluation.id))  # workers elsewhere stop too
        progress = self.progress(evaluation, self.total(evaluation))
        return Interrupted(
            f"Stopped. {progress.done} of {progress.total} samples are done and kept, and every reply that came.",
            f"Go on with: assay bench resume {evaluation.id}",
        )

    def scores(self, evaluation: str) -> Scores:
        """Every number of an evaluation as it stands."""
        return evaluations.read_scores(self.store, evaluations.read_evaluation(self.store, evaluation))

    def total(self, evaluation: Evaluation) -> int:
        """How many samples it is made of."""
        return evaluations.count_items(self.store, evaluation.id)

    def progress(self, evaluation: Evaluation, total: int) -> Progress:
        """How far it is, counted in the database: other workers' samples too."""
        counts = evaluations.count_statuses(self.store, evaluation.id)
        done = sum(sum(counter.values()) for counter in counts.values())
        spent = evaluations.spent(self.store, evaluation.id)
        return Progress(
            done=done,
            total=total,
            passed=sum(counter["pass"] for counter in counts.values()),
            errors=sum(counter["error"] for counter in counts.values()),
            running=self.asked,
            tasks=evaluations.count_tasks(self.store, evaluation.id) if done else 0,
            completion_tokens=spent.completion_tokens,
            cost=spent.cost,
            currency=spent.currency,
        )

    # ---- the two doors, for steps ----------------------------------------------------------------------------------

    def ask(self, evaluation: Evaluation, generation: int, number: int, turn: int) -> tuple[str, list[NotAsked]]:
        """Ask for every reply of a batch's turn that is not kept yet.

        Gives why the model is asked no more ("": it is), and which single questions came to nothing.
        """
        talks = self._talks(evaluation, number, turn)
        found = kept.replies(self.store, [talk.key for talk in talks])
        under_way = [
            self.askers(talk.request.model).submit(self._ask_one, evaluation.id, generation, talk)
            for talk in talks
            if talk.key not in found
        ]
        try:
            outcomes = [future.result() for future in under_way]
        except BaseException:
            for future in under_way:
                future.cancel()
            raise
        note = next((outcome for outcome in outcomes if isinstance(outcome, str)), "")
        return note, [outcome for outcome in outcomes if isinstance(outcome, NotAsked)]

    def askers(self, model: Model) -> ThreadPoolExecutor:
        """As many threads as the model may be asked at once, shared by all batches.

        A thread asks, and writes down what came, before it asks again: so never more than these replies can be lost.
        """
        key = (lane_key(model), model.concurrency)
        with self._lock:
            if key not in self._pools:
                self._pools[key] = ThreadPoolExecutor(model.concurrency, thread_name_prefix="assay-ask")
            return self._pools[key]

    def _ask_one(self, evaluation: str, generation: int, talk: "_Talk") -> NotAsked | str | None:
        """Ask one question and keep the reply: None. Else why this one, or (as text) this model, cannot be asked."""
        item = talk.item
        with about(Subject(evaluation, item.suite, item.task, item.model, item.number)):
            outcome = self.ask_and_keep(evaluation, generation, talk.key, talk.request)
        if isinstance(outcome, ProviderError):
            return NotAsked(talk.item.suite, talk.item.task, talk.item.number, str(outcome))
        return outcome

    def ask_and_keep(self, evaluation: str, generation: int, key: str, request: Request) -> ProviderError | str | None:
        """Ask and keep the reply under its key: None. Else why this question, or (as text) this model, cannot be asked."""
        self.still_open()
        place = (evaluation, generation, request.model.name)
        if place in self.down:
            return self.down[place]
        try:
            reply = self.gateway.complete(request)
        except ProviderError as error:
            kept.record_failure(self.store, key, request, str(error), evaluation)
            return self.down.setdefault(place, f"{error} {error.help}".strip()) if _stays(error) else error
        except AssayError as error:  # no key for it on this machine, or a recording that is gone
            return self.down.setdefault(place, f"{error} {error.help}".strip())
        kept.keep_reply(self.store, key, request, reply, evaluation)
        return None

    def run(self, evaluation: Evaluation, number: int, turn: int, turns: int, errors: Sequence[NotAsked]) -> bool:
        """Judge a turn's replies and save the samples that are finished by it; whether another turn is needed."""
        talks = self._talks(evaluation, number, turn)
        found = kept.replies(self.store, [talk.key for talk in talks if talk.item.text is None])
        failed = {(error.suite, error.task, error.number): error.why for error in errors}
        texts: dict[int, _Talk] = {}
        waiting: list[Text] = []
        finished: list[Sample] = []
        to_rerun: list[tuple[Text, Sample]] = []
        for talk in talks:
            if (reply := talk.reply(found)) is not None:
                text = Text(talk.task, talk.item.kind, reply, evaluation.stop)
                texts[id(text)] = talk
                waiting.append(text)
            elif why := failed.get((talk.item.suite, talk.item.task, talk.item.number)):
                finished.append(talk.sample(evaluation.id, _not_asked(talk.task, why)))
        another = False
        last = time.monotonic()
        for text, attempt in self.judge.judge(waiting):
            self.still_open()
            talk = texts[id(text)]
            if turn + 1 < turns and asking.complaint(talk.counted(attempt)) is not None:
                another = True
                continue
            sample = talk.sample(evaluation.id, attempt)
            if evaluation.reruns and sample.status == "pass":
                to_rerun.append((text, sample))
                continue
            finished.append(sample)
            if time.monotonic() - last >= 1:
                self._save(evaluation, finished)
                finished, last = [], time.monotonic()
        self._save(evaluation, finished)
        for start in range(0, len(to_rerun), _RERUN):
            self.still_open()
            rerun = self._rerun(to_rerun[start : start + _RERUN], evaluation.reruns)
            self.still_open()
            self._save(evaluation, rerun)
        return another

    def _save(self, evaluation: Evaluation, samples: Sequence[Sample]) -> None:
        evaluations.save_samples(self.store, samples)
        if (tracing := self.traced()) is not None:
            send_verdicts(tracing, samples, self.tasks(evaluation.id))

    def _rerun(self, passed: Sequence[tuple[Text, Sample]], times: int) -> list[Sample]:
        """Samples that passed, with what their programs come to when run again; equal programs of a task run once."""
        keys = [self.judge.run_key(text.task, text.counted) for text, _ in passed]
        programs = {key: (text.task, text.counted) for key, (text, _) in zip(keys, passed, strict=True)}
        found = self.judge.rerun(programs, times)
        return [sample.model_copy(update={"reruns": found[key]}) for key, (_, sample) in zip(keys, passed, strict=True)]

    @property
    def stopping(self) -> bool:
        return self._stopping.is_set()

    def still_open(self) -> None:
        """Raise where this process is closing. A program that ended because we are closing says nothing: its step must not save that."""
        if self.stopping:
            raise Interrupted("This process is stopping.")

    def _talks(self, evaluation: Evaluation, number: int, turn: int) -> list["_Talk"]:
        """The samples of a batch that are still open, each at the beginning of this turn: rebuilt from what is kept."""
        tasks = self.tasks(evaluation.id)
        models = {model.name: model for model in evaluation.models}
        items = _ITEMS.validate_python(evaluations.read_batch(self.store, evaluation.id, number))
        there = evaluations.finished(self.store, evaluation.id, [item.place for item in items])
        talks = []
        for item in items:
            if item.place in there:
                continue
            task = tasks[item.suite, item.task]
            talk = _Talk(item, task)
            if item.text is None:
                talk.begin(models[item.model], evaluation)
            talks.append(talk)
        for _ in range(turn):
            talks = self._after_a_turn(talks)
        return talks

    def _after_a_turn(self, talks: Sequence["_Talk"]) -> list["_Talk"]:
        """Those that go on after a failure which the model may see."""
        found = kept.replies(self.store, [talk.key for talk in talks])
        texts = {talk.key: Text(talk.task, talk.item.kind, found[talk.key]) for talk in talks if talk.key in found}
        by_text = {id(texts[talk.key]): talk for talk in talks if talk.key in texts}
        going_on = []
        for text, attempt in self.judge.judge(texts.values()):
            talk = by_text[id(text)]
            if (said := asking.complaint(talk.counted(attempt))) is not None:
                talk.go_on(attempt, said)
                going_on.append(talk)
        return going_on


# ---- one sample on its way -----------------------------------------------------------------------------------------


@dataclass
class _Talk:
    """One sample: what was said so far, and what would be asked now."""

    item: Item
    task: Task
    attempts: list[Attempt] = field(default_factory=list)
    messages: tuple[Message, ...] = ()
    request: Request = field(init=False)
    key: str = ""
    _model: Model = field(init=False)
    _scope: str = ""

    def begin(self, model: Model, evaluation: Evaluation) -> None:
        self._model = model
        self._scope = "" if asking.same_everywhere(model) and not evaluation.fresh else evaluation.id
        self._say(asking.question(self.task, model))

    def go_on(self, attempt: Attempt, said: str) -> None:
        self.attempts.append(attempt)
        self._say(asking.follow_up(self.messages, attempt, said))

    def _say(self, messages: tuple[Message, ...]) -> None:
        self.messages = messages
        self.request = Request(model=self._model, messages=messages, sample=self.item.number)
        self.key = asking.reply_key(self.request, self._scope)

    def reply(self, found: dict[str, Reply]) -> Reply | None:
        return found.get(self.key) if self.item.text is None else Reply(text=self.item.text)

    def counted(self, attempt: Attempt) -> Report:
        return attempt.raw if self.item.kind == "completion" and attempt.raw is not None else attempt.report

    def sample(self, evaluation: str, attempt: Attempt) -> Sample:
        return Sample(
            evaluation=evaluation,
            suite=self.item.suite,
            task=self.item.task,
            model=self.item.model,
            index=self.item.number,
            kind=self.item.kind,
            attempts=(*self.attempts, attempt),
        )


def _not_asked(task: Task, why: str) -> Attempt:
    report = Report(task=task.id, suite=task.suite, status="error", message=f"The model could not be asked: {why}")
    return Attempt(reply=Reply(text="", finish="other"), report=report)


def _stays(error: ProviderError) -> bool:
    """Whether the next question would fare no better: then the run pauses, and the model is blamed for nothing."""
    return isinstance(error, ServerDown) or (isinstance(error, Refused) and error.status in (401, 402, 403, 404))


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


# ---- the durable part ----------------------------------------------------------------------------------------------


@DBOS.workflow()
def evaluate(evaluation: str, generation: int, turns: int, asks: bool) -> None:
    """One generation of an evaluation: every batch that has something missing, then how it all stands."""
    notes = []
    children = [
        workflows.enqueue(
            queue_of(evaluation),
            batch,
            evaluation,
            generation,
            number,
            turns,
            asks,
            id=f"{evaluation}:{generation}:{number}",
        )
        for number in find_work(evaluation)["batches"]
    ]
    failed = False
    for child in children:
        try:
            note = workflows.result(child)
        except workflows.WorkFailed as error:
            note, failed = f"{error.kind}: {error}", True
        if note and note not in notes:
            notes.append(note)
    settle(evaluation, notes, failed)


@DBOS.workflow()
def batch(evaluation: str, generation: int, number: int, turns: int, asks: bool) -> str:
    """One batch: ask, run, and again for what may be repaired. Gives why it could not be finished, if so."""
    for turn in range(turns):
        asked: list[Any] = ask(evaluation, generation, number, turn) if asks else ["", []]
        note, errors = asked
        another = run(evaluation, number, turn, turns, errors)
        if note or not another:
            return str(note)
    return ""


@DBOS.step()
def find_work(evaluation: str) -> dict[str, list[int]]:
    """The batches that have something missing."""
    store = here().store
    there = evaluations.finished(store, evaluation)
    numbers = [
        number
        for number in range(evaluations.count_batches(store, evaluation))
        if any(
            item.place not in there
            for item in _ITEMS.validate_python(evaluations.read_batch(store, evaluation, number))
        )
    ]
    return {"batches": numbers}


@DBOS.step()
def ask(evaluation: str, generation: int, number: int, turn: int) -> list[Any]:
    """The first door. Gives why the model is asked no more, and which single questions came to nothing."""
    bench = here()
    with told_of_mistakes():
        note, errors = bench.ask(evaluations.read_evaluation(bench.store, evaluation), generation, number, turn)
    return [note, [list(error) for error in errors]]


@DBOS.step()
def run(evaluation: str, number: int, turn: int, turns: int, errors: list[list[Any]]) -> bool:
    """The second door, and the verdicts."""
    bench = here()
    with told_of_mistakes():
        found = evaluations.read_evaluation(bench.store, evaluation)
        return bench.run(found, number, turn, turns, [NotAsked(*error) for error in errors])


@DBOS.step()
def settle(evaluation: str, notes: list[str], failed: bool) -> None:
    """Say how it stands: done, or paused or failed and why."""
    store = here().store
    missing = evaluations.count_items(store, evaluation) - len(evaluations.finished(store, evaluation))
    if not missing:
        evaluations.set_state(store, evaluation, "done")
    else:
        evaluations.set_state(store, evaluation, "failed" if failed else "paused", " ".join(notes)[:2000])


@contextmanager
def told_of_mistakes() -> Iterator[None]:
    """Around a step: the engine keeps an exception's words only. Of one that is our own mistake, the traceback is wanted."""
    try:
        yield
    except AssayError:
        raise
    except Exception:
        if not here().stopping:
            traceback.print_exc()
        raise
