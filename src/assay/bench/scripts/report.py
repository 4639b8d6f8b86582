"""A run's numbers and lists. Pure but for `report_data`, which reads the samples.

The unit is the prompt: several samples of one prompt are not several prompts, so an interval over more than one prompt
is clustered by prompt; on one prompt it is Wilson's over its samples. docs/scripts.md says what each share is of.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from statistics import fmean

from assay.bench.scores.formulas import mean_over_tasks, percentile, share_of_samples, wilson
from assay.bench.scores.records import Rate
from assay.bench.scripts import runs
from assay.bench.scripts.files import run_folder, sample_folder
from assay.bench.scripts.records import (
    ListedKind,
    ListedSample,
    ScriptAttempt,
    ScriptRates,
    ScriptReport,
    ScriptRun,
    ScriptSample,
    ScriptScore,
    Spending,
    TestAttempt,
)
from assay.bench.scripts.stages import purpose_of
from assay.records import Reply
from assay.store import Store

_KINDS: tuple[ListedKind, ...] = (
    "syntax_error", "import_error", "not_running", "timeout", "missing_package", "no_code", "cleaned", "collect_error",
    "failing_tests", "cannot_fail", "flaky", "error",
)  # fmt: skip

Question = Callable[[ScriptSample], bool | None]
"""Whether a sample has a property; None: it is not asked of this one."""


def report_data(store: Store, run: ScriptRun) -> ScriptReport:
    """Every number of a run as it stands."""
    expected = Counter((item.model, item.prompt) for items in runs.batches(store, run.id).values() for item in items)
    return report_of(run, list(runs.read_samples(store, run.id)), expected)


def report_of(run: ScriptRun, samples: Sequence[ScriptSample], expected: "Counter[tuple[str, str]]") -> ScriptReport:
    """The report on these samples. `expected`: how many there should be, by model and prompt."""
    models = [model.name for model in run.models]
    batch_of = {prompt.id: prompt.batch for prompt in run.prompts}
    batches = tuple(dict.fromkeys(prompt.batch for prompt in run.prompts))
    grouped: dict[tuple[str, str], list[ScriptSample]] = {}
    for sample in samples:
        grouped.setdefault((sample.model, sample.prompt), []).append(sample)

    def score(model: str, batch: str = "", prompt: str = "") -> ScriptScore:
        wanted = [one for one in batch_of if (not prompt or one == prompt) and (not batch or batch_of[one] == batch)]
        found = [sample for one in wanted for sample in grouped.get((model, one), ())]
        return score_of(found, sum(expected[model, one] for one in wanted), model=model, batch=batch, prompt=prompt)

    by_model = tuple(score(model) for model in models)
    return ScriptReport(
        run=run.id,
        created=run.created,
        state=run.state,
        note=run.note,
        models=tuple(models),
        testing=run.testing.name if run.testing else "",
        batches=batches,
        prompts=run.prompts,
        samples=run.samples,
        repair=run.repair,
        repair_cleanup=run.repair_cleanup,
        output=str(run_folder(run.output, run.id)) if run.output else "",
        by_model=by_model,
        by_batch=tuple(score(model, batch) for model in models for batch in batches),
        by_prompt=tuple(
            score(model, prompt.batch, prompt.id)
            for model in models
            for prompt in run.prompts
            if expected[model, prompt.id]
        ),
        listed=listed(samples, {prompt.id: at for at, prompt in enumerate(run.prompts)}, models),
        isolation=tuple(sorted({sample.isolation for sample in samples if sample.isolation})),
        warnings=tuple(_warnings(run, by_model)),
    )


def _warnings(run: ScriptRun, scores: Sequence[ScriptScore]) -> Iterable[str]:
    for score in scores:
        if score.missing:
            yield f"{score.model}: {score.missing} of {score.expected} samples are not through all stages."
        if score.errors:
            yield f"{score.model}: {score.errors} samples failed through a fault of ours or a server's and count nowhere."
    if run.testing and any(run.testing.model == model.model for model in run.models):
        yield f"{run.testing.name} wrote the tests of its own scripts too."
    yield "Tests import what they test, so a verdict is the word of the process that runs both (integrity: in_process)."


# ---- one score -----------------------------------------------------------------------------------------------------


def score_of(
    samples: Sequence[ScriptSample], expected: int, *, model: str, batch: str = "", prompt: str = ""
) -> ScriptScore:
    """The numbers of one model's samples on one or more prompts."""
    through = [sample for sample in samples if sample.stage == "run" or sample.error]
    counted = [sample for sample in through if not sample.error]
    scripts = [sample.script for sample in counted if sample.script is not None]
    return ScriptScore(
        model=model,
        batch=batch,
        prompt=prompt,
        expected=expected,
        seen=len(through),
        errors=len(through) - len(counted),
        first=_rates(counted, 0),
        after=_rates(counted, -1),
        truncated=share(counted, lambda one: bool(one.scripts) and one.scripts[0].reply.truncated),
        syntax_errors=share(counted, lambda one: bool(one.scripts) and one.scripts[0].status == "syntax_error"),
        timeouts=share(counted, lambda one: one.script_status == "timeout"),
        missing_packages=share(counted, lambda one: one.script_status == "missing_package"),
        flaky=share(counted, lambda one: one.flaky if one.reran else None),
        cannot_fail=share(counted, lambda one: one.cannot_fail if one.test and one.test.collects else None),
        cleaned=share(counted, lambda one: bool(one.scripts) and bool(one.scripts[0].changes)),
        mutants=sum(mutant.caught is not None for sample in counted for mutant in sample.mutants),
        mutants_caught=sum(sample.caught for sample in counted),
        script_statuses=dict(sorted(Counter(script.status for script in scripts).items())),
        test_statuses=dict(sorted(Counter(sample.test_status for sample in counted).items())),
        spending=tuple(_spending(samples)) if not batch and not prompt else (),
    )


