"""Suites whose tasks are folders that hold all of themselves (docs/suites.md shows one).

task.yaml        what it is: id, title, language, entry, signature, limits, which checks, which wrong programs
prompt.md        what is asked, in words
checks/*.yaml    the cases
reference/*      programs that pass; `solution.*` is the reference, the others are alternatives
wrong/*          programs that must fail, each named in task.yaml with the case it must fail
"""

import ast
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from assay.content import Document, Value, read, read_text
from assay.errors import ContentError, UnknownName
from assay.pipeline.checks.answers import encoded
from assay.pipeline.checks.compare import as_python
from assay.pipeline.sandbox.guest import values
from assay.records import (
    Calls,
    Case,
    Check,
    Compare,
    Language,
    Limits,
    Record,
    Stdio,
    StdioCase,
    Task,
    WrongProgram,
)

SUFFIXES: dict[Language, str] = {"python": ".py", "javascript": ".js"}

_FILE = Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$")  # a name, never a path: a task holds all of itself
_ID = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")


class WrongFile(Record):
    """A wrong program, as task.yaml names it."""

    file: str = _FILE
    fails: str
    """The id of the case it must fail."""


class TaskFile(Record):
    """What task.yaml says."""

    schema_: Literal["assay/task@1"] = Field(alias="schema")
    id: str = _ID
    title: str = Field(min_length=1)
    language: Language
    entry: str | None = Field(None, pattern=r"^[A-Za-z_$][A-Za-z0-9_$]*$")
    """The function that is called; none for a whole program."""
    signature: str | None = None
    """The entry point as the prompt shows it: parameters, in Python with types."""
    difficulty: Literal["easy", "medium", "hard"]
    tags: tuple[str, ...] = ()
    released: date | None = None
    limits: Limits = Limits()
    checks: tuple[str, ...] = Field(min_length=1)
    wrong: tuple[WrongFile, ...] = ()


class CaseFile(Record):
    """One call, as a checks file says it."""

    id: str = _ID
    args: Value = ()
    kwargs: Value = None
    expect: Value = None
    raises: str | None = Field(None, min_length=1)
    compare: Compare | None = None
    public: bool = False

    @model_validator(mode="after")
    def _says_what_must_come(self) -> "CaseFile":
        if not isinstance(self.args, list | tuple):
            raise ValueError("args should be a list of the positional arguments")
        if self.kwargs is not None and not (isinstance(self.kwargs, dict) and all(type(k) is str for k in self.kwargs)):
            raise ValueError("kwargs should be a mapping of the keyword arguments")
        if ("expect" in self.model_fields_set) == (self.raises is not None):
            raise ValueError("a case needs either `expect` (a value, or null) or `raises` (the name of an exception)")
        return self


class CallsFile(Record):
    """A checks file of calls."""

    schema_: Literal["assay/calls@1"] = Field(alias="schema")
    compare: Compare = Compare()
    arguments_unchanged: bool = False
    cases: tuple[CaseFile, ...] = Field(min_length=1)


class StdioFile(Record):
    """A checks file of whole runs."""

    schema_: Literal["assay/stdio@1"] = Field(alias="schema")
    compare: Compare = Compare(mode="text")
    cases: tuple[StdioCase, ...] = Field(min_length=1)


FUNCTIONS = Path(__file__).parent / "functions"


def load_folder(path: Path, suite: str) -> tuple[Task, ...]:
    """The tasks of the folders in `path`, by name. Raises ContentError, with its place, for the first mistake."""
    if not path.is_dir():
        raise ContentError(str(path), "is no folder", "A suite is a folder with one folder a task.")
    if (path / "task.yaml").is_file():
        raise ContentError(
            str(path), "is one task, not a suite", f"Name the folder around it: {path.absolute().parent}"
        )
    folders = [folder for folder in _entries(path) if folder.is_dir()]
    if not folders:
        raise ContentError(str(path), "holds no tasks", "Each task is a folder with a task.yaml in it.")
    return tuple(load_task(folder, suite) for folder in folders)


def load_task(folder: Path, suite: str) -> Task:
    """The task that one folder holds."""
    document = read(folder / "task.yaml")
    about = document.record(TaskFile)
    if about.id != folder.name:
        raise ContentError(
            document.place("id"),
            f"the id is {about.id!r} but the folder is called {folder.name!r}",
            "Make them one name.",
        )
    _agree_on_the_entry(document, about)
    _no_strays(folder / "checks", about.checks, document.place("checks"))
    checks, cases = _checks(folder / "checks", document, about)
    reference, alternatives = _reference(folder / "reference", document, about)
    return Task(
        id=about.id,
        suite=suite,
        language=about.language,
        prompt=_prompt(read_text(folder / "prompt.md"), about, checks),
        title=about.title,
        entry=about.entry,
        checks=checks,
        limits=about.limits,
        reference=reference,
        alternatives=alternatives,
        wrong=_wrong(folder / "wrong", document, about, cases),
        released=about.released,
        tags=(about.difficulty, *about.tags),
        place=f"{suite}/{about.id}/task.yaml",
    )


