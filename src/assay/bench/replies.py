"""Read replies made elsewhere: JSON Lines or a JSON array (also gzipped), one reply or a list of samples an object."""

import csv
import difflib
import gzip
import json
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from assay.bench.records import Given, Kind
from assay.bench.suites import same_task
from assay.errors import AssayError
from assay.records import Task
from assay.visible import one_line

FieldKind = Literal["reply", "completion", "solution", "samples"]
FIELDS: tuple[FieldKind, ...] = get_args(FieldKind)
_SHOWN = 20  # problems printed in full; a file of the wrong form would otherwise print one a line
_LONGEST_MB = 16  # of one text: no model writes a hundredth of it, and each is kept, cleaned and run
_GZIP = b"\x1f\x8b"
_ARRAY_MB = 1024  # a JSON array is held in memory whole; JSON Lines are read one by one, however many
_OTHER_FORMS = {b"\xff\xfe": "UTF-16 text", b"\xfe\xff": "UTF-16 text", b"{\0": "UTF-16 text", b"PA": "a Parquet file"}
"""Files that are no JSON Lines in any line of theirs, by their first two bytes."""


class Field(NamedTuple):
    """Which field of a line holds the text, and what kind of text it is."""

    name: str
    kind: FieldKind


class Replies(NamedTuple):
    """What a file of replies holds for some tasks."""

    given: tuple[Given, ...]
    missing: tuple[str, ...]
    """Tasks of the suite that the file has no reply for."""
    unknown: tuple[str, ...]
    """Names in the file that are no task of the suite, where the caller asked for them to be skipped."""
    left_out: int = 0
    """Replies to tasks that `--limit` left out."""
    models: tuple[str, ...] = ()
    """The models that its lines name, each once."""


class RepliesError(AssayError):
    """A file of replies that cannot be graded as it is: every broken line, told at once."""

    def __init__(self, path: Path, problems: Sequence[str], help: str) -> None:  # noqa: A002
        shown = [f"  {problem}" for problem in problems[:_SHOWN]]
        if len(problems) > _SHOWN:
            shown.append(f"  … and {len(problems) - _SHOWN} more lines")
        number = "1 line" if len(problems) == 1 else f"{len(problems)} lines"
        super().__init__("\n".join([f"{path}: {number} cannot be graded. Nothing was run.", *shown]), help)
        self.problems = tuple(problems)


def parse_field(text: str) -> Field:
    """The meaning of `--field NAME:KIND`."""
    name, colon, kind = text.rpartition(":")
    if not colon or not name or kind not in FIELDS:
        raise AssayError(
            f"--field {text!r} is not NAME:KIND.",
            f"KIND is one of {', '.join(FIELDS)}; as in --field full_content:reply",
        )
    return Field(name, kind)


def read_replies(
    path: Path,
    tasks: Sequence[Task],
    field: Field | None = None,
    *,
    model: str = "",
    limit: int | None = None,
    skip_unknown: bool = False,
) -> Replies:
    """Every reply in the file, matched to its task.

    Raises RepliesError for all broken lines together, before anything is run. `limit`: the suite's first tasks only.
    """
    matcher = _Matcher(tasks)
    wanted = {task.id for task in tasks[:limit]}
    counts: Counter[str] = Counter()
    given: list[Given] = []
    problems: list[str] = []
    unknown: Counter[str] = Counter()
    models: dict[str, None] = {}
    lines = left_out = 0
    for number, line in _lines(path):
        lines += 1
        try:
            row = _row(line)
            kind, texts = _texts(row, field)
            task = matcher.task(row)
        except _UnknownTaskError as error:
            if not skip_unknown:
                problems.append(f"{path.name}:{number}: {error}")
            unknown[error.name] += 1
            continue
        except _BrokenError as error:
            problems.append(f"{path.name}:{number}: {error}")
            continue
        if task.id not in wanted:
            left_out += len(texts)
            continue
        if isinstance(named := row.get("model"), str):
            models[named] = None
        for text in texts:
            given.append(
                Given(
                    suite=task.suite,
                    task=task.id,
                    model=model or path.name,
                    index=counts[task.id],
                    kind=kind,
                    text=text,
                )
            )
            counts[task.id] += 1
    if problems:
        raise RepliesError(path, problems, _advice(problems, unknown, lines))
    if not lines:
        raise AssayError(
            f"{path} holds no replies: the file is empty.", "Give a JSON Lines file with one reply a line."
        )
    if not given:
        raise AssayError(
            f"{path} holds no reply to any of the {len(wanted)} tasks chosen.", "Check the suite's name and --limit."
        )
    missing = tuple(task.id for task in tasks[:limit] if not counts[task.id])
    return Replies(tuple(given), missing, tuple(unknown), left_out, tuple(models))


