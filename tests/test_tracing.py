"""Spans of model calls, as a collector receives them over OTLP."""

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
from assay.tracing import Tracing, traces_url
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


def test_a_collector_that_is_gone_costs_no_reply_and_little_time() -> None:
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
