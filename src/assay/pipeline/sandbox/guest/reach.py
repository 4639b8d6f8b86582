"""Whether test code may leave anything for the next one in its process to meet, told from its byte code before it runs.

In doubt it may: a new process costs milliseconds. What is let through is what tests are made of: calls of the candidate,
values and their methods, a few functions of a few modules. By no name in it may it come to something that other code holds,
too, and that can be changed: a module, a class, a frame, the interpreter.
"""

import opcode
import types
from collections.abc import Iterator

_MODULES: "dict[str, frozenset[str] | None]" = {
    name: None if words is None else frozenset(words.split())
    for name, words in {
        "__future__": "annotations division print_function",
        "bisect": None,
        "cmath": None,
        "collections": "Counter OrderedDict defaultdict deque",
        "copy": "copy deepcopy",
        "datetime": "date datetime time timedelta timezone",
        "fractions": "Fraction",
        "functools": "cache cmp_to_key lru_cache partial reduce",
        "heapq": "heapify heappop heappush heappushpop heapreplace merge nlargest nsmallest",
        "itertools": None,
        "json": "dumps loads",
        "math": None,
        "operator": "add and_ eq floordiv ge gt itemgetter le lt mod mul ne neg or_ pow sub truediv xor",
        "random": "Random choice choices randint random randrange sample shuffle uniform",
        "re": "DOTALL I IGNORECASE M MULTILINE S escape findall finditer fullmatch match search split sub",
        "statistics": "mean median mode pstdev pvariance stdev variance",
        "string": "ascii_letters ascii_lowercase ascii_uppercase digits hexdigits octdigits printable punctuation whitespace",
        "time": "monotonic perf_counter process_time sleep time",
    }.items()
}
"""Modules and what may be used of them; None: all that they tell. Nothing that sets an attribute of what it is given (`wraps`),
follows a path of names in a text (`attrgetter`), makes a class (`namedtuple`), keeps for all what it is given (`typing`, in
brackets), or leads to another module or to what can be changed for all (`sys`, `getcontext`). What takes numbers from the one
generator of `random` changes what others draw, which is chance already."""
_WORDS = frozenset({
    "breakpoint", "compile", "delattr", "eval", "exec", "exit", "format", "format_map", "getattr", "globals", "help", "input",
    "locals", "obj", "open", "quit", "register", "setattr", "type", "vars",
})  # fmt: skip
"""Builtins that reach out (`exit` closes the standard input), what follows a path of names in a text, what an AttributeError was
about, and what tells all that one class is another."""
_UNDERSCORED = frozenset({"_", "__doc__", "__future__", "__name__"})
_OF_FRAMES = ("ag_", "co_", "cr_", "f_", "gi_", "tb_")
_STEPS = tuple(opcode.opmap[name] for name in ("STORE_ATTR", "DELETE_ATTR", "MATCH_CLASS", "LOAD_BUILD_CLASS"))
"""MATCH_CLASS asks for attributes whose names stand nowhere else. Objects of classes of its own, which say what equals them and
how they are copied, test code could leave in what is kept for all, as `re` keeps patterns by their flags."""
_IMPORT, _FROM, _EXTENDED = (opcode.opmap[name] for name in ("IMPORT_NAME", "IMPORT_FROM", "EXTENDED_ARG"))


def reaches_out(code: types.CodeType) -> bool:
    """Whether code that was compiled from a whole source may."""
    codes = every(code)
    modules = {name for one in codes for name in named(one, _IMPORT)}
    if any(name not in _MODULES for name in modules):
        return True
    kept_from: set[str] = set()  # what these modules have, and must not be used
    told: set[str] = set()
    for module in modules:
        allowed, had = _MODULES[module], set(dir(__import__(module)))
        told |= had if allowed is None else allowed
        kept_from |= set() if allowed is None else had - allowed
    if any(name not in told for one in codes for name in named(one, _FROM)):
        return True  # it may be a module in a package, which nobody has imported yet (`from json import tool`)
    return any(
        name in kept_from
        or name in _WORDS
        or name.startswith(_OF_FRAMES)
        or (name.startswith("_") and name not in _UNDERSCORED)
        for one in codes
        for name in one.co_names
    ) or any(step in one.co_code[::2] for one in codes for step in _STEPS)


def every(code: types.CodeType) -> "list[types.CodeType]":
    """The code of a source, and of every function and class in it."""
    found = [code]
    for one in found:
        found += [inner for inner in one.co_consts if type(inner) is types.CodeType]
    return found


def named(code: types.CodeType, step: int) -> "Iterator[str]":
    """The names that the steps of one kind are about."""
    steps = code.co_code[::2]
    at = steps.find(step)
    while at >= 0:
        index, before, high = code.co_code[2 * at + 1], at - 1, 8
        while before >= 0 and steps[before] == _EXTENDED:
            index |= code.co_code[2 * before + 1] << high
            before, high = before - 1, high + 8
        yield code.co_names[index]
        at = steps.find(step, at + 1)