def read_all(
    paths: Sequence[Path],
    tasks: Sequence[Task],
    field: Field | None = None,
    *,
    limit: int | None = None,
    skip_unknown: bool = False,
) -> tuple[list[Given], list[str]]:
    """The replies of several files, each a model of its own, and what a reader must know of them.

    Every file is read before anything is run; the first broken one raises.
    """
    given: list[Given] = []
    notes: list[str] = []
    for path, name in zip(paths, _model_names(paths), strict=True):
        replies = read_replies(path, tasks, field, model=name, limit=limit, skip_unknown=skip_unknown)
        given += replies.given
        if replies.missing:
            notes.append(f"{path.name}: no reply to {_counted(replies.missing)}; they count as missing.")
        if replies.unknown:
            notes.append(f"{path.name}: skipped replies to {_counted(replies.unknown)} that the suite does not have.")
        if replies.left_out:
            notes.append(f"{path.name}: {replies.left_out} replies are to tasks beyond --limit.")
        if len(replies.models) > 1:
            notes.append(
                f"{path.name}: its lines name {_counted(replies.models, 'model')}; they are graded as one, {name!r}, "
                "named after the file. For a score of each, give a file of each."
            )
    return given, notes


def _counted(names: Sequence[str], what: str = "task") -> str:
    shown = ", ".join(one_line(name, 80) for name in names[:5]) + (", …" if len(names) > 5 else "")
    return f"{len(names)} {what}{'' if len(names) == 1 else 's'} ({shown})"


def _model_names(paths: Sequence[Path]) -> list[str]:
    """The files' names without their endings; with their folder where two would be the same."""
    names = [path.name.removesuffix(".gz").removesuffix(".jsonl").removesuffix(".json") or path.name for path in paths]
    if len(set(names)) < len(names):
        names = [f"{path.absolute().parent.name}/{name}" for path, name in zip(paths, names, strict=True)]
    if len(set(names)) < len(names):
        raise AssayError("The same file of replies is named twice.", "Name each once; a file is one model's replies.")
    return names


def _advice(problems: Sequence[str], unknown: Mapping[str, int], lines: int) -> str:
    if len(unknown) and sum(unknown.values()) == len(problems):
        if len(problems) == lines:
            return (
                "None of these names is a task of this suite: is it the right suite? `assay bench suites` lists them."
            )
        return "Mend the names, or grade the others with --skip-unknown; what is skipped is reported."
    return (
        'Each line is a JSON object with "task_id" (or the task\'s "prompt") and one of "reply", "completion", '
        '"solution" or "samples"; --field NAME:KIND names another field.'
    )


