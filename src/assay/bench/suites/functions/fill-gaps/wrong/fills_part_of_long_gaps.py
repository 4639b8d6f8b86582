import math


def fill_gaps(readings, longest):
    values = [None if v is None or math.isnan(v) else v for v in readings]
    known = [i for i, v in enumerate(values) if v is not None]
    if not known:
        return values
    result = list(values)
    for i, value in enumerate(values):
        if value is not None:
            continue
        before = max((k for k in known if k < i), default=None)
        after = min((k for k in known if k > i), default=None)
        if before is not None and i - before > longest:
            continue
        if before is None:
            result[i] = values[after] if after - i <= longest else None
        elif after is None:
            result[i] = values[before]
        else:
            result[i] = values[before] + (values[after] - values[before]) * (i - before) / (after - before)
    return result
