"""From samples to scores: every number of an evaluation, by suite, model and task, and over all suites."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean

from assay.bench.records import Evaluation, Sample
from assay.bench.scores.formulas import (
    detectable_difference,
    mean_over_tasks,
    pass_at_k,
    share_of_samples,
    weighted,
    z_of,
)
from assay.bench.scores.records import (
    KS,
    LEVEL,
    MODULES,
    STATUSES,
    Difference,
    Flakiness,
    FormatTax,
    Overall,
    Rate,
    RepairGain,
    Score,
    Scores,
    TaskScore,
    natural,
)
from assay.bench.scores.tally import Tally, TaskTally
from assay.records import Status, Task


def score(
    evaluation: Evaluation,
    samples: Iterable[Sample],
    tasks_expected: Iterable[Task] = (),
    *,
    ks: Sequence[int] = KS,
    weights: Mapping[str, float] | None = None,
) -> Scores:
    """Every number of one evaluation. Samples may be streamed; tasks_expected: what was asked of every model.

    Without tasks_expected only the tasks seen are known, and one that was never reached cannot be missed.
    """
    errata: dict[str, dict[str, str | None]] = {}
    for task in tasks_expected:
        errata.setdefault(task.suite, {})[task.id] = task.erratum
    tallies: dict[tuple[str, str], Tally] = {}
    known: set[tuple[str, str, str, int]] = set()
    duplicates = 0
    for sample in samples:
        key = (sample.suite, sample.task, sample.model, sample.index)
        if key in known:
            duplicates += 1
            continue
        known.add(key)
        tallies.setdefault((sample.suite, sample.model), Tally()).add(sample)
    for suite in errata:  # a model that never answered is missing with all its samples, not absent
        for model in evaluation.models:
            if not model.suites or suite in model.suites:
                tallies.setdefault((suite, model.name), Tally(kind=evaluation.kind))
    unexpected = sum(
        tally.seen
        for (suite, _), whole in tallies.items()
        for name, tally in whole.tasks.items()
        if errata and name not in errata.get(suite, {})
    )
    scores = [_score(evaluation, *key, tally, errata.get(key[0], {}), ks) for key, tally in tallies.items()]
    place = {suite: i for i, suite in enumerate(evaluation.suites)}
    scores.sort(key=lambda s: (place.get(s.suite, len(place)), s.suite, -s.pass_1.value if s.pass_1 else 1, s.model))
    whole = assembled(evaluation, scores, weights)
    return whole.model_copy(update={"duplicates": duplicates, "unexpected": unexpected})


def assembled(evaluation: Evaluation, found: Sequence[Score], weights: Mapping[str, float] | None = None) -> Scores:
    """The scores of one evaluation put together."""
    shares = weights_of(tuple(dict.fromkeys(one.suite for one in found)), weights)
    return Scores(
        evaluation=evaluation.id,
        created=evaluation.created,
        source=evaluation.source,
        state=evaluation.state,
        scores=tuple(found),
        overall=overall(found, shares),
        weights=shares,
    )


def overall(scores: Sequence[Score], weights: Mapping[str, float]) -> tuple[Overall, ...]:
    """Each model's weighted mean of pass@1 over the suites, the best first, those without one last."""
    found = []
    for model in dict.fromkeys(score.model for score in scores):
        rates = {score.suite: score.pass_1 for score in scores if score.model == model}
        missing = tuple(suite for suite, weight in weights.items() if weight and rates.get(suite) is None)
        parts = [(rate, weights.get(suite, 0.0)) for suite, rate in rates.items() if rate is not None]
        rate = weighted([rate for rate, _ in parts], [weight for _, weight in parts]) if parts and not missing else None
        found.append(Overall(model=model, rate=rate, missing=missing))
    return tuple(sorted(found, key=lambda o: (o.rate is None, -o.rate.value if o.rate else 0, o.model)))


def weights_of(suites: Sequence[str], given: Mapping[str, float] | None) -> dict[str, float]:
    """The weights of the suites, summing to 1; all alike where none are given."""
    raw = {suite: 1.0 if given is None else max(0.0, given.get(suite, 0.0)) for suite in suites}
    total = sum(raw.values())
    return {suite: weight / total for suite, weight in raw.items()} if total else dict.fromkeys(suites, 0.0)


def nothing(evaluation: Evaluation, suite: str, model: str) -> Score:
    """The score of a model none of whose samples are there, on a suite nobody asked it for."""
    return _score(evaluation, suite, model, Tally(kind=evaluation.kind), {}, KS)


