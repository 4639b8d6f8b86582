import operator
import re

COMPARE = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "==": operator.eq,
    "!=": operator.ne,
}


def numbers(text):
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)*", text):
        raise ValueError(f"not a version: {text!r}")
    return [int(part) for part in text.split(".")]


def trimmed(parts):
    while parts and parts[-1] == 0:
        parts = parts[:-1]
    return parts


def holds(version, condition):
    condition = condition.strip()
    if condition == "*":
        return True
    if condition.endswith(".*"):
        prefix = numbers(condition[:-2])
        padded = version + [0] * len(prefix)
        return padded[: len(prefix)] == prefix
    found = re.match(r"(>=|<=|==|!=|>|<)\s*", condition)
    if not found:
        raise ValueError(f"not a condition: {condition!r}")
    return COMPARE[found[1]](trimmed(version), trimmed(numbers(condition[found.end() :])))


def satisfies(version, wanted):
    parts = numbers(version.strip())
    answers = [[holds(parts, condition) for condition in choice.split(",")] for choice in wanted.split("||")]
    return any(all(choice) for choice in answers)
