from collections import defaultdict


def error_bursts(times, window, threshold):
    buckets = defaultdict(list)
    for time in times:
        buckets[time // window].append(time)
    return [(b[0], b[-1]) for _, b in sorted(buckets.items()) if len(b) >= threshold]
