"""Problems from elsewhere: Exercism's canonical data, HumanEvalPack, QuixBugs' layout, and every suite of the bench.

What comes from elsewhere has no hints of an author's own, and Exercism's data no solutions; the gate says what is missing.
Nothing of a data set is run while it is read.
"""

import ast
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from assay.content import read_text
from assay.errors import AssayError, ContentError
from assay.gym.grading import Grader
from assay.gym.records import (
    Concept,
    Course,
    Grading,
    Hint,
    Misconception,
    Problem,
    ProblemLimits,
    Sources,
    Test,
    Topic,
    When,
)
from assay.pipeline.parsing import parse
from assay.pipeline.sandbox.guest.values import decode
from assay.records import Asserts, Calls, Compare, Language, Stdio, Task

MAX_TESTS = 40
"""Tests that are taken of one problem."""
_LEAST = 4  # tests: two public, two hidden
_CONCEPT = "from-elsewhere"
_HINTS = (
    Hint(
        level=1,
        kind="concept",
        text="Take the first test that does not pass. Work it out on paper. Then follow your program line by line with "
        "the same input. Where do the two part?",
    ),
)


@dataclass
class Brought:
    """What was found, and what had to be left out, each with the reason."""

    problems: list[Problem] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    bugs: dict[tuple[str, Language], str] = field(default_factory=dict)
    """Programs that are known to be wrong, by problem and language."""
    said: dict[str, str] = field(default_factory=dict)
    """What is known of the mistake, by problem."""

    def course(self, identifier: str, title: str, language: Language) -> Course:
        """The problems as a course of one topic."""
        return Course(
            id=identifier,
            title=title,
            language=language,
            summary=f"{len(self.problems)} problems from elsewhere.",
            topics=(
                Topic(
                    id=f"{identifier}-all", title=title, summary="Problems from elsewhere.",
                    lesson=f"# {title}\n\nThese problems come from elsewhere, in the order in which they were found.\n",
                    teaches=(_CONCEPT,), problems=tuple(problem.id for problem in self.problems),
                ),
            ),
            concepts=(
                Concept(
                    id=_CONCEPT, title="From elsewhere", note="What these problems need is not told by their source.",
                    example="print(1)" if language == "python" else "console.log(1)", prints="1",
                ),
            ),
            problems=tuple(self.problems),
        )  # fmt: skip


def with_bugs(brought: Brought, grader: Grader) -> None:
    """Make misconceptions of the wrong programs: which tests they fail is found by running them."""
    for at, problem in enumerate(brought.problems):
        examples: dict[Language, str] = {}
        fails: list[set[str]] = []
        for language in problem.languages:
            source = brought.bugs.get((problem.id, language))
            if source is None:
                continue
            report = grader.check(problem, language, source)
            failed = {case.test.id for case in report.cases if case.outcome == "failed" and not case.generated}
            if report.verdict in ("pass", "error") or not failed:
                brought.notes.append(f"{problem.id}: its wrong {language} program does not fail a test: left out")
                continue
            examples[language] = source
            fails.append(failed)
        shared = set.intersection(*fails) if fails else set()
        if examples and shared:
            first = next(test.id for test in problem.tests if test.id in shared)
            message = brought.said.get(problem.id) or "Many stumble here. Compare the failing test with the statement."
            one = Misconception(id="known-bug", message=message, when=When(fails=(first,)), example=examples)
            brought.problems[at] = problem.model_copy(
                update={"misconceptions": (one,)},
            )


# ---- building --------------------------------------------------------------------------------------------------------


def _identifier(*parts: str) -> str:
    text = re.sub(r"([a-z0-9])([A-Z])", r"\1-\2", "-".join(parts)).lower()
    return re.sub(r"[^a-z0-9]+", "-", text).strip("-")[:80].strip("-") or "problem"


def snake(name: str) -> str:
    """A name as Python spells it."""
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()


