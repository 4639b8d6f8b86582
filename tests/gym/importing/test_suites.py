"""The bench's suites come in, asserts read and never run."""

from pathlib import Path

import pytest

from assay.cli import run
from assay.errors import UnknownName
from assay.gym.grading import Grader
from assay.gym.importing import bring
from assay.gym.importing.asserts import asserted
from assay.gym.importing.brought import with_bugs
from assay.gym.importing.suites import from_tasks
from assay.gym.library import Library
from assay.settings import Settings
from assay.suites import load_suite
from tests.gym.importing.exercises import exercise


def test_asserts_that_are_a_call_and_its_value_are_read() -> None:
    tests, missed = asserted(
        "def check(candidate):\n"
        "    assert candidate([1, 2], 'a') == (1, None)\n"
        "    assert candidate(1) is True, 'why'\n"
        "    assert candidate(-1.5)\n"
        "    assert not candidate({'a': 1})\n"
        "    assert abs(candidate(3) - 1.33) < 1e-3\n"
        "    assert True, 'filler'\n"
        "    assert candidate(open('/etc/passwd')) == 1\n"
        "    assert candidate(x=1) == 1\n"
        "    assert other(1) == 1\n"
        "    for n in range(3):\n        assert candidate(n) == n\n",
        "candidate",
    )
    assert [(test.args, test.expect) for test in tests] == [
        ([[1, 2], "a"], (1, None)), ([1], True), ([-1.5], True), ([{"a": 1}], False), ([3], 1.33),
    ]  # fmt: skip
    assert tests[4].compare is not None
    assert tests[4].compare.abs == 1e-3
    assert missed == 4
    assert asserted("def broken(", "candidate") == ([], 0)


def test_suites_come_in(data: Path, grader: Grader, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    functions = from_tasks(load_suite("functions", settings=settings).tasks[:4])
    assert len(functions.problems) == 4
    with_bugs(functions, grader)
    humaneval = bring("humaneval", data / "bench" / "humaneval" / "HumanEval.jsonl.gz", None, settings)
    assert len(humaneval.problems) >= 130
    assert humaneval.problems[0].statement.startswith("```python\n")
    for found in (*functions.problems, *humaneval.problems[:6]):
        for language, sources in found.languages.items():
            report = grader.check(found, language, sources.solution)
            assert report.verdict == "pass", (found.id, report.message)
    with pytest.raises(UnknownName, match="humanevol"):
        bring("humanevol", None, None, settings)


def test_the_command_brings_a_suite_in_and_says_what_was_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exercise(tmp_path / "data")
    out = tmp_path / "out"
    assert run(["gym", "import", "exercism", str(tmp_path / "data"), "--output", str(out)]) == 0
    said = capsys.readouterr()
    assert "1 problem in" in said.out
    assert "no solution was found" in said.err
    assert Library(out).problem("double-it").title == "Double it"
    assert run(["gym", "import", "quixbugs", "--output", str(out)]) == 2
    assert "needs a path" in capsys.readouterr().err
