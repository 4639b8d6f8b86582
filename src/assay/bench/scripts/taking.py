"""Take in scripts and tests that were made elsewhere, matched to prompts and models by where they lie.

Looked for in DIR, the first that is there:

    MODEL/PROMPT/SAMPLE/script.py    SAMPLE from 1; how the pipeline itself lays them down
    MODEL/PROMPT/script.py           sample 1
    MODEL/PROMPT.py                  sample 1
    PROMPT.py                        sample 1, where no folder of the model is there

Tests the same with `test_script.py` and `test_PROMPT.py`. MODEL is the model's name, or its name as a folder's.
"""

from collections.abc import Sequence
from pathlib import Path

from assay import content
from assay.bench.scripts.files import plain_name
from assay.bench.scripts.records import Prompt
from assay.bench.scripts.stages import TAKEN_IN, Item
from assay.errors import AssayError
from assay.records import Model

_SKIPPED = ("__pycache__", "tries", "files")


def models_in(folder: Path, prompts: Sequence[Prompt]) -> tuple[Model, ...]:
    """Who made the scripts of a folder, as its own folders say; none of them can be asked."""
    _must_be(folder)
    names = {prompt.id for prompt in prompts}
    inside = [path.name for path in sorted(folder.iterdir()) if path.is_dir() and not path.name.startswith(".")]
    models = [name for name in inside if name not in names and name not in _SKIPPED]
    return tuple(
        Model(name=name, provider=TAKEN_IN, model=name) for name in models or [folder.absolute().name or "scripts"]
    )


def items_of(
    prompts: Sequence[Prompt], models: Sequence[Model], samples: int, scripts: Path | None, tests: Path | None
) -> tuple[Item, ...]:
    """Every sample to be made, model by model, with what was made elsewhere. Raises AssayError where nothing matches."""
    for folder in (scripts, tests):
        if folder is not None:
            _must_be(folder)
    items = [
        Item(
            prompt=prompt.id,
            model=model.name,
            index=index,
            script=_found(scripts, model, prompt, index, ""),
            tests=_found(tests, model, prompt, index, "test_"),
        )
        for model in models
        for index in range(samples)
        for prompt in prompts
    ]
    items = [item for item in items if item.script is not None or _can_ask(models, item.model)]
    if scripts is not None and not any(item.script is not None for item in items):
        raise _nothing(scripts, "script", prompts, models)
    if tests is not None and not any(item.tests is not None for item in items):
        raise _nothing(tests, "test file", prompts, models)
    return tuple(items)


def _can_ask(models: Sequence[Model], name: str) -> bool:
    return next(model for model in models if model.name == name).provider != TAKEN_IN


def _nothing(folder: Path, what: str, prompts: Sequence[Prompt], models: Sequence[Model]) -> AssayError:
    return AssayError(
        f"No {what} in {folder} belongs to a prompt.",
        f"Expected, for example: {models[0].name}/{prompts[0].id}.py or {prompts[0].id}.py.",
    )


def _must_be(folder: Path) -> None:
    if not folder.is_dir():
        raise AssayError(f"There is no folder {folder}.", "Name the folder that the files lie in.")


def _found(folder: Path | None, model: Model, prompt: Prompt, index: int, prefix: str) -> str | None:
    if folder is None:
        return None
    named = [folder / name for name in dict.fromkeys((plain_name(model.name), model.name)) if _is_plain(name)]
    for inside in named:
        if inside.is_dir():
            return _first(_places(inside, prompt.id, index, prefix))
    return _first(_places(folder, prompt.id, index, prefix))


def _is_plain(name: str) -> bool:
    return bool(name) and "/" not in name and "\0" not in name and name not in (".", "..")


def _places(folder: Path, prompt: str, index: int, prefix: str) -> list[Path]:
    places = [folder / prompt / str(index + 1) / f"{prefix}script.py"]
    if index == 0:
        places += [folder / prompt / f"{prefix}script.py", folder / f"{prefix}{prompt}.py", folder / f"{prompt}.py"]
    return places


def _first(places: Sequence[Path]) -> str | None:
    return next((content.read_text(path) for path in places if path.is_file()), None)
