import math


def fill_gaps(readings, longest):
    values = [None if v is None or math.isnan(v) else v for v in readings]
    n = len(values)
    i = 0
    while i < n:
        if values[i] is not None:
            i += 1
            continue
        j = i
        while j < n and values[j] is None:
            j += 1
        gap = j - i
        if gap <= longest:
            if i > 0 and j < n:
                step = (values[j] - values[i - 1]) / gap
                for k in range(i, j):
                    values[k] = values[i - 1] + step * (k - i + 1)
            elif i > 0:
                values[i:j] = [values[i - 1]] * gap
            elif j < n:
                values[i:j] = [values[j]] * gap
        i = j
    return values
