"""A model by its short name: `ollama/qwen2.5-coder:7b`, `http://host:port/v1#name`, `recorded/FILE`."""

from assay.errors import AssayError, UnknownName
from assay.pipeline.llm import PROVIDERS
from assay.pipeline.llm.urls import server_url
from assay.records import Model

_CONCURRENCY = {"ollama": 2, "lmstudio": 4, "recorded": 64}
"""What these serve at once as they come; more would only wait there and blur the time to the first token."""


def default_concurrency(provider: str) -> int:
    """How many requests at once suit a provider where nobody says."""
    return _CONCURRENCY.get(provider, 8)


def parse_model(text: str) -> Model:
    """The model that a command-line argument names. Raises UnknownName for a provider nobody knows."""
    text = text.strip()
    if text.lower().startswith(("http://", "https://")):
        return _at_url(text)
    provider, slash, name = text.partition("/")
    if not slash:
        shown = text[:200]
        raise AssayError(
            f"{shown!r} names no provider.",
            f"Write PROVIDER/MODEL, for example ollama/{shown or 'qwen2.5-coder'}. Providers: {', '.join(PROVIDERS)}.",
        )
    if provider not in PROVIDERS.names():
        raise UnknownName("provider", provider, PROVIDERS.names())
    if not name:
        raise AssayError(
            f"{text!r} names no model.", f"Write {provider}/{'FILE' if provider == 'recorded' else 'MODEL'}."
        )
    return Model(name=text, provider=provider, model=name, concurrency=default_concurrency(provider))


def _at_url(text: str) -> Model:
    address, _, name = text.partition("#")
    url = server_url(address)
    if not name:
        raise AssayError(f"{url} names a server but no model.", f"Write {url}#MODEL.")
    return Model(name=f"{url}#{name}", provider="openai", model=name, url=url)
