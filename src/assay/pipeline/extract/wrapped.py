"""Code that a reply gives as a value of JSON: the argument of a tool's call, a notebook's cells."""

import json
from collections.abc import Iterator
from typing import Any

from assay.pipeline.extract.fences import MAX_BLOCKS, Block
from assay.pipeline.extract.mending import MENDING_LIMIT

_TRIES = 8
"""Places in a text at which a document may begin."""
_DEPTH = 12
_DECODER = json.JSONDecoder(strict=False)


def in_json(text: str) -> list[Block]:
    """The texts of several lines in the JSON of a reply, longest first; a notebook's code is one of them."""
    if len(text) > 4 * MENDING_LIMIT or "\\n" not in text:
        return []
    found = [code for document in _documents(text) for code in _texts(document, 0)]
    found.sort(key=len, reverse=True)
    return [
        Block(code.rstrip("\n") + "\n", changes=("code in a value of JSON taken",)) for code in dict.fromkeys(found)
    ][:MAX_BLOCKS]


def is_json(text: str) -> bool:
    """Whether the text is one document of JSON and nothing else. Such a text may be an expression of Python, too."""
    text = text.strip()
    if text[:1] not in ("{", "[") or text[-1:] not in ("}", "]"):
        return False
    try:
        return bool(_DECODER.raw_decode(text)[1] == len(text))
    except (ValueError, RecursionError):
        return False


def _documents(text: str) -> Iterator[Any]:
    at = 0
    for _ in range(_TRIES):
        begins = [place for place in (text.find("{", at), text.find("[", at)) if place >= 0]
        if not begins:
            return
        at = min(begins)
        try:
            document, at = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            at += 1
        else:
            yield document


def _texts(value: Any, depth: int) -> Iterator[str]:
    """The texts within; one that is JSON itself, as the arguments of a call are, is looked into."""
    if depth > _DEPTH:
        return
    if isinstance(value, str):
        if value[:1] in ("{", "[") and "\\n" in value:
            for document in _documents(value):
                yield from _texts(document, depth + 1)
        elif "\n" in value.strip():
            yield value
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one, depth + 1)
    elif isinstance(value, dict):
        if isinstance(cells := value.get("cells"), list):
            yield "\n".join(filter(None, map(_cell, cells)))
        else:
            for one in value.values():
                yield from _texts(one, depth + 1)


def _cell(cell: Any) -> str:
    if not isinstance(cell, dict) or cell.get("cell_type") != "code":
        return ""
    source = cell.get("source")
    lines = source if isinstance(source, list) else [source]
    return "".join(line for line in lines if isinstance(line, str)).rstrip("\n") + "\n"
