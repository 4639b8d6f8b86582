"""What models, data sets and servers wrote is text on every page, whatever it holds, and whole in the JSON."""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from httpx2 import Client, Response
from starlette.routing import BaseRoute, Route

from assay.bench import asking, evaluations
from assay.bench.pages import Pages, addresses
from assay.bench.records import Attempt, Evaluation, Sample
from assay.errors import AssayError
from assay.records import (
    Asserts,
    Calls,
    Case,
    Encoded,
    Finding,
    Isolation,
    Model,
    Options,
    Program,
    Reply,
    Report,
    Request,
    Run,
    Stdio,
    StdioCase,
    Task,
)
from assay.store import Store, kept
from tests.browser_fixture import Site, served
from tests.store_fixture import Filled, database, filled

if TYPE_CHECKING:
    from playwright.sync_api import Page

MARKUP = (
    "</pre></textarea></title></script><script>window.pwned=1</script><img src=x onerror='window.pwned=1'>"
    "<svg/onload=window.pwned=1><b id=injected>bold</b><iframe src='javascript:window.pwned=1'></iframe>"
    "<form action=https://evil.example/><style>*{display:none}</style><meta http-equiv=refresh content='0;url=/'>"
)
BREAKERS = "\" onmouseover=window.pwned=1 x=\"' autofocus onfocus=window.pwned=1 y='`"
TEMPLATE = "p{{7*7}}q {% include '/etc/passwd' %} ${7*7} <%= 7*7 %>"
UNSEEN = (
    "\x1b[31mred\x1b[0m \x1b]0;title\x07 \u202egnp.exe\u202c \u2066x\u2069 zero\u200bwidth \u2028 \x00 \x85 \U000e0041"
)
TEXT = f"{MARKUP}\n{BREAKERS}\n{TEMPLATE}\n{UNSEEN}\njavascript:window.pwned=1 [x](javascript:window.pwned=1)\n,=1+1|@x"
LONG_LINE = "<b id=injected>\u202e{{7*7}}" * 420_000  # some 10 million characters on one line
SECRET = "hunter2-sesame"
MODEL = f"m/{MARKUP[:60]} {BREAKERS[:30]} p{{{{7*7}}}}q\u202e ?a=b&c=d#e%2e%2e%00 ../.."
SUITES = ("s", "s/../<i id=injected>", "javascript:window.pwned=1")
TASKS = (
    "plain",
    "a/b/c",
    "..",
    ".",
    "../../etc/passwd",
    "%2e%2e/%00",
    "x?model=y&sample=1#z",
    " spaced  out ",
    "\u202ertl\u2066",
    "<b id=injected>p{{7*7}}q",
    "\"'><script>window.pwned=1</script>",
    "name.json",
    "back\\slash\ttab",
    "//evil.example/x",
    "ünïcode 🦊",
)
PAGE_LIMIT = 2_000_000


# ---- an evaluation as bad as it gets -------------------------------------------------------------------------------


@dataclass
class Bad:
    """What was saved."""

    evaluation: Evaluation
    samples: list[Sample]
    tasks: list[Task]


def hostile_task(suite: str, name: str) -> Task:
    words = json.dumps(TEXT.replace("\0", ""))
    return Task(
        id=name,
        suite=suite,
        title=f"{MARKUP} {name}" if name == "plain" else "",
        prompt=f"{TEXT}\n{suite}\n{name}",
        entry="f",
        checks=(
            Calls(
                entry="f",
                cases=(
                    Case(id=TEXT, args=Encoded(f"[{words}]"), expect=Encoded(words), public=False),
                    Case(id="e", raises=MARKUP),
                ),
            ),
            Stdio(cases=(StdioCase(id=TEXT, stdin=TEXT, argv=(MARKUP,), stdout=TEXT),)),
            Asserts(source=TEXT, entry="f"),
        ),
        reference=TEXT,
        erratum=TEXT,
        tags=(MARKUP,),
        place=TEXT,
    )


