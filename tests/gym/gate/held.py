"""A problem held against the gate."""

from assay.gym.gate import check_problem
from assay.gym.gate.inspection import Gate
from assay.pipeline.sandbox import Sandbox
from tests.gym.made import ABOVE, made


def gate(sandbox: Sandbox, text: str = ABOVE, changes: dict[str, str] | None = None, mutated: bool = False) -> Gate:
    problem, source = made(text, **(changes or {}))
    return check_problem(problem, source, sandbox, 2, mutated=mutated)
