def fill_gaps(readings, longest):
    result = [None if value is None or value != value else value for value in readings]
    known = [i for i, value in enumerate(result) if value is not None]
    if not known:
        return result
    if known[0] <= longest:
        result[: known[0]] = [result[known[0]]] * known[0]
    after = len(result) - 1 - known[-1]
    if after <= longest:
        result[known[-1] + 1 :] = [result[known[-1]]] * after
    for left, right in zip(known, known[1:]):
        if right - left - 1 <= longest:
            step = (result[right] - result[left]) / (right - left)
            for i in range(left + 1, right):
                result[i] = result[left] + step * (i - left)
    return result
