"""The gateway: limits, retries, keys and records, against real servers."""

import gc
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from assay.errors import AssayError, ProviderError
from assay.pipeline.llm import Patience, Refused, ServerDown, Unanswered
from assay.pipeline.llm.gateway import Gateway, Outcome
from assay.records import Message, Model, Reply, Request
from tests.killing import wait_for as until
from tests.pipeline.llm.many import ask_all
from tests.servers import ScriptedReply, in_turn
from tests.servers.ollama import OllamaServer
from tests.servers.openai import OpenAIServer

QUICK = Patience(connect_s=2, first_token_s=2, silence_s=1, attempts=3, wait_s=0.01)
KEY = "sk-Very5ecretKey0123456789"


def model_at(server: OpenAIServer, **changes: object) -> Model:
    return Model.model_validate({"name": "m", "provider": "openai", "model": "model-a", "url": server.url, **changes})


def question(model: Model, text: str = "Write f.", sample: int = 0) -> Request:
    return Request(model=model, messages=(Message(role="user", content=text),), sample=sample)


def questions(model: Model, count: int) -> Iterator[Request]:
    return (question(model, f"Write f{number}.") for number in range(count))


# ---- many at once --------------------------------------------------------------------------------------------------


def test_every_question_of_many_is_asked_once_and_has_its_own_reply() -> None:
    with OpenAIServer() as server, Gateway({}, patience=QUICK) as gateway:
        outcomes = ask_all(gateway, questions(model_at(server), 300))
        assert set(server.counts().prompts.values()) == {1}
    assert len(outcomes) == 300
    for request, outcome in outcomes:
        assert isinstance(outcome, Reply)
        assert outcome.text == f"0: {request.messages[0].content}"


def test_no_more_are_under_way_at_a_server_than_the_model_allows() -> None:
    with (
        OpenAIServer(lambda _prompt, _nth: ScriptedReply("x", first_token_s=0.02)) as server,
        Gateway({}, patience=QUICK) as gateway,
    ):
        ask_all(gateway, questions(model_at(server, concurrency=5), 40))
        assert server.counts().requests == 40
        assert server.counts().most_at_once == 5


def test_a_slow_server_does_not_keep_another_waiting() -> None:
    with (
        OpenAIServer(lambda _prompt, _nth: ScriptedReply("slow", first_token_s=0.8)) as slow,
        OpenAIServer() as fast,
        Gateway({}, patience=QUICK) as gateway,
    ):
        first = model_at(slow, name="slow", concurrency=1)
        second = model_at(fast, name="fast", concurrency=1)
        outcomes = ask_all(gateway, [*questions(first, 2), *questions(second, 20)])
    names = [request.model.name for request, _ in outcomes]
    assert names[-1] == "slow"  # one after the other, 1.6 s, while the fast ones all went by
    assert len(names) == 22


def test_one_question_that_a_server_cannot_answer_does_not_stop_the_others() -> None:
    def answer(prompt: str, nth: int) -> ScriptedReply:
        return ScriptedReply(status=500, error="runner crashed") if prompt == "Write f7." else ScriptedReply("x")

    with OpenAIServer(answer) as server, Gateway({}, patience=QUICK) as gateway:
        outcomes = ask_all(gateway, questions(model_at(server), 50))
    wrong = [(request, outcome) for request, outcome in outcomes if not isinstance(outcome, Reply)]
    assert len(outcomes) == 50
    assert [request.messages[0].content for request, _ in wrong] == ["Write f7."]
    assert isinstance(wrong[0][1], Unanswered)
    assert "runner crashed" in str(wrong[0][1])


# ---- waiting -------------------------------------------------------------------------------------------------------


def test_requests_a_minute_are_spaced_evenly() -> None:
    with OpenAIServer() as server, Gateway({}, patience=QUICK) as gateway:
        began = time.monotonic()
        ask_all(gateway, questions(model_at(server, requests_per_minute=1200), 9))
        assert 0.4 <= time.monotonic() - began < 3


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_honoured(form: str) -> None:
    # A date has whole seconds: two ahead are at least one away.
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True) if form == "date" else "1"
    busy = ScriptedReply(status=429, headers={"retry-after": later})
    with OpenAIServer(in_turn(busy, ScriptedReply("x"))) as server, Gateway({}, patience=QUICK) as gateway:
        began = time.monotonic()
        assert gateway.complete(question(model_at(server))).attempts == 2
        assert 0.9 <= time.monotonic() - began < 4


