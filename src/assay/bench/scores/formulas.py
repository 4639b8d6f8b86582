"""The formulas, each with its source: pass@k, intervals over tasks, tests of pairs, corrections. They know no record but a rate, and need no array."""

import functools
import math
from collections.abc import Iterable, Sequence
from statistics import NormalDist

from assay.bench.scores.records import LEVEL, Rate

POWER = 0.80
"""The power that a smallest detectable difference is told for."""


def pass_at_k(n: int, c: int, k: int) -> float:
    """The unbiased chance that one of k samples passes, given c of n did: 1 - C(n-c, k) / C(n, k), with k <= n.

    As the product 1 - prod_{i=n-c+1..n} (1 - k/i), which neither overflows nor cancels (Chen et al. 2021,
    "Evaluating large language models trained on code", arXiv:2107.03374, equation 1 and figure 3).
    """
    if not 0 <= c <= n or not 1 <= k <= n:
        raise ValueError(f"pass@k needs 0 <= c <= n and 1 <= k <= n, not n={n}, c={c}, k={k}")
    if n - c < k:
        return 1.0
    return 1.0 - math.prod(1.0 - k / i for i in range(n - c + 1, n + 1))


def wilson(passed: float, n: float, level: float = LEVEL) -> tuple[float, float]:
    """The score interval of a plain share, passed of n; n may be an effective (fractional) number, n > 0.

    (p + z²/2n ± z sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n). Wilson 1927, JASA 22:209. It holds p, stays within [0, 1]
    and is never of zero width.
    """
    if not 0 <= passed <= n or n <= 0:
        raise ValueError(f"a share needs 0 <= passed <= n and n > 0, not {passed} of {n}")
    z = z_of(level)
    p = passed / n
    middle = p + z * z / (2 * n)
    spread = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return max(0.0, min(p, (middle - spread) / scale)), min(1.0, max(p, (middle + spread) / scale))


def mean_over_tasks(
    values: Iterable[float], samples: float | None = None, level: float = LEVEL
) -> tuple[float, float, float]:
    """The mean of one value in [0, 1] a task, and its interval over tasks: (mean, low, high).

    Wilson's interval with an effective number of tasks
        n* = m(1-m) / s²/T · (z / t_{T-1})²,  kept within  T <= n* <= `samples`  (the whole number of samples, over k),
    where m is the mean, s² the variance of the T values (divisor T-1) and t the Student quantile.
    No variance of values in [0, 1] exceeds m(1-m), so T is the safe floor: with one sample a task this is Wilson's
    interval over the T tasks; at 0 % and 100 %, where s² says nothing, too. The ceiling keeps tasks that happen to
    agree from giving a width of zero. Effective sample sizes in Wilson's interval: Korn & Graubard 1998, Survey
    Methodology 24:193; Franco et al. 2019, J. Survey Statistics and Methodology 7:334. By task: Miller 2024,
    arXiv:2411.00640.
    """
    x = [float(value) for value in values]
    tasks = len(x)
    if not tasks:
        raise ValueError("a mean over no tasks")
    mean = min(1.0, max(0.0, math.fsum(x) / tasks))
    effective = float(tasks)
    if tasks > 1 and 0 < mean < 1:
        variance = math.fsum((value - mean) ** 2 for value in x) / (tasks - 1)
        ceiling = max(float(tasks), float(samples if samples is not None else tasks))
        ratio = (z_of(level) / t_of(level, tasks - 1)) ** 2
        effective = min(
            ceiling, max(effective, tasks * mean * (1 - mean) / variance * ratio if variance > 1e-12 else ceiling)
        )
    return (mean, *wilson(mean * effective, effective, level))


