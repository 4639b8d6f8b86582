import math


def fill_gaps(readings, longest):
    for i, value in enumerate(readings):
        if value is not None and math.isnan(value):
            readings[i] = None
    known = [i for i, v in enumerate(readings) if v is not None]
    if not known:
        return readings
    if known[0] <= longest:
        for i in range(known[0]):
            readings[i] = readings[known[0]]
    for a, b in zip(known, known[1:]):
        if b - a - 1 <= longest:
            for i in range(a + 1, b):
                readings[i] = readings[a] + (readings[b] - readings[a]) * (i - a) / (b - a)
    if len(readings) - 1 - known[-1] <= longest:
        for i in range(known[-1] + 1, len(readings)):
            readings[i] = readings[known[-1]]
    return readings
