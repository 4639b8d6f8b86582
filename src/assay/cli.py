"""`assay …`: names the products and the floor's own commands, and imports one when it is called."""

import errno
import gc
import os
import sys
import threading
import traceback
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

import click

from assay.errors import AssayError

COMMANDS = {
    "bench": ("assay.bench.cli:bench", "Evaluate models that write code: run, grade, compare, report."),
    "doctor": ("assay.doctor:doctor", "Say what is here, what is missing, and the exact fix."),
    "gym": ("assay.gym.cli:gym", "Check, bring in and take out the problems that learners solve."),
    "sandbox": ("assay.pipeline.cli:sandbox", "Run one program in the sandbox, or see what it can do."),
    "traces": ("assay.traces.cli:traces", "See every call of a model in MLflow, in an environment of its own."),
    "up": ("assay.server:up", "Open the web app in this machine's browser."),
    "worker": ("assay.bench.commands.worker:worker", "Take work that runs on other machines share, until stopped."),
}
"""Each command, where it lives and its line of help: telling them apart must import none of them."""

INTERRUPTED = 130  # what shells say of a process ended by Ctrl-C


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called, not when they are listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return sorted(name for name, (path, _) in COMMANDS.items() if _is_here(path))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError:
            import difflib

            known = self.list_commands(ctx)
            near = difflib.get_close_matches(args[0], known, n=2, cutoff=0.5)
            hint = f"Did you mean {' or '.join(near)}?" if near else f"Known: {', '.join(known)}."
            raise click.UsageError(f"There is no command {args[0]!r}. {hint}", ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if rows := [(name, COMMANDS[name][1]) for name in self.list_commands(ctx)]:
            with formatter.section("Commands"):
                formatter.write_dl(rows)


def _is_here(path: str) -> bool:
    """Whether a module of ours exists, without importing the packages it lies in."""
    names = path.partition(":")[0].split(".")[1:]
    return os.path.exists(os.path.join(os.path.dirname(__file__), *names) + ".py")


def _version(ctx: click.Context, _parameter: click.Parameter, asked: bool) -> None:
    if asked and not ctx.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"assay {version('assay')}")
        ctx.exit()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, callback=_version, expose_value=False, is_eager=True, help="Show the version and exit."
)
def assay() -> None:
    """Put code to the test, whoever wrote it: a model, a student's agent, or you."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command. What the user can mend ends in two clear lines; what is our fault shows its traceback."""
    _start_lightly()
    try:
        code = run(arguments)
    except Exception:
        traceback.print_exc()
        code = 1
    if code and any(not thread.daemon for thread in threading.enumerate() if thread is not threading.main_thread()):
        # They wait for a model, a program or a full disk, and Python would wait for them. All is said and kept.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def _start_lightly() -> None:
    """Leave out what every import would pay for, a tenth of a short command.

    Importing makes objects that stay: looking for cycles among them every 700 finds nothing. 20,000 are a few MB.
    """
    gc.set_threshold(20_000, 10, 10)
    # Pydantic reads the entry points of all installed packages for plug-ins that watch it: nothing here is one
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code."""
    try:
        code = assay.main(args=arguments, prog_name="assay", standalone_mode=False)
        sys.stdout.flush()
    except (Exception, KeyboardInterrupt) as error:
        return _ended(error)
    return code if isinstance(code, int) else 0


def _ended(error: BaseException) -> int:
    """Say why a command did not come to its end, and give its exit code. Raises what is our own fault."""
    if isinstance(error, AssayError) and (error.exit_code == INTERRUPTED or not _is_of_ctrl_c(error)):
        error.say()
        return error.exit_code
    if isinstance(error, click.Abort) or _is_of_ctrl_c(error):
        click.echo("Stopped.", err=True)
        return INTERRUPTED
    if isinstance(error, click.ClickException):
        error.show()
        return error.exit_code
    if isinstance(error, BrokenPipeError):
        _print_nothing_more()  # whoever read our output has seen enough
        return 0
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        _print_nothing_more()
        full = f" of {error.filename}" if error.filename else ""
        AssayError(f"The disk{full} is full.", "Make room there. It may be the one our output goes to.").say()
        return 4
    raise error


def _is_of_ctrl_c(error: BaseException | None) -> bool:
    """Whether it was raised while Ctrl-C was on its way: a library that tidies up then may raise an error of its own."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, KeyboardInterrupt):
            return True
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return False


def _print_nothing_more() -> None:
    """Without this, Python complains once more while it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
