"""The log of model calls, of one run or all; and one call, whole."""

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import AfterValidator

from assay.bench import calls
from assay.bench.calls import COLUMNS, Call, CallStatus, Filter, Log, Questions
from assay.bench.pages import addresses
from assay.bench.pages.live import read_exactly
from assay.bench.pages.paper import Paper
from assay.bench.wording import amount, money, number, seconds
from assay.spreadsheet import csv_pieces
from assay.visible import one_line
from assay.web.shell import Shell

_LARGEST = (1 << 63) - 1


def _sayable(text: str | None) -> str | None:
    if text is not None and "\0" in text:
        raise ValueError("a NUL character stands in no call")
    return text or None


Text = AfterValidator(_sayable)
Model = Annotated[str | None, Query(max_length=1_000, description="Only calls to the model of this name."), Text]
Chosen = Annotated[CallStatus | None, Query(description="Only calls that were answered (ok) or failed (error).")]
Words = Annotated[str | None, Query(max_length=200, description="Words in the question, the reply or the error."), Text]
Before = Annotated[int | None, Query(ge=0, le=_LARGEST, description="Only calls with a smaller number.")]
After = Annotated[int | None, Query(ge=0, le=_LARGEST, description="Only calls with a larger number: the page before.")]
Run = Annotated[str | None, Query(max_length=100, description="Only calls of this run."), Text]
CallNumber = Annotated[int, Path(ge=0, le=_LARGEST, description="The call's number in the log.")]
_CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}


def router(shell: Shell) -> APIRouter:
    """The call log's routes."""
    routes = APIRouter()
    questions = Questions(shell.store)
    _add_log(routes, shell, questions)
    _add_log_of_a_run(routes, shell, questions)
    _add_call(routes, shell, questions)
    return routes


def _add_log(routes: APIRouter, shell: Shell, questions: Questions) -> None:
    @routes.get("/calls", include_in_schema=False)
    def page(
        request: Request, run: Run = None, model: Model = None, status: str = "", q: Words = None,
        before: Before = None, after: After = None,
    ) -> Response:  # fmt: skip
        chosen = Filter(evaluation=run, model=model, status=_status(status), text=q)
        log = calls.read_log(shell.store, questions, chosen, before=before, after=after)
        return shell.page(request, "bench/calls.html", **_log_context(log, None))

    @routes.get("/calls.json", response_model=Log)
    def data(
        run: Run = None, model: Model = None, status: Chosen = None, q: Words = None,
        before: Before = None, after: After = None,
    ) -> Response:  # fmt: skip
        """Every model call, newest first, with what they came to by model."""
        chosen = Filter(evaluation=run, model=model, status=status, text=q)
        return shell.json(calls.read_log(shell.store, questions, chosen, before=before, after=after))

    @routes.get("/calls.csv", response_class=Response, responses=_CSV)
    def table(run: Run = None, model: Model = None, status: Chosen = None, q: Words = None) -> Response:
        """Every model call without its texts, oldest first."""
        return _table(shell, Filter(evaluation=run, model=model, status=status, text=q), "calls")


def _add_log_of_a_run(routes: APIRouter, shell: Shell, questions: Questions) -> None:
    @routes.get("/runs/{run}/calls", include_in_schema=False)
    def page(
        request: Request, run: str, model: Model = None, status: str = "", q: Words = None,
        before: Before = None, after: After = None,
    ) -> Response:  # fmt: skip
        evaluation = read_exactly(shell, run)
        chosen = Filter(evaluation=evaluation.id, model=model, status=_status(status), text=q)
        log = calls.read_log(shell.store, questions, chosen, before=before, after=after)
        return shell.page(request, "bench/calls.html", **_log_context(log, evaluation.id))

    @routes.get("/runs/{run}/calls.json", response_model=Log)
    def data(
        run: str, model: Model = None, status: Chosen = None, q: Words = None,
        before: Before = None, after: After = None,
    ) -> Response:  # fmt: skip
        """A run's model calls, newest first, with what they came to by model."""
        chosen = Filter(evaluation=read_exactly(shell, run).id, model=model, status=status, text=q)
        return shell.json(calls.read_log(shell.store, questions, chosen, before=before, after=after))

    @routes.get("/runs/{run}/calls.csv", response_class=Response, responses=_CSV)
    def table(run: str, model: Model = None, status: Chosen = None, q: Words = None) -> Response:
        """A run's model calls without their texts, oldest first."""
        chosen = Filter(evaluation=read_exactly(shell, run).id, model=model, status=status, text=q)
        return _table(shell, chosen, f"calls-{chosen.evaluation}")


