"""Anthropic's Messages, through its own SDK (the extra `anthropic`), whose retries are off: the gateway has its own."""

import asyncio
import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from assay.errors import AssayError
from assay.pipeline.llm import Server
from assay.pipeline.llm.openai import count
from assay.pipeline.llm.pieces import Pieces
from assay.pipeline.llm.wire import BROKEN, Clock, Wire, error_words, retry_after
from assay.records import Finish, Message, Model, Reply

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic, AsyncStream
    from anthropic.types import RawMessageStreamEvent

_FINISHES: dict[str, Finish] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "filtered",
}
_MAX_TOKENS = 8192
"""Anthropic wants a limit with every question; this one where the model has none."""
_LEAST_THINKING = 1024
_SAMPLING_VERSION = "2023-06-01"
"""The API's last version with temperature and top_p."""
_STATUSES = {
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "invalid_request_error": 400,
    "rate_limit_error": 429,
    "overloaded_error": 529,
}
"""What an error in mid-stream would have been as a status; any other is the server's fault."""


class Anthropic:
    """Anthropic, or a server that speaks its Messages protocol."""

    default_url: ClassVar[str | None] = "https://api.anthropic.com"
    key_variable: ClassVar[str | None] = "ANTHROPIC_API_KEY"
    needs_key: ClassVar[bool] = True

    def __init__(self, server: Server) -> None:
        # The SDK gathers a line without bounds before it looks at it.
        self._wire = Wire(server, {}, cap=server.patience.reply_bytes * 8)
        self._client = _sdk_client(server, self._wire)

    def check(self, model: Model) -> None:
        pass  # only the server knows what it has

    async def complete(self, model: Model, messages: Sequence[Message], sample: int) -> Reply:  # noqa: ARG002 - no seeds here
        clock = Clock(self._wire.server.patience)
        with self._sorted_errors():
            async with (
                clock.running(self._wire.url),
                await self._client.messages.create(**_body(model, messages), stream=True) as stream,
            ):
                return await _Reading(self._wire, clock).reply(stream)

    async def models(self) -> list[str]:
        with self._sorted_errors():
            async with asyncio.timeout(self._wire.server.patience.connect_s + 20):
                return sorted([model.id async for model in self._client.models.list(limit=1000)])

    async def close(self) -> None:
        await self._client.close()

    @contextlib.contextmanager
    def _sorted_errors(self) -> Iterator[None]:
        import anthropic

        try:
            with self._wire.sorted_errors():
                try:
                    yield
                except anthropic.APIConnectionError as error:
                    raise error.__cause__ or TimeoutError from None  # httpx2's own, or a time-out without one
        except anthropic.APIStatusError as error:
            status: int | None = error.status_code
            if status == 200:  # an error event in mid-stream
                details = error.body.get("error") if isinstance(error.body, dict) else None
                status = _STATUSES.get(details.get("type", "")) if isinstance(details, dict) else None
            said = error_words(error.body) if error.body else error.message
            raise self._wire.failure(status, said, retry_after(error.response.headers)) from None
        except anthropic.APIError as error:
            raise self._wire.garbled(
                f"no answer of Anthropic's protocol: {self._wire.scrub(str(error))[:200]}"
            ) from None


def _sdk_client(server: Server, wire: Wire) -> "AsyncAnthropic":
    try:
        import anthropic
    except ImportError:
        raise AssayError(
            "Asking Anthropic's models needs the package 'anthropic', which is not installed.",
            "Install the extra: pip install 'assay[anthropic]'",
        ) from None
    # A key is always given: without one the SDK goes looking for credentials in places nobody told us of.
    return anthropic.AsyncAnthropic(
        api_key=server.key or "none",
        base_url=server.url,
        max_retries=0,
        timeout=wire.client.timeout,
        http_client=wire.client,
    )


def _body(model: Model, messages: Sequence[Message]) -> dict[str, Any]:
    options = model.options
    thinks = bool(options.thinking)
    budget = max(options.thinking or 0, _LEAST_THINKING)
    limit = options.max_tokens or _MAX_TOKENS + (budget if thinks else 0)
    body: dict[str, Any] = {
        "model": model.model,
        "max_tokens": limit,
        "messages": [
            {"role": message.role, "content": message.content} for message in messages if message.role != "system"
        ],
    }
    if system := "\n\n".join(message.content for message in messages if message.role == "system"):
        body["system"] = system
    sampling = {"temperature": options.temperature, "top_p": options.top_p}
    if stated := {name: value for name, value in sampling.items() if value is not None}:
        # Newer versions of the API reject these for every model, this one only for models that know none.
        body |= {"extra_body": stated, "extra_headers": {"anthropic-version": _SAMPLING_VERSION}}
    if options.stop:
        body["stop_sequences"] = list(options.stop)
    if options.thinking is not None:
        body["thinking"] = {"type": "enabled", "budget_tokens": budget} if thinks else {"type": "disabled"}
    return body


class _Reading:
    """One reply being put together from its events."""

    def __init__(self, wire: Wire, clock: Clock) -> None:
        self._wire = wire
        self._clock = clock
        self._pieces = Pieces(wire, clock.began)
        self._model = ""
        self._prompt_tokens: int | None = None
        self._completion_tokens: int | None = None
        self._reason: str | None = None
        self._done = False
        self._cut = False

    async def reply(self, stream: "AsyncStream[RawMessageStreamEvent]") -> Reply:
        """Read to the end. Raises Busy where the reply breaks off or is no such reply."""
        try:
            async for event in stream:
                if not self._clock.heard():
                    self._cut = True
                    break
                self._event(event)
        except (AttributeError, LookupError, TypeError, ValueError, RecursionError):
            raise self._wire.garbled("a reply that is not of Anthropic's protocol") from None
        except BROKEN:
            if self._reason is None:
                raise
        if not self._done and self._reason is None and not (self._cut and self._pieces.size):
            raise self._wire.garbled("half a reply")
        return self._built()

    def _event(self, event: "RawMessageStreamEvent") -> None:
        if event.type == "content_block_delta":
            if event.delta.type == "text_delta":
                self._pieces.said(event.delta.text)
            elif event.delta.type == "thinking_delta":
                self._pieces.thought(event.delta.thinking)
        elif event.type == "message_start":
            usage = event.message.usage
            self._model = event.message.model
            read = (usage.input_tokens, usage.cache_creation_input_tokens, usage.cache_read_input_tokens)
            self._prompt_tokens = sum(count(tokens) or 0 for tokens in read)
        elif event.type == "message_delta":
            self._reason = event.delta.stop_reason
            self._completion_tokens = count(event.usage.output_tokens)
        elif event.type == "message_stop":
            self._done = True

    def _built(self) -> Reply:
        return self._pieces.reply(
            model=str(self._model),
            finish="length" if self._cut else _FINISHES.get(self._reason or "end_turn", "other"),
            prompt_tokens=self._prompt_tokens,
            completion_tokens=self._completion_tokens,
        )
