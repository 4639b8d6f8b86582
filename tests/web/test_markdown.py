"""Markdown is shown as its writer meant it, and can do nothing else."""

import pytest

from assay.web.markdown import markdown


def test_headings_code_lists_and_tables_are_shown() -> None:
    text = "# One\n\nA `name` and **more**.\n\n## Two\n\n- a\n- b\n\n```python\nif 1 < 2:\n    print('x')\n```\n\n|a|b|\n|-|-:|\n|1|2|\n"
    made = markdown(text, top=2)
    assert "<h2>One</h2>" in made
    assert "<h3>Two</h3>" in made
    assert "<code>name</code>" in made
    assert "if 1 &lt; 2:\n    print('x')" in made.replace("&#x27;", "'")
    assert '<td class="n">2</td>' in made
    assert "style" not in made


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](data:text/html,hello)",
        "![x](https://elsewhere.example/x.png)",
        "<style>body{display:none}</style>",
        "<form action=/gym/leave><button>x</button></form>",
        "<a href=x onclick=alert(1)>x</a>",
        "<iframe src=https://elsewhere.example></iframe>",
    ],
)
def test_nothing_in_it_acts(text: str) -> None:
    made = markdown(text)
    for piece in (
        "<script",
        "<img",
        "<style",
        "<form",
        "<iframe",
        "<button",
        'href="javascript',
        'href="data',
        "<a href=x",
    ):
        assert piece not in made


def test_what_cannot_be_seen_is_shown() -> None:
    assert "⟨U+202E⟩" in markdown("turned \u202e round")
    assert "⟨U+200B⟩" in markdown("`a\u200bb`")


def test_a_text_that_never_ends_is_cut() -> None:
    assert len(markdown("x" * 300_000)) < 250_000
