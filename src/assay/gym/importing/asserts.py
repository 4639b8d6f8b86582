"""Tests out of asserts, which are read and never run."""

import ast
from typing import Any

from assay.gym.records.problems import Test
from assay.pipeline.parsing import parse
from assay.records import Compare


def asserted(source: str, *names: str) -> tuple[list[Test], int]:
    """The tests that asserts say, and how many say something that no test can. Read, never run.

    `assert f(1) == 2`, `assert f(1) is None`, `assert not f(1)`, `assert f(1)`, `assert abs(f(1) - 2) < 0.1`.
    """
    tree = parse(source)
    if tree is None:
        return [], 0
    tests: list[Test] = []
    missed = 0
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assert) or isinstance(node.test, ast.Constant):
            continue
        found = _assert(node.test, names)
        if found is None:
            missed += 1
            continue
        arguments, expected, compare = found
        number = len(tests) + 1
        given: dict[str, Any] = {"compare": compare} if compare else {}
        tests.append(Test(id=f"t{number}", name=f"case {number}", args=arguments, expect=expected, **given))
    return tests, missed


def _assert(test: ast.expr, names: tuple[str, ...]) -> tuple[list[Any], Any, Compare | None] | None:
    try:
        match test:
            case ast.Compare(left=ast.Call() as call, ops=[ast.Eq() | ast.Is()], comparators=[right]):
                return _arguments(call, names), ast.literal_eval(right), None
            case ast.Compare(
                left=ast.Call(
                    func=ast.Name(id="abs"), args=[ast.BinOp(left=ast.Call() as call, op=ast.Sub(), right=right)]
                ),
                ops=[ast.Lt() | ast.LtE()],
                comparators=[room],
            ):
                compare = Compare(mode="approx", abs=float(ast.literal_eval(room)))
                return _arguments(call, names), ast.literal_eval(right), compare
            case ast.UnaryOp(op=ast.Not(), operand=ast.Call() as call):
                return _arguments(call, names), False, Compare(mode="truthy")
            case ast.Call() as call:
                return _arguments(call, names), True, Compare(mode="truthy")
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
    return None


def _arguments(call: ast.Call, names: tuple[str, ...]) -> list[Any]:
    """Raises ValueError where it is no call of these names with plain values."""
    if not isinstance(call.func, ast.Name) or call.func.id not in names or call.keywords:
        raise ValueError("another call")
    return [ast.literal_eval(argument) for argument in call.args]
