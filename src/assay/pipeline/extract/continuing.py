"""A completion: text that goes on where the prompt's source ends, or says all of it again."""

from dataclasses import dataclass

from assay.pipeline.extract.mending import MENDING_LIMIT, TAIL_LINES
from assay.pipeline.extract.statements import Grammar, Source, Statement

_BRACES = {"}": "}\n", "})": "});\n"}
"""What a stop word takes from the end of a JavaScript function: its own brace, or that and the end of the call around it."""


@dataclass(frozen=True, slots=True)
class Continued:
    """The prompt with a function body behind it, and what was done to the text."""

    code: str
    changes: tuple[str, ...]


def cut_at_stop(text: str, stop: tuple[str, ...]) -> str:
    """The text up to the first stop word in it."""
    ends = [place for word in stop if word and (place := text.find(word)) >= 0]
    return text[: min(ends)] if ends else text


def is_whole_program(grammar: Grammar, text: str, entry: str | None) -> bool:
    """Whether a completion defines the entry point itself rather than going on from the prompt.

    What stands before that definition must be a program too: a base model that ends the function and then starts
    over goes on from the prompt.
    """
    if entry is None or entry not in text:
        return False
    first = text.lstrip("\n")[:1]
    if first in " \t" or not first:
        return False
    source = Source(grammar, text)
    for statement in grammar.statements(text, prose=True):
        if statement.kind == "other":
            return False
        if entry in statement.names and statement.kind != "import":
            return not text[: statement.start].strip() or Source(grammar, source.code[: statement.start]).parses
    return False


def continued(grammar: Grammar, prompt: str, text: str, entry: str) -> Continued | None:
    """The prompt and as much of the text as makes the entry point whole; None: the text does not go on from it.

    Behind the function only what it needs is kept: helpers a model writes below it, not its examples and prose.
    """
    variants = _variants(grammar, prompt, text)
    for body, words in variants:
        if (whole := _whole(grammar, prompt, body, entry)) is not None:
            return Continued(whole.code, (*words, *whole.changes))
    for body, words in variants:
        for end, more in _ends(body):
            if (whole := _whole(grammar, prompt, body[:end], entry)) is not None:
                return Continued(whole.code, (*words, *more, *whole.changes))
    return None


def _variants(grammar: Grammar, prompt: str, text: str) -> list[tuple[str, tuple[str, ...]]]:
    """The text as it is, then with the indent a chat template or a `strip()` took from it."""
    found: list[tuple[str, tuple[str, ...]]] = [(text, ())]
    if grammar.name != "python":
        return found
    body = text.lstrip("\n")
    indent = _body_indent(prompt)
    if not prompt.endswith("\n"):
        found.append(("\n" + text, ("a line end put between the prompt and the text",)))
    first = body[: len(body) - len(body.lstrip(" \t"))]
    lead = "" if prompt.endswith("\n") else "\n"
    if first != indent and body.strip():
        found.append((lead + indent + body.lstrip(" \t"), ("the first line's indent restored",)))
        if not first and _returns_at_margin(body):
            moved = "\n".join(indent + line if line.strip() else line for line in body.split("\n"))
            found.append((lead + moved, ("the body's indent restored",)))
    return found


def _returns_at_margin(body: str) -> bool:
    return body.startswith("return") or "\nreturn" in body


def _body_indent(prompt: str) -> str:
    """The indent of the prompt's last function: that of its docstring."""
    for line in reversed(prompt.rstrip().split("\n")):
        indent = line[: len(line) - len(line.lstrip(" \t"))]
        if indent and line.strip():
            return indent
        if line.startswith(("def ", "async def ", "class ")):
            break
    return "    "


def _ends(body: str) -> list[tuple[int, tuple[str, ...]]]:
    """Where the text may be cut besides its end: at a fence, then before its last lines."""
    ends: list[tuple[int, tuple[str, ...]]] = []
    fence = body.find("\n```")
    if fence > 0:
        ends.append((fence + 1, ("cut at a fence",)))
    shorter = body.rstrip()
    if len(body) > MENDING_LIMIT:
        return ends
    for _ in range(TAIL_LINES):
        cut = shorter.rfind("\n")
        if cut <= 0:
            break
        shorter = shorter[:cut].rstrip()
        ends.append((len(shorter), ("the half-finished last statement dropped",)))
    return ends


def _whole(grammar: Grammar, prompt: str, body: str, entry: str) -> Continued | None:
    full = prompt + body
    if not full.endswith("\n"):
        full += "\n"
    statements = grammar.statements(full, prose=True)
    at = next(
        (i for i, s in enumerate(statements) if entry in s.names and s.start < len(prompt.rstrip()) <= s.end), None
    )
    if at is None:
        return None
    function = statements[at]
    head = full[: function.end]
    if function.end <= len(prompt) or not head[len(prompt) :].strip():
        return None
    if not grammar.parses(head) or grammar.is_stub(full[function.start : function.end]):
        return _closed(grammar, full, function)
    rest = statements[at + 1 :]
    if not rest:
        return Continued(prompt + body, ())
    kept = _needed(grammar, full, head, function, rest, entry)
    if len(kept) == len(rest):
        return Continued(prompt + body, ())
    tail = "".join("\n\n" + full[s.start : s.end].rstrip("\n") + "\n" for s in kept)
    left_out = len(rest) - len(kept)
    words = f"{left_out} statement{'s' if left_out > 1 else ''} behind the function left out"
    return Continued(head + tail, (words,))


def _closed(grammar: Grammar, full: str, function: Statement) -> Continued | None:
    """A JavaScript function whose last brace a stop word took."""
    brace = _BRACES.get(grammar.unclosed(full))
    if brace is None or function.end < len(full):
        return None
    text = full.rstrip("\n") + "\n" + brace
    return Continued(text, ("the function's closing brace put back",)) if grammar.parses(text) else None


def _needed(
    grammar: Grammar, full: str, head: str, function: Statement, rest: list[Statement], entry: str
) -> list[Statement]:
    """Of the statements behind the function, those that give a name it uses, or one that these use."""
    if any(s.kind == "other" for s in rest):  # prose begins: nothing behind it was meant to run
        rest = rest[: next(i for i, s in enumerate(rest) if s.kind == "other")]
    have = {name for s in grammar.statements(head) for name in s.names}
    kept: list[Statement] = []
    given = have.union(*(s.names for s in rest))
    wanted = grammar.used(full[function.start : function.end]) - have
    # A body that reads names nobody gives belongs to another function; the entry point is then defined again below.
    resolved = not wanted - given - grammar.builtins
    grown = True
    while grown:
        grown = False
        for statement in rest:
            if statement in kept or statement.kind not in ("definition", "import", "assignment"):
                continue
            text = full[statement.start : statement.end]
            again = not resolved and entry in statement.names and statement not in kept
            if (again or wanted & (set(statement.names) - have)) and grammar.parses(text):
                kept.append(statement)
                wanted |= grammar.used(text)
                have.update(statement.names)
                grown = True
    return [s for s in rest if s in kept]
