"""Random inputs: always the same for a seed, the edges first, and only what the schema allows."""

import random
from typing import Any

import pytest

from assay.errors import ContentError
from assay.gym.generated import draw, inputs, refused
from assay.gym.records.problems import Problem, Values
from assay.gym.tasks import every_case
from assay.pipeline.checks.answers import encoded
from tests.gym.made import problem


def test_generated_tests_are_always_the_same_differ_and_keep_to_the_schema() -> None:
    chosen = problem()
    made = [test for test in every_case(chosen, "python") if test.id.startswith("g")]
    assert made == [test for test in every_case(chosen, "python") if test.id.startswith("g")]
    assert len({encoded(test.args) for test in made}) == len(made) == 10
    assert all(refused(chosen, test.args) == "" for test in made)
    assert made[0].args == [[], 0]
    assert [test.args for test in made] != [test.args for test in every_case(chosen, "python", 99)[len(chosen.tests) :]]
    written = [encoded(list(test.args)) for test in chosen.tests]
    assert not any(encoded(test.args) in written for test in made)


RICH = """\
{text: {type: string, minLength: 1, maxLength: 3, letters: ab}, pick: {type: string, enum: [x, y]}, price: {type: number, minimum: 0, maximum: 2},
 yes: boolean, nothing: {type: 'null'}, things: {type: object, properties: {name: string, sizes: {type: array, items: integer, uniqueItems: true, minItems: 2, maxItems: 3}}}, more: any}"""


def test_every_kind_of_value_can_be_drawn_and_is_taken() -> None:
    chosen = problem(input_schema=RICH.replace("\n", ""), generated="{count: 40}")
    made = inputs(chosen, 5, 40)
    assert len(made) == 40
    for arguments in made:
        assert refused(chosen, arguments) == ""
    things = [arguments[5] for arguments in made]
    assert all(len(set(thing["sizes"])) == len(thing["sizes"]) in (2, 3) for thing in things)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("not a list", "should be a list"),
        ([[]], "2 arguments are needed"),
        ([[], 1.5], "limit should be a whole number"),
        ([[], True], "limit should be a whole number"),
        ([[], 99], "limit should be at most 9"),
        ([[], -99], "limit should be at least -9"),
        ([[1] * 7, 0], "numbers should have at most 6 items"),
        ([["a"], 0], "numbers holds an item that should be a whole number"),
        ([{}, 0], "numbers should be a list"),
        ([[], float("nan")], "limit should be a whole number"),
    ],
)
def test_inputs_that_the_schema_does_not_allow_are_refused_with_the_reason(given: object, said: str) -> None:
    assert said in refused(problem(), given)


def test_a_schema_with_few_inputs_gives_no_more_than_there_are() -> None:
    chosen = problem(
        input_schema="{numbers: {type: array, maxItems: 0}, limit: {type: integer, minimum: 0, maximum: 2}}"
    )
    assert len(inputs(chosen, 1, 50)) == 3


def schemed(schema: str) -> Problem:
    return problem(input_schema=schema, generated="{count: 5}")


def values(**given: Any) -> Values:
    return Values.model_validate(given)


def test_the_edges_come_first_all_together_then_one_by_one() -> None:
    chosen = schemed(
        "{numbers: {type: array, items: integer}, limit: {type: integer, minimum: -3, maximum: 5}, word: string}"
    )
    made = inputs(chosen, 1, 8)
    assert made[:3] == [[[], 0, ""], [[], -3, ""], [[], 5, ""]]
    first, *others = made[3:7]  # then one edge each among random ones
    assert first[0] == []
    assert [one[1] for one in others] == [0, -3, 5]
    assert made[7][2] == ""
    assert any(one[0] for one in others)


