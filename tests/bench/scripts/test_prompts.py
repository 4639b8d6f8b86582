"""Prompts are read from Markdown as people write it, and every mistake has its place."""

from pathlib import Path

import pytest

from assay.bench.scripts.prompts import asked, load_prompts, parse_batch
from assay.errors import AssayError, ContentError

FILE = """---
name: words
title: Words and lines
defaults: {stdin: "a b"}
---
# Count words

Print how many words standard input has.
=====
---
id: sorted
stdin: "pear apple"
args: ["--reverse"]
files: {"data/words.txt": "pear"}
---
Print them in order, {{model_name}}.

```
=====
```
{{ other }}
"""


def test_a_file_is_a_batch_and_lines_of_equals_signs_stand_between_prompts() -> None:
    batch = parse_batch(FILE, "words.md", "words")
    assert (batch.name, batch.title) == ("words", "Words and lines")
    first, second = batch.prompts
    assert (first.id, first.title, first.place) == ("words-01", "Count words", "words.md:6")
    assert first.example.stdin == "a b"
    assert (second.id, second.place) == ("sorted", "words.md:16")
    assert second.example.args == ("--reverse",)
    assert second.example.files == {"data/words.txt": "pear"}
    assert "=====" in second.text


def test_the_models_name_is_put_in_and_nothing_else() -> None:
    prompt = parse_batch(FILE, "words.md", "words").prompts[1]
    said = asked(prompt, r"a\1model")
    assert r"in order, a\1model." in said
    assert "{{ other }}" in said


def test_one_prompt_a_file_may_have_its_keys_in_front_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("---\nid: only\ntitle: The only one\nstdin: x\n---\nDo it.\n")
    (tmp_path / "b c.md").write_text("Do another thing.\n")
    (tmp_path / "README.md").write_text("# About these prompts\n")
    first, second = load_prompts(tmp_path)
    assert (first.prompts[0].id, first.prompts[0].title, first.prompts[0].example.stdin) == (
        "only",
        "The only one",
        "x",
    )
    assert (second.name, second.prompts[0].id) == ("b-c", "b-c-01")


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("---\nnmae: x\n---\nDo it.\n", "f.md:2:1", "unknown key 'nmae'"),
        ("Do it.\n=====\n---\nid: x\nstdn: y\n---\nMore.\n", "f.md:5:1", "unknown key 'stdn'"),
        ("---\nid: ../x\n---\nDo it.\n", "f.md:", "is no id for a prompt"),
        ("---\nname: x\n---\n\n", "f.md:4:1", "holds no prompt"),
        ("---\nid: x\n---\n\n", "f.md:1:1", "a prompt without words"),
        ("---\nname: f\nid: x\n---\nOne.\n=====\nTwo.\n", "f.md:2:1", "belong to one prompt"),
        ('---\nfiles: {"../up": x}\n---\nDo it.\n', "f.md:", "is no relative path"),
        ('---\nfiles: {"script.py": x}\n---\nDo it.\n', "f.md:", "what the script itself is called"),
        ("=====\n", "f.md:1:1", "holds no prompt"),
    ],
)
def test_a_mistake_has_its_line_and_column(text: str, place: str, words: str) -> None:
    with pytest.raises(ContentError) as raised:
        parse_batch(text, "f.md", "f")
    assert str(raised.value).startswith(place)
    assert words in str(raised.value)


def test_two_prompts_of_one_id_are_refused_wherever_they_stand(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("---\nid: Same\n---\nDo it.\n")
    (tmp_path / "b.md").write_text("---\nid: same\n---\nDo it too.\n")
    with pytest.raises(ContentError, match=r"b\.md:4:1: a second prompt has the id"):
        load_prompts(tmp_path)


def test_a_folder_without_prompts_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(AssayError, match="No prompts in"):
        load_prompts(tmp_path)
    with pytest.raises(AssayError, match="There is no folder"):
        load_prompts(tmp_path / "nowhere")


def test_a_rule_at_the_top_is_text_and_not_front_matter() -> None:
    batch = parse_batch("---\nJust a rule above\n---\nDo it.\n", "f.md", "f")
    assert batch.prompts[0].text.startswith("---\nJust a rule")


def test_front_matter_at_the_top_with_a_prompts_keys_alone_is_the_first_prompts() -> None:
    batch = parse_batch("---\nid: first\n---\nOne.\n=====\n---\nid: second\n---\nTwo.\n", "1-few.md", "1-few")
    assert (batch.name, [prompt.id for prompt in batch.prompts]) == ("1-few", ["first", "second"])
