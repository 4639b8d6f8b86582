"""A run that is killed, or whose server dies, goes on where it was: nothing is paid twice, lost or counted twice."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa

from assay import cli
from assay.store import Store
from assay.workflows import looking
from assay.workflows.looking import Wanted
from tests.killing import assay, counts, kill_and_resume, prompts_and_replies, server, wait_for, write_tasks
from tests.servers import ScriptedReply
from tests.servers.openai import OpenAIServer


@pytest.fixture
def environment(store: Store, tmp_path: Path) -> dict[str, str]:
    """A command's environment, with a database of its own."""
    return {**os.environ, "ASSAY_HOME": str(tmp_path / "home"), "ASSAY_DATABASE_URL": store.url}


def test_a_run_killed_at_random_moments_asks_again_only_what_was_under_way(
    environment: dict[str, str], tmp_path: Path
) -> None:
    concurrency = 2
    kills = 12 if "ASSAY_TEST_LONG" in os.environ else 3
    figures = kill_and_resume(
        tmp_path, environment, tasks=6, samples=5, kills=kills, seed=11, concurrency=concurrency, delay=0.4
    )
    assert figures.kills >= kills - 1  # a machine that holds this test up may let the run end before the last one
    assert figures.document["state"] == "done"
    assert (figures.document["samples"], figures.document["passed"], figures.document["missing"]) == (30, 30, 0)
    assert sorted(figures.rows) == sorted({(task, sample) for task, sample in figures.rows for sample in range(5)})
    assert len(figures.rows) == 30
    assert all(times >= 5 for times in figures.prompts.values())
    assert 0 <= figures.asked_again <= figures.kills * concurrency


class Ended(NamedTuple):
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


Finish = Callable[..., Ended]


