"""Models that can be asked. A provider speaks one server's protocol; the gateway adds limits, retries and records."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from assay.errors import ProviderError, UnknownName
from assay.plugins import Plugins
from assay.records import Message, Model, Reply

# ---- what can go wrong ---------------------------------------------------------------------------------------------


class Refused(ProviderError):
    """The server will not answer this, however often it is asked."""

    def __init__(self, message: str, help: str = "", *, status: int | None = None, said: str = "") -> None:  # noqa: A002
        super().__init__(message, help)
        self.status = status
        self.said = said
        """The server's own words, in full as far as they were read."""


class UnknownModel(Refused, UnknownName):
    """The server offers no model of this name; the message offers the nearest ones."""

    def __init__(self, name: str, server: str, known: Iterable[str]) -> None:
        UnknownName.__init__(self, f"model at {server}", name, known)
        self.status = 404
        self.said = ""


class Busy(ProviderError):
    """No usable answer this time: overloaded, broken off or garbled. The next try may do better."""

    def __init__(
        self,
        message: str,
        help: str = "",  # noqa: A002
        *,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, help)
        self.status = status
        self.retry_after = retry_after
        """Seconds the server asked us to wait."""


class Unreachable(ProviderError):
    """No connection could be made."""


class Unanswered(ProviderError):
    """The server is up and answers, but not this question, however often it was asked."""


class ServerDown(ProviderError):
    """A server that stays busy or out of reach. Nothing is known of the model: pause, and go on later."""


# ---- a server and a provider ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Patience:
    """How long, how often and how much. One for a whole gateway."""

    connect_s: float = 10
    first_token_s: float = 900
    """A local server may first load tens of gigabytes."""
    silence_s: float = 180
    """Between two pieces of one reply."""
    whole_s: float = 3600
    """A reply still going then is cut there, and counts as cut at a limit."""
    attempts: int = 7
    wait_s: float = 1.0
    """The first back-off; it doubles up to `longest_wait_s`, less up to half by chance."""
    longest_wait_s: float = 60
    longest_retry_after_s: float = 600
    """A server that asks for a longer wait is taken to be down."""
    reply_bytes: int = 8 << 20
    """The cap on a reply's text and, again, on its thinking."""


@dataclass(frozen=True)
class Server:
    """Where a provider's requests go. Its repr shows no key."""

    url: str
    key: str | None = field(default=None, repr=False)
    key_variable: str | None = None
    """The key's name, for messages."""
    patience: Patience = Patience()


class Provider(Protocol):
    """Speaks to one model server. Made once a (server, key) by the gateway, in its event loop, and closed by it."""

    default_url: ClassVar[str | None]
    """None: a model must name its URL (or, for `recorded`, needs none)."""
    key_variable: ClassVar[str | None]
    """The environment variable that holds the key for `default_url`; it is sent nowhere else."""
    needs_key: ClassVar[bool]
    """Whether `default_url` answers nobody without a key."""

    def __init__(self, server: Server) -> None: ...

    def check(self, model: Model) -> None:
        """Raise what would keep this model from being asked at all, where that can be known without asking."""

    async def complete(self, model: Model, messages: Sequence[Message], sample: int) -> Reply:
        """Ask once, streaming. Raises Refused (final), Busy (try again, perhaps after a time) or Unreachable."""

    async def models(self) -> list[str]:
        """The names the server offers. Raises as `complete` does."""

    async def close(self) -> None: ...


PROVIDERS: Plugins[type[Provider]] = Plugins(
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
