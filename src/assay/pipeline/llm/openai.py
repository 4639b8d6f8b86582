"""Servers that speak OpenAI's chat completions: OpenAI itself, LM Studio, vLLM, OpenRouter, AI Pipe and many more."""

import re
from collections.abc import Sequence
from typing import Any, ClassVar, NoReturn

from assay.pipeline.llm import Refused, Server
from assay.pipeline.llm.local import LOCAL
from assay.pipeline.llm.pieces import Pieces
from assay.pipeline.llm.wire import Stream, Wire, error_words, parsed
from assay.records import Finish, Message, Model, Reply

_FINISHES: dict[str, Finish] = {"stop": "stop", "eos": "stop", "length": "length", "content_filter": "filtered"}
_DROPPABLE = ("stream_options", "reasoning_effort", "chat_template_kwargs", "reasoning", "response_format")
"""What we ask for beyond the prompt's own options: a server that rejects one of these is asked again without it."""


class OpenAI:
    """OpenAI, and any server of its protocol whose URL a model names."""

    default_url: ClassVar[str | None] = "https://api.openai.com/v1"
    key_variable: ClassVar[str | None] = "OPENAI_API_KEY"
    needs_key: ClassVar[bool] = True

    def __init__(self, server: Server) -> None:
        self._wire = Wire(server, {"authorization": f"Bearer {server.key}"} if server.key else {})
        self._patience = server.patience
        self._rejected: set[tuple[str, str]] = set()

    def check(self, model: Model) -> None:
        pass  # only the server knows what it has

    async def complete(self, model: Model, messages: Sequence[Message], sample: int) -> Reply:
        """Ask once. What a server rejects of `_DROPPABLE` is left out for this model from then on."""
        while True:
            body = self._body(model, messages, sample)
            try:
                async with self._wire.post("/chat/completions", body) as stream:
                    return await _Reading(self._wire, stream).reply()
            except Refused as refusal:
                if not self._learn(model, body, refusal):
                    raise

    async def models(self) -> list[str]:
        document = await self._wire.get("/models")
        try:
            names = {str(item["id"]) for item in document["data"]}
        except (TypeError, KeyError):
            raise self._wire.garbled("no list of models") from None
        return sorted(names | {name.removeprefix("models/") for name in names})  # Gemini's, which takes both

    async def close(self) -> None:
        self._wire.close()

    def _body(self, model: Model, messages: Sequence[Message], sample: int) -> dict[str, Any]:
        options = model.options
        body: dict[str, Any] = {
            "model": model.model,
            "messages": [{"role": message.role, "content": message.content} for message in messages],
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if options.temperature is not None:
            body["temperature"] = options.temperature
        if options.top_p is not None:
            body["top_p"] = options.top_p
        if options.max_tokens is not None:
            body[self._limit_name(model)] = options.max_tokens
        if options.seed is not None:
            body["seed"] = options.seed + sample  # one seed for all would make all samples one
        if options.stop:
            body["stop"] = list(options.stop)
        if options.answer_schema is not None:
            shape = {"name": "answer", "strict": True, "schema": options.answer_schema}
            body["response_format"] = {"type": "json_schema", "json_schema": shape}
        if options.thinking is not None:
            body.update(self._thinking(options.thinking))
        for name in _DROPPABLE:
            if (model.model, name) in self._rejected:
                body.pop(name, None)
        return body

    def _thinking(self, budget: int) -> dict[str, Any]:
        """OpenAI knows no budget in tokens, only degrees."""
        degree = "none" if budget == 0 else "low" if budget <= 2048 else "medium" if budget <= 8192 else "high"
        return {"reasoning_effort": degree}

    def _limit_name(self, model: Model) -> str:
        newer = self._wire.url == OpenAI.default_url
        if (model.model, "max_tokens") in self._rejected or (
            newer and (model.model, "max_completion_tokens") not in self._rejected
        ):
            return "max_completion_tokens"
        return "max_tokens"

    def _learn(self, model: Model, body: dict[str, Any], refusal: Refused) -> bool:
        """Whether asking again without something the server rejects may help; each thing is left out once."""
        if refusal.status not in (400, 422):
            return False
        for name in ("max_completion_tokens", "max_tokens"):
            # Only where the name itself is what is rejected, not its value.
            words = refusal.said.lower()
            if (
                name in body
                and name in words
                and any(sign in words for sign in ("unsupported", "unrecognized", "extra"))
            ):
                self._rejected.add((model.model, name))  # perhaps again: many are asked at once
                if self._limit_name(model) != name:
                    return True
        for name in _DROPPABLE:
            if name in body and (
                name in refusal.said or (name == "stream_options" and "include_usage" in refusal.said)
            ):
                self._rejected.add((model.model, name))
                return True
        return False


class LMStudio(OpenAI):
    default_url = LOCAL["lmstudio"].url
    key_variable = "LM_API_TOKEN"
    needs_key = False

    def _thinking(self, budget: int) -> dict[str, Any]:  # noqa: ARG002
        return {}  # it has no switch in this protocol: set it where the model is loaded


class VLLM(OpenAI):
    default_url = LOCAL["vllm"].url
    key_variable = "VLLM_API_KEY"
    needs_key = False

    def _thinking(self, budget: int) -> dict[str, Any]:
        return {"chat_template_kwargs": {"enable_thinking": budget > 0}}


class OpenRouter(OpenAI):
    default_url = "https://openrouter.ai/api/v1"
    key_variable = "OPENROUTER_API_KEY"

    def _thinking(self, budget: int) -> dict[str, Any]:
        return {"reasoning": {"max_tokens": budget} if budget else {"enabled": False}}


class AIPipe(OpenRouter):
    default_url = "https://aipipe.org/openrouter/v1"
    key_variable = "AIPIPE_TOKEN"


class _Reading:
    """One reply being put together from its events."""

    def __init__(self, wire: Wire, stream: Stream) -> None:
        self._wire = wire
        self._stream = stream
        self._pieces = Pieces(wire, stream.began)
        self._model = ""
        self._finish: str | None = None
        self._usage: dict[str, Any] = {}
        self._done = False

    async def reply(self) -> Reply:
        """Read to the end. Raises Busy where the reply breaks off or is no such reply."""
        try:
            if self._stream.is_document:
                self._event(await self._stream.document(), "message")
                self._done = True
            else:
                await self._read_events()
                if self._done:
                    await self._stream.drain()
            if self._finish is None and not (self._pieces.size and (self._done or self._stream.cut)):
                raise self._stream.garbled("half a reply" if self._pieces.size else "no reply")
            return self._built()
        except (AttributeError, LookupError, TypeError, ValueError, RecursionError):
            raise self._stream.garbled("a reply that is not of OpenAI's protocol") from None

    async def _read_events(self) -> None:
        while not self._done and (lines := await self._lines()):
            for line in lines:
                if not line.startswith(b"data:"):
                    if line.startswith(b"error:"):  # as older llama.cpp says it
                        self._fail({"error": parsed(line[6:])})
                    continue  # blank lines between events, names of events, keep-alives
                data = line[5:].strip()
                if data == b"[DONE]":
                    self._done = True
                    return
                if data:
                    self._event(parsed(data), "delta")

    async def _lines(self) -> list[bytes]:
        if self._finish:
            return await self._stream.after_finish()
        return await self._stream.lines(gather=self._pieces.size > 0)

    def _event(self, event: dict[str, Any], part: str) -> None:
        if event.get("error"):
            self._fail(event)
        if usage := event.get("usage"):
            self._usage = usage
        if name := event.get("model"):
            self._model = name
        if not (choices := event.get("choices")):
            return
        choice = choices[0]
        reason = choice.get("finish_reason")
        if choice.get("error") or reason == "error":  # OpenRouter's, where the server behind it failed
            self._fail({"error": choice.get("error") or "the server behind it failed"})
        if reason:
            self._finish = str(reason)
        if delta := choice.get(part):
            if content := delta.get("content") or delta.get("refusal"):
                self._content(content)
            if thought := delta.get("reasoning_content") or delta.get("reasoning"):
                self._pieces.thought(thought)

    def _fail(self, event: dict[str, Any]) -> NoReturn:
        error = event["error"]
        code = error.get("code") if isinstance(error, dict) else None
        status = int(str(code)) if re.fullmatch("[45][0-9]{2}", str(code)) else None
        raise self._wire.failure(status, error_words(event))

    def _content(self, content: Any) -> None:
        if isinstance(content, str):
            self._pieces.said(content)
            return
        for part in content:  # typed parts, as some send them
            if part.get("type") == "text":
                self._pieces.said(part["text"])
            elif part.get("type") == "thinking":
                thoughts = part["thinking"]
                for thought in thoughts if isinstance(thoughts, list) else [{"text": thoughts}]:
                    self._pieces.thought(thought["text"])

    def _built(self) -> Reply:
        finish: Finish = "length" if self._stream.cut else _FINISHES.get(self._finish or "stop", "other")
        usage = self._usage
        return self._pieces.reply(
            model=str(self._model),
            finish=finish,
            prompt_tokens=count(usage.get("prompt_tokens")),
            completion_tokens=count(usage.get("completion_tokens")),
            cost=money(usage.get("cost")),
        )


def count(value: object) -> int | None:
    """A token count as a server gave it; None where it is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 31 else None


def money(value: object) -> float | None:
    """A cost as a server gave it; None where it is none."""
    return float(value) if isinstance(value, int | float) and 0 <= value < 1e9 else None
