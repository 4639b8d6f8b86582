def build_batches(needs, workers):
    packages = set(needs).union(*needs.values())
    done, batches = set(), []
    while len(done) < len(packages):
        ready = sorted(p for p in packages - done if needs.get(p, set()) <= done)[:workers]
        done |= set(ready)
        if ready:
            batches.append(ready)
    return batches
