"""From a run to a situation: what is known of a learner's program before any model is asked."""

from dataclasses import replace

from assay.gym.patterns import find
from assay.gym.records import FullReport, Misconception
from assay.gym.tutor import repair
from assay.gym.tutor.situation import Situation
from assay.records import Language


def looked_at(at: Situation) -> Situation:
    """The situation with its facts, the error in plain words, and where the nearest program that passes differs."""
    sources = at.problem.languages[at.language]
    near = None
    if at.report.verdict != "pass":
        near = repair.nearest(at.source, (sources.solution, *sources.alternatives), at.language)
    return replace(at, facts=_facts(at), explanation=_explained(at), edits=near.edits if near else ())


def _facts(at: Situation) -> tuple[str, ...]:
    """Sentences that hold, with nothing of a solution and nothing of hidden tests in them."""
    found = []
    public = [case for case in at.report.cases if case.test.visibility == "public" and not case.generated]
    passed = sum(case.outcome == "passed" for case in public)
    if public:
        found.append(f"{passed} of {len(public)} public tests pass.")
    if at.line:
        found.append(f"It went wrong in line {at.line}.")
    failing = at.failing
    if failing is not None and failing.error_type:
        found.append(f"The error is {failing.error_type}.")
    return tuple(found)


def _explained(at: Situation) -> str:
    failing = at.failing
    kind, text = (failing.error_type, failing.error_text) if failing and failing.error_type else ("", "")
    if not kind and not at.public_pass:
        kind, text = at.report.error_type, at.report.error_text
    return f"{kind}: {text}" if kind else ""


def matched(at: Situation) -> Misconception | None:
    """The first misconception of the problem that the program shows."""
    return next((one for one in at.problem.misconceptions if shows(one, at.report, at.language, at.source)), None)


def shows(one: Misconception, report: FullReport, language: Language, source: str) -> bool:
    """Whether a program shows a misconception: everything that its `when` says holds."""
    when = one.when
    if language not in one.example or report.verdict == "pass":
        return False
    if any(report.outcome(test) != "failed" for test in when.fails):
        return False
    if any(report.outcome(test) != "passed" for test in when.passes):
        return False
    if when.error is not None and when.error not in (
        report.error_type,
        *(case.error_type for case in report.cases[:1]),
    ):
        return False
    pattern = when.python_ast if language == "python" else when.javascript_ast
    other = when.javascript_ast if language == "python" else when.python_ast
    if pattern is None and other is not None:
        return False
    return pattern is None or bool(find(pattern, language, source))


def worked_example(at: Situation) -> str:
    """The last rung: the note on a concept of this problem with its example, which is another problem."""
    concept = next(iter(at.concepts), None)
    if concept is None:
        return max(at.problem.hints, key=lambda one: one.level).text
    fence = "```"
    return (
        f"Here is how somebody else used the same idea. Read it line by line, then go back to yours.\n\n"
        f"**{concept.title}.** {concept.note.strip()}\n\n{fence}{at.language}\n{concept.example.rstrip()}\n{fence}\n\n"
        f"It prints:\n\n{fence}text\n{concept.prints.rstrip()}\n{fence}"
    )
