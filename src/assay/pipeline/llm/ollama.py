"""Ollama's own API, which tells what its OpenAI-compatible one hides: the context window, thinking, counts.

Ollama cuts a prompt that does not fit without a word. How that is found out:

1. We ask it not to (`truncate: false`, and `shift: false` against dropping the beginning while it answers). Versions
   that know these refuse instead; that refusal is a reply of finish `truncated_prompt`.
2. Older versions ignore both. Then `prompt_eval_count`, the tokens it read, is held against what was sent:
   - it fills the asked window (`context`) to the last token: cut, since nothing was left for the answer;
   - the prompt has more words than the window has tokens: cut, whatever was counted;
   - it is smaller than the number of words sent: cut, since every word costs at least one token.
   The number of words is a floor, commonly a half to three quarters of the tokens: a cut that loses less than that goes
   unseen by the third rule.
3. Up to version 0.2 of July 2024 the count left out what came from the prompt cache, and was missing where all did.
   So a missing or zero count says nothing, and the third rule asks `/api/version` first and holds only from 0.3 on.
"""

import re
from collections.abc import Sequence
from typing import Any, ClassVar

from assay.errors import ProviderError
from assay.pipeline.llm import Refused, Server
from assay.pipeline.llm.local import LOCAL
from assay.pipeline.llm.openai import count
from assay.pipeline.llm.pieces import Pieces
from assay.pipeline.llm.wire import Stream, Wire, error_words, parsed
from assay.records import Finish, Message, Model, Reply

_WORD = re.compile(r"\w+")
_TOO_LONG = re.compile(r"context (length|window|size)|exceeds? .{0,40}context|too long", re.IGNORECASE)
_FINISHES: dict[str, Finish] = {"stop": "stop", "length": "length"}


class Ollama:
    """An Ollama server, by its own API."""

    default_url: ClassVar[str | None] = LOCAL["ollama"].url
    key_variable: ClassVar[str | None] = "OLLAMA_API_KEY"
    needs_key: ClassVar[bool] = False

    def __init__(self, server: Server) -> None:
        self._wire = Wire(server, {"authorization": f"Bearer {server.key}"} if server.key else {})
        self._counts_all: bool | None = None

    def check(self, model: Model) -> None:
        pass  # only the server knows what it has

    async def complete(self, model: Model, messages: Sequence[Message], sample: int) -> Reply:
        try:
            async with self._wire.post("/api/chat", _body(model, messages, sample)) as stream:
                reply = await _Reading(self._wire, stream).reply()
        except Refused as refusal:
            if refusal.status in (400, 413) and _TOO_LONG.search(refusal.said):
                return Reply(text="", model=model.model, finish="truncated_prompt")
            raise
        if await self._was_cut(model, messages, reply.prompt_tokens):
            return reply.model_copy(update={"finish": "truncated_prompt"})
        return reply

    async def models(self) -> list[str]:
        document = await self._wire.get("/api/tags")
        try:
            names = {str(item.get("name") or item["model"]) for item in document["models"]}
        except (AttributeError, KeyError, TypeError):
            raise self._wire.garbled("no list of models") from None
        return sorted(names | {name.removesuffix(":latest") for name in names})

    async def close(self) -> None:
        self._wire.close()

    async def _was_cut(self, model: Model, messages: Sequence[Message], counted: int | None) -> bool:
        window = model.options.context
        words = sum(len(_WORD.findall(message.content)) for message in messages)
        if window and (words > window or (counted or 0) >= window):
            return True
        return bool(counted) and counted is not None and counted < words and await self._counts_cached_tokens()

    async def _counts_cached_tokens(self) -> bool:
        if self._counts_all is None:
            try:
                version = str((await self._wire.get("/api/version"))["version"])
                major, minor = (int(part) for part in version.lstrip("v").split(".")[:2])
                self._counts_all = (major, minor) >= (0, 3)
            except (ProviderError, LookupError, TypeError, ValueError):
                return True  # nothing that old is likely; ask again next time
        return self._counts_all


def _body(model: Model, messages: Sequence[Message], sample: int) -> dict[str, Any]:
    options = model.options
    settings = {
        "temperature": options.temperature,
        "top_p": options.top_p,
        "num_predict": options.max_tokens,
        "num_ctx": options.context,
        "seed": None if options.seed is None else options.seed + sample,
        "stop": list(options.stop) or None,
    }
    body: dict[str, Any] = {
        "model": model.model,
        "messages": [{"role": message.role, "content": message.content} for message in messages],
        "stream": True,
        "truncate": False,
        "shift": False,
        "options": {name: value for name, value in settings.items() if value is not None},
    }
    if options.answer_schema is not None:
        body["format"] = options.answer_schema
    if options.thinking is not None:
        body["think"] = options.thinking > 0  # it knows no budget
    return body


class _Reading:
    """One reply being put together from its lines."""

    def __init__(self, wire: Wire, stream: Stream) -> None:
        self._wire = wire
        self._stream = stream
        self._pieces = Pieces(wire, stream.began)
        self._last: dict[str, Any] | None = None

    async def reply(self) -> Reply:
        """Read to the end. Raises Busy where the reply breaks off or is no such reply."""
        try:
            # Lines end in a newline even where a server sends one document: both read alike.
            while self._last is None and (lines := await self._stream.lines(gather=self._pieces.size > 0)):
                for line in lines:
                    if line.strip():
                        self._line(parsed(line))
            if self._last is not None:
                await self._stream.drain()
            if self._last is None and not (self._stream.cut and self._pieces.size):
                raise self._stream.garbled("half a reply")
            return self._built(self._last or {"done_reason": "length"})
        except (AttributeError, LookupError, TypeError, ValueError, RecursionError):
            raise self._stream.garbled("a reply that is not of Ollama's protocol") from None

    def _line(self, line: dict[str, Any]) -> None:
        if line.get("error"):
            raise self._wire.failure(None, error_words(line))
        if message := line.get("message"):
            if piece := message.get("content"):
                self._pieces.said(piece)
            if piece := message.get("thinking"):
                self._pieces.thought(piece)
        if line.get("done"):
            self._last = line

    def _built(self, last: dict[str, Any]) -> Reply:
        return self._pieces.reply(
            model=str(last.get("model") or ""),
            finish=_FINISHES.get(str(last.get("done_reason") or "stop"), "other"),
            prompt_tokens=count(last.get("prompt_eval_count")) or None,
            completion_tokens=count(last.get("eval_count")),
        )
