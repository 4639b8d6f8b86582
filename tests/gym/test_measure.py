"""`assay gym measure`, on a scripted model: the figures are those of what it said."""

import json
import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from assay.errors import AssayError
from assay.gym.cli import gym
from assay.gym.grading import Grader
from assay.gym.library import Library
from assay.gym.measure import Measured, gives_away, measure, table
from assay.gym.tables import HINTS
from assay.gym.tutor import cache
from assay.gym.tutor.looking import looked_at
from assay.gym.tutor.programs import Voice, patience
from assay.gym.tutor.situation import Situation
from assay.gym.wrong_programs import mutant_cases, pack_cases
from assay.pipeline.llm.gateway import Gateway
from assay.settings import Settings
from assay.store import Store
from tests.gym.tutor.helping import HONEST, broken, model_at, says, serve
from tests.servers import Answer, ScriptedReply, in_turn

pytest.importorskip("dspy")

PROBLEM = "py-lists-filter-above"
COURSE = """schema: assay/gym@1
courses:
  - id: little
    title: Little
    language: python
    summary: One problem.
    topics: [{id: little-one, title: One, summary: One., lesson: Read., teaches: [lists], problems: [little-biggest]}]
    concepts: [{id: lists, title: Lists, note: A row of values., example: "print([1])", prints: "[1]"}]
    problems:
      - schema: assay/problem@1
        id: little-biggest
        title: The biggest
        difficulty: easy
        minutes: 5
        concepts: [lists]
        statement: Write `biggest(numbers)`.
        languages:
          python:
            entry: biggest
            starter: "def biggest(numbers):\\n    ...\\n"
            solution: |
              def biggest(numbers):
                  best = numbers[0]
                  for number in numbers:
                      if number > best:
                          best = number
                  return best
        tests:
          - {id: t1, name: a row, args: [[1, 5, 2]], expect: 5}
          - {id: t2, name: one, args: [[4]], expect: 4}
          - {id: t3, name: negative, visibility: hidden, args: [[-3, -1]], expect: -1}
        hints: [{level: 1, kind: concept, text: Go through the numbers one by one.}]
"""


@pytest.fixture
def grader(tmp_path: Path) -> Grader:
    return Grader(Settings(home=tmp_path, workers=1))


def measured(answer: Answer, grader: Grader, courses: Path, students: int = 2) -> Measured:
    with grader, serve(answer) as server, Gateway({}, patience=patience(20)) as gateway:
        cases = list(mutant_cases(Library(courses).courses(), 2, grader))
        assert len(cases) == 2
        return measure(Voice(gateway, model_at(server)), grader, cases, students=students, within_s=20)


@pytest.fixture
def courses(tmp_path: Path) -> Path:
    file = tmp_path / "config.yaml"
    file.write_text(COURSE)
    return file


def test_an_honest_model_leaks_nothing_and_passes(grader: Grader, courses: Path) -> None:
    found = measured(lambda prompt, nth: says(HONEST), grader, courses)
    assert (found.asked, found.answered, found.passed, found.leaks) == (6, 6, 6, 0)
    assert found.refusals == {}
    assert found.p50_s is not None
    assert "leaks" in table(found)


def test_a_leaking_model_is_refused_and_counted_by_rule(grader: Grader, courses: Path) -> None:
    solution = Library(courses).problem("little-biggest").languages["python"].solution
    found = measured(lambda prompt, nth: says(f"```python\n{solution}```"), grader, courses)
    assert (found.answered, found.passed, found.leaks) == (6, 0, 0)
    assert found.refusals["block"] == 6


def test_a_model_that_says_nothing_usable_is_counted_as_such(grader: Grader, courses: Path) -> None:
    found = measured(lambda prompt, nth: ScriptedReply("no"), grader, courses)
    assert (found.asked, found.answered, found.passed, found.refusals) == (6, 0, 0, {})
    assert sum(found.unanswered.values()) == 6
    assert "no usable answer      6 of 6 (100.0%): its reply could not be read" in table(found)


def test_the_gain_is_what_a_student_passes_more_with_the_hint(grader: Grader, courses: Path) -> None:
    solution = Library(courses).problem("little-biggest").languages["python"].solution

    def answer(prompt: str, nth: int) -> ScriptedReply:
        if "## hint ##" not in prompt:
            return says(HONEST)
        program = "def biggest(numbers):\n    return None\n" if "\nnone\n" in prompt else solution
        return ScriptedReply(json.dumps({"changed": program}))

    found = measured(answer, grader, courses)
    assert (found.student_trials, found.helped) == (2, 2)
    assert found.gain == 1


