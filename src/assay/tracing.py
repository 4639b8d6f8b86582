"""Spans of model calls, as OpenTelemetry's `gen_ai.*` conventions name things, sent by OTLP over HTTP.

What is covered: who was asked, with which settings, tokens, finish, times, errors. What is not: the words of prompts
and replies, and keys.
"""

from importlib.metadata import version
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from assay.records import Reply, Request
from assay.settings import Settings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span

_PROVIDERS = {"openai": "openai", "anthropic": "anthropic"}
"""The convention's own names; every other provider keeps ours."""
_FINISHES = {"filtered": "content_filter"}
_FLUSH_MS = 2000


class Tracing:
    """Makes spans and sends them in the background, by a tracer of our own. Close it to send the rest."""

    def __init__(self, exporter: "SpanExporter") -> None:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        own = version("assay")
        resource = Resource.create({"service.name": "assay", "service.version": own})
        self._provider: TracerProvider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("assay", own)

    @classmethod
    def from_settings(cls, settings: Settings) -> "Tracing | None":
        """What the settings ask for; None, at no cost, where they name no endpoint.

        Headers, time-outs and certificates are the exporter's own OTEL_EXPORTER_OTLP_* variables.
        """
        if settings.otlp_endpoint is None:
            return None
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        return cls(OTLPSpanExporter(endpoint=traces_url(settings.otlp_endpoint)))

    def call(self, request: Request) -> "CallSpan":
        """Begin the span of one call."""
        from opentelemetry.trace import SpanKind

        name = f"chat {request.model.model}"
        return CallSpan(self._tracer.start_span(name, kind=SpanKind.CLIENT, attributes=_asked(request)))

    def close(self) -> None:
        """Send what is left, within a few seconds. Safe to call again."""
        self._provider.force_flush(_FLUSH_MS)
        self._provider.shutdown()


class CallSpan:
    """The span of one call under way."""

    def __init__(self, span: "Span") -> None:
        self._span = span

    def finish(self, outcome: Reply | BaseException) -> None:
        """End the span with what came of the call."""
        from opentelemetry.trace import Status, StatusCode

        if isinstance(outcome, Reply):
            self._span.set_attributes(_answered(outcome))
        else:
            # The message may quote a server; its type is enough to count by.
            self._span.set_attribute("error.type", type(outcome).__name__)
            self._span.set_status(Status(StatusCode.ERROR, type(outcome).__name__))
        self._span.end()


def traces_url(endpoint: str) -> str:
    """The address spans go to: the endpoint itself where it names the traces' path, else that path below it."""
    endpoint = endpoint.rstrip("/")
    return endpoint if endpoint.endswith("/traces") else f"{endpoint}/v1/traces"


def _asked(request: Request) -> dict[str, str | int | float | list[str]]:
    model, options = request.model, request.model.options
    server = urlsplit(model.url or "")
    known: dict[str, str | int | float | list[str] | None] = {
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
    return {name: value for name, value in known.items() if value is not None}


def _answered(reply: Reply) -> dict[str, str | int | float | list[str]]:
    known: dict[str, str | int | float | list[str] | None] = {
        "gen_ai.response.model": reply.model or None,
        "gen_ai.response.finish_reasons": [_FINISHES.get(reply.finish, reply.finish)],
        "gen_ai.response.time_to_first_chunk": reply.first_token_s,
        "gen_ai.usage.input_tokens": reply.prompt_tokens,
        "gen_ai.usage.output_tokens": reply.completion_tokens,
        "assay.cost": reply.cost,
        "assay.attempts": reply.attempts,
    }
    return {name: value for name, value in known.items() if value is not None}
