def admit(requests, limit, window, penalty=0.0):
    admitted = {}
    blocked = {}
    result = []
    for time, client in requests:
        if client in blocked and time < blocked[client]:
            result.append(False)
            continue
        mine = [t for t in admitted.get(client, []) if t > time - window]
        admitted[client] = mine
        if len(mine) < limit:
            mine.append(time)
            result.append(True)
        else:
            if penalty:
                blocked[client] = time + penalty
            result.append(False)
    return result
