import heapq


def build_batches(needs, workers):
    missing, users = {}, {}
    for package, required in needs.items():
        missing[package] = len(required)
        for other in required:
            missing.setdefault(other, len(needs.get(other, ())))
            users.setdefault(other, []).append(package)
    ready = [package for package, count in missing.items() if count == 0]
    heapq.heapify(ready)
    batches, built = [], 0
    while ready:
        batch = [heapq.heappop(ready) for _ in range(min(workers, len(ready)))]
        for package in batch:
            for user in users.get(package, []):
                missing[user] -= 1
                if missing[user] == 0:
                    heapq.heappush(ready, user)
        batches.append(batch)
        built += len(batch)
    if built < len(missing):
        raise ValueError("circular needs")
    return batches