def hostile_sample(evaluation: str, task: Task, model: str, index: int, text: str, status: str) -> Sample:
    finding = Finding(
        check="calls", case=TEXT, outcome="passed" if status == "pass" else "failed", integrity="outside",
        call=f"f({text[:5_000]})", expected=TEXT + "x", got=TEXT + "y", message=TEXT,
    )  # fmt: skip
    report = Report.model_validate(
        {
            "task": task.id, "suite": task.suite, "status": status, "findings": [finding] * 12, "message": TEXT,
            "integrity": "outside", "isolation": Isolation(backend=MARKUP, level=1, memory="polled", notes=(TEXT,)),
        }
    )  # fmt: skip
    reply = Reply(
        text=text, thinking=TEXT, model=MARKUP, prompt_tokens=3, completion_tokens=4, cost=0.1, currency=MARKUP
    )
    first = Attempt(
        reply=reply,
        report=report,
        raw=report.model_copy(update={"status": "exception"}),
        changes=(TEXT,) * 3,
        program=reply.text.replace("a", "b"),
        runs=kept.key_of("hostile", task.suite, task.id, index),
    )
    return Sample(
        evaluation=evaluation, suite=task.suite, task=task.id, model=model, index=index, attempts=(first, first)
    )


def save_hostile(store: Store) -> Bad:
    models = tuple(
        Model(
            name=name, provider="openai", model=MARKUP, url=f"https://user:{SECRET}@host.example/v1?key={SECRET}",
            key="MY_KEY", system=TEXT, options=Options(stop=(TEXT,), temperature=0.5),
        )
        for name in (MODEL, "javascript:window.pwned=1")
    )  # fmt: skip
    tasks = [hostile_task(suite, name) for suite in SUITES for name in (TASKS if suite == "s" else TASKS[:2])]
    evaluation = Evaluation(
        id="20260301-120000-beef", created=datetime(2026, 3, 1, tzinfo=UTC), source="run", state="done",
        suites=SUITES, models=models, samples=2, repair=1, note=MARKUP, replies=(MARKUP,),
    )  # fmt: skip
    evaluations.create(store, evaluation, tasks, [])
    samples = []
    for number, task in enumerate(tasks):
        samples.append(hostile_sample(evaluation.id, task, MODEL, 0, f"half a pair: \ud800 {TEXT}", "wrong"))
        samples.append(
            hostile_sample(evaluation.id, task, models[1].name, 1, TEXT, "pass" if number % 2 else "exception")
        )
    evaluations.save_samples(store, samples)
    for sample in samples:
        task = next(task for task in tasks if (task.suite, task.id) == (sample.suite, sample.task))
        model = next(model for model in models if model.name == sample.model)
        request = Request(model=model, messages=asking.question(task, model), sample=sample.index)
        kept.keep_reply(store, asking.reply_key(request, evaluation.id), request, sample.last.reply, evaluation.id)
        run = Run(
            status="exit", exit_code=1, stdout=TEXT.encode() * 8, stderr=b"\xff\xfe" + TEXT.encode(), detail=TEXT,
            isolation=Isolation(backend=MARKUP, level=1, memory="polled", notes=(TEXT,)), transcript=(TEXT,) * 4,
            label=TEXT,
        )  # fmt: skip
        kept.keep_runs(store, {sample.last.runs: [run] * 14})
    kept.record_failure(store, "k", request, f"{TEXT} half \udfff", evaluation.id)
    evaluations.set_state(store, evaluation.id, "failed", TEXT)
    return Bad(evaluation, samples, tasks)


# ---- a page as a browser sees it -----------------------------------------------------------------------------------


