def error_bursts(times, window, threshold):
    bursts = []
    current = []
    for time in times:
        while current and time - current[0] >= window:
            if len(current) >= threshold:
                bursts.append((current[0], current[-1]))
                current = []
                break
            current.pop(0)
        current.append(time)
    return bursts
