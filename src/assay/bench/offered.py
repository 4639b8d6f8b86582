"""What the model servers on this machine offer: looked for in the background, so that no page waits for a slow one."""

import json
import os
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait

from assay.pipeline.llm.urls import moved
from assay.records import Record

_FRESH_S = 10.0
_PROBE_S = 2.0
_MOST = 500
"""Models of one server that a page offers."""
_LARGEST = 4 << 20

LOCAL = {
    "ollama": ("Ollama", "http://localhost:11434", "/api/tags", "models", "ollama serve"),
    "lmstudio": ("LM Studio", "http://localhost:1234", "/v1/models", "data", "lms server start"),
    "vllm": ("an OpenAI-compatible server", "http://localhost:8000", "/v1/models", "data", "vllm serve MODEL"),
}


class Offered(Record):
    """One server of this machine, and what it said."""

    provider: str
    title: str
    url: str
    models: tuple[str, ...] = ()
    """As `--model` takes them."""
    problem: str = ""
    """Why there are none; "": it answered."""
    down: bool = False
    """Whether nothing listens there at all."""
    start: str = ""
    """The command that starts it."""


class Finder:
    """Asks each server for its models, again when the last answer is more than ten seconds old, and never twice at once.

    `environment`: says where servers listen that are not at their usual ports (ASSAY_OLLAMA_URL and its like).
    """

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        given = moved(os.environ if environment is None else environment)
        self._addresses = {provider: url.removesuffix("/v1") for provider, url in given.items()}
        self._pool = ThreadPoolExecutor(len(LOCAL), "assay-models")
        self._lock = threading.Lock()
        self._asked: dict[str, tuple[float, Future[Offered]]] = {}
        self._known: dict[str, Offered] = {}

    def found(self, wait_s: float = 1.5) -> list[Offered]:
        """What each offers; of one that takes longer than `wait_s`, what it said last."""
        with self._lock:
            for provider in LOCAL:
                asked = self._asked.get(provider)
                if asked is None or (asked[1].done() and time.monotonic() - asked[0] > _FRESH_S):
                    self._asked[provider] = (time.monotonic(), self._pool.submit(self._ask, provider))
            under_way = [future for _, future in self._asked.values()]
        wait(under_way, wait_s)
        return [self._known.get(provider) or self._silent(provider) for provider in LOCAL]

    def close(self) -> None:
        """Look no more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _ask(self, provider: str) -> Offered:
        title, usual, path, field, start = LOCAL[provider]
        url = self._addresses.get(provider, usual)
        names, problem, down = _names(url, path, field)
        models = tuple(f"{provider}/{name}" for name in names[:_MOST])
        found = Offered(provider=provider, title=title, url=url, models=models, problem=problem, down=down, start=start)
        self._known[provider] = found
        return found

    def _silent(self, provider: str) -> Offered:
        title, usual, _, _, start = LOCAL[provider]
        url = self._addresses.get(provider, usual)
        return Offered(provider=provider, title=title, url=url, problem=f"{url} has not answered yet", start=start)


def favourite(found: list[Offered]) -> str | None:
    """The model to begin with: one made for code where there is one, and none that only embeds."""
    models = [model for one in found for model in one.models if "embed" not in model.lower()]
    for word in ("coder", "code", "devstral"):
        for model in models:
            if word in model.lower():
                return model
    return models[0] if models else None


def _names(url: str, path: str, field: str) -> tuple[list[str], str, bool]:
    """The names a server lists; what came instead; and whether nothing listens there."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy is for the world outside
    try:
        with opener.open(url + path, timeout=_PROBE_S) as response:
            document = json.loads(response.read(_LARGEST))
        names = [str(item.get("name") or item["id"]) for item in document[field]]
        return [name for name in names if name.isprintable() and 0 < len(name) <= 200], "", False
    except urllib.error.HTTPError as error:
        error.close()
        return [], f"something else answers at {url} (status {error.code})", False
    except OSError as error:
        reason = getattr(error, "reason", error)
        down = isinstance(reason, ConnectionRefusedError)
        return [], f"nothing answers at {url}", down
    except (ValueError, KeyError, TypeError, AttributeError):
        return [], f"something else answers at {url}", False
