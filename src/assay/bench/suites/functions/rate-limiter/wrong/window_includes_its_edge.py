def admit(requests, limit, window, penalty=0.0):
    admitted = {}
    blocked = {}
    result = []
    for time, client in requests:
        mine = admitted.setdefault(client, [])
        recent = sum(1 for t in mine if time - t <= window)
        ok = recent < limit and time >= blocked.get(client, time)
        if ok:
            mine.append(time)
        elif penalty > 0:
            blocked[client] = time + penalty
        result.append(ok)
    return result
