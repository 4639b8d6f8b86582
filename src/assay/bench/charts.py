"""Charts as SVG for a page without script: Vega-Lite specs drawn by vl-convert, coloured by the page's own theme.

Every colour is a CSS variable of the page (`--line`, `--accent`, …) or `currentColor`: one drawing serves both themes.
A chart comes in two widths, because a wide one shrunk to a phone cannot be read.
"""

import hashlib
import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from markupsafe import Markup

from assay.bench.scores.records import Comparison, Rate, Scores
from assay.visible import one_line

WIDE, NARROW = 640, 250
"""The plot's width in pixels, axis labels not counted, beside a desktop's and a phone's text."""


@dataclass(frozen=True)
class Chart:
    """A drawing, and the same numbers as a table for those who cannot see it."""

    title: str
    wide: str
    """SVG."""
    narrow: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def wide_svg(self) -> Markup:
        """The drawing as part of a page."""
        return Markup(self.wide)  # noqa: S704 - drawn and stripped here

    @property
    def narrow_svg(self) -> Markup:
        """The drawing for a phone."""
        return Markup(self.narrow)  # noqa: S704


def intervals(suite: str, scores: Scores) -> Chart | None:
    """pass@1 of every model on a suite, with its interval. None where there is nothing to compare."""
    found = [(score.model, score.pass_1) for score in scores.scores if score.suite == suite and score.pass_1]
    if len(found) < 2:
        return None
    values = [
        {"model": _label(model), "rate": rate.value * 100, "low": rate.low * 100, "high": rate.high * 100}
        for model, rate in found
        if rate
    ]
    title = f"pass@1 on {_label(suite)} with 95 % intervals"
    y = _names("model")
    layers = [
        _rule(x=_x("low", "pass@1, %"), x2={"field": "high"}, y=y),
        _dot(x=_x("rate", "pass@1, %"), y=y),
    ]
    return _chart(
        title,
        {"layer": layers},
        values,
        ("model", "pass@1 %", "low %", "high %"),
        ("model", "rate", "low", "high"),
    )


def differences(comparisons: Sequence[Comparison], title: str) -> Chart | None:
    """Each pair's difference with its interval around zero."""
    values = [
        {
            "pair": f"{_label(one.a.model)} − {_label(one.b.model)}",
            "value": one.difference.value * 100,
            "low": one.difference.low * 100,
            "high": one.difference.high * 100,
        }
        for one in comparisons
        if one.difference
    ]
    if len(values) < 2:
        return None
    axis = "difference in pass@1, points"
    scale = {"zero": True, "nice": True}
    y = _names("pair")
    layers = [
        _rule(x={"datum": 0}, mark={"color": _QUIET, "strokeDash": [4, 3], "strokeWidth": 1}),
        _rule(x=_x("low", axis, scale), x2={"field": "high"}, y=y),
        _dot(x=_x("value", axis, scale), y=y),
    ]
    return _chart(
        title, {"layer": layers}, values, ("pair", "difference", "low", "high"), ("pair", "value", "low", "high")
    )


def cost_and_quality(scores: Scores) -> Chart | None:
    """What a sample costs against pass@1: one point a suite × model. None unless two have a price in one currency."""
    currencies = {currency for score in scores.scores for currency in score.usage.cost}
    if len(currencies) != 1:
        return None
    (currency,) = currencies
    values = [
        {
            "name": _label(score.model) + (f", {_label(score.suite)}" if len(scores.suites) > 1 else ""),
            "cost": score.usage.cost[currency] / score.samples * 1000,
            "rate": score.pass_1.value * 100,
            "low": score.pass_1.low * 100,
            "high": score.pass_1.high * 100,
        }
        for score in scores.scores
        if score.samples and score.usage.cost.get(currency) and score.pass_1 and not score.usage.cost_unknown
    ]
    if len(values) < 2:
        return None
    x = {
        "field": "cost",
        "type": "quantitative",
        "title": f"cost of 1,000 samples, {_label(currency)}",
        "scale": {"zero": True, "nice": True},
    }
    y, low = _x("rate", "pass@1, %"), _x("low", "pass@1, %")
    dearest = max(score.usage.cost.get(currency, 0) / max(1, score.samples) * 1000 for score in scores.scores)
    names = [  # to the right of its dot, to the left of it in the right half, where there is no room
        {
            "transform": [{"filter": f"datum.cost {sign} {dearest / 2}"}],
            "mark": {"type": "text", "align": align, "dx": dx, "limit": 150},
            "encoding": {"x": x, "y": y, "text": {"field": "name"}},
        }
        for sign, align, dx in (("<", "left", 10), (">=", "right", -10))
    ]
    layers = [_rule(x=x, y=low, y2={"field": "high"}, mark={"opacity": 0.6}), _dot(x=x, y=y), *names]
    return _chart(
        "Cost against quality",
        {"height": 260, "layer": layers},
        values,
        ("model", f"cost of 1,000 samples, {currency}", "pass@1 %"),
        ("name", "cost", "rate"),
    )