def _rates(samples: Sequence[ScriptSample], which: int) -> ScriptRates:
    """`which`: 0 the first try, -1 the last."""

    def script(answer: Callable[[ScriptAttempt], bool], *, without_missing: bool = True) -> Rate | None:
        def ask(sample: ScriptSample) -> bool | None:
            attempt = sample.scripts[which] if sample.scripts else None
            if attempt is None or (without_missing and attempt.status == "missing_package"):
                return None
            return answer(attempt)

        return share(samples, ask)

    def tests(answer: Callable[[TestAttempt], bool]) -> Rate | None:
        def ask(sample: ScriptSample) -> bool | None:
            attempt = sample.tests[which] if sample.tests else None
            return None if attempt is None or attempt.status == "missing_package" else answer(attempt)

        return share(samples, ask)

    measured = which == -1
    return ScriptRates(
        parses=script(lambda one: one.parses, without_missing=False),
        imports=script(lambda one: one.imports),
        runs=script(lambda one: one.runs),
        collects=tests(lambda one: one.collects),
        passes=tests(lambda one: one.status == "passed"),
        catches=share(samples, _catches) if measured else None,
        mutation_score=_mutation_score(samples) if measured else None,
    )


def _catches(sample: ScriptSample) -> bool | None:
    """Whether a test file notices a mutant; not asked of one whose script has none, or of which no test holds."""
    return bool(sample.caught) if any(mutant.caught is not None for mutant in sample.mutants) else None


def _mutation_score(samples: Sequence[ScriptSample]) -> Rate | None:
    by_prompt: dict[str, list[float]] = {}
    for sample in samples:
        if measured := sum(mutant.caught is not None for mutant in sample.mutants):
            by_prompt.setdefault(sample.prompt, []).append(sample.caught / measured)
    if not by_prompt:
        return None
    means = [fmean(values) for values in by_prompt.values()]
    mean, low, high = mean_over_tasks(means, sum(map(len, by_prompt.values())))
    return Rate(value=mean, low=low, high=high, n=len(means), unit="tasks")


def share(samples: Sequence[ScriptSample], question: Question) -> Rate | None:
    """The share of those with a property among those it is asked of, with its interval."""
    counts: dict[str, list[int]] = {}
    for sample in samples:
        if (answer := question(sample)) is not None:
            counts.setdefault(sample.prompt, [0, 0])
            counts[sample.prompt][0] += answer
            counts[sample.prompt][1] += 1
    if not counts:
        return None
    total = sum(size for _, size in counts.values())
    if len(counts) == 1:  # the samples of one prompt are all there is to vary
        ((yes, size),) = counts.values()
        low, high = wilson(yes, size)
        return Rate(value=yes / size, low=low, high=high, n=size, unit="samples")
    value, low, high = share_of_samples([yes for yes, _ in counts.values()], [size for _, size in counts.values()])
    return Rate(value=value, low=low, high=high, n=total, unit="samples")


