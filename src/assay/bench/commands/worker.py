"""`assay worker`: take part in what other machines run."""

import click

from assay.bench.cli import say
from assay.settings import Settings


@click.command()
@click.option("--sandbox", metavar="NAME", help="The sandbox back end. Default: the strongest that works here.")
@click.option("--allow-unsafe", is_flag=True, help="Allow a back end that protects nothing, where it is named.")
@click.option("--workers", type=click.IntRange(1, 1024), help="Programs run at once. Default: the processors here.")
def worker(sandbox: str | None, allow_unsafe: bool, workers: int | None) -> None:
    """Take work that runs on other machines share, until stopped.

    Set ASSAY_DATABASE_URL to the database of the machine that runs `assay bench run`. Keys of models are read from this
    machine's environment.
    """
    from assay.bench.process import Bench
    from assay.bench.scripts.workflow import runner_of

    with Bench(Settings.from_environment(), sandbox=sandbox, allow_unsafe=allow_unsafe, workers=workers) as opened:
        runner_of(opened, allow_unsafe=allow_unsafe)  # scripts are work too
        isolation = opened.isolation()
        say(f"Sandbox: level {isolation.level} by {isolation.backend}.")
        opened.serve(lambda name: say(f"Worker {name} is at work. Ctrl-C stops it after what it is doing."))
