"""Clean-up by rules: the script or the test file out of a reply, its name and its imports mended, each change said.

Pure. What a model wrote is read by `ast`, never compiled or run. What the rules cannot mend stays as it is.
"""

import ast
import builtins
import re
import sys
from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple

from assay.pipeline.extract import extract
from assay.pipeline.extract.fences import blocks
from assay.pipeline.parsing import parse
from assay.records import Program, Reply, Task

MAX_SOURCE = 200_000
"""Characters: what is longer is taken as it is."""
SCRIPT = "script.py"
TESTS = "test_script.py"

_words = str.split
_OURS = {SCRIPT, TESTS, "pytest.ini", "conftest.py"}

_MODULES = frozenset(
    _words(
        "abc argparse array ast asyncio base64 bisect builtins calendar cmath collections configparser contextlib copy csv"
        " dataclasses datetime decimal difflib enum fnmatch fractions functools getpass glob gzip hashlib heapq hmac html"
        " importlib inspect io ipaddress itertools json locale logging math operator os pathlib pickle platform pprint"
        " pytest queue random re sched secrets shlex shutil signal sqlite3 stat statistics string struct subprocess sys"
        " tempfile textwrap threading time timeit traceback types typing unicodedata unittest uuid warnings zipfile zlib"
        " zoneinfo"
    )
)
"""Modules that are imported where they are used and nothing of that name is there."""

_NAMES: dict[str, str] = {
    **dict.fromkeys(("Counter", "defaultdict", "deque", "namedtuple", "OrderedDict"), "collections"),
    **dict.fromkeys(("Path", "PurePath"), "pathlib"),
    **dict.fromkeys(("dataclass", "field", "asdict"), "dataclasses"),
    **dict.fromkeys(("Enum", "IntEnum", "auto"), "enum"),
    **dict.fromkeys(("date", "timedelta", "timezone"), "datetime"),
    **dict.fromkeys(("lru_cache", "partial", "reduce", "wraps", "cache"), "functools"),
    **dict.fromkeys(
        ("combinations", "permutations", "product", "chain", "groupby", "islice", "accumulate"), "itertools"
    ),
    **dict.fromkeys(("sqrt", "ceil", "floor", "gcd", "isclose"), "math"),
    **dict.fromkeys(("Decimal", "ROUND_HALF_UP"), "decimal"),
    **dict.fromkeys(("StringIO", "BytesIO"), "io"),
    **dict.fromkeys(("ABC", "abstractmethod"), "abc"),
    **dict.fromkeys(("contextmanager", "redirect_stdout", "suppress"), "contextlib"),
    **dict.fromkeys(("Mock", "MagicMock", "mock_open", "patch", "call"), "unittest.mock"),
    **dict.fromkeys(
        _words(
            "Any Callable Dict Generator Iterable Iterator List Literal Mapping NamedTuple Optional Protocol Sequence Set"
            " Tuple Type TypeVar Union"
        ),
        "typing",
    ),
    "Fraction": "fractions",
    "randint": "random",
    "sleep": "time",
    "TestCase": "unittest",
    "ZoneInfo": "zoneinfo",
}
_IN_ABC = frozenset(
    _words(
        "Callable Container Generator Hashable Iterable Iterator Mapping MutableMapping MutableSequence MutableSet Sequence"
        " Set Sized"
    )
)
_RENAMED = {"ConfigParser": "configparser", "Queue": "queue", "StringIO": "io", "cPickle": "pickle", "cStringIO": "io"}
_STANDS_FOR_SCRIPT = frozenset(
    _words(
        "app code main module module_name my_module my_script program solution script_name script_under_test src"
        " the_script your_module your_script your_script_name yourmodule yourscript main_script"
    )
)
"""What models call the script's module when they do not look."""


class Cleaned(NamedTuple):
    """What clean-up made of a reply."""

    source: str
    """"" where no program was found."""
    files: dict[str, str]
    """Further files that belong beside it."""
    changes: tuple[str, ...]
    problem: str
    cut: bool = False
    """Whether the reply was cut within the program, so that what there is of it is a piece, even if it parses."""


def clean_script(reply: Reply, prompt: str) -> Cleaned:
    """The script of a reply: its main file under our name, with imports it forgot."""
    task = Task(id="script", suite="scripts", prompt=prompt, checks=())
    program = extract(task, reply)
    if program.problem is not None:
        return Cleaned("", {}, program.changes, program.problem)
    main, files, changes = _script_and_files(program)
    source, mended = mend_imports(main, files=files)
    return Cleaned(source, files, (*program.changes, *changes, *mended), "", _is_cut(task, reply, program))


