"""What is particular to OpenAI's protocol and the servers that nearly speak it."""

import json

import pytest

from assay.errors import ProviderError
from assay.pipeline.llm import Patience, Refused, ServerDown
from assay.pipeline.llm.gateway import Gateway
from assay.records import Message, Model, Options, Reply, Request
from tests.pipeline.llm.many import ask_all
from tests.servers import ScriptedReply, in_turn
from tests.servers.openai import OpenAIServer

QUICK = Patience(connect_s=2, first_token_s=2, silence_s=0.5, attempts=2, wait_s=0.01)


def ask(server: OpenAIServer, options: Options | None = None, provider: str = "openai", sample: int = 0) -> Reply:
    model = Model(name="m", provider=provider, model="model-a", url=server.url, options=options or Options())
    with Gateway({}, patience=QUICK) as gateway:
        return gateway.complete(
            Request(model=model, messages=(Message(role="user", content="Write f."),), sample=sample)
        )


def streamed(*events: object, done: bool = True) -> ScriptedReply:
    data = b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)
    return ScriptedReply(garbage=data + (b"data: [DONE]\n\n" if done else b""))


def piece(delta: object, finish: str | None = None) -> dict[str, object]:
    return {"model": "model-a", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def test_usage_is_asked_for_and_read() -> None:
    with OpenAIServer(in_turn(ScriptedReply("x", prompt_tokens=7, completion_tokens=3))) as server:
        reply = ask(server)
        assert server.seen[0].body["stream_options"] == {"include_usage": True}
    assert (reply.prompt_tokens, reply.completion_tokens) == (7, 3)


def test_a_server_that_rejects_stream_options_is_asked_without_and_stays_so() -> None:
    with OpenAIServer(rejects=("stream_options",)) as server, Gateway({}, patience=QUICK) as gateway:
        model = Model(name="m", provider="openai", model="model-a", url=server.url)
        replies = [
            gateway.complete(Request(model=model, messages=(Message(role="user", content=f"{n}"),))) for n in range(3)
        ]
        assert server.counts().requests == 4
    assert [reply.text for reply in replies] == ["1: 0", "0: 1", "0: 2"]
    assert [reply.attempts for reply in replies] == [1, 1, 1]
    assert replies[0].prompt_tokens is None


def test_the_limit_goes_under_the_name_that_the_server_knows() -> None:
    with OpenAIServer(rejects=("max_tokens",)) as server:
        ask(server, Options(max_tokens=9))
        assert [sorted(set(seen.body) & {"max_tokens", "max_completion_tokens"}) for seen in server.seen] == [
            ["max_tokens"],
            ["max_completion_tokens"],
        ]


def test_an_option_that_the_prompt_needs_is_never_left_out() -> None:
    with OpenAIServer(rejects=("temperature",)) as server:
        with pytest.raises(Refused, match="temperature") as caught:
            ask(server, Options(temperature=0.8))
        assert server.counts().requests == 1
    assert "leave it out of this model's options" in caught.value.help


def test_each_sample_has_a_seed_of_its_own() -> None:
    with OpenAIServer() as server:
        ask(server, Options(seed=100), sample=0)
        ask(server, Options(seed=100), sample=4)
        assert [seen.body["seed"] for seen in server.seen] == [100, 104]


@pytest.mark.parametrize(
    ("provider", "budget", "sent"),
    [
        ("openai", 0, {"reasoning_effort": "none"}),
        ("openai", 4000, {"reasoning_effort": "medium"}),
        ("vllm", 0, {"chat_template_kwargs": {"enable_thinking": False}}),
        ("openrouter", 0, {"reasoning": {"enabled": False}}),
        ("aipipe", 2000, {"reasoning": {"max_tokens": 2000}}),
        ("lmstudio", 0, {}),
    ],
)
def test_thinking_is_asked_for_as_each_server_understands_it(
    provider: str, budget: int, sent: dict[str, object]
) -> None:
    with OpenAIServer() as server:
        ask(server, Options(thinking=budget), provider)
        body = server.seen[0].body
    names = ("reasoning_effort", "chat_template_kwargs", "reasoning")
    assert {name: body[name] for name in names if name in body} == sent


def test_a_server_that_cannot_switch_thinking_is_asked_without() -> None:
    with OpenAIServer(rejects=("reasoning_effort",)) as server:
        assert ask(server, Options(thinking=0)).attempts == 1
        assert "reasoning_effort" not in server.seen[1].body


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
def test_both_names_of_thinking_are_known(name: str) -> None:
    with OpenAIServer(in_turn(ScriptedReply("x", thinking="hm")), thinking_name=name) as server:
        reply = ask(server)
    assert (reply.text, reply.thinking) == ("x", "hm")


def test_content_in_typed_parts_is_read() -> None:
    parts = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "x"}]
    with OpenAIServer(in_turn(streamed(piece({"content": parts}), piece({}, "stop")))) as server:
        reply = ask(server)
    assert (reply.text, reply.thinking) == ("x", "hm")


