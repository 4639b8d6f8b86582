"""Programs that read and print: told what is wrong in a beginner's words."""

import pytest

from assay.gym.grading import Grader
from assay.gym.records.problems import Problem
from assay.records import Language
from tests.gym.grading.programs import SCRIPT, SUM


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
