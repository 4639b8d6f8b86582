"""What is asked of a model's text beside the gate's rules: that it says something, nothing that the run shows to be untrue,
and no line of a solution to the letter, however small. Pure.

The last one is stricter than the gate, which lets idioms and single short lines pass that an author may well write: a model
that writes a solution's very line has no business to, and authored help is there.
"""

import re
from typing import Literal, NamedTuple

from assay.gym.tutor.situation import Situation

_PRAISE = re.compile(
    r"\b(?:great|good|nice|excellent|amazing|awesome|fantastic|wonderful|brilliant|perfect|impressive|well done|bravo|"
    r"genius|proud|superb|outstanding|incredible|love it|keep (?:it up|going)|you(?:'re| are) (?:doing|so|very|really|a))\b"
    r"[^.!?\n]*[.!?]?",
    re.IGNORECASE,
)
_RIGHT = re.compile(
    r"\b(?:(?:your|the|this) (?:code|program|solution|function|answer|logic|loop)|it|everything|all(?: tests)?)\s+"
    r"(?:is|are|looks?|seems?|works?|passes|pass|should)\s*(?:already |now |all |completely |perfectly |quite |just |be |work )*"
    r"(?:correct|right|fine|perfect|perfectly|flawless|good|done|complete|correctly|as expected|fully|pass\w*|green|$|[.!])"
    r"|\b(?:nothing|no need|not anything) (?:is wrong|needs? to be (?:changed|fixed)|to (?:change|fix|do))\b"
    r"|\bno (?:mistakes?|errors?|bugs?|problems?)\b|\bthe tests? (?:is|are|must be|seems?) (?:wrong|broken|incorrect|faulty)\b",
    re.IGNORECASE,
)
_MARKS = re.compile(r"[\s;`\\*\u200b-\u200f\u2060\ufeff]+")
_TELLING = 10
"""Characters of a line, blanks aside: a shorter one (`else:`, `i += 1`) tells nothing."""
_LEAST = 4
"""Words that must be left when praise is taken away."""


class Doubt(NamedTuple):
    """One rule that a text breaks."""

    rule: Literal["empty", "untrue", "verbatim"]
    where: str
    why: str


def doubts(at: Situation, text: str) -> tuple[Doubt, ...]:
    """Why a text helps nobody: it only flatters, or says that what fails is right."""
    found = []
    left = re.findall(r"\w+", _PRAISE.sub(" ", text))
    if len(left) < _LEAST:
        found.append(Doubt("empty", text[:80], "It praises and says nothing. Name one next step."))
    if at.report.verdict != "pass" and not at.public_pass and (claim := _RIGHT.search(text)) is not None:
        found.append(Doubt("untrue", claim[0][:80], "It says that the program is right, and tests fail."))
    if (line := verbatim(at, text)) is not None:
        found.append(Doubt("verbatim", line[:80], "It writes a line of a solution. Say in words what to think about."))
    return tuple(found)


def verbatim(at: Situation, text: str) -> str | None:
    """The first line of a solution that stands in a text, blanks and marks aside, and not in what the learner has."""
    sources = at.problem.languages[at.language]
    has = "\n".join(_plain(line) for line in (*sources.starter.splitlines(), *at.source.splitlines()))
    told = _plain(text)
    for solution in (sources.solution, *sources.alternatives):
        for line in solution.splitlines():
            plain = _plain(line)
            if len(plain) >= _TELLING and plain in told and plain not in has:
                return line.strip()
    return None


def _plain(text: str) -> str:
    return _MARKS.sub("", re.sub(r"</?[a-zA-Z][^<>]{0,40}>", "", text))
