"""The pipeline's report in Markdown: every answer, every list, and nothing that a model wrote as markup."""

import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from assay.bench.scripts.document import LISTED, report_markdown
from assay.bench.scripts.files import Folder, sample_folder, write_sample
from assay.bench.scripts.report import report_of
from assay.bench.scripts.wording import LISTS
from assay.store import Store
from tests.bench.scripts.made import expected, made_run, made_samples

HOSTILE = (
    "<script>alert(1)</script> | ``` ` [link](javascript:alert(1)) ![](http://elsewhere.example/x.png) # h\n## two\x1b[31m"
    "\u202e @mention \0 \r\n- item"
)


def markdown(text: str = "x = 1", **more: object) -> str:
    run = made_run(text)
    return report_markdown(report_of(run, made_samples(run, text), expected(run)))


def test_the_answer_stands_first_and_every_question_has_its_table() -> None:
    text = markdown()
    headings = re.findall(r"^## (.*)$", text, flags=re.MULTILINE)
    assert headings[:5] == ["By model", "First tries", "By batch", "What went wrong", "By prompt"]
    assert [title for title, _ in LISTS.values()] == [
        head for head in headings if head in {t for t, _ in LISTS.values()}
    ]
    assert re.search(
        r"^Most scripts that run: `(alpha|lab/beta:7b)`, [\d.]+ % \([\d.]+ – [\d.]+, n = \d+ samples\)\.$", text, re.M
    )
    assert "! " not in text.split("## By model")[0]
    assert "count nowhere" in text.split("## By model")[0]


def test_every_entry_of_a_list_links_to_a_file_that_is_there(tmp_path: Path) -> None:
    run = made_run("print(1)")
    samples = made_samples(run, "print(1)")
    for sample in samples:
        write_sample(tmp_path, sample)
    report = report_of(run, samples, expected(run))
    links = re.findall(r"^- \[.*?\]\((.*?)\)", report_markdown(report), flags=re.MULTILINE)
    assert len(links) == sum(map(len, report.listed.values())) > 20
    assert [link for link in links if not (tmp_path / link).is_file()] == []


@pytest.mark.parametrize("wrote", ["x = 1", HOSTILE], ids=["plain", "hostile"])
def test_every_table_has_as_many_cells_in_each_row(wrote: str) -> None:
    tables = re.findall(r"(?:^\|.*\n)+", markdown(wrote), flags=re.MULTILINE)
    assert len(tables) > 2
    for table in tables:
        rows = table.splitlines()
        assert len(rows) > 2
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) == 1, rows[0]


def test_what_models_wrote_is_no_markup() -> None:
    plain, hostile = (MarkdownIt("commonmark").enable("table").render(markdown(text)) for text in ("x = 1", HOSTILE))
    assert len(re.findall("<h2", plain)) == len(re.findall("<h2", hostile))
    outside = re.sub(r"<code>.*?</code>", "", hostile, flags=re.DOTALL)
    for part in ("<script", "javascript:", "elsewhere", "<img", "@mention", "\x1b", "\u202e", "\0"):
        assert part not in outside, part
    assert all(not href.startswith(("http", "javascript")) for href in re.findall(r'href="(.*?)"', hostile))


def test_long_lists_are_cut_and_counted() -> None:
    run = made_run(prompts=150)
    report = report_of(run, made_samples(run), expected(run))
    whole = len(report.listed["cleaned"])
    assert whole > LISTED
    assert f"- … {whole - LISTED} more, in `report.json`." in report_markdown(report)


def test_nothing_done_yet_makes_a_report_too() -> None:
    run = made_run()
    text = report_markdown(report_of(run, [], expected(run)))
    assert "Most scripts that run" not in text
    assert "16 of 16 samples are not through all stages" in text


def test_the_report_is_written_beside_the_files(store: Store, tmp_path: Path) -> None:
    run = made_run().model_copy(update={"output": str(tmp_path)})
    report = report_of(run, made_samples(run), expected(run))
    path = Folder(store, run).report(report)
    assert path == tmp_path / "runs" / run.id / "report.md"
    assert path.read_text() == report_markdown(report)
    assert (path.parent / "report.json").is_file()
    assert str(sample_folder("alpha", "prompt-0", 0)) == "alpha/prompt-0/1"