@dataclass
class Seen(HTMLParser):
    """What a page holds: what would do something, and where its links lead."""

    wrong: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("iframe", "object", "embed", "b", "i", "style", "base") or given.get("id") == "injected":
            self.wrong.append(f"<{tag} {given}>")
        if tag == "script" and not (given.get("src") or "").startswith("/assets/"):
            self.wrong.append(f"a script: {given}")
        if tag == "meta" and "http-equiv" in given:
            self.wrong.append(f"<meta {given}>")
        for name, value in given.items():
            ours = tag == "input" or given.get("id") == "keys-title"  # a field, or the head of the box of keys
            if name.startswith("on") or (name in ("style", "autofocus") and not ours):
                self.wrong.append(f"<{tag} {name}={value!r:.80}>")
            if name in ("href", "src", "action", "hx-get", "data-live"):
                address = urlsplit((value or "").strip())
                if address.scheme or address.netloc:
                    if (value or "") != "data:,":
                        self.wrong.append(f"<{tag} {name}={value!r:.80}>")
                elif name == "href" and tag == "a":
                    self.links.append(value or "")

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def look(text: str) -> Seen:
    seen = Seen()
    seen.feed(text)
    seen.close()
    return seen


def first_addresses(app: FastAPI, bad: Bad) -> Iterator[str]:
    """Every GET route of the app, its parameters filled with what there is."""
    task = bad.tasks[0]
    values = {
        "run": bad.evaluation.id, "id": bad.evaluation.id, "evaluation": bad.evaluation.id, "identifier": bad.evaluation.id,
        "name:path": f"{task.suite}/{task.id}", "number": "1", "name": "nothing", "suite": task.suite, "model": "none",
    }  # fmt: skip
    for path, methods in routes_of(app):
        for name, value in values.items():
            path = path.replace("{" + name + "}", value)
        if "GET" in methods and "stream" not in path and "events" not in path and "{" not in path:
            yield path


def routes_of(app: FastAPI) -> list[tuple[str, set[str]]]:
    """Every path with its methods, those of the products too."""
    found: list[tuple[str, set[str]]] = []

    def add(routes: Sequence[BaseRoute], prefix: str) -> None:
        for route in routes:
            if isinstance(route, Route | APIRoute):
                found.append((prefix + route.path, set(route.methods or ())))
            elif (inner := getattr(route, "original_router", None)) is not None:  # how FastAPI nests a router
                add(inner.routes, prefix + str(getattr(route, _NESTED).prefix))

    add(app.routes, "")
    return found


_NESTED = "include_context"


@pytest.fixture(scope="module")
def saved(test_server: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled[Bad]]:
    with filled(test_server, tmp_path_factory.mktemp("saved"), save_hostile) as found:
        yield found


@pytest.fixture
def hostile(saved: Filled[Bad]) -> Bad:
    return saved.value


@pytest.fixture
def store(test_server: Store, tmp_path: Path, saved: Filled[Bad]) -> Iterator[Store]:
    """A copy of the database in which that was saved."""
    with database(test_server, tmp_path, saved.name) as opened:
        yield opened


@pytest.fixture(scope="module")
def site(test_server: Store, tmp_path_factory: pytest.TempPathFactory, saved: Filled[Bad]) -> Iterator[Site]:
    """An app over another copy, for all tests that only read."""
    with served(test_server, tmp_path_factory.mktemp("read"), lambda _: None, template=saved.name) as opened:
        yield opened


@pytest.fixture
def client(site: Site) -> Iterator[Client]:
    """Speaks to a real server: it takes the quotes out of an address once, as a browser expects."""
    with Client(base_url=site.url, timeout=60) as opened:
        yield opened


def kinds_of(address: str) -> str:
    """The kind of page an address leads to: enough of one kind are looked at, all of its kinds are."""
    parts = urlsplit(address)
    steps = [step for step in parts.path.split("/") if step]
    kind = "/".join(steps[:2] + steps[3:4]) if steps[1:2] == ["runs"] else "/".join(steps[:2])
    return kind + parts.path[parts.path.rfind(".") :] if "." in parts.path[-6:] else kind


