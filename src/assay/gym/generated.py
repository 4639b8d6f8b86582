"""Random inputs from a problem's `input_schema`: the same for the same seed, small and telling ones first."""

import math
import random
import string
from collections.abc import Collection, Iterator
from typing import Any

from assay.gym.records.problems import Problem, Values
from assay.pipeline.sandbox.guest import values

_LETTERS = string.ascii_lowercase + " " + string.digits
_TRIES = 50
_INTEGERS = (-20, 20)
_ITEMS = 8
_LENGTH = 12
_MORE = 30
"""Items or characters beyond the least that are drawn at most, however many are allowed."""
MAX_DEPTH = 6


def inputs(problem: Problem, seed: int, count: int, without: Collection[str] = ()) -> list[list[Any]]:
    """So many different lists of arguments (fewer where the schema has no more); none of `without` (encoded lists)."""
    if not problem.input_schema:
        return []
    chance = random.Random(seed)  # noqa: S311 - tests, not secrets
    schemas = list(problem.input_schema.values())
    seen = set(without)
    made: list[list[Any]] = []
    for arguments in _candidates(schemas, chance, count):
        key = values.encode(arguments)
        if key not in seen:
            seen.add(key)
            made.append(arguments)
        if len(made) == count:
            break
    return made


def _candidates(schemas: list[Values], chance: random.Random, count: int) -> Iterator[list[Any]]:
    """First the edges of all arguments together, then one edge among random ones, then random ones."""
    edges = [_edges(schema) for schema in schemas]
    for at in range(max(map(len, edges), default=0)):
        yield [
            options[min(at, len(options) - 1)] if options else draw(schema, chance)
            for schema, options in zip(schemas, edges, strict=True)
        ]
    for at, options in enumerate(edges):
        for edge in options:
            yield [edge if at == number else draw(schema, chance) for number, schema in enumerate(schemas)]
    for _ in range(count * _TRIES):
        yield [draw(schema, chance) for schema in schemas]


def _edges(schema: Values) -> list[Any]:
    """The smallest values there are, where programs go wrong first."""
    if schema.enum is not None:
        return []
    match schema.type:
        case "integer" | "number":
            low, high = _bounds(schema)
            return [value for value in (0, low, high, 1) if low <= value <= high][:3]
        case "string":
            return [""] if not schema.minLength else []
        case "array":
            return [[]] if not schema.minItems else []
    return []


def _bounds(schema: Values) -> tuple[float, float]:
    low = schema.minimum if schema.minimum is not None else min(_INTEGERS[0], schema.maximum or 0)
    high = schema.maximum if schema.maximum is not None else max(_INTEGERS[1], low)
    if schema.type == "integer":
        return math.ceil(low), math.floor(high)
    return low, high


def draw(schema: Values, chance: random.Random, depth: int = 0) -> Any:
    """One value that the schema allows."""
    if schema.enum is not None:
        return chance.choice(schema.enum)
    match schema.type:
        case "integer":
            low, high = _bounds(schema)
            return chance.randint(int(low), int(high))
        case "number":
            low, high = _bounds(schema)
            return min(high, max(low, round(chance.uniform(low, high), 2)))
        case "boolean":
            return chance.random() < 0.5
        case "null":
            return None
        case "string":
            least = schema.minLength or 0
            most = schema.maxLength if schema.maxLength is not None else max(_LENGTH, least)
            length = chance.randint(least, min(most, least + _MORE))
            return "".join(chance.choice(schema.letters or _LETTERS) for _ in range(length))
        case "array":
            return _array(schema, chance, depth)
        case "object":
            return {name: draw(inner, chance, depth + 1) for name, inner in (schema.properties or {}).items()}
    return chance.choice([None, True, 0, chance.randint(*_INTEGERS), "a", "", [], [1, 2]])


def _array(schema: Values, chance: random.Random, depth: int) -> list[Any]:
    least = schema.minItems or 0
    most = schema.maxItems if schema.maxItems is not None else max(_ITEMS, least)
    length = chance.randint(least, min(most, least + _MORE)) if depth < MAX_DEPTH else least
    inner = schema.items or Values(type="integer")
    made: list[Any] = []
    for _ in range(length):
        item = draw(inner, chance, depth + 1)
        for _ in range(_TRIES):
            if not schema.uniqueItems or item not in made:
                break
            item = draw(inner, chance, depth + 1)
        else:
            break  # no more different ones
        made.append(item)
    return made


# ---- is a proposed input one? ----------------------------------------------------------------------------------------


def refused(problem: Problem, arguments: object) -> str:
    """Why these are no arguments for the problem; empty: they are."""
    if not isinstance(arguments, list):
        return "the arguments should be a list"
    schemas = problem.input_schema
    if len(arguments) != len(schemas):
        return f"{len(schemas)} arguments are needed ({', '.join(schemas)}), not {len(arguments)}"
    for (name, schema), value in zip(schemas.items(), arguments, strict=True):
        if why := _not_allowed(schema, value):
            return f"{name} {why}"
    return ""


def _not_allowed(schema: Values, value: Any) -> str:
    if schema.enum is not None:
        return "" if any(type(value) is type(one) and value == one for one in schema.enum) else "is none of its values"
    match schema.type:
        case "integer" | "number":
            kinds = (int,) if schema.type == "integer" else (int, float)
            if type(value) not in kinds or value != value or value in (math.inf, -math.inf):
                return f"should be {'a whole number' if schema.type == 'integer' else 'a number'}"
            if schema.minimum is not None and value < schema.minimum:
                return f"should be at least {schema.minimum:g}"
            if schema.maximum is not None and value > schema.maximum:
                return f"should be at most {schema.maximum:g}"
            return ""
        case "boolean":
            return "" if type(value) is bool else "should be true or false"
        case "null":
            return "" if value is None else "should be nothing"
        case "string":
            return _text_not_allowed(schema, value)
        case "array":
            return _list_not_allowed(schema, value)
        case "object":
            return _object_not_allowed(schema, value)
    return ""


def _text_not_allowed(schema: Values, value: Any) -> str:
    if type(value) is not str:
        return "should be text"
    if schema.minLength is not None and len(value) < schema.minLength:
        return f"should have at least {schema.minLength} characters"
    if schema.maxLength is not None and len(value) > schema.maxLength:
        return f"should have at most {schema.maxLength} characters"
    if schema.letters is not None and not set(value) <= set(schema.letters):
        return f"should be made of {schema.letters!r}"
    return ""


def _list_not_allowed(schema: Values, value: Any) -> str:
    if type(value) is not list:
        return "should be a list"
    if schema.minItems is not None and len(value) < schema.minItems:
        return f"should have at least {schema.minItems} items"
    if schema.maxItems is not None and len(value) > schema.maxItems:
        return f"should have at most {schema.maxItems} items"
    if schema.uniqueItems and any(one in value[:at] for at, one in enumerate(value)):
        return "should not have an item twice"
    inner = schema.items
    return next((f"holds an item that {why}" for one in value if inner and (why := _not_allowed(inner, one))), "")


def _object_not_allowed(schema: Values, value: Any) -> str:
    properties = schema.properties or {}
    if type(value) is not dict or set(value) != set(properties):
        return f"should have the keys {', '.join(properties)}"
    return next(
        (f"has a {name} that {why}" for name, inner in properties.items() if (why := _not_allowed(inner, value[name]))),
        "",
    )
