"""Write a problem in the browser: the text as an author keeps it in a file, held against the gate while it is written."""

import threading
from pathlib import Path
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response

from assay.content import read_text
from assay.errors import AssayError, ContentError
from assay.gym.gate import check_problem
from assay.gym.gate.inspection import Checked, Fault
from assay.gym.library import read_problem
from assay.gym.pages.service import Gym
from assay.gym.records.problems import Problem
from assay.pipeline.sandbox.choose import open_sandbox
from assay.web.shell import Shell

LARGEST = 200 << 10
PLACE = "problem.yaml"
"""What errors call the text: what is said of a line and column is said of the box."""

Yaml = Annotated[str, Form(max_length=LARGEST)]

EXAMPLE = """\
schema: assay/problem@1
id: py-lists-longest-word
title: The longest word
difficulty: easy
minutes: 8
concepts: [lists, loops]
prerequisites: []
statement: |
  Write `longest(words)`, which returns the longest word of a list.
  Where several are longest, the first of them. Of an empty list, the empty text.
languages:
  python:
    entry: longest
    starter: |
      def longest(words):
          pass
    solution: |
      def longest(words):
          best = ""
          for word in words:
              if len(word) > len(best):
                  best = word
          return best
input_schema:
  words: {type: array, items: {type: string, maxLength: 6}, maxItems: 6}
tests:
  - {id: t1, name: finds the longest word, visibility: public, args: [[pea, tomato, fig]], expect: tomato}
  - {id: t2, name: takes the first of two, visibility: public, args: [[plum, kiwi]], expect: plum}
  - {id: t3, name: an empty list, visibility: hidden, args: [[]], expect: ""}
  - {id: t4, name: only one word, visibility: hidden, args: [[fig]], expect: fig}
generated: {count: 20, seed: 7}
hints:
  - {level: 1, kind: concept, text: A loop looks at one word after the other. What must you remember on the way?}
  - {level: 2, kind: strategy, text: Keep the best word so far and compare the length of each new word with it.}
  - {level: 3, kind: locate, text: Look at the comparison. Which word should stay when two are equally long?}
scaffold: [Start with an empty best word, Look at each word, Keep it where it is longer, Return the best]
misconceptions:
  - id: last-of-equals
    message: Two words can be equally long. Read again which of them is asked for.
    when: {fails: [t2], passes: [t1]}
    example:
      python: |
        def longest(words):
            best = ""
            for word in words:
                if len(word) >= len(best):
                    best = word
            return best
after: {discussion: "`max(words, key=len, default='')` does the same in one line."}
"""


class Looked(NamedTuple):
    """What the gate says to a text."""

    problem: Problem | None
    faults: tuple[Fault, ...]
    checked: Checked | None
    level: int | None
    unavailable: AssayError | None = None
    """Why nothing could be run."""
    busy: bool = False
    """Another text is being held against the gate."""

    @property
    def passed(self) -> bool:
        return self.checked is not None and not self.faults and self.unavailable is None


def router(shell: Shell, gym: Gym) -> APIRouter:
    """The routes of writing problems."""
    routes = APIRouter()
    one_at_a_time = threading.Lock()

    def look(text: str, mutants: bool) -> Looked:
        try:
            problem, source = read_problem(text, PLACE)
        except ContentError as error:
            message = str(error).removeprefix(f"{error.place}: ")
            fault = Fault(place=error.place, rule="reading", message=message, help=error.help)
            return Looked(None, (fault,), None, None)
        if not one_at_a_time.acquire(timeout=20):
            return Looked(problem, (), None, None, busy=True)
        try:
            settings = shell.settings
            with open_sandbox(settings) as sandbox:
                found = check_problem(problem, source, sandbox, settings.workers, mutated=mutants)
        except AssayError as error:
            return Looked(problem, (), None, None, unavailable=error)
        finally:
            one_at_a_time.release()
        return Looked(problem, found.faults, found.problems[0], found.level)

    def show(request: Request, text: str, looked: Looked | None, mutants: bool) -> HTMLResponse:
        problems = [(problem.id, problem.title) for course in gym.library.courses() for problem in course.problems]
        return shell.page(
            request, "gym/teacher_write.html", text=text, looked=looked, mutants=mutants, problems=problems
        )

    @routes.get("/write", include_in_schema=False)
    def page(request: Request, problem: Annotated[str, Query(max_length=80)] = "") -> Response:
        text = EXAMPLE
        if problem:
            gym.library.problem(problem)  # an unknown one is said
            source = gym.library.shelf().sources[problem]
            if source.path:
                raise AssayError(
                    f"{problem} has no file of its own.", f"It stands at {source.place()}: change it there."
                )
            text = read_text(Path(source.document.name))
        return show(request, text, None, False)

    @routes.post("/write", include_in_schema=False)
    def check(request: Request, text: Yaml = "", what: str = Form("check"), mutants: str = Form("")) -> Response:
        text = text.replace("\r\n", "\n")
        if what == "download":
            return _file(text)
        looked = look(text, bool(mutants))
        if "hx-request" in request.headers:
            return HTMLResponse(shell.fragment(request, "gym/_teacher_gate.html", looked=looked, mutants=bool(mutants)))
        return show(request, text, looked, bool(mutants))

    return routes


def _file(text: str) -> Response:
    """The text as a file called after its problem."""
    try:
        name = read_problem(text, PLACE)[0].id
    except ContentError:
        name = "problem"
    answer = Response(text.encode("utf-8", "replace"), media_type="application/yaml; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.yaml"'
    return answer
