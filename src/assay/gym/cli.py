"""`assay gym …`: hold problems against the rules, bring courses in and out. Heavy imports stand inside the commands."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assay.errors import AssayError
from assay.gym.measure import command as measure
from assay.settings import Settings

if TYPE_CHECKING:
    from assay.gym.gate.inspection import Gate


@click.group()
def gym() -> None:
    """Practise: check and exchange the problems that learners solve."""


_COURSES = click.argument("path", required=False, type=click.Path(exists=True, path_type=Path))


@gym.command()
@_COURSES
@click.option("--problem", "problems", multiple=True, metavar="ID", help="Only this problem. May be given again.")
@click.option(
    "--mutants/--no-mutants", default=True, help="Try the tests with mutants of the solutions too. Default: yes."
)
@click.option("--json", "as_json", is_flag=True, help="Print the whole result as JSON.")
def check(path: Path | None, problems: tuple[str, ...], mutants: bool, as_json: bool) -> int:
    """Hold the courses in PATH against the rules (default: those that come with Assay).

    PATH is a folder of courses, one course's folder, one config.yaml with whole courses, or one problem's file. Ends
    with 1 where something does not hold; each fault has its file, line and column.
    """
    from assay.gym.gate import check_path, check_problem
    from assay.gym.library import COURSES, read_problem
    from assay.pipeline.sandbox.choose import open_sandbox

    settings = Settings.from_environment()
    progress = _Progress()
    with open_sandbox(settings) as sandbox:
        if path is not None and path.is_file() and path.parent.name == "problems":
            course = path.parent.parent  # the rules about what is taught before need its course
            if (course / "course.yaml").is_file():
                path, problems = course, (path.stem,)
        if path is not None and path.is_file() and "assay/problem@" in path.read_text("utf-8", "replace")[:200]:
            problem, source = read_problem(path.read_text("utf-8"), str(path))
            found = check_problem(problem, source, sandbox, settings.workers, mutated=mutants, progress=progress.told)
        else:
            found = check_path(
                path or COURSES,
                sandbox,
                settings.workers,
                only=problems,
                mutated=lambda _: mutants,
                progress=progress.told,
            )
    progress.end()
    if as_json:
        click.echo(found.model_dump_json(indent=1))
    else:
        _print_gate(found, mutants)
    return 0 if found.passed else 1


def _print_gate(found: "Gate", mutants: bool) -> None:
    for fault in found.faults:
        click.echo(f"{fault.place}: {fault.rule}: {fault.message}")
        if fault.help:
            click.echo(f"    {fault.help}")
    held = sum(problem.passed for problem in found.problems)
    made = sum(problem.mutants for problem in found.problems)
    alive = sum(len(problem.survivors) for problem in found.problems)
    alike = sum(problem.alike for problem in found.problems)
    programs = sum(problem.programs for problem in found.problems)
    around = "" if all(fault.problem for fault in found.faults) else "; the course around them does not"
    click.echo(
        f"{held} of {len(found.problems)} problems pass the gate{around}"
        f" ({programs} programs run, at level {found.level})."
    )
    if mutants and made:
        share = alive / max(1, made - alike)
        click.echo(
            f"{made} mutants: {alive} survive ({share:.1%}); {alike} do what the solution does and count neither way."
        )
    if found.faults:
        click.echo(f"{_count(len(found.faults), 'fault')}.")


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


class _Progress:
    """A line that is written over on a terminal; elsewhere a line at the end of each step."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._open = False

    def told(self, step: str, done: int, total: int) -> None:
        if self._live:
            sys.stderr.write(f"\r\x1b[K{step}: {done} of {total}")
            self._open = True
        elif done == total:
            sys.stderr.write(f"{step}: {total}\n")
        sys.stderr.flush()

    def end(self) -> None:
        if self._open:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


