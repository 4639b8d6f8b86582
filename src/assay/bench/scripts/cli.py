"""`assay bench scripts`: read options, call the pipeline, print its report. What is dear to import is imported inside."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assay.bench.cli import FAILED, PAUSED, concurrency_option, json_option, retries_option, sandbox_options
from assay.errors import AssayError
from assay.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.bench.process import Bench
    from assay.bench.progress import Progress
    from assay.bench.scripts.records import ScriptRun, Stage
    from assay.records import Model

_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.argument("prompts_dir", required=False, type=click.Path(path_type=Path))
@click.option("--model", "-m", "models", multiple=True, metavar="MODEL", help="Who writes scripts. Repeat.")
@click.option(
    "--testing-model",
    "-t",
    metavar="MODEL",
    help="Who writes pytest tests for them; the name of a model of --config will do.",
)
@click.option("--config", type=click.Path(path_type=Path), metavar="DIR", help="A folder (or file) of models.")
@click.option(
    "--samples", type=click.IntRange(1, 1000), default=1, show_default=True, help="Scripts a prompt and model."
)
@click.option("--temperature", type=click.FloatRange(0), help="Default: the model file's, else the server's.")
@click.option("--max-tokens", type=click.IntRange(1), help="The longest reply.")
@click.option(
    "--repair",
    type=click.IntRange(0, 20),
    default=0,
    metavar="N",
    show_default=True,
    help="Send what fails back to who wrote it, up to N times: scripts to their model, tests to the testing model.",
)
@click.option("--repair-cleanup", is_flag=True, help="Let a model clean up what cannot be read as Python, and no more.")
@click.option(
    "--stage",
    type=click.Choice(["generate", "preprocess", "tests", "cleanup", "run", "report"]),
    help="Only this stage, for the samples that have come so far.",
)
@click.option("--run", "name", metavar="RUN", help="Go on with this run: its id, a part of it, or `last`.")
@click.option("--fresh", is_flag=True, help="Begin a new run, and ask again.")
@click.option("--output", type=_FOLDER, help="Where the files go.  [default: assay-scripts]")
@click.option("--limit", type=click.IntRange(1), help="Take only the first N prompts of each batch.")
@click.option("--scripts", "scripts_dir", type=_FOLDER, metavar="DIR", help="Take in scripts made elsewhere.")
@click.option("--tests", "tests_dir", type=_FOLDER, metavar="DIR", help="Take in test files made elsewhere.")
@click.option(
    "--timeout",
    type=click.FloatRange(1, 600),
    default=10,
    show_default=True,
    metavar="S",
    help="Seconds a program may run.",
)
@click.option(
    "--mutants",
    type=click.IntRange(0, 100),
    default=10,
    show_default=True,
    metavar="N",
    help="Mutants of each script that its tests are run against.",
)
@concurrency_option
@retries_option
@sandbox_options
@json_option
def scripts(
    prompts_dir: Path | None,
    name: str | None,
    stage: str | None,
    output: Path | None,
    retries: int | None,
    workers: int | None,
    sandbox: str | None,
    allow_unsafe: bool,
    as_json: bool,
    **asked: Any,
) -> int:
    """Let models write scripts, and tests for them, and see what both are worth.

    PROMPTS_DIR is a folder of Markdown files with prompts, a batch a file. For each prompt, model and sample: generate a
    script, preprocess it, have the testing model write tests, clean those up, run both. The same command again goes on
    where it stopped; nothing that was answered is asked again.
    """
    from assay.bench import preparing
    from assay.bench.process import Bench

    settings = Settings.from_environment()
    with Bench(
        settings, sandbox=sandbox, allow_unsafe=allow_unsafe, workers=workers, patience=preparing.patience(retries)
    ) as opened:
        run = _chosen(opened, prompts_dir, name, output, asked)
        if stage != "report":
            run = _carried_out(opened, run, stage, allow_unsafe=allow_unsafe)
        return _printed(opened, run, as_json=as_json)


def _chosen(
    opened: "Bench", prompts_dir: Path | None, name: str | None, output: Path | None, asked: dict[str, Any]
) -> "ScriptRun":
    """The run that is named, or that was asked for the same; else a new one."""
    from assay.bench.scripts import runs

    if name is not None:
        run = runs.read_run(opened.store, name)
    elif prompts_dir is None:
        raise AssayError("No prompts are named.", "Name a folder of Markdown files, or a run with --run.")
    else:
        run = _asked_for(opened, prompts_dir, output, **asked)
    if output is not None and str(output.absolute()) != run.output:
        runs.set_state(opened.store, run.id, run.state, run.note, output=str(output.absolute()))
        run = run.model_copy(update={"output": str(output.absolute())})
    return run


def _asked_for(
    opened: "Bench",
    prompts_dir: Path,
    output: Path | None,
    *,
    models: tuple[str, ...],
    testing_model: str | None,
    config: Path | None,
    samples: int,
    temperature: float | None,
    max_tokens: int | None,
    repair: int,
    repair_cleanup: bool,
    fresh: bool,
    limit: int | None,
    scripts_dir: Path | None,
    tests_dir: Path | None,
    timeout: float,
    mutants: int,
    concurrency: int | None,
) -> "ScriptRun":
    from assay.bench.scripts.preparing import begin_or_find
    from assay.bench.scripts.prompts import load_prompts
    from assay.records import Options

    options = Options(temperature=temperature, max_tokens=max_tokens)
    batches = load_prompts(prompts_dir)
    prompts = tuple(prompt for batch in batches for prompt in batch.prompts[:limit])
    if not models and config is None and scripts_dir is not None:
        from assay.bench.scripts.taking import models_in

        writers = models_in(scripts_dir, prompts)
    else:
        writers = _models(models, config, options, concurrency)
    tester = _tester(testing_model, config, options, concurrency) if testing_model else None
    run, is_new = begin_or_find(
        opened,
        prompts,
        writers,
        tester,
        samples=samples,
        repair=repair,
        repair_cleanup=repair_cleanup,
        timeout_s=timeout,
        mutants=mutants,
        fresh=fresh,
        output=(output or Path("assay-scripts")).absolute(),
        scripts=scripts_dir,
        tests=tests_dir,
    )
    _say(f"{'Run' if is_new else 'Going on with run'} {run.id}: {len(prompts)} prompts, {len(writers)} models.")
    return run


def _models(names: "Sequence[str]", config: Path | None, options: Any, concurrency: int | None) -> "tuple[Model, ...]":
    from assay.bench import preparing

    found = preparing.models_named(names, preparing.folder_of(config), options, concurrency)
    return tuple(model.model_copy(update={"suites": ()}) for model in found)


def _tester(name: str, config: Path | None, options: Any, concurrency: int | None) -> "Model":
    """The testing model: one of the model files, where one has this name."""
    if config is not None:
        for model in _models((), config, options, concurrency):
            if model.name == name:
                return model
    return _models((name,), None, options, concurrency)[0]


def _carried_out(opened: "Bench", run: "ScriptRun", stage: str | None, *, allow_unsafe: bool) -> "ScriptRun":
    from assay.bench.scripts import workflow
    from assay.bench.scripts.files import Folder
    from assay.bench.scripts.records import STAGES
    from assay.bench.terminal import LiveProgress

    stages: list[Stage] = [one for one in STAGES if stage is None or one == stage]
    if workflow.is_complete(opened.store, run.id, stages[-1]) and not workflow.has_errors(opened.store, run.id):
        Folder(opened.store, run).keep_up()
        _say(f"Nothing is left to do of {f'stage {stage}' if stage else 'this run'}.")
        return run
    workflow.runner_of(opened, allow_unsafe=allow_unsafe)
    asked = [model for model in (*run.models, *([run.testing] if run.testing else [])) if workflow.can_ask(model)]
    opened.check_models(asked)
    for note in opened.unlisted(asked):
        _say(note)
    folder = Folder(opened.store, run)
    with LiveProgress(title=run.id) as live:

        def watch(now: "Progress") -> None:
            folder.keep_up()
            live.update(now)

        try:
            return workflow.finish(opened, run, stages, watch)
        finally:
            folder.keep_up()


def _printed(opened: "Bench", run: "ScriptRun", *, as_json: bool) -> int:
    """Write the report, print it and give the exit code."""
    from assay.bench import terminal
    from assay.bench.scripts.files import Folder
    from assay.bench.scripts.report import report_data
    from assay.bench.scripts.summary import summary

    report = report_data(opened.store, run)
    folder = Folder(opened.store, run)
    written = folder.report(report)
    if as_json:
        click.echo(json.dumps(report.model_dump(mode="json"), indent=2, ensure_ascii=False))
    else:
        terminal.console().print(summary(report))
        click.echo(f"Every stage's files: {folder.path}")
        click.echo(f"All numbers and lists: {written}")
    if run.state in ("paused", "failed"):
        _say(f"{run.state.capitalize()}: {run.note}")
        _say(f"Nothing done is lost. Go on with the same command, or: assay bench scripts --run {run.id}")
        return PAUSED if run.state == "paused" else FAILED
    return 0


def _say(text: str) -> None:
    """To whoever watches: never among the results."""
    click.echo(text, err=True)
