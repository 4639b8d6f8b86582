def error_bursts(times, window, threshold):
    bursts = []
    for last in range(threshold - 1, len(times)):
        first = last - threshold + 1
        if times[last] - times[first] <= window:
            if bursts and first <= bursts[-1][1]:
                bursts[-1][1] = last
            else:
                bursts.append([first, last])
    return [(times[a], times[b]) for a, b in bursts]
