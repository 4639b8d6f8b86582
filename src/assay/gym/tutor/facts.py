"""What is certain about a learner's program that does not pass: its run, and slips that show in its text. Pure.

Facts come before any model: they steer a hint and stand for one. `slips` are shapes of code that are hardly ever meant
(`range(len(items) + 1)`, a result that is thrown away, code behind `return`); each says what is there and what it leads
to, never what to write. Nothing of a solution and nothing of a hidden test is in them. For style see `code_facts`.
"""

import ast
import builtins
import itertools
from collections.abc import Iterator
from typing import Literal

from tree_sitter import Node

from assay.gym.meeting import meets
from assay.gym.records.problems import Misconception, Problem
from assay.gym.records.results import FullCase, FullReport
from assay.gym.syntax import parse as parse_tree
from assay.gym.tutor import repair
from assay.gym.tutor.friendly import Friendly, explain
from assay.pipeline.parsing import parse
from assay.records import Language, Record

MAX_SLIPS = 6
SlipKind = Literal[
    "unused", "unreachable", "no return", "early return", "print", "loop bounds", "comparison", "shadowed", "thrown away",
    "changed in loop", "endless", "condition", "default", "undeclared", "sorting",
]  # fmt: skip


class Slip(Record):
    """A shape of code that is hardly ever meant."""

    kind: SlipKind
    line: int
    text: str
    """What is there and what it leads to."""


class Facts(Record):
    """All that is known before a model is asked."""

    passed: int
    """Of the public tests."""
    public: int
    failing: str = ""
    """The name of the first public test, in teaching order, that does not pass."""
    line: int | None = None
    """The learner's line that it went wrong in."""
    error: Friendly | None = None
    gained: tuple[str, ...] = ()
    """Names of public tests that pass now and did not in the run before."""
    lost: tuple[str, ...] = ()
    misconception: Misconception | None = None
    slips: tuple[Slip, ...] = ()
    edits: tuple[str, ...] = ()
    """Where the nearest program that passes differs: `comparison, line 4`."""

    @property
    def sentences(self) -> tuple[str, ...]:
        """What may be told at every level."""
        found = [f"{self.passed} of {self.public} public tests pass."] if self.public else []
        if self.failing:
            found.append(f"The first that does not is '{self.failing}'.")
        if self.gained:
            found.append(f"New since the last run: {_names(self.gained)} passes.")
        if self.lost:
            found.append(f"Lost since the last run: {_names(self.lost)} does not pass any more.")
        if self.line:
            found.append(f"It went wrong in line {self.line}.")
        return (*found, *(f"Line {slip.line}: {slip.text}" for slip in self.slips))


def gather(
    problem: Problem, language: Language, source: str, full: FullReport, previous: FullReport | None = None
) -> Facts:
    """The facts of a program and its report under all tests; `previous` is the report of the run before."""
    public = [case for case in full.cases if _public(case)]
    failing = next((case for case in public if case.outcome != "passed"), None)
    line = failing.line if failing is not None and failing.line else full.line if failing is not None else None
    before = {case.id: case.outcome for case in previous.cases if _public(case)} if previous else {}
    sources = problem.languages[language]
    near = None
    if full.verdict not in ("pass", "syntax"):
        near = repair.nearest(source, (sources.solution, *sources.alternatives), language)
    return Facts(
        passed=sum(case.outcome == "passed" for case in public),
        public=len(public),
        failing=failing.test.name if failing is not None else "",
        line=line,
        error=_error(full, failing, language, source, line),
        gained=tuple(
            _name(one) for one in public if one.outcome == "passed" and before.get(one.id, "passed") != "passed"
        ),
        lost=tuple(_name(one) for one in public if one.outcome != "passed" and before.get(one.id) == "passed"),
        misconception=misconception(problem, language, source, full),
        slips=slips(source, language, sources.entry),
        edits=tuple(edit.words for edit in near.edits) if near else (),
    )


def misconception(problem: Problem, language: Language, source: str, full: FullReport) -> Misconception | None:
    """The first misconception that the program shows, in the author's order."""
    known = (one for one in problem.misconceptions if language in one.example)
    return next((one for one in known if meets(one.when, full, language, source)), None)


def _public(case: FullCase) -> bool:
    return case.test.visibility == "public" and not case.generated


