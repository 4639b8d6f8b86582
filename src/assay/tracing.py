"""Spans of model calls and of what came of them, as OpenTelemetry's `gen_ai.*` conventions name things, sent by OTLP.

Every sample of an evaluation is one trace: its calls, and over them a span with the verdict. The ids follow from the
sample's place, so that calls made before a process was killed and a verdict found after it come together.

What is covered: who was asked, with which settings, tokens, finish, times, errors; which evaluation, task and sample it
was for; its status and score. The words of prompts and replies go along only where the settings say so. Keys never do.
"""

import contextlib
import hashlib
import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from assay.records import Message, Reply, Request
from assay.settings import Settings

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.sdk.trace.id_generator import IdGenerator
    from opentelemetry.trace import Span

_PROVIDERS = {"openai": "openai", "anthropic": "anthropic"}
"""The convention's own names; every other provider keeps ours."""
_FINISHES = {"filtered": "content_filter"}
_FLUSH_MS = 2000
_CONTENT = 100_000
"""Characters of one text that go along: a model may write megabytes, and a collector refuses them."""
_BATCH, _BATCH_WITH_CONTENT = 512, 32
_BEGUN = 100_000
"""Samples under way whose beginning is remembered."""

Value = str | int | float | bool | list[str]


@dataclass(frozen=True)
class Subject:
    """What a call is made for: one sample of an evaluation."""

    evaluation: str
    suite: str
    task: str
    model: str
    sample: int

    @property
    def trace_id(self) -> int:
        return self._digest("trace", 16)

    @property
    def span_id(self) -> int:
        """Of the span that stands over the sample's calls."""
        return self._digest("sample", 8)

    def _digest(self, word: str, size: int) -> int:
        parts = json.dumps([word, self.evaluation, self.suite, self.task, self.model, self.sample])
        return int.from_bytes(hashlib.sha256(parts.encode()).digest()[:size], "big") or 1

    @property
    def attributes(self) -> dict[str, Value]:
        return {
            "session.id": self.evaluation,
            "assay.evaluation": self.evaluation,
            "assay.suite": self.suite,
            "assay.task": self.task,
            "assay.model": self.model,
            "assay.sample": self.sample,
        }


_subject: ContextVar[Subject | None] = ContextVar("assay_subject", default=None)
_chosen_ids: ContextVar[tuple[int, int] | None] = ContextVar("assay_chosen_ids", default=None)


@contextlib.contextmanager
def about(subject: Subject) -> Iterator[None]:
    """Calls that are made within are for this sample."""
    token = _subject.set(subject)
    try:
        yield
    finally:
        _subject.reset(token)


