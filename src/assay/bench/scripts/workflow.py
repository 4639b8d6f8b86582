"""The pipeline, resumable: stage by stage over all samples, each stage cut into batches that workers take.

A step goes through its samples from their beginning, and looks up under its key every reply and every Run that is kept
before it asks or runs. So whenever a process is killed, what is asked again are the requests that were under way in it.
A stage is done for all samples before the next begins: a local server need not change models with every sample.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from dbos import DBOS

from assay import workflows
from assay.bench import carrying, evaluations
from assay.bench.process import Bench, Interrupted, here, queue_of, told_of_mistakes
from assay.bench.progress import Progress
from assay.bench.scripts import runs
from assay.bench.scripts.packages import folder_with_pytest, importable
from assay.bench.scripts.records import STAGES, ScriptRun, ScriptSample, Stage
from assay.bench.scripts.runs import Place, SampleState, place_of
from assay.bench.scripts.stages import TAKEN_IN, Asking, Item, Job, Running, Through, reached, ready, through
from assay.errors import ProviderError
from assay.pipeline.sandbox import Sandbox
from assay.pipeline.sandbox.choose import open_sandbox
from assay.records import Model, Run, Spec
from assay.store import Store, kept
from assay.tracing import Subject, about

_LOOK_S = 0.5


# ---- what this process runs scripts with ---------------------------------------------------------------------------


class _Turns:
    """So many at once; or one alone, when every other has ended."""

    def __init__(self, number: int) -> None:
        self._free = threading.Semaphore(number)
        self._number = number
        self._alone = threading.Lock()

    @contextmanager
    def one(self) -> Iterator[None]:
        with self._free:
            yield

    @contextmanager
    def alone(self) -> Iterator[None]:
        with self._alone:
            for _ in range(self._number):
                self._free.acquire()
            try:
                yield
            finally:
                self._free.release(self._number)


class Runner:
    """A sandbox with pytest in it, and the threads that wait for what runs there. One a Bench."""

    def __init__(self, bench: Bench, allow_unsafe: bool) -> None:
        self._bench = bench
        self._allow_unsafe = allow_unsafe
        self._pool = ThreadPoolExecutor(bench.settings.workers, thread_name_prefix="assay-script")
        self._turns = _Turns(bench.settings.workers)
        self._lock = threading.Lock()

    @cached_property
    def _sandbox(self) -> Sandbox:
        settings = replace(self._bench.settings, sandbox_packages=folder_with_pytest(self._bench.settings))
        return open_sandbox(settings, required=1, allow_unsafe=self._allow_unsafe)

    @property
    def sandbox(self) -> Sandbox:
        """Opened when it is first needed, and never by a process that is closing: nobody would close it."""
        with self._lock:
            self._bench.still_open()
            return self._sandbox

    @cached_property
    def available(self) -> frozenset[str]:
        """The packages that programs may import."""
        return importable(folder_with_pytest(self._bench.settings))

    @property
    def isolation(self) -> str:
        """How programs are kept apart, in words."""
        found = self.sandbox.capabilities()
        return f"level {found.level} ({found.backend})"

    def submit(self, spec: Spec) -> "Future[Run]":
        return self._pool.submit(self._run, spec)

    def _run(self, spec: Spec) -> Run:
        """Run it; again where our sandbox failed, and again alone where the wall clock ended it."""
        self._bench.still_open()
        with self._turns.one():
            run = self.sandbox.run(spec)
        if run.status == "sandbox_error":
            with self._turns.one():
                run = self.sandbox.run(spec)
        if run.status == "timeout":
            with self._turns.alone():
                self._bench.still_open()
                run = self.sandbox.run(spec).model_copy(update={"again": True})
        self._bench.still_open()  # what ended because we are closing says nothing
        return run

    def close(self) -> None:
        """After the Bench said that it stops. A sandbox that is being opened this moment is waited for, and closed."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            made = self.__dict__.pop("_sandbox", None)
        if made is not None:
            made.close()


_runners: dict[int, Runner] = {}
_making = threading.Lock()


