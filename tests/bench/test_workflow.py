"""From Python the same happens as from the command."""

from pathlib import Path

import assay.bench
from assay.bench import evaluations
from assay.bench.beginning import begin_run
from assay.bench.process import Bench
from assay.bench.workflow import finish
from assay.pipeline.checks.answers import encoded
from assay.records import Calls, Case, Model, Task
from assay.settings import Settings
from assay.store import Store
from assay.suites import Suite
from tests.killing import prompts_and_replies, write_tasks
from tests.servers import ScriptedReply
from tests.servers.openai import OpenAIServer


def test_python_runs_what_the_command_runs(store: Store, tmp_path: Path) -> None:
    write_tasks(tmp_path / "tasks", 3)
    answers = prompts_and_replies(tmp_path / "tasks")
    settings = Settings(home=tmp_path, database_url=store.url)
    with OpenAIServer(lambda prompt, _: ScriptedReply(answers[prompt])) as server:
        scores = assay.bench.run(
            "functions",
            f"{server.url}#model-a",
            samples=2,
            temperature=0.3,
            data={"functions": str(tmp_path / "tasks")},
            settings=settings,
        )
    (score,) = scores.scores
    assert (score.samples, score.passed) == (6, 6)
    assert {seen.body["temperature"] for seen in server.seen} == {0.3}
    assert assay.bench.resume("last", settings=settings).scores[0].passed == 6


def test_two_suites_with_one_question_pay_for_it_once_and_lose_no_sample(store: Store, tmp_path: Path) -> None:
    right, wrong = (f"```python\ndef f(x):\n    return {value}\n```" for value in ("x", "7"))
    suites = [
        Suite(
            name=name,
            title=name,
            tasks=(
                Task(
                    id="t", suite=name, prompt="Write f(x), which gives x.", entry="f",
                    checks=(Calls(entry="f", cases=(Case(id="c", args=encoded([case]), expect=encoded(case)),)),),
                ),
            ),
        )
        for name, case in (("alpha", 1), ("beta", 2))
    ]  # fmt: skip
    with (
        OpenAIServer(lambda said, _: ScriptedReply(wrong if said.startswith("Write f") else right)) as server,
        Bench(Settings(home=tmp_path, database_url=store.url)) as bench,
    ):
        model = Model(name="mine", provider="openai", model="model-a", url=server.url)
        evaluation = finish(bench, begin_run(bench, suites, [model], repair=1).id)
    samples = evaluations.read_samples(store, evaluation.id)
    assert evaluation.state == "done"
    assert sorted((one.suite, one.status, len(one.attempts)) for one in samples) == [
        ("alpha", "pass", 2),
        ("beta", "pass", 2),
    ]
    assert len(server.seen) == 3  # the question of both, then each one's own failure
