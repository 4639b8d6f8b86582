"""A run is started, watched, stopped and gone on with from pages, by real HTTP and in a real browser."""

import os
import re
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from assay.bench import evaluations
from assay.bench.pages import live
from assay.bench.starting import AT_ONCE
from assay.store import Store
from tests.bench.pages.visiting import Visitor
from tests.browser_fixture import Site, axe, in_every_form, served
from tests.killing import end_started, wait_for
from tests.servers import Held, ScriptedReply
from tests.servers.ollama import OllamaServer
from tests.servers.openai import OpenAIServer

if TYPE_CHECKING:
    from playwright.sync_api import Page

Serve = Callable[..., Site]
LONG_S = 90.0
HOSTILE = "<script>alert(1)</script>\u202e\x1b[31m'\"--%s{{7*7}}"


@pytest.fixture
def serve_app(serve_app: Serve) -> Iterator[Serve]:
    """Apps whose runs end with the test."""
    made: list[Site] = []

    def serve(**options: object) -> Site:
        made.append(serve_app(**options))
        return made[-1]

    yield serve
    for site in made:
        end_started(live.of(site.shell).starter)


@pytest.fixture
def visitor(serve_app: Serve) -> Iterator[Visitor]:
    with Visitor(serve_app().url) as made:
        yield made


@pytest.fixture
def site(serve_app: Serve) -> Site:
    return serve_app()


