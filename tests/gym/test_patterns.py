"""Patterns over syntax trees: what they hold, and what is said of those that are none."""

import pytest

from assay.errors import AssayError
from assay.gym import patterns
from assay.records import Language

LOOP = """def total(numbers):
    result = 0
    for number in numbers:
        if number >= 0:
            return result
        result = result + number
    print(sum(numbers), end="")
    return result
"""

SCRIPT = """function total(numbers) {
  let result = 0;
  for (const number of numbers) {
    if (number <= 1) { return result; }
    result += number;
  }
  console.log(numbers.length);
  return result;
}
"""


@pytest.mark.parametrize(
    ("language", "pattern", "lines"),
    [
        ("python", "Call[func.id=sum]", [7]),
        ("python", "Call[func=sum]", [7]),
        ("python", "Call[func=print|len]", [7]),
        ("python", "Call[func.id=max]", []),
        ("python", "Call[keywords]", [7]),
        ("python", "Call[!keywords]", [7]),
        ("python", "Call[keywords.arg=end]", [7]),
        ("python", "Call[args.0=numbers]", [7]),
        ("python", "For If Return", [5]),
        ("python", "FunctionDef Return", [5, 8]),
        ("python", "While", []),
        ("python", "Compare[ops=GtE|LtE]", [4]),
        ("python", 'Compare[text="number >= 0"]', [4]),
        ("python", "FunctionDef[name=total]:has(For):without(While)", [1]),
        ("python", "FunctionDef[name=total]:without(For If)", []),
        ("python", "For:without(Call)", [3]),
        ("python", "BinOp[op=Add][right=number]", [6]),
        ("python", "Constant[value=0]", [2, 4]),
        ("python", 'Constant[value=""]', [7]),
        ("python", "*[id=sum]", [7]),
        ("python", "If[!orelse]", [4]),
        ("python", "If[orelse]", []),
        ("python", "Call[func.id!=sum]", [7]),
        ("javascript", "call_expression[function=console.log]", [7]),
        ("javascript", "call_expression[function.property=log]", [7]),
        ("javascript", 'binary_expression[operator="<="|">="]', [4]),
        ("javascript", "for_in_statement[operator=of]", [3]),
        ("javascript", "for_in_statement return_statement", [4]),
        ("javascript", "augmented_assignment_expression", [5]),
        ("javascript", "while_statement|for_statement", []),
        ("javascript", "function_declaration[name=total]:without(while_statement)", [1]),
        ("javascript", "if_statement[!alternative]", [4]),
    ],
)
def test_a_pattern_is_found_where_it_lies(language: Language, pattern: str, lines: list[int]) -> None:
    places = patterns.find(pattern, language, LOOP if language == "python" else SCRIPT)
    assert sorted({place.line for place in places}) == lines


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("", "the name of a node"),
        ("Cal[func=sum]", "no node 'Cal'"),
        ("Call[func=sum", "`]`"),
        ("Call[=sum]", "the name of a field"),
        ("Call[func=]", "a value"),
        ("Call[!func=sum]", "`!=`"),
        ("Call]", "nothing more"),
        ("Call:has(For", "`)`"),
        ("Call" * 200, "longer"),
    ],
)
def test_what_is_no_pattern_is_told_with_its_place(pattern: str, says: str) -> None:
    with pytest.raises(AssayError) as told:
        patterns.find(pattern, "python", LOOP)
    assert says in str(told.value)


def test_a_misspelt_node_is_met_with_the_nearest() -> None:
    with pytest.raises(AssayError) as told:
        patterns.find("functiondef", "python", LOOP)
    assert "FunctionDef" in told.value.help
    with pytest.raises(AssayError) as told:
        patterns.find("call_expresion", "javascript", SCRIPT)
    assert "call_expression" in told.value.help


@pytest.mark.parametrize("source", ["def f(:\n", "\0", "(" * 50_000, "x" * 200_000, "", "-" * 20_000 + "1"])
def test_hostile_source_holds_nothing_and_breaks_nothing(source: str) -> None:
    assert patterns.find("For", "python", source) == ()
    assert patterns.find("for_statement", "javascript", source) == ()


def test_deep_source_is_walked_without_recursion() -> None:
    deep = "if (a) " * 3000 + "b;"
    assert patterns.find("if_statement if_statement", "javascript", deep)


def test_a_place_shows_one_line_of_the_source() -> None:
    (place,) = patterns.find("For", "python", LOOP)
    assert place == patterns.Place(3, "for number in numbers:")
