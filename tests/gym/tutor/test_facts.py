"""What is certain of a program that does not pass: the run, and slips in its text."""

import pytest

from assay.gym.grading import Grader
from assay.gym.tutor import facts
from assay.records import Language
from tests.gym.tutor.leak_measures import COURSES, editor, problem

SLIPS: list[tuple[Language, str, str, int]] = [
    ("python", "def f(a):\n    b = 1\n    return a", "unused", 2),
    ("python", "def f(a, b):\n    a += 1\n    return a", "unused", 1),
    ("python", "def f(a):\n    return a\n    print(a)", "unreachable", 3),
    ("python", "def f(a):\n    for x in a:\n        break\n        print(x)\n    return 1", "unreachable", 4),
    ("python", "def f(a):\n    print(a)", "no return", 1),
    ("python", "def f(a):\n    print(a)", "print", 2),
    ("python", "def f(a):\n    if a:\n        return 1", "no return", 1),
    ("python", "def f(a):\n    for x in a:\n        x += 1\n        return x\n    return 0", "early return", 4),
    (
        "python",
        "def f(a):\n    for x in a:\n        if x:\n            return 1\n        else:\n            return 2\n    return 0",
        "early return",
        2,
    ),
    ("python", "for i in range(len(a) + 1):\n    print(i)", "loop bounds", 1),
    ("python", "for i in range(len(a) - 1):\n    print(i)", "loop bounds", 1),
    ("python", "for i in range(1, len(a)):\n    print(i)", "loop bounds", 1),
    ("python", "for i in len(a):\n    print(i)", "loop bounds", 1),
    ("python", "if a is 3:\n    pass", "comparison", 1),
    ("python", "if a == 1 or 2:\n    pass", "condition", 1),
    ("python", "if input() == 3:\n    pass", "comparison", 1),
    ("python", "def f(list):\n    x = list\n    return x", "shadowed", 1),
    ("python", "def f(a):\n    sum = a\n    return sum", "shadowed", 2),
    ("python", "a = 'x'\na.strip()", "thrown away", 2),
    ("python", "sorted(a)", "thrown away", 1),
    ("python", "x == 1", "thrown away", 1),
    ("python", "a = a.append(1)", "thrown away", 1),
    ("python", "for x in a:\n    a.remove(x)", "changed in loop", 2),
    ("python", "n = 0\nwhile n < 5:\n    print(n)", "endless", 2),
    ("python", "def f(a=[]):\n    a.append(1)\n    return a", "default", 1),
    ("javascript", "function f(a) {\n  const b = 1;\n  return a;\n}", "unused", 2),
    ("javascript", "function f(a) {\n  return a;\n  a = 1;\n}", "unreachable", 3),
    ("javascript", "function f(a) {\n  console.log(a);\n}", "no return", 1),
    ("javascript", "function f(a) {\n  console.log(a);\n}", "print", 2),
    ("javascript", "function f(a) {\n  for (const x of a) {\n    return x;\n  }\n}", "early return", 3),
    ("javascript", "for (let i = 0; i <= a.length; i++) {}", "loop bounds", 1),
    ("javascript", "for (const x in a) {}", "loop bounds", 1),
    ("javascript", "if (a = 1) {}", "condition", 1),
    ("javascript", "if (a === 'x' || 'y') {}", "condition", 1),
    ("javascript", "if (a === NaN) {}", "comparison", 1),
    ("javascript", "if (a === []) {}", "comparison", 1),
    ("javascript", "if (1 < a < 5) {}", "comparison", 1),
    ("javascript", "a.trim();", "thrown away", 1),
    ("javascript", "a === 1;", "thrown away", 1),
    ("javascript", "a.sort();", "sorting", 1),
]


@pytest.mark.parametrize(("language", "source", "kind", "line"), SLIPS, ids=range(len(SLIPS)))
def test_a_slip_is_seen_in_its_line(language: Language, source: str, kind: str, line: int) -> None:
    found = facts.slips(source, language, "f")
    assert (kind, line) in {(slip.kind, slip.line) for slip in found}
    assert all(slip.text.endswith(".") for slip in found)


def test_solutions_have_hardly_a_slip() -> None:
    seen = []
    for path in COURSES.glob("*/problems/*.yaml"):
        found, language = problem(path.stem)
        sources = found.languages[language]
        for solution in (sources.solution, *sources.alternatives):
            # where a loop begins or ends is right in many a solution: the slip only says what it does
            seen += [
                (found.id, slip)
                for slip in facts.slips(solution, language, sources.entry)
                if slip.kind not in ("loop bounds", "sorting")
            ]
    assert len(seen) <= 2, seen


@pytest.mark.parametrize("source", ["def f(:", "\0", "(" * 5000, "", "if (" * 3000, "x=1;" * 20_000])
def test_source_that_cannot_be_read_has_no_slips_and_does_no_harm(source: str) -> None:
    assert not facts.slips(source, "python", "f")
    assert not facts.slips(source, "javascript", "f")


def test_facts_of_a_run(grader: Grader) -> None:
    found, language = problem("py-lists-filter-above")
    wrong = editor(found, language, "boundary")
    before = grader.check(found, language, "def filter_above(numbers, limit):\n    return numbers\n")
    full = grader.check(found, language, wrong)
    known = facts.gather(found, language, wrong, full, before)
    assert known.misconception is not None
    assert known.misconception.id == "boundary"
    assert (known.passed, known.public) == (1, 2)
    assert known.failing == "leaves out the limit itself"
    assert known.gained == ("keeps only larger numbers",)
    assert known.edits == ("comparison, line 4",)
    assert known.error is None
    assert "New since the last run: 'keeps only larger numbers' passes." in known.sentences
    backwards = facts.gather(found, language, "def filter_above(numbers, limit):\n    return numbers\n", before, full)
    assert backwards.lost == ("keeps only larger numbers",)


def test_facts_of_an_error_are_in_plain_words(grader: Grader) -> None:
    found, language = problem("py-lists-filter-above")
    source = "def filter_above(numbers, limit):\n    return [n for n in numbers if n > limt]\n"
    known = facts.gather(found, language, source, grader.check(found, language, source))
    assert known.error is not None
    assert "`limit`" in known.error.look
    assert known.line == 2
    hidden = {str(test.args) for test in found.tests if test.visibility == "hidden"}
    assert not any(one in " ".join(known.sentences) for one in hidden)


def test_facts_of_code_that_cannot_be_read(grader: Grader) -> None:
    found, language = problem("py-lists-filter-above")
    source = "def filter_above(numbers, limit)\n    return numbers\n"
    known = facts.gather(found, language, source, grader.check(found, language, source))
    assert known.error is not None
    assert known.error.title == "A colon is missing"
    assert known.slips == ()