def runner_of(bench: Bench, *, allow_unsafe: bool = False) -> Runner:
    """The Bench's Runner, made once and closed with it."""
    with _making:
        if id(bench) not in _runners:
            runner = _runners[id(bench)] = Runner(bench, allow_unsafe)

            def forget() -> None:
                _runners.pop(id(bench), None)
                runner.close()

            bench.on_close.append(forget)
        return _runners[id(bench)]


# ---- carrying a batch through a stage ------------------------------------------------------------------------------


@dataclass(eq=False)
class _Live:
    """A sample on its way, and what it waits for."""

    job: Job
    steps: Through
    waiting: int = 0
    runs: dict[str, Run] = field(default_factory=dict)


@dataclass
class Carrier:
    """Takes the samples of one batch through a stage."""

    bench: Bench
    runner: Runner
    run: ScriptRun
    generation: int
    stage: Stage
    note: str = ""
    _under_way: "dict[Future[Any], tuple[_Live, Asking | str]]" = field(default_factory=dict)

    def carry(self, items: Sequence[Item], states: dict[Place, SampleState]) -> str:
        """Why not all could be carried on; "": all were."""
        live = [_Live(job, through(job, self.stage)) for job in self._jobs(items, states)]
        try:
            for one in live:
                self._go_on(one, None)
            while self._under_way:
                # a pool that is shut down tells nobody of what it never began: only looking shows that we are closing
                done, _ = wait(self._under_way, _LOOK_S, return_when=FIRST_COMPLETED)
                self.bench.still_open()
                for future in done:
                    self._came(future)
        finally:
            for future in self._under_way:
                future.cancel()
        return self.note

    def _jobs(self, items: Sequence[Item], states: dict[Place, SampleState]) -> list[Job]:
        prompts = {prompt.id: prompt for prompt in self.run.prompts}
        models = {model.name: model for model in self.run.models}
        return [
            Job(self.run, prompts[item.prompt], models[item.model], item, self.runner.isolation, self.runner.available)
            for item in items
            if _is_open(item, self.stage, states)
        ]

    def _go_on(self, one: _Live, came: Any) -> None:
        """Hand a sample what came, and see to what it needs next, as far as nothing must be waited for."""
        store = self.bench.store
        while True:
            try:
                need = one.steps.send(came)
            except StopIteration as end:
                self._save(end.value)
                return
            if isinstance(need, Asking):
                came = kept.replies(store, [need.key]).get(need.key)
                if came is None:
                    self._ask(one, need)
                    return
            else:
                one.runs = {key: found[0] for key, found in kept.runs(store, list(need.specs)).items()}
                if len(one.runs) < len(need.specs):
                    self._start(one, need)
                    return
                came = one.runs

    def _ask(self, one: _Live, need: Asking) -> None:
        future = self.bench.askers(need.request.model).submit(self._asked, one.job, need)
        self._under_way[future] = (one, need)

    def _asked(self, job: Job, need: Asking) -> ProviderError | str | None:
        """Ask and keep the reply; the call stands in the trace of its sample."""
        with about(_subject(self.run.id, job.item, job.prompt.batch)):
            return self.bench.ask_and_keep(self.run.id, self.generation, need.key, need.request)

    def _start(self, one: _Live, need: Running) -> None:
        missing = {key: spec for key, spec in need.specs.items() if key not in one.runs}
        one.waiting = len(missing)
        for key, spec in missing.items():
            self._under_way[self.runner.submit(spec)] = (one, key)

    def _came(self, future: "Future[Any]") -> None:
        one, what = self._under_way.pop(future)
        outcome = future.result()
        if isinstance(what, str):
            if outcome.status != "sandbox_error":
                kept.keep_runs(self.bench.store, {what: (outcome,)})
            one.runs[what] = outcome
            one.waiting -= 1
            if not one.waiting:
                self._go_on(one, one.runs)
        elif outcome is None:
            self._go_on(one, kept.replies(self.bench.store, [what.key])[what.key])
        elif isinstance(outcome, ProviderError):
            self._fail(one.job, f"{what.request.model.name} could not be asked: {outcome}")
        else:
            self.note = str(outcome)

    def _save(self, sample: ScriptSample) -> None:
        script, test = sample.script, sample.test
        if script is not None and script.tried and script.status == "error":
            sample = sample.model_copy(update={"error": script.message or "the sandbox failed"})
        elif test is not None and test.tried and test.status == "error":
            sample = sample.model_copy(update={"error": test.message or "the sandbox failed"})
        self.bench.still_open()
        runs.save(self.bench.store, [sample])
        if sample.stage == "run":
            self._tell(sample)

    def _tell(self, sample: ScriptSample) -> None:
        """The span over the sample's calls: what came of it."""
        tracing, script, test = self.bench.traced(), sample.script, sample.test
        if tracing is not None and script is not None:
            prompt = next((one.text for one in self.run.prompts if one.id == sample.prompt), "")
            tracing.verdict(
                _subject(sample.run, sample, sample.batch), sample.script_status, float(script.runs), prompt=prompt,
                reply=script.reply.text, message=sample.error or (test.message if test else "") or script.message,
            )  # fmt: skip

    def _fail(self, job: Job, why: str) -> None:
        place = place_of(job.item)
        sample = runs.read_sample(self.bench.store, self.run.id, place) or ScriptSample(
            run=self.run.id, prompt=place.prompt, batch=job.prompt.batch, model=place.model, index=place.number,
            stage=self.stage,
        )  # fmt: skip
        runs.save(self.bench.store, [sample.model_copy(update={"stage": "run", "error": why[:2000]})])


