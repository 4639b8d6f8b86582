"""From Python the same happens as from the command."""

from pathlib import Path

import assay.bench
from assay.settings import Settings
from assay.store import Store
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
