"""MBPP+ (EvalPlus): 378 of MBPP's tasks with some 100 more inputs each, and references that were put right."""

from collections.abc import Callable, Container
from pathlib import Path
from typing import Any

from assay.bench.suites import Suite, dataset, evalplus
from assay.bench.suites.mbpp import RELEASED, STOP
from assay.errors import ContentError
from assay.records import Check, Compare
from assay.settings import Settings

RELEASE = dataset.Release(
    name="MBPP+ v0.2.0",
    file="MbppPlus.jsonl.gz",
    origin="https://github.com/evalplus/mbppplus_release, release v0.2.0",
    licence="Apache-2.0",
    sha256="af43697e8791c4c149bdfd6b489d8b5412507551ac20e28a439f650b8225db63",
    content_sha256="b54e762755248ca411b523c917fa9f93c07b5ff2966bf60b3917b853926a3dad",
)

_SAME_MEMBERS = {
    *("similar_elements", "find_char_long", "common_in_nested_lists", "extract_singly"),
    *("larg_nnum", "intersection_array", "find_dissimilar", "Diff"),
}
"""Tasks that ask for some elements and say nothing of their order."""

_FOUND_OR_NOT = {"check_str", "text_match_three", "text_starta_endb"}
"""Tasks whose reference answers with a match object or None, where MBPP's own asserts only ask which."""

_DIGITS = """
def right(inputs, answer):
    left, right = (str(number) for number in inputs)
    width = max(len(left), len(right))
    padded = zip(left.zfill(width), right.zfill(width))
    return answer in (difference(zip(left, right)), difference(padded))


def difference(pairs):
    return sum(abs(int(one) - int(other)) for one, other in pairs)
"""
"""The task does not say what becomes of the longer number's last digits: cut off, or set against leading zeros."""

_PYRAMID = """
import math


def right(inputs, answer):
    base, height = inputs
    by_slant_height = 2 * base * height + base**2
    by_true_height = round(base**2 + 2 * base * math.sqrt((base / 2) ** 2 + height**2))
    return answer in (by_slant_height, by_true_height)
"""
"""The task's "height" is the slant height in the reference, and the pyramid's own height to many a reader."""

_MANY_RIGHT_ANSWERS = {"digit_distance_nums": _DIGITS, "surface_Area": _PYRAMID}

_SLOW = {"Mbpp/123", "Mbpp/255", "Mbpp/271", "Mbpp/392", "Mbpp/592", "Mbpp/599", "Mbpp/603"}

_TOO_LARGE: dict[str, tuple[int, ...]] = {"Mbpp/255": (85, 86, 90, 96, 100)}
"""Added inputs with up to 1,663,740 combinations for an answer: 26 to 1,060 MB each."""

_LEFT_OUT = f"{sum(map(len, _TOO_LARGE.values()))} inputs with answers of many megabytes are left out"

# JSON has neither tuples nor sets nor complex numbers: how each task's arguments are to be read, as EvalPlus does.
# One word an argument, the last one also for all that follow; `x[y]` is an x of y, `.` is as it stands.
_READ_AS = {
    "tuple": (
        2,
        116,
        132,
        143,
        222,
        261,
        273,
        394,
        399,
        421,
        424,
        429,
        470,
        560,
        579,
        596,
        616,
        630,
        726,
        740,
        744,
        809,
    ),
    "list[tuple]": (63, 64, 70, 94, 120, 237, 272, 299, 400, 409, 417, 438, 473, 614, 780),
    "list[tuple] .": (75, 413, 444, 753),
    ". tuple": (106, 750),
    "list[set]": (115,),
    "float complex": (124,),
    "tuple .": (250, 307, 405, 446, 617, 720, 763, 808),
    "complex": (252,),
    "tuple[tuple]": (259, 401, 445),
    "tuple[members]": (278,),
    "all": (580, 615, 791),
    "values[tuple] .": (722,),
}


def _checks(place: str, row: evalplus.Row, left_out: Container[int]) -> tuple[Check, ...]:
    base, plus = (_read(place, row.task_id, inputs) for inputs in (row.base_input, row.plus_input))
    if rule := _MANY_RIGHT_ANSWERS.get(row.entry_point):
        return evalplus.loops(place, row, base, plus, rule)
    compare = None
    if row.entry_point in _SAME_MEMBERS:
        compare = Compare(mode="set")
    elif row.entry_point in _FOUND_OR_NOT:
        compare = Compare(mode="truthy")
    shown = 1  # the prompt shows the first assert
    return evalplus.checks(place, row, base, plus, compare=compare, shown=shown, left_out=left_out)


def _read(place: str, task_id: str, inputs: list[list[Any]]) -> list[list[Any]]:
    """The inputs with the types that JSON could not say."""
    readers = _READERS.get(task_id.rpartition("/")[2])
    if readers is None:
        return inputs
    try:
        return [
            [readers[min(position, len(readers) - 1)](argument) for position, argument in enumerate(arguments)]
            for arguments in inputs
        ]
    except (TypeError, ValueError, AttributeError) as error:
        raise ContentError(
            place, f"the inputs of task {task_id} are not of the types they should be: {error}."
        ) from None


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


_WORDS: dict[str, Callable[[Any], Any]] = {
    ".": lambda value: value,
    "float": float,
    "complex": complex,
    "tuple": tuple,
    "list[tuple]": lambda value: [tuple(item) for item in value],
    "tuple[tuple]": lambda value: tuple(tuple(item) for item in value),
    "list[set]": lambda value: [set(item) if isinstance(item, list) and item else {} for item in value],
    "tuple[members]": lambda value: tuple(tuple(item) if isinstance(item, list) else item for item in value),
    "values[tuple]": lambda value: {key: tuple(item) for key, item in value.items()},
    "all": _tuples,
}

_READERS = {
    str(number): tuple(_WORDS[word] for word in words.split())
    for words, numbers in _READ_AS.items()
    for number in numbers
}


EDITION = evalplus.Edition(
    name="mbpp+",
    title="MBPP+",
    release=RELEASE,
    released=RELEASED,
    kind="reply",
    stop=STOP,
    checks=_checks,
    slow=_SLOW,
    too_large=_TOO_LARGE,
    left_out=_LEFT_OUT,
)


def load(data: Path | None, *, settings: Settings, errata: bool = True) -> Suite:
    """MBPP+ from its published file."""
    return evalplus.load(EDITION, data, settings, errata)