def _score(
    evaluation: Evaluation, suite: str, model: str, tally: Tally, errata: Mapping[str, str | None], ks: Sequence[int]
) -> Score:
    names = sorted({*errata, *tally.tasks}, key=lambda name: (natural(name), name))
    expected = _samples_expected(evaluation, tally)
    by_task = tuple(
        _task_score(suite, name, model, tally.tasks.get(name), expected, errata.get(name)) for name in names
    )
    counted = [task for task in by_task if task.samples]
    statuses: Counter[Status] = Counter()
    for task in by_task:
        statuses.update(task.statuses)
    passed = sum(task.passed for task in by_task)
    pass_at = {k: rate for k in ks if k <= expected and (rate := _pass_rate(counted, k)) is not None}
    sound = [task for task in counted if task.erratum is None]
    faulty = sum(task.erratum is not None for task in by_task)
    one = pass_at.get(1)
    return Score(
        evaluation=evaluation.id,
        suite=suite,
        model=model,
        kind=tally.kind,
        tasks=len(counted),
        tasks_expected=len(by_task),
        samples=sum(task.samples for task in by_task),
        samples_expected=sum(max(task.expected, task.seen) for task in by_task),
        missing=sum(task.missing for task in by_task),
        errors=statuses["error"],
        first_error=tally.first_error,
        not_there=dict(sorted(tally.not_there.items(), key=lambda one: (-one[1], one[0]))[:MODULES]),
        passed=passed,
        pass_at=pass_at,
        if_missing_failed=_mean([task.passed / (task.samples + task.errors + task.missing) for task in by_task]),
        if_missing_passed=_mean(
            [
                (task.passed + task.errors + task.missing) / (task.samples + task.errors + task.missing)
                for task in by_task
            ]
        ),
        statuses={status: statuses[status] for status in STATUSES if statuses[status]},
        shares=_shares(by_task, statuses),
        format_tax=_format_tax(tally),
        repair=_repair(tally) if evaluation.repair or tally.tried else None,
        flakiness=_flakiness(tally),
        usage=tally.usage(passed),
        errata=faulty,
        without_errata=_pass_rate(sound, 1) if faulty else None,
        detectable=detectable_difference(math.sqrt(2) * (one.high - one.low) / (2 * z_of(LEVEL))) if one else None,
        isolation=dict(tally.isolation.most_common()),
        integrity=dict(tally.integrity.most_common()),
        by_task=by_task,
    )


def _samples_expected(evaluation: Evaluation, tally: Tally) -> int:
    """Samples a task: what a run asked for; for replies made elsewhere, what most tasks have."""
    if evaluation.source == "run":
        return evaluation.samples
    counts = Counter(task.seen for task in tally.tasks.values())
    usual = max(counts, key=lambda count: (counts[count], count), default=1)
    return max(evaluation.samples, usual)


def _task_score(
    suite: str, task: str, model: str, tally: TaskTally | None, expected: int, erratum: str | None
) -> TaskScore:
    tally = tally or TaskTally()
    return TaskScore(
        suite=suite,
        task=task,
        model=model,
        expected=expected,
        seen=tally.seen,
        samples=tally.samples,
        passed=tally.passed,
        statuses={status: tally.statuses[status] for status in STATUSES if tally.statuses[status]},
        erratum=erratum,
    )


def _pass_rate(tasks: Sequence[TaskScore], k: int) -> Rate | None:
    able = [task for task in tasks if task.samples >= k]
    if not able:
        return None
    values = [pass_at_k(task.samples, task.passed, k) for task in able]
    mean, low, high = mean_over_tasks(values, samples=sum(task.samples for task in able) / k)
    return Rate(value=mean, low=low, high=high, n=len(able), left_out=len(tasks) - len(able))


def _shares(by_task: Sequence[TaskScore], statuses: Counter[Status]) -> dict[Status, Rate]:
    shares: dict[Status, Rate] = {}
    for status in STATUSES:
        sizes = [task.seen if status == "error" else task.samples for task in by_task]
        if not statuses[status] or not sum(sizes):
            continue
        value, low, high = share_of_samples([task.statuses.get(status, 0) for task in by_task], sizes)
        shares[status] = Rate(value=value, low=low, high=high, n=sum(sizes), unit="samples")
    return shares


def _rate(hits: Sequence[int], sizes: Sequence[int]) -> Rate:
    mean, low, high = mean_over_tasks([h / n for h, n in zip(hits, sizes, strict=True)], samples=sum(sizes))
    return Rate(value=mean, low=low, high=high, n=len(sizes))


def _change(before: Sequence[int], after: Sequence[int], sizes: Sequence[int]) -> Difference:
    import numpy as np  # 0.1 s that not every score needs

    from assay.bench.scores.resampling import paired_bootstrap

    n = np.array(sizes)
    rates = np.column_stack([np.array(after) / n, np.array(before) / n])
    (low,), (high,) = paired_bootstrap(rates, [(0, 1)])
    value = float((rates[:, 0] - rates[:, 1]).mean())
    return Difference(value=value, low=float(low), high=float(high), n=len(n))


def _format_tax(tally: Tally) -> FormatTax | None:
    rows = [task.tax for _, task in sorted(tally.tasks.items()) if task.tax[0]]
    if not rows:
        return None
    sizes, raw, cleaned = ([row[i] for row in rows] for i in range(3))
    return FormatTax(
        raw=_rate(raw, sizes),
        cleaned=_rate(cleaned, sizes),
        tax=_change(raw, cleaned, sizes),
        rescued=tally.rescued,
        broken=tally.broken,
        samples=sum(sizes),
    )


def _repair(tally: Tally) -> RepairGain | None:
    rows = [(task.first[0], task.first[1], task.after) for _, task in sorted(tally.tasks.items()) if task.first[0]]
    if not rows:
        return None
    sizes, first, after = ([row[i] for row in rows] for i in range(3))
    return RepairGain(
        first=_rate(first, sizes),
        after=_rate(after, sizes),
        gain=_change(first, after, sizes),
        tried=tally.tried,
        mended=tally.mended,
        completion_tokens=sum(tally.repair_tokens) if tally.repair_tokens else None,
        cost={currency: float(cost) for currency, cost in sorted(tally.repair_cost.items())},
    )


def _flakiness(tally: Tally) -> Flakiness | None:
    rows = [task.rerun for _, task in sorted(tally.tasks.items()) if task.rerun[0]]
    if not rows:
        return None
    sizes, flaky = ([row[i] for row in rows] for i in range(2))
    value, low, high = share_of_samples(flaky, sizes)
    share = Rate(value=value, low=low, high=high, n=sum(sizes), unit="samples")
    return Flakiness(share=share, flaky=sum(flaky), samples=sum(sizes), runs=tally.reruns)


def _mean(values: Sequence[float]) -> float:
    return fmean(values) if values else 0.0
