import re

OPS = {
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}
VERSION = re.compile(r"\d+(\.\d+)*")


def check(version, condition):
    condition = condition.strip()
    if condition == "*":
        return True
    if condition.endswith(".*") and VERSION.fullmatch(condition[:-2]):
        return (version + ".").startswith(condition[:-1])
    for op in (">=", "<=", "==", "!=", ">", "<"):
        if condition.startswith(op):
            other = condition[len(op):].strip()
            if not VERSION.fullmatch(other):
                raise ValueError(condition)
            return OPS[op](version, other)
    raise ValueError(condition)


def satisfies(version, wanted):
    version = version.strip()
    if not VERSION.fullmatch(version):
        raise ValueError(version)
    results = []
    for part in wanted.split("||"):
        results.append(all([check(version, c) for c in part.split(",")]))
    return any(results)
