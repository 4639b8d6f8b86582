"""A server of OpenAI's chat completions protocol."""

import ssl
from typing import Any

from tests.servers.script import Answer, ScriptedReply, echo, tokens
from tests.servers.serving import Server, event, main


class OpenAIServer(Server):
    """Streams with or without usage; `rejects` names members of the body that it refuses, as older servers do.

    `any_name`: it answers whatever the model is called, as LM Studio and llama.cpp's server do.
    """

    question_path = "/v1/chat/completions"

    def __init__(
        self,
        answer: Answer = echo,
        *,
        models: tuple[str, ...] = ("model-a", "model-b"),
        port: int = 0,
        key: str | None = None,
        tls: ssl.SSLContext | None = None,
        rejects: tuple[str, ...] = (),
        thinking_name: str = "reasoning_content",
        any_name: bool = False,
    ) -> None:
        super().__init__(answer, models=models, port=port, tls=tls)
        self.key = key
        self.rejects = rejects
        self.thinking_name = thinking_name
        self.any_name = any_name

    @property
    def url(self) -> str:
        return f"{self.root}/v1"

    def document(self, path: str) -> Any:
        if path == "/v1/models":
            return {
                "object": "list",
                "data": [{"id": name, "object": "model", "owned_by": "test"} for name in self.models],
            }
        return None

    def refusal(self, body: dict[str, Any], headers: dict[str, str]) -> ScriptedReply | None:
        if self.key and headers.get("authorization") != f"Bearer {self.key}":
            given = headers.get("authorization", "none").removeprefix("Bearer ")
            return ScriptedReply(status=401, error=f"Incorrect API key provided: {given}", code="invalid_api_key")
        for name in self.rejects:
            if name in body:
                text = f"Unsupported parameter: '{name}' is not supported with this model."
                return ScriptedReply(status=400, error=text, code="unsupported_parameter")
        return None if self.any_name else super().refusal(body, headers)

    def whole_document(self, body: dict[str, Any], reply: ScriptedReply) -> Any:
        message = {"role": "assistant", "content": reply.text}
        if reply.thinking:
            message[self.thinking_name] = reply.thinking
        choice = {"index": 0, "message": message, "finish_reason": reply.finish, "logprobs": None}
        return {**_frame(body, "chat.completion"), "choices": [choice], "usage": _usage(body, reply)}

    def opening(self, body: dict[str, Any], reply: ScriptedReply) -> list[bytes]:
        return [event(_chunk(body, {"role": "assistant", "content": ""}))]

    def piece(self, body: dict[str, Any], kind: str, text: str) -> bytes:
        return event(_chunk(body, {"content" if kind == "text" else self.thinking_name: text}))

    def error_event(self, reply: ScriptedReply) -> bytes:
        return event(self.error_document(reply))

    def closing(self, body: dict[str, Any], reply: ScriptedReply) -> list[bytes]:
        events = [event(_chunk(body, {}, reply.finish))]
        if reply.usage and body.get("stream_options", {}).get("include_usage"):
            events.append(event({**_frame(body, "chat.completion.chunk"), "choices": [], "usage": _usage(body, reply)}))
        return [*events, b"data: [DONE]\n\n"]


def _frame(body: dict[str, Any], kind: str) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": kind,
        "created": 1700000000,
        "model": body["model"],
        "system_fingerprint": "fp_1",
    }


def _chunk(body: dict[str, Any], delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return {**_frame(body, "chat.completion.chunk"), "choices": [choice], "usage": None}


def _usage(body: dict[str, Any], reply: ScriptedReply) -> dict[str, Any]:
    asked = (
        sum(tokens(message["content"]) for message in body["messages"])
        if reply.prompt_tokens is None
        else reply.prompt_tokens
    )
    said = tokens(reply.text + reply.thinking) if reply.completion_tokens is None else reply.completion_tokens
    return {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said}


if __name__ == "__main__":
    main(OpenAIServer)
