"""Runs for tests of pages: made by hand, with numbers that are known and names that mean harm."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime

from assay.bench import evaluations
from assay.bench.records import Attempt, Evaluation, Sample
from assay.records import Finding, Isolation, Model, Reply, Report, Status, Task
from assay.store import Store

HOSTILE = "</td><script>alert(1)</script><img src=x onerror=alert(2)>\x1b[31m\u202e'\"%2F..//&amp;"
NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


def make_run(
    store: Store,
    *,
    identifier: str = "20260301-123000-ab12",
    models: Sequence[str] = ("strong", "middle", "weak"),
    suites: Sequence[str] = ("functions",),
    tasks: int = 30,
    samples: int = 1,
    state: str = "done",
    source: str = "run",
    replies: Sequence[str] = (),
    skip: frozenset[tuple[str, int]] = frozenset(),
    name: str = "{suite}/{number}",
) -> Evaluation:
    """A run whose models pass 9, 6 and 2 of ten tasks (and so on downwards): task i is passed where i % 10 is small."""
    evaluation = Evaluation.model_validate(
        {
            "id": identifier,
            "created": NOW,
            "source": source,
            "state": state,
            "suites": suites,
            "samples": samples,
            "replies": replies,
            "models": [Model(name=one, provider="openai", model="served") for one in models] if source == "run" else [],
        }
    )
    planned = [
        Task(id=name.format(suite=suite, number=number), suite=suite, prompt=f"Write {number}.", entry="f", checks=())
        for suite in suites
        for number in range(tasks)
    ]
    evaluations.create(store, evaluation, planned, [])
    made = []
    for place, model in enumerate(models):
        for suite in suites:
            for number in range(tasks):
                for index in range(samples):
                    if (model, number) in skip:
                        continue
                    passes = number % 10 < max(1, 9 - 3 * place)
                    status: Status = "pass" if passes else ("wrong", "exception", "timeout", "truncated")[number % 4]
                    made.append(
                        make_sample(evaluation.id, suite, name.format(suite=suite, number=number), model, status, index)
                    )
    evaluations.save_samples(store, made)
    return evaluation


def make_sample(
    evaluation: str, suite: str, task: str, model: str, status: Status, index: int = 0, text: str = "def f(): ..."
) -> Sample:
    rng = random.Random(f"{suite}{task}{model}{index}")

    def report(status: Status) -> Report:
        finding = Finding(
            check="calls", case="case-1", outcome="passed" if status == "pass" else "failed", integrity="outside",
            call=f"f({text[:40]!r})", expected="[1, 2]", got=text[:40],
        )  # fmt: skip
        return Report(
            task=task, suite=suite, status=status, findings=(finding,), cases=1, passed_cases=int(status == "pass"), integrity="outside", message=f"gave {text[:40]}",
            isolation=Isolation(backend="bwrap", level=2, memory="polled"), cpu_s=0.05, wall_s=0.07, memory_peak=9 << 20,
        )  # fmt: skip

    raw: Status | None = "exception" if status == "pass" and rng.random() < 0.3 else None
    attempt = Attempt(
        reply=Reply(
            text=f"Here you are:\n```python\n{text}\n```", prompt_tokens=120, completion_tokens=rng.randint(40, 400),
            cost=rng.random() / 100, latency_s=rng.random() * 4 + 0.2, first_token_s=rng.random() * 0.5,
            finish="length" if status == "truncated" else "stop",
        ),
        report=report(status),
        raw=None if raw is None else report(raw),
        changes=(f"block 1 of {rng.randint(1, 3)} taken",),
        program=text,
    )  # fmt: skip
    return Sample(evaluation=evaluation, suite=suite, task=task, model=model, index=index, attempts=(attempt,))
