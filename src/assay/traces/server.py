"""Run the MLflow server, and know what a process must set to send its spans there."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from assay.errors import AssayError

EXPERIMENT = "assay"
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "SSL_CERT_FILE")
_READY_WITHIN_S = 180.0  # it imports for ten seconds, and makes its tables the first time
_STOP_WITHIN_S = 10.0
_TAIL = 2000


@dataclass(frozen=True)
class Address:
    """Where a server is, and what to set so that spans go there."""

    url: str
    experiment: str

    @property
    def variables(self) -> dict[str, str]:
        return {
            "OTEL_EXPORTER_OTLP_ENDPOINT": self.url,
            "OTEL_EXPORTER_OTLP_HEADERS": f"x-mlflow-experiment-id={self.experiment}",
        }

    @property
    def page(self) -> str:
        return f"{self.url}/#/experiments/{self.experiment}/traces"


class Server:
    """A running MLflow server. It ends with `close`, and takes its own processes along."""

    def __init__(self, environment: Path, folder: Path, host: str, port: int) -> None:
        """Raises AssayError where the port is taken or the server does not come up."""
        port = _free(host, port)
        self.log = folder / "server.log"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        command = [str(environment / "bin" / "mlflow"), "server", "--host", host, "--port", str(port), "--workers", "1"]
        command += ["--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}"]
        command += ["--artifacts-destination", str(folder / "artifacts")]
        descriptor = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=descriptor,
                stderr=descriptor,
                env=_environment(environment, os.environ),
                cwd=folder,
                start_new_session=True,
            )
        finally:
            os.close(descriptor)
        shown = "127.0.0.1" if host in ("0.0.0.0", "") else f"[{host}]" if ":" in host else host  # noqa: S104
        url = f"http://{shown}:{port}"
        try:
            self._wait(url)
            self.address = Address(url, _experiment(url))
        except BaseException:
            self.close()
            raise

    def wait(self) -> int:
        """Until it ends by itself; its exit code."""
        return self._process.wait()

    def said(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-_TAIL:]

    def close(self) -> None:
        """End it. Safe to call again."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self._process.pid, number)
            except (ProcessLookupError, PermissionError):
                break
            try:
                self._process.wait(_STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                continue
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _wait(self, url: str) -> None:
        end = time.monotonic() + _READY_WITHIN_S
        while time.monotonic() < end:
            if self._process.poll() is not None:
                raise AssayError(f"MLflow ended before it was ready:\n{self.said()}", f"Its log is {self.log}.")
            try:
                _get(f"{url}/health")
            except (OSError, ValueError):
                time.sleep(0.2)
            else:
                return
        raise AssayError(f"MLflow was not ready after {_READY_WITHIN_S:.0f} s.", f"Its log is {self.log}.")


def _environment(environment: Path, given: Mapping[str, str]) -> dict[str, str]:
    """Nothing of ours that is secret; and nothing is sent to anybody."""
    kept = {name: given[name] for name in _PASSED_ON if name in given}
    return kept | {
        "PATH": f"{environment / 'bin'}{os.pathsep}{kept.get('PATH', os.defpath)}",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "PYTHONUNBUFFERED": "1",
    }


def _free(host: str, port: int) -> int:
    """The port, which must be free; for 0 any that is."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind((host, port))
            return int(trial.getsockname()[1])
    except OSError as error:
        raise AssayError(
            f"MLflow cannot listen at {host}, port {port}: {error.strerror}.", "Name another with --port or --host."
        ) from None


def _experiment(url: str) -> str:
    """The id of our experiment: MLflow takes no spans without one."""
    try:
        found = _get(f"{url}/api/2.0/mlflow/experiments/get-by-name?experiment_name={EXPERIMENT}")
        return str(found["experiment"]["experiment_id"])
    except urllib.error.HTTPError as error:
        if error.code != 404:
            raise
    made = _get(f"{url}/api/2.0/mlflow/experiments/create", {"name": EXPERIMENT})
    return str(made["experiment_id"])


def _get(url: str, body: object = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})  # noqa: S310 - ours, on this machine
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=10) as response:
        text = response.read(1 << 20)
    return json.loads(text) if text.startswith(b"{") else text.decode()
