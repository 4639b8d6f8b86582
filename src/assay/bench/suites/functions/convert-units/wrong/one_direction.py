def convert(facts, amount, source, target):
    rates = {}
    units = set()
    for a, first, b, second in facts:
        rates.setdefault(first, {})[second] = b / a
        units |= {first, second}
    if source not in units:
        raise KeyError(source)
    if target not in units:
        raise KeyError(target)
    seen = set()
    stack = [(source, amount)]
    while stack:
        unit, value = stack.pop()
        if unit == target:
            return value
        if unit in seen:
            continue
        seen.add(unit)
        for other, rate in rates.get(unit, {}).items():
            stack.append((other, value * rate))
    return None
