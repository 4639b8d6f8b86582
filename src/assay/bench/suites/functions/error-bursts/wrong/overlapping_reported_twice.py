def error_bursts(times, window, threshold):
    bursts = []
    i = 0
    while i + threshold <= len(times):
        j = i
        while j + 1 < len(times) and times[j + 1] - times[i] < window:
            j += 1
        if j - i + 1 >= threshold:
            bursts.append((times[i], times[j]))
            i = j + 1
        else:
            i += 1
    return bursts
