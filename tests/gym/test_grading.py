"""Learners' programs in the real sandbox: what they are told, what they must not see, and who waits for whom."""

import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from assay.gym.grading import Grader
from assay.gym.grading.reveal import seen
from assay.gym.queueing import Busy, Turns
from assay.gym.records import Graded, Problem
from assay.pipeline.sandbox import Sandbox
from assay.pipeline.sandbox.choose import open_sandbox
from assay.pipeline.sandbox.namespaced import Namespaced
from assay.pipeline.sandbox.supervise import Running
from assay.records import Language
from assay.settings import Settings
from tests.gym.made import ABOVE as MADE
from tests.gym.made import problem, whole

ABOVE = problem()
GOOD = ABOVE.languages["python"].solution
SECRETS = ("7202", "7303", "7404", "7405")


def only(graded: Graded, identifier: str) -> str:
    return next(case.message for case in graded.cases if case.id == identifier)


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
    ("1 / 0\n", "exception", "ZeroDivisionError", 1),
    ("import sys\nsys.exit(0)\n", "exception", "ended itself", 2),
    ("def above(apples, n):\n    return aples\n", "exception", "Line 2: Python does not know the name `aples`. Did you mean `apples`?", 2),
    ("def above(n, limit):\n    return input()\n", "exception", "The values arrive in the brackets of `above(…)`", 2),
    ("def above(n, limit):\n    return 'a' * 10 ** 11\n", "oom", "Line 2: this needs more memory than there is", 2),
    ("def above(n, limit):\n    return n.sort()\n", "wrong", "what stands behind that `return` is None", None),
    ("import os\nos._exit(0)\n", "exception", "ended itself before it had answered", None),
    ("def above(n, limit):\n    print('so far')\n    while True:\n        pass\n", "timeout", "Time is up", None),
    ("def above(n, limit):\n    kept = []\n    while True:\n        kept.append('x' * 99999)\n", "oom", "128 MB", None),
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
    assert [case.outcome for case in graded.cases] == ["failed", *["not_run"] * 5]
    assert graded.cases[0].printed == "so far"
    assert graded.line in (3, 4)


# ---- what must not be seen -------------------------------------------------------------------------------------------

TELLERS = [
    "def above(n, limit):\n    return n + [limit]\n",
    "def above(n, limit):\n    print(n, limit)\n    return None\n",
    "def above(n, limit):\n    raise ValueError(repr(n) + repr(limit))\n",
    "def above(n, limit):\n    raise type('E' + '_'.join(str(x).replace('-', 'm') for x in n), (Exception,), {})()\n",
    "kept = []\ndef above(n, limit):\n    kept.append(n)\n    print('\\x1e0\\x1e', kept)\n    return kept\n",
    "import sys\ndef above(n, limit):\n    sys.stderr.write('\\x1e{\"note\": \"error\", \"text\": \"' + str(n) + '\", \"type\": \"' + str(n) + '\"}\\n')\n    raise KeyError(str(n))\n",
    "import os\ndef above(n, limit):\n    os.write(2, repr(n).encode())\n    os._exit(n[0] % 256)\n",
    # a line that is none
    "import os\ndef above(n, limit):\n    os.write(2, b'\\x1e{\"note\": \"error\", \"case\": 5, \"line\": %d}\\n' % abs(n[0]))\n    raise KeyError\n",
    # right until it has seen enough
    "kept = []\ndef above(n, limit):\n    kept.append(n)\n    return [x for x in n if x > limit] if len(kept) < 8 else str(kept)\n",
    "import threading, time\nkept = []\ndef tell():\n    while True:\n        print(kept)\n        time.sleep(0.001)\nthreading.Thread(target=tell, daemon=True).start()\ndef above(n, limit):\n    kept.append(n)\n    time.sleep(0.01)\n    return n\n",
    # right where all may be seen, and telling elsewhere
    "def above(n, limit):\n    if abs(n[0]) < 7200:\n        return [x for x in n if x > limit]\n    raise KeyError(str(n))\n",
    "def above(n, limit):\n    if not n or abs(n[0]) < 7200:\n        return [x for x in n if x > limit]\n    print(n)\n    return n\n",
]  # fmt: skip