@pytest.fixture
def finish(
    environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Finish:
    """A command to its end: in this process, which is another one than those that a test starts and ends."""

    def run(*arguments: str) -> Ended:
        for name in ("ASSAY_HOME", "ASSAY_DATABASE_URL"):
            monkeypatch.setenv(name, environment[name])
        monkeypatch.chdir(tmp_path)
        capsys.readouterr()
        return Ended(cli.run(list(arguments)), *capsys.readouterr())

    return run


def test_ctrl_c_says_what_is_kept_and_resume_goes_on_from_there(
    environment: dict[str, str], tmp_path: Path, finish: Finish
) -> None:
    write_tasks(tmp_path / "tasks", 6)
    with server(tmp_path, prompts_and_replies(tmp_path / "tasks"), delay=0.5) as url:
        run = ["bench", "run", "functions", "--data", str(tmp_path / "tasks"), "--model", f"{url}/v1#model-a"]
        process = assay([*run, "--samples", "4", "--concurrency", "2"], environment, tmp_path)
        wait_for(lambda: counts(url)["requests"] >= 8, 60)
        process.send_signal(signal.SIGINT)
        assert process.wait(120) == 130
        said = (tmp_path / "log").read_text()
        assert "of 24 samples are done and kept" in said
        assert "Go on with: assay bench resume" in said
        assert "Traceback" not in said
        before = counts(url)["requests"]
        ended = finish("bench", "resume", "last", "--json")
        assert ended.code == 0, ended.err
        found = json.loads(ended.out)
        assert (found["state"], found["samples"], found["passed"], found["errors"]) == ("done", 24, 24, 0)
        assert counts(url)["requests"] - 24 <= 2
        assert before < 24


@contextlib.contextmanager
def worker_elsewhere(
    environment: dict[str, str], folder: Path, *, tasks: int, delay: float
) -> Iterator[tuple[str, "subprocess.Popen[bytes]", list[str]]]:
    """A model's server, a worker at work whose home is another, and the command that runs tasks with that model."""
    write_tasks(folder / "tasks", tasks)
    with server(folder, prompts_and_replies(folder / "tasks"), delay=delay) as url:
        worker = assay(["worker"], {**environment, "ASSAY_HOME": str(folder / "elsewhere")}, folder)
        try:
            wait_for(lambda: "is at work" in (folder / "log").read_text(), 60)
            run = ["bench", "run", "functions", "--data", str(folder / "tasks"), "--model", f"{url}/v1#model-a"]
            yield url, worker, run
        finally:
            worker.kill()
            worker.wait()


def test_a_stopped_run_is_gone_on_with_by_no_worker(
    environment: dict[str, str], tmp_path: Path, store: Store, finish: Finish
) -> None:
    with worker_elsewhere(environment, tmp_path, tasks=6, delay=0.5) as (url, worker, run):
        process = assay([*run, "--samples", "8", "--concurrency", "2"], environment, tmp_path)
        wait_for(lambda: counts(url)["requests"] >= 8, 60)
        process.send_signal(signal.SIGINT)
        assert process.wait(120) == 130
        (job,) = looking.flows(store, Wanted())
        assert job.state == "cancelled"
        assert set(looking.count(store, Wanted(parent=job.id))) <= {"done", "cancelled"}
        worker.send_signal(signal.SIGINT)
        worker.wait(120)
        assert counts(url)["requests"] < 48
        ended = finish("bench", "resume", "last", "--json")
        assert ended.code == 0, ended.err
        assert (json.loads(ended.out)["state"], json.loads(ended.out)["samples"]) == ("done", 48)


@contextlib.contextmanager
def nobody_else_at(port: int) -> Iterator[None]:
    """No program of this machine is given the port, and nothing answers there."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # who is to have it then sets this, too
        held.bind(("127.0.0.1", port))
        yield


def test_a_server_that_dies_pauses_the_run_and_its_jobs_and_fails_nothing(
    environment: dict[str, str], tmp_path: Path, store: Store, finish: Finish
) -> None:
    write_tasks(tmp_path / "tasks", 6)
    answers = prompts_and_replies(tmp_path / "tasks")
    first = OpenAIServer(lambda prompt, _: ScriptedReply(answers[prompt], first_token_s=0.3)).start()
    model = f"{first.url}#model-a"
    run = ["bench", "run", "functions", "--data", str(tmp_path / "tasks"), "--model", model, "--samples", "4"]
    process = assay([*run, "--concurrency", "2", "--retries", "1"], environment, tmp_path)
    wait_for(lambda: first.counts().requests >= 9, 60)
    first.stop()
    with nobody_else_at(first.port):
        assert process.wait(120) == 3
        said = (tmp_path / "log").read_text()
        assert "Paused: " in said
        assert "Traceback" not in said
        assert "Go on with: assay bench resume" in said
        shown = json.loads(finish("bench", "show", "--json").out)
        assert shown["state"] == "paused"
        assert "cannot be reached" in shown["note"]
        assert shown["errors"] == 0
        assert shown["passed"] == shown["samples"] == 24 - shown["missing"]
        (job,) = looking.flows(store, Wanted())
        assert (job.state, job.error) == ("paused", shown["note"])
        batches = looking.count(store, Wanted(parent=job.id))
        assert set(batches) <= {"done", "paused"}
        assert batches["paused"] >= 1
        with OpenAIServer(lambda prompt, _: ScriptedReply(answers[prompt]), port=first.port) as second:
            ended = finish("bench", "resume", "last", "--json")
            assert ended.code == 0, ended.err
            found = json.loads(ended.out)
            assert (found["state"], found["samples"], found["passed"]) == ("done", 24, 24)
            assert first.counts().requests + second.counts().requests - 24 <= 2


def test_a_worker_elsewhere_shares_a_run_and_none_is_asked_twice(
    environment: dict[str, str], tmp_path: Path, store: Store, finish: Finish
) -> None:
    with worker_elsewhere(environment, tmp_path, tasks=8, delay=0.6) as (url, worker, run):
        ended = finish(*run, "--samples", "8", "--concurrency", "2", "--json")
        assert ended.code == 0, ended.err
        found = json.loads(ended.out)
        assert (found["samples"], found["passed"]) == (64, 64)
        assert counts(url)["requests"] == 64
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(120) == 0
    assert len(_executors(store, found)) == 2


def _executors(store: Store, found: dict[str, Any]) -> set[str]:
    """Who carried out the batches of an evaluation."""
    query = sa.text(
        "select executor_id from dbos.workflow_status where workflow_uuid like :prefix and name like '%batch'"
    )
    with store.engine.connect() as connection:
        return set(connection.scalars(query, {"prefix": f"{found['evaluation']}:%"}))


def test_a_run_at_work_cannot_be_resumed_by_another_process(
    environment: dict[str, str], tmp_path: Path, finish: Finish
) -> None:
    write_tasks(tmp_path / "tasks", 3)
    answers = prompts_and_replies(tmp_path / "tasks")
    looked_at = threading.Event()

    def when_looked_at(prompt: str, nth: int) -> ScriptedReply:
        looked_at.wait(120)
        return ScriptedReply(answers[prompt])

    with OpenAIServer(when_looked_at) as server:
        run = ["bench", "run", "functions", "--data", str(tmp_path / "tasks"), "--model", f"{server.url}#model-a"]
        process = assay([*run, "--samples", "2"], environment, tmp_path)
        try:
            wait_for(lambda: server.counts().requests)
            ended = finish("bench", "resume", "last")
        finally:
            looked_at.set()
            assert process.wait(120) == 0
        assert ended.code == 2
        assert "is at work in another process" in ended.err
        assert server.counts().requests == 6