def _spending(samples: Sequence[ScriptSample]) -> Iterable[Spending]:
    by_purpose: dict[str, list[Reply]] = {}
    for sample in samples:
        tries = [(one.kind, "script", one.reply) for one in sample.scripts]
        tries += [(one.kind, "test", one.reply) for one in sample.tests]
        for kind, what, reply in tries:
            if kind != "taken_in":
                by_purpose.setdefault(purpose_of(kind, what), []).append(reply)
    for purpose, replies in by_purpose.items():
        cost: dict[str, float] = {}
        for reply in replies:
            if reply.cost is not None:
                cost[reply.currency] = cost.get(reply.currency, 0) + reply.cost
        times = [reply.latency_s for reply in replies if reply.latency_s is not None]
        yield Spending.model_validate(
            {
                "purpose": purpose,
                "calls": len(replies),
                "prompt_tokens": _sum(reply.prompt_tokens for reply in replies),
                "completion_tokens": _sum(reply.completion_tokens for reply in replies),
                "cost": cost,
                "latency_p50": percentile(times, 50),
                "latency_p95": percentile(times, 95),
                "latency_mean": fmean(times) if times else None,
            }
        )


def _sum(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


# ---- lists ---------------------------------------------------------------------------------------------------------


def listed(
    samples: Iterable[ScriptSample], order: dict[str, int], models: Sequence[str]
) -> dict[ListedKind, tuple[ListedSample, ...]]:
    """The samples a reader may want to look at, by kind, each with the file to open."""
    found: dict[ListedKind, list[ListedSample]] = {kind: [] for kind in _KINDS}
    ranks = {model: at for at, model in enumerate(models)}
    for sample in sorted(samples, key=lambda one: (ranks.get(one.model, 0), order.get(one.prompt, 0), one.index)):
        folder = sample_folder(sample.model, sample.prompt, sample.index)
        for kind, what, file in _of_note(sample):
            found[kind].append(
                ListedSample(
                    kind=kind,
                    model=sample.model,
                    batch=sample.batch,
                    prompt=sample.prompt,
                    index=sample.index,
                    what=what,
                    file=str(folder / file),
                )
            )
    return {kind: tuple(entries) for kind, entries in found.items()}


_BY_STATUS: dict[str, ListedKind] = {
    "syntax_error": "syntax_error", "truncated": "syntax_error", "import_error": "import_error", "exit": "not_running",
    "exception": "not_running", "needs_input": "not_running", "signal": "not_running", "oom": "not_running",
    "timeout": "timeout", "missing_package": "missing_package", "no_code": "no_code",
}  # fmt: skip
_BY_TEST_STATUS: dict[str, ListedKind] = {
    "syntax_error": "syntax_error", "truncated": "syntax_error", "no_code": "no_code", "timeout": "timeout",
    "missing_package": "missing_package", "collect_error": "collect_error", "crashed": "collect_error",
    "no_tests": "collect_error", "oom": "collect_error", "failed": "failing_tests",
}  # fmt: skip


def _of_note(sample: ScriptSample) -> Iterable[tuple[ListedKind, str, str]]:
    if sample.error:
        yield "error", sample.error, "run.json"
        return
    if sample.scripts and sample.scripts[0].changes:
        where = "" if len(sample.scripts) == 1 else "tries/script-1/"
        file = "script.py" if sample.scripts[0].source else "reply.md"
        yield "cleaned", "script: " + "; ".join(sample.scripts[0].changes), where + file
    if sample.tests and sample.tests[0].changes:
        where = "" if len(sample.tests) == 1 else "tries/tests-1/"
        file = "test_script.py" if sample.tests[0].source else "test_reply.md"
        yield "cleaned", "tests: " + "; ".join(sample.tests[0].changes), where + file
    for number, script in enumerate(sample.scripts, 1):
        if script.tried and script.status in _BY_STATUS:
            last = number == len(sample.scripts)
            where = "" if last else f"tries/script-{number}/"
            file = "script.py" if script.source else "reply.md"
            told = f"script: {script.message}" if last else f"script, mended later: {script.message}"
            yield _BY_STATUS[script.status], told, where + file
    for number, test in enumerate(sample.tests, 1):
        if test.tried and test.status in _BY_TEST_STATUS:
            last = number == len(sample.tests)
            where = "" if last else f"tries/tests-{number}/"
            file = "pytest.txt" if test.output else "test_script.py" if test.source else "test_reply.md"
            told = f"tests: {test.message}" if last else f"tests, mended later: {test.message}"
            yield _BY_TEST_STATUS[test.status], told, where + file
    if sample.cannot_fail and sample.test is not None:
        measured = sum(mutant.caught is not None for mutant in sample.mutants)
        why = "they assert nothing" if not sample.test.asserts else f"they notice none of {measured} mutants"
        yield "cannot_fail", f"tests that cannot fail: {why}", "test_script.py"
    if sample.flaky and sample.test is not None:
        names = [test.name for test in sample.test.tests if test.flaky]
        yield "flaky", f"another outcome the second time: {', '.join(names[:5])}", "test_script.py"
