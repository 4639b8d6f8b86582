"""Mutants change one thing each, the same for the same script, and leave alone what no test can reach."""

import ast

from assay.pipeline.mutants import mutants

SCRIPT = '''"""Counts."""
import os


def count(words: list[str], least: int = 2) -> int:
    """Count long words."""
    total = 0
    for word in words:
        if len(word) >= least and not word.startswith("#"):
            total += 1
        elif word == "end":
            break
    return total * 2


if __name__ == "__main__":
    print(count(["a", "bc"]))
'''


def test_mutants_are_spread_over_the_operators_and_always_the_same() -> None:
    made = mutants(SCRIPT, 8)
    assert made == mutants(SCRIPT, 8)
    assert len({one.mutant.operator for one in made}) == 8
    assert len({one.source for one in made}) == 8


def test_each_parses_and_differs_from_the_script_in_one_place() -> None:
    plain = ast.unparse(ast.parse(SCRIPT)).split("\n")
    for one in mutants(SCRIPT, 50):
        changed = ast.unparse(ast.parse(one.source)).split("\n")
        assert len(changed) == len(plain)
        assert sum(a != b for a, b in zip(plain, changed, strict=True)) == 1
        assert one.mutant.before != one.mutant.after


def test_what_runs_on_its_own_and_docstrings_and_annotations_stay() -> None:
    for one in mutants(SCRIPT, 50):
        assert "print(count(['a', 'bc']))" in one.source
        assert '"""Count long words."""' in one.source
        assert "words: list[str]" in one.source


def test_there_are_no_more_than_asked_for_and_none_of_what_does_not_parse() -> None:
    assert len(mutants(SCRIPT, 3)) == 3
    assert mutants(SCRIPT, 0) == ()
    assert mutants("def broken(:\n", 5) == ()
    assert mutants("pass\n", 5) == ()
    assert mutants("x = " + "(" * 5000 + ")" * 5000, 5) == ()


JAVASCRIPT = """'use strict'
const fs = require("node:fs")
function pick(words, least) {
  const found = [];
  for (let i = 0; i < words.length; i++) {
    switch (words[i]) { case "end": break }
    if (!words[i].startsWith("#") && words[i].length >= least) { found.push(words[i]); continue }
  }
  return found.length > 2 ? found : null;
}
"""


def test_javascript_has_mutants_of_every_kind_too() -> None:
    made = mutants(JAVASCRIPT, 100, "javascript")
    assert made == mutants(JAVASCRIPT, 100, "javascript")
    assert {one.mutant.operator for one in made} == {
        "and-or", "arithmetic", "comparison", "condition", "constant", "loop", "not", "return", "statement", "text",
    }  # fmt: skip
    assert len({one.source for one in made} | {JAVASCRIPT}) == len(made) + 1
    assert all("'use strict'" in one.source and 'require("node:fs")' in one.source for one in made)
    assert all('"end": break }' in one.source or '"end~": break }' in one.source for one in made)


def test_javascript_that_does_not_parse_has_none() -> None:
    assert mutants("function (", 5, "javascript") == ()
    assert mutants("", 5, "javascript") == ()


def test_what_runs_on_its_own_is_changed_where_the_tests_run_it() -> None:
    assert any("print(count(['a~'" in one.source for one in mutants(SCRIPT, 100, imported=False))