def share_of_samples(
    counts: Iterable[float], sizes: Iterable[float], level: float = LEVEL
) -> tuple[float, float, float]:
    """The share of samples with a property, counts[t] of sizes[t] in task t, and its interval clustered by task.

    p = sum(counts)/sum(sizes). The variance of this ratio is T/(T-1) · sum((counts - p·sizes)²) / sum(sizes)²
    (Cochran 1977, Sampling Techniques, 3rd ed., §3.12); Wilson's interval with n* = p(1-p)/variance, kept between the
    number of equal clusters sum(sizes)²/sum(sizes²) (Kish) and the number of samples, as in `mean_over_tasks`.
    """
    rows = [(float(c), float(n)) for c, n in zip(counts, sizes, strict=True) if n > 0]
    total, tasks = math.fsum(n for _, n in rows), len(rows)
    if not tasks:
        raise ValueError("a share of no samples")
    p = min(1.0, math.fsum(c for c, _ in rows) / total)
    effective = floor = total * total / math.fsum(n * n for _, n in rows)
    if tasks > 1 and 0 < p < 1:
        variance = tasks / (tasks - 1) * math.fsum((c - p * n) ** 2 for c, n in rows) / total**2
        ratio = (z_of(level) / t_of(level, tasks - 1)) ** 2
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
    ways, below = 1, 0  # whole numbers: exact, however many flips
    for x in range(fewer):
        below += ways
        ways = ways * (flips - x) // (x + 1)
    return (2 * below + ways) / (1 << flips)


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
    return min(1.0, (z_of(level) + NormalDist().inv_cdf(power)) * standard_error)


def weighted(rates: Sequence[Rate], weights: Sequence[float]) -> Rate:
    """The weighted mean of independent rates; weights sum to 1. Its interval by MOVER.

    low = m - sqrt(sum(w²·(value - low)²)), high = m + sqrt(sum(w²·(high - value)²)): Zou & Donner 2008, Statistics in
    Medicine 27:1693. It uses each interval's own lopsidedness and stays within [0, 1].
    """
    value = sum(w * rate.value for rate, w in zip(rates, weights, strict=True))
    down = math.sqrt(sum((w * (rate.value - rate.low)) ** 2 for rate, w in zip(rates, weights, strict=True)))
    up = math.sqrt(sum((w * (rate.high - rate.value)) ** 2 for rate, w in zip(rates, weights, strict=True)))
    return Rate(value=value, low=max(0.0, value - down), high=min(1.0, value + up), n=sum(rate.n for rate in rates))


def percentile(values: Sequence[float], percent: float) -> float | None:
    """The value that so many percent of the values lie below, in a straight line between the two nearest; None: of none."""
    if not values:
        return None
    ranked = sorted(values)
    place = (len(ranked) - 1) * percent / 100
    below = int(place)
    above = min(below + 1, len(ranked) - 1)
    return ranked[below] + (ranked[above] - ranked[below]) * (place - below)


def z_of(level: float) -> float:
    """The normal quantile of a two-sided interval of this level: 1.96 for 0.95."""
    return NormalDist().inv_cdf((1 + level) / 2)


@functools.cache
def t_of(level: float, degrees: int) -> float:
    """The same of Student's t, with so many degrees of freedom: to 12 digits what scipy says, which takes 0.2 s to load.

    The root of A(t | n) = level by Newton's method, from the expansion in 1/n; with 1,000 and more that expansion is
    exact to the last digits. Abramowitz & Stegun 1964, 26.7.3 to 26.7.5.
    """
    if degrees == 1:
        return math.tan(math.pi * level / 2)
    t = _t_expanded(z_of(level), degrees)
    if degrees >= _MANY:
        return t
    half = degrees / 2
    scale = math.exp(math.lgamma(half + 0.5) - math.lgamma(half)) / math.sqrt(degrees * math.pi)
    for _ in range(20):
        density = scale * (1 + t * t / degrees) ** -(half + 0.5)
        step = (_within(t, degrees) - level) / (2 * density)
        t -= step
        if abs(step) <= 1e-15 * t:
            break
    return t


_MANY = 1000  # degrees of freedom from which the next term of the expansion is below 1e-14


def _t_expanded(z: float, n: int) -> float:
    """Student's quantile from the normal one."""
    x = z * z
    first = (x + 1) / 4
    second = ((5 * x + 16) * x + 3) / 96
    third = (((3 * x + 19) * x + 17) * x - 15) / 384
    fourth = ((((79 * x + 776) * x + 1482) * x - 1920) * x - 945) / 92160
    return z * (1 + (first + (second + (third + fourth / n) / n) / n) / n)


def _within(t: float, n: int) -> float:
    """The chance that Student's t lies between -t and t, with n > 1 degrees of freedom: a finite sum."""
    angle = math.atan(t / math.sqrt(n))
    cosine = math.cos(angle)
    even = n % 2 == 0
    term = 1.0 if even else cosine
    terms = [term]
    for k in range(2 if even else 3, n - 1, 2):
        term *= (k - 1) / k * cosine * cosine
        terms.append(term)
    share = math.sin(angle) * math.fsum(terms)
    return share if even else (angle + share) * 2 / math.pi
