"""Starting a run, and watching it."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Annotated, Any
from urllib.parse import urlencode

import anyio.to_thread
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import FormData

from assay.bench import evaluations, preparing, watching
from assay.bench.offered import Finder
from assay.bench.pages import addresses, ordering
from assay.bench.pages.ordering import Filled
from assay.bench.pages.streams import State, Streams
from assay.bench.preparing import KnownSuite
from assay.bench.records import Evaluation
from assay.bench.starting import AT_ONCE, MOVING, RECORDINGS, AtWork, Ended, Order, Phase, Starter, TooMany
from assay.bench.wording import duration, interval, money, number, percent, speed
from assay.errors import AssayError
from assay.records import Record
from assay.web.shell import Shell

_SUITES_FRESH_S = 60.0
_STOPPED_WITHIN_S = 6.0
"""How long whoever presses Stop waits to see it stopped."""

TITLES: dict[Phase, str] = {
    "starting": "Starting",
    "running": "Running",
    "stopping": "Stopping",
    "dead": "! Stopped without saying why",
    "paused": "! Paused",
    "failed": "! Failed",
    "done": "Done",
}


class ProgressView(Record):
    """How a run stands, for its page: `bench/_progress.html` shows it where it is called `progress`."""

    phase: Phase
    title: str
    """The phase in a word or two."""
    note: str
    """Why it is paused or failed."""
    said: str = ""
    """The last words of a process that a page started and that came to nothing."""
    log: str = ""
    """Where that process wrote what it said."""
    progress: watching.Progress
    moving: bool
    """Whether there will be more to see without anybody's doing."""

    @property
    def can_stop(self) -> bool:
        return self.phase in ("starting", "running")

    @property
    def can_go_on(self) -> bool:
        return self.phase in ("dead", "paused", "failed")


class Live:
    """What one app needs to start runs and to follow them."""

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        self.starter = Starter(shell.settings, shell.store)
        self.streams = Streams(shell)
        self.finder = Finder()
        self._lock = threading.Lock()
        self._suites: tuple[float, list[KnownSuite]] | None = None
        self._plans: dict[str, dict[str, int]] = {}

    def suites(self) -> list[KnownSuite]:
        """Every suite, and whether it is here. Loading them takes half a second: at most once a minute."""
        with self._lock:
            if self._suites is None or time.monotonic() - self._suites[0] > _SUITES_FRESH_S:
                self._suites = (time.monotonic(), preparing.known_suites(self.shell.settings))
            return self._suites[1]

    def view(self, evaluation: Evaluation) -> ProgressView:
        """How a run stands now."""
        phase = self.starter.phase(evaluation)
        seen = watching.look(self.shell.store, evaluation, self._plan(evaluation.id))
        stopped = phase in ("dead", "paused", "failed")
        log = self.starter.log(evaluation.id) if stopped else None
        return ProgressView(
            phase=phase,
            title=TITLES[phase],
            note=evaluation.note if stopped else "",
            said=self.starter.last_words(evaluation.id) if phase == "dead" else "",
            log=str(log) if log else "",
            progress=seen,
            moving=phase in MOVING,
        )

    def look(self, request: Request, identifier: str) -> Callable[[], State]:
        """What a stream shows of a run, the same for everybody."""

        def look() -> State:
            try:
                view = self.view(read_exactly(self.shell, identifier))
            except HTTPException:  # it was deleted while it was watched
                return State(html="", moving=False)
            html = self.shell.fragment(request, "bench/_progress_numbers.html", **context(view))
            return State(html=str(html), moving=view.moving)

        return look

    def _plan(self, identifier: str) -> dict[str, int]:
        with self._lock:
            plan = self._plans.get(identifier)
        if plan is None:
            plan = watching.planned(self.shell.store, identifier)
            with self._lock:
                while len(self._plans) >= 100:
                    self._plans.pop(next(iter(self._plans)))
                self._plans[identifier] = plan
        return plan


_LIVE: dict[Shell, Live] = {}
_MAKING = threading.Lock()


