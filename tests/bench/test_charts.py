"""Charts: drawings for both themes that hold what they say, and nothing that could load or run."""

import re
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest

from assay.bench.charts import Chart, cost_and_quality, differences, intervals
from assay.bench.records import Attempt, Evaluation, Sample
from assay.bench.scores.comparing import compare
from assay.bench.scores.records import Scores
from assay.bench.scores.scoring import score
from assay.records import Reply, Report

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "</text><script>alert(1)</script>\x1b\u202e\"'&"


def scored(*models: str, cost: float | None = 0.002, currency: str = "USD") -> Scores:
    given = [
        Sample(
            evaluation="E", suite="s", task=f"t{task}", model=model, index=0,
            attempts=(Attempt(
                reply=Reply(text="", cost=None if cost is None else cost * (place + 1), currency=currency),
                report=Report(task=f"t{task}", suite="s", status="pass" if task > 4 * place else "wrong"),
            ),),
        )
        for place, model in enumerate(models)
        for task in range(12)
    ]  # fmt: skip
    asked = Evaluation(id="E", created=datetime(2026, 3, 1, tzinfo=UTC), source="grade", suites=("s",))
    return score(asked, given)


def drawn(chart: Chart | None) -> tuple[Chart, list[ElementTree.Element]]:
    assert chart
    return chart, [ElementTree.fromstring(svg) for svg in (chart.wide, chart.narrow)]


def all_charts(*models: str) -> list[Chart | None]:
    scores = scored(*models)
    return [intervals("s", scores), differences(compare(scores.scores), "Differences"), cost_and_quality(scores)]


@pytest.mark.parametrize("which", [0, 1, 2], ids=["intervals", "differences", "cost"])
def test_a_chart_has_a_title_axis_names_both_widths_and_its_numbers_as_a_table(which: int) -> None:
    chart, drawings = drawn(all_charts("a", "b", "c")[which])
    for svg in drawings:
        title = svg.find(f"{SVG}title")
        assert title is not None
        assert title.text == svg.get("aria-label") == chart.title
        assert svg.get("role") == "img"
        words = {text.text or "" for text in svg.iter(f"{SVG}text")}
        assert any("pass@1" in word for word in words)
    wide, narrow = (float(svg.get("width", "nan")) for svg in drawings)
    assert narrow <= 380 < wide <= 1_000
    assert len(chart.rows) == 3
    assert all(len(row) == len(chart.head) for row in chart.rows)


@pytest.mark.parametrize("which", [0, 1, 2], ids=["intervals", "differences", "cost"])
def test_a_chart_takes_every_colour_from_the_page(which: int) -> None:
    _, drawings = drawn(all_charts("a", "b", "c")[which])
    for svg in drawings:
        colours = {element.get(name) for element in svg.iter() for name in ("fill", "stroke")} - {None}
        assert colours <= {"none", "transparent", "currentColor", "var(--accent)", "var(--line)", "var(--quiet)"}
        assert "currentColor" in colours
        assert "var(--accent)" in colours


@pytest.mark.parametrize("which", [0, 1, 2], ids=["intervals", "differences", "cost"])
def test_a_hostile_name_stays_text_and_nothing_can_load_or_run(which: int) -> None:
    chart, drawings = drawn(all_charts(HOSTILE, "=b", "c")[which])
    for svg in drawings:
        assert {element.tag.removeprefix(SVG) for element in svg.iter()} <= {
            "svg",
            "title",
            "g",
            "path",
            "line",
            "text",
            "rect",
        }
        assert not {
            name
            for element in svg.iter()
            for name in element.attrib
            if name.startswith("on") or "href" in name or name == "style"
        }
    assert not re.search("[\x00-\x1f\u202e]", chart.narrow + "".join("".join(row) for row in chart.rows))


def test_the_interval_drawn_is_the_interval_scored() -> None:
    scores = scored("a", "b")
    chart, (wide, _) = drawn(intervals("s", scores))
    rules = [line for line in wide.iter(f"{SVG}line") if line.get("stroke") == "var(--accent)"]
    for one, rule in zip(scores.scores, rules, strict=True):
        assert one.pass_1
        moved = re.match(r"translate\(([\d.]+),", rule.get("transform", ""))
        assert moved
        left, width = float(moved[1]), float(rule.get("x2", "nan"))
        assert left / 640 == pytest.approx(one.pass_1.low, abs=0.002)
        assert (left + width) / 640 == pytest.approx(one.pass_1.high, abs=0.002)
    assert chart.rows[0] == ("a", "91.7", "64.6", "98.5")


def test_a_chart_that_says_less_than_its_table_is_left_out() -> None:
    alone = scored("a")
    assert intervals("s", alone) is None
    assert differences(compare(scored("a", "b").scores), "one pair") is None
    assert cost_and_quality(alone) is None
    assert cost_and_quality(scored("a", "b", cost=None)) is None
    assert cost_and_quality(scored("a", "b", cost=0.0)) is None
