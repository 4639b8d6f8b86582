"""What a run's replies took beside what they are worth, and what each model loses by its format."""

from collections.abc import Sequence

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from assay.bench import charts, wording
from assay.bench.pages import addresses, live
from assay.bench.pages.around import around, cost_of, rate_of, short, words
from assay.bench.records import Evaluation
from assay.bench.scores import standings
from assay.bench.scores.records import Score
from assay.bench.scores.scoring import assembled
from assay.bench.scores.standings import ModelStanding
from assay.spreadsheet import csv_table
from assay.web.shell import Shell


def router(shell: Shell) -> APIRouter:
    """The routes of what a run cost, and of what its models lose by their format."""
    routes = APIRouter()
    drawn = charts.Drawer()

    def read(run: str) -> tuple[Evaluation, list[ModelStanding]]:
        evaluation = live.read_exactly(shell, run)
        return evaluation, standings.standings(shell.store, evaluation)

    @routes.get("/runs/{run}/cost.json")
    def cost_json(run: str) -> Response:
        """What the replies took, by suite and model, beside pass@1."""
        return shell.json([_cost_entry(one.score) for one in read(run)[1]])

    @routes.get("/runs/{run}/cost.csv", response_class=Response)
    def cost_csv(run: str) -> Response:
        """What the replies took, as a table."""
        evaluation, found = read(run)
        return shell.csv(csv_table(_COST_HEAD, (_cost_row(one.score) for one in found)), f"{evaluation.id}-cost.csv")

    @routes.get("/runs/{run}/cost", include_in_schema=False)
    def cost(request: Request, run: str) -> HTMLResponse:
        evaluation, found = read(run)
        whole = assembled(evaluation, [one.score for one in found])
        address = f"{addresses.run_page(evaluation.id)}/cost"
        return shell.page(
            request,
            "bench/cost.html",
            **words(),
            **around(evaluation, "cost"),
            scores=sorted(
                whole.scores,
                key=lambda one: (cost_of(one.usage.cost_per_pass) is None, cost_of(one.usage.cost_per_pass) or 0),
            ),
            several_suites=len(whole.suites) > 1,
            chart=drawn.drawing(charts.cost_and_quality, whole),
            said=_worth(whole.scores),
            json_twin=f"{address}.json",
            csv_twin=f"{address}.csv",
        )

    @routes.get("/runs/{run}/format.json")
    def format_json(run: str) -> Response:
        """What each model loses by how it writes its replies down, and what clean-up did."""
        return shell.json([_format_entry(one) for one in read(run)[1]])

    @routes.get("/runs/{run}/format.csv", response_class=Response)
    def format_csv(run: str) -> Response:
        """The format tax as a table."""
        evaluation, found = read(run)
        head = ["run", "suite", "model", "raw", "raw_low", "raw_high", "cleaned", "cleaned_low", "cleaned_high", "tax",
                "tax_low", "tax_high", "rescued", "broken", "samples"]  # fmt: skip
        rows = (
            [evaluation.id, one.score.suite, one.score.model, tax.raw.value, tax.raw.low, tax.raw.high, tax.cleaned.value,
             tax.cleaned.low, tax.cleaned.high, tax.tax.value, tax.tax.low, tax.tax.high, tax.rescued, tax.broken, tax.samples]
            for one in found if (tax := one.score.format_tax)
        )  # fmt: skip
        return shell.csv(csv_table(head, rows), f"{evaluation.id}-format.csv")

    @routes.get("/runs/{run}/format", include_in_schema=False)
    def format_page(request: Request, run: str) -> HTMLResponse:
        evaluation, found = read(run)
        address = f"{addresses.run_page(evaluation.id)}/format"
        return shell.page(
            request,
            "bench/format.html",
            **words(),
            **around(evaluation, "format"),
            found=[one for one in found if one.score.format_tax],
            several_suites=len({one.score.suite for one in found}) > 1,
            said=_format_in_words(found),
            json_twin=f"{address}.json",
            csv_twin=f"{address}.csv",
        )

    return routes


def _cost_entry(score: Score) -> dict[str, object]:
    rate = score.pass_1
    return {
        "suite": score.suite,
        "model": score.model,
        "pass_1": rate.model_dump() if rate else None,
        "samples": score.samples,
        "passed": score.passed,
        "usage": score.usage.model_dump(mode="json"),
    }


_COST_HEAD = (
    "run", "suite", "model", "pass_at_1", "samples", "passed", "replies", "requests", "prompt_tokens", "completion_tokens",
    "tokens_unknown", "cost", "currency", "cost_unknown", "cost_per_pass", "latency_p50_s", "latency_p95_s",
    "first_token_p50_s", "first_token_p95_s", "tokens_per_s", "cpu_s",
)  # fmt: skip


def _cost_row(score: Score) -> list[object]:
    use, single = score.usage, len(score.usage.cost) < 2
    return [
        score.evaluation, score.suite, score.model, rate_of(score.pass_1), score.samples, score.passed, use.replies, use.requests,
        use.prompt_tokens, use.completion_tokens, use.tokens_unknown, cost_of(use.cost) if single else None, "+".join(use.cost),
        use.cost_unknown, cost_of(use.cost_per_pass) if single else None, use.latency_p50, use.latency_p95, use.first_token_p50,
        use.first_token_p95, use.tokens_per_s, use.cpu_s,
    ]  # fmt: skip


def _worth(scores: Sequence[Score]) -> str:
    """The answer of the cost page in a sentence."""
    paid = [
        one
        for one in scores
        if len(one.usage.cost_per_pass) == 1 and not one.usage.cost_unknown and cost_of(one.usage.cost)
    ]
    currencies = {currency for one in paid for currency in one.usage.cost_per_pass}
    if len(paid) < 2 or len(currencies) != 1:
        return ""
    cheapest = min(paid, key=lambda one: cost_of(one.usage.cost_per_pass) or 0)
    best = max(paid, key=lambda one: rate_of(one.pass_1) or 0)
    head = f"{short(cheapest.model)} has the cheapest passes, at {wording.money(cheapest.usage.cost_per_pass)} each"
    if best is cheapest:
        return f"{head}, and the best pass@1."
    return f"{head}; {short(best.model)}, with the best pass@1, costs {wording.money(best.usage.cost_per_pass)} a pass."


def _format_entry(one: ModelStanding) -> dict[str, object]:
    tax = one.score.format_tax
    return {
        "suite": one.score.suite,
        "model": one.score.model,
        "format_tax": tax.model_dump(mode="json") if tax else None,
        "cleaning": one.cleaning.model_dump(mode="json"),
    }


def _format_in_words(found: Sequence[ModelStanding]) -> str:
    taxed = [(one.score, tax) for one in found if (tax := one.score.format_tax)]
    if not taxed:
        return "Nothing was graded both as it came and cleaned yet."
    worst, most = max(taxed, key=lambda pair: pair[1].tax.value)
    if most.tax.value <= 0:
        return "No model loses anything by how it writes its replies down: as they came, they pass as often as cleaned."
    return (
        f"{short(worst.model)} loses most by how it writes its replies down: {wording.percent(most.raw.value)} % as they "
        f"came, {wording.percent(most.cleaned.value)} % once the program is taken out of the text."
    )
