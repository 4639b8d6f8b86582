"""A folder of models: one file each, JSON or YAML."""

import re
from collections.abc import Iterable
from pathlib import Path

from assay.bench.content import Document, read
from assay.bench.suites import SUITES
from assay.errors import AssayError, ContentError, UnknownName
from assay.pipeline.llm import PROVIDERS
from assay.pipeline.llm.names import default_concurrency, parse_model
from assay.pipeline.llm.urls import server_url
from assay.records import Model

_ENDINGS = (".json", ".yaml", ".yml")
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")


class ModelFile(Model):
    """A model as people write it down: `name` may say all (`ollama/qwen2.5-coder:7b`), and stands for `model` too."""

    provider: str = ""
    model: str = ""


def load_models(folder: Path) -> tuple[Model, ...]:
    """Every model of a folder, by file name. Raises ContentError at the file, line and column of what is wrong."""
    if folder.is_file():
        return (load_model(folder),)
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in _ENDINGS and path.name[0] != ".")
    except OSError as error:
        raise AssayError(
            f"The models folder {folder} cannot be read: {error.strerror}.", "Give a folder of one file a model."
        ) from None
    if not paths:
        raise AssayError(
            f"The models folder {folder} holds no model.", f"A model is a file ending in {', '.join(_ENDINGS)}."
        )
    models: dict[str, tuple[Path, Model]] = {}
    for path in paths:
        model = load_model(path)
        if model.name in models:
            place = read(path).place("name")
            other = models[model.name][0].name
            raise ContentError(
                place, f"the name {model.name!r} is taken by {other}", "Names tell models apart in reports."
            )
        models[model.name] = (path, model)
    return tuple(model for _, model in models.values())


def load_model(path: Path) -> Model:
    """The model that one file describes."""
    document = read(path)
    written = document.record(ModelFile)
    provider, name = _whose(document, written)
    _check_key(document, written.key)
    _check_suites(document, written.suites)
    if written.url is not None:
        try:
            server_url(written.url)
        except AssayError as error:
            raise ContentError(document.place("url"), str(error), error.help) from None
    if provider == "recorded":
        name = str(path.parent / Path(name).expanduser())
    stated = {field: getattr(written, field) for field in written.model_fields_set - {"provider", "model"}}
    stated.setdefault("concurrency", default_concurrency(provider))
    return Model(provider=provider, model=name, **stated)


def _whose(document: Document, written: ModelFile) -> tuple[str, str]:
    """The provider, and what it calls the model."""
    if written.provider:
        if written.provider not in PROVIDERS.names():
            raise _unknown(document.place("provider"), "provider", written.provider, PROVIDERS.names())
        return written.provider, written.model or written.name.removeprefix(f"{written.provider}/")
    if written.model or "/" not in written.name:
        raise ContentError(
            document.place("name"), "the key 'provider' is missing", f"Known: {', '.join(PROVIDERS.names())}."
        )
    try:
        model = parse_model(written.name)
    except AssayError as error:
        raise ContentError(document.place("name"), str(error), error.help) from None
    if model.url:
        raise ContentError(document.place("name"), "the name is an address", "Write name, provider: openai, and url.")
    return model.provider, model.model


def _check_key(document: Document, key: str | None) -> None:
    # What does not look like a variable's name may be the key itself: it is not repeated.
    if key is not None and not _VARIABLE.fullmatch(key):
        raise ContentError(
            document.place("key"),
            "should be the NAME of an environment variable (capitals, digits and _), never the key itself",
            "Write for example key: OPENAI_API_KEY, and set that variable.",
        )


def _check_suites(document: Document, suites: Iterable[str]) -> None:
    for number, suite in enumerate(suites):
        if suite not in SUITES.names():
            raise _unknown(document.place("suites", number), "suite", suite, SUITES.names())


def _unknown(place: str, kind: str, name: str, known: Iterable[str]) -> ContentError:
    error = UnknownName(kind, name, known)
    return ContentError(place, str(error), error.help)
