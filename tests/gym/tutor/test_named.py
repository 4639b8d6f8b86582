"""Changes that a hint names in plain words: which are found, and which a learner still has to find."""

import pytest

from assay.gym.syntax import parse
from assay.gym.tutor import hint_text, named, sentences, vocabulary
from assay.records import Language


def _programs(learner: str, text: str, solution: str, language: Language = "python") -> list[str]:
    return [one.source for one in named.programs(learner, hint_text.read(text), language, [solution])]


SUM = "def f(a):\n    total = 0\n    for one in a:\n        total = total + one\n    return total\n"
COUNT = "function f(a) {\n  let n = 0;\n  for (const one of a) {\n    n += 1;\n  }\n  return n;\n}\n"


@pytest.mark.parametrize(
    ("text", "learner", "mended", "language"),
    [
        ("You subtract each one, but you should add it.", SUM.replace("+", "-"), SUM, "python"),
        ("You never store the sum. Assign it back.", SUM.replace("total = total", "total"), SUM, "python"),
        ("You forgot to return the total.", SUM.replace("    return total\n", ""), SUM, "python"),
        ("The total should start at zero.", SUM.replace("= 0", "= 1"), SUM, "python"),
        ("You need integer division there.", "def f(a):\n    return a / 2\n", "def f(a):\n    return a // 2\n", "python"),
        ("The text needs an f.", 'def f(a):\n    return "{a} x"\n', 'def f(a):\n    return f"{a} x"\n', "python"),
        ("You divided the wrong way round.", "def f(a, b):\n    return b / a\n", "def f(a, b):\n    return a / b\n", "python"),
        ("Use for...of here.", COUNT.replace(" of ", " in "), COUNT, "javascript"),
        ("You never update `n`: add one in each round.", COUNT.replace("    n += 1;\n", ""), COUNT, "javascript"),
        ("The error has to be thrown.", "return new Error(a);\n", "throw new Error(a);\n", "javascript"),
    ],
)  # fmt: skip
def test_a_change_that_is_named_whole_is_made(text: str, learner: str, mended: str, language: Language) -> None:
    assert "".join(mended.split()) in ["".join(one.split()) for one in _programs(learner, text, mended, language)]


@pytest.mark.parametrize(
    "text",
    [
        "Should you add or subtract each one?",
        "What is `total` after two rounds?",
        "Add up two numbers by hand, and follow your program.",
        "Take one round as an example. Does the total grow?",
        "Look at line 4.",
        "Sums grow when things are added.",
    ],
)
def test_what_is_asked_or_thought_of_names_nothing(text: str) -> None:
    assert _programs(SUM.replace("+", "-"), text, SUM) == []


def test_a_change_that_is_named_in_part_is_left_to_the_learner() -> None:
    mended = SUM.replace("= total + one", "=max(total,one%3)")
    parts = [
        "".join(one.split())
        for text in ("You need the remainder there.", "You need the biggest remainder by 3 there.")
        for one in _programs(SUM, text, mended)[:1]
    ]
    assert [one == "".join(mended.split()) for one in parts] == [False, True]


def test_a_solution_with_other_names_is_read_with_the_learners() -> None:
    other = SUM.replace("total", "result").replace("one", "number")
    assert SUM in _programs(SUM.replace("+", "-"), "You should add it.", other)


@pytest.mark.parametrize("learner", ["", "\n\n", "(" * 300, "a = `\n" * 50, "x" * 5000, "if a:\n" * 40])
def test_a_program_of_any_kind_is_looked_at_without_harm(learner: str) -> None:
    text = "You should add, subtract, return, swap and remove everything: 0, 1 and 2 are wrong."
    found = _programs(learner, text, learner[::-1], "javascript")
    assert len(found) <= named.AT_MOST
    assert not any(parse("javascript", one).has_error for one in found)


@pytest.mark.parametrize(
    ("text", "tells"),
    [
        ("Swap the two lines.", True),
        ("The two prices are swapped.", True),
        ("You forgot the brackets.", True),
        ("What if you swap them?", True),
        ("Should you swap them or leave them?", False),
        ("Take two shops and follow your program.", False),
        ("Put a print after line 7 and look.", False),
        ("A loop has rounds.", False),
    ],
)
def test_whether_a_sentence_tells_what_to_do_or_what_is_wrong(text: str, tells: bool) -> None:
    assert sentences.states(text) is tells


def test_signs_and_numbers_have_names() -> None:
    assert (found := vocabulary.called("//")) is not None
    assert [found.search(text) is not None for text in ("an integer division", "a division")] == [True, False]
    two = vocabulary.counted("2")
    assert [two.search(text) is not None for text in ("after two rounds", "12 or twofold")] == [True, False]
