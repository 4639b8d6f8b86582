"""What an evaluation asks, keeps and estimates; and the same from Python as from the command."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

import assay.bench
from assay.bench import asking, evaluations, preparing
from assay.bench.records import Attempt, Evaluation, Sample
from assay.errors import AssayError, UnknownName
from assay.records import Finding, Model, Options, Price, Reply, Report, Request, Task
from assay.settings import Settings
from assay.store import Store
from tests.killing import prompts_and_replies, write_tasks
from tests.servers import ScriptedReply
from tests.servers.openai import OpenAIServer

MODEL = Model(name="mine", provider="openai", model="gpt")


def task(prompt: str, entry: str | None = "f", name: str = "t") -> Task:
    return Task(id=name, suite="little", prompt=prompt, entry=entry, checks=())


# ---- asking --------------------------------------------------------------------------------------------------------


def test_words_are_asked_as_they_stand_and_source_is_put_into_words() -> None:
    words = task("Write `f(x)`, which doubles x.")
    assert asking.question(words, MODEL)[-1].content == words.prompt
    source = task('import math\n\n\ndef f(x):\n    """Double x."""\n')
    (message,) = asking.question(source, MODEL)
    assert message.content.startswith("Complete this Python function.")
    assert source.prompt.rstrip() in message.content


@pytest.mark.parametrize(
    ("prompt", "source"),
    [
        ("def f(x):\n    '''Double.'''\n", True),
        ("def f(x):", True),
        ("async def f(x):\n", True),
        ("Write a function.\n\ndef f(x): doubles x", False),
        ("def g(x):\n    return f(x)\n", False),
    ],
)
def test_a_prompt_is_source_when_it_is_the_beginning_of_the_program(prompt: str, source: bool) -> None:
    assert asking.is_source(task(prompt)) is source


def test_a_system_prompt_comes_first() -> None:
    model = MODEL.model_copy(update={"system": "Be brief."})
    assert [message.role for message in asking.question(task("Write f."), model)] == ["system", "user"]


def finding(public: bool, message: str) -> Finding:
    return Finding(
        check="calls", outcome="failed", integrity="outside", public=public, expected="4", got="5", message=message
    )


def test_a_complaint_tells_public_failures_and_never_hidden_ones() -> None:
    failures = (finding(True, "seen"), finding(False, "unseen"))
    said = asking.complaint(Report(task="t", suite="s", status="wrong", findings=failures))
    assert said is not None
    assert "seen" in said
    assert "unseen" not in said
    assert asking.complaint(Report(task="t", suite="s", status="wrong", findings=failures[1:])) is None


@pytest.mark.parametrize("status", ["pass", "error"])
def test_there_is_nothing_to_complain_of_where_the_model_did_not_fail(status: str) -> None:
    report = Report.model_validate({"task": "t", "suite": "s", "status": status, "message": "x"})
    assert asking.complaint(report) is None


def test_a_replys_key_changes_with_what_determines_it_and_with_nothing_else() -> None:
    request = Request(model=MODEL, messages=asking.question(task("Write f."), MODEL))

    def key(**changes: object) -> str:
        return asking.reply_key(request.model_copy(update={"model": MODEL.model_copy(update=changes)}), "")

    same = key()
    assert key(price=Price(prompt=1), concurrency=3, requests_per_minute=5, suites=("a",), key="OTHER_KEY") == same
    different = [
        key(options=Options(temperature=0.5)),
        key(model="gpt-2"),
        key(url="http://127.0.0.1:1/v1"),
        key(system="Be brief."),
        asking.reply_key(request.model_copy(update={"sample": 1}), ""),
        asking.reply_key(request, "one evaluation"),
    ]
    assert len({same, *different}) == 7


def test_only_a_hosted_models_name_says_which_model_it_is() -> None:
    assert asking.same_everywhere(MODEL)
    assert not asking.same_everywhere(MODEL.model_copy(update={"url": "http://127.0.0.1:8000/v1"}))
    for provider in ("ollama", "lmstudio", "vllm", "recorded"):
        assert not asking.same_everywhere(Model(name="m", provider=provider, model="m"))


# ---- preparing -----------------------------------------------------------------------------------------------------


def test_an_estimate_leaves_out_what_is_kept_and_says_what_the_rest_may_cost(store: Store) -> None:
    from assay.store import kept

    tasks = [task("Write f. " * 40, name="a"), task("Write g. " * 40, name="b")]
    model = MODEL.model_copy(update={"price": Price(prompt=1_000_000, completion=0)})
    before = preparing.estimate(store, tasks, [model], 2)
    assert (before.attempts, before.kept) == (4, 0)
    assert before.cost["USD"] == before.prompt_tokens > 300
    request = Request(model=model, messages=asking.question(tasks[0], model), sample=1)
    kept.keep_reply(store, asking.reply_key(request, ""), request, Reply(text="x"))
    after = preparing.estimate(store, tasks, [model], 2)
    assert (after.attempts, after.kept) == (4, 1)
    assert after.prompt_tokens == before.prompt_tokens * 3 // 4
    assert preparing.estimate(store, tasks, [model], 2, fresh=True) == before
    assert "1 of them answered from before" in str(after)


def test_what_the_command_names_wins_over_the_suites_of_a_models_file() -> None:
    own = MODEL.model_copy(update={"suites": ("mbpp",)})
    free = MODEL.model_copy(update={"name": "free"})
    assert preparing.suites_of([own, free], ["humaneval"])[0] == ("humaneval",)
    names, models = preparing.suites_of([own, free], [])
    assert names == ("mbpp", "functions")
    assert [model.suites for model in models] == [("mbpp",), ("functions",)]


def test_a_file_for_one_of_several_suites_must_say_which(tmp_path: Path) -> None:
    with pytest.raises(AssayError, match="does not say which") as caught:
        preparing.suites_named(["humaneval", "mbpp"], ["x.jsonl"], Settings(home=tmp_path))
    assert caught.value.help == "Write --data humaneval=x.jsonl"


# ---- evaluations ---------------------------------------------------------------------------------------------------


def evaluation(name: str) -> Evaluation:
    return Evaluation(id=name, created=datetime.now(UTC), source="run", suites=("little",), models=(MODEL,))


def sample(evaluation: str, status: str = "pass", number: int = 0) -> Sample:
    report = Report.model_validate({"task": "t", "suite": "little", "status": status})
    attempt = Attempt(reply=Reply(text="a\0b"), report=report)
    return Sample(evaluation=evaluation, suite="little", task="t", model="mine", index=number, attempts=(attempt,))


def test_a_sample_saved_twice_is_one(store: Store) -> None:
    evaluations.create(store, evaluation("e"), [task("Write f.")], [])
    evaluations.save_samples(store, [sample("e"), sample("e", number=1)])
    evaluations.save_samples(store, [sample("e", "wrong")])
    assert [one.status for one in evaluations.read_samples(store, "e")] == ["pass", "pass"]
    assert evaluations.count_statuses(store, "e")["mine"].total() == 2


def test_an_evaluation_is_found_by_a_part_of_its_name_that_no_other_has(store: Store) -> None:
    for name in ("20260101-a1", "20260101-b2"):
        evaluations.create(store, evaluation(name), [], [])
    assert evaluations.read_evaluation(store, "a1").id == "20260101-a1"
    assert evaluations.read_evaluation(store, "last").id == "20260101-b2"
    with pytest.raises(AssayError, match="could be 2 evaluations"):
        evaluations.read_evaluation(store, "2026")
    with pytest.raises(UnknownName):
        evaluations.read_evaluation(store, "c3")


def test_a_task_that_two_evaluations_share_is_kept_once(store: Store) -> None:
    import sqlalchemy as sa

    shared = [task("Write f.\0"), task("Write g.", name="u")]
    for name in ("e", "g"):
        evaluations.create(store, evaluation(name), shared, [[1, 2], [3]])
        assert evaluations.read_tasks(store, name) == shared
        assert (evaluations.count_batches(store, name), evaluations.count_items(store, name)) == (2, 3)
    with store.engine.connect() as connection:
        assert connection.scalars(sa.text("select count(*) from bench_tasks")).one() == 2


# ---- from Python ---------------------------------------------------------------------------------------------------


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
