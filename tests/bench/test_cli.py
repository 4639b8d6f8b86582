"""bench's commands, as they are typed: against a small suite, a real database, a real sandbox and real servers."""

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import sqlalchemy as sa

from assay import cli
from assay.store import Store
from tests.killing import prompts_and_replies, write_tasks
from tests.servers import ScriptedReply
from tests.servers.openai import OpenAIServer


@dataclass
class Ended:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Assay = Callable[..., Ended]


@pytest.fixture
def assay(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Assay:
    """The command, with a database and a folder of its own."""
    monkeypatch.setenv("ASSAY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ASSAY_DATABASE_URL", store.url)
    monkeypatch.delenv("ASSAY_KEYS", raising=False)
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str | Path) -> Ended:
        capsys.readouterr()
        code = cli.run([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return Ended(code, printed.out, printed.err)

    return call


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    """A suite of four small tasks, in a folder."""
    write_tasks(tmp_path / "tasks", 4)
    return tmp_path / "tasks"


def lines(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def right(tasks: Path) -> dict[str, str]:
    return prompts_and_replies(tasks)


def ids(tasks: Path) -> list[str]:
    return sorted(place.name for place in tasks.iterdir())


def reply_of(tasks: Path, task: str) -> str:
    return f"```python\n{(tasks / task / 'reference' / 'solution.py').read_text()}```"


def wrong_reply_of(tasks: Path, task: str) -> str:
    return f"```python\n{(tasks / task / 'wrong' / 'once.py').read_text()}```"


# ---- grade ---------------------------------------------------------------------------------------------------------


def test_grading_gives_the_score_with_raw_and_cleaned_verdicts_and_names_what_is_missing(
    assay: Assay, tasks: Path, tmp_path: Path
) -> None:
    one, two, three, four = ids(tasks)
    file = lines(
        tmp_path / "mine.jsonl",
        {"task_id": one, "reply": reply_of(tasks, one)},
        {"task_id": two, "reply": wrong_reply_of(tasks, two)},
        {"task_id": three, "reply": "I cannot do that."},
    )
    ended = assay("bench", "grade", "functions", "--data", tasks, "--replies", file, "--json")
    assert ended.code == 0, ended.err
    found = ended.json
    assert (found["suite"], found["model"], found["kind"]) == ("functions", "mine", "reply")
    assert (found["samples"], found["passed"], found["missing"]) == (3, 1, 1)
    assert found["statuses"]["pass"] == 1
    assert found["statuses"]["wrong"] == 1
    assert found["statuses"]["no_code"] == 1
    assert found["pass@1"] == pytest.approx(1 / 3)
    assert set(found["intervals"]) == {"pass@1"}
    assert found["format_tax"]["raw"]["value"] == 0
    assert found["format_tax"]["cleaned"]["value"] == pytest.approx(1 / 3)
    assert f"mine.jsonl: no reply to 1 task ({four}); they count as missing." in ended.err
    assert found["state"] == "done"


def test_a_completion_counts_as_it_came_and_a_reply_as_cleaned(assay: Assay, tasks: Path, tmp_path: Path) -> None:
    one = ids(tasks)[0]
    fenced = {"task_id": one, "text": reply_of(tasks, one)}
    passed = {}
    for kind in ("reply", "solution", "completion"):
        file = lines(tmp_path / f"{kind}.jsonl", fenced)
        arguments = ("--field", f"text:{kind}", "--limit", "1", "--json")
        ended = assay("bench", "grade", "functions", "--data", tasks, "--replies", file, *arguments)
        assert ended.code == 0, ended.err
        passed[kind] = ended.json["passed"]
    assert passed == {"reply": 1, "solution": 1, "completion": 0}


def test_equal_programs_of_one_task_are_run_once_and_grading_again_runs_nothing(
    assay: Assay, tasks: Path, tmp_path: Path, store: Store
) -> None:
    one, two, *_ = ids(tasks)
    source = (tasks / one / "reference" / "solution.py").read_text()
    rows = [{"task_id": task, "solution": source} for task in (one, one, one, two)]
    file = lines(tmp_path / "same.jsonl", *rows)

    def kept_runs() -> int:
        with store.engine.connect() as connection:
            return int(connection.scalars(sa.text("select count(*) from runs")).one())

    first = assay("bench", "grade", "functions", "--data", tasks, "--replies", file, "--json").json
    assert (first["samples"], first["passed"]) == (4, 3)
    assert kept_runs() == 2
    again = assay("bench", "grade", "functions", "--data", tasks, "--replies", file, "--json").json
    assert again["passed"] == 3
    assert kept_runs() == 2


def test_two_files_are_two_models_and_can_be_compared(assay: Assay, tasks: Path, tmp_path: Path) -> None:
    good = lines(tmp_path / "good.jsonl", *({"task_id": task, "reply": reply_of(tasks, task)} for task in ids(tasks)))
    bad = lines(tmp_path / "bad.jsonl", *({"task_id": task, "reply": ""} for task in ids(tasks)))
    ended = assay("bench", "grade", "functions", "--data", tasks, "--replies", good, "--replies", bad, "--json")
    assert [(score["model"], score["passed"]) for score in ended.json["results"]] == [("good", 4), ("bad", 0)]
    compared = assay("bench", "compare", "last", "--json").json
    assert len(compared) == 1
    assert compared[0]["tasks"] == 4
    assert abs(compared[0]["difference"]["value"]) == 1


def test_an_exported_samples_table_is_graded_again_model_by_model_with_the_same_verdicts(
    assay: Assay, tasks: Path, tmp_path: Path
) -> None:
    one, two, *_ = ids(tasks)
    good = lines(tmp_path / "good.jsonl", *({"task_id": task, "reply": reply_of(tasks, task)} for task in ids(tasks)))
    bad = lines(tmp_path / "bad.jsonl", {"task_id": one, "completion": ""}, {"task_id": two, "completion": "x"})
    grade = ("bench", "grade", "functions", "--data", tasks, "--json", "--replies")
    first = assay(*grade, good, "--replies", bad).json
    table = tmp_path / "run.samples.jsonl"
    assay("bench", "export", "last", "--format", "jsonl", "-o", table)
    ended = assay(*grade, table)
    assert ended.code == 0, ended.err
    shown = ("model", "kind", "samples", "statuses", "pass@1", "missing")
    assert [[one[key] for key in shown] for one in ended.json["results"]] == [
        [one[key] for key in shown] for one in first["results"]
    ]
    rows = [json.loads(row) for row in table.read_text().splitlines()]
    cut = {**rows[0], "model": "cut", "reply": "```python\ndef f(", "finish": "length"}
    assert assay(*grade, lines(tmp_path / "cut.jsonl", cut)).json["statuses"]["truncated"] == 1
    goods = [row for row in rows if row["model"] == "good"]
    both = assay(*grade, table, "--replies", lines(tmp_path / "good.jsonl", *goods)).json["results"]
    assert {one["model"] for one in both} == {"good (run.samples)", "good (good)", "bad"}


def test_what_a_samples_table_holds_for_nobody_is_left_out_and_told(assay: Assay, tasks: Path, tmp_path: Path) -> None:
    one, two, three, _ = ids(tasks)
    file = lines(tmp_path / "mine.jsonl", *({"task_id": task, "reply": reply_of(tasks, task)} for task in ids(tasks)))
    grade = ("bench", "grade", "functions", "--data", tasks, "--json", "--replies")
    assay(*grade, file)
    tables = {table: tmp_path / f"{table}.jsonl" for table in ("samples", "checks", "tasks")}
    for table, path in tables.items():
        assay("bench", "export", "last", "--format", "jsonl", "--table", table, "-o", path)
    for table, said in (("checks", "has a row a check"), ("tasks", "has a row a task and model")):
        ended = assay(*grade, tables[table])
        assert ended.code == 2
        assert said in ended.err
        assert "--table samples" in ended.err
    rows = {row["task"]: row for row in map(json.loads, tables["samples"].read_text().splitlines())}
    rows[two] |= {"status": "error", "reply": "", "finish": "other"}
    rows[three]["suite"] = "gym:python"
    ended = assay(*grade, lines(tables["samples"], *rows.values(), {**rows[one], "suite": "mbpp", "task": "Mbpp/2"}))
    assert ended.code == 0, ended.err
    assert (ended.json["passed"], ended.json["samples"], ended.json["missing"]) == (2, 2, 2)
    assert "samples.jsonl: its samples of 2 other suites (mbpp, gym:python) are left out." in ended.err
    assert "samples.jsonl: 1 sample has no reply, as the model could not be asked, and counts as missing." in ended.err
    only = assay(*grade, lines(tmp_path / "other.jsonl", rows[three]))
    assert only.json["passed"] == 1, "the replies to one suite's tasks may be graded by another that has them too"
    none = assay(*grade, lines(tmp_path / "none.jsonl", {**rows[one], "suite": "mbpp", "task": "Mbpp/2"}))
    assert none.code == 2
    assert "Its samples are of mbpp." in none.err


def test_broken_lines_are_all_told_and_nothing_is_run_or_saved(assay: Assay, tasks: Path, tmp_path: Path) -> None:
    file = tmp_path / "broken.jsonl"
    file.write_text('{"task_id": "nowhere", "reply": ""}\n{"task_id"\n[]\n')
    ended = assay("bench", "grade", "functions", "--data", tasks, "--replies", file, "--json")
    assert ended.code == 2
    assert ended.out == ""
    for number, said in ((1, "no task 'nowhere'"), (2, "not JSON"), (3, "a JSON array")):
        assert f"broken.jsonl:{number}: {said}" in ended.err
    assert assay("bench", "list", "--json").json == []


def test_a_preamble_is_put_before_every_program_only_when_asked(assay: Assay, tasks: Path, tmp_path: Path) -> None:
    one = ids(tasks)[0]
    source = (tasks / one / "reference" / "solution.py").read_text().replace("2 *", "TWO *")
    file = lines(tmp_path / "short.jsonl", {"task_id": one, "solution": source})
    (tmp_path / "before.py").write_text("TWO = 2\n")
    grade = ("bench", "grade", "functions", "--data", tasks, "--replies", file, "--limit", "1", "--json")
    assert assay(*grade).json["statuses"]["exception"] == 1
    assert assay(*grade, "--preamble", tmp_path / "before.py").json["passed"] == 1


def test_a_score_below_the_bar_ends_with_1(assay: Assay, tasks: Path, tmp_path: Path) -> None:
    one, two, *_ = ids(tasks)
    file = lines(
        tmp_path / "half.jsonl",
        {"task_id": one, "reply": reply_of(tasks, one)},
        {"task_id": two, "reply": ""},
    )
    grade = ("bench", "grade", "functions", "--data", tasks, "--replies", file, "--limit", "2")
    assert assay(*grade, "--fail-under", "50").code == 0
    ended = assay(*grade, "--fail-under", "50.1")
    assert ended.code == 1
    assert "half on functions: 50.0%, under 50.1 %" in ended.err
    all_tasks = assay(*grade[:-2], "--fail-under", "50")
    assert all_tasks.code == 1
    assert "half on functions: 50.0%, but" in all_tasks.err


def test_a_sandbox_that_is_none_is_told_before_anything_is_run(assay: Assay, tasks: Path, tmp_path: Path) -> None:
    one, *_ = ids(tasks)
    file = lines(tmp_path / "m.jsonl", {"task_id": one, "reply": reply_of(tasks, one)})
    grade = ("bench", "grade", "functions", "--data", tasks, "--replies", file, "--limit", "1", "--sandbox")
    for name, said in (("nope", "Known"), ("local", "--allow-unsafe")):
        ended = assay(*grade, name)
        assert ended.code == 2, ended.err
        assert said in ended.err
        assert "resume" not in ended.err


# ---- run -----------------------------------------------------------------------------------------------------------


def test_a_run_asks_every_sample_and_its_recording_answers_the_same(assay: Assay, tasks: Path, tmp_path: Path) -> None:
    answers = right(tasks)
    with OpenAIServer(lambda prompt, nth: ScriptedReply(answers[prompt] if nth < 2 else "No.")) as server:
        model = f"{server.url}#model-a"
        run = ("bench", "run", "functions", "--data", tasks, "--samples", "3", "--json")
        ended = assay(*run, "--model", model, "--temperature", "0.5", "--record", tmp_path / "kept.jsonl")
        assert ended.code == 0, ended.err
        assert set(server.counts().prompts.values()) == {3}
        assert {seen.body["temperature"] for seen in server.seen} == {0.5}
    assert "12 attempts; about" in ended.err
    found = ended.json
    assert (found["samples"], found["passed"]) == (12, 8)
    assert found["pass@1"] == pytest.approx(2 / 3)
    assert found["usage"]["replies"] == 12
    assert found["usage"]["completion_tokens"] > 0
    again = assay(*run, "--model", f"recorded/{tmp_path / 'kept.jsonl'}")
    assert again.code == 0, again.err
    assert again.json["passed"] == 8


def test_a_model_behind_an_address_is_asked_again_by_the_next_evaluation(assay: Assay, tasks: Path) -> None:
    answers = right(tasks)
    with OpenAIServer(lambda prompt, _: ScriptedReply(answers[prompt])) as server:
        for _ in range(2):
            run = ("bench", "run", "functions", "--data", tasks, "--model", f"{server.url}#model-a", "--json")
            assert assay(*run).json["passed"] == 4
        assert server.counts().requests == 8


def test_models_of_a_folder_run_the_suites_they_name(assay: Assay, tasks: Path, tmp_path: Path) -> None:
    answers = right(tasks)
    with OpenAIServer(lambda prompt, _: ScriptedReply(answers[prompt])) as server:
        folder = tmp_path / "models"
        folder.mkdir()
        (folder / "one.yaml").write_text(
            f"name: mine\nprovider: openai\nurl: {server.url}\nmodel: model-a\nsuites: [functions]\n"
            "options: {temperature: 0.2}\nprice: {prompt: 1, completion: 2, currency: EUR}\n"
        )
        ended = assay("bench", "run", "--config", folder, "--data", tasks, "--json")
        assert ended.code == 0, ended.err
        assert {seen.body["temperature"] for seen in server.seen} == {0.2}
    assert ended.json["model"] == "mine"
    assert ended.json["usage"]["cost"]["EUR"] > 0
    assert "EUR" in ended.err


def models_folder(place: Path, **files: str) -> Path:
    place.mkdir()
    for name, text in files.items():
        (place / f"{name}.yaml").write_text(text)
    return place


def test_a_models_folder_leaves_its_results_as_files_and_says_where(assay: Assay, tasks: Path, tmp_path: Path) -> None:
    answers = right(tasks)
    with OpenAIServer(lambda prompt, _: ScriptedReply(answers[prompt])) as server:
        mine = f"name: mine\nprovider: openai\nurl: {server.url}\nmodel: model-a\nsuites: [functions]\n"
        data = "data: {functions: ../tasks}\n"
        folder = models_folder(tmp_path / "models", mine=mine + data, off="name: ollama/off\nenabled: false\n")
        ended = assay("bench", "run", "--config", folder)
        assert ended.code == 0, ended.err
        assert "Left out, by enabled: false in their files: ollama/off." in ended.err
        written = [
            Path(line.removeprefix("Written: ")) for line in ended.out.splitlines() if line.startswith("Written")
        ]
        (run,) = (tmp_path / "results").iterdir()
        assert [path.name for path in written] == ["samples.csv", "samples.jsonl", "tasks.csv"]
        assert {(tmp_path / path).parent for path in written} == {run}
        with (run / "samples.csv").open(newline="") as file:
            assert [row["passed"] for row in csv.DictReader(file)] == ["True"] * 4
        assert len((run / "samples.jsonl").read_text().splitlines()) == 4
        elsewhere = assay("bench", "run", "--config", folder, "--results", tmp_path / "kept" / "here", "--json")
        assert [Path(path).parent.parent for path in elsewhere.json["files"]] == [tmp_path / "kept" / "here"] * 3
        (tmp_path / "file").write_text("")
        asked = server.counts().requests
        ended = assay("bench", "run", "--config", folder, "--results", tmp_path / "file" / "x")
        assert (ended.code, server.counts().requests) == (2, asked)
        assert "Give another folder with --results." in ended.err


def test_a_suite_of_a_model_file_that_lacks_its_file_is_told_at_its_place(assay: Assay, tmp_path: Path) -> None:
    folder = models_folder(tmp_path / "models", mine="name: ollama/x\nsuites: [functions, humaneval]\n")
    ended = assay("bench", "run", "--config", folder)
    assert ended.code == 2
    assert f"{folder}/mine.yaml:2:21: the suite needs its file." in ended.err
    assert "HumanEval.jsonl.gz" in ended.err
    assert "data: {humaneval: FILE}" in ended.err


def test_a_model_that_got_significantly_worse_than_the_baseline_ends_with_1(assay: Assay, tmp_path: Path) -> None:
    write_tasks(tmp_path / "tasks", 8)
    answers = right(tmp_path / "tasks")
    failing = 0

    def answer(prompt: str, _: int) -> ScriptedReply:
        return ScriptedReply("No." if list(answers).index(prompt) < failing else answers[prompt])

    with OpenAIServer(answer) as server:
        model = f"{server.url}#model-a"
        run = ("bench", "run", "functions", "--data", tmp_path / "tasks", "--model", model, "--json")
        before = assay(*run).json["evaluation"]
        failing = 1
        slightly = assay(*run, "--baseline", before)
        failing = 8
        clearly = assay(*run, "--baseline", before)
        better = assay(*run, "--baseline", "last")
        asked = server.counts().requests
        other = assay(*run, "--model", f"{server.url}#model-b", "--baseline", before)
        assert (other.code, server.counts().requests) == (1, asked + 16)  # a baseline of one model is everybody's
    assert (slightly.code, clearly.code, better.code) == (0, 1, 0)
    assert "87.5 %, not significantly worse than 100.0 %" in slightly.err
    assert "0.0 %, significantly worse than 100.0 %" in clearly.err
    nobody = assay("bench", "run", "functions", "--model", model, "--baseline", "2099")
    assert nobody.code == 2
    assert "No evaluation is called '2099'" in nobody.err


def test_junit_xml_has_a_case_a_sample_with_failures_and_what_is_missing(
    assay: Assay, tasks: Path, tmp_path: Path
) -> None:
    one, two, *_ = ids(tasks)
    hostile = "```python\nraise ValueError(']]>\\x1b[31m<failure>\\x00\u202e')\n```"
    file = lines(
        tmp_path / "half.jsonl",
        {"task_id": one, "reply": reply_of(tasks, one)},
        {"task_id": two, "reply": hostile},
    )
    grade = ("bench", "grade", "functions", "--data", tasks, "--replies", file, "--limit", "3")
    ended = assay(*grade, "--junit", tmp_path / "out" / "junit.xml")
    assert ended.code == 0, ended.err
    text = (tmp_path / "out" / "junit.xml").read_text("utf-8")
    assert not {"\x1b", "\x00", "\u202e"} & set(text)
    root = ElementTree.fromstring(text)
    (suite,) = root
    assert (root.tag, suite.get("name")) == ("testsuites", "functions · half")
    assert [suite.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["3", "1", "0", "1"]
    verdicts = {case.get("name"): [child.tag for child in case] for case in suite}
    assert verdicts == {one: [], two: ["failure"], f"{ids(tasks)[2]} (missing)": ["skipped"]}


def test_a_wrong_key_in_a_models_file_is_told_with_its_place(assay: Assay, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "one.yaml").write_text("name: mine\nprovider: openai\ntemprature: 1\n")
    ended = assay("bench", "run", "functions", "--config", folder)
    assert ended.code == 2
    assert "one.yaml:3:1: " in ended.err
    assert "Traceback" not in ended.err


def test_a_reply_that_was_cut_is_truncated_unless_it_passes_all_the_same(assay: Assay, tasks: Path) -> None:
    answers = right(tasks)
    one = next(iter(answers))

    def answer(prompt: str, _: int) -> ScriptedReply:
        text = answers[prompt]
        return ScriptedReply(text if prompt == one else text[: len(text) // 2], finish="length")

    with OpenAIServer(answer) as server:
        model = f"{server.url}#model-a"
        found = assay("bench", "run", "functions", "--data", tasks, "--model", model, "--json").json
    assert found["statuses"]["pass"] == 1
    assert found["statuses"]["truncated"] == 3
    assert found["usage"]["truncated"] == 4


def test_a_failure_the_model_may_see_is_sent_back_and_nothing_hidden_with_it(assay: Assay, tasks: Path) -> None:
    answers = right(tasks)
    mended, syntax, hidden, hopeless = list(answers)

    def answer(prompt: str, nth: int) -> ScriptedReply:
        asked = next((known for known in answers if known == prompt), None)
        if asked == mended:
            return ScriptedReply(answers[asked].replace("2 * number", "number"))
        if asked == syntax:
            return ScriptedReply("```python\ndef broken(:\n```")
        if asked == hidden:
            return ScriptedReply(answers[asked].replace("return ", "return 1 if number == 0 else "))
        if asked == hopeless:
            return ScriptedReply("No.")
        return ScriptedReply(conversation_answer(server, prompt))

    def conversation_answer(server: OpenAIServer, prompt: str) -> str:
        """A later turn: the right program for whatever was asked first, but for one."""
        first = next(seen.body["messages"][0]["content"] for seen in reversed(server.seen) if seen.prompt == prompt)
        return "No." if first == hopeless else answers[first]

    with OpenAIServer(answer) as server:
        model = f"{server.url}#model-a"
        run = ("bench", "run", "functions", "--data", tasks, "--model", model, "--repair", "2", "--concurrency", "1")
        ended = assay(*run, "--json")
        assert ended.code == 0, ended.err
        asked = [[message["content"] for message in seen.body["messages"]] for seen in server.seen]
    turns = {prompt: max(len(one) // 2 + 1 for one in asked if one[0] == prompt) for prompt in answers}
    assert turns == {mended: 2, syntax: 2, hidden: 1, hopeless: 3}
    found = ended.json
    assert found["passed"] == 2
    assert found["repair"]["first"]["value"] == 0
    assert found["repair"]["mended"] == 2
    (told,) = [one[2] for one in asked if one[0] == mended and len(one) == 3]
    assert "expected: " in told
    (told,) = [one[2] for one in asked if one[0] == syntax and len(one) == 3]
    assert "SyntaxError" in told
    assert not any("zero" in message for one in asked for message in one[2:])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "functons", "--model", "ollama/x"), "Did you mean functions?"),
        (("run", "functions", "--model", "olama/x"), "Did you mean ollama?"),
        (("run", "functions"), "--model ollama/"),
        (("grade", "humanevl", "--replies", "x"), "humaneval"),
        (("rnu", "functions"), "Did you mean run?"),
        (("show", "20990101"), "There is no evaluation yet."),
        (("run", "functions", "--model", "openai/gpt", "--limit", "1"), "OPENAI_API_KEY"),
        (("run", "functions", "--model", "recorded/none.jsonl", "--data", "humaneval=x"), "which is not run"),
        (("run", "functions", "--model", "recorded/none.jsonl", "--limit", "1"), "--model recorded/PATH"),
        (("models", "olama"), "Did you mean ollama?"),
    ],
)
def test_what_is_misspelt_or_missing_is_told_in_one_clear_error(
    assay: Assay, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    ended = assay("bench", *arguments)
    assert ended.code in (2, 3)
    assert said in ended.err + ended.out
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--junit", "/proc/x.xml"), "another place with --junit"),
        (("--record", "/proc/x/y.jsonl"), "another place with --record"),
        (("--record", "{here}/kept.jsonl"), "two recordings do not mix"),
    ],
)
def test_files_that_cannot_be_written_are_told_before_anything_is_asked(
    assay: Assay, tasks: Path, tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    (tmp_path / "kept.jsonl").write_text('{"prompt": "x", "reply": "y"}\n')
    given = [one.format(here=tmp_path) for one in options]
    ended = assay(
        "bench", "run", "functions", "--data", tasks, "--model", f"recorded/{tmp_path / 'kept.jsonl'}", *given
    )
    assert ended.code == 2
    assert said in ended.err
    assert assay("bench", "list", "--json").json == []


def test_a_preamble_that_is_no_text_is_refused(assay: Assay, tmp_path: Path) -> None:
    (tmp_path / "before.py").write_bytes(b"\x7fELF\xd0")
    ended = assay("bench", "grade", "functions", "--replies", "x", "--preamble", tmp_path / "before.py")
    assert ended.code == 2
    assert "not text in UTF-8" in ended.err
    assert "--preamble" in ended.err


def test_a_key_file_that_others_can_read_is_refused_before_anything_is_asked(
    assay: Assay, tasks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = tmp_path / "keys"
    keys.write_text("OPENAI_API_KEY=sk-secret-value\n")
    keys.chmod(0o644)
    monkeypatch.setenv("ASSAY_KEYS", str(keys))
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    ended = assay("bench", "run", "functions", "--data", tasks, "--model", "openai/gpt")
    assert ended.code == 2
    assert f"chmod 600 {keys}" in ended.err
    assert "secret" not in ended.err
    assert assay("bench", "list", "--json").json == []


def test_a_model_the_server_does_not_have_pauses_the_run_with_the_nearest_names(assay: Assay, tasks: Path) -> None:
    with OpenAIServer() as server:
        ended = assay("bench", "run", "functions", "--data", tasks, "--model", f"{server.url}#model-aa")
    assert ended.code == 3
    assert "Did you mean model-a" in ended.err
    assert "assay bench resume" in ended.err


@pytest.mark.parametrize(
    ("models", "name", "told"),
    [
        (("toy", "toy-2"), "tou", True),
        (("toy", "toy-2"), "toy", False),
        (("toy:latest",), "toy", False),
        ((), "tou", False),
    ],
    ids=["not listed", "listed", "listed with its tag", "an empty list"],
)
def test_a_name_that_is_not_in_the_servers_list_is_told_before_it_is_asked_under_it(
    assay: Assay, tasks: Path, models: tuple[str, ...], name: str, told: bool
) -> None:
    answers = right(tasks)
    with OpenAIServer(lambda prompt, _nth: ScriptedReply(answers[prompt]), models=models, any_name=True) as server:
        ended = assay("bench", "run", "functions", "--data", tasks, "--model", f"{server.url}#{name}", "--json")
        note = f"No model at {server.url} is called '{name}'. Did you mean toy or toy-2? Known: toy, toy-2."
    assert (ended.code, ended.json["passed"]) == (0, 4)
    assert (note in ended.err) is told
    assert any(note in warning for warning in ended.json["warnings"]) is told


def test_one_question_that_a_server_refuses_is_an_error_of_ours_and_resume_asks_it_again(
    assay: Assay, tasks: Path
) -> None:
    answers = right(tasks)
    refused = next(iter(answers))
    times = 0

    def answer(prompt: str, nth: int) -> ScriptedReply:
        nonlocal times
        if prompt == refused and times == 0:
            times += 1
            return ScriptedReply(status=400, error="This prompt is too long.")
        return ScriptedReply(answers[prompt])

    with OpenAIServer(answer) as server:
        model = f"{server.url}#model-a"
        found = assay("bench", "run", "functions", "--data", tasks, "--model", model, "--json").json
        assert (found["state"], found["samples"], found["passed"], found["errors"]) == ("done", 3, 3, 1)
        again = assay("bench", "resume", "last", "--json").json
        assert (again["samples"], again["passed"], again["errors"]) == (4, 4, 0)
        assert server.counts().requests == 5


def test_a_run_in_which_nothing_could_be_measured_ends_with_4_and_says_how_to_go_on(assay: Assay, tasks: Path) -> None:
    with OpenAIServer(lambda *_: ScriptedReply(status=400, error="This prompt is too long.")) as server:
        ended = assay("bench", "run", "functions", "--data", tasks, "--model", f"{server.url}#model-a", "--json")
    assert (ended.code, ended.json["state"], ended.json["errors"]) == (4, "done", 4)
    assert "Nothing was measured: every sample failed through an error of ours" in ended.err
    assert f"assay bench resume {ended.json['evaluation']}" in ended.err


# ---- looking -------------------------------------------------------------------------------------------------------


@pytest.fixture
def graded(assay: Assay, tasks: Path, tmp_path: Path) -> str:
    """An evaluation's id: one task right, one wrong."""
    one, two, *_ = ids(tasks)
    file = lines(
        tmp_path / "half.jsonl",
        {"task_id": one, "reply": reply_of(tasks, one)},
        {"task_id": two, "reply": wrong_reply_of(tasks, two)},
    )
    ended = assay("bench", "grade", "functions", "--data", tasks, "--replies", file, "--limit", "2", "--json")
    return str(ended.json["evaluation"])


def test_an_evaluation_is_listed_and_shown_by_a_part_of_its_id(assay: Assay, graded: str, tasks: Path) -> None:
    (entry,) = assay("bench", "list", "--json").json
    assert (entry["id"], entry["state"], entry["done"], entry["expected"], entry["passed"]) == (graded, "done", 2, 2, 1)
    assert graded in assay("bench", "list").out
    for name in (graded, graded[:10], graded[-4:], "last"):
        shown = assay("bench", "show", name, "--json").json
        assert (shown["evaluation"], shown["passed"]) == (graded, 1)
    assert "50.0" in assay("bench", "show").out
    missing = assay("bench", "show", "2099")
    assert missing.code == 2
    assert "No evaluation is called '2099'" in missing.err
    _attempts_are_explained(assay, graded, *ids(tasks)[:2])


def _attempts_are_explained(assay: Assay, graded: str, one: str, two: str) -> None:
    told = assay("bench", "show", graded, "--task", two)
    assert told.code == 0, told.err
    headings = ["Reply (", "Program graded", "Findings (", "Run ("]
    places = [told.out.find(f"\n{heading}") for heading in headings]
    assert -1 < places[0] < places[1] < places[2] < places[3]
    assert "✗ Failed: wrong answer: " in told.out.splitlines()[1]
    shown = assay("bench", "show", graded, "--task", f"functions/{two}", "--model", "alf", "--json").json
    assert (shown["task"], shown["others"]) == (two, {"half": {"wrong": 1}})
    assert shown["program"] in shown["evidence"]["tries"][0]["attempt"]["reply"]["text"]
    assert assay("bench", "show", graded, "--task", one).out.splitlines()[1].startswith("✓ Passed")
    for wrong, said in [
        (("--task", f"{two[:-1]}"), f"Did you mean {two}"),
        (("--task", two, "--model", "x"), "Known: half"),
        (("--task", two, "--sample", "7"), "no sample 7 of half"),
        (("--sample", "7"), "go with --task"),
    ]:
        refused = assay("bench", "show", graded, *wrong)
        assert refused.code == 2
        assert said in refused.err


@pytest.mark.parametrize("form", ["md", "html"])
def test_the_report_is_written_where_it_is_said(assay: Assay, graded: str, tmp_path: Path, form: str) -> None:
    ended = assay("bench", "report", graded, "--format", form)
    assert ended.code == 0, ended.err
    path = Path(ended.out.strip())
    assert path == tmp_path / f"assay-{graded}.{form}"
    assert "half" in path.read_text("utf-8")
    printed = assay("bench", "report", "--format", form, "-o", "-").out
    assert printed.splitlines()[:5] == path.read_text("utf-8").splitlines()[:5]


def test_a_report_that_cannot_be_written_is_told(assay: Assay, graded: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ended = assay("bench", "report", "-o", tmp_path / "file" / "report.md")
    assert ended.code == 2
    assert "cannot be written" in ended.err


def test_the_export_has_a_row_a_sample_in_csv_and_json_lines(assay: Assay, graded: str, tmp_path: Path) -> None:
    ended = assay("bench", "export", graded, "--output", tmp_path / "rows.csv")
    assert ended.code == 0, ended.err
    rows = list(csv.DictReader(io.StringIO((tmp_path / "rows.csv").read_text("utf-8"))))
    assert [row["status"] for row in rows] == ["pass", "wrong"]
    assay("bench", "export", graded, "--format", "jsonl", "--table", "checks", "-o", tmp_path / "rows.jsonl")
    checks = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text("utf-8").splitlines()]
    assert {row["case"] for row in checks if row["counts"]} == {"three", "zero"}


# ---- what there is -------------------------------------------------------------------------------------------------


def test_the_suites_are_listed_with_what_each_needs(assay: Assay) -> None:
    found = {suite["name"]: suite for suite in assay("bench", "suites", "--json").json}
    assert found["functions"]["here"]
    assert found["functions"]["tasks"] >= 16
    assert not found["humaneval"]["here"]
    assert "HumanEval.jsonl.gz" in found["humaneval"]["said"]


def test_what_is_said_of_each_suite_begins_in_one_column(assay: Assay) -> None:
    found = {suite["name"]: suite["said"] for suite in assay("bench", "suites", "--json").json}
    printed = assay("bench", "suites").out.splitlines()
    assert {line.index(said) for line, said in zip(printed, found.values(), strict=True)} == {max(map(len, found)) + 2}


def test_the_models_of_a_server_are_listed_as_they_are_named_to_run(assay: Assay) -> None:
    with OpenAIServer(models=("small", "large")) as server:
        ended = assay("bench", "models", server.url)
    assert ended.code == 0
    assert f"--model {server.url}#small" in ended.out


def test_checking_a_suite_holds_only_while_its_wrong_programs_fail_as_said(assay: Assay, tasks: Path) -> None:
    check = ("bench", "check", "functions", "--data", tasks)
    ended = assay(*check)
    assert ended.code == 0, ended.out
    assert "4 tasks, 8 programs: all as they must" in ended.out
    one, two, three, _ = ids(tasks)
    solution = tasks / one / "reference" / "solution.py"
    solution.write_text(solution.read_text().replace("2 *", "3 *"))
    right_one = tasks / two / "reference" / "solution.py"
    (tasks / two / "wrong" / "once.py").write_text(right_one.read_text())
    other = tasks / three / "wrong" / "once.py"
    source = (tasks / three / "reference" / "solution.py").read_text()
    other.write_text(source.replace("return ", "return number if number == 0 else "))
    ended = assay(*check)
    assert ended.code == 1
    assert f"{one}: the reference does not pass" in ended.out
    assert f"{two}: the wrong program 'once' passes" in ended.out
    assert f"{three}: the wrong program 'once' fails, but not in case 'three'" in ended.out


def test_a_wrong_expectation_is_told_with_the_call_both_values_and_its_place(assay: Assay, tasks: Path) -> None:
    one, *_ = ids(tasks)
    cases = tasks / one / "checks" / "calls.yaml"
    zero = next(line for line in cases.read_text().splitlines() if "zero" in line)
    many = "".join(f"  - {{id: more-{number}, args: [1], expect: 77}}\n" for number in range(4))
    cases.write_text(cases.read_text().replace(zero, "  # by hand\n" + zero.replace("expect: ", "expect: 1")) + many)
    ended = assay("bench", "check", "functions", "--data", tasks)
    assert ended.code == 1
    entry, right = one.replace("-", "_"), int(one.rpartition("-")[2])
    column = zero.index("expect: ") + len("expect: ") + 1
    assert ended.out.splitlines()[:6] == [
        f"✗ {one}: the reference does not pass: wrong, zero: another value was expected",
        "    ✗ zero another value was expected",
        f"        call:     {entry}(0)",
        f"        expected: 1{right}",
        f"        got:      {right}",
        f"        written:  {cases}:5:{column}",
    ]
    assert "    … and 2 more" in ended.out.splitlines()


@pytest.mark.parametrize(
    ("module", "not_needed"),
    [
        ("assay.bench.preparing", ("sqlalchemy", "numpy", "httptools", "rich")),
        ("assay.bench.evaluations, assay.bench.terminal, assay.bench.scores.standings", ("numpy", "dbos", "alembic")),
    ],
    ids=["suites", "list and show"],
)
def test_a_command_waits_for_no_library_that_it_does_not_use(module: str, not_needed: tuple[str, ...]) -> None:
    code = f"import sys, {module}; print([name for name in {not_needed} if name in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[]"
