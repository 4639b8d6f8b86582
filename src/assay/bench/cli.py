"""`assay bench …`: where each command lives, the options that several share, and how they speak.

A command reads its options, calls one function and prints what it returns. What is dear to import is imported inside.
"""

import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import click

from assay.errors import AssayError, UnknownName

BELOW = 1  # the exit code of `--fail-under`, of `--baseline` and of a check that did not hold
PAUSED = 3
FAILED = 4

COMMANDS = {
    "check": "assay.bench.commands.offering:check",
    "compare": "assay.bench.commands.reading:compare",
    "export": "assay.bench.commands.writing:export",
    "grade": "assay.bench.commands.making:grade",
    "list": "assay.bench.commands.reading:list_",
    "models": "assay.bench.commands.offering:models",
    "report": "assay.bench.commands.writing:report",
    "resume": "assay.bench.commands.making:resume",
    "run": "assay.bench.commands.making:run",
    "scripts": "assay.bench.scripts.cli:scripts",
    "show": "assay.bench.commands.reading:show",
    "site": "assay.bench.commands.writing:site",
    "suites": "assay.bench.commands.offering:suites",
    "view": "assay.bench.commands.reading:view",
}
"""Where each command lives."""

Command = TypeVar("Command", bound=Callable[..., Any])


class NearestNames(click.Group):
    """A group whose commands are imported when they are called; it offers the nearest names for one it does not know."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        found: click.Command = getattr(import_module(module), name)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            raise UnknownName("bench command", args[0], self.list_commands(ctx))
        return super().resolve_command(ctx, args)


@click.group(cls=NearestNames)
def bench() -> None:
    """Evaluate models that write code: run, grade, compare, report."""


# ---- options that several commands share ---------------------------------------------------------------------------


def _options(*decorators: Callable[[Command], Command]) -> Callable[[Command], Command]:
    def decorate(command: Command) -> Command:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return decorate


json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
data_option = click.option(
    "--data",
    multiple=True,
    metavar="FILE",
    help="The data set's file, for a suite that needs one; SUITE=FILE where several suites are named.",
)
limit_option = click.option("--limit", type=click.IntRange(1), help="Take only the first N tasks of each suite.")
errata_option = click.option(
    "--errata/--no-errata", default=True, help="Mark the known faults of a data set (default), or not."
)
sandbox_options = _options(
    click.option("--workers", type=click.IntRange(1, 1024), help="Programs run at once. Default: the processors here."),
    click.option("--sandbox", metavar="NAME", help="The sandbox back end. Default: the strongest that works here."),
    click.option(
        "--allow-unsafe", is_flag=True, help="Allow a back end that protects nothing, where it is named with --sandbox."
    ),
)
reruns_option = click.option(
    "--reruns",
    type=click.IntRange(0, 1000),
    default=0,
    show_default=True,
    metavar="N",
    help="Run each program that passes up to N times more, to see whether it always does.",
)
fail_under_option = click.option(
    "--fail-under",
    type=click.FloatRange(0, 100),
    metavar="PERCENT",
    help="End with 1 where a model's pass@1 on a suite lies below this.",
)
gate_options = _options(
    fail_under_option,
    click.option(
        "--baseline",
        metavar="RUN",
        help="An earlier run: end with 1 where a model is significantly worse than it was there.",
    ),
    click.option(
        "--junit",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Write every sample to a JUnit XML file, for build servers.",
    ),
)
concurrency_option = click.option(
    "--concurrency", type=click.IntRange(1, 1024), help="Requests under way on a server at once."
)
retries_option = click.option(
    "--retries", type=click.IntRange(0, 100), help="Retries before a server counts as down. Default: 6, some 2 minutes."
)
record_option = click.option(
    "--record", type=click.Path(dir_okay=False, path_type=Path), help="Write every reply to a recording."
)
results_option = click.option(
    "--results",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write samples.csv, samples.jsonl and tasks.csv to DIR/RUN. Default with --config: ./results.",
)


# ---- printing ------------------------------------------------------------------------------------------------------


def say(text: str) -> None:
    """To whoever watches: never among the results."""
    click.echo(text, err=True)


def print_json(document: object) -> None:
    """The result for programs."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


def read(path: Path, option: str) -> str:
    """A file of the user's that holds text. Raises AssayError, naming the option that gave its place."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
        raise AssayError(f"{path} cannot be read: {why}.", f"Give another file with {option}.") from None


def ready(path: Path, option: str) -> None:
    """Try that a file can be written there: whoever cannot have it should know before anything is paid. Raises AssayError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        is_new = not path.exists()
        path.open("ab").close()
        if is_new:
            path.unlink()
    except OSError as error:
        raise unwritable(path, error, option) from None


def write(path: Path, text: str, option: str = "--output") -> None:
    """Write a file of the user's, in folders that are made. Raises AssayError, naming the option that gave its place."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise unwritable(path, error, option) from None


def unwritable(path: Path, error: OSError, option: str = "--output") -> AssayError:
    """What to tell a person whose file cannot be written."""
    return AssayError(f"{path} cannot be written: {error.strerror}.", f"Give another place with {option}.")
