"""`assay traces …`: an MLflow server for the calls and verdicts of this machine."""

import signal
from typing import NoReturn

import click

from assay.errors import AssayError
from assay.settings import Settings


@click.group()
def traces() -> None:
    """See every call of a model in MLflow."""


@traces.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=5000, show_default=True, help="The port; 0: any.")
def up(host: str, port: int) -> None:
    """Start an MLflow server, in an environment of its own that is made the first time, and say how to use it.

    Runs until Ctrl-C. What was traced is kept, in the folder `mlflow` of the data folder.
    """
    from assay.traces.environment import prepare
    from assay.traces.server import Server

    home = Settings.from_environment().home
    environment = prepare(home, _say)
    if host not in ("127.0.0.1", "localhost", "::1"):
        _say(f"Whoever can reach {host} can read, change and delete the traces: MLflow asks nobody for a password.")
    _say("Starting MLflow …")
    signal.signal(signal.SIGTERM, _stop)
    try:
        with Server(environment, home / "mlflow", host, port) as server:
            for name, value in server.address.variables.items():
                click.echo(f"export {name}={value}")
            _say(
                "Set these two where models are asked (`assay bench run`, `assay worker`). For the words of prompts and"
            )
            _say("replies too: export OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true")
            click.echo(f"# see them at {server.address.page}")
            code = server.wait()
            raise AssayError(f"MLflow ended by itself, with {code}:\n{server.said()}", f"Its log is {server.log}.")
    except KeyboardInterrupt:
        _say("Stopped.")


def _stop(number: int, frame: object) -> NoReturn:  # noqa: ARG001
    raise KeyboardInterrupt


def _say(text: str) -> None:
    click.echo(text, err=True)
