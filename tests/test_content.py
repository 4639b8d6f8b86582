"""Content files: what the text means, and that each mistake is told with its place."""

import math
from datetime import date
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import Field

from assay.content import MAX_BYTES, MAX_DEPTH, Document, Value, load, parse
from assay.errors import ContentError
from assay.pipeline.sandbox.guest.values import UNDEFINED
from assay.records import Record


class Step(Record):
    name: str
    minutes: int = 1
    exact: bool = False


class Recipe(Record):
    kind: Literal["soup", "salad"] = "soup"
    title: str
    steps: tuple[Step, ...] = ()
    since: date | None = None
    share: float = 0.5
    value: Value = None


def value_of(text: str) -> Any:
    return parse(f"title: t\nvalue: {text}\n", "r.yaml", Recipe).value


def error_of(text: str, place: str = "r.yaml") -> ContentError:
    with pytest.raises(ContentError) as caught:
        parse(text, place, Recipe)
    return caught.value


def test_a_file_becomes_a_record(tmp_path: Path) -> None:
    file = tmp_path / "soup.yaml"
    file.write_text(
        "title: Leek soup\nsteps:\n  - {name: cut, minutes: 5}\n  - name: boil\nsince: 2026-03-01\nshare: 1\n"
    )
    recipe = load(file, Recipe)
    assert recipe == Recipe(
        title="Leek soup", steps=(Step(name="cut", minutes=5), Step(name="boil")), since=date(2026, 3, 1), share=1.0
    )


def test_json_is_read_with_tabs_escapes_and_surrogate_pairs() -> None:
    text = '\ufeff{\t"title": "a\\/b \\ud83d\\ude00",\r\n\t"steps":[{"name":"x","exact":true}], "value": [1e3, -0.5, null, {}]}'
    recipe = parse(text, "r.json", Recipe)
    assert (recipe.title, recipe.steps, recipe.value) == (
        "a/b 😀",
        (Step(name="x", exact=True),),
        [1000.0, -0.5, None, {}],
    )


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("no", "no"),
        ("on", "on"),
        ("2026-01-31", "2026-01-31"),
        ("12:30", "12:30"),
        ("1.2.3", "1.2.3"),
        ("'12'", "12"),
        ("12", 12),
        ("-0", 0),
        ("1e3", 1000.0),
        ("2.0", 2.0),
        ("true", True),
        ("~", None),
        ("", None),
        ("'true'", "true"),
        ("123456789012345678901234567890", 123456789012345678901234567890),
        ("{a: [1, {b: 2}]}", {"a": [1, {"b": 2}]}),
    ],
)
def test_plain_values_mean_what_yaml_1_2_says(text: str, means: object) -> None:
    value = value_of(text)
    assert value == means
    assert type(value) is type(means)


@pytest.mark.parametrize(
    "text", ["True", "FALSE", "None", "012", "0x1F", "0o17", "1_000", ".5", "5.", "+1", ".inf", "-.INF", ".NaN"]
)
def test_what_readers_of_yaml_disagree_on_is_refused_with_both_ways_to_say_it(text: str) -> None:
    error = error_of(f"title: t\nvalue: {text}\n")
    assert str(error) == f"r.yaml:2:8: {text} is unclear"
    assert f'"{text}" in quotes' in error.help


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("!tuple [1, a]", (1, "a")),
        ("!tuple []", ()),
        ("[!tuple [1, [2]]]", [(1, [2])]),
        ("!set [1, 2]", {1, 2}),
        ("!frozenset [a]", frozenset("a")),
        ("!set [!tuple [1, 2], !frozenset []]", {(1, 2), frozenset()}),
        ('!bytes "00ff"', b"\x00\xff"),
        ("!complex [1.5, -2]", 1.5 - 2j),
        ("!float inf", math.inf),
        ("!undefined", UNDEFINED),
        ("{1: one, 2: two}", {1: "one", 2: "two"}),
        ("{!tuple [0, 1]: x, y: !tuple [2]}", {(0, 1): "x", "y": (2,)}),
        ("{true: 1, null: 2}", {True: 1, None: 2}),
        ("{a: {b: !bytes ''}}", {"a": {"b": b""}}),
        ('{"\\0typed": 0}', {"\0typed": 0}),
    ],
)
def test_tags_and_keys_say_what_json_cannot(text: str, means: object) -> None:
    value = value_of(text)
    assert value == means
    assert type(value) is type(means)


def test_not_a_number_can_be_said() -> None:
    assert math.isnan(value_of("!float nan"))


