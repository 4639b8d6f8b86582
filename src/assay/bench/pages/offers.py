"""The one next thing for whoever opens the home page: watch, run, go on, or try it."""

from assay.bench import evaluations, preparing, watching
from assay.bench.offered import favourite
from assay.bench.pages import addresses, live
from assay.bench.starting import MOVING
from assay.bench.wording import of
from assay.web import Offer
from assay.web.shell import Shell

_LOOKED_AT = 20
_MOST = 2
_WAIT_S = 0.5
"""How long the home page waits for the model servers of this machine; they answer within milliseconds."""


def offers(shell: Shell) -> list[Offer]:
    """At most two, the best first."""
    here = live.of(shell)
    latest = evaluations.list_evaluations(shell.store, _LOOKED_AT)
    phases = [(one, here.starter.phase(one)) for one in latest if one.state != "done"]
    moving = next((one for one, phase in phases if phase in MOVING), None)
    finished = next((one for one in latest if one.state == "done"), None)
    stopped = next((one for one, phase in phases if phase in ("paused", "dead", "failed")), None)
    made = []
    if moving is not None:
        who = ", ".join(model.name for model in moving.models[:3])
        made.append(
            Offer(
                title=f"Watch run {moving.id}",
                text=f"{', '.join(moving.suites)}{f' with {who}' if who else ''} is at work now.",
                label="Watch",
                href=addresses.run_page(moving.id),
            )
        )
    elif (model := favourite(here.finder.found(_WAIT_S))) is not None:
        made.append(
            Offer(
                title=f"Run ten tasks on {_short(model)} now",
                text="It answers on this machine: nothing leaves it, and nothing is paid. A few minutes, with the first "
                "figures after seconds.",
                label="Run ten tasks",
                href="/bench/new",
                fields={"suite": preparing.DEFAULT_SUITE, "model": model, "limit": "10"},
            )
        )
    if stopped is not None:
        done = sum(counter.total() for counter in evaluations.count_statuses(shell.store, stopped.id).values())
        total = sum(watching.planned(shell.store, stopped.id).values())
        made.append(
            Offer(
                title=f"Go on with run {stopped.id}",
                text=f"{of(done, total)} samples are done and kept. Nothing is paid for twice.",
                label="Continue",
                href=f"/bench/runs/{stopped.id}/continue",
                fields={},
            )
        )
    if finished is not None:
        who = ", ".join(model.name for model in finished.models[:3])
        made.append(
            Offer(
                title=f"See the latest run: {', '.join(finished.suites)}",
                text=f"{finished.id}{f' with {who}' if who else ''} is done: who is better, how sure that is, "
                "and why a model failed a task.",
                label="See the results",
                href=addresses.run_page(finished.id),
            )
        )
    if not made and not latest:
        made.append(
            Offer(
                title="Try it with two recorded models",
                text="30 tasks each, answered from recordings that ship with Assay: no model is needed, and nothing is paid.",
                label="Run the recordings",
                href="/bench/new",
                fields={"suite": preparing.DEFAULT_SUITE, "recording": "all"},
            )
        )
    if latest and not any(offer.href == "/bench/new" for offer in made):
        made.append(
            Offer(
                title="Run a model",
                text="Choose a suite and models: hosted ones by their name, local ones once their server runs.",
                label="New run",
                href="/bench/new",
            )
        )
    return made[:_MOST]


def _short(model: str) -> str:
    """`qwen2.5-coder:7b` of `ollama/qwen2.5-coder:7b`: as its owner calls it."""
    return model.rpartition("#")[2] if "#" in model else model.partition("/")[2] or model
