"""The gym's problems as suites of the bench: proved by the bench's own check, and graded from a reply."""

import json
import os
from pathlib import Path

import pytest

from assay.bench.checking import check
from assay.cli import run
from assay.gym.suites import task_of
from assay.pipeline.checks import grade
from assay.pipeline.checks.perform import Workbench, run_checks
from assay.pipeline.extract import extract
from assay.pipeline.sandbox import Sandbox
from assay.records import Language, Reply
from assay.settings import Settings
from assay.store import Store
from assay.suites import SUITES, load_suite
from tests.gym.made import problem, whole
from tests.servers import ScriptedReply
from tests.servers.openai import OpenAIServer


@pytest.mark.parametrize("language", ["python", "javascript"])
def test_every_shipped_problem_is_a_task_that_its_programs_prove(
    language: Language, gym_sandbox: Sandbox, tmp_path: Path
) -> None:
    suite = load_suite(f"gym:{language}", settings=Settings(home=tmp_path))
    assert f"gym:{language}" in SUITES.names()
    assert len(suite.tasks) == 30
    tried = suite.tasks if "ASSAY_TEST_LONG" in os.environ else suite.tasks[::5]
    proof = check(tried, gym_sandbox, 2)
    assert proof.failures == ()
    assert proof.programs > 2 * len(tried)


def test_the_prompt_says_what_to_write_and_holds_nothing_hidden() -> None:
    task = task_of(problem(), "python", "gym:python")
    assert "Define this function at the top level: `def above(numbers, limit)`" in task.prompt
    assert "above([3, 1, 4], 2)  returns [3, 4]" in task.prompt
    assert "must leave its arguments as they were" in task.prompt
    for secret in ("7101", "7202", "7303", "7404", "number > limit"):
        assert secret not in task.prompt
    assert "`function above(numbers, limit)`" in task_of(problem(), "javascript", "gym:javascript").prompt


SCRIPT = whole(
    "script",
    """
    - {id: n1, name: the total, value: total, expect: [5]}
    - {id: n2, name: prints it, stdout: "sum"}
    """,
)


@pytest.mark.parametrize(
    ("language", "code", "status"),
    [
        ("python", "total = [5]\nprint('sum')", "pass"),
        ("python", "total = [6]\nprint('sum')", "wrong"),
        ("python", "print('sum')", "exception"),
        ("javascript", "const total = [5]\nconsole.log('sum')", "pass"),
        ("javascript", "let total = 5\nconsole.log('sum')", "wrong"),
    ],
)
def test_a_script_is_graded_from_a_reply_by_its_names_and_its_output(
    language: Language, code: str, status: str, gym_sandbox: Sandbox
) -> None:
    task = task_of(SCRIPT, language, f"gym:{language}")
    program = extract(task, Reply(text=f"Here it is:\n```{language}\n{code}\n```\n"))
    assert grade(task, program, run_checks(Workbench(gym_sandbox), task, program)).status == status


def test_a_model_is_evaluated_on_the_gyms_problems_by_the_benchs_command(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ASSAY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ASSAY_DATABASE_URL", store.url)
    tasks = load_suite("gym:python", settings=Settings(home=tmp_path)).tasks[:4]
    answers = {task.prompt: task.reference for task in tasks[:3]}
    with OpenAIServer(lambda prompt, _: ScriptedReply(f"```python\n{answers.get(prompt, 'x = 1')}\n```")) as server:
        arguments = ["bench", "run", "gym:python", "--model", f"{server.url}#model-a", "--limit", "4", "--json"]
        assert run(arguments) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["samples"], found["passed"]) == (4, 3)