@pytest.mark.parametrize("source", TELLERS)
def test_a_program_that_tells_its_arguments_tells_none_of_the_concealed_ones(grader: Grader, source: str) -> None:
    graded = grader.submit(ABOVE, "python", source, "me")
    told = graded.model_dump_json()
    assert graded.verdict != "pass"
    for secret in SECRETS[1:]:
        assert secret not in told
    for case in graded.cases:  # this one's input may be seen, where it failed
        assert "7202" not in json.dumps(case.model_dump(exclude={"call"}))
    assert "7202" not in json.dumps(graded.model_dump(exclude={"cases"}))


TELLING = """
const kept = []
function above(n, limit) {
  kept.push(n)
  console.log(JSON.stringify(kept))
  process.stderr.write('\\x1e' + JSON.stringify({ note: 'error', case: 0, text: JSON.stringify(kept), type: 'E' + kept }) + '\\n')
  if (kept.length > 3) throw new Error(JSON.stringify(kept))
  return n.filter((x) => x > limit)
}
"""


def test_javascript_that_tells_its_arguments_tells_none_of_the_concealed_ones(grader: Grader) -> None:
    graded = grader.submit(ABOVE, "javascript", TELLING, "me")
    assert graded.verdict == "exception"
    assert not any(secret in graded.model_dump_json(exclude={"cases": {3}}) for secret in SECRETS)


