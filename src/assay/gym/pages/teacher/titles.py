"""What problems and their tests are called."""

import re
from typing import NamedTuple

from assay.errors import UnknownName
from assay.gym import practice
from assay.gym.pages.service import Gym


class Column(NamedTuple):
    """A problem at the head of a table."""

    id: str
    title: str
    topic: str


def columns_of(gym: Gym) -> list[Column]:
    """Every problem, in the order of its course."""
    return [
        Column(problem.id, problem.title, topic.id)
        for course in gym.library.courses()
        for topic, problem in practice.in_order(course)
    ]


def titles_of(gym: Gym) -> dict[str, str]:
    """Every problem's title, by id."""
    return {one.id: one.title for one in columns_of(gym)}


def test_name(gym: Gym, problem: str, test: str) -> str:
    """What a test is called, of which its id or #number was kept."""
    try:
        tests = gym.library.problem(problem).tests
    except UnknownName:
        return test
    for number, one in enumerate(tests, 1):
        if test in (one.id, f"#{number}"):
            return f"{one.name or one.id} ({one.visibility})"
    return "a generated test" if re.fullmatch(r"#\d+|g\d+", test) else test


test_name.__test__ = False  # type: ignore[attr-defined]
