import re
from itertools import zip_longest


def parse(text):
    return [int(n) for n in re.findall(r"\d+", text)]


def compare(a, b):
    for x, y in zip_longest(a, b, fillvalue=0):
        if x != y:
            return -1 if x < y else 1
    return 0


def check(version, condition):
    condition = condition.strip()
    if condition == "*":
        return True
    if condition.endswith(".*"):
        prefix = parse(condition)
        return (version + [0] * len(prefix))[: len(prefix)] == prefix
    order = compare(version, parse(condition))
    if condition.startswith(">="):
        return order >= 0
    if condition.startswith("<="):
        return order <= 0
    if condition.startswith(">"):
        return order > 0
    if condition.startswith("<"):
        return order < 0
    if condition.startswith("!="):
        return order != 0
    return order == 0


def satisfies(version, wanted):
    parsed = parse(version)
    return any(all(check(parsed, c) for c in part.split(",")) for part in wanted.split("||"))
