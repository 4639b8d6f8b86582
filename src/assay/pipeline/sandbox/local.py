"""No sandbox: a program of ours in front, limits, and nothing else. For programs that are trusted, and for nothing else."""

from assay.pipeline.sandbox.bare import Bare
from assay.pipeline.sandbox.canary import sing
from assay.records import Isolation
from assay.settings import Settings


class Local(Bare):
    """Level 0."""

    name = "local"
    level = 0
    notes = ("nothing is kept from the program: not your files, not your network, not your other processes",)

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, landlock=0)

    def _try_canary(self) -> Isolation:
        return sing(self, "print([])")