@pytest.mark.parametrize(
    ("reason", "finish"),
    [("stop", "stop"), ("length", "length"), ("content_filter", "filtered"), ("tool_calls", "other")],
)
def test_finish_reasons_are_put_into_our_words(reason: str, finish: str) -> None:
    with OpenAIServer(in_turn(ScriptedReply("x", finish=reason))) as server:
        assert ask(server).finish == finish


def test_a_stream_without_the_closing_mark_is_whole_when_its_finish_was_said() -> None:
    with OpenAIServer(in_turn(streamed(piece({"content": "x"}), piece({}, "stop"), done=False))) as server:
        assert ask(server).text == "x"


def test_a_broken_connection_after_the_finish_costs_only_the_usage() -> None:
    # opening, four pieces, the finish: then nothing more
    with OpenAIServer(in_turn(ScriptedReply("abcd", drop_after=6))) as server:
        reply = ask(server)
    assert (reply.text, reply.attempts, reply.prompt_tokens) == ("abcd", 1, None)


@pytest.mark.parametrize(
    ("event", "error"),
    [
        ({"error": {"message": "slow down", "code": 429}}, ServerDown),
        ({"error": {"message": "no such thing", "code": 400}}, Refused),
    ],
)
def test_an_error_in_mid_stream_counts_by_its_code(event: object, error: type[Exception]) -> None:
    with OpenAIServer(in_turn(streamed(piece({"content": "x"}), event))) as server, pytest.raises(error):
        ask(server)


def test_a_cost_that_the_server_states_is_kept() -> None:
    usage = {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2, "cost": 0.0031}}
    with OpenAIServer(in_turn(streamed(piece({"content": "x"}), piece({}, "stop"), usage))) as server:
        assert ask(server).cost == 0.0031


@pytest.mark.parametrize("cost", [-1, "free", float("nan"), float("inf"), True])
def test_a_cost_that_is_none_is_not_kept(cost: object) -> None:
    usage = {"choices": [], "usage": {"prompt_tokens": -4, "completion_tokens": "many", "cost": cost}}
    with OpenAIServer(in_turn(streamed(piece({"content": "x"}), piece({}, "stop"), usage))) as server:
        reply = ask(server)
    assert (reply.prompt_tokens, reply.completion_tokens) == (None, None)
    assert reply.cost in (None, 1.0) if cost is True else reply.cost is None


def test_lines_that_end_as_on_windows_and_data_without_a_blank_are_read() -> None:
    data = json.dumps(piece({"content": "x"}, "stop")).encode()
    with OpenAIServer(
        in_turn(ScriptedReply(garbage=b"event: m\r\ndata:" + data + b"\r\n\r\ndata:[DONE]\r\n\r\n"))
    ) as server:
        assert ask(server).text == "x"


def test_a_server_that_keeps_the_line_open_after_its_last_word_holds_nobody_up() -> None:
    # opening, one piece, finish, usage, closing mark: then silence
    with OpenAIServer(in_turn(ScriptedReply("x", hang_after=5))) as server:
        reply = ask(server)
    assert (reply.text, reply.attempts) == ("x", 1)
    assert reply.prompt_tokens is not None


def test_an_error_in_a_good_status_is_an_error() -> None:
    document = ScriptedReply(
        garbage=b'{"error": {"message": "model crashed"}}', headers={"content-type": "application/json"}
    )
    with OpenAIServer(in_turn(document, ScriptedReply("x"))) as server:
        assert ask(server).attempts == 2


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ((), "no reply"),
        (({"choices": []},), "no reply"),
        ((piece({"role": "assistant", "content": ""}),), "no reply"),
        ((piece({"content": "x"}), piece({}, "error")), "behind it failed"),
        (
            ({"choices": [{"delta": {}, "finish_reason": "error", "error": {"code": 502, "message": "cut"}}]},),
            "502: cut",
        ),
        ((piece({"content": "x"}), {"choices": [], "usage": "none"}, piece({}, "stop")), "not of OpenAI's protocol"),
    ],
    ids=["nothing", "no choices", "only a role", "ended by an error", "an error of the choice's", "usage in words"],
)
def test_what_is_no_reply_is_never_taken_for_an_empty_one(events: tuple[object, ...], words: str) -> None:
    with OpenAIServer(in_turn(streamed(*events))) as server, pytest.raises(ProviderError, match=words):
        ask(server)


