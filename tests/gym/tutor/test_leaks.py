"""The gate on hints: each rule, and what hostile and odd text does to it."""

import base64

import pytest

from assay.gym.records.problems import Problem
from assay.gym.tutor import leaks
from assay.gym.tutor.verdict import Verdict
from assay.records import Language
from tests.gym.tutor.leak_measures import COURSES, editor, problem

FILTER, PYTHON = problem("py-lists-filter-above")
STARTER = editor(FILTER, PYTHON, "starter")
BOUNDARY = editor(FILTER, PYTHON, "boundary")
SOLUTION = FILTER.languages["python"].solution


def _check(text: str, level: int = 3, source: str = STARTER) -> Verdict:
    return leaks.check(FILTER, PYTHON, source, text, level)


def test_an_honest_hint_passes_at_every_level() -> None:
    for level in (1, 2, 3):
        verdict = _check("You look at each number once. Which word of the task decides?", level)
        assert verdict.passed
        assert verdict.rules == ()
        assert verdict.words == 12


@pytest.mark.parametrize(
    ("rule", "level", "source", "text"),
    [
        ("length", 1, STARTER, "word " * 121),
        ("grade", 1, STARTER, "Contemplate algorithmic considerations regarding accumulated intermediate representations."),
        ("unseen", 1, STARTER, "Look at the\u202e comparison."),
        ("block", 3, STARTER, "```\nwhile numbers:\n    numbers.pop()\n```"),
        ("overlap", 1, STARTER, "Use `for number in numbers:` there."),
        ("overlap", 3, STARTER, "`result = []` and `for number in numbers: if number > limit`"),
        ("line", 3, STARTER, "Use `result.append(number)` there."),
        ("fix", 3, BOUNDARY, "Use `number > limit` there."),
        ("literal", 2, STARTER, "Try `filter_above([-5, -1, -3], -4)` once."),
        ("avoid", 2, STARTER, "A Lambda is short."),
        ("avoid", 2, STARTER, "List comprehensions are short."),
        ("place", 3, BOUNDARY, "Look at line 40."),
        ("place", 3, BOUNDARY, "Look at lines 3 to 9."),
        ("name", 3, BOUNDARY, "Look at your variable `totals`."),
    ],
)  # fmt: skip
def test_each_rule_is_broken_by_what_it_is_about(rule: str, level: int, source: str, text: str) -> None:
    verdict = _check(text, level, source)
    assert rule in verdict.rules
    found = next(one for one in verdict.broken if one.rule == rule)
    assert found.where
    assert found.why.endswith(".")


def test_what_the_learner_has_may_be_quoted() -> None:
    for text in (
        "In `if number >= limit:` what happens to equal numbers?",
        "```\n        if number >= limit:\n            result.append(number)\n```\nWhat does it do?",
        "```\n    for number in numbers:\n    ...\n    return result\n```\nWhat does it do?",
    ):
        assert _check(text, 3, BOUNDARY).passed
        if ">=" in text:
            assert not _check(text.replace(">=", ">"), 3, BOUNDARY).passed


def test_names_may_be_exchanged_but_one_for_one() -> None:
    renamed = "```\nfor x in xs:\n    if x > y:\n        out.append(x)\n```"
    assert {"block", "overlap"} & set(_check(renamed).rules)
    mixed = "for a in b; if c > d"
    assert "line" not in leaks.check(FILTER, PYTHON, STARTER, f"`{mixed}`", 4).rules


@pytest.mark.parametrize(
    "text",
    [
        SOLUTION,
        SOLUTION[::-1],
        base64.b64encode(SOLUTION.encode()).decode(),
        base64.b32encode(SOLUTION.encode()).decode(),
        SOLUTION.encode().hex(),
        " ".join(str(byte) for byte in SOLUTION.encode()),
        "\u200b".join(SOLUTION),
        "\n".join(f"- {word}" for word in SOLUTION.split()),
        "\n".join(f"{at}. {word}" for at, word in enumerate(SOLUTION.split(), 1)),
        "> " + SOLUTION.replace("\n", "\n> "),
        "<pre>" + SOLUTION + "</pre>",
        "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in SOLUTION),
        SOLUTION.replace("e", "\u0435").replace("o", "\u043e"),
        "```\n" + "\n".join(f"# {line}" for line in SOLUTION.split("\n")) + "\n```",
        " ".join(f"`{word}`" for word in SOLUTION.split()),
        SOLUTION.replace(" ", "%20").replace("\n", "%0A"),
        "const r = []; for (const n of numbers) { if (n > limit) { r.push(n); } } return r;",
        "FOR EACH number IN numbers: IF number > limit THEN result.append(number)",
        "for number in numbers colon if number greater than limit colon result dot append open paren number close paren",
    ],
    ids=[
        "plain", "backwards", "base64", "base32", "hex", "codes", "zero width", "bullets", "numbered", "quoted", "html",
        "full width", "look-alikes", "comments", "word by word", "percent", "javascript", "pseudo-code", "aloud",
    ],
)  # fmt: skip
def test_a_solution_in_disguise_is_found(text: str) -> None:
    assert {"block", "overlap", "line"} & set(_check(text).rules)


