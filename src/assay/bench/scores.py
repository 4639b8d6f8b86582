"""From samples to numbers: pass@k, intervals, comparisons, costs. Pure: the same samples give the same numbers.

The unit is the task. A suite's tasks are looked upon as drawn from the many that might have been asked, so every
interval is over tasks, and ten samples of one task are not ten tasks. What is missing, and what failed through a fault
of ours (status `error`), is counted apart and never taken for a wrong answer. docs/scores.md explains each number.
"""

import functools
import itertools
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import NormalDist
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field
from scipy import special

from assay.bench.records import Attempt, Evaluation, Kind, Sample
from assay.records import Isolation, Record, Report, Status, Task

LEVEL = 0.95
"""The confidence level of every interval."""
POWER = 0.80
KS = (1, 10, 100)
SEED = 20130531
RESAMPLES = 10_000
"""Enough that the ends of a 95 % bootstrap interval move by less than a thirtieth of its width from seed to seed."""
STATUSES: tuple[Status, ...] = get_args(Status)

Floats = NDArray[np.float64]


# ---- the records ---------------------------------------------------------------------------------------------------


class Rate(Record):
    """A share between 0 and 1 with its 95 % interval."""

    value: float
    low: float
    high: float
    n: int
    """How many `unit`s it rests on."""
    unit: Literal["tasks", "samples"] = "tasks"
    left_out: int = 0
    """Tasks that were seen but could not be used: for pass@k, those with fewer than k counted samples."""


class Difference(Record):
    """A difference of two rates (-1 to 1) on the same tasks, with its 95 % interval."""

    value: float
    low: float
    high: float
    n: int


class FormatTax(Record):
    """What a model loses by how it writes its reply down: first tries graded as they came, and cleaned."""

    raw: Rate
    cleaned: Rate
    tax: Difference
    """Cleaned minus raw."""
    rescued: int
    """Samples that pass only when cleaned."""
    broken: int
    """Samples that cleaning made fail."""
    samples: int


class RepairGain(Record):
    """What sending failures back brought, and took."""

    first: Rate
    after: Rate
    gain: Difference
    tried: int
    """Samples sent back at least once."""
    mended: int
    """Samples that pass only after repair."""
    completion_tokens: int | None
    """Spent on repairs; None: no server said."""
    cost: dict[str, float]


class Flakiness(Record):
    """What running passing programs again showed."""

    share: Rate
    """Of the samples that passed and were run again: those that did not pass every time."""
    flaky: int
    samples: int
    """Samples that passed and were run again."""
    runs: int
    """Times they were run again, errors of ours aside."""


class Usage(Record):
    """What the replies took. None: not known from any reply."""

    replies: int
    """Replies asked for, repairs included."""
    requests: int
    """HTTP requests, retries included."""
    truncated: int
    """Replies cut at the token limit, or whose prompt was."""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    tokens_unknown: int = 0
    """Replies that did not say their tokens; the sums are without them."""
    cost: dict[str, float] = Field(default_factory=dict)
    """By currency."""
    cost_unknown: int = 0
    cost_per_pass: dict[str, float] = Field(default_factory=dict)
    """The whole cost over the samples that passed; without the key where none did."""
    latency_p50: float | None = None
    latency_p95: float | None = None
    first_token_p50: float | None = None
    first_token_p95: float | None = None
    tokens_per_s: float | None = None
    """Completion tokens over latency, both summed over the replies that tell both."""
    cpu_s: float = 0
    """In the sandbox, over the reports that count."""
    memory_peak: int = 0


class TaskScore(Record):
    """One task × model."""

    suite: str
    task: str
    model: str
    expected: int
    """Samples that should be there."""
    seen: int
    samples: int
    """Samples that count: seen, without errors of ours."""
    passed: int
    statuses: dict[Status, int]
    erratum: str | None = None

    @property
    def errors(self) -> int:
        return self.statuses.get("error", 0)

    @property
    def missing(self) -> int:
        return max(0, self.expected - self.seen)

    @property
    def rate(self) -> float | None:
        """pass@1 of this task; None: nothing counts yet."""
        return self.passed / self.samples if self.samples else None


