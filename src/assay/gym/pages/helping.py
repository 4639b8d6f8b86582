"""The Help tab."""

from typing import TYPE_CHECKING

from assay.gym.records import Learner, Problem
from assay.records import Language
from assay.web.shell import Shell

if TYPE_CHECKING:
    from assay.gym.pages.service import Gym
    from assay.gym.pages.solve import Sent

NOTHING = None


def read(shell: Shell, gym: "Gym", problem: Problem, language: Language, learner: Learner | None) -> None:  # noqa: ARG001
    """What was asked here and answered."""
    return


def ask(shell: Shell, gym: "Gym", problem: Problem, language: Language, learner: Learner, sent: "Sent") -> None:  # noqa: ARG001
    """Ask for help."""
    return
