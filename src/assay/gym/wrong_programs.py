"""Learners' programs that are wrong, for `assay gym measure`: mutants of our own solutions, and HumanEvalPack's broken functions."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.errors import AssayError

if TYPE_CHECKING:
    from assay.gym.grading import Grader
    from assay.gym.records.problems import Problem
    from assay.records import Language


@dataclass(frozen=True)
class WrongSubmission:
    """One learner's program that is wrong."""

    problem: "Problem"
    language: "Language"
    source: str
    origin: str
    """mutants, or humanevalpack"""
    course: Any = None


def mutant_cases(courses: Sequence[Any], a_problem: int, grader: "Grader") -> Iterator[WrongSubmission]:
    """Up to so many mutants of each problem's solution that fail its tests."""
    from assay.pipeline.mutants import mutants

    for course in courses:
        for problem in course.problems:
            sources = problem.languages[course.language]
            taken = 0
            for one in mutants(sources.solution, 3 * a_problem, course.language):
                if taken == a_problem:
                    break
                if grader.check(problem, course.language, one.source).verdict not in ("pass", "error"):
                    taken += 1
                    yield WrongSubmission(problem, course.language, one.source, "mutants", course)


def pack_cases(folder: Path, limit: int) -> Iterator[WrongSubmission]:
    """HumanEvalPack's broken functions whose tests become a problem of ours: plain calls with plain values."""
    for file, language in (("python.jsonl", "python"), ("js.jsonl", "javascript")):
        path = folder / file
        if not path.is_file():
            raise AssayError(f"There is no {path}.", "Name the folder that holds python.jsonl and js.jsonl.")
        taken = 0
        for line in path.read_text("utf-8").splitlines():
            if taken == limit:
                break
            row = json.loads(line)
            problem = _pack_problem(row, "python" if language == "python" else "javascript")
            if problem is not None:
                taken += 1
                head = row["declaration"] if language == "javascript" else row["prompt"]
                yield WrongSubmission(
                    problem,
                    "python" if language == "python" else "javascript",
                    head + row["buggy_solution"],
                    "humanevalpack",
                )


def _pack_problem(row: dict[str, Any], language: "Language") -> "Problem | None":
    """One row as a problem; None where its tests are more than calls with plain values."""
    from pydantic import ValidationError

    from assay.gym.records.problems import Problem

    entry = str(row["entry_point"])
    tests = [
        {"id": f"t{number}", "name": f"example {number}", "args": args, "expect": expect,
         "visibility": "public" if number <= 2 else "hidden"}
        for number, (args, expect) in enumerate(_calls(row, language), 1)
    ]  # fmt: skip
    if len(tests) < 3:
        return None
    head = row["declaration"] if language == "javascript" else row["prompt"]
    starter = f"{head.rstrip()}\n    ...\n" if language == "python" else f"{head.rstrip()}\n}}\n"
    document = {
        "schema": "assay/problem@1",
        "id": "pack-" + re.sub(r"[^a-z0-9]+", "-", str(row["task_id"]).lower()),
        "title": entry[:80],
        "difficulty": "medium",
        "minutes": 10,
        "concepts": ["functions"],
        "statement": str(row["instruction"]),
        "languages": {language: {"entry": entry, "starter": starter, "solution": head + row["canonical_solution"]}},
        "tests": tests,
        "hints": [{"level": 1, "kind": "concept", "text": "Read the task again and try the first example by hand."}],
    }
    try:
        return Problem.model_validate(document)
    except ValidationError:
        return None


def _calls(row: dict[str, Any], language: "Language") -> Iterator[tuple[list[Any], Any]]:
    """The calls of a row's tests whose arguments and results are plain values."""
    import ast

    from assay.pipeline.parsing import parse

    entry = re.escape(str(row["entry_point"]))
    text = str(row["test"])
    if language == "python":
        tree = parse(text)
        if tree is None:
            return
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Assert) and isinstance(node.test, ast.Compare) and len(node.test.ops) == 1
                and isinstance(node.test.ops[0], ast.Eq) and isinstance(node.test.left, ast.Call)
            ):  # fmt: skip
                try:
                    args = [ast.literal_eval(argument) for argument in node.test.left.args]
                    yield args, ast.literal_eval(node.test.comparators[0])
                except (ValueError, SyntaxError):
                    continue
        return
    for found in re.finditer(rf"console\.assert\(\s*{entry}\((.*?)\)\s*===\s*(.*?)\s*\)\s*;?$", text, re.MULTILINE):
        try:
            yield json.loads(f"[{found[1]}]".replace("'", '"')), json.loads(found[2].replace("'", '"'))
        except ValueError:
            continue
