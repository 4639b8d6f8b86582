"""What is counted of one suite × model while its samples come in."""

import re
from collections import Counter
from dataclasses import dataclass, field

from assay.bench.records import Sample
from assay.bench.scores.formulas import percentile
from assay.bench.scores.records import FirstError, Usage
from assay.records import Isolation, Kind, Status
from assay.visible import one_line


@dataclass
class TaskTally:
    """What is known of one task × model while samples come in."""

    statuses: Counter[Status] = field(default_factory=Counter)
    first: list[int] = field(default_factory=lambda: [0, 0])
    """Of the samples that count both at first and in the end: how many, passed at first, …"""
    after: int = 0
    tax: list[int] = field(default_factory=lambda: [0, 0, 0])
    """First tries whose raw and cleaned verdicts both count: how many, passed raw, passed cleaned."""
    rerun: list[int] = field(default_factory=lambda: [0, 0])
    """Of the samples that passed: how many were run again, how many of those were flaky."""

    @property
    def seen(self) -> int:
        return self.statuses.total()

    @property
    def samples(self) -> int:
        return self.seen - self.statuses["error"]

    @property
    def passed(self) -> int:
        return self.statuses["pass"]


_NOT_THERE = re.compile(r"ModuleNotFoundError: No module named '([A-Za-z0-9_]{1,40})[.']")


@dataclass
class Tally:
    """What is known of one suite × model while samples come in."""

    kind: Kind = "reply"
    tasks: dict[str, TaskTally] = field(default_factory=dict)
    first_error: FirstError | None = None
    not_there: Counter[str] = field(default_factory=Counter)
    rescued: int = 0
    broken: int = 0
    tried: int = 0
    mended: int = 0
    reruns: int = 0
    repair_tokens: list[int] = field(default_factory=list)
    repair_cost: Counter[str] = field(default_factory=Counter)
    isolation: Counter[str] = field(default_factory=Counter)
    integrity: Counter[str] = field(default_factory=Counter)
    replies: int = 0
    requests: int = 0
    truncated: int = 0
    prompt_tokens: list[int] = field(default_factory=list)
    completion_tokens: list[int] = field(default_factory=list)
    tokens_unknown: int = 0
    cost: Counter[str] = field(default_factory=Counter)
    cost_unknown: int = 0
    latency: list[float] = field(default_factory=list)
    first_token: list[float] = field(default_factory=list)
    speed: list[float] = field(default_factory=lambda: [0.0, 0.0])
    cpu_s: float = 0
    memory_peak: int = 0

    def add(self, sample: Sample) -> None:
        """Count one sample in."""
        self.kind = sample.kind
        task = self.tasks.setdefault(sample.task, TaskTally())
        task.statuses[sample.status] += 1
        if sample.status == "error":
            self._add_error(sample)
        elif sample.status == "exception":
            self._add_not_there(sample)
        self._add_repair(task, sample)
        self._add_tax(task, sample)
        if sample.flaky is not None:
            task.rerun[0] += 1
            task.rerun[1] += sample.flaky
            self.reruns += sum(status != "error" for status in sample.reruns)
        for number, attempt in enumerate(sample.attempts):
            self._add_reply(sample, number)
            self.cpu_s += attempt.report.cpu_s
            self.memory_peak = max(self.memory_peak, attempt.report.memory_peak)
        counted = sample.counted(sample.last)
        if counted.isolation is not None:
            self.isolation[_in_words(counted.isolation)] += 1
        if counted.integrity is not None:
            self.integrity[counted.integrity] += 1

    def _add_error(self, sample: Sample) -> None:
        # samples come in any order, and the same of them must be named whatever it is
        known = self.first_error
        if known is None or (sample.task, sample.index) < (known.task, known.sample):
            said = one_line(sample.counted(sample.last).message, 320)
            self.first_error = FirstError(task=sample.task, sample=sample.index, said=said)

    def _add_not_there(self, sample: Sample) -> None:
        found = _NOT_THERE.search(sample.counted(sample.last).message)
        if found:
            self.not_there[found[1]] += 1

    def _add_repair(self, task: TaskTally, sample: Sample) -> None:
        if len(sample.attempts) > 1:
            self.tried += 1
            self.mended += sample.status == "pass" and sample.first_status not in ("pass", "error")
        if "error" not in (sample.first_status, sample.status):
            task.first[0] += 1
            task.first[1] += sample.first_status == "pass"
            task.after += sample.status == "pass"

    def _add_tax(self, task: TaskTally, sample: Sample) -> None:
        cleaned = sample.attempts[0].report
        raw = sample.attempts[0].as_it_came
        if "error" in (raw.status, cleaned.status):
            return
        task.tax[0] += 1
        task.tax[1] += raw.passed
        task.tax[2] += cleaned.passed
        self.rescued += cleaned.passed and not raw.passed
        self.broken += raw.passed and not cleaned.passed

    def _add_reply(self, sample: Sample, number: int) -> None:
        reply = sample.attempts[number].reply
        self.replies += 1
        self.requests += reply.attempts
        self.truncated += reply.truncated
        if reply.prompt_tokens is not None:
            self.prompt_tokens.append(reply.prompt_tokens)
        if reply.completion_tokens is not None:
            self.completion_tokens.append(reply.completion_tokens)
        self.tokens_unknown += reply.completion_tokens is None or reply.prompt_tokens is None
        if reply.cost is None:
            self.cost_unknown += 1
        else:
            self.cost[reply.currency] += reply.cost  # type: ignore[assignment]
        if number and reply.completion_tokens is not None:
            self.repair_tokens.append(reply.completion_tokens)
        if number and reply.cost is not None:
            self.repair_cost[reply.currency] += reply.cost  # type: ignore[assignment]
        if reply.latency_s is not None:
            self.latency.append(reply.latency_s)
            if reply.completion_tokens is not None:
                self.speed[0] += reply.completion_tokens
                self.speed[1] += reply.latency_s
        if reply.first_token_s is not None:
            self.first_token.append(reply.first_token_s)

    def usage(self, passed: int) -> Usage:
        """What the replies took, over so many samples that passed."""
        costs = {currency: float(cost) for currency, cost in sorted(self.cost.items())}
        return Usage(
            replies=self.replies,
            requests=self.requests,
            truncated=self.truncated,
            prompt_tokens=sum(self.prompt_tokens) if self.prompt_tokens else None,
            completion_tokens=sum(self.completion_tokens) if self.completion_tokens else None,
            tokens_unknown=self.tokens_unknown,
            cost=costs,
            cost_unknown=self.cost_unknown,
            cost_per_pass={currency: cost / passed for currency, cost in costs.items()} if passed else {},
            latency_p50=percentile(self.latency, 50),
            latency_p95=percentile(self.latency, 95),
            first_token_p50=percentile(self.first_token, 50),
            first_token_p95=percentile(self.first_token, 95),
            tokens_per_s=self.speed[0] / self.speed[1] if self.speed[1] > 0 else None,
            cpu_s=self.cpu_s,
            memory_peak=self.memory_peak,
        )


def _in_words(isolation: Isolation) -> str:
    """One line: `bwrap, level 2, memory by polling`."""
    memory = {"cgroup": "cgroup", "polled": "polling", "rlimit": "rlimit"}[isolation.memory]
    return f"{isolation.backend}, level {isolation.level}, memory by {memory}"
