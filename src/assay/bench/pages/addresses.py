"""Where bench's pages lie. Names of suites, tasks and models may hold anything: every part is quoted here."""

from urllib.parse import quote, urlencode


def run_page(evaluation: str) -> str:
    """A run's own page."""
    return f"/bench/runs/{quote(evaluation, safe='')}"


def task_page(evaluation: str, suite: str, task: str, **query: str | int | None) -> str:
    """What was asked, and what every model made of it."""
    return _address(evaluation, "tasks", suite, task, query)


def attempt_page(evaluation: str, suite: str, task: str, model: str, sample: int, **query: str | int | None) -> str:
    """One attempt with all its evidence."""
    return _address(evaluation, "attempts", suite, task, {"model": model, "sample": sample, **query})


def text_file(evaluation: str, suite: str, task: str, model: str, sample: int, **query: str | int | None) -> str:
    """One text of an attempt, whole, as a file: `part` says which, `attempt` and `run` of which try and run."""
    return _address(evaluation, "texts", suite, task, {"model": model, "sample": sample, **query})


def calls_page(evaluation: str | None = None, **query: str | int | None) -> str:
    """The log of model calls; of one run, or all."""
    return with_query(f"{run_page(evaluation)}/calls" if evaluation else "/bench/calls", query)


def call_page(number: int) -> str:
    """One model call."""
    return f"/bench/calls/{number}"


def twin(address: str, ending: str = ".json") -> str:
    """The same data in another form: the ending goes before the query."""
    path, mark, query = address.partition("?")
    pairs = [pair for pair in query.split("&") if pair and not pair.startswith("as=")]
    return f"{path}{ending}{mark if pairs else ''}{'&'.join(pairs)}"


def with_query(path: str, query: dict[str, str | int | None]) -> str:
    """The address with what of the query is given."""
    given = {name: value for name, value in query.items() if value is not None and value != ""}
    return f"{path}?{urlencode(given)}" if given else path


def _address(evaluation: str, kind: str, suite: str, task: str, query: dict[str, str | int | None]) -> str:
    name = f"{suite}/{task}"
    # a browser takes the steps . and .. away, quoted or not; within one step it leaves them alone
    plain = not any(step in ("", ".", "..") for step in name.split("/"))
    path = f"{run_page(evaluation)}/{kind}/{quote(name, safe='/' if plain else '')}"
    if task.endswith(".json"):
        query = {**query, "as": "page"}  # else it would be taken for another task's data
    return with_query(path, query)
