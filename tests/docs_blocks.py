"""The command blocks of the documentation: read from a page, run as a reader would, and held against what the page shows.

A block of commands is fenced as `console`. Lines that begin with `$ ` are typed, `> ` goes on with them, and the rest up to
the next `$ ` is what is printed (standard output and error together). Behind `console` may stand:

    exit=1               the block's last command ends with this code instead of 0
    serves               its last command serves until it is stopped: it is stopped once the address it prints answers
    needs=pandas         run only where this can be imported
    no-run reason="…"    not run; the reason is one of REASONS, or `is run in PAGE and PAGE`: each of its commands stands in
                         a block of those pages that is run, word for word

Behind any other language, `file=PATH` says that the block is that file in the reader's folder.

Shown output is compared word by word: `…` within a line stands for anything, on a line of its own for any lines. Ids of runs,
dates, ports, durations and the page's own folder are not compared, nor are rules and the widths of columns.
"""

import importlib.util
import os
import re
import shlex
import signal
import subprocess
import threading
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

REASONS = (
    "installs software",
    "needs a key",
    "needs the data set",
    "needs a database server",
    "runs for an hour",
    "is a pattern",
    "is run by tests/bench/test_demo.py",
    "is what runs this test",
    "is run by tests/test_site.py",
    "is run by tests/gym/tutor/test_leak_measures.py",
)
"""Why a block may not be run."""
ELSEWHERE = "is run in "

TIMEOUT_S = 600
"""What hangs is ended; nothing is measured."""
_FENCE = re.compile(r"^(?P<indent> *)(?P<fence>`{3,}|~{3,})(?P<info>[^\n`]*)$")
_COMMAND = re.compile(r"^ *(?:\$ |(?:assay|make|docker|pip|apt-get|python3?|systemd-run|export|dockerd) [\w.-])")


class Broken(AssertionError):
    """A block that is not as it should be: where, and what was seen."""


@dataclass(frozen=True)
class Command:
    """One command of a block, and what the page says it prints."""

    line: int
    text: str
    shown: tuple[str, ...]


@dataclass(frozen=True)
class Block:
    """One fenced block of commands."""

    page: Path
    line: int
    commands: tuple[Command, ...]
    exit: int = 0
    serves: bool = False
    needs: str = ""
    reason: str | None = None
    """Why it is not run."""

    @property
    def elsewhere(self) -> tuple[str, ...]:
        """The pages in which its commands are run instead."""
        if self.reason is None or not self.reason.startswith(ELSEWHERE):
            return ()
        return tuple(self.reason.removeprefix(ELSEWHERE).split(" and "))

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


@dataclass(frozen=True)
class Shown:
    """A block that shows a file."""

    path: str
    text: str


def blocks(page: Path, text: str) -> list[Block]:
    """The command blocks of a page, in order. Raises Broken for one that does not keep to the convention."""
    return [step for step in steps(page, text) if isinstance(step, Block)]


def steps(page: Path, text: str) -> list[Block | Shown]:
    """What a reader does with a page, in order: types the commands, saves the files."""
    found: list[Block | Shown] = []
    for line, info, body in _fences(text):
        if info.split()[:1] == ["console"]:
            found.append(_block(page, line, info, body))
        elif named := re.search(r"\bfile=(\S+)", info):
            found.append(Shown(named[1], "".join(f"{one}\n" for one in body)))
    return found


def save(shown: Shown, folder: Path) -> None:
    """Save a file that a page shows."""
    path = folder / shown.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(shown.text, "utf-8")


def stray_commands(text: str) -> list[str]:
    """Lines that look like commands and stand in a block that is not `console`: nobody would run them."""
    found, lines, inside = [], text.split("\n"), set()
    for line, info, body in _fences(text):
        inside |= set(range(line - 1, line + len(body) + 1))
        if info.split()[:1] in ([], ["sh"], ["bash"], ["shell"], ["text"]):
            found += [f"{line + 1 + at}: {one}" for at, one in enumerate(body) if _COMMAND.match(one)]
    for at, one in enumerate(lines):
        if at not in inside and one.startswith("    ") and _COMMAND.match(one) and not _in_list(lines, at):
            found.append(f"{at + 1}: {one}")
    return found