class Score(Record):
    """One model on one suite."""

    evaluation: str
    suite: str
    model: str
    kind: Kind
    tasks: int
    """Tasks with at least one sample that counts."""
    tasks_expected: int
    samples: int
    """Samples that count: seen, without errors of ours."""
    samples_expected: int
    missing: int
    errors: int
    passed: int
    pass_at: dict[int, Rate]
    """pass@k by k."""
    if_missing_failed: float
    """pass@1 were every missing or error sample a failure …"""
    if_missing_passed: float
    """… or a pass: where the rate would lie with nothing missing."""
    statuses: dict[Status, int]
    shares: dict[Status, Rate]
    """Each status's share of the samples that count (of the samples seen, for `error`)."""
    format_tax: FormatTax | None = None
    repair: RepairGain | None = None
    flakiness: Flakiness | None = None
    """None: nothing was run again."""
    usage: Usage
    errata: int = 0
    """Tasks with a known fault in their source."""
    without_errata: Rate | None = None
    """pass@1 without those tasks; None: there are none."""
    detectable: float | None = None
    """The smallest difference to another model this suite would show with 80 % power."""
    isolation: dict[str, int] = Field(default_factory=dict)
    """How the runs were isolated, in words, with the samples so run."""
    integrity: dict[str, int] = Field(default_factory=dict)
    by_task: tuple[TaskScore, ...]
    """In the order of the task ids, numbers within them counted as such."""

    @property
    def pass_1(self) -> Rate | None:
        return self.pass_at.get(1)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader must know before believing the rate, in one sentence; none where nothing is amiss."""
        said = []
        if self.missing:
            said.append(f"{_count(self.missing, 'sample')} of {self.samples_expected:,} missing")
        if self.errors:
            said.append(f"{_count(self.errors, 'sample')} failed through an error of ours, not counted either way")
        if said and self.samples:
            low, high = self.if_missing_failed * 100, self.if_missing_passed * 100
            said.append(f"whatever became of those, pass@1 lies between {low:.1f} and {high:.1f} %")
        for k, rate in self.pass_at.items():
            if rate.left_out and k > 1:
                said.append(f"pass@{k} is without {_count(rate.left_out, 'task')} of fewer than {k} samples")
        return (f"{self.model} on {self.suite}: {'; '.join(said)}.",) if said else ()

    def as_json(self) -> dict[str, Any]:
        """The score as `--json` prints it: fixed names, pass@k and its intervals by name, correct samples a task."""
        rates = {f"pass@{k}": rate for k, rate in self.pass_at.items()}
        return {
            "evaluation": self.evaluation,
            "suite": self.suite,
            "model": self.model,
            "kind": self.kind,
            "tasks": self.tasks,
            "tasks_expected": self.tasks_expected,
            "samples": self.samples,
            "samples_expected": self.samples_expected,
            "missing": self.missing,
            "errors": self.errors,
            "passed": self.passed,
            **{name: rate.value for name, rate in rates.items()},
            "pass@k": {str(k): rate.value for k, rate in self.pass_at.items()},
            "intervals": {name: [rate.low, rate.high] for name, rate in rates.items()},
            "interval_level": LEVEL,
            "statuses": {status: self.statuses.get(status, 0) for status in STATUSES},
            **self.model_dump(
                mode="json",
                include={
                    "if_missing_failed",
                    "if_missing_passed",
                    "format_tax",
                    "repair",
                    "flakiness",
                    "usage",
                    "errata",
                    "without_errata",
                    "detectable",
                    "isolation",
                    "integrity",
                },
            ),
            "correct_by_task": {task.task: task.passed for task in self.by_task},
            "warnings": list(self.warnings),
        }


class Overall(Record):
    """One model over all suites: the weighted mean of its pass@1."""

    model: str
    rate: Rate | None
    """None: a suite with a weight has no score for it."""
    missing: tuple[str, ...] = ()
    """Those suites."""


class Contender(Record):
    """A model in one evaluation."""

    evaluation: str
    model: str


class Comparison(Record):
    """Two models on the tasks of one suite that both were graded on."""

    suite: str
    a: Contender
    b: Contender
    tasks: int
    only_a: int
    """Tasks that only a was graded on; they take no part."""
    only_b: int
    rate_a: float | None
    """pass@1 on the common tasks; None: there are none."""
    rate_b: float | None
    difference: Difference | None
    """a minus b."""
    a_wins: tuple[str, ...] = ()
    """Tasks that a does better."""
    b_wins: tuple[str, ...] = ()
    test: Literal["McNemar mid-p", "paired randomisation", "none"] = "none"
    p: float | None = None
    p_holm: float | None = None
    """Corrected for all the comparisons of the table."""
    detectable: float | None = None
    """The smallest true difference these tasks would show with 80 % power."""

    @property
    def winner(self) -> Contender | None:
        """Who is better at the 5 % level after correction; None: they cannot be told apart."""
        if self.p_holm is None or self.p_holm >= 1 - LEVEL or self.difference is None or self.difference.value == 0:
            return None
        return self.a if self.difference.value > 0 else self.b


class Scores(Record):
    """Every score of one evaluation."""

    evaluation: str
    created: datetime
    source: Literal["run", "grade", "view"]
    state: str
    scores: tuple[Score, ...]
    """By suite; within one, the best pass@1 first."""
    overall: tuple[Overall, ...]
    """The best first."""
    weights: dict[str, float]
    """By suite; they sum to 1."""
    duplicates: int = 0
    """Samples given twice; the first one counts."""
    unexpected: int = 0
    """Samples of tasks that were not asked for; they count."""

    @property
    def suites(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(score.suite for score in self.scores))

    @property
    def models(self) -> tuple[str, ...]:
        return tuple(
            dict.fromkeys([*(overall.model for overall in self.overall), *(score.model for score in self.scores)])
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        said = [warning for score in self.scores for warning in score.warnings]
        if self.duplicates:
            said.append(f"{_count(self.duplicates, 'sample')} came twice; the first one counts.")
        if self.unexpected:
            said.append(f"{_count(self.unexpected, 'sample')} of tasks that were not asked for; they count.")
        return tuple(said)

    def get(self, suite: str, model: str) -> Score | None:
        """The score of one model on one suite."""
        return next((score for score in self.scores if (score.suite, score.model) == (suite, model)), None)

    def as_json(self) -> dict[str, Any]:
        """As `--json` prints it. With a single score its fields stand at the top; `results` always has them all."""
        results = [score.as_json() for score in self.scores]
        return {
            **(results[0] if len(results) == 1 else {}),
            "evaluation": self.evaluation,
            "created": self.created.isoformat(),
            "source": self.source,
            "state": self.state,
            "weights": self.weights,
            "overall": [overall.model_dump(mode="json") for overall in self.overall],
            "warnings": list(self.warnings),
            "results": results,
        }


# ---- the formulas --------------------------------------------------------------------------------------------------


def pass_at_k(n: int, c: int, k: int) -> float:
    """The unbiased chance that one of k samples passes, given c of n did: 1 - C(n-c, k) / C(n, k), with k <= n.

    As the product 1 - prod_{i=n-c+1..n} (1 - k/i), which neither overflows nor cancels (Chen et al. 2021,
    "Evaluating large language models trained on code", arXiv:2107.03374, equation 1 and figure 3).
    """
    if not 0 <= c <= n or not 1 <= k <= n:
        raise ValueError(f"pass@k needs 0 <= c <= n and 1 <= k <= n, not n={n}, c={c}, k={k}")
    if n - c < k:
        return 1.0
    return float(1.0 - np.prod(1.0 - k / np.arange(n - c + 1, n + 1)))


def wilson(passed: float, n: float, level: float = LEVEL) -> tuple[float, float]:
    """The score interval of a plain share, passed of n; n may be an effective (fractional) number, n > 0.

    (p + z²/2n ± z sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n). Wilson 1927, JASA 22:209. It holds p, stays within [0, 1]
    and is never of zero width.
    """
    if not 0 <= passed <= n or n <= 0:
        raise ValueError(f"a share needs 0 <= passed <= n and n > 0, not {passed} of {n}")
    z = _z(level)
    p = passed / n
    middle = p + z * z / (2 * n)
    spread = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return max(0.0, min(p, (middle - spread) / scale)), min(1.0, max(p, (middle + spread) / scale))


def mean_over_tasks(
    values: ArrayLike, samples: float | None = None, level: float = LEVEL
) -> tuple[float, float, float]:
    """The mean of one value in [0, 1] a task, shape (tasks,), and its interval over tasks: (mean, low, high).

    Wilson's interval with an effective number of tasks
        n* = m(1-m) / s²/T · (z / t_{T-1})²,  kept within  T <= n* <= `samples`  (the whole number of samples, over k),
    where m is the mean, s² the variance of the T values (divisor T-1) and t the Student quantile.
    No variance of values in [0, 1] exceeds m(1-m), so T is the safe floor: with one sample a task this is Wilson's
    interval over the T tasks; at 0 % and 100 %, where s² says nothing, too. The ceiling keeps tasks that happen to
    agree from giving a width of zero. Effective sample sizes in Wilson's interval: Korn & Graubard 1998, Survey
    Methodology 24:193; Franco et al. 2019, J. Survey Statistics and Methodology 7:334. By task: Miller 2024,
    arXiv:2411.00640.
    """
    x = np.asarray(values, dtype=np.float64)
    tasks = len(x)
    if not tasks:
        raise ValueError("a mean over no tasks")
    mean = min(1.0, max(0.0, float(x.mean())))
    effective = float(tasks)
    if tasks > 1 and 0 < mean < 1:
        variance = float(x.var(ddof=1))
        ceiling = max(float(tasks), float(samples if samples is not None else tasks))
        ratio = (_z(level) / _t(level, tasks - 1)) ** 2
        effective = min(
            ceiling, max(effective, tasks * mean * (1 - mean) / variance * ratio if variance > 1e-12 else ceiling)
        )
    return (mean, *wilson(mean * effective, effective, level))


def share_of_samples(counts: ArrayLike, sizes: ArrayLike, level: float = LEVEL) -> tuple[float, float, float]:
    """The share of samples with a property, counts[t] of sizes[t] in task t, and its interval clustered by task.

    p = sum(counts)/sum(sizes). The variance of this ratio is T/(T-1) · sum((counts - p·sizes)²) / sum(sizes)²
    (Cochran 1977, Sampling Techniques, 3rd ed., §3.12); Wilson's interval with n* = p(1-p)/variance, kept between the
    number of equal clusters sum(sizes)²/sum(sizes²) (Kish) and the number of samples, as in `mean_over_tasks`.
    """
    c, n = np.asarray(counts, dtype=np.float64), np.asarray(sizes, dtype=np.float64)
    c, n = c[n > 0], n[n > 0]
    total, tasks = float(n.sum()), len(n)
    if not tasks:
        raise ValueError("a share of no samples")
    p = min(1.0, float(c.sum()) / total)
    effective = floor = total * total / float((n * n).sum())
    if tasks > 1 and 0 < p < 1:
        variance = tasks / (tasks - 1) * float(((c - p * n) ** 2).sum()) / total**2
        ratio = (_z(level) / _t(level, tasks - 1)) ** 2
        effective = min(total, max(floor, p * (1 - p) / variance * ratio if variance > 1e-15 else total))
    return (p, *wilson(p * effective, effective, level))


def mcnemar_mid_p(a_only: int, b_only: int) -> float:
    """Two-sided mid-p of McNemar's test: of a_only + b_only tasks that just one passed, could chance split them so?

    2·P(X < min) + P(X = min) with X ~ Binomial(a_only + b_only, 1/2). Fagerland, Lydersen & Laake 2013, BMC Medical
    Research Methodology 13:91: it keeps the level where the exact test is needlessly timid. 1 where no task flips.
    """
    flips, fewer = a_only + b_only, min(a_only, b_only)
    if a_only == b_only:
        return 1.0
    at_most = float(special.bdtr(fewer, flips, 0.5))
    below = float(special.bdtr(fewer - 1, flips, 0.5)) if fewer else 0.0
    return min(1.0, at_most + below)


def paired_bootstrap(
    differences: ArrayLike, level: float = LEVEL, resamples: int = RESAMPLES, seed: int = SEED
) -> tuple[Floats, Floats]:
    """The interval of each column's mean, differences (tasks, pairs) in [-1, 1]: (lows, highs), each (pairs,).

    Tasks are drawn with replacement, whole, from the T tasks and two made-up ones, +1 and -1 (percentile method; Efron
    & Tibshirani 1993, chapter 13). The two are the add-one adjustment of Bonett & Price 2012 (J. Educational and
    Behavioral Statistics 37:479): without them models that agree on ten tasks would differ by 0 ± 0. The interval is
    widened to the estimate where the adjustment would leave it outside. The same seed gives the same interval.
    """
    d = np.asarray(differences, dtype=np.float64)
    if d.ndim != 2 or not len(d):
        raise ValueError(f"differences are a table of tasks × pairs, not of shape {d.shape}")
    pool = np.vstack([d, np.ones((1, d.shape[1])), -np.ones((1, d.shape[1]))])
    means = _resampled_means(pool, resamples, seed)
    lows, highs = np.quantile(means, [(1 - level) / 2, (1 + level) / 2], axis=0)
    mean = d.mean(axis=0)
    return np.minimum(lows, mean), np.maximum(highs, mean)


def paired_randomisation(differences: ArrayLike, resamples: int = RESAMPLES, seed: int = SEED) -> Floats:
    """Two-sided p of "the two models are alike" for each column of differences (tasks, pairs): shape (pairs,).

    Were they alike, each task's difference could as well have had the other sign. The share of sign patterns whose mean
    is at least as far from 0: all 2^T patterns up to T = 12, else (1 + hits) / (1 + resamples) of random ones (Fisher
    1935; Noreen 1989, Computer-Intensive Methods). With one sample a task it is McNemar's exact test.
    """
    d = np.asarray(differences, dtype=np.float64)
    tasks = len(d)
    if d.ndim != 2 or not tasks:
        raise ValueError(f"differences are a table of tasks × pairs, not of shape {d.shape}")
    reached = np.abs(d.sum(axis=0)) - 1e-9
    hits, draws = np.zeros(d.shape[1]), 0
    for signs in _sign_patterns(tasks, resamples, seed):
        hits += (np.abs(signs @ d) >= reached).sum(axis=0)
        draws += len(signs)
    return np.asarray(hits / draws if tasks <= _EXACT_TASKS else (1 + hits) / (1 + draws))


def holm(p_values: Sequence[float]) -> list[float]:
    """The p values corrected for their number, step-down: max over j <= i of (m - j + 1)·p_(j), at most 1.

    Holm 1979, Scandinavian Journal of Statistics 6:65. Keeps the chance of any false claim in the table at the level.
    """
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted, reached = [0.0] * len(p_values), 0.0
    for rank, i in enumerate(order):
        reached = max(reached, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = reached
    return adjusted


def detectable_difference(standard_error: float, level: float = LEVEL, power: float = POWER) -> float:
    """The true difference that a two-sided test at 1 - level shows with this power, at most 1.

    (z_level + z_power) · standard error. Card et al. 2020, arXiv:2010.06595; Miller 2024, arXiv:2411.00640, section 5.
    """
    return min(1.0, (_z(level) + NormalDist().inv_cdf(power)) * standard_error)


def weighted(rates: Sequence[Rate], weights: Sequence[float]) -> Rate:
    """The weighted mean of independent rates; weights sum to 1. Its interval by MOVER.

    low = m - sqrt(sum(w²·(value - low)²)), high = m + sqrt(sum(w²·(high - value)²)): Zou & Donner 2008, Statistics in
    Medicine 27:1693. It uses each interval's own lopsidedness and stays within [0, 1].
    """
    value = sum(w * rate.value for rate, w in zip(rates, weights, strict=True))
    down = math.sqrt(sum((w * (rate.value - rate.low)) ** 2 for rate, w in zip(rates, weights, strict=True)))
    up = math.sqrt(sum((w * (rate.high - rate.value)) ** 2 for rate, w in zip(rates, weights, strict=True)))
    return Rate(value=value, low=max(0.0, value - down), high=min(1.0, value + up), n=sum(rate.n for rate in rates))


def _z(level: float) -> float:
    return NormalDist().inv_cdf((1 + level) / 2)


def _t(level: float, degrees: int) -> float:
    return float(special.stdtrit(degrees, (1 + level) / 2))


def _chunks(rows: int, columns: int) -> Iterable[int]:
    """Row counts that sum to `rows`, each so small that a table of floats with so many columns stays near 16 MB."""
    size = max(1, min(rows, 2_000_000 // columns))
    return (min(size, rows - start) for start in range(0, rows, size))


def _resampled_means(values: Floats, resamples: int, seed: int) -> Floats:
    tasks = len(values)
    if resamples * tasks <= _KEPT_DRAWS:
        return _draws(tasks, resamples, seed).astype(np.float64) @ values / tasks
    rng = np.random.default_rng(seed)
    return np.concatenate([_times_drawn(rng, rows, tasks) @ values / tasks for rows in _chunks(resamples, tasks)])


_KEPT_DRAWS = 4_000_000  # 8 MB: a table of models draws the same tasks again and again


@functools.lru_cache(maxsize=4)
def _draws(tasks: int, resamples: int, seed: int) -> NDArray[np.uint16]:
    rng = np.random.default_rng(seed)
    parts = [_times_drawn(rng, rows, tasks) for rows in _chunks(resamples, tasks)]
    return np.concatenate(parts).astype(np.uint16)  # a task is drawn about once a row


def _times_drawn(rng: np.random.Generator, rows: int, tasks: int) -> Floats:
    """How often each task is drawn, `tasks` draws a row: shape (rows, tasks)."""
    drawn = rng.integers(0, tasks, size=(rows, tasks)) + tasks * np.arange(rows)[:, None]
    return np.bincount(drawn.ravel(), minlength=rows * tasks).reshape(rows, tasks).astype(np.float64)


# ---- from samples to scores ----------------------------------------------------------------------------------------


@dataclass
class _TaskTally:
    """What is known of one task × model while samples come in."""

    statuses: Counter[Status] = field(default_factory=Counter)
    first: list[int] = field(default_factory=lambda: [0, 0])
    """Of the samples that count both at first and in the end: how many, passed at first, …"""
    after: int = 0
    tax: list[int] = field(default_factory=lambda: [0, 0, 0])
    """First tries whose raw and cleaned verdicts both count: how many, passed raw, passed cleaned."""
    rerun: list[int] = field(default_factory=lambda: [0, 0])
    """Of the samples that passed: how many were run again, how many of those were flaky."""

    @property
    def seen(self) -> int:
        return self.statuses.total()

    @property
    def samples(self) -> int:
        return self.seen - self.statuses["error"]

    @property
    def passed(self) -> int:
        return self.statuses["pass"]


@dataclass
class _Tally:
    """What is known of one suite × model while samples come in."""

    kind: Kind = "reply"
    tasks: dict[str, _TaskTally] = field(default_factory=dict)
    rescued: int = 0
    broken: int = 0
    tried: int = 0
    mended: int = 0
    reruns: int = 0
    repair_tokens: list[int] = field(default_factory=list)
    repair_cost: Counter[str] = field(default_factory=Counter)
    isolation: Counter[str] = field(default_factory=Counter)
    integrity: Counter[str] = field(default_factory=Counter)
    replies: int = 0
    requests: int = 0
    truncated: int = 0
    prompt_tokens: list[int] = field(default_factory=list)
    completion_tokens: list[int] = field(default_factory=list)
    tokens_unknown: int = 0
    cost: Counter[str] = field(default_factory=Counter)
    cost_unknown: int = 0
    latency: list[float] = field(default_factory=list)
    first_token: list[float] = field(default_factory=list)
    speed: list[float] = field(default_factory=lambda: [0.0, 0.0])
    cpu_s: float = 0
    memory_peak: int = 0

    def add(self, sample: Sample) -> None:
        self.kind = sample.kind
        task = self.tasks.setdefault(sample.task, _TaskTally())
        task.statuses[sample.status] += 1
        self._add_repair(task, sample)
        self._add_tax(task, sample)
        if sample.flaky is not None:
            task.rerun[0] += 1
            task.rerun[1] += sample.flaky
            self.reruns += sum(status != "error" for status in sample.reruns)
        for number, attempt in enumerate(sample.attempts):
            self._add_reply(sample, number)
            self.cpu_s += attempt.report.cpu_s
            self.memory_peak = max(self.memory_peak, attempt.report.memory_peak)
        counted = sample.counted(sample.last)
        if counted.isolation is not None:
            self.isolation[isolation_in_words(counted.isolation)] += 1
        if counted.integrity is not None:
            self.integrity[counted.integrity] += 1

    def _add_repair(self, task: _TaskTally, sample: Sample) -> None:
        if len(sample.attempts) > 1:
            self.tried += 1
            self.mended += sample.status == "pass" and sample.first_status not in ("pass", "error")
        if "error" not in (sample.first_status, sample.status):
            task.first[0] += 1
            task.first[1] += sample.first_status == "pass"
            task.after += sample.status == "pass"

    def _add_tax(self, task: _TaskTally, sample: Sample) -> None:
        cleaned = sample.attempts[0].report
        raw = raw_report(sample.attempts[0])
        if "error" in (raw.status, cleaned.status):
            return
        task.tax[0] += 1
        task.tax[1] += raw.passed
        task.tax[2] += cleaned.passed
        self.rescued += cleaned.passed and not raw.passed
        self.broken += raw.passed and not cleaned.passed

    def _add_reply(self, sample: Sample, number: int) -> None:
        reply = sample.attempts[number].reply
        self.replies += 1
        self.requests += reply.attempts
        self.truncated += reply.truncated
        if reply.prompt_tokens is not None:
            self.prompt_tokens.append(reply.prompt_tokens)
        if reply.completion_tokens is not None:
            self.completion_tokens.append(reply.completion_tokens)
        self.tokens_unknown += reply.completion_tokens is None or reply.prompt_tokens is None
        if reply.cost is None:
            self.cost_unknown += 1
        else:
            self.cost[reply.currency] += reply.cost  # type: ignore[assignment]
        if number and reply.completion_tokens is not None:
            self.repair_tokens.append(reply.completion_tokens)
        if number and reply.cost is not None:
            self.repair_cost[reply.currency] += reply.cost  # type: ignore[assignment]
        if reply.latency_s is not None:
            self.latency.append(reply.latency_s)
            if reply.completion_tokens is not None:
                self.speed[0] += reply.completion_tokens
                self.speed[1] += reply.latency_s
        if reply.first_token_s is not None:
            self.first_token.append(reply.first_token_s)

    def usage(self, passed: int) -> Usage:
        costs = {currency: float(cost) for currency, cost in sorted(self.cost.items())}
        return Usage(
            replies=self.replies,
            requests=self.requests,
            truncated=self.truncated,
            prompt_tokens=sum(self.prompt_tokens) if self.prompt_tokens else None,
            completion_tokens=sum(self.completion_tokens) if self.completion_tokens else None,
            tokens_unknown=self.tokens_unknown,
            cost=costs,
            cost_unknown=self.cost_unknown,
            cost_per_pass={currency: cost / passed for currency, cost in costs.items()} if passed else {},
            latency_p50=_percentile(self.latency, 50),
            latency_p95=_percentile(self.latency, 95),
            first_token_p50=_percentile(self.first_token, 50),
            first_token_p95=_percentile(self.first_token, 95),
            tokens_per_s=self.speed[0] / self.speed[1] if self.speed[1] > 0 else None,
            cpu_s=self.cpu_s,
            memory_peak=self.memory_peak,
        )


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
    tallies: dict[tuple[str, str], _Tally] = {}
    known: set[tuple[str, str, str, int]] = set()
    duplicates = 0
    for sample in samples:
        key = (sample.suite, sample.task, sample.model, sample.index)
        if key in known:
            duplicates += 1
            continue
        known.add(key)
        tallies.setdefault((sample.suite, sample.model), _Tally()).add(sample)
    for suite in errata:  # a model that never answered is missing with all its samples, not absent
        for model in evaluation.models:
            if not model.suites or suite in model.suites:
                tallies.setdefault((suite, model.name), _Tally(kind=evaluation.kind))
    unexpected = sum(
        tally.seen
        for (suite, _), whole in tallies.items()
        for name, tally in whole.tasks.items()
        if errata and name not in errata.get(suite, {})
    )
    scores = [_score(evaluation, *key, tally, errata.get(key[0], {}), ks) for key, tally in tallies.items()]
    place = {suite: i for i, suite in enumerate(evaluation.suites)}
    scores.sort(key=lambda s: (place.get(s.suite, len(place)), s.suite, -s.pass_1.value if s.pass_1 else 1, s.model))
    shares = weights_of(tuple(dict.fromkeys(s.suite for s in scores)), weights)
    return Scores(
        evaluation=evaluation.id,
        created=evaluation.created,
        source=evaluation.source,
        state=evaluation.state,
        scores=tuple(scores),
        overall=overall(scores, shares),
        weights=shares,
        duplicates=duplicates,
        unexpected=unexpected,
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
    return _score(evaluation, suite, model, _Tally(kind=evaluation.kind), {}, KS)


def compare(scores: Sequence[Score]) -> tuple[Comparison, ...]:
    """Every pair of the given scores within each suite, Holm-corrected over the whole table.

    For the models of one run, or of several: the scores of `RUN` and `RUN` put together. With one sample a task on both
    sides p is McNemar's mid-p, otherwise the paired randomisation test's; the interval is the paired bootstrap's.
    """
    return compare_sides([side_of(score) for score in scores])


@dataclass(frozen=True)
class Side:
    """One contender on one suite, as far as a comparison needs it: the tasks that count, in order."""

    suite: str
    contender: Contender
    tasks: tuple[str, ...]
    samples: NDArray[np.int64]
    """Samples that count, a task."""
    rates: Floats
    """The share of them that passed."""


def side_of(score: Score) -> Side:
    """What a comparison needs of a score."""
    counted = [task for task in score.by_task if task.samples]
    samples = np.array([task.samples for task in counted], dtype=np.int64)
    return Side(
        suite=score.suite,
        contender=Contender(evaluation=score.evaluation, model=score.model),
        tasks=tuple(task.task for task in counted),
        samples=samples,
        rates=np.array([task.passed for task in counted]) / samples,
    )


def compare_sides(sides: Sequence[Side]) -> tuple[Comparison, ...]:
    """`compare`, of what it needs alone: a hundred models on a thousand tasks in seconds and little memory."""
    pairs = [_Pair(a, b) for a, b in itertools.combinations(sides, 2) if a.suite == b.suite]
    alike: dict[tuple[str, ...], list[_Pair]] = {}
    for pair in pairs:
        alike.setdefault(pair.common, []).append(pair)
    for common, group in alike.items():
        if common:
            _resample(group)
    found = [pair.comparison() for pair in pairs]
    corrected = iter(holm([one.p for one in found if one.p is not None]))
    return tuple(one if one.p is None else one.model_copy(update={"p_holm": next(corrected)}) for one in found)


def _resample(pairs: Sequence["_Pair"]) -> None:
    """`paired_bootstrap` and `paired_randomisation` of pairs on the same tasks, drawn once for all.

    A resampled mean of differences is the difference of the two resampled means, so what is drawn and multiplied
    grows with the models, not with their pairs.
    """
    place: dict[int, int] = {}
    columns: list[Floats] = []
    for pair in pairs:
        for side, rates in ((pair.a, pair.x), (pair.b, pair.y)):
            if id(side) not in place:
                place[id(side)] = len(columns)
                columns.append(rates)
    table = np.column_stack(columns)
    tasks = len(table)
    made_up = np.zeros((tasks + 2, 1))
    made_up[tasks:, 0] = (1.0, -1.0)
    pool = np.hstack([np.vstack([table, np.zeros((2, len(columns)))]), made_up])
    means = np.ascontiguousarray(_resampled_means(pool, RESAMPLES, SEED).T)
    several = [pair for pair in pairs if not pair.single]
    hits = dict.fromkeys(map(id, several), 0)
    draws = 0
    for signs in _sign_patterns(tasks) if several else ():
        sums = np.ascontiguousarray((signs @ table).T)
        draws += len(signs)
        for pair in several:
            reached = abs(float(pair.differences.sum())) - 1e-9
            turned = np.abs(sums[place[id(pair.a)]] - sums[place[id(pair.b)]])
            hits[id(pair)] += int(np.count_nonzero(turned >= reached))
    for pair in pairs:
        drawn = means[place[id(pair.a)]] - means[place[id(pair.b)]] + means[-1]
        low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        mean = float(pair.differences.mean())
        pair.low, pair.high = min(float(low), mean), max(float(high), mean)
        if not pair.single:
            found = hits[id(pair)]
            pair.randomised = found / draws if tasks <= _EXACT_TASKS else (1 + found) / (1 + draws)


_EXACT_TASKS = 12


def _sign_patterns(tasks: int, resamples: int = RESAMPLES, seed: int = SEED) -> Iterator[Floats]:
    """All 2^tasks patterns of signs where they are few, else random ones: rows of shape (some, tasks)."""
    if tasks <= _EXACT_TASKS:
        yield np.array(list(itertools.product((-1.0, 1.0), repeat=tasks)))
        return
    rng = np.random.default_rng(seed)
    for rows in _chunks(resamples, tasks):
        yield rng.integers(0, 2, size=(rows, tasks)).astype(np.float64) * 2.0 - 1.0


def raw_report(attempt: Attempt) -> Report:
    """The verdict on an attempt's text as it came."""
    return attempt.report if attempt.raw is None else attempt.raw


