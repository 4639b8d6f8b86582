"""What is put into the models of the pipeline comes out of its report: scripts, tests, and tests that cannot fail."""

import json
import re
from pathlib import Path

import pytest

import assay.bench
from assay import cli
from assay.bench.scores.records import Rate
from assay.bench.scripts.prompts import load_batch
from assay.bench.scripts.records import Prompt, ScriptReport
from assay.store import Store
from tests.servers.measured import Answers, MeasuredPipeline, Prompted, Truth
from tests.servers.openai import OpenAIServer

FOLDER = Path(assay.bench.__file__).parent / "prompts"
BATCH = FOLDER / "1-one-liners.md"


def prompted(prompt: Prompt) -> Prompted:
    """The prompt's reference, and tests of every example and of the output that the prompt shows."""
    reference = (FOLDER / "reference" / f"{prompt.id}.py").read_text()
    examples = re.findall(r"`([^`]+)`\s+gives\s+`([^`]+)`", prompt.text)
    (output,) = re.findall(r"^```output\n(.*?)^```$", prompt.text + "\n", re.MULTILINE | re.DOTALL)
    asserts = [f"    assert ({call}) == ({value})" for call, value in examples]
    tests = [
        "import runpy", "import script", "from script import *", "", "", "def test_examples():", *asserts, "", "",
        "def test_output(capsys):", "    runpy.run_path(script.__file__, run_name='__main__')",
        f"    assert capsys.readouterr().out == {output!r}", "",
    ]  # fmt: skip
    return Prompted(Answers(prompt.id, reference, (reference,)), "\n".join(tests))


def within(rate: Rate | None, truth: float) -> bool:
    assert rate is not None
    return rate.low <= truth <= rate.high


def test_the_true_rates_of_both_models_lie_within_the_intervals_of_the_report(
    store: Store,
    scripts_home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    scripts = Truth(right=0.7, syntax_error=0.1, truncated=0.1, exception=0.1, first_token_s=0.02)
    tests = Truth(right=0.4, flaky=0.2, exception=0.1, no_code=0.2)
    model = MeasuredPipeline(
        {f"# {one.title}\n": prompted(one) for one in load_batch(BATCH).prompts}, scripts, tests, seed=1
    )
    with OpenAIServer(model) as server:
        monkeypatch.setenv("ASSAY_HOME", str(scripts_home))
        monkeypatch.setenv("ASSAY_DATABASE_URL", store.url)
        monkeypatch.chdir(tmp_path)
        command = ["bench", "scripts", str(BATCH), "--output", "out", "--json"]
        command += ["--model", f"{server.url}#model-a", "--testing-model", f"{server.url}#model-b"]
        command += ["--samples", "2", "--mutants", "1"]
        code = cli.run(command)
    said = capsys.readouterr()
    assert code == 0, said.err
    (report_file,) = (tmp_path / "out" / "runs").glob("*/report.json")
    report = ScriptReport.model_validate_json(report_file.read_text())
    assert json.loads(said.out)["run"] == report.run
    (found,) = report.by_model
    assert (found.seen, found.errors) == (24, 0)
    # exactly what was put in
    given = model.given
    wrote = {name: given[f"script {name}"] for name in ("right", "exception", "syntax_error", "truncated")}
    assert sum(wrote.values()) == 24
    assert min(wrote.values()) > 0
    statuses = {"right": "ran", "exception": "import_error", "syntax_error": "syntax_error", "truncated": "truncated"}
    assert found.script_statuses == {statuses[name]: number for name, number in wrote.items()}
    asked = {name: given[f"tests {name}"] for name in ("right", "flaky", "exception", "no_code", "wrong")}
    assert sum(asked.values()) == wrote["right"]  # tests are asked for what can be imported, and for nothing else
    assert found.test_statuses["not_written"] == 24 - wrote["right"]
    assert found.test_statuses.get("collect_error", 0) == asked["exception"]
    assert found.test_statuses["passed"] + found.test_statuses.get("failed", 0) == wrote["right"] - asked["exception"]
    # a flaky file passes its first run or fails it; no other's verdict is a matter of luck
    assert 0 <= found.test_statuses["passed"] - asked["right"] - asked["no_code"] <= asked["flaky"]
    idle = [one for one in report.listed["cannot_fail"] if "they assert nothing" in one.what]
    assert len(idle) == asked["no_code"]
    spent = {one.purpose: one.calls for one in found.spending}
    assert spent == {"scripts": 24, "tests": wrote["right"]}
    # scripts
    parses = 1 - scripts.syntax_error - scripts.truncated
    assert within(found.first.parses, parses)
    assert within(found.first.imports, parses - scripts.exception)
    assert within(found.first.runs, parses - scripts.exception)
    assert within(found.truncated, scripts.truncated)
    assert within(found.syntax_errors, scripts.syntax_error)
    # tests
    assert within(found.first.collects, 1 - tests.exception)
    assert within(found.first.passes, tests.right + tests.no_code + tests.flaky / 2)
    assert within(found.cannot_fail, tests.no_code / (1 - tests.exception))
    assert within(
        found.flaky, tests.flaky / 2 / (1 - tests.exception)
    )  # half of them fail in one run and not in the other
    assert len(report.listed["flaky"]) <= asked["flaky"]
    # time
    (writing,) = [one for one in found.spending if one.purpose == "scripts"]
    assert writing.latency_p50 is not None
    assert writing.latency_p50 >= scripts.first_token_s
