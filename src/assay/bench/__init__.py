"""The product for people who choose or build models: run them on code-writing suites, grade, compare."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.bench.scores.records import Scores
    from assay.records import Model
    from assay.settings import Settings


def run(
    suites: "str | Sequence[str]",
    models: "str | Model | Sequence[str | Model]",
    *,
    samples: int = 1,
    repair: int = 0,
    reruns: int = 0,
    limit: int | None = None,
    data: "dict[str, str] | None" = None,
    temperature: float | None = None,
    max_tokens: int | None = None,
    fresh: bool = False,
    settings: "Settings | None" = None,
) -> "Scores":
    """What `assay bench run` does: models over suites, graded. `data`: a suite's file by its name.

    A run that pauses (a server is down) gives the scores so far, with `state` paused; `resume` goes on with it.

        from assay.bench import run
        print(run("functions", "ollama/qwen2.5-coder:7b").scores[0].pass_1)
    """
    from assay.bench.beginning import begin_run
    from assay.bench.preparing import models_of, suites_named
    from assay.bench.process import Bench
    from assay.bench.scores import standings
    from assay.bench.workflow import finish
    from assay.records import Options
    from assay.settings import Settings

    settings = settings or Settings.from_environment()
    names = (suites,) if isinstance(suites, str) else tuple(suites)
    asked = models_of(models, Options(temperature=temperature, max_tokens=max_tokens))
    loaded = suites_named(names, [f"{name}={path}" for name, path in (data or {}).items()], settings)
    with Bench(settings) as bench:
        bench.check_models(asked)
        evaluation = begin_run(
            bench, loaded, asked, samples=samples, repair=repair, reruns=reruns, limit=limit, fresh=fresh
        )
        return standings.read_scores(bench.store, finish(bench, evaluation.id))


def resume(evaluation: str, *, settings: "Settings | None" = None) -> "Scores":
    """What `assay bench resume` does: go on with an evaluation that was stopped, killed or paused."""
    from assay.bench import evaluations
    from assay.bench.process import Bench
    from assay.bench.scores import standings
    from assay.bench.workflow import finish
    from assay.settings import Settings

    with Bench(settings or Settings.from_environment()) as bench:
        found = evaluations.read_evaluation(bench.store, evaluation)
        return standings.read_scores(bench.store, finish(bench, found.id))