def isolation_in_words(isolation: Isolation) -> str:
    """One line: `bwrap, level 2, memory by polling`."""
    memory = {"cgroup": "cgroup", "polled": "polling", "rlimit": "rlimit"}[isolation.memory]
    return f"{isolation.backend}, level {isolation.level}, memory by {memory}"


def natural(name: str) -> tuple[tuple[int, str], ...]:
    """A sort key that puts task/9 before task/10."""
    return tuple((int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d{1,18})", name))


def _score(
    evaluation: Evaluation, suite: str, model: str, tally: _Tally, errata: Mapping[str, str | None], ks: Sequence[int]
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
        detectable=detectable_difference(math.sqrt(2) * (one.high - one.low) / (2 * _z(LEVEL))) if one else None,
        isolation=dict(tally.isolation.most_common()),
        integrity=dict(tally.integrity.most_common()),
        by_task=by_task,
    )


def _samples_expected(evaluation: Evaluation, tally: _Tally) -> int:
    """Samples a task: what a run asked for; for replies made elsewhere, what most tasks have."""
    if evaluation.source == "run":
        return evaluation.samples
    counts = Counter(task.seen for task in tally.tasks.values())
    usual = max(counts, key=lambda count: (counts[count], count), default=1)
    return max(evaluation.samples, usual)


def _task_score(
    suite: str, task: str, model: str, tally: _TaskTally | None, expected: int, erratum: str | None
) -> TaskScore:
    tally = tally or _TaskTally()
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
    d = np.array([[(b - a) / n] for a, b, n in zip(before, after, sizes, strict=True)])
    lows, highs = paired_bootstrap(d)
    return Difference(value=float(d.mean()), low=float(lows[0]), high=float(highs[0]), n=len(d))


def _format_tax(tally: _Tally) -> FormatTax | None:
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


def _repair(tally: _Tally) -> RepairGain | None:
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


def _flakiness(tally: _Tally) -> Flakiness | None:
    rows = [task.rerun for _, task in sorted(tally.tasks.items()) if task.rerun[0]]
    if not rows:
        return None
    sizes, flaky = ([row[i] for row in rows] for i in range(2))
    value, low, high = share_of_samples(flaky, sizes)
    share = Rate(value=value, low=low, high=high, n=sum(sizes), unit="samples")
    return Flakiness(share=share, flaky=sum(flaky), samples=sum(sizes), runs=tally.reruns)


class _Pair:
    """Two sides of one suite while their comparison is made."""

    low = high = 0.0
    randomised = 1.0

    def __init__(self, a: Side, b: Side) -> None:
        self.a, self.b = a, b
        if a.tasks == b.tasks:
            self.common, self.x, self.y = a.tasks, a.rates, b.rates
            samples = (a.samples, b.samples)
        else:
            mine = {task: place for place, task in enumerate(a.tasks)}
            theirs = {task: place for place, task in enumerate(b.tasks)}
            self.common = tuple(sorted(mine.keys() & theirs.keys(), key=lambda task: (natural(task), task)))
            here, there = [mine[task] for task in self.common], [theirs[task] for task in self.common]
            self.x, self.y = a.rates[here], b.rates[there]
            samples = (a.samples[here], b.samples[there])
        self.single = all(bool((count == 1).all()) for count in samples)
        self.differences = self.x - self.y

    def comparison(self) -> Comparison:
        basis = Comparison(
            suite=self.a.suite,
            a=self.a.contender,
            b=self.b.contender,
            tasks=len(self.common),
            only_a=len(self.a.tasks) - len(self.common),
            only_b=len(self.b.tasks) - len(self.common),
            rate_a=None,
            rate_b=None,
            difference=None,
        )
        return basis.model_copy(update=self._numbers()) if self.common else basis

    def _numbers(self) -> dict[str, object]:
        d = self.differences
        a_wins = tuple(self.common[place] for place in np.flatnonzero(d > 0))
        b_wins = tuple(self.common[place] for place in np.flatnonzero(d < 0))
        spread = float(np.append(d, (1.0, -1.0)).std(ddof=1))  # the two made-up tasks of `paired_bootstrap`
        return {
            "rate_a": float(self.x.mean()),
            "rate_b": float(self.y.mean()),
            "difference": Difference(value=float(d.mean()), low=self.low, high=self.high, n=len(d)),
            "a_wins": a_wins,
            "b_wins": b_wins,
            "test": "McNemar mid-p" if self.single else "paired randomisation",
            "p": mcnemar_mid_p(len(a_wins), len(b_wins)) if self.single else self.randomised,
            "detectable": detectable_difference(spread / math.sqrt(len(d) + 2)),
        }


def _percentile(values: Sequence[float], q: float) -> float | None:
    return float(np.percentile(values, q)) if values else None


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