def _name(case: FullCase) -> str:
    return case.test.name or case.id


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(f"'{name}'" for name in names[:3]) + (" and more" if len(names) > 3 else "")


def _error(
    full: FullReport, failing: FullCase | None, language: Language, source: str, line: int | None
) -> Friendly | None:
    if failing is not None and failing.error_type:
        return explain(language, failing.error_type, failing.error_text, source, line)
    if full.error_type and (failing is not None or not full.cases):
        return explain(language, full.error_type, full.error_text, source, full.line)
    return None


# ---- slips ------------------------------------------------------------------------------------------------------------


def slips(source: str, language: Language, entry: str | None = None) -> tuple[Slip, ...]:
    """What is hardly meant, by line, at most six. Source that cannot be read has none."""
    found = list(_in_python(source, entry) if language == "python" else _in_javascript(source, entry))
    unlike = {(slip.kind, slip.line): slip for slip in sorted(found, key=lambda slip: slip.line)}
    return tuple(unlike.values())[:MAX_SLIPS]


def _in_python(source: str, entry: str | None) -> Iterator[Slip]:
    tree = parse(source)
    if tree is None:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            yield from _function(node, node.name == entry)
        yield from _dead(node)
        yield from _expression(node)
        if isinstance(node, ast.For):
            yield from _loop(node)
        if isinstance(node, ast.While):
            yield from _endless(node)


def _function(function: ast.FunctionDef, judged: bool) -> Iterator[Slip]:
    inside = list(_own(function))
    returns = [node for node in inside if isinstance(node, ast.Return)]
    values = [node for node in returns if node.value is not None]
    prints = [node for node in inside if isinstance(node, ast.Call) and _called(node) == "print"]
    raises = any(isinstance(node, ast.Raise) for node in inside)
    only = function.body[0] if len(function.body) == 1 else None
    stub = isinstance(only, ast.Pass) or (isinstance(only, ast.Expr) and isinstance(only.value, ast.Constant))
    if judged and not values and not raises and not stub:
        yield _slip(
            "no return", function, f"`{function.name}` never gives anything back with `return`, so its result is None."
        )
        if prints:
            yield _slip(
                "print",
                prints[-1],
                "This shows the value on the screen, but whoever called the function does not get it.",
            )
    elif judged and values and not _ends(function.body) and not raises:
        yield _slip(
            "no return",
            function,
            f"On some way through `{function.name}` no `return` is reached, and then it gives back None.",
        )
    for loop in inside:
        if isinstance(loop, ast.For) and loop.body and isinstance(loop.body[-1], ast.Return):
            yield _slip(
                "early return", loop.body[-1], "This `return` stands in the loop and ends it in the first round."
            )
        if isinstance(loop, ast.For) and _returns_both_ways(loop):
            yield _slip(
                "early return", loop, "Both ways of the `if` in this loop return, so only the first item is looked at."
            )
    yield from _unused(function, inside)
    defaults = (*function.args.defaults, *(one for one in function.args.kw_defaults if one is not None))
    for default in defaults:
        if isinstance(default, ast.List | ast.Dict | ast.Set):
            yield _slip(
                "default",
                default,
                "This value is made once, so all calls share it, and what one call adds the next one finds.",
            )


def _own(function: ast.AST) -> Iterator[ast.AST]:
    """What lies in a function, but not in functions within it."""
    waiting = list(ast.iter_child_nodes(function))
    while waiting:
        node = waiting.pop(0)
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            waiting.extend(ast.iter_child_nodes(node))


def _ends(body: list[ast.stmt]) -> bool:
    """Whether every way through these statements returns, raises or never ends."""
    if not body:
        return False
    match body[-1]:
        case ast.Return() | ast.Raise():
            return True
        case ast.If(body=then, orelse=other):
            return _ends(then) and _ends(other)
        case ast.While(test=ast.Constant(value=value)):
            return bool(value)
        case ast.With(body=inner):
            return _ends(inner)
        case ast.Try(body=inner, handlers=handlers, finalbody=last):
            return _ends(last) or (_ends(inner) and all(_ends(one.body) for one in handlers))
        case ast.Match(cases=cases):
            return all(_ends(one.body) for one in cases)
    return False


def _returns_both_ways(loop: ast.For) -> bool:
    last = loop.body[-1] if loop.body else None
    return isinstance(last, ast.If) and bool(last.orelse) and _ends([last])


