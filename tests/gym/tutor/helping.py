"""Scripted models for the tutor, and a learner at work, for its tests. Everything else is real."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from assay.gym import attempting, learners
from assay.gym.grading import Grader
from assay.gym.library import Library
from assay.gym.records.learners import Learner
from assay.gym.records.problems import Problem
from assay.gym.tutor.desk import Tutor
from assay.records import Language, Model
from assay.settings import Settings
from assay.store import Store
from tests.servers import Answer, ScriptedReply
from tests.servers.ollama import OllamaServer

MODEL = "qwen2.5:7b"
HONEST = "Read the task once more and look at what your program gives for the first test. What is different, and why?"


def model_at(server: OllamaServer) -> Model:
    return Model(name=f"ollama/{MODEL}", provider="ollama", model=MODEL, url=server.url, concurrency=4)


def serve(answer: Answer) -> OllamaServer:
    return OllamaServer(answer, models=(MODEL,))


def says(text: str, **how: Any) -> ScriptedReply:
    """A reply in the shape of every tool's schema at once: what a program does not ask for it leaves out."""
    document = {"text": text, "step": 1, "tool": "hint", "inputs": [], "comments": [], "changed": text}
    return ScriptedReply(json.dumps(document), **how)


def always(text: str, **how: Any) -> Answer:
    return lambda prompt, nth: says(text, **how)


def told(prompt: str, name: str) -> str:
    """One input of a prompt."""
    found = re.search(rf"\[\[ ## {name} ## \]\]\n(.*?)(?=\n\n\[\[ ## |\n\nRespond with)", prompt, re.DOTALL)
    return found[1] if found else ""


@contextmanager
def tutor_at(
    store: Store,
    library: Library,
    grader: Grader,
    home: Path,
    server: OllamaServer | None,
    *,
    within_s: float = 30,
    durable: bool = False,
    endpoint: str | None = None,
) -> Iterator[Tutor]:
    """A tutor on a scripted model; without a server: no model."""
    settings = replace(
        Settings(home=home, database_url=store.url), gym_model=None, gym_help_s=within_s, otlp_endpoint=endpoint
    )
    model = model_at(server) if server else None
    with Tutor(settings, store, library, grader, model=model, durable=durable) as tutor:
        yield tutor


def somebody(store: Store) -> Learner:
    return learners.create(store)[0]


def run(store: Store, grader: Grader, learner: Learner, problem: Problem, language: Language, source: str) -> None:
    """The learner presses Run."""
    attempting.add_attempt(store, learner.id, grader.run(problem, language, source, learner.id), source)


def broken(problem: Problem, language: Language) -> str:
    """A program that a learner may have: it runs and is wrong, and shows no known misconception."""
    starter = problem.languages[language].starter
    if language == "python":
        return (
            starter.replace("    ...", "    answer = 0\n    return answer")
            if "..." in starter
            else f"{starter}\nanswer = 0\n"
        )
    changed = re.sub(r"\{\s*(?://[^\n]*\s*)?\}", "{\n  const answer = 0;\n  return answer;\n}", starter, count=1)
    return changed if changed != starter else f"{starter}\nconst answer = 0;\n"


def pairs(library: Library) -> list[tuple[Problem, Language]]:
    """Every shipped problem in its course's language."""
    return [(problem, course.language) for course in library.courses() for problem in course.problems]


Hostile = Callable[[Problem, Language], Answer]