def _subject(run: str, one: Item | ScriptSample, batch: str) -> Subject:
    return Subject(run, batch, one.prompt, one.model, one.index)


def _is_open(item: Item, stage: Stage, states: dict[Place, SampleState]) -> bool:
    """Whether this stage has something to do for a sample."""
    state = states.get(place_of(item))
    if state is not None and (state.error or reached(state.stage, stage)):
        return False
    return ready(item, stage, None if state is None else state.stage)


# ---- the durable part ----------------------------------------------------------------------------------------------


@DBOS.workflow()
def make_scripts(run: str, generation: int, stages: list[str]) -> None:
    """One generation of a run: stage after stage over every batch that has something to do, then how it stands."""
    notes: list[str] = []
    failed = False
    for stage in stages:
        children = [
            workflows.enqueue(
                queue_of(run), script_batch, run, generation, stage, number, id=f"{run}:{generation}:{stage}:{number}"
            )
            for number in find_script_work(run, stage)["batches"]
        ]
        notes, failed = carrying.gather(children)
        if notes:
            break
    carrying.end_as(settle_scripts(run, notes, failed), notes)


@DBOS.workflow()
def script_batch(run: str, generation: int, stage: str, number: int) -> None:
    """One batch through one stage. Raises WorkPaused where it cannot be finished."""
    if note := carry_batch(run, generation, stage, number):
        raise workflows.WorkPaused(note)


@DBOS.step()
def find_script_work(run: str, stage: str) -> dict[str, list[int]]:
    """The batches with samples that this stage has something to do for."""
    store = here().store
    states = runs.states(store, run)
    found = runs.batches(store, run)
    return {
        "batches": [
            number for number, items in found.items() if any(_is_open(item, _stage(stage), states) for item in items)
        ]
    }


@DBOS.step()
def carry_batch(run: str, generation: int, stage: str, number: int) -> str:
    """Both doors: ask, run, and save each sample as it comes through."""
    bench = here()
    with told_of_mistakes():
        carrier = Carrier(bench, runner_of(bench), runs.get_run(bench.store, run), generation, _stage(stage))
        return carrier.carry(runs.batch(bench.store, run, number), runs.states(bench.store, run))


@DBOS.step()
def settle_scripts(run: str, notes: list[str], failed: bool) -> runs.State:
    """Say how it stands, and give it: done, or stopped after a stage, or paused or failed and why."""
    store = here().store
    complete = is_complete(store, run, "run")
    state: runs.State = "done" if complete else "stopped" if not notes else "failed" if failed else "paused"
    runs.set_state(store, run, state, "" if complete else " ".join(notes)[: carrying.NOTE])
    return state


