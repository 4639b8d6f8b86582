"""Spans of model calls, as a collector receives them over OTLP."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from assay.pipeline.llm import Patience, Refused
from assay.pipeline.llm.gateway import Gateway
from assay.records import Message, Model, Options, Price, Request
from assay.settings import Settings
from assay.tracing import Subject, Tracing, about, traces_url
from tests.servers import ScriptedReply
from tests.servers.openai import OpenAIServer

KEY = "sk-Very5ecretKey0123456789"


class Collector:
    """An OTLP collector on a free port; keeps every request as it came."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.paths: list[str] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                collector.paths.append(self.path)
                collector.bodies.append(self.rfile.read(int(self.headers["content-length"])))
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def spans(self) -> list[Any]:
        requests = [ExportTraceServiceRequest.FromString(body) for body in self.bodies]
        return [
            s for r in requests for resource in r.resource_spans for scope in resource.scope_spans for s in scope.spans
        ]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    yield collector
    collector.close()


def attributes(span: Any) -> dict[str, Any]:
    def value(of: Any) -> Any:
        kind = of.WhichOneof("value")
        if kind == "array_value":
            return [value(item) for item in of.array_value.values]
        return getattr(of, kind)

    return {pair.key: value(pair.value) for pair in span.attributes}


def settings(endpoint: str | None) -> Settings:
    return Settings(home=Path("/nowhere"), otlp_endpoint=endpoint)


def question(url: str, model: str = "model-a") -> Request:
    asked = Model(
        name="mine",
        provider="openai",
        model=model,
        url=url,
        key="MY_KEY",
        options=Options(temperature=0.5, max_tokens=20, seed=3, stop=("\n\n",)),
        price=Price(prompt=1, completion=2),
    )
    return Request(model=asked, messages=(Message(role="user", content="Write a poem about SECRETWORD."),), sample=2)


def test_a_call_is_a_span_that_says_who_was_asked_how_and_what_it_took(collector: Collector) -> None:
    tracing = Tracing.from_settings(settings(collector.url))
    assert tracing is not None
    reply = ScriptedReply("SECRETANSWER", finish="length", prompt_tokens=11, completion_tokens=20)
    with (
        OpenAIServer(lambda _prompt, _nth: reply, key=KEY) as server,
        Gateway({"MY_KEY": KEY}, tracing=tracing) as gateway,
    ):
        gateway.complete(question(server.url))
        port = server.port
    tracing.close()
    (span,) = collector.spans()
    said = attributes(span)
    assert collector.paths == ["/v1/traces"]
    assert span.name == "chat model-a"
    assert span.end_time_unix_nano > span.start_time_unix_nano
    assert 0 < said.pop("gen_ai.response.time_to_first_chunk") < 30
    assert said == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "model-a",
        "gen_ai.request.stream": True,
        "gen_ai.request.temperature": 0.5,
        "gen_ai.request.max_tokens": 20,
        "gen_ai.request.seed": 5,
        "gen_ai.request.stop_sequences": ["\n\n"],
        "gen_ai.response.model": "model-a",
        "gen_ai.response.finish_reasons": ["length"],
        "gen_ai.usage.input_tokens": 11,
        "gen_ai.usage.output_tokens": 20,
        "server.address": "127.0.0.1",
        "server.port": port,
        "assay.model": "mine",
        "assay.sample": 2,
        "assay.cost": 0.000051,
        "assay.attempts": 1,
    }


def test_neither_words_nor_keys_leave_by_a_span(collector: Collector) -> None:
    tracing = Tracing.from_settings(settings(collector.url))
    assert tracing is not None
    with (
        OpenAIServer(lambda _prompt, _nth: ScriptedReply("SECRETANSWER", thinking="SECRETTHOUGHT"), key=KEY) as server,
        Gateway({"MY_KEY": KEY}, tracing=tracing, patience=Patience(attempts=1)) as gateway,
    ):
        gateway.complete(question(server.url))
        with pytest.raises(Refused):
            gateway.complete(question(server.url, "no-such-model"))
    tracing.close()
    sent = b"".join(collector.bodies)
    assert len(collector.spans()) == 2
    assert b"SECRET" not in sent
    assert KEY.encode() not in sent


def test_a_failed_call_is_a_span_with_its_error(collector: Collector) -> None:
    tracing = Tracing.from_settings(settings(collector.url))
    assert tracing is not None
    with (
        OpenAIServer(key=KEY) as server,
        Gateway({"MY_KEY": KEY}, tracing=tracing) as gateway,
        pytest.raises(Refused),
    ):
        gateway.complete(question(server.url, "no-such-model"))
    tracing.close()
    (span,) = collector.spans()
    assert attributes(span)["error.type"] == "UnknownModel"
    assert span.status.code == 2


def test_a_collector_that_is_gone_costs_no_reply_and_nothing_is_raised() -> None:
    tracing = Tracing.from_settings(settings("http://127.0.0.1:9"))
    assert tracing is not None
    with OpenAIServer(key=KEY) as server, Gateway({"MY_KEY": KEY}, tracing=tracing) as gateway:
        assert gateway.complete(question(server.url)).text
    tracing.close()
    tracing.close()