def test_what_passes_more_tests_in_the_learners_program_is_broken() -> None:
    asked: list[str] = []

    def passes(source: str) -> int:
        asked.append(source)
        return 3 if "number > limit" in source else 1

    verdict = leaks.check(FILTER, PYTHON, BOUNDARY, "Take `>` there.", 3, passes=passes)
    assert verdict.rules == ("splice",)
    assert verdict.spliced == len(asked) > 1
    assert asked[0] == BOUNDARY
    honest = leaks.check(FILTER, PYTHON, BOUNDARY, "What does `append` do?", 3, passes=passes)
    assert honest.passed


def test_nothing_is_run_for_a_hint_that_is_broken_anyway() -> None:
    def passes(source: str) -> int:
        raise AssertionError(source)

    assert not leaks.check(FILTER, PYTHON, BOUNDARY, "Take `>` in line 99.", 3, passes=passes).passed


def test_a_text_of_many_pages_is_refused_for_its_length_alone() -> None:
    assert _check("x" * (leaks.MAX_CHARS + 1)).rules == ("length",)


def test_what_was_shown_of_a_hidden_test_may_be_said() -> None:
    text = "Try `filter_above([-5, -1, -3], -4)` once."
    assert "literal" in _check(text, 2).rules
    seen = leaks.check(FILTER, PYTHON, STARTER, text, 2, shown=["filter_above([-5, -1, -3], -4)"])
    assert "literal" not in seen.rules


def test_a_models_sample_that_passes_counts_as_a_solution() -> None:
    sample = "def filter_above(numbers, limit):\n    return sorted(set(numbers) - set(range(limit + 1)), key=numbers.index)\n"
    text = "Use `sorted(set(numbers) - set(range(limit + 1)), key=numbers.index)`"
    assert "overlap" in leaks.check(FILTER, PYTHON, STARTER, text, 2, samples=[sample]).rules


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "`", "```", "``` ```", "`" * 8000, "(" * 8000, "a b " * 2000, "- " * 4000, "\n" * 8000, "0" * 8000, "1 " * 4000,
        "x=" * 4000, "\\u0041" * 1300, "<pre>" * 1500, "\ud800", "if " * 2600, ". " * 4000, "'" * 8000, "*a*" * 2600, "%41" * 2600,
        "for n in numbers if n > limit " * 260, "    a\n\n" * 1000, "line 1 and " * 700, SOLUTION * 40, "=" * 8000, "A" * 100_000,
    ],
)  # fmt: skip
def test_hostile_text_is_judged_all_the_same(text: str) -> None:
    for level in (1, 3):
        for part in (text, text[: leaks.MAX_CHARS]):
            verdict = _check(part, level)
            assert verdict.level == level
            assert all("\n" not in one.where for one in verdict.broken)


def _authored() -> list[tuple[Problem, Language]]:
    return [problem(path.stem) for path in sorted(COURSES.glob("*/problems/*.yaml"))]


def test_every_hint_of_every_problem_passes() -> None:
    assert len(_authored()) == 60
    for found, language in _authored():
        sources = [
            found.languages[language].starter,
            *(one.example[language] for one in found.misconceptions if language in one.example),
        ]
        for hint in found.hints:
            for source in sources:
                verdict = leaks.check(found, language, source, hint.text, hint.level)
                assert verdict.passed, (found.id, hint.level, verdict.broken)


def test_every_solution_of_every_problem_is_a_leak() -> None:
    for found, language in _authored():
        sources = found.languages[language]
        for solution in (sources.solution, *sources.alternatives):
            for text in (f"```\n{solution}```", " ".join(solution.split())):
                verdict = leaks.check(found, language, sources.starter, text, 3)
                assert {"block", "overlap", "line", "fix"} & set(verdict.rules), (found.id, text)
