"""A run of the pipeline as it lies in the database, made without asking anybody: for tests of what is shown of it."""

from collections import Counter
from datetime import UTC, datetime

from assay.bench.scripts import runs
from assay.bench.scripts.records import (
    Mutant,
    Prompt,
    ScriptAttempt,
    ScriptRun,
    ScriptSample,
    ScriptStatus,
    TestAttempt,
    TestOutcome,
    TestStatus,
)
from assay.bench.scripts.stages import Item
from assay.records import Model, Reply
from assay.store import Store

STATUSES: tuple[tuple[ScriptStatus, TestStatus], ...] = (
    ("ran", "passed"), ("ran", "failed"), ("syntax_error", "not_written"), ("timeout", "not_written"),
    ("missing_package", "not_written"), ("ran", "collect_error"), ("import_error", "not_written"), ("no_code", "not_written"),
)  # fmt: skip


def made_run(text: str = "x = 1", *, prompts: int = 8, models: tuple[str, ...] = ("alpha", "lab/beta:7b")) -> ScriptRun:
    asked = tuple(
        Prompt(id=f"prompt-{at}", batch=f"batch-{at % 2}", title=f"Title {at} {text[:60]}", text=text)
        for at in range(prompts)
    )
    return ScriptRun(
        id="20260301-made", created=datetime(2026, 3, 1, tzinfo=UTC), state="done", prompts=asked, samples=2, repair=1,
        models=tuple(Model(name=name, provider="openai", model=name) for name in models),
        testing=Model(name="tester", provider="openai", model="tester"), output="/somewhere", note=text[:200],
    )  # fmt: skip


def made_samples(run: ScriptRun, text: str = "x = 1") -> list[ScriptSample]:
    """Two samples a prompt and model, one of each kind of trouble in turn; `text` stands wherever a model wrote."""
    return [
        _sample(run, prompt, model.name, index, text, *STATUSES[(at + rank + index) % len(STATUSES)])
        for rank, model in enumerate(run.models)
        for at, prompt in enumerate(run.prompts)
        for index in range(2)
    ]


def _sample(
    run: ScriptRun, prompt: Prompt, model: str, index: int, text: str, script: ScriptStatus, test: TestStatus
) -> ScriptSample:
    reply = Reply(text=text, prompt_tokens=10, completion_tokens=20, cost=0.001, latency_s=1.5)
    parses = script not in ("syntax_error", "no_code")
    source = "" if script == "no_code" else text
    first = ScriptAttempt(
        kind="first", reply=reply, source=source, changes=(f"took away {text}",) if source else (), status=script,
        message=f"{script} {text}", package="nothing-here" if script == "missing_package" else "", parses=parses,
        imports=script == "ran", runs=script == "ran", tried=True, exit_code=0, stdout=text, stderr=text,
    )  # fmt: skip
    tests: tuple[TestAttempt, ...] = ()
    mutants: tuple[Mutant, ...] = ()
    if test != "not_written":
        outcome = TestOutcome(
            name=f"test_{text}", outcome="passed", again="failed" if index else "passed", message=text
        )
        tests = (
            TestAttempt(
                kind="first", reply=reply, source=text, changes=(text,), status=test, message=text, tried=True,
                collects=test != "collect_error", tests=(outcome,), asserts=2, output=text,
            ),
        )  # fmt: skip
        caught = [None, index == 0, False]
        if test != "collect_error":
            mutants = tuple(
                Mutant(operator="compare", line=at, before=text, after=text, caught=one, how=text)
                for at, one in enumerate(caught, 1)
            )
    return ScriptSample(
        run=run.id, prompt=prompt.id, batch=prompt.batch, model=model, index=index, stage="run", scripts=(first, first),
        tests=tests, mutants=mutants, reran=bool(tests), isolation="bwrap, level 2",
        error=f"a server was down {text[:50]}" if prompt.id == "prompt-7" and index else "",
    )  # fmt: skip


def expected(run: ScriptRun) -> Counter[tuple[str, str]]:
    return Counter({(model.name, prompt.id): 2 for model in run.models for prompt in run.prompts})


def save_run(store: Store, run: ScriptRun, samples: list[ScriptSample]) -> None:
    items = [Item(prompt=one.prompt, model=one.model, index=one.index) for one in samples]
    runs.create(store, run, "key", [items])
    runs.save(store, samples)