@pytest.mark.parametrize(
    ("schema", "edges"),
    [
        ("{x: {type: integer, minimum: 2, maximum: 9}}", [2, 9]),
        ("{x: {type: integer, minimum: -9, maximum: -2}}", [-9, -2]),
        ("{x: {type: number, minimum: 0.5, maximum: 1.5}}", [0.5, 1.5, 1]),
        ("{x: {type: string, minLength: 1, maxLength: 2}}", []),
        ("{x: {type: array, minItems: 1, maxItems: 2}}", []),
        ("{x: {type: integer, enum: [7, 8]}}", []),
        ("{x: string}", [""]),
        ("{x: array}", [[]]),
        ("{x: integer}", [0, -20, 20]),
    ],
)
def test_the_smallest_and_the_largest_are_edges_where_they_are_allowed(schema: str, edges: list[object]) -> None:
    made = [arguments[0] for arguments in inputs(schemed(schema), 3, 2 * len(edges) + 20)]
    assert made[: len(edges)] == edges
    assert "" not in made[len(edges) :]
    assert [] not in made[len(edges) :]


def test_inputs_that_are_there_already_are_left_out() -> None:
    chosen = schemed("{yes: boolean}")
    assert sorted(inputs(chosen, 1, 9)) == [[False], [True]]
    assert inputs(chosen, 1, 9, {encoded([True])}) == [[False]]
    assert inputs(problem(input_schema=""), 1, 9) == []


DRAWN: list[tuple[dict[str, Any], set[object]]] = [
    ({"type": "integer"}, set(range(-20, 21))),
    ({"type": "integer", "minimum": 18}, {18, 19, 20}),
    ({"type": "integer", "minimum": 30}, {30}),
    ({"type": "integer", "maximum": -19}, {-20, -19}),
    ({"type": "integer", "maximum": -25}, {-25}),
    ({"type": "integer", "minimum": 0.5, "maximum": 3.5}, {1, 2, 3}),
    ({"type": "boolean"}, {True, False}),
    ({"type": "null"}, {None}),
    ({"type": "string", "enum": ["a", "b"]}, {"a", "b"}),
    ({"type": "string", "letters": "x", "maxLength": 2}, {"", "x", "xx"}),
    ({"type": "string", "letters": "x", "minLength": 14}, {"x" * 14}),
    ({"type": "number", "minimum": 0.121, "maximum": 0.1215}, {0.121}),
    ({"type": "number", "minimum": 0.126, "maximum": 0.1265}, {0.1265}),
]


@pytest.mark.parametrize(("given", "drawn"), DRAWN, ids=[str(given)[:60] for given, _ in DRAWN])
def test_all_of_the_allowed_values_are_drawn_and_no_others(given: dict[str, Any], drawn: set[object]) -> None:
    chance = random.Random(4)
    found = {draw(values(**given), chance) for _ in range(600)}
    assert found == drawn


def test_lists_keep_to_their_lengths_and_items_differ_where_they_must() -> None:
    chance = random.Random(4)
    lengths = {len(draw(values(type="array", minItems=2, maxItems=4), chance)) for _ in range(200)}
    assert lengths == {2, 3, 4}
    assert {len(draw(values(type="array"), chance)) for _ in range(400)} == set(range(9))
    assert max(len(draw(values(type="array", maxItems=10_000), chance)) for _ in range(200)) == 30
    assert max(len(draw(values(type="string", maxLength=10**9), chance)) for _ in range(50)) < 1000
    few = [draw(values(type="array", items="boolean", uniqueItems=True), chance) for _ in range(50)]
    assert {len(one) for one in few} == {0, 1, 2}
    assert all(len(set(one)) == len(one) for one in few)
    nested: dict[str, Any] = {"type": "integer"}
    for _ in range(9):
        nested = {"type": "array", "items": nested, "maxItems": 2}
    one = draw(values(**nested), random.Random(2))
    assert "1" not in str([draw(values(**nested), chance) for _ in range(20)])  # not as deep as that
    assert isinstance(one, list)


