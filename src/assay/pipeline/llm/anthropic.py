"""Anthropic's Messages."""

from collections.abc import Sequence
from typing import Any, ClassVar
from urllib.parse import quote

from assay.pipeline.llm import Server
from assay.pipeline.llm.openai import count
from assay.pipeline.llm.pieces import Pieces
from assay.pipeline.llm.wire import Stream, Wire, error_words, parsed
from assay.records import Finish, Message, Model, Reply

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
_VERSION = "2026-10-21"
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
_PAGES = 20
"""Of a server's list of models, a thousand names each."""


class Anthropic:
    """Anthropic, or a server that speaks its Messages protocol."""

    default_url: ClassVar[str | None] = "https://api.anthropic.com"
    key_variable: ClassVar[str | None] = "ANTHROPIC_API_KEY"
    needs_key: ClassVar[bool] = True

    def __init__(self, server: Server) -> None:
        self._wire = Wire(server, {"x-api-key": server.key} if server.key else {})

    def check(self, model: Model) -> None:
        pass  # only the server knows what it has

    async def complete(self, model: Model, messages: Sequence[Message], sample: int) -> Reply:  # noqa: ARG002 - no seeds here
        body = _body(model, messages)
        # Newer versions of the API reject these for every model, this one only for models that know none.
        version = _SAMPLING_VERSION if {"temperature", "top_p"} & body.keys() else _VERSION
        async with self._wire.post("/v1/messages", body, {"anthropic-version": version}) as stream:
            return await _Reading(self._wire, stream).reply()

    async def models(self) -> list[str]:
        names: list[str] = []
        after = ""
        try:
            for _ in range(_PAGES):
                document = await self._wire.get(f"/v1/models?limit=1000{after}", {"anthropic-version": _VERSION})
                names += [str(item["id"]) for item in document["data"]]
                if not document.get("has_more"):
                    break
                after = f"&after_id={quote(names[-1], safe='')}"
        except (AttributeError, LookupError, TypeError):
            raise self._wire.garbled("no list of models") from None
        return sorted(names)

    async def close(self) -> None:
        self._wire.close()


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
        "stream": True,
    }
    if system := "\n\n".join(message.content for message in messages if message.role == "system"):
        body["system"] = system
    if options.temperature is not None:
        body["temperature"] = options.temperature
    if options.top_p is not None:
        body["top_p"] = options.top_p
    if options.stop:
        body["stop_sequences"] = list(options.stop)
    if options.thinking is not None:
        body["thinking"] = {"type": "enabled", "budget_tokens": budget} if thinks else {"type": "disabled"}
    return body


class _Reading:
    """One reply being put together from its events."""

    def __init__(self, wire: Wire, stream: Stream) -> None:
        self._wire = wire
        self._stream = stream
        self._pieces = Pieces(wire, stream.began)
        self._model = ""
        self._prompt_tokens: int | None = None
        self._completion_tokens: int | None = None
        self._reason: str | None = None
        self._done = False

    async def reply(self) -> Reply:
        """Read to the end. Raises Busy where the reply breaks off or is no such reply."""
        try:
            if self._stream.is_document:
                self._document(await self._stream.document())
            else:
                await self._read_events()
                if self._done:
                    await self._stream.drain()
            if self._reason is None and not (self._pieces.size and (self._done or self._stream.cut)):
                raise self._stream.garbled("half a reply" if self._pieces.size else "no reply")
            return self._built()
        except (AttributeError, LookupError, TypeError, ValueError, RecursionError):
            raise self._stream.garbled("a reply that is not of Anthropic's protocol") from None

    async def _read_events(self) -> None:
        while not self._done and (lines := await self._lines()):
            for line in lines:
                if line.startswith(b"data:"):  # an event's name is in its data too
                    self._event(parsed(line[5:]))

    async def _lines(self) -> list[bytes]:
        if self._reason:
            return await self._stream.after_finish()
        return await self._stream.lines(gather=self._pieces.size > 0)

    def _event(self, event: dict[str, Any]) -> None:
        kind = event["type"]
        if kind == "content_block_delta":
            delta = event["delta"]
            if delta["type"] == "text_delta":
                self._pieces.said(delta["text"])
            elif delta["type"] == "thinking_delta":
                self._pieces.thought(delta["thinking"])
        elif kind == "content_block_start":  # empty at Anthropic's, not at every server of its protocol
            self._block(event["content_block"])
        elif kind == "message_start":
            self._began(event["message"])
        elif kind == "message_delta":
            self._reason = event["delta"].get("stop_reason")
            self._completion_tokens = count((event.get("usage") or {}).get("output_tokens"))
        elif kind == "message_stop":
            self._done = True
        elif kind == "error":
            raise self._failure(event)

    def _document(self, document: dict[str, Any]) -> None:
        if document["type"] == "error":
            raise self._failure(document)
        self._began(document)
        for block in document["content"]:
            self._block(block)
        self._reason = document.get("stop_reason")
        self._completion_tokens = count((document.get("usage") or {}).get("output_tokens"))
        self._done = True

    def _block(self, block: dict[str, Any]) -> None:
        if block["type"] == "text" and (text := block.get("text")):
            self._pieces.said(text)
        elif block["type"] == "thinking" and (thought := block.get("thinking")):
            self._pieces.thought(thought)

    def _began(self, message: dict[str, Any]) -> None:
        self._model = message["model"]
        usage = message.get("usage") or {}
        names = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
        if count(usage.get("input_tokens")) is not None:
            self._prompt_tokens = sum(count(usage.get(name)) or 0 for name in names)

    def _failure(self, event: dict[str, Any]) -> Exception:
        error = event.get("error")
        kind = error.get("type") if isinstance(error, dict) else None
        return self._wire.failure(_STATUSES.get(str(kind)), error_words(event))

    def _built(self) -> Reply:
        return self._pieces.reply(
            model=str(self._model),
            finish="length" if self._stream.cut else _FINISHES.get(str(self._reason or "end_turn"), "other"),
            prompt_tokens=self._prompt_tokens,
            completion_tokens=self._completion_tokens,
        )