def place_of_case(path: Path, task: Task, case: str) -> str:
    """file:line:column of what a case expects, of a task of the folders in `path`; of the task where none has this id."""
    folder = path / task.id
    about = read(folder / "task.yaml").record(TaskFile)
    for name in about.checks:
        content = read(folder / "checks" / name)
        ids = _ids(_check(content, about))
        if case in ids:
            return content.place("cases", ids.index(case), "stdout" if about.entry is None else "expect")
    return str(folder / "task.yaml")


def _agree_on_the_entry(document: Document, about: TaskFile) -> None:
    """The signature must be one of the entry point, and in Python one that Python can read."""
    if (about.entry is None) != (about.signature is None):
        raise ContentError(
            document.place(), "entry and signature stand together", "Give both, or neither for a program."
        )
    if about.entry is None or about.signature is None:
        return
    if not about.signature.startswith(f"{about.entry}("):
        raise ContentError(
            document.place("signature"),
            f"the signature should begin with {about.entry}(",
            "Like this: total(prices: list[int]) -> int",
        )
    if about.language == "python":
        try:
            ast.parse(f"def {about.signature}: ...")
        except SyntaxError as error:
            raise ContentError(document.place("signature"), f"the signature is not Python: {error.msg}") from None


def _entries(folder: Path) -> list[Path]:
    """What stands in a folder, by name, without what tools leave behind."""
    if not folder.is_dir():
        return []
    names = sorted(name for name in os.listdir(folder) if not name.startswith((".", "__pycache__")))
    return [folder / name for name in names]


def _no_strays(folder: Path, named: Iterable[str], place: str) -> None:
    known = set(named)
    for entry in _entries(folder):
        if entry.name not in known:
            raise ContentError(
                place, f"{folder.name}/{entry.name} is not named here", "Name it, or take the file away."
            )


# ---- checks --------------------------------------------------------------------------------------------------------


def _checks(folder: Path, document: Document, about: TaskFile) -> tuple[tuple[Check, ...], set[str]]:
    """The checks in the order that task.yaml names them, and the ids of all their cases."""
    checks: list[Check] = []
    seen: set[str] = set()
    for number, name in enumerate(about.checks):
        if not (folder / name).is_file() or "/" in name:
            raise ContentError(
                document.place("checks", number), f"there is no checks/{name}", "Write it, or mend the name."
            )
        content = read(folder / name)
        check = _check(content, about)
        for at, case in enumerate(_ids(check)):
            if case in seen:
                raise ContentError(content.place("cases", at, "id"), f"a second case is called {case!r}")
            seen.add(case)
        checks.append(check)
    return tuple(checks), seen


def _ids(check: Calls | Stdio) -> list[str]:
    cases: Sequence[Case | StdioCase] = check.cases
    return [case.id for case in cases]


def _check(content: Document, about: TaskFile) -> Calls | Stdio:
    if about.entry is None:
        file = content.record(StdioFile)
        return Stdio(cases=file.cases, compare=file.compare)
    calls = content.record(CallsFile)
    return Calls(
        entry=about.entry,
        cases=tuple(_case(case) for case in calls.cases),
        compare=calls.compare,
        arguments_unchanged=calls.arguments_unchanged,
    )


def _case(case: CaseFile) -> Case:
    return Case(
        id=case.id,
        args=encoded(list(case.args)),
        kwargs=None if case.kwargs is None else encoded(case.kwargs),
        expect=None if case.raises else encoded(case.expect),
        raises=case.raises,
        compare=case.compare,
        public=case.public,
    )


def _decoded(text: str) -> Any:
    return values.decode(text)


# ---- programs ------------------------------------------------------------------------------------------------------


def _reference(folder: Path, document: Document, about: TaskFile) -> tuple[str, tuple[str, ...]]:
    suffix = SUFFIXES[about.language]
    programs = _entries(folder)
    for program in programs:
        if program.suffix != suffix:
            raise ContentError(str(program), f"a reference of a {about.language} task should end in {suffix}")
    main = folder / f"solution{suffix}"
    if main not in programs:
        raise ContentError(document.place(), f"there is no reference/{main.name}", "Write a program that passes.")
    return read_text(main), tuple(read_text(program) for program in programs if program != main)


def _wrong(folder: Path, document: Document, about: TaskFile, cases: set[str]) -> tuple[WrongProgram, ...]:
    _no_strays(folder, [wrong.file for wrong in about.wrong], document.place("wrong"))
    return tuple(_wrong_program(folder, document, about, cases, number) for number in range(len(about.wrong)))