def test_an_unknown_key_is_told_with_its_place_and_the_nearest_right_one() -> None:
    error = error_of("title: t\nsteps:\n  - name: a\n    minuts: 2\n")
    assert str(error) == "r.yaml:4:5: unknown key 'minuts'"
    assert error.help == "Did you mean 'minutes'? Known: exact, minutes, name."
    assert error.place == "r.yaml:4:5"


def test_a_missing_key_is_told_where_its_mapping_begins() -> None:
    assert str(error_of("title: t\nsteps:\n  - minutes: 2\n")) == "r.yaml:3:5: the key 'name' is missing"


def test_an_unknown_key_is_told_before_the_key_that_is_missing_for_it() -> None:
    error = error_of("titel: t\n")
    assert str(error) == "r.yaml:1:1: unknown key 'titel'"
    assert "Also r.yaml:1:1: the key 'title' is missing" in error.help


@pytest.mark.parametrize(
    ("text", "message", "help_"),
    [
        ("title: 12\n", "1:8: title: should be text, not 12", 'Put it in quotes: "12".'),
        (
            "title: t\nkind: sald\n",
            '2:7: kind: "sald" is not one of its values',
            "Did you mean 'salad'? Known: soup, salad.",
        ),
        ("title: t\nsteps: x\n", '2:8: steps: should be a list, not "x"', ""),
        ("title: t\nsteps: [{name: a, exact: yes}]\n", '2:26: exact: should be true or false, not "yes"', ""),
        ("title: t\nsteps: 1, 2\n", '2:8: steps: should be a list, not "1, 2"', "A list needs brackets: [1, 2]."),
        ("title: t\nsteps: [{name: 1, 2}]\n", "2:19: the key 2 is not text", "A list needs brackets: name: [1, 2]."),
        (
            "title: t\nsteps: [{minutes: [1], 2, a}]\n",
            "2:24: the key 2 is not text",
            "needs brackets: minutes: […, 2, a].",
        ),
        ("title: t\nsteps: [{name: a, 2: b}]\n", "2:19: the key 2 is not text", "Keys are text: put it in quotes."),
        ("title: t\nsteps: [7]\n", "2:9: steps: should be a mapping (key: value)", ""),
        (
            "title: t\nshare: !tuple [1]\n",
            "2:8: share: !tuple is not understood here",
            "Only the values of cases may use them.",
        ),
        (
            "title: t\nsteps: {1: a}\n",
            "2:8: steps: keys that are not text are not understood here",
            "Only the values of cases may use them.",
        ),
        ("[1]\n", "1:1: should be a mapping (key: value)", ""),
        ("", "1:1: is empty", ""),
        ("# only this\n", "1:1: is empty", ""),
        ("title: a\ntitle: b\n", "2:1: the key 'title' is given twice", "It stands on line 1 already."),
        ("title: t\nvalue: {1: a, 1.0: b}\n", "2:15: the key 1.0 is given twice", "It stands on line 2 already."),
        ("title: t\nvalue: {[1]: a}\n", "2:9: a list cannot be a key", "A !tuple or !frozenset can."),
        ("title: t\nvalue: !set [[1]]\n", "2:14: a list cannot be a member of a set", "A !tuple or !frozenset can."),
        ("title: t\nvalue: !set [1, 1]\n", "2:17: 1 is in the set twice", ""),
        ("title: &a t\nvalue: *a\n", "1:8: anchors and aliases are not used here", "Write the value out."),
        ("title: t\n---\ntitle: u\n", "2:1: a second document", "One file holds one; take the '---' out."),
        ("title: t\nvalue: !tupel [1]\n", "2:8: unknown tag !tupel", ""),
        ("title: t\nvalue: !!python/object:os.system x\n", "2:8: unknown tag !!python/object:os.system", ""),
        ("title: t\nvalue: !bytes xyz\n", "2:8: !bytes takes pairs of hexadecimal digits", 'Like this: !bytes "00ff"'),
        (
            "title: t\nvalue: !float 1\n",
            "2:8: !float takes nan, inf or -inf, not '1'",
            "Write other numbers as they are.",
        ),
        ("title: t\nvalue: !tuple 1\n", "2:8: !tuple takes a list", "Like this: !tuple [1, 2]"),
        ("title: t\nvalue: !set {a: 1}\n", "2:8: !set does not take a mapping", "Like this: !set [1, 2]"),
        ("title: t\nvalue: !complex [1]\n", "2:8: !complex takes two numbers", "Like this: !complex [1.5, -2]"),
        ("title: t\nvalue: 1e999\n", "2:8: 1e999 is beyond a float", "For infinity write !float inf."),
        ('title: t\nvalue: "\\ud800"\n', "2:11: is not YAML: found invalid Unicode", ""),
        (
            "title: a: b\n",
            "1:9: is not YAML: mapping values are not allowed in this context",
            "A ': ' inside text needs quotes around the whole text.",
        ),
        ("title: t\nsince: soon\n", "2:8: since: ", ""),
        ("title: a\x01b\n", "1:9: is not YAML: unacceptable character #x0001", ""),
    ],
)
def test_each_mistake_has_its_place_and_remedy(text: str, message: str, help_: str) -> None:
    error = error_of(text)
    assert str(error).startswith(f"r.yaml:{message}")
    assert help_ in error.help


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"title": "t",}', "1:15: is not JSON: a key in double quotes should stand here"),
        ('{"title" "t"}', "1:10: is not JSON: a ':' should stand here"),
        ('{"title": "t"', "1:14: is not JSON: a ',' or '}' should stand here"),
        ('{"title": "t"} x', "1:16: is not JSON: there is more after its end"),
        ('{\n "title": tt}', "2:11: is not JSON: 't' begins no value"),
        ('{\n "title": "a\nb"}', "2:13: is not JSON: "),
        ('{"title": "t",\n "title": "u"}', "2:2: the key 'title' is given twice"),
        ('{"title": "t",\n "valeu": 1}', "2:2: unknown key 'valeu'"),
        ('{"title": "t", "value": 012}', "1:26: is not JSON"),
        ('{"title": "\\ud800"}', "1:11: half a surrogate pair is no text"),
        ("", "1:1: is not JSON: it ends too early"),
    ],
)
def test_mistakes_in_json_have_their_place_too(text: str, message: str) -> None:
    assert str(error_of(text, "r.json")).startswith(f"r.json:{message}")