def test_hints_that_helped_the_student_are_kept_to_be_given_at_once(
    courses: Path, tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    solution = Library(courses).problem("little-biggest").languages["python"].solution

    def answer(prompt: str, nth: int) -> ScriptedReply:
        if "## hint ##" not in prompt:
            return says(HONEST)
        return ScriptedReply(
            json.dumps({"changed": "def biggest(n):\n    return None\n" if "\nnone\n" in prompt else solution})
        )

    monkeypatch.setenv("ASSAY_HOME", str(tmp_path))
    monkeypatch.setenv("ASSAY_DATABASE_URL", store.url)
    with serve(answer) as server:
        monkeypatch.setenv("ASSAY_OLLAMA_URL", server.url)
        done = CliRunner().invoke(gym, ["measure", "--courses", str(courses), "--students", "9", "--keep"])
    assert done.exit_code == 0, done.output
    with store.engine.connect() as connection:
        kept = connection.execute(sa.select(HINTS.c.text, HINTS.c.helped)).all()
    assert kept == [(HONEST, True)] * 3
    library = Library(courses)
    problem = library.problem("little-biggest")
    with Grader(Settings(home=tmp_path, workers=1)) as grader:
        (case,) = mutant_cases(library.courses(), 1, grader)
    key = cache.key_of(f"{problem.id} {library.problem_version(problem.id)}", "python", f"# mine\n{case.source}", 2)
    found = cache.find(store, key)
    assert found is not None
    assert found.text == HONEST


def test_a_leak_that_the_gate_let_through_would_be_counted(tmp_path: Path, grader: Grader) -> None:
    library = Library()
    problem = library.problem(PROBLEM)
    source = broken(problem, "python")
    with grader:
        at = looked_at(Situation(problem, "python", source, grader.check(problem, "python", source)))
        solution = problem.languages["python"].solution
        renamed = solution.replace("number", "one").replace("result", "out")
        for text in ("if number > limit:", solution, f"Try this.\n{renamed}"):
            assert gives_away(at, text, lambda _: 0, 0)
        assert not gives_away(at, HONEST, lambda _: 0, 0)
        assert gives_away(at, "```\nsomething\n```", lambda _: 5, 4) == "a block that passes more tests"


def test_the_pack_gives_broken_functions_with_tests(data: Path, tmp_path: Path, grader: Grader) -> None:
    cases = list(pack_cases(data / "gym" / "humanevalpack", 5))
    assert [case.language for case in cases] == ["python"] * 5 + ["javascript"] * 5
    with grader:
        for case in cases:
            right = case.problem.languages[case.language].solution
            assert grader.check(case.problem, case.language, right).verdict == "pass", case.problem.id
            assert grader.check(case.problem, case.language, case.source).verdict != "pass", case.problem.id


def test_the_command_prints_a_table_or_json(courses: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    requests = tmp_path / "requests.yaml"
    requests.write_text("- {state: wrong, tool: hint, request: can I have a hint please}\n")
    monkeypatch.setenv("ASSAY_HOME", str(tmp_path))
    with serve(lambda prompt, nth: says(HONEST)) as server:
        monkeypatch.setenv("ASSAY_OLLAMA_URL", server.url)
        arguments = ["measure", "--courses", str(courses), "--students", "0", "--requests", str(requests)]
        done = CliRunner().invoke(gym, [*arguments, "--json"])
        assert done.exit_code == 0, done.output
        assert Measured.model_validate_json(done.stdout).agent_rules == 1
        done = CliRunner().invoke(gym, arguments)
    assert "right tool, by rules    100.0% of 1 requests" in done.stdout
    assert "let through           3 of 3 (100.0%)" in done.stdout


def test_what_became_of_the_questions_adds_up(grader: Grader, courses: Path) -> None:
    solution = Library(courses).problem("little-biggest").languages["python"].solution
    answers = in_turn(says(HONEST), says(f"```\n{solution}```"), ScriptedReply("no"))
    found = measured(answers, grader, courses, students=0)
    told = table(found)
    shares = [
        re.search(rf"{name} +(\d+) of 6", told) for name in ("no usable answer", "refused by the gate", "let through")
    ]
    assert sum(int(share[1]) for share in shares if share) == found.asked == 6
    assert found.answered == found.passed + int(shares[1][1])  # type: ignore[index]


def test_a_server_that_answers_nothing_is_said_and_not_measured(
    courses: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSAY_HOME", str(tmp_path))
    with serve(lambda prompt, nth: ScriptedReply(status=500)) as server:
        monkeypatch.setenv("ASSAY_OLLAMA_URL", server.url)
        done = CliRunner().invoke(gym, ["measure", "--courses", str(courses)])
    assert isinstance(done.exception, AssayError)
    assert "answered none of 3 questions" in str(done.exception)


def test_measuring_nothing_is_refused(courses: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_HOME", str(tmp_path))
    with serve(lambda prompt, nth: says(HONEST)) as server:
        monkeypatch.setenv("ASSAY_OLLAMA_URL", server.url)
        done = CliRunner().invoke(gym, ["measure", "--courses", str(courses), "--mutants", "0"])
    assert "nothing to measure" in str(done.exception)
