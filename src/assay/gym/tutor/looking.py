"""From a run to a situation: what is known of a learner's program before any model is asked."""

from dataclasses import replace

from assay.gym.records import FullReport
from assay.gym.tutor import facts, repair
from assay.gym.tutor.friendly import explain
from assay.gym.tutor.situation import Situation


def looked_at(at: Situation, previous: FullReport | None = None) -> Situation:
    """The situation with its facts, the error in plain words, and where the nearest program that passes differs.

    `previous`: the report of the program before, to say what was gained or lost.
    """
    sources = at.problem.languages[at.language]
    near = None
    if at.report.verdict not in ("pass", "syntax"):
        near = repair.nearest(at.source, (sources.solution, *sources.alternatives), at.language)
    kind, text = at.error
    known = facts.gather(at.problem, at.language, at.source, at.report, previous)
    return replace(
        at,
        facts=known.sentences,
        slips=tuple(f"Line {slip.line}: {slip.text}" for slip in known.slips),
        explanation=explain(at.language, kind, text, at.source, at.line).text if kind else "",
        misconception=known.misconception,
        edits=near.edits if near else (),
    )


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
