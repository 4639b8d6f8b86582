"""A run's calls and verdicts as MLflow's own API gives them: with a real server, where ASSAY_TEST_MLFLOW asks for it."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assay.bench.suites.own import functions
from assay.settings import Settings
from assay.store import Store
from tests.servers import ScriptedReply
from tests.servers.openai import OpenAIServer

VARIABLE = "ASSAY_TEST_MLFLOW"
SAMPLES = 2


@pytest.fixture
def mlflow(tmp_path: Path) -> Iterator[dict[str, str]]:
    """What `assay traces up` says to set."""
    asked = os.environ.get(VARIABLE)
    if not asked:
        pytest.skip(f"installs MLflow (850 MB, minutes): set {VARIABLE}=1, or to a folder that keeps the installation")
    home = tmp_path / "home" if asked == "1" else Path(asked)
    running = subprocess.Popen(
        [sys.executable, "-m", "assay", "traces", "up", "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "ASSAY_HOME": str(home)},
    )
    assert running.stdout is not None
    lines = [running.stdout.readline() for _ in range(2)]
    yield dict(line.strip().removeprefix("export ").split("=", 1) for line in lines)
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=60)
    assert running.returncode == 0


def test_a_runs_calls_and_scores_are_seen_in_mlflow_through_its_api(
    mlflow: dict[str, str], store: Store, tmp_path: Path
) -> None:
    right, wrong = functions(None, settings=Settings(home=tmp_path)).tasks[:2]

    def answer(prompt: str, _nth: int) -> ScriptedReply:
        text = right.reference if right.prompt in prompt else "def nothing(): pass"
        return ScriptedReply(f"Here:\n```python\n{text}```\n", prompt_tokens=11, completion_tokens=20)

    with OpenAIServer(answer) as server:
        run = ["bench", "run", "functions", "--limit", "2", "--samples", str(SAMPLES)]
        done = subprocess.run(
            [sys.executable, "-m", "assay", *run, "--model", f"{server.url}#model-a", "--json"],
            capture_output=True,
            text=True,
            env={
                **os.environ,
                **mlflow,
                "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "true",
                "ASSAY_HOME": str(tmp_path / "run"),
                "ASSAY_DATABASE_URL": store.url,
            },
            timeout=200,
        )
    assert done.returncode == 0, done.stderr
    evaluation = json.loads(done.stdout)["evaluation"]
    url = mlflow["OTEL_EXPORTER_OTLP_ENDPOINT"]
    experiment = mlflow["OTEL_EXPORTER_OTLP_HEADERS"].rpartition("=")[2]

    def traces(condition: str) -> list[dict[str, Any]]:
        place = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment}}
        asked = {"locations": [place], "filter": condition, "max_results": 100}
        found: list[dict[str, Any]] = call(f"{url}/api/3.0/mlflow/traces/search", asked).get("traces", [])
        return found

    mine = f"metadata.`mlflow.trace.session` = '{evaluation}'"
    end = time.monotonic() + 30
    while len(traces(mine)) < 2 * SAMPLES and time.monotonic() < end:
        time.sleep(0.2)
    found = traces(mine)
    assert len(found) == 2 * SAMPLES
    verdicts = sorted((trace["tags"]["assay.task"], trace["tags"]["assay.status"]) for trace in found)
    assert verdicts == sorted([(right.id, "pass"), (wrong.id, found_status(verdicts, wrong.id))] * SAMPLES)
    assert found_status(verdicts, wrong.id) != "pass"
    assert len(traces(f"{mine} AND tags.`assay.status` = 'pass'")) == SAMPLES
    assert len(traces(f"{mine} AND tags.`assay.task` = '{wrong.id}'")) == SAMPLES
    for trace in found:
        assert json.loads(trace["trace_metadata"]["mlflow.trace.tokenUsage"])["total_tokens"] == 31
        assert trace["state"] == "OK"
        assert trace["request_preview"]
        whole = call(f"{url}/api/3.0/mlflow/traces/get?{urllib.parse.urlencode({'trace_id': trace['trace_id']})}")
        names = {span["name"].split()[0] for span in whole["trace"]["spans"]}
        assert names == {"functions", "chat"}
        text = json.dumps(whole)
        assert "```python" in text
        assert "gen_ai.usage.output_tokens" in text


def found_status(verdicts: list[tuple[str, str]], task: str) -> str:
    return next(status for name, status in verdicts if name == task)


def call(url: str, body: object = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as response:
        return json.load(response)
