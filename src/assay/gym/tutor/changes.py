"""Programs that somebody gets who does to their own what a hint's sentences order in words. Pure; it runs nothing itself.

A sentence leaves open where exactly ("put `pet.` in front of each name"), so that every place is tried on paper; the
programs nearest to a solution come first, and only so many are run.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

from assay.gym.syntax import parse
from assay.gym.tutor import canonical, orders
from assay.gym.tutor.canonical import Token
from assay.gym.tutor.hint_text import HintText
from assay.gym.tutor.orders import Order
from assay.gym.tutor.splicing import Spliced
from assay.pipeline.likeness import shared_start
from assay.records import Language

AT_MOST = 8
"""Programs for one hint."""
_PLAINEST = 2
"""Of them, those that put one thing wherever something stands that the hint names."""
_TRIED = 1_500
"""Programs that are laid beside a solution, of one sentence."""
_LONGEST = 4_000
"""Characters of a program that is changed at all."""


def programs(learner: str, hint: HintText, language: Language, solutions: Sequence[str]) -> tuple[Spliced, ...]:
    """The programs to try, the nearest to a solution first; those that do not parse are left out."""
    if len(learner) > _LONGEST or not learner.strip():
        return ()
    own = canonical.program(learner, language)
    texts = frozenset(token.text for one in solutions for token in canonical.program(one, language))
    found: dict[str, Spliced] = {}
    plainest: list[Spliced] = []
    for order in orders.orders(hint, language, texts, frozenset(token.text for token in own)):
        places = _Places(learner, own, order)
        plainest += [Spliced(source, order.text) for source in _at_each_use(places)][:_PLAINEST]
        for source in _limited(_changed(places, language)):
            if source.strip() != learner.strip():
                found.setdefault(source, Spliced(source, order.text))
    targets = [_bare(one) for one in solutions]
    ranked = sorted(found.values(), key=lambda one: _distance(_bare(one.source), targets))
    tried: list[Spliced] = []
    for one in dict.fromkeys([*plainest[:_PLAINEST], *ranked]):
        if len(tried) >= AT_MOST:
            break
        if not parse(language, one.source).has_error:
            tried.append(one)
    return tuple(tried)


def _limited(sources: Iterator[str]) -> Iterator[str]:
    for _, source in zip(range(_TRIED), sources, strict=False):
        yield source


def _bare(source: str) -> str:
    """A program as it is compared: no blanks but those that begin a line, one kind of quotes, no comments of a whole line."""
    lines = (line.rstrip(" ;") for line in source.replace("'", '"').split("\n"))
    return "\n".join(
        line[: len(line) - len(line.lstrip())] + "".join(line.split())
        for line in lines
        if line.strip() and not line.lstrip().startswith(("#", "//"))
    )


def _distance(source: str, targets: Sequence[str]) -> int:
    """Characters between what two texts begin and end with alike; of the nearest target."""
    return min((_between(source, target) for target in targets), default=0)


def _between(one: str, other: str) -> int:
    begin = shared_start(one, other)
    end = shared_start(one[begin:][::-1], other[begin:][::-1])
    return len(one) + len(other) - 2 * (begin + end)


# ---- what one order may mean -----------------------------------------------------------------------------------------------


def _changed(places: "_Places", language: Language) -> Iterator[str]:
    order = places.order
    if "remove" in order.kinds:
        yield from _removed(places, language)
    if "move" in order.kinds:
        yield from _moved(places, language)
    if "swap" in order.kinds:
        yield from _swapped(places)
    if "set" in order.kinds:
        yield from _set(places)
    if "insert" in order.kinds:
        yield from _inserted(places, language)


class _Places:
    """Where in a program an order may mean."""

    def __init__(self, source: str, own: Sequence[Token], order: Order) -> None:
        self.source, self.own, self.order = source, own, order
        self.lines = source.split("\n")
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line) + 1)
        last = len(source.rstrip().split("\n")) - 1
        self.named = tuple(last if one == -1 else one - 1 for one in order.lines if one == -1 or one <= len(self.lines))
        self.mentioned = tuple(_mentioned(own, order))

    def line_of(self, at: int) -> int:
        return self.source.count("\n", 0, at)

    def spoken_of(self) -> list[int]:
        """The lines that the order may speak of: those that it names, else those with what it mentions, else all."""
        if self.named:
            return list(self.named)
        lines = [self.line_of(self.own[begin].start) for begin, _ in self.mentioned]
        begun = [
            at
            for at, line in enumerate(self.lines)
            if any(line.lstrip().startswith(head) and word in self.order.said for head, word in _HEADS)
        ]
        return list(dict.fromkeys([*lines, *begun])) or self.all_lines()

    def all_lines(self) -> list[int]:
        return [at for at, line in enumerate(self.lines) if line.strip()]

    def tokens(self) -> list[int]:
        """The tokens on the lines it names, or all."""
        if not self.named:
            return list(range(len(self.own)))
        return [at for at, token in enumerate(self.own) if self.line_of(token.start) in self.named]

    def with_lines(self, lines: Iterable[str]) -> str:
        return "\n".join(lines)


_HEADS = (
    ("return", "return"), ("print", "print"), ("console.log", "print"), ("console.log", "log"), ("for", "loop"),
    ("while", "loop"), ("if", "if"), ("else", "else"), ("break", "break"), ("continue", "continue"), ("let ", "variable"),
    ("if", "question"), ("if", "condition"), ("if", "check"),
)  # fmt: skip


def _mentioned(own: Sequence[Token], order: Order) -> Iterator[tuple[int, int]]:
    """Runs of the program's tokens that the sentence holds, the longest that begins at each place."""
    said = order.text.replace("`", " ")
    squeezed = "".join(said.split())
    words = set(re.findall(r"[\w$]+|[^\w\s]", said))
    at = 0
    while at < len(own):
        size = 0
        while at + size < len(own) and "".join(one.text for one in own[at : at + size + 1]) in squeezed:
            size += 1
        if size and (size > 1 or own[at].text in words):
            yield at, at + size
            at += size
        else:
            at += 1


