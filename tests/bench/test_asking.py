"""What a model is asked, and what it may see of its failure."""

from dataclasses import replace

import pytest

from assay.bench import asking
from assay.pipeline.checks import grade
from assay.pipeline.checks.answers import encoded
from assay.records import Calls, Case, Finding, Model, Options, Price, Program, Report, Request, Run, Task

MODEL = Model(name="mine", provider="openai", model="gpt")


def task(prompt: str, entry: str | None = "f", name: str = "t") -> Task:
    return Task(id=name, suite="little", prompt=prompt, entry=entry, checks=())


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


@pytest.mark.parametrize("cases", [64, 65])
def test_however_many_hidden_cases_fail_a_model_is_not_told_of_them(cases: int) -> None:
    hidden = tuple(
        Case(id=f"c{number}", args=encoded([number]), expect=encoded(number), public=False) for number in range(cases)
    )
    task = Task(id="t", suite="s", prompt="", entry="f", checks=(Calls(entry="f", cases=hidden),))
    seen = task.model_copy(
        update={"checks": (Calls(entry="f", cases=(*hidden, replace(hidden[-1], id="last", public=True))),)}
    )
    answers = ['["v",0]'] * (cases + 1)
    run = Run.model_validate(
        {
            "status": "ok",
            "exit_code": 0,
            "transcript": answers,
            "isolation": {"backend": "zygote", "level": 3, "memory": "cgroup"},
        }
    )
    program = Program(files={"main.py": b""})
    assert asking.complaint(grade(task, program, [run.model_copy(update={"transcript": tuple(answers[:-1])})])) is None
    assert f"f({cases - 1})" in (asking.complaint(grade(seen, program, [run])) or "")


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