def _unused(function: ast.FunctionDef, inside: list[ast.AST]) -> Iterator[Slip]:
    every = list(ast.walk(function))
    read = {node.id for node in every if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    read |= {node.target.id for node in every if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name)}
    for node in inside:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name) and target.id not in read and not target.id.startswith("_"):
                    yield _slip("unused", node, f"`{target.id}` gets a value here, but nothing ever uses it.")
    for argument in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs):
        if argument.arg not in read and argument.arg != "self" and len(function.body) > 1:
            yield _slip("unused", function, f"The parameter `{argument.arg}` is never used.")
        if argument.arg in _BUILTINS:
            yield _slip(
                "shadowed", function, f"The name `{argument.arg}` hides Python's own function of that name in here."
            )
    for node in inside:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in _BUILTINS:
            yield _slip(
                "shadowed", node, f"The name `{node.id}` hides Python's own function of that name from here on."
            )


_BUILTINS = frozenset(name for name in dir(builtins) if name.islower() and not name.startswith("_"))


def _dead(node: ast.AST) -> Iterator[Slip]:
    for field in ("body", "orelse", "finalbody"):
        body = getattr(node, field, None)
        if not isinstance(body, list):
            continue
        for one, after in itertools.pairwise(body):
            if isinstance(one, ast.Return | ast.Raise | ast.Break | ast.Continue):
                word = type(one).__name__.lower()
                yield _slip("unreachable", after, f"Nothing gets here: the `{word}` before it goes away first.")
                break


_MAKES_NEW = frozenset(
    {"strip", "lower", "upper", "replace", "split", "join", "title", "capitalize", "rstrip", "lstrip"}
)


def _expression(node: ast.AST) -> Iterator[Slip]:
    match node:
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr=name))) if name in _MAKES_NEW:
            yield _slip(
                "thrown away",
                node,
                f"`{name}` makes a new text and leaves the old one as it is. Here the new one is thrown away.",
            )
        case ast.Expr(
            value=ast.Call(
                func=ast.Name(id="sorted" | "reversed" | "len" | "sum" | "abs" | "round" | "int" | "str" as name)
            )
        ):
            yield _slip("thrown away", node, f"`{name}` gives back a value, and here it is thrown away.")
        case ast.Expr(value=ast.Compare(ops=[ast.Eq(), *_])):
            yield _slip("thrown away", node, "This only asks whether two values are equal; it changes nothing.")
        case ast.Assign(
            value=ast.Call(func=ast.Attribute(attr="sort" | "append" | "reverse" | "extend" | "insert" as name))
        ):
            yield _slip(
                "thrown away", node, f"`{name}` changes the list itself and gives back None, which is stored here."
            )
        case ast.Compare(ops=ops, comparators=right) if any(
            isinstance(op, ast.Is | ast.IsNot)
            and isinstance(one, ast.Constant)
            and not (one.value is None or isinstance(one.value, bool))
            for op, one in zip(ops, right, strict=True)
        ):
            yield _slip(
                "comparison",
                node,
                "`is` asks whether two names stand for one and the same thing, not whether values are equal.",
            )
        case ast.BoolOp(op=ast.Or(), values=values) if len(values) > 1 and isinstance(values[0], ast.Compare):
            if any(
                isinstance(one, ast.Constant) and one.value and not isinstance(one.value, bool) for one in values[1:]
            ):
                yield _slip(
                    "condition",
                    node,
                    "The part behind `or` is a bare value, and a bare value counts as true. So this is always true.",
                )
        case ast.Compare(left=ast.Call(func=ast.Name(id="input"))):
            yield _slip("comparison", node, "`input` always gives text, which never equals a number.")


