"""From a run to a situation: what is known of a learner's program before any model is asked."""

from dataclasses import replace

from assay.gym.meeting import meets
from assay.gym.records import Misconception
from assay.gym.tutor import repair
from assay.gym.tutor.friendly import explain
from assay.gym.tutor.situation import Situation


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
    return explain(at.language, kind, text, at.source, at.line).text if kind else ""


def matched(at: Situation) -> Misconception | None:
    """The first misconception of the problem that the program shows."""
    known = (one for one in at.problem.misconceptions if at.language in one.example)
    return next((one for one in known if meets(one.when, at.report, at.language, at.source)), None)


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
