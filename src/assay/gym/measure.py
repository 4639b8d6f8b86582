"""`assay gym measure`: how good the help is, with any model: leaks, refusals, gain, the agent's choices, speed.

The cases are learners' programs that are wrong: mutants of our own problems' solutions (those that fail), and with `--data`
HumanEvalPack's pairs of a broken and a working function. For each case and level the model is asked as at the desk, and
its words go through the gate. A leak is a text that the gate let through and that nevertheless gives something away, by
three ways of looking that are not the gate's: a line of the solution stands in it to the letter; its code, run in the
learner's place, passes more tests; or with names left out it shares twelve tokens in a row with a solution that the
learner's program has not. The gain is what a simulated student (the same model, or another one) passes more with the hint
than without.
"""

import contextlib
import random
import re
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assay.errors import AssayError
from assay.gym.wrong_programs import WrongSubmission, mutant_cases, pack_cases
from assay.records import Record

if TYPE_CHECKING:
    from assay.gym.grading import Grader
    from assay.gym.library import Library
    from assay.gym.tutor.programs import Voice
    from assay.gym.tutor.situation import Situation
    from assay.store import Store

_SHARED = 12
_AT_LEAST = 3
"""Questions that a server may fail at first: one that answers none of them is not measured."""


class Measured(Record):
    """What came of it."""

    model: str
    cases: int
    by_origin: dict[str, int]
    asked: int
    answered: int
    """Questions that came to a text at all."""
    unanswered: dict[str, int]
    """The others, by what went wrong."""
    passed: int
    """Texts that the gate let through."""
    leaks: int
    refusals: dict[str, int]
    """Texts that break a rule, by rule; a text may break several."""
    student_trials: int
    helped: int
    """Trials in which the program with the hint passed more than before and than without."""
    gain: float | None
    """Tests passed more with the hint than without, on average, as a share of all tests."""
    agent_requests: int
    agent_rules: float | None
    """The share of labelled requests that the rules alone send to the right tool."""
    agent_model: float | None
    """The same for rules and model together, as at the desk."""
    p50_s: float | None
    p95_s: float | None
    tokens: float | None
    """Of a reply, on average."""


@dataclass
class _Tally:
    asked: int = 0
    answered: int = 0
    passed: int = 0
    leaks: int = 0
    refusals: "Counter[str]" = field(default_factory=Counter)
    unanswered: "Counter[str]" = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)
    trials: int = 0
    helped: int = 0
    gains: list[float] = field(default_factory=list)


# ---- measuring -------------------------------------------------------------------------------------------------------


def gives_away(at: "Situation", text: str, passes: Callable[[str], int], before: int) -> str:
    """What a text gives away, looked at apart from the gate; empty: nothing."""
    from assay.gym.tutor import canonical
    from assay.gym.tutor.honest import verbatim

    if line := verbatim(at, text):
        return f"the line {line!r}"
    for block in re.findall(r"```\w*\n(.*?)```", text, re.DOTALL):
        if passes(block) > before:
            return "a block that passes more tests"
    sources = at.problem.languages[at.language]
    said = canonical.fragment(text, at.language)
    own = canonical.program(at.source, at.language)
    for solution in (sources.solution, *sources.alternatives):
        for run in canonical.common(said, canonical.program(solution, at.language), _SHARED):
            part = said[run.here : run.here + run.length]
            if not any(its.length >= run.length for its in canonical.common(part, own, min(_SHARED, len(part)))):
                return f"{run.length} tokens of a solution"
    return ""


