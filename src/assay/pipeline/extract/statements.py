"""What both grammars say of source text: its top-level statements, and whether it parses."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Protocol

from assay.records import Language

StatementKind = Literal["import", "definition", "assignment", "block", "call", "main", "text", "other"]
"""other: what may be prose that happens to parse (`Sure`, `Note: this`)."""

PARSE_LIMIT = 128 * 1024
"""Longer source is taken as it is: nothing a model writes for a task is so long, and parsing hostile text costs."""
REMEMBERED = 256
"""Of how many texts a grammar remembers what it said: the same one is met in several ways within a reply."""


_PLAIN_VALUE = re.compile(r"\A[^=\n]*=[ \t]*[\[{\"'`\d]")


@dataclass(frozen=True, slots=True)
class Statement:
    """One top-level statement: where it stands in the source, and which names it gives."""

    start: int
    end: int
    kind: StatementKind
    names: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    """Names defined one level down: a class's methods, what an `if` defines."""


class Grammar(Protocol):
    """A language, as far as finding its code in text needs it. Nothing is ever compiled or run."""

    name: Language
    tags: frozenset[str]
    """What a fence calls it."""
    suffixes: tuple[str, ...]
    builtins: frozenset[str]
    """Names that are there without an import."""

    def parses(self, code: str) -> bool: ...

    def statements(self, code: str, *, prose: bool = False) -> list[Statement]:
        """The top-level statements in order; with `prose`, what looks like one in text that is not all code."""

    def unclosed(self, code: str) -> str:
        """The brackets that are missing at the end of a function; "" in a language that has none around it."""

    def is_stub(self, code: str) -> bool:
        """Whether a definition has no body to speak of (a docstring, pass, an ellipsis, a comment)."""

    def used(self, code: str) -> set[str]:
        """Names the source reads and does not bind anywhere itself."""


@dataclass(frozen=True)
class Source:
    """Source text in a language; what is known of it is worked out once, when asked for."""

    grammar: Grammar
    code: str

    @cached_property
    def parses(self) -> bool:
        return self.grammar.parses(self.code)

    @cached_property
    def statements(self) -> list[Statement]:
        return self.grammar.statements(self.code)

    def text(self, statement: Statement) -> str:
        return self.code[statement.start : statement.end]

    def defining(self, entry: str) -> list[Statement]:
        """The statements that give `entry` at the top level."""
        return [s for s in self.statements if entry in s.names and s.kind != "import" and not self._plain_value(s)]

    def _plain_value(self, statement: Statement) -> bool:
        """Whether it gives a name a list, dict, text or number: a variable of an example, nothing that can be called."""
        return statement.kind == "assignment" and _PLAIN_VALUE.search(self.text(statement)) is not None

    def defines(self, entry: str) -> bool:
        return entry in self.code and bool(self.defining(entry))

    def defines_inside(self, entry: str) -> bool:
        """Whether it stands one level down, as a method of `class Solution` does."""
        return entry in self.code and any(entry in s.methods for s in self.statements)

    def only_stub(self, entry: str) -> bool:
        """Whether every definition of `entry` is an empty one."""
        found = self.defining(entry)
        return bool(found) and all(s.kind == "definition" and self.grammar.is_stub(self.text(s)) for s in found)