def _add_call(routes: APIRouter, shell: Shell, questions: Questions) -> None:
    def read(number: int) -> Call:
        found = calls.read_call(shell.store, questions, number)
        if found is None:
            raise HTTPException(404, f"There is no model call of the number {number}.")
        return found

    @routes.get("/calls/{number}.json", response_model=Call)
    def data(number: CallNumber) -> Response:
        """One model call: the messages, the options, the reply or the error."""
        return shell.json(read(number))

    @routes.get("/calls/{number}/reply.txt", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
    def reply(number: CallNumber) -> Response:
        """The reply of one call, whole and unchanged, as a file."""
        found = read(number)
        if found.reply is None:
            raise HTTPException(404, f"The model call {number} came to nothing: there is no reply.")
        headers = {"Content-Disposition": f'attachment; filename="call-{number}-reply.txt"'}
        content = found.reply.text.encode("utf-8", "replace")
        return Response(content, media_type="text/plain; charset=utf-8", headers=headers)

    @routes.get("/calls/{number}", include_in_schema=False)
    def page(request: Request, number: CallNumber) -> Response:
        return shell.page(request, "bench/call.html", **_call_context(read(number)))


def _status(text: str) -> CallStatus | None:
    """What the filter's form sends: nothing for all."""
    if text in ("ok", "error"):
        return "ok" if text == "ok" else "error"
    if text:
        raise HTTPException(422, f"status: ok or error, not {one_line(text, 80)!r}.")
    return None


def _table(shell: Shell, chosen: Filter, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    pieces = csv_pieces(COLUMNS, (row.values() for row in calls.stream_rows(shell.store, chosen)))
    return StreamingResponse(pieces, media_type="text/csv; charset=utf-8", headers=headers)


def _log_context(log: Log, run: str | None) -> dict[str, Any]:
    chosen = log.filter
    query: dict[str, str | int | None] = {"model": chosen.model, "status": chosen.status, "q": chosen.text}
    if run is None:
        query["run"] = chosen.evaluation
    here = addresses.calls_page(run, **query)
    failed = sum(one.failed for one in log.totals)
    return {
        "log": log,
        "run": run,
        "chosen": chosen,
        "filtered": any(value for value in query.values()),
        "failed": failed,
        "all": addresses.calls_page(run),
        "older": addresses.calls_page(run, **query, before=log.older) if log.older is not None else None,
        "newer": addresses.calls_page(run, **query, after=log.newer) if log.newer is not None else None,
        "newest": here,
        "json": addresses.twin(here),
        "csv": addresses.twin(here, ".csv"),
        "only_failed": addresses.calls_page(run, **{**query, "status": "error"}),
        "attempt_of": _attempt_of,
        **_words(),
    }


def _call_context(call: Call) -> dict[str, Any]:
    return {
        "call": call,
        "entry": call.entry,
        "attempt_address": _attempt_of(call.entry) if call.attempt_is_there else None,
        "options": call.asked.options.model_dump(exclude_defaults=True),
        "json": addresses.twin(addresses.call_page(call.entry.id)),
        **_words(),
    }


def _attempt_of(entry: calls.Entry) -> str | None:
    if entry.evaluation is None or entry.suite is None or entry.task is None or entry.sample is None:
        return None
    return addresses.attempt_page(entry.evaluation, entry.suite, entry.task, entry.model, entry.sample)


def _words() -> dict[str, Any]:
    return {
        "paper": Paper(),
        "one_line": one_line,
        "number": number,
        "seconds": seconds,
        "amount": amount,
        "money": money,
        "call_page": addresses.call_page,
        "calls_page": addresses.calls_page,
        "page_of_run": addresses.run_page,
    }