def _shared_out(tests: list[Test]) -> tuple[Test, ...]:
    """The first half public, the rest hidden, but shown where they fail: their source shows them to everybody."""
    public = max(2, min(len(tests) // 2, 10))
    return tuple(
        test.model_copy(update={"visibility": "public"})
        if at < public
        else test.model_copy(update={"visibility": "hidden", "reveal": "full"})
        for at, test in enumerate(tests)
    )


def _starter(language: Language, entry: str, parameters: Iterable[str]) -> str:
    given = ", ".join(parameters)
    if language == "python":
        return f"def {entry}({given}):\n    ...\n"
    return f"function {entry}({given}) {{\n}}\n"


def _problem(brought: Brought, **given: Any) -> None:
    tests: list[Test] = given.pop("tests")
    name = given["id"]
    if len(tests) < _LEAST:
        brought.left_out.append(f"{name}: {len(tests)} tests that can be used; {_LEAST} are needed")
        return
    if len(tests) > MAX_TESTS:
        brought.notes.append(f"{name}: {MAX_TESTS} of its {len(tests)} tests are taken")
    try:
        problem = Problem(
            schema="assay/problem@1",
            difficulty="medium",
            minutes=20,
            concepts=(_CONCEPT,),
            hints=_HINTS,
            tests=_shared_out(tests[:MAX_TESTS]),
            **given,
        )
    except ValidationError as error:
        brought.left_out.append(f"{name}: {error.errors()[0]['msg']}")
        return
    brought.problems.append(problem)


# ---- Exercism --------------------------------------------------------------------------------------------------------


def exercism(folder: Path, solutions: Path | None = None) -> Brought:
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
                    starter=_starter(language, entry, spelled),
                    solution=source,
                )
            lacking = f"{slug}: no solution was found"
            if not any(sources.solution for sources in languages.values()) and not any(
                note.startswith(lacking) for note in brought.notes
            ):
                brought.notes.append(f"{slug}: no solution was found; the gate will ask for one in each language")
            _problem(
                brought, id=_identifier(slug, *([name] if len(by_property) > 1 else [])),
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


# ---- HumanEvalPack ---------------------------------------------------------------------------------------------------


def humanevalpack(path: Path) -> Brought:
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
        identifier = _identifier(name)
        brought.bugs[identifier, language] = head + row["buggy_solution"]
        brought.said[identifier] = f"Look for this kind of mistake: {row['bug_type']}. {row['failure_symptoms']}."
    _problem(
        brought, id=_identifier(name), title=str(python["entry_point"]).replace("_", " ").capitalize()[:80],
        statement=str(python["docstring"]).strip() or python["instruction"], languages=languages, tests=tests,
        grading=Grading(limits=ProblemLimits(wall_s=10, cpu_s=5, memory_mb=256)),
    )  # fmt: skip


# ---- QuixBugs --------------------------------------------------------------------------------------------------------


def quixbugs(folder: Path) -> Brought:
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
        identifier = _identifier("quixbugs", name)
        if wrong.is_file():
            brought.bugs[identifier, "python"] = read_text(wrong)
        languages: dict[Language, Sources] = {
            "python": Sources(entry=name, starter=_head_of(source, name), solution=source)
        }
        said = ast.get_docstring(parse(read_text(wrong)) or ast.Module([], [])) if wrong.is_file() else None
        _problem(
            brought, id=identifier, title=name.replace("_", " ").capitalize()[:80], languages=languages, tests=tests,
            statement=said or ast.get_docstring(parse(source) or ast.Module([], [])) or f"Write `{name}`.",
            grading=Grading(compare=Compare(mode="approx", abs=1e-6)),
        )  # fmt: skip
    return brought


def _head_of(source: str, entry: str) -> str:
    """A starter with the header that the solution has."""
    for node in (parse(source) or ast.Module([], [])).body:
        if isinstance(node, ast.FunctionDef) and node.name == entry:
            return f"def {entry}({ast.unparse(node.args)}):\n    ...\n"
    return _starter("python", entry, ["*values"])


# ---- any suite -------------------------------------------------------------------------------------------------------


def from_tasks(tasks: Iterable[Task]) -> Brought:
    """Tasks of any suite: calls and programs as they are, assert suites where an assert is a call and its value."""
    brought = Brought()
    for task in tasks:
        name = _identifier(task.id)
        found = _tests_of(brought, task)
        if isinstance(found, str):
            brought.left_out.append(f"{task.id}: {found}")
            continue
        kind, tests, grading = found
        entry = task.entry if kind == "call" else None
        solution = task.reference or ""
        if not solution:
            brought.notes.append(f"{task.id}: it has no reference; the gate will ask for a solution")
        starter = _starter_of(task, entry, solution)
        bare = task.prompt.strip()
        statement = bare if task.language not in ("python",) or parse(bare) is None else f"```python\n{bare}\n```"
        for wrong in task.wrong[:1]:
            brought.bugs[name, task.language] = wrong.source
        _problem(
            brought, id=name, title=(task.title or task.id)[:80], statement=statement, tests=tests, grading=grading,
            languages={
                task.language: Sources(entry=entry, starter=starter, solution=solution, alternatives=task.alternatives)
            },
        )  # fmt: skip
    return brought


def _starter_of(task: Task, entry: str | None, solution: str) -> str:
    if entry is None:
        return ""
    if task.language == "python":
        return _head_of(solution, entry)
    found = re.search(rf"function\s+{re.escape(entry)}\s*\(([^)]*)\)", solution)
    return _starter("javascript", entry, [found[1]] if found else [])


def _tests_of(brought: Brought, task: Task) -> tuple[str, list[Test], Grading] | str:
    if len(task.checks) != 1:
        return f"it has {len(task.checks)} checks, and a problem one"
    (check,) = task.checks
    limits = ProblemLimits(
        wall_s=min(60, task.limits.wall_s), cpu_s=min(60, task.limits.cpu_s),
        memory_mb=min(4096, task.limits.memory_mb), output_kb=min(1024, task.limits.output_kb),
    )  # fmt: skip
    if isinstance(check, Stdio):
        if any(case.argv for case in check.cases):
            return "its program takes arguments"
        tests = [
            Test(id=f"t{at}", name=case.id[:120], stdin=case.stdin, stdout=case.stdout, **_compared(case.compare))
            for at, case in enumerate(check.cases, 1)
        ]
        return "stdio", tests, Grading(kind="stdio", compare=check.compare, limits=limits)
    if isinstance(check, Calls):
        tests = []
        for case in check.cases:
            if case.kwargs is not None:
                return "its calls name their arguments"
            outcome: dict[str, Any] = (
                {"raises": {task.language: case.raises}} if case.raises else {"expect": decode(case.expect or "null")}
            )
            number = len(tests) + 1
            tests.append(
                Test(id=f"t{number}", name=case.id[:120], args=decode(case.args), **outcome, **_compared(case.compare))
            )
        grading = Grading(compare=check.compare, check_arguments_unchanged=check.arguments_unchanged, limits=limits)
        return "call", tests, grading
    assert isinstance(check, Asserts)
    tests, missed = asserted(check.source, "candidate", check.entry)
    if missed:
        brought.notes.append(f"{task.id}: {missed} of its asserts say more than a call and its value: left out")
    return "call", tests, Grading(limits=limits)


def _compared(compare: Compare | None) -> dict[str, Any]:
    return {"compare": compare} if compare is not None else {}


def asserted(source: str, *names: str) -> tuple[list[Test], int]:
    """The tests that asserts say, and how many say something that no test can. Read, never run.

    `assert f(1) == 2`, `assert f(1) is None`, `assert not f(1)`, `assert f(1)`, `assert abs(f(1) - 2) < 0.1`.
    """
    tree = parse(source)
    if tree is None:
        return [], 0
    tests: list[Test] = []
    missed = 0
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assert) or isinstance(node.test, ast.Constant):
            continue
        found = _assert(node.test, names)
        if found is None:
            missed += 1
            continue
        arguments, expected, compare = found
        number = len(tests) + 1
        given: dict[str, Any] = {"compare": compare} if compare else {}
        tests.append(Test(id=f"t{number}", name=f"case {number}", args=arguments, expect=expected, **given))
    return tests, missed


def _assert(test: ast.expr, names: tuple[str, ...]) -> tuple[list[Any], Any, Compare | None] | None:
    try:
        match test:
            case ast.Compare(left=ast.Call() as call, ops=[ast.Eq() | ast.Is()], comparators=[right]):
                return _arguments(call, names), ast.literal_eval(right), None
            case ast.Compare(
                left=ast.Call(
                    func=ast.Name(id="abs"), args=[ast.BinOp(left=ast.Call() as call, op=ast.Sub(), right=right)]
                ),
                ops=[ast.Lt() | ast.LtE()],
                comparators=[room],
            ):
                compare = Compare(mode="approx", abs=float(ast.literal_eval(room)))
                return _arguments(call, names), ast.literal_eval(right), compare
            case ast.UnaryOp(op=ast.Not(), operand=ast.Call() as call):
                return _arguments(call, names), False, Compare(mode="truthy")
            case ast.Call() as call:
                return _arguments(call, names), True, Compare(mode="truthy")
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
    return None


def _arguments(call: ast.Call, names: tuple[str, ...]) -> list[Any]:
    """Raises ValueError where it is no call of these names with plain values."""
    if not isinstance(call.func, ast.Name) or call.func.id not in names or call.keywords:
        raise ValueError("another call")
    return [ast.literal_eval(argument) for argument in call.args]


KINDS = {
    "exercism": "Exercism's problem-specifications (a folder)",
    "humanevalpack": "HumanEvalPack (a folder with python.jsonl and js.jsonl)",
    "quixbugs": "a folder in QuixBugs' layout",
    "course": "a single-file course, config.yaml",
}
"""What `assay gym import` knows beside the suites."""


def bring(kind: str, path: Path | None, solutions: Path | None, settings: Any) -> Brought:
    """The problems of one source. Raises AssayError or ContentError."""
    from assay.suites import SUITES, load_suite

    if kind in ("exercism", "humanevalpack", "quixbugs"):
        if path is None:
            raise AssayError(f"Where is it? {kind} needs a path.", f"Name {KINDS[kind]}.")
        if kind == "exercism":
            return exercism(path, solutions)
        return humanevalpack(path) if kind == "humanevalpack" else quixbugs(path)
    if kind not in SUITES.names():
        from assay.errors import UnknownName

        raise UnknownName("source of problems", kind, [*KINDS, *SUITES.names()])
    return from_tasks(load_suite(kind, path, settings=settings).tasks)
