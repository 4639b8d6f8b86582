"""Programs known to be wrong become misconceptions."""

from pathlib import Path

import pytest

from assay.errors import ContentError
from assay.gym.grading import Grader
from assay.gym.importing import humanevalpack, quixbugs
from assay.gym.importing.brought import with_bugs


def test_humanevalpacks_pairs_come_in_and_their_bugs_fail_a_test(data: Path, grader: Grader) -> None:
    brought = humanevalpack.read(data / "gym" / "humanevalpack")
    assert len(brought.problems) >= 130
    brought.problems = brought.problems[:3]
    with_bugs(brought, grader)
    for found in brought.problems:
        (bug,) = found.misconceptions
        for language in ("python", "javascript"):
            assert grader.check(found, language, found.languages[language].solution).verdict == "pass"
            assert grader.check(found, language, bug.example[language]).outcome(bug.when.fails[0]) == "failed"


def test_quixbugs_layout(tmp_path: Path, grader: Grader) -> None:
    for name, text in {
        "json_testcases/gcd.json": "[[6, 4], 2]\n[[7, 3], 1]\n[[0, 5], 5]\n\n[[9, 3], 3]\n",
        "correct_python_programs/gcd.py": "def gcd(a, b):\n    return a if b == 0 else gcd(b, a % b)\n",
        "python_programs/gcd.py": "def gcd(a, b):\n    return a if b == 0 else gcd(b, a)\n\n'''\nGreatest divisor.\n'''\n",
        "json_testcases/lost.json": "[[1], 1]\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    brought = quixbugs.read(tmp_path)
    with_bugs(brought, grader)
    (found,) = brought.problems
    assert found.languages["python"].starter == "def gcd(a, b):\n    ...\n"
    assert found.misconceptions[0].when.fails == ("t1",)
    assert "there is no correct_python_programs/lost.py" in brought.left_out[0]
    with pytest.raises(ContentError):
        quixbugs.read(tmp_path / "python_programs")