def test_without_an_endpoint_nothing_is_traced_and_nothing_is_loaded() -> None:
    assert Tracing.from_settings(settings(None)) is None
    program = (
        "import sys; from pathlib import Path; from assay.settings import Settings; from assay.tracing import Tracing; "
        "assert Tracing.from_settings(Settings(home=Path('/nowhere'))) is None; "
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        ("http://h:4318", "http://h:4318/v1/traces"),
        ("http://h:4318/", "http://h:4318/v1/traces"),
        ("http://h:5000/v1/traces", "http://h:5000/v1/traces"),
        ("http://h/otel/v1/traces/", "http://h/otel/v1/traces"),
    ],
)
def test_both_forms_of_the_endpoint_lead_to_the_traces(endpoint: str, url: str) -> None:
    assert traces_url(endpoint) == url


# ---- an evaluation's calls and verdicts ----------------------------------------------------------------------------

SUBJECT = Subject(evaluation="20260101-000000-abcd", suite="functions", task="count-hunks", model="mine", sample=1)


def test_the_calls_of_a_sample_and_its_verdict_are_one_trace_whoever_sends_them(collector: Collector) -> None:
    """As after a kill: the calls come from one process, the verdict from another."""
    tracing = Tracing.from_settings(settings(collector.url))
    assert tracing is not None
    with OpenAIServer(key=KEY) as server, Gateway({"MY_KEY": KEY}, tracing=tracing) as gateway:
        with about(SUBJECT):
            gateway.complete(question(server.url))
            gateway.complete(question(server.url))
        gateway.complete(question(server.url))
    tracing.close()
    other = Tracing.from_settings(settings(collector.url))
    assert other is not None
    other.verdict(SUBJECT, "wrong", 0.5, prompt="SECRET", reply="SECRET", message="SECRET")
    other.close()
    first, second, alone, verdict = collector.spans()
    assert first.trace_id == second.trace_id == verdict.trace_id != alone.trace_id
    assert first.parent_span_id == second.parent_span_id == verdict.span_id
    assert (verdict.parent_span_id, alone.parent_span_id) == (b"", b"")
    assert verdict.trace_id == SUBJECT.trace_id.to_bytes(16, "big")
    said = attributes(first)
    assert {name: said[name] for name in SUBJECT.attributes} == SUBJECT.attributes
    assert "assay.task" not in attributes(alone)
    assert attributes(verdict) == SUBJECT.attributes | {
        "assay.status": "wrong",
        "assay.score": 0.5,
        "mlflow.spanType": "EVALUATOR",
        "mlflow.traceTag.assay.evaluation": "20260101-000000-abcd",
        "mlflow.traceTag.assay.suite": "functions",
        "mlflow.traceTag.assay.task": "count-hunks",
        "mlflow.traceTag.assay.model": "mine",
        "mlflow.traceTag.assay.status": "wrong",
        "mlflow.traceTag.assay.score": "0.5",
    }
    assert b"SECRET" not in b"".join(collector.bodies)


def test_a_verdict_begins_with_the_first_call_and_an_error_of_ours_is_an_error_there(collector: Collector) -> None:
    tracing = Tracing.from_settings(settings(collector.url))
    assert tracing is not None
    with OpenAIServer(key=KEY) as server, Gateway({"MY_KEY": KEY}, tracing=tracing) as gateway, about(SUBJECT):
        gateway.complete(question(server.url))
    tracing.verdict(SUBJECT, "error", 0)
    tracing.close()
    call, verdict = collector.spans()
    assert verdict.start_time_unix_nano <= call.start_time_unix_nano
    assert verdict.end_time_unix_nano >= call.end_time_unix_nano
    assert verdict.status.code == 2


def test_the_words_go_along_where_the_settings_say_so_cut_and_harmless(collector: Collector) -> None:
    tracing = Tracing.from_settings(Settings(home=Path("/nowhere"), otlp_endpoint=collector.url, trace_content=True))
    assert tracing is not None
    reply = ScriptedReply('"\ud83d\x00 <script>' + "x" * 200_000, thinking="a thought")
    with (
        OpenAIServer(lambda _prompt, _nth: reply, key=KEY) as server,
        Gateway({"MY_KEY": KEY}, tracing=tracing) as gateway,
        about(SUBJECT),
    ):
        gateway.complete(question(server.url))
    tracing.verdict(SUBJECT, "pass", 1, prompt="the task \ud800", reply="y" * 200_000, message="fine")
    tracing.close()
    call, verdict = (attributes(span) for span in collector.spans())
    assert json.loads(call["gen_ai.input.messages"]) == [
        {"role": "user", "parts": [{"type": "text", "content": "Write a poem about SECRETWORD."}]}
    ]
    (answer,) = json.loads(call["gen_ai.output.messages"])
    thought, text = (part["content"] for part in answer["parts"])
    assert (thought, answer["finish_reason"]) == ("a thought", "stop")
    assert "<script>xxx" in text
    assert text.endswith("more characters")
    assert len(text) < 110_000
    assert (verdict["input.value"], verdict["assay.message"]) == ("the task ?", "fine")
    assert len(verdict["output.value"]) < 110_000
    assert KEY.encode() not in b"".join(collector.bodies)


@pytest.mark.parametrize(
    ("said", "content"), [("true", True), ("True", True), ("1", True), ("false", False), ("", False)]
)
def test_the_conventions_own_variable_says_whether_words_go_along(said: str, content: bool) -> None:
    env = {"ASSAY_HOME": "/nowhere", "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": said}
    assert Settings.from_environment(env).trace_content is content
