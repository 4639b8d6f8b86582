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
from typing import Literal, NamedTuple, TypeVar, get_args

from assay.bench.exports.rows import COLUMNS
from assay.bench.records import Given
from assay.bench.suites import same_task
from assay.errors import AssayError
from assay.records import Finish, Kind, Task
from assay.visible import one_line

FieldKind = Literal["reply", "completion", "solution", "samples"]
FIELDS: tuple[FieldKind, ...] = get_args(FieldKind)
_KINDS: tuple[Kind, ...] = get_args(Kind)
_FINISHES: tuple[Finish, ...] = get_args(Finish)
_Known = TypeVar("_Known", Kind, Finish)
_SHOWN = 20  # problems printed in full; a file of the wrong form would otherwise print one a line
_LONGEST_MB = 16  # of one text: no model writes a hundredth of it, and each is kept, cleaned and run
_GZIP = b"\x1f\x8b"
_ARRAY_MB = 1024  # a JSON array is held in memory whole; JSON Lines are read one by one, however many
_SAMPLE = {"evaluation", "suite", "task", "model", "sample", "kind", "reply"}
"""Columns by which a row of a samples table of ours is known; the others may have been taken out."""
_NO_REPLIES = {
    frozenset(column.name for column in COLUMNS["checks"]): "a row a check",
    frozenset(column.name for column in COLUMNS["tasks"]): "a row a task and model",
}
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
    """The models that its lines name, each once, where they are graded as one."""
    unanswered: int = 0
    """Rows of a samples table without a reply, because the model could not be asked."""
    elsewhere: tuple[str, ...] = ()
    """Other suites of a samples table, whose rows were left out."""


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
    `model`: whose they are; the rows of a samples table say it themselves.
    """
    matcher = _Matcher(tasks)
    lines: list[_Line] = []
    problems: list[str] = []
    unknown: Counter[str] = Counter()
    elsewhere: dict[str, None] = {}
    number_of_lines = 0
    for number, text in _lines(path):
        number_of_lines += 1
        try:
            lines.append(_line(_replies_row(path, text), matcher, field))
        except _OtherSuiteError as error:
            elsewhere[error.suite] = None
        except _UnknownTaskError as error:
            if not skip_unknown:
                problems.append(f"{path.name}:{number}: {error}")
            unknown[error.name] += 1
        except _BrokenError as error:
            problems.append(f"{path.name}:{number}: {error}")
    if problems:
        raise RepliesError(path, problems, _advice(problems, unknown, number_of_lines))
    if not number_of_lines:
        raise AssayError(
            f"{path} holds no replies: the file is empty.", "Give a JSON Lines file with one reply a line."
        )
    if any(line.suite == line.task.suite for line in lines):  # else: HumanEval's replies, say, graded by HumanEval+
        elsewhere |= {line.suite: None for line in lines if line.suite != line.task.suite}
        lines = [line for line in lines if line.suite not in elsewhere]
    wanted = {task.id for task in tasks[:limit]}
    given = _numbered([line for line in lines if line.task.id in wanted], model or path.name)
    if not given:
        raise AssayError(
            f"{path} holds no reply to any of the {len(wanted)} tasks chosen.",
            f"Its samples are of {', '.join(elsewhere)}." if elsewhere else "Check the suite's name and --limit.",
        )
    answered = {one.task for one in given}
    return Replies(
        given,
        missing=tuple(task.id for task in tasks[:limit] if task.id not in answered),
        unknown=tuple(unknown),
        left_out=sum(len(line.texts) for line in lines if line.task.id not in wanted),
        models=tuple(dict.fromkeys(line.named for line in lines if line.named)),
        unanswered=sum(not line.texts for line in lines),
        elsewhere=tuple(elsewhere),
    )


def _numbered(lines: Sequence["_Line"], model: str) -> tuple[Given, ...]:
    """A reply a text, numbered within its model and task in the order of the file."""
    counts: Counter[tuple[str, str]] = Counter()
    given = []
    for line in lines:
        whose = line.model or model
        for text in line.texts:
            place = (whose, line.task.id)
            given.append(
                Given(
                    suite=line.task.suite,
                    task=line.task.id,
                    model=whose,
                    index=counts[place],
                    kind=line.kind,
                    text=text,
                    finish=line.finish,
                )
            )
            counts[place] += 1
    return tuple(given)


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
    names = _model_names(paths)
    read = [
        read_replies(path, tasks, field, model=name, limit=limit, skip_unknown=skip_unknown)
        for path, name in zip(paths, names, strict=True)
    ]
    files = Counter(model for replies in read for model in {one.model for one in replies.given})
    given: list[Given] = []
    notes: list[str] = []
    for path, name, replies in zip(paths, names, read, strict=True):
        for one in replies.given:  # of one model in two samples tables each table is a contender
            shared = files[one.model] > 1
            given.append(one.model_copy(update={"model": f"{one.model} ({name})"}) if shared else one)
        notes += _notes(path, name, replies)
    return given, notes


def _notes(path: Path, name: str, replies: Replies) -> Iterator[str]:
    """What a reader must know of a file's replies."""
    if replies.missing:
        yield f"{path.name}: no reply to {_counted(replies.missing)}; they count as missing."
    if replies.unknown:
        yield f"{path.name}: skipped replies to {_counted(replies.unknown)} that the suite does not have."
    if replies.elsewhere:
        yield f"{path.name}: its samples of {_counted(replies.elsewhere, 'other suite')} are left out."
    if replies.unanswered:
        had, count = ("sample has", "counts") if replies.unanswered == 1 else ("samples have", "count")
        yield f"{path.name}: {replies.unanswered} {had} no reply, as the model could not be asked, and {count} as missing."
    if replies.left_out:
        yield f"{path.name}: {replies.left_out} replies are to tasks beyond --limit."
    if len(replies.models) > 1:
        yield (
            f"{path.name}: its lines name {_counted(replies.models, 'model')}; they are graded as one, {name!r}, "
            "named after the file. For a score of each, give a file of each."
        )


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


