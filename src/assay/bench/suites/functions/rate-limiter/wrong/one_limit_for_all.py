def admit(requests, limit, window, penalty=0.0):
    admitted = []
    blocked = {}
    result = []
    for time, client in requests:
        recent = [t for t in admitted if t > time - window]
        ok = len(recent) < limit and time >= blocked.get(client, time)
        if ok:
            admitted.append(time)
        elif penalty > 0:
            blocked[client] = time + penalty
        result.append(ok)
    return result