TAKEN: list[tuple[str, object, str]] = [
    ("{type: integer}", 3, ""),
    ("{type: integer}", 3.0, "should be a whole number"),
    ("{type: number}", 3, ""),
    ("{type: number}", True, "should be a number"),
    ("{type: number}", float("inf"), "should be a number"),
    ("{type: number}", float("-inf"), "should be a number"),
    ("{type: number, minimum: 1.5}", 1.25, "should be at least 1.5"),
    ("{type: number, minimum: 1.5}", 1.5, ""),
    ("{type: number, maximum: 1.5}", 1.5, ""),
    ("{type: number, maximum: 1.5}", 1.75, "should be at most 1.5"),
    ("{type: boolean}", False, ""),
    ("{type: boolean}", 0, "should be true or false"),
    ("{type: 'null'}", None, ""),
    ("{type: 'null'}", 0, "should be nothing"),
    ("{type: any}", {"a": [1]}, ""),
    ("{type: string}", 1, "should be text"),
    ("{type: string, minLength: 2}", "a", "should have at least 2 characters"),
    ("{type: string, minLength: 2}", "ab", ""),
    ("{type: string, maxLength: 2}", "ab", ""),
    ("{type: string, maxLength: 2}", "abc", "should have at most 2 characters"),
    ("{type: string, letters: ab}", "abba", ""),
    ("{type: string, letters: ab}", "abc", "should be made of 'ab'"),
    ("{type: integer, enum: [1, 2]}", 2, ""),
    ("{type: integer, enum: [1, 2]}", True, "is none of its values"),
    ("{type: integer, enum: [1, 2]}", 3, "is none of its values"),
    ("{type: array}", (1,), "should be a list"),
    ("{type: array, minItems: 2}", [1], "should have at least 2 items"),
    ("{type: array, minItems: 2}", [1, 2], ""),
    ("{type: array, maxItems: 2}", [1, 2], ""),
    ("{type: array, maxItems: 2}", [1, 2, 3], "should have at most 2 items"),
    ("{type: array, uniqueItems: true}", [1, 2, 1], "should not have an item twice"),
    ("{type: array, uniqueItems: true}", [1, 2], ""),
    ("{type: array, items: string}", ["a", 1], "holds an item that should be text"),
    ("{type: object, properties: {a: integer}}", {"a": 1}, ""),
    ("{type: object, properties: {a: integer}}", [1], "should have the keys a"),
    ("{type: object, properties: {a: integer}}", {"a": 1, "b": 1}, "should have the keys a"),
    ("{type: object, properties: {a: integer}}", {}, "should have the keys a"),
    ("{type: object, properties: {a: integer}}", {"a": "1"}, "has a a that should be a whole number"),
]


@pytest.mark.parametrize(("schema", "given", "said"), TAKEN, ids=lambda value: str(value)[:40])
def test_a_value_is_taken_or_refused_by_each_part_of_its_schema(schema: str, given: object, said: str) -> None:
    found = refused(schemed(f"{{x: {schema}}}"), [given])
    assert found == (f"x {said}" if said else "")


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ("{type: integer, minimum: 5, maximum: 1}", "no value is allowed: the minimum is 5 and the maximum 1"),
        ("{type: integer, minimum: 0.2, maximum: 0.8}", "no whole number lies between 0.2 and 0.8"),
        ("{type: string, minLength: 3, maxLength: 2}", "no value is allowed: the minLength is 3 and the maxLength 2"),
        ("{type: array, minItems: 3, maxItems: 2}", "no value is allowed: the minItems is 3 and the maxItems 2"),
        ("{type: array, minItems: 1000000}", "less than or equal to 1000"),
        ("{type: string, minLength: 1000000}", "less than or equal to 1000"),
        ("{type: string, enum: []}", "an enum needs a value"),
        ("{type: string, letters: ''}", "`letters` is empty"),
    ],
)
def test_a_schema_that_allows_nothing_is_refused_where_it_stands(schema: str, said: str) -> None:
    with pytest.raises(ContentError, match=r"^made\.yaml:\d+:\d+: .*" + said):
        schemed(f"{{x: {schema}}}")
