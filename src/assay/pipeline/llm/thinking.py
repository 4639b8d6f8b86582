"""What a model thought aloud, kept apart from what it answered."""

import re

_OPEN = re.compile(r"\s*<(think|thinking|thought)>", re.IGNORECASE)
_CLOSE = {name: re.compile(f"</{name}>[\r\n]*", re.IGNORECASE) for name in ("think", "thinking", "thought")}
_LONE_CLOSE = re.compile(r"^[ \t]*</(?:think|thinking|thought)>[ \t]*(?:\r?\n|\Z)", re.IGNORECASE | re.MULTILINE)


def split_thinking(text: str) -> tuple[str, str]:
    """(answer, thinking) of a reply that carries its thinking in tags.

    Blocks at the very start are taken; one that is never closed (the reply was cut) is thinking to its end. A closing
    tag alone on its line without an opening one ends thinking too: some chat templates put the opening into the prompt.
    Tags elsewhere are the answer's own and stay.
    """
    thoughts: list[str] = []
    at = 0
    while opening := _OPEN.match(text, at):
        closing = _CLOSE[opening[1].lower()].search(text, opening.end())
        if closing is None:
            return "", "\n".join([*thoughts, text[opening.end() :].strip()])
        thoughts.append(text[opening.end() : closing.start()].strip())
        at = closing.end()
    text = text[at:]
    if not thoughts and "</t" in text.lower() and (lone := _LONE_CLOSE.search(text)):
        before = text[: lone.start()]
        if not re.search(r"<(think|thinking|thought)>|```|~~~", before, re.IGNORECASE):
            return text[lone.end() :].lstrip("\r\n"), before.strip()
    return text, "\n".join(thoughts)
