"""A server of Ollama's own API, with its habit of cutting prompts that do not fit."""

import json
from typing import Any

from tests.servers.script import Answer, ScriptedReply, echo, tokens
from tests.servers.serving import Server, main

DEFAULT_CONTEXT = 4096


class OllamaServer(Server):
    """`knows_truncate`: newer versions refuse a prompt that does not fit when they are asked to."""

    question_path = "/api/chat"

    def __init__(
        self,
        answer: Answer = echo,
        *,
        models: tuple[str, ...] = ("model-a", "model-b", "qwen2.5-coder:7b", "tiny:latest"),
        port: int = 0,
        version: str = "0.12.6",
        knows_truncate: bool = False,
        thinks: bool = True,
    ) -> None:
        super().__init__(answer, models=models, port=port)
        self.version = version
        self.knows_truncate = knows_truncate
        self.thinks = thinks

    def document(self, path: str) -> Any:
        if path == "/api/tags":
            return {
                "models": [
                    {"name": name, "model": name, "size": 1, "details": {"family": "test"}} for name in self.models
                ]
            }
        if path == "/api/version":
            return {"version": self.version}
        return None

    def refusal(self, body: dict[str, Any], headers: dict[str, str]) -> ScriptedReply | None:
        name = body["model"]
        if name not in self.models and f"{name}:latest" not in self.models:
            return ScriptedReply(status=404, error=f"model '{name}' not found")
        if body.get("think") and not self.thinks:
            return ScriptedReply(status=400, error=f'"{name}" does not support thinking')
        if self.knows_truncate and body.get("truncate") is False and _sent(body) > _window(body):
            return ScriptedReply(status=400, error="the input length exceeds the context length")
        return None

    def error_document(self, reply: ScriptedReply) -> Any:
        return {"error": reply.error}

    def stream_type(self) -> str:
        return "application/x-ndjson"

    def keep_alive(self) -> bytes:
        return b"\n"

    def whole_document(self, body: dict[str, Any], reply: ScriptedReply) -> Any:
        message = {
            "role": "assistant",
            "content": reply.text,
            **({"thinking": reply.thinking} if reply.thinking else {}),
        }
        return {**_frame(body), "message": message, **_last(body, reply)}

    def piece(self, body: dict[str, Any], kind: str, text: str) -> bytes:
        message = {"role": "assistant", "content": text if kind == "text" else ""}
        if kind == "thinking":
            message["thinking"] = text
        return _line({**_frame(body), "message": message, "done": False})

    def error_event(self, reply: ScriptedReply) -> bytes:
        return _line({"error": reply.error})

    def closing(self, body: dict[str, Any], reply: ScriptedReply) -> list[bytes]:
        return [_line({**_frame(body), "message": {"role": "assistant", "content": ""}, **_last(body, reply)})]


def _line(document: Any) -> bytes:
    return json.dumps(document).encode() + b"\n"


def _frame(body: dict[str, Any]) -> dict[str, Any]:
    return {"model": body["model"], "created_at": "2026-01-01T00:00:00.000000Z"}


def _last(body: dict[str, Any], reply: ScriptedReply) -> dict[str, Any]:
    last = {"done": True, "done_reason": reply.finish, "total_duration": 1_000_000, "load_duration": 1000}
    if not reply.usage:
        return last
    read = min(_sent(body), _window(body)) if reply.prompt_tokens is None else reply.prompt_tokens
    said = tokens(reply.text + reply.thinking) if reply.completion_tokens is None else reply.completion_tokens
    # A count of nothing is left out, as Go's omitempty does.
    return last | ({"prompt_eval_count": read} if read else {}) | {"eval_count": said, "eval_duration": 1000}


def _sent(body: dict[str, Any]) -> int:
    return sum(tokens(message["content"]) for message in body["messages"])


def _window(body: dict[str, Any]) -> int:
    return int(body.get("options", {}).get("num_ctx", DEFAULT_CONTEXT))


if __name__ == "__main__":
    main(OllamaServer)
