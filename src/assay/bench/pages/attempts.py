"""One task with all replies to it, and one attempt with all its evidence: why it failed, the answer first."""

from collections import Counter
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import Response

from assay.bench import evidence
from assay.bench.evidence import PAGE, Beside, Brief, Evidence, Where
from assay.bench.pages import addresses
from assay.bench.pages.live import read_exactly
from assay.bench.pages.paper import TEXT, Paper
from assay.bench.records import Evaluation, Sample
from assay.bench.wording import SIGNS, amount, number, percent, seconds
from assay.pipeline.checks.calls import call_in_words
from assay.pipeline.checks.compare import shown
from assay.pipeline.sandbox.guest.values import decode
from assay.records import Calls, Case, Record, Report, Status, Stdio, Task
from assay.visible import one_line
from assay.web.shell import Shell

_CASES = 20
"""Cases of one check that a task's page shows."""
_FINDINGS = 20
_RUNS = 12
_TRIES = 4
"""Tries of one attempt that a page shows whole: the last ones."""
_KINDS: dict[Status, str] = {"pass": "pass", "error": "error"}

Model = Annotated[str | None, Query(max_length=1_000, description="The model's name in this run.")]
Number = Annotated[int | None, Query(ge=0, le=1_000_000, description="Which of its samples, from 0.")]
Page = Annotated[int, Query(ge=1, le=100_000, description=f"Which {PAGE} samples, from 1.")]


class ModelCounts(Record):
    """One model's samples of a task, counted."""

    model: str
    passed: int
    samples: int
    statuses: dict[Status, int]


class TaskView(Record):
    """A task, and what the models of a run made of it."""

    run: str
    task: Task
    standings: tuple[ModelCounts, ...]
    samples: tuple[Brief, ...]
    """Those of this page."""
    samples_in_all: int
    page: int
    beside: Beside | None
    """A wrong program and the nearest right one."""


class AttemptView(Record):
    """One attempt, with the answer and its evidence."""

    run: str
    suite: str
    task: str
    answer: str
    """Why it ended as it did, in a sentence."""
    evidence: Evidence
    task_json: str
    """Where the task lies, with its prompt, checks and reference."""


def router(shell: Shell) -> APIRouter:
    """The routes of tasks and attempts."""
    routes = APIRouter()
    _add_tasks(routes, shell)
    _add_attempts(routes, shell)
    _add_texts(routes, shell)
    return routes


# ---- a task --------------------------------------------------------------------------------------------------------


def _add_tasks(routes: APIRouter, shell: Shell) -> None:
    def page(
        request: Request, run: str, name: str, model: Model = None, sample: Number = None, page: Page = 1
    ) -> Response:
        evaluation = read_exactly(shell, run)
        where = _where(shell, evaluation, name)
        view = _task_view(shell, evaluation, where, model, sample, page)
        return shell.page(request, "bench/task.html", **_task_context(evaluation, where, view, model))

    @routes.get("/runs/{run}/tasks/{name:path}.json", response_model=TaskView)
    def data(
        request: Request,
        run: str,
        name: str,
        model: Model = None,
        sample: Number = None,
        page_: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1,
        as_: Annotated[str, Query(alias="as", include_in_schema=False)] = "",
    ) -> Response:
        """A task (`SUITE/TASK`): what was asked, how it is judged, its reference, and every model's samples."""
        if as_ == "page":
            return page(request, run, f"{name}.json", model, sample, page_)
        evaluation = read_exactly(shell, run)
        view = _task_view(shell, evaluation, _where(shell, evaluation, name), model, sample, page_)
        return shell.json(view)

    routes.add_api_route("/runs/{run}/tasks/{name:path}", page, include_in_schema=False)


def _where(shell: Shell, evaluation: Evaluation, name: str) -> Where:
    found = evidence.find_task(shell.store, evaluation.id, name)
    if found is None:
        raise HTTPException(404, f"The run {evaluation.id} has no task {one_line(name, 120)!r}.")
    return found


def _task_view(
    shell: Shell, evaluation: Evaluation, where: Where, model: str | None, sample: int | None, page: int
) -> TaskView:
    if model is not None and "\0" in model:
        raise HTTPException(404, "No model's name holds a NUL character.")
    counts = evidence.count_statuses(shell.store, evaluation.id, where)
    task = evidence.read_task(shell.store, evaluation.id, where)
    return TaskView(
        run=evaluation.id,
        task=task,
        standings=tuple(_counted(name, counts[name]) for name in sorted(counts)),
        samples=tuple(evidence.read_briefs(shell.store, evaluation.id, where, (page - 1) * PAGE)),
        samples_in_all=sum(counter.total() for counter in counts.values()),
        page=page,
        beside=evidence.set_beside(shell.store, evaluation.id, where, task, model, sample),
    )