def of(shell: Shell) -> Live:
    """The one of this app."""
    with _MAKING:
        if shell not in _LIVE:
            _LIVE[shell] = Live(shell)
        return _LIVE[shell]


def close(shell: Shell) -> None:
    """The app stops: look for models no more. Streams end with the shell; runs go on."""
    if (live := _LIVE.pop(shell, None)) is not None:
        live.finder.close()


def progress(shell: Shell, evaluation: Evaluation) -> ProgressView:
    """How a run stands, for a page that includes `bench/_progress.html` with it, under the name `progress`."""
    return of(shell).view(evaluation)


def context(view: ProgressView) -> dict[str, Any]:
    """What the templates of a run's progress need."""
    words = {"percent": percent, "interval": interval, "number": number, "speed": speed, "money": money}
    return {"progress": view, "duration": duration, **words}


def read_exactly(shell: Shell, identifier: str) -> Evaluation:
    """The run of exactly this id: an address does not stand for the nearest one."""
    if "\0" in identifier or not evaluations.is_there(shell.store, identifier):
        raise HTTPException(404, f"There is no run of the id {identifier[:80]!r}.")
    return evaluations.read_evaluation(shell.store, identifier)


async def _posted(request: Request) -> FormData:
    return await request.form()


Posted = Annotated[FormData, Depends(_posted)]


def router(shell: Shell) -> APIRouter:
    """The routes that start runs and follow them."""
    live = of(shell)
    routes = APIRouter()
    _add_form(routes, shell, live)
    _add_watching(routes, shell, live)
    return routes


# ---- starting ------------------------------------------------------------------------------------------------------


def _add_form(routes: APIRouter, shell: Shell, live: Live) -> None:
    def form_page(request: Request, form: Filled, status: int = 200, refused: AssayError | None = None) -> HTMLResponse:
        found = live.finder.found()
        offered = {model for one in found for model in one.models}
        elsewhere = [name for name in form.models if name not in offered]  # as its server answered when it was ticked
        return shell.page(
            request,
            "bench/new.html",
            status=status,
            form=form,
            suites=live.suites(),
            found=found,
            elsewhere=elsewhere,
            recordings=RECORDINGS,
            refused=refused,
            at_work=live.starter.at_work(),
            most=AT_ONCE,
        )

    @routes.get("/new", include_in_schema=False)
    def new(request: Request) -> HTMLResponse:
        form = ordering.filled(request.query_params)
        if not form.suites:
            form.suites = (preparing.DEFAULT_SUITE,)
        return form_page(request, form)

    @routes.get("/new.json")
    def new_json() -> Response:
        """What a run can be started with: suites, models found on this machine, and how many may run at once."""
        return shell.json(
            {
                "suites": [suite.model_dump() for suite in live.suites()],
                "servers": [one.model_dump() for one in live.finder.found()],
                "recordings": list(RECORDINGS),
                "at_work": live.starter.at_work(),
                "most_at_once": AT_ONCE,
            }
        )

    @routes.post("/new", include_in_schema=False, response_model=None)
    def start(request: Request, given: Posted) -> Response:
        form = ordering.filled(given)
        read = ordering.read(form, live.suites(), live.finder.found())
        if read is None:
            return form_page(request, form, 422)
        order, models = read
        if ordering.may_cost(models) and given.get("confirmed") != "yes":
            price = ordering.price(order, models, shell.settings, shell.store)
            again = f"/bench/new?{urlencode(form.fields)}"
            return shell.page(
                request, "bench/new_confirm.html", form=form, order=order, price=price, again=again, **_WORDS
            )
        try:
            identifier = live.starter.start(order)
        except (TooMany, Ended) as refused:
            return form_page(request, form, 409 if isinstance(refused, TooMany) else 422, refused)
        return RedirectResponse(_where(shell, identifier), 303)

    @routes.get("/starts/{identifier}", include_in_schema=False, response_model=None)
    def starting(request: Request, identifier: str) -> Response:
        at_work = live.starter.is_at_work(identifier)  # asked first: a run that ended has left its row before
        if evaluations.is_there(shell.store, identifier.replace("\0", "")):
            return RedirectResponse(addresses.run_page(identifier), 303)
        order = _ordered(live, identifier)
        again = f"/bench/new?{urlencode(ordering.of_order(order).fields)}"
        said = "" if at_work else live.starter.last_words(identifier) or "The process ended without saying why."
        page = shell.page(
            request, "bench/live_starting.html", identifier=identifier, order=order, said=said, again=again
        )
        if at_work:
            page.headers["Refresh"] = "2"  # a way station: the run's own page follows by itself
        return page

    @routes.get("/starts/{identifier}.json")
    def starting_json(identifier: str) -> Response:
        """How the start of a run goes: whether its process is at work, whether the run is there, what it said."""
        order = _ordered(live, identifier)
        at_work, there = live.starter.is_at_work(identifier), evaluations.is_there(shell.store, identifier)
        said = "" if at_work or there else live.starter.last_words(identifier)
        return shell.json({"run": identifier, "order": order, "at_work": at_work, "there": there, "said": said})


