"""`assay sandbox …`: run or grade one program, and see what holds it here."""

import ast
import contextlib
import errno
import json
import keyword
import os
import re
import stat
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from assay.errors import AssayError
from assay.settings import Settings

if TYPE_CHECKING:
    from assay.records import Limits

EXIT_CODES = {"timeout": 124, "sandbox_error": 125, "oom": 137, "cpu": 152, "output_limit": 153}
"""What `assay sandbox run` ends with where the program did not end by itself; 128 + n where signal n ended it."""
_ENDINGS = {"": "python", ".py": "python", ".pyw": "python", **dict.fromkeys((".js", ".mjs", ".cjs"), "javascript")}
_NO_PACKAGE = "assay: packages are not seen in the sandbox by themselves: assay sandbox packages NAME --into FOLDER"
_TEST = re.compile(r"test|check|Test")
_MOMENT_S = 2.0
_OPTIONS = {"wall_s": "--wall", "cpu_s": "--cpu", "memory_mb": "--memory", "processes": "--pids"}

_UNSAFE = click.option("--allow-unsafe", is_flag=True, help="Let the back end `local` run: it isolates nothing.")
_BACKEND = click.option(
    "--backend", help="The back end: zygote, bwrap, landlock, docker, local. Default: the best here."
)


@click.group()
def sandbox() -> None:
    """Run one program in the sandbox, or see what it can do."""


@sandbox.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("arguments", nargs=-1)
@click.option("--lang", type=click.Choice(["python", "javascript"]), help="Default: by the file's ending.")
@_BACKEND
@_UNSAFE
@click.option("--wall", type=float, default=10.0, show_default=True, help="Seconds of wall time.")
@click.option("--cpu", type=float, default=10.0, show_default=True, help="Seconds of CPU time.")
@click.option("--memory", type=int, default=512, show_default=True, help="MiB of memory, all its processes together.")
@click.option("--pids", type=int, default=64, show_default=True, help="Processes and threads, without Node's own.")
@click.option("--stdin", "stdin_file", type=click.File("rb"), help="What it reads; - for our own input.")
@click.option("--collect", multiple=True, metavar="GLOB", help="Files to bring out, e.g. 'out/**'. May be given again.")
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("collected"),
    show_default=True,
    help="Where to. With --json nothing is written: the files are in the JSON.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the whole Run as JSON (bytes as URL-safe base64).")
def run(
    file: Path, arguments: tuple[str, ...], lang: str | None, backend: str | None, allow_unsafe: bool, wall: float, cpu: float,
    memory: int, pids: int, stdin_file: BinaryIO | None, collect: tuple[str, ...], into: Path, as_json: bool,
) -> None:  # fmt: skip
    """Run FILE, print what it prints, end with its exit code.

    \b
    Other exit codes: 124 out of wall time, 152 out of CPU time, 137 out of memory,
    125 our sandbox failed, 128 + n ended by signal n.
    """
    from assay.pipeline.sandbox.choose import open_sandbox
    from assay.records import Spec

    language = lang or _ENDINGS.get(file.suffix.lower())
    if language is None:
        raise AssayError(
            f"{file.name} is neither Python nor JavaScript by its ending, {file.suffix}.",
            "If it is one all the same: --lang python or --lang javascript",
        )
    limits = _limits(wall_s=wall, cpu_s=cpu, memory_mb=memory, processes=pids)
    spec = Spec(
        language="javascript" if language == "javascript" else "python", files={file.name: file.read_bytes()}, main=file.name,
        argv=arguments, stdin=stdin_file.read() if stdin_file else b"", collect=collect, limits=limits,
    )  # fmt: skip
    with open_sandbox(Settings.from_environment(), backend=backend, allow_unsafe=allow_unsafe) as box:
        ended = box.run(spec)
    if as_json:
        click.echo(ended.model_dump_json())
    else:
        sys.stdout.buffer.write(ended.stdout)
        sys.stdout.buffer.flush()
        sys.stderr.buffer.write(ended.stderr)
        sys.stderr.buffer.flush()
        for name, dropped in (("stdout", ended.stdout_dropped), ("stderr", ended.stderr_dropped)):
            if dropped:
                click.echo(f"assay: {dropped} more bytes of {name} were dropped", err=True)
        if ended.status not in ("ok", "exit"):
            click.echo(f"assay: {ended.status}: {_safe(ended.detail)}", err=True)
        if language == "python" and b"\nModuleNotFoundError: " in ended.stderr:
            click.echo(_NO_PACKAGE, err=True)
        _bring_out(ended.files, ended.files_left, into)
        if collect and not ended.files and not ended.files_left:
            click.echo(f"assay: nothing matches {' '.join(collect)}", err=True)
    sys.exit(EXIT_CODES.get(ended.status, 128 + ended.signal if ended.signal else ended.exit_code))


