"""What can be said for certain of a program's style, structure and cost, by looking at it. Pure; nothing is run.

Each fact is (kind, lines, text). The text holds whatever anybody thinks of style: it says what is so, and what it leads to.
Not covered: types, correctness, and what needs the program to run.
"""

import ast
import builtins
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Literal

from assay.pipeline.parsing import parse
from assay.records import Language

Kind = Literal["efficiency", "structure", "style"]
Found = tuple[Kind, tuple[int, ...], str]

_LONG_LINE = 100
_COMPLEX = 8
_GOOD_SHORT = frozenset("ijknmxyabcdefgw_")
_SHADOWED = frozenset("list dict set str int float sum max min len input type id sorted filter map next range".split())  # noqa: SIM905


def found_in(source: str, language: Language, others: Sequence[str] = ()) -> tuple[Found, ...]:
    """Everything that was found, in no order. `others`: other solutions of the same problem, to compare with."""
    facts = list(_in_lines(source))
    facts += _beside_others(source, language, others)
    facts += _in_python(source) if language == "python" else _in_javascript(source)
    return tuple(facts)


# ---- both languages --------------------------------------------------------------------------------------------------


def _in_lines(source: str) -> Iterator[Found]:
    lines = source.splitlines()
    long = tuple(number for number, line in enumerate(lines, 1) if len(line) > _LONG_LINE)
    if long:
        yield (
            "style",
            long,
            f"This line has {len(lines[long[0] - 1])} characters, so it does not fit beside another window.",
        )
    texts = [line.strip() for line in lines]
    for number in range(len(texts) - 1):
        if texts[number] and texts[number] == texts[number + 1] and re.search(r"[=(]", texts[number]):
            yield "structure", (number + 1, number + 2), "Two lines in a row are the same. A loop says that once."
            break
    if any("\t" in line[: len(line) - len(line.lstrip())] for line in lines) and any(
        line.startswith("  ") for line in lines
    ):
        first = next(number for number, line in enumerate(lines, 1) if line.startswith("\t") or " \t" in line[:9])
        yield "style", (first,), "Tabs and blanks are mixed at the beginning of lines. Editors show them differently."


def _beside_others(source: str, language: Language, others: Sequence[str]) -> Iterator[Found]:
    if not others:
        return
    own, theirs = _code_lines(source, language), sorted(_code_lines(other, language) for other in others)
    if own >= 2 * theirs[-1] and own - theirs[-1] >= 5:
        between = f"{theirs[0]} to {theirs[-1]}" if theirs[0] != theirs[-1] else f"{theirs[0]}"
        yield "structure", (1,), f"The program has {own} lines of code; other solutions of this task have {between}."


def _code_lines(source: str, language: Language) -> int:
    mark = "#" if language == "python" else "//"
    return sum(bool(line.strip()) and not line.strip().startswith(mark) for line in source.splitlines())


# ---- Python ----------------------------------------------------------------------------------------------------------


def _in_python(source: str) -> list[Found]:
    tree = parse(source)
    if tree is None:
        return []
    return [
        *_unused(tree),
        *_shadowing(tree),
        *_comparisons(tree),
        *_counting_loops(tree),
        *_true_or_false(tree),
        *_searches(tree),
        *_nested(tree),
        *_branches(tree),
        *_names(tree),
        *_defaults(tree),
    ]


def _unused(tree: ast.AST) -> Iterator[Found]:
    for function in _functions(tree):
        read = {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
        kept = {
            name for node in ast.walk(function) if isinstance(node, ast.Global | ast.Nonlocal) for name in node.names
        }
        for node in ast.walk(function):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    if isinstance(target, ast.Name) and target.id not in read | kept and not target.id.startswith("_"):
                        yield "structure", (node.lineno,), f"`{target.id}` gets a value here that is never used."


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def _shadowing(tree: ast.AST) -> Iterator[Found]:
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Name)
            and isinstance(node.ctx, ast.Store)
            and node.id in _SHADOWED
            and hasattr(builtins, node.id)
        ):
            yield (
                "style",
                (node.lineno,),
                f"`{node.id}` is also the name of something Python brings; it is hidden from here on.",
            )
            return


