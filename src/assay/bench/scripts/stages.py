"""One sample through the stages, as a sentence that can be said again: what it asks for and runs depends on what came.

Pure. `through` yields what it needs of the world, a reply or Runs, and is handed it. Whoever drives it looks each need
up by its key first, so a sample that was cut off is gone through again from its beginning for nothing.
"""

import hashlib
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, NamedTuple

from assay.bench import asking
from assay.bench.scripts import mending, questions, trying
from assay.bench.scripts.records import (
    STAGES,
    Mutant,
    Prompt,
    ScriptAttempt,
    ScriptRun,
    ScriptSample,
    Stage,
    TestAttempt,
    Try,
)
from assay.pipeline.mutants import Mutation, mutants
from assay.records import Message, Model, Record, Reply, Request, Run, Spec
from assay.store import kept

VERSION = "1"
"""Of what a key of Runs stands for."""
_CUT = "the reply was cut before the program's end"
TAKEN_IN = "taken-in"
"""The provider of a model that cannot be asked: its scripts were made elsewhere."""


class Item(Record):
    """One sample to be made, and what was made of it elsewhere."""

    prompt: str
    model: str
    index: int
    script: str | None = None
    tests: str | None = None


class Asking(NamedTuple):
    """A reply is needed."""

    key: str
    request: Request


class Running(NamedTuple):
    """These Runs are needed, by key."""

    specs: dict[str, Spec]


Need = Asking | Running
Through = Generator[Need, Any, ScriptSample]


@dataclass(frozen=True)
class Job:
    """What goes through the stages."""

    run: ScriptRun
    prompt: Prompt
    model: Model
    item: Item
    isolation: str
    available: frozenset[str] = frozenset()
    """Packages that tests may import."""

    @property
    def _place(self) -> str:
        return f"{self.run.id}\0{self.prompt.id}\0{self.model.name}\0{self.item.index}"

    def run_key(self, purpose: str, spec: Spec, again: int = 0) -> str:
        """The name of one Run of this sample: another sample's Runs are its own, so that flakiness shows."""
        return kept.key_of("script", VERSION, self.isolation, self._place, purpose, again, spec)

    @property
    def mark(self) -> str:
        """A word that what runs is not told, except by what tells it at its end."""
        return hashlib.sha256(f"mark\0{self._place}".encode()).hexdigest()[:32]

    def asking(self, model: Model, messages: tuple[Message, ...]) -> Asking:
        """A question of this sample's, under a key that no other sample's has."""
        shared = asking.same_everywhere(model) and not self.run.fresh
        scope = f"{'' if shared else self.run.id}\0scripts\0{self.prompt.id}\0{self.model.name}"
        request = Request(model=model, messages=messages, sample=self.item.index)
        return Asking(asking.reply_key(request, scope), request)

    @property
    def can_ask(self) -> bool:
        return self.model.provider != TAKEN_IN


def reached(stage: Stage, other: Stage) -> bool:
    """Whether a sample at `stage` is through `other`."""
    return STAGES.index(stage) >= STAGES.index(other)


def before(stage: Stage) -> Stage | None:
    """The stage that must be done first."""
    at = STAGES.index(stage)
    return STAGES[at - 1] if at else None


def ready(item: Item, stage: Stage, at: Stage | None) -> bool:
    """Whether a sample that is through stage `at` has what this stage works on, made here or elsewhere."""
    needed = before(stage)
    if needed == "tests" and item.tests is not None:
        needed = "preprocess"
    if needed == "generate" and item.script is not None:
        needed = None
    return needed is None or (at is not None and reached(at, needed))


def through(job: Job, until: Stage) -> Through:
    """The sample, through all stages up to this one."""
    sample = ScriptSample(
        run=job.run.id,
        prompt=job.prompt.id,
        batch=job.prompt.batch,
        model=job.model.name,
        index=job.item.index,
        stage=until,
        isolation=job.isolation,
    )
    if job.item.script is not None:
        messages: tuple[Message, ...] = ()
        first = ScriptAttempt(kind="taken_in", reply=Reply(text=job.item.script))
    else:
        messages = questions.script_question(job.prompt, job.model)
        reply: Reply = yield job.asking(job.model, messages)
        first = ScriptAttempt(kind="first", reply=reply)
    if until == "generate":
        return _with(sample, scripts=(first,))
    scripts = yield from _scripts(job, first, messages)
    sample = _with(sample, scripts=scripts)
    script = scripts[-1]
    if until == "preprocess" or not script.imports or (job.item.tests is None and job.run.testing is None):
        return sample
    if job.item.tests is not None:
        messages = ()
        test = TestAttempt(kind="taken_in", reply=Reply(text=job.item.tests))
    else:
        assert job.run.testing is not None
        messages = questions.tests_question(job.prompt, script.source, job.model, job.run.testing)
        reply = yield job.asking(job.run.testing, messages)
        test = TestAttempt(kind="first", reply=reply)
    if until == "tests":
        return _with(sample, tests=(test,))
    tests = yield from _tests(job, script, test, messages)
    sample = _with(sample, tests=tests)
    if until == "cleanup":
        return sample
    return (yield from _measured(job, sample, script, tests))


