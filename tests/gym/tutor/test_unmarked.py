"""What a hint tells its reader to type without marking it as code, and what comes of trying it."""

import pytest

from assay.gym.tutor import canonical, hint_text, leaks, splicing, unmarked
from assay.gym.tutor.case import written_out
from assay.gym.tutor.unmarked import Exchange
from assay.records import Language
from tests.gym.tutor.leak_measures import editor, problem

NAMES = frozenset({"floor", "call", "width", "paid", "lines", "total"})


def _expressions(text: str, language: Language = "python") -> tuple[str, ...]:
    return unmarked.expressions(hint_text.read(text), NAMES, language)


def _exchanges(text: str, program: str, language: Language = "python") -> tuple[Exchange, ...]:
    own = [token.text for token in canonical.program(program, language)]
    return unmarked.exchanges(hint_text.read(text), own, NAMES, language)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It is floor <= call going up.", "floor <= call"),
        ("Write width plus two there.", "width + 2"),
        ("Ask whether floor is at most call, then go on.", "floor <= call"),
        ("The share: total / paid.size of all.", "total / paid.size"),
        ("total times thirty is the sum", "total * 30"),
    ],
)
def test_code_in_a_sentence_is_found_in_signs_or_words(text: str, found: str) -> None:
    assert found in _expressions(text)


@pytest.mark.parametrize(
    "text",
    [
        "You need an empty list before the loop, and a question inside it.",
        "Which of the two numbers is greater than the other?",
        "Begin with an empty list. Then go on, one by one.",
        "What comes out for 3 and 4?",
    ],
)
def test_prose_holds_no_code(text: str) -> None:
    assert _expressions(text) == ()


@pytest.mark.parametrize(
    ("text", "program", "exchange"),
    [
        ("Replace `if` by `while` in line 3.", "if x:\n    y()", Exchange(("if",), ("while",))),
        ("Use while instead of if.", "if x:\n    y()", Exchange(("if",), ("while",))),
        ("Use `>=` and not `>` in line 9.", "a > b", Exchange((">",), (">=",))),
        ("greater-or-equal instead of greater", "a > b", Exchange((">",), (">=",))),
        ("Swap lines.length for paid.size there.", "total / lines.length", Exchange(("lines", ".", "length"), ("paid", ".", "size"))),
    ],
)  # fmt: skip
def test_this_for_that_is_found_both_ways_round(text: str, program: str, exchange: Exchange) -> None:
    assert exchange in _exchanges(text, program)


def test_what_the_program_does_not_have_is_not_exchanged() -> None:
    assert _exchanges("Replace `<` by `<=`.", "a > b") == ()


def test_two_exchanges_that_mend_only_together_are_tried_together() -> None:
    found, language = problem("js-values-which-lift")
    source = editor(found, language, "same-floor-is-lost")
    mended = source.replace("floor < call", "floor <= call").replace("floor > call", "floor >= call")
    hint = "Replace `<` by `<=` in line 3 and `>` by `>=` in line 6."
    verdict = leaks.check(
        found, language, source, hint, 3, passes=lambda one: int("".join(one.split()) == "".join(mended.split()))
    )
    assert verdict.rules == ("splice",)


@pytest.mark.parametrize(
    ("text", "weighed"),
    [
        ("What is the difference between `<` and `<=`?", {"<", "<="}),
        ("`>` and `>=` differ for one number. Which one?", {">", ">="}),
        ("Which fits, `<` or `<=`? Use `<=`.", {"<"}),
        ("Use `<=` or `<`.", set()),
        ("Is it `<=`?", set()),
    ],
)
def test_signs_weighed_against_each_other_order_nothing(text: str, weighed: set[str]) -> None:
    assert unmarked.weighed(hint_text.read(text)) == weighed


def test_a_question_about_two_signs_is_not_spliced_and_an_order_is() -> None:
    found, language = problem("py-lists-filter-above")
    source = editor(found, language, "boundary")

    def passes(one: str) -> int:
        return 3 if "number > limit" in one else 1

    question = leaks.check(found, language, source, "How do `>` and `>=` differ?", 3, passes=passes)
    order = leaks.check(found, language, source, "Use `>` and not `>=`.", 3, passes=passes)
    assert (question.rules, order.rules) == ((), ("splice",))


def test_an_expression_is_put_into_the_hole_of_a_text() -> None:
    learner = 'function sign(width) {\n  return `+${"-".repeat(width)}+`;\n}\n'
    tried = [one.source for one in splicing.programs(learner, ["width + 2"], "javascript", "sign")]
    assert learner.replace("repeat(width)", "repeat(width + 2)") in tried


def test_a_solution_is_read_with_its_short_names_written_out_too() -> None:
    found, language = problem("py-values-cinema-seat")
    forms = written_out(found.languages[language].solution, language)
    assert any("row = (number - 1) // per_row + 1" in form for form in forms)
    source = editor(found, language, "last-seat-slips")
    told = leaks.check(found, language, source, "`row = (number - 1) // per_row + 1`", 3)
    assert {"line", "overlap"} & set(told.rules)


def test_half_of_a_line_here_and_half_there_is_not_the_learners_line() -> None:
    found, language = problem("js-strings-name-badge")
    source = editor(found, language, "result-not-kept")
    told = leaks.check(found, language, source, "Put `name.trim().toUpperCase()` between the stars.", 3)
    assert told.rules == ("line",)
    assert leaks.check(found, language, source, "Who keeps what `name.trim()` makes?", 3).passed


def test_the_words_of_an_error_are_anybodys_choice() -> None:
    found, language = problem("js-functions-book-seats")
    source = editor(found, language, "throws-text")
    told = leaks.check(found, language, source, 'It is throw new RangeError("...") with your text.', 2)
    assert {"overlap", "line", "fix"} & set(told.rules)


def test_the_learners_own_code_read_otherwise_is_no_code_in_disguise() -> None:
    found, language = problem("py-lists-watering-gaps")
    source = editor(found, language, "wrong-way-round")
    hint = "In line 4, which of `days[place - 1]` and `days[place]` is the later day?"
    assert leaks.check(found, language, source, hint, 3).passed


def test_the_learners_lines_in_other_columns_are_tried() -> None:
    found, language = problem("py-lists-filter-above")
    source = editor(found, language, "returns-too-early")
    block = "for number in numbers:\n    if number > limit:\n        result.append(number)\nreturn result"
    tried = [one.source for one in splicing.programs(source, [block], language, "filter_above")]
    assert source.replace("        return result", "    return result") in tried
