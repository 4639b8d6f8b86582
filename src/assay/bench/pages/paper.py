"""What others wrote, as a page shows it: visible, escaped, and cut so that no page grows with what a model wrote."""

from collections.abc import Iterable

from markupsafe import Markup, escape

from assay.bench.evidence import Row
from assay.visible import one_line, visible

TEXT = 20_000
"""Characters of one text that are shown."""
LINES = 1_000
_WHOLE = 1_200_000
"""Bytes of others' text on one page."""
_FULL = "… left out: this page holds enough. The JSON has it whole."


class Paper:
    """One page's worth of others' texts. Once it is full, notes take their place."""

    def __init__(self, size: int = _WHOLE) -> None:
        self._left = size

    def text(self, text: str | bytes, limit: int = TEXT) -> Markup:
        """A text as it stands, with a note of what was cut."""
        return self._take(escape(visible(_text(text), limit)))

    def line(self, text: str, limit: int = 200) -> Markup:
        """A text on one line."""
        return self._take(escape(one_line(text, limit)))

    def numbered(self, text: str, limit: int = TEXT) -> Markup:
        """A text for `<pre class="code lines">`: each line an element, which the style numbers."""
        lines = visible(text, limit).removesuffix("\n").split("\n")
        shown = [Markup("<span>{}</span>").format(line) for line in lines[:LINES]]
        if len(lines) > LINES:
            shown.append(Markup("… {} more lines").format(f"{len(lines) - LINES:,}"))
        return self._take(Markup("\n").join(shown))

    def compared(self, rows: Iterable[Row]) -> Markup:
        """A comparison for `<pre class="diff">`."""
        shown = []
        for number, row in enumerate(rows):
            if number == LINES:
                shown.append(Markup('<span class="gap">… more lines</span>'))
                break
            shown.append(Markup('<span class="{}">{}</span>').format(row.sign, visible(row.text, 2_000)))
        return self._take(Markup("").join(shown))

    def is_cut(self, text: str | bytes, limit: int = TEXT) -> bool:
        """Whether a text is too long to be shown whole."""
        lines = text.count("\n") if isinstance(text, str) else text.count(b"\n")
        return len(text) > limit or lines >= LINES

    def _take(self, made: Markup) -> Markup:
        size = len(made.encode("utf-8", "replace"))
        if size > self._left:
            return escape(_FULL)
        self._left -= size
        return made


def _text(text: str | bytes) -> str:
    return text if isinstance(text, str) else text.decode("utf-8", "replace")
