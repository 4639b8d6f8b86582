"""A value, a name or a sign put for another of its kind; the same thing written otherwise. Pure."""

import re
from collections.abc import Iterator

from assay.gym.tutor import canonical
from assay.gym.tutor.canonical import Token
from assay.gym.tutor.changes.places import Places, closing

_ALIKE = (
    canonical.listed("= += -= *= /="),
    canonical.listed("< > <= >= == != === !=="),
    canonical.listed("and or"),
    canonical.listed("&& ||"),
)


def exchanged_values(places: Places) -> Iterator[str]:
    """A value put for another; a name for another; a sign for another of its kind."""
    own, source, order = places.own, places.source, places.order
    within = places.tokens()
    named = [own[at].text for begin, end in places.mentioned for at in range(begin, end) if own[at].kind == "name"]
    for value in dict.fromkeys((*order.values, *order.called, *named)):
        numeric = value[:1].isdigit() or value[:1] in "\"'[{"
        signs = next((group for group in _ALIKE if value in group), frozenset[str]())
        for at in within:
            token = own[at]
            fits = token.kind in ("number", "text") if numeric else token.kind in ("name", "word")
            if signs or token.text in ("and", "or"):
                fits = token.text in signs
            if fits and token.text != value and _plain(source, token):
                yield source[: token.start] + value + source[token.end :]
            if numeric and token.text in ("[", "{") and at + 1 < len(own) and own[at + 1].text in "]}":
                yield source[: token.start] + value + source[own[at + 1].end :]
    yield from _written_otherwise(places)


_COPIES = ("{{ ...{} }}", "[...{}]", "{}.copy()", "list({})", "{}[:]")


def _written_otherwise(places: Places) -> Iterator[str]:
    """Small and capital letters, other marks round a text or a value, a copy of a thing."""
    own, source, said = places.own, places.source, places.order.said
    if re.search(r"\b(?:small|lower|lowercase|capital|upper|uppercase|large)\b", said):
        for name in dict.fromkeys(own[at].text for begin, end in places.mentioned for at in range(begin, end)):
            if name.isidentifier():
                for form in (name.lower(), name.upper(), name[:1].lower() + name[1:], name[:1].upper() + name[1:]):
                    yield re.sub(rf"\b{re.escape(name)}\b", form, source)
    if "backtick" in said:
        for match in re.finditer(r"\"[^\"\n]*\"|'[^'\n]*'", source):
            yield f"{source[: match.start()]}`{match[0][1:-1]}`{source[match.end() :]}"
    if re.search(r"\b(?:round|parenthes[ie]s|curly|square)\b", said):
        for begin in places.tokens():
            close = closing(own, begin) if own[begin].text in ("(", "[", "{") else None
            for pair in ("()", "[]", "{}") if close is not None else ():
                yield (
                    source[: own[begin].start]
                    + pair[0]
                    + source[own[begin].end : own[close or 0].start]
                    + pair[1]
                    + source[own[close or 0].end :]
                )
    if re.search(r"\b(?:copy|copies|spread|three dots)\b", said):
        for at in places.tokens():
            for form in _COPIES if own[at].kind == "name" else ():
                yield source[: own[at].start] + form.format(own[at].text) + source[own[at].end :]


def _plain(source: str, token: Token) -> bool:
    """Whether the token is itself in the text: those of a text with holes lie within another."""
    return token.kind != "text" or source[token.start : token.start + 1] in "\"'"