def _loop(loop: ast.For) -> Iterator[Slip]:
    match loop.iter:
        case ast.Call(
            func=ast.Name(id="range"),
            args=[*_, ast.BinOp(left=ast.Call(func=ast.Name(id="len")), op=op, right=ast.Constant(value=1))],
        ):
            if isinstance(op, ast.Add):
                yield _slip("loop bounds", loop, "This range goes one further than the last place there is.")
            elif isinstance(op, ast.Sub):
                yield _slip("loop bounds", loop, "This range stops before the last place.")
        case ast.Call(func=ast.Name(id="range"), args=[ast.Constant(value=1), ast.Call(func=ast.Name(id="len"))]):
            yield _slip("loop bounds", loop, "This range begins at 1, so the first place (0) is left out.")
        case ast.Call(func=ast.Name(id="len")):
            yield _slip("loop bounds", loop, "`len` gives one number, and a loop cannot go through a single number.")
    if isinstance(loop.iter, ast.Name):
        for node in ast.walk(loop):
            match node:
                case ast.Call(
                    func=ast.Attribute(
                        value=ast.Name(id=name), attr="append" | "remove" | "pop" | "insert" | "extend" as how
                    )
                ) if name == loop.iter.id:
                    yield _slip(
                        "changed in loop",
                        node,
                        f"`{how}` changes the list that the loop is going through, so items are skipped or never end.",
                    )


def _endless(loop: ast.While) -> Iterator[Slip]:
    asked = {node.id for node in ast.walk(loop.test) if isinstance(node, ast.Name)}
    leaves = any(isinstance(node, ast.Break | ast.Return | ast.Raise) for node in ast.walk(loop))
    calls = any(isinstance(node, ast.Call) for node in ast.walk(loop.test))
    if leaves or calls:
        return
    changed = {
        node.id
        for part in loop.body
        for node in ast.walk(part)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    touched = {
        node.value.id
        for part in loop.body
        for node in ast.walk(part)
        if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.value, ast.Name)
    }
    if not asked & (changed | touched):
        yield _slip("endless", loop, "Nothing in this loop changes what its condition asks, so it never ends.")


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _slip(kind: SlipKind, node: ast.AST, text: str) -> Slip:
    return Slip(kind=kind, line=getattr(node, "lineno", 1), text=text)


# ---- JavaScript ----------------------------------------------------------------------------------------------------------

_FUNCTIONS = frozenset({"function_declaration", "function_expression", "arrow_function", "method_definition"})
_GONE_ON = {
    "return_statement": "return",
    "throw_statement": "throw",
    "break_statement": "break",
    "continue_statement": "continue",
}
_JS_MAKES_NEW = frozenset(
    {
        "trim",
        "toUpperCase",
        "toLowerCase",
        "replace",
        "replaceAll",
        "slice",
        "concat",
        "map",
        "filter",
        "join",
        "split",
        "padStart",
        "padEnd",
        "toSorted",
    }
)


def _in_javascript(source: str, entry: str | None) -> Iterator[Slip]:
    root = parse_tree("javascript", source)
    if root.has_error:
        return
    names: list[tuple[str, Node]] = []
    read: set[str] = set()
    for node in _nodes(root):
        kind = node.type
        if kind == "statement_block":
            yield from _js_dead(node)
        elif kind == "function_declaration" and _text(node.child_by_field_name("name")) == entry:
            yield from _js_function(node)
        elif (
            kind == "parenthesized_expression"
            and node.parent is not None
            and node.parent.type in ("if_statement", "while_statement")
        ):
            inner = node.named_children[0] if node.named_children else None
            if inner is not None and inner.type == "assignment_expression":
                yield _at("condition", node, "A single `=` gives the name a new value here; it does not compare.")
        elif kind == "binary_expression":
            yield from _js_comparison(node)
        elif kind == "for_in_statement" and _text(node.child_by_field_name("operator")) == "in":
            yield _at(
                "loop bounds", node, "`for … in` goes through the places as text ('0', '1'), not through the values."
            )
        elif kind == "for_statement":
            asked = _text(node.child_by_field_name("condition")).rstrip(" ;")
            if "<=" in asked and asked.endswith(".length") and "-" not in asked:
                yield _at("loop bounds", node, "This loop goes one further than the last place there is.")
        elif kind == "expression_statement":
            yield from _js_thrown_away(node)
        elif kind == "call_expression" and _text(node).endswith((".sort()", ".toSorted()")):
            yield _at("sorting", node, "Without a function in its brackets this sorts as text: 10 comes before 9.")
        elif kind == "variable_declarator":
            name = node.child_by_field_name("name")
            if name is not None and name.type == "identifier" and _in_function(node):
                names.append((_text(name), node))
        if kind in ("identifier", "shorthand_property_identifier") and not _is_made_here(node):
            read.add(_text(node))
    for text, node in names:
        if text not in read and not text.startswith("_"):
            yield _at("unused", node, f"`{text}` gets a value here, but nothing ever uses it.")


