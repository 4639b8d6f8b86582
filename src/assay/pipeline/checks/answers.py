"""Values as they cross: of cases, written; of the lines a program answered with, read, which are its word and nothing more."""

from dataclasses import dataclass

from assay.pipeline.sandbox.guest.values import Handle, Undecodable, built, encode, loads
from assay.records import Encoded, Language, sayable

_NAME, _MESSAGE, _BASES = 200, 2000, 100  # characters, characters, classes: a report and a learner's history keep them


@dataclass(frozen=True)
class Answer:
    """One answer: a value, or the exception that was raised instead."""

    value: object = None
    arguments: object = None
    """The arguments as they were after the call, where that was asked for."""
    raised: str = ""
    message: str = ""
    bases: tuple[str, ...] = ()
    unreadable: str = ""
    """Why the line is no answer at all."""


def encoded(value: object) -> Encoded:
    """The value as cases hold it. Raises Unencodable."""
    return Encoded(encode(value))


def read(line: str, *, numbered: bool = False) -> Answer:
    """The answer in one line. `numbered`: of a dialogue, where a number stands before the value."""
    try:
        node = loads(line)
        if type(node) is not list or not node:
            return Answer(unreadable="a frame that is no answer")
        kind, *rest = node
        if numbered:
            rest = rest[1:]
        if kind == "v" and len(rest) in (1, 2):
            return Answer(value=built(rest[0]), arguments=built(rest[1]) if len(rest) == 2 else None)
        if kind == "e" and len(rest) == 3 and type(rest[0]) is str and type(rest[1]) is str and type(rest[2]) is list:
            bases = tuple(sayable(str(base)[:_NAME]) for base in rest[2][:_BASES])
            name, message = sayable(rest[0][:_NAME]), sayable(rest[1][:_MESSAGE])
            return Answer(raised=name or "Exception", message=message, bases=bases)
    except (ValueError, RecursionError, Undecodable, IndexError) as error:
        return Answer(unreadable=f"an answer that cannot be read: {str(error)[:100]}")
    return Answer(unreadable="a frame that is no answer")


def holds_handle(value: object) -> bool:
    """Whether a value is, or holds, one that stayed with the program: nothing that could be written down."""
    if isinstance(value, dict):
        return any(holds_handle(one) for pair in value.items() for one in pair)
    if isinstance(value, list | tuple | set | frozenset):
        return any(map(holds_handle, value))
    return isinstance(value, Handle)


def in_words(answer: Answer, language: Language) -> str:
    """What came, for people."""
    from assay.pipeline.checks.compare import shown

    if answer.unreadable:
        return answer.unreadable
    if answer.raised:
        return f"{answer.raised}: {answer.message[:300]}" if answer.message else answer.raised
    return shown(answer.value, language)
