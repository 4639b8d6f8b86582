"""Many questions at once, from threads, as the products ask."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed

from assay.errors import ProviderError
from assay.pipeline.llm.gateway import Gateway, Outcome
from assay.records import Request


def ask_all(
    gateway: Gateway, requests: Iterable[Request], *, threads: int = 32, within_s: float | None = None
) -> list[tuple[Request, Outcome]]:
    """Each with what came of it, in the order in which that came."""

    def ask(request: Request) -> Outcome:
        try:
            return gateway.complete(request, within_s=within_s)
        except ProviderError as error:
            return error

    with ThreadPoolExecutor(threads) as pool:
        asked = {pool.submit(ask, request): request for request in requests}
        return [(asked[future], future.result()) for future in as_completed(asked)]
