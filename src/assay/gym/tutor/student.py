"""A simulated student: does a hint help? A model repairs the learner's program once without the hint and once with it.

Both programs are run. The hint helps where the one with it passes more tests. It is asked offline, when content is built or
the machine is idle: never while somebody waits.
"""

from collections.abc import Callable
from dataclasses import dataclass

from pydantic import Field

from assay.gym.tutor.programs import LlmProgram, NotAnswered, Voice
from assay.gym.tutor.situation import Situation
from assay.records import Record


class Repaired(Record):
    """What the student writes."""

    changed: str = Field(description="the whole program after your change, nothing else")


PROGRAM = LlmProgram(
    "SimulatedStudent",
    "You are a beginner who learns to program, with a program that does not work yet. Make ONE small change that follows "
    "from what you know and from the hint, if you were given one. Keep everything else. Give the whole program.",
    {
        "task": "what you are to do",
        "program": "your program",
        "seen": "what you saw when it ran",
        "hint": "the hint you were given, if any",
    },
    Repaired,
)


@dataclass(frozen=True)
class Trial:
    """What the student's programs passed."""

    before: int
    without: int
    """After a change without the hint."""
    with_hint: int
    total: int

    @property
    def gain(self) -> int:
        """Tests that the hint alone brought."""
        return self.with_hint - self.without

    @property
    def helped(self) -> bool:
        return self.with_hint > max(self.before, self.without) or (self.with_hint == self.total > self.before)


def repair(at: Situation, voice: Voice, hint: str, within_s: float) -> str:
    """The student's next program. Raises NotAnswered."""
    given = {"task": at.problem.statement, "program": at.source, "seen": at.seen(), "hint": hint or "none"}
    text = voice.ask(PROGRAM, given, within_s=within_s, sample=1 if hint else 0).made.changed.strip()
    if text.startswith("```"):
        text = text.partition("\n")[2].rpartition("```")[0]
    if not text.strip():
        raise NotAnswered("the student wrote nothing")
    return text + "\n"


def trial(at: Situation, voice: Voice, hint: str, passes: Callable[[str], int], within_s: float = 60) -> Trial:
    """Both repairs, run. Raises NotAnswered."""
    total = len(at.report.cases)
    without = passes(repair(at, voice, "", within_s))
    with_hint = passes(repair(at, voice, hint, within_s))
    return Trial(before=passes(at.source), without=without, with_hint=with_hint, total=total)
