"""Code in another dress: a session at the prompt, a numbered listing, a diff, a notebook cell."""

import re
import textwrap

_PROMPT = re.compile(r"[ \t]*(?:>>>|In \[\d+\]:)(?: |$)")
_CONTINUED = re.compile(r"[ \t]*(?:\.\.\.:?)(?: |$)")
_JS_PROMPT = re.compile(r"> ")
_JS_CONTINUED = re.compile(r"\.{3,} ?|\| ")
_NUMBER = re.compile(r"[ \t]*(\d{1,5})(?:[ \t]*[|:.)│](?:[ ]|(?=\n|$))|\t|[ ]{1,2}|$)")
_HUNK = re.compile(r"@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@.*|@@(?: .*)?")
_DIFF_HEAD = re.compile(
    r"(?:diff --git |index [0-9a-f]+\.\.|--- |\+\+\+ |new file mode|deleted file mode|similarity index|rename |\\ No newline"
    r"|\*\*\* (?:(?:Begin|End) (?:Patch|of File)|(?:Add|Update|Delete) File: |Move to: ))"
)
_MAGIC = re.compile(r"^[ \t]*(?:!|%%?[a-zA-Z]|\?[a-zA-Z])[^\n]*$\n?", re.M)


def typed_at_prompt(code: str) -> str | None:
    """What was typed in a transcript of the interactive interpreter; None: it is none."""
    lines = code.split("\n")
    first = next((line for line in lines if line.strip()), "")
    if _PROMPT.match(first):
        prompt, continued = _PROMPT, _CONTINUED
    elif _JS_PROMPT.match(first):
        prompt, continued = _JS_PROMPT, _JS_CONTINUED
    else:
        return None
    typed: list[str] = []
    for line in lines:
        if (start := prompt.match(line)) or (typed and (start := continued.match(line))):
            typed.append(line[start.end() :])
    return "\n".join(typed) + "\n"


def without_numbers(code: str) -> str | None:
    """A listing without its line numbers, which must count up by one; None: it has none."""
    lines = code.split("\n")
    expected = None
    stripped = []
    for line in lines:
        found = _NUMBER.match(line)
        if found is None:
            if line.strip():
                return None
            stripped.append("")
            continue
        number = int(found[1])
        if expected is not None and number != expected:
            return None
        expected = number + 1
        stripped.append(line[found.end() :])
    if expected is None or len([line for line in stripped if line.strip()]) < 2:
        return None
    return textwrap.dedent("\n".join(stripped))


def is_diff(code: str) -> bool:
    """Whether it has a hunk header, or a diff's two file lines, or a patch's first line."""
    return re.search(r"^@@ -\d|^--- [^\n]*\n\+\+\+ |\A\n*\*\*\* Begin Patch\n", code, re.M) is not None


def diff_path(code: str) -> str | None:
    """The new file's path in a diff."""
    found = re.search(r"^(?:\+\+\+ (?:b/)?|\*\*\* (?:Add|Update) File: )([^\s]+)", code, re.M)
    return found[1] if found and found[1] != "/dev/null" else None


def patched(diff: str, before: str = "") -> str:
    """The new side of a diff: laid over `before` where its hunks fit there, else the lines it shows."""
    hunks: list[tuple[list[str], list[str]]] = []
    marked = any(_HUNK.fullmatch(line) for line in diff.split("\n"))
    old: list[str] = []
    new: list[str] = []
    started = not marked
    for line in diff.rstrip("\n").split("\n"):
        if _HUNK.fullmatch(line):
            if old or new:
                hunks.append((old, new))
            old, new, started = [], [], True
        elif (
            _DIFF_HEAD.match(line)
            and not (started and marked and not line.startswith(("--- ", "+++ ", "*** ", "diff ", "\\")))
        ) or not started:
            continue
        elif line.startswith("+"):
            new.append(line[1:])
        elif line.startswith("-"):
            old.append(line[1:])
        else:
            shared = line.removeprefix(" ")
            old.append(shared)
            new.append(shared)
    hunks.append((old, new))
    if before and (whole := _laid_over(before, hunks)) is not None:
        return whole
    return "\n".join(line for _, shown in hunks for line in shown) + "\n"


def _laid_over(before: str, hunks: list[tuple[list[str], list[str]]]) -> str | None:
    """The text with each hunk's old lines replaced, in order; None: one does not fit."""
    lines = before.rstrip("\n").split("\n")
    result: list[str] = []
    at = 0
    for old, new in hunks:
        if not any(line.strip() for line in old):
            return None
        place = next((i for i in range(at, len(lines) - len(old) + 1) if lines[i : i + len(old)] == old), None)
        if place is None:
            return None
        result += lines[at:place] + new
        at = place + len(old)
    return "\n".join(result + lines[at:]) + "\n"


def without_magics(code: str) -> str:
    """A notebook cell without its `!shell` and `%magic` lines."""
    return _MAGIC.sub("", code)
