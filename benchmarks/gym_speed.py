"""How long a learner waits: run -> result at the server, for many learners at once.

    python benchmarks/gym_speed.py [--learners 200] [--rate 20] [--seconds 30] [--javascript 0.5] [--flood] [--quick]

Learners press Run (three times of four) or Submit at random moments, `rate` times a second in all, with right, wrong and
unfinished programs of the problems that come with Assay; each in a thread of its own, as the server's requests are. A
press that finds the learner's last program still at work waits for it, as on the page. With --flood one more learner
presses without a pause. Our goals on two cores at 20 a second: p50 under 150 ms, p95 under 400 ms. CPU is of the whole
machine's processes that are ours, server and sandbox together.
"""

import argparse
import random
import resource
import statistics
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from assay.gym.grading import Grader
from assay.gym.library import Library
from assay.gym.queueing import Busy
from assay.gym.records.problems import Problem
from assay.records import Language
from assay.settings import Settings


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--learners", type=int, default=200)
    parser.add_argument("--rate", type=float, default=20, help="presses a second, all learners together")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--javascript", type=float, default=0.5, help="share of presses in JavaScript")
    parser.add_argument("--flood", action="store_true", help="one learner presses without a pause")
    parser.add_argument("--quick", action="store_true", help="5 seconds")
    options = parser.parse_args()
    seconds = 5 if options.quick else options.seconds
    with (
        tempfile.TemporaryDirectory(prefix="assay-gym-") as folder,
        Grader(Settings(Path(folder), workers=2)) as grader,
    ):
        level = grader.warm_up(("python", "javascript"))
        presses = list(_presses(options.learners, options.rate, seconds, options.javascript))
        for problem, language, *_ in presses:  # a server that has been up for a while has its generated tests
            grader.check(problem, language, problem.languages[language].solution)
        measure(grader, presses, options.flood)
        print(f"isolation: level {level}; load of the machine: {Path('/proc/loadavg').read_text().split()[0]}")
    return 0


Press = tuple[Problem, Language, str, str, bool, float]
"""The problem, its language, the program, who, whether all tests, when (seconds from the start)."""


def _presses(learners: int, rate: float, seconds: float, javascript: float) -> list[Press]:
    chance = random.Random(20)
    library = Library()
    by_language: dict[Language, list[Problem]] = {"python": [], "javascript": []}
    for course in library.courses():
        by_language[course.language] += course.problems
    made: list[Press] = []
    at = 0.0
    while at < seconds:
        at += chance.expovariate(rate)
        language: Language = "javascript" if chance.random() < javascript else "python"
        problem = chance.choice(by_language[language])
        sources = problem.languages[language]
        wrong = [one.example[language] for one in problem.misconceptions if language in one.example]
        program = chance.choice([sources.solution, sources.starter, chance.choice(wrong or [sources.starter])])
        made.append((problem, language, program, f"learner-{chance.randrange(learners)}", chance.random() < 0.25, at))
    return made


def measure(grader: Grader, presses: list[Press], flood: bool) -> None:
    """Press, and print what each kind of press waited."""
    waited: dict[tuple[str, str], list[float]] = {}
    verdicts: Counter[str] = Counter()
    lock = threading.Lock()
    over = threading.Event()

    def press(one: Press, start: float) -> None:
        problem, language, program, learner, all_tests, at = one
        time.sleep(max(0.0, start + at - time.monotonic()))
        begun = time.monotonic()
        try:
            graded = (grader.submit if all_tests else grader.run)(problem, language, program, learner)
            verdict = graded.verdict
        except Busy:
            verdict = "refused"  # type: ignore[assignment]
        with lock:
            waited.setdefault((language, "submit" if all_tests else "run"), []).append(time.monotonic() - begun)
            verdicts[verdict] += 1

    def pour() -> None:
        problem, language, program, *_ = presses[0]
        while not over.is_set():
            try:
                grader.run(problem, language, program, "flooder")
            except Busy:
                over.wait(0.01)

    before = _cpu()
    start = time.monotonic() + 0.2
    threads = [threading.Thread(target=press, args=(one, start)) for one in presses]
    pourers = [threading.Thread(target=pour, daemon=True) for _ in range(8 if flood else 0)]
    for thread in (*threads, *pourers):
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - start
    over.set()
    cpu = _cpu() - before
    print(f"{'':<22}{'presses':>9}{'p50 ms':>9}{'p95 ms':>9}{'max ms':>9}")
    everything = [value for values in waited.values() for value in values]
    for (language, what), values in sorted(waited.items()):
        _row(f"{language} {what}", values)
    _row("all", everything)
    print(
        f"{len(presses) / took:.1f} presses a second for {took:.0f} s; server CPU {1000 * cpu / len(presses):.0f} ms a press"
    )
    print("verdicts: " + ", ".join(f"{name} {count}" for name, count in verdicts.most_common()))


def _row(name: str, values: list[float]) -> None:
    values = sorted(values)
    tail = values[min(len(values) - 1, int(0.95 * len(values)))]
    print(
        f"{name:<22}{len(values):>9}{1000 * statistics.median(values):>9.0f}{1000 * tail:>9.0f}{1000 * values[-1]:>9.0f}"
    )


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    raise SystemExit(main())