# ---- lines of the file ---------------------------------------------------------------------------------------------


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The file's lines that are not blank, numbered from 1; of a JSON array its items, each with the line it begins on.

    Gzip is told by its first bytes, not by the name. It is opened once: a pipe gives what it holds to nobody twice.
    """
    _must_be_a_file(path)
    try:
        with path.open("rb") as plain:
            file = gzip.GzipFile(fileobj=plain) if plain.peek(2)[:2] == _GZIP else plain
            first = True
            for number, line in enumerate(file, 1):
                line = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
                if not line.strip():
                    continue
                if first and line.lstrip().startswith(b"["):
                    yield from _items(path, number, line + file.read(_ARRAY_MB << 20))
                    return
                if first:
                    _must_be_lines(path, line)
                first = False
                yield number, line
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise AssayError(
            f"{path} is damaged: {error}.", "It was cut short or changed on its way here: copy it again."
        ) from None
    except OSError as error:
        raise AssayError(
            f"{path} cannot be read: {error.strerror or error}.", "Check who owns it and its permissions."
        ) from None


_BETWEEN = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


def _items(path: Path, line: int, data: bytes) -> Iterator[tuple[int, bytes]]:
    """The items of a JSON array that begins on this line, each as it is written."""
    if len(data) > _ARRAY_MB << 20:
        raise AssayError(
            f"{path} is a JSON array of more than {_ARRAY_MB} MiB.", "Write it as JSON Lines: one object a line."
        )
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        at = line + data.count(b"\n", 0, error.start)
        raise AssayError(f"{path}:{at} is not UTF-8 text.", "Save the file as UTF-8.") from None
    at = _skipped(text, _skipped(text, 0) + 1)
    told = 0
    try:
        while text[at : at + 1] != "]":
            end = _DECODER.raw_decode(text, at)[1]
            line += text.count("\n", told, at)
            told = at
            yield line, text[at:end].encode("utf-8", "surrogatepass")
            at = _skipped(text, end)
            if text[at : at + 1] == ",":
                at = _skipped(text, at + 1)
            elif text[at : at + 1] != "]":
                raise json.JSONDecodeError("a ',' or ']' should stand here", text, at)
        if _skipped(text, at + 1) < len(text):
            raise json.JSONDecodeError("there is more after its end", text, at + 1)
    except json.JSONDecodeError as error:
        at_line = line + text.count("\n", told, error.pos)
        why = f"{error.msg.removesuffix(' at')} (line {at_line}, column {error.colno})"
        raise AssayError(
            f"{path} begins as a JSON array and is none: {why}. Nothing was run.",
            "Mend it there, or write JSON Lines: one object a line.",
        ) from None
    except RecursionError:
        raise AssayError(f"{path} is JSON nested too deep.", "Give objects with a task_id and a reply.") from None


def _skipped(text: str, at: int) -> int:
    """The place of what comes after the blanks."""
    found = _BETWEEN.match(text, at)
    return found.end() if found else at


def _must_be_lines(path: Path, first: bytes) -> None:
    """Raise where the first line tells that none of them is JSON: one sentence says more than one a line."""
    form = next((form for mark, form in _OTHER_FORMS.items() if first.startswith(mark)), "")
    if not form and not first.lstrip().startswith(b"{"):
        form = _table_form(first.decode("utf-8", "replace").strip())
    if form:
        wanted = "Save it as UTF-8." if "UTF-16" in form else "Write one JSON object a line, or a JSON array of them."
        raise AssayError(f"{path} is {form}, not JSON Lines. Nothing was run.", wanted)


def _table_form(header: str) -> str:
    """What a table is called whose header this is; empty where it is none."""
    for sign, form in ((",", "a CSV file"), ("\t", "a TSV file"), (";", "a CSV file")):
        columns = {name.strip().lower() for name in next(csv.reader([header[:10_000]], delimiter=sign), [])}
        if len(columns) > 1 and columns & {"task_id", "prompt", *FIELDS}:
            return form
    return ""


def _must_be_a_file(path: Path) -> None:
    if path.is_dir():
        inside = sorted(entry.name for entry in path.iterdir() if ".json" in entry.name)
        found = f" It holds: {', '.join(inside[:5])}{' …' if len(inside) > 5 else ''}." if inside else ""
        raise AssayError(f"{path} is a folder, not a file of replies.", f"Name the JSON Lines file itself.{found}")
    if not path.exists():
        beside = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
        near = difflib.get_close_matches(path.name, beside, n=2, cutoff=0.6)
        raise AssayError(
            f"There is no file {path}.", f"Did you mean {' or '.join(near)}?" if near else "Check the path."
        )


class _BrokenError(ValueError):
    """What is wrong with one line, for people."""


class _UnknownTaskError(_BrokenError):
    """A line about something that is no task of the suite."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


def _row(line: bytes) -> dict[str, object]:
    try:
        row = json.loads(line.decode("utf-8").rstrip())
    except UnicodeDecodeError as error:
        raise _BrokenError(f"byte {error.start + 1} is not UTF-8") from None
    except json.JSONDecodeError as error:
        if line.strip() == b"{":
            raise _BrokenError(
                "this is one JSON document over several lines; JSON Lines has one object a line"
            ) from None
        raise _BrokenError(f"not JSON: {error.msg.removesuffix(' at')} at column {error.colno}") from None
    except RecursionError:
        raise _BrokenError("not a reply: JSON nested too deep") from None
    if not isinstance(row, dict):
        raise _BrokenError(f"a JSON {_json_name(row)} where an object was expected")
    return row


