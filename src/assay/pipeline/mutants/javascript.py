"""Where a JavaScript program can be changed in one place, and what it is then."""

from collections.abc import Iterator
from functools import cache, partial
from typing import NamedTuple

import tree_sitter_javascript
from tree_sitter import Language, Node, Parser

from assay.pipeline.mutants.mutation import Mutated, Mutation, Site, short

_COMPARISONS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "===": "!==", "!==": "===", "==": "!=", "!=": "=="}
_ARITHMETIC = {
    "+": "-", "-": "+", "*": "/", "/": "*", "%": "*", "**": "*", "&": "|", "|": "&", "<<": ">>", ">>": "<<", ">>>": "<<",
}  # fmt: skip
_LOGIC = {"&&": "||", "||": "&&", "??": "&&"}
_ASSIGNED = {"+=": "-=", "-=": "+=", "*=": "/=", "/=": "*=", "%=": "*=", "**=": "*="}
_CONDITIONS = ("if_statement", "while_statement", "do_statement", "ternary_expression", "for_statement")


class _Change(NamedTuple):
    operator: str
    start: int
    end: int
    text: str
    shown: Node
    """The node whose source tells what was changed."""


@cache
def _grammar() -> Language:
    return Language(tree_sitter_javascript.language())


def sites(source: str) -> list[Site]:
    """Where the program can be changed, in the order of its text; nowhere in one with a mistake in its syntax."""
    data = source.encode("utf-8", "replace")
    root = Parser(_grammar()).parse(data).root_node
    if root.has_error:
        return []
    return [
        Site(change.operator, str(number), partial(_made, data, change)) for number, change in enumerate(_changes(root))
    ]


def _made(data: bytes, change: _Change) -> Mutated | None:
    new = data[: change.start] + change.text.encode() + data[change.end :]
    if Parser(_grammar()).parse(new).root_node.has_error:
        return None
    node = change.shown
    before = data[node.start_byte : node.end_byte].decode()
    after = new[node.start_byte : node.end_byte + len(new) - len(data)].decode()
    line = node.start_point[0] + 1
    return Mutated(
        Mutation(operator=change.operator, line=line, before=short(before), after=short(after)), new.decode()
    )


def _changes(root: Node) -> Iterator[_Change]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.type in ("import_statement", "comment"):
            continue
        yield from _of(node)
        waiting.extend(reversed(node.children))


def _text(node: Node | None) -> str:
    return (node.text or b"").decode() if node is not None else ""


def _of(node: Node) -> Iterator[_Change]:
    match node.type:
        case "binary_expression":
            yield from _binary(node)
        case "augmented_assignment_expression":
            yield from _swapped(node, node.child_by_field_name("operator"), _ASSIGNED, "arithmetic")
        case "update_expression":
            yield from _swapped(node, node.child_by_field_name("operator"), {"++": "--", "--": "++"}, "arithmetic")
        case "unary_expression":
            argument = node.child_by_field_name("argument")
            if _text(node.child_by_field_name("operator")) == "!" and argument is not None:
                yield _Change("not", node.start_byte, node.end_byte, _text(argument), node)
        case "number":
            yield from _number(node)
        case "true" | "false":
            yield _Change("constant", node.start_byte, node.end_byte, "true" if node.type == "false" else "false", node)
        case "string":
            yield from _string(node)
        case "return_statement":
            if node.named_children and _text(node.named_children[0]) not in ("null", "undefined"):
                value = node.named_children[0]
                yield _Change("return", value.start_byte, value.end_byte, "undefined", node)
        case "break_statement" | "continue_statement":
            if not node.named_children and not _in_switch(node):
                swapped = "continue" if node.type == "break_statement" else "break"
                yield _Change("loop", node.start_byte, node.start_byte + len(_text(node).rstrip(";")), swapped, node)
        case "expression_statement":
            if node.named_children and node.named_children[0].type == "call_expression":
                yield _Change("statement", node.start_byte, node.end_byte, ";", node)
    if node.type in _CONDITIONS:
        yield from _condition(node)


def _binary(node: Node) -> Iterator[_Change]:
    operator, left = node.child_by_field_name("operator"), node.child_by_field_name("left")
    yield from _swapped(node, operator, _COMPARISONS, "comparison")
    yield from _swapped(node, operator, _LOGIC, "and-or")
    if left is not None and left.type not in ("string", "template_string"):
        yield from _swapped(node, operator, _ARITHMETIC, "arithmetic")


def _swapped(node: Node, operator: Node | None, table: dict[str, str], name: str) -> Iterator[_Change]:
    if operator is not None and (new := table.get(_text(operator))) is not None:
        yield _Change(name, operator.start_byte, operator.end_byte, new, node)


def _number(node: Node) -> Iterator[_Change]:
    text = _text(node)
    if text.isdecimal():
        yield _Change("constant", node.start_byte, node.end_byte, str(int(text) + 1), node)
    else:
        big = text.endswith("n")
        yield _Change("constant", node.start_byte, node.end_byte, f"({text} + {'1n' if big else '1'})", node)


def _string(node: Node) -> Iterator[_Change]:
    """A literal of text. Directives (`"use strict"`), keys and what is required stay."""
    parent = node.parent
    if parent is None or parent.type in ("expression_statement", "import_attribute"):
        return
    key = parent.type == "pair" and parent.child_by_field_name("key") == node
    required = parent.type == "arguments" and _text(parent.parent).startswith("require(")
    if key or required or len(_text(node)) < 3:
        return
    text = _text(node)
    yield _Change("text", node.start_byte, node.end_byte, f"{text[:-1]}~{text[-1]}", node)


def _condition(node: Node) -> Iterator[_Change]:
    condition = node.child_by_field_name("condition")
    if condition is None or condition.type == "empty_statement":
        return
    if condition.type == "expression_statement":  # of `for (;;)`, with its semicolon
        condition = condition.named_children[0]
    yield _Change("condition", condition.start_byte, condition.end_byte, f"(!({_text(condition)}))", condition)


def _in_switch(node: Node) -> bool:
    """Whether a `break` leaves a switch, where `continue` would be about the loop around it."""
    parent = node.parent
    while parent is not None and parent.type not in (
        "for_statement",
        "for_in_statement",
        "while_statement",
        "do_statement",
    ):
        if parent.type == "switch_case" or parent.type == "switch_default":
            return True
        parent = parent.parent
    return False
