"""Programs that somebody gets who puts a hint's code into their own: what the gate runs. Pure; it runs nothing itself."""

import difflib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from assay.gym.syntax import parse
from assay.gym.tutor import canonical
from assay.gym.tutor.canonical import Token
from assay.gym.tutor.unmarked import Exchange, written
from assay.records import Language

AT_MOST = 12
"""Programs for one hint."""
_GROUPS = (
    canonical.listed("< <= > >= == != === !=="),
    canonical.listed("+ - * / // % **"),
    canonical.listed("= += -= *= /="),
    canonical.listed("&& || and or"),
)


class Spliced(NamedTuple):
    """A program, and what was put into it."""

    source: str
    put: str


def programs(
    learner: str,
    pieces: Sequence[str],
    language: Language,
    entry: str | None,
    exchanges: Sequence[Exchange] = (),
) -> tuple[Spliced, ...]:
    """The programs to try, the likeliest first; those that do not parse are left out."""
    found: dict[str, Spliced] = {}
    tries = [_replaced(learner, exchanges, language), *(_tries(learner, piece, language, entry) for piece in pieces)]
    while tries and len(found) < AT_MOST:  # each piece in turn
        for one in list(tries):
            source_and_put = next(one, None)
            if source_and_put is None:
                tries.remove(one)
                continue
            source = source_and_put.source
            new = source.strip() != learner.strip() and source not in found and len(found) < AT_MOST
            if new and not parse(language, source).has_error:
                found[source] = source_and_put
    return tuple(found.values())


def _replaced(learner: str, exchanges: Sequence[Exchange], language: Language) -> Iterator[Spliced]:
    """One thing put for another: wherever it stands, in single places, and all that were told together."""
    own = canonical.program(learner, language)
    told: dict[tuple[str, ...], list[Exchange]] = {}
    for one in exchanges:
        told.setdefault(one.old, []).append(one)
    if len(told) > 1:
        for fewest in (False, True):  # as much as was told, or one token each
            yield _put(learner, own, [_pick(ones, fewest) for ones in told.values()])
    for one in exchanges:
        yield _put(learner, own, [one])
    for one in exchanges:
        for place in _places(own, one.old)[:3]:
            yield _put(learner, own, [one], place)


def _pick(ones: Sequence[Exchange], fewest: bool) -> Exchange:
    return (min if fewest else max)(ones, key=lambda one: len(one.new))


def _places(own: Sequence[Token], old: tuple[str, ...]) -> list[int]:
    texts = [token.text for token in own]
    return [at for at in range(len(texts) - len(old) + 1) if tuple(texts[at : at + len(old)]) == old]


def _put(learner: str, own: Sequence[Token], exchanges: Sequence[Exchange], only: int | None = None) -> Spliced:
    changes = sorted(
        {(own[at].start, own[at + len(one.old) - 1].end, written(one.new)) for one in exchanges for at in _places(own, one.old)
         if only is None or at == only}, reverse=True,
    )  # fmt: skip
    source, last = learner, len(learner) + 1
    for start, end, new in changes:
        if end <= last:
            source, last = source[:start] + new + source[end:], start
    return Spliced(source, "; ".join(f"{written(one.new)} for {written(one.old)}" for one in exchanges))


def _tries(learner: str, piece: str, language: Language, entry: str | None) -> Iterator[Spliced]:
    text = piece.strip("\n")
    tokens = canonical.fragment(text, language)
    if not tokens:
        return
    if len(tokens) == 1:
        yield from _exchanged(learner, tokens[0], language)
        return
    if "\n" in text if entry is None else _defines(text, entry, language):
        yield Spliced(text + "\n", text)
    if entry is not None and not _defines(text, entry, language):
        yield from _as_body(learner, text, language, entry)
    if "\n" in text:
        yield from _moved(learner, text, language)
    yield from _as_lines(learner, text, language)
    if "\n" not in text:
        yield from _as_expression(learner, text, tokens, language)
        yield from _as_new_line(learner, text)


def _defines(text: str, entry: str, language: Language) -> bool:
    forms = (f"def {entry}",) if language == "python" else (f"function {entry}", f"const {entry} =", f"let {entry} =")
    return any(form in text for form in forms)


def _as_body(learner: str, text: str, language: Language, entry: str) -> Iterator[Spliced]:
    lines = learner.split("\n")
    forms = (f"def {entry}",) if language == "python" else (f"function {entry}", f"{entry} =")
    head = next((at for at, line in enumerate(lines) if any(form in line for form in forms)), None)
    if head is None:
        return
    if "return" not in text and "\n" not in text:
        if ";" in text or "=" in text.replace("==", "").replace("<=", "").replace(">=", "").replace("!=", ""):
            return
        text = f"return {text}"  # an expression that is the whole answer
    body = _indented(text, "    ")
    end = "" if language == "python" else "\n}"
    yield Spliced("\n".join([*lines[: head + 1], body]) + end + "\n", text)


def _indented(text: str, indent: str) -> str:
    lines = text.split("\n")
    least = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return "\n".join(indent + line[least:] if line.strip() else line for line in lines)