def walk(client: Client, start: list[str], each: int) -> Iterator[tuple[str, Response]]:
    """Every page that is reached by links, at most so many of a kind."""
    waiting = list(dict.fromkeys(start))
    met = set(waiting)
    looked: dict[str, int] = {}
    while waiting:
        address = waiting.pop(0)
        kind = kinds_of(address)
        looked[kind] = looked.get(kind, 0) + 1
        if looked[kind] > each and address not in start:
            continue
        response = client.get(address)
        yield address, response
        if response.headers.get("content-type", "").startswith("text/html"):
            for link in look(response.text).links:
                found = urljoin(address, link).partition("#")[0]
                if found.startswith("/") and found not in met:
                    met.add(found)
                    waiting.append(found)


def test_no_page_lets_a_text_become_markup_and_none_fails(site: Site, hostile: Bad) -> None:
    addresses_of_tasks = [addresses.task_page(hostile.evaluation.id, task.suite, task.id) for task in hostile.tasks]
    start = [*first_addresses(site.app, hostile), *addresses_of_tasks, "/search?q=" + "%3Cscript%3E%00"]
    troubles = []
    kinds = set()
    with Client(base_url=site.url, timeout=60) as client:
        for address, response in walk(client, start, each=10 if "ASSAY_TEST_LONG" in os.environ else 3):
            kinds.add(kinds_of(address))
            kind = response.headers.get("content-type", "")
            if response.status_code >= 500:
                troubles.append(f"{address}: {response.status_code}")
            if "script-src 'self'" not in response.headers.get("content-security-policy", ""):
                troubles.append(f"{address}: no policy")
            if response.headers.get("x-content-type-options") != "nosniff":
                troubles.append(f"{address}: a browser may guess what it is")
            if SECRET in response.text:
                troubles.append(f"{address}: holds a secret")
            if kind.startswith("text/html"):
                troubles += [f"{address}: {wrong}" for wrong in look(response.text).wrong]
                if len(response.content) > PAGE_LIMIT:
                    troubles.append(f"{address}: {len(response.content):,} bytes")
                for char in "\x1b\u202e\u2066\u200b\x00\x07":
                    if char in response.text:
                        troubles.append(f"{address}: holds U+{ord(char):04X}")
                if "p49q" in response.text:
                    troubles.append(f"{address}: a text was taken for a template")
            elif kind.startswith("application/json"):
                json.loads(response.content)
    assert troubles == []
    wanted = {"bench/runs/tasks", "bench/runs/attempts", "bench/runs/texts", "bench/calls"}
    assert wanted <= kinds


def test_every_address_leads_to_the_task_it_was_made_for(client: Client, hostile: Bad) -> None:
    for task in hostile.tasks:
        page = client.get(addresses.task_page(hostile.evaluation.id, task.suite, task.id))
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8"), task.id
        data = client.get(addresses.twin(addresses.task_page(hostile.evaluation.id, task.suite, task.id)))
        assert data.json()["task"]["id"] == task.id
        assert data.json()["task"]["suite"] == task.suite


def test_the_json_of_an_attempt_carries_every_text_whole(client: Client, hostile: Bad) -> None:
    for sample in hostile.samples[:4]:
        place = (hostile.evaluation.id, sample.suite, sample.task, sample.model, sample.index)
        found = client.get(addresses.twin(addresses.attempt_page(*place))).json()["evidence"]
        assert found["sample"]["attempts"][0]["reply"]["text"] == sample.last.reply.text
        assert found["sample"]["attempts"][0]["report"]["message"] == TEXT
        assert found["tries"][0]["messages"][0]["content"] == TEXT
        assert len(found["tries"][0]["runs"]) == 14


