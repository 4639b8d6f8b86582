import re
from itertools import zip_longest


def parse(text):
    if not re.fullmatch(r"\d+(\.\d+)*", text):
        raise ValueError(f"invalid version {text!r}")
    return [int(n) for n in text.split(".")]


def compare(a, b):
    for x, y in zip_longest(a, b, fillvalue=0):
        if x != y:
            return -1 if x < y else 1
    return 0


def check(version, condition):
    condition = condition.strip()
    if condition.endswith("*"):
        return version.startswith(condition.rstrip("*").rstrip("."))
    match = re.fullmatch(r"(>=|<=|==|!=|>|<)\s*(.*)", condition)
    if match is None:
        raise ValueError(condition)
    order = compare(parse(version), parse(match[2]))
    return {
        ">=": order >= 0,
        "<=": order <= 0,
        ">": order > 0,
        "<": order < 0,
        "==": order == 0,
        "!=": order != 0,
    }[match[1]]


def satisfies(version, wanted):
    version = version.strip()
    parse(version)
    results = [[check(version, c) for c in part.split(",")] for part in wanted.split("||")]
    return any(all(r) for r in results)
