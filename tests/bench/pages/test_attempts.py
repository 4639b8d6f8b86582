"""Why one attempt failed, as a reader finds it: over real runs of the recordings, and over what was saved by hand."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from httpx2 import Client

from assay.bench import evaluations, evidence
from assay.bench.beginning import begin_run
from assay.bench.evidence import Row
from assay.bench.pages import Pages, addresses
from assay.bench.pages.paper import Paper
from assay.bench.process import Bench
from assay.bench.recordings import WEAK
from assay.bench.records import Evaluation, Sample
from assay.bench.suites import load_suite
from assay.bench.workflow import finish
from assay.records import Finding, Model, Report
from assay.settings import Settings
from assay.store import Store
from tests.browser_fixture import Site, in_every_form, served
from tests.store_fixture import Filled, filled

if TYPE_CHECKING:
    from playwright.sync_api import Page


@pytest.fixture(scope="module")
def made(test_server: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled[Evaluation]]:
    """The recorded weak model on the first two tasks, really run: once, each test has a copy."""
    home = tmp_path_factory.mktemp("made")

    def run_it(store: Store) -> Evaluation:
        settings = Settings(home=home, database_url=store.url)
        model = Model(name="weak / 7b?", provider="recorded", model=str(WEAK), concurrency=16)
        with Bench(settings) as bench:
            begun = begin_run(bench, [load_suite("functions", settings=settings)], [model], samples=3, limit=2)
            return finish(bench, begun.id)

    with filled(test_server, home, run_it) as found:
        yield found


@pytest.fixture(scope="module")
def site(test_server: Store, tmp_path_factory: pytest.TempPathFactory, made: Filled[Evaluation]) -> Iterator[Site]:
    """All but one test only read."""
    with served(test_server, tmp_path_factory.mktemp("read"), lambda _: None, template=made.name) as opened:
        yield opened


@pytest.fixture
def store(site: Site) -> Store:
    return site.shell.store


@pytest.fixture
def run(made: Filled[Evaluation]) -> Evaluation:
    return made.value


@pytest.fixture
def failed(store: Store, run: Evaluation) -> Sample:
    return [one for one in evaluations.read_samples(store, run.id) if one.status == "wrong"][0]  # noqa: RUF015 - to its end


@pytest.fixture
def client(site: Site) -> Iterator[Client]:
    with Client(base_url=site.url, timeout=60) as opened:
        yield opened


def address(sample: Sample) -> str:
    return addresses.attempt_page(sample.evaluation, sample.suite, sample.task, sample.model, sample.index)


def test_an_attempt_says_first_why_it_failed_and_then_shows_every_step(client: Client, failed: Sample) -> None:
    page = client.get(address(failed)).text
    answer = page.index("Failed: wrong answer")
    steps = [page.index(f"{number}. {words}") for number, words in enumerate(
        ("What was asked", "What the model said", "The program taken from it", "What happened when it ran", "What the checks saw"), 1
    )]  # fmt: skip
    assert [answer, *steps] == sorted([answer, *steps])
    assert "exit code 0" in page
    assert "Model call" in page


def test_its_json_holds_the_messages_the_call_the_reply_the_runs_and_the_findings(
    client: Client, failed: Sample
) -> None:
    found = client.get(addresses.twin(address(failed))).json()
    (tried,) = found["evidence"]["tries"]
    assert found["answer"].startswith("Failed: wrong answer: ")
    assert ", expected " in found["answer"]
    assert tried["messages"][-1]["role"] == "user"
    assert [call["status"] for call in tried["calls"]] == ["ok"]
    assert tried["attempt"]["reply"]["text"] == failed.last.reply.text
    assert tried["runs_kept"] == "yes"
    assert tried["runs"][0]["isolation"]["level"] >= 1
    assert any(finding["outcome"] == "failed" for finding in tried["attempt"]["report"]["findings"])


def test_the_failures_of_a_model_are_a_chain_from_the_first_to_the_last(
    client: Client, store: Store, run: Evaluation
) -> None:
    bad = [one for one in evaluations.read_samples(store, run.id) if one.status not in ("pass", "error")]
    assert len(bad) > 1
    seen = []
    at: Sample | None = bad[0]
    while at is not None:
        found = client.get(addresses.twin(address(at))).json()["evidence"]
        seen.append((at.task, at.index))
        assert (found["number"], found["failing"]) == (len(seen), len(bad))
        after = found["next"]
        at = after and next(one for one in bad if (one.task, one.index) == (after["task"], after["sample"]))
    assert seen == [(one.task, one.index) for one in bad]


def test_a_run_that_is_kept_no_longer_is_said_to_be_gone(
    test_server: Store, tmp_path: Path, made: Filled[Evaluation], failed: Sample
) -> None:
    def forget(store: Store) -> None:
        with store.engine.begin() as connection:
            connection.exec_driver_sql("delete from runs")

    with (
        served(test_server, tmp_path, forget, {"bench": Pages()}, template=made.name) as own,
        Client(base_url=own.url, timeout=60) as client,
    ):
        assert "The run is not kept" in client.get(address(failed)).text
        assert client.get(addresses.twin(address(failed))).json()["evidence"]["tries"][0]["runs_kept"] == "no"


def test_a_task_lists_every_sample_and_sets_a_wrong_program_beside_the_nearest_right_one(
    client: Client, store: Store, run: Evaluation, failed: Sample
) -> None:
    place = addresses.task_page(run.id, failed.suite, failed.task, model=failed.model, sample=failed.index)
    found = client.get(addresses.twin(place)).json()
    mine = [one for one in evaluations.read_samples(store, run.id) if one.task == failed.task]
    assert [(one["sample"], one["status"]) for one in found["samples"]] == [(one.index, one.status) for one in mine]
    right = {one.last.program for one in mine if one.status == "pass"}
    assert found["beside"]["wrong"]["index"] == failed.index
    assert found["beside"]["program"] in (right or {found["task"]["reference"]})
    page = client.get(place).text
    assert "A wrong program beside a right one" in page
    assert 'class="add"' in page


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/bench/runs/none/tasks/s/t", "no run"),
        ("/bench/runs/{run}/tasks/s/none", "has no task"),
        ("/bench/runs/{run}/attempts/{task}?model=nobody&sample=0", "There is no sample 0"),
        ("/bench/runs/{run}/attempts/{task}?model=%00&sample=0", "There is no sample 0"),
        ("/bench/runs/{run}/texts/{task}?model={model}&attempt=7", "counted from 0"),
    ],
)
def test_what_is_not_there_is_said_in_words(client: Client, failed: Sample, path: str, words: str) -> None:
    filled = path.format(run=failed.evaluation, task=f"{failed.suite}/{failed.task}", model="weak%20/%207b%3F")
    answer = client.get(filled)
    assert answer.status_code == 404
    assert words in answer.text


@pytest.mark.parametrize("kind", ["attempt", "task"])
def test_in_a_browser_it_is_clean_in_every_form(
    site: Site, page: "Page", failed: Sample, tmp_path: Path, kind: str
) -> None:
    here = address(failed) if kind == "attempt" else addresses.task_page(failed.evaluation, failed.suite, failed.task)
    in_every_form(page, site.url + here, tmp_path)


# ---- pure parts ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expected", "got", "said"),
    [
        ("4", "5", "They differ from character 1 on: expected “4”, got “5”."),
        ("a b", "a", "They differ from character 2 on: expected a space, got the end."),
        ("x\ny", "x\nz", "They differ from line 2, column 1 on: expected “y”, got “z”."),
        ("é", "e", "They differ from character 1 on: expected “é” (U+00E9), got “e”."),
    ],
)
def test_two_texts_differ_at_a_place_with_a_name(expected: str, got: str, said: str) -> None:
    found = evidence.difference(expected, got)
    assert found is not None
    assert found.said == said


def test_equal_texts_do_not_differ() -> None:
    assert evidence.difference("a", "a") is None


def test_a_verdict_is_a_sentence_with_the_call_what_it_gave_and_what_was_expected() -> None:
    finding = Finding(check="calls", outcome="failed", integrity="outside", call="f(3)", expected="5", got="4")
    why = evidence.explain(Report(task="t", suite="s", status="wrong", findings=(finding,), message="c: no"))
    assert (why.words, why.text) == ("Failed: wrong answer", "f(3) gave 4, expected 5")


def test_lines_are_compared_and_a_comparison_that_would_take_long_is_not_made() -> None:
    assert evidence.compare_lines("a\nb", "a\nc") == [Row("same", "a"), Row("del", "b"), Row("add", "c")]
    assert evidence.compare_lines("x\n" * 5_000, "y") is None


def test_a_page_of_others_text_ends_where_it_is_full() -> None:
    paper = Paper(1_000)
    assert paper.text("<b>" * 10) == "&lt;b&gt;" * 10
    assert "left out" in paper.text("<" * 2_000)