def _counted(model: str, statuses: Counter[Status]) -> ModelCounts:
    counted = statuses.total() - statuses["error"]
    return ModelCounts(model=model, passed=statuses["pass"], samples=counted, statuses=dict(statuses))


def _task_context(evaluation: Evaluation, where: Where, view: TaskView, model: str | None) -> dict[str, Any]:
    beside = view.beside
    here = (evaluation.id, where.suite, where.task)
    pages = -(-view.samples_in_all // PAGE)
    compared = None if beside is None else evidence.compare_lines(beside.wrong.last.program, beside.program, context=3)
    return {
        "evaluation": evaluation,
        "view": view,
        "task": view.task,
        "solved": sum(one.passed > 0 for one in view.standings),
        "chosen": model,
        "compared": compared,
        "json": addresses.twin(addresses.task_page(*here)),
        "pages": {
            "before": addresses.task_page(*here, page=view.page - 1) if view.page > 1 else None,
            "after": addresses.task_page(*here, page=view.page + 1) if view.page < pages else None,
        },
        "first": (view.page - 1) * PAGE + 1,
        "attempt_page": lambda model, sample: addresses.attempt_page(*here, model, sample),
        "beside_page": lambda model, sample: f"{addresses.task_page(*here, model=model, sample=sample)}#beside",
        "cases_of": lambda check: _cases(view.task, check),
        **_words(evaluation),
    }


def _cases(task: Task, check: Calls | Stdio) -> list[tuple[str, str, str, bool]]:
    """The first cases of a check: name, what is given, what is expected, whether the model may see it."""
    if isinstance(check, Stdio):
        return [
            (one.id, f"{' '.join(one.argv)} {one.stdin}".strip(), one.stdout, one.public)
            for one in check.cases[:_CASES]
        ]
    return [(one.id, call_in_words(task, check, one), _expected(task, one), one.public) for one in check.cases[:_CASES]]


def _expected(task: Task, case: Case) -> str:
    return f"raises {case.raises}" if case.raises else shown(decode(case.expect or "null"), task.language)


# ---- an attempt ----------------------------------------------------------------------------------------------------


def _add_attempts(routes: APIRouter, shell: Shell) -> None:
    def page(request: Request, run: str, name: str, model: Model = None, sample: Number = None) -> Response:
        evaluation, where, found = _find(shell, run, name, model, sample)
        task = evidence.read_task(shell.store, evaluation.id, where)
        gathered = evidence.gather(shell.store, evaluation, task, where, found)
        return shell.page(request, "bench/attempt.html", **_attempt_context(evaluation, task, gathered))

    @routes.get("/runs/{run}/attempts/{name:path}.json", response_model=AttemptView)
    def data(
        request: Request,
        run: str,
        name: str,
        model: Model = None,
        sample: Number = None,
        as_: Annotated[str, Query(alias="as", include_in_schema=False)] = "",
    ) -> Response:
        """One attempt at a task (`SUITE/TASK`): the answer, and each try's messages, reply, program, runs and findings."""
        if as_ == "page":
            return page(request, run, f"{name}.json", model, sample)
        evaluation, where, found = _find(shell, run, name, model, sample)
        task = evidence.read_task(shell.store, evaluation.id, where)
        gathered = evidence.gather(shell.store, evaluation, task, where, found)
        view = AttemptView(
            run=evaluation.id,
            suite=where.suite,
            task=where.task,
            answer=_answer(gathered),
            evidence=gathered,
            task_json=addresses.twin(addresses.task_page(evaluation.id, where.suite, where.task)),
        )
        return shell.json(view)

    routes.add_api_route("/runs/{run}/attempts/{name:path}", page, include_in_schema=False)


def _find(shell: Shell, run: str, name: str, model: str | None, number: int | None) -> tuple[Evaluation, Where, Sample]:
    """The sample an address means: without a model or number, the first that failed."""
    evaluation = read_exactly(shell, run)
    where = _where(shell, evaluation, name)
    if model is None or number is None:
        first = evidence.first_sample(shell.store, evaluation.id, where, model)
        model, number = first if first is not None and number is None else (model or "", number or 0)
    found = evidence.read_sample(shell.store, evaluation.id, where, model, number)
    if found is None:
        said = f"There is no sample {number} of {one_line(model, 120)!r} for {one_line(where.task, 120)!r} in this run"
        still = " yet: it is still at work." if evaluation.state == "running" else "."
        raise HTTPException(404, said + still)
    return evaluation, where, found


def _answer(gathered: Evidence) -> str:
    why = gathered.why
    return f"{why.words}: {why.text}" if why.text else f"{why.words}."


def _attempt_context(evaluation: Evaluation, task: Task, gathered: Evidence) -> dict[str, Any]:
    sample = gathered.sample
    here = (evaluation.id, sample.suite, sample.task)
    mine = (*here, sample.model, sample.index)
    model = next((model for model in evaluation.models if model.name == sample.model), None)
    neighbours = {
        words: one and addresses.attempt_page(evaluation.id, one.suite, one.task, sample.model, one.sample)
        for words, one in (("previous", gathered.previous), ("next", gathered.next))
    }
    return {
        "evaluation": evaluation,
        "evidence": gathered,
        "sample": sample,
        "task": task,
        "model": model,
        "several": evaluation.samples > 1,
        "shown_tries": gathered.tries[-_TRIES:],
        "json": addresses.twin(addresses.attempt_page(*mine)),
        "task_address": addresses.task_page(*here),
        "beside_address": f"{addresses.task_page(*here, model=sample.model, sample=sample.index)}#beside",
        "neighbours": neighbours,
        "file": lambda attempt, part, **more: addresses.text_file(*mine, attempt=attempt, part=part, **more),
        "call_page": addresses.call_page,
        "compare": evidence.compare_lines,
        "counted": sample.counted,
        "total": _total(sample),
        "findings_of": _findings_of,
        "runs_of": _runs_of,
        "difference": evidence.difference,
        "kind_of_finding": {"passed": "pass", "failed": "wrong", "error": "error"},
        **_words(evaluation),
    }


def _findings_of(report: Report) -> dict[str, Any]:
    """What did not pass, as much as a page shows, and how many passed."""
    bad = [finding for finding in report.findings if finding.outcome != "passed"]
    good = [finding for finding in report.findings if finding.outcome == "passed"]
    shown = bad[:_FINDINGS]
    return {"shown": shown, "more": len(bad) - len(shown), "passed": good[:200], "good": report.passed_cases}


def _runs_of(runs: Any, report: Report) -> dict[str, Any]:
    """A page's share of the runs: those of cases that failed first."""
    failed = {finding.case for finding in report.findings if finding.outcome != "passed"}
    ordered = sorted(runs, key=lambda run: run.label not in failed) if len(runs) > _RUNS else list(runs)
    return {"shown": ordered[:_RUNS], "more": len(ordered) - len(ordered[:_RUNS])}


def _total(sample: Sample) -> dict[str, Any]:
    """What all its tries took; None: nobody said."""

    def over(name: str) -> float | None:
        known = [value for attempt in sample.attempts if (value := getattr(attempt.reply, name)) is not None]
        return sum(known) if known else None

    names = ("prompt_tokens", "completion_tokens", "cost", "latency_s", "attempts")
    return {name: over(name) for name in names} | {"currency": sample.last.reply.currency}


def _words(evaluation: Evaluation) -> dict[str, Any]:
    return {
        "paper": Paper(),
        "text_limit": TEXT,
        "run_page": addresses.run_page(evaluation.id),
        "kind_of": lambda status: _KINDS.get(status, "wrong"),
        "signs": SIGNS,
        "status_words": evidence.WORDS,
        "number": number,
        "seconds": seconds,
        "amount": amount,
        "percent": percent,
        "one_line": one_line,
        "plain_url": evidence.plain_url,
        "megabytes": lambda size: f"{size / (1 << 20):.0f}",
    }


# ---- a text, whole -------------------------------------------------------------------------------------------------

_PARTS = ("reply", "thinking", "program", "stdout", "stderr")


def _add_texts(routes: APIRouter, shell: Shell) -> None:
    @routes.get(
        "/runs/{run}/texts/{name:path}",
        response_class=Response,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    )
    def text(
        run: str,
        name: str,
        model: Annotated[str, Query(max_length=1_000, description="The model's name in this run.")],
        sample: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
        attempt: Annotated[int, Query(ge=0, le=1_000, description="0: the first try; then the repairs.")] = 0,
        part: Annotated[str, Query(pattern=f"^({'|'.join(_PARTS)})$", description=", ".join(_PARTS))] = "reply",
        number: Annotated[int, Query(alias="number", ge=0, le=100_000, description="Which run of the try.")] = 0,
    ) -> Response:
        """One text of an attempt, whole and unchanged, as a file."""
        _, where, found = _find(shell, run, name, model, sample)
        if attempt >= len(found.attempts):
            raise HTTPException(404, f"This attempt had {len(found.attempts)} tries; they are counted from 0.")
        content = _part(shell, found, attempt, part, number)
        plain = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in where.task)[:60]
        headers = {"Content-Disposition": f'attachment; filename="{plain}-{sample}-{part}.txt"'}
        return Response(content, media_type="text/plain; charset=utf-8", headers=headers)


def _part(shell: Shell, sample: Sample, attempt: int, part: str, number: int) -> bytes:
    tried = sample.attempts[attempt]
    texts = {"reply": tried.reply.text, "thinking": tried.reply.thinking, "program": tried.program}
    if part in texts:
        return texts[part].encode("utf-8", "replace")
    runs = evidence.runs_of(shell.store, tried)
    if number >= len(runs):
        raise HTTPException(404, "This run is not kept: what it printed is not known any more.")
    return runs[number].stdout if part == "stdout" else runs[number].stderr