@pytest.fixture(scope="module")
def quiet(test_server: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """An app in which no run is ever started, for every test of what must not start one."""
    with served(test_server, tmp_path_factory.mktemp("quiet"), lambda _: None) as site:
        yield site
        assert live.of(site.shell).starter.at_work() == []


@pytest.fixture
def guest(quiet: Site) -> Iterator[Visitor]:
    with Visitor(quiet.url) as made:
        yield made


@pytest.fixture
def ollama(monkeypatch: pytest.MonkeyPatch) -> Iterator[OllamaServer]:
    """A server of Ollama's protocol, where the environment says that Ollama listens."""
    with OllamaServer(slow) as server:
        monkeypatch.setenv("ASSAY_OLLAMA_URL", server.root)
        yield server


WRONG = ScriptedReply("```python\ndef nothing(): pass\n```")


def slow(prompt: str, nth: int) -> ScriptedReply:
    return replace(WRONG, first_token_s=0.4)


def started(visitor: Visitor, *fields: tuple[str, str]) -> str:
    """Start a run from the form and give its id, wherever the answer leads."""
    answer = visitor.post("/bench/new", [("suite", "functions"), *fields])
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"]).rpartition("/")[2]


def progress(visitor: Visitor, identifier: str) -> dict[str, object]:
    answer = visitor.get(f"/bench/runs/{identifier}/progress.json")
    return dict(answer.json()) if answer.status_code == 200 else {"phase": "starting"}


def stands(visitor: Visitor, identifier: str, *phases: str) -> Callable[[], bool]:
    return lambda: progress(visitor, identifier)["phase"] in phases


def done(store: Store, identifier: str) -> int:
    return len(evaluations.finished(store, identifier)) if evaluations.is_there(store, identifier) else 0


# ---- starting and watching -----------------------------------------------------------------------------------------


def test_a_local_model_is_offered_run_and_watched_to_the_end(
    ollama: OllamaServer, visitor: Visitor, store: Store
) -> None:
    def home() -> str:
        return visitor.get("/").text

    wait_for(lambda: "Run ten tasks on qwen2.5-coder:7b now" in home(), LONG_S)  # it waits half a second for the server
    fields = re.findall(r'<input type="hidden" name="(suite|model|limit)" value="([^"]+)">', home())
    assert dict(fields) == {"suite": "functions", "model": "ollama/qwen2.5-coder:7b", "limit": "10"}
    identifier = started(visitor, *(pair for pair in fields if pair[0] != "suite"))
    wait_for(lambda: evaluations.is_there(store, identifier), LONG_S)
    events = list(visitor.events(f"/bench/runs/{identifier}/events"))
    assert [event.name for event in events[-2:]] == ["progress", "end"]
    assert events[-1].id == "end"
    shown = [int(found[1]) for event in events if (found := re.search(r"<p>(\d+) of 10", event.data))]
    assert shown == sorted(shown)
    assert shown[-1] == 10
    assert "ollama/qwen2.5-coder:7b" in events[0].data
    assert ollama.counts().requests == 10


def test_a_run_is_stopped_continued_killed_and_continued_and_no_call_is_paid_twice(
    visitor: Visitor, store: Store
) -> None:
    answers = Held(WRONG, 48)  # of 50: at least one batch is whole and graded, and the run cannot end
    with OpenAIServer(answers) as server:
        model = ("named", f"{server.url}#model-a")
        identifier = started(visitor, model, ("limit", "10"), ("samples", "5"))
        address = f"/bench/runs/{identifier}"
        wait_for(lambda: done(store, identifier) >= 3, LONG_S)
        assert visitor.post(f"{address}/stop", []).status_code == 303
        wait_for(stands(visitor, identifier, "paused"), LONG_S)
        page = visitor.get(f"{address}/progress").text
        assert "stopped by the user" in page
        assert "Continue" in page
        assert "data-live=" not in page
        before, first = server.counts().requests, evaluations.read_evaluation(store, identifier).executor
        assert visitor.post(f"{address}/continue", []).status_code == 303
        wait_for(lambda: evaluations.read_evaluation(store, identifier).executor != first, LONG_S)
        wait_for(lambda: server.counts().requests > before, LONG_S)
        query = sa.text("select pid from executors where id = :id")
        with store.engine.connect() as connection:
            executor = evaluations.read_evaluation(store, identifier).executor
            os.kill(int(connection.execute(query, {"id": executor}).scalar_one()), signal.SIGKILL)
        wait_for(stands(visitor, identifier, "dead"), LONG_S)
        page = visitor.get(f"{address}/progress").text
        assert "The process that carried this run out is gone" in page
        answers.let_go()
        assert visitor.post(f"{address}/continue", []).status_code == 303
        wait_for(stands(visitor, identifier, "done"), LONG_S)
        assert done(store, identifier) == 50
        assert server.counts().requests - 50 <= 2 * 8  # what was under way, at the stop and at the kill


def test_a_server_that_says_429_pauses_the_run_and_the_page_says_why(visitor: Visitor, store: Store) -> None:
    busy = ScriptedReply(status=429, error="Slow down.", headers={"retry-after": "1000"})
    with OpenAIServer(lambda prompt, nth: busy) as server:
        identifier = started(visitor, ("named", f"{server.url}#model-a"), ("limit", "2"))
        wait_for(stands(visitor, identifier, "paused"), LONG_S)
    page = visitor.get(f"/bench/runs/{identifier}/progress").text
    assert "! Paused" in page
    assert "Slow down. It asks to wait 1000 s." in page


def test_a_model_that_its_server_does_not_offer_pauses_the_run_with_the_nearest_name(visitor: Visitor) -> None:
    with OpenAIServer(slow) as server:
        identifier = started(visitor, ("named", f"{server.url}#model-z"), ("limit", "2"))
        wait_for(stands(visitor, identifier, "paused"), LONG_S)
    assert "model-z" in visitor.get(f"/bench/runs/{identifier}/progress").text


def test_progress_counts_a_run_that_a_terminal_started(site: Site, visitor: Visitor, store: Store) -> None:
    with OpenAIServer(slow) as server:
        starter = live.of(site.shell).starter
        from assay.bench.starting import Order

        identifier = starter.start(
            Order(suites=("functions",), models=(f"{server.url}#model-a",), limit=10, samples=3), LONG_S
        )
        wait_for(lambda: done(store, identifier) >= 1, LONG_S)
        seen = progress(visitor, identifier)
        assert seen["phase"] in ("running", "done")
        numbers = seen["progress"]
        assert isinstance(numbers, dict)
        assert numbers["total"] == 30
        assert 0 < numbers["done"] + numbers["at_work"] <= 30
        wait_for(stands(visitor, identifier, "done"), LONG_S)


# ---- what a form may hold ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ([], "suites", "Choose at least one suite."),
        ([("suite", "functions")], "models", "Choose at least one model"),
        ([("suite", "functoins"), ("recording", "all")], "suites", "Did you mean functions"),
        ([("suite", "humaneval"), ("recording", "all")], "suites", "is not on this machine"),
        ([("suite", "functions"), ("named", "gpt-9")], "named", "names no provider"),
        ([("suite", "functions"), ("named", "olama/x")], "named", "Did you mean ollama"),
        ([("suite", "functions"), ("named", "recorded//etc/passwd")], "named", "would read any file"),
        ([("suite", "functions"), ("named", "http://u:p@h/v1#m")], "named", "carries a user name or password"),
        ([("suite", "functions"), ("named", "openai/m")], "named", "OPENAI_API_KEY is not set"),
        ([("suite", "functions"), ("recording", "all"), ("samples", "0")], "samples", "from 1 to 10,000"),
        ([("suite", "functions"), ("recording", "all"), ("samples", "१")], "samples", "from 1 to 10,000"),
        ([("suite", "functions"), ("recording", "all"), ("limit", "9" * 5000)], "limit", "from 1 to 1,000,000"),
        ([("suite", "functions"), ("recording", "all"), ("repair", "-1")], "repair", "from 0 to 20"),
        ([("suite", "functions"), ("recording", "all"), ("temperature", "nan")], "temperature", "from 0 to 5"),
        ([("suite", "functions"), ("recording", "all"), ("max_tokens", "1e9")], "max_tokens", "from 1 to"),
        ([("suite", "functions"), ("named", "\n".join(f"ollama/m{n}" for n in range(60)))], "named", "at most 50"),
        ([("suite", HOSTILE), ("model", HOSTILE), ("named", HOSTILE), ("samples", HOSTILE)], "suites", "script"),
        ([("suite", "functions\0"), ("named", "ollama/\0")], "named", "no model"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 12 else "",
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_is_started(
    guest: Visitor,
    quiet: Site,
    monkeypatch: pytest.MonkeyPatch,
    fields: list[tuple[str, str]],
    field: str,
    words: str,
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    answer = guest.post("/bench/new", fields)
    assert answer.status_code == 422
    beside = re.search(rf'id="{field}-problem">([^<]*)<', answer.text)
    assert beside is not None, answer.text
    assert words in beside[1].replace("&#39;", "'")
    assert "<script>alert" not in answer.text
    assert "\u202e" not in answer.text
    assert "\x1b" not in answer.text
    assert evaluations.list_evaluations(quiet.shell.store) == []


def test_what_was_typed_stays_when_something_is_wrong(guest: Visitor) -> None:
    fields = [("suite", "functions"), ("named", "gpt-9"), ("samples", "7"), ("temperature", "0.4"), ("limit", "x")]
    page = guest.post("/bench/new", fields).text
    assert re.search(r'value="functions" checked', page)
    assert ">\ngpt-9</textarea>" in page
    assert 'id="samples" value="7"' in page
    assert 'id="temperature" value="0.4"' in page
    assert 'id="limit" value="x"' in page


def test_without_the_pages_token_nothing_is_started(quiet: Site) -> None:
    import httpx2

    answer = httpx2.post(f"{quiet.url}/bench/new", data={"suite": "functions", "recording": "all"})
    assert answer.status_code == 403
    assert evaluations.list_evaluations(quiet.shell.store) == []


def test_a_run_that_may_cost_money_is_confirmed_first(guest: Visitor, quiet: Site) -> None:
    fields = [("suite", "functions"), ("named", "http://10.1.2.3:9/v1#m"), ("limit", "5"), ("samples", "2")]
    page = guest.post("/bench/new", fields)
    assert page.status_code == 200
    assert "Before it costs money" in page.text
    assert "10 requests" in page.text
    assert '<input type="hidden" name="samples" value="2">' in page.text
    assert 'name="confirmed" value="yes"' in page.text
    assert evaluations.list_evaluations(quiet.shell.store) == []


def test_as_many_runs_as_may_be_at_work_are_enough_and_the_page_says_so(quiet: Site, guest: Visitor) -> None:
    starter = live.of(quiet.shell).starter
    held = [starter._take_slot(f"20260101-00000{number}-aaaa") for number in range(AT_ONCE)]
    try:
        answer = guest.post("/bench/new", [("suite", "functions"), ("recording", "all")])
        assert answer.status_code == 409
        assert f"{AT_ONCE} is the most at a time" in answer.text
    finally:
        for slot in held:
            os.close(slot)


def test_a_start_that_comes_to_nothing_is_told_on_the_form(serve_app: Serve, store: Store, tmp_path: Path) -> None:
    from assay.settings import Settings

    site = serve_app(settings=Settings(home=tmp_path, database_url=store.url, sandbox="nonsense"))
    with Visitor(site.url) as visitor:
        answer = visitor.post("/bench/new", [("suite", "functions"), ("recording", "all"), ("samples", "3")])
        if answer.status_code == 303:  # the process took its time on a busy machine: its page tells it
            address = answer.headers["location"]
            wait_for(lambda: "did not begin" in visitor.get(address).text, LONG_S)
            assert "No sandbox is called" in visitor.get(address).text
        else:
            assert answer.status_code == 422
            assert "No sandbox is called" in answer.text
            assert 'id="samples" value="3"' in answer.text


# ---- addresses that lead nowhere -----------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["progress", "progress.json", "events"])
@pytest.mark.parametrize("identifier", ["last", "nothing", "%00", "..", "a%2Fb", "x" * 3000])
def test_a_run_that_is_not_there_is_not_found(guest: Visitor, identifier: str, part: str) -> None:
    assert guest.get(f"/bench/runs/{identifier}/{part}").status_code == 404


def test_a_start_that_was_not_made_here_is_not_found(guest: Visitor) -> None:
    for identifier in ("nothing", "..%2F..%2Fetc%2Fpasswd", "%00"):
        assert guest.get(f"/bench/starts/{identifier}").status_code == 404
        assert guest.get(f"/bench/starts/{identifier}.json").status_code == 404


def test_a_browser_that_comes_back_after_the_end_is_told_to_stay_away(visitor: Visitor, store: Store) -> None:
    identifier = started(visitor, ("recording", "all"), ("limit", "1"))
    wait_for(stands(visitor, identifier, "done"), LONG_S)
    address = f"/bench/runs/{identifier}/events"
    assert visitor.get(address, last_event_id="end").status_code == 204
    assert [event.name for event in visitor.events(address, last_event_id="7; drop")] == ["progress", "end"]


def test_the_server_ends_while_streams_are_open(serve_app: Serve, visitor: Visitor, site: Site) -> None:
    """The fixture fails where the app does not stop; here somebody still listens to it."""
    with OpenAIServer(Held(WRONG, 8)) as server, Visitor(site.url) as guest:  # the run cannot end
        identifier = started(guest, ("named", f"{server.url}#model-a"), ("limit", "10"), ("samples", "2"))
        wait_for(stands(guest, identifier, "running"), LONG_S)
        events = guest.events(f"/bench/runs/{identifier}/events")
        assert next(events).name == "progress"
        site.shell.stopping.set()
        assert "end" not in [event.name for event in events]  # the run goes on: nobody is told that it ended
        live.of(site.shell).starter.stop(evaluations.read_evaluation(site.shell.store, identifier))
        wait_for(lambda: live.of(site.shell).starter.at_work() == [], LONG_S)


@contextmanager
def ending(act: Callable[[], object]) -> Iterator[None]:
    """Acts at the end, also where the test fails: a server whose answers wait for the test could not be stopped."""
    try:
        yield
    finally:
        act()


# ---- in a browser --------------------------------------------------------------------------------------------------


def test_a_run_is_started_by_keyboard_and_its_progress_moves_without_a_reload(
    site: Site, page: "Page", tmp_path: Path, store: Store
) -> None:
    allowed = threading.Event()  # the run does not move before it is looked at
    answers = Held(
        WRONG, 38
    )  # of 40: then at least one batch is whole and graded, and it cannot end before it is stopped

    def when_allowed(prompt: str, nth: int) -> ScriptedReply:
        allowed.wait(LONG_S)  # the whole server waits: once it may answer, nothing holds it up
        return answers(prompt, nth)

    with OpenAIServer(when_allowed) as server, ending(allowed.set):
        in_every_form(page, f"{site.url}/bench/new", tmp_path, "new")
        page.goto(f"{site.url}/bench/new")
        page.focus("#named")
        page.keyboard.type(f"{server.url}#model-a")
        page.keyboard.press("Tab")
        page.keyboard.press("Control+A")
        page.keyboard.type("4")
        page.keyboard.press("Tab")
        page.keyboard.type("10")
        page.keyboard.press("Enter")
        page.wait_for_url("**/bench/runs/**", timeout=LONG_S * 1000)
        identifier = page.url.rpartition("/")[2]
        page.goto(f"{site.url}/bench/runs/{identifier}/progress")
        axe(page)
        page.evaluate("window.here = 'the same page'")
        first = page.inner_text(".progress p")
        allowed.set()
        page.wait_for_function(
            "first => document.querySelector('.progress p').innerText !== first", arg=first, timeout=LONG_S * 1000
        )
        assert page.evaluate("window.here") == "the same page"
        page.focus("text=Stop")
        page.keyboard.press("Enter")
        wait_for(lambda: evaluations.read_evaluation(store, identifier).state == "paused", LONG_S)
        page.goto(f"{site.url}/bench/runs/{identifier}/progress")
        axe(page)
        assert page.inner_text("#live-title") == "! Paused"


def test_without_script_a_run_is_started_and_its_page_says_how_to_look_again(
    site: Site, scriptless: "Page", store: Store
) -> None:
    with OpenAIServer(slow) as server:
        scriptless.goto(f"{site.url}/bench/new")
        scriptless.fill("#named", f"{server.url}#model-a")
        scriptless.fill("#limit", "4")
        scriptless.click("text=Start the run")
        scriptless.wait_for_url("**/bench/runs/**", timeout=LONG_S * 1000)
        identifier = scriptless.url.rpartition("/")[2]
        scriptless.goto(f"{site.url}/bench/runs/{identifier}/progress")
        if evaluations.read_evaluation(store, identifier).state == "running":
            assert scriptless.is_visible("noscript a >> nth=0")
        wait_for(lambda: evaluations.read_evaluation(store, identifier).state == "done", LONG_S)
        scriptless.goto(f"{site.url}/bench/runs/{identifier}/progress")
        assert "4 of 4" in scriptless.inner_text(".progress p")
