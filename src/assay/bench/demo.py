"""`make demo`: evaluate two recordings on our own suite, show the leaderboard and the report, and say what to do next.

The recordings were written by us. They stand for a strong and a weak model, and are no real model's replies.
"""

import sys
from pathlib import Path

import click

from assay.errors import AssayError
from assay.settings import Settings

RECORDINGS = Path(__file__).parent / "recordings"
_NEXT = """\
Next:
  assay doctor                                                what is here, what is missing, and how to get it
  assay bench show {id}                       this evaluation, closer
  assay bench run functions --model ollama/qwen2.5-coder:7b   a model of yours
  assay bench grade humaneval --data FILE --replies FILE      replies that you have already
(`assay` is {assay}.)
"""


def main() -> int:
    """Run the demo, and give its exit code."""
    try:
        return _demo(Settings.from_environment())
    except AssayError as error:
        error.say()
        return error.exit_code
    except KeyboardInterrupt:
        click.echo("Stopped.", err=True)
        return 130


def _demo(settings: Settings) -> int:
    from assay.bench import terminal
    from assay.bench.beginning import begin_run
    from assay.bench.commands.writing import write_report
    from assay.bench.process import Bench
    from assay.bench.scores import standings
    from assay.bench.suites import load_suite
    from assay.bench.workflow import finish
    from assay.records import Model

    suite = load_suite("functions", settings=settings)
    models = [
        Model(name=path.stem, provider="recorded", model=str(path), concurrency=16)
        for path in sorted(RECORDINGS.glob("*.jsonl"))
    ]
    click.echo(
        f"Assay evaluates {len(models)} recordings on the suite `functions`: {len(suite.tasks)} tasks in Python and "
        "JavaScript.\nThe recordings were written for this demo. They are no real model's replies.\n"
    )
    with Bench(settings) as bench:
        isolation = bench.isolation()
        click.echo(f"Programs run in a sandbox of level {isolation.level} ({isolation.backend}).")
        for note in isolation.notes:
            click.echo(f"  {note}")
        evaluation = begin_run(bench, [suite], models)
        with terminal.LiveProgress(title=evaluation.id) as live:
            evaluation = finish(bench, evaluation.id, live.update)
        scores = standings.read_scores(bench.store, evaluation)
        page = settings.home / "demo" / "report.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(write_report(bench.store, evaluation, "html"), encoding="utf-8")
    click.echo()
    terminal.console().print(terminal.leaderboard(scores))
    click.echo(f"The report: {page.as_uri()}\n")
    click.echo(_NEXT.format(id=evaluation.id, assay=Path(sys.executable).with_name("assay")))
    if evaluation.state != "done":
        raise AssayError(f"The demo did not end well: {evaluation.note}", "Look at what `assay doctor` says.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