class _OtherSuiteError(Exception):
    """A row of a samples table about a task of another suite."""

    def __init__(self, suite: str) -> None:
        super().__init__(suite)
        self.suite = suite


class _UnknownTaskError(_BrokenError):
    """A line about something that is no task of the suite."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


class _Line(NamedTuple):
    """What one line holds."""

    task: Task
    suite: str
    """The task's, unless a row of a samples table names another."""
    kind: Kind
    texts: list[str]
    named: str = ""
    """The model that it names, which does not count."""
    model: str = ""
    """The model of a row of a samples table, which does."""
    finish: Finish = "stop"


def _line(row: Mapping[str, object], matcher: "_Matcher", field: Field | None) -> _Line:
    if row.keys() >= _SAMPLE:
        return _sample(row, matcher, field)
    kind, texts = _texts(row, field)
    task = matcher.task(row)
    return _Line(task, task.suite, kind, texts, named=named if isinstance(named := row.get("model"), str) else "")


def _sample(row: Mapping[str, object], matcher: "_Matcher", field: Field | None) -> _Line:
    """A row of a samples table of ours."""
    suite, model = _text(row, "suite"), _text(row, "model")
    kind, texts = _texts(row, field or Field("reply", _one_of(_KINDS, row["kind"], "kind")))
    try:
        task = matcher.by_id(row["task"])
    except _UnknownTaskError:
        if suite != matcher.suite:
            raise _OtherSuiteError(suite) from None
        raise
    if row.get("status") == "error" and not any(texts):
        texts = []
    finish = _one_of(_FINISHES, row.get("finish", "stop"), "finish")
    return _Line(task, suite, kind, texts, model=model, finish=finish)


def _text(row: Mapping[str, object], column: str) -> str:
    if not isinstance(value := row[column], str) or not value:
        raise _BrokenError(f"{column} is no name")
    return value


def _one_of(known: Sequence[_Known], value: object, column: str) -> _Known:
    for one in known:
        if value == one:
            return one
    raise _BrokenError(f"{column} is none of {', '.join(known)}")


def _replies_row(path: Path, line: bytes) -> dict[str, object]:
    """A line as an object. Raises for the whole file where it is a table of ours that holds no replies."""
    row = _row(line)
    if said := _NO_REPLIES.get(frozenset(row)):
        raise AssayError(
            f"{path} has {said} and holds no replies. Nothing was run.",
            "Write its samples with: assay bench export RUN --table samples --format jsonl",
        )
    return row


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
        self.suite = next((task.suite for task in tasks), "")
        self._ids = {same_task(task.id): task for task in tasks}
        self._numbers = _unambiguous((key.rpartition("/")[2], task) for key, task in self._ids.items())
        self._prompts = _unambiguous((_squeezed(task.prompt), task) for task in tasks)
        self._entries: dict[str, list[Task]] = {}
        for task in tasks:
            if task.entry:
                self._entries.setdefault(task.entry, []).append(task)

    def task(self, row: Mapping[str, object]) -> Task:
        if "task_id" in row:
            return self.by_id(row["task_id"])
        if "prompt" in row:
            return self._by_prompt(row["prompt"])
        raise _BrokenError(f"neither task_id nor prompt; it has {_keys(row)}")

    def by_id(self, name: object) -> Task:
        """The task of this name or number."""
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
