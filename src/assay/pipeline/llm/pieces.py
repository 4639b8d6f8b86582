"""A reply put together from its pieces: what was answered, what was thought, and when the first of it came."""

import re
import time
from typing import Any

from assay.pipeline.llm.thinking import split_thinking
from assay.pipeline.llm.wire import Wire, too_long
from assay.records import Reply

_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


class Pieces:
    """The text and the thinking of one reply, as they come in; `began` is when it was asked for, by `time.monotonic`."""

    def __init__(self, wire: Wire, began: float) -> None:
        self._wire = wire
        self._cap = wire.server.patience.reply_bytes
        self._began = began
        self._text: list[str] = []
        self._thinking: list[str] = []
        self._first: float | None = None
        self.size = 0
        """Characters so far."""

    def said(self, piece: str) -> None:
        """More of the answer. Raises TypeError where it is no text, Refused where all of it is longer than any reply."""
        self._add(self._text, piece)

    def thought(self, piece: str) -> None:
        """More of what the model thinks aloud; raises like `said`."""
        self._add(self._thinking, piece)

    def _add(self, to: list[str], piece: str) -> None:
        if self._first is None:
            self._first = time.monotonic()
        to.append(piece + "")  # raises where it is no text
        self.size += len(piece)
        if self.size > self._cap:
            raise too_long(self._wire.url, self._cap)

    def reply(self, **about: Any) -> Reply:
        """The whole reply, with what else its protocol tells."""
        text, tagged = split_thinking(_paired("".join(self._text)))
        return Reply(
            text=text,
            thinking=_paired("".join(self._thinking)) + tagged,
            latency_s=time.monotonic() - self._began,
            first_token_s=None if self._first is None else self._first - self._began,
            **about,
        )


def _paired(text: str) -> str:
    """The text with the halves of surrogate pairs joined, as a server gives them that cuts between two pieces."""
    if text.isascii():
        return text
    return _PAIR.sub(lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), text)