def test_the_same_is_told_where_each_part_runs_by_itself(
    grader: Grader, gym_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = [GOOD, *TELLERS, "def above(n, limit):\n    while True:\n        pass\n"]
    in_one = [grader.submit(ABOVE, "python", source, "me") for source in sources]
    monkeypatch.delattr(Running, "so_far")
    apart = [grader.submit(ABOVE, "python", source, "me") for source in sources]
    for one, other in zip(in_one, apart, strict=True):
        assert one.verdict == other.verdict
        assert [case.outcome for case in one.cases[:3]] == [case.outcome for case in other.cases[:3]]
        assert not any(secret in other.model_dump_json(exclude={"cases": {3}}) for secret in SECRETS)


def test_each_hidden_test_shows_what_its_author_allows(grader: Grader) -> None:
    graded = grader.submit(ABOVE, "python", "def above(n, limit):\n    print(n)\n    return 'no'\n", "me")
    shown = {case.number: case for case in graded.cases}
    assert [shown[number].id for number in (3, 4, 5, 6)] == ["open1", "input1", "name1", ""]
    assert (shown[3].call, shown[3].expected, shown[3].got) == ("above([7101], 0)", "[7101]", "'no'")
    assert (shown[4].call, shown[4].expected, shown[4].got, shown[4].printed) == ("above([7202, -5], 0)", "", "", "")
    assert (shown[5].name, shown[5].call) == ("none at all", "")
    assert (shown[6].name, shown[6].call, shown[6].line) == ("", "", None)
    assert all(case.message for case in shown.values())


def test_hidden_tests_that_passed_show_nothing_but_their_name(grader: Grader) -> None:
    graded = grader.submit(
        ABOVE, "python", "def above(n, limit):\n    return [] if limit < 0 else [x for x in n if x > limit]\n", "me"
    )
    (failed,) = {case.outcome for case in graded.cases if case.id.startswith("g") and case.outcome != "passed"}
    assert failed == "failed"
    for case in graded.cases:
        if case.visibility == "hidden" and case.outcome == "passed":
            assert (case.call, case.expected, case.got, case.printed, case.message) == ("", "", "", "", "")


def test_a_generated_test_that_fails_shows_its_input(grader: Grader) -> None:
    source = "def above(n, limit):\n    return [x for x in n if x > limit] if n and n[0] != 0 else None\n"
    graded = grader.submit(
        ABOVE, "python", "def above(n, limit):\n    return [] if len(n) > 4 else [x for x in n if x > limit]\n", "me"
    )
    assert graded.verdict == "wrong", source
    failed = next(case for case in graded.cases if case.outcome == "failed")
    assert failed.call.startswith("above([")
    assert failed.expected != failed.got


def test_the_full_report_keeps_what_a_learner_does_not_see(grader: Grader) -> None:
    report = grader.check(ABOVE, "python", "def above(n, limit):\n    return n\n")
    assert report.outcome("none1") == "failed"
    assert "7404" in report.model_dump_json()
    assert "7404" not in seen(report, "submit").model_dump_json()


# ---- cheats ----------------------------------------------------------------------------------------------------------

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


# ---- whole programs --------------------------------------------------------------------------------------------------

SUM = whole(
    "stdio",
    """
    - {id: s1, name: two numbers, stdin: "3\\n4\\n", stdout: "7\\n"}
    - {id: s2, name: zero, stdin: "0\\n0\\n", stdout: "0\\n"}
    - {id: s3, name: secret, visibility: hidden, reveal: name, stdin: "8800\\n11\\n", stdout: "8811\\n"}
    """,
    "print(int(input()) + int(input()))\n",
    "const [a, b] = require('fs').readFileSync(0, 'utf8').split('\\n')\nconsole.log(Number(a) + Number(b))\n",
)
SCRIPT = whole(
    "script",
    """
    - {id: n1, name: the total, value: total, expect: 5}
    - {id: n2, name: prints it, stdout: "sum 5"}
    - {id: n3, name: prints a number, visibility: hidden, stdout: 'sum \\d+', compare: regex}
    """,
    "total = 5\nprint('sum', total)\n",
    "const total = 5\nconsole.log('sum', total)\n",
)


@pytest.mark.parametrize("language", ["python", "javascript"])
@pytest.mark.parametrize("chosen", [SUM, SCRIPT], ids=["stdio", "script"])
def test_whole_programs_pass(grader: Grader, chosen: Problem, language: Language) -> None:
    graded = grader.submit(chosen, language, chosen.languages[language].solution, "me")
    assert (graded.verdict, graded.passed) == ("pass", 3)


WHOLE: list[tuple[Problem, Language, str, str, str]] = [
    (SUM, "python", "print(int(input()) - int(input()))", "wrong", "not what was expected"),
    (SUM, "python", "a = int(input())\nprint(a, a)\nx = input()\ny = input()", "exception", "Line 4: your program asked for more input"),
    (SUM, "python", "print('The sum is 7')", "wrong", "not what was expected"),
    (SUM, "python", "pass", "wrong", "printed nothing"),
    (SUM, "python", "while True:\n    print('again')", "output_limit", "printed more than 8 KB and was stopped"),
    (SUM, "python", "print(7)\nraise SystemExit(3)", "exception", "exit code 3"),
    (SUM, "python", "print(7", "syntax", "Line 1"),
    (SUM, "javascript", "console.log(7)\nnot.there", "exception", "Line 2: JavaScript does not know the name `not`."),
    (SUM, "javascript", "console.log(7", "syntax", "Line 1: JavaScript cannot read this: missing ) after argument list"),
    (SCRIPT, "python", "total = 6\nprint('sum', total)", "wrong", "`total` stands for another value"),
    (SCRIPT, "python", "total = '5'\nprint('sum', total)", "wrong", "`total` should be a whole number, but is text"),
    (SCRIPT, "python", "print('sum', 5)", "nothing", "There is no `total`"),
    (SCRIPT, "python", "total = 5\nprint(total", "syntax", "Line 2"),
    (SCRIPT, "python", "total = 5\nprint('sum', total)\n[][1]", "exception", "IndexError"),
    (SCRIPT, "python", "if __name__ == '__main__':\n    total = 5\n    print('sum', total)", "pass", ""),
    (SCRIPT, "javascript", "let total = 4\nconsole.log('sum', total)", "wrong", "`total` stands for another value"),
    (SCRIPT, "javascript", "console.log('sum', 5)", "nothing", "There is no `total`"),
]  # fmt: skip


@pytest.mark.parametrize(("chosen", "language", "source", "verdict", "said"), WHOLE, ids=lambda value: str(value)[:20])
def test_whole_programs_are_told_what_is_wrong(
    grader: Grader, chosen: Problem, language: Language, source: str, verdict: str, said: str
) -> None:
    graded = grader.submit(chosen, language, source, "me")
    assert graded.verdict == verdict
    assert said in graded.message
    assert "8800" not in graded.model_dump_json()


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


# ---- the console and step by step ------------------------------------------------------------------------------------


def test_the_console_runs_a_program_with_an_input_of_the_learners_own(grader: Grader) -> None:
    graded = grader.console(SUM, "python", "print(int(input()) * 2)", "21\n", "me")
    assert (graded.verdict, graded.printed, graded.purpose) == ("pass", "42\n", "console")
    failed = grader.console(SUM, "python", "print('so far')\nprint(int(input()))", "x\n", "me")
    assert (failed.verdict, failed.line, failed.printed) == ("exception", 2, "so far\n")
    assert "ValueError" in failed.message
    assert grader.console(SUM, "javascript", "console.log(6 * 7)", "", "me").printed == "42\n"


def test_the_console_of_a_function_shows_what_calls_give(grader: Grader) -> None:
    graded = grader.console(ABOVE, "python", GOOD, "x = above([1, 2, 3], 1)\nx\nprint('done')", "me")
    assert graded.printed == "[2, 3]\ndone\n"
    script = ABOVE.languages["javascript"].solution
    assert grader.console(ABOVE, "javascript", script, "above([1, 2, 3], 1)", "me").printed == "[ 2, 3 ]\n"
    assert grader.console(ABOVE, "python", GOOD, "above(", "me").verdict == "exception"


TYPED = [
    ("above([1, 2], 1)\nabove([5], 1)", "[ 2 ]\n[ 5 ]\n", "pass", ""),
    ("above([1, 2], 1)\nnoSuch\nabove([5], 1)", "[ 2 ]\n", "exception", "Line 2 of the console"),
    ("const x = [\n  1, 2]\nif (x.length > 5) {\n  1\n}\nelse {\n  x\n    .length\n}", "2\n", "pass", ""),
    ("twice(2)\nfunction twice(n) {\n  return n * 2\n}\n`a\nb`.length", "4\n3\n", "pass", ""),
    ("1\nlet = ;", "", "exception", "Line 2 of the console"),
    ("above([1], 0)\nabove(7, 1)", "[ 1 ]\n", "exception", "Line 2 of the console called it"),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "printed", "verdict", "said"), TYPED)
