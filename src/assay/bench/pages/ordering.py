"""The form that starts a run: what it holds, what is wrong with it, and the order it comes to."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from starlette.datastructures import FormData, QueryParams

from assay.bench import preparing
from assay.bench.offered import Offered
from assay.bench.preparing import Estimate, KnownSuite
from assay.bench.starting import RECORDINGS, Order
from assay.errors import AssayError, UnknownName
from assay.pipeline.llm import PROVIDERS
from assay.pipeline.llm.gateway import Gateway
from assay.pipeline.llm.names import parse_model
from assay.pipeline.llm.urls import is_loopback
from assay.records import Model, Options, Record
from assay.settings import Settings
from assay.store import Store, kept

_MOST_MODELS = 50
_LONGEST_NAME = 300
_NUMBERS = {"samples": (1, 10_000), "limit": (1, 1_000_000), "repair": (0, 20), "max_tokens": (1, 10_000_000)}


@dataclass
class Filled:
    """The form as somebody filled it in, to be shown again: every value is text, or what was ticked."""

    suites: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    """Ticked, of those that were found."""
    named: str = ""
    """Further ones, one a line."""
    recordings: tuple[str, ...] = ()
    samples: str = "1"
    limit: str = ""
    repair: str = "0"
    temperature: str = ""
    max_tokens: str = ""
    problems: dict[str, str] = field(default_factory=dict)
    """What is wrong, by field."""

    @property
    def fields(self) -> list[tuple[str, str]]:
        """Everything as hidden fields, or as a query."""
        several = [("suite", self.suites), ("model", self.models), ("recording", self.recordings)]
        pairs = [(name, value) for name, values in several for value in values]
        single = [(name, getattr(self, name)) for name in ("named", *_NUMBERS, "temperature")]
        return [*pairs, *((name, value) for name, value in single if value)]


class Quote(Record):
    """What a run will take, said before it is paid for."""

    estimate: Estimate
    tasks: int
    seconds: float | None
    """None: none of these models was asked before."""
    repair: int


def filled(given: FormData | QueryParams) -> Filled:
    """What a form or a query says, cut to what a form may hold."""

    def several(name: str) -> tuple[str, ...]:
        values = [str(value)[:_LONGEST_NAME] for value in given.getlist(name) if isinstance(value, str) and value]
        return tuple(dict.fromkeys(values))[: _MOST_MODELS + 1]

    def one(name: str, usual: str, longest: int = 40) -> str:
        value = given.get(name)
        return value.strip()[:longest] if isinstance(value, str) else usual

    recordings = tuple(name for name in several("recording") if name in (*RECORDINGS, "all"))
    return Filled(
        suites=several("suite"),
        models=several("model"),
        named=one("named", "", _LONGEST_NAME * _MOST_MODELS),
        recordings=RECORDINGS if "all" in recordings else recordings,
        temperature=one("temperature", ""),
        max_tokens=one("max_tokens", ""),
        samples=one("samples", "1"),
        limit=one("limit", ""),
        repair=one("repair", "0"),
    )


def of_order(order: Order) -> Filled:
    """The form that an order came from."""
    return Filled(
        suites=order.suites,
        named="\n".join(order.models),
        recordings=order.recordings,
        samples=str(order.samples),
        limit="" if order.limit is None else str(order.limit),
        repair=str(order.repair),
        temperature="" if order.temperature is None else f"{order.temperature:g}",
        max_tokens="" if order.max_tokens is None else str(order.max_tokens),
    )


def read(form: Filled, suites: Sequence[KnownSuite], found: Sequence[Offered]) -> tuple[Order, list[Model]] | None:
    """The order and its models; None where something is wrong, which then stands in `form.problems`."""
    problems = form.problems
    _check_suites(form, suites)
    ticked = _models(form.models, "models", problems)
    named = _models([line.strip() for line in form.named.splitlines() if line.strip()], "named", problems)
    models = list({model.name: model for model in (*ticked, *named)}.values())
    if not models and not form.recordings and not {"models", "named"} & problems.keys():
        problems["models"] = "Choose at least one model, or name one below."
    if len(models) > _MOST_MODELS:
        problems["named"] = f"These are {len(models)} models; a run from this page takes at most {_MOST_MODELS}."
    for model in models:
        where = "named" if model in named else "models"
        if where not in problems and (wrong := _cannot_be_asked(model, found)):
            problems[where] = wrong
    numbers = {name: _whole(form, name, *bounds) for name, bounds in _NUMBERS.items()}
    temperature = _temperature(form)
    if problems:
        return None
    order = Order(
        suites=form.suites,
        models=tuple(model.name for model in models),
        recordings=form.recordings,
        samples=numbers["samples"] or 1,
        limit=numbers["limit"],
        repair=numbers["repair"] or 0,
        temperature=temperature,
        max_tokens=numbers["max_tokens"],
    )
    return order, models


def may_cost(models: Sequence[Model]) -> bool:
    """Whether one of them is asked over the network, where somebody may send a bill."""
    return any(not is_loopback(model.url) if model.url else PROVIDERS.get(model.provider).needs_key for model in models)


def price(order: Order, models: Sequence[Model], settings: Settings, store: Store) -> Quote:
    """What it will take: counted for the requests, guessed for the answers. Loads the suites."""
    tasks = [
        task for suite in preparing.suites_named(order.suites, (), settings) for task in suite.tasks[: order.limit]
    ]
    options = Options(temperature=order.temperature, max_tokens=order.max_tokens)
    asked = preparing.models_of(list(models), options)
    estimate = preparing.estimate(store, tasks, asked, order.samples)
    left = (estimate.attempts - estimate.kept) / max(1, len(asked))
    latencies = [(model, kept.usual_latency(store, model.name)) for model in asked]
    known = [left * latency / model.concurrency for model, latency in latencies if latency is not None]
    seconds = sum(known) if known and len(known) == len(latencies) else None
    return Quote(estimate=estimate, tasks=len(tasks), seconds=seconds, repair=order.repair)


def _check_suites(form: Filled, suites: Sequence[KnownSuite]) -> None:
    known = {suite.name: suite for suite in suites}
    if not form.suites:
        form.problems["suites"] = "Choose at least one suite."
    for name in form.suites:
        if name not in known:
            form.problems["suites"] = _in_words(UnknownName("suite", name[:80], known))
        elif not known[name].here:
            form.problems["suites"] = known[name].said


def _models(names: Sequence[str], where: str, problems: dict[str, str]) -> list[Model]:
    models = []
    for name in names:
        try:
            models.append(_model(name))
        except AssayError as error:
            problems.setdefault(where, _in_words(error))
    return models


def _model(name: str) -> Model:
    if len(name) >= _LONGEST_NAME or not name.isprintable():
        raise AssayError(f"{name[:60]!r} … is no model's name.", "A name is one line of fewer than 300 characters.")
    model = parse_model(name)
    if model.provider == "recorded":
        raise AssayError(
            "A recording of yours is not named on this page: it would read any file of this machine.",
            f"In a terminal: assay bench run functions --model {name}",
        )
    return model


def _cannot_be_asked(model: Model, found: Sequence[Offered]) -> str:
    """What would keep a model from being asked at all: no key, no server, no such model there."""
    try:
        with Gateway() as gateway:
            gateway.check(model)
    except AssayError as error:
        return _in_words(error)
    server = next((one for one in found if one.provider == model.provider and model.url is None), None)
    if server is None:
        return ""
    if server.down:
        return f"{server.title} does not answer at {server.url}. Start it with: {server.start}"
    names = {name.partition("/")[2] for name in server.models}
    names |= {name.removesuffix(":latest") for name in names}
    if names and not server.problem and model.model not in names and len(server.models) < 500:
        return _in_words(UnknownName(f"model at {server.url}", model.model, names))
    return ""


def _whole(form: Filled, name: str, low: int, high: int) -> int | None:
    text = getattr(form, name)
    if not text:
        return None
    if not (text.isascii() and text.isdecimal()) or not low <= int(text) <= high:
        form.problems[name] = f"Give a whole number from {low} to {high:,}."
        return None
    return int(text)


def _temperature(form: Filled) -> float | None:
    if not form.temperature:
        return None
    try:
        value = float(form.temperature.replace(",", "."))
    except ValueError:
        value = -1.0
    if not 0 <= value <= 5:  # also False for nan
        form.problems["temperature"] = "Give a number from 0 to 5, as in 0.8; empty leaves it to the server."
        return None
    return value


def _in_words(error: AssayError) -> str:
    return f"{error} {error.help}".strip()
