"""From a run to a situation: what is known of a learner's program before any model is asked."""

from dataclasses import replace

from assay.gym.records.problems import Concept
from assay.gym.records.results import FullReport
from assay.gym.tutor import facts, leaks, repair
from assay.gym.tutor.friendly import explain
from assay.gym.tutor.honest import verbatim
from assay.gym.tutor.situation import Situation
from assay.records import Language


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


_TELLING = frozenset({"block", "overlap", "line", "fix", "literal", "avoid"})


def worked_example(at: Situation) -> str:
    """The last rung: the note on a concept of this problem with its example, which is another problem.

    Of the concepts the first whose example gives nothing of this problem away; where each does, a note without its example.
    """
    if not at.concepts:
        return max(at.problem.hints, key=lambda one: one.level).text
    for concept in at.concepts:
        text = _shown(concept, at.language)
        broken = leaks.check(at.problem, at.language, at.source, text, 4).rules
        if not _TELLING & set(broken) and verbatim(at, text) is None:
            return text
    concept = at.concepts[0]
    return f"**{concept.title}.** {concept.note.strip()}"


def _shown(concept: Concept, language: Language) -> str:
    fence = "```"
    return (
        "Here is how somebody else used the same idea. Read it line by line, then go back to yours.\n\n"
        f"**{concept.title}.** {concept.note.strip()}\n\n{fence}{language}\n{concept.example.rstrip()}\n{fence}\n\n"
        f"It prints:\n\n{fence}text\n{concept.prints.rstrip()}\n{fence}"
    )