def measure(
    voice: "Voice", grader: "Grader", cases: Sequence[WrongSubmission], *,
    levels: Sequence[int] = (1, 2, 3), students: int = 20, requests: Path | None = None, within_s: float = 60,
    said: Callable[[str], None] = lambda _: None, keep: "Callable[[Situation, str, bool], None] | None" = None,
) -> Measured:  # fmt: skip
    """Ask for every case at every level; try `students` of the hints; send the labelled requests to the agent.

    `keep` is told each hint that the simulated student tried, and whether it helped.
    """
    from assay.gym.tutor import hint
    from assay.gym.tutor.gate import Gate
    from assay.gym.tutor.looking import looked_at
    from assay.gym.tutor.programs import NotAnswered
    from assay.gym.tutor.runner import Runner
    from assay.gym.tutor.situation import Situation

    runner = Runner(grader)
    gate = Gate(runner.passes)
    tally = _Tally()
    to_try: list[tuple[Situation, str]] = []
    for number, case in enumerate(cases, 1):
        report = grader.check(case.problem, case.language, case.source)
        before = sum(one.outcome == "passed" for one in report.cases)
        for level in levels:
            at = looked_at(Situation(case.problem, case.language, case.source, report, case.course, level=level))
            tally.asked += 1
            began = time.monotonic()
            try:
                offer = hint.ask(at, voice, within_s)
            except NotAnswered as error:
                tally.unanswered[error.why] += 1
                if error.server and not tally.answered and tally.asked >= _AT_LEAST:
                    raise AssayError(
                        f"{voice.model.name} answered none of {tally.asked} questions: {error.why}",
                        "Is the server running, and is the model loaded?",
                    ) from None
                continue
            tally.seconds.append(time.monotonic() - began)
            tally.tokens.append(offer.tokens)
            tally.answered += 1
            broken = {str(one["rule"]) for text in offer.to_check for one in gate.check(at, text)}
            tally.refusals.update(broken)
            if broken:
                continue
            tally.passed += 1
            if gives_away(at, offer.text, partial(runner.passes, at), before):
                tally.leaks += 1
            to_try.append((at, offer.text))
        said(f"{number} of {len(cases)} cases")
    _try(to_try, students, voice, runner, tally, within_s, keep)
    rules, model, count = _agent(requests, voice, within_s)
    return Measured(
        model=voice.model.name,
        cases=len(cases),
        by_origin=dict(Counter(case.origin for case in cases)),
        asked=tally.asked,
        answered=tally.answered,
        passed=tally.passed,
        leaks=tally.leaks,
        unanswered=dict(tally.unanswered.most_common()),
        refusals=dict(sorted(tally.refusals.items())),
        student_trials=tally.trials,
        helped=tally.helped,
        gain=statistics.fmean(tally.gains) if tally.gains else None,
        agent_requests=count,
        agent_rules=rules,
        agent_model=model,
        p50_s=_quantile(tally.seconds, 0.5),
        p95_s=_quantile(tally.seconds, 0.95),
        tokens=statistics.fmean(tally.tokens) if tally.tokens else None,
    )


def _try(
    to_try: "Sequence[tuple[Situation, str]]",
    students: int,
    voice: "Voice",
    runner: Any,
    tally: _Tally,
    within_s: float,
    keep: "Callable[[Situation, str, bool], None] | None",
) -> None:
    from assay.gym.tutor import student
    from assay.gym.tutor.programs import NotAnswered

    chosen = random.Random(7).sample(list(to_try), min(students, len(to_try)))  # noqa: S311 - a sample, not a secret
    for at, text in chosen:
        try:
            trial = student.trial(at, voice, text, partial(runner.passes, at), within_s)
        except NotAnswered:
            continue
        tally.trials += 1
        tally.helped += trial.helped
        tally.gains.append(trial.gain / max(1, trial.total))
        if keep is not None:
            keep(at, text, trial.helped)


def _agent(requests: Path | None, voice: "Voice", within_s: float) -> tuple[float | None, float | None, int]:
    import yaml

    from assay.gym.tutor import agent

    if requests is None:
        return None, None, 0
    states = {
        "wrong": agent.State(has_error=False, public_pass=False, attempted=True),
        "error": agent.State(has_error=True, public_pass=False, attempted=True),
        "passes": agent.State(has_error=False, public_pass=True, attempted=True),
        "new": agent.State(has_error=False, public_pass=False, attempted=False),
    }
    try:
        rows = yaml.safe_load(requests.read_text("utf-8"))
        labelled = [(states[row["state"]], str(row["request"]), str(row["tool"])) for row in rows]
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise AssayError(f"{requests} cannot be read: {error}", "It is a list of {state, tool, request}.") from None
    rules = [agent.by_rules(text, agent.allowed(state))[0] == tool for state, text, tool in labelled]
    both = [agent.choose(text, state, voice, within_s).tool == tool for state, text, tool in labelled]
    return statistics.fmean(rules), statistics.fmean(both), len(labelled)


def _quantile(values: Sequence[float], share: float) -> float | None:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None


# ---- the command -----------------------------------------------------------------------------------------------------


