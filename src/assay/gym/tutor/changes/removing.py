"""Things taken out of a program: lines, what a sentence mentions, quotes, brackets, a step of indentation. Pure."""

import re
from collections.abc import Iterator, Sequence

from assay.gym.tutor import canonical
from assay.gym.tutor.changes.places import Places, closing, cut, indent_of, step_of
from assay.records import Language

_JOINING = canonical.listed("+ - * / // % , and or && || == < > <= >=")


def removed(places: Places, language: Language) -> Iterator[str]:
    """The programs without something that an order may mean."""
    lines, own, source, said = places.lines, places.own, places.source, places.order.said
    meant = places.spoken_of()
    if len(meant) > 1:
        yield places.with_lines(line for at, line in enumerate(lines) if at not in meant)
    for at in meant:
        yield places.with_lines([*lines[:at], *lines[at + 1 :]])
        if re.match(r"\s*\w+ = ", lines[at]):
            kept = " " * indent_of(lines[at]) + lines[at].partition(" = ")[2]
            yield places.with_lines([*lines[:at], kept, *lines[at + 1 :]])
        if lines[at].rstrip().endswith((":", "{")):
            yield places.with_lines(_opened(lines, at))
    runs = []
    for begin, end in places.mentioned:
        first, last = own[begin].start, own[end - 1].end
        runs.append((first, last))
        yield cut(source, [(first, last)])
        if begin and own[begin - 1].text in _JOINING | {"not", "!", "."}:
            yield cut(source, [(own[begin - 1].start, last)])
        if end < len(own) and own[end].text in (*_JOINING, "=", "."):
            yield cut(source, [(first, own[end].end)])
        if end < len(own) and own[end].text == "(" and (close := closing(own, end)) is not None:
            yield cut(source, [(first, own[end].end), (own[close].start, own[close].end)])
            yield cut(
                source, [(own[begin - 1].start if begin and own[begin - 1].text == "." else first, own[close].end)]
            )
        if begin >= 1 and own[begin].text == "=" and places.line_of(first) != places.line_of(last):
            yield cut(source, [(first, last)])
    if runs:
        yield cut(source, runs)
    yield from _unquoted(places, said)
    if "bracket" in said or "parenthes" in said or "brace" in said:
        for begin, token in enumerate(own):
            if token.text in ("(", "[", "{") and (close := closing(own, begin)) is not None:
                yield cut(source, [(token.start, token.end), (own[close].start, own[close].end)])
    if "space" in said or "indent" in said:
        for at in meant:
            if lines[at].startswith("  "):
                yield places.with_lines([*lines[:at], lines[at][step_of(language) :], *lines[at + 1 :]])


def _unquoted(places: Places, said: str) -> Iterator[str]:
    if "quot" not in said:
        return
    texts = [match.span() for match in re.finditer(r"\"[^\"\n]*\"|'[^'\n]*'", places.source)]
    for start, end in texts:
        if not places.named or places.line_of(start) in places.named:
            yield places.source[:start] + places.source[start + 1 : end - 1] + places.source[end:]


def _opened(lines: Sequence[str], head: int) -> list[str]:
    """The lines without a head and the brace that closes it, and what it held one step to the left."""
    indent, braced = indent_of(lines[head]), lines[head].rstrip().endswith("{")
    found = list(lines[:head])
    inside, step = True, 0
    for line in lines[head + 1 :]:
        was_inside, inside = inside, inside and (not line.strip() or indent_of(line) > indent)
        if was_inside and not inside and braced and line.strip() == "}":
            continue
        step = step or (indent_of(line) - indent if inside and line.strip() else 0)
        found.append(line[step:] if inside and line.strip() else line)
    return found
