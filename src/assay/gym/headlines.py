"""What became of a learner's program, in a sentence: the same on the page and on the command line. Pure."""

from assay.gym import messages
from assay.gym.records.problems import Problem
from assay.gym.records.results import CaseResult, Graded, Verdict

VERDICTS: dict[Verdict, tuple[str, str]] = {
    "pass": ("pass", "Passed"),
    "wrong": ("wrong", "Not yet"),
    "exception": ("wrong", "Stopped by an error"),
    "syntax": ("wrong", "Cannot be read"),
    "timeout": ("wrong", "Out of time"),
    "output_limit": ("wrong", "Printed too much"),
    "oom": ("wrong", "Out of memory"),
    "disallowed": ("wrong", "Not allowed here"),
    "nothing": ("wrong", "Could not be tested"),
    "error": ("error", "Not judged"),
}
"""Each verdict's class in the style, and its word. Its sign comes with the class."""


def verdict(graded: Graded) -> tuple[str, str]:
    """Its class in the style, and its word. Where nothing was written, nothing is wrong either."""
    if graded.verdict == "nothing" and graded.message == messages.empty():
        return "none", "Nothing to run yet"
    return VERDICTS[graded.verdict]


def tests_of(problem: Problem) -> int:
    """How many tests a submission has to pass."""
    return len(problem.tests) + (problem.generated.count if problem.generated else 0)


def of_how_many(graded: Graded, submitted: int) -> str:
    """`2 of 3`; of a submission (of so many tests) that stopped before its end, `2 of the first 4`."""
    total = len(graded.cases)
    cut = graded.purpose == "submit" and total < submitted
    return f"{graded.passed} of {'the first ' if cut else ''}{total}"


def headline(graded: Graded, submitted: int = 0) -> str:
    """What became of it, in a sentence: `2 of 3 tests pass.`"""
    total = len(graded.cases)
    if graded.purpose == "console":
        return "The program ended." if graded.verdict == "pass" else f"{verdict(graded)[1]}."
    if graded.verdict == "pass":
        if graded.purpose == "submit":
            return f"Solved: {'the test passes' if total == 1 else f'all {total} tests pass'}."
        tests = "The public test passes." if total == 1 else f"All {total} public tests pass."
        return f"{tests} Submit runs the hidden ones too."
    word = verdict(graded)[1]
    count = tally(graded, submitted)
    return count if graded.verdict == "wrong" and count else f"{word}: {count}" if count else f"{word}."


def tally(graded: Graded, submitted: int) -> str:
    """How many tests pass, and how many were not run. Empty: none came to its turn."""
    if graded.purpose == "console" or graded.verdict == "pass":
        return headline(graded)
    if graded.verdict in ("nothing", "syntax", "disallowed", "error") or _nothing_ran(graded):
        return ""
    count = f"{of_how_many(graded, submitted)} tests pass."
    left = submitted - len(graded.cases)
    if graded.purpose == "submit" and left > 0:
        others = "the other one was" if left == 1 else f"the other {left} were"
        return f"{count} It stopped there: {others} not run."
    return count


def first_failed(graded: Graded) -> CaseResult | None:
    """The test to look at first."""
    return next((case for case in graded.cases if case.outcome in ("failed", "error")), None)


def to_read_first(graded: Graded) -> str:
    """What is said of the whole program; empty where it passed, or the first failed test says the same."""
    first = first_failed(graded)
    repeated = first is not None and graded.message.strip() == first.message.strip()
    return "" if repeated or graded.verdict == "pass" else graded.message


def title(case: CaseResult) -> str:
    """A test's name, or its number where it has none or the learner may not know it."""
    return case.name or (f"Hidden test {case.number}" if case.visibility == "hidden" else f"Test {case.number}")


def _nothing_ran(graded: Graded) -> bool:
    return all(case.outcome == "not_run" for case in graded.cases)
