"""What is known of models on suites: rates with their intervals, scores, comparisons."""

import re
from datetime import datetime
from typing import Any, Literal, get_args

from pydantic import Field

from assay.bench.wording import count
from assay.records import Kind, Record, Status

LEVEL = 0.95
"""The confidence level of every interval."""
KS = (1, 10, 100)
STATUSES: tuple[Status, ...] = get_args(Status)
MODULES = 10
_MANY_RESCUED = 0.2
"""The share of completions, rescued by clean-up, from which they look like whole replies: of true ones it rescues a few."""


class Rate(Record):
    """A share between 0 and 1 with its 95 % interval."""

    value: float
    low: float
    high: float
    n: int
    """How many `unit`s it rests on."""
    unit: Literal["tasks", "samples"] = "tasks"
    left_out: int = 0
    """Tasks that were seen but could not be used: for pass@k, those with fewer than k counted samples."""


class Difference(Record):
    """A difference of two rates (-1 to 1) on the same tasks, with its 95 % interval."""

    value: float
    low: float
    high: float
    n: int


class FormatTax(Record):
    """What a model loses by how it writes its reply down: first tries graded as they came, and cleaned."""

    raw: Rate
    cleaned: Rate
    tax: Difference
    """Cleaned minus raw."""
    rescued: int
    """Samples that pass only when cleaned."""
    broken: int
    """Samples that cleaning made fail."""
    samples: int


class RepairGain(Record):
    """What sending failures back brought, and took."""

    first: Rate
    after: Rate
    gain: Difference
    tried: int
    """Samples sent back at least once."""
    mended: int
    """Samples that pass only after repair."""
    completion_tokens: int | None
    """Spent on repairs; None: no server said."""
    cost: dict[str, float]


class Flakiness(Record):
    """What running passing programs again showed."""

    share: Rate
    """Of the samples that passed and were run again: those that did not pass every time."""
    flaky: int
    samples: int
    """Samples that passed and were run again."""
    runs: int
    """Times they were run again, errors of ours aside."""


class Usage(Record):
    """What the replies took. None: not known from any reply."""

    replies: int
    """Replies asked for, repairs included."""
    requests: int
    """HTTP requests, retries included."""
    truncated: int
    """Replies cut at the token limit, or whose prompt was."""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    tokens_unknown: int = 0
    """Replies that did not say their tokens; the sums are without them."""
    cost: dict[str, float] = Field(default_factory=dict)
    """By currency."""
    cost_unknown: int = 0
    cost_per_pass: dict[str, float] = Field(default_factory=dict)
    """The whole cost over the samples that passed; without the key where none did."""
    latency_p50: float | None = None
    latency_p95: float | None = None
    first_token_p50: float | None = None
    first_token_p95: float | None = None
    tokens_per_s: float | None = None
    """Completion tokens over latency, both summed over the replies that tell both."""
    cpu_s: float = 0
    """In the sandbox, over the reports that count."""
    memory_peak: int = 0


class TaskScore(Record):
    """One task × model."""

    suite: str
    task: str
    model: str
    expected: int
    """Samples that should be there."""
    seen: int
    samples: int
    """Samples that count: seen, without errors of ours."""
    passed: int
    statuses: dict[Status, int]
    erratum: str | None = None

    @property
    def errors(self) -> int:
        return self.statuses.get("error", 0)

    @property
    def missing(self) -> int:
        return max(0, self.expected - self.seen)

    @property
    def rate(self) -> float | None:
        """pass@1 of this task; None: nothing counts yet."""
        return self.passed / self.samples if self.samples else None


class FirstError(Record):
    """The first sample of a model on a suite, by task, that failed through a fault of ours: where a reader begins to look."""

    task: str
    sample: int
    said: str
    """What went wrong, in the words of whoever said it, on one line."""