class Drawer:
    """Draws a chart once and keeps a few: a page that is looked at again costs no drawing."""

    KEPT = 32

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, str], Chart | None] = {}

    def drawing(self, draw: Callable[[Scores], Chart | None], scores: Scores) -> Chart | None:
        """What `draw` makes of these scores."""
        key = (draw.__name__, hashlib.sha256(scores.model_dump_json().encode()).hexdigest())
        with self._lock:
            if key not in self._kept:
                while len(self._kept) >= self.KEPT:
                    self._kept.pop(next(iter(self._kept)))
                self._kept[key] = draw(scores)
            return self._kept[key]


def bar(rate: Rate | None) -> Markup:
    """A rate from 0 to 100 % with its interval as a small drawing beside its number, which says the same."""
    if rate is None:
        return Markup("")
    low, value, high = (f"{2 + 96 * share:.1f}" for share in (rate.low, rate.value, rate.high))
    return Markup(
        '<svg class="rate" viewBox="0 0 100 12" width="100" height="12" aria-hidden="true" focusable="false">'
        '<line class="axis" x1="2" x2="98" y1="6" y2="6"/><line class="span" x1="{}" x2="{}" y1="6" y2="6"/>'
        '<circle class="dot" cx="{}" cy="6" r="3.5"/></svg>'
    ).format(low, high, value)


_SVG = "http://www.w3.org/2000/svg"
_ACCENT = "var(--accent)"
_QUIET = "var(--quiet)"
_LINE = "var(--line)"
_CONFIG: dict[str, Any] = {
    "background": None,
    "font": "Liberation Sans",  # measures the labels; the page draws them with it or its twin, Arial
    "view": {"stroke": None},
    "axis": {
        "labelColor": "currentColor",
        "titleColor": "currentColor",
        "domainColor": _LINE,
        "tickColor": _LINE,
        "gridColor": _LINE,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
    },
    "text": {"color": "currentColor", "fontSize": 12},
    "point": {"color": _ACCENT},
    "rule": {"color": _ACCENT},
}


def _chart(
    title: str,
    spec: dict[str, Any],
    values: list[dict[str, Any]],
    head: tuple[str, ...],
    fields: tuple[str, ...],
) -> Chart:
    rows = tuple(tuple(_shown(value[field]) for field in fields) for value in values)
    return Chart(
        title=title,
        wide=_draw(title, spec, values, WIDE, 260, 10),
        narrow=_draw(title, spec, values, NARROW, 100, 5),
        head=head,
        rows=rows,
    )


def _draw(
    title: str, spec: dict[str, Any], values: list[dict[str, Any]], width: int, label_limit: int, ticks: int
) -> str:
    import vl_convert

    config = {**_CONFIG, "axis": {**_CONFIG["axis"], "labelLimit": label_limit, "tickCount": ticks}}
    whole = {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": width,
        "config": config,
        "data": {"values": values},
        **spec,
    }
    return _inline(vl_convert.vegalite_to_svg(json.dumps(whole), vl_version="6.4", allowed_base_urls=[]), title)


def _inline(svg: str, title: str) -> str:
    """The drawing as part of a page: one named image to a screen reader, in the page's own font, no inline style."""
    ElementTree.register_namespace("", _SVG)
    root = ElementTree.fromstring(svg)  # noqa: S314 - what vl-convert has drawn this moment
    for element in root.iter():
        for name in list(element.attrib):
            if name.startswith("aria-") or name in ("role", "class", "style", "font-family", "pointer-events"):
                del element.attrib[name]
    root.set("role", "img")
    root.set("aria-label", title)
    named = ElementTree.Element(f"{{{_SVG}}}title")
    named.text = title
    root.insert(0, named)
    return ElementTree.tostring(root, encoding="unicode")


def _rule(mark: dict[str, Any] | None = None, **encoding: Any) -> dict[str, Any]:
    return {"mark": {"type": "rule", "strokeWidth": 2, "color": _ACCENT, **(mark or {})}, "encoding": encoding}


def _dot(**encoding: Any) -> dict[str, Any]:
    mark = {"type": "point", "filled": True, "size": 80, "opacity": 1, "color": _ACCENT}
    return {"mark": mark, "encoding": encoding}


def _x(field: str, title: str, scale: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"field": field, "type": "quantitative", "title": title, "scale": scale or {"domain": [0, 100]}}


def _names(field: str) -> dict[str, Any]:
    return {"field": field, "type": "nominal", "sort": None, "title": None, "axis": {"ticks": False, "domain": False}}


def _label(text: str) -> str:
    return one_line(text, 60)


def _shown(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.1f}".replace("-", "−")
