"""The flows page: every durable job, what it has done, what went wrong, and how to cancel or retry it.

A product says what its jobs are called by two methods more (`NamesFlows`); one that does not has them shown by the names
of their functions.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Protocol, runtime_checkable
from urllib.parse import quote, urlencode

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from assay.records import Record
from assay.spreadsheet import csv_table
from assay.visible import one_line
from assay.web import live
from assay.web.shell import Shell
from assay.workflows import looking
from assay.workflows.looking import FLOW_STATES, Flow, FlowState, Steps, Wanted

PAGE = 50
"""Jobs a page."""
STEPS = 200
"""Steps, or rows of steps about children, a page."""
_FAILURES = 5
"""Failed children whose errors stand on their parent's page."""
_CSV_ROWS = 100_000
_COLUMNS = ("id", "title", "state", "created", "seconds", "executor", *FLOW_STATES, "error")

Choice = Literal["waiting", "running", "abandoned", "done", "paused", "failed", "cancelled", ""]


class FlowName(Record):
    """What one job is called by the product that began it."""

    title: str
    """For people: `Evaluate functions with 2 models`."""
    href: str | None = None
    """The page of what it makes."""
    retry: str | None = None
    """Where its Retry button posts to instead of here, if the product has a way of its own to go on with it."""
    command: str | None = None
    """What goes on with it on a command line."""


@runtime_checkable
class NamesFlows(Protocol):
    """A product that knows its jobs."""

    def describe_flows(self, shell: Shell, ids: Sequence[str]) -> Mapping[str, FlowName]:
        """Those of these jobs that are its own, by id. Asked once a page."""
        ...

    def find_flows(self, shell: Shell, words: str) -> Sequence[str]:
        """How the ids of its jobs begin whose titles have these words; a few hundred at most."""
        ...


def router(shell: Shell) -> APIRouter:
    """The routes; they also enter themselves into the menu."""
    routes = APIRouter()
    shell.places.append(("Jobs", "/flows"))

    @routes.get("/flows", include_in_schema=False)
    def index(
        request: Request,
        state: Choice = "",
        q: str = Query("", max_length=200),
        parent: str = Query("", max_length=500),
        page: int = Query(1, ge=1, le=100_000),
    ) -> HTMLResponse:
        return shell.page(request, "web/flows.html", **_listed(shell, state, q.strip(), parent, page))

    @routes.get("/flows.json")
    def index_json(
        state: Annotated[Choice, Query(description="Only jobs in this state; empty: all.")] = "",
        q: str = Query("", max_length=200, description="Part of a job's name or id."),
        parent: str = Query("", max_length=500, description="The children of this job; empty: jobs without a parent."),
        page: int = Query(1, ge=1, le=100_000),
    ) -> Response:
        """Every durable job, newest first, with how many there are in each state and who is at work."""
        made = _listed(shell, state, q.strip(), parent, page)
        return shell.json(
            {
                "jobs": [_as_json(row) for row in made["rows"]],
                "counts": made["counts"],
                "page": page,
                "pages": made["pages"],
                "executors": [asdict(one) for one in made["executors"]],
            }
        )

    @routes.get("/flows.csv", response_class=Response)
    def index_csv(
        state: Choice = "", q: str = Query("", max_length=200), parent: str = Query("", max_length=500)
    ) -> Response:
        """The same jobs as a table, on one page."""
        return shell.csv(csv_table(_COLUMNS, _csv_rows(shell, _wanted(shell, state, q.strip(), parent))), "jobs.csv")

    @routes.get("/flows/{id:path}.json")
    def one_json(id: str, page: int = Query(1, ge=1, le=100_000)) -> Response:  # noqa: A002
        """One durable job: its steps with their durations and errors, and its children by state."""
        made = _one(shell, id, page)
        return shell.json(
            {
                **_as_json(made["row"]),
                "steps": [{**asdict(step), "seconds": step.seconds} for step in made["steps"]],
                "more_steps": made["more"],
                "failed_children": [_as_json(row) for row in made["failures"]],
            }
        )

    @routes.get("/flows/{id:path}/live", include_in_schema=False)
    def one_live(request: Request, id: str) -> Response:  # noqa: A002
        _one(shell, id, 1)

        def look() -> live.Look:
            made = _one(shell, id, 1)
            parts = {name: shell.fragment(request, f"web/_flow_{name}.html", **made) for name in ("facts", "steps")}
            return live.Look(parts, ended=made["row"]["flow"].state not in ("waiting", "running"))

        return live.stream(shell, look)

    @routes.get("/flows/{id:path}", include_in_schema=False)
    def one(request: Request, id: str, page: int = Query(1, ge=1, le=100_000)) -> HTMLResponse:  # noqa: A002
        return shell.page(request, "web/flow.html", **_one(shell, id, page))

    @routes.post("/flows/{id:path}/cancel", include_in_schema=False)
    def cancel(id: str) -> RedirectResponse:  # noqa: A002
        _found(shell, id)
        looking.cancel(shell.store, id)
        return RedirectResponse(address(id), 303)

    @routes.post("/flows/{id:path}/retry", include_in_schema=False)
    def retry(id: str) -> RedirectResponse:  # noqa: A002
        _found(shell, id)
        looking.retry(shell.store, id)
        return RedirectResponse(address(id), 303)

    return routes


