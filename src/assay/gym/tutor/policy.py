"""When a learner may have help, and which. Pure: the state comes from the store, the time is given.

An attempt first. Each further hint asks for a run of changed code since the last one, and for a little time: nothing
before the first, then 30, 60 and 120 seconds. Four in all, and the last is a worked example of another problem, never
the solution. The hint that is there already can be read again at any time, for nothing. In an exam there is no help.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from assay.gym.tutor import canonical
from assay.records import Language, Record

WAITS = (0, 30, 60, 120)
"""Seconds after the hint before, for the first, second, third and fourth."""
LEVELS = len(WAITS)
EXAMPLE = LEVELS
"""The last rung."""


class Tried(Record):
    """One run or submission."""

    at: datetime
    code: str
    """What `code_key` says of the program."""
    passed: bool = False


class Given(Record):
    """One hint that was shown."""

    at: datetime
    level: int
    code: str


class HelpState(Record):
    """What the policy looks at: one learner and one problem."""

    starter: str
    """`code_key` of what stood in the editor at first."""
    code: str
    """`code_key` of what stands there now."""
    tried: tuple[Tried, ...] = ()
    given: tuple[Given, ...] = ()
    exam: bool = False


class Allowed(Record):
    """What a learner may have now."""

    what: Literal["hint", "example", "again", "wait", "try", "nothing"]
    """again: only the last hint once more. wait: in `wait_s`. try: run changed code first."""
    level: int
    """Of the hint that may be had now, or that comes next; 0: none."""
    wait_s: int = 0
    used: int
    total: int = LEVELS
    why: str
    """In a learner's words."""

    @property
    def left(self) -> int:
        return self.total - self.used

    @property
    def budget(self) -> str:
        """`2 of 4`"""
        return f"{self.used} of {self.total}"

    @property
    def now(self) -> bool:
        """Whether a new hint may be had now."""
        return self.what in ("hint", "example")


def code_key(source: str, language: Language) -> str:
    """Programs that differ in blanks and comments only have one key."""
    tokens = canonical.program(source, language)
    return hashlib.sha256(
        "\0".join(f"{token.kind}{token.text}" for token in tokens).encode("utf-8", "replace")
    ).hexdigest()


def state(
    language: Language,
    starter: str,
    source: str,
    tried: Iterable[Tried],
    given: Iterable[Given],
    exam: bool = False,
) -> HelpState:
    """The state of a learner whose editor holds `source`."""
    return HelpState(
        starter=code_key(starter, language),
        code=code_key(source, language),
        tried=tuple(tried),
        given=tuple(given),
        exam=exam,
    )


def allowed(state: HelpState, now: datetime) -> Allowed:
    """What may be had now, and why."""
    given = sorted(state.given, key=lambda one: one.at)
    used = min(len({one.level for one in given}), LEVELS)
    highest = max((one.level for one in given), default=0)
    following = min(highest + 1, LEVELS)
    if state.exam:
        return Allowed(what="nothing", level=0, used=used, why="This is an exam: help is off until it ends.")
    if not any(one.code != state.starter for one in state.tried):
        why = "Have a go first: change the code and press Run. Then help can look at what you wrote."
        return Allowed(what="try", level=following, used=used, why=why)
    if any(one.passed and one.code == state.code for one in state.tried):
        why = "Your program passes. There is nothing to help with; a review can say what could be better."
        return Allowed(what="nothing", level=0, used=used, why=why)
    if highest >= LEVELS:
        why = "You have had every hint. Read them again, or go back to the lesson."
        return Allowed(what="again", level=highest, used=used, why=why)
    if not given:
        return Allowed(what="hint", level=1, used=0, why="The first hint is free.")
    last = given[-1]
    if not any(one.at >= last.at and one.code not in (last.code, state.starter) for one in state.tried):
        why = "Try what the last hint says: change your code and press Run. Then the next hint opens."
        return Allowed(what="again", level=highest, used=used, why=why)
    wait = _wait(last.at, now, WAITS[following - 1])
    if wait > 0:
        return Allowed(what="wait", level=following, wait_s=wait, used=used, why=f"The next hint opens in {wait} s.")
    if following == EXAMPLE:
        why = "The last help is a worked example of another problem."
        return Allowed(what="example", level=following, used=used, why=why)
    return Allowed(what="hint", level=following, used=used, why=f"Hint {following} of {LEVELS}.")


def _wait(last: datetime, now: datetime, wait: int) -> int:
    """Seconds to wait; a clock that was set back makes nobody wait longer than the rule says."""
    gone = (now - last).total_seconds()
    return max(0, min(wait, -int(-(wait - gone) // 1)))
