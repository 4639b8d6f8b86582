"""Commands that say what there is to run, and whether a suite holds what it promises."""

from pathlib import Path

import click

from assay.bench.cli import (
    BELOW,
    PAUSED,
    data_option,
    errata_option,
    json_option,
    limit_option,
    print_json,
    sandbox_options,
    say,
)
from assay.settings import Settings


@click.command()
@json_option
def suites(as_json: bool) -> None:
    """The suites there are, and what each needs."""
    from assay.bench.preparing import known_suites

    found = known_suites(Settings.from_environment())
    if as_json:
        print_json([suite.model_dump() for suite in found])
        return
    width = max(len(suite.name) for suite in found)
    for suite in found:
        click.echo(f"{suite.name:<{width}}  {suite.said}")


@click.command()
@click.argument("names", nargs=-1)
@click.option("--config", type=click.Path(path_type=Path), metavar="DIR", help="A folder (or file) of models.")
@json_option
def models(names: tuple[str, ...], config: Path | None, as_json: bool) -> int:
    """What the servers offer: those on this machine, the providers named, or the models of a folder.

    NAMES are providers (ollama, openai) or servers (http://host:port/v1).
    """
    from assay.bench.preparing import offered

    found = offered(names, config)
    if as_json:
        print_json([one.model_dump(mode="json") for one in found])
    else:
        for one in found:
            click.echo(f"{one.server}: {one.problem or f'{len(one.models)} models'}")
            for name in one.models:
                click.echo(f"  --model {name}")
    return 0 if any(not one.problem for one in found) else PAUSED


@click.command()
@click.argument("suite")
@data_option
@errata_option
@limit_option
@sandbox_options
@json_option
def check(
    suite: str,
    data: tuple[str, ...],
    errata: bool,
    limit: int | None,
    workers: int | None,
    sandbox: str | None,
    allow_unsafe: bool,
    as_json: bool,
) -> int:
    """Prove a suite: every reference and alternative passes, every wrong program fails the check it is there for."""
    from assay.bench import checking, preparing
    from assay.bench.beginning import answered
    from assay.bench.process import Bench

    settings = Settings.from_environment()
    (loaded,) = preparing.suites_named([suite], data, settings, errata=errata)
    with Bench(settings, sandbox=sandbox, allow_unsafe=allow_unsafe, workers=workers) as opened:
        tasks = answered(opened, loaded.tasks[:limit], say)
        result = checking.check(tasks, opened.sandbox, opened.settings.workers, loaded.place_of_case)
    if as_json:
        print_json(result.model_dump(mode="json") | {"holds": result.holds})
    else:
        for failure in result.failures:
            click.echo(f"✗ {failure}")
        for task in result.excused:
            click.echo(f"! {task}")
        click.echo(f"{'✓' if result.holds else '✗'} {loaded.name}: {result.said}")
    return 0 if result.holds else BELOW
