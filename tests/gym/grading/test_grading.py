"""Learners' programs in the real sandbox: what they are told, that cheats decide nothing, and two learners at once."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from assay.gym.grading import Grader
from assay.gym.records.results import Graded
from assay.pipeline.sandbox.choose import open_sandbox
from assay.pipeline.sandbox.namespaced import Namespaced
from assay.records import Language
from assay.settings import Settings
from tests.gym.grading.programs import SUM
from tests.gym.made import ABOVE as MADE
from tests.gym.made import problem

ABOVE = problem()
GOOD = ABOVE.languages["python"].solution


@pytest.mark.parametrize("language", ["python", "javascript"])
def test_the_solution_passes_all_tests_generated_ones_included(grader: Grader, language: Language) -> None:
    graded = grader.submit(ABOVE, language, ABOVE.languages[language].solution, "me")
    assert (graded.verdict, graded.passed, len(graded.cases)) == ("pass", 16, 16)
    assert graded.level is not None
    run = grader.run(ABOVE, language, ABOVE.languages[language].solution, "me")
    assert [case.id for case in run.cases] == ["t1", "t2"]


CALLED = [
    ("def above(numbers, limit):\n    pass\n", "wrong", "gave back None", None),
    ("def above(numbers, limit):\n    print([3, 4])\n", "wrong", "prints the right answer but gives back None", None),
    ("def above(n, limit):\n    return [x for x in n if x >= limit]\n", "wrong", "should have 1 item, but has 2", None),
    ("def above(n, limit):\n    return tuple(x for x in n if x > limit)\n", "wrong", "should be a list", None),
    ("def above(n, limit):\n    return (x for x in n if x > limit)\n", "wrong", "gave back a generator", None),
    ("def above(n, limit):\n    n.sort(reverse=True)\n    n.reverse()\n    return [x for x in n if x > limit]\n", "wrong",
     "changed what it was given", None),
    ("def above(n, limit):\n    return n[99]\n", "exception", "(IndexError: list index out of range)", 2),
    ("def above(n, limit):\n    return above(n, limit)\n", "exception", "calls itself again and again", 2),
    ("def above(n limit):\n    pass\n", "syntax", "Line 1: Python cannot read this", 1),
    ("def above(n, limit):\n    if n\n        pass\n", "syntax", "Line 2: Python cannot read this: expected ':'", 2),
    ("x = 1\n", "nothing", "There is no `above` in your program", None),
    ("def abov(n, limit):\n    return n\n", "nothing", "There is no `above` in your program. Should your `abov` be called that?", None),
    ("1 / 0\n", "exception", "ZeroDivisionError", 1),
    ("import sys\nsys.exit(0)\n", "exception", "ended itself", 2),
    ("def above(apples, n):\n    return aples\n", "exception", "Line 2: Python does not know the name `aples`. Did you mean `apples`?", 2),
    ("def above(n, limit):\n    return input()\n", "exception", "The values arrive in the brackets of `above(…)`", 2),
    ("def above(n, limit):\n    return 'a' * 10 ** 11\n", "oom", "Line 2: this needs more memory than there is", 2),
    ("def above(n, limit):\n    return n.sort()\n", "wrong", "what stands behind that `return` is None", None),
    ("import os\nos._exit(0)\n", "exception", "ended itself before it had answered", None),
    ("   \n", "nothing", "There is no code yet.", None),
    ("#" * (65 << 10), "nothing", "64 KB are taken", None),
]  # fmt: skip


@pytest.mark.parametrize(("source", "verdict", "said", "line"), CALLED, ids=lambda value: str(value)[:24])
def test_what_went_wrong_is_said_in_a_beginners_words(
    grader: Grader, source: str, verdict: str, said: str, line: int | None
) -> None:
    graded = grader.run(ABOVE, "python", source, "me")
    assert graded.verdict == verdict
    assert said in graded.message
    if line is not None:
        assert graded.line == line


def test_a_list_that_grows_without_end_is_told_by_its_bound_or_by_its_line(grader: Grader) -> None:
    source = "def above(n, limit):\n    kept = []\n    while True:\n        kept.append('x' * 99999)\n"
    graded = grader.run(ABOVE, "python", source, "me")
    assert graded.verdict == "oom"
    assert graded.level is not None
    if graded.level >= 3:  # a control group stops it
        assert "128 MB" in graded.message
    else:  # its own limit is told to it, unless our look at what it uses comes first
        told = graded.message
        assert "Line 4: this needs more memory than there is" in told or "more than 128 MB of memory" in told


SCRIPTED = [
    (
        "function above(numbers, limit) {\n  numbers.sort(); return numbers.filter(n => n > limit)\n}",
        "wrong",
        "changed",
    ),
    ("function above(n, l) {\n  return n.no.thing\n}", "exception", "Line 2: What stands before `.thing`"),
    ("function above(n, l) {\n  return\n    n.filter(x => x > l)\n}", "wrong", "the `return` in line 2 stands alone"),
    ("function above(n, l) {\n  if (n) {\n    return n\n}", "syntax", "the `{` of line 1 has no `}`"),
    ("const above = (n, l) => {\n  let = ;\n}", "syntax", "Line 2: JavaScript cannot read this"),
    ("export const above = (n, l) => n.filter(x => x > l)\n", "pass", ""),
    ("module.exports = { above: (n, l) => n.filter(x => x > l) }", "pass", ""),
    ("async function above(n, l) { return n.filter(x => x > l) }", "pass", ""),
    ("function above() { return 'a' }", "wrong", "should be an array, but your function gave back a string"),
    ("function aboveAll() {}", "nothing", "There is no `above`"),
    (
        "function Above(n) { return n }",
        "nothing",
        "There is no `above` in your program. Should your `Above` be called that?",
    ),
    ("process.exit(0)", "exception", "ended itself"),
    ("function above() { for (;;) console.log('x') }", "output_limit", "printed more than"),
]


@pytest.mark.parametrize(("source", "verdict", "said"), SCRIPTED, ids=lambda value: str(value)[:24])
def test_javascript_is_told_the_same_way(grader: Grader, source: str, verdict: str, said: str) -> None:
    graded = grader.run(ABOVE, "javascript", source, "me")
    assert graded.verdict == verdict
    assert said in graded.message


def test_what_each_call_printed_stands_with_it_and_what_was_printed_before_stands_apart(grader: Grader) -> None:
    source = "print('hello')\ndef above(n, limit):\n    print('called with', n)\n    return []\n"
    graded = grader.run(ABOVE, "python", source, "me")
    assert graded.printed == "hello\n"
    assert [case.printed for case in graded.cases] == ["called with [3, 1, 4]\n", "called with [2, 3]\n"]


def test_a_time_out_keeps_the_output_so_far_and_names_the_line_and_the_tests_after_it_did_not_run(
    grader: Grader,
) -> None:
    source = "def above(n, limit):\n    print('so far', end='')\n    while True:\n        pass\n"
    graded = grader.submit(ABOVE, "python", source, "me")
    assert graded.verdict == "timeout"
    assert "Time is up" in graded.message
    assert [case.outcome for case in graded.cases] == ["failed", *["not_run"] * 5]
    assert graded.cases[0].printed == "so far"
    assert graded.line in (3, 4)


@pytest.mark.parametrize("how", ["run", "submit"])
def test_a_function_that_prints_for_ever_is_stopped_for_that_and_shows_a_few_lines(grader: Grader, how: str) -> None:
    source = "def above(n, limit):\n    while True:\n        print('again')\n"
    graded = grader.run(ABOVE, "python", source, "me") if how == "run" else grader.submit(ABOVE, "python", source, "me")
    assert (graded.verdict, graded.cases[0].outcome) == ("output_limit", "failed")
    assert graded.cases[0].printed.startswith("again\nagain\n")
    assert graded.cases[0].printed.count("again") == 20
    assert "or more lines like these" in graded.cases[0].printed
    assert {case.outcome for case in graded.cases[1:]} == {"not_run"}


CHEATS = [
    "class Yes(list):\n    def __eq__(self, other):\n        return True\ndef above(n, limit):\n    return Yes()\n",
    "import os\ndef above(n, limit):\n    os.write(3, b'[\"v\",[3,4]]\\n' * 9)\n    os._exit(0)\n",
    "import sys\ndef above(n, limit):\n    sys.exit(0)\n",
    "import builtins\nbuiltins.print = None\nbuiltins.list = None\ndef above(n, limit):\n    return True\n",
    "import assay_runner\nassay_runner._note = None\ndef assay_call(*a):\n    return []\ndef above(n, limit):\n    return 1\n",
]


@pytest.mark.parametrize("source", CHEATS)
def test_what_ran_decides_nothing(grader: Grader, source: str) -> None:
    assert grader.submit(ABOVE, "python", source, "me").verdict not in ("pass", "error")


def test_exceptions_that_are_asked_for_by_language(grader: Grader) -> None:
    asked = problem(
        tests="[{id: t1, args: [[], 0], expect: []}, {id: t2, args: [[], -99], raises: {python: ValueError, javascript: RangeError}}]",
        misconceptions="",
        generated="",
    )
    python = "def above(n, limit):\n    if limit < -9:\n        raise {}('no')\n    return []\n"
    assert grader.run(asked, "python", python.format("ValueError"), "me").verdict == "pass"
    assert grader.run(asked, "python", python.format("UnicodeError"), "me").verdict == "pass"  # a ValueError too
    other = grader.run(asked, "python", python.format("KeyError"), "me")
    assert "ValueError should be raised here, but KeyError was" in other.message
    none = grader.run(asked, "python", "def above(n, limit):\n    return []\n", "me")
    assert "ValueError should be raised here, but your function gave back []" in none.message
    javascript = "function above(n, limit) { if (limit < -9) throw new RangeError('no'); return [] }"
    assert grader.run(asked, "javascript", javascript, "me").verdict == "pass"


COMPARED = [
    ("approx", "0.3", "0.1 + 0.2", True),
    ("{mode: approx, abs: 0.01}", "0.3", "0.305", True),
    ("{mode: approx, abs: 0.01}", "0.3", "0.32", False),
    ("unordered", "[1, 2]", "[2, 1]", True),
    ("set", "[1, 2]", "{2, 1}", True),
    ("exact", "[1, 2]", "[2, 1]", False),
    ("exact", "1", "True", False),
    ("text", "'a'", "'a \\n'", True),
    ("text-tokens", "'a b'", "'a   b'", True),
    ("text-lines", '"a\\nb"', "'b\\na'", True),
    ("json", "'{\"a\": 1}'", "'{ \"a\":1 }'", True),
    ("regex", "'a+'", "'aaa'", True),
]


@pytest.mark.parametrize(("mode", "expected", "given", "same"), COMPARED)
def test_every_way_to_compare(grader: Grader, mode: str, expected: str, given: str, same: bool) -> None:
    asked = problem(
        grading=f"{{compare: {mode}}}",
        tests=f"[{{id: t1, args: [[], 0], expect: {expected}}}]",
        generated="",
        misconceptions="",
    )
    graded = grader.run(asked, "python", f"def above(n, limit):\n    return {given}\n", "me")
    assert (graded.verdict == "pass") == same


def test_what_is_not_allowed_is_told_when_all_else_is_right(grader: Grader) -> None:
    asked = problem(MADE + "disallow:\n  - {python_ast: ListComp, message: Use a loop this time.}\n")
    graded = grader.submit(asked, "python", GOOD, "me")
    assert (graded.verdict, graded.message, graded.line) == ("disallowed", "Use a loop this time.", 2)
    loop = "def above(n, limit):\n    kept = []\n    for x in n:\n        if x > limit:\n            kept.append(x)\n    return kept\n"
    assert grader.submit(asked, "python", loop, "me").verdict == "pass"


def test_our_own_failure_is_an_error_and_never_a_failed_test(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, workers=1)
    with open_sandbox(settings) as sandbox, Grader(settings, sandbox=sandbox) as broken:
        assert isinstance(sandbox, Namespaced)
        sandbox._runtime = replace(sandbox._runtime, node=None)  # Node was taken away meanwhile
        for graded in (
            broken.run(ABOVE, "javascript", "const above = 1", "me"),
            broken.submit(ABOVE, "javascript", "const above = 1", "me"),
            broken.submit(SUM, "javascript", "console.log(1)", "me"),
            broken.console(SUM, "javascript", "console.log(1)", "", "me"),
        ):
            assert graded.verdict == "error"
            assert "our mistake, not yours" in graded.message
            assert not any(case.outcome == "failed" for case in graded.cases)
        assert broken.run(ABOVE, "python", GOOD, "me").verdict == "pass"


def test_two_learners_at_once_each_get_their_own_result(grader: Grader) -> None:
    found: dict[str, Graded] = {}

    def work(learner: str) -> None:
        source = f"def above(n, limit):\n    return '{learner}'\n"
        found[learner] = grader.run(ABOVE, "python", source, learner)

    threads = [threading.Thread(target=work, args=(f"learner-{at}",)) for at in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(graded.cases[0].got == f"'{learner}'" for learner, graded in found.items())
    assert len(found) == 12
