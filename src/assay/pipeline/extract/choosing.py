"""Of everything in a reply that may be code, the program that was asked for."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from assay.pipeline.extract import listings
from assay.pipeline.extract.fences import Block
from assay.pipeline.extract.mending import MENDING_LIMIT, Mended, mend, stretches
from assay.pipeline.extract.statements import Grammar, Source, Statement

_NOT_CODE = frozenset(
    {"text", "txt", "plaintext", "output", "console", "stdout", "log", "none", "math", "latex", "mermaid", "markdown"}
    | {
        "md",
        "bash",
        "sh",
        "shell",
        "zsh",
        "powershell",
        "json",
        "yaml",
        "yml",
        "toml",
        "html",
        "css",
        "sql",
        "xml",
        "csv",
    }
)
MendedAt = Callable[[int], Mended]
"""A usable block's code, mended; worked out once, and only for blocks that are looked at."""
_CORRECTED = re.compile(
    r"\b(?:corrected|fixed)\b(?!-)[^.!?\n]{0,60}\b(?:version|code|function|solution|implementation|program|script|definition)\b"
    r"|\b(?:corrected|fixed|correction|fix)\W*\Z",
    re.I,
)
_RIGHT = re.compile(r"\b(?:correct|right|after|fixed|corrected|good)\b|\u2705|\u2714", re.I)
_WRONG = re.compile(r"\b(?:wrong|incorrect|buggy|broken|original|faulty|bad|mistakes?|before)\b|\u274c|\u2718", re.I)
_TAKEN_BACK = re.compile(
    r"(?:^|[.!?\n])[ \t*_]*(?:wait|oops|hmm+|sorry|(?:my )?apologies|actually|my mistake|no)\b[,.!:\u2026\u2014\u2013-][^\n]{0,160}?"
    r"\b(?:wrong|incorrect(?:ly)?|mistake|bug|error|fix|not (?:quite )?(?:right|correct)|doesn't work|fails?)\b"
    r"|\blet me (?:fix|correct) (?:that|this|it|the)\b"
    r"|(?:^|[.!?\n][ \t]*)(?:this|that|the (?:above|previous|first)(?: \w+){0,2})(?:'s| is| was)"
    r" (?:actually )?(?:wrong|incorrect|buggy|not (?:quite )?(?:right|correct))\b",
    re.I,
)
"""What a reply says of the block before: that it was wrong."""
_MAIN_NAMES = ("main", "app", "index", "solution", "script", "server")


@dataclass(frozen=True, slots=True)
class Choice:
    """The code that was chosen, the files beside it, and what was done to get it."""

    code: str
    changes: tuple[str, ...]
    files: dict[str, str]
    """Further files by path."""
    path: str | None = None
    """The path the reply gives to the chosen code, where it has several files."""
    defines: bool = True
    """Whether it defines the entry point that was asked for, or none was."""
    span: tuple[int, int] = (0, 0)
    """Where its block starts and ends in the text."""


def choose(
    grammar: Grammar,
    entry: str | None,
    blocks: Sequence[Block],
    *,
    before: str = "",
    cut_short: bool = False,
    from_end: bool = False,
    noun: str = "block",
) -> Choice | None:
    """The first block that defines the entry point, with what it needs from the others; None: no block is code.

    Not the first, where the reply says that it is wrong and that a later one is right.
    `before` is source the reply may be a diff of.
    """
    usable = [_undiffed(grammar, block, before) for block in _in_language(grammar, blocks)]
    if not usable:
        return None
    last = usable[-1]
    mended: dict[int, Mended] = {}

    def mended_at(index: int) -> Mended:
        if index not in mended:
            block = usable[index]
            mended[index] = mend(
                grammar, block.code, entry, cut_short=not block.closed or (cut_short and block is last)
            )
        return mended[index]

    index, defines = _pick(entry, usable, mended_at, from_end=from_end)
    corrected = None if from_end or not defines else _corrected(entry, usable, index, mended_at)
    index = index if corrected is None else corrected
    block, chosen = usable[index], mended_at(index)
    others = [i for i in range(len(usable)) if i != index]
    files = _files(blocks, usable, block)
    borrowed: list[str] = []
    changes = [*block.changes, *chosen.changes]
    code = chosen.source.code
    if entry is not None and others and chosen.parses and not files:
        borrowed = _borrowed(
            grammar,
            chosen.source,
            [mended_at(i).source for i in others],
            [usable[i].start < block.start for i in others],
        )
        if borrowed:
            code = _joined(borrowed, code)
            count = len(borrowed)
            changes.append(f"{count} piece{'s' if count > 1 else ''} it needs taken from elsewhere in the reply")
    if len(usable) > 1:
        which = "last" if from_end else "first" if noun == "block" else "longest"
        why = "" if entry is None or not defines else f": the {which} that defines {entry}"
        if corrected is not None:
            why = ": the reply takes back the one before"
        changes.append(f"{noun} {index + 1} of {len(usable)} taken{why}")
    if files:
        changes.append(f"{len(files) + 1} files")
    return Choice(code, tuple(changes), files, block.path if files else None, defines, (block.start, block.end))


