import re

OPS = {
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}


def parse(text):
    if not re.fullmatch(r"\d+(\.\d+)*", text):
        raise ValueError(f"invalid version {text!r}")
    return tuple(int(n) for n in text.split("."))


def check(version, condition):
    condition = condition.strip()
    if condition == "*":
        return True
    if condition.endswith(".*"):
        prefix = parse(condition[:-2])
        return version[: len(prefix)] == prefix
    match = re.fullmatch(r"(>=|<=|==|!=|>|<)\s*(.*)", condition)
    if match is None:
        raise ValueError(condition)
    return OPS[match[1]](version, parse(match[2]))


def satisfies(version, wanted):
    parsed = parse(version.strip())
    results = [[check(parsed, c) for c in part.split(",")] for part in wanted.split("||")]
    return any(all(r) for r in results)