@sandbox.command()
@click.argument("candidate", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--tests",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Defines check(candidate), or asserts.",
)
@click.option(
    "--entry",
    "entries",
    required=True,
    multiple=True,
    metavar="NAME",
    help="The function under test. Given again: further names of CANDIDATE's that the tests use.",
)
@_BACKEND
@_UNSAFE
@click.option("--wall", type=float, default=15.0, show_default=True, help="Seconds of wall time.")
@click.option("--cpu", type=float, default=3.0, show_default=True, help="Seconds of CPU time.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole Report as JSON.")
def grade(
    candidate: Path,
    tests: Path,
    entries: tuple[str, ...],
    backend: str | None,
    allow_unsafe: bool,
    wall: float,
    cpu: float,
    as_json: bool,
) -> None:
    """Run the tests against CANDIDATE, each in a sandbox of its own. Ends with 0 only for a pass.

    TESTS defines `check(candidate)`, as HumanEval's tests do, or asserts at its top level about NAME.
    What it awaits of the candidate's runs there to its end.
    """
    from assay.pipeline.checks import grade as judge
    from assay.pipeline.checks.perform import run_many
    from assay.pipeline.sandbox.choose import open_sandbox
    from assay.records import Asserts, Program, Task

    for name in entries:
        if not name.isidentifier() or keyword.iskeyword(name):
            raise click.BadParameter(f"{name!r} is no name of a function.", param_hint="--entry")
    entry, *others = entries
    if _ENDINGS.get(candidate.suffix.lower()) == "javascript":
        raise AssayError(
            f"{candidate.name} is JavaScript, and `grade` tests Python.",
            "JavaScript is graded by cases of values, in a suite of tasks: `assay bench grade SUITE --data FOLDER`.",
        )
    try:
        source = tests.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise AssayError(f"{tests} is not text in UTF-8.") from None
    if idle := _never_run(source):
        raise AssayError(
            f"{tests.name} defines {', '.join(idle)}, which nothing in it calls.",
            "What is run is `check(candidate)` and what stands at the top level: call them from there.",
        )
    task = Task(
        id=candidate.name, suite="sandbox", prompt="", entry=entry, limits=_limits(wall_s=wall, cpu_s=cpu),
        checks=(Asserts(source=source, entry=entry, names=tuple(others)),),
    )  # fmt: skip
    program = Program(files={candidate.name: candidate.read_bytes()}, main=candidate.name)
    told = f"it may take {wall:g} s, and is run once more where it runs out of time"
    with open_sandbox(Settings.from_environment(), backend=backend, allow_unsafe=allow_unsafe) as box, _patience(told):
        ((_, runs),) = run_many(box, [(task.id, task, program)], workers=1)
    report = judge(task, program, runs)
    if as_json:
        click.echo(report.model_dump_json())
    else:
        click.echo(
            f"{report.status} (integrity: {report.integrity}, isolation: level {report.isolation.level if report.isolation else 0})"
        )
        for finding in report.findings:
            for line in (
                finding.message,
                finding.call and f"  at: {finding.call}",
                finding.got and f"  the last answer: {finding.got}",
            ):
                if line:
                    click.echo(_safe(line))
        if any("ModuleNotFoundError" in finding.message for finding in report.findings):
            click.echo(_NO_PACKAGE, err=True)
    sys.exit(0 if report.passed else 3 if report.status == "error" else 1)