def test_the_console_of_javascript_shows_each_lines_value_and_names_the_line_that_failed(
    grader: Grader, typed: str, printed: str, verdict: str, said: str
) -> None:
    graded = grader.console(ABOVE, "javascript", ABOVE.languages["javascript"].solution, typed, "me")
    assert (graded.printed, graded.verdict) == (printed, verdict), graded.message
    assert said in graded.message


@pytest.mark.parametrize("how", ["run", "submit"])
def test_a_function_that_prints_for_ever_is_stopped_for_that_and_shows_a_few_lines(grader: Grader, how: str) -> None:
    source = "def above(n, limit):\n    while True:\n        print('again')\n"
    graded = grader.run(ABOVE, "python", source, "me") if how == "run" else grader.submit(ABOVE, "python", source, "me")
    assert (graded.verdict, graded.cases[0].outcome) == ("output_limit", "failed")
    assert graded.cases[0].printed.startswith("again\nagain\n")
    assert graded.cases[0].printed.count("again") == 20
    assert "or more lines like these" in graded.cases[0].printed
    assert {case.outcome for case in graded.cases[1:]} == {"not_run"}


def test_the_console_shows_a_few_lines_of_a_flood(grader: Grader) -> None:
    graded = grader.console(SUM, "python", "while True:\n    print('again')\n", "", "me")
    assert graded.verdict == "output_limit"
    assert graded.printed.count("again") == 20


def test_the_console_of_python_names_the_line_that_failed(grader: Grader) -> None:
    graded = grader.console(ABOVE, "python", GOOD, "above([1], 0)\nabov", "me")
    assert graded.printed == "[1]\n"
    assert "Line 2 of the console" in graded.message
    assert "Line 2 of the console" in grader.console(ABOVE, "python", GOOD, "1\nabove(", "me").message
    assert "Line 1 of the console called it" in grader.console(ABOVE, "python", GOOD, "above(7, 1)", "me").message


