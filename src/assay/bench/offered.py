"""What the model servers on this machine offer: looked for in the background, so that no page waits for a slow one."""

import os
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait

from assay.pipeline.llm.local import LOCAL, listed
from assay.records import Record

_FRESH_S = 10.0
_PROBE_S = 2.0
_MOST = 500
"""Models of one server that a page offers."""


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
        environment = os.environ if environment is None else environment
        self._addresses = {provider: server.at(environment) for provider, server in LOCAL.items()}
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
        server, url = LOCAL[provider], self._addresses[provider]
        listing = listed(server, url, _PROBE_S)
        found = Offered(
            provider=provider, title=server.title, url=url, start=server.start, problem=listing.problem,
            models=tuple(f"{provider}/{name}" for name in listing.models[:_MOST]), down=listing.down,
        )  # fmt: skip
        self._known[provider] = found
        return found

    def _silent(self, provider: str) -> Offered:
        server, url = LOCAL[provider], self._addresses[provider]
        problem = f"{url} has not answered yet"
        return Offered(provider=provider, title=server.title, url=url, problem=problem, start=server.start)


def favourite(found: list[Offered]) -> str | None:
    """The model to begin with: one made for code where there is one, and none that only embeds."""
    models = [model for one in found for model in one.models if "embed" not in model.lower()]
    for word in ("coder", "code", "devstral"):
        for model in models:
            if word in model.lower():
                return model
    return models[0] if models else None
