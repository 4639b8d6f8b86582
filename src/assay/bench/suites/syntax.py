"""What a Python text defines and uses, seen without running it and without minding that it may be incomplete."""

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import tree_sitter_python
from tree_sitter import Language, Node, Parser

_UNCERTAIN = frozenset(
    (
        *("function_definition", "class_definition", "lambda"),
        *("if_statement", "for_statement", "while_statement", "try_statement", "boolean_operator"),
        *("conditional_expression", "list_comprehension", "set_comprehension", "dictionary_comprehension"),
        *("generator_expression", "match_statement"),
    )
)
"""What may keep the code inside it from being run, or run it more than once."""


class Definition(NamedTuple):
    """A function or class at the top level of a text."""

    name: str
    start: int
    """The byte it begins at, decorators included."""


@cache
def _language() -> Language:
    return Language(tree_sitter_python.language())


def _parse(source: str) -> Node:
    return Parser(_language()).parse(source.encode()).root_node


def definitions(source: str) -> list[Definition]:
    """The functions and classes at the top level, in order."""
    found = []
    for node in _parse(source).children:
        inner = node.child_by_field_name("definition") if node.type == "decorated_definition" else node
        if inner is not None and inner.type in ("function_definition", "class_definition"):
            name = inner.child_by_field_name("name")
            if name is not None:
                found.append(Definition(_text(name), node.start_byte))
    return found


def before(source: str, entry: str) -> str | None:
    """What stands before the definition of `entry`; None where it is not defined at the top level."""
    for definition in definitions(source):
        if definition.name == entry:
            return source.encode()[: definition.start].decode()
    return None


def names(source: str) -> frozenset[str]:
    """Every identifier the text mentions."""
    return frozenset(_text(node) for node in _walk(_parse(source)) if node.type == "identifier")


def imported(source: str) -> frozenset[str]:
    """The names that the text's import statements at the top level bind."""
    return frozenset(name for _, bound in _imports(source) for name in bound)


def imports_of(source: str, names: frozenset[str]) -> list[str]:
    """The import statements at the top level that bind one of these names."""
    return [statement for statement, bound in _imports(source) if bound & names]


def _imports(source: str) -> Iterator[tuple[str, frozenset[str]]]:
    for node in _parse(source).children:
        if node.type in ("import_statement", "import_from_statement"):
            bound = set()
            for child in node.children_by_field_name("name"):
                alias = child.child_by_field_name("alias")
                bound.add(_text(alias) if alias else _text(child).partition(".")[0])
            yield _text(node), frozenset(bound)


def calls(source: str) -> list[str]:
    """The plain names that are called, in order, each as often as it is called."""
    return [name for node in _walk(_parse(source)) if (name := _called(node))]


def certain_calls(source: str, names: frozenset[str], inside: str | None = None) -> int:
    """How many calls of these names happen whenever the text (or its function `inside`) runs to its end.

    Calls in loops, branches and functions are left out: a lower bound.
    """
    root = _parse(source)
    body = root if inside is None else _body(root, inside)
    return sum(_called(node) in names for node in _walk(body, _UNCERTAIN)) if body else 0


def _body(root: Node, function: str) -> Node | None:
    for node in root.children:
        name = node.child_by_field_name("name") if node.type == "function_definition" else None
        if name is not None and _text(name) == function:
            return node.child_by_field_name("body")
    return None


def _called(node: Node) -> str:
    function = node.child_by_field_name("function") if node.type == "call" else None
    return _text(function) if function is not None and function.type == "identifier" else ""


def _walk(node: Node, leave_out: frozenset[str] = frozenset()) -> Iterator[Node]:
    """The nodes in the order of the text."""
    waiting = [node]
    while waiting:
        here = waiting.pop()
        yield here
        children = here.named_children
        if leave_out and here.type == "assert_statement":
            children = children[:1]  # its message is only made when it fails
        waiting.extend(child for child in reversed(children) if child.type not in leave_out)


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")