def _with(sample: ScriptSample, **changes: Any) -> ScriptSample:
    return sample.model_copy(update=changes)


# ---- the script ----------------------------------------------------------------------------------------------------


def _scripts(
    job: Job, first: ScriptAttempt, messages: tuple[Message, ...]
) -> Generator[Need, Any, tuple[ScriptAttempt, ...]]:
    """Every try at the script: clean-up by rules, by a model where that was not enough, and repairs."""
    attempts = [(yield from _tried(job, first))]
    if job.run.repair_cleanup and job.can_ask and attempts[-1].status in ("no_code", "syntax_error"):
        question = questions.cleanup_question(attempts[-1].reply.text, job.model, "a script")
        reply = yield job.asking(job.model, question)
        attempts.append((yield from _tried(job, ScriptAttempt(kind="cleanup", reply=reply))))
    if not messages and job.can_ask:  # taken in: as if the model had written it
        messages = questions.script_question(job.prompt, job.model)
    for _ in range(job.run.repair if job.can_ask else 0):
        if attempts[-1].status in ("ran", "missing_package", "error"):
            break
        messages = questions.script_failed(messages, attempts[-1])
        reply = yield job.asking(job.model, messages)
        attempts.append((yield from _tried(job, ScriptAttempt(kind="repair", reply=reply))))
    return tuple(attempts)


def _tried(job: Job, attempt: ScriptAttempt) -> Generator[Need, Any, ScriptAttempt]:
    """The attempt cleaned up and tried in the sandbox."""
    found = mending.clean_script(attempt.reply, job.prompt.text)
    attempt = attempt.model_copy(update={"source": found.source, "files": found.files, "changes": found.changes})
    if found.problem:
        status = "truncated" if attempt.reply.truncated else "no_code"
        return attempt.model_copy(update={"status": status, "message": found.problem, "tried": True})
    if found.cut:
        return attempt.model_copy(update={"status": "truncated", "message": _CUT, "tried": True})
    timeout = job.run.timeout_s
    parsed = trying.parse_said((yield from _run(job, "parse", trying.parse_spec(found.source, timeout))))
    if not parsed.ok:
        status = "error" if parsed.error else "truncated" if attempt.reply.truncated else "syntax_error"
        told = parsed.error or parsed.message
        return attempt.model_copy(update={"status": status, "message": told, "tried": True})
    files = {**attempt.files, **job.prompt.example.files}
    example = job.prompt.example
    importing = trying.import_spec(found.source, files, timeout, job.mark)
    running = trying.run_spec(found.source, files, example.args, example.stdin, timeout)
    keys = job.run_key("import", importing), job.run_key("run", running)
    runs: dict[str, Run] = yield Running({keys[0]: importing, keys[1]: running})
    return trying.script_said(attempt, runs[keys[0]], runs[keys[1]], job.mark)


def _run(job: Job, purpose: str, spec: Spec, again: int = 0) -> Generator[Need, Any, Run]:
    key = job.run_key(purpose, spec, again)
    runs: dict[str, Run] = yield Running({key: spec})
    return runs[key]


# ---- the tests -----------------------------------------------------------------------------------------------------


def _tests(
    job: Job, script: ScriptAttempt, first: TestAttempt, messages: tuple[Message, ...]
) -> Generator[Need, Any, tuple[TestAttempt, ...]]:
    """Every try at the test file. What cannot be collected, and tests that fail, go back to who wrote them."""
    attempts = [(yield from _tests_tried(job, script, first))]
    tester = job.run.testing
    if tester is not None and job.run.repair_cleanup and attempts[-1].status in ("no_code", "syntax_error"):
        question = questions.cleanup_question(attempts[-1].reply.text, tester, "a pytest test file")
        reply = yield job.asking(tester, question)
        attempts.append((yield from _tests_tried(job, script, TestAttempt(kind="cleanup", reply=reply))))
    if not messages and tester is not None:
        messages = questions.tests_question(job.prompt, script.source, job.model, tester)
    for _ in range(job.run.repair if tester is not None else 0):
        if attempts[-1].status in ("passed", "missing_package", "error"):
            break
        assert tester is not None
        messages = questions.tests_failed(messages, attempts[-1])
        reply = yield job.asking(tester, messages)
        attempts.append((yield from _tests_tried(job, script, TestAttempt(kind="repair", reply=reply))))
    return tuple(attempts)