def _in_list(lines: list[str], at: int) -> bool:
    """Whether an indented line goes on with a paragraph rather than being a block of its own."""
    before = lines[at - 1] if at else ""
    return bool(before.strip()) and not before.startswith("    ")


def _fences(text: str) -> Iterator[tuple[int, str, list[str]]]:
    """Each fenced block: the line of its fence (from 1), what stands behind the fence, its lines."""
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        if not (opened := _FENCE.match(lines[at])):
            at += 1
            continue
        start, indent, at = at, len(opened["indent"]), at + 1
        body = []
        while at < len(lines) and lines[at].strip() != opened["fence"]:
            body.append(lines[at][min(indent, len(lines[at]) - len(lines[at].lstrip(" "))) :])
            at += 1
        yield start + 1, opened["info"].strip(), body
        at += 1


def _block(page: Path, line: int, info: str, body: list[str]) -> Block:
    words = dict(word.partition("=")[::2] for word in shlex.split(info)[1:])
    if unknown := set(words) - {"exit", "serves", "needs", "no-run", "reason"}:
        raise Broken(f"{page}:{line}: {', '.join(sorted(unknown))} is not understood behind `console`")
    reason = words.get("reason", REASONS[0])
    if ("no-run" in words) != ("reason" in words) or not (reason in REASONS or reason.startswith(ELSEWHERE)):
        raise Broken(f'{page}:{line}: no-run goes with reason="…", one of: {"; ".join(REASONS)}; {ELSEWHERE}PAGE')
    commands: list[Command] = []
    for number, text in enumerate(body, line + 1):
        if text.startswith("$ "):
            commands.append(Command(number, text[2:], ()))
        elif not commands:
            raise Broken(f"{page}:{number}: a `console` block begins with a line that begins with `$ `")
        elif text.startswith("> ") or text == ">":
            if commands[-1].shown:
                raise Broken(f"{page}:{number}: `> ` goes on with a command and cannot stand in its output")
            commands[-1] = Command(commands[-1].line, f"{commands[-1].text}\n{text[2:]}", ())
        else:
            commands[-1] = Command(commands[-1].line, commands[-1].text, (*commands[-1].shown, text))
    if not commands:
        raise Broken(f"{page}:{line}: a `console` block without a command")
    return Block(
        page=page,
        line=line,
        commands=tuple(commands),
        exit=int(words.get("exit", "0")),
        serves="serves" in words,
        needs=words.get("needs", ""),
        reason=words.get("reason"),
    )


# ---- running ---------------------------------------------------------------------------------------------------------


def run(block: Block, folder: Path, environment: dict[str, str]) -> str | None:
    """Run a block's commands; None, or why it was not run. Raises Broken where the page says something else.

    What a command exports is there for the blocks after it, as in a reader's shell.
    """
    if block.reason is not None:
        return block.reason
    if block.needs and importlib.util.find_spec(block.needs) is None:
        return f"needs {block.needs}"
    for command in block.commands:
        last = command is block.commands[-1]
        if last and block.serves:
            _serve(block, command, folder, environment)
        else:
            _perform(block, command, folder, environment, block.exit if last else 0)
    return None


