"""From what a user named to suites and models, and what a run of them will take."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from assay.bench import asking
from assay.bench.models import Folder, load_models, read_folder
from assay.bench.suites import SUITES, Suite, load_suite
from assay.errors import AssayError, ContentError
from assay.pipeline.llm import Patience
from assay.pipeline.llm.local import LOCAL
from assay.pipeline.llm.names import parse_model
from assay.pipeline.parsing import parse
from assay.records import Model, Options, Record, Request, Task
from assay.settings import Settings

if TYPE_CHECKING:
    from assay.pipeline.llm.gateway import Gateway
    from assay.store import Store

DEFAULT_SUITE = "functions"
_ANSWER_TOKENS = 350
"""What a model commonly answers with to one small programming task; a guess, and called one."""


NO_FOLDER = Folder()


def folder_of(config: Path | None) -> Folder:
    """What the folder of model files says; nothing where none is named."""
    return NO_FOLDER if config is None else read_folder(config)


def suites_named(
    names: Sequence[str],
    data: Sequence[str],
    settings: Settings,
    *,
    errata: bool = True,
    folder: Folder = NO_FOLDER,
) -> tuple[Suite, ...]:
    """The suites of these names, once each, each with its `--data` (FILE, or SUITE=FILE where there are several).

    Where the command names no file, the one that the folder's model files name is read.
    """
    wanted = list(dict.fromkeys(names))
    files = {name: file.path for name, file in folder.data.items()} | _files(wanted, data)
    return tuple(_suite(name, files.get(name), settings, errata, folder) for name in wanted)


def _suite(name: str, file: Path | None, settings: Settings, errata: bool, folder: Folder) -> Suite:
    try:
        return load_suite(name, file, settings=settings, errata=errata)
    except ContentError:
        raise
    except AssayError as error:
        if file is not None or name not in folder.places:
            raise
        how = f"Or say in this file where it lies: data: {{{name}: FILE}}."
        raise ContentError(folder.places[name], f"the suite needs its file. {error}", f"{error.help}\n{how}") from None


def _files(names: Sequence[str], data: Sequence[str]) -> dict[str, Path]:
    files: dict[str, Path] = {}
    for text in data:
        name, equals, path = text.partition("=")
        if equals and name in SUITES.names():
            if name not in names:
                raise AssayError(
                    f"--data {text} is for the suite {name!r}, which is not run.", "Name it, or leave it out."
                )
            files[name] = Path(path).expanduser()
        elif len(names) == 1:
            files[names[0]] = Path(text).expanduser()
        else:
            raise AssayError(
                f"--data {text} does not say which of {', '.join(names)} it is for.",
                f"Write --data {names[0]}={text}",
            )
    return files


def models_named(
    names: Sequence[str], folder: Folder, options: Options, concurrency: int | None = None
) -> tuple[Model, ...]:
    """The models named, and those of a folder of model files, each asked with these options where they are given."""
    found = [*(parse_model(name) for name in names), *folder.models]
    if not found:
        raise AssayError(
            "No model is named.",
            "Name one, as in --model ollama/qwen2.5-coder:7b, or a folder of model files with --config DIR.",
        )
    return _asked_with(found, options, concurrency)


def models_of(given: "str | Model | Sequence[str | Model]", options: Options) -> tuple[Model, ...]:
    """The models that Python code names or brings."""
    several = (given,) if isinstance(given, str | Model) else tuple(given)
    return _asked_with([parse_model(one) if isinstance(one, str) else one for one in several], options)


def _asked_with(found: Sequence[Model], options: Options, concurrency: int | None = None) -> tuple[Model, ...]:
    twice = [model.name for number, model in enumerate(found) if model.name in {one.name for one in found[:number]}]
    if twice:
        raise AssayError(f"The model {twice[0]!r} is named twice.", "Give it once, or two names in their model files.")
    changed = {} if concurrency is None else {"concurrency": concurrency}
    return tuple(asking.with_options(model, options).model_copy(update=changed) for model in found)


def suites_of(models: Sequence[Model], named: Sequence[str]) -> tuple[tuple[str, ...], tuple[Model, ...]]:
    """Which suites are run, and the models with those of their own that are among them.

    What the command names wins; else each model runs what its file names, and `functions` where it names none.
    """
    if named:
        return tuple(dict.fromkeys(named)), tuple(model.model_copy(update={"suites": ()}) for model in models)
    if not any(model.suites for model in models):
        return (DEFAULT_SUITE,), tuple(models)
    own = tuple(model if model.suites else model.model_copy(update={"suites": (DEFAULT_SUITE,)}) for model in models)
    return tuple(dict.fromkeys(name for model in own for name in model.suites)), own


def with_preamble(suite: Suite, text: str) -> Suite:
    """The suite with this source before every program and prompt. One that does not parse would fail every program."""
    if not text:
        return suite
    if any(task.language == "python" for task in suite.tasks) and parse(text) is None:
        raise AssayError(
            "The preamble is not Python that parses.", "Every program would fail behind it: mend the file."
        )
    before = text if text.endswith("\n") else text + "\n"
    tasks = tuple(
        task.model_copy(update={"preamble": before + task.preamble, "prompt": before + task.prompt})
        for task in suite.tasks
    )
    return replace(suite, tasks=tasks)


# ---- what it will take ---------------------------------------------------------------------------------------------


class Estimate(Record):
    """What a run will take, guessed before it."""

    attempts: int
    kept: int
    """Of them, those whose reply is kept from before."""
    prompt_tokens: int
    completion_tokens: int
    cost: Mapping[str, float]
    """By currency, of the models that have a price."""
    unpriced: tuple[str, ...]
    """Models without a price, of providers that ask one."""

    def __str__(self) -> str:
        parts = [f"{self.attempts:,} attempts" + (f", {self.kept:,} of them answered from before" if self.kept else "")]
        parts.append(f"about {self.prompt_tokens:,} tokens in and {self.completion_tokens:,} out")
        parts += [f"about {cost:.2f} {currency}" for currency, cost in self.cost.items()]
        if self.unpriced:
            parts.append(f"no price known for {', '.join(self.unpriced)}")
        return "; ".join(parts)


def estimate(
    store: "Store", tasks: Sequence[Task], models: Sequence[Model], samples: int, *, fresh: bool = False
) -> Estimate:
    """Count what a run would ask, without what is kept from before. Repairs come on top."""
    from assay.store import kept

    attempts = known = prompt = completion = 0
    cost: dict[str, float] = {}
    unpriced = []
    for model in models:
        asked = [task for task in tasks if not model.suites or task.suite in model.suites]
        left = len(asked) * samples
        attempts += left
        tokens_in = samples * sum(asking.estimated_tokens(task, model) for task in asked)
        if asking.same_everywhere(model):
            here = 0 if fresh else len(kept.replies(store, [*_first_keys(asked, model, samples)]))
            known += here
            tokens_in = tokens_in * (left - here) // max(left, 1)
            left -= here
            if model.price is None:
                unpriced.append(model.name)
        tokens_out = left * min(_ANSWER_TOKENS, model.options.max_tokens or _ANSWER_TOKENS)
        prompt += tokens_in
        completion += tokens_out
        if model.price:
            spent = (tokens_in * model.price.prompt + tokens_out * model.price.completion) / 1_000_000
            cost[model.price.currency] = cost.get(model.price.currency, 0) + spent
    return Estimate(
        attempts=attempts,
        kept=known,
        prompt_tokens=prompt,
        completion_tokens=completion,
        cost=cost,
        unpriced=tuple(unpriced),
    )


def _first_keys(tasks: Sequence[Task], model: Model, samples: int) -> set[str]:
    return {
        asking.reply_key(Request(model=model, messages=messages, sample=number), "")
        for messages in (asking.question(task, model) for task in tasks)
        for number in range(samples)
    }


def patience(retries: int | None) -> Patience | None:
    """How long a server may be down before the run pauses; None: as long as the gateway finds good."""
    return None if retries is None else Patience(attempts=retries + 1)


# ---- what there is -------------------------------------------------------------------------------------------------


class KnownSuite(Record):
    """A suite's name and what can be said of it."""

    name: str
    here: bool
    """Whether it can be run as it is, without naming a file."""
    tasks: int
    said: str


