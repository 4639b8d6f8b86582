"""The page of durable jobs: real workflows on a real database, and what their pages show and do."""

import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import APIRouter
from starlette.testclient import TestClient

from assay import workflows
from assay.bench import evaluations, flows
from assay.bench.records import Evaluation
from assay.records import Model
from assay.settings import Settings
from assay.store import Store
from assay.web import Hit, Offer
from assay.web.app import make_app
from assay.web.flows import FlowName, NamesFlows, lasting
from assay.web.shell import Shell
from assay.workflows import Engine, looking, start_engine
from tests import counted_work as work
from tests.browser_fixture import Site, in_every_form
from tests.killing import wait_for as until
from tests.store_fixture import database

if TYPE_CHECKING:
    from playwright.sync_api import Page

HOSTILE = "<script>alert(1)</script>\u202e\x1b[31m"


@pytest.fixture
def engine(store: Store) -> Iterator[Engine]:
    work.prepare(store)
    with start_engine(store, dead_after_s=1) as running:
        workflows.define_queue(work.QUEUE, per_worker=8)
        yield running


class Named:
    """A product with bench's jobs and no page."""

    name = "bench"
    title = "jobs"

    def router(self, shell: Shell) -> APIRouter:
        return APIRouter()

    def offers(self, shell: Shell) -> list[Offer]:
        return []

    def search(self, shell: Shell, words: str, limit: int) -> list[Hit]:
        return []

    def describe_flows(self, shell: Shell, ids: Sequence[str]) -> Mapping[str, FlowName]:
        return flows.describe_flows(shell.store, ids)

    def find_flows(self, shell: Shell, words: str) -> Sequence[str]:
        return flows.find_flows(shell.store, words)

    def close(self) -> None:
        pass


@pytest.fixture
def client(store: Store, tmp_path: Path) -> Iterator[TestClient]:
    settings = Settings(home=tmp_path, database_url=store.url)
    app = make_app(settings, store, {"bench": Named()})
    with TestClient(app, base_url="http://127.0.0.1", follow_redirects=False) as made:
        yield made