class Score(Record):
    """One model on one suite."""

    evaluation: str
    suite: str
    model: str
    kind: Kind
    tasks: int
    """Tasks with at least one sample that counts."""
    tasks_expected: int
    samples: int
    """Samples that count: seen, without errors of ours."""
    samples_expected: int
    missing: int
    errors: int
    first_error: FirstError | None = None
    """None: there is no error."""
    not_there: dict[str, int] = Field(default_factory=dict)
    """The modules, at most MODULES, that failed programs import and the sandbox does not have, with the samples."""
    passed: int
    pass_at: dict[int, Rate]
    """pass@k by k."""
    if_missing_failed: float
    """pass@1 were every missing or error sample a failure …"""
    if_missing_passed: float
    """… or a pass: where the rate would lie with nothing missing."""
    statuses: dict[Status, int]
    shares: dict[Status, Rate]
    """Each status's share of the samples that count (of the samples seen, for `error`)."""
    format_tax: FormatTax | None = None
    repair: RepairGain | None = None
    flakiness: Flakiness | None = None
    """None: nothing was run again."""
    usage: Usage
    errata: int = 0
    """Tasks with a known fault in their source."""
    without_errata: Rate | None = None
    """pass@1 without those tasks; None: there are none."""
    detectable: float | None = None
    """The smallest difference to another model this suite would show with 80 % power."""
    isolation: dict[str, int] = Field(default_factory=dict)
    """How the runs were isolated, in words, with the samples so run."""
    integrity: dict[str, int] = Field(default_factory=dict)
    by_task: tuple[TaskScore, ...]
    """In the order of the task ids, numbers within them counted as such."""

    @property
    def pass_1(self) -> Rate | None:
        return self.pass_at.get(1)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader must know before believing the rate, in one sentence; none where nothing is amiss."""
        said = []
        if self.missing:
            said.append(f"{count(self.missing, 'sample')} of {self.samples_expected:,} missing")
        if self.errors:
            said.append(f"{count(self.errors, 'sample')} failed through an error of ours, not counted either way")
        if said and self.samples:
            low, high = self.if_missing_failed * 100, self.if_missing_passed * 100
            said.append(f"whatever became of those, pass@1 lies between {low:.1f} and {high:.1f} %")
        for k, rate in self.pass_at.items():
            if rate.left_out and k > 1:
                said.append(f"pass@{k} is without {count(rate.left_out, 'task')} of fewer than {k} samples")
        tax = self.format_tax
        if self.kind == "completion" and tax and tax.rescued >= tax.samples * _MANY_RESCUED:
            said.append(
                f"{tax.rescued:,} of {count(tax.samples, 'completion')} fail as they are and would pass after clean-up: "
                "are these whole replies? Then grade them with --field completion:reply"
            )
        if self.not_there:
            modules = ", ".join(f"{name} ({number:,})" for name, number in self.not_there.items())
            said.append(
                f"programs fail for modules that are not in the sandbox: {modules}; for real packages: assay sandbox packages"
            )
        if self.first_error is not None:  # last: a long one may be cut off
            why = self.first_error.said.rstrip(".") or "nothing was said of why"
            said.append(f"the first error, on {self.first_error.task}: {why}")
        return (f"{self.model} on {self.suite}: {'; '.join(said)}.",) if said else ()

    def as_json(self) -> dict[str, Any]:
        """The score as `--json` prints it: fixed names, pass@k and its intervals by name, correct samples a task."""
        rates = {f"pass@{k}": rate for k, rate in self.pass_at.items()}
        return {
            "evaluation": self.evaluation,
            "suite": self.suite,
            "model": self.model,
            "kind": self.kind,
            "tasks": self.tasks,
            "tasks_expected": self.tasks_expected,
            "samples": self.samples,
            "samples_expected": self.samples_expected,
            "missing": self.missing,
            "errors": self.errors,
            "passed": self.passed,
            **{name: rate.value for name, rate in rates.items()},
            "pass@k": {str(k): rate.value for k, rate in self.pass_at.items()},
            "intervals": {name: [rate.low, rate.high] for name, rate in rates.items()},
            "interval_level": LEVEL,
            "statuses": {status: self.statuses.get(status, 0) for status in STATUSES},
            **self.model_dump(
                mode="json",
                include={
                    "first_error",
                    "if_missing_failed",
                    "if_missing_passed",
                    "format_tax",
                    "repair",
                    "flakiness",
                    "usage",
                    "errata",
                    "without_errata",
                    "detectable",
                    "isolation",
                    "integrity",
                },
            ),
            "correct_by_task": {task.task: task.passed for task in self.by_task},
            "warnings": list(self.warnings),
        }


class Overall(Record):
    """One model over all suites: the weighted mean of its pass@1."""

    model: str
    rate: Rate | None
    """None: a suite with a weight has no score for it."""
    missing: tuple[str, ...] = ()
    """Those suites."""


class Contender(Record):
    """A model in one evaluation."""

    evaluation: str
    model: str


class Comparison(Record):
    """Two models on the tasks of one suite that both were graded on."""

    suite: str
    a: Contender
    b: Contender
    tasks: int
    only_a: int
    """Tasks that only a was graded on; they take no part."""
    only_b: int
    rate_a: float | None
    """pass@1 on the common tasks; None: there are none."""
    rate_b: float | None
    difference: Difference | None
    """a minus b."""
    a_wins: tuple[str, ...] = ()
    """Tasks that a does better."""
    b_wins: tuple[str, ...] = ()
    test: Literal["McNemar mid-p", "paired randomisation", "none"] = "none"
    p: float | None = None
    p_holm: float | None = None
    """Corrected for all the comparisons of the table."""
    detectable: float | None = None
    """The smallest true difference these tasks would show with 80 % power."""

    @property
    def winner(self) -> Contender | None:
        """Who is better at the 5 % level after correction; None: they cannot be told apart."""
        if self.p_holm is None or self.p_holm >= 1 - LEVEL or self.difference is None or self.difference.value == 0:
            return None
        return self.a if self.difference.value > 0 else self.b


class Scores(Record):
    """Every score of one evaluation."""

    evaluation: str
    created: datetime
    source: Literal["run", "grade", "view"]
    state: str
    scores: tuple[Score, ...]
    """By suite; within one, the best pass@1 first."""
    overall: tuple[Overall, ...]
    """The best first."""
    weights: dict[str, float]
    """By suite; they sum to 1."""
    duplicates: int = 0
    """Samples given twice; the first one counts."""
    unexpected: int = 0
    """Samples of tasks that were not asked for; they count."""

    @property
    def suites(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(score.suite for score in self.scores))

    @property
    def models(self) -> tuple[str, ...]:
        return tuple(
            dict.fromkeys([*(overall.model for overall in self.overall), *(score.model for score in self.scores)])
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        said = [warning for score in self.scores for warning in score.warnings]
        if self.duplicates:
            said.append(f"{count(self.duplicates, 'sample')} came twice; the first one counts.")
        if self.unexpected:
            said.append(f"{count(self.unexpected, 'sample')} of tasks that were not asked for; they count.")
        return tuple(said)

    def get(self, suite: str, model: str) -> Score | None:
        """The score of one model on one suite."""
        return next((score for score in self.scores if (score.suite, score.model) == (suite, model)), None)

    def as_json(self) -> dict[str, Any]:
        """As `--json` prints it. With a single score its fields stand at the top; `results` always has them all."""
        results = [score.as_json() for score in self.scores]
        return {
            **(results[0] if len(results) == 1 else {}),
            "evaluation": self.evaluation,
            "created": self.created.isoformat(),
            "source": self.source,
            "state": self.state,
            "weights": self.weights,
            "overall": [overall.model_dump(mode="json") for overall in self.overall],
            "warnings": list(self.warnings),
            "results": results,
        }


def natural(name: str) -> tuple[tuple[int, str], ...]:
    """A sort key that puts task/9 before task/10."""
    return tuple((int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d{1,18})", name))