def clean_tests(reply: Reply, script: str, files: Collection[str], available: Collection[str] = ()) -> Cleaned:
    """The test file of a reply: importing the script under its name here. `available`: packages that are here."""
    task = Task(id="tests", suite="scripts", prompt="", checks=())
    program = extract(task, reply)
    if program.problem is not None:
        return Cleaned("", {}, program.changes, program.problem)
    main, changes = _tests_of(program)
    source, renamed = point_at_script(main, script, files=files, available=available)
    source, mended = mend_imports(source, files=files)
    return Cleaned(source, {}, (*program.changes, *changes, *renamed, *mended), "", _is_cut(task, reply, program))


def _is_cut(task: Task, reply: Reply, program: Program) -> bool:
    """Whether a reply that was cut ends within its program, and not in words or another block behind it."""
    if reply.finish != "length":
        return False
    fenced = blocks(reply.text)
    if not fenced:
        return True  # nothing says where the program ends
    if fenced[-1].closed:
        return False
    before = extract(task, reply.model_copy(update={"text": reply.text[: fenced[-1].start]}))
    return before.files != program.files


def _script_and_files(program: Program) -> tuple[str, dict[str, str], list[str]]:
    texts = {path: content.decode("utf-8", "replace") for path, content in program.files.items()}
    main, changes = program.main, []
    if _is_test_file(main) and (others := [path for path in texts if path.endswith(".py") and not _is_test_file(path)]):
        main = others[0]
        changes.append(f"took {main} for the script, not the tests beside it")
    if main not in ("main.py", SCRIPT):
        changes.append(f"renamed {main} to {SCRIPT}")
    beside = {}
    for path, text in texts.items():
        if path == main:
            continue
        if _is_test_file(path) or path in _OURS or path.startswith("_assay"):
            changes.append(f"left out {path}")
        else:
            beside[path] = text
    return texts[main], beside, changes


def _tests_of(program: Program) -> tuple[str, list[str]]:
    texts = {path: content.decode("utf-8", "replace") for path, content in program.files.items()}
    main, changes = program.main, []
    if "def test" not in texts[main] and (others := [path for path, text in texts.items() if "def test" in text]):
        main = others[0]
        changes.append(f"took {main} for the tests")
    if main not in ("main.py", TESTS):
        changes.append(f"renamed {main} to {TESTS}")
    changes += [f"left out {path}" for path in texts if path != main]
    return texts[main], changes


def _is_test_file(path: str) -> bool:
    name = path.rpartition("/")[2]
    return (name.startswith("test_") or name.endswith("_test.py")) or name == "conftest.py"


# ---- reading what a model wrote ------------------------------------------------------------------------------------


def parsed(source: str) -> ast.Module | None:
    """Its tree; None where it does not parse here, or is too much."""
    return None if len(source) > MAX_SOURCE else parse(source)