def _perform(block: Block, command: Command, folder: Path, environment: dict[str, str], expected: int) -> None:
    kept = folder / ".environment"
    script = f"{command.text}\ncode=$?\nenv -0 > {kept}\nexit $code\n"
    process = subprocess.Popen(
        ["bash", "-c", script],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    guard = threading.Timer(TIMEOUT_S, os.killpg, (process.pid, signal.SIGKILL))
    guard.start()
    output, _ = process.communicate()
    guard.cancel()
    printed = output.decode("utf-8", "replace")
    if process.returncode == -signal.SIGKILL:
        raise Broken(f"{block.page}:{command.line}: `{command.text}` did not end within {TIMEOUT_S} s:\n{printed}")
    if process.returncode != expected:
        raise Broken(
            f"{block.page}:{command.line}: `{command.text}` ended with {process.returncode}, not {expected}:\n{printed}"
        )
    for one in kept.read_bytes().decode("utf-8", "replace").split("\0"):
        name, equals, value = one.partition("=")
        if equals and name not in ("_", "SHLVL", "PWD", "OLDPWD"):
            environment[name] = value
    _compare(block, command, printed, folder)


def _serve(block: Block, command: Command, folder: Path, environment: Mapping[str, str]) -> None:
    """Start what serves, wait until the address that it prints answers, stop it as Ctrl-C does."""
    process = subprocess.Popen(
        ["bash", "-c", f"exec {command.text}"],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stdout
    guard = threading.Timer(TIMEOUT_S, process.kill)
    guard.start()
    printed = ""
    try:
        address = None
        for raw in process.stdout:
            printed += raw.decode("utf-8", "replace")
            if address := re.search(r"http://[\w.:-]+[^\s]*", printed):
                break
        if address is None:
            raise Broken(f"{block.page}:{command.line}: `{command.text}` printed no address:\n{printed}")
        with urllib.request.urlopen(address[0], timeout=TIMEOUT_S) as response:
            if response.status != 200:
                raise Broken(f"{block.page}:{command.line}: {address[0]} answers with {response.status}")
        process.send_signal(signal.SIGINT)
        printed += process.stdout.read().decode("utf-8", "replace")
        if (code := process.wait()) not in (0, 130):
            raise Broken(f"{block.page}:{command.line}: `{command.text}` ended with {code} when stopped:\n{printed}")
    finally:
        guard.cancel()
        process.kill()
        process.wait()
        process.stdout.close()
    # Another page's server may have the usual port at the moment.
    _compare(
        block, command, re.sub(r"^Port \d+ is taken by another program\.\n", "", printed, flags=re.MULTILINE), folder
    )


# ---- what is shown, what is printed ----------------------------------------------------------------------------------

_MASKS = (
    (re.compile(r"\x1b\[[0-9;]*m"), ""),
    (re.compile(r"\b\d{8}-\d{6}-[0-9a-f]{4}\b"), "RUN"),
    (re.compile(r"\b20\d\d-\d\d-\d\d([ T]\d\d:\d\d(:\d\d)?)?"), "DATE"),
    (re.compile(r"(127\.0\.0\.1|localhost):\d+"), "HOST"),
    (re.compile(r"\b[\d,.]+(–[\d,.]+)? ?(ms|s|min|tokens/s)\b"), "TIME"),
    (re.compile(r"[─━═│┃╇┼┴┬]+|-{4,}"), "──"),
)


def masked(line: str, folder: Path | None = None) -> str:
    """The line without what differs from run to run, its blanks one wide."""
    if folder is not None:
        line = line.replace(str(folder), "FOLDER")
    for pattern, instead in _MASKS:
        line = pattern.sub(instead, line)
    return " ".join(line.split())


def matches(shown: tuple[str, ...], printed: str, folder: Path | None = None) -> bool:
    """Whether the output is what is shown."""
    pattern = ""
    for line in shown:
        if line.strip() == "…":
            pattern += r"(?:[^\n]*\n)*?"
        elif line.strip():
            pattern += "[^\n]*".join(re.escape(part) for part in masked(line).split("…")) + "\n"
    lines = [one for one in (masked(line, folder) for line in printed.splitlines()) if one]
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in lines)) is not None


def _compare(block: Block, command: Command, printed: str, folder: Path) -> None:
    if any(line.strip() for line in command.shown) and not matches(command.shown, printed, folder):
        shown = "\n".join(command.shown)
        raise Broken(
            f"{block.page}:{command.line}: `{command.text}` prints\n{printed}\nwhile the page shows\n{shown}{os.linesep}"
        )
