"""How bench says its numbers, the same in the terminal and in documents. The unit stands in the column's head."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from assay.records import Finding, Status
from assay.visible import one_line

if TYPE_CHECKING:
    from assay.bench.scores.records import Comparison, Difference, Rate

SIGNS: dict[Status, str] = {
    "pass": "✓",
    "wrong": "✗",
    "exception": "✗",
    "timeout": "✗",
    "oom": "✗",
    "no_code": "✗",
    "truncated": "✗",
    "error": "!",
}
"""No verdict is told by its colour alone."""


def percent(value: float | None) -> str:
    """`68.3`."""
    return "–" if value is None else f"{value * 100:.1f}"


def interval(rate: "Rate | None") -> str:
    """`60.8 – 74.9`."""
    return "–" if rate is None else f"{rate.low * 100:.1f} – {rate.high * 100:.1f}"


def rate_in_words(rate: "Rate | None") -> str:
    """`68.3 % (60.8 – 74.9, n = 164 tasks)`."""
    return "–" if rate is None else f"{percent(rate.value)} % ({interval(rate)}, n = {rate.n:,} {rate.unit})"


def points(difference: "Difference | None") -> str:
    """`+3.1 [−1.2, +7.4]`."""
    if difference is None:
        return "–"
    value, low, high = (signed(x * 100) for x in (difference.value, difference.low, difference.high))
    return f"{value} [{low}, {high}]"


def signed(value: float) -> str:
    """`+3.1`, `−0.4`, `0.0`."""
    return "0.0" if abs(value) < 0.05 else f"{value:+.1f}".replace("-", "−")


def number(value: int | None) -> str:
    """`12,345`."""
    return "–" if value is None else f"{value:,}"


def count(value: int, noun: str) -> str:
    """`1 sample`, `2 samples`."""
    return f"{value:,} {noun}" if value == 1 else f"{value:,} {noun}s"


def of(part: int, whole: int) -> str:
    """`141/164`."""
    return f"{part:,}/{whole:,}"


def seconds(value: float | None) -> str:
    """`0.42`, `73`."""
    return "–" if value is None else f"{value:.2f}" if value < 10 else f"{value:.0f}"


def speed(value: float | None) -> str:
    """`41.3`."""
    return "–" if value is None else f"{value:.1f}"


def money(costs: dict[str, float]) -> str:
    """`0.0123 USD`: every cost has its currency."""
    return ", ".join(f"{amount(cost)} {_currency(name)}" for name, cost in costs.items()) or "–"


def _currency(name: str) -> str:
    return "".join(char for char in name[:8] if char.isalnum() or char in "€$£¥")


def amount(cost: float) -> str:
    """`1.25`, `0.0123`, `0.00045`."""
    return f"{cost:,.2f}" if cost >= 1 or cost == 0 else f"{cost:.4f}" if cost >= 0.001 else f"{cost:.2g}"


def duration(value: float) -> str:
    """`42 s`, `3 min 05 s`, `2 h 10 min`."""
    whole = round(value)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def p_value(value: float | None) -> str:
    """`0.031`, `< 0.001`."""
    return "–" if value is None else "< 0.001" if value < 0.001 else f"{value:.3f}"


def finding_lines(finding: Finding) -> Iterator[str]:
    """`✗ zero another value was expected`, and below it what was called, expected and got."""
    sign = "✗" if finding.outcome == "failed" else "!"
    yield f"{sign} {one_line(' '.join(part for part in (finding.case, finding.message) if part), 300)}"
    for name, text in (("call", finding.call), ("expected", finding.expected), ("got", finding.got)):
        if text:
            yield f"    {name + ':':<10}{one_line(text, 500)}"


def verdict(one: "Comparison") -> str:
    """Who is better, if that can be said."""
    if one.difference is None:
        return "no task in common"
    if one.winner is None:
        return "cannot be told apart"
    return "a is better" if one.winner == one.a else "b is better"


NUMBERS: Mapping[str, Callable[..., str]] = {
    made.__name__: made
    for made in (percent, interval, points, number, of, seconds, speed, money, p_value, verdict, count)
}
"""For templates, by the names they have here."""