def defined(tree: ast.Module) -> set[str]:
    """The names a module defines at its top level."""
    names: set[str] = set()
    for statement in tree.body:
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                names.add(statement.name)
            case _:
                names |= {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return names


def _bound(tree: ast.Module) -> set[str]:
    """Every name that is given a meaning anywhere in it: generous, so that nothing is imported over it."""
    names: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(ctx=ast.Store() | ast.Del()):
                names.add(node.id)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                names.add(node.name)
            case ast.arg():
                names.add(node.arg)
            case ast.alias():
                names.add((node.asname or node.name).split(".")[0])
            case ast.ExceptHandler() | ast.MatchAs() | ast.MatchStar():
                names.add(node.name or "")
            case ast.MatchMapping():
                names.add(node.rest or "")
            case ast.Global() | ast.Nonlocal():
                names |= set(node.names)
    return names


def _unbound(tree: ast.Module) -> set[str]:
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    given = {*dir(builtins), "__file__", "__name__", "__doc__", "__spec__", "__package__", "__loader__"}
    return used - _bound(tree) - given


def _imports_all(tree: ast.Module) -> bool:
    return any(isinstance(node, ast.ImportFrom) and node.names[0].name == "*" for node in ast.walk(tree))


def _imports(tree: ast.Module) -> Iterator[ast.Import | ast.ImportFrom]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node


def imported_packages(source: str) -> set[str]:
    """The top-level names a source imports, or names to `import_module`."""
    tree = parsed(source)
    if tree is None:
        return set()
    found = set()
    for node in ast.walk(tree):
        match node:
            case ast.Import():
                found |= {alias.name.split(".")[0] for alias in node.names}
            case ast.ImportFrom(level=0, module=str(module)):
                found.add(module.split(".")[0])
            case ast.Call(args=[ast.Constant(value=str(name)), *_]):
                function = node.func
                called = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
                if called in ("import_module", "__import__"):
                    found.add(name.split(".")[0])
    return found


# ---- imports of a script or a test file ----------------------------------------------------------------------------


def mend_imports(source: str, *, files: Collection[str] = ()) -> tuple[str, tuple[str, ...]]:
    """The source with what it forgot to import, and with modules under the names they have in Python 3."""
    tree = parsed(source)
    if tree is None:
        return source, ()
    source, moved = _moved_imports(source, tree, files)
    if moved:
        tree = parsed(source)
        if tree is None:  # cannot be: what we put in is one line for one line
            return source, moved
    if _imports_all(tree):
        return source, moved
    lines = sorted({line for name in _unbound(tree) if (line := _import_of(name, tree)) is not None})
    if not lines:
        return source, moved
    return _with_lines(source, tree, lines), (*moved, *(f"added: {line}" for line in lines))


def _import_of(name: str, tree: ast.Module) -> str | None:
    if name == "datetime":
        return _datetime(tree)
    if name in _MODULES and any(_is_base(node, name) for node in ast.walk(tree)):
        return f"import {name}"
    if name == "time":
        return "from time import time"
    return f"from {_NAMES[name]} import {name}" if name in _NAMES else None


def _is_base(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == name


def _datetime(tree: ast.Module) -> str:
    """The module or its class, by how it is used."""
    inside = {node.attr for node in ast.walk(tree) if _is_base(node, "datetime") and isinstance(node, ast.Attribute)}
    return (
        "import datetime" if inside & {"datetime", "date", "timedelta", "timezone"} else "from datetime import datetime"
    )


def _moved_imports(source: str, tree: ast.Module, files: Collection[str]) -> tuple[str, tuple[str, ...]]:
    beside = {path.split("/")[0].removesuffix(".py") for path in files}

    def change(node: ast.Import | ast.ImportFrom) -> str | None:
        match node:
            case ast.ImportFrom(level=0, module="collections") if old := {a.name for a in node.names} & _IN_ABC:
                kept = [alias for alias in node.names if alias.name not in old]
                lines = [ast.ImportFrom("collections.abc", [a for a in node.names if a.name in old], 0)]
                lines += [ast.ImportFrom("collections", kept, 0)] if kept else []
                return "; ".join(ast.unparse(line) for line in lines)
            case ast.ImportFrom(level=0, module=str(module)) if module in _RENAMED and module not in beside:
                return ast.unparse(ast.ImportFrom(_RENAMED[module], node.names, 0))
            case ast.Import(names=[ast.alias(name=name, asname=asname)]) if name in _RENAMED and name not in beside:
                return f"import {_RENAMED[name]} as {asname or name}"
            case ast.ImportFrom(level=level, module=str(module)) if level > 0 and module.split(".")[0] in beside:
                return ast.unparse(ast.ImportFrom(module, node.names, 0))
            case ast.ImportFrom(level=level, module=None) if level > 0 and {a.name for a in node.names} <= beside:
                return ast.unparse(ast.Import(node.names))
        return None

    return _replaced(source, tree, change)


def _replaced(
    source: str, tree: ast.Module, change: Callable[[ast.Import | ast.ImportFrom], str | None]
) -> tuple[str, tuple[str, ...]]:
    """The source with import statements changed, and each change in words."""
    lines = source.split("\n")
    said = []
    for node in sorted(_imports(tree), key=lambda node: -node.lineno):
        new = change(node)
        if new is None or node.end_lineno is None or node.end_col_offset is None:
            continue
        before = lines[node.lineno - 1].encode()[: node.col_offset].decode(errors="replace")
        after = lines[node.end_lineno - 1].encode()[node.end_col_offset :].decode(errors="replace")
        said.append(f"{ast.unparse(node)} → {new}")
        gap = [""] * (node.end_lineno - node.lineno)  # so that every other line keeps its number
        lines[node.lineno - 1 : node.end_lineno] = [f"{before}{new}{after}", *gap]
    return "\n".join(lines), tuple(reversed(said))


def _with_lines(source: str, tree: ast.Module, added: list[str]) -> str:
    """The lines behind the docstring and the `__future__` imports."""
    at = 0
    for number, statement in enumerate(tree.body):
        is_docstring = number == 0 and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        is_future = isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
        if not (is_docstring or is_future):
            break
        at = statement.end_lineno or at
    lines = source.split("\n")
    if at == 0 and lines[0].startswith("#!"):
        at = 1
    return "\n".join([*lines[:at], *added, *lines[at:]])


# ---- a test file's imports of the script ---------------------------------------------------------------------------


def point_at_script(
    source: str, script: str, *, files: Collection[str] = (), available: Collection[str] = ()
) -> tuple[str, tuple[str, ...]]:
    """The tests importing `script`, whatever they call its module; with the names they forgot to import from it."""
    tree, other = parsed(source), parsed(script)
    if tree is None or other is None:
        return source, ()
    names = defined(other)
    known = {*sys.stdlib_module_names, *available, "pytest", "script"}
    known |= {path.split("/")[0].removesuffix(".py") for path in files}
    renamed: list[str] = []

    def change(node: ast.Import | ast.ImportFrom) -> str | None:
        if isinstance(node, ast.Import):
            return _import_changed(node, tree, names, known, renamed)
        module = node.module or ""
        if node.level and not module:
            only = [alias for alias in node.names if alias.name == "script" or alias.name in _STANDS_FOR_SCRIPT]
            return f"import script as {only[0].asname or only[0].name}" if len(only) == len(node.names) == 1 else None
        top, last = module.split(".")[0], module.split(".")[-1]
        if not node.level and (top in known or module == "script"):
            return None
        wanted = {alias.name for alias in node.names}
        if last == "script" or last in _STANDS_FOR_SCRIPT or wanted == {"*"} or wanted & names:
            renamed.append(module)
            return ast.unparse(ast.ImportFrom("script", node.names, 0))
        return None

    source, said = _replaced(source, tree, change)
    for old in dict.fromkeys(renamed):
        source = re.sub(rf"""(["']){re.escape(old)}(\.py["']|\.[A-Za-z_])""", r"\1script\2", source)
    after = parsed(source)
    if after is None or _imports_all(after):
        return source, said
    forgotten = sorted(_unbound(after) & names)
    lines = [f"from script import {', '.join(forgotten)}"] if forgotten else []
    if "script" in _unbound(after):
        lines.append("import script")
    if not lines:
        return source, said
    return _with_lines(source, after, lines), (*said, *(f"added: {line}" for line in lines))


def _import_changed(
    node: ast.Import, tree: ast.Module, names: set[str], known: set[str], renamed: list[str]
) -> str | None:
    if len(node.names) != 1:
        return None
    (alias,) = node.names
    if alias.name.split(".")[0] in known or "." in alias.name:
        return None
    called = alias.asname or alias.name
    used = {node.attr for node in ast.walk(tree) if _is_base(node, called) and isinstance(node, ast.Attribute)}
    if alias.name not in _STANDS_FOR_SCRIPT and not used & names:
        return None
    renamed.append(alias.name)
    return f"import script as {called}"


# ---- what tests assert, and the one file of both -------------------------------------------------------------------


def asserts_in(source: str) -> int:
    """Asserts in a test file, and what stands for one: raises, warns, fail, unittest's and mock's assert methods."""
    tree = parsed(source)
    if tree is None:
        return 0
    count = 0
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert):
            constant = isinstance(node.test, ast.Constant) and bool(node.test.value)
            count += not constant
        elif isinstance(node, ast.Call):
            function = node.func
            name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
            count += name in ("raises", "warns", "fail") or (
                name.startswith("assert") and isinstance(function, ast.Attribute)
            )
    return count


def combined(script: str, tests: str) -> str:
    """Script and tests as one file: `pytest combined.py` and `python combined.py` run the tests.

    The script stands in it as text and is made the module `script`, so that the tests see what they saw beside it.
    """
    future = [line for line in tests.split("\n") if line.startswith("from __future__ ")]
    rest = "\n".join(line for line in tests.split("\n") if not line.startswith("from __future__ "))
    quoted = '"""\\\n' + script.replace("\\", "\\\\").replace('"""', '\\"\\"\\"') + '"""'
    if script.endswith('"'):
        quoted = repr(script)
    return "\n".join(
        [
            '"""A script and its tests in one file. To run the tests: pytest combined.py, or python combined.py."""',
            "",
            *future,
            "import linecache as _linecache",
            "import sys as _sys",
            "import types as _types",
            "",
            f"_SCRIPT = {quoted}",
            "",
            '_module = _types.ModuleType("script")',
            '_module.__file__ = "script.py"',
            '_linecache.cache["script.py"] = (len(_SCRIPT), None, _SCRIPT.splitlines(True), "script.py")',
            '_sys.modules["script"] = _module',
            'exec(compile(_SCRIPT, "script.py", "exec"), _module.__dict__)',
            "",
            "# ---- the tests",
            "",
            rest.strip("\n"),
            "",
            'if __name__ == "__main__":',
            "    import pytest as _pytest",
            "",
            "    raise SystemExit(_pytest.main([__file__]))",
            "",
        ]
    )
