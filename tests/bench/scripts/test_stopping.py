"""A run of the pipeline that is stopped: Ctrl-C ends it at any moment, and a step ends with the process that is closing."""

import json
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from assay import cli
from assay.bench import preparing
from assay.bench.process import Bench, Interrupted
from assay.bench.scripts import runs
from assay.bench.scripts.preparing import begin_or_find
from assay.bench.scripts.records import Prompt
from assay.bench.scripts.workflow import Carrier, runner_of
from assay.records import Model
from assay.settings import Settings
from assay.store import Store
from tests.killing import assay, counts, server, wait_for
from tests.killing_scripts import answers_of, write_prompts
from tests.servers import ScriptedReply
from tests.servers.openai import OpenAIServer

Reached = Callable[[str, str, Store], object]
"""Whether the moment has come, by the server's address, what the command said, and the database."""


def engine_starts(_url: str, _said: str, store: Store) -> object:
    with store.engine.connect() as connection:
        return connection.execute(sa.text("select count(*) from executors")).scalar()


def scripts_run(_url: str, _said: str, store: Store) -> object:
    with store.engine.connect() as connection:
        return connection.execute(sa.text("select count(*) from script_samples where stage = 'preprocess'")).scalar()


@pytest.fixture
def again(
    store: Store,
    scripts_home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., str]:
    """A command to its good end, in this process: another one than that which was stopped. Gives what it printed."""

    def run(*arguments: str) -> str:
        monkeypatch.setenv("ASSAY_HOME", str(scripts_home))
        monkeypatch.setenv("ASSAY_DATABASE_URL", store.url)
        monkeypatch.chdir(tmp_path)
        capsys.readouterr()
        code = cli.run(list(arguments))
        said = capsys.readouterr()
        assert code == 0, said.err
        return said.out

    return run


@pytest.mark.parametrize(
    ("reached", "prompts"),
    [
        pytest.param(engine_starts, 2, id="while the engine starts"),
        pytest.param(lambda url, _, __: counts(url)["requests"] >= 2, 3, id="while models are asked"),
        pytest.param(scripts_run, 4, id="while scripts run"),
    ],
)
def test_ctrl_c_ends_a_run_and_the_same_command_goes_on(
    store: Store, scripts_home: Path, tmp_path: Path, reached: Reached, prompts: int, again: Callable[..., str]
) -> None:
    environment = {**os.environ, "ASSAY_HOME": str(scripts_home), "ASSAY_DATABASE_URL": store.url}
    write_prompts(tmp_path / "prompts", prompts)
    log = tmp_path / "log"
    with server(tmp_path, answers_of(tmp_path / "prompts"), delay=0.5) as url:
        command = ["bench", "scripts", "prompts", "--concurrency", "1", "--mutants", "1"]
        command += ["--model", f"{url}/v1#model-a", "--testing-model", f"{url}/v1#model-b"]
        process = assay(command, environment, tmp_path)
        wait_for(lambda: reached(url, log.read_text(), store) or process.poll() is not None, 120)
        process.send_signal(signal.SIGINT)
        assert process.wait(120) == 130, log.read_text()
        said = log.read_text()
        assert "Stopped." in said
        assert "Go on with the same command, or: assay bench scripts --run" in said
        assert "Traceback" not in said
        report = json.loads(again(*command, "--json"))
        assert report["state"] == "done"
        assert report["by_model"][0]["seen"] == prompts
        needed = sum(one["calls"] for one in report["by_model"][0]["spending"])
        assert counts(url)["requests"] - needed <= 2  # what was under way


def test_a_step_ends_with_its_process_though_questions_wait(store: Store, scripts_home: Path, tmp_path: Path) -> None:
    settings = replace(Settings.from_environment(), home=scripts_home, database_url=store.url)
    ended: list[BaseException] = []
    with OpenAIServer(lambda _prompt, _nth: ScriptedReply("no", first_token_s=600)) as slow:
        bench = Bench(settings, patience=preparing.patience(0))
        with bench:
            model = Model(name="slow", provider="openai", model="model-a", url=slow.url, concurrency=1)
            prompts = [Prompt(id=f"p{n}", batch="b", title="", text=f"Write {n}.") for n in range(4)]
            run, _ = begin_or_find(bench, prompts, [model], None, output=tmp_path)
            carrier = Carrier(bench, runner_of(bench), run, 0, "generate")

            def carry() -> None:
                try:
                    carrier.carry(runs.batch(bench.store, run.id, 0), {})
                except BaseException as error:
                    ended.append(error)

            step = threading.Thread(target=carry, daemon=True)
            step.start()
            wait_for(lambda: slow.counts().requests, 60)
        step.join(60)
        assert not step.is_alive()
    assert isinstance(ended[0], Interrupted)
