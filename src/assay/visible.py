"""Text that somebody else wrote, made fit to be looked at: nothing hidden, nothing that moves a cursor or the eye."""

import re

# C0 and C1 controls (tab and newline aside), line and paragraph separators, everything that turns the writing direction
# or has no width (Trojan Source, CVE-2021-42574), tags, interlinear marks, variation selectors, lone surrogates.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)


def visible(text: str, limit: int | None = None, line_limit: int = 2_000) -> str:
    """The text with every unseen character shown as ⟨U+202E⟩, lines and the whole cut with a note of how much."""
    if limit is not None and len(text) > limit:
        text = f"{text[:limit]}\n… {len(text) - limit:,} more characters"
    text = text.replace("\r\n", "\n")
    if _UNSEEN.search(text):
        text = _UNSEEN.sub(lambda match: f"⟨U+{ord(match[0]):04X}⟩", text)
    if len(text) <= line_limit:
        return text
    return "\n".join(_cut(line, line_limit) for line in text.split("\n"))


def one_line(text: str, limit: int = 200) -> str:
    """The text on one line, line ends and tabs shown too, cut with an ellipsis."""
    text = visible(text if len(text) <= 4 * limit else text[: 4 * limit], line_limit=4 * limit)
    text = text.replace("\n", "⏎").replace("\t", "→")
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _cut(line: str, limit: int) -> str:
    return line if len(line) <= limit else f"{line[:limit]} … {len(line) - limit:,} more characters on this line"
