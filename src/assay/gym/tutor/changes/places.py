"""Where in a program an order may mean. Pure."""

import re
from collections.abc import Iterable, Iterator, Sequence

from assay.gym.tutor.canonical import Token
from assay.gym.tutor.orders import Order
from assay.records import Language


class Places:
    """Where in a program an order may mean."""

    def __init__(self, source: str, own: Sequence[Token], order: Order) -> None:
        self.source, self.own, self.order = source, own, order
        self.lines = source.split("\n")
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line) + 1)
        last = max((at for at, line in enumerate(self.lines) if line.strip(" });")), default=0)
        known = range(1, len(self.lines) + 1)
        self.named = tuple(last if one == -1 else one - 1 for one in order.lines if one == -1 or one in known)
        self.mentioned = tuple(_mentioned(own, order))

    def line_of(self, at: int) -> int:
        """The line of a character, from 0."""
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
        """Every line that is not blank."""
        return [at for at, line in enumerate(self.lines) if line.strip()]

    def tokens(self) -> list[int]:
        """The tokens on the lines it names, or all."""
        if not self.named:
            return list(range(len(self.own)))
        return [at for at, token in enumerate(self.own) if self.line_of(token.start) in self.named]

    def with_lines(self, lines: Iterable[str]) -> str:
        """The program of these lines."""
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


def cut(source: str, spans: Iterable[tuple[int, int]]) -> str:
    """A program without these characters."""
    for start, end in sorted(set(spans), reverse=True):
        source = source[:start] + source[end:]
    return source


def closing(own: Sequence[Token], begin: int) -> int | None:
    """The token that closes the bracket at `begin`."""
    depth = 0
    for at in range(begin, len(own)):
        depth += (own[at].text in ("(", "[", "{")) - (own[at].text in (")", "]", "}"))
        if depth == 0:
            return at
    return None


def indent_of(line: str) -> int:
    """The blanks that a line begins with."""
    return len(line) - len(line.lstrip())


def step_of(language: Language) -> int:
    """The blanks of one step further in, as the courses write."""
    return 4 if language == "python" else 2
