"""A server of Anthropic's Messages protocol."""

from typing import Any

from tests.servers.script import Answer, ScriptedReply, echo, tokens
from tests.servers.serving import Server, event, main

_REASONS = {"stop": "end_turn", "length": "max_tokens", "content_filter": "refusal"}
_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    529: "overloaded_error",
}


class AnthropicServer(Server):
    question_path = "/v1/messages"

    def __init__(
        self,
        answer: Answer = echo,
        *,
        models: tuple[str, ...] = ("model-a", "model-b"),
        port: int = 0,
        key: str | None = None,
    ) -> None:
        super().__init__(answer, models=models, port=port)
        self.key = key

    def document(self, path: str) -> Any:
        if path == "/v1/models":
            models = [
                {"type": "model", "id": name, "display_name": name, "created_at": "2026-01-01T00:00:00Z"}
                for name in self.models
            ]
            return {"data": models, "has_more": False, "first_id": self.models[0], "last_id": self.models[-1]}
        return None

    def refusal(self, body: dict[str, Any], headers: dict[str, str]) -> ScriptedReply | None:
        if self.key and self.key not in (
            headers.get("x-api-key"),
            headers.get("authorization", "").removeprefix("Bearer "),
        ):
            return ScriptedReply(status=401, error="invalid x-api-key")
        if headers.get("anthropic-version") != "2023-06-01":
            for name in ("temperature", "top_p", "top_k"):
                if name in body:
                    return ScriptedReply(status=400, error=f"{name}: Extra inputs are not permitted")
        if "max_tokens" not in body:
            return ScriptedReply(status=400, error="max_tokens: Field required")
        if body["model"] not in self.models:
            return ScriptedReply(status=404, error=f"model: {body['model']}")
        return None

    def error_document(self, reply: ScriptedReply) -> Any:
        kind = reply.code or _TYPES.get(reply.status, "api_error")
        return {"type": "error", "error": {"type": kind, "message": reply.error}, "request_id": "req_1"}

    def whole_document(self, body: dict[str, Any], reply: ScriptedReply) -> Any:
        content: list[dict[str, Any]] = []
        if reply.thinking:
            content.append({"type": "thinking", "thinking": reply.thinking, "signature": "s"})
        content.append({"type": "text", "text": reply.text})
        usage = {"input_tokens": _asked(body, reply), "output_tokens": _said(reply)}
        return {
            **_message(body),
            "content": content,
            "stop_reason": _REASONS.get(reply.finish, reply.finish),
            "usage": usage,
        }

    def keep_alive(self) -> bytes:
        return event({"type": "ping"}, "ping")

    def opening(self, body: dict[str, Any], reply: ScriptedReply) -> list[bytes]:
        usage = {"input_tokens": _asked(body, reply), "output_tokens": 1}
        events = [event({"type": "message_start", "message": {**_message(body), "usage": usage}}, "message_start")]
        blocks = [{"type": "thinking", "thinking": "", "signature": ""}] if reply.thinking else []
        for index, block in enumerate([*blocks, {"type": "text", "text": ""}]):
            start = {"type": "content_block_start", "index": index, "content_block": block}
            events.append(event(start, "content_block_start"))
        return events

    def piece(self, body: dict[str, Any], kind: str, text: str) -> bytes:
        delta = {"type": "text_delta", "text": text} if kind == "text" else {"type": "thinking_delta", "thinking": text}
        return event({"type": "content_block_delta", "index": 0, "delta": delta}, "content_block_delta")

    def error_event(self, reply: ScriptedReply) -> bytes:
        return event(self.error_document(reply), "error")

    def closing(self, body: dict[str, Any], reply: ScriptedReply) -> list[bytes]:
        delta = {"stop_reason": _REASONS.get(reply.finish, reply.finish), "stop_sequence": None}
        last = {"type": "message_delta", "delta": delta, "usage": {"output_tokens": _said(reply)}}
        return [
            event({"type": "content_block_stop", "index": 0}, "content_block_stop"),
            event(last, "message_delta"),
            event({"type": "message_stop"}, "message_stop"),
        ]


def _message(body: dict[str, Any]) -> dict[str, Any]:
    empty: dict[str, Any] = {"content": [], "stop_reason": None, "stop_sequence": None}
    return {"id": "msg_1", "type": "message", "role": "assistant", "model": body["model"], **empty}


def _asked(body: dict[str, Any], reply: ScriptedReply) -> int:
    if reply.prompt_tokens is not None:
        return reply.prompt_tokens
    return sum(tokens(message["content"]) for message in body["messages"]) + tokens(str(body.get("system", "")))


def _said(reply: ScriptedReply) -> int:
    return tokens(reply.text + reply.thinking) if reply.completion_tokens is None else reply.completion_tokens


if __name__ == "__main__":
    main(AnthropicServer)
