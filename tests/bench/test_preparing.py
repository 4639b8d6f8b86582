"""From what a user names to suites and models, and what a run of them will take."""

from pathlib import Path

import pytest

from assay.bench import asking, preparing
from assay.errors import AssayError
from assay.records import Model, Price, Reply, Request, Task
from assay.settings import Settings
from assay.store import Store
from assay.suites import Suite

MODEL = Model(name="mine", provider="openai", model="gpt")


def task(prompt: str, entry: str | None = "f", name: str = "t") -> Task:
    return Task(id=name, suite="little", prompt=prompt, entry=entry, checks=())


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


def test_a_preamble_that_would_fail_every_program_is_refused() -> None:
    suite = Suite(name="little", title="", tasks=(task("def f():\n"),))
    assert preparing.with_preamble(suite, "import math").tasks[0].prompt == "import math\ndef f():\n"
    with pytest.raises(AssayError, match="not Python that parses"):
        preparing.with_preamble(suite, "def (")
