def convert(facts, amount, source, target):
    if source == target:
        return amount
    rates = {}
    for a, first, b, second in facts:
        rates.setdefault(first, {})[second] = b / a
        rates.setdefault(second, {})[first] = a / b

    def walk(unit, value, seen):
        if unit == target:
            return value
        for other, rate in rates.get(unit, {}).items():
            if other not in seen:
                found = walk(other, value * rate, seen | {other})
                if found is not None:
                    return found
        return None

    return walk(source, amount, {source})
