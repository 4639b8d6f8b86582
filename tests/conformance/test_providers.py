"""What every provider of a server must do, over real sockets, whatever its protocol."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from assay.errors import ProviderError
from assay.pipeline.llm import Patience, Refused, ServerDown, Unanswered, UnknownModel
from assay.pipeline.llm.gateway import Gateway
from assay.records import Message, Model, Options, Price, Reply, Request
from tests.servers import Answer, ScriptedReply, Server, in_turn
from tests.servers.anthropic import AnthropicServer
from tests.servers.ollama import OllamaServer
from tests.servers.openai import OpenAIServer

QUICK = Patience(connect_s=2, first_token_s=2, silence_s=0.3, whole_s=20, attempts=3, wait_s=0.01, reply_bytes=200_000)
GOOD = ScriptedReply("def f():\n    return 1\n", completion_tokens=9, prompt_tokens=40)


@dataclass(frozen=True)
class Kind:
    provider: str
    server: Callable[..., Server]


KINDS = [Kind("openai", OpenAIServer), Kind("ollama", OllamaServer), Kind("anthropic", AnthropicServer)]


@pytest.fixture(params=KINDS, ids=lambda kind: kind.provider)
def kind(request: pytest.FixtureRequest) -> Kind:
    return request.param  # type: ignore[no-any-return]


@contextmanager
def asking(kind: Kind, answer: Answer, patience: Patience = QUICK) -> Iterator[tuple[Server, Gateway, Model]]:
    with kind.server(answer) as server, Gateway({}, patience=patience) as gateway:
        yield server, gateway, Model(name="m", provider=kind.provider, model="model-a", url=server.url)


def always(reply: ScriptedReply) -> Answer:
    return lambda _prompt, _nth: reply


def question(model: Model, text: str = "Write f.", sample: int = 0) -> Request:
    return Request(model=model, messages=(Message(role="user", content=text),), sample=sample)


def ask(kind: Kind, answer: Answer, options: Options | None = None, patience: Patience = QUICK) -> tuple[Reply, Server]:
    with asking(kind, answer, patience) as (server, gateway, model):
        return gateway.complete(question(model.model_copy(update={"options": options or Options()}))), server


def test_a_streamed_reply_comes_whole_with_its_tokens_and_times(kind: Kind) -> None:
    reply, _ = ask(kind, always(GOOD))
    assert reply.text == GOOD.text
    assert (reply.prompt_tokens, reply.completion_tokens) == (40, 9)
    assert (reply.finish, reply.thinking, reply.model, reply.attempts) == ("stop", "", "model-a", 1)
    assert 0 < (reply.first_token_s or 0) <= (reply.latency_s or 0)


def test_text_of_any_script_survives_being_cut_into_pieces(kind: Kind) -> None:
    text = "# «naïve» 你好 🎉\r\n\treturn '\\n'\n\x00\u2028</end>\n" * 3
    reply, _ = ask(kind, always(ScriptedReply(text, pieces=50)))
    assert reply.text == text


def test_an_empty_reply_is_a_reply(kind: Kind) -> None:
    reply, _ = ask(kind, always(ScriptedReply("")))
    assert (reply.text, reply.finish) == ("", "stop")


def test_a_reply_cut_at_the_token_limit_says_so(kind: Kind) -> None:
    reply, server = ask(kind, always(ScriptedReply("def f(", finish="length")), Options(max_tokens=5))
    assert reply.finish == "length"
    assert reply.truncated
    sent = server.seen[0].body
    assert 5 in (sent.get("max_tokens"), sent.get("max_completion_tokens"), sent.get("options", {}).get("num_predict"))


def test_thinking_is_kept_apart_from_the_answer(kind: Kind) -> None:
    reply, _ = ask(kind, always(ScriptedReply("answer", thinking="let me see")))
    assert (reply.text, reply.thinking) == ("answer", "let me see")


def test_thinking_in_tags_is_kept_apart_too(kind: Kind) -> None:
    reply, _ = ask(kind, always(ScriptedReply("<think>\nlet me see\n</think>\n\nanswer", pieces=9)))
    assert (reply.text, reply.thinking) == ("answer", "let me see")


def test_a_reply_that_is_all_thinking_when_it_is_cut_has_no_answer(kind: Kind) -> None:
    reply, _ = ask(kind, always(ScriptedReply("<think>and then", finish="length")))
    assert (reply.text, reply.thinking, reply.finish) == ("", "and then", "length")


def test_the_cost_follows_from_price_and_tokens(kind: Kind) -> None:
    with asking(kind, always(GOOD)) as (_, gateway, model):
        priced = model.model_copy(update={"price": Price(prompt=2, completion=10, currency="EUR")})
        reply = gateway.complete(question(priced))
    assert reply.cost == pytest.approx((40 * 2 + 9 * 10) / 1_000_000)
    assert reply.currency == "EUR"


def test_options_and_roles_reach_the_server(kind: Kind) -> None:
    with asking(kind, always(GOOD)) as (server, gateway, model):
        options = Options(temperature=0.25, top_p=0.5, max_tokens=77, stop=("\nclass",))
        messages = (
            Message(role="system", content="Be brief."),
            Message(role="user", content="one"),
            Message(role="assistant", content="two"),
            Message(role="user", content="three"),
        )
        gateway.complete(Request(model=model.model_copy(update={"options": options}), messages=messages))
        body = server.seen[0].body
    flat = {**body, **body.get("options", {})}
    assert (flat["temperature"], flat["top_p"]) == (0.25, 0.5)
    assert (flat.get("stop") or flat["stop_sequences"]) == ["\nclass"]
    said = [(message["role"], message["content"]) for message in body["messages"]]
    assert said[-3:] == [("user", "one"), ("assistant", "two"), ("user", "three")]
    assert body.get("system") == "Be brief." or said[0] == ("system", "Be brief.")


def test_the_server_says_what_models_it_offers(kind: Kind) -> None:
    with asking(kind, always(GOOD)) as (_, gateway, model):
        assert {"model-a", "model-b"} <= set(gateway.models(model))


def test_a_model_that_is_not_there_is_named_with_the_nearest_ones(kind: Kind) -> None:
    with asking(kind, always(GOOD)) as (server, gateway, model):
        with pytest.raises(UnknownModel) as caught:
            gateway.complete(question(model.model_copy(update={"model": "model-bb"})))
        assert server.counts().requests == 1
    assert "'model-bb'" in str(caught.value)
    assert "Did you mean model-b" in caught.value.help


@pytest.mark.parametrize(
    "trouble",
    [
        ScriptedReply(status=429, headers={"retry-after": "0"}),
        ScriptedReply(status=500),
        ScriptedReply(status=503),
        ScriptedReply("half of it", drop_after=3),
        ScriptedReply(drop_after=0),
        ScriptedReply("half of it", error_after=3, error="out of memory"),
        ScriptedReply(garbage=b"data: {not json\n\n{not json\n"),
        ScriptedReply(garbage=b'data: [1, "x"]\n\n[1, "x"]\n'),
        ScriptedReply(garbage=b"<html>Bad gateway</html>"),
        ScriptedReply(garbage=b""),
        ScriptedReply("half of it", hang_after=3),
    ],
    ids=[
        "too many requests",
        "server error",
        "unavailable",
        "half a stream",
        "no answer at all",
        "an error in mid-stream",
        "invalid JSON",
        "JSON of another kind",
        "a web page",
        "an empty stream",
        "hung in mid-stream",
    ],
)
def test_trouble_that_passes_costs_only_another_try(kind: Kind, trouble: ScriptedReply) -> None:
    reply, server = ask(kind, in_turn(trouble, GOOD))
    assert (reply.text, reply.attempts) == (GOOD.text, 2)
    assert server.counts().requests == 2


def test_half_a_stream_is_never_taken_for_a_reply(kind: Kind) -> None:
    with asking(kind, always(ScriptedReply("def f():\n    return 1", drop_after=4, pieces=8))) as (
        server,
        gateway,
        model,
    ):
        with pytest.raises(Unanswered):
            gateway.complete(question(model))
        assert server.counts().requests == 3


def test_a_server_that_stays_busy_is_down_and_the_model_has_not_failed(kind: Kind) -> None:
    with asking(kind, always(ScriptedReply(status=503, error="loading"))) as (server, gateway, model):
        with pytest.raises(ServerDown, match=r"is down, asked 3 times.*503.*loading"):
            gateway.complete(question(model))
        assert server.counts().requests == 3


def test_a_server_that_hangs_before_its_first_token_is_not_waited_for_for_ever(kind: Kind) -> None:
    quick = Patience(first_token_s=0.2, attempts=2, wait_s=0.01)
    began = time.monotonic()
    late = always(ScriptedReply("late", first_token_s=30))
    with asking(kind, late, quick) as (_, gateway, model), pytest.raises(ProviderError, match=r"sent nothing for 0\.2"):
        gateway.complete(question(model))
    assert time.monotonic() - began < 10


def test_a_slow_first_token_is_tolerated_and_measured(kind: Kind) -> None:
    reply, _ = ask(kind, always(ScriptedReply("late", first_token_s=0.5)))  # longer than the silence allowed later
    assert reply.text == "late"
    assert (reply.first_token_s or 0) >= 0.5


def test_keep_alives_are_no_tokens(kind: Kind) -> None:
    reply, _ = ask(kind, always(ScriptedReply("late", ping=3, piece_s=0.1)))
    assert reply.text == "late"
    assert (reply.first_token_s or 0) >= 0.3


def test_a_request_that_is_wrong_is_refused_at_once_in_the_servers_words(kind: Kind) -> None:
    with asking(kind, always(ScriptedReply(status=400, error="temperature: must be at most 1"))) as (
        server,
        gateway,
        model,
    ):
        with pytest.raises(Refused, match=r"400.*temperature: must be at most 1") as caught:
            gateway.complete(question(model))
        assert server.counts().requests == 1
    assert caught.value.status == 400


def test_a_reply_that_never_ends_is_cut_when_its_time_is_up(kind: Kind) -> None:
    patience = Patience(whole_s=0.5, attempts=1)
    endless = ScriptedReply("x" * 4000, pieces=4000, piece_s=0.01)
    reply, _ = ask(kind, always(endless), patience=patience)
    assert reply.finish == "length"
    assert 0 < len(reply.text) < 4000


def test_a_reply_of_absurd_size_is_refused(kind: Kind) -> None:
    with asking(kind, always(ScriptedReply("x" * 400_000))) as (server, gateway, model):
        with pytest.raises(Refused, match=r"more than 0\.191 MB"):
            gateway.complete(question(model))
        assert server.counts().requests == 1


def test_a_line_without_end_is_refused(kind: Kind) -> None:
    with (
        asking(kind, always(ScriptedReply(garbage=b"data: " + b"x" * 3_000_000))) as (_, gateway, model),
        pytest.raises(ProviderError) as caught,
    ):
        gateway.complete(question(model))
    assert isinstance(caught.value, Refused | Unanswered)


def test_an_answer_in_one_document_is_read_as_well(kind: Kind) -> None:
    reply, _ = ask(
        kind, always(ScriptedReply("answer", thinking="hm", whole=True, prompt_tokens=3, completion_tokens=2))
    )
    assert (reply.text, reply.thinking, reply.prompt_tokens, reply.completion_tokens) == ("answer", "hm", 3, 2)


def test_connections_are_used_again(kind: Kind) -> None:
    with asking(kind, always(GOOD)) as (server, gateway, model):
        for number in range(5):
            gateway.complete(question(model, f"{number}"))
        assert server.connections == 1


def test_a_server_that_is_gone_is_down(kind: Kind) -> None:
    with asking(kind, always(GOOD)) as (server, gateway, model):
        server.stop()
        with pytest.raises(ServerDown, match="cannot be reached") as caught:
            gateway.complete(question(model))
    assert "Is the server running?" in caught.value.help
