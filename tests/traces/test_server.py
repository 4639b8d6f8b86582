"""`assay traces up` around a server that speaks as MLflow does: how it is started, what is printed, how it ends."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assay.errors import AssayError
from assay.traces import environment
from assay.traces.server import Server

# Started as MLflow is: `mlflow server --host … --port …`. Answers the addresses that we ask, keeps what it was given.
STANDS_IN = """#!{python}
import json, os, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
open("given.json", "w").write(json.dumps([sys.argv[1:], dict(os.environ)]))
if os.path.exists("broken"): sys.exit("sqlite is too old")
made = os.path.exists("experiment")
class Handler(BaseHTTPRequestHandler):
    def answer(self, text, status=200):
        body = text.encode()
        self.send_response(status); self.send_header("content-length", str(len(body))); self.end_headers()
        self.wfile.write(body)
    def do_GET(self):
        if self.path == "/health": self.answer("OK")
        elif made: self.answer(json.dumps({{"experiment": {{"experiment_id": "7"}}}}))
        else: self.answer('{{"error_code": "RESOURCE_DOES_NOT_EXIST"}}', 404)
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        assert asked == {{"name": "assay"}}, asked
        open("experiment", "w").close()
        self.answer(json.dumps({{"experiment_id": "7"}}))
HTTPServer(("127.0.0.1", int(sys.argv[sys.argv.index("--port") + 1])), Handler).serve_forever()
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A data folder in which the environment is ready."""
    place = environment.place_of(tmp_path)
    (place / "bin").mkdir(parents=True)
    program = place / "bin" / "mlflow"
    program.write_text(STANDS_IN.format(python=sys.executable))
    program.chmod(0o755)
    (place / "complete").touch()
    return tmp_path


@pytest.fixture
def traces_up(home: Path) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    started: list[subprocess.Popen[str]] = []

    def start(*options: str) -> "subprocess.Popen[str]":
        env = {**os.environ, "ASSAY_HOME": str(home), "OPENAI_API_KEY": "sk-secret", "ASSAY_DATABASE_URL": "secret"}
        made = subprocess.Popen(
            [sys.executable, "-m", "assay", "traces", "up", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=env,
        )
        started.append(made)
        return made

    yield start
    for made in started:
        made.terminate()  # not killed: it takes its server along
        made.communicate(timeout=60)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_it_prints_the_two_lines_to_set_and_the_page_and_ends_with_its_server(
    home: Path, traces_up: Callable[..., "subprocess.Popen[str]"], number: signal.Signals
) -> None:
    running = traces_up("--port", "0")
    assert running.stdout is not None
    lines = [running.stdout.readline().strip() for _ in range(3)]
    url = lines[0].removeprefix("export OTEL_EXPORTER_OTLP_ENDPOINT=")
    assert lines == [
        f"export OTEL_EXPORTER_OTLP_ENDPOINT={url}",
        "export OTEL_EXPORTER_OTLP_HEADERS=x-mlflow-experiment-id=7",
        f"# see them at {url}/#/experiments/7/traces",
    ]
    running.send_signal(number)
    out, err = running.communicate(timeout=60)
    assert (running.returncode, out) == (0, "")
    assert err.endswith("Stopped.\n")
    port = int(url.rpartition(":")[2])
    with socket.socket() as trial:
        assert trial.connect_ex(("127.0.0.1", port)) != 0


def test_the_server_is_given_no_secret_and_told_to_call_nobody(
    home: Path, traces_up: Callable[..., "subprocess.Popen[str]"]
) -> None:
    running = traces_up("--port", "0")
    assert running.stdout is not None
    running.stdout.readline()
    given = (home / "mlflow" / "given.json").read_text()
    assert "secret" not in given
    assert '"MLFLOW_DISABLE_TELEMETRY": "true"' in given
    assert '"DO_NOT_TRACK": "true"' in given
    assert f"sqlite:///{home}/mlflow/mlflow.db" in given


def test_a_second_start_finds_the_experiment_of_the_first(home: Path) -> None:
    for _ in range(2):
        with Server(environment.place_of(home), home / "mlflow", "127.0.0.1", 0) as server:
            assert server.address.experiment == "7"
    assert (home / "mlflow" / "server.log").stat().st_mode & 0o077 == 0


def test_a_port_that_is_taken_is_named(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AssayError, match=f"port {port}") as caught:
            Server(environment.place_of(home), home / "mlflow", "127.0.0.1", port)
    assert "--port" in caught.value.help


def test_a_server_that_does_not_come_up_says_why(home: Path) -> None:
    (home / "mlflow" / "broken").touch()
    with pytest.raises(AssayError, match="sqlite is too old"):
        Server(environment.place_of(home), home / "mlflow", "127.0.0.1", 0)
