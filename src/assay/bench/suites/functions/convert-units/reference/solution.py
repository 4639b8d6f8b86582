from collections import defaultdict, deque


def convert(facts, amount, source, target):
    rates = defaultdict(list)
    for a, first, b, second in facts:
        rates[first].append((second, b / a))
        rates[second].append((first, a / b))
    for unit in (source, target):
        if unit not in rates:
            raise KeyError(unit)
    known = {source: amount}
    queue = deque([source])
    while queue:
        unit = queue.popleft()
        if unit == target:
            return known[unit]
        for other, rate in rates[unit]:
            if other not in known:
                known[other] = known[unit] * rate
                queue.append(other)
    return None
