"""What is particular to Ollama: its options, and prompts that it cuts in silence."""

import pytest

from assay.pipeline.llm import Patience, Refused, UnknownModel
from assay.pipeline.llm.gateway import Gateway
from assay.records import Message, Model, Options, Reply, Request
from tests.servers import ScriptedReply, in_turn
from tests.servers.ollama import OllamaServer

QUICK = Patience(connect_s=2, first_token_s=2, silence_s=0.5, attempts=2, wait_s=0.01)
LONG = "lorem ipsum dolor sit amet " * 400
"""2,000 words, 2,700 tokens as the server counts."""


def ask(
    server: OllamaServer,
    text: str = "Write the function f.",
    options: Options | None = None,
    model: str = "model-a",
    earlier: tuple[Message, ...] = (),
) -> Reply:
    asked = Model(name="m", provider="ollama", model=model, url=server.url, options=options or Options())
    with Gateway({}, patience=QUICK) as gateway:
        return gateway.complete(Request(model=asked, messages=(*earlier, Message(role="user", content=text))))


def test_options_go_under_ollamas_names() -> None:
    options = Options(temperature=0.5, max_tokens=64, context=8192, seed=3, stop=("\ndef",), thinking=0)
    with OllamaServer() as server:
        ask(server, options=options)
        body = server.seen[0].body
    stated = {"temperature": 0.5, "num_predict": 64, "num_ctx": 8192, "seed": 3, "stop": ["\ndef"]}
    assert body["options"] == stated
    assert (body["think"], body["truncate"], body["shift"]) == (False, False, False)


def test_options_that_nobody_set_are_left_to_the_server() -> None:
    with OllamaServer() as server:
        ask(server)
        assert server.seen[0].body["options"] == {}
        assert "think" not in server.seen[0].body


def test_a_model_that_cannot_think_refuses_to() -> None:
    with OllamaServer(thinks=False) as server, pytest.raises(Refused, match="does not support thinking"):
        ask(server, options=Options(thinking=1000))


def test_a_model_answers_to_its_name_without_latest() -> None:
    with OllamaServer() as server:
        assert ask(server, model="tiny").text
        with pytest.raises(UnknownModel) as caught:
            ask(server, model="tini")
    assert "tiny" in caught.value.help


def test_a_prompt_that_fits_is_whole() -> None:
    with OllamaServer() as server:
        assert ask(server, LONG, Options(context=4096)).finish == "stop"


@pytest.mark.parametrize("version", ["0.1.30", "0.12.6"])
def test_a_prompt_that_fills_the_asked_window_was_cut(version: str) -> None:
    with OllamaServer(version=version) as server:
        reply = ask(server, LONG, Options(context=2500))
    assert (reply.finish, reply.prompt_tokens) == ("truncated_prompt", 2500)
    assert reply.truncated


def test_a_prompt_cut_at_the_servers_own_window_is_found_by_its_words() -> None:
    with OllamaServer() as server:
        assert ask(server, LONG * 4).finish == "truncated_prompt"  # 8,000 words; it read 4,096 tokens


def test_earlier_messages_that_were_dropped_are_found_too() -> None:
    earlier = (Message(role="user", content=LONG), Message(role="assistant", content=LONG))
    with OllamaServer(in_turn(ScriptedReply("x", prompt_tokens=30))) as server:
        assert ask(server, "And now?", earlier=earlier).finish == "truncated_prompt"


def test_a_newer_server_refuses_and_that_is_a_cut_prompt_not_an_error() -> None:
    with OllamaServer(knows_truncate=True) as server:
        reply = ask(server, LONG, Options(context=2048))
        assert server.counts().requests == 1
    assert (reply.finish, reply.text) == ("truncated_prompt", "")


def test_a_small_count_of_an_old_server_is_its_cache_and_no_cut() -> None:
    cached = ScriptedReply("x", prompt_tokens=12)
    with OllamaServer(in_turn(cached), version="0.1.30") as server:
        assert ask(server, LONG, Options(context=8192)).finish == "stop"


def test_a_missing_count_says_nothing() -> None:
    cached = ScriptedReply("x", prompt_tokens=0)
    with OllamaServer(in_turn(cached)) as server:
        reply = ask(server, LONG, Options(context=8192))
    assert (reply.finish, reply.prompt_tokens) == ("stop", None)


def test_more_words_than_the_window_has_tokens_cannot_have_been_read() -> None:
    cached = ScriptedReply("x", prompt_tokens=0)
    with OllamaServer(in_turn(cached)) as server:
        assert ask(server, LONG, Options(context=1024)).finish == "truncated_prompt"