def test_all_wait_when_one_is_told_to() -> None:
    busy = ScriptedReply(status=429, headers={"retry-after": "1"})
    with OpenAIServer(in_turn(busy, ScriptedReply("x"))) as server, Gateway({}, patience=QUICK) as gateway:
        told = threading.Thread(target=gateway.complete, args=(question(model_at(server, concurrency=1), "first"),))
        told.start()
        while server.counts().requests < 1:
            time.sleep(0.01)
        longest = 0.0
        while told.is_alive():  # the first of these may be asked before the server's word has arrived
            began = time.monotonic()
            gateway.complete(question(model_at(server, concurrency=8), "second"))
            longest = max(longest, time.monotonic() - began)
        assert longest >= 0.5


def test_a_wait_of_milliseconds_does_not_use_up_all_tries() -> None:
    busy = ScriptedReply(status=429, headers={"retry-after-ms": "1"})
    patience = Patience(attempts=4, wait_s=0.1)
    with (
        OpenAIServer(in_turn(busy, busy, busy, ScriptedReply("x"))) as server,
        Gateway({}, patience=patience) as gateway,
    ):
        began = time.monotonic()
        assert gateway.complete(question(model_at(server))).attempts == 4
        assert time.monotonic() - began >= 0.35  # half of 0.1 + 0.2 + 0.4 at least


def test_a_server_that_asks_for_hours_is_down_at_once() -> None:
    busy = ScriptedReply(status=429, error="quota used up", headers={"retry-after": "7200"})
    with OpenAIServer(in_turn(busy)) as server, Gateway({}, patience=QUICK) as gateway:
        with pytest.raises(ServerDown, match=r"quota used up.*wait 7200 s"):
            gateway.complete(question(model_at(server)))
        assert server.counts().requests == 1


def test_an_account_without_money_pauses_the_run() -> None:
    with OpenAIServer(in_turn(ScriptedReply(status=402, error="no credits"))) as server, Gateway({}) as gateway:
        with pytest.raises(ServerDown, match="no credits"):
            gateway.complete(question(model_at(server)))
        assert server.counts().requests == 1


def test_a_server_that_comes_back_in_time_has_never_been_down() -> None:
    with OpenAIServer() as server, Gateway({}, patience=Patience(attempts=8, wait_s=0.05, connect_s=1)) as gateway:
        port = server.port
        server.stop()
        back = OpenAIServer(port=port)
        threading.Timer(0.4, back.start).start()
        reply = gateway.complete(question(model_at(server)))
        back.stop()
    assert reply.attempts > 1


def test_what_is_waited_for_is_said_while_it_is_and_no_longer() -> None:
    with OpenAIServer() as server, Gateway({}, patience=Patience(attempts=30, wait_s=0.5, connect_s=1)) as gateway:
        port = server.port
        server.stop()
        back = OpenAIServer(port=port)
        assert gateway.waits_for() == ""
        asking = threading.Thread(target=gateway.complete, args=(question(model_at(server)),))
        asking.start()
        until(lambda: "tried once" in gateway.waits_for())
        assert "cannot be reached" in gateway.waits_for()
        back.start()
        asking.join()
        assert gateway.waits_for() == ""
        back.stop()


# ---- keys ----------------------------------------------------------------------------------------------------------


