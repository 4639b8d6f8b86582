"""Models that can be asked. A provider speaks one server's protocol; the gateway adds limits, retries and records."""

from collections.abc import Sequence
from typing import Protocol

from assay.plugins import Plugins
from assay.records import Message, Model, Reply


class Provider(Protocol):
    """Speaks to one model server. Made once a (server, key) by the gateway and closed by it."""

    async def complete(self, model: Model, messages: Sequence[Message], sample: int) -> Reply:
        """Ask once, streaming. Raises Refused (final), Busy (try again, perhaps after a time) or Unreachable."""

    async def models(self) -> list[str]:
        """The names the server offers. Raises as `complete` does."""

    async def close(self) -> None: ...


PROVIDERS: Plugins[type] = Plugins(
    "provider",
    openai="assay.pipeline.llm.openai:OpenAI",
    lmstudio="assay.pipeline.llm.openai:LMStudio",
    vllm="assay.pipeline.llm.openai:VLLM",
    openrouter="assay.pipeline.llm.openai:OpenRouter",
    aipipe="assay.pipeline.llm.openai:AIPipe",
    ollama="assay.pipeline.llm.ollama:Ollama",
    anthropic="assay.pipeline.llm.anthropic:Anthropic",
    recorded="assay.pipeline.llm.recorded:Recorded",
)
