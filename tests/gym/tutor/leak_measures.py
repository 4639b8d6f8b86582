"""The measures of the leak detector on the labelled hints: `python tests/gym/tutor/leak_measures.py` prints them."""

import hashlib
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import yaml

from assay.content import load
from assay.gym.grading import Grader
from assay.gym.records.problems import Problem
from assay.gym.tutor import leaks
from assay.gym.tutor.verdict import Verdict
from assay.records import Language
from assay.settings import Settings

LABELLED = Path(__file__).with_name("labelled_hints.yaml")
LATER = Path(__file__).with_name("labelled_hints_later.yaml")
LAST = Path(__file__).with_name("labelled_hints_last.yaml")
PLAIN = Path(__file__).with_name("labelled_hints_plain.yaml")
PLAIN_LATER = Path(__file__).with_name("labelled_hints_plain_later.yaml")
PLAIN_LAST = Path(__file__).with_name("labelled_hints_plain_last.yaml")
PLAIN_FINAL = Path(__file__).with_name("labelled_hints_plain_final.yaml")
PLAIN_FIFTH = Path(__file__).with_name("labelled_hints_plain_fifth.yaml")
PARTS = ("looked at", "held out", "later", "last", "plain", "plain later", "plain last", "plain final", "plain fifth")
"""Of the first set two thirds were looked at while the rules were made. The other sets were written whole before the gate was
asked about them; after the later one the rules were bettered, and the last one came after that. The plain ones tell small
changes in plain sentences: a rule was made after the first of their sets, and bettered after each of the others. The third
was written by somebody who had not read the rules, and has programs of its own."""
COURSES = Path(__file__).parents[3] / "src" / "assay" / "gym" / "courses"
KINDS = ("honest", "block", "line", "disguised", "other", "plain")
TELLS = frozenset({"block", "overlap", "line", "fix", "splice"})
"""The rules about code of a solution; a leak counts as caught by these alone."""


class Labelled(NamedTuple):
    """One hint with what it is."""

    problem: str
    on: str
    """What stands in the editor: `starter`, a misconception's example by its name, or the program itself."""
    level: int
    kind: str
    text: str
    part: str


def labelled() -> Iterator[Labelled]:
    """All hints of the files."""
    files = (
        (LABELLED, None),
        (LATER, "later"),
        (LAST, "last"),
        (PLAIN, "plain"),
        (PLAIN_LATER, "plain later"),
        (PLAIN_LAST, "plain last"),
        (PLAIN_FINAL, "plain final"),
        (PLAIN_FIFTH, "plain fifth"),
    )
    for file, part in files:
        for group in yaml.safe_load(file.read_text("utf-8"))["groups"]:
            for kind in KINDS:
                for level, text in group.get(kind, ()):
                    yield Labelled(
                        group["problem"],
                        group.get("program") or group["editor"],
                        level,
                        kind,
                        text,
                        part or PARTS[_third(text)],
                    )


def _third(text: str) -> bool:
    """Whether a text belongs to the third that was held out: chosen by a hash."""
    return hashlib.sha256(text.encode()).digest()[0] % 3 == 0


@cache
def problem(name: str) -> tuple[Problem, Language]:
    """A problem of the courses and its language."""
    (path,) = COURSES.glob(f"*/problems/{name}.yaml")
    found = load(path, Problem)
    return found, next(iter(found.languages))


def editor(found: Problem, language: Language, on: str) -> str:
    """What stands in the learner's editor."""
    if on == "starter":
        return found.languages[language].starter
    if "\n" in on:
        return on
    return next(one.example[language] for one in found.misconceptions if one.id == on)


def judged(grader: Grader | None = None, parts: tuple[str, ...] = PARTS) -> Iterator[tuple[Labelled, Verdict, float]]:
    """Each hint with its verdict and the seconds of CPU that took here. With a grader its code is spliced and run, too."""
    problems = {name: problem(name) for name in {one.problem for one in labelled()}}
    run = {name: None if grader is None else _passes(grader, *pair) for name, pair in problems.items()}
    for one in labelled():
        if one.part not in parts:
            continue
        found, language = problems[one.problem]
        source = editor(found, language, one.on)
        passes = run[one.problem]
        begin = time.process_time()
        verdict = leaks.check(found, language, source, one.text, one.level, passes=passes)
        yield one, verdict, time.process_time() - begin


def _passes(grader: Grader, found: Problem, language: Language) -> Callable[[str], int]:
    @cache
    def passes(source: str) -> int:
        return sum(case.outcome == "passed" for case in grader.check(found, language, source).cases)

    return passes


def stopped(one: Labelled, verdict: Verdict) -> bool:
    """Whether the gate does with this hint what it must do (honest: would stop it)."""
    if one.kind in ("honest", "other"):
        return not verdict.passed
    return bool(TELLS & set(verdict.rules))


class Share(NamedTuple):
    """So many of so many were stopped."""

    stopped: int
    of: int

    @property
    def share(self) -> float:
        return self.stopped / self.of if self.of else 0.0


def measures(results: list[tuple[Labelled, Verdict, float]], *parts: str) -> dict[str, Share]:
    """By kind, of one part or several."""
    of, found = Counter[str](), Counter[str]()
    for one, verdict, _ in results:
        if one.part in parts:
            of[one.kind] += 1
            found[one.kind] += stopped(one, verdict)
    return {kind: Share(found[kind], of[kind]) for kind in KINDS}


def main(*shown: str) -> None:
    """Print the tables, and each hint that went wrong in the parts named: `… leak_measures.py 'looked at'`."""
    print("By its text alone:")
    _print(list(judged()), ())
    with Grader(Settings.from_environment()) as grader:
        print("\nWith its code put into the learner's program and run:")
        _print(list(judged(grader)), shown)


def _print(results: list[tuple[Labelled, Verdict, float]], shown: tuple[str, ...]) -> None:
    print(f"{len(results)} labelled hints for {len({one.problem for one, *_ in results})} problems")
    print(f"{'':12}" + "".join(f"{part:>18}" for part in PARTS))
    parts = [measures(results, part) for part in PARTS]
    for kind in KINDS:
        cells = "".join(f"{f'{part[kind].stopped}/{part[kind].of}':>10} {part[kind].share:>6.1%} " for part in parts)
        print(f"{kind + (' (false alarms)' if kind == 'honest' else ''):12}{cells}")
    runs = sum(verdict.spliced for _, verdict, _ in results)
    times = sorted(seconds for *_, seconds in results)
    print(
        f"CPU a hint: median {times[len(times) // 2] * 1000:.1f} ms, worst {times[-1] * 1000:.1f} ms; {runs} programs run"
    )
    for one, verdict, _ in results:
        wrong = stopped(one, verdict) is (one.kind == "honest")
        if wrong and one.part in shown:
            said = [(broken.rule, broken.where) for broken in verdict.broken]
            on = "a program of its own" if "\n" in one.on else one.on
            print(f"\n{one.problem} on {on}, level {one.level}, {one.kind}: {said}\n    {one.text!r}")


if __name__ == "__main__":
    main(*sys.argv[1:])
