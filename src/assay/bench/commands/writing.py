"""Commands that write results down: a report, a table of rows, a site of pages."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assay.bench.cli import say, unwritable, write
from assay.settings import Settings

if TYPE_CHECKING:
    from assay.bench.records import Evaluation
    from assay.store import Store


@click.command()
@click.argument("run", default="last")
@click.option("--format", "form", type=click.Choice(["md", "html"]), default="md", show_default=True)
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="Default: assay-RUN.FORMAT here.")
def report(run: str, form: str, output: Path | None) -> None:
    """Write an evaluation's report, in Markdown or as one self-contained HTML page. `-o -` prints it."""
    from assay.bench import evaluations
    from assay.store import open_store

    with open_store(Settings.from_environment()) as store:
        evaluation = evaluations.read_evaluation(store, run)
        text = write_report(store, evaluation, form)
    if output is not None and str(output) == "-":
        click.echo(text, nl=False)
        return
    path = output or Path(f"assay-{evaluation.id}.{form}")
    write(path, text)
    click.echo(f"{path.absolute()}")


def write_report(store: "Store", evaluation: "Evaluation", form: str) -> str:
    """The report of an evaluation as it stands."""
    from assay.bench import evaluations
    from assay.bench.exports.report import report_html, report_markdown

    make = report_html if form == "html" else report_markdown
    samples = list(evaluations.read_samples(store, evaluation.id))
    return make(evaluation, samples, evaluations.read_tasks(store, evaluation.id), provenance=_provenance(evaluation))


def _provenance(evaluation: "Evaluation") -> dict[str, str]:
    from importlib.metadata import version

    made = {"Assay": version("assay"), "Python": ".".join(map(str, sys.version_info[:3]))}
    return made | ({"Replies": ", ".join(evaluation.replies)} if evaluation.replies else {})


@click.command()
@click.argument("run", default="last")
@click.option("--format", "form", type=click.Choice(["csv", "jsonl", "parquet"]), default="csv", show_default=True)
@click.option(
    "--table",
    type=click.Choice(["samples", "checks", "tasks"]),
    default="samples",
    show_default=True,
    help="A row a sample, a row a check, or a row a task and model.",
)
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="Default: the standard output.")
def export(run: str, form: Any, table: Any, output: Path | None) -> None:
    """Write an evaluation as a table that pandas opens in one line. The columns: docs/rows.md."""
    from assay.bench import evaluations
    from assay.bench.exports import parquet, rows
    from assay.store import open_store

    with open_store(Settings.from_environment()) as store:
        evaluation = evaluations.read_evaluation(store, run)
        samples = evaluations.read_samples(store, evaluation.id)
        made = rows.rows(table, evaluation, samples, evaluations.read_tasks(store, evaluation.id))
        if output is None or str(output) == "-":
            if form == "parquet":
                parquet.write_to_output(table, made)
                return
            stream = open(sys.stdout.fileno(), "w", encoding="utf-8", newline="", closefd=False)  # noqa: SIM115
            with stream:
                rows.write(table, form, made, stream)
            return
        try:
            if form == "parquet":
                number = parquet.write_parquet(table, made, output)
            else:
                with output.open("w", encoding="utf-8", newline="") as file:
                    number = rows.write(table, form, made, file)
        except OSError as error:
            raise unwritable(output, error) from None
    say(f"{number} rows in {output}")


@click.command()
@click.argument("runs", nargs=-1, required=True)
@click.option("--output", "-o", required=True, type=click.Path(file_okay=False, path_type=Path), metavar="DIR")
def site(runs: tuple[str, ...], output: Path) -> None:
    """Write the pages of runs as files into a new folder DIR, which any plain file server can show under any path."""
    from assay.bench import evaluations
    from assay.bench.exports.site import write_site
    from assay.bench.pages import Pages
    from assay.store import open_store
    from assay.web.app import make_app

    settings = Settings.from_environment()
    with open_store(settings) as store:
        named = list(dict.fromkeys(evaluations.read_evaluation(store, run).id for run in runs))
        app = make_app(settings, store, {"bench": Pages()}, alone=True)
        written = write_site(app, named, output, lambda pages: say(f"{pages:,} pages …"))
    click.echo(
        f"{written.pages:,} pages and {written.files - written.pages:,} other files in {output}: open index.html"
    )
