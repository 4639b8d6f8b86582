"""What the gym's pages share while the app runs: the courses, who asks, and the grader, which starts with the first run."""

import difflib
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from fastapi import Request
from fastapi.responses import HTMLResponse

from assay.errors import AssayError
from assay.gym import attempting, practice, rooms, zones
from assay.gym.grading import Grader
from assay.gym.library import Library
from assay.gym.pages.who import Who
from assay.gym.records.learners import Classroom, Learner, Progress
from assay.gym.records.problems import Problem, Test
from assay.gym.records.results import Trace
from assay.gym.tutor import Tutor
from assay.web.shell import Shell

_FOR_ONE, _FOR_MANY = 1, 3
"""The isolation that a learner's program must have: on a machine of one's own, and where several people share it."""


_NEAR = 5
"""Problems or topics that are offered where the one asked for is not there."""


def local(moment: datetime, zone: str) -> str:
    """A moment as the class reads it, with the zone: `2026-11-27 18:00 (Europe/Berlin, UTC+01:00)`."""
    try:
        zone, place = zones.read_zone(zone)
    except AssayError:  # a zone that this machine does not know any more
        zone, place = "UTC", UTC
    there = moment.astimezone(place)
    offset = f"{there:%z}"
    away = f"UTC{offset[:3]}:{offset[3:5]}"
    return f"{there:%Y-%m-%d %H:%M} ({'UTC' if zone == 'UTC' else away if zone in away else f'{zone}, {away}'})"


class Until(NamedTuple):
    """When an exam ends: as the class reads it, and the moment, which script shows by the reader's own clock."""

    words: str
    at: datetime


def exam(shell: Shell, learner: Learner | None) -> Until | None:
    """When the exam ends that the learner's class writes; None: there is none."""
    until = rooms.exam_until(shell.store, learner) if learner else None
    if until is None or learner is None or learner.class_id is None:
        return None
    room = rooms.classroom(shell.store, learner.class_id)
    return Until(local(until, room.zone if room else "UTC"), until)


def exam_of(room: Classroom | None) -> Until | None:
    """When the exam ends that a class writes now; None: there is none."""
    until = room.exam_until if room else None
    if room is None or until is None or until <= datetime.now(UTC):
        return None
    return Until(local(until, room.zone), until)


class Gym:
    """One for an app. Safe to use from several threads."""

    def __init__(self, shell: Shell, courses: Path | None = None) -> None:
        self.shell = shell
        self.library = Library(courses)
        self.who = Who(shell)
        self._lock = threading.Lock()
        self._grader: Grader | None = None
        self._tutor: Tutor | None = None

    @property
    def grader(self) -> Grader:
        """Runs learners' programs. Raises SandboxUnavailable where nothing may be run here."""
        with self._lock:
            if self._grader is None:
                self._grader = Grader(self.shell.settings, required=_FOR_MANY if self.shell.shared else _FOR_ONE)
            return self._grader

    @property
    def tutor(self) -> Tutor:
        """Helps, with a model or without."""
        grader = self.grader
        with self._lock:
            if self._tutor is None:
                self._tutor = Tutor(self.shell.settings, self.shell.store, self.library, grader)
                self._tutor.start()
            return self._tutor

    def trace(self, problem: Problem, source: str, test: Test | None, learner: str) -> Trace:
        """The program (Python) step by step under one public test."""
        called = problem.grading.kind == "call" and test is not None
        args = list(test.args or ()) if called and test is not None else None
        return self.grader.trace(problem, source, args, learner, test.stdin if test is not None else "")

    def overview(self, shell: Shell, learner: Learner | None) -> practice.Overview:
        """How far somebody is."""
        progress = attempting.progress(shell.store, learner.id) if learner else Progress(learner="")
        assigned = rooms.assigned(shell.store, learner) if learner else ()
        return practice.overview(self.library.courses(), progress, [name for one in assigned for name in one.problems])

    def not_there(self, request: Request, kind: str, name: str) -> HTMLResponse:
        """The page that says there is no such problem or topic, with links to those that are called nearly so."""
        if kind == "topic":
            titles = {one.id: one.title for course in self.library.courses() for one in course.topics}
        else:
            titles = {one.id: one.title for course in self.library.courses() for one in course.problems}
        near = difflib.get_close_matches(name, titles, n=_NEAR, cutoff=0.5)
        start = "/gym/lessons/" if kind == "topic" else "/gym/problems/"
        links = [(titles[one], start + one) for one in near]
        return self.shell.page(request, "gym/not_there.html", status=404, kind=kind, name=name, links=links)

    def close(self) -> None:
        """End the help and the sandbox."""
        with self._lock:
            grader, self._grader = self._grader, None
            tutor, self._tutor = self._tutor, None
        if tutor is not None:
            tutor.close()
        if grader is not None:
            grader.close()
