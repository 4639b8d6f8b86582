"""The report: one file that needs nothing, tells the numbers with their intervals, and keeps hostile text text."""

import base64
import functools
import hashlib
import re
from collections.abc import Callable
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from assay.bench.exports.report import choose_failures, report_html, report_markdown
from assay.bench.records import Attempt, Evaluation, Sample
from assay.bench.scores.scoring import score
from assay.records import Finding, Isolation, Kind, Model, Options, Price, Reply, Report, Status, Task
from assay.visible import one_line, visible

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
HOSTILE = "</pre></script><script>alert(1)</script><img src=x onerror=alert(2)>\x1b[31m\x00\u202e`````|@all [x](javascript:alert(3))"
STATUSES: tuple[Status, ...] = ("pass", "wrong", "exception", "timeout", "oom", "no_code", "truncated", "error")
VOID = {"meta", "link", "br", "img", "hr", "input"}


class Page(HTMLParser):
    """What a browser would see of the page: its elements, its text, and whether every element is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> out of order"

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def evaluation(*models: str, **more: object) -> Evaluation:
    return Evaluation.model_validate(
        {
            "id": "2026-03-01-run",
            "created": NOW,
            "source": "run",
            "state": "done",
            "suites": ("functions",),
            "models": [
                Model(
                    name=name, provider="openai", model="served-as", url="https://user:hunter2@host.example:8000/v1?key=sesame",
                    options=Options(temperature=0.8), price=Price(prompt=1, completion=2), system="Be <b>brief</b>.",
                )
                for name in models
            ],
            **more,
        }
    )  # fmt: skip


def sample(
    model: str,
    task: str,
    status: Status,
    *,
    index: int = 0,
    text: str = "x = 1",
    kind: Kind = "reply",
    raw: Status | None = None,
) -> Sample:
    def verdict(status: Status) -> Report:
        outcome = "passed" if status == "pass" else "error" if status == "error" else "failed"
        finding = Finding(
            check="calls", case="case-7", outcome=outcome, integrity="outside",
            call=f"f({text!r})", expected="[1, 2]", got=text,
        )  # fmt: skip
        return Report(
            task=task, suite="functions", status=status, integrity="outside", message=f"gave {text}",
            findings=() if status in ("no_code", "truncated") else (finding,) * 5,
            cases=5,
            isolation=Isolation(backend="bwrap", level=2, memory="polled", notes=("memory is polled",)),
        )  # fmt: skip

    one = Attempt(
        reply=Reply(text=text, prompt_tokens=10, completion_tokens=20, cost=0.001, latency_s=2.0, first_token_s=0.5),
        report=verdict(status),
        raw=None if raw is None else verdict(raw),
        changes=(f"took the last block {text}",),
        program="" if status in ("no_code", "truncated") else text,
    )
    again: tuple[Status, ...] = ("pass", "timeout") if status == "pass" else ()
    place = {"suite": "functions", "task": task, "model": model}
    return Sample(evaluation="E", **place, index=index, kind=kind, attempts=(one,), reruns=again)


def tasks(count: int, errata: dict[int, str] | None = None) -> list[Task]:
    return [
        Task(id=f"functions/{i}", suite="functions", prompt="", checks=(), erratum=(errata or {}).get(i))
        for i in range(count)
    ]


def samples(*models: str, count: int = 16, text: str = "x = 1") -> list[Sample]:
    return [
        sample(model, f"functions/{i}", STATUSES[(i * (place + 1)) % 8], text=text)
        for place, model in enumerate(models)
        for i in range(count)
    ]


@functools.cache
def html(*models: str, text: str = "x = 1", **more: object) -> tuple[str, Page]:
    """The page and what a browser sees of it: the same for all tests that only read it, which is all."""
    page = report_html(
        evaluation(*models, **more), samples(*models, text=text), tasks(17, {3: "its reference is wrong"})
    )
    return page, Page(page)


def readable(page: Page) -> str:
    return " ".join(" ".join(page.text).split())


# ---- the page ------------------------------------------------------------------------------------------------------


def test_the_page_is_whole_and_needs_and_runs_nothing() -> None:
    text, page = html("a", "b")
    assert page.open == []
    assert text.lstrip().startswith("<!doctype html>")
    assert page.named("script") == page.named("iframe") == page.named("object") == page.named("img") == []
    for tag, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on")], tag
        assert "style" not in attributes, tag
        for name in ("src", "href", "xlink:href", "srcset", "action"):
            assert (attributes.get(name) or "#").startswith(("#", "data:,")), (tag, attributes)
    assert not re.search(r"url\(|@import|@font-face", text)


def test_the_policy_forbids_everything_but_the_pages_one_style() -> None:
    text, page = html("a", "b")
    (policy,) = [meta["content"] for meta in page.named("meta") if meta.get("http-equiv") == "Content-Security-Policy"]
    (style,) = re.findall(r"<style>(.*?)</style>", text, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy
    assert f"style-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_both_themes_and_a_phone_are_provided_for() -> None:
    text, page = html("a", "b")
    assert "@media (prefers-color-scheme: dark)" in text
    assert "@media (max-width: 640px)" in text
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in page.named("meta")
    used = set(re.findall(r"var\((--[\w-]+)\)", text))
    light, dark = (
        set(re.findall(r"(--[\w-]+):", block)) for block in re.findall(r":root \{(.*?)\}", text, flags=re.DOTALL)
    )
    assert used <= light == dark


def test_every_verdict_colour_stands_beside_a_sign_or_word() -> None:
    text, _ = html("a", "b")
    coloured = re.findall(r'class="(?:n )?(pass|wrong|some|error|warn|none)">([^<]*)<', text)
    assert {"pass", "wrong"} <= {kind for kind, _ in coloured}
    for kind, said in coloured:
        assert re.search(r"[✓✗!–]|\d+/\d+", said), (kind, said)


def test_headings_ids_and_tables_are_in_order() -> None:
    text, page = html("a", "b")
    assert len(page.named("h1")) == 1
    assert page.named("html")[0]["lang"] == "en"
    ids = [attributes["id"] for _, attributes in page.elements if attributes.get("id")]
    assert len(ids) == len(set(ids))
    targets = {(a["href"] or "")[1:] for a in page.named("a")}
    assert targets <= set(ids)
    for table in re.findall(r"<table.*?</table>", text, flags=re.DOTALL):
        head = len(re.findall(r"<th\b", table.split("</thead>")[0]))
        for row in re.findall(r"<tr>(.*?)</tr>", table.split("</thead>")[1], flags=re.DOTALL):
            assert len(re.findall(r"<t[dh]\b", row)) == head, table[:300]


def test_the_answer_stands_first_with_interval_and_n() -> None:
    asked = evaluation("a", "b")
    given = samples("a", "b")
    page = report_html(asked, given, tasks(16))
    best = score(asked, given, tasks(16)).scores[0]
    assert best.pass_1
    first = readable(Page(page.split("</header>")[0]))
    assert f"Best on functions: {best.model} ," in first
    assert f"({best.pass_1.low * 100:.1f} – {best.pass_1.high * 100:.1f}, n = {best.tasks} tasks)" in first
    assert "Cannot be told apart from it" in first


@pytest.mark.parametrize(
    "said",
    [
        "bwrap, level 2, memory by polling (32 samples)",
        "memory is polled",
        "Model against model",
        "cannot be told apart",
        "✗ timeout",
        "! error",
        "Format tax",
        "tokens/s",
        "functions/3",
        "its reference is wrong",
        "served-as",
        "https://host.example:8000/v1",
        "temperature",
        "Be <b>brief</b>.",
        "1 in, 2 out, USD",
        "2026-03-01 12:30:00 UTC",
        "1 sample of 17 missing",
        "paired bootstrap",
    ],
)
def test_the_page_tells(said: str) -> None:
    assert said in readable(html("a", "b")[1])


def test_no_secret_of_an_address_is_told() -> None:
    text, _ = html("a", "b")
    markdown = report_markdown(evaluation("a"), samples("a"), tasks(16))
    for secret in ("hunter2", "sesame", "user:"):
        assert secret not in text
        assert secret not in markdown


def test_a_failure_shows_call_expected_got_program_and_clean_up() -> None:
    page = Page(report_html(evaluation("a"), [sample("a", "functions/0", "wrong", text="y = 2")], tasks(1)))
    text = readable(page)
    for said in (
        "✗ wrong · functions/0 · a",
        "0/5 cases passed",
        "case case-7",
        "f('y = 2')",
        "[1, 2]",
        "took the last block",
    ):
        assert said in text
    assert "2 further cases did not pass." in text
    assert "y = 2" in text.split("The program")[1]


def test_a_reply_without_a_program_is_shown_itself() -> None:
    page = Page(
        report_html(evaluation("a"), [sample("a", "functions/0", "no_code", text="I cannot do that.")], tasks(1))
    )
    assert "The reply, in which no program was found I cannot do that." in readable(page)


def test_a_completion_that_passes_only_cleaned_says_so() -> None:
    given = [sample("a", "functions/0", "pass", raw="exception", kind="completion")]
    page = Page(report_html(evaluation("a", kind="completion"), given, tasks(1)))
    assert "passes once cleaned, but a completion counts as it came" in readable(page)


def test_an_evaluation_without_a_sample_still_makes_a_page() -> None:
    page = Page(report_html(evaluation(state="running"), []))
    assert page.open == []
    assert "Nothing has been graded yet." in readable(page)
    assert "assay bench resume 2026-03-01-run" in readable(page)
    assert report_markdown(evaluation(), []).count("Nothing has been graded yet.") == 1


def test_what_is_left_out_is_counted() -> None:
    given = [sample("a", f"functions/{i}", "wrong") for i in range(30)] + [sample("a", "functions/30", "timeout")]
    page = report_html(evaluation("a"), given, tasks(31), failures=5)
    text = readable(Page(page))
    assert "5 of 31 samples that did not pass" in text
    assert "✗ wrong 26" in text
    assert page.count('class="failure"') == 5


def test_a_large_evaluation_makes_a_page_of_a_bearable_size() -> None:
    given = [
        sample("a", f"functions/{t}", "pass" if (t + i) % 3 else "wrong", index=i, text="z" * 50_000 if t == 1 else "z")
        for t in range(164)
        for i in range(20)
    ]
    page = report_html(evaluation("a", samples=20), given, tasks(164))
    assert len(page) < 600_000


# ---- hostile text --------------------------------------------------------------------------------------------------


def test_hostile_text_everywhere_makes_no_element_and_hides_nothing() -> None:
    name = f"m {HOSTILE}"
    calm_text, calm = html("calm", "b", text="calm", note="calm")
    text, page = html(name, "b", text=HOSTILE, note=HOSTILE)
    assert page.open == []
    assert {tag for tag, _ in page.elements} == {tag for tag, _ in calm.elements}
    assert page.named("meta") == calm.named("meta")
    assert "onerror" not in {name for _, attributes in page.elements for name in attributes}
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    assert "⟨U+202E⟩" in readable(page)
    assert len(calm_text) < len(text)


def test_hostile_text_in_markdown_stays_in_code() -> None:
    name = f"m {HOSTILE}"
    text = report_markdown(
        evaluation(name, "b", note=HOSTILE), samples(name, "b", text=HOSTILE), tasks(17, {3: HOSTILE})
    )
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    outside = outside_code(text)
    for bad in ("<script", "<img", "](", "@all", "javascript", "alert"):
        assert bad not in outside, bad


def outside_code(text: str) -> str:
    """Markdown with its code blocks and code spans taken out, as CommonMark finds them."""
    lines, fence = [], ""
    for line in text.split("\n"):
        if fence:
            fence = "" if line == fence else fence
        elif opening := re.match(r"`{3,}(?=\w*$)", line):
            fence = opening[0]
        else:
            lines.append(line)
    assert not fence, "a code block is left open"
    return re.sub(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", "", "\n".join(lines))


@pytest.mark.parametrize("models", [("a", "b"), (f"m|{HOSTILE}", "b")], ids=["calm", "hostile"])
def test_every_markdown_table_has_as_many_cells_in_each_row(models: tuple[str, ...]) -> None:
    text = report_markdown(evaluation(*models), samples(*models), tasks(17))
    tables = re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE)
    assert len(tables) > 2
    for table in tables:
        rows = table.strip().split("\n")
        assert re.fullmatch(r"[|:-]+", rows[1]), rows[:2]
        cells = {len(re.findall(r"(?<!\\)\|", row)) for row in rows}
        assert len(cells) == 1, rows[0]


def test_markdown_has_the_sections_of_the_page() -> None:
    text = report_markdown(evaluation("a", "b", repair=1), samples("a", "b"), tasks(17, {3: "wrong"}))
    headings = re.findall(r"^## (.*)$", text, flags=re.MULTILINE)
    page = report_html(evaluation("a", "b", repair=1), samples("a", "b"), tasks(17, {3: "wrong"}))
    assert headings == re.findall(r"<h2[^>]*>(.*?)</h2>", page)
    assert "```\nx = 1\n```" in text or "```python\nx = 1\n```" in text


# ---- choosing failures ---------------------------------------------------------------------------------------------


def test_failures_are_taken_in_turn_from_each_model_and_status_and_other_tasks_first() -> None:
    given = [sample("a", "functions/0", "wrong", index=i) for i in range(10)]
    given += [
        sample("a", "functions/1", "wrong"),
        sample("a", "functions/2", "timeout"),
        sample("b", "functions/3", "error"),
    ]
    chosen = choose_failures(given, 4)
    assert chosen.total == 13
    assert {(one.model, one.task, one.index) for one in chosen.shown} == {
        ("a", "functions/0", 0),
        ("a", "functions/1", 0),
        ("a", "functions/2", 0),
        ("b", "functions/3", 0),
    }
    assert chosen.left_out == (("functions", "a", "wrong", 9),)


def test_no_failures_wanted_counts_them_all() -> None:
    chosen = choose_failures([sample("a", "functions/0", "wrong"), sample("a", "functions/1", "pass")], 0)
    assert (chosen.shown, chosen.total, chosen.left_out) == ((), 1, (("functions", "a", "wrong", 1),))


# ---- what is unseen ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("plain\n\ttext ✓ é 模", "plain\n\ttext ✓ é 模"),
        ("a\x00b\x1b[0m\x7f\x9b", "a⟨U+0000⟩b⟨U+001B⟩[0m⟨U+007F⟩⟨U+009B⟩"),
        ("a\u202eb\u2066c\u200bd\ufeff", "a⟨U+202E⟩b⟨U+2066⟩c⟨U+200B⟩d⟨U+FEFF⟩"),
        ("tag\U000e0041", "tag⟨U+E0041⟩"),
        ("\ud800", "⟨U+D800⟩"),
        ("a\r\nb\rc", "a\nb⟨U+000D⟩c"),
    ],
)
def test_unseen_characters_are_shown(text: str, seen: str) -> None:
    assert visible(text) == seen


def test_long_texts_and_long_lines_are_cut_with_a_note() -> None:
    assert visible("x" * 5_000, 100) == "x" * 100 + "\n… 4,900 more characters"
    assert visible("y\n" + "x" * 3_000, line_limit=500) == "y\n" + "x" * 500 + " … 2,500 more characters on this line"
    assert one_line("a\nb\tc") == "a⏎b→c"
    assert len(one_line("z" * 10_000)) == 200


@pytest.mark.parametrize("make", [report_html, report_markdown])
def test_the_same_samples_make_the_same_document(make: Callable[..., str]) -> None:
    documents = {make(evaluation("a", "b"), samples("a", "b"), tasks(17), made=NOW) for _ in range(2)}
    assert len(documents) == 1
