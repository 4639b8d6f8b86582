from collections import defaultdict, deque


def admit(requests, limit, window, penalty=0.0):
    admitted = defaultdict(deque)
    blocked = {}
    answers = []
    for time, client in requests:
        recent = admitted[client]
        while recent and recent[0] <= time - window:
            recent.popleft()
        if time < blocked.get(client, time) or len(recent) >= limit:
            if penalty > 0:
                blocked[client] = time + penalty
            answers.append(False)
        else:
            recent.append(time)
            answers.append(True)
    return answers
