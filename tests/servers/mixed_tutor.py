"""A tutor's model that is honest half the time and else leaks, lies, flatters or breaks: `--answer tests.servers.mixed_tutor:answer`."""

import itertools
import json
import re
from functools import cache

from tests.servers.script import ScriptedReply

HONEST = "Read the task once more and look at what your program gives for the first test. What is different, and why?"
_count = itertools.count()


@cache
def _solutions() -> dict[str, str]:
    from assay.gym.library import Library

    return {
        problem.statement.strip()[:60]: problem.languages[course.language].solution
        for course in Library().courses()
        for problem in course.problems
    }


def _told(prompt: str, name: str) -> str:
    found = re.search(rf"\[\[ ## {name} ## \]\]\n(.*?)(?=\n\n\[\[ ## |\n\nRespond with)", prompt, re.DOTALL)
    return found[1] if found else ""


def answer(prompt: str, nth: int) -> ScriptedReply:
    """By turns; as a student it changes nothing, as an agent it always says hint."""
    if "[[ ## hint ## ]]" in prompt:
        return ScriptedReply(json.dumps({"changed": _told(prompt, "program")}))
    if "[[ ## request ## ]]" in prompt:
        return ScriptedReply('{"tool": "hint"}')
    solution = _solutions().get(_told(prompt, "task").strip()[:60], "def f(x):\n    return sorted(set(x))\n")
    lines = [line.strip() for line in solution.splitlines() if len(line.strip()) > 10] or [solution]
    texts = [
        HONEST,
        f"```\n{solution}```",
        HONEST,
        "Great job, you are doing so well!",
        HONEST,
        f"Write `{max(lines, key=len)}` there.",
        HONEST,
        "Your program is correct.",
        HONEST,
        solution[::-1],
        HONEST,
        f"Do this: {lines[-1]}",
    ]
    turn = next(_count) % 13
    return ScriptedReply('{"text": "half') if turn == 12 else ScriptedReply(json.dumps({"text": texts[turn]}))
