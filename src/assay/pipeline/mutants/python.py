"""Where a Python program can be changed in one place, and what it is then."""

import ast
import copy
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from assay.pipeline.mutants.mutation import Mutated, Mutation, Site, short
from assay.pipeline.parsing import parse

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}  # fmt: skip


class _Place(NamedTuple):
    operator: str
    number: int
    """Which node of the tree, in the order of `ast.walk`."""
    variant: int


def sites(source: str, imported: bool) -> tuple[str, list[Site]]:
    """The program as it is written out again unchanged, and where it can be changed; nothing of one that does not parse."""
    tree = parse(source)
    if tree is None:
        return "", []
    return _unparsed(tree), [
        Site(place.operator, f"{place.number} {place.variant}", partial(_made, tree, place))
        for place in _places(tree, imported)
    ]


def _places(tree: ast.Module, imported: bool) -> Iterator[_Place]:
    left_alone = _left_alone(tree, imported)
    for number, node in enumerate(ast.walk(tree)):
        if id(node) in left_alone:
            continue
        match node:
            case ast.Compare(ops=ops):
                yield from (_Place("comparison", number, at) for at, op in enumerate(ops) if type(op) in _COMPARISONS)
            case ast.BinOp(op=operator, left=left) if type(operator) in _ARITHMETIC and not _is_text(left):
                yield _Place("arithmetic", number, 0)
            case ast.AugAssign(op=operator) if type(operator) in _ARITHMETIC:
                yield _Place("arithmetic", number, 0)
            case ast.BoolOp():
                yield _Place("and-or", number, 0)
            case ast.If() | ast.While() | ast.IfExp():
                yield _Place("condition", number, 0)
            case ast.UnaryOp(op=ast.Not()):
                yield _Place("not", number, 0)
            case ast.Constant(value=value) if isinstance(value, bool | int | float):
                yield _Place("constant", number, 0)
            case ast.Constant(value=str(value)) if value:
                yield _Place("text", number, 0)
            case ast.Return(value=ast.expr()) if not _is_none(node.value):
                yield _Place("return", number, 0)
            case ast.Break() | ast.Continue():
                yield _Place("loop", number, 0)
            case ast.Expr(value=ast.Call()):
                yield _Place("statement", number, 0)


def _left_alone(tree: ast.Module, imported: bool) -> set[int]:
    """The nodes that are not changed, by id."""
    roots: list[ast.AST] = []
    for node in ast.walk(tree):
        match node:
            case ast.Import() | ast.ImportFrom() | ast.JoinedStr():
                roots.append(node)
            case ast.If(test=ast.Compare(left=ast.Name(id="__name__")) as test):
                roots.append(node if imported else test)
            case ast.Expr(value=ast.Constant()):
                roots.append(node)
            case ast.arg(annotation=ast.expr() as annotation) | ast.AnnAssign(annotation=annotation):
                roots.append(annotation)
            case ast.FunctionDef(returns=ast.expr() as returns) | ast.AsyncFunctionDef(returns=ast.expr() as returns):
                roots.append(returns)
    return {id(node) for root in roots for node in ast.walk(root)}


def _made(tree: ast.Module, place: _Place) -> Mutated | None:
    changed: ast.AST = copy.deepcopy(tree)
    node = next(node for number, node in enumerate(ast.walk(changed)) if number == place.number)
    before = _unparsed(node)
    new = _changed(node, place.variant)
    if new is not node:
        changed = _Put(node, new).visit(changed)
    after = _unparsed(new)
    source = _unparsed(ast.fix_missing_locations(changed))
    if not source or parse(source) is None:
        return None
    line = int(getattr(node, "lineno", 0))
    return Mutated(
        Mutation(operator=place.operator, line=line, before=short(before), after=short(after)), source + "\n"
    )


def _changed(node: ast.AST, variant: int) -> ast.AST:
    match node:
        case ast.Compare():
            node.ops[variant] = _COMPARISONS[type(node.ops[variant])]()
        case ast.BinOp() | ast.AugAssign():
            node.op = _ARITHMETIC[type(node.op)]()
        case ast.BoolOp():
            node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        case ast.If() | ast.While() | ast.IfExp():
            node.test = ast.UnaryOp(ast.Not(), node.test)
        case ast.UnaryOp():
            return node.operand
        case ast.Constant(value=bool(value)):
            return ast.Constant(not value)
        case ast.Constant(value=int(value) | float(value)):
            return ast.Constant(value + 1)
        case ast.Constant(value=str(value)):
            return ast.Constant(value + "~" if value != "~" else "")
        case ast.Return():
            node.value = ast.Constant(None)
        case ast.Break():
            return ast.Continue()
        case ast.Continue():
            return ast.Break()
        case ast.Expr():
            return ast.Pass()
    return node


class _Put(ast.NodeTransformer):
    """Puts one node in another's place."""

    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self._old = old
        self._new = new

    def visit(self, node: ast.AST) -> ast.AST:
        return ast.copy_location(self._new, node) if node is self._old else self.generic_visit(node)


def _unparsed(node: ast.AST) -> str:
    try:
        return ast.unparse(node)
    except (RecursionError, ValueError):
        return ""


def _is_text(node: ast.AST) -> bool:
    """Whether `%` or `+` on it is text, where the changed operator would only raise."""
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _is_none(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
