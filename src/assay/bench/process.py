"""What this process evaluates with: the store, the engine, a sandbox, the gateway to models. One a process."""

import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING, Self

from assay import workflows
from assay.bench import asking, evaluations
from assay.bench.judging import Judge
from assay.errors import AssayError, ProviderError
from assay.pipeline.checks.pace import Pace
from assay.pipeline.llm import Patience, Refused, ServerDown
from assay.pipeline.sandbox import Sandbox
from assay.pipeline.sandbox.choose import check_named, open_sandbox
from assay.records import Isolation, Model, Reply, Request, Task
from assay.settings import Settings
from assay.store import Store, kept, open_store
from assay.tracing import Tracing

if TYPE_CHECKING:
    from assay.pipeline.llm.gateway import Gateway, LaneKey

AT_ONCE = 4
"""Batches of one process at a time: while one runs programs, the others ask."""
_LIST_S = 3.0
"""How long a run waits for a server's list of models before it begins."""


def queue_of(evaluation: str) -> str:
    """The queue with an evaluation's batches. Workers take from all, a `run` command from its own."""
    return f"bench-{evaluation}"


class Interrupted(AssayError):
    """The user stopped a run. What is done is kept."""

    exit_code = 130


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
        if sandbox is not None:
            check_named(sandbox, allow_unsafe)
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
    def _gateway(self) -> "Gateway":
        from assay.pipeline.llm.gateway import Gateway

        return Gateway(patience=self._patience, recorders=(self,), tracing=self.tracing)

    @cached_property
    def _judge(self) -> Judge:
        return Judge(self.store, self.sandbox, self.settings.workers, Pace(self.settings.home / "pace.json"))

    @property
    def gateway(self) -> "Gateway":
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
        import_module("assay.bench.workflow")  # what an evaluation's dead process left may be handed to this one
        queue = queue_of(evaluation)
        self._engine = workflows.start_engine(
            self.store, settings=self.settings, listen=[queue], own={queue: AT_ONCE}, reap=True
        )
        return self._engine

    def serve(self, ready: Callable[[str], None]) -> None:
        """Be a worker: take batches until SIGINT or SIGTERM, and finish those that were begun."""
        for name in ("assay.bench.workflow", "assay.bench.scripts.workflow"):  # all the work there is
            import_module(name)
        workflows.serve_worker(self.store, self.settings, ready=ready)

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

    @property
    def stopping(self) -> bool:
        return self._stopping.is_set()

    def still_open(self) -> None:
        """Raise where this process is closing. A program that ended because we are closing says nothing: its step must not save that."""
        if self.stopping:
            raise Interrupted("This process is stopping.")

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

    # -- what steps need

    def tasks(self, evaluation: str) -> dict[tuple[str, str], Task]:
        """The tasks of an evaluation, read once: some hold megabytes of inputs."""
        with self._lock:
            if evaluation not in self._tasks:
                while len(self._tasks) >= 2:
                    self._tasks.pop(next(iter(self._tasks)))
                tasks = evaluations.read_tasks(self.store, evaluation)
                self._tasks[evaluation] = {(task.suite, task.id): task for task in tasks}
            return self._tasks[evaluation]

    def waits_for(self) -> str:
        """What the models' servers keep this process waiting for, in words; empty: nothing."""
        return self.gateway.waits_for() if self.asked else ""

    def check_models(self, models: Sequence[Model]) -> None:
        """Raise what would keep one of them from being asked at all, before anything is saved: no key, a bad URL."""
        for model in models:
            self.gateway.check(model)

    def unlisted(self, models: Sequence[Model]) -> list[str]:
        """What to tell before a run: the models that are not in the list which their server gives of its models.

        Some servers answer under any name, with what they have. But lists leave out aliases: it is no reason not to ask.
        A provider's own address checks names itself, and is not asked here.
        """
        from assay.pipeline.llm import UnknownModel
        from assay.pipeline.llm.gateway import lane_key

        lists: dict[LaneKey, list[str]] = {}
        notes = []
        for model in models:
            if asking.same_everywhere(model):
                continue
            key = lane_key(model)
            if key not in lists:
                try:
                    lists[key] = self.gateway.models(model, within_s=_LIST_S)
                except ProviderError:  # it gives no list, or is down: the run itself will find out
                    lists[key] = []
            if lists[key] and not {model.model, f"{model.model}:latest"} & set(lists[key]):
                error = UnknownModel(model.model, model.url or model.provider, lists[key])
                notes.append(
                    f"{error} {error.help} It is asked all the same: a server may know names that it does not list, "
                    "or answer under any name with another model."
                )
        return notes

    def askers(self, model: Model) -> ThreadPoolExecutor:
        """As many threads as the model may be asked at once, shared by all batches.

        A thread asks, and writes down what came, before it asks again: so never more than these replies can be lost.
        """
        from assay.pipeline.llm.gateway import lane_key

        key = (lane_key(model), model.concurrency)
        with self._lock:
            if key not in self._pools:
                self._pools[key] = ThreadPoolExecutor(model.concurrency, thread_name_prefix="assay-ask")
            return self._pools[key]

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


def _stays(error: ProviderError) -> bool:
    """Whether the next question would fare no better: then the run pauses, and the model is blamed for nothing."""
    return isinstance(error, ServerDown) or (isinstance(error, Refused) and error.status in (401, 402, 403, 404))


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