@pytest.fixture(scope="module")
def quiet(test_server: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A client of an app over a database on which no engine ever ran."""
    home = tmp_path_factory.mktemp("quiet")
    with database(test_server, home) as store:
        app = make_app(Settings(home=home, database_url=store.url), store, {"bench": Named()})
        with TestClient(app, base_url="http://127.0.0.1", follow_redirects=False) as made:
            yield made


def failed(name: str, message: str) -> None:
    with pytest.raises(workflows.WorkFailed):
        workflows.result(workflows.start(work.broken, message, id=name))


def one_of_each(engine: Engine) -> None:
    """done, paused, failed, cancelled, running (a parent of three), abandoned."""
    store = engine.store
    with pytest.raises(workflows.WorkPaused):
        workflows.result(workflows.start(work.paused, f"The server is away. {HOSTILE}", id="a-paused"))
    workflows.result(workflows.start(work.echo, 1, id="a-done"))
    failed("a-failed", HOSTILE)
    workflows.start(work.held_work, "a-cancelled", id="a-cancelled")
    work.wait_for_note(store, "a-cancelled", "first")
    looking.cancel(store, "a-cancelled")
    work.open_gate(store, "a-cancelled")
    workflows.start(work.family, "a-running", 3, id="a-running")
    work.wait_for_note(store, "a-running", "enqueued")
    argv = [sys.executable, str(Path(work.__file__)), "start", store.url, "victim", "a-abandoned"]
    victim = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
    work.wait_for_note(store, "a-abandoned", "first")
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    until(lambda: looking.read_flow(store, "a-abandoned").state == "abandoned")
    until(
        lambda: looking.count_children(store, ["a-running"])["a-running"] == {"running": 3}
    )  # the queue is looked at by and by


def end(engine: Engine) -> None:
    for number in range(3):
        work.open_gate(engine.store, f"a-running/{number}")
    work.open_gate(engine.store, "a-abandoned")


def post(client: TestClient, page: str, action: str) -> Any:
    """Press the button of a page whose form posts there."""
    html = client.get(page).text
    assert f'action="{action}"' in html
    token = re.findall(rf'action="{re.escape(action)}"><input type="hidden" name="_token" value="([^"]+)"', html)[0]
    return client.post(action, data={"_token": token})


# ---- what is shown -------------------------------------------------------------------------------------------------


def test_the_page_lists_every_job_with_its_state_and_json_and_csv_say_the_same(
    engine: Engine, client: TestClient
) -> None:
    one_of_each(engine)
    html = client.get("/flows").text
    for name in ("a-done", "a-paused", "a-failed", "a-cancelled", "a-running", "a-abandoned"):
        assert f'href="/flows/{name}"' in html
        assert f"{name[2:]}</span>" in html
    found = client.get("/flows.json").json()
    states = {job["id"]: job["state"] for job in found["jobs"]}
    ended = ("done", "paused", "failed", "cancelled")
    assert states == {f"a-{name}": name for name in (*ended, "running", "abandoned")}
    assert found["counts"] == dict.fromkeys(("running", "abandoned", *ended), 1) | {"waiting": 0}
    running = next(job for job in found["jobs"] if job["id"] == "a-running")
    assert running["children"] == {"running": 3}
    assert {one["id"]: one["alive"] for one in found["executors"]}["victim"] is False
    lines = client.get("/flows.csv").text.splitlines()
    assert len(lines) == 7
    assert '"a-failed","broken","failed"' in "\n".join(lines)
    end(engine)


def test_jobs_are_chosen_by_state_words_parent_and_page(engine: Engine, client: TestClient) -> None:
    for number in range(60):
        workflows.start(work.echo, number, id=f"e-{number:02}")
    until(lambda: looking.count(engine.store, looking.Wanted()) == {"done": 60})
    failed("x", "no")

    def ids(query: str) -> list[str]:
        return [job["id"] for job in client.get(f"/flows.json?{query}").json()["jobs"]]

    assert ids("state=failed") == ["x"]
    assert ids("q=E-0") == [f"e-{number:02}" for number in range(9, -1, -1)]
    first, second = ids("page=1"), ids("page=2")
    assert (len(first), len(second), len({*first, *second})) == (50, 11, 61)
    assert ids("parent=x") == []
    html = client.get("/flows?state=done").text
    assert 'href="/flows?state=done&amp;page=2" rel="next"' in html
    assert "There are 2 pages" in client.get("/flows?page=9").text
    assert "No job is like that" in client.get("/flows?q=nonesuch").text


def test_the_page_of_a_job_shows_its_steps_durations_errors_and_children_by_count(
    engine: Engine, client: TestClient
) -> None:
    for number in (0, 2):
        work.open_gate(engine.store, f"p/{number}")
    with pytest.raises(workflows.WorkFailed):
        workflows.result(workflows.start(work.shaky_family, "p", 3, id="p"))
    until(lambda: looking.count_children(engine.store, ["p"])["p"] == {"done": 2, "failed": 1})
    html = client.get("/flows/p").text
    assert "began 3 children (shaky)" in html
    assert 'href="/flows?parent=p&amp;state=failed">1 failed</a>' in html
    assert "RuntimeError: the gate of p/1 is shut" in html
    child = client.get("/flows/p%2F1").text
    assert "stumble" in child
    assert "✗  failed" in child or "✗ failed" in child
    assert re.search(r"\d+ ms", child)
    assert 'href="/flows/p">' in child  # the way back to its parent
    data = client.get("/flows/p%2F1.json").json()
    assert [(step["name"], step["failed"]) for step in data["steps"]] == [("note", 0), ("stumble", 1)]
    assert all(step["seconds"] >= 0 for step in data["steps"])
    assert data["parent"] == "p"


def test_what_an_error_holds_is_text(engine: Engine, client: TestClient) -> None:
    failed("h", HOSTILE)
    for address in ("/flows", "/flows/h"):
        html = client.get(address).text
        assert "<script>alert" not in html
        assert "&lt;script&gt;alert(1)" in html
        assert "\u202e" not in html
        assert "⟨U+202E⟩" in html
    assert "\u202e" not in client.get("/flows.csv").text


def test_benchs_pages_say_what_its_jobs_are_called() -> None:
    from assay.bench.pages import Pages

    assert isinstance(Pages(), NamesFlows)


def test_a_run_of_bench_has_its_name_page_and_way_to_go_on(engine: Engine, client: TestClient) -> None:
    models = tuple(Model(name=name, provider="openai", model=name) for name in ("m1", "m2"))
    made = Evaluation(
        id="20260101-000000-abcd", created=datetime.now(UTC), source="run", suites=("functions",), models=models
    )
    evaluations.create(engine.store, made, [], [])
    failed(f"{made.id}:0", "no")
    failed(f"{made.id}:1:7", "no")
    failed("not:ours", "no")
    with pytest.raises(workflows.WorkPaused):
        workflows.result(workflows.start(work.paused, "The server is away.", id=f"{made.id}:1"))
    titles = {job["id"]: job["title"] for job in client.get("/flows.json").json()["jobs"]}
    assert titles == {
        f"{made.id}:0": f"Evaluate functions with 2 models (run {made.id})",
        f"{made.id}:1": f"Evaluate functions with 2 models (run {made.id}, try 2)",
        f"{made.id}:1:7": f"Batch 7 of run {made.id}",
        "not:ours": "broken",
    }
    assert len(client.get("/flows.json?q=functions").json()["jobs"]) == 3
    for name, button in (("0", "Retry"), ("1", "Continue")):
        html = client.get(f"/flows/{made.id}:{name}").text
        assert f'href="/bench/runs/{made.id}"' in html
        assert f'action="/bench/runs/{made.id}/continue"' in html
        assert f">{button}</button>" in html
        assert f"assay bench resume {made.id}" in html
    assert "Why it is paused</h2><pre>The server is away." in html


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/flows/nobody", 404),
        ("/flows/nobody.json", 404),
        ("/flows/nobody/live", 404),
        ("/flows/%00", 404),
        ("/flows/a%0Ab%E2%80%AE", 404),
        ("/flows?page=0", 422),
        ("/flows.json?state=odd", 422),
        ("/flows?parent=nobody", 200),
        ("/flows?q=%00&parent=%00", 200),
        ("/flows.json?q=%00", 200),
        ("/flows.csv?q=%25", 200),
        ("/flows", 200),
    ],
)
def test_an_address_that_leads_nowhere_says_so_where_no_engine_ever_ran(
    quiet: TestClient, address: str, status: int
) -> None:
    response = quiet.get(address)
    assert response.status_code == status
    assert "\u202e" not in response.text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""),
        (0.0301, "30 ms"),
        (2.34, "2.3 s"),
        (61, "1 min 1 s"),
        (3 * 3600 + 5 * 60, "3 h 5 min"),
        (3 * 86400 + 3600, "3 d 1 h"),
    ],
)
def test_a_duration_has_its_unit(seconds: float | None, text: str) -> None:
    assert lasting(seconds) == text


# ---- what its buttons do -------------------------------------------------------------------------------------------


def test_the_retry_button_makes_a_failed_job_go_on_with_what_failed(engine: Engine, client: TestClient) -> None:
    with pytest.raises(workflows.WorkFailed):
        workflows.result(workflows.start(work.shaky, "s", id="s"))
    work.open_gate(engine.store, "s")
    response = post(client, "/flows/s", "/flows/s/retry")
    assert (response.status_code, response.headers["location"]) == (303, "/flows/s")
    assert workflows.result("s") == "went through"
    assert work.notes(engine.store, "s") == ["first", "last"]
    assert "/retry" not in client.get("/flows/s").text


def test_the_cancel_button_stops_a_job_and_its_children_and_retry_goes_on(engine: Engine, client: TestClient) -> None:
    store = engine.store
    workflows.start(work.family, "c/x", 2, id="c/x")
    work.wait_for_note(store, "c/x", "enqueued")
    response = post(client, "/flows/c%2Fx", "/flows/c%2Fx/cancel")
    assert (response.status_code, response.headers["location"]) == (303, "/flows/c%2Fx")
    assert client.get("/flows/c%2Fx.json").json()["children"] == {"cancelled": 2}
    for number in range(2):
        work.open_gate(store, f"c/x/{number}")
    until(lambda: not workflows._is_busy())
    post(client, "/flows/c%2Fx", "/flows/c%2Fx/retry")
    assert workflows.result("c/x") == [["first", "last"]] * 2


def test_without_its_token_a_button_does_nothing(engine: Engine, client: TestClient) -> None:
    failed("b", "no")
    assert client.post("/flows/b/retry").status_code == 403
    assert looking.read_flow(engine.store, "b").state == "failed"
    token = re.findall(r'name="_token" value="([^"]+)"', client.get("/flows/b").text)[0]
    assert client.post("/flows/b/cancel", data={"_token": token}).status_code == 400
    assert client.post("/flows/nobody/cancel", data={"_token": token}).status_code == 404


def test_where_nobody_is_at_work_the_page_says_what_to_start(store: Store, client: TestClient) -> None:
    work.prepare(store)
    with start_engine(store, listen=False):
        workflows.define_queue(work.QUEUE, per_worker=1)
        workflows.enqueue(work.QUEUE, work.held_work, "w", id="w")
    for address in ("/flows", "/flows/w"):
        assert "assay worker" in client.get(address).text


# ---- in a browser --------------------------------------------------------------------------------------------------


def test_the_pages_pass_axe_in_four_forms_and_are_worked_by_keyboard_alone(
    engine: Engine, serve_app: Callable[..., Site], page: "Page", tmp_path: Path
) -> None:
    one_of_each(engine)
    site = serve_app({"bench": Named()})
    for name, address in (
        ("list", "/flows"),
        ("failed", "/flows/a-failed"),
        ("paused", "/flows/a-paused"),
        ("running", "/flows/a-running"),
        ("abandoned", "/flows/a-abandoned"),
    ):
        in_every_form(page, site.url + address, tmp_path, name)
    page.goto(f"{site.url}/flows")
    page.get_by_role("searchbox", name="Name or id").focus()
    page.keyboard.type("a-running")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=a-running**")
    page.get_by_role("link", name="family").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/flows/a-running")
    page.get_by_role("button", name="Cancel").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Retry").wait_for()
    end(engine)
    until(lambda: not workflows._is_busy())
    page.get_by_role("button", name="Retry").focus()
    page.keyboard.press("Enter")
    page.get_by_text("✓ done").first.wait_for()
    assert workflows.result("a-running") == [["first", "last"]] * 3


def test_the_page_of_a_running_job_follows_it(
    engine: Engine, serve_app: Callable[..., Site], page: "Page", scriptless: "Page"
) -> None:
    workflows.start(work.held_work, "w", id="w")
    work.wait_for_note(engine.store, "w", "first")
    site = serve_app({"bench": Named()})
    scriptless.goto(f"{site.url}/flows/w")
    assert scriptless.get_by_role("button", name="Cancel").is_visible()
    page.goto(f"{site.url}/flows/w")
    work.open_gate(engine.store, "w")
    page.get_by_text("pass_gate").wait_for()
    page.locator(".verdict", has_text="done").wait_for()
    page.get_by_role("button", name="Cancel").wait_for(state="detached")  # the page loads itself anew
