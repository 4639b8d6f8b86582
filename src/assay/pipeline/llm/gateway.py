"""The one way to any model: keys, limits, retries, prices, records and spans around the providers.

The event loop runs in a thread of its own, so that whoever asks needs none. Recorders are called in the thread that asks.
"""

import asyncio
import concurrent.futures
import os
import threading
import time
from collections.abc import Coroutine, Mapping, Sequence
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from assay.errors import AssayError, ProviderError
from assay.pipeline.llm import PROVIDERS, Patience, Provider, Server, Unanswered
from assay.pipeline.llm.keys import Keys
from assay.pipeline.llm.lanes import Lane
from assay.pipeline.llm.local import moved
from assay.pipeline.llm.urls import server_url
from assay.records import Model, Price, Reply, Request
from assay.tracing import Tracing

Outcome = Reply | ProviderError
LaneKey = tuple[str, str, str | None]
Result = TypeVar("Result")


class Recorder(Protocol):
    """Told of every call, in the thread that asked; a call that is found elsewhere never comes here."""

    def call_started(self, request: Request) -> None:
        """It is about to be asked."""

    def call_finished(self, request: Request, outcome: Outcome, seconds: float) -> None:
        """It was answered, or could not be; `seconds` are those of all its tries and waits."""


class Gateway:
    """Asks models. Safe to use from several threads; close it, or use it as a context."""

    def __init__(
        self,
        environment: Mapping[str, str] | None = None,
        *,
        patience: Patience | None = None,
        recorders: Sequence[Recorder] = (),
        tracing: Tracing | None = None,
    ) -> None:
        """`environment` is where keys are looked up; None: the process's own."""
        environment = os.environ if environment is None else environment
        self._keys = Keys(environment)
        self._moved = moved(environment)
        self._patience = patience or Patience()
        self._recorders = tuple(recorders)
        self._tracing = tracing
        self._lanes: dict[LaneKey, Lane] = {}
        self._start = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    def complete(self, request: Request, *, within_s: float | None = None) -> Reply:
        """One answer. Raises a ProviderError: Refused or Unanswered for this question, ServerDown for any.

        `within_s`: what is not there by then, the wait for a turn included, is given up and is Unanswered.
        Raises as `check` does, with no recorder told, where this model cannot be asked at all.
        """
        if lane_key(request.model) not in self._lanes:
            self.check(request.model)
        self._started(request)
        outcome: Outcome
        try:
            outcome, seconds = self._wait_for(self._outcome(request), within_s)
        except TimeoutError:
            outcome, seconds = Unanswered(f"{request.model.name} gave no answer within {within_s:g} s."), within_s or 0
        self._finished(request, outcome, seconds)
        if isinstance(outcome, ProviderError):
            raise outcome
        return outcome

    def models(self, model: Model, *, within_s: float | None = None) -> list[str]:
        """What the server that `model` names offers, asked once. Raises a ProviderError."""

        async def ask() -> list[str]:
            return await self._lane(model).models()

        try:
            return self._wait_for(ask(), within_s)
        except TimeoutError:
            raise Unanswered(f"{model.name} gave no list of models within {within_s:g} s.") from None

    def check(self, model: Model) -> None:
        """Raise what would keep this model from being asked at all: no such provider, no key, a bad URL, no recording."""

        async def ask() -> None:
            self._lane(model).check(model)

        self._wait_for(ask())

    def waits_for(self) -> str:
        """In words, what requests wait for that must be tried again; empty: for nothing but answers."""
        troubles = filter(None, [lane.trouble() for lane in tuple(self._lanes.values())])
        said = []
        for trouble in troubles:
            left = trouble.again_at - time.monotonic()
            when = f"next in {left:.0f} s" if left >= 1 else "trying again"
            times = "once" if trouble.tries == 1 else f"{trouble.tries} times"
            said.append(f"{trouble.said.rstrip('.')}: tried {times}, {when}")
        return " · ".join(said)

    def close(self) -> None:
        """End the thread and its connections. Safe to call again."""
        with self._start:
            self._closed = True
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is None or thread is None or not thread.is_alive():
            return  # in a forked process the loop is the parent's still: even to close it here would reach its sockets
        asyncio.run_coroutine_threadsafe(self._close_lanes(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ---- in the loop's thread --------------------------------------------------------------------------------------

    async def _outcome(self, request: Request) -> tuple[Outcome, float]:
        began = time.monotonic()
        span = self._tracing.call(request) if self._tracing else None
        outcome: Outcome
        try:
            outcome = priced(await self._lane(request.model).complete(request), request.model.price)
        except ProviderError as error:
            outcome = error
        except BaseException as error:
            if span:
                span.finish(error)
            raise
        if span:
            span.finish(outcome)
        return outcome, time.monotonic() - began

    def _lane(self, model: Model) -> Lane:
        key = lane_key(model)
        if (lane := self._lanes.get(key)) is None:
            lane = self._lanes[key] = self._new_lane(model)
        return lane

    def _new_lane(self, model: Model) -> Lane:
        make = PROVIDERS.get(model.provider)
        server = server_for(self._placed(model), make, self._keys, self._patience)
        return Lane(make(server), server, server.url or model.provider)

    def _placed(self, model: Model) -> Model:
        """The model, at the address that the environment gives its server."""
        if model.url or model.provider not in self._moved:
            return model
        return model.model_copy(update={"url": self._moved[model.provider]})

    async def _close_lanes(self) -> None:
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        for lane in self._lanes.values():
            await lane.close()
        self._lanes.clear()
        await asyncio.get_running_loop().shutdown_asyncgens()

    # ---- in the caller's thread ------------------------------------------------------------------------------------

    def _started(self, request: Request) -> None:
        for recorder in self._recorders:
            recorder.call_started(request)

    def _finished(self, request: Request, outcome: Outcome, seconds: float) -> None:
        for recorder in self._recorders:
            recorder.call_finished(request, outcome, seconds)

    def _wait_for(self, work: Coroutine[Any, Any, Result], within_s: float | None = None) -> Result:
        try:
            loop = self._running_loop()
        except RuntimeError:
            work.close()
            raise
        future = asyncio.run_coroutine_threadsafe(work, loop)
        try:
            return future.result(within_s)
        except concurrent.futures.CancelledError:
            raise RuntimeError("the gateway was closed while it was asking") from None
        except BaseException:
            future.cancel()  # Ctrl-C, or the time is up: what is under way is given up
            raise

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._start:
            if self._closed:
                raise RuntimeError("the gateway is closed")
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name="assay-gateway", daemon=True)
                self._thread.start()
            elif self._thread is None or not self._thread.is_alive():
                raise RuntimeError("a gateway does not come along when a process forks: make one in the new process")
            return self._loop


def lane_key(model: Model) -> LaneKey:
    """Models of one key share a server, its connections and its limits."""
    return model.provider, model.url or "", model.key


def server_for(model: Model, provider: type[Provider], keys: Keys, patience: Patience) -> Server:
    """Where this model's requests go, with the key that may go there."""
    url = server_url(model.url) if model.url else provider.default_url
    if url is None:
        raise AssayError(f"The provider {model.provider!r} has no server of its own.", "Give the model a `url`.")
    own = url == provider.default_url
    # The provider's usual key is for the provider's own server. Another one gets the key that its model names, or none.
    variable = model.key or (provider.key_variable if own else None)
    key = keys.find(variable) if variable else None
    if key is None and (model.key or (own and provider.needs_key)):
        raise AssayError(
            f"There is no key for {model.name}: {variable} is not set.",
            f"Run: export {variable}=…  or put {variable}=… into a file of mode 600 that ASSAY_KEYS names.",
        )
    return Server(
        url=url, key=key, key_variable=variable or "the variable that the model's `key` names", patience=patience
    )


def priced(reply: Reply, price: Price | None) -> Reply:
    """The reply with its cost, where a price is given and the server counted its tokens."""
    if price is None or reply.prompt_tokens is None or reply.completion_tokens is None:
        return reply
    cost = (reply.prompt_tokens * price.prompt + reply.completion_tokens * price.completion) / 1_000_000
    return reply.model_copy(update={"cost": cost, "currency": price.currency})
