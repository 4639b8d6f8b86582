"""Mutants: a program with one operator, constant or statement changed, to see whether its tests notice.

Pure, and the same for the same program on every machine. What stands behind `if __name__ == "__main__":` is left alone
where a test imports the program and cannot reach it; so are docstrings, annotations and imports. Some mutants do what the
program does (equivalent mutants); no test can notice those, which is why 100 % is not always to be had.
"""

import ast
import copy
import hashlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

from assay.pipeline.parsing import parse
from assay.records import Language, Record

SHOWN = 120
MAX_SOURCE = 200_000
"""Characters: of what is longer there are no mutants."""

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}  # fmt: skip


class Mutation(Record):
    """The one thing that was changed."""

    operator: str
    """Which kind of change: comparison, arithmetic, constant, …"""
    line: int
    before: str
    after: str


class Mutated(NamedTuple):
    """A mutation and the program it makes."""

    mutant: Mutation
    source: str


class _Site(NamedTuple):
    operator: str
    number: int
    """Which node of the tree, in the order of `ast.walk`."""
    variant: int


def mutants(source: str, at_most: int, language: Language = "python", *, imported: bool = True) -> tuple[Mutated, ...]:
    """Up to so many mutants: the operators in turn, and within each the sites in an order that the source decides.

    imported: whether the tests import the program, and so never run what stands behind `__name__ == "__main__"`.
    """
    if at_most <= 0 or len(source) > MAX_SOURCE:
        return ()
    if language == "javascript":
        from assay.pipeline.mutants_javascript import sites

        changes = sites(source)
        return _taken(
            source, at_most, [(change.mutant.operator, str(at)) for at, change in enumerate(changes)],
            lambda at: changes[at], source,
        )  # fmt: skip
    tree = parse(source)
    if tree is None:
        return ()
    found = list(_sites(tree, imported))
    names = [(site.operator, f"{site.number} {site.variant}") for site in found]
    return _taken(source, at_most, names, lambda at: _made(tree, found[at]), _unparsed(tree))


def _taken(
    source: str,
    at_most: int,
    names: list[tuple[str, str]],
    make: Callable[[int], Mutated | None],
    unchanged: str,
) -> tuple[Mutated, ...]:
    """Of the sites named (operator, which), so many that make something new, the operators in turn."""
    by_operator: dict[str, list[int]] = {}
    for at, (operator, _) in enumerate(names):
        by_operator.setdefault(operator, []).append(at)
    for operator, ats in by_operator.items():
        ats.sort(key=lambda at: hashlib.sha256(f"{operator} {names[at][1]} {source}".encode()).digest())
    made: list[Mutated] = []
    seen = {unchanged}
    queues = [by_operator[operator] for operator in sorted(by_operator)]
    while queues and len(made) < at_most:
        for queue in list(queues):
            if not queue:
                queues.remove(queue)
            elif len(made) < at_most and (one := make(queue.pop(0))) is not None and one.source not in seen:
                seen.add(one.source)
                made.append(one)
    return tuple(made)


def _sites(tree: ast.Module, imported: bool) -> Iterator[_Site]:
    left_alone = _left_alone(tree, imported)
    for number, node in enumerate(ast.walk(tree)):
        if id(node) in left_alone:
            continue
        match node:
            case ast.Compare(ops=ops):
                yield from (_Site("comparison", number, at) for at, op in enumerate(ops) if type(op) in _COMPARISONS)
            case ast.BinOp(op=operator, left=left) if type(operator) in _ARITHMETIC and not _is_text(left):
                yield _Site("arithmetic", number, 0)
            case ast.AugAssign(op=operator) if type(operator) in _ARITHMETIC:
                yield _Site("arithmetic", number, 0)
            case ast.BoolOp():
                yield _Site("and-or", number, 0)
            case ast.If() | ast.While() | ast.IfExp():
                yield _Site("condition", number, 0)
            case ast.UnaryOp(op=ast.Not()):
                yield _Site("not", number, 0)
            case ast.Constant(value=value) if isinstance(value, bool | int | float):
                yield _Site("constant", number, 0)
            case ast.Constant(value=str(value)) if value:
                yield _Site("text", number, 0)
            case ast.Return(value=ast.expr()) if not _is_none(node.value):
                yield _Site("return", number, 0)
            case ast.Break() | ast.Continue():
                yield _Site("loop", number, 0)
            case ast.Expr(value=ast.Call()):
                yield _Site("statement", number, 0)


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


def _made(tree: ast.Module, site: _Site) -> Mutated | None:
    changed: ast.AST = copy.deepcopy(tree)
    node = next(node for number, node in enumerate(ast.walk(changed)) if number == site.number)
    before = _unparsed(node)
    new = _changed(node, site.variant)
    if new is not node:
        changed = _Put(node, new).visit(changed)
    after = _unparsed(new)
    source = _unparsed(ast.fix_missing_locations(changed))
    if not source or parse(source) is None:
        return None
    line = int(getattr(node, "lineno", 0))
    return Mutated(Mutation(operator=site.operator, line=line, before=short(before), after=short(after)), source + "\n")


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


def short(text: str) -> str:
    """Its first line, as far as it is shown."""
    line = text.split("\n")[0]
    return line if len(line) <= SHOWN else f"{line[: SHOWN - 1]}…"