_WORDS: dict[str, Any] = {"duration": duration, "money": money, "number": number}


def _where(shell: Shell, identifier: str) -> str:
    there = evaluations.is_there(shell.store, identifier)
    return addresses.run_page(identifier) if there else f"/bench/starts/{identifier}"


def _ordered(live: Live, identifier: str) -> Order:
    order = live.starter.order(identifier)
    if order is None:
        raise HTTPException(404, f"No run of the id {identifier[:80]!r} was started here lately.")
    return order


# ---- watching ------------------------------------------------------------------------------------------------------


def _add_watching(routes: APIRouter, shell: Shell, live: Live) -> None:
    def refused(request: Request, evaluation: Evaluation, error: AssayError) -> HTMLResponse:
        return shell.page(request, "bench/live_refused.html", status=409, evaluation=evaluation, error=error)

    @routes.get("/runs/{identifier}/progress.json")
    def progress_json(identifier: str) -> Response:
        """How far a run is, counted now: done, at work, failed, pass rate with its interval, speed, cost, time left."""
        return shell.json(live.view(read_exactly(shell, identifier)))

    @routes.get("/runs/{identifier}/progress", include_in_schema=False)
    def progress_page(request: Request, identifier: str) -> HTMLResponse:
        evaluation = read_exactly(shell, identifier)
        view = live.view(evaluation)
        return shell.page(request, "bench/live_progress.html", evaluation=evaluation, **context(view))

    @routes.get("/runs/{identifier}/events", include_in_schema=False)
    async def events(request: Request, identifier: str) -> Response:
        if request.headers.get("last-event-id") == "end":
            return Response(status_code=204)  # tells a browser not to come back
        if not live.streams.is_watched(identifier):
            await anyio.to_thread.run_sync(read_exactly, shell, identifier)
        if live.streams.readers >= live.streams.most:
            return Response("Too many pages are open.", 503, {"Retry-After": "30"}, media_type="text/plain")
        return live.streams.open(identifier, live.look(request, identifier))

    @routes.post("/runs/{identifier}/stop", include_in_schema=False)
    def stop(identifier: str) -> Response:
        live.starter.stop(read_exactly(shell, identifier))
        end = time.monotonic() + _STOPPED_WITHIN_S
        while time.monotonic() < end and live.starter.phase(read_exactly(shell, identifier)) in MOVING:
            time.sleep(0.1)
        return RedirectResponse(addresses.run_page(identifier), 303)

    @routes.post("/runs/{identifier}/continue", include_in_schema=False, response_model=None)
    def go_on(request: Request, identifier: str) -> Response:
        evaluation = read_exactly(shell, identifier)
        try:
            with suppress(AtWork):  # the button was pressed twice, or it is done: its page says so
                live.starter.go_on(evaluation)
        except (TooMany, Ended) as error:
            return refused(request, evaluation, error)
        return RedirectResponse(addresses.run_page(identifier), 303)