class Tracing:
    """Makes spans and sends them in the background, by a tracer of our own. Close it to send the rest."""

    def __init__(self, exporter: "SpanExporter", *, content: bool = False) -> None:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        own = version("assay")
        self._content = content
        self._begun: dict[int, int] = {}
        self._lock = threading.Lock()
        resource = Resource.create({"service.name": "assay", "service.version": own})
        self._provider: TracerProvider = TracerProvider(
            resource=resource, shutdown_on_exit=False, id_generator=_make_ids()
        )
        size = _BATCH_WITH_CONTENT if content else _BATCH
        self._provider.add_span_processor(BatchSpanProcessor(exporter, max_export_batch_size=size))
        self._tracer = self._provider.get_tracer("assay", own)

    @classmethod
    def from_settings(cls, settings: Settings) -> "Tracing | None":
        """What the settings ask for; None, at no cost, where they name no endpoint.

        Headers, time-outs and certificates are the exporter's own OTEL_EXPORTER_OTLP_* variables.
        """
        if settings.otlp_endpoint is None:
            return None
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        return cls(OTLPSpanExporter(endpoint=traces_url(settings.otlp_endpoint)), content=settings.trace_content)

    def call(self, request: Request) -> "CallSpan":
        """Begin the span of one call, in the trace of the sample it is for."""
        from opentelemetry.trace import SpanKind

        attributes = _asked(request)
        if self._content:
            attributes["gen_ai.input.messages"] = _messages(request.messages)
        subject = _subject.get()
        context = None
        if subject is not None:
            attributes |= subject.attributes
            context = _under(subject)
            with self._lock:
                if len(self._begun) < _BEGUN:
                    self._begun.setdefault(subject.trace_id, time.time_ns())
        name = f"chat {request.model.model}"
        span = self._tracer.start_span(name, context, kind=SpanKind.CLIENT, attributes=attributes)
        return CallSpan(span, self._content)

    @contextlib.contextmanager
    def step(self, name: str, kind: str = "CHAIN", **attributes: Value) -> "Iterator[Step]":
        """A span over what is done within, calls of models included; steps within steps lie below one another.

        `kind` is MLflow's type of span: CHAIN, TOOL, RETRIEVER, EVALUATOR, … Attributes are named `assay.NAME`.
        """
        from opentelemetry.trace import Status, StatusCode

        with self._tracer.start_as_current_span(name, record_exception=False, set_status_on_exception=False) as span:
            span.set_attribute("mlflow.spanType", kind)
            step = Step(span, self._content)
            step.note(**attributes)
            try:
                yield step
            except BaseException as error:
                span.set_attribute("error.type", type(error).__name__)  # its words may quote a learner or a server
                span.set_status(Status(StatusCode.ERROR, type(error).__name__))
                raise

    def verdict(
        self, subject: Subject, status: str, score: float, *, prompt: str = "", reply: str = "", message: str = ""
    ) -> None:
        """Send the span over a sample's calls: what came of it. `score`: the share of its checks that passed."""
        from opentelemetry.context import Context
        from opentelemetry.trace import Status, StatusCode

        attributes: dict[str, Value] = subject.attributes | {"assay.status": status, "assay.score": score}
        # what MLflow makes tags of, by which its API finds traces
        tags = {"evaluation": subject.evaluation, "suite": subject.suite, "task": subject.task, "status": status}
        tags |= {"model": subject.model, "score": f"{score:g}"}
        attributes |= {f"mlflow.traceTag.assay.{name}": text for name, text in tags.items()}
        attributes["mlflow.spanType"] = "EVALUATOR"
        if self._content:
            attributes["input.value"], attributes["output.value"] = _cut(prompt), _cut(reply)
            attributes["assay.message"] = _cut(message)
        with self._lock:
            began = self._begun.pop(subject.trace_id, None)
        now = time.time_ns()
        token = _chosen_ids.set((subject.trace_id, subject.span_id))
        try:
            name = f"{subject.suite} {subject.task}"
            span = self._tracer.start_span(name, Context(), attributes=attributes, start_time=began or now)
        finally:
            _chosen_ids.reset(token)
        if status == "error":
            span.set_status(Status(StatusCode.ERROR))
        span.end(now)

    def close(self) -> None:
        """Send what is left, within a few seconds. Safe to call again."""
        self._provider.force_flush(_FLUSH_MS)
        self._provider.shutdown()


class Step:
    """The span of one step under way."""

    def __init__(self, span: "Span", content: bool) -> None:
        self._span = span
        self._content = content

    def note(self, **attributes: Value) -> None:
        """Add attributes, each named `assay.NAME`."""
        self._span.set_attributes({f"assay.{name}": value for name, value in attributes.items()})

    def tag(self, **tags: str) -> None:
        """Add what MLflow makes tags of its trace of, by which its API finds it."""
        self._span.set_attributes({f"mlflow.traceTag.assay.{name}": text for name, text in tags.items()})

    def words(self, given: str = "", made: str = "") -> None:
        """What went in and what came out, where the settings let words go along."""
        if self._content:
            self._span.set_attributes({"input.value": _cut(given), "output.value": _cut(made)})