def known_suites(settings: Settings) -> list[KnownSuite]:
    """Every suite, loaded where its tasks are on this machine."""
    found = []
    for name in SUITES.names():
        try:
            suite = load_suite(name, settings=settings)
        except AssayError as error:
            found.append(KnownSuite(name=name, here=False, tasks=0, said=f"{error} {error.help}"))
        else:
            said = f"{suite.title}: {len(suite.tasks)} tasks; {suite.source}"
            found.append(KnownSuite(name=name, here=True, tasks=len(suite.tasks), said=said))
    return found


class Offer(Record):
    """What one server offers, as `--model` takes it."""

    server: str
    models: tuple[str, ...] = ()
    problem: str = ""


def offered(names: Sequence[str], config: Path | None) -> list[Offer]:
    """The models of a folder, of the providers and servers named, or of the servers on this machine."""
    if config is not None:
        models = load_models(config)
        return [Offer(server=str(config), models=tuple(_described(model) for model in models))]
    from assay.pipeline.llm.gateway import Gateway

    with Gateway(patience=Patience(attempts=1, connect_s=2)) as gateway:
        return [_offer(gateway, name) for name in names or LOCAL]


def _described(model: Model) -> str:
    at = f" at {model.url}" if model.url else ""
    return f"{model.name} ({model.provider} {model.model}{at})"


def _offer(gateway: "Gateway", name: str) -> Offer:
    by_address = name.lower().startswith(("http://", "https://"))
    model = parse_model(f"{name}#any" if by_address and "#" not in name else name if by_address else f"{name}/any")
    try:
        found = gateway.models(model)
    except AssayError as error:
        return Offer(server=name, problem=f"{error} {error.help}".strip())
    return Offer(server=name, models=tuple(f"{name}{'#' if by_address else '/'}{one}" for one in found))
