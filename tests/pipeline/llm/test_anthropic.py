"""What is particular to Anthropic's Messages."""

from typing import Any

import pytest

from assay.pipeline.llm import Patience, Refused, ServerDown
from assay.pipeline.llm.gateway import Gateway
from assay.records import Message, Model, Options, Reply, Request
from tests.servers import ScriptedReply, in_turn
from tests.servers.anthropic import AnthropicServer

QUICK = Patience(connect_s=2, first_token_s=2, silence_s=0.5, attempts=2, wait_s=0.01)


def ask(server: AnthropicServer, options: Options | None = None, keys: dict[str, str] | None = None) -> Reply:
    model = Model(name="m", provider="anthropic", model="model-a", url=server.url, options=options or Options())
    if keys:
        model = model.model_copy(update={"key": next(iter(keys))})
    with Gateway(keys or {}, patience=QUICK) as gateway:
        return gateway.complete(Request(model=model, messages=(Message(role="user", content="Write f."),)))


def test_a_limit_is_always_given() -> None:
    with AnthropicServer() as server:
        ask(server)
        assert server.seen[0].body["max_tokens"] == 8192


def test_a_thinking_budget_comes_on_top_of_the_answers_limit() -> None:
    with AnthropicServer() as server:
        ask(server, Options(thinking=4000))
        body = server.seen[0].body
    assert body["thinking"] == {"type": "enabled", "budget_tokens": 4000}
    assert body["max_tokens"] > 8192


def test_no_budget_switches_thinking_off() -> None:
    with AnthropicServer() as server:
        ask(server, Options(thinking=0))
        assert server.seen[0].body["thinking"] == {"type": "disabled"}


def test_sampling_options_are_asked_of_the_version_that_knows_them() -> None:
    with AnthropicServer() as server:
        assert ask(server, Options(temperature=0.3, top_p=0.9)).text
        assert server.seen[0].headers["anthropic-version"] == "2023-06-01"


def test_its_key_is_accepted_and_a_wrong_one_refused() -> None:
    with AnthropicServer(key="right") as server:
        assert ask(server, keys={"SOME_KEY": "right"}).text
        with pytest.raises(Refused, match="401") as caught:
            ask(server, keys={"SOME_KEY": "wrong"})
    assert "SOME_KEY" in caught.value.help


def test_an_overload_is_asked_again_as_often_as_patience_says() -> None:
    with AnthropicServer(in_turn(ScriptedReply(status=529, error="Overloaded"))) as server:
        with pytest.raises(ServerDown, match="Overloaded"):
            ask(server)
        assert server.counts().requests == QUICK.attempts


def test_an_overload_in_mid_stream_is_busy() -> None:
    busy = ScriptedReply("abc", error_after=3, error="Overloaded", code="overloaded_error")
    with AnthropicServer(in_turn(busy, ScriptedReply("x"))) as server:
        assert ask(server).attempts == 2


def test_a_refusal_of_the_model_is_a_filtered_reply() -> None:
    with AnthropicServer(in_turn(ScriptedReply("", finish="content_filter"))) as server:
        assert ask(server).finish == "filtered"


def test_text_that_a_block_begins_with_is_read() -> None:
    begun = b'data: {"type": "content_block_start", "content_block": {"type": "text", "text": "a"}}\n\n'
    more = b'data: {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "b"}}\n\n'
    ended = (
        b'data: {"type": "message_delta", "delta": {"stop_reason": "end_turn"}}\n\ndata: {"type": "message_stop"}\n\n'
    )
    with AnthropicServer(in_turn(ScriptedReply(garbage=begun + more + ended))) as server:
        assert ask(server).text == "ab"


def test_a_message_that_ends_without_having_begun_is_no_reply() -> None:
    nothing = ScriptedReply(garbage=b'data: {"type": "message_stop"}\n\n')
    with AnthropicServer(in_turn(nothing, ScriptedReply("x"))) as server:
        assert ask(server).attempts == 2


def test_a_prompt_that_is_too_long_is_no_unknown_model_though_the_list_leaves_out_its_alias() -> None:
    refused = ScriptedReply(status=400, error="prompt is too long: 210000 tokens > 200000 maximum")
    with Listing(in_turn(refused)) as server, pytest.raises(Refused, match="prompt is too long"):
        ask(server)


class Listing(AnthropicServer):
    """Answers to a name that it does not list."""

    def document(self, path: str) -> Any:
        return {"data": [{"id": "model-20260101"}], "has_more": False}
