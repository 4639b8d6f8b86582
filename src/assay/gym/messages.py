"""What a learner is told of a result: short, in a beginner's words, what happened before what it is called."""

import re
from typing import Any

from assay.gym.tutor import friendly
from assay.pipeline.sandbox.guest.values import Undefined
from assay.records import Language, Limits

_MAX_TEXT = 300

_PYTHON_NAMES = {
    "bool": "True or False", "int": "a whole number", "float": "a number with a point", "str": "text", "list": "a list",
    "tuple": "a tuple", "dict": "a dictionary", "set": "a set", "frozenset": "a frozenset", "bytes": "bytes",
    "complex": "a complex number", "NoneType": "None", "Undefined": "undefined",
}  # fmt: skip
_JAVASCRIPT_NAMES = {
    "bool": "true or false", "int": "a number", "float": "a number", "str": "a string", "list": "an array",
    "dict": "an object", "set": "a Set", "NoneType": "null", "Undefined": "undefined", "bytes": "bytes",
}  # fmt: skip


def _named(value: object, language: Language) -> str:
    names = _PYTHON_NAMES if language == "python" else _JAVASCRIPT_NAMES
    return names.get(type(value).__name__, "something else")


def _at(line: int | None) -> str:
    return f"Line {line}: " if line else ""


def wrong_name(expected: Any, value: Any, name: str, language: Language) -> str:
    """A name of a script stands for another value than expected."""
    kinds = (_named(expected, language), _named(value, language))
    if kinds[0] != kinds[1]:
        return f"`{name}` should be {kinds[0]}, but is {kinds[1]}."
    return f"`{name}` stands for another value than expected."


def wrong_value(
    expected: Any,
    value: Any,
    got: str,
    shown: str,
    printed: str,
    language: Language,
    handle: str = "",
    source: str = "",
) -> str:
    """A value that is not the expected one."""
    nothing = "None" if language == "python" else "undefined"
    if (value is None and language == "python" and expected is not None) or isinstance(value, Undefined):
        if printed.strip() and printed.strip() in (shown, str(expected)):
            return (
                f"Your function prints the right answer but gives back {nothing}. Use `return` instead of printing it."
            )
        return _nothing(nothing, language, source)
    if handle:
        return f"Your function should give back {_named(expected, language)}, but gave back a {handle}."
    kinds = (_named(expected, language), _named(value, language))
    if kinds[0] != kinds[1]:
        if got.strip("\"'") == shown.strip("\"'"):
            return f"It looks right, but it should be {kinds[0]} and is {kinds[1]}."
        return f"It should be {kinds[0]}, but your function gave back {kinds[1]}."
    if isinstance(expected, list | tuple) and isinstance(value, list | tuple) and len(expected) != len(value):
        return f"It should have {_items(len(expected))}, but has {len(value)}."
    if isinstance(expected, str) and expected.casefold().split() == str(value).casefold().split():
        return "Nearly: only blanks, line ends or capital letters differ."
    return "Your function gave back another value than expected."


_LONE_RETURN = re.compile(r"^[ \t]*return[ \t]*(?://.*)?\n\s*[^\s}]", re.MULTILINE)


def _nothing(nothing: str, language: Language, source: str) -> str:
    """Why a function may have given nothing back, as far as its text tells."""
    alone = _LONE_RETURN.search(source) if language == "javascript" else None
    if alone is not None:
        line = source.count("\n", 0, alone.start()) + 1
        return (
            f"Your function gave back {nothing}: the `return` in line {line} stands alone, and JavaScript ends there. "
            "Write the value behind it, on the same line."
        )
    if re.search(r"\breturn\b", source):
        return (
            f"Your function gave back {nothing}. Either it came to its end without reaching a `return`, or what stands "
            f"behind that `return` is {nothing}."
        )
    return f"Your function gave back {nothing}: it came to its end without a `return`."


def _items(count: int) -> str:
    return f"{count} item" if count == 1 else f"{count} items"


def changed_arguments(language: Language) -> str:
    """The right value, but the arguments are not what they were."""
    thing = "list" if language == "python" else "array"
    return (
        f"The answer is right, but your function changed what it was given. Make a new {thing} instead of changing it."
    )


def wrong_output(expected: str, got: str) -> str:
    """Another text than expected was printed."""
    if not got.strip():
        return "Your program printed nothing." if expected.strip() else "Your program printed only blanks."
    if expected.casefold().split() == got.casefold().split():
        return "Nearly: only blanks, line ends or capital letters differ."
    wanted, came = expected.rstrip().split("\n"), got.rstrip().split("\n")
    if len(wanted) != len(came):
        return f"Your program should print {_lines(len(wanted))}, but printed {_lines(len(came))}."
    at = next(
        (at for at, (one, other) in enumerate(zip(wanted, came, strict=True), 1) if one.rstrip() != other.rstrip()), 1
    )
    return "What your program printed is not what was expected" + (
        f": look at line {at} of it." if len(wanted) > 1 else "."
    )


def _lines(count: int) -> str:
    return f"{count} line" if count == 1 else f"{count} lines"


