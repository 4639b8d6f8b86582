"""A folder of models: one file each, JSON or YAML, with the suites it runs and the files those are read from."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from assay.bench.suites import SUITES
from assay.content import Document, read
from assay.errors import AssayError, ContentError, UnknownName
from assay.pipeline.llm import PROVIDERS
from assay.pipeline.llm.names import default_concurrency, parse_model
from assay.pipeline.llm.urls import server_url
from assay.records import Model, Record

_ENDINGS = (".json", ".yaml", ".yml")
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")


class ModelFile(Model):
    """A model as people write it down: `name` may say all (`ollama/qwen2.5-coder:7b`), and stands for `model` too."""

    provider: str = ""
    model: str = ""
    enabled: bool = True
    """false: the file is checked, and the model left out."""
    data: Mapping[str, str] = {}
    """By suite: the file it is read from. A relative path starts at the model file's folder."""


class DataFile(Record):
    """Where a model file says that a suite is read from."""

    path: Path
    place: str
    """file:line:column of what says so."""


class Folder(Record):
    """What a folder of model files says."""

    models: tuple[Model, ...] = ()
    left_out: tuple[str, ...] = ()
    """The names of those with `enabled: false`."""
    data: Mapping[str, DataFile] = {}
    """By suite."""
    places: Mapping[str, str] = {}
    """By suite: file:line:column of the first model that names it."""


def load_models(folder: Path) -> tuple[Model, ...]:
    """Every model of a folder that is not switched off, by file name."""
    return read_folder(folder).models


def read_folder(folder: Path) -> Folder:
    """What the model files of a folder say, or one file. Raises ContentError at the file, line and column of what is wrong."""
    files = [_ModelDocument(path) for path in _paths(folder)]
    taken: dict[str, _ModelDocument] = {}
    for file in files:
        if other := taken.get(file.model.name):
            raise ContentError(
                file.document.place("name"),
                f"the name {file.model.name!r} is taken by {other.path.name}",
                "Names tell models apart in reports.",
            )
        taken[file.model.name] = file
    used = [file for file in files if file.written.enabled]
    left_out = tuple(file.model.name for file in files if not file.written.enabled)
    if not used:
        raise AssayError(
            f"{folder}: every model is switched off ({', '.join(left_out)}).", "Write enabled: true into one of them."
        )
    return Folder(
        models=tuple(file.model for file in used),
        left_out=left_out,
        data=_data(used),
        places={suite: place for file in reversed(used) for suite, place in reversed(file.places())},
    )


def _paths(folder: Path) -> list[Path]:
    if folder.is_file():
        return [folder]
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
    return paths


def _data(files: "Iterable[_ModelDocument]") -> dict[str, DataFile]:
    found: dict[str, DataFile] = {}
    for file in files:
        for suite, data in file.data():
            before = found.setdefault(suite, data)
            if before.path != data.path:
                raise ContentError(
                    data.place,
                    f"the suite {suite!r} is read from another file by {before.place}",
                    "Models are compared on the same tasks: name one file, or run them apart.",
                )
            if not data.path.exists():
                raise ContentError(
                    data.place,
                    f"{data.path} is not there",
                    f"A relative path starts at the folder of this file. `assay bench suites` says where to get {suite}.",
                )
    return found


class _ModelDocument:
    """One model file: what it says, and where it says it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.document = read(path)
        self.written = self.document.record(ModelFile)
        self.model = self._model()

    def places(self) -> list[tuple[str, str]]:
        """The suites it names, each with the place of its name."""
        return [(suite, self.document.place("suites", number)) for number, suite in enumerate(self.written.suites)]

    def data(self) -> list[tuple[str, DataFile]]:
        """The files that suites are read from."""
        return [
            (
                suite,
                DataFile(
                    path=(self.path.parent / Path(text).expanduser()).absolute(),
                    place=self.document.place("data", suite),
                ),
            )
            for suite, text in self.written.data.items()
        ]

    def _model(self) -> Model:
        document, written = self.document, self.written
        provider, name = _whose(document, written)
        _check_key(document, written.key)
        _check_suites(document, written)
        if written.url is not None:
            try:
                server_url(written.url)
            except AssayError as error:
                raise ContentError(document.place("url"), str(error), error.help) from None
        if provider == "recorded":
            name = str(self.path.parent / Path(name).expanduser())
        ours = {"provider", "model", "enabled", "data"}
        stated = {field: getattr(written, field) for field in written.model_fields_set - ours}
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


def _check_suites(document: Document, written: ModelFile) -> None:
    for number, suite in enumerate(written.suites):
        if suite not in SUITES.names():
            raise _unknown(document.place("suites", number), "suite", suite, SUITES.names())
        if suite in written.suites[:number]:
            raise ContentError(
                document.place("suites", number), f"the suite {suite!r} is named twice", "Once is enough."
            )
    for suite in written.data:
        place = document.place("data", suite, key=True)
        if suite not in SUITES.names():
            raise _unknown(place, "suite", suite, SUITES.names())
        if written.suites and suite not in written.suites:
            raise ContentError(
                place,
                f"the file is for the suite {suite!r}, which this model does not run",
                f"Add it to suites, or leave the file out. It runs {', '.join(written.suites)}.",
            )


def _unknown(place: str, kind: str, name: str, known: Iterable[str]) -> ContentError:
    error = UnknownName(kind, name, known)
    return ContentError(place, str(error), error.help)