def _tests_tried(job: Job, script: ScriptAttempt, attempt: TestAttempt) -> Generator[Need, Any, TestAttempt]:
    found = mending.clean_tests(attempt.reply, script.source, script.files, job.available)
    asserts = mending.asserts_in(found.source)
    attempt = attempt.model_copy(update={"source": found.source, "changes": found.changes, "asserts": asserts})
    cut = attempt.reply.truncated
    if found.problem:
        status = "truncated" if cut else "no_code"
        return attempt.model_copy(update={"status": status, "message": found.problem, "tried": True})
    if found.cut:
        return attempt.model_copy(update={"status": "truncated", "message": _CUT, "tried": True})
    parsed = trying.parse_said((yield from _run(job, "parse", trying.parse_spec(found.source, job.run.timeout_s))))
    if not parsed.ok:
        status = "error" if parsed.error else "truncated" if cut else "syntax_error"
        told = parsed.error or parsed.message
        return attempt.model_copy(update={"status": status, "message": told, "tried": True})
    run = yield from _run(job, "tests", _test_spec(job, script, found.source))
    return trying.tests_attempt(attempt, run, job.mark, script.source)


def _test_spec(job: Job, script: ScriptAttempt, tests: str, source: str | None = None, **how: Any) -> Spec:
    files = {**script.files, **job.prompt.example.files}
    return trying.pytest_spec(source or script.source, tests, files, job.run.timeout_s, job.mark, **how)


# ---- what the tests are worth --------------------------------------------------------------------------------------


def _measured(
    job: Job, sample: ScriptSample, script: ScriptAttempt, tests: tuple[TestAttempt, ...]
) -> Generator[Need, Any, ScriptSample]:
    """The last test file run again, and against mutants of the script."""
    test = tests[-1]
    if not test.collects:
        return sample
    again = _test_spec(job, script, test.source)
    test = trying.with_second_run(test, (yield from _run(job, "tests", again, 1)), job.mark)
    left_out = [one.name for one in test.tests if one.outcome in ("failed", "error") or one.flaky]
    sample = _with(sample, tests=(*tests[:-1], test), reran=True)
    if len(left_out) >= sum(one.outcome != "skipped" for one in test.tests):
        return sample  # no test that holds on the script itself can say anything about a mutant
    made = mutants(script.source, job.run.mutants)
    # a mutant may loop for ever: it is given several times the CPU time of the tests, and no more than they may have
    cpu_s = min(job.run.timeout_s, max(2.0, round(4 * test.cpu_s + 1, 1)))
    files = {**script.files, **job.prompt.example.files}
    how: dict[str, Any] = {"cpu_s": cpu_s, "without": left_out}
    together = trying.mutants_spec([m.source for m in made], test.source, files, job.run.timeout_s, job.mark, **how)
    judged = trying.caught_each((yield from _run(job, "mutants", together)), job.mark, len(made)) if made else []
    specs = {
        at: _test_spec(job, script, test.source, one.source, first_failure=True, **how)
        for at, one in enumerate(made)
        if judged[at][0] is None
    }
    if specs:
        keys = {at: job.run_key("mutant", spec) for at, spec in specs.items()}
        runs: dict[str, Run] = yield Running({keys[at]: spec for at, spec in specs.items()})
        for at, key in keys.items():
            judged[at] = trying.caught(runs[key], job.mark)
    found = [_judged(one.mutant, *judged[at]) for at, one in enumerate(made)]
    return _with(sample, mutants=tuple(found))


def _judged(mutation: Mutation, noticed: bool | None, how: str) -> Mutant:
    return Mutant(**mutation.model_dump(), caught=noticed, how=how)


def purpose_of(kind: Try, what: str) -> str:
    """What a call was made for, as `Spending` names it. `what`: script or test."""
    if kind == "first":
        return "scripts" if what == "script" else "tests"
    return f"{what} {'clean-up' if kind == 'cleanup' else 'repair'}"
