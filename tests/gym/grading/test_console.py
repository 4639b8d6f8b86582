"""The console with a learner's own input, and a program followed step by step."""

import pytest

from assay.gym.grading import Grader
from tests.gym.grading.programs import SUM
from tests.gym.made import problem

ABOVE = problem()
GOOD = ABOVE.languages["python"].solution


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
