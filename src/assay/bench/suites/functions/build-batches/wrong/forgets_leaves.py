def build_batches(needs, workers):
    waiting = dict(needs)
    done, batches = set(), []
    while waiting:
        ready = sorted(p for p, required in waiting.items() if all(r in done or r not in needs for r in required))
        if not ready:
            raise ValueError("cycle")
        batch = ready[:workers]
        for package in batch:
            del waiting[package]
        done.update(batch)
        batches.append(batch)
    return batches
