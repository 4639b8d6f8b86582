"""Problems in QuixBugs' layout."""

import ast
import json
from pathlib import Path

from assay.content import read_text
from assay.errors import ContentError
from assay.gym.importing.brought import Brought, add_problem, head_of, identified
from assay.gym.records.problems import Grading, Sources, Test
from assay.pipeline.parsing import parse
from assay.records import Compare, Language


def read(folder: Path) -> Brought:
    """QuixBugs' layout: correct_python_programs/X.py, python_programs/X.py (broken), json_testcases/X.json."""
    brought = Brought()
    cases = sorted((folder / "json_testcases").glob("*.json"))
    if not cases:
        raise ContentError(str(folder), "holds no json_testcases", "Name the folder of QuixBugs.")
    for file in cases:
        name = file.stem
        right, wrong = folder / "correct_python_programs" / f"{name}.py", folder / "python_programs" / f"{name}.py"
        if not right.is_file():
            brought.left_out.append(f"{name}: there is no correct_python_programs/{name}.py")
            continue
        source = read_text(right)
        tests: list[Test] = []
        for line in read_text(file).splitlines():
            if line.strip():
                arguments, expected = json.loads(line)
                given = arguments if isinstance(arguments, list) else [arguments]
                number = len(tests) + 1
                tests.append(Test(id=f"t{number}", name=f"case {number}", args=given, expect=expected))
        identifier = identified("quixbugs", name)
        if wrong.is_file():
            brought.bugs[identifier, "python"] = read_text(wrong)
        languages: dict[Language, Sources] = {
            "python": Sources(entry=name, starter=head_of(source, name), solution=source)
        }
        said = ast.get_docstring(parse(read_text(wrong)) or ast.Module([], [])) if wrong.is_file() else None
        add_problem(
            brought, id=identifier, title=name.replace("_", " ").capitalize()[:80], languages=languages, tests=tests,
            statement=said or ast.get_docstring(parse(source) or ast.Module([], [])) or f"Write `{name}`.",
            grading=Grading(compare=Compare(mode="approx", abs=1e-6)),
        )  # fmt: skip
    return brought