def _comparisons(tree: ast.AST) -> Iterator[Found]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Compare) or len(node.ops) != 1 or not isinstance(node.ops[0], ast.Eq | ast.NotEq):
            continue
        right = node.comparators[0]
        if isinstance(right, ast.Constant) and isinstance(right.value, bool):
            yield (
                "style",
                (node.lineno,),
                f"A value is compared with `{right.value}`. The condition is true or false by itself.",
            )
        elif isinstance(right, ast.Constant) and right.value is None:
            yield (
                "style",
                (node.lineno,),
                "A value is compared with `None` by an operator for equal values; there is one for `None`.",
            )


def _counting_loops(tree: ast.AST) -> Iterator[Found]:
    for node in ast.walk(tree):
        if not (isinstance(node, ast.For) and isinstance(node.target, ast.Name) and _is_range_len(node.iter)):
            continue
        index = node.target.id
        uses = [
            one for one in ast.walk(node) if isinstance(one, ast.Name) and one.id == index and one is not node.target
        ]
        plain = [
            one for one in ast.walk(node)
            if isinstance(one, ast.Subscript) and isinstance(one.ctx, ast.Load)
            and isinstance(one.slice, ast.Name) and one.slice.id == index
        ]  # fmt: skip
        if uses and len(uses) == len(plain):
            yield (
                "structure",
                (node.lineno,),
                f"The loop counts with `{index}` only to look up items. A loop can give the items themselves.",
            )


def _is_range_len(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range" and len(node.args) == 1
        and isinstance(node.args[0], ast.Call) and isinstance(node.args[0].func, ast.Name) and node.args[0].func.id == "len"
    )  # fmt: skip


def _true_or_false(tree: ast.AST) -> Iterator[Found]:
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and len(node.body) == 1 and len(node.orelse) == 1:
            values = [
                one.value.value
                for one in (node.body[0], node.orelse[0])
                if isinstance(one, ast.Return) and isinstance(one.value, ast.Constant)
            ]
            if len(values) == 2 and {True, False} == set(values) and all(isinstance(one, bool) for one in values):
                yield (
                    "structure",
                    (node.lineno,),
                    "Both branches only give back true or false, which the condition is already.",
                )


def _searches(tree: ast.AST) -> Iterator[Found]:
    lists = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.List)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for loop in (node for node in ast.walk(tree) if isinstance(node, ast.For | ast.While)):
        for node in ast.walk(loop):
            if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn):
                where = node.comparators[0]
                if isinstance(where, ast.Name) and where.id in lists:
                    yield (
                        "efficiency",
                        (node.lineno,),
                        f"Each round of the loop searches the list `{where.id}` from its beginning.",
                    )
                    return
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in ("count", "index", "insert")
            ):
                yield (
                    "efficiency",
                    (node.lineno,),
                    f"Each round of the loop calls `{node.func.attr}`, which goes through the items again.",
                )
                return


def _nested(tree: ast.AST) -> Iterator[Found]:
    for loop in ast.walk(tree):
        if isinstance(loop, ast.For | ast.While):
            inner = next(
                (node for node in ast.walk(loop) if isinstance(node, ast.For | ast.While) and node is not loop), None
            )
            if inner is not None:
                yield (
                    "efficiency",
                    (inner.lineno,),
                    "This loop stands inside another one, so its lines run once for each pair of rounds.",
                )
                return


def _branches(tree: ast.AST) -> Iterator[Found]:
    for function in _functions(tree):
        count = 1 + sum(
            isinstance(node, ast.If | ast.For | ast.While | ast.IfExp | ast.ExceptHandler | ast.BoolOp)
            for node in ast.walk(function)
        )
        if count > _COMPLEX:
            text = f"`{function.name}` has {count} ways through it. Each wants a test of its own."
            yield "structure", (function.lineno,), text