class CallSpan:
    """The span of one call under way."""

    def __init__(self, span: "Span", content: bool = False) -> None:
        self._span = span
        self._content = content

    def finish(self, outcome: Reply | BaseException) -> None:
        """End the span with what came of the call."""
        from opentelemetry.trace import Status, StatusCode

        if isinstance(outcome, Reply):
            self._span.set_attributes(_answered(outcome))
            if self._content:
                self._span.set_attribute("gen_ai.output.messages", _said(outcome))
        else:
            # The message may quote a server; its type is enough to count by.
            self._span.set_attribute("error.type", type(outcome).__name__)
            self._span.set_status(Status(StatusCode.ERROR, type(outcome).__name__))
        self._span.end()


def traces_url(endpoint: str) -> str:
    """The address spans go to: the endpoint itself where it names the traces' path, else that path below it."""
    endpoint = endpoint.rstrip("/")
    return endpoint if endpoint.endswith("/traces") else f"{endpoint}/v1/traces"


def _under(subject: Subject) -> "Context":
    """The place below the span over a sample's calls, which is sent when the verdict is there."""
    from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

    over = SpanContext(subject.trace_id, subject.span_id, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))
    return set_span_in_context(NonRecordingSpan(over))


def _make_ids() -> "IdGenerator":
    from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

    class Ids(RandomIdGenerator):
        """By chance, except where they were chosen."""

        def generate_trace_id(self) -> int:
            chosen = _chosen_ids.get()
            return chosen[0] if chosen else super().generate_trace_id()

        def generate_span_id(self) -> int:
            chosen = _chosen_ids.get()
            return chosen[1] if chosen else super().generate_span_id()

    return Ids()


def _asked(request: Request) -> dict[str, Value]:
    model, options = request.model, request.model.options
    server = urlsplit(model.url or "")
    return _known(
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": _PROVIDERS.get(model.provider, model.provider),
            "gen_ai.request.model": model.model,
            "gen_ai.request.stream": True,
            "gen_ai.request.temperature": options.temperature,
            "gen_ai.request.top_p": options.top_p,
            "gen_ai.request.max_tokens": options.max_tokens,
            "gen_ai.request.seed": None if options.seed is None else options.seed + request.sample,
            "gen_ai.request.stop_sequences": list(options.stop) or None,
            "server.address": server.hostname,
            "server.port": server.port,
            "assay.model": model.name,
            "assay.sample": request.sample,
        }
    )


def _answered(reply: Reply) -> dict[str, Value]:
    return _known(
        {
            "gen_ai.response.model": reply.model or None,
            "gen_ai.response.finish_reasons": [_FINISHES.get(reply.finish, reply.finish)],
            "gen_ai.response.time_to_first_chunk": reply.first_token_s,
            "gen_ai.usage.input_tokens": reply.prompt_tokens,
            "gen_ai.usage.output_tokens": reply.completion_tokens,
            "assay.cost": reply.cost,
            "assay.attempts": reply.attempts,
        }
    )


def _known(values: Mapping[str, Value | None]) -> dict[str, Value]:
    return {name: value for name, value in values.items() if value is not None}


def _messages(messages: Sequence[Message]) -> str:
    """As the conventions write what was asked: JSON, plain ASCII, so that no text can break it."""
    return json.dumps(
        [{"role": one.role, "parts": [{"type": "text", "content": _cut(one.content)}]} for one in messages]
    )


def _said(reply: Reply) -> str:
    parts = [{"type": "reasoning", "content": _cut(reply.thinking)}] if reply.thinking else []
    parts.append({"type": "text", "content": _cut(reply.text)})
    finish = _FINISHES.get(reply.finish, reply.finish)
    return json.dumps([{"role": "assistant", "parts": parts, "finish_reason": finish}])


def _cut(text: str) -> str:
    """At most so many characters, and nothing that UTF-8 cannot say."""
    shown = text if len(text) <= _CONTENT else f"{text[:_CONTENT]}\n… {len(text) - _CONTENT:,} more characters"
    return shown.encode("utf-8", "replace").decode()
