"""What the pages of runs share: how an address names a run, the head of its pages, and the words of their templates."""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import HTTPException, Query, Request
from markupsafe import Markup

from assay.bench import charts, evaluations, wording
from assay.bench.evidence import plain_url
from assay.bench.pages import addresses
from assay.bench.records import Evaluation
from assay.bench.scores import standings
from assay.bench.scores.records import Rate
from assay.errors import AssayError
from assay.visible import one_line
from assay.web.shell import Shell

_NAME = 80  # characters of a name in a sentence
_BEHIND_SIGNS = re.compile(r"(?<=[_/:.@+-])(?=\w)")

Text = Annotated[str, Query(max_length=1_000)]
Names = Annotated[tuple[str, ...], Query(max_length=200)]
Page = Annotated[int, Query(ge=1, le=1_000_000)]


def named(shell: Shell, run: str) -> Evaluation:
    """The run of this id, of a part of it that no other has, or `last`."""
    if "\0" in run:
        raise HTTPException(404, "No run's name holds a NUL character.")
    try:
        return evaluations.read_evaluation(shell.store, run)
    except AssayError as error:
        raise HTTPException(404, f"{error} {error.help}") from None


def models_of(shell: Shell, evaluation: Evaluation) -> list[str]:
    """The run's models, the best first."""
    return list(dict.fromkeys(one.score.model for one in standings.standings(shell.store, evaluation)))


def without_secrets(evaluation: Evaluation) -> Evaluation:
    """The run as it is shown: of its servers' addresses only what cannot be a secret."""
    models = tuple(model.model_copy(update={"url": plain_url(model.url)}) for model in evaluation.models)
    return evaluation.model_copy(update={"models": models})


def around(evaluation: Evaluation, here: str) -> dict[str, Any]:
    """What every page of a run needs for its head and its sub-navigation."""
    return {"evaluation": evaluation, "run_address": addresses.run_page(evaluation.id), "tab": here}


def words() -> dict[str, Any]:
    """What the templates of a run's pages need to say their numbers."""
    return {
        **wording.NUMBERS,
        "line": one_line,
        "breakable": breakable,
        "bar": charts.bar,
        "addresses": addresses,
        "query": lambda **given: urlencode(given),
    }


def changed(request: Request, address: str, **changed: object) -> str:
    """The address with the query of this page, changed so; None takes a name away."""
    pairs = [(name, value) for name, value in request.query_params.multi_items() if name not in changed and value]
    pairs += [(name, str(value)) for name, value in changed.items() if value is not None]
    return f"{address}?{urlencode(pairs)}" if pairs else address


def short(name: str) -> str:
    """A name of anybody's making, for a sentence."""
    return one_line(name, _NAME)


def breakable(name: str) -> Markup:
    """A name that a narrow column may break behind its signs: `gpt4_final_500c_long` in a letter's midst says little."""
    return Markup("<wbr>").join(_BEHIND_SIGNS.split(name))


def both_ends(name: str, limit: int) -> str:
    """A name for a narrow column, cut in its middle: names that begin alike are often told apart by their ends."""
    name = one_line(name, 1_000)
    head = limit // 3
    return name if len(name) <= limit else f"{name[:head]}…{name[head + 1 - limit :]}"


def names(all_names: Iterable[str], limit: int, most: int = 3) -> str:
    """Several names for a narrow column: the first few, and how many more there are."""
    listed = list(all_names)
    more = f" and {len(listed) - most} more" if len(listed) > most else ""
    return ", ".join(both_ends(name, limit) for name in listed[:most]) + more


def rate_of(rate: Rate | None) -> float | None:
    """The number alone."""
    return rate.value if rate else None


def cost_of(costs: Mapping[str, float]) -> float | None:
    """The sum, whatever the currencies: for an order, or where there is but one."""
    return sum(costs.values()) if costs else None
