"""The model servers of this machine: where they listen, what they offer, and what starts them."""

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import urlsplit

from assay.pipeline.llm.urls import server_url

_LARGEST = 4 << 20


@dataclass(frozen=True)
class LocalServer:
    """One kind of server that people run on their own machine."""

    title: str
    url: str
    """Its usual base URL, as a model's `url` gives it."""
    variable: str
    """The environment variable that says where it listens, where that is elsewhere."""
    listing: str
    """What follows the base URL where it lists its models."""
    field: str
    """The field of that listing that holds them."""
    start: str
    """The command that starts it."""

    def at(self, environment: Mapping[str, str]) -> str:
        """Its base URL, without a trailing slash. Raises AssayError for a variable that holds no address."""
        return self.moved(environment) or self.url

    def moved(self, environment: Mapping[str, str]) -> str | None:
        """The base URL that the environment gives it; None: it gives none. Whether `/v1` belongs there is known here."""
        if not environment.get(self.variable):
            return None
        given, usual = server_url(environment[self.variable]), urlsplit(self.url).path
        return given.removesuffix("/v1") + usual if urlsplit(given).path in ("", "/v1") else given


LOCAL: Mapping[str, LocalServer] = MappingProxyType(
    {
        "ollama": LocalServer(
            "Ollama", "http://localhost:11434", "ASSAY_OLLAMA_URL", "/api/tags", "models", "ollama serve"
        ),
        "lmstudio": LocalServer(
            "LM Studio", "http://localhost:1234/v1", "ASSAY_LMSTUDIO_URL", "/models", "data", "lms server start"
        ),
        "vllm": LocalServer(
            "vLLM", "http://localhost:8000/v1", "ASSAY_VLLM_URL", "/models", "data", "vllm serve MODEL"
        ),
    }
)
"""By provider."""


@dataclass(frozen=True)
class Listing:
    """What a server said when it was asked for its models."""

    models: tuple[str, ...] = ()
    problem: str = ""
    """Why there are none; empty: it answered."""
    down: bool = False
    """Whether nothing listens there at all."""


def listed(server: LocalServer, url: str, timeout_s: float) -> Listing:
    """Ask one at its base URL for its models, once and with no key. Never raises for what comes back."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy is for the world outside
    try:
        with opener.open(url + server.listing, timeout=timeout_s) as response:
            document = json.loads(response.read(_LARGEST))
        names = [str(item.get("name") or item["id"]) for item in document[server.field]]
        return Listing(tuple(name for name in names if name.isprintable() and 0 < len(name) <= 200))
    except urllib.error.HTTPError as error:
        error.close()
        return Listing(problem=f"something else answers at {url} (status {error.code})")
    except OSError as error:
        refused = isinstance(getattr(error, "reason", error), ConnectionRefusedError)
        return Listing(problem=f"nothing answers at {url}", down=refused)
    except (ValueError, LookupError, TypeError, AttributeError, http.client.HTTPException):
        return Listing(problem=f"something else answers at {url}")


def moved(environment: Mapping[str, str]) -> dict[str, str]:
    """By provider: the base URL that the environment gives a local server. Raises AssayError as `at` does."""
    given = {provider: server.moved(environment) for provider, server in LOCAL.items()}
    return {provider: url for provider, url in given.items() if url}