def test_a_key_goes_into_the_header_and_nowhere_else(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    def answer(prompt: str, nth: int) -> ScriptedReply:
        return ScriptedReply(status=400, error=f"bad request from {KEY}") if prompt == "wrong" else ScriptedReply("x")

    with OpenAIServer(answer, key=KEY) as server, Gateway({"MY_KEY": KEY}, patience=QUICK) as gateway:
        model = model_at(server, key="MY_KEY")
        reply = gateway.complete(question(model))
        with pytest.raises(Refused) as refused:
            gateway.complete(question(model, "wrong"))
        seen = server.seen[0]
        assert seen.headers["authorization"] == f"Bearer {KEY}"
        shown = [repr(vars(gateway)), repr(gateway), repr(model), model.model_dump_json(), repr(reply)]
    shown += [str(refused.value), refused.value.help, refused.value.said, repr(refused.value), caplog.text]
    assert KEY not in "\n".join([*shown, seen.path, str(seen.body)])
    assert "[key]" in str(refused.value)
    assert caplog.records


def test_a_reply_that_repeats_the_key_does_not_carry_it_on() -> None:
    leak = ScriptedReply(f"your key is {KEY}", thinking=f"the key {KEY}")
    with OpenAIServer(in_turn(leak), key=KEY) as server, Gateway({"MY_KEY": KEY}, patience=QUICK) as gateway:
        reply = gateway.complete(question(model_at(server, key="MY_KEY")))
    assert (reply.text, reply.thinking) == ("your key is [key]", "the key [key]")


def test_a_key_that_is_not_accepted_is_named_by_its_variable() -> None:
    with OpenAIServer(key="another") as server, Gateway({"MY_KEY": KEY}, patience=QUICK) as gateway:
        with pytest.raises(Refused, match="401") as caught:
            gateway.complete(question(model_at(server, key="MY_KEY")))
        assert server.counts().requests == 1
    assert "MY_KEY" in caught.value.help


def test_the_usual_key_of_a_provider_is_not_sent_to_another_server() -> None:
    with OpenAIServer() as server, Gateway({"OPENAI_API_KEY": KEY}, patience=QUICK) as gateway:
        gateway.complete(question(model_at(server)))
        assert "authorization" not in server.seen[0].headers


def test_a_local_server_is_asked_where_the_environment_says_unless_the_model_does() -> None:
    with OllamaServer() as here, OllamaServer() as elsewhere, Gateway({"ASSAY_OLLAMA_URL": here.url}) as gateway:
        model = Model(name="m", provider="ollama", model="tiny")
        gateway.complete(Request(model=model, messages=(Message(role="user", content="Hello."),)))
        gateway.complete(
            Request(
                model=model.model_copy(update={"url": elsewhere.url}), messages=(Message(role="user", content="Hi."),)
            )
        )
        assert here.counts().prompts == {"Hello.": 1}
        assert elsewhere.counts().prompts == {"Hi.": 1}


def test_a_missing_key_says_which_variable_to_set() -> None:
    model = Model(name="openai/gpt-x", provider="openai", model="gpt-x")
    with Gateway({}) as gateway, pytest.raises(AssayError, match="OPENAI_API_KEY is not set") as caught:
        gateway.check(model)
    assert "export OPENAI_API_KEY" in caught.value.help
    assert "ASSAY_KEYS" in caught.value.help


def test_a_key_is_found_in_the_key_file(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text(f"MY_KEY={KEY}\n")
    keys.chmod(0o600)
    with OpenAIServer(key=KEY) as server, Gateway({"ASSAY_KEYS": str(keys)}, patience=QUICK) as gateway:
        assert gateway.complete(question(model_at(server, key="MY_KEY"))).text


def test_redirects_are_not_followed() -> None:
    with OpenAIServer() as target:
        away = ScriptedReply(status=307, headers={"location": f"{target.url}/chat/completions"})
        with (
            OpenAIServer(in_turn(away)) as server,
            Gateway({"MY_KEY": KEY}, patience=QUICK) as gateway,
            pytest.raises(Refused, match=r"redirects to http://127\.0\.0\.1"),
        ):
            gateway.complete(question(model_at(server, key="MY_KEY")))
        assert target.counts().requests == 0


def test_a_url_with_a_password_in_it_is_refused_without_repeating_it() -> None:
    model = Model(name="m", provider="openai", model="x", url="http://user:hunter2@127.0.0.1:1/v1")
    with Gateway({}) as gateway, pytest.raises(AssayError, match="user name or password") as caught:
        gateway.complete(question(model))
    assert "hunter2" not in str(caught.value) + caught.value.help


# ---- records and life ----------------------------------------------------------------------------------------------


class Notes:
    """A recorder that keeps what it is told, and in which thread."""

    def __init__(self) -> None:
        self.started: list[Request] = []
        self.finished: list[tuple[Request, Outcome, float]] = []
        self.threads: set[int] = set()

    def call_started(self, request: Request) -> None:
        self.started.append(request)
        self.threads.add(threading.get_ident())

    def call_finished(self, request: Request, outcome: Outcome, seconds: float) -> None:
        self.finished.append((request, outcome, seconds))
        self.threads.add(threading.get_ident())


def test_every_call_is_reported_to_the_recorder_in_the_callers_thread() -> None:
    notes = Notes()
    with OpenAIServer() as server, Gateway({}, patience=QUICK, recorders=(notes,)) as gateway:
        model = model_at(server)
        for asked in questions(model, 6):
            gateway.complete(asked)
        with pytest.raises(ProviderError):
            gateway.complete(question(model_at(server, model="model-x"), "none"))
    assert len(notes.started) == len(notes.finished) == 7
    assert notes.threads == {threading.get_ident()}
    assert isinstance(notes.finished[-1][1], Refused)
    assert all(seconds > 0 for _, _, seconds in notes.finished)


def test_a_recorder_hears_nothing_of_a_model_that_cannot_be_asked_at_all() -> None:
    notes = Notes()
    with Gateway({}, recorders=(notes,)) as gateway:
        for _ in range(2):
            with pytest.raises(AssayError, match="OPENAI_API_KEY is not set"):
                gateway.complete(question(Model(name="x", provider="openai", model="gpt")))
    assert (notes.started, notes.finished) == ([], [])


def test_a_gateway_that_was_never_used_starts_no_thread() -> None:
    before = threading.active_count()
    gateway = Gateway({})
    assert threading.active_count() == before
    gateway.close()
    gateway.close()


def test_a_closed_gateway_says_so() -> None:
    gateway = Gateway({})
    gateway.close()
    with pytest.raises(RuntimeError, match="closed"):
        gateway.complete(question(Model(name="m", provider="openai", model="x", url="http://127.0.0.1:1/v1")))


def test_closing_gives_up_what_is_under_way() -> None:
    problems: list[Exception] = []
    with OpenAIServer(lambda _prompt, _nth: ScriptedReply("x", first_token_s=60)) as server:
        gateway = Gateway({})

        def ask() -> None:
            try:
                gateway.complete(question(model_at(server)))
            except RuntimeError as error:
                problems.append(error)

        thread = threading.Thread(target=ask)
        thread.start()
        while server.counts().requests < 1:
            time.sleep(0.01)
        gateway.close()
        thread.join(5)
    assert "closed while it was asking" in str(problems[0])


def test_an_unknown_provider_is_named_with_those_there_are() -> None:
    with Gateway({}) as gateway, pytest.raises(AssayError, match="No provider is called 'olama'") as caught:
        gateway.complete(question(Model(name="m", provider="olama", model="x")))
    assert "Did you mean ollama" in caught.value.help


def test_models_of_one_server_share_its_limits_and_other_providers_do_not() -> None:
    with (
        OpenAIServer(lambda _prompt, _nth: ScriptedReply("x", first_token_s=0.02)) as server,
        OllamaServer() as other,
        Gateway({}, patience=QUICK) as gateway,
    ):
        models = [model_at(server, model=name, name=name, concurrency=2) for name in ("model-a", "model-b")]
        elsewhere = Model(name="o", provider="ollama", model="model-a", url=other.url)
        outcomes = ask_all(gateway, [question(one, f"{n}") for n in range(8) for one in [*models, elsewhere]])
        assert server.counts().most_at_once == 2
    assert all(isinstance(outcome, Reply) for _, outcome in outcomes)


def test_a_question_given_up_at_any_moment_leaves_no_connection_open() -> None:
    """While it connects, too: what is left is found by the collector, and warned of."""
    for turn in range(60):
        with (
            OpenAIServer(in_turn(ScriptedReply("x", first_token_s=60))) as server,
            Gateway({}) as gateway,
            pytest.raises(Unanswered),
        ):
            gateway.complete(question(model_at(server)), within_s=turn / 8000)
    gc.collect()


def test_a_gateway_that_a_fork_took_along_says_so_and_does_not_hang() -> None:
    script = """if True:
    import os
    from assay.pipeline.llm.gateway import Gateway
    from assay.records import Model
    gateway, model = Gateway({}), Model(name="m", provider="recorded", model="m")
    gateway.models(model)
    if os.fork() == 0:
        try:
            gateway.models(model)
        except RuntimeError as error:
            gateway.close()
            os.write(1, str(error).encode())
        os._exit(0)
    os.wait()
    gateway.close()
    """
    run = subprocess.run([sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, timeout=60)
    assert (run.returncode, run.stderr) == (0, "")
    assert "make one in the new process" in run.stdout