@pytest.mark.parametrize(
    ("place", "text", "message"),
    [
        ("r.yaml", "title: t\nvalue: " + "[" * 100_000, f"nested more than {MAX_DEPTH} deep"),
        ("r.json", '{"value": ' + "[" * 100_000, f"nested more than {MAX_DEPTH} deep"),
        ("r.yaml", "title: t\nvalue: [" + "1," * 250_000 + "1]", "more than 200,000 values"),
        ("r.yaml", "title: t\nvalue: " + "1" * 5000, "more than 4000 digits"),
        ("r.yaml", "title: " + "x" * MAX_BYTES, "larger than 4 MiB"),
        ("r.yaml", "a: &a [x,x,x,x]\nb: &b [*a,*a,*a,*a]\nc: [*b,*b,*b,*b]\n", "anchors and aliases"),
    ],
    ids=["deep yaml", "deep json", "many", "digits", "large", "alias bomb"],
)
def test_text_made_to_exhaust_us_is_refused(place: str, text: str, message: str) -> None:
    assert message in str(error_of(text, place))


def test_a_file_that_is_missing_or_no_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match=r"none\.yaml: cannot be read: No such file"):
        load(tmp_path / "none.yaml", Recipe)
    (tmp_path / "latin.yaml").write_bytes("title: t\nkind: é".encode("latin-1"))
    with pytest.raises(ContentError, match=r"latin\.yaml:2:7: is not UTF-8 text"):
        load(tmp_path / "latin.yaml", Recipe)


def test_a_document_tells_the_place_of_what_it_says() -> None:
    document = Document("title: t\nsteps:\n  - name: a\n  - {name: b, minutes: 3}\n", "r.yaml")
    assert document.place("steps", 1, "minutes") == "r.yaml:4:24"
    assert document.place("steps", 1, "minutes", key=True) == "r.yaml:4:15"
    assert document.place("steps", 1, "exact") == "r.yaml:4:5", "what is not there: the nearest on the way"


@pytest.mark.parametrize(
    "text", ["title: t\nsteps: [{minutes: 1, 2}]\n", '{title: t, value: 1, steps: [{"\\0": 1}]}\n']
)
def test_a_key_that_is_not_text_is_told_alone_and_never_by_a_name_of_ours(text: str) -> None:
    error = error_of(text)
    assert "typed" not in f"{error} {error.help}"
    assert "missing" not in f"{error} {error.help}"


class Menu(Record):
    steps: tuple[Step, ...] = Field(min_length=1)


def test_a_wrong_item_is_told_and_not_that_its_list_is_too_short() -> None:
    with pytest.raises(ContentError, match=r"^m\.yaml:1:28: minutes: input should be a valid integer") as caught:
        parse("steps: [{name: a, minutes: soon}]\n", "m.yaml", Menu)
    assert "Also" not in caught.value.help
    with pytest.raises(ContentError, match="at least 1 item"):
        parse("steps: []\n", "m.yaml", Menu)
