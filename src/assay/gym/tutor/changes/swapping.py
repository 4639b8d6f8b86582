"""Two things that change places, or a sign turned round. Pure."""

from collections.abc import Iterator, Sequence
from itertools import combinations

from assay.gym.tutor import canonical
from assay.gym.tutor.canonical import Token
from assay.gym.tutor.changes.places import Places, indent_of

_TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "!=", "!=": "==", "===": "!==", "!==": "===", "and": "or",
           "or": "and", "&&": "||", "||": "&&", "+": "-", "-": "+", "*": "/", "/": "*"}  # fmt: skip
_SIGNS = canonical.listed("+ - * / // % < > <= >= and or && || == === ,")
_BOUNDS = canonical.listed("( [ { } ] ) , = : ; return if while elif and or && || in += -=")


def swapped(places: Places) -> Iterator[str]:
    """The programs with two things exchanged."""
    lines, own, source = places.lines, places.own, places.source
    meant = places.all_lines() if len(places.all_lines()) <= 24 else places.spoken_of()
    for one, other in combinations(meant, 2):
        if not places.named or one in places.named or other in places.named:
            changed = list(lines)
            changed[one], changed[other] = (
                " " * indent_of(lines[one]) + lines[other].lstrip(),
                " " * indent_of(lines[other]) + lines[one].lstrip(),
            )
            yield places.with_lines(changed)
    within = places.tokens()
    for kind in ("number", "text", "name"):
        alike = [own[at] for at in within if own[at].kind == kind]
        for first, second in combinations(alike[:16], 2):
            if first.text != second.text and first.end <= second.start:
                yield _exchanged(source, (first.start, first.end), (second.start, second.end))
    for at in within:
        token = own[at]
        if token.text in _TURNED:
            yield source[: token.start] + _TURNED[token.text] + source[token.end :]
        if token.text in _SIGNS:
            left, right = _side(own, at, -1), _side(own, at, +1)
            if left is not None and right is not None:
                yield _exchanged(source, left, right)


def _exchanged(source: str, one: tuple[int, int], other: tuple[int, int]) -> str:
    (a, b), (c, d) = one, other
    return source[:a] + source[c:d] + source[b:c] + source[a:b] + source[d:]


def _side(own: Sequence[Token], sign: int, way: int) -> tuple[int, int] | None:
    """The characters of what stands on one side of a sign."""
    at, depth, last = sign + way, 0, None
    opens, closes = ("([{", ")]}") if way > 0 else (")]}", "([{")
    while 0 <= at < len(own):
        text = own[at].text
        if depth == 0 and text not in opens and (text in _BOUNDS or (text in ("+", "-") and way > 0)):
            break
        depth += (text in opens and len(text) == 1) - (text in closes and len(text) == 1)
        if depth < 0:
            break
        last, at = at, at + way
    if last is None:
        return None
    first, final = sorted((sign + way, last))
    return own[first].start, own[final].end