def _nodes(root: Node) -> Iterator[Node]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(node.named_children))


def _text(node: Node | None) -> str:
    return (node.text or b"").decode("utf-8", "replace") if node is not None else ""


def _at(kind: SlipKind, node: Node, text: str) -> Slip:
    return Slip(kind=kind, line=node.start_point[0] + 1, text=text)


def _in_function(node: Node) -> bool:
    """Whether it lies in a function: what stands outside may be looked at by the tests."""
    above = node.parent
    while above is not None and above.type not in _FUNCTIONS:
        above = above.parent
    return above is not None


def _is_made_here(node: Node) -> bool:
    """Whether an identifier only gets a value here."""
    parent = node.parent
    if parent is None:
        return False
    if parent.type == "variable_declarator":
        return parent.child_by_field_name("name") == node
    return parent.type == "assignment_expression" and parent.child_by_field_name("left") == node


def _js_dead(block: Node) -> Iterator[Slip]:
    statements = [node for node in block.named_children if node.type != "comment"]
    for one, after in itertools.pairwise(statements):
        if one.type in _GONE_ON and after.type != "function_declaration":
            yield _at("unreachable", after, f"Nothing gets here: the `{_GONE_ON[one.type]}` before it goes away first.")
            return


def _js_function(function: Node) -> Iterator[Slip]:
    body = function.child_by_field_name("body")
    if body is None or not body.named_children:
        return
    waiting, returns, raises, prints = [body], [], False, list[Node]()
    while waiting:
        node = waiting.pop()
        if node.type == "return_statement":
            returns.append(node)
        raises = raises or node.type == "throw_statement"
        if node.type == "call_expression" and _text(node).startswith("console.log"):
            prints.append(node)
        waiting.extend(child for child in node.named_children if child.type not in _FUNCTIONS)
    if not any(node.named_children for node in returns) and not raises:
        name = _text(function.child_by_field_name("name"))
        yield _at(
            "no return", function, f"`{name}` never gives anything back with `return`, so its result is undefined."
        )
        if prints:
            yield _at(
                "print",
                prints[0],
                "This shows the value on the screen, but whoever called the function does not get it.",
            )
    for node in returns:
        block = node.parent
        loop = block.parent if block is not None and block.type == "statement_block" else None
        if loop is not None and loop.type in ("for_statement", "for_in_statement"):
            yield _at("early return", node, "This `return` stands in the loop and ends it in the first round.")


def _js_comparison(node: Node) -> Iterator[Slip]:
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    sign = _text(node.child_by_field_name("operator"))
    if sign in ("==", "===", "!=", "!==") and left is not None and right is not None:
        if "NaN" in (_text(left), _text(right)):
            yield _at("comparison", node, "Nothing equals NaN, not even NaN itself.")
        elif right.type in ("array", "object") or left.type in ("array", "object"):
            yield _at(
                "comparison",
                node,
                "Two arrays or objects are equal only if they are one and the same, not if they hold the same.",
            )
    if (
        sign == "||"
        and left is not None
        and right is not None
        and left.type == "binary_expression"
        and right.type in ("string", "number")
    ):
        yield _at(
            "condition",
            node,
            "The part behind `||` is a bare value, and a bare value counts as true. So this is always true.",
        )
    order = ("<", "<=", ">", ">=")
    inner = left.child_by_field_name("operator") if left is not None and left.type == "binary_expression" else None
    if sign in order and _text(inner) in order:
        yield _at("comparison", node, "Two comparisons in a row: the second one compares true or false with a number.")


def _js_thrown_away(node: Node) -> Iterator[Slip]:
    call = node.named_children[0] if node.named_children else None
    if (
        call is not None
        and call.type == "binary_expression"
        and _text(call.child_by_field_name("operator")) in ("==", "===")
    ):
        yield _at("thrown away", node, "This only asks whether two values are equal; it changes nothing.")
    if call is None or call.type != "call_expression":
        return
    function = call.child_by_field_name("function")
    name = (
        _text(function.child_by_field_name("property"))
        if function is not None and function.type == "member_expression"
        else ""
    )
    if name in _JS_MAKES_NEW:
        yield _at(
            "thrown away",
            node,
            f"`{name}` makes something new and leaves the old as it is. Here the new one is thrown away.",
        )