def _cut(source: str, spans: Iterable[tuple[int, int]], put: str = "") -> str:
    for start, end in sorted(set(spans), reverse=True):
        source = source[:start] + put + source[end:]
    return source


# ---- remove ----------------------------------------------------------------------------------------------------------------

_JOINING = canonical.listed("+ - * / // % , and or && || == < > <= >=")


def _removed(places: _Places, language: Language) -> Iterator[str]:
    lines, own, source, said = places.lines, places.own, places.source, places.order.said
    meant = places.spoken_of()
    if len(meant) > 1:
        yield places.with_lines(line for at, line in enumerate(lines) if at not in meant)
    for at in meant:
        yield places.with_lines([*lines[:at], *lines[at + 1 :]])
        if re.match(r"\s*\w+ = ", lines[at]):
            kept = " " * _indent(lines[at]) + lines[at].partition(" = ")[2]
            yield places.with_lines([*lines[:at], kept, *lines[at + 1 :]])
        if lines[at].rstrip().endswith((":", "{")):
            yield places.with_lines(_opened(lines, at))
    runs = []
    for begin, end in places.mentioned:
        first, last = own[begin].start, own[end - 1].end
        runs.append((first, last))
        yield _cut(source, [(first, last)])
        if begin and own[begin - 1].text in _JOINING | {"not", "!", "."}:
            yield _cut(source, [(own[begin - 1].start, last)])
        if end < len(own) and own[end].text in (*_JOINING, "=", "."):
            yield _cut(source, [(first, own[end].end)])
        if end < len(own) and own[end].text == "(" and (close := _closing(own, end)) is not None:
            yield _cut(source, [(first, own[end].end), (own[close].start, own[close].end)])
            yield _cut(
                source, [(own[begin - 1].start if begin and own[begin - 1].text == "." else first, own[close].end)]
            )
        if begin >= 1 and own[begin].text == "=" and places.line_of(first) != places.line_of(last):
            yield _cut(source, [(first, last)])
    if runs:
        yield _cut(source, runs)
    yield from _unquoted(places, said)
    if "bracket" in said or "parenthes" in said or "brace" in said:
        for begin, token in enumerate(own):
            if token.text in ("(", "[", "{") and (close := _closing(own, begin)) is not None:
                yield _cut(source, [(token.start, token.end), (own[close].start, own[close].end)])
    if "space" in said or "indent" in said:
        for at in meant:
            if lines[at].startswith("  "):
                yield places.with_lines([*lines[:at], lines[at][_step(language) :], *lines[at + 1 :]])


def _unquoted(places: _Places, said: str) -> Iterator[str]:
    if "quot" not in said:
        return
    texts = [match.span() for match in re.finditer(r"\"[^\"\n]*\"|'[^'\n]*'", places.source)]
    for start, end in texts:
        if not places.named or places.line_of(start) in places.named:
            yield places.source[:start] + places.source[start + 1 : end - 1] + places.source[end:]


def _opened(lines: Sequence[str], head: int) -> list[str]:
    """The lines without a head, and what it held one step to the left."""
    indent = _indent(lines[head])
    found = list(lines[:head])
    inside = True
    for line in lines[head + 1 :]:
        inside = inside and (not line.strip() or _indent(line) > indent)
        found.append(line[min(4, _indent(line) - indent) :] if inside and line.strip() else line)
    return found


def _closing(own: Sequence[Token], begin: int) -> int | None:
    depth = 0
    for at in range(begin, len(own)):
        depth += (own[at].text in ("(", "[", "{")) - (own[at].text in (")", "]", "}"))
        if depth == 0:
            return at
    return None