def _moved(learner: str, text: str, language: Language) -> Iterator[Spliced]:
    """A block in the place of the lines that it begins and ends with: the same words may stand in other columns there."""
    lines = learner.split("\n")
    told = [line for line in text.split("\n") if line.strip()]
    shapes = [_shape(line, language) for line in lines]
    first, last = _shape(told[0], language), _shape(told[-1], language)
    begin = next((at for at, shape in enumerate(shapes) if shape and shape == first), None)
    if begin is None:
        return
    end = next((at for at in range(len(shapes) - 1, begin, -1) if shapes[at] and shapes[at] == last), None)
    if end is not None:
        indent = lines[begin][: len(lines[begin]) - len(lines[begin].lstrip())]
        yield Spliced("\n".join([*lines[:begin], _indented("\n".join(told), indent), *lines[end + 1 :]]), text)


def _as_lines(learner: str, text: str, language: Language) -> Iterator[Spliced]:
    """Each line of the hint in the place of the line that is most like it."""
    lines = learner.split("\n")
    changed, put = list(lines), False
    singles: list[Spliced] = []
    for new in text.split("\n"):
        shape = _shape(new, language)
        if len(shape) < 2:
            continue
        likeness = [
            (difflib.SequenceMatcher(None, shape, _shape(line, language)).ratio(), -at)
            for at, line in enumerate(lines)
            if line.strip()
        ]
        for ratio, minus_at in sorted(likeness, reverse=True)[:2]:
            if ratio < 0.5:
                break
            at = -minus_at
            old = lines[at]
            line = old[: len(old) - len(old.lstrip())] + _completed(new.strip(), old, language)
            singles.append(Spliced("\n".join([*lines[:at], line, *lines[at + 1 :]]), new.strip()))
            if changed[at] == old:
                changed[at], put = line, True
    if put and "\n" in text:
        yield Spliced("\n".join(changed), text)
    yield from singles


def _completed(new: str, old: str, language: Language) -> str:
    """A header without what ends it gets the ending of the line it replaces."""
    if language == "python" and old.rstrip().endswith(":") and not new.endswith(":"):
        return new + ":"
    if language == "javascript" and old.rstrip().endswith("{") and not new.endswith("{"):
        return new + " {"
    return new


def _shape(line: str, language: Language) -> list[str]:
    return [token.text for token in canonical.fragment(line, language)]


def _as_expression(learner: str, text: str, tokens: Sequence[Token], language: Language) -> Iterator[Spliced]:
    """In the place of the parts of the program that are most like it."""
    own = canonical.program(learner, language)
    wanted = [token.text for token in tokens]
    scored: list[tuple[float, int, int]] = []
    for size in range(1, len(wanted) + 4):
        for at in range(len(own) - size + 1):
            window = [token.text for token in own[at : at + size]]
            shared = len(set(window) & set(wanted))
            if shared == 0 or not _balanced(window) or len(scored) > 4000:
                continue
            same_ends = (window[0] == wanted[0]) + (window[-1] == wanted[-1])
            whole = _is_whole(own, at, at + size)
            scored.append((shared + same_ends + whole - 0.3 * abs(size - len(wanted)), at, size))
    for _, at, size in sorted(scored, reverse=True)[:8]:
        yield Spliced(learner[: own[at].start] + text.rstrip(":;{ ") + learner[own[at + size - 1].end :], text)


def _is_whole(own: Sequence[Token], begin: int, end: int) -> bool:
    """Whether these tokens are all of an argument, of a value or of a hole in a text."""
    before, behind = own[begin - 1] if begin else None, own[end] if end < len(own) else None
    opens = before is None or before.text in _OPENS or (before.kind == "text" and before.end > own[begin].start)
    ends = behind is None or behind.text in _CLOSES or behind.kind in ("word", "name", "text")
    return opens and ends


_OPENS = canonical.listed("( [ { , = : return if while => ...")
_CLOSES = canonical.listed(") ] } , : {")


def _balanced(window: Sequence[str]) -> bool:
    depth = 0
    for text in window:
        if text in ("(", "[", "{"):
            depth += 1
        elif text in (")", "]", "}"):
            depth -= 1
            if depth < 0:
                return False
    return depth == 0


def _as_new_line(learner: str, text: str) -> Iterator[Spliced]:
    """As a line of its own: before each return from the last, then after each line from the last."""
    lines = learner.rstrip().split("\n")
    if not any(sign in text for sign in "=()") and not text.startswith(("return", "break", "continue")):
        return
    returns = [at for at, line in enumerate(lines) if line.lstrip().startswith("return")]
    for at in reversed(returns):
        yield _inserted(lines, at, lines[at], text)
    for at in range(len(lines) - 1, -1, -1):
        if lines[at].strip() and lines[at].strip() != "}":
            indent = lines[at]
            if indent.rstrip().endswith((":", "{")):
                indent = "    " + indent
            yield _inserted(lines, at + 1, indent, text)
            shallower = len(lines[at]) - len(lines[at].lstrip())
            if shallower >= 8:
                yield _inserted(lines, at + 1, " " * 4 + "x", text)


def _inserted(lines: Sequence[str], at: int, like: str, text: str) -> Spliced:
    indent = like[: len(like) - len(like.lstrip())]
    return Spliced("\n".join([*lines[:at], indent + text, *lines[at:]]) + "\n", text)


def _exchanged(learner: str, token: Token, language: Language) -> Iterator[Spliced]:
    """One sign or number in the place of each of its kind."""
    group = next((group for group in _GROUPS if token.text in group), frozenset[str]())
    own = canonical.program(learner, language)
    for mine in own:
        alike = mine.text in group if token.kind != "number" else mine.kind == "number"
        if alike and mine.text != token.text and mine.kind == token.kind:
            yield Spliced(learner[: mine.start] + token.text + learner[mine.end :], token.text)