def _in_language(grammar: Grammar, blocks: Sequence[Block]) -> list[Block]:
    """The blocks that may be in the language: by their tag, or by their path where the tag says nothing."""
    taken = [
        b
        for b in blocks  # an untagged block may hold the answer beside a tagged example, and so may a diff
        if b.tag in ("diff", "patch")
        or (b.code.strip() and (b.tag not in _NOT_CODE or (b.path or "").endswith(grammar.suffixes)))
    ]
    return taken or [
        b
        for b in blocks
        if b.code.strip()
        and any(s.kind in ("definition", "import") for s in grammar.statements(b.code[:MENDING_LIMIT]))
    ]


def _undiffed(grammar: Grammar, block: Block, before: str) -> Block:
    if len(block.code) > MENDING_LIMIT or not (block.tag in ("diff", "patch") or listings.is_diff(block.code)):
        return block
    if not listings.is_diff(block.code) and Source(grammar, block.code).parses:
        return block
    path = block.path or listings.diff_path(block.code)
    return replace(
        block,
        code=listings.patched(block.code, before),
        path=path,
        changes=(*block.changes, "the new side of a diff taken"),
    )


def _pick(entry: str | None, usable: Sequence[Block], mended_at: MendedAt, *, from_end: bool) -> tuple[int, bool]:
    """The block to take, and whether it defines the entry point."""
    if entry is None:
        return _main_block(usable, mended_at), True
    candidates = [i for i, block in enumerate(usable) if entry in block.code]
    if from_end:
        candidates.reverse()
    second: list[tuple[int, int]] = []
    """(how good, index) of those that will do: whole at the top is taken at once."""
    for i in candidates:
        found = mended_at(i)
        if found.source.defines(entry):
            if found.parses and not found.source.only_stub(entry):
                return i, True
            second.append((1 if found.parses else 3, i))
        elif found.source.defines_inside(entry):
            second.append((2 if found.parses else 4, i))
    if second:
        return min(second)[1], True
    return _main_block(usable, mended_at), False


def _corrected(entry: str | None, usable: Sequence[Block], index: int, mended_at: MendedAt) -> int | None:
    """The last block behind the chosen one which the reply gives in its place; None: it takes nothing back."""
    chosen = usable[index]
    wrong = _WRONG.search(_label(chosen)) is not None
    for later in range(len(usable) - 1, index, -1):
        block = usable[later]
        label = _label(block)
        says = _CORRECTED.search(label) or (
            (wrong and _RIGHT.search(label)) or (not _WRONG.search(label) and _TAKEN_BACK.search(block.lead))
        )
        if not says or (entry is None and 3 * len(block.code) < 2 * len(chosen.code)):
            continue
        found = mended_at(later)
        if found.parses and (entry is None or (found.source.defines(entry) and not found.source.only_stub(entry))):
            return later
    return None


def _label(block: Block) -> str:
    """The last line of words above a block."""
    lines = block.lead.rstrip().rsplit("\n", 1)
    return lines[-1][-200:].strip("*_#>: \t")


def _main_block(usable: Sequence[Block], mended_at: MendedAt) -> int:
    """Of blocks without an asked entry point: the file called main, else the longest that parses, else the longest."""
    named = [
        i for i, b in enumerate(usable) if b.path and b.path.rsplit("/", 1)[-1].split(".")[0].lower() in _MAIN_NAMES
    ]
    if named and len({b.path for b in usable if b.path}) > 1:
        return min(
            named, key=lambda i: _MAIN_NAMES.index((usable[i].path or "").rsplit("/", 1)[-1].split(".")[0].lower())
        )
    if len(usable) == 1:
        return 0
    by_size = sorted(range(len(usable)), key=lambda i: (not _has_definition(mended_at(i).source), -len(usable[i].code)))
    return next((i for i in by_size if mended_at(i).parses), by_size[0])