LOGIN = b"<!doctype html>\n<html><head><title>Login</title></head>\n<body>Sign in to the network</body></html>\n"


@pytest.mark.parametrize("mark", ["text/html; charset=utf-8", "Text/HTML"])
def test_a_page_in_the_place_of_a_reply_is_told_with_its_words(mark: str) -> None:
    page = ScriptedReply(garbage=LOGIN, headers={"content-type": mark})
    with (
        OpenAIServer(lambda *_: page) as server,
        pytest.raises(ProviderError, match=r"answered text/html: Login Sign in to the network") as caught,
    ):
        ask(server)
    assert "does a proxy on the way ask to sign in?" in caught.value.help


def test_a_stream_that_is_called_a_page_is_read_all_the_same() -> None:
    events = b"".join(
        b"data: " + json.dumps(one).encode() + b"\n\n" for one in (piece({"content": "x"}), piece({}, "stop"))
    )
    with OpenAIServer(in_turn(ScriptedReply(garbage=events, headers={"content-type": "text/html"}))) as server:
        assert ask(server).text == "x"


def test_a_document_without_a_choice_is_asked_for_again() -> None:
    document = ScriptedReply(garbage=b'{"object": "error"}', headers={"content-type": "Application/JSON"})
    with OpenAIServer(in_turn(document, ScriptedReply("x"))) as server:
        assert ask(server).attempts == 2


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (b'data: {"error": {"code": "429", "message": "slow down"}}\n\n', "answered 429: slow down"),
        (b'error: {"code": 500, "message": "shift is disabled"}\n\n', "answered 500: shift is disabled"),
    ],
    ids=["a code in quotes", "a field of its own"],
)
def test_errors_in_mid_stream_as_other_servers_say_them(error: bytes, words: str) -> None:
    begun = b"data: " + json.dumps(piece({"content": "x"})).encode() + b"\n\n"
    with (
        OpenAIServer(in_turn(ScriptedReply(garbage=begun + error))) as server,
        pytest.raises(ProviderError, match=words),
    ):
        ask(server)


def test_a_byte_order_mark_costs_nothing_of_the_reply() -> None:
    reply = streamed(piece({"content": "a"}), piece({"content": "b"}, "stop"))
    with OpenAIServer(in_turn(ScriptedReply(garbage=b"\xef\xbb\xbf" + (reply.garbage or b"")))) as server:
        assert ask(server).text == "ab"


def test_a_pair_of_surrogates_cut_between_two_pieces_is_one_character() -> None:
    reply = streamed(piece({"content": "a\ud83d"}), piece({"content": "\ude00b\ud83d"}, "stop"))
    with OpenAIServer(in_turn(reply)) as server:
        assert ask(server).text == "a\U0001f600b\ufffd"


def test_a_refusal_in_a_field_of_its_own_is_what_the_model_said() -> None:
    with OpenAIServer(in_turn(streamed(piece({"refusal": "I cannot."}), piece({}, "stop")))) as server:
        assert ask(server).text == "I cannot."


def test_many_that_find_out_at_once_what_the_server_rejects_are_all_answered() -> None:
    with OpenAIServer(rejects=("max_tokens", "stream_options")) as server, Gateway({}, patience=QUICK) as gateway:
        model = Model(
            name="m", provider="openai", model="model-a", url=server.url, concurrency=8, options=Options(max_tokens=9)
        )
        asked = (Request(model=model, messages=(Message(role="user", content=f"{n}"),)) for n in range(8))
        outcomes = ask_all(gateway, asked)
    assert [outcome for _, outcome in outcomes if not isinstance(outcome, Reply)] == []


def test_geminis_models_are_known_by_both_of_their_names() -> None:
    with OpenAIServer(models=("models/gemini-x",)) as server, Gateway({}, patience=QUICK) as gateway:
        listed = gateway.models(Model(name="m", provider="openai", model="gemini-x", url=server.url))
    assert listed == ["gemini-x", "models/gemini-x"]
