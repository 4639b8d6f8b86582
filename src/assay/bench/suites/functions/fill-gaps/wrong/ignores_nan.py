def fill_gaps(readings, longest):
    values = list(readings)
    known = [i for i, v in enumerate(values) if v is not None]
    if not known:
        return values
    first, last = known[0], known[-1]
    if first <= longest:
        for i in range(first):
            values[i] = values[first]
    if len(values) - 1 - last <= longest:
        for i in range(last + 1, len(values)):
            values[i] = values[last]
    for a, b in zip(known, known[1:]):
        if b - a - 1 <= longest:
            for i in range(a + 1, b):
                values[i] = values[a] + (values[b] - values[a]) * (i - a) / (b - a)
    return values
