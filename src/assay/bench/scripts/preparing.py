"""Begin a run of the pipeline, or find the one that was asked for the same."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from assay.bench import evaluations
from assay.bench.process import Bench
from assay.bench.scripts import runs
from assay.bench.scripts.records import Prompt, ScriptRun
from assay.bench.scripts.stages import Item
from assay.bench.scripts.taking import items_of
from assay.errors import AssayError
from assay.records import Model


def begin_or_find(
    bench: Bench,
    prompts: Sequence[Prompt],
    models: Sequence[Model],
    testing: Model | None,
    *,
    samples: int = 1,
    repair: int = 0,
    repair_cleanup: bool = False,
    timeout_s: float = 10,
    mutants: int = 10,
    fresh: bool = False,
    output: Path,
    scripts: Path | None = None,
    tests: Path | None = None,
) -> tuple[ScriptRun, bool]:
    """The run, and whether it is new. `fresh`: always new, and nothing kept from other runs is used.

    Raises AssayError where two models or folders cannot be told apart, or what is to be taken in is not there.
    """
    items = items_of(prompts, models, samples, scripts, tests)
    if not items:
        raise AssayError(
            "There is nothing to do.", "Name a model with --model, or scripts to take in with --scripts DIR."
        )
    run = ScriptRun(
        id=evaluations.new_id(),
        created=datetime.now(UTC),
        prompts=tuple(prompts),
        models=tuple(models),
        testing=testing,
        samples=samples,
        repair=repair,
        repair_cleanup=repair_cleanup,
        timeout_s=timeout_s,
        mutants=mutants,
        fresh=fresh,
        output=str(output),
    )
    key = runs.key_of(run, items)
    if not fresh and (found := runs.find(bench.store, key)) is not None:
        return found, False
    runs.create(bench.store, run, key, _batches(items, models))
    return run, True


def _batches(items: Sequence[Item], models: Sequence[Model]) -> Iterator[Sequence[Item]]:
    """Model by model, so that a local server changes models as seldom as may be."""
    for model in models:
        mine = [item for item in items if item.model == model.name]
        size = max(8, min(64, 2 * model.concurrency))
        for start in range(0, len(mine), size):
            yield mine[start : start + size]