def test_ten_million_characters_make_a_small_page_and_a_file_that_has_them_all(
    store: Store, serve_app: Callable[..., Site], hostile: Bad
) -> None:
    sample = hostile_sample(hostile.evaluation.id, hostile.tasks[0], MODEL, 2, LONG_LINE, "wrong")
    evaluations.save_samples(store, [sample])
    place = (hostile.evaluation.id, sample.suite, sample.task, sample.model, sample.index)
    with Client(base_url=serve_app({"bench": Pages()}).url, timeout=60) as client:
        page = client.get(addresses.attempt_page(*place))
        file = client.get(addresses.text_file(*place, part="reply"))
    assert len(page.content) < PAGE_LIMIT
    assert f"{len(LONG_LINE):,} characters" in page.text
    assert file.headers["content-type"] == "text/plain; charset=utf-8"
    assert file.headers["content-disposition"].startswith("attachment;")
    assert file.headers["x-content-type-options"] == "nosniff"
    assert file.text == LONG_LINE


@pytest.mark.parametrize("script", ["script", "no script"])
def test_in_a_browser_nothing_of_it_runs(
    site: Site, page: "Page", scriptless: "Page", hostile: Bad, script: str
) -> None:
    opened = page if script == "script" else scriptless
    run = hostile.evaluation.id
    sample = hostile.samples[0]
    for start in (
        "/bench/",
        addresses.run_page(run),
        addresses.attempt_page(run, sample.suite, sample.task, sample.model, sample.index),
        addresses.calls_page(run),
        addresses.call_page(1),
        "/search?q=injected",
    ):
        opened.goto(site.url + start)
        if script == "script":
            opened.wait_for_load_state("networkidle")
            assert opened.evaluate("window.pwned") is None, start
        assert opened.locator("#injected").count() == 0, start
        assert opened.locator("main").count() == 1, start


def test_a_browser_finds_every_task_by_its_link(site: Site, page: "Page", hostile: Bad) -> None:
    tasks = [addresses.task_page(hostile.evaluation.id, task.suite, task.id) for task in hostile.tasks]
    page.goto(site.url + tasks[0])
    page.locator("main table a").first.click()
    page.wait_for_load_state()
    assert page.locator("h1").inner_text().startswith(("m/", "javascript:")), page.url
    assert page.evaluate("window.pwned") is None
    # the rest as the browser reads addresses and pages, without drawing each: it takes `..` and `%2e` its own way
    for task, address in zip(hostile.tasks, tasks, strict=True):
        status, title = page.evaluate(FOLLOW, address)
        assert status == 200, task.id
        assert title.startswith(("m/", "javascript:")), (task.id, title)


FOLLOW = """async address => {
    const read = async at => {
        const answer = await fetch(at);
        return [answer, new DOMParser().parseFromString(await answer.text(), "text/html")];
    };
    const [first, tasks] = await read(address);
    if (first.status !== 200) return [first.status, ""];
    const link = tasks.querySelector("main table a").getAttribute("href");
    const [second, attempt] = await read(new URL(link, new URL(address, location)));
    return [second.status, attempt.querySelector("h1").textContent.trim()];
}"""


# ---- what cannot be saved is refused, not lost ---------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a\0b", "a\nb", "x" * 601], ids=["NUL", "line end", "too long"])
def test_a_name_that_no_table_can_hold_is_refused_before_anything_is_paid(store: Store, name: str) -> None:
    task = hostile_task("s", name)
    evaluation = Evaluation(id="e", created=datetime.now(UTC), source="run", suites=("s",))
    with pytest.raises(AssayError, match="name of a suite, task or model"):
        evaluations.create(store, evaluation, [task], [])


def test_half_a_surrogate_pair_becomes_the_replacement_character_in_a_reply_and_is_refused_in_a_task(
    store: Store,
) -> None:
    assert Reply(text="a\ud800b", thinking="\udfff").text == "a\ufffdb"
    task = hostile_task("s", "t").model_copy(update={"prompt": "half \ud800"})
    evaluation = Evaluation(id="e", created=datetime.now(UTC), source="run", suites=("s",))
    with pytest.raises(AssayError, match="cannot be saved"):
        evaluations.create(store, evaluation, [task], [])


def test_a_program_keeps_its_nul() -> None:
    assert Program(files={"main.py": b"a\0b"}).source == "a\0b"
