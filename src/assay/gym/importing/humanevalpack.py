"""HumanEvalPack: its tests are asserts, its broken programs become examples of misconceptions."""

import json
import re
from pathlib import Path
from typing import Any

from assay.errors import ContentError
from assay.gym.importing.asserts import asserted
from assay.gym.importing.brought import Brought, add_problem, identified
from assay.gym.records.problems import Grading, ProblemLimits, Sources
from assay.records import Language


def read(path: Path) -> Brought:
    """HumanEvalPack: a folder with python.jsonl and js.jsonl, or one of the two. Its broken programs become examples."""
    rows: dict[str, dict[Language, dict[str, Any]]] = {}
    names: dict[str, Language] = {"python.jsonl": "python", "js.jsonl": "javascript", "javascript.jsonl": "javascript"}
    for file in sorted(path.iterdir()) if path.is_dir() else [path]:
        language = names.get(file.name)
        if language is None:
            continue
        for line in file.read_text("utf-8").splitlines():
            if line.strip():
                row = json.loads(line)
                rows.setdefault(str(row["task_id"]).rpartition("/")[2], {})[language] = row
    if not rows:
        raise ContentError(str(path), "holds neither python.jsonl nor js.jsonl", "Name the folder of HumanEvalPack.")
    brought = Brought()
    for number, by_language in sorted(rows.items(), key=lambda item: int(item[0])):
        _packed(brought, number, by_language)
    return brought


def _packed(brought: Brought, number: str, rows: dict[Language, dict[str, Any]]) -> None:
    name = f"humanevalpack-{number}"
    python = rows.get("python")
    if python is None:
        brought.left_out.append(f"{name}: without its Python tests nothing says what must come")
        return
    tests, missed = asserted(python["test"], "candidate", python["entry_point"])
    if missed:
        brought.notes.append(f"{name}: {missed} of its asserts say more than a call and its value: left out")
    languages: dict[Language, Sources] = {}
    for language, row in rows.items():
        entry = row["entry_point"]
        if language == "javascript":
            names = re.findall(r"^(?:const|function)\s+([A-Za-z_$][\w$]*)", row["declaration"], re.MULTILINE)
            entry = names[-1] if names else entry  # helpers stand before it
        head = row["declaration"]
        starter = head.rstrip() + ("\n    ...\n" if language == "python" else "\n}\n")
        languages[language] = Sources(entry=entry, starter=starter, solution=head + row["canonical_solution"])
        identifier = identified(name)
        brought.bugs[identifier, language] = head + row["buggy_solution"]
        brought.said[identifier] = f"Look for this kind of mistake: {row['bug_type']}. {row['failure_symptoms']}."
    add_problem(
        brought, id=identified(name), title=str(python["entry_point"]).replace("_", " ").capitalize()[:80],
        statement=str(python["docstring"]).strip() or python["instruction"], languages=languages, tests=tests,
        grading=Grading(limits=ProblemLimits(wall_s=10, cpu_s=5, memory_mb=256)),
    )  # fmt: skip
