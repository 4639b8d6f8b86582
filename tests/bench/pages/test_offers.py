"""The home page's one next thing, and what a search finds."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from assay.bench import evaluations
from assay.bench.offered import Offered, favourite
from assay.bench.pages import Pages, live, offers, searching
from assay.bench.records import Evaluation
from assay.records import Calls, Model, Task
from assay.store import Store
from tests.browser_fixture import Site, served
from tests.killing import wait_for
from tests.servers.ollama import OllamaServer

Serve = Callable[..., Site]


def add(
    store: Store,
    identifier: str,
    state: str = "done",
    model: str = "ollama/small:1b",
    suite: str = "functions",
    created: datetime | None = None,
) -> None:
    evaluation = Evaluation(
        id=identifier,
        created=created or datetime(2026, 1, int(identifier[6:8]), tzinfo=UTC),
        source="run",
        state=state,
        suites=(suite,),
        models=(Model(name=model, provider="ollama", model=model),),
    )
    task = Task(
        id="cart-total",
        suite=suite,
        prompt="Say 100% and a_b.",
        title='What a "cart" costs',
        checks=(Calls(entry="total", cases=()),),
    )
    evaluations.create(
        store, evaluation, [task], [[{"suite": suite, "task": "cart-total", "model": model, "number": 0}]]
    )


def test_with_nothing_at_all_the_recordings_are_offered(serve_app: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OLLAMA", "LMSTUDIO", "VLLM"):
        monkeypatch.setenv(f"ASSAY_{name}_URL", "http://127.0.0.1:9")
    (offer,) = offers.offers(serve_app().shell)
    assert offer.fields == {"suite": "functions", "recording": "all"}


def test_a_local_model_comes_before_a_run_that_is_paused(
    serve_app: Serve, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(store, "20260101-000000-aaaa", "paused")
    with OllamaServer() as server:
        monkeypatch.setenv("ASSAY_OLLAMA_URL", server.root)
        shell = serve_app().shell
        wait_for(lambda: favourite(live.of(shell).finder.found()))  # the home page itself waits half a second
        first, second = offers.offers(shell)
    assert first.title == "Run ten tasks on qwen2.5-coder:7b now"
    assert second.href == "/bench/runs/20260101-000000-aaaa/continue"
    assert "0/1" in second.text


def test_after_a_run_its_results_come_first_then_a_new_one(
    serve_app: Serve, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OLLAMA", "LMSTUDIO", "VLLM"):
        monkeypatch.setenv(f"ASSAY_{name}_URL", "http://127.0.0.1:9")
    add(store, "20260101-000000-aaaa")
    add(store, "20260102-000000-bbbb")
    first, second = offers.offers(serve_app().shell)
    assert first.href == "/bench/runs/20260102-000000-bbbb"
    assert second.href == "/bench/new"


def test_a_run_at_work_is_watched_first_and_another_may_begin(serve_app: Serve, store: Store) -> None:
    add(store, "20260101-000000-aaaa", "running", created=datetime.now(UTC))  # its process has a while to say who it is
    first, second = offers.offers(serve_app().shell)
    assert first.title == "Watch run 20260101-000000-aaaa"
    assert second.href == "/bench/new"


@pytest.mark.parametrize(
    ("models", "model"),
    [
        (("ollama/nomic-embed-text", "ollama/llama3"), "ollama/llama3"),
        (("ollama/llama3", "ollama/deepseek-coder"), "ollama/deepseek-coder"),
        (("ollama/nomic-embed-text",), None),
        ((), None),
    ],
)
def test_the_model_to_begin_with_writes_code(models: tuple[str, ...], model: str | None) -> None:
    assert favourite([Offered(provider="ollama", title="Ollama", url="u", models=models)]) == model


def test_runs_models_and_tasks_are_found_and_the_exact_name_comes_first(serve_app: Serve, store: Store) -> None:
    add(store, "20260101-000000-aaaa")
    add(store, "20260102-000000-bbbb", model="ollama/small:1b-extra")
    shell = serve_app().shell
    hits = searching.search(shell, "ollama/small:1b", 20)
    assert (hits[0].kind, hits[0].title) == ("model", "ollama/small:1b")
    assert {hit.kind for hit in hits} == {"model", "run"}
    (task,) = [hit for hit in searching.search(shell, "CART costs", 20) if hit.kind == "task"]
    assert task.title == "cart-total"
    assert task.detail == 'functions: What a "cart" costs · 2 runs'
    assert "20260102-000000-bbbb" in task.href
    assert searching.search(shell, "20260101", 20)[0].href == "/bench/runs/20260101-000000-aaaa"
    assert len(searching.search(shell, "ollama", 3)) == 3


@pytest.fixture(scope="module")
def one_run(test_server: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home = tmp_path_factory.mktemp("one")
    with served(test_server, home, lambda store: add(store, "20260101-000000-aaaa"), {"bench": Pages()}) as site:
        yield site


@pytest.mark.parametrize(
    "words", ["%", "_", "100%", "'; drop table runs; --", "\\", "\0", ":whole", "a" * 200, "\ud800x"]
)
def test_a_search_takes_every_character_for_itself(one_run: Site, words: str) -> None:
    assert searching.search(one_run.shell, words, 20) == []


def test_a_search_of_nothing_finds_nothing(one_run: Site) -> None:
    assert searching.search(one_run.shell, "   ", 20) == []
