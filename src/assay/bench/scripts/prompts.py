"""Read a folder of prompts: Markdown files, a batch a file.

    ---
    name: one-liners                 # optional front matter of the file: all keys are optional
    title: Answers of one line
    defaults: {stdin: "", args: []}  # what each of its prompts has, unless it says otherwise
    ---
    Print the numbers from 1 to 10.
    =====
    ---
    id: sorted-words                 # optional front matter of one prompt
    title: Words in order
    stdin: "pear apple"
    args: ["--reverse"]
    files: {"words.txt": "pear"}
    ---
    Print the words of standard input in order. You are {{model_name}}.

A line of five or more `=`, outside a fenced block, stands between two prompts. Front matter at the top that holds a
prompt's keys (id, stdin, args, files) and none of a file's is the first prompt's. In a file of one prompt, the file's
front matter may hold the prompt's keys too. `README.md`, hidden files and folders within are left out.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple, Self

from pydantic import Field, model_validator

from assay import content
from assay.bench.scripts.records import Batch, Example, Prompt
from assay.errors import AssayError, ContentError
from assay.records import Record

MAX_PROMPTS = 10_000
MAX_TITLE = 80
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_SEPARATOR = re.compile(r"={5,}[ \t]*")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
_MODEL_NAME = re.compile(r"\{\{[ \t]*model_name[ \t]*\}\}")


class _Defaults(Record):
    stdin: str | None = None
    args: tuple[str, ...] | None = None
    files: dict[str, str] | None = None

    @model_validator(mode="after")
    def _plain_paths(self) -> Self:
        for path in self.files or {}:
            parts = PurePosixPath(path).parts
            if not parts or path.startswith("/") or ".." in parts or "\0" in path or len(path) > 200:
                raise ValueError(f"{path!r} is no relative path of a file")
            if parts[0] in ("script.py", "test_script.py"):
                raise ValueError(f"{path} is what the script itself is called here")
        return self


class _PromptMatter(_Defaults):
    id: str | None = None
    title: str | None = None


class _FileMatter(_PromptMatter):
    name: str | None = None
    defaults: _Defaults = Field(default_factory=_Defaults)


def load_prompts(folder: Path) -> tuple[Batch, ...]:
    """The batches of a folder (or one file), in the files' order. Raises ContentError at file:line:column."""
    batches = tuple(load_batch(path) for path in _files(folder))
    _once((batch.name, str(path)) for batch, path in zip(batches, _files(folder), strict=True))
    prompts = [prompt for batch in batches for prompt in batch.prompts]
    _all_different(prompts)
    if len(prompts) > MAX_PROMPTS:
        raise AssayError(f"{folder} holds {len(prompts):,} prompts, more than {MAX_PROMPTS:,}.", "Split the folder.")
    return batches


def _files(folder: Path) -> list[Path]:
    if folder.is_file():
        return [folder]
    if not folder.is_dir():
        raise AssayError(f"There is no folder {folder}.", "Name a folder of Markdown files with prompts.")
    found = sorted(
        path for path in folder.glob("*.md") if path.name.lower() != "readme.md" and not path.name.startswith(".")
    )
    if not found:
        raise AssayError(
            f"No prompts in {folder}.", "Put Markdown files there (*.md), with a line of ===== between prompts."
        )
    return found


def load_batch(path: Path) -> Batch:
    """The prompts of one file."""
    return parse_batch(content.read_text(path), str(path), path.stem)


def parse_batch(text: str, place: str, stem: str) -> Batch:
    """The prompts of a file's text; `stem`: its name where it gives itself none."""
    lines = text.replace("\r\n", "\n").split("\n")
    front, start = _front_matter(lines, 0)
    matter = content.parse(front, place, _FileMatter) if front.strip() else _FileMatter()
    if _own_keys(matter) and matter.name is None and not matter.model_fields_set & {"defaults"}:
        matter, start = _FileMatter(), 0  # the first prompt's own
    pieces = [piece for piece in _pieces(lines, start) if piece.text.strip()]
    name = matter.name if matter.name is not None else _slug(stem)
    if not _ID.fullmatch(name):
        raise ContentError(f"{place}:1:1", f"{name!r} is no name for a batch", _ID_HELP)
    if not pieces:
        raise ContentError(
            f"{place}:{min(start + 1, len(lines))}:1", "holds no prompt", "Write one, or remove the file."
        )
    if len(pieces) > 1 and (own := _own_keys(matter)):
        raise ContentError(
            f"{place}:2:1",
            f"the keys {', '.join(own)} belong to one prompt, and the file holds {len(pieces)}",
            "Put them into front matter of that prompt, or what all share under `defaults:`.",
        )
    alone = len(pieces) == 1
    prompts = tuple(_prompt(piece, number, name, matter, place, alone) for number, piece in enumerate(pieces, 1))
    return Batch(name=name, title=(matter.title or "") if len(pieces) > 1 else "", prompts=prompts)