def _json_name(value: object) -> str:
    names = {list: "array", dict: "object", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number")


def _texts(row: Mapping[str, object], field: Field | None) -> tuple[Kind, list[str]]:
    """The kind of text on this line and its samples."""
    name, kind = field or _its_field(row)
    if name not in row:
        raise _BrokenError(f"no field {name!r}; it has {_keys(row)}")
    value = row[name]
    if kind == "samples" and not isinstance(value, list):
        raise _BrokenError(f"{name!r} is a JSON {_json_name(value)}, not a list of samples")
    texts: list[object] = value if isinstance(value, list) else [value]
    if not texts:
        raise _BrokenError(f"{name!r} is an empty list")
    for text in texts:
        if not isinstance(text, str):
            raise _BrokenError(f"{name!r} holds a JSON {_json_name(text)}, not text")
        if len(text) > _LONGEST_MB << 20:
            raise _BrokenError(f"{name!r} has {len(text):,} characters; a reply may have {_LONGEST_MB << 20:,}")
    return ("completion" if kind == "samples" else kind), [_sendable(str(text)) for text in texts]


def _its_field(row: Mapping[str, object]) -> Field:
    found = [kind for kind in FIELDS if kind in row]
    if not found:
        raise _BrokenError(f"none of {', '.join(FIELDS)}; it has {_keys(row)}")
    if len(found) > 1:
        raise _BrokenError(
            f"several texts ({', '.join(found)}): choose one with --field, as in --field {found[0]}:{found[0]}"
        )
    return Field(found[0], found[0])


def _keys(row: Mapping[str, object]) -> str:
    return ", ".join(list(row)[:8]) or "no fields"


def _sendable(text: str) -> str:
    """JSON may escape half a surrogate pair, which no file can hold: it becomes a question mark."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


# ---- whose reply it is ---------------------------------------------------------------------------------------------

_DEFINITION = re.compile(r"^[ \t]*(?:async[ \t]+)?(?:def|function\*?|class)[ \t]+([A-Za-z_$][\w$]*)", re.MULTILINE)


class _Matcher:
    """Finds the task a line is about: by id, by the number at the end of the id, or by the prompt."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self._ids = {same_task(task.id): task for task in tasks}
        self._numbers = _unambiguous((key.rpartition("/")[2], task) for key, task in self._ids.items())
        self._prompts = _unambiguous((_squeezed(task.prompt), task) for task in tasks)
        self._entries: dict[str, list[Task]] = {}
        for task in tasks:
            if task.entry:
                self._entries.setdefault(task.entry, []).append(task)

    def task(self, row: Mapping[str, object]) -> Task:
        if "task_id" in row:
            return self._by_id(row["task_id"])
        if "prompt" in row:
            return self._by_prompt(row["prompt"])
        raise _BrokenError(f"neither task_id nor prompt; it has {_keys(row)}")

    def _by_id(self, name: object) -> Task:
        if isinstance(name, bool) or not isinstance(name, (str, int)):
            raise _BrokenError(f"task_id is a JSON {_json_name(name)}, not a name or number")
        text = str(name)
        key = same_task(text)
        if task := self._ids.get(key) or self._numbers.get(key):
            return task
        known = sorted(task.id for task in self._ids.values())
        near = difflib.get_close_matches(text, known, n=3, cutoff=0.6) or known[:1]
        raise _UnknownTaskError(text, f"no task {text!r} in this suite; the nearest: {', '.join(near)}")

    def _by_prompt(self, prompt: object) -> Task:
        """The same text but for blanks; else the task for the last function it begins to define."""
        if not isinstance(prompt, str):
            raise _BrokenError(f"prompt is a JSON {_json_name(prompt)}, not text")
        if task := self._prompts.get(_squeezed(prompt)):
            return task
        for name in reversed(_DEFINITION.findall(prompt)):
            if task := _closest(prompt, self._entries.get(name, [])):
                return task
        first = next((line.strip() for line in prompt.splitlines() if line.strip()), "")[:60]
        raise _UnknownTaskError(first, f"no task of this suite has the prompt that begins {first!r}")


def _closest(prompt: str, tasks: Sequence[Task]) -> Task | None:
    """Of tasks that ask for the same function, the one that shares the most lines; None where two share as many."""
    if len(tasks) < 2:
        return tasks[0] if tasks else None
    lines = _stripped_lines(prompt)
    shared = sorted(((len(lines & _stripped_lines(task.prompt)), task) for task in tasks), key=lambda pair: -pair[0])
    return shared[0][1] if shared[0][0] > shared[1][0] else None


def _stripped_lines(text: str) -> set[str]:
    return {line.strip() for line in text.splitlines() if line.strip()}


def _unambiguous(pairs: Iterator[tuple[str, Task]]) -> dict[str, Task]:
    """A table of those keys that mean one task only."""
    table: dict[str, Task | None] = {}
    for key, task in pairs:
        table[key] = None if key in table else task
    return {key: task for key, task in table.items() if task is not None}


def _squeezed(text: str) -> str:
    return " ".join(text.split())
