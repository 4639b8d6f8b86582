def convert(facts, amount, source, target):
    units = {fact[1] for fact in facts} | {fact[3] for fact in facts}
    if source not in units or target not in units:
        raise KeyError(source if source not in units else target)
    if source == target:
        return amount
    for a, first, b, second in facts:
        if (first, second) == (source, target):
            return amount * b / a
        if (second, first) == (source, target):
            return amount * a / b
    return None