def _has_definition(source: Source) -> bool:
    return (
        any(s.kind in ("definition", "block", "main") for s in source.statements)
        if len(source.code) < MENDING_LIMIT
        else True
    )


def _files(blocks: Sequence[Block], usable: Sequence[Block], chosen: Block) -> dict[str, str]:
    """The reply's other files, where it names at least two."""
    if chosen.path is None:
        return {}
    undiffed = {block.start: block for block in usable}
    files: dict[str, str] = {}
    for block in blocks:
        block = undiffed.get(block.start, block)
        if block.path and block.path != chosen.path and block.code.strip():
            files[block.path] = block.code
    return files


def _borrowed(grammar: Grammar, chosen: Source, others: Sequence[Source], earlier: Sequence[bool]) -> list[str]:
    """Imports and definitions the chosen code needs and only other blocks have, in their order, imports first."""
    given: dict[str, tuple[int, Source, Statement]] = {}
    stars: list[tuple[int, Source, Statement]] = []
    for order, source in enumerate(others):
        for statement in source.statements:
            if statement.kind not in ("import", "definition", "assignment"):
                continue
            if statement.kind == "import" and "*" in statement.names and earlier[order]:
                stars.append((order, source, statement))
            for name in statement.names:
                given.setdefault(name, (order, source, statement))
    if not given and not stars:
        return []
    have = {name for statement in chosen.statements for name in statement.names}
    wanted = grammar.used(chosen.code) - have
    taken: list[tuple[int, Source, Statement]] = []
    while wanted:
        name = wanted.pop()
        if name in have or name not in given:
            continue
        order, source, statement = given[name]
        text = source.text(statement)
        if not grammar.parses(text):
            continue
        have.update(statement.names)
        taken.append((order, source, statement))
        if statement.kind != "import":
            wanted |= grammar.used(text) - have
    taken += [star for star in stars if grammar.parses(star[1].text(star[2]))]
    taken.sort(key=lambda piece: (piece[2].kind != "import", piece[0], piece[2].start))
    return [source.text(statement).rstrip("\n") + "\n" for _, source, statement in taken]


def _joined(pieces: Sequence[str], code: str) -> str:
    """Pieces before the code; a `from __future__` stays first."""
    lines = code.split("\n")
    future = [line for line in lines if line.startswith("from __future__ ")]
    if future:
        code = "\n".join(line for line in lines if not line.startswith("from __future__ "))
        pieces = [line + "\n" for line in future] + list(pieces)
    imports = [piece for piece in pieces if piece.startswith(("import ", "from ", "const "))]
    rest = [piece for piece in pieces if piece not in imports]
    return "".join(imports) + ("\n" if imports else "") + "".join(piece + "\n" for piece in rest) + code


def unfenced(grammar: Grammar, entry: str | None, text: str, *, cut_short: bool = False) -> list[Block]:
    """The stretches of code in a text without fences, longest first; the whole text where all of it is code.

    What stands around them is not said here: a text may have thousands, and one is taken.
    """
    whole = mend(grammar, text, entry, cut_short=cut_short, shorten=False)
    if (
        whole.parses
        and any(s.kind != "other" for s in whole.source.statements)
        and not any(s.kind == "other" for s in whole.source.statements)
    ):
        return [Block(whole.source.code, grammar.name, None, 0, len(text), True, whole.changes)]
    found = [
        one
        for one in stretches(grammar, text)
        if any(s.kind in ("definition", "import", "assignment", "block", "main") for s in one.statements)
    ]
    if entry is not None and not any(entry in one.code and Source(grammar, one.code).defines(entry) for one in found):
        found += [one for one in stretches(grammar, text, broken=True) if Source(grammar, one.code).defines(entry)]
    if not found and whole.parses:
        found = [one for one in stretches(grammar, text) if any(s.kind == "call" for s in one.statements)]
    found.sort(key=lambda one: -len(one.code))
    return [Block(one.code, grammar.name, None, one.start, one.end) for one in found]