def asked(prompt: Prompt, model_name: str) -> str:
    """The prompt's text for one model."""
    return _MODEL_NAME.sub(lambda _: model_name, prompt.text)


# ---- pieces --------------------------------------------------------------------------------------------------------


class _Piece(NamedTuple):
    lines: list[str]
    start: int
    """Lines of the file before it."""

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


def _front_matter(lines: Sequence[str], start: int) -> tuple[str, int]:
    """Front matter that begins at the first line with something on it, its lines kept in place; where the rest begins."""
    first = next((at for at in range(start, len(lines)) if lines[at].strip()), None)
    if first is None or lines[first].rstrip() != "---":
        return "", start
    end = next((at for at in range(first + 1, len(lines)) if lines[at].rstrip() == "---"), None)
    if end is None:
        return "", start  # a rule, and text below it
    inside = lines[first + 1 : end]
    if not any(re.match(r"[A-Za-z_]+[ \t]*:", line) for line in inside):
        return "", start
    return "\n" * (first + 1) + "\n".join(inside), end + 1


def _pieces(lines: Sequence[str], start: int) -> Iterator[_Piece]:
    """What stands between lines of `=====`, fenced blocks passed over."""
    begun, fence = start, ""
    for at in range(start, len(lines)):
        mark = _FENCE.fullmatch(lines[at].rstrip())
        if mark and not fence:
            fence = mark[1]
        elif mark and mark[1][0] == fence[0] and len(mark[1]) >= len(fence) and not mark[2].strip():
            fence = ""
        elif not fence and _SEPARATOR.fullmatch(lines[at]):
            yield _Piece(list(lines[begun:at]), begun)
            begun = at + 1
    yield _Piece(list(lines[begun:]), begun)


def _prompt(piece: _Piece, number: int, batch: str, file: _FileMatter, place: str, alone: bool) -> Prompt:
    padded = [""] * piece.start + piece.lines
    front, start = _front_matter(padded, piece.start)
    own = content.parse(front, place, _PromptMatter) if front.strip() else _PromptMatter()
    body = padded[start:]
    first = next((at for at, line in enumerate(padded) if at >= start and line.strip()), None)
    if first is None:
        raise ContentError(f"{place}:{piece.start + 1}:1", "a prompt without words", "Write what the script should do.")
    text = "\n".join(body).strip("\n").rstrip()
    single = _PromptMatter(**{key: getattr(file, key) for key in _own_keys(file)})
    name = own.id or single.id or f"{batch}-{number:02d}"
    if not _ID.fullmatch(name):
        raise ContentError(f"{place}:{piece.start + 1}:1", f"{name!r} is no id for a prompt", _ID_HELP)
    return Prompt(
        id=name,
        batch=batch,
        title=own.title or (file.title if alone else None) or _title(text),
        text=text,
        example=_example(own, single, file.defaults),
        place=f"{place}:{first + 1}",
    )


def _own_keys(matter: _FileMatter) -> list[str]:
    """The keys of the file's front matter that are one prompt's (a title may be the file's)."""
    return [key for key in ("id", "stdin", "args", "files") if getattr(matter, key) is not None]


def _example(*sources: _Defaults) -> Example:
    """The nearest that says it."""
    given = {}
    for key in ("stdin", "args", "files"):
        value = next((value for source in sources if (value := getattr(source, key)) is not None), None)
        if value is not None:
            given[key] = value
    return Example(**given)


_ID_HELP = "Use letters, digits, dots, dashes and underscores, a letter or digit first, 80 at most."


def _title(text: str) -> str:
    line = next(line.strip() for line in text.split("\n") if line.strip())
    line = re.sub(r"^#+\s*", "", line)
    return line if len(line) <= MAX_TITLE else f"{line[: MAX_TITLE - 1].rstrip()}…"


def _slug(stem: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-._")[:80] or "batch"


def _once(names: Iterator[tuple[str, str]]) -> None:
    seen: dict[str, str] = {}
    for name, place in names:
        if name.lower() in seen:
            raise ContentError(
                f"{place}:1:1",
                f"a second batch is called {name!r}; the first is {seen[name.lower()]}",
                "Give one of them another `name:`.",
            )
        seen[name.lower()] = place


def _all_different(prompts: Sequence[Prompt]) -> None:
    """Case aside: some file systems know no other difference."""
    seen: dict[str, Prompt] = {}
    for prompt in prompts:
        if (first := seen.get(prompt.id.lower())) is not None:
            raise ContentError(
                f"{prompt.place}:1",
                f"a second prompt has the id {prompt.id!r}; the first is {first.place}",
                "Give one of them another `id:`.",
            )
        seen[prompt.id.lower()] = prompt