@gym.command()
@click.argument("problem")
@click.option("--courses", type=click.Path(exists=True, path_type=Path), help="A folder of courses or one config.yaml.")
@click.option("--lang", type=click.Choice(["python", "javascript"]), help="Default: by the file's ending.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def solve(problem: str, file: Path, courses: Path | None, lang: str | None, as_json: bool) -> int:
    """Grade the program in FILE as a solution of PROBLEM: what a learner would see who submits it."""
    from assay.content import read_text
    from assay.gym.grading import Grader
    from assay.gym.headlines import headline, tests_of, title, to_read_first
    from assay.gym.library import Library
    from assay.visible import visible

    language = lang or {".py": "python", ".js": "javascript", ".mjs": "javascript"}.get(file.suffix)
    if language not in ("python", "javascript"):
        raise AssayError(f"{file} ends in neither .py nor .js.", "Say what it is: --lang python")
    chosen = Library(courses).problem(problem)
    with Grader(Settings.from_environment()) as grader:
        graded = grader.submit(chosen, "python" if language == "python" else "javascript", read_text(file), "you")
    if as_json:
        click.echo(graded.model_dump_json(indent=1))
        return 0 if graded.verdict == "pass" else 1
    signs = {"passed": "✓", "failed": "✗", "error": "!", "not_run": "–"}
    shown = [case for case in graded.cases if case.visibility == "public" or case.outcome != "passed"]
    for case in shown:
        click.echo(visible(f"{signs[case.outcome]} {title(case)}"))
        if case.outcome in ("failed", "error"):
            for word, text in (("call", case.call), ("expected", case.expected), ("got", case.got), ("", case.message)):
                if text:
                    click.echo(visible(f"    {word + ': ' if word else ''}{text.rstrip()}"))
    click.echo(visible(f"{headline(graded, tests_of(chosen))} {to_read_first(graded)}".rstrip()))
    return 0 if graded.verdict == "pass" else 1


@gym.command(name="list")
@click.option("--courses", type=click.Path(exists=True, path_type=Path), help="A folder of courses or one config.yaml.")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def list_(courses: Path | None, as_json: bool) -> None:
    """List the problems there are, in teaching order."""
    from assay.gym.library import Library

    library = Library(courses)
    rows = []
    for course in library.courses():
        for topic in course.topics:
            for identifier in topic.problems:
                problem = library.problem(identifier)
                rows.append((course.id, topic.id, identifier, problem.difficulty, problem.title))
    if as_json:
        keys = ("course", "topic", "id", "difficulty", "title")
        click.echo(json.dumps([dict(zip(keys, row, strict=True)) for row in rows], ensure_ascii=False, indent=1))
        return
    widths = [max((len(row[at]) for row in rows), default=0) for at in range(4)]
    for row in rows:
        click.echo(
            "  ".join([*(f"{text:<{width}}" for text, width in zip(row, widths, strict=False)), row[4]]).rstrip()
        )


@gym.command(name="export")
@_COURSES
@click.option("--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The file to write.")
def export_(path: Path | None, output: Path) -> None:
    """Write the courses in PATH (default: those that come with Assay) into one file, to serve or to hand on.

    `assay up gym --courses config.yaml` serves it as it is; `assay gym import course` makes folders of it again.
    """
    from assay.gym.library import COURSES, read_shelf
    from assay.gym.writing import courses_text

    shelf = read_shelf(path or COURSES)
    if output.exists():
        raise AssayError(f"{output} is there already.", "Name a new file: nothing of yours is written over.")
    try:
        output.write_text(courses_text(shelf.courses), "utf-8")
    except OSError as error:
        raise AssayError(
            f"{output} cannot be written: {error.strerror}.", "Name a file in a folder that is there."
        ) from None
    click.echo(f"{_count(len(shelf.courses), 'course')}, {_count(len(shelf.problems), 'problem')}: {output}")


@gym.command(name="import")
@click.argument("source")
@click.argument("path", required=False, type=click.Path(exists=True, path_type=Path))
@click.option("--output", required=True, type=click.Path(file_okay=False, path_type=Path), help="A new folder.")
@click.option(
    "--solutions", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Exercism: where solutions are."
)
@click.option("--limit", type=click.IntRange(min=1), help="Take no more than so many problems.")
@click.option(
    "--lang", type=click.Choice(["python", "javascript"]), help="The course's language. Default: the problems'."
)
def import_(
    source: str, path: Path | None, output: Path, solutions: Path | None, limit: int | None, lang: str | None
) -> None:
    """Make a folder of courses from SOURCE: course, exercism, humanevalpack, quixbugs, or the name of a suite.

    \b
    course         a single-file course, config.yaml
    exercism       Exercism's problem-specifications; --solutions says where solutions are
    humanevalpack  a folder with python.jsonl and js.jsonl; the broken programs become examples
    quixbugs       a folder in QuixBugs' layout
    SUITE          what `assay bench suites` lists; PATH is its data set's file

    Then hold what came against the rules: assay gym check FOLDER.
    """
    from assay.gym.importing import bring
    from assay.gym.importing.brought import with_bugs
    from assay.gym.library import read_shelf
    from assay.gym.writing import write_course

    settings = Settings.from_environment()
    if source == "course":
        if path is None or not path.is_file():
            raise AssayError("Where is it? `course` needs a file.", "Name a config.yaml.")
        shelf = read_shelf(path)
        if output.exists() and any(output.iterdir()):
            raise AssayError(f"{output} is not empty.", "Name a new folder: nothing of yours is written over.")
        files = [file for course in shelf.courses for file in write_course(course, output / course.id)]
        told = ", ".join([_count(len(shelf.courses), "course"), _count(len(shelf.problems), "problem")])
        click.echo(f"{told}: {_count(len(files), 'file')} in {output}")
        return
    brought = bring(source, path, solutions, settings)
    brought.problems = brought.problems[:limit]
    taken = {problem.id for problem in brought.problems}
    brought.notes = [note for note in brought.notes if limit is None or note.partition(":")[0] in taken]
    if brought.bugs and brought.problems:
        from assay.gym.grading import Grader

        with Grader(settings) as grader:
            with_bugs(brought, grader)
    for line in brought.left_out:
        click.echo(f"left out: {line}", err=True)
    for line in brought.notes:
        click.echo(f"note: {line}", err=True)
    if not brought.problems:
        raise AssayError(f"Nothing of {source} can be a problem.", "The lines above say why.")
    first = next(iter(brought.problems[0].languages))
    language = "javascript" if (lang or first) == "javascript" else "python"
    name = source.replace("+", "-plus").replace(":", "-")
    write_course(
        brought.course(name, source.capitalize(), "javascript" if language == "javascript" else "python"), output / name
    )
    click.echo(
        f"{_count(len(brought.problems), 'problem')} in {output / name}, {len(brought.left_out)} left out. "
        f"Next: assay gym check {output}"
    )


gym.add_command(measure)