def exception(
    kind: str, text: str, line: int | None, language: Language = "python", source: str = "", entry: str = ""
) -> str:
    """The program stopped with an exception of its own. `entry`: the function that is called, where one is."""
    if kind == "EOFError":
        if entry:
            return (
                f"{_at(line)}there is no `input` here: nobody types anything. The values arrive in the brackets of "
                f"`{entry}(…)`, under the names that you gave them there."
            )
        return f"{_at(line)}your program asked for more input than there is."
    if kind == "MemoryError":
        return f"{_at(line)}this needs more memory than there is (MemoryError). Which value grows so big?"
    said = f"{kind}: {text[:_MAX_TEXT]}" if text else kind
    if kind in ("RecursionError",) or "Maximum call stack" in text:
        return f"{_at(line)}{kind}: a function calls itself again and again without an end."
    plain = friendly.explain(language, kind, text, source, line)
    if plain.known:
        return f"{_at(line)}{plain.what} {plain.look} ({said})"
    return f"{_at(line)}{said}" + ("" if text.endswith((".", "?", "!")) else ".")


def other_exception(wanted: str, came: str, line: int | None, language: Language) -> str:
    """An exception was asked for, and another one came."""
    word = "raised" if language == "python" else "thrown"
    return f"{_at(line)}{wanted} should be {word} here, but {came} was."


def no_exception(wanted: str, got: str, language: Language) -> str:
    """An exception was asked for, and a value came."""
    word = "raised" if language == "python" else "thrown"
    return f"{wanted} should be {word} here, but your function gave back {got}."


def missing(name: str, language: Language, source: str = "") -> str:
    """The function or name that the tests look for is not there."""
    near = friendly.nearest_own(name, source, language)
    if near:
        return f"There is no `{name}` in your program. Should your `{near}` be called that?"
    if language == "python":
        return f"There is no `{name}` in your program. Is it spelled exactly so, and not indented?"
    return f"There is no `{name}` in your program. Is it spelled exactly so, capital letters included?"


def syntax(text: str, line: int | None, language: Language, kind: str = "SyntaxError", source: str = "") -> str:
    """The program cannot be read, so nothing of it ran."""
    name = "Python" if language == "python" else "JavaScript"
    plain = friendly.explain(language, kind, text, source, line)
    advice = f"{plain.what} {plain.look}" if plain.known else "Look at this line and the one before it."
    return f"{_at(line)}{name} cannot read this: {text[:_MAX_TEXT]}. Nothing was run. {advice}"


def left(line: int | None) -> str:
    """The program ended itself while it was loaded."""
    return f"{_at(line)}your program ended itself (exit) before the tests could call it."


def typed(message: str, line: int | None, typed: int) -> str:
    """What was said, with the line of the console that it came from. `line`: the program's, if it got so far."""
    if line is None:
        return f"Line {typed} of the console: {message}"
    return f"{message} Line {typed} of the console called it."


def timeout(computing: bool, limits: Limits, line: int | None, cut: bool) -> str:
    """The time was up."""
    where = f" It was at line {line}." if line else ""
    flood = f" It had printed more than {limits.output_kb} KB by then." if cut else ""
    if computing:
        return f"Time is up: your program was stopped after {limits.cpu_s:g} seconds of computing.{where}{flood} Is there a loop that never ends?"
    return f"Time is up: your program was stopped after {limits.wall_s:g} seconds.{where}{flood} Does it wait for something, or loop without an end?"


def output_limit(limits: Limits) -> str:
    """It printed too much."""
    return f"Your program printed more than {limits.output_kb} KB and was stopped. Is there a loop that never ends?"


def out_of_memory(limits: Limits) -> str:
    """It needed too much memory."""
    return f"Your program needed more than {limits.memory_mb} MB of memory and was stopped. Does a list grow without an end?"


def ended(code: int | None, number: int | None) -> str:
    """The program ended before it had answered."""
    if number is not None:
        return f"Your program was ended by a signal ({number}) before it had answered."
    if code:
        return f"Your program ended itself with exit code {code} before it had answered."
    return "Your program ended itself before it had answered."


def unasked() -> str:
    """It talked to the tests where it was not asked."""
    return "Your program sent answers that nobody had asked for, so none of them counts."


def ours() -> str:
    """Our failure."""
    return "We could not run your program: that is our mistake, not yours. Nothing was counted. Try again in a moment."


def empty() -> str:
    """Nothing was written."""
    return "There is no code yet."


def too_long(most: int) -> str:
    """More than is taken."""
    return f"That is too long: {most >> 10} KB are taken at most."


def hidden() -> str:
    """A test failed of which nothing is told."""
    return "A hidden test did not pass. Which inputs have you not tried yet?"


def concealed(verdict: str, kind: str, line: int | None) -> str:
    """How a hidden test failed, without what it gave to the program."""
    if verdict == "timeout":
        return "Time was up with this hidden test."
    if verdict == "oom":
        return "Your program needed too much memory with this hidden test."
    if verdict in ("exception", "nothing"):
        stopped = f"stopped with {kind}" if kind else "stopped with an exception"
        return f"Your program {stopped}{f' in line {line}' if line else ''} with this hidden test."
    if verdict == "output_limit":
        return "Your program printed too much with this hidden test."
    return "Your program gave another answer than this hidden test expects."
