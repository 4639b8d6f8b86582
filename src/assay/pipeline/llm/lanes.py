"""The way to one server: how many may be under way on it, how many a minute, and when it asked for a rest."""

import asyncio
import random
import time
from collections import deque
from typing import NamedTuple

from assay.errors import ProviderError
from assay.pipeline.llm import Busy, Provider, Refused, Server, ServerDown, Unanswered, UnknownModel, Unreachable
from assay.records import Model, Reply, Request

_LIST_S = 60
"""How long a server's list of models is believed."""


class Trouble(NamedTuple):
    """What keeps a request waiting for its next try."""

    said: str
    tries: int
    again_at: float
    """By `time.monotonic`; past: it is being tried."""


class Lane:
    """One server, with all who wait for it. Lives in one event loop."""

    def __init__(self, provider: Provider, server: Server, name: str) -> None:
        self._provider = provider
        self._name = name
        self._patience = server.patience
        self._key = server.key
        self._under_way = 0
        self._queue: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._next_start = 0.0
        self._rest_until = 0.0
        self._answers = 0
        self._listed: tuple[float, list[str]] = (-_LIST_S, [])
        self._troubles: dict[int, Trouble] = {}

    async def complete(self, request: Request) -> Reply:
        """Ask until there is an answer. Raises Refused, Unanswered or ServerDown."""
        await self._enter(request.model.concurrency)
        try:
            return await self._ask(request)
        finally:
            self._troubles.pop(id(request), None)
            self._leave()

    def trouble(self) -> Trouble | None:
        """That of the request which has been tried most often. Safe to call from any thread."""
        return max(tuple(self._troubles.values()), key=lambda one: one.tries, default=None)

    def check(self, model: Model) -> None:
        self._provider.check(model)

    async def models(self) -> list[str]:
        return await self._provider.models()

    async def close(self) -> None:
        await self._provider.close()

    async def _ask(self, request: Request) -> Reply:
        model, patience = request.model, self._patience
        began, answers_before = time.monotonic(), self._answers
        for attempt in range(1, patience.attempts + 1):
            await self._turn(model.requests_per_minute)
            try:
                reply = await self._provider.complete(model, request.messages, request.sample)
            except Refused as refusal:
                raise await self._explained(request, refusal) from None
            except (Busy, Unreachable) as error:
                last: Busy | Unreachable = error
                wait = self._wait(error, attempt)
                given_up = attempt == patience.attempts or time.monotonic() - began > patience.whole_s
                if given_up or wait > patience.longest_retry_after_s:
                    break
                self._troubles[id(request)] = Trouble(str(error), attempt, time.monotonic() + wait)
                await asyncio.sleep(wait)
            else:
                self._answers += 1
                return self._without_key(reply.model_copy(update={"attempts": attempt}) if attempt > 1 else reply)
        raise await self._verdict(last, attempt, self._answers > answers_before)

    def _without_key(self, reply: Reply) -> Reply:
        """A server that repeats our key must not get it into the records."""
        if self._key is None or self._key not in f"{reply.text}\n{reply.thinking}\n{reply.model}":
            return reply
        fields = {"text": reply.text, "thinking": reply.thinking, "model": reply.model}
        return reply.model_copy(update={name: text.replace(self._key, "[key]") for name, text in fields.items()})

    def _wait(self, error: Busy | Unreachable, attempt: int) -> float:
        patience = self._patience
        if isinstance(error, Busy) and error.retry_after is not None:
            # Everybody waits, a little apart, so that they do not all come back in one moment.
            if error.retry_after <= patience.longest_retry_after_s:
                self._rest_until = max(self._rest_until, time.monotonic() + error.retry_after)
            # Servers say "in 5 ms" to many at once: all tries would be used up before there is room again.
            return max(error.retry_after + random.uniform(0, patience.wait_s / 2), self._back_off(attempt))  # noqa: S311
        return self._back_off(attempt)

    def _back_off(self, attempt: int) -> float:
        patience = self._patience
        return min(patience.longest_wait_s, patience.wait_s * 2.0 ** (attempt - 1)) * random.uniform(0.5, 1)  # noqa: S311

    async def _verdict(self, last: Busy | Unreachable, attempts: int, answered_others: bool) -> ProviderError:
        times = f"asked {attempts} times" if attempts > 1 else "asked once"
        # A server that speaks, and answers others or at least lists its models, is up: this question it cannot do.
        speaks = isinstance(last, Busy) and last.status not in (429, 502, 503, 504, 529)
        if speaks and (answered_others or await self._lists_models()):
            return Unanswered(f"No usable answer from {self._name}, {times}. The last time: {last}", last.help)
        if isinstance(last, Busy) and (last.retry_after or 0) > self._patience.longest_retry_after_s:
            return ServerDown(f"{last} It asks to wait {last.retry_after:.0f} s.", "Resume the run then.")
        return ServerDown(
            f"{self._name} is down, {times}. The last time: {last}", last.help or "Resume when it is up again."
        )

    async def _lists_models(self) -> bool:
        try:
            await self._provider.models()
        except ProviderError:
            return False
        return True

    async def _explained(self, request: Request, refusal: Refused) -> Refused:
        """The refusal, or that there is no such model where the server's own list says so."""
        name = request.model.model
        # Lists leave out aliases, deployments and variants: a prompt that is too long is no unknown model.
        if refusal.status != 404 and not (refusal.status in (400, 422) and name in refusal.said):
            return refusal
        if time.monotonic() - self._listed[0] > _LIST_S:
            try:
                self._listed = (time.monotonic(), await self._provider.models())
            except ProviderError:
                return refusal
        known = self._listed[1]
        return refusal if not known or name in known else UnknownModel(name, self._name, known)

    async def _turn(self, per_minute: int | None) -> None:
        """Wait until one more may start: evenly spaced, since a burst is what limits by the minute punish."""
        while True:
            now = time.monotonic()
            start = max(self._next_start if per_minute else 0, self._rest_until)
            if start <= now:
                break
            await asyncio.sleep(start - now)
        if per_minute:
            self._next_start = now + 60 / per_minute

    async def _enter(self, limit: int) -> None:
        """Wait, first come first served, until fewer than `limit` are under way."""
        if not self._queue and self._under_way < limit:
            self._under_way += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append((limit, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave()
            raise

    def _leave(self) -> None:
        self._under_way -= 1
        while self._queue:
            limit, turn = self._queue[0]
            if turn.cancelled():
                self._queue.popleft()
            elif self._under_way < limit:
                self._queue.popleft()
                self._under_way += 1
                turn.set_result(None)
            else:
                return
