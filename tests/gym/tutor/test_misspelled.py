"""Mistyped words of a language, in the words that a learner reads."""

import pytest

from assay.gym.tutor.friendly import explain
from assay.gym.tutor.misspelled import misspelled, turned
from assay.records import Language


@pytest.mark.parametrize(
    ("language", "source", "line", "word", "meant"),
    [
        ("python", "def f(a):\n    retrun a", 2, "retrun", "return"),
        ("python", "dfe f(a):\n    return a", 1, "dfe", "def"),
        ("python", "if 1:\n    pass\nesle:\n    pass", 3, "esle", "else"),
        ("python", "if 1:\n    pass\nelfi 2:\n    pass", 3, "elfi", "elif"),
        ("python", "pritn 'x'", 1, "pritn", "print"),
        ("python", "for x ni [1]:\n    pass", 1, "ni", "in"),
        ("python", "if a adn b:\n    pass", 1, "adn", "and"),
        ("python", "improt math", 1, "improt", "import"),
        ("python", "While True:\n    break", 1, "While", "while"),
        ("javascript", "function f(a) {\n  retrun a;\n}", 2, "retrun", "return"),
        ("javascript", "conts a = 3;", 1, "conts", "const"),
        ("javascript", "fucntion f(a) {\n  return a;\n}", 1, "fucntion", "function"),
        ("javascript", "const f = fucntion (a) {\n};", 1, "fucntion", "function"),
        ("javascript", "if (true) {\n} esle {\n}", 2, "esle", "else"),
        ("javascript", "for (const x fo [1]) {\n}", 1, "fo", "of"),
        ("javascript", "whiel (true) {\n  break;\n}", 1, "whiel", "while"),
        ("javascript", "Const a = 3;", 1, "Const", "const"),
    ],
)
def test_the_right_word_is_offered(language: Language, source: str, line: int, word: str, meant: str) -> None:
    found = explain(language, "SyntaxError", "invalid syntax", source, line)
    assert f"`{word}`" in found.what
    assert f"Did you mean `{meant}`?" in found.look
    assert ("Small and capital" in found.look) is (word.lower() == meant)


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("python", "form = input("),
        ("python", "def f(form):\n    return form 'a'"),
        ("python", "total 5"),
        ("python", "my name = 3"),
        ("python", "# retrun a\nx = )"),
        ("python", "for ni, form in [(1, 2)]:\n    print(form ni)"),
        ("javascript", "let my name = 3;"),
        ("javascript", "const fro = 3;\nfro fro"),
        ("javascript", "retrun(3) }"),
    ],
)
def test_no_word_is_offered_where_a_name_stands(language: Language, source: str) -> None:
    rows = source.split("\n")
    assert misspelled(language, rows, len(rows)) is None


def test_the_line_before_the_one_that_is_named_is_looked_at_too() -> None:
    found = explain("javascript", "SyntaxError", "Unexpected identifier", "conts a\n= 3;", 2)
    assert "`const`" in found.look
    assert "line before" in found.look


@pytest.mark.parametrize(
    ("language", "error", "said", "meant"),
    [
        ("python", "NameError", "name 'ture' is not defined. Did you mean: 'tuple'?", "True"),
        ("python", "NameError", "name 'lne' is not defined", "len"),
        ("python", "NameError", "name 'pritn' is not defined", "print"),
        ("javascript", "ReferenceError", "retrun is not defined", "return"),
        ("javascript", "ReferenceError", "consoel is not defined", "console"),
        ("javascript", "ReferenceError", "ture is not defined", "true"),
    ],
)
def test_a_name_with_two_letters_turned_is_known(language: Language, error: str, said: str, meant: str) -> None:
    assert f"Did you mean `{meant}`?" in explain(language, error, said, "x", 1).look


@pytest.mark.parametrize(
    ("said", "look"),
    [
        ("console.lgo is not a function", "Did you mean `console.log`?"),
        ("console.Log is not a function", "Did you mean `console.log`? Small and capital letters count."),
        ("Math.cieling is not a function", "Did you mean `Math.ceil`?"),
        ("Math.rond is not a function", "Did you mean `Math.round`?"),
        ("JSON.parze is not a function", "Did you mean `JSON.parse`?"),
        ("Object.key is not a function", "Did you mean `Object.keys`?"),
        ("row.toupper is not a function", "Did you mean `toUpperCase`?"),
        ("row.tirm is not a function", "Did you mean `trim`?"),
        ("row.length is not a function", "`length` is a number and no function: write it without brackets."),
        ("console.print is not a function", "In JavaScript you print with `console.log(…)`."),
    ],
)
def test_the_nearest_that_an_object_has_is_offered(said: str, look: str) -> None:
    assert explain("javascript", "TypeError", said, "x", 1).look == look


def test_letters_are_turned_once_only() -> None:
    assert turned("lne", ["len", "nel"]) == "len"
    assert turned("ni", ["in"]) is None
    assert turned("abcd", ["dcba"]) is None
