"""Commands that show results: which there are, one of them, several side by side, or a file of them in the dashboard."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assay.bench.cli import json_option, print_json, say
from assay.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.bench.scores.records import Comparison, Score


@click.command(name="list")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="The newest N.")
@json_option
def list_(limit: int, as_json: bool) -> None:
    """The evaluations kept, newest first."""
    from assay.bench import evaluations, terminal
    from assay.store import open_store

    with open_store(Settings.from_environment()) as store:
        entries = []
        for evaluation in evaluations.list_evaluations(store, limit):
            counts = evaluations.count_statuses(store, evaluation.id)
            entries.append(
                terminal.Listed(
                    evaluation=evaluation,
                    done=sum(counter.total() for counter in counts.values()),
                    expected=evaluations.count_items(store, evaluation.id),
                    passed=sum(counter["pass"] for counter in counts.values()),
                    errors=sum(counter["error"] for counter in counts.values()),
                )
            )
    if as_json:
        print_json(
            [
                {
                    **entry.evaluation.model_dump(mode="json"),
                    "done": entry.done,
                    "expected": entry.expected,
                    "passed": entry.passed,
                    "errors": entry.errors,
                }
                for entry in entries
            ]
        )
    else:
        terminal.console().print(terminal.listing(entries))


@click.command()
@click.argument("run", default="last")
@click.option("--task", metavar="TASK", help="Why a sample of this task ended as it did: the first that failed.")
@click.option("--model", metavar="NAME", help="With --task: of this model; a part of its name is enough.")
@click.option("--sample", type=click.IntRange(0), metavar="N", help="With --task: this sample, counted from 0.")
@json_option
def show(run: str, task: str | None, model: str | None, sample: int | None, as_json: bool) -> None:
    """One evaluation: leaderboard, statuses, format tax, repair, cost. RUN is its id, a part of it, or `last`.

    With --task: one attempt, with the prompt, the reply, the program graded, the findings and what its run printed.
    """
    if task is None and (model is not None or sample is not None):
        raise click.UsageError("--model and --sample go with --task.")
    if task is not None:
        _explain(run, task, model, sample, as_json)
        return
    from assay.bench import evaluations, terminal
    from assay.bench.scores import standings
    from assay.store import open_store

    with open_store(Settings.from_environment()) as store:
        evaluation = evaluations.read_evaluation(store, run)
        scores = standings.read_scores(store, evaluation)
    comparisons = _compared(scores.scores)
    if as_json:
        document = scores.as_json() | {"note": evaluation.note}
        print_json(document | {"comparisons": [one.model_dump(mode="json") for one in comparisons]})
    else:
        terminal.console().print(terminal.show(evaluation, scores, comparisons))


def _explain(run: str, task: str, model: str | None, sample: int | None, as_json: bool) -> None:
    from assay.bench import evaluations, explaining
    from assay.store import open_store

    with open_store(Settings.from_environment()) as store:
        told = explaining.tell(store, evaluations.read_evaluation(store, run), task, model, sample)
    if as_json:
        print_json(told.model_dump(mode="json"))
    else:
        click.echo("\n".join(explaining.lines(told)))


def _compared(scores: "Sequence[Score]") -> "tuple[Comparison, ...]":
    """Every pair of models; for fewer than two, nothing of numpy is loaded to say that there is none."""
    if len(scores) < 2:
        return ()
    from assay.bench.scores.comparing import compare

    return compare(scores)


@click.command()
@click.argument("runs", nargs=-1, required=True)
@json_option
def compare(runs: tuple[str, ...], as_json: bool) -> None:
    """Compare the models of one or more evaluations, pair by pair, on the tasks both saw."""
    from assay.bench import evaluations, terminal
    from assay.bench.scores import standings
    from assay.store import open_store

    with open_store(Settings.from_environment()) as store:
        found = {one.id: one for one in (evaluations.read_evaluation(store, run) for run in runs)}
        comparisons = _compared([score for one in found.values() for score in standings.read_scores(store, one).scores])
    if as_json:
        print_json([one.model_dump(mode="json") for one in comparisons])
    else:
        terminal.console().print(terminal.comparison(comparisons))


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="The port. Default: any free one.")
@click.option("--no-browser", is_flag=True, help="Do not open a browser.")
def view(file: Path, port: int, no_browser: bool) -> None:
    """Open a results file in the dashboard: CSV, JSON Lines or Parquet, ours or anybody's with a task and a verdict a row.

    It is looked at, not kept: no list of runs shows it, and it is forgotten when this command ends.
    """
    from assay.bench import viewing
    from assay.bench.pages import Pages
    from assay.store import open_store
    from assay.web.app import make_app
    from assay.web.serving import address_of, listen, serve, show

    settings = Settings.from_environment()
    with listen("127.0.0.1", port, move=False) as listening, open_store(settings) as store:
        seen = viewing.open_view(store, file)
        for note in seen.notes:
            say(note)
        try:
            app = make_app(settings, store, {"bench": Pages()}, alone=True)
            address = f"{address_of('127.0.0.1', (), listening)}bench/view/{seen.digest}"

            def opened() -> None:
                click.echo(f"{file.name} is open at {address} (Ctrl-C ends it)")
                sys.stdout.flush()
                show(address, no_browser)

            serve(app, listening, opened)
        finally:
            viewing.forget(store, seen)
