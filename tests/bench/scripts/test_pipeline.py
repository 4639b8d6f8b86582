"""The whole pipeline by its command: real servers, a real database, a real sandbox, files to open."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from assay import cli
from assay.bench.scripts.files import plain_name
from assay.store import Store
from tests.killing_scripts import comparable, kill_and_continue
from tests.servers import ScriptedReply
from tests.servers.openai import OpenAIServer

GOOD = "Here it is:\n```python\ndef f(x):\n    return x + 1\n\n\nif __name__ == '__main__':\n    print(f(1))\n```\n"
TESTS = "```python\nfrom your_module import f\n\n\ndef test_a():\n    assert f(1) == 2\n```\n"
PROMPTS = "Add one: f(x). KIND-GOOD\n=====\nNever parse. KIND-BROKEN\n=====\nNeed a package. KIND-MISSING\n"


def answer(prompt: str, nth: int) -> ScriptedReply:
    """Who writes scripts, who tests them, and who mends what is sent back."""
    if "does not parse" in prompt:
        return ScriptedReply(GOOD)
    if "Write pytest tests" in prompt:
        return ScriptedReply(TESTS)
    if "KIND-BROKEN" in prompt:
        return ScriptedReply("```python\ndef broken(:\n```")
    if "KIND-MISSING" in prompt:
        return ScriptedReply("```python\nimport no_such_package\n\n\ndef f(x):\n    return x\n```")
    return ScriptedReply(GOOD)


Command = Callable[..., dict[str, Any]]


@pytest.fixture
def command(
    store: Store,
    scripts_home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Command:
    """`assay bench scripts … --json` with a database of its own, in this process; gives the report."""
    monkeypatch.setenv("ASSAY_HOME", str(scripts_home))
    monkeypatch.setenv("ASSAY_DATABASE_URL", store.url)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "three.md").write_text(PROMPTS)

    def run(*arguments: str, prompts: bool = True) -> dict[str, Any]:
        capsys.readouterr()
        named = ["prompts"] if prompts else []
        code = cli.run(["bench", "scripts", *named, *arguments, "--output", "out", "--json"])
        printed = capsys.readouterr()
        assert code == 0, printed.err
        found: dict[str, Any] = json.loads(printed.out)
        return found

    return run


def models(url: str) -> list[str]:
    return ["--model", f"{url}#model-a", "--model", f"{url}#model-b", "--testing-model", f"{url}#model-b"]


def test_three_prompts_and_two_models_stage_by_stage_and_again(command: Command, store: Store, tmp_path: Path) -> None:
    with OpenAIServer(answer) as server:
        asked = [*models(server.url), "--mutants", "3"]
        generated = command(*asked, "--stage", "generate")
        assert generated["state"] == "stopped"
        assert server.counts().requests == 6
        folder = tmp_path / "out" / "runs" / generated["run"] / plain_name(f"{server.url}#model-a") / "three-01" / "1"
        assert (folder / "reply.md").read_text() == GOOD
        assert not (folder / "script.py").exists()
        nothing_yet = command(*asked, "--stage", "cleanup")
        assert nothing_yet["run"] == generated["run"]
        assert not (folder / "test_script.py").exists()
        command(*asked, "--stage", "preprocess")
        assert (folder / "script.py").read_text().startswith("def f(x)")
        command(*asked, "--stage", "tests")
        command(*asked, "--stage", "cleanup")
        assert (folder / "test_script.py").read_text().startswith("from script import f")
        report = command(*asked, "--stage", "run")
        assert server.counts().requests == 8  # tests only of what can be imported
        assert command(*asked)["by_model"] == report["by_model"]
        assert command("--run", "last", "--stage", "report", prompts=False)["by_model"] == report["by_model"]
        assert server.counts().requests == 8
    assert report["state"] == "done"
    for score in report["by_model"]:
        assert score["script_statuses"] == {"missing_package": 1, "ran": 1, "syntax_error": 1}
        assert (score["after"]["parses"]["n"], score["after"]["imports"]["n"]) == (3, 2)
        assert score["after"]["runs"]["value"] == 0.5
        assert score["after"]["passes"]["value"] == score["after"]["catches"]["value"] == 1
        assert score["mutants_caught"] == score["mutants"] == 3
    listed = report["listed"]
    assert {len(listed[kind]) for kind in ("syntax_error", "missing_package", "cleaned")} == {2}
    for entries in listed.values():
        assert all((tmp_path / "out" / "runs" / report["run"] / entry["file"]).is_file() for entry in entries)
    assert {"combined.py", "run.json", "output.txt", "pytest.txt"} <= {path.name for path in folder.iterdir()}
    with store.engine.connect() as connection:
        query = sa.text("select count(*), count(distinct key) from calls where evaluation = :run")
        assert tuple(connection.execute(query, {"run": report["run"]}).one()) == (8, 8)


def test_what_fails_goes_back_to_who_wrote_it(command: Command, tmp_path: Path) -> None:
    with OpenAIServer(answer) as server:
        report = command(
            "--model", f"{server.url}#model-a", "--testing-model", f"{server.url}#model-b", "--repair", "2"
        )
    (score,) = report["by_model"]
    assert score["first"]["parses"]["value"] == pytest.approx(2 / 3)
    assert score["after"]["parses"]["value"] == 1
    assert score["script_statuses"] == {"missing_package": 1, "ran": 2}
    spent = {one["purpose"]: one["calls"] for one in score["spending"]}
    assert spent == {"scripts": 3, "script repair": 1, "tests": 2}
    folder = tmp_path / "out" / "runs" / report["run"] / plain_name(f"{server.url}#model-a") / "three-02" / "1"
    assert "def broken" in (folder / "tries" / "script-1" / "script.py").read_text()
    assert (folder / "script.py").read_text().startswith("def f(x)")


def test_scripts_and_tests_made_elsewhere_are_taken_in(command: Command, tmp_path: Path) -> None:
    scripts = tmp_path / "scripts" / "somebody"
    scripts.mkdir(parents=True)
    (scripts / "three-01.py").write_text("def f(x):\n    return x + 1\n")
    tests = tmp_path / "tests"
    tests.mkdir()
    (tests / "test_three-01.py").write_text("def test_a():\n    assert f(1)\n")
    report = command("--scripts", "scripts", "--tests", "tests")
    (score,) = report["by_model"]
    assert (score["model"], score["expected"], score["script_statuses"]) == ("somebody", 1, {"ran": 1})
    assert score["test_statuses"] == {"passed": 1}
    assert score["spending"] == []
    assert "added: from script import f" in report["listed"]["cleaned"][0]["what"]


@pytest.mark.skipif(
    "ASSAY_TEST_LONG" not in os.environ,
    reason="a minute and a half; set ASSAY_TEST_LONG=1, or run benchmarks/scripts_kill.py",
)
def test_a_run_killed_and_continued_gives_the_same_report(store: Store, scripts_home: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "ASSAY_HOME": str(scripts_home), "ASSAY_DATABASE_URL": store.url}
    whole = {name: value for name, value in environment.items() if name != "ASSAY_DATABASE_URL"}
    figures = kill_and_continue(
        tmp_path, environment, whole, prompts=8, samples=1, kills=4, seed=3, delay=0.2, concurrency=2
    )
    assert figures.kills == 4
    assert figures.report["state"] == "done"
    assert comparable(figures.report) == comparable(figures.uninterrupted)
    # two models, each asked two questions at a time
    assert 0 <= figures.requests - figures.needed <= figures.kills * 4
    with store.engine.connect() as connection:
        query = sa.text("select count(*), count(distinct key) from calls where status = 'ok'")
        assert tuple(connection.execute(query).one()) == (figures.needed, figures.needed)


@pytest.mark.parametrize("name", ["../../etc", "a/b", "..", "", "\0", "CON:", "x" * 500, "\u202eevil", "~", "-rf"])
def test_a_models_name_leads_nowhere_else(name: str) -> None:
    plain = plain_name(name)
    assert plain
    assert plain == Path(plain).name
    assert plain not in (".", "..")
    assert len(plain) <= 80
    assert plain_name(name + "!") != plain
