"""Something put before, behind or around a part of a program. Pure."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

from assay.gym.tutor.canonical import Token
from assay.gym.tutor.changes.places import Places, closing, indent_of
from assay.records import Language


def inserted(places: Places, language: Language) -> Iterator[str]:
    """The programs with something more in them."""
    own, source, order = places.own, places.source, places.order
    materials = [one for one in order.material if 0 < len(one) <= 60]
    for name in order.called:
        materials += [f".{name}()", f"{name}()", f"{name}"]
    if re.search(r"\breturn\b", order.said):
        materials.append("return ")
    if re.search(r"\b(?:minus|negative)\b", order.said):
        materials.append("-")
    for word in ("not", "await"):
        if re.search(rf"\b{word}\b", order.said):
            materials.append(f"{word} " if language == "python" else "!")
    within = places.tokens()
    for form in dict.fromkeys(materials):
        yield from _together(places, form)
        yield from _around(places, form, within)
        for at in within:
            token = own[at]
            yield source[: token.start] + _before(form) + source[token.start :]
            yield source[: token.end] + _behind(form) + source[token.end :]
    if re.search(r"\b(?:store|save|keep|assign|put|use|catch|result|back)\b", order.said):
        names = {token.text for begin, end in places.mentioned for token in own[begin:end] if token.kind == "name"}
        for at in places.spoken_of():
            line = places.lines[at]
            for name in sorted(names):
                kept = " " * indent_of(line) + f"{name} = {line.lstrip()}"
                yield places.with_lines([*places.lines[:at], kept, *places.lines[at + 1 :]])


def _before(form: str) -> str:
    return form if form.endswith(("(", ".", " ", "!", "[", "-")) else f"{form} "


def _behind(form: str) -> str:
    return form if form.startswith((".", "(", ")", ",", ";", ":", "[")) else f" {form}"


def _together(places: Places, form: str) -> Iterator[str]:
    """The same put in several places at once, where the order speaks of several."""
    own, source = places.own, places.source
    within = set(places.tokens())
    mentioned = [at for begin, end in places.mentioned for at in range(begin, end)]
    names = {own[at].text for at in _made(own)}
    groups: list[list[int]] = _uses(places)
    groups += (
        []
        if not places.order.together
        else [
            mentioned,
            [at for at in within if own[at].kind == "name" and own[at].text not in names],
            [at for at in within if own[at].kind == "number"],
            [at for at in within if own[at].kind == "text"],
            [at for at in within if own[at].text == ")" and at and own[at - 1].text == "("],
        ]
    )
    values = [at for at in sorted(within) if own[at].kind in ("name", "number") or own[at].text == ")"][:14]
    groups += [list(pair) for pair in combinations(values, 2)] if places.order.together else []
    for group in groups:
        if len(group) > 1:
            yield _all_put(source, [(own[at].start, form if form[-1:] in "(.!-" else f"{form} ") for at in group])
            yield _all_put(source, [(own[at].end, _behind(form)) for at in group])


def _uses(places: Places) -> list[list[int]]:
    """Where the names that the hint speaks of are used: all of them, those on its lines, each alone."""
    own, made, within = places.own, frozenset(_made(places.own)), set(places.tokens())
    uses = [
        at for begin, end in places.mentioned for at in range(begin, end) if own[at].kind == "name" and at not in made
    ]
    each = [[at for at in uses if own[at].text == name] for name in sorted({own[at].text for at in uses})]
    return [uses, [at for at in uses if at in within], *each]


def at_each_use(places: Places) -> Iterator[str]:
    """A method called on a name wherever it is used."""
    if "insert" not in places.order.kinds:
        return
    forms = [*(one for one in places.order.material if one[:1] == "."), *(f".{name}()" for name in places.order.called)]
    for form in forms:
        for group in _uses(places):
            if len(group) > 1:
                yield _all_put(places.source, [(places.own[at].end, form) for at in group])


def _made(own: Sequence[Token]) -> Iterator[int]:
    """The places of names where a program makes them: before `=`, after `for`, `let` and the like, in a function's head."""
    head = False
    for at, token in enumerate(own):
        before, behind = own[at - 1].text if at else "", own[at + 1].text if at + 1 < len(own) else ""
        head = (head and before != ")") or before in ("def", "function", "for")
        head = head and before not in ("in", "of")
        if token.kind == "name" and (head or behind == "=" or before in ("let", "const", "var")):
            yield at


def _all_put(source: str, puts: Iterable[tuple[int, str]]) -> str:
    for at, form in sorted(set(puts), reverse=True):
        source = source[:at] + form + source[at:]
    return source


def _around(places: Places, form: str, within: Sequence[int]) -> Iterator[str]:
    """A call put around a value: what is mentioned, a name, another call, the right side of a line."""
    name = form.removesuffix("()")
    if not re.fullmatch(r"[A-Za-z_$][\w.$]*", name) or form.startswith("."):
        return
    own, source = places.own, places.source
    spans: dict[tuple[int, int], None] = {}
    for at in within:
        token = own[at]
        opens = at + 1 < len(own) and own[at + 1].text in ("(", "[")
        if token.kind in ("name", "word") and opens and (close := closing(own, at + 1)) is not None:
            spans[(token.start, own[close].end)] = None
        if token.kind in ("name", "text", "number"):
            spans[(token.start, token.end)] = None
        if token.text in ("=", "return", "+=", "("):
            begin = token.end
            end = source.find("\n", begin)
            end = len(source) if end < 0 else end
            if token.text == "(" and (close := closing(own, at)) is not None:
                end = own[close].start
            text = source[begin:end]
            if text.strip(" ;"):
                spans[(begin + indent_of(text), begin + len(text.rstrip(" ;")))] = None
    for begin, finish in places.mentioned:
        spans[(own[begin].start, own[finish - 1].end)] = None
    forms = (name, f"Math.{name}") if places.order.called else (name,)
    for put in forms:
        for start, end in spans:
            yield f"{source[:start]}{put}({source[start:end]}){source[end:]}"
        for at in within:  # a call on the thing itself, in place of a part of it: `weigh(box)` for `box.weight`
            if own[at].kind == "name" and at + 2 < len(own) and own[at + 1].text == ".":
                yield f"{source[: own[at].start]}{put}({own[at].text}){source[own[at + 2].end :]}"
        if places.order.together:
            for one, other in combinations([span for span in spans if source[span[1] - 1] == ")"][:8], 2):
                if one[1] <= other[0]:
                    yield (f"{source[: one[0]]}{put}({source[one[0] : one[1]]}){source[one[1] : other[0]]}"
                           f"{put}({source[other[0] : other[1]]}){source[other[1] :]}")  # fmt: skip