@contextlib.contextmanager
def _patience(why: str) -> Iterator[None]:
    """Who waits longer than a moment at a terminal is told what for."""
    timer = threading.Timer(_MOMENT_S, click.echo, (f"assay: still at work: {why}",), {"err": True})
    if sys.stderr.isatty():
        timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _never_run(source: str) -> list[str]:
    """Tests that a test runner would find, but that nothing here calls: a pass without them would be none."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []  # it is told where it is run
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    found = [node.name for node in tree.body if isinstance(node, kinds) and _TEST.match(node.name)]
    return [name for name in found if name != "check" and name not in used]


@sandbox.command()
@click.option("--json", "as_json", is_flag=True)
def check(as_json: bool) -> None:
    """Try every back end with a canary, and say what level it gives here."""
    from assay.pipeline.sandbox.choose import survey

    rows = survey(Settings.from_environment())
    if as_json:
        click.echo(
            json.dumps(
                [
                    {
                        "backend": row.backend,
                        "level": row.level,
                        "memory": row.memory,
                        "summary": row.summary,
                        "notes": row.notes,
                    }
                    for row in rows
                ]
            )
        )
    for row in rows if not as_json else ():
        level = f"level {row.level}" if row.level is not None else "not here"
        click.echo(f"{row.backend:<9} {level:<9} {row.summary}")
        for note in row.notes:
            click.echo(f"{'':<19} {note}")
    sys.exit(0 if any(row.level is not None and row.level >= 1 for row in rows) else 1)


@sandbox.command()
@click.argument("names", nargs=-1, required=True)
@click.option(
    "--into", type=click.Path(file_okay=False, path_type=Path), required=True, help="The folder to make or add to."
)
def packages(names: tuple[str, ...], into: Path) -> None:
    """Install the packages NAMES into a folder that Python programs in the sandbox may import from.

    Name the folder in ASSAY_SANDBOX_PACKAGES afterwards. They are installed for the interpreter that the sandbox runs.
    """
    import subprocess

    settings = Settings.from_environment()
    python = settings.sandbox_python or sys.executable
    into.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--only-binary=:all:", "--target", str(into), "--upgrade", *names],
        check=False,
    )
    if done.returncode:
        raise AssayError("pip could not install them; its own words stand above.", f"Tried with {python}.")
    click.echo(f"Now: export ASSAY_SANDBOX_PACKAGES={into.absolute()}")


def _bring_out(files: dict[str, bytes], left: tuple[str, ...], into: Path) -> None:
    for name, content in files.items():
        try:
            into.mkdir(parents=True, exist_ok=True)
            _write_beneath(into, name, content)
        except OSError as error:
            raise AssayError(
                f"{_safe(str(into / name))} cannot be written: {_safe(error.strerror or str(error))}.",
                "Name another folder with --into.",
            ) from None
    if files:
        click.echo(f"assay: {len(files)} file{'' if len(files) == 1 else 's'} brought out into {into}", err=True)
    for line in left:
        click.echo(f"assay: left {_safe(line)}", err=True)


def _write_beneath(folder: Path, path: str, content: bytes) -> None:
    """Through no link of those that may lie there already: the program has chosen the names. Raises OSError."""
    parts = path.split("/")
    if {"", ".", ".."} & set(parts):  # a container's word for it is taken nowhere else
        raise OSError(errno.EINVAL, "that is no name of a file")
    with contextlib.ExitStack() as opened:
        here = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        opened.callback(os.close, here)
        for depth, name in enumerate(parts[:-1], 1):
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, dir_fd=here)
            here = _open_no_link(here, name, folder.joinpath(*parts[:depth]), os.O_RDONLY | os.O_DIRECTORY)
            opened.callback(os.close, here)
        made = _open_no_link(here, parts[-1], folder / path, os.O_WRONLY | os.O_CREAT | os.O_NONBLOCK)
        with open(made, "wb") as file:
            if not stat.S_ISREG(os.fstat(made).st_mode):
                raise OSError(errno.EINVAL, "what is there is not a regular file")
            file.truncate()
            file.write(content)


def _open_no_link(here: int, name: str, path: Path, flags: int) -> int:
    try:
        return os.open(name, flags | os.O_NOFOLLOW, 0o666, dir_fd=here)
    except OSError as error:
        if path.is_symlink():  # ELOOP, ENOTDIR or EMLINK, as the system likes
            raise OSError(errno.ELOOP, f"{path} is a link") from None
        if error.errno == errno.ENOTDIR:
            raise OSError(errno.ENOTDIR, f"{path} is no folder") from None
        raise


def _limits(**wanted: float) -> "Limits":
    from pydantic import ValidationError

    from assay.records import Limits

    try:
        return Limits.model_validate(wanted)
    except ValidationError as error:
        wrong = error.errors()[0]
        option = _OPTIONS[str(wrong["loc"][0])]
        raise AssayError(f"{option} cannot be {wrong['input']}: {wrong['msg']}.") from None


def _safe(line: str) -> str:
    """What a program may have had a say in, on one line that moves no cursor: it could print a verdict of its own."""
    from assay.visible import one_line

    return one_line(line, 2_000)
