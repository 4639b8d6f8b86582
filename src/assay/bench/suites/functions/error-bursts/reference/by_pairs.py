def error_bursts(times, window, threshold):
    n = len(times)
    member = [False] * n
    joined = [False] * n  # joined[i]: i and i + 1 stand in one group
    start = 0
    for end in range(n):
        while times[end] - times[start] >= window:
            start += 1
        if end - start + 1 >= threshold:
            for i in range(start, end + 1):
                member[i] = True
            for i in range(start, end):
                joined[i] = True
    out = []
    for i in range(n):
        if not member[i]:
            continue
        if i and joined[i - 1]:
            out[-1] = (out[-1][0], times[i])
        else:
            out.append((times[i], times[i]))
    return out
