def error_bursts(times, window, threshold):
    bursts = []  # as indices, first and last
    for last in range(threshold - 1, len(times)):
        first = last - threshold + 1
        if times[last] - times[first] >= window:
            continue
        if bursts and first <= bursts[-1][1] or bursts and _linked(times, bursts[-1][1], first, window, threshold):
            bursts[-1][1] = last
        else:
            bursts.append([first, last])
    return [(times[first], times[last]) for first, last in bursts]


def _linked(times, left, right, window, threshold):
    return right - left == 1 and threshold == 1 and times[right] - times[left] < window