def test_a_program_is_followed_step_by_step(grader: Grader) -> None:
    source = "def above(n, limit):\n    kept = []\n    for x in n:\n        if x > limit:\n            print(x)\n            kept.append(x)\n    return kept\n"
    trace = grader.trace(ABOVE, source, None)
    assert (trace.verdict, trace.call, trace.printed) == ("pass", "above([3, 1, 4], 2)", "3\n4\n")
    lines = [step.line for step in trace.steps if step.event == "line" and step.function == "above"]
    assert lines == [2, 3, 4, 5, 6, 3, 4, 3, 4, 5, 6, 3, 7]
    last = next(step for step in reversed(trace.steps) if step.event == "return")
    assert (last.names["kept"], last.value) == ("[3, 4]", "[3, 4]")
    assert trace.steps[-1].event == "result"
    assert grader.trace(ABOVE, source, [[9], 1]).steps[-1].value == "[9]"


def test_a_trace_is_bounded_and_hostile_ones_harm_nobody(grader: Grader) -> None:
    endless = grader.trace(ABOVE, "def above(n, limit):\n    while True:\n        n = [n, n]\n", None)
    assert endless.verdict in ("timeout", "oom")
    assert 500 < len(endless.steps) < 700
    assert endless.steps[-1].event == "cut"
    assert max(len(value) for step in endless.steps for value in step.names.values()) <= 200
    forged = 'open(\'trace.jsonl\', \'w\').write(\'{"event": "line", "line": 1e99}\\n{"event": "result", "value": "\' + \'x\' * 9999 + \'"}\\nrubbish\\n\')\ndef above(n, limit):\n    return 1\n'
    assert all(len(step.value) <= 200 for step in grader.trace(ABOVE, forged, None).steps)
    lying = "class Odd:\n    def __repr__(self):\n        raise SystemExit\n\ndef above(n, limit):\n    odd = Odd()\n    many = [odd]\n    return 1\n"
    assert grader.trace(ABOVE, lying, None).steps[-1].value == "1"


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


# ---- fairness --------------------------------------------------------------------------------------------------------


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


def test_learners_take_turns_whoever_floods() -> None:
    turns = Turns(1, each=10)
    order: list[str] = []
    release = threading.Event()
    held = threading.Event()

    def hold() -> None:
        with turns.turn("holder"):
            held.set()
            release.wait(30)

    def work(learner: str) -> None:
        with turns.turn(learner):
            order.append(learner)

    threads = [threading.Thread(target=hold)]
    threads[0].start()
    held.wait(30)
    for learner in ["flood", "flood", "flood", "flood", "calm", "shy"]:
        before = turns.waiting
        threads.append(threading.Thread(target=work, args=(learner,)))
        threads[-1].start()
        while turns.waiting == before:
            pass
    release.set()
    for thread in threads:
        thread.join(30)
    assert order == ["flood", "calm", "shy", "flood", "flood", "flood"]


def test_a_learner_has_one_program_at_work_though_there_is_room_for_more() -> None:
    turns = Turns(2)
    inside: list[str] = []
    with turns.turn("me"):
        other = threading.Thread(target=lambda: _enter(turns, "me", inside))
        other.start()
        while not turns.waiting:
            pass
        with turns.turn("you"):
            assert inside == []
    other.join(30)
    assert inside == ["me"]


def _enter(turns: Turns, learner: str, inside: list[str]) -> None:
    with turns.turn(learner):
        inside.append(learner)


def test_who_waits_too_often_or_too_long_is_told_so() -> None:
    turns = Turns(1, each=1, everybody=2)
    with turns.turn("me"):
        waiting = [threading.Thread(target=lambda name=name: _enter(turns, name, [])) for name in ("a", "b")]
        for at, thread in enumerate(waiting):
            thread.start()
            while turns.waiting <= at:
                pass
        with pytest.raises(Busy, match="wait already"), turns.turn("a"):
            pass
        with pytest.raises(Busy, match="2 programs wait already"), turns.turn("c"):
            pass
    for thread in waiting:
        thread.join(30)
    with turns.turn("x"), pytest.raises(Busy, match="no turn"), turns.turn("y", patience_s=0.01):
        pass
    assert turns.waiting == 0