def address(id: str) -> str:  # noqa: A002
    """The page of one job."""
    return f"/flows/{quote(id, safe=':')}"


def lasting(seconds: float | None) -> str:
    """A duration with its unit; empty where there is none."""
    if seconds is None:
        return ""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours < 48 else f"{hours // 24} d {hours % 24} h"


# ---- what the pages show -------------------------------------------------------------------------------------------


def _wanted(shell: Shell, state: Choice, words: str, parent: str) -> Wanted:
    prefixes: list[str] = []
    if words:
        for product in _knowing(shell):
            prefixes += product.find_flows(shell, words)
    return Wanted(parent=parent or None, state=state or None, words=words, prefixes=tuple(prefixes))


def _listed(shell: Shell, state: Choice, words: str, parent: str, page: int) -> dict[str, Any]:
    wanted = _wanted(shell, state, words, parent)
    counts = looking.count(shell.store, wanted)
    found = looking.flows(shell.store, wanted, limit=PAGE, offset=(page - 1) * PAGE)
    executors = looking.executors(shell.store)
    number = counts[state] if state else counts.total()
    pages = max(1, -(-number // PAGE))
    asked = {"q": words, "parent": parent}

    def link(**changes: object) -> str:
        query = {name: value for name, value in ({"state": state} | asked | changes).items() if value not in ("", 1)}
        return f"/flows?{urlencode(query)}" if query else "/flows"

    query = link().partition("?")[2]
    return {
        "rows": _rows(shell, found),
        "parent": _row_of(shell, parent) if parent else None,
        "counts": {one: counts[one] for one in FLOW_STATES},
        "total": counts.total(),
        "number": number,
        "state": state,
        "words": words,
        "page_number": page,
        "pages": pages,
        "choices": [("", "All", counts.total(), link(state=""))]
        + [(one, one.capitalize(), counts[one], link(state=one)) for one in FLOW_STATES],
        "newer": link(page=page - 1) if page > 1 else None,
        "older": link(page=page + 1) if page < pages else None,
        "twins": {
            "json": f"/flows.json{'?' if query else ''}{query}",
            "csv": f"/flows.csv{'?' if query else ''}{query}",
        },
        "executors": executors,
        "nobody": not any(one.alive for one in executors) and counts["waiting"] + counts["abandoned"] > 0,
    }


def _one(shell: Shell, id: str, page: int) -> dict[str, Any]:  # noqa: A002
    flow = _found(shell, id)
    (row,) = _rows(shell, [flow])
    steps = looking.steps(shell.store, id, limit=STEPS + 1, offset=(page - 1) * STEPS)
    failed = Wanted(parent=id, state="failed")
    failures = looking.flows(shell.store, failed, limit=_FAILURES) if row["children"].get("failed") else []
    alive = {one.id: one for one in looking.executors(shell.store)}
    names = [step.child for step in steps if step.child]
    return {
        "row": row,
        "flow": flow,
        "steps": steps[:STEPS],
        "titles": {name: found.title for name, found in _names(shell, names).items()},
        "said": {step.first: _said(step) for step in steps},
        "times": {step.first: lasting(step.seconds) for step in steps},
        "links": {name: address(name) for name in names},
        "page_number": page,
        "more": len(steps) > STEPS,
        "failures": _rows(shell, failures),
        "parent": _row_of(shell, flow.parent) if flow.parent else None,
        "executor": alive.get(flow.executor or ""),
        "nobody": flow.state == "waiting" and not any(one.alive for one in alive.values()),
        "moving": flow.state in ("waiting", "running"),
        "children_address": f"/flows?{urlencode({'parent': id})}",
    }


def _said(step: Steps) -> str:
    """What a step did, in words."""
    if not step.has_children:
        return step.name
    children = "a child" if step.count == 1 else f"{step.count:,} children"
    return f"waited for {children}" if step.name.startswith("DBOS.") else f"began {children} ({step.name})"


def _found(shell: Shell, id: str) -> Flow:  # noqa: A002
    row = _flow_or_none(shell, id)
    if row is None:
        raise HTTPException(404, f"There is no job with the id {one_line(id)[:200]}.")
    return row


def _flow_or_none(shell: Shell, id: str) -> Flow | None:  # noqa: A002
    try:
        return looking.read_flow(shell.store, id)
    except looking.NoSuchFlow:
        return None


def _row_of(shell: Shell, id: str) -> dict[str, Any] | None:  # noqa: A002
    flow = _flow_or_none(shell, id)
    return _rows(shell, [flow])[0] if flow else None


def _rows(shell: Shell, flows: Sequence[Flow]) -> list[dict[str, Any]]:
    ids = [flow.id for flow in flows]
    names, children = _names(shell, ids), looking.count_children(shell.store, ids)
    none: Counter[FlowState] = Counter()
    return [
        {
            "flow": flow,
            "name": names.get(flow.id) or FlowName(title=flow.name),
            "href": address(flow.id),
            "children": {one: number for one in FLOW_STATES if (number := children.get(flow.id, none)[one])},
            "lasted": lasting(_seconds(flow)),
        }
        for flow in flows
    ]


def _seconds(flow: Flow) -> float | None:
    """How long it ran; of one that runs, so far."""
    if flow.state == "running" and (began := flow.begun or flow.created):
        return (datetime.now(UTC) - began).total_seconds()
    return flow.seconds


def _names(shell: Shell, ids: Collection[str]) -> dict[str, FlowName]:
    names: dict[str, FlowName] = {}
    if ids:
        for product in _knowing(shell):
            names.update(product.describe_flows(shell, list(ids)))
    return names


def _knowing(shell: Shell) -> Iterable[NamesFlows]:
    return (product for product in shell.products.values() if isinstance(product, NamesFlows))


# ---- as data -------------------------------------------------------------------------------------------------------


def _as_json(row: Mapping[str, Any]) -> dict[str, Any]:
    flow: Flow = row["flow"]
    return {
        **asdict(flow),
        "seconds": flow.seconds,
        "title": row["name"].title,
        "page": row["name"].href,
        "children": row["children"],
    }


def _csv_rows(shell: Shell, wanted: Wanted) -> Iterator[list[object]]:
    offset = 0
    while offset < _CSV_ROWS and (found := looking.flows(shell.store, wanted, limit=1000, offset=offset)):
        offset += len(found)
        for row in _rows(shell, found):
            flow: Flow = row["flow"]
            counts = [row["children"].get(one, 0) for one in FLOW_STATES]
            executor, title, error = map(one_line, (flow.executor or "", row["name"].title, flow.error))
            yield [flow.id, title, flow.state, flow.created, flow.seconds, executor, *counts, error]