@click.command(name="measure")
@click.option("--model", "name", metavar="MODEL", help="Which model helps. Default: the one the gym uses.")
@click.option("--courses", type=click.Path(exists=True, path_type=Path), help="Courses of your own.")
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), help="HumanEvalPack's folder, measured too.")  # fmt: skip
@click.option(
    "--mutants", default=1, show_default=True, type=click.IntRange(0, 20), help="Wrong programs of each problem."
)
@click.option(
    "--limit", default=20, show_default=True, type=click.IntRange(0, 1000), help="Cases of each language in --data."
)
@click.option("--students", default=20, show_default=True, type=click.IntRange(0, 1000), help="Hints that the simulated student tries.")  # fmt: skip
@click.option("--requests", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A YAML list of labelled requests for the agent.")  # fmt: skip
@click.option("--keep", is_flag=True, help="Keep the hints that helped the student: the gym gives them at once.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def command(
    name: str | None, courses: Path | None, data: Path | None, mutants: int, limit: int, students: int,
    requests: Path | None, keep: bool, as_json: bool,
) -> None:  # fmt: skip
    """Measure the help: leak rate, refusals by rule, gain, the agent's choices, latency.

    Wrong programs are mutants of the problems' solutions and, with --data, HumanEvalPack's. Any model can be measured;
    its words are never shown to anybody.
    """
    from assay.gym.grading import Grader
    from assay.gym.library import Library
    from assay.gym.tutor.programs import Voice, patience, warm_up
    from assay.pipeline.llm.gateway import Gateway
    from assay.pipeline.llm.names import parse_model
    from assay.settings import Settings
    from assay.store import open_store

    settings = Settings.from_environment()
    wanted = name or settings.gym_model
    if wanted is None:
        raise AssayError("No model is set.", "Name one: assay gym measure --model ollama/qwen2.5:7b")
    if not warm_up():
        raise AssayError("Models are asked by DSPy, which is not installed.", "pip install 'assay[tutor]'")
    model = parse_model(wanted)
    library = Library(courses)
    with contextlib.ExitStack() as stack:
        grader = stack.enter_context(Grader(settings))
        gateway = stack.enter_context(Gateway(patience=patience(120)))
        gateway.check(model)
        if model.provider == "ollama" and model.model not in gateway.models(model):
            raise AssayError(f"Ollama does not have {model.model}.", f"Fetch it with: ollama pull {model.model}")
        keeping = _keeper(stack.enter_context(open_store(settings)), library, model.name) if keep else None
        cases = list(mutant_cases(library.courses(), mutants, grader)) if mutants else []
        if data is not None:
            cases += pack_cases(data, limit)
        if not cases:
            raise AssayError("There is nothing to measure.", "Take mutants (--mutants 1) or data (--data FOLDER).")
        found = measure(
            Voice(gateway, model), grader, cases, students=students, requests=requests, within_s=120,
            said=_told, keep=keeping,
        )  # fmt: skip
    click.echo(found.model_dump_json(indent=1) if as_json else table(found))


def _told(text: str) -> None:
    """Where it stands, for who watches."""
    if sys.stderr.isatty():
        click.echo(f"\r{text} ", nl=False, err=True)


def _keeper(store: "Store", library: "Library", model: str) -> "Callable[[Situation, str, bool], None]":
    """Keeps hints on our own problems as the desk does, with what the simulated student says of them."""
    from assay.gym.tutor import cache
    from assay.gym.tutor.cache import KeptHint

    ours = {problem.id for course in library.courses() for problem in course.problems}

    def keep(at: "Situation", text: str, helped: bool) -> None:
        if at.problem.id in ours:
            version = f"{at.problem.id} {library.problem_version(at.problem.id)}"
            key = cache.key_of(version, at.language, at.source, at.level)
            made = KeptHint(key=key, problem=at.problem.id, level=at.level, text=text, model=model, helped=helped)
            cache.keep(store, made)

    return keep


def table(found: Measured) -> str:
    """The figures, a line each: first what became of the questions, then whether the hints help, then what they cost."""
    origins = ", ".join(f"{count} {origin}" for origin, count in found.by_origin.items())
    why = "; ".join(f"{why} ({count})" for why, count in found.unanswered.items())
    rules = ", ".join(f"{rule} {count}" for rule, count in sorted(found.refusals.items(), key=lambda one: -one[1]))
    refused = found.answered - found.passed
    gain = "" if found.gain is None else f"; on average {found.gain:+.1%} of the tests"
    rows = [
        ("model", found.model),
        ("wrong programs", f"{found.cases} ({origins})"),
        ("hints asked for", f"{found.asked}"),
        ("  no usable answer", f"{_share(found.asked - found.answered, found.asked)}{f': {why}' if why else ''}"),
        ("  refused by the gate", f"{_share(refused, found.asked)}{f': {rules}' if rules else ''}"),
        ("  let through", _share(found.passed, found.asked)),
        ("leaks let through", _share(found.leaks, found.passed)),
        ("simulated student", f"{_share(found.helped, found.student_trials)} passed more with the hint{gain}"),
        ("right tool, by rules", _rate(found.agent_rules, found.agent_requests)),
        ("right tool, with model", _rate(found.agent_model, found.agent_requests)),
        ("time of an answer", f"{_seconds(found.p50_s)} in the middle, {_seconds(found.p95_s)} for 95 of 100"),
        ("tokens of an answer", "–" if found.tokens is None else f"{found.tokens:.0f}"),
    ]  # fmt: skip
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {text}" for name, text in rows)


def _rate(share: float | None, count: int) -> str:
    return "not measured (--requests FILE)" if share is None else f"{share:.1%} of {count} requests"


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({part / whole:.1%})" if whole else f"{part} of {whole}"


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f} s"