def _wrong_program(folder: Path, document: Document, about: TaskFile, cases: set[str], number: int) -> WrongProgram:
    wrong = about.wrong[number]
    file = folder / wrong.file
    if not file.is_file():
        raise ContentError(
            document.place("wrong", number, "file"), f"there is no wrong/{wrong.file}", "Write it, or mend the name."
        )
    if file.suffix != SUFFIXES[about.language]:
        raise ContentError(document.place("wrong", number, "file"), f"should end in {SUFFIXES[about.language]}")
    if wrong.fails not in cases:
        unknown = UnknownName("case", wrong.fails, cases)
        raise ContentError(document.place("wrong", number, "fails"), str(unknown), unknown.help)
    return WrongProgram(name=file.stem, source=read_text(file), fails=wrong.fails)


# ---- the prompt ----------------------------------------------------------------------------------------------------

_TOLD: dict[Language, tuple[str, str]] = {
    "python": ("Python 3.11 or later, with nothing but the standard library", "def {}"),
    "javascript": ("JavaScript for Node 20, with nothing but what Node brings", "function {}"),
}
_FENCES = re.compile(r"^`{3,}", re.MULTILINE)


def _prompt(text: str, about: TaskFile, checks: tuple[Check, ...]) -> str:
    """What a model is asked: the task's own words, then the same short statement for every task."""
    parts = [text.strip()]
    language, header = _TOLD[about.language]
    if about.signature is None:
        parts.append(f"Write a whole program in {language}. It reads standard input and prints to standard output.")
    else:
        parts.append(
            f"Write it in {language}. Define this function at the top level: `{header.format(about.signature)}`"
        )
    if any(isinstance(check, Calls) and check.arguments_unchanged for check in checks):
        parts.append("The function must leave its arguments as they were.")
    examples = list(_examples(checks, about.language))
    if examples:
        parts.append("Examples:\n\n" + _fenced("\n".join(examples), about.language))
    parts.append(
        f"Answer with the complete code in one block fenced by ```{about.language}. It may define helpers; "
        "leave out tests and example calls."
    )
    return "\n\n".join(parts) + "\n"


def _fenced(code: str, language: str) -> str:
    longest = max((len(run) for run in _FENCES.findall(code)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{code}\n{fence}"


def _examples(checks: tuple[Check, ...], language: Language) -> Iterator[str]:
    for check in checks:
        if isinstance(check, Calls):
            for case in check.cases:
                if case.public:
                    yield example(check.entry, case, language)
        elif isinstance(check, Stdio):
            for run in check.cases:
                if run.public:
                    yield f"input:\n{run.stdin}\noutput:\n{run.stdout}"


def example(entry: str, case: Case, language: Language) -> str:
    """One call and what comes of it, as a line of the task's language."""
    shown = show_javascript if language == "javascript" else show_python
    arguments = [shown(value) for value in _decoded(case.args)]
    if case.kwargs is not None:
        arguments += [f"{name}={shown(value)}" for name, value in _decoded(case.kwargs).items()]
    raises = f"{'throws' if language == 'javascript' else 'raises'} {case.raises}"
    outcome = f"returns {shown(_decoded(case.expect))}" if case.expect is not None else raises
    comment = "//" if language == "javascript" else "#"
    return f"{entry}({', '.join(arguments)})  {comment} {outcome}"


def show_python(value: Any) -> str:
    """A value as Python writes it; sets in the order of their members' text, so that a prompt never changes."""
    return as_python(value, _number)


def _number(value: object) -> str:
    return f'float("{value}")' if isinstance(value, float) and value - value != 0 else repr(value)


_IDENTIFIER = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_SAFE = (1 << 53) - 1


def show_javascript(value: Any) -> str:
    """A value as JavaScript writes it."""
    if value is None or type(value) is bool:
        return {None: "null", True: "true", False: "false"}[value]
    if type(value) is str:
        return (
            values.encode(value)
            if not value.isprintable()
            else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        )
    if type(value) is int:
        return str(value) if -_SAFE <= value <= _SAFE else f"{value}n"
    if type(value) is float:
        special = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
        return special.get(repr(value), repr(value).removesuffix(".0"))
    if type(value) in (list, tuple):
        return f"[{', '.join(map(show_javascript, value))}]"
    if type(value) is dict and all(type(key) is str for key in value):
        inside = ", ".join(f"{_key(key)}: {show_javascript(item)}" for key, item in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if type(value) is dict:
        inside = ", ".join(f"[{show_javascript(key)}, {show_javascript(item)}]" for key, item in value.items())
        return f"new Map([{inside}])"
    if type(value) in (set, frozenset):
        return f"new Set([{', '.join(sorted(map(show_javascript, value)))}])"
    return repr(value)


def _key(key: str) -> str:
    return key if _IDENTIFIER.fullmatch(key) else show_javascript(key)