def _names(tree: ast.AST) -> Iterator[Found]:
    made = Counter(node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Name)
            and isinstance(node.ctx, ast.Store)
            and len(node.id) == 1
            and node.id not in _GOOD_SHORT
            and made[node.id]
        ):
            yield "style", (node.lineno,), f"The name `{node.id}` is one letter: it does not say what it stands for."
            return
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and re.fullmatch(r"[a-z]+[A-Z]\w*", node.id):
            yield (
                "style",
                (node.lineno,),
                f"The name `{node.id}` has a capital in it. Python's own names have underscores.",
            )
            return


def _defaults(tree: ast.AST) -> Iterator[Found]:
    for function in _functions(tree):
        if any(isinstance(one, ast.List | ast.Dict | ast.Set) for one in function.args.defaults):
            yield (
                "structure",
                (function.lineno,),
                "A parameter's default is a list or dict: all calls share that one object.",
            )


# ---- JavaScript ------------------------------------------------------------------------------------------------------


def _in_javascript(source: str) -> list[Found]:
    lines = [re.sub(r"//.*|'[^']*'|\"[^\"]*\"", "''", line) for line in source.splitlines()]
    return [
        *_old_words(lines),
        *_loose(lines),
        *_never_changed(lines),
        *_js_nested(lines),
        *_js_searches(lines),
        *_js_truths(source),
    ]


def _old_words(lines: Sequence[str]) -> Iterator[Found]:
    for number, line in enumerate(lines, 1):
        if found := re.match(r"\s*var\s+(\w+)", line):
            yield (
                "style",
                (number,),
                f"`{found[1]}` is made with `var`, so it lives in the whole function and not in its block alone.",
            )
            return


def _loose(lines: Sequence[str]) -> Iterator[Found]:
    for number, line in enumerate(lines, 1):
        if re.search(r"[^=!<>]==[^=]|!=[^=]", line):
            yield (
                "style",
                (number,),
                "Two values are compared by an operator that turns one kind of value into another first.",
            )
            return


def _never_changed(lines: Sequence[str]) -> Iterator[Found]:
    text = "\n".join(lines)
    for number, line in enumerate(lines, 1):
        if (found := re.match(r"\s*let\s+([\w$]+)\s*=", line)) and not re.search(
            rf"\b{re.escape(found[1])}\s*(?:[-+*/%&|?]{{0,2}}=[^=]|\+\+|--)|(?:\+\+|--)\s*{re.escape(found[1])}\b",
            text.replace(line, "", 1),
        ):
            yield "style", (number,), f"`{found[1]}` never gets another value, and `let` says that it may."
            return


def _js_nested(lines: Sequence[str]) -> Iterator[Found]:
    depth, loops = 0, list[int]()
    for number, line in enumerate(lines, 1):
        if re.search(r"\b(?:for|while)\s*\(", line):
            if loops:
                yield (
                    "efficiency",
                    (number,),
                    "This loop stands inside another one, so its lines run once for each pair of rounds.",
                )
                return
            loops.append(depth)
        depth += line.count("{") - line.count("}")
        while loops and depth <= loops[-1] and "}" in line:
            loops.pop()


def _js_searches(lines: Sequence[str]) -> Iterator[Found]:
    depth, loops = 0, list[int]()
    for number, line in enumerate(lines, 1):
        inside = bool(loops)
        if re.search(r"\b(?:for|while)\s*\(", line):
            loops.append(depth)
        if inside and (found := re.search(r"\.(includes|indexOf|shift|unshift|splice)\(", line)):
            yield (
                "efficiency",
                (number,),
                f"Each round of the loop calls `{found[1]}`, which goes through the items again.",
            )
            return
        depth += line.count("{") - line.count("}")
        while loops and depth <= loops[-1] and "}" in line:
            loops.pop()


def _js_truths(source: str) -> Iterator[Found]:
    pattern = r"if\s*\([^{}]*\)\s*\{\s*return (true|false);?\s*\}\s*(?:else\s*\{\s*)?return (true|false)"
    if (found := re.search(pattern, source)) and found[1] != found[2]:
        line = source.count("\n", 0, found.start()) + 1
        yield "structure", (line,), "Both ways only give back true or false, which the condition is already."
