def convert(facts, amount, source, target):
    rates = {}
    for a, first, b, second in facts:
        rates.setdefault(first, []).append((second, b / a))
        rates.setdefault(second, []).append((first, a / b))
    if source not in rates or target not in rates:
        raise KeyError("unknown unit")
    queue = [(source, amount)]
    while queue:
        unit, value = queue.pop(0)
        if unit == target:
            return value
        for other, rate in rates[unit]:
            queue.append((other, value * rate))
    return None
