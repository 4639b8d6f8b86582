"""A model whose true rates are put in: how often it is right, cut short, broken or flaky, and how long it takes.

    model = MeasuredModel(python_tasks(), Truth(right=0.5, truncated=0.1), seed=1)
    with OpenAIServer(model) as server:
        ...

What it does with the nth question of one wording is drawn from a hash of (seed, prompt, n): the same whenever it is
asked, in whatever order, so a test that runs it is not a matter of luck. The rates are those of the population from
which a run draws; what a run comes to lies around them, as far as its intervals say.
"""

import hashlib
import re
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields

from tests.servers.script import ScriptedReply

Outcome = str
"""right, flaky, truncated, syntax_error, exception, no_code or wrong."""


@dataclass(frozen=True)
class Truth:
    """What is put in. Shares of all replies; what is left of 1 are wrong programs."""

    right: float
    flaky: float = 0
    """Programs that are right, but in each run fail with the chance `flaky_fails`."""
    truncated: float = 0
    """Replies cut at the token limit, in the middle of the program."""
    syntax_error: float = 0
    exception: float = 0
    """Programs that end with an exception when they are loaded."""
    no_code: float = 0
    flaky_fails: float = 0.1
    spread: float = 0
    """How far tasks differ: half of them are right `1 + spread` times as often, the others `1 - spread` times."""
    first_token_s: float = 0
    piece_s: float = 0
    pieces: int = 4

    @property
    def wrong(self) -> float:
        return 1 - self.right - self.flaky - self.truncated - self.syntax_error - self.exception - self.no_code

    @property
    def whole_s(self) -> float:
        """The least a whole reply takes."""
        return self.first_token_s + self.pieces * self.piece_s

    def outcome(self, seed: object, task: str, nth: int) -> Outcome:
        """What becomes of the nth answer to this task."""
        sign = 1 if chance(seed, "difficulty", task) < 0.5 else -1
        right = self.right * (1 + sign * self.spread)
        drawn = chance(seed, "outcome", task, nth)
        if drawn < right:
            return "right"
        drawn = (drawn - right) / (1 - right) * (1 - self.right)  # where it lies among the rest
        for name in _OTHERS:
            share: float = getattr(self, name)
            if drawn < share:
                return name
            drawn -= share
        return "wrong"


_OTHERS = ("flaky", "truncated", "syntax_error", "exception", "no_code")
assert set(_OTHERS) < {one.name for one in fields(Truth)}


def chance(*what: object) -> float:
    """A number in [0, 1) that is as good as drawn, and always the same for the same things."""
    digest = hashlib.sha256("\0".join(map(str, what)).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


@dataclass(frozen=True)
class Answers:
    """A right program, and wrong ones, for one task."""

    name: str
    right: str
    wrong: tuple[str, ...]


@dataclass
class MeasuredModel:
    """An `Answer` for a protocol server."""

    answers: Mapping[str, Answers]
    """By the prompt as the model is asked it."""
    truth: Truth
    seed: object = 0
    given: Counter[Outcome] = field(default_factory=Counter)
    """What it did so far."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, prompt: str, nth: int) -> ScriptedReply:
        task = self.answers.get(prompt)
        if task is None:
            return ScriptedReply("I do not know this task.")
        outcome = self.truth.outcome(self.seed, task.name, nth)
        with self._lock:
            self.given[outcome] += 1
        return written(task, outcome, self.truth, nth)


def written(task: Answers, outcome: Outcome, truth: Truth, nth: int) -> ScriptedReply:
    """The reply that comes to this outcome."""
    shape = {"first_token_s": truth.first_token_s, "piece_s": truth.piece_s, "pieces": truth.pieces}
    if outcome == "no_code":
        return ScriptedReply("I am sorry, I would rather not write this one.", **shape)  # type: ignore[arg-type]
    program = {
        "right": task.right,
        "flaky": _flaky(task.right, truth.flaky_fails, nth % 2),
        "truncated": task.right,
        "syntax_error": re.sub(r"^(def .*):$", r"\1", task.right, flags=re.MULTILINE),  # what clean-up cannot mend
        "exception": "raise RuntimeError('not today')\n" + task.right,
        "wrong": task.wrong[nth % len(task.wrong)],
    }[outcome]
    text = f"Here it is.\n\n```python\n{program}```\n"
    if outcome == "truncated":
        at = text.index("return") if "return" in text else len(text) // 2
        return ScriptedReply(text[: at + 3], finish="length", **shape)  # type: ignore[arg-type]
    return ScriptedReply(text, **shape)  # type: ignore[arg-type]


def _flaky(source: str, fails: float, variant: int) -> str:
    """The program, but in each run it raises with this chance, by the machine's own randomness."""
    below = round(fails * 2**32)
    lines = [
        "import os",
        f"if int.from_bytes(os.urandom(4), 'big') < {below}:",
        f"    raise RuntimeError({variant})",
        "",
    ]
    return "\n".join(lines) + source


def answers_of(tasks: Iterable[object]) -> dict[str, Answers]:
    """What a measured model needs to answer these tasks: their references, and the wrong programs they carry."""
    from assay.bench.asking import question
    from assay.records import Model, Task

    model = Model(name="m", provider="openai", model="m")
    found = {}
    for task in tasks:
        assert isinstance(task, Task)
        assert task.reference is not None
        (message,) = question(task, model)
        found[message.content] = Answers(task.id, task.reference, tuple(wrong.source for wrong in task.wrong))
    return found


# ---- the script pipeline: one model writes scripts, one writes tests for them ----------------------------------------


@dataclass(frozen=True)
class Prompted:
    """A prompt's right script, and tests that it passes and its mutants do not."""

    answers: Answers
    tests: str


@dataclass
class MeasuredPipeline:
    """An `Answer` that writes a prompt's reference at the rates of `scripts`, and tests for it at those of `tests`.

    For tests the outcomes mean: right, tests that hold and check what the prompt says; flaky, one test of which fails
    half the time; exception, a file that cannot be collected; no_code, tests that assert nothing; wrong, a failing test.
    """

    prompts: Mapping[str, Prompted]
    """By the prompt's first line."""
    scripts: Truth
    tests: Truth
    seed: object = 0
    given: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, prompt: str, nth: int) -> ScriptedReply:
        known = next((one for line, one in self.prompts.items() if line in prompt), None)
        if known is None:
            return ScriptedReply("I do not know this prompt.")
        writes_tests = "Write pytest tests" in prompt
        truth = self.tests if writes_tests else self.scripts
        outcome = truth.outcome((self.seed, writes_tests), known.answers.name, nth)
        with self._lock:
            self.given[f"{'tests' if writes_tests else 'script'} {outcome}"] += 1
        return _tests(known, outcome, truth) if writes_tests else written(known.answers, outcome, truth, nth)


def _tests(known: Prompted, outcome: Outcome, truth: Truth) -> ScriptedReply:
    source = known.tests
    if outcome == "flaky":
        source += "\n\ndef test_luck():\n    import os\n    assert os.urandom(1)[0] < 128\n"
    if outcome == "exception":
        source = "raise RuntimeError('not today')\n" + source
    if outcome == "no_code":
        source = "import script\n\n\ndef test_it_is_there():\n    script\n"
    if outcome == "wrong":
        source += "\n\ndef test_what_nobody_asked_for():\n    assert 1 == 2\n"
    return written(Answers(known.answers.name, source, (source,)), "right", truth, 0)
