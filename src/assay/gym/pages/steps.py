"""A recorded trace as steps to look at one by one: the line that runs next, what its names stand for, what was printed."""

from typing import NamedTuple

from markupsafe import Markup, escape

from assay.gym.headlines import VERDICTS
from assay.gym.pages.shown import told
from assay.gym.records.results import Trace, TraceStep
from assay.visible import one_line, visible

MOST = 400
"""Steps that are shown: beyond that nobody looks, and the page would grow with the program."""
_NAMES = 20
_VALUE = 200
_PRINTED = 2_000


class Name(NamedTuple):
    """A name and what it stands for."""

    name: str
    value: str
    changed: bool


class Step(NamedTuple):
    """One step as the page shows it."""

    line: int | None
    words: str
    code: str
    names: tuple[Name, ...]
    printed: Markup


class Steps(NamedTuple):
    """A program, step by step."""

    headline: str
    message: Markup
    steps: tuple[Step, ...]


def steps_of(trace: Trace, source: str) -> Steps:
    """The trace in words. What the program said is text."""
    lines = source.split("\n")
    made: list[Step] = []
    before: dict[str, str] = {}
    for step in trace.steps[:MOST]:
        made.append(_step(step, lines, before, trace))
        if step.event != "result":
            before = step.names
    cut = len(trace.steps) > MOST
    kind = VERDICTS[trace.verdict][1]
    count = f"{len(made)} step{'' if len(made) == 1 else 's'}"
    if not made:
        headline = "There are no steps to show."
    elif trace.verdict == "pass":
        headline = f"{one_line(trace.call, 100)}: {count}" if trace.call else count
    else:
        headline = f"{kind} after {count}"
    if cut:
        headline += f", of which the first {MOST} are shown"
    return Steps(f"{headline}.", told(trace.message), tuple(made))


def _step(step: TraceStep, lines: list[str], before: dict[str, str], trace: Trace) -> Step:
    code = ""
    if step.line is not None and 0 < step.line <= len(lines):
        code = f"{step.line}  {one_line(lines[step.line - 1].strip(), 200)}"
    names = tuple(
        Name(one_line(name, 60), one_line(value, _VALUE), before.get(name) != value)
        for name, value in list(step.names.items())[:_NAMES]
    )
    printed = escape(visible(trace.printed[: step.printed][-_PRINTED:]))
    return Step(step.line, _words(step, called=bool(trace.call)), code, names, printed)


_NAMELESS = {"<listcomp>": "the [… for …]", "<dictcomp>": "the {… for …}", "<setcomp>": "the {… for …}"}
_NAMELESS |= {"<genexpr>": "the (… for …)", "<lambda>": "the lambda", "<module>": ""}


def _words(step: TraceStep, *, called: bool) -> str:
    function = _NAMELESS.get(step.function, one_line(step.function, 60))
    where = f" of {function}" if function else ""
    begin = f"{function[:1].upper()}{function[1:]}" if step.function in _NAMELESS else function
    match step.event:
        case "call":
            return f"{begin or 'The program'} begins."
        case "line":
            return f"Line {step.line}{where} runs next."
        case "return" if step.function in ("<module>", ""):
            return "Your code was read to its end: now it is called." if called else "The program ends."
        case "return":
            return f"{begin or 'The program'} gives back {one_line(step.value, _VALUE) or 'nothing'}."
        case "exception":
            return f"An error: {one_line(step.value, _VALUE)}, in line {step.line}."
        case "result":
            return f"The call gave {one_line(step.value, _VALUE)}."
        case "cut":
            return "From here on nothing was recorded: the program goes on for longer."