def _stage(name: str) -> Stage:
    return next(stage for stage in STAGES if stage == name)


def is_complete(store: Store, run: str, stage: Stage) -> bool:
    """Whether every sample is through a stage."""
    through_it = sum(one.error or reached(one.stage, stage) for one in runs.states(store, run).values())
    return through_it >= runs.count_items(store, run)


def has_errors(store: Store, run: str) -> bool:
    """Whether samples failed through a fault of ours or a server's: going on tries them again."""
    return any(one.error for one in runs.states(store, run).values())


def can_ask(model: Model) -> bool:
    """Whether there is a server behind it."""
    return model.provider != TAKEN_IN


# ---- what the command calls ----------------------------------------------------------------------------------------


def finish(
    bench: Bench, run: ScriptRun, stages: Sequence[Stage], watch: Callable[[Progress], None] = lambda _: None
) -> ScriptRun:
    """Take a run's samples through these stages, as far as they are not, and say how it stands. Ctrl-C: Interrupted."""
    store = bench.store
    carrying.must_be_free(store, run.executor, f"The run {run.id}")
    engine = None
    try:
        with carrying.heard(watch) as look:
            engine = bench.engine_for(run.id)
            runs.set_state(store, run.id, "running", executor=engine.executor_id)
            parent, is_new = _take_up(store, engine, run.id, stages)
            _watch(bench, run, parent, stages, look)
            if not is_new and not is_complete(store, run.id, stages[-1]):
                # What an earlier process began may have been asked for less, or end with what stopped that one
                runs.set_state(store, run.id, "running", executor=engine.executor_id)
                _watch(bench, run, _take_up(store, engine, run.id, stages)[0], stages, look)
            workflows.drop_queue(queue_of(run.id))
    except KeyboardInterrupt:
        raise _interrupted(bench, run, stages, engine) from None
    bench.close_engine()
    return runs.get_run(store, run.id)


def _take_up(store: Store, engine: workflows.Engine, run: str, stages: Sequence[Stage]) -> tuple[str, bool]:
    def begin(generation: int) -> str:
        runs.drop_errors(store, run)
        return workflows.start(make_scripts, run, generation, list(stages), id=f"{run}:{generation}")

    return carrying.take_up(engine, run, begin)


def _watch(
    bench: Bench, run: ScriptRun, parent: str, stages: Sequence[Stage], watch: Callable[[Progress], None]
) -> None:
    total = runs.count_items(bench.store, run.id)
    failed = carrying.watch(parent, lambda: watch(progress(bench, run.id, stages, total)))
    if failed is not None:
        runs.set_state(bench.store, run.id, "failed", str(failed))


def progress(bench: Bench, run: str, stages: Sequence[Stage], total: int) -> Progress:
    """How far it is, counted in the database: other workers' samples too."""
    states = runs.states(bench.store, run).values()
    counts = {stage: sum(one.error or reached(one.stage, stage) for one in states) for stage in stages}
    stage = next((stage for stage in stages if counts[stage] < total), stages[-1])
    spent = evaluations.spent(bench.store, run)
    return Progress(
        done=counts[stage],
        total=total,
        failed=sum(one.error for one in states),
        running=bench.asked,
        completion_tokens=spent.completion_tokens,
        cost=spent.cost,
        currency=spent.currency,
        note=f"stage {stage}",
        waits_for=bench.waits_for(),
    )


def _interrupted(bench: Bench, run: ScriptRun, stages: Sequence[Stage], engine: workflows.Engine | None) -> Interrupted:
    bench.stop()
    runs.set_state(bench.store, run.id, "paused", "stopped by the user")
    if engine is not None:
        carrying.call_off(run.id)
        workflows.drop_queue(queue_of(run.id))
    now = progress(bench, run.id, stages, runs.count_items(bench.store, run.id))
    return Interrupted(
        f"Stopped. {now.done} of {now.total} samples are through the {now.note}, and every reply is kept.",
        f"Go on with the same command, or: assay bench scripts --run {run.id}",
    )
