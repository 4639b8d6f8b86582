"""A request for help outlives the process that was asked."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from assay import workflows
from assay.gym import asking
from assay.gym.grading import Grader
from assay.gym.library import Library
from assay.settings import Settings
from assay.store import Store
from tests.gym.tutor.helping import HONEST, broken, run, says, serve, somebody, tutor_at
from tests.servers import ScriptedReply

pytest.importorskip("dspy")

PROBLEM = "py-lists-filter-above"
ROOT = Path(__file__).parents[2]
ASKS = """
import sys, time
from pathlib import Path
from assay.gym.grading import Grader
from assay.gym.library import Library
from assay.gym.tutor import Tutor
from assay.records import Model
from assay.settings import Settings
from assay.store import open_store
from assay.gym import learners

home, database, url, learner, source = sys.argv[1:]
settings = Settings(home=Path(home), database_url=database, gym_model=None, workers=1)
model = Model(name="m", provider="ollama", model="qwen2.5:7b", url=url)
with open_store(settings) as store, Grader(settings) as grader:
    tutor = Tutor(settings, store, Library(), grader, model=model)
    tutor.help(learners.by_id(store, learner), "py-lists-filter-above", "python", source, id="mine")
    print("asked", flush=True)
    time.sleep(600)
"""


def test_killed_while_the_model_is_asked_and_started_again_the_answer_is_there(store: Store, tmp_path: Path) -> None:
    library = Library()
    problem = library.problem(PROBLEM)
    learner = somebody(store)
    source = broken(problem, "python")

    def answer(prompt: str, nth: int) -> ScriptedReply:
        return says(HONEST, wait_s=0 if nth else 600)

    with Grader(Settings(home=tmp_path, workers=1)) as grader, serve(answer) as server:
        run(store, grader, learner, problem, "python", source)
        command = [sys.executable, "-c", ASKS, str(tmp_path), store.url, server.url, learner.id, source]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, start_new_session=True)
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"asked\n"
            end = time.monotonic() + 60
            while not server.counts().requests:
                assert time.monotonic() < end
                time.sleep(0.02)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
        kept = asking.help_answer(store, learner.id, "mine")
        assert kept is not None
        assert kept.state == "asked"
        with tutor_at(store, library, grader, tmp_path, server, durable=True) as tutor:
            tutor.start()
            found = tutor.wait(learner, "mine", 60)
            assert found is not None
            assert (found.state, found.source, found.text) == ("done", "model", HONEST)
            assert [one.id for one in asking.help_answers(store, learner.id, PROBLEM)] == ["mine"]
            workflows.result("gym-help:mine:2")
            assert [work.state for work in workflows.works("gym-help:mine:")] == ["cancelled", "done"]


def test_an_answer_is_not_made_twice(store: Store, tmp_path: Path) -> None:
    library = Library()
    learner = somebody(store)
    problem = library.problem(PROBLEM)
    source = broken(problem, "python")
    with Grader(Settings(home=tmp_path, workers=1)) as grader, serve(lambda prompt, nth: says(HONEST)) as server:
        run(store, grader, learner, problem, "python", source)
        with tutor_at(store, library, grader, tmp_path, server, durable=True) as tutor:
            asked = tutor.help(learner, PROBLEM, "python", source)
            tutor.start()
            first = tutor.wait(learner, asked.id, 60)
            tutor.start()
            tutor.work(learner.id, asked.id)
            assert tutor.answer(learner, asked.id) == first
    assert server.counts().requests == 1
