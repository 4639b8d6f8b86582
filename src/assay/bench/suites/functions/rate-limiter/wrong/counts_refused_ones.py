def admit(requests, limit, window, penalty=0.0):
    seen = {}
    blocked = {}
    result = []
    for time, client in requests:
        times = [t for t in seen.get(client, []) if t > time - window]
        ok = len(times) < limit and time >= blocked.get(client, float("-inf"))
        times.append(time)
        seen[client] = times
        if not ok and penalty:
            blocked[client] = time + penalty
        result.append(ok)
    return result