# ---- move ------------------------------------------------------------------------------------------------------------------


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _step(language: Language) -> int:
    return 4 if language == "python" else 2


def _moved(places: _Places, language: Language) -> Iterator[str]:
    lines, step = places.lines, _step(language)
    meant = places.spoken_of()
    for at in dict.fromkeys([*meant, *(places.all_lines() if len(places.lines) <= 24 and not places.named else [])]):
        line = lines[at]
        if language == "python":
            for shift in (-step, step, -2 * step):
                if _indent(line) + shift >= 0:
                    moved = " " * (_indent(line) + shift) + line.lstrip()
                    yield places.with_lines([*lines[:at], moved, *lines[at + 1 :]])
        rest = [*lines[:at], *lines[at + 1 :]]
        for to in range(1, len(rest) + 1):
            for like in {_indent(rest[to - 1]), _indent(rest[to]) if to < len(rest) else 0, _indent(line)}:
                yield places.with_lines([*rest[:to], " " * like + line.lstrip(), *rest[to:]])


# ---- swap ------------------------------------------------------------------------------------------------------------------

_TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "!=", "!=": "==", "===": "!==", "!==": "===", "and": "or",
           "or": "and", "&&": "||", "||": "&&", "+": "-", "-": "+", "*": "/", "/": "*"}  # fmt: skip
_SIGNS = canonical.listed("+ - * / // % < > <= >= and or && || == === ,")
_BOUNDS = canonical.listed("( [ { } ] ) , = : ; return if while elif and or && || in += -=")


def _swapped(places: _Places) -> Iterator[str]:
    lines, own, source = places.lines, places.own, places.source
    meant = places.all_lines() if len(places.all_lines()) <= 24 else places.spoken_of()
    for one, other in combinations(meant, 2):
        if not places.named or one in places.named or other in places.named:
            changed = list(lines)
            changed[one], changed[other] = (
                " " * _indent(lines[one]) + lines[other].lstrip(),
                " " * _indent(lines[other]) + lines[one].lstrip(),
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


# ---- set -------------------------------------------------------------------------------------------------------------------


_ALIKE = (
    canonical.listed("= += -= *= /="),
    canonical.listed("< > <= >= == != === !=="),
    canonical.listed("and or"),
    canonical.listed("&& ||"),
)


def _set(places: _Places) -> Iterator[str]:
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


def _written_otherwise(places: _Places) -> Iterator[str]:
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
            close = _closing(own, begin) if own[begin].text in ("(", "[", "{") else None
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


# ---- insert ----------------------------------------------------------------------------------------------------------------


def _inserted(places: _Places, language: Language) -> Iterator[str]:
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
                kept = " " * _indent(line) + f"{name} = {line.lstrip()}"
                yield places.with_lines([*places.lines[:at], kept, *places.lines[at + 1 :]])


def _before(form: str) -> str:
    return form if form.endswith(("(", ".", " ", "!", "[", "-")) else f"{form} "


def _behind(form: str) -> str:
    return form if form.startswith((".", "(", ")", ",", ";", ":", "[")) else f" {form}"


def _together(places: _Places, form: str) -> Iterator[str]:
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


def _uses(places: _Places) -> list[list[int]]:
    """Where the names that the hint speaks of are used: all of them, those on its lines, each alone."""
    own, made, within = places.own, frozenset(_made(places.own)), set(places.tokens())
    uses = [
        at for begin, end in places.mentioned for at in range(begin, end) if own[at].kind == "name" and at not in made
    ]
    each = [[at for at in uses if own[at].text == name] for name in sorted({own[at].text for at in uses})]
    return [uses, [at for at in uses if at in within], *each]


def _at_each_use(places: _Places) -> Iterator[str]:
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


def _around(places: _Places, form: str, within: Sequence[int]) -> Iterator[str]:
    """A call put around a value: what is mentioned, a name, another call, the right side of a line."""
    name = form.removesuffix("()")
    if not re.fullmatch(r"[A-Za-z_$][\w.$]*", name) or form.startswith("."):
        return
    own, source = places.own, places.source
    spans: dict[tuple[int, int], None] = {}
    for at in within:
        token = own[at]
        opens = at + 1 < len(own) and own[at + 1].text in ("(", "[")
        if token.kind in ("name", "word") and opens and (close := _closing(own, at + 1)) is not None:
            spans[(token.start, own[close].end)] = None
        if token.kind in ("name", "text", "number"):
            spans[(token.start, token.end)] = None
        if token.text in ("=", "return", "+=", "("):
            begin = token.end
            end = source.find("\n", begin)
            end = len(source) if end < 0 else end
            if token.text == "(" and (close := _closing(own, at)) is not None:
                end = own[close].start
            text = source[begin:end]
            if text.strip(" ;"):
                spans[(begin + _indent(text), begin + len(text.rstrip(" ;")))] = None
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
