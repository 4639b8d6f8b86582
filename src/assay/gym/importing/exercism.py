"""Exercism's canonical data. They hold no solutions: those come from the tracks, or the gate asks for them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assay.content import read_text
from assay.errors import ContentError
from assay.gym.importing.brought import Brought, add_problem, identified, snake, starter_for
from assay.gym.records.problems import Sources, Test
from assay.records import Language


def read(folder: Path, solutions: Path | None = None) -> Brought:
    """Exercism's `problem-specifications`, its `exercises` folder, or one exercise.

    The data hold no solutions: `solutions` is a folder where they are found, as `<exercise>.py`, `<exercise>.js`, or as
    the tracks keep them, `<exercise>/.meta/example.py` and `<exercise>/.meta/proof.ci.js`.
    """
    brought = Brought()
    inside = folder / "exercises" if (folder / "exercises").is_dir() else folder
    files = [inside / "canonical-data.json"] if (inside / "canonical-data.json").is_file() else []
    for file in files or sorted(inside.glob("*/canonical-data.json")):
        _exercise(brought, file, solutions)
    if not brought.problems and not brought.left_out:
        raise ContentError(str(folder), "holds no canonical-data.json", "Name Exercism's problem-specifications.")
    return brought


def _exercise(brought: Brought, file: Path, solutions: Path | None) -> None:
    slug = file.parent.name
    try:
        data = json.loads(read_text(file))
        cases = list(_leaves(data["cases"]))
        by_property: dict[str, list[dict[str, Any]]] = {}
        again = {case["reimplements"] for case in cases if "reimplements" in case}
        for case in cases:
            if case.get("uuid") not in again:
                by_property.setdefault(str(case["property"]), []).append(case)
        statement = _statement(file.parent)
        for name, mine in by_property.items():
            found = _exercism_tests(mine)
            if isinstance(found, str):
                brought.left_out.append(f"{slug} {name}: {found}")
                continue
            parameters, tests = found
            languages: dict[Language, Sources] = {}
            for language in ("python", "javascript"):
                entry = snake(name) if language == "python" else name
                source = _solution(solutions, slug, language)
                spelled = [snake(one) if language == "python" else one for one in parameters]
                languages[language] = Sources(
                    entry=entry,
                    starter=starter_for(language, entry, spelled),
                    solution=source,
                )
            lacking = f"{slug}: no solution was found"
            if not any(sources.solution for sources in languages.values()) and not any(
                note.startswith(lacking) for note in brought.notes
            ):
                brought.notes.append(f"{slug}: no solution was found; the gate will ask for one in each language")
            add_problem(
                brought, id=identified(slug, *([name] if len(by_property) > 1 else [])),
                title=slug.replace("-", " ").capitalize()[:80], statement=statement, languages=languages, tests=tests,
            )  # fmt: skip
    except (KeyError, TypeError, ValueError) as error:
        brought.left_out.append(f"{slug}: its canonical data cannot be read: {error!r}"[:300])


def _leaves(cases: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for case in cases:
        if "cases" in case:
            yield from _leaves(case["cases"])
        else:
            yield case


def _statement(folder: Path) -> str:
    texts = [
        read_text(folder / name)
        for name in ("introduction.md", "description.md", "instructions.md")
        if (folder / name).is_file()
    ]
    return "\n\n".join(texts).strip() + "\n" if texts else folder.name


def _exercism_tests(cases: list[dict[str, Any]]) -> tuple[list[str], list[Test]] | str:
    parameters = list(cases[0]["input"])
    tests: list[Test] = []
    for case in cases:
        if set(case["input"]) != set(parameters):
            return "its cases have different inputs"
        given: dict[str, Any] = {"args": [case["input"][name] for name in parameters]}
        expected = case["expected"]
        if isinstance(expected, dict) and set(expected) == {"error"}:
            given["raises"] = {"python": "ValueError", "javascript": "Error"}
        else:
            given["expect"] = expected
        tests.append(Test(id=f"t{len(tests) + 1}", name=str(case["description"])[:120] or "a case", **given))
    return parameters, tests


def _solution(folder: Path | None, slug: str, language: Language) -> str:
    if folder is None:
        return ""
    kept = {
        "python": (f"{slug}.py", f"{slug}/solution.py", f"{slug}/.meta/example.py"),
        "javascript": (f"{slug}.js", f"{slug}/solution.js", f"{slug}/.meta/proof.ci.js"),
    }[language]
    return next((read_text(folder / name) for name in kept if (folder / name).is_file()), "")
