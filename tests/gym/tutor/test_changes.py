"""Small changes told in words: what a sentence orders, and the program that comes of it."""

import pytest

from assay.gym.syntax import parse
from assay.gym.tutor import changes, hint_text, leaks, orders
from assay.records import Language
from tests.gym.tutor.leak_measures import editor, problem


def _orders(text: str) -> list[orders.Order]:
    return list(orders.orders(hint_text.read(text), "python", frozenset(), frozenset()))


def _programs(learner: str, text: str, solution: str, language: Language = "python") -> list[str]:
    return [one.source for one in changes.programs(learner, hint_text.read(text), language, [solution])]


LOOP = "def f(a):\n    for one in a:\n        b = one\n        return b\n"


@pytest.mark.parametrize(
    ("text", "learner", "mended"),
    [
        ("Delete line 3.", "a = 1\nb = 2\na = 3\n", "a = 1\nb = 2\n"),
        ("Take off the `+ 1`.", "a = b + 1\n", "a = b\n"),
        ("Remove the quotes in line 1.", 'a = "7"\n', "a = 7\n"),
        ("Put `pet.` in front of each name.", "print(name, age)\n", "print(pet.name, pet.age)\n"),
        ("Add ten to both ends.", "a < b and c < d\n", "a < b + 10 and c < d + 10\n"),
        ("Move the return out of the loop.", LOOP, LOOP.replace("        return", "    return")),
        ("Swap lines 1 and 2.", "a = input()\nb = input()\n", "b = input()\na = input()\n"),
        ("Turn the subtraction round.", "a = b - c[0]\n", "a = c[0] - b\n"),
        ("`a` should start at ten.", "a = 0\nb = 0\n", "a = 10\nb = 0\n"),
        ("Wrap both inputs in `int()`.", "a = input()\nb = input()\n", "a = int(input())\nb = int(input())\n"),
        ("Write `People` with a small letter.", "People = 7\nb = People\n", "people = 7\nb = people\n"),
        ("Do not assign the result of append.", "a = a.append(1)\n", "a.append(1)\n"),
        ("What if you put a minus in front of the 3?", "a = b[3:]\n", "a = b[-3:]\n"),
        ("Make `b` a copy of a.", "b = a\n", "b = list(a)\n"),
    ],
)
def test_what_a_sentence_orders_is_done(text: str, learner: str, mended: str) -> None:
    assert "".join(mended.split()) in ["".join(one.split()) for one in _programs(learner, text, mended)]


@pytest.mark.parametrize(
    "text",
    [
        "Which word of the task decides?",
        "Is `return` inside the loop or behind it?",
        "`append` changes the list itself. It does not hand you a new one.",
        "You call `upper`, which is the right tool.",
        "In line 2, `len(city)` is one place too far.",
        "Should line 4 come before line 3, or is it right as it stands?",
    ],
)
def test_what_only_asks_or_tells_orders_nothing(text: str) -> None:
    assert _orders(text) == []


def test_so_many_programs_are_tried_and_no_more_and_each_can_be_read() -> None:
    found = _programs(LOOP, "Move it. Swap it. Delete line 2. Add `x` there. Put `int()` around it.", LOOP.upper())
    assert 1 < len(found) <= changes.AT_MOST
    assert LOOP not in found
    assert not any(parse("python", one).has_error for one in found)


@pytest.mark.parametrize("learner", ["", "\n\n", "(" * 300, "a = `\n" * 50, "x" * 5000, "if a:\n" * 40])
def test_a_program_of_any_kind_is_changed_without_harm(learner: str) -> None:
    text = (
        "Delete line 1 and swap both. Put `a.` in front of each name, then move line 90 out of the loop. Add 3 to all."
    )
    for one in changes.programs(learner, hint_text.read(text), "javascript", [learner[::-1]]):
        assert one.source != learner


def test_a_change_told_in_words_is_broken_only_where_it_mends() -> None:
    found, language = problem("py-lists-filter-above")
    source = editor(found, language, "returns-too-early")
    mended = source.replace("        return", "    return")

    def passes(one: str) -> int:
        return 1 + (one == mended)

    told = leaks.check(found, language, source, "Move the `return` out of the loop.", 3, passes=passes)
    other = leaks.check(found, language, source, "Delete line 2.", 3, passes=passes)
    assert (told.rules, other.rules) == (("splice",), ())
